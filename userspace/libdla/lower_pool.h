/* SPDX-License-Identifier: MIT */
#ifndef DLA_LOWER_POOL_H
#define DLA_LOWER_POOL_H

#include "lower.h"

/* MAX_POOL_2D or AVERAGE_POOL_2D by PDP: from memory, or on the fly behind SDP. */
struct dla_pooling {
	struct dla_feature in, out;
	struct dla_window window;
	enum drm_nvdla_pool pool;
	uint32_t recip_width, recip_height;
	int32_t low, high;		/* of the output; PDP does not cut */
};

/*
 * What a pooling on the fly is: of the node's convolution's result, with the node's PAD before it.
 * false, and *why, when that cannot be.
 */
bool dla_pooling_on_the_fly(const struct dla_lower *lower, const struct dla_node *node,
			    struct dla_pooling *pooling, const char **why);

/* How much of its input's width and height it uses. */
uint32_t dla_pooling_columns(const struct dla_pooling *pooling);
uint32_t dla_pooling_lines(const struct dla_pooling *pooling);

/* The layer behind an SDP layer that makes just that. */
int dla_pooling_emit(const struct dla_pooling *pooling, struct dla_emit *emit, size_t dst);

void dla_pooling_eval(const struct dla_pooling *pooling, const int8_t *input, int8_t *output);

#endif
