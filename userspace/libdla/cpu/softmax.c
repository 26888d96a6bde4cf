// SPDX-License-Identifier: MIT
#include <math.h>

#include "fixedpoint.h"
#include "kernel.h"

#define INPUT_BITS 5	/* integer bits of the exponent: e^-32 is nothing */
#define SUM_BITS 12	/* integer bits of the sum */

struct state {
	struct dla_cpu_q8 in, out;
	/* e^-(difference to the largest), a fraction of 1; 0 where it is too small to count */
	int32_t exp[256];
};

static int prepare(struct dla_cpu_op *op)
{
	struct state *s = dla_cpu_state(op, sizeof(*s));
	struct dla_multiplier factor;
	double radius;

	if (!s)
		return -ENOMEM;
	s->in = dla_cpu_q8(dla_cpu_input(op, 0));
	s->out = dla_cpu_q8(dla_cpu_output(op));
	factor = dla_multiplier(fmin((double)op->op->softmax.beta * (double)s->in.scale *
				     (1 << (31 - INPUT_BITS)), INT32_MAX));
	radius = floor(ldexp((1 << INPUT_BITS) - 1, 31 - INPUT_BITS - factor.shift));
	for (int difference = 0; difference < 256 && difference <= radius; difference++)
		s->exp[difference] = dla_exp(dla_multiply(-difference, factor), INPUT_BITS);
	return 0;
}

static void run_row(const struct state *s, const uint8_t *in, uint8_t *out, int32_t depth)
{
	const struct dla_cpu_range range = { INT8_MIN, INT8_MAX };
	int32_t largest = INT8_MIN, reciprocal;
	int headroom, shift;
	int64_t sum = 0;

	for (int32_t i = 0; i < depth; i++) {
		int32_t value = dla_cpu_load(&s->in, in[i]);

		largest = value > largest ? value : largest;
	}
	for (int32_t i = 0; i < depth; i++)
		sum += dla_rounding_shift(s->exp[largest - dla_cpu_load(&s->in, in[i])], SUM_BITS);
	if (sum > INT32_MAX)
		sum = INT32_MAX;

	/* sum = (1 + f) * 2^(SUM_BITS - headroom) */
	headroom = __builtin_clz((uint32_t)sum);
	reciprocal = dla_one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - (1U << 31)));
	shift = SUM_BITS - headroom + 31 - 8;
	for (int32_t i = 0; i < depth; i++) {
		int32_t share = dla_high_mul(reciprocal,
					     s->exp[largest - dla_cpu_load(&s->in, in[i])]);

		/* Among thousands of equals nobody has a 256th. */
		share = shift > 31 ? 0 : dla_rounding_shift(share, shift);
		out[i] = dla_cpu_store(&s->out, &range, share + INT8_MIN);
	}
}

static void run(const struct dla_cpu_op *op, void *const data[])
{
	const struct dla_shape *shape = &dla_cpu_input(op, 0)->shape;
	int32_t depth = shape->dim[shape->rank - 1];
	const uint8_t *in = dla_cpu_read(op, 0, data);
	uint8_t *out = dla_cpu_write(op, data);

	for (size_t i = 0; i < dla_shape_elements(shape); i += depth)
		run_row(op->state, in + i, out + i, depth);
}

const struct dla_cpu_kernel dla_cpu_softmax = { prepare, run };
