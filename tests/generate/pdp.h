/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_PDP_H
#define GENERATE_PDP_H

#include "generator.h"

struct pdp_axis {
	unsigned int in, kernel, stride, before, after, out;
	uint32_t reciprocal;
};

struct pdp {
	bool from_sdp;
	unsigned int method;		/* 0 average, 1 max, 2 min */
	unsigned int channels;
	struct pdp_axis x, y;
	uint32_t pad_value[8];		/* for so many elements of padding in a row */
	unsigned int splits;
	struct {
		unsigned int in, out;
	} first, middle, last;
	struct surface in, out;
};

struct pdp_wish {
	const struct surface *in;	/* an input that is there; NULL from SDP, or to chance */
	bool from_sdp;
	unsigned int width, height, channels;
};

bool pdp_draw(struct generator *g, const struct pdp_wish *wish, struct pdp *pdp);
void pdp_set(struct generator *g, const struct pdp *pdp);
void pdp_describe(struct generator *g, const struct pdp *pdp);

#endif
