// SPDX-License-Identifier: MIT
#include <string.h>

#include "fixedpoint.h"
#include "kernel.h"

struct state {
	struct dla_cpu_q8 in, out;
	struct dla_multiplier multiplier;	/* the division by the count is in it */
	int32_t zero;				/* what the zero points add to a sum */
	size_t step[DLA_MAX_RANK]; /* of the output along the input's axes; 0: averaged */
	int32_t sum[];				/* by output element */
};

static int prepare(struct dla_cpu_op *op)
{
	const struct dla_shape *in = &dla_cpu_input(op, 0)->shape;
	size_t outputs = dla_shape_elements(&dla_cpu_output(op)->shape), step = 1;
	struct state *s = dla_cpu_state(op, sizeof(*s) + outputs * sizeof(s->sum[0]));
	int64_t count = 1;
	int shift;

	if (!s)
		return -ENOMEM;
	s->in = dla_cpu_q8(dla_cpu_input(op, 0));
	s->out = dla_cpu_q8(dla_cpu_output(op));
	for (unsigned int axis = in->rank; axis-- > 0;) {
		if (op->op->mean.axes & 1U << axis) {
			count *= in->dim[axis];
		} else {
			s->step[axis] = step;
			step *= in->dim[axis];
		}
	}
	s->zero = (int32_t)(uint32_t)(s->in.zero_point * count);

	/* The mantissa keeps its bits when it is divided, as far as the shift allows. */
	s->multiplier = dla_multiplier((double)s->in.scale / (double)s->out.scale);
	shift = 63 - __builtin_clzll((uint64_t)count);
	if (shift > 31 + s->multiplier.shift)
		shift = 31 + s->multiplier.shift;
	s->multiplier.mantissa = (int32_t)(((int64_t)s->multiplier.mantissa << shift) / count);
	s->multiplier.shift -= shift;
	return 0;
}

static const uint8_t *sum_axis(const struct dla_cpu_op *op, unsigned int axis, const uint8_t *in,
			       int32_t *sum)
{
	const struct dla_shape *shape = &dla_cpu_input(op, 0)->shape;
	const struct state *s = op->state;

	if (axis == shape->rank) {
		*sum = dla_wrapping_add(*sum, dla_cpu_load(&s->in, *in));
		return in + 1;
	}
	for (int32_t i = 0; i < shape->dim[axis]; i++, sum += s->step[axis])
		in = sum_axis(op, axis + 1, in, sum);
	return in;
}

static void run(const struct dla_cpu_op *op, void *const data[])
{
	const struct dla_cpu_range range = { INT8_MIN, INT8_MAX };
	size_t outputs = dla_shape_elements(&dla_cpu_output(op)->shape);
	uint8_t *out = dla_cpu_write(op, data);
	struct state *s = op->state;

	memset(s->sum, 0, outputs * sizeof(s->sum[0]));
	sum_axis(op, 0, dla_cpu_read(op, 0, data), s->sum);
	for (size_t i = 0; i < outputs; i++) {
		int32_t value = dla_multiply(dla_wrapping_sub(s->sum[i], s->zero), s->multiplier);

		out[i] = dla_cpu_store(&s->out, &range, dla_wrapping_add(value, s->out.zero_point));
	}
}

const struct dla_cpu_kernel dla_cpu_mean = { prepare, run };
