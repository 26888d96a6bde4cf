// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

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

const struct simd *simd_plain(void)
{
	static const struct simd plain = {
		.name = "plain",
		.mac_row = mac_row,
	};

	return &plain;
}

const struct simd *simd_find(const char *name)
{
	const struct simd *all[] = { simd_avx2(), simd_neon(), simd_plain() };

	if (!name)
		name = getenv("NVDLA_EMU_SIMD");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i] && (!name || !strcmp(name, all[i]->name)))
			return all[i];
	}
	return NULL;
}
