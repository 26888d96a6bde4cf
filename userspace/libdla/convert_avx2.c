// SPDX-License-Identifier: MIT
/*
 * A register holds two lanes of sixteen bytes, which shuffles do not cross. Of the two accesses, stores are
 * what there is one of in a cycle: they are of whole registers wherever that is possible.
 */
#include "convert.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <stdbool.h>

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
 * What lies on end in pixels `to` bytes apart: where each of those bytes is among pixels that lie `from`
 * apart, so far as pixels are whole in thirty-two bytes of atoms.
 */
struct moves {
	__m256i place, channel;
};

static AVX2 struct moves moves(const struct dla_pixels *p, __m256i byte, uint32_t to, uint32_t from)
{
	struct moves moves = { .place = byte, .channel = byte };

	for (uint32_t i = 1; i < 32 / p->atom; i++) {
		__m256i behind = _mm256_cmpgt_epi8(byte, _mm256_set1_epi8((char)(i * to - 1)));

		moves.channel = _mm256_sub_epi8(moves.channel, _mm256_and_si256(behind, _mm256_set1_epi8((char)to)));
		moves.place = _mm256_add_epi8(moves.place,
					      _mm256_and_si256(behind, _mm256_set1_epi8((char)(from - to))));
	}
	return moves;
}

static AVX2 __m256i bytes_of_lane(void)
{
	return _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/*
 * Shuffles of sixteen bytes and of those that follow them, whose results make one with an OR: an index
 * with its highest bit set makes a zero.
 */
static AVX2 __m256i shuffle_of_first(__m256i place)
{
	return _mm256_adds_epu8(place, _mm256_set1_epi8(0x70));
}

static AVX2 __m256i shuffle_of_second(__m256i place)
{
	return _mm256_sub_epi8(place, _mm256_set1_epi8(16));
}

static AVX2 void pack_few(const struct dla_pixels *p, size_t count, const int8_t *nhwc, int8_t *npu)
{
	const struct moves to = moves(p, bytes_of_lane(), p->atom, p->channels);
	const __m256i spare = _mm256_cmpgt_epi8(to.channel, _mm256_set1_epi8((char)(p->channels - 1)));
	const __m256i shuffle = _mm256_or_si256(to.place, spare), flip = flipped(p);
	const size_t half = (size_t)p->channels * 16 / p->atom;

#pragma GCC unroll 4
	for (size_t left = count * p->atom / 32; left; left--, nhwc += 2 * half, npu += 32) {
		__m256i v = _mm256_xor_si256(load_two(nhwc, nhwc + half), flip);

		store32(npu, _mm256_shuffle_epi8(v, shuffle));
	}
}

/*
 * A single channel is the lowest byte of each eight. What packs wider numbers to half their width takes them
 * lane by lane, and so leaves pixels in pairs, those of the two lanes in turn.
 */
static AVX2 size_t unpack_ones(const struct dla_pixels *p, size_t count, const int8_t *npu, int8_t *nhwc)
{
	const __m256i byte = _mm256_set1_epi64x(0xff), flip = flipped(p);
	const __m256i turns = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));
	size_t done;

	for (done = 0; done + 32 <= count; done += 32, npu += 256) {
		__m256i v[8];

#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			v[i] = _mm256_and_si256(load32(npu + 32 * i), byte);
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++)
			v[i] = _mm256_packus_epi32(v[2 * i], v[2 * i + 1]);
		v[0] = _mm256_packus_epi32(v[0], v[1]);
		v[1] = _mm256_packus_epi32(v[2], v[3]);
		v[0] = _mm256_permute4x64_epi64(_mm256_packus_epi16(v[0], v[1]), _MM_SHUFFLE(3, 1, 2, 0));
		store32(nhwc + done, _mm256_xor_si256(_mm256_shuffle_epi8(v[0], turns), flip));
	}
	return done;
}

/* Four pixels' channels fit a lane of the network's order. */
static AVX2 void unpack_fours(const struct dla_pixels *p, size_t count, const int8_t *npu, int8_t *nhwc)
{
	const __m256i place = moves(p, bytes_of_lane(), p->channels, p->atom).place;
	const __m256i first = shuffle_of_first(place), second = shuffle_of_second(place), flip = flipped(p);
	const __m256i word = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), used = _mm256_set1_epi32((int)p->channels);
	/* Behind the words that one lane has, those of the other. */
	const __m256i beside = _mm256_add_epi32(word, _mm256_sub_epi32(_mm256_set1_epi32(4), used));
	const __m256i join = _mm256_blendv_epi8(beside, word, _mm256_cmpgt_epi32(used, word));
	const size_t step = (size_t)p->channels * 8;

