// SPDX-License-Identifier: MIT
/*
 * How fast the emulator multiplies, on one core: a 3x3 convolution of 32x32x64 to 64 channels, with
 * each set of instructions that this processor has. Fails when two of them differ.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conv.h"
#include "mac.h"

#define SIDE 32
#define CHANNELS 64
#define KERNELS 64
#define MACS ((uint64_t)SIDE * SIDE * 9 * CHANNELS * KERNELS)

#define SECONDS 1.0

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *random_bytes(size_t count)
{
	uint8_t *bytes = malloc(count);
	uint64_t state = 1;

	if (!bytes)
		exit(EXIT_FAILURE);
	for (size_t i = 0; i < count; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(state >> 56);
	}
	return bytes;
}

static void convolve(const struct nvdla_emu *emu, const struct conv *conv, int32_t *sums)
{
	struct mac *mac = mac_new(emu, conv);

	for (unsigned int group = 0; mac && group < KERNELS / 8; group++) {
		if (!mac_plane(mac, group, sums + (size_t)group * SIDE * SIDE * 8))
			exit(EXIT_FAILURE);
	}
	mac_free(mac);
}

int main(void)
{
	static const struct nvdla_config config = { .atom = 8, .atomic_c = 8, .atomic_k = 8,
						    .cbuf_entry_bytes = 8 };
	const struct conv conv = {
		.width = SIDE, .height = SIDE, .line_entries = SIDE * CHANNELS / 8, .kernels = KERNELS,
		.channels = CHANNELS, .r = 3, .s = 3, .x_stride = 1, .y_stride = 1, .x_dilation = 1,
		.y_dilation = 1, .pad_left = 1, .pad_top = 1, .out_width = SIDE, .out_height = SIDE,
		.blocks = CHANNELS / 8, .steps = CHANNELS / 8 * 9,
		.lines = random_bytes((size_t)SIDE * SIDE * CHANNELS),
		.weights = random_bytes((size_t)9 * CHANNELS * KERNELS),
	};
	static const char *const names[] = { "plain", "avx2", "neon" };
	static int32_t sums[2][SIDE * SIDE * KERNELS];
	struct nvdla_emu emu = { .config = &config };
	double plain = 0;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		double start, rate;
		unsigned int runs = 0;

		emu.simd = simd_find(names[i]);
		if (!emu.simd)
			continue;
		start = now();
		for (; now() - start < SECONDS; runs++)
			convolve(&emu, &conv, sums[i > 0]);
		rate = runs * (double)MACS / (now() - start) / 1e9;
		plain = i ? plain : rate;
		printf("%s: %.2f GMAC/s, %.1f times plain\n", names[i], rate, rate / plain);
		if (memcmp(sums[0], sums[i > 0], sizeof(sums[0]))) {
			fprintf(stderr, "%s differs from plain\n", names[i]);
			return EXIT_FAILURE;
		}
	}
	free(conv.lines);
	free(conv.weights);
	return EXIT_SUCCESS;
}
