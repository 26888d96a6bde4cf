// SPDX-License-Identifier: MIT
/*
 * SDP with AVX2. There is no 64-bit multiplication in it, but no intermediate value is wider than
 * 50 bits, so double precision holds each exactly.
 */
#include "simd.h"

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* Shifted by as much as that, nothing is left. */
#define PRODUCT_BITS 49

struct scale {
	__m256d add, multiply;
};

static double power_of_two(int exponent)
{
	return __builtin_ldexp(1, exponent);
}

static double right_shift(unsigned int shift)
{
	return shift < PRODUCT_BITS ? power_of_two(-(int)shift) : 0;
}

static inline AVX2 __m256d clip(__m256d v, double low, double high)
{
	return _mm256_min_pd(_mm256_max_pd(v, _mm256_set1_pd(low)), _mm256_set1_pd(high));
}

/* Half away from zero, if the fraction is then dropped. */
static inline AVX2 __m256d add_half(__m256d v)
{
	__m256d sign = _mm256_and_pd(v, _mm256_set1_pd(-0.0));

	return _mm256_add_pd(v, _mm256_or_pd(sign, _mm256_set1_pd(0.5)));
}

static inline AVX2 __m256d load_operands(const int16_t *at)
{
	return _mm256_cvtepi32_pd(_mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i *)at)));
}

/* Operands of four lanes at a position. */
static inline AVX2 struct scale load_scale(const struct simd_x *x, size_t lane, size_t position)
{
	/* An operand that is not 0 saturates at 32 at the latest. */
	const double left = power_of_two(x->alu_shift > 32 ? 32 : (int)x->alu_shift);
	struct scale scale = { _mm256_setzero_pd(), _mm256_set1_pd(1) };

	if (x->alu)
		scale.add = load_operands(x->alu + lane + position * x->alu_stride);
	if (x->mul)
		scale.multiply = load_operands(x->mul + lane + position * x->mul_stride);
	scale.add = clip(_mm256_mul_pd(scale.add, _mm256_set1_pd(left)), INT32_MIN, INT32_MAX);
	return scale;
}

AVX2 void sdp_x_avx2(const struct simd_x *x, size_t positions, int32_t *values)
{
	const __m256d right = _mm256_set1_pd(right_shift(x->mul_shift));
	const bool moving = x->alu_stride || x->mul_stride;
	const double low = x->relu ? 0 : INT32_MIN;

	for (size_t lane = 0; lane < x->lanes; lane += 4) {
		struct scale scale = load_scale(x, lane, 0);
		int32_t *at = values + lane;

		for (size_t p = 0; p < positions; p++, at += x->lanes) {
			__m256d v = _mm256_cvtepi32_pd(_mm_loadu_si128((const __m128i *)at));

			if (moving)
				scale = load_scale(x, lane, p);
			v = _mm256_mul_pd(_mm256_add_pd(v, scale.add), scale.multiply);
			v = clip(add_half(_mm256_mul_pd(v, right)), low, INT32_MAX);
			_mm_storeu_si128((__m128i *)at, _mm256_cvttpd_epi32(v));
		}
	}
}

static inline AVX2 __m128i convert4(const struct simd_convertor *c, double right,
				    const int32_t *values, uint64_t *clipped)
{
	__m256d v = _mm256_cvtepi32_pd(_mm_loadu_si128((const __m128i *)values)), narrow;

	v = _mm256_mul_pd(_mm256_sub_pd(v, _mm256_set1_pd(c->offset)), _mm256_set1_pd(c->scale));
	v = add_half(_mm256_mul_pd(v, _mm256_set1_pd(right)));
	v = _mm256_round_pd(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
	narrow = clip(v, -65536, 65535);
	*clipped += (unsigned int)__builtin_popcount(
		(unsigned int)_mm256_movemask_pd(_mm256_cmp_pd(v, narrow, _CMP_NEQ_OQ)));
	return _mm256_cvttpd_epi32(narrow);
}

AVX2 uint64_t sdp_convert_avx2(const struct simd_convertor *convertor, size_t count,
			       const int32_t *values, int8_t *out)
{
	const double right = right_shift(convertor->shift);
	uint64_t clipped = 0;

	for (size_t i = 0; i < count; i += 8) {
		__m128i first = convert4(convertor, right, values + i, &clipped);
		__m128i second = convert4(convertor, right, values + i + 4, &clipped);
		__m128i words = _mm_packs_epi32(first, second);

		_mm_storel_epi64((__m128i *)(out + i), _mm_packs_epi16(words, words));
	}
	return clipped;
}

#endif
