/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_SIMD_H
#define NVDLA_EMU_SIMD_H

#include <stdbool.h>
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
	const int16_t *const *lines;	/* of input, from what the first position takes on */
	size_t nr_lines;
	const uint32_t *offsets;	/* of lots of eight channels in a line */
	size_t nr_offsets;
	size_t stride;			/* from one position to the next */
	const int16_t *weights;		/* [line][offset][kernel][channel] */
};

/*
 * One X unit of SDP, where it adds, multiplies, shifts and clips: all but other algorithms of the
 * ALU and PReLU. Operands are one per lane, or with a stride further ones for each position.
 */
struct simd_x {
	size_t lanes;			/* of a position; a multiple of four */
	const int16_t *alu, *mul;	/* NULL where bypassed */
	size_t alu_stride, mul_stride;
	unsigned int alu_shift, mul_shift;
	bool relu;
};

/* SDP's output convertor, to eight bits. */
struct simd_convertor {
	int32_t offset;
	int16_t scale;
	unsigned int shift;
};

/* The first is always there. Of the others an instruction set may have none. */
struct simd {
	const char *name;
	/* sums: [position][kernel], without overflow of 32 bits. */
	void (*mac_row)(const struct mac_row *row, size_t positions, int32_t *sums);
	void (*sdp_x)(const struct simd_x *x, size_t positions, int32_t *values);
	/* Returns how many values were clipped at 17 bits. count is a multiple of eight. */
	uint64_t (*sdp_convert)(const struct simd_convertor *convertor, size_t count,
				const int32_t *values, int8_t *out);
};

/*
 * By name; the fastest for NULL, unless the environment variable NVDLA_EMU_SIMD names another.
 * NULL when there is none of that name here.
 */
const struct simd *simd_find(const char *name);

#ifdef __x86_64__
void mac_row_avx2(const struct mac_row *row, size_t positions, int32_t *sums);
void sdp_x_avx2(const struct simd_x *x, size_t positions, int32_t *values);
uint64_t sdp_convert_avx2(const struct simd_convertor *convertor, size_t count,
			  const int32_t *values, int8_t *out);
#endif

#if defined(__aarch64__) || defined(__arm__)
void mac_row_neon(const struct mac_row *row, size_t positions, int32_t *sums);
#endif

#endif
