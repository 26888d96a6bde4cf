// SPDX-License-Identifier: MIT
#include <math.h>

#include "fixedpoint.h"
#include "kernel.h"

/* Kernels of 8-bit inputs whose output depends on nothing else: one table, made beforehand. */

#define LOGISTIC_BITS 4	/* integer bits of the logistic function's argument */

struct lookup {
	uint8_t out[256];
};

struct dequantize {
	float out[256];
};

static void fill_logistic(struct lookup *s, const struct dla_cpu_q8 *in,
			  const struct dla_cpu_q8 *out)
{
	const struct dla_cpu_range range = { INT8_MIN, INT8_MAX };
	struct dla_multiplier factor =
		dla_multiplier((double)in->scale * (1 << (31 - LOGISTIC_BITS)));
	/* Beyond it the function is 0 or 1. */
	double radius = floor(ldexp((1 << LOGISTIC_BITS) - 1, 31 - LOGISTIC_BITS - factor.shift));

	for (unsigned int stored = 0; stored < 256; stored++) {
		int32_t x = dla_cpu_load(in, stored) - in->zero_point, y;

		if (x <= -radius)
			y = 0;
		else if (x >= radius)
			y = UINT8_MAX;
		else
			y = dla_rounding_shift(dla_logistic(dla_multiply(x, factor)), 31 - 8);
		s->out[stored] = dla_cpu_store(out, &range, y + INT8_MIN);
	}
}

static void fill_requantize(struct lookup *s, const struct dla_cpu_q8 *in,
			    const struct dla_cpu_q8 *out)
{
	const struct dla_cpu_range range = { INT8_MIN, INT8_MAX };
	struct dla_multiplier factor = dla_multiplier((double)in->scale / (double)out->scale);

	for (unsigned int stored = 0; stored < 256; stored++) {
		int32_t value = dla_multiply(dla_cpu_load(in, stored) - in->zero_point, factor);

		s->out[stored] =
			dla_cpu_store(out, &range, dla_wrapping_add(value, out->zero_point));
	}
}

static int prepare_lookup(struct dla_cpu_op *op)
{
	struct dla_cpu_q8 in = dla_cpu_q8(dla_cpu_input(op, 0)),
			  out = dla_cpu_q8(dla_cpu_output(op));
	struct lookup *s = dla_cpu_state(op, sizeof(*s));

	if (!s)
		return -ENOMEM;
	if (op->op->kind == DLA_OP_LOGISTIC)
		fill_logistic(s, &in, &out);
	else
		fill_requantize(s, &in, &out);
	return 0;
}

static void run_lookup(const struct dla_cpu_op *op, void *const data[])
{
	size_t count = dla_shape_elements(&dla_cpu_output(op)->shape);
	const uint8_t *in = dla_cpu_read(op, 0, data);
	uint8_t *out = dla_cpu_write(op, data);
	const struct lookup *s = op->state;

	for (size_t i = 0; i < count; i++)
		out[i] = s->out[in[i]];
}

static int prepare_quantize(struct dla_cpu_op *op)
{
	return dla_cpu_input(op, 0)->type == DLA_FLOAT32 ? 0 : prepare_lookup(op);
}

static void run_quantize(const struct dla_cpu_op *op, void *const data[])
{
	const struct dla_cpu_range range = { INT8_MIN, INT8_MAX };
	struct dla_cpu_q8 q = dla_cpu_q8(dla_cpu_output(op));
	size_t count = dla_shape_elements(&dla_cpu_output(op)->shape);
	const float *in = dla_cpu_read(op, 0, data);
	uint8_t *out = dla_cpu_write(op, data);

	if (op->state) {
		run_lookup(op, data);
		return;
	}
	for (size_t i = 0; i < count; i++)
		out[i] = dla_cpu_store(&q, &range, dla_cpu_quantised(in[i], &q));
}

static int prepare_dequantize(struct dla_cpu_op *op)
{
	struct dla_cpu_q8 in = dla_cpu_q8(dla_cpu_input(op, 0));
	struct dequantize *s = dla_cpu_state(op, sizeof(*s));

	if (!s)
		return -ENOMEM;
	for (unsigned int stored = 0; stored < 256; stored++)
		s->out[stored] = (float)((double)in.scale *
					 (dla_cpu_load(&in, stored) - in.zero_point));
	return 0;
}

static void run_dequantize(const struct dla_cpu_op *op, void *const data[])
{
	size_t count = dla_shape_elements(&dla_cpu_output(op)->shape);
	const uint8_t *in = dla_cpu_read(op, 0, data);
	const struct dequantize *s = op->state;
	float *out = dla_cpu_write(op, data);

	for (size_t i = 0; i < count; i++)
		out[i] = s->out[in[i]];
}

const struct dla_cpu_kernel dla_cpu_lookup = { prepare_lookup, run_lookup };
const struct dla_cpu_kernel dla_cpu_quantize = { prepare_quantize, run_quantize };
const struct dla_cpu_kernel dla_cpu_dequantize = { prepare_dequantize, run_dequantize };
