// SPDX-License-Identifier: MIT
/*
 * Sums of products with AVX2. Eight channels of a position, twice in a register, times those of
 * two kernels; sums of pairs stay apart until the end.
 */
#include "simd.h"

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* Registers are enough for three positions times eight kernels. */
#define POSITIONS 3
#define PAIRS (MAC_LANES / 2)

static inline AVX2 __attribute__((always_inline)) void tile(const struct mac_row *row,
							    size_t first, size_t positions,
							    int32_t *sums)
{
	const __m256i *weight = (const __m256i *)row->weights;
	__m256i sum[POSITIONS][PAIRS];

	for (size_t p = 0; p < positions; p++)
		for (size_t k = 0; k < PAIRS; k++)
			sum[p][k] = _mm256_setzero_si256();
	for (size_t l = 0; l < row->nr_lines; l++) {
		const int16_t *line = row->lines[l] + first * row->stride;

		for (size_t o = 0; o < row->nr_offsets; o++, weight += PAIRS) {
			const int16_t *at = line + row->offsets[o];
			__m256i data[POSITIONS];

			for (size_t p = 0; p < positions; p++, at += row->stride)
				data[p] = _mm256_broadcastsi128_si256(
					_mm_loadu_si128((const __m128i *)at));
			for (size_t k = 0; k < PAIRS; k++) {
				__m256i w = _mm256_loadu_si256(weight + k);

				for (size_t p = 0; p < positions; p++)
					sum[p][k] = _mm256_add_epi32(sum[p][k],
								     _mm256_madd_epi16(data[p], w));
			}
		}
	}
	for (size_t p = 0; p < positions; p++) {
		__m256i low = _mm256_hadd_epi32(sum[p][0], sum[p][1]);
		__m256i high = _mm256_hadd_epi32(sum[p][2], sum[p][3]);
		/* Even kernels, then odd ones. */
		__m256i all = _mm256_hadd_epi32(low, high);

		all = _mm256_permutevar8x32_epi32(all, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
		_mm256_storeu_si256((__m256i *)(sums + p * MAC_LANES), all);
	}
}

AVX2 void mac_row_avx2(const struct mac_row *row, size_t positions, int32_t *sums)
{
	size_t p = 0;

	for (; p + POSITIONS <= positions; p += POSITIONS)
		tile(row, p, POSITIONS, sums + p * MAC_LANES);
	if (positions - p == 2)
		tile(row, p, 2, sums + p * MAC_LANES);
	else if (positions - p == 1)
		tile(row, p, 1, sums + p * MAC_LANES);
}

#endif
