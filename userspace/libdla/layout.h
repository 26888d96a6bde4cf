/* SPDX-License-Identifier: MIT */
#ifndef DLA_LAYOUT_H
#define DLA_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "graph.h"

/* The most that the size registers of every engine hold. */
#define DLA_SIZE_LIMIT 8192

enum dla_form {
	DLA_FORM_ATOMS,		/* what every engine reads and writes */
	DLA_FORM_LINES,		/* the network's own order, but lines begin at multiples of the atom */
	DLA_FORM_PIXELS,	/* four bytes a pixel, lines begin at multiples of 32 bytes */
	DLA_FORM_COUNT
};

/*
 * A tensor W x H x C in the NPU's memory. Atoms: ceil(C / atom) planes of H lines of W atoms, without
 * gaps; the spare channels of the last plane are there too. The other forms are for images, which only a
 * convolution reads: one plane of H lines of W pixels, all channels of a pixel side by side.
 */
struct dla_feature {
	enum dla_form form;
	uint32_t width, height, channels;
	uint32_t pictures;		/* one below the other: height is that of all */
	uint32_t atom;			/* bytes from a pixel to the next */
	uint32_t line_stride;
	uint32_t surface_stride;	/* 0 for images */
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

/* Let a surface of atoms be what its tensor is in that form. */
void dla_feature_set_form(struct dla_feature *feature, enum dla_form form);

/* How a tensor lies in any form; false also for pixels of more than four channels. */
bool dla_feature_as(const struct dla_shape *shape, enum dla_form form, uint32_t atom, struct dla_feature *feature);

/* Whether that is the network's own order, without a gap. */
bool dla_feature_is_plain(const struct dla_feature *feature);

/*
 * Between the network's order (NHWC) and the NPU's. Packing writes zeros into spare channels, and
 * between lines.
 */
void dla_feature_pack(const struct dla_feature *feature, const int8_t *nhwc, int8_t *npu);
void dla_feature_unpack(const struct dla_feature *feature, const int8_t *npu, int8_t *nhwc);

/* Between two forms of one size. */
void dla_feature_copy(const struct dla_feature *from, const int8_t *src, const struct dla_feature *to, int8_t *dst);

#endif
