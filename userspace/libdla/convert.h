/* SPDX-License-Identifier: MIT */
#ifndef DLA_CONVERT_H
#define DLA_CONVERT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Pixels between the network's order, all channels of one after the other, and the NPU's: planes of
 * atoms, one for each pixel, with so many of its channels. As often as an instruction set is worth it,
 * after plain C, which is the reference: all give the same bytes, touch no others, and take any address.
 */

struct dla_pixels {
	size_t count;
	uint32_t channels;
	uint32_t atom;		/* 4, 8, 16 or 32; 4 only as one plane, which is a picture's */
	size_t plane_stride;	/* bytes from one plane to the next */
	uint8_t flip;		/* bits of every byte that are the other way round on the NPU */
};

struct dla_convert {
	const char *name;
	/* Writes zeros into the spare channels of the last plane: they share their cache lines with data. */
	void (*pack)(const struct dla_pixels *pixels, const int8_t *nhwc, int8_t *npu);
	void (*unpack)(const struct dla_pixels *pixels, const int8_t *npu, int8_t *nhwc);
};

/* By name; the fastest for NULL. NULL when there is none of that name here. */
const struct dla_convert *dla_convert_find(const char *name);

/* From pixel first on, in plain C: what is left of a plane where vectors do not fit any more. */
void dla_pack_from(const struct dla_pixels *pixels, size_t first, const int8_t *nhwc, int8_t *npu);
void dla_unpack_from(const struct dla_pixels *pixels, size_t first, const int8_t *npu, int8_t *nhwc);

/* How many pixels have so many bytes of others behind them: all but the last ones. */
static inline size_t dla_pixels_before(const struct dla_pixels *pixels, size_t bytes)
{
	size_t last = (bytes + pixels->channels - 1) / pixels->channels;

	return pixels->count > last ? pixels->count - last : 0;
}

/*
 * Pixels that are converted plane by plane before the next ones are: what lies in the network's order
 * is touched once for each plane and should be in the nearest cache then.
 */
static inline size_t dla_pixels_at_once(const struct dla_pixels *pixels)
{
	const size_t bytes = 8192, multiple = 16;

	return bytes / pixels->channels / multiple * multiple + multiple;
}

#ifdef __x86_64__
void dla_pack_avx2(const struct dla_pixels *pixels, const int8_t *nhwc, int8_t *npu);
void dla_unpack_avx2(const struct dla_pixels *pixels, const int8_t *npu, int8_t *nhwc);
#endif

#ifdef __aarch64__
void dla_pack_neon(const struct dla_pixels *pixels, const int8_t *nhwc, int8_t *npu);
void dla_unpack_neon(const struct dla_pixels *pixels, const int8_t *npu, int8_t *nhwc);
#endif

#endif
