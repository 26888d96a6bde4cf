// SPDX-License-Identifier: MIT
/* Sums of products with NEON: eight channels of a position times those of kernel after kernel. */
#include "simd.h"

#if defined(__aarch64__) || defined(__arm__)
#include <arm_neon.h>

#ifdef __aarch64__
#define NEON
#else
#define NEON __attribute__((target("fpu=neon")))
#endif

static inline NEON int32x2_t add_pairs(int32x4_t v)
{
	return vpadd_s32(vget_low_s32(v), vget_high_s32(v));
}

/* One position, or two, of which each weight is loaded for both. */
static inline NEON __attribute__((always_inline)) void tile(const struct mac_row *row,
							    size_t first, size_t positions,
							    int32_t *sums)
{
	const int16_t *weight = row->weights;
	int32x4_t sum[2][MAC_LANES];

	for (size_t p = 0; p < positions; p++)
		for (size_t k = 0; k < MAC_LANES; k++)
			sum[p][k] = vdupq_n_s32(0);
	for (size_t l = 0; l < row->nr_lines; l++) {
		const int16_t *line = row->lines[l] + first * row->stride;

		for (size_t o = 0; o < row->nr_offsets; o++) {
			const int16_t *at = line + row->offsets[o];

			for (size_t k = 0; k < MAC_LANES; k++, weight += MAC_LANES) {
				int16x8_t w = vld1q_s16(weight);

				for (size_t p = 0; p < positions; p++) {
					int16x8_t data = vld1q_s16(at + p * row->stride);
					int32x4_t s = sum[p][k];

					s = vmlal_s16(s, vget_low_s16(data), vget_low_s16(w));
					sum[p][k] = vmlal_s16(s, vget_high_s16(data),
							      vget_high_s16(w));
				}
			}
		}
	}
	for (size_t p = 0; p < positions; p++) {
		for (size_t k = 0; k < MAC_LANES; k += 2)
			vst1_s32(sums + p * MAC_LANES + k,
				 vpadd_s32(add_pairs(sum[p][k]), add_pairs(sum[p][k + 1])));
	}
}

NEON void mac_row_neon(const struct mac_row *row, size_t positions, int32_t *sums)
{
	size_t p = 0;

	for (; p + 2 <= positions; p += 2)
		tile(row, p, 2, sums + p * MAC_LANES);
	if (p < positions)
		tile(row, p, 1, sums + p * MAC_LANES);
}

#endif