#pragma GCC unroll 4
	for (; count; count -= 8, npu += 64, nhwc += step) {
		__m256i v = _mm256_shuffle_epi8(load_two(npu, npu + 32), first);
		__m256i w = _mm256_shuffle_epi8(load_two(npu + 16, npu + 48), second);

		v = _mm256_permutevar8x32_epi32(_mm256_xor_si256(_mm256_or_si256(v, w), flip), join);
		store32(nhwc, v);
	}
}

static AVX2 void unpack_few(const struct dla_pixels *p, size_t count, const int8_t *npu, int8_t *nhwc)
{
	const __m256i lane = _mm256_setr_m128i(_mm_setzero_si128(), _mm_set1_epi8(16));
	const __m256i byte = _mm256_add_epi8(bytes_of_lane(), lane), flip = flipped(p);
	__m256i place, first, second;
	size_t step;

	if (p->atom == 8 && p->channels <= 4) {
		size_t done = p->channels == 1 ? unpack_ones(p, count, npu, nhwc) : 0;

		unpack_fours(p, count - done, npu + 8 * done, nhwc + done);
		return;
	}
	place = _mm256_sub_epi8(moves(p, byte, p->channels, p->atom).place, lane);
	first = shuffle_of_first(place);
	second = shuffle_of_second(place);
	step = (size_t)p->channels * 32 / p->atom;
#pragma GCC unroll 4
	for (size_t left = count * p->atom / 32; left; left--, npu += 32, nhwc += step) {
		__m256i v = _mm256_shuffle_epi8(load32(npu), first);
		__m256i w = _mm256_shuffle_epi8(load32(npu + 16), second);

		store32(nhwc, _mm256_xor_si256(_mm256_or_si256(v, w), flip));
	}
}

/* ------------------------------------------------------------------------------ atoms of eight */

/* Of four pixels, sixteen channels each: the halves of two registers are four atoms of either plane. */
struct atoms {
	__m256i low, high;
};

static inline AVX2 struct atoms atoms_of(const int8_t *from, size_t c, __m256i flip)
{
	__m256i even = _mm256_xor_si256(load_two(from, from + 2 * c), flip);
	__m256i odd = _mm256_xor_si256(load_two(from + c, from + 3 * c), flip);

	return (struct atoms) { _mm256_unpacklo_epi64(even, odd), _mm256_unpackhi_epi64(even, odd) };
}

/* Plane by plane of the same pixels, so that they are read but once; the last has spare channels. */
static inline AVX2 void pack_planes(const struct dla_pixels *p, size_t count, uint32_t planes, __m256i mask,
				    const int8_t *from, int8_t *to)
{
	const size_t c = p->channels, plane = p->plane_stride;
	const __m256i flip = flipped(p);

	for (size_t i = 0; i < count; i += 4, from += 4 * c, to += 32) {
		struct atoms a = atoms_of(from, c, flip);

		store32(to, planes == 1 ? _mm256_and_si256(a.low, mask) : a.low);
		if (planes > 1)
			store32(to + plane, planes == 2 ? _mm256_and_si256(a.high, mask) : a.high);
		if (planes < 3)
			continue;
		a = atoms_of(from + 16, c, flip);
		store32(to + 2 * plane, planes == 3 ? _mm256_and_si256(a.low, mask) : a.low);
		if (planes > 3)
			store32(to + 3 * plane, _mm256_and_si256(a.high, mask));
	}
}

static AVX2 void pack_8(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	const uint32_t planes = (channels + 7) / 8;
	const __m256i mask = first_bytes(channels - 8 * (planes - 1), 8);

	if (planes == 4)
		pack_planes(p, count, 4, mask, from, to);
	else if (planes == 3)
		pack_planes(p, count, 3, mask, from, to);
	else if (planes == 2)
		pack_planes(p, count, 2, mask, from, to);
	else
		pack_planes(p, count, 1, mask, from, to);
}

