/* SPDX-License-Identifier: MIT */
#ifndef DLA_QUANTISE_H
#define DLA_QUANTISE_H

#include <stdbool.h>
#include <stdint.h>

#include "graph.h"

/*
 * How TFLite's quantised arithmetic is expressed in the SDP's and PDP's integer arithmetic, and what
 * the hardware then computes. This is the one place that knows either: the lowering takes its
 * operands from here, and the _eval functions say, on the CPU, what the NPU answers - to the bit.
 *
 * SDP, from the accumulator to int8 (every right shift rounds half away from zero):
 *	v = sat32((acc + (hi << s)) * m1)		X1, one (hi, m1) per channel
 *	t = sat32((v + (r << s2)) * m2 >> shift)	X2, one (r, m2) per channel
 *	t = max(t, 0) if relu
 *	y = sat8(t + zero_point)			output converter
 */
/* A recipe whose error reaches this many LSB might answer two away from the correctly rounded value. */
#define DLA_ERROR_LIMIT 0.5

struct dla_requant_channel {
	int16_t hi, m1;		/* X1: ALU operand, multiplier */
	int16_t r, m2;		/* X2: likewise */
};

struct dla_requant {
	unsigned int channels;
	unsigned int s, s2, shift;
	bool relu;
	int32_t zero_point;
	/* Upper bound of |what the NPU computes before its last rounding - what was wished|, in LSB. */
	double error;
	struct dla_requant_channel channel[];
};

/* One channel of a convolution, as its author quantised it. */
struct dla_requant_wish {
	double multiplier;	/* scale of the accumulator over scale of the output */
	int64_t bias;		/* what is added to the accumulator, input zero point included */
	int64_t reach;		/* the accumulator's largest magnitude, bias not included */
	double nudge;		/* added to the result before it is rounded, in LSB */
};

/*
 * TFLite's reference kernels round twice: to 2^-s LSB, s the shift that goes with a 31-bit multiplier,
 * then to LSB. For a positive value that is the same as adding half of 2^-s and rounding once. So where
 * a ReLU drops the negative values this nudge makes the NPU agree with them; elsewhere it would win on
 * one side of zero what it loses on the other.
 */
double dla_double_rounding_nudge(double multiplier);

/*
 * Find operands for @channels wishes. NULL when memory runs out. The caller looks at ->error:
 * below 0.5 the answer is at most one LSB from the correctly rounded one, nudged or not.
 */
struct dla_requant *dla_requant_new(const struct dla_requant_wish *wish, unsigned int channels,
				    bool relu, int32_t zero_point);

/* Whether it turns a sum of n int8 into their average, rounded as TFLite's AVERAGE_POOL_2D, always. */
bool dla_requant_is_average(const struct dla_requant *rq, unsigned int n);

/* How much more than 1/n to wish for: see dla_requant_is_average(). */
#define DLA_AVERAGE_EXCESS 1e-6

int8_t dla_requant_eval(const struct dla_requant *rq, unsigned int channel, int32_t acc);

/*
 * ADD of two int8 tensors in one SDP pass, a through the pipeline and b as X2's per-element operand:
 *	v = (a - zero_a) * m >> shift			X1
 *	t = v + (b << p)				X2
 *	y = sat8(sat17((t - offset) * scale >> out_shift))
 * b is the operand with the larger scale; the caller swaps when ->swap says so.
 */
struct dla_add {
	bool swap;		/* a is the operation's second input */
	int16_t zero_a, m;
	unsigned int shift, p;
	int32_t offset;
	int16_t scale;
	unsigned int out_shift;
	double error;		/* as in struct dla_requant */
};

void dla_add_init(struct dla_add *add, double scale_0, int32_t zero_0, double scale_1, int32_t zero_1,
		  double scale_out, int32_t zero_out);
int8_t dla_add_eval(const struct dla_add *add, int8_t a, int8_t b);

/* Likewise SUB: a may be what is subtracted, so that m, or m's and scale's signs, are negative. */
void dla_sub_init(struct dla_add *sub, double scale_0, int32_t zero_0, double scale_1, int32_t zero_1,
		  double scale_out, int32_t zero_out);

/*
 * One int8 tensor and constants of its channels, x -> factor * (x - zero) + addend, in one SDP pass:
 *	v = (x - zero) * m				X1, one m per channel
 *	t = v + (k << p)				X2, one k per channel
 *	t = max(t, 0) if relu
 *	y = sat8(sat17(t - offset >> shift))
 */
struct dla_affine_wish {
	double factor, addend;	/* in LSB of the output */
};

struct dla_affine_channel {
	int16_t m, k;
};

struct dla_affine {
	unsigned int channels;
	int16_t zero;
	unsigned int p, shift;
	bool relu;
	int32_t offset;
	double error;		/* as in struct dla_requant */
	struct dla_affine_channel channel[];
};

