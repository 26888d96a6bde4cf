// SPDX-License-Identifier: MIT
/*
 * Atoms of eight bytes are halves of registers: sixteen channels each are loaded from two pixels, and the
 * halves of the two registers make two atoms of either plane.
 */
#include "convert.h"

#ifdef __aarch64__
#include <arm_neon.h>
#include <string.h>

static inline int8x16_t flipped(const struct dla_pixels *p)
{
	return vdupq_n_s8((int8_t)p->flip);
}

static inline int8x16_t load(const int8_t *at, int8x16_t flip)
{
	return veorq_s8(vld1q_s8(at), flip);
}

static inline int64x2_t load_64(const int8_t *at, int8x16_t flip)
{
	return vreinterpretq_s64_s8(load(at, flip));
}

static inline void store_64(int8_t *at, int64x2_t v)
{
	vst1q_s8(at, vreinterpretq_s8_s64(v));
}

/* Ones in the first bytes of each atom; all, if there are more. */
static int8x16_t first_bytes(uint32_t bytes, uint32_t atom)
{
	int8_t mask[16];

	for (uint32_t i = 0; i < sizeof(mask); i++)
		mask[i] = i % atom < bytes ? -1 : 0;
	return vld1q_s8(mask);
}

/* ---------------------------------------------------------------------------- one plane, or less */

/* A register of atoms has pixels that are so many bytes in the network's order; an index of -1 makes a zero. */
struct few {
	size_t bytes;
	uint8x16_t spread, gather;
};

static struct few find_few(const struct dla_pixels *p)
{
	const uint32_t pixels = 16 / p->atom;
	uint8_t spread[16], gather[16];

	memset(spread, -1, sizeof(spread));
	memset(gather, -1, sizeof(gather));
	for (uint32_t i = 0; i < pixels; i++) {
		for (uint32_t c = 0; c < p->channels; c++) {
			spread[i * p->atom + c] = (uint8_t)(i * p->channels + c);
			gather[i * p->channels + c] = (uint8_t)(i * p->atom + c);
		}
	}
	return (struct few) { (size_t)p->channels * pixels, vld1q_u8(spread), vld1q_u8(gather) };
}

static void pack_few(const struct dla_pixels *p, size_t count, const int8_t *nhwc, int8_t *npu)
{
	const struct few few = find_few(p);
	const int8x16_t flip = flipped(p);

#pragma GCC unroll 4
	for (size_t left = count * p->atom / 16; left; left--, nhwc += few.bytes, npu += 16)
		vst1q_s8(npu, vqtbl1q_s8(load(nhwc, flip), few.spread));
}

static void unpack_few(const struct dla_pixels *p, size_t count, const int8_t *npu, int8_t *nhwc)
{
	const struct few few = find_few(p);
	const int8x16_t flip = flipped(p);

#pragma GCC unroll 4
	for (size_t left = count * p->atom / 16; left; left--, nhwc += few.bytes, npu += 16)
		vst1q_s8(nhwc, vqtbl1q_s8(load(npu, flip), few.gather));
}

/* ------------------------------------------------------------------------------ atoms of eight */

static void pack_two_planes(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	const int64x2_t keep = vreinterpretq_s64_s8(first_bytes(channels - 8, 8));
	const int8x16_t flip = flipped(p);
	const size_t c = p->channels;
	int8_t *second = to + p->plane_stride;

	for (size_t i = 0; i < count; i += 4, from += 4 * c) {
		int64x2_t a = load_64(from, flip), b = load_64(from + c, flip);
		int64x2_t d = load_64(from + 2 * c, flip), e = load_64(from + 3 * c, flip);

		store_64(to + 8 * i, vzip1q_s64(a, b));
		store_64(to + 8 * i + 16, vzip1q_s64(d, e));
		store_64(second + 8 * i, vandq_s64(vzip2q_s64(a, b), keep));
		store_64(second + 8 * i + 16, vandq_s64(vzip2q_s64(d, e), keep));
	}
}

static void pack_one_plane(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	const int8x16_t flip = flipped(p), mask = first_bytes(channels, 8);
	const size_t c = p->channels;

	for (size_t i = 0; i < count; i += 2, from += 2 * c) {
		int8x16_t v = vcombine_s8(vld1_s8(from), vld1_s8(from + c));

		vst1q_s8(to + 8 * i, vandq_s8(veorq_s8(v, flip), mask));
	}
}

/* In the order of pixels, since one may reach into the next. */
static void unpack_two_planes(const struct dla_pixels *p, size_t count, const int8_t *from, int8_t *to)
{
	const int8_t *second = from + p->plane_stride;
	const int8x16_t flip = flipped(p);
	const size_t c = p->channels;

	for (size_t i = 0; i < count; i += 2, to += 2 * c) {
		int64x2_t a = load_64(from + 8 * i, flip), b = load_64(second + 8 * i, flip);

		store_64(to, vzip1q_s64(a, b));
		store_64(to + c, vzip2q_s64(a, b));
	}
}

static void unpack_one_plane(const struct dla_pixels *p, size_t count, const int8_t *from, int8_t *to)
{
	const int8x8_t flip = vget_low_s8(flipped(p));
	const size_t c = p->channels;

	for (size_t i = 0; i < count; i++, to += c)
		vst1_s8(to, veor_s8(vld1_s8(from + 8 * i), flip));
}

/* ------------------------------------------------------------- atoms of sixteen and thirty-two */

static void pack_wide(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	const int8x16_t flip = flipped(p), low = first_bytes(channels, 16);
	const int8x16_t high = first_bytes(channels > 16 ? channels - 16 : 0, 16);

	for (size_t i = 0; i < count; i++, from += p->channels, to += p->atom) {
		vst1q_s8(to, vandq_s8(load(from, flip), low));
		if (p->atom == 32)
			vst1q_s8(to + 16, vandq_s8(load(from + 16, flip), high));
	}
}

static void unpack_wide(const struct dla_pixels *p, size_t count, const int8_t *from, int8_t *to)
{
	const int8x16_t flip = flipped(p);

	for (size_t i = 0; i < count; i++, from += p->atom, to += p->channels) {
		vst1q_s8(to, load(from, flip));
		if (p->atom == 32)
			vst1q_s8(to + 16, load(from + 16, flip));
	}
}

static void pack(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	if (p->atom != 8)
		pack_wide(p, count, channels, from, to);
	else if (channels > 8)
		pack_two_planes(p, count, channels, from, to);
	else
		pack_one_plane(p, count, channels, from, to);
}

static void unpack(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	if (p->atom != 8)
		unpack_wide(p, count, from, to);
	else if (channels > 8)
		unpack_two_planes(p, count, from, to);
	else
		unpack_one_plane(p, count, from, to);
}

const struct dla_convert dla_convert_neon = { "neon", pack_few, unpack_few, 2, pack, unpack };

#endif