/* Or three planes: then the fourth is any. */
static inline AVX2 void unpack_four_planes(const struct dla_pixels *p, size_t count, const int8_t *from, int8_t *to,
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

/*
 * There are no others, and fewer than sixteen: of two pixels a register is made, the second's first channel
 * behind the first's last, and so on into the other lane.
 */
static inline AVX2 void unpack_pairs(const struct dla_pixels *p, size_t count, const int8_t *from, int8_t *to)
{
	const size_t c = p->channels;
	const __m256i flip = flipped(p), lane = _mm256_setr_m128i(_mm_setzero_si128(), _mm_set1_epi8(16));
	const __m256i byte = _mm256_add_epi8(bytes_of_lane(), lane), width = _mm256_set1_epi8((char)c);
	const __m256i first = _mm256_cmpgt_epi8(width, byte), behind = _mm256_sub_epi8(byte, width);
	const int8_t *second = from + p->plane_stride;

	for (size_t i = 0; i < count; i += 4, to += 4 * c) {
		__m256i a = load_flipped(from + 8 * i, flip), b = load_flipped(second + 8 * i, flip);
		__m256i even = _mm256_unpacklo_epi64(a, b), odd = _mm256_unpackhi_epi64(a, b);

		a = _mm256_shuffle_epi8(_mm256_permute4x64_epi64(odd, _MM_SHUFFLE(1, 0, 1, 0)), behind);
		b = _mm256_shuffle_epi8(_mm256_permute4x64_epi64(odd, _MM_SHUFFLE(3, 2, 3, 2)), behind);
		store32(to, _mm256_blendv_epi8(a, even, first));
		store32(to + 2 * c, _mm256_blendv_epi8(b, _mm256_permute4x64_epi64(even, _MM_SHUFFLE(1, 0, 3, 2)), first));
	}
}

/* There are others behind these. */
static inline AVX2 void unpack_two_planes(const struct dla_pixels *p, size_t count, const int8_t *from, int8_t *to)
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

/* There are no others: two pixels fill a register. */
static AVX2 void unpack_sixteen(const struct dla_pixels *p, size_t count, const int8_t *from, int8_t *to)
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

static AVX2 void unpack_one_plane(const struct dla_pixels *p, size_t count, const int8_t *from, int8_t *to)
{
	const __m128i flip = _mm256_castsi256_si128(flipped(p));
	const size_t c = p->channels;

	for (; count; count--, from += 8, to += c)
		_mm_storel_epi64((__m128i *)to, _mm_xor_si128(_mm_loadl_epi64((const __m128i *)from), flip));
}

static AVX2 void unpack_8(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	if (channels > 24)
		unpack_four_planes(p, count, from, to, true);
	else if (channels > 16)
		unpack_four_planes(p, count, from, to, false);
	else if (p->channels == 16)
		unpack_sixteen(p, count, from, to);
	else if (channels > 8 && p->channels < 16)
		unpack_pairs(p, count, from, to);
	else if (channels > 8)
		unpack_two_planes(p, count, from, to);
	else
		unpack_one_plane(p, count, from, to);
}

/* ------------------------------------------------------------- atoms of sixteen and thirty-two */

static AVX2 void pack(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	const __m256i mask = first_bytes(channels, p->atom), flip = flipped(p);
	const size_t c = p->channels;

	if (p->atom == 8)
		pack_8(p, count, channels, from, to);
	else if (p->atom == 32)
		for (; count; count--, from += c, to += 32)
			store32(to, _mm256_and_si256(load_flipped(from, flip), mask));
	else
		for (; count; count -= 2, from += 2 * c, to += 32)
			store32(to, _mm256_and_si256(_mm256_xor_si256(load_two(from, from + c), flip), mask));
}

static AVX2 void unpack(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	const __m256i flip = flipped(p);
	const size_t c = p->channels;

	if (p->atom == 8)
		unpack_8(p, count, channels, from, to);
	else if (p->atom == 32)
		for (; count; count--, from += 32, to += c)
			store32(to, load_flipped(from, flip));
	else
		for (; count; count -= 2, from += 32, to += 2 * c)
			store_two(to, to + c, load_flipped(from, flip));
}

const struct dla_convert dla_convert_avx2 = { "avx2", pack_few, unpack_few, 4, pack, unpack };

#endif
