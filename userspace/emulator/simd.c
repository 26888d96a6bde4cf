// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#ifdef __arm__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "simd.h"

static void mac_row(const struct mac_row *row, size_t positions, int32_t *sums)
{
	memset(sums, 0, positions * MAC_LANES * sizeof(*sums));
	for (size_t p = 0; p < positions; p++, sums += MAC_LANES) {
		const int16_t *weight = row->weights;

		for (size_t l = 0; l < row->nr_lines; l++) {
			const int16_t *line = row->lines[l] + p * row->stride;

			for (size_t o = 0; o < row->nr_offsets; o++) {
				const int16_t *data = line + row->offsets[o];

				for (unsigned int k = 0; k < MAC_LANES; k++, weight += MAC_LANES) {
					int32_t sum = 0;

					for (unsigned int c = 0; c < MAC_LANES; c++)
						sum += data[c] * weight[c];
					sums[k] += sum;
				}
			}
		}
	}
}

static const struct simd plain = { .name = "plain", .mac_row = mac_row };

#if defined(__x86_64__)
static const struct simd other = {
	.name = "avx2",
	.mac_row = mac_row_avx2,
	.sdp_x = sdp_x_avx2,
	.sdp_convert = sdp_convert_avx2,
};

static bool have_other(void)
{
	return __builtin_cpu_supports("avx2");
}
#elif defined(__aarch64__) || defined(__arm__)
static const struct simd other = { .name = "neon", .mac_row = mac_row_neon };

static bool have_other(void)
{
#ifdef __arm__
	return getauxval(AT_HWCAP) & HWCAP_NEON;
#else
	return true;
#endif
}
#else
#define other plain

static bool have_other(void)
{
	return false;
}
#endif

const struct simd *simd_find(const char *name)
{
	if (!name)
		name = getenv("NVDLA_EMU_SIMD");
	if (have_other() && (!name || !strcmp(name, other.name)))
		return &other;
	return !name || !strcmp(name, plain.name) ? &plain : NULL;
}
