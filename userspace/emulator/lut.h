/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_LUT_H
#define NVDLA_EMU_LUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the look-ups of SDP and CDP have in common: two tables, both of which are asked, and the
 * rules by which one of the two answers is taken. Windows, widths and slopes are each one's own.
 */
#define LUT_LE_ENTRIES 65	/* "linear or exponential" */
#define LUT_LO_ENTRIES 257	/* "linear only" */
#define LUT_ADDRESS_BITS 10

struct lut_tables {
	int16_t le[LUT_LE_ENTRIES];
	int16_t lo[LUT_LO_ENTRIES];
};

enum lut_where { LUT_HIT, LUT_BELOW, LUT_ABOVE };

/* Which table wins when both say the same. */
struct lut_priority {
	bool both_hit_lo, both_below_lo, both_above_lo;
};

static inline unsigned int lut_last_entry(bool lo_selected)
{
	return lo_selected ? LUT_LO_ENTRIES - 1 : LUT_LE_ENTRIES - 1;
}

/* NULL behind the table's end. */
static inline int16_t *lut_entry(struct lut_tables *tables, bool lo_selected, unsigned int address)
{
	if (address > lut_last_entry(lo_selected))
		return NULL;
	return lo_selected ? &tables->lo[address] : &tables->le[address];
}

static inline struct lut_priority lut_priority(uint32_t lut_cfg)
{
	return (struct lut_priority){
		.both_below_lo = lut_cfg >> 4 & 1,
		.both_above_lo = lut_cfg >> 5 & 1,
		.both_hit_lo = lut_cfg >> 6 & 1,
	};
}

static inline bool lut_use_lo(const struct lut_priority *priority, enum lut_where le,
			      enum lut_where lo)
{
	if (le == LUT_BELOW && lo == LUT_BELOW)
		return priority->both_below_lo;
	if (le == LUT_ABOVE && lo == LUT_ABOVE)
		return priority->both_above_lo;
	if ((le == LUT_HIT) == (lo == LUT_HIT))
		return priority->both_hit_lo;
	return lo == LUT_HIT;
}

#endif
