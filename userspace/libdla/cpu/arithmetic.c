// SPDX-License-Identifier: MIT
#include "fixedpoint.h"
#include "kernel.h"

/* Room for the fraction while the inputs of ADD are brought to a common scale. */
#define ADD_SHIFT 20

struct state {
	struct dla_cpu_q8 out;
	struct dla_cpu_range range;
	struct dla_multiplier multiplier;
	int32_t operand[2][256];	/* what each stored value of an input contributes */
	/*
	 * Distance between neighbours along each of the output's axes; 0 where an input is
	 * repeated.
	 */
	size_t step[2][DLA_MAX_RANK];
};

static void set_steps(size_t step[], const struct dla_shape *in, const struct dla_shape *out)
{
	size_t distance = 1;

	for (unsigned int i = 1; i <= in->rank; i++) {
		int32_t dim = in->dim[in->rank - i];

		step[out->rank - i] = dim > 1 ? distance : 0;
		distance *= dim;
	}
}

static void prepare_add(struct state *s, const struct dla_cpu_q8 in[2])
{
	double twice_larger = 2 * (double)(in[0].scale > in[1].scale ? in[0].scale : in[1].scale);

	for (unsigned int i = 0; i < 2; i++) {
		struct dla_multiplier m = dla_multiplier((double)in[i].scale / twice_larger);

		for (unsigned int stored = 0; stored < 256; stored++) {
			int32_t value = dla_cpu_load(&in[i], stored) - in[i].zero_point;

			s->operand[i][stored] = dla_multiply(value * (1 << ADD_SHIFT), m);
		}
	}
	s->multiplier = dla_multiplier(twice_larger / ((1 << ADD_SHIFT) * (double)s->out.scale));
}

static void prepare_mul(struct state *s, const struct dla_cpu_q8 in[2])
{
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int stored = 0; stored < 256; stored++)
			s->operand[i][stored] = dla_cpu_load(&in[i], stored) - in[i].zero_point;
	}
	s->multiplier = dla_multiplier((double)in[0].scale * (double)in[1].scale /
				       (double)s->out.scale);
}

static int prepare(struct dla_cpu_op *op)
{
	const struct dla_cpu_q8 in[] = { dla_cpu_q8(dla_cpu_input(op, 0)),
					 dla_cpu_q8(dla_cpu_input(op, 1)) };
	struct state *s = dla_cpu_state(op, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->out = dla_cpu_q8(dla_cpu_output(op));
	s->range = dla_cpu_activation(op->op->activation, &s->out);
	for (unsigned int i = 0; i < 2; i++)
		set_steps(s->step[i], &dla_cpu_input(op, i)->shape, &dla_cpu_output(op)->shape);
	if (op->op->kind == DLA_OP_ADD)
		prepare_add(s, in);
	else
		prepare_mul(s, in);
	return 0;
}

static uint8_t combine(const struct state *s, bool is_add, uint8_t a, uint8_t b)
{
	int32_t x = s->operand[0][a], y = s->operand[1][b];
	int32_t value = is_add ? dla_wrapping_add(x, y) : x * y;

	value = dla_multiply(value, s->multiplier);
	return dla_cpu_store(&s->out, &s->range, dla_wrapping_add(value, s->out.zero_point));
}

static uint8_t *run_axis(const struct dla_cpu_op *op, unsigned int axis, const uint8_t *a,
			 const uint8_t *b, uint8_t *out)
{
	const struct dla_shape *shape = &dla_cpu_output(op)->shape;
	const struct state *s = op->state;
	bool is_add = op->op->kind == DLA_OP_ADD;

	if (axis == shape->rank) {
		*out++ = combine(s, is_add, *a, *b);
		return out;
	}
	for (int32_t i = 0; i < shape->dim[axis]; i++) {
		if (axis + 1 == shape->rank)
			*out++ = combine(s, is_add, *a, *b);
		else
			out = run_axis(op, axis + 1, a, b, out);
		a += s->step[0][axis];
		b += s->step[1][axis];
	}
	return out;
}

static void run(const struct dla_cpu_op *op, void *const data[])
{
	run_axis(op, 0, dla_cpu_read(op, 0, data), dla_cpu_read(op, 1, data),
		 dla_cpu_write(op, data));
}

const struct dla_cpu_kernel dla_cpu_arithmetic = { prepare, run };
