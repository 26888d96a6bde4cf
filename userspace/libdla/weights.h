/* SPDX-License-Identifier: MIT */
#ifndef DLA_WEIGHTS_H
#define DLA_WEIGHTS_H

#include "layout.h"
#include "lower.h"

/*
 * What a convolution multiplies with: its weights less their zero point. Weights that were uint8 need
 * nine bits then, and the multipliers have eight. As a rule it is one weight in a layer that does
 * not fit, for all 256 values are used. Such a weight is two: for its input, and for a copy of
 * that. A plane that has such inputs is copied behind the tensor's last, in front of the
 * convolution.
 */
struct dla_weights {
	int8_t *near, *rest;		/* what fits, and the rest; like the tensor. NULL: no rest */
};

/* 0; or 0 and *why, when two bytes are too few; or -ENOMEM. Release in any case. */
int dla_weights_split(const struct dla_tensor *tensor, struct dla_weights *weights, const char **why);
void dla_weights_release(struct dla_weights *weights);

/* A plane of a tensor at src, copied to dst. */
int dla_emit_copy(struct dla_emit *emit, const struct dla_feature *feature, size_t src, size_t dst);

#endif
