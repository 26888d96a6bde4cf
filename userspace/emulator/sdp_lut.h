/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_SDP_LUT_H
#define NVDLA_EMU_SDP_LUT_H

#include "lut.h"

/* SDP's two look-up tables and the window through which they are written and read. */
struct sdp_lut {
	struct lut_tables tables;
	uint32_t access;	/* S_LUT_ACCESS_CFG as written */
	unsigned int address;	/* of the next entry */
};

bool sdp_lut_owns(uint32_t reg);
uint32_t sdp_lut_read(struct sdp_lut *lut, uint32_t reg);
void sdp_lut_write(struct sdp_lut *lut, uint32_t reg, uint32_t value);

struct sdp_slope {
	int16_t scale;
	int shift;
};

struct sdp_range {
	int32_t start, end;
	struct sdp_slope below, above;
	int select;	/* bits of an input below an index; negative: the other way round */
};

/* How a value becomes a result: S_LUT_* decoded. */
struct sdp_lookup {
	const struct lut_tables *tables;
	struct sdp_range le, lo;
	struct lut_priority priority;
	bool exponential;	/* LE is indexed by the logarithm */
	int index_offset;
};

/* How often what happened. */
struct sdp_lut_counts {
	uint64_t below, above, within;	/* of the answer that was taken */
	uint64_t le_hit, lo_hit;
};

void sdp_lookup_decode(struct sdp_lookup *lookup, const struct sdp_lut *lut,
		       const uint32_t *registers);
int32_t sdp_lookup_value(const struct sdp_lookup *lookup, int32_t input,
			 struct sdp_lut_counts *counts);

#endif
