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
 * A tensor W x H x C in the NPU's memory: ceil(C / atom) planes of H lines of W
 * atoms, without gaps. The spare channels of the last plane are there too.
 */
struct dla_feature {
	uint32_t width, height, channels;
	uint32_t pictures;		/* one below the other: height is that of all */
	uint32_t atom;
	uint32_t line_stride, surface_stride;
	size_t bytes;
	uint8_t flip;		/* bits of every byte that are the other way round there, see signed.h */
};

/*
 * How a tensor lies there: [N,H,W,C], [N,W,C], [N,C] or [C]. False when it has other dimensions or exceeds
 * DLA_SIZE_LIMIT.
 */
bool dla_feature_of(const struct dla_shape *shape, uint32_t atom, struct dla_feature *feature);

/* The first of its pictures; its planes are as far apart as those of all. */
struct dla_feature dla_feature_picture(const struct dla_feature *all);

/* Between the network's order (NHWC) and the NPU's. Packing writes zeros into spare channels. */
void dla_feature_pack(const struct dla_feature *feature, const int8_t *nhwc, int8_t *npu);
void dla_feature_unpack(const struct dla_feature *feature, const int8_t *npu, int8_t *nhwc);

#endif
