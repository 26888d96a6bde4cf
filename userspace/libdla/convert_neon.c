// SPDX-License-Identifier: MIT
/*
 * Atoms of eight bytes are halves of registers: channels of sixteen are loaded from two pixels, and the
 * halves of the two registers make two atoms of either plane.
 *
 * Loads and stores of the network's order reach past the channels they are for, into the pixels that
 * follow; so the last pixels are left to plain C.
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
	size_t pixels, bytes;
	uint8x16_t spread, gather;
};

static struct few find_few(const struct dla_pixels *p)
{
	struct few few = { .pixels = p->atom == 4 ? 4 : p->atom == 8 ? 2 : 1 };
	uint8_t spread[16], gather[16];

	few.bytes = few.pixels * p->channels;
	memset(spread, -1, sizeof(spread));
	memset(gather, -1, sizeof(gather));
	for (uint32_t i = 0; i < few.pixels; i++) {
		for (uint32_t c = 0; c < p->channels; c++) {
			spread[i * p->atom + c] = (uint8_t)(i * p->channels + c);
			gather[i * p->channels + c] = (uint8_t)(i * p->atom + c);
		}
	}
	few.spread = vld1q_u8(spread);
	few.gather = vld1q_u8(gather);
	return few;
}

/* So many whole registers; returns where the next pixels are to be found. */
static const int8_t *spread_registers(const int8_t *nhwc, size_t bytes, uint8x16_t spread, int8x16_t flip,
				       size_t count, int8_t *npu)
{
#pragma GCC unroll 4
	for (; count; count--, nhwc += bytes, npu += 16)
		vst1q_s8(npu, vqtbl1q_s8(load(nhwc, flip), spread));
	return nhwc;
}

static void pack_few(const struct dla_pixels *p, const int8_t *nhwc, int8_t *npu)
{
	const struct few few = find_few(p);
	const size_t all = p->count / few.pixels, safe = dla_pixels_before(p, 16) / few.pixels;
	const size_t left = (p->count - safe * few.pixels) * p->channels, rest = p->count % few.pixels;
	const int8x16_t flip = flipped(p);
	int8_t in[64] = { 0 }, out[16];

	nhwc = spread_registers(nhwc, few.bytes, few.spread, flip, safe, npu);
	/* Less than a register's pixels and the sixteen bytes before which it had to end. */
	memcpy(in, nhwc, left);
	nhwc = spread_registers(in, few.bytes, few.spread, flip, all - safe, npu + 16 * safe);
	spread_registers(nhwc, few.bytes, few.spread, flip, 1, out);
	memcpy(npu + 16 * all, out, rest * p->atom);
}

static size_t unpack_few(const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc)
{
	const struct few few = find_few(p);
	const size_t count = dla_pixels_before(p, 16), step = few.bytes, pixels = few.pixels;
	const uint8x16_t gather = few.gather;
	const int8x16_t flip = flipped(p);
	size_t i = 0;

#pragma GCC unroll 4
	for (; i + pixels <= count; i += pixels, nhwc += step, npu += 16)
		vst1q_s8(nhwc, vqtbl1q_s8(load(npu, flip), gather));
	return i;
}

/* ------------------------------------------------------------------------------ atoms of eight */

static void pack_two_planes(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count, int8x16_t mask)
{
	const int8x16_t flip = flipped(p);
	const size_t c = p->channels;
	int8_t *second = to + p->plane_stride;
	int64x2_t keep = vreinterpretq_s64_s8(mask);

	for (size_t i = 0; i < count; i += 4, from += 4 * c) {
		int64x2_t a = load_64(from, flip), b = load_64(from + c, flip);
		int64x2_t d = load_64(from + 2 * c, flip), e = load_64(from + 3 * c, flip);

		store_64(to + 8 * i, vzip1q_s64(a, b));
		store_64(to + 8 * i + 16, vzip1q_s64(d, e));
		store_64(second + 8 * i, vandq_s64(vzip2q_s64(a, b), keep));
		store_64(second + 8 * i + 16, vandq_s64(vzip2q_s64(d, e), keep));
	}
}

static void pack_one_plane(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count, int8x16_t mask)
{
	const int8x16_t flip = flipped(p);
	const size_t c = p->channels;

	for (size_t i = 0; i < count; i += 2, from += 2 * c) {
		int8x16_t v = vcombine_s8(vld1_s8(from), vld1_s8(from + c));

		vst1q_s8(to + 8 * i, vandq_s8(veorq_s8(v, flip), mask));
	}
}

