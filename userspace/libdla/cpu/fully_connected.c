// SPDX-License-Identifier: MIT
#include "channels.h"

struct state {
	struct dla_cpu_channels channels;
	size_t length;
	int16_t *row;
};

static int prepare(struct dla_cpu_op *op)
{
	const struct dla_shape *weights = &dla_cpu_input(op, 1)->shape;
	unsigned int count = weights->dim[0];
	size_t length = weights->dim[1];
	struct dla_multiplier *multiplier;
	struct state *s = dla_cpu_state(op, sizeof(*s) + count * sizeof(*multiplier) +
					length * sizeof(*s->row));

	if (!s)
		return -ENOMEM;
	multiplier = (struct dla_multiplier *)(s + 1);
	s->length = length;
	s->row = (int16_t *)(multiplier + count);
	dla_cpu_channels_init(&s->channels, op, count, multiplier);
	return 0;
}

static void run(const struct dla_cpu_op *op, void *const data[])
{
	const struct state *s = op->state;
	size_t rows = dla_shape_elements(&dla_cpu_input(op, 0)->shape) / s->length;
	const uint8_t *in = dla_cpu_read(op, 0, data);
	uint8_t *out = dla_cpu_write(op, data);

	for (size_t i = 0; i < rows; i++) {
		dla_cpu_widen(&s->channels.in, in + i * s->length, s->length, s->row);
		dla_cpu_rows(&s->channels, s->row, s->length, out + i * s->channels.count);
	}
}

const struct dla_cpu_kernel dla_cpu_fully_connected = { prepare, run };