/* NULL when memory runs out. The caller looks at ->error. */
struct dla_affine *dla_affine_new(const struct dla_affine_wish *wish, unsigned int channels, int32_t zero,
				  int32_t zero_out, bool relu);
int8_t dla_affine_eval(const struct dla_affine *affine, unsigned int channel, int8_t x);

/*
 * PRELU of an int8 tensor with one slope per channel, in one SDP pass:
 *	v = (x - zero) * m				X1
 *	t = v < 0 ? v * slope >> slope_shift : v	X2, one slope per channel
 *	y = sat8(sat17(t - offset >> shift))
 */
struct dla_slope {
	unsigned int channels;
	int16_t zero, m;
	unsigned int slope_shift, shift;
	int32_t offset;
	double error;
	int16_t slope[];
};

/* factor: scale of the input over scale of the output. NULL when memory runs out. */
struct dla_slope *dla_slope_new(double factor, const double *slope, unsigned int channels, int32_t zero,
				int32_t zero_out);
int8_t dla_slope_eval(const struct dla_slope *slope, unsigned int channel, int8_t x);

/*
 * MUL of two int8 tensors x and y in one SDP pass, y's zero point 0 or -2^k:
 *	v = (x - zero) * y				X1, y as its operand
 *	t = v + (x << k) if again			X2, x as its operand
 *	y = sat8(sat17((t - offset) * scale >> shift))
 */
struct dla_product {
	int16_t zero;
	bool again;
	unsigned int k;
	int32_t offset;
	int16_t scale;
	unsigned int shift;
	double error;
};

/* factor: both scales over that of the output. False when y's zero point is another. */
bool dla_product_init(struct dla_product *product, double factor, int32_t zero_x, int32_t zero_y, int32_t zero_out);
int8_t dla_product_eval(const struct dla_product *product, int8_t x, int8_t y);

/*
 * A convolution and the ADD behind it in one SDP pass, the ADD's other operand - the residual r - as
 * X2's per-element operand:
 *	v = sat32((acc + (hi << s)) * m1 >> shift)	X1, one (hi, m1) per channel
 *	v = max(v, 0) if inner_relu
 *	t = sat32(v + (r << p))				X2
 *	t = max(t, 0) if relu
 *	y = sat8(sat17((t - offset) * scale >> out_shift))
 * The convolution's result is not rounded to int8 on the way, and not clipped to int8 either.
 */
/* From this on an answer might be two LSB away from the correctly rounded one. */
#define DLA_FUSED_ERROR_LIMIT 1.0

struct dla_conv_add_channel {
	int16_t hi, m1;
};

struct dla_conv_add {
	unsigned int channels;
	unsigned int s, shift, p;
	bool inner_relu, relu;
	int32_t offset;
	int16_t scale;
	unsigned int out_shift;
	/* Upper bound of |what the NPU computes before its last rounding - the real value|, in LSB. */
	double error;
	struct dla_conv_add_channel channel[];
};

/* What the convolution is added to, and what becomes of the sum. */
struct dla_residual {
	double ratio;		/* scale of the residual over scale of the output */
	int32_t zero, zero_out;
	bool inner_relu;	/* the convolution's own ReLU */
	bool relu;		/* the ADD's. Not beside inner_relu, unless zero is 0. */
	int32_t low, high;	/* outputs beyond these are cut off anyway */
};

/*
 * A wish's multiplier is the scale of the accumulator over that of the *residual* here, and its nudge
 * does not count. NULL when memory runs out. The caller looks at ->error.
 */
struct dla_conv_add *dla_conv_add_new(const struct dla_requant_wish *wish, unsigned int channels,
				      const struct dla_residual *residual);
int8_t dla_conv_add_eval(const struct dla_conv_add *add, unsigned int channel, int32_t acc, int8_t residual);

/*
 * PDP's average of a window of n elements. Exact for n <= 7, where the sum itself fits in the
 * 11 bits between the two multiplications; false when n is larger.
 */
bool dla_average_init(unsigned int n, uint32_t *recip_width, uint32_t *recip_height);
/* Likewise for n in 8..64, up to one LSB off: what is left of the sum is a sixteenth of an LSB. */
bool dla_average_init_near(unsigned int n, uint32_t *recip_width, uint32_t *recip_height);
int8_t dla_average_eval(int32_t sum, uint32_t recip_width, uint32_t recip_height);

/* The range that a fused activation leaves of int8, as TFLite rounds it. */
void dla_activation_range(enum dla_activation activation, double scale, int32_t zero_point,
			  int32_t *low, int32_t *high);

static inline int8_t dla_clamp(int8_t value, int32_t low, int32_t high)
{
	return (int8_t)(value < low ? low : value > high ? high : value);
}

#endif
