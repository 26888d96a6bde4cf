/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_SDP_H
#define GENERATE_SDP_H

#include "generator.h"

/* X1 or X2. */
struct sdp_stage {
	bool bypass;
	bool alu, mul, prelu, relu;
	unsigned int algorithm;		/* 0 max, 1 min, 2 sum */
	unsigned int alu_shift, mul_shift;
	uint16_t alu_value, mul_value;
	bool alu_from_memory, mul_from_memory;
	bool per_element, two_bytes;
	struct surface operands;	/* per channel only the address counts */
};

struct sdp {
	bool from_conv, to_pdp;
	unsigned int width, height, channels;
	struct surface in, out;
	struct sdp_stage x1, x2;
	int32_t offset;
	uint16_t scale;
	unsigned int shift;
	bool idle_reader;		/* enabled though there is nothing to fetch */
};

struct sdp_wish {
	const struct surface *in;	/* an input that is there; NULL from a convolution, or to chance */
	const struct surface *residual;	/* for X2 to add */
	const struct surface *out;	/* where to write */
	bool from_conv, to_pdp;
	bool plain;			/* nothing but the output convertor */
	unsigned int width, height, channels;	/* 0 without an input: to chance */
	unsigned int sum_bits;		/* of what comes in, about */
};

bool sdp_draw(struct generator *g, const struct sdp_wish *wish, struct sdp *sdp);
bool sdp_reads(const struct sdp *sdp);
uint64_t sdp_cycles(const struct hw *hw, const struct sdp *sdp);
void sdp_set(struct generator *g, const struct sdp *sdp);
void sdp_describe(struct generator *g, const struct sdp *sdp);

#endif
