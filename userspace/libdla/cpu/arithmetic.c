// SPDX-License-Identifier: MIT
#include "fixedpoint.h"
#include "kernel.h"

/* Kernels of two inputs, broadcast to one output. */

/* Room for the fraction while the inputs of ADD and SUB are brought to a common scale. */
#define ADD_SHIFT 20

struct state {
	struct dla_cpu_q8 out;
	struct dla_cpu_range range;
	struct dla_multiplier multiplier;
	struct dla_multiplier negative;	/* PRELU: of negative inputs times their slopes */
	int32_t operand[2][256];	/* what each stored value of an input contributes */
	/*
	 * Distance between neighbours along each of the output's axes; 0 where an input is
	 * repeated.
	 */
	size_t step[2][DLA_MAX_RANK];
};

/* A row of the output; the inputs' neighbours are so far apart. */
struct row {
	const uint8_t *a, *b;
	size_t a_step, b_step;
	uint8_t *out;
	size_t count;
};

typedef uint8_t combine_fn(const struct state *s, int32_t x, int32_t y);

static void set_steps(size_t step[], const struct dla_shape *in, const struct dla_shape *out)
{
	size_t distance = 1;

	for (unsigned int i = 1; i <= in->rank; i++) {
		int32_t dim = in->dim[in->rank - i];

		step[out->rank - i] = dim > 1 ? distance : 0;
		distance *= dim;
	}
}

static void prepare_sum(struct state *s, const struct dla_cpu_q8 in[2], bool subtract)
{
	double twice_larger = 2 * (double)(in[0].scale > in[1].scale ? in[0].scale : in[1].scale);

	for (unsigned int i = 0; i < 2; i++) {
		struct dla_multiplier m = dla_multiplier((double)in[i].scale / twice_larger);

		for (unsigned int stored = 0; stored < 256; stored++) {
			int32_t value = dla_cpu_load(&in[i], stored) - in[i].zero_point;

			value = dla_multiply(value * (1 << ADD_SHIFT), m);
			s->operand[i][stored] = subtract && i == 1 ? -value : value;
		}
	}
	s->multiplier = dla_multiplier(twice_larger / ((1 << ADD_SHIFT) * (double)s->out.scale));
}

static void prepare_product(struct state *s, const struct dla_cpu_q8 in[2])
{
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int stored = 0; stored < 256; stored++)
			s->operand[i][stored] = dla_cpu_load(&in[i], stored) - in[i].zero_point;
	}
	s->multiplier = dla_multiplier((double)in[0].scale * (double)in[1].scale /
				       (double)s->out.scale);
}

static void prepare_prelu(struct state *s, const struct dla_cpu_q8 in[2])
{
	prepare_product(s, in);
	s->negative = s->multiplier;
	s->multiplier = dla_multiplier((double)in[0].scale / (double)s->out.scale);
}

/* The stored values themselves: all scales are equal. */
static void prepare_choice(struct state *s, const struct dla_cpu_q8 in[2])
{
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int stored = 0; stored < 256; stored++)
			s->operand[i][stored] = dla_cpu_load(&in[i], stored);
	}
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
	switch (op->op->kind) {
	case DLA_OP_ADD:
	case DLA_OP_SUB:
		prepare_sum(s, in, op->op->kind == DLA_OP_SUB);
		break;
	case DLA_OP_MUL:
		prepare_product(s, in);
		break;
	case DLA_OP_PRELU:
		prepare_prelu(s, in);
		break;
	default:
		prepare_choice(s, in);
	}
	return 0;
}

static uint8_t finish(const struct state *s, int32_t value, struct dla_multiplier multiplier)
{
	value = dla_multiply(value, multiplier);
	return dla_cpu_store(&s->out, &s->range, dla_wrapping_add(value, s->out.zero_point));
}

static inline uint8_t sum(const struct state *s, int32_t x, int32_t y)
{
	return finish(s, dla_wrapping_add(x, y), s->multiplier);
}

static inline uint8_t product(const struct state *s, int32_t x, int32_t y)
{
	return finish(s, x * y, s->multiplier);
}

static inline uint8_t prelu(const struct state *s, int32_t x, int32_t y)
{
	return x >= 0 ? finish(s, x, s->multiplier) : finish(s, x * y, s->negative);
}

static inline uint8_t larger(const struct state *s, int32_t x, int32_t y)
{
	return dla_cpu_store(&s->out, &s->range, x > y ? x : y);
}

static inline uint8_t smaller(const struct state *s, int32_t x, int32_t y)
{
	return dla_cpu_store(&s->out, &s->range, x < y ? x : y);
}

/* To be inlined with one combine each. */
static inline __attribute__((always_inline)) void fill(const struct state *s, struct row row,
						       combine_fn *combine)
{
	for (size_t i = 0; i < row.count; i++, row.a += row.a_step, row.b += row.b_step)
		row.out[i] = combine(s, s->operand[0][*row.a], s->operand[1][*row.b]);
}

static void run_row(const struct dla_cpu_op *op, struct row row)
{
	switch (op->op->kind) {
	case DLA_OP_ADD:
	case DLA_OP_SUB:
		fill(op->state, row, sum);
		break;
	case DLA_OP_MUL:
		fill(op->state, row, product);
		break;
	case DLA_OP_PRELU:
		fill(op->state, row, prelu);
		break;
	case DLA_OP_MAXIMUM:
		fill(op->state, row, larger);
		break;
	default:
		fill(op->state, row, smaller);
	}
}

static uint8_t *run_axis(const struct dla_cpu_op *op, unsigned int axis, const uint8_t *a,
			 const uint8_t *b, uint8_t *out)
{
	const struct dla_shape *shape = &dla_cpu_output(op)->shape;
	const struct state *s = op->state;

	if (axis + 1 >= shape->rank) {
		struct row row = { .a = a, .b = b, .out = out, .count = 1 };

		if (axis < shape->rank) {
			row.count = shape->dim[axis];
			row.a_step = s->step[0][axis];
			row.b_step = s->step[1][axis];
		}
		run_row(op, row);
		return out + row.count;
	}
	for (int32_t i = 0; i < shape->dim[axis]; i++) {
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
