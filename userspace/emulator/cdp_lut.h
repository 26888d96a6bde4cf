/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_CDP_LUT_H
#define NVDLA_EMU_CDP_LUT_H

#include "lut.h"

/* CDP's two look-up tables and the window through which they are written and read. */
struct cdp_lut {
	struct lut_tables tables;
	unsigned int address;	/* of the next entry */
	bool lo_selected, writing;
};

bool cdp_lut_owns(uint32_t reg);
uint32_t cdp_lut_read(struct cdp_lut *lut, uint32_t reg);
void cdp_lut_write(struct cdp_lut *lut, uint32_t reg, uint32_t value);

/* How a value becomes a result: S_LUT_* decoded. Ranges and inputs have up to 38 bits. */
struct cdp_slope {
	int16_t scale;
	int8_t shift;
};

struct cdp_range {
	int64_t start, end;
	struct cdp_slope below, above;
	int select;	/* bits of an input below an index; negative: the other way round */
};

struct cdp_lookup {
	const struct cdp_lut *lut;
	struct cdp_range le, lo;
	bool exponential;		/* LE is indexed by the logarithm */
	int index_offset;
	struct lut_priority priority;
};

void cdp_lookup_decode(struct cdp_lookup *lookup, const struct cdp_lut *lut,
		       const uint32_t *registers);
/* How often the tables answered how. */
struct cdp_lookup_counts {
	uint32_t below, above;		/* both tables' ranges */
	uint32_t hybrid;		/* both hit, or one range is above and the other below */
	uint32_t le_hit, lo_hit;	/* one alone */
};

/* input has 21 bits, signed. */
int16_t cdp_lookup_value(const struct cdp_lookup *lookup, int32_t input,
			 struct cdp_lookup_counts *counts);

#endif
