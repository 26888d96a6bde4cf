// SPDX-License-Identifier: MIT
#include <math.h>

#include "activation.h"
#include "fixedpoint.h"

/* Functions of one input, as tables of 256 outputs. */

/* Integer bits of the argument of the logistic function and of tanh. */
#define ARGUMENT_BITS 4

/* HARD_SWISH: a stored difference as a number of 16 bits; bits of 32768 that stand for 3 there. */
#define HIRES_BITS 7
#define HARD_SWISH_UNIT (3.0F / 32768)

/* Both sides of a function. */
struct function {
	struct dla_cpu_q8 in, out;
	struct dla_cpu_range range;
};

typedef int32_t function_fn(const struct function *f, const struct dla_op *op, int32_t x);

/* From the input to the argument of a function with ARGUMENT_BITS, and where that ends. */
struct argument {
	struct dla_multiplier factor;
	double radius;
};

static struct argument argument_of(const struct function *f)
{
	struct argument a = {
		.factor = dla_multiplier((double)f->in.scale * (1 << (31 - ARGUMENT_BITS))),
	};

	a.radius = floor(ldexp((1 << ARGUMENT_BITS) - 1, 31 - ARGUMENT_BITS - a.factor.shift));
	return a;
}

static int32_t logistic(const struct function *f, const struct dla_op *op, int32_t x)
{
	struct argument a = argument_of(f);
	int32_t y;

	(void)op;
	if (x <= -a.radius)
		y = 0;
	else if (x >= a.radius)
		y = UINT8_MAX;
	else
		y = dla_rounding_shift(dla_logistic(dla_multiply(x, a.factor)), 31 - 8);
	return y + INT8_MIN;
}

static int32_t hyperbolic_tangent(const struct function *f, const struct dla_op *op, int32_t x)
{
	struct argument a = argument_of(f);

	(void)op;
	if (x <= -a.radius)
		return INT8_MIN;
	if (x >= a.radius)
		return INT8_MAX;
	return dla_rounding_shift(dla_tanh(dla_multiply(x, a.factor)), 31 - 7);
}

static int32_t requantise(const struct function *f, const struct dla_op *op, int32_t x)
{
	struct dla_multiplier factor = dla_multiplier((double)f->in.scale / (double)f->out.scale);

	(void)op;
	return dla_wrapping_add(dla_multiply(x, factor), f->out.zero_point);
}

/* The ReLUs know the quotient of the scales in single precision only. */
static int32_t clip(const struct function *f, const struct dla_op *op, int32_t x)
{
	struct dla_multiplier factor = dla_multiplier((double)(f->in.scale / f->out.scale));

	(void)op;
	return dla_wrapping_add(dla_multiply(x, factor), f->out.zero_point);
}

static int32_t leaky_relu(const struct function *f, const struct dla_op *op, int32_t x)
{
	double factor = (double)(f->in.scale / f->out.scale);

	if (x < 0)
		factor = (double)(f->in.scale * op->leaky_relu.alpha / f->out.scale);
	return dla_wrapping_add(dla_multiply(x, dla_multiplier(factor)), f->out.zero_point);
}

/* A factor as 16 bits of a fraction and a power of two. */
struct short_factor {
	int32_t fraction;
	int shift;
};

static struct short_factor short_factor(float factor)
{
	struct dla_multiplier m = dla_multiplier((double)factor);
	int32_t rounded = m.mantissa >= INT32_MAX - (1 << 15) ? INT16_MAX : (m.mantissa + (1 << 15)) >> 16;

	return (struct short_factor){ rounded, m.shift };
}

static int32_t saturate_16(int32_t value)
{
	return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
}

/* x * relu6(x + 3) / 6: the second factor goes from -1 to 1 first, in 16 bits with 3 as the largest. */
static int32_t hard_swish(const struct function *f, const struct dla_op *op, int32_t x)
{
	float hires_scale = f->in.scale / (1 << HIRES_BITS);
	struct short_factor to_out = short_factor(hires_scale / f->out.scale);
	struct short_factor to_gate = short_factor(hires_scale / HARD_SWISH_UNIT);
	int32_t hires = x * (1 << HIRES_BITS), gate = hires, y;

	(void)op;
	if (to_gate.shift > 1)
		gate = saturate_16(to_gate.shift > 15 ? (gate > 0 ? INT16_MAX : gate < 0 ? INT16_MIN : 0) :
				   gate * (1 << (to_gate.shift - 1)));
	gate = dla_high_mul_16(gate, to_gate.fraction);
	if (to_gate.shift > 0)
		gate = saturate_16(gate * 2);
	if (to_gate.shift < 0)
		gate = dla_rounding_shift(gate, -to_gate.shift);
	gate = (gate + (1 << 15)) >> 1;
	/* This product is cut off, not rounded. */
	y = gate * dla_high_mul_16(hires, to_out.fraction) / (1 << 15);
	if (to_out.shift < 0)
		y = dla_rounding_shift(y, -to_out.shift);
	else
		y = to_out.shift > 15 ? (y > 0 ? INT16_MAX : y < 0 ? INT16_MIN : 0) : y * (1 << to_out.shift);
	return y + f->out.zero_point;
}

static function_fn *function_of(enum dla_op_kind kind)
{
	switch (kind) {
	case DLA_OP_LOGISTIC:
		return logistic;
	case DLA_OP_TANH:
		return hyperbolic_tangent;
	case DLA_OP_HARD_SWISH:
		return hard_swish;
	case DLA_OP_LEAKY_RELU:
		return leaky_relu;
	case DLA_OP_QUANTIZE:
		return requantise;
	default:
		return clip;
	}
}

static struct dla_cpu_range range_of(enum dla_op_kind kind, const struct dla_cpu_q8 *q)
{
	struct dla_cpu_range range = { INT8_MIN, INT8_MAX };

	switch (kind) {
	case DLA_OP_RELU:
		return dla_cpu_activation(DLA_ACT_RELU, q);
	case DLA_OP_RELU6:
		return dla_cpu_activation(DLA_ACT_RELU6, q);
	case DLA_OP_RELU_N1_TO_1:
		return dla_cpu_activation(DLA_ACT_RELU_N1_TO_1, q);
	case DLA_OP_RELU_0_TO_1:
		range.min = dla_cpu_quantised(0, q);
		range.max = dla_cpu_quantised(1, q);
		return range;
	default:
		return range;
	}
}

void dla_cpu_activation_table(const struct dla_cpu_op *op, uint8_t table[256])
{
	struct function f = {
		.in = dla_cpu_q8(dla_cpu_input(op, 0)),
		.out = dla_cpu_q8(dla_cpu_output(op)),
	};
	function_fn *function = function_of(op->op->kind);

	f.range = range_of(op->op->kind, &f.out);
	for (unsigned int stored = 0; stored < 256; stored++) {
		int32_t x = dla_cpu_load(&f.in, stored) - f.in.zero_point;

		table[stored] = dla_cpu_store(&f.out, &f.range, function(&f, op->op, x));
	}
}
