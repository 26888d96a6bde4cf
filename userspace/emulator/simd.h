/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_SIMD_H
#define NVDLA_EMU_SIMD_H

#include <stddef.h>
#include <stdint.h>

/*
 * The innermost loops, once in plain C, which is the reference, and once for each instruction set
 * that is worth it. All give the same bits.
 */

/* Kernels and channels that are multiplied at once; every configuration has multiples of it. */
#define MAC_LANES 8

/* A row of output positions times eight kernels. */
struct mac_row {
	const int16_t *const *lines;	/* of input, at what the first position is multiplied with */
	size_t nr_lines;
	const uint32_t *offsets;	/* of lots of eight channels in a line */
	size_t nr_offsets;
	size_t stride;			/* from one position to the next */
	const int16_t *weights;		/* [line][offset][kernel][channel] */
};

struct simd {
	const char *name;
	/* sums: [position][kernel], without overflow of 32 bits. */
	void (*mac_row)(const struct mac_row *row, size_t positions, int32_t *sums);
};

/* Each returns NULL where its instructions do not exist. */
const struct simd *simd_plain(void);
const struct simd *simd_avx2(void);
const struct simd *simd_neon(void);

/*
 * By name; the fastest for NULL, unless the environment variable NVDLA_EMU_SIMD names another.
 * NULL when there is none of that name here.
 */
const struct simd *simd_find(const char *name);

#endif
