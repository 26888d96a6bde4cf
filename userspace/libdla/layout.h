/* SPDX-License-Identifier: MIT */
#ifndef DLA_LAYOUT_H
#define DLA_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "graph.h"

/* The most that the size registers of every engine hold. */
#define DLA_SIZE_LIMIT 8192

/*
 * A tensor of one picture, W x H x C, in the NPU's memory: ceil(C / atom) planes of H lines of W
 * atoms, without gaps. The spare channels of the last plane are there too.
 */
struct dla_feature {
	uint32_t width, height, channels;
	uint32_t atom;
	uint32_t line_stride, surface_stride;
	size_t bytes;
	uint8_t flip;		/* bits of every byte that are the other way round there, see signed.h */
};

/*
 * How a tensor lies there: [1,H,W,C], [1,W,C] and [1,C] do, more than one picture does not.
 * False also when it exceeds DLA_SIZE_LIMIT.
 */
bool dla_feature_of(const struct dla_shape *shape, uint32_t atom, struct dla_feature *feature);

/* Between the network's order (NHWC) and the NPU's. Packing writes zeros into spare channels. */
void dla_feature_pack(const struct dla_feature *feature, const int8_t *nhwc, int8_t *npu);
void dla_feature_unpack(const struct dla_feature *feature, const int8_t *npu, int8_t *nhwc);

#endif
