// SPDX-License-Identifier: MIT
/*
 * How fast the emulator multiplies, on one core: a 3x3 convolution of 32x32x64 to 64 channels, with
 * each set of instructions that this processor has. TAP: all give the same sums, and the fastest does a GMAC
 * a second at least.
 */
#include <inttypes.h>
#include <stdbool.h>
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

#define LINES ((size_t)SIDE * SIDE * CHANNELS)
#define WEIGHTS ((size_t)9 * CHANNELS * KERNELS)

#define SECONDS 1.0
#define LEAST 1.0		/* GMAC a second */

static double cpu_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
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

static void convolve(const struct nvdla_emu *emu, const struct conv *conv, const int8_t *weights,
		     int32_t *sums)
{
	struct mac *mac = mac_new(emu, conv);
	struct sums taken = { 0 };

	if (!mac)
		exit(EXIT_FAILURE);
	mac_load_lines(mac, emu, conv);
	memcpy(mac_weights(mac, 0), weights, WEIGHTS);
	for (unsigned int group = 0; group < KERNELS / 8; group++) {
		mac_begin(mac, group);
		if (!sums_add(&taken, mac, group, 0, (size_t)SIDE * SIDE))
			exit(EXIT_FAILURE);
	}
	mac_unref(mac);
	if (!sums_read(&taken, (size_t)SIDE * SIDE * KERNELS / 8, sums))
		exit(EXIT_FAILURE);
	sums_drop(&taken);
}

int main(void)
{
	static const struct nvdla_config config = { .atom = 8, .atomic_c = 8, .atomic_k = 8,
						    .cbuf_entry_bytes = 8 };
	const struct conv conv = {
		.width = SIDE, .height = SIDE, .line_entries = SIDE * CHANNELS / 8,
		.kernels = KERNELS, .channels = CHANNELS, .r = 3, .s = 3, .x_stride = 1,
		.y_stride = 1, .x_dilation = 1, .y_dilation = 1, .pad_left = 1, .pad_top = 1,
		.out_width = SIDE, .positions = (size_t)SIDE * SIDE, .rows = 1,
		.blocks = CHANNELS / 8, .steps = CHANNELS / 8 * 9, .lines = random_bytes(LINES),
	};
	static const char *const names[] = { "plain", "avx2", "neon" };
	static int32_t sums[2][SIDE * SIDE * KERNELS];
	struct nvdla_emu emu = { .config = &config };
	int8_t *weights = random_bytes(WEIGHTS);
	double plain = 0, fastest = 0;
	unsigned int number = 0;
	bool good = true, equal;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		double start, rate;
		unsigned int runs = 0;

		emu.simd = simd_find(names[i]);
		if (!emu.simd)
			continue;
		start = cpu_time();
		for (; cpu_time() - start < SECONDS; runs++)
			convolve(&emu, &conv, weights, sums[i > 0]);
		rate = runs * (double)MACS / (cpu_time() - start) / 1e9;
		plain = i ? plain : rate;
		fastest = rate > fastest ? rate : fastest;
		equal = !memcmp(sums[0], sums[i > 0], sizeof(sums[0]));
		printf("%sok %u - sums of %s\n# %.2f GMAC/s, %.1f times plain\n", equal ? "" : "not ", ++number,
		       names[i], rate, rate / plain);
		good &= equal;
	}
	printf("%sok %u - a GMAC a second\n1..%u\n", fastest >= LEAST ? "" : "not ", number + 1, number + 1);
	free(conv.lines);
	free(weights);
	return good && fastest >= LEAST ? EXIT_SUCCESS : EXIT_FAILURE;
}
