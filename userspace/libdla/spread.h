/* SPDX-License-Identifier: MIT */
#ifndef DLA_SPREAD_H
#define DLA_SPREAD_H

#include "lower.h"

/* From each pixel to the next, in columns and lines of the tensor they go to. */
struct dla_steps {
	uint32_t x, y;
};

/*
 * SDP copies the pixels of a picture at @src, which has no gaps, to places that are steps apart in a
 * larger one, the first at @dst.
 */
int dla_emit_spread(struct dla_emit *emit, const struct dla_feature *from, size_t src, const struct dla_feature *to,
		    size_t dst, struct dla_steps steps);

#endif
