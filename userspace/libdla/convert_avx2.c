// SPDX-License-Identifier: MIT
/*
 * Atoms of eight bytes are units of a transposition: channels of sixteen are loaded from four pixels,
 * two to a register, and the halves of two registers make four atoms of either plane. Stores, of which
 * there is one in a cycle, are of whole registers wherever that is possible.
 *
 * Loads and stores of the network's order reach past the channels they are for, into the pixels that
 * follow; so the last pixels are left to plain C.
 */
#include "convert.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))

static inline AVX2 __m128i load16(const int8_t *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

static inline AVX2 __m256i load32(const int8_t *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

static inline AVX2 __m256i load_flipped(const int8_t *at, __m256i flip)
{
	return _mm256_xor_si256(load32(at), flip);
}

static inline AVX2 __m256i load_two(const int8_t *low, const int8_t *high)
{
	return _mm256_inserti128_si256(_mm256_castsi128_si256(load16(low)), load16(high), 1);
}

static inline AVX2 void store16(int8_t *at, __m128i v)
{
	_mm_storeu_si128((__m128i *)at, v);
}

static inline AVX2 void store32(int8_t *at, __m256i v)
{
	_mm256_storeu_si256((__m256i *)at, v);
}

static inline AVX2 void store_two(int8_t *low, int8_t *high, __m256i v)
{
	store16(low, _mm256_castsi256_si128(v));
	store16(high, _mm256_extracti128_si256(v, 1));
}

static inline AVX2 __m256i flipped(const struct dla_pixels *p)
{
	return _mm256_set1_epi8((char)p->flip);
}

/* Ones in the first bytes of each atom; all, if there are more. */
static AVX2 __m256i first_bytes(uint32_t bytes, uint32_t atom)
{
	static const int8_t table[64] = {
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	};
	const int8_t *at = table + 32 - (bytes < atom ? bytes : atom);

	if (atom == 32)
		return load32(at);
	return atom == 16 ? load_two(at, at) : _mm256_broadcastq_epi64(load16(at));
}

/* ---------------------------------------------------------------------------- one plane, or less */

/*
 * A register has two lanes of sixteen bytes in atoms; in the network's order one lane's pixels have
 * `half` bytes. Shuffles work within lanes; an index of -1 makes a zero.
 */
struct few {
	size_t pixels, half;
	__m256i shuffle, next;
};

static uint32_t pixels_in_lane(const struct dla_pixels *p)
{
	return p->atom == 4 ? 4 : p->atom == 8 ? 2 : 1;
}

static AVX2 struct few spread(const struct dla_pixels *p)
{
	uint32_t lane = pixels_in_lane(p);
	int8_t from[16], *at = from;

	for (uint32_t i = 0; i < lane; i++)
		for (uint32_t c = 0; c < p->atom; c++)
			*at++ = c < p->channels ? (int8_t)(i * p->channels + c) : -1;
	return (struct few) { .pixels = 2 * lane, .half = lane * p->channels, .shuffle = load_two(from, from) };
}

static AVX2 struct few gather(const struct dla_pixels *p)
{
	uint32_t lane = pixels_in_lane(p), half = lane * p->channels;
	/* Where both lanes' bytes fit one, the second's go behind the first's; and if so, others behind those. */
	uint32_t second = 2 * half <= 16 ? half : 0, next = 4 * half <= 16 ? 2 * half : 0;
	int8_t from[64];

	memset(from, -1, sizeof(from));
	for (uint32_t i = 0; i < lane; i++) {
		for (uint32_t c = 0; c < p->channels; c++) {
			uint32_t to = i * p->channels + c;
			int8_t at = (int8_t)(i * p->atom + c);

			from[to] = at;
			from[16 + second + to] = at;
			from[32 + next + to] = at;
			from[48 + next + second + to] = at;
		}
	}
	return (struct few) { .pixels = 2 * lane, .half = half, .shuffle = load32(from), .next = load32(from + 32) };
}

static inline AVX2 __m128i or_lanes(__m256i v)
{
	return _mm_or_si128(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

/* So many whole registers; returns where the next pixels are to be found. */
static inline AVX2 const int8_t *spread_registers(const int8_t *nhwc, size_t half, __m256i shuffle, __m256i flip,
						  size_t count, int8_t *npu)
{
#pragma GCC unroll 4
	for (; count; count--, nhwc += 2 * half, npu += 32) {
		__m256i v = _mm256_xor_si256(load_two(nhwc, nhwc + half), flip);

		store32(npu, _mm256_shuffle_epi8(v, shuffle));
	}
	return nhwc;
}

static AVX2 void pack_few(const struct dla_pixels *p, const int8_t *nhwc, int8_t *npu)
{
	const struct few few = spread(p);
	const size_t all = p->count / few.pixels, safe = dla_pixels_before(p, 16) / few.pixels;
	const size_t left = (p->count - safe * few.pixels) * p->channels, rest = p->count % few.pixels;
	const __m256i flip = flipped(p);
	int8_t in[128] = { 0 }, out[32];

	nhwc = spread_registers(nhwc, few.half, few.shuffle, flip, safe, npu);
	/* Less than a register's pixels and the sixteen bytes before which it had to end. */
	memcpy(in, nhwc, left);
	nhwc = spread_registers(in, few.half, few.shuffle, flip, all - safe, npu + 32 * safe);
	spread_registers(nhwc, few.half, few.shuffle, flip, 1, out);
	memcpy(npu + 32 * all, out, rest * p->atom);
}

static AVX2 size_t unpack_few(const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc)
{
	const struct few few = gather(p);
	const size_t count = dla_pixels_before(p, 16), half = few.half, step = 2 * half, pixels = few.pixels;
	const __m256i shuffle = few.shuffle, next = few.next, flip = flipped(p);
	size_t i = 0;

	if (2 * step <= 16) {
#pragma GCC unroll 4
		for (; i + 2 * pixels <= count; i += 2 * pixels, nhwc += 2 * step, npu += 64) {
			__m256i v = _mm256_shuffle_epi8(load_flipped(npu, flip), shuffle);
			__m256i w = _mm256_shuffle_epi8(load_flipped(npu + 32, flip), next);

			store16(nhwc, or_lanes(_mm256_or_si256(v, w)));
		}
	} else if (step <= 16) {
#pragma GCC unroll 4
		for (; i + pixels <= count; i += pixels, nhwc += step, npu += 32)
			store16(nhwc, or_lanes(_mm256_shuffle_epi8(load_flipped(npu, flip), shuffle)));
	} else {
#pragma GCC unroll 4
		for (; i + pixels <= count; i += pixels, nhwc += step, npu += 32)
			store_two(nhwc, nhwc + half, _mm256_shuffle_epi8(load_flipped(npu, flip), shuffle));
	}
	return i;
}

/* ------------------------------------------------------------------------------ atoms of eight */

/* Two planes, or one: channels of pixels at from, to their atoms at to. */
static inline AVX2 void pack_planes(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count,
				    bool two, __m256i mask)
{
	const size_t c = p->channels;
	const __m256i flip = flipped(p);
	int8_t *second = to + p->plane_stride;

	for (size_t i = 0; i < count; i += 4, from += 4 * c) {
		__m256i even = _mm256_xor_si256(load_two(from, from + 2 * c), flip);
		__m256i odd = _mm256_xor_si256(load_two(from + c, from + 3 * c), flip);
		__m256i low = _mm256_unpacklo_epi64(even, odd), high = _mm256_unpackhi_epi64(even, odd);

		if (!two) {
			store32(to + 8 * i, _mm256_and_si256(low, mask));
			continue;
		}
		store32(to + 8 * i, low);
		store32(second + 8 * i, _mm256_and_si256(high, mask));
	}
}

static AVX2 size_t pack_8(const struct dla_pixels *p, const int8_t *nhwc, int8_t *npu)
{
	const size_t count = dla_pixels_before(p, -p->channels % 16) / 4 * 4, step = dla_pixels_at_once(p);

	for (size_t first = 0; first < count; first += step) {
		size_t n = count - first < step ? count - first : step;
		const int8_t *from = nhwc + first * p->channels;
		int8_t *to = npu + 8 * first;

		for (uint32_t c = 0; c < p->channels; c += 16, to += 2 * p->plane_stride) {
			uint32_t left = p->channels - c;

			if (left > 8)
				pack_planes(p, from + c, to, n, true, first_bytes(left - 8, 8));
			else
				pack_planes(p, from + c, to, n, false, first_bytes(left, 8));
		}
	}
	return count;
}

/* Or three planes: then the fourth is any. */
static inline AVX2 void unpack_four_planes(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count,
					   bool four)
{
	const __m256i flip = flipped(p);
	const size_t c = p->channels;
	const int8_t *second = from + p->plane_stride, *third = second + p->plane_stride;
	const int8_t *fourth = four ? third + p->plane_stride : third;

	for (size_t i = 0; i < count; i += 4, to += 4 * c) {
		__m256i ab = load_flipped(from + 8 * i, flip), b = load_flipped(second + 8 * i, flip);
		__m256i de = load_flipped(third + 8 * i, flip), e = load_flipped(fourth + 8 * i, flip);
		__m256i ab_odd = _mm256_unpackhi_epi64(ab, b), de_odd = _mm256_unpackhi_epi64(de, e);

		ab = _mm256_unpacklo_epi64(ab, b);
		de = _mm256_unpacklo_epi64(de, e);
		/* In the order of pixels, since one may reach into the next. */
		store32(to, _mm256_permute2x128_si256(ab, de, 0x20));
		store32(to + c, _mm256_permute2x128_si256(ab_odd, de_odd, 0x20));
		store32(to + 2 * c, _mm256_permute2x128_si256(ab, de, 0x31));
		store32(to + 3 * c, _mm256_permute2x128_si256(ab_odd, de_odd, 0x31));
	}
}

static inline AVX2 void unpack_two_planes(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count)
{
	const __m256i flip = flipped(p);
	const int8_t *second = from + p->plane_stride;
	const size_t c = p->channels;

	for (size_t i = 0; i < count; i += 4, to += 4 * c) {
		__m256i a = load_flipped(from + 8 * i, flip), b = load_flipped(second + 8 * i, flip);
		__m256i even = _mm256_unpacklo_epi64(a, b), odd = _mm256_unpackhi_epi64(a, b);

		/* In the order of pixels, since one may reach into the next. */
		store16(to, _mm256_castsi256_si128(even));
		store16(to + c, _mm256_castsi256_si128(odd));
		store16(to + 2 * c, _mm256_extracti128_si256(even, 1));
		store16(to + 3 * c, _mm256_extracti128_si256(odd, 1));
	}
}

static inline AVX2 void unpack_one_plane(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count)
{
	const __m128i flip = _mm256_castsi256_si128(flipped(p));
	const size_t c = p->channels;

	for (size_t i = 0; i < count; i++, to += c)
		_mm_storel_epi64((__m128i *)to, _mm_xor_si128(_mm_loadl_epi64((const __m128i *)(from + 8 * i)), flip));
}

/* All channels of a pixel in sixteen bytes: two of them fill a register. */
static AVX2 void unpack_sixteen(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count)
{
	const __m256i flip = flipped(p);
	const int8_t *second = from + p->plane_stride;

	for (size_t i = 0; i < count; i += 4, to += 64) {
		__m256i a = load_flipped(from + 8 * i, flip), b = load_flipped(second + 8 * i, flip);
		__m256i even = _mm256_unpacklo_epi64(a, b), odd = _mm256_unpackhi_epi64(a, b);

		store32(to, _mm256_permute2x128_si256(even, odd, 0x20));
		store32(to + 32, _mm256_permute2x128_si256(even, odd, 0x31));
	}
}

/*
 * The last channels come first: what they write into the next pixel is behind their own channels there,
 * and is written over.
 */
static AVX2 void unpack_channels(const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc, size_t count)
{
	uint32_t plane = (p->channels + 7) / 8, rest = plane % 4;

	plane -= rest;
	npu += plane * p->plane_stride;
	nhwc += 8 * plane;
	if (p->channels == 16)
		unpack_sixteen(p, npu, nhwc, count);
	else if (rest == 3)
		unpack_four_planes(p, npu, nhwc, count, false);
	else if (rest == 2)
		unpack_two_planes(p, npu, nhwc, count);
	else if (rest == 1)
		unpack_one_plane(p, npu, nhwc, count);
	for (; plane; plane -= 4) {
		npu -= 4 * p->plane_stride;
		nhwc -= 32;
		unpack_four_planes(p, npu, nhwc, count, true);
	}
}

static AVX2 size_t unpack_8(const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc)
{
	const size_t count = dla_pixels_before(p, p->channels == 16 ? 0 : -p->channels % 32) / 4 * 4;
	const size_t step = dla_pixels_at_once(p);

	for (size_t first = 0; first < count; first += step)
		unpack_channels(p, npu + 8 * first, nhwc + first * p->channels,
				count - first < step ? count - first : step);
	return count;
}

/* ------------------------------------------------------------- atoms of sixteen and thirty-two */

static AVX2 void pack_plane(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count, __m256i mask)
{
	const __m256i flip = flipped(p);
	const size_t c = p->channels;

	if (p->atom == 32)
		for (size_t i = 0; i < count; i++, from += c, to += 32)
			store32(to, _mm256_and_si256(load_flipped(from, flip), mask));
	else
		for (size_t i = 0; i < count; i += 2, from += 2 * c, to += 32)
			store32(to, _mm256_and_si256(_mm256_xor_si256(load_two(from, from + c), flip), mask));
}

static AVX2 void unpack_plane(const struct dla_pixels *p, const int8_t *from, int8_t *to, size_t count)
{
	const __m256i flip = flipped(p);
	const size_t c = p->channels;

	if (p->atom == 32)
		for (size_t i = 0; i < count; i++, from += 32, to += c)
			store32(to, load_flipped(from, flip));
	else
		for (size_t i = 0; i < count; i += 2, from += 32, to += 2 * c)
			store_two(to, to + c, load_flipped(from, flip));
}

static AVX2 size_t pack_wide(const struct dla_pixels *p, const int8_t *nhwc, int8_t *npu)
{
	const size_t count = dla_pixels_before(p, -p->channels % p->atom) / 2 * 2, step = dla_pixels_at_once(p);

	for (size_t first = 0; first < count; first += step) {
		size_t n = count - first < step ? count - first : step;
		int8_t *to = npu + first * p->atom;

		for (uint32_t c = 0; c < p->channels; c += p->atom, to += p->plane_stride)
			pack_plane(p, nhwc + first * p->channels + c, to, n,
				   first_bytes(p->channels - c, p->atom));
	}
	return count;
}

static AVX2 size_t unpack_wide(const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc)
{
	const size_t count = dla_pixels_before(p, -p->channels % p->atom) / 2 * 2, step = dla_pixels_at_once(p);

	for (size_t first = 0; first < count; first += step) {
		size_t n = count - first < step ? count - first : step;

		for (uint32_t plane = (p->channels + p->atom - 1) / p->atom; plane--;)
			unpack_plane(p, npu + first * p->atom + plane * p->plane_stride,
				     nhwc + first * p->channels + plane * p->atom, n);
	}
	return count;
}

void dla_pack_avx2(const struct dla_pixels *p, const int8_t *nhwc, int8_t *npu)
{
	size_t done;

	if (!p->channels)
		return;
	if (p->channels <= p->atom && p->atom <= 16) {
		pack_few(p, nhwc, npu);
		return;
	}
	if (p->atom == 8)
		done = pack_8(p, nhwc, npu);
	else
		done = pack_wide(p, nhwc, npu);
	dla_pack_from(p, done, nhwc, npu);
}

void dla_unpack_avx2(const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc)
{
	size_t done;

	if (!p->channels)
		return;
	if (p->channels <= p->atom && p->atom <= 16)
		done = unpack_few(p, npu, nhwc);
	else if (p->atom == 8)
		done = unpack_8(p, npu, nhwc);
	else
		done = unpack_wide(p, npu, nhwc);
	dla_unpack_from(p, done, npu, nhwc);
}

#endif
