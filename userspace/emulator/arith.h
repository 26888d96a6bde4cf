/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_ARITH_H
#define NVDLA_EMU_ARITH_H

#include <stdint.h>

/* Clip to a signed number of so many bits. */
static inline int64_t saturate(int64_t value, unsigned int bits)
{
	int64_t max = (INT64_C(1) << (bits - 1)) - 1;

	return value > max ? max : value < -max - 1 ? -max - 1 : value;
}

/*
 * The shifter behind SDP, CDP and CDMA: right, rounding half away from zero. value has width bits,
 * at most 56; a shift by the width or more gives 0, even for a value that would round to -1 or 1.
 */
static inline int64_t shift_right_round(int64_t value, unsigned int shift, unsigned int width)
{
	if (shift >= width)
		return 0;
	if (!shift)
		return value;
	return (value + (INT64_C(1) << (shift - 1)) - (value < 0)) >> shift;
}

/* A 16-bit operand shifted left into 32 bits, saturating. shift is below 64. */
static inline int32_t shift_left_saturate(int16_t value, unsigned int shift)
{
	/* Beyond 31 every non-zero operand saturates, as it does at 31 unless it is -1. */
	unsigned int by = shift > 32 ? 32 : shift;

	return (int32_t)saturate((int64_t)value * (INT64_C(1) << by), 32);
}

#endif
