/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_CDP_H
#define GENERATE_CDP_H

#include "generator.h"

struct cdp {
	struct surface in, out;
	bool no_sum, no_product;
	unsigned int reach;		/* 0..3: 3, 5, 7 or 9 channels */
	uint16_t in_offset, in_scale;
	unsigned int in_shift;
	uint32_t out_offset;
	uint16_t out_scale;
	unsigned int out_shift;
};

/* in: an input that is there, or NULL. */
bool cdp_draw(struct generator *g, const struct surface *in, struct cdp *cdp);
/* Tables are there once, not for each group: no operation may be in flight. */
void cdp_write_tables(struct generator *g, const struct cdp *cdp);
void cdp_set(struct generator *g, const struct cdp *cdp);
void cdp_describe(struct generator *g, const struct cdp *cdp);

#endif
