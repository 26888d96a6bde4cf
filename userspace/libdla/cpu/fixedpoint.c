// SPDX-License-Identifier: MIT
#include <math.h>

#include "fixedpoint.h"

#define ONE INT32_MAX	/* as near as a fraction of 1 comes */

struct dla_multiplier dla_multiplier(double factor)
{
	struct dla_multiplier m;
	int64_t mantissa;

	/* Infinity comes from the scales of a hostile file. */
	mantissa = llround(frexp(fmin(factor, 0x1p40), &m.shift) * 0x1p31);
	if (mantissa == 1LL << 31) {
		mantissa /= 2;
		m.shift++;
	}
	/* Nothing is left of a product that is shifted further; what is larger may saturate. */
	if (m.shift > 31)
		return (struct dla_multiplier){ .mantissa = ONE, .shift = 31 };
	if (m.shift < -31)
		return (struct dla_multiplier){ 0 };
	m.mantissa = (int32_t)mantissa;
	return m;
}

static int32_t saturating_shift(int32_t value, int shift)
{
	int64_t shifted = (int64_t)value * (1LL << shift);

	return shifted > INT32_MAX ? INT32_MAX : shifted < INT32_MIN ? INT32_MIN : (int32_t)shifted;
}

/* e^value for -1/4 <= value < 0: four terms of the series around -1/8. */
static int32_t exp_of_quarter(int32_t value)
{
	const int32_t exp_minus_eighth = 1895147668, third = 715827883;
	int32_t x = dla_wrapping_add(value, 1 << 28);
	int32_t x2 = dla_high_mul(x, x), x3 = dla_high_mul(x2, x), x4 = dla_high_mul(x2, x2);
	int32_t tail = dla_high_mul(dla_wrapping_add(dla_rounding_shift(x4, 2), x3), third);

	tail = dla_rounding_shift(dla_wrapping_add(tail, x2), 1);
	return dla_wrapping_add(exp_minus_eighth,
				dla_high_mul(exp_minus_eighth, dla_wrapping_add(x, tail)));
}

int32_t dla_exp(int32_t value, int integer_bits)
{
	/* e^-(2^i) for i from -2 */
	static const int32_t powers[] = { 1672461947, 1302514674, 790015084, 290630308, 39332535,
					  720401, 242 };
	int fraction_bits = 31 - integer_bits;
	int32_t quarter = 1 << (fraction_bits - 2);
	/* The part below a quarter, moved into -1/4 to 0; the rest is a sum of powers of two. */
	int32_t low = (value & (quarter - 1)) - quarter;
	int32_t rest = dla_wrapping_sub(low, value);
	int32_t result = exp_of_quarter(saturating_shift(low, integer_bits));

	if (!value)
		return ONE;
	for (int i = -2; i < integer_bits; i++) {
		if (rest & 1 << (fraction_bits + i))
			result = dla_high_mul(result, powers[i + 2]);
	}
	return result;
}

/* 2 / (1 + value) with 2 integer bits: Newton's method on half the denominator, from the best line. */
static int32_t twice_over_one_plus(int32_t value)
{
	const int32_t line_start = 1515870810, line_slope = -1010580540, one = 1 << 29;
	int64_t sum = (int64_t)value + ONE;
	int32_t half = (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
	int32_t x = dla_wrapping_add(line_start, dla_high_mul(half, line_slope));

	for (int i = 0; i < 3; i++) {
		int32_t error = dla_wrapping_sub(one, dla_high_mul(half, x));

		x = dla_wrapping_add(x, saturating_shift(dla_high_mul(x, error), 2));
	}
	return x;
}

int32_t dla_one_over_one_plus(int32_t value)
{
	return saturating_shift(twice_over_one_plus(value), 1);
}

/* (1 - e^-2x) / (1 + e^-2x) = 2 / (1 + e^-2x) - 1 */
int32_t dla_tanh(int32_t value)
{
	const int32_t one = 1 << 29;
	int32_t positive;

	if (!value)
		return 0;
	/* One integer bit more doubles the argument. */
	positive = dla_wrapping_sub(twice_over_one_plus(dla_exp(value > 0 ? -value : value, 5)), one);
	positive = saturating_shift(positive, 2);
	return value > 0 ? positive : -positive;
}

int32_t dla_logistic(int32_t value)
{
	int32_t positive;

	if (!value)
		return 1 << 30;
	positive = dla_one_over_one_plus(dla_exp(value > 0 ? -value : value, 4));
	return value > 0 ? positive : ONE - positive;
}
