/* SPDX-License-Identifier: MIT */
#ifndef DLA_CONVERT_H
#define DLA_CONVERT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Pixels between the network's order, all channels of one after the other, and the NPU's: planes of
 * atoms, one for each pixel, with so many of its channels. The kernels exist as often as an instruction
 * set is worth it; plain C is the reference: all give the same bytes, touch no others, and take any
 * address.
 */

struct dla_pixels {
	size_t count;
	uint32_t channels;
	uint32_t atom;		/* 4, 8, 16 or 32; 4 only as one plane, which is a picture's */
	size_t plane_stride;	/* bytes from one plane to the next */
	uint8_t flip;		/* bits of every byte that are the other way round on the NPU */
};

/* Kernels convert multiples of these. */
#define DLA_PIXELS_FEW	8
#define DLA_PIXELS_MANY	4

/*
 * Of the network's order, kernels may read or write so many bytes behind the pixels they are for; of
 * atoms, unpack_few may read as many. What a pixel's last channels write into the next pixel is in time
 * written over, since pixels, and channels of one, are converted in an order that sees to it.
 */
#define DLA_CONVERT_REACH 32

struct dla_convert {
	const char *name;

	/* All channels are in one plane of atoms of at most sixteen bytes. NULL: as of many planes. */
	void (*pack_few)(const struct dla_pixels *pixels, size_t count, const int8_t *nhwc, int8_t *npu);
	void (*unpack_few)(const struct dla_pixels *pixels, size_t count, const int8_t *npu, int8_t *nhwc);

	/* So many channels of the pixels, at most so many planes of them if atoms have eight bytes, or one. */
	uint32_t planes;
	void (*pack)(const struct dla_pixels *pixels, size_t count, uint32_t channels, const int8_t *nhwc, int8_t *npu);
	void (*unpack)(const struct dla_pixels *pixels, size_t count, uint32_t channels, const int8_t *npu,
		       int8_t *nhwc);
};

/* By name; the fastest for NULL. NULL when there is none of that name here. */
const struct dla_convert *dla_convert_find(const char *name);

/* Packing writes zeros into the spare channels of the last plane: they share their cache lines with data. */
void dla_convert_pack(const struct dla_convert *convert, const struct dla_pixels *pixels, const int8_t *nhwc,
		      int8_t *npu);
void dla_convert_unpack(const struct dla_convert *convert, const struct dla_pixels *pixels, const int8_t *npu,
			int8_t *nhwc);

#ifdef __x86_64__
extern const struct dla_convert dla_convert_avx2;
#endif

#ifdef __aarch64__
extern const struct dla_convert dla_convert_neon;
#endif

#endif
