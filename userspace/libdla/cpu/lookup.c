// SPDX-License-Identifier: MIT
#include "activation.h"

/* Kernels of 8-bit inputs whose output depends on nothing else: one table, made beforehand. */

struct lookup {
	uint8_t out[256];
};

struct dequantize {
	float out[256];
};

static int prepare_lookup(struct dla_cpu_op *op)
{
	struct lookup *s = dla_cpu_state(op, sizeof(*s));

	if (!s)
		return -ENOMEM;
	dla_cpu_activation_table(op, s->out);
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