static size_t pack_8(const struct dla_pixels *p, const int8_t *nhwc, int8_t *npu)
{
	const size_t count = dla_pixels_before(p, -p->channels % 16) / 4 * 4, step = dla_pixels_at_once(p);

	for (size_t first = 0; first < count; first += step) {
		size_t n = count - first < step ? count - first : step;
		const int8_t *from = nhwc + first * p->channels;
		int8_t *to = npu + 8 * first;

		for (uint32_t c = 0; c < p->channels; c += 16, to += 2 * p->plane_stride) {
			uint32_t left = p->channels - c;

			if (left > 8)
				pack_two_planes(p, from + c, to, n, first_bytes(left - 8, 8));
			else
				pack_one_plane(p, from + c, to, n, first_bytes(left, 8));
		}
	}
	return count;
}

/* In the order of pixels, since one may reach into the next. */
static void unpack_two_planes(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count)
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

static void unpack_one_plane(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count)
{
	const int8x8_t flip = vget_low_s8(flipped(p));
	const size_t c = p->channels;

	for (size_t i = 0; i < count; i++, to += c)
		vst1_s8(to, veor_s8(vld1_s8(from + 8 * i), flip));
}

/*
 * The last channels come first: what they write into the next pixel is behind their own channels there,
 * and is written over.
 */
static size_t unpack_8(const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc)
{
	const size_t count = dla_pixels_before(p, -p->channels % 16) / 4 * 4, step = dla_pixels_at_once(p);

	for (size_t first = 0; first < count; first += step) {
		size_t n = count - first < step ? count - first : step;
		uint32_t plane = (p->channels + 7) / 8;
		const int8_t *from = npu + 8 * first;
		int8_t *to = nhwc + first * p->channels;

		if (plane % 2) {
			plane--;
			unpack_one_plane(p, from + plane * p->plane_stride, to + 8 * plane, n);
		}
		for (; plane; plane -= 2)
			unpack_two_planes(p, from + (plane - 2) * p->plane_stride, to + 8 * (plane - 2), n);
	}
	return count;
}

/* ------------------------------------------------------------- atoms of sixteen and thirty-two */

static void pack_plane(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count, uint32_t used)
{
	const int8x16_t flip = flipped(p);
	int8x16_t low = first_bytes(used, 16), high = first_bytes(used > 16 ? used - 16 : 0, 16);

	for (size_t i = 0; i < count; i++, from += p->channels, to += p->atom) {
		vst1q_s8(to, vandq_s8(load(from, flip), low));
		if (p->atom == 32)
			vst1q_s8(to + 16, vandq_s8(load(from + 16, flip), high));
	}
}

static void unpack_plane(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count)
{
	const int8x16_t flip = flipped(p);

	for (size_t i = 0; i < count; i++, from += p->atom, to += p->channels) {
		vst1q_s8(to, load(from, flip));
		if (p->atom == 32)
			vst1q_s8(to + 16, load(from + 16, flip));
	}
}

static size_t pack_wide(const struct dla_pixels *p, const int8_t *nhwc, int8_t *npu)
{
	const size_t count = dla_pixels_before(p, -p->channels % p->atom), step = dla_pixels_at_once(p);

	for (size_t first = 0; first < count; first += step) {
		size_t n = count - first < step ? count - first : step;
		int8_t *to = npu + first * p->atom;

		for (uint32_t c = 0; c < p->channels; c += p->atom, to += p->plane_stride)
			pack_plane(p, nhwc + first * p->channels + c, to, n, p->channels - c);
	}
	return count;
}

static size_t unpack_wide(const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc)
{
	const size_t count = dla_pixels_before(p, -p->channels % p->atom), step = dla_pixels_at_once(p);

	for (size_t first = 0; first < count; first += step) {
		size_t n = count - first < step ? count - first : step;

		for (uint32_t plane = (p->channels + p->atom - 1) / p->atom; plane--;)
			unpack_plane(p, npu + first * p->atom + plane * p->plane_stride,
				     nhwc + first * p->channels + plane * p->atom, n);
	}
	return count;
}

void dla_pack_neon(const struct dla_pixels *p, const int8_t *nhwc, int8_t *npu)
{
	size_t done;

	if (!p->channels)
		return;
	if (p->channels <= p->atom && p->atom <= 16) {
		pack_few(p, nhwc, npu);
		return;
	}
	done = p->atom == 8 ? pack_8(p, nhwc, npu) : pack_wide(p, nhwc, npu);
	dla_pack_from(p, done, nhwc, npu);
}

void dla_unpack_neon(const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc)
{
	size_t done;

	if (!p->channels)
		return;
	if (p->channels <= p->atom && p->atom <= 16)
		done = unpack_few(p, npu, nhwc);
	else
		done = p->atom == 8 ? unpack_8(p, npu, nhwc) : unpack_wide(p, npu, nhwc);
	dla_unpack_from(p, done, npu, nhwc);
}

#endif
