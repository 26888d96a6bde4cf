/* SPDX-License-Identifier: MIT */
#ifndef DLA_CPU_FIXEDPOINT_H
#define DLA_CPU_FIXEDPOINT_H

#include <stdint.h>

/* Arithmetic on 32-bit fixed-point numbers, rounded as gemmlowp does. */

static inline int32_t dla_wrapping_add(int32_t a, int32_t b)
{
	return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t dla_wrapping_sub(int32_t a, int32_t b)
{
	return (int32_t)((uint32_t)a - (uint32_t)b);
}

static inline int32_t dla_wrapping_mul(int32_t a, int32_t b)
{
	return (int32_t)((uint32_t)a * (uint32_t)b);
}

/* 0 <= shift <= 31 */
static inline int32_t dla_wrapping_shift(int32_t value, int shift)
{
	return (int32_t)((uint32_t)value << shift);
}

/* a * b / 2^31, halves up: the product of fractions of 1. */
static inline int32_t dla_high_mul(int32_t a, int32_t b)
{
	int64_t product = (int64_t)a * b;
	int64_t nudge = product >= 0 ? 1LL << 30 : 1 - (1LL << 30);

	/* -1 * -1 is the only product that is not representable. */
	if (a == INT32_MIN && b == INT32_MIN)
		return INT32_MAX;
	return (int32_t)((product + nudge) / (1LL << 31));
}

/* The same for fractions of 16 bits. */
static inline int32_t dla_high_mul_16(int32_t a, int32_t b)
{
	int32_t product = a * b;
	int32_t nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);

	if (a == INT16_MIN && b == INT16_MIN)
		return INT16_MAX;
	return (product + nudge) / (1 << 15);
}

/* value / 2^shift, halves away from zero; 0 <= shift <= 31. */
static inline int32_t dla_rounding_shift(int32_t value, int shift)
{
	int32_t mask = (int32_t)((1LL << shift) - 1);
	int32_t remainder = value & mask, threshold = (mask >> 1) + (value < 0);

	return (value >> shift) + (remainder > threshold);
}

/* A positive real factor: mantissa / 2^31 * 2^shift. */
struct dla_multiplier {
	int32_t mantissa;
	int shift;		/* -31 to 31 */
};

struct dla_multiplier dla_multiplier(double factor);

static inline int32_t dla_multiply(int32_t value, struct dla_multiplier factor)
{
	int left = factor.shift > 0 ? factor.shift : 0, right = left - factor.shift;

	return dla_rounding_shift(dla_high_mul(dla_wrapping_shift(value, left), factor.mantissa),
				  right);
}

/* e^value for value <= 0 with that many integer bits (4 or 5); the result is a fraction of 1. */
int32_t dla_exp(int32_t value, int integer_bits);

/* 1 / (1 + value), both fractions of 1. */
int32_t dla_one_over_one_plus(int32_t value);

/* 1 / (1 + e^-value), value with 4 integer bits; the result is a fraction of 1. */
int32_t dla_logistic(int32_t value);

/* Likewise tanh. */
int32_t dla_tanh(int32_t value);

#endif
