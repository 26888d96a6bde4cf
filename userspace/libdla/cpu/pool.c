// SPDX-License-Identifier: MIT
#include "fixedpoint.h"
#include "kernel.h"

struct state {
	struct dla_cpu_q8 q;		/* of input and output */
	struct dla_cpu_range range;
	int32_t value[];		/* by channel: sum or maximum */
};

/* The part of a window that is on the input. */
struct span {
	int32_t first, end;
};

static int prepare(struct dla_cpu_op *op)
{
	size_t depth = dla_cpu_output(op)->shape.dim[3];
	struct state *s = dla_cpu_state(op, sizeof(*s) + depth * sizeof(s->value[0]));

	if (!s)
		return -ENOMEM;
	s->q = dla_cpu_q8(dla_cpu_output(op));
	s->range = dla_cpu_activation(op->op->activation, &s->q);
	return 0;
}

static struct span clip(int32_t index, int32_t stride, int32_t pad, int32_t kernel, int32_t extent)
{
	int64_t first = (int64_t)index * stride - pad, end = first + kernel;

	return (struct span){
		.first = (int32_t)(first < 0 ? 0 : first),
		.end = (int32_t)(end > extent ? extent : end),
	};
}

static void average(struct state *s, uint8_t *pixel, int32_t depth, int64_t count)
{
	/* Halves go away from the zero of the type, so this must be done in its own range. */
	int64_t offset = s->q.flip ? 128 : 0;

	for (int32_t c = 0; c < depth; c++) {
		int64_t sum = s->value[c] + offset * count;

		sum = (sum > 0 ? sum + count / 2 : sum - count / 2) / count - offset;
		pixel[c] = dla_cpu_store(&s->q, &s->range, (int32_t)sum);
	}
}

static void pool_window(const struct dla_cpu_op *op, const uint8_t *image, struct span rows,
			struct span columns, uint8_t *pixel)
{
	const struct dla_shape *in = &dla_cpu_input(op, 0)->shape;
	bool is_average = op->op->kind == DLA_OP_AVERAGE_POOL_2D;
	int32_t depth = in->dim[3];
	struct state *s = op->state;
	int32_t *restrict value = s->value;

	for (int32_t c = 0; c < depth; c++)
		value[c] = is_average ? 0 : INT8_MIN;
	for (int32_t y = rows.first; y < rows.end; y++) {
		for (int32_t x = columns.first; x < columns.end; x++) {
			const uint8_t *from = image + ((size_t)y * in->dim[2] + x) * depth;

			for (int32_t c = 0; is_average && c < depth; c++)
				value[c] = dla_wrapping_add(value[c], dla_cpu_load(&s->q, from[c]));
			for (int32_t c = 0; !is_average && c < depth; c++) {
				int32_t v = dla_cpu_load(&s->q, from[c]);

				value[c] = v > value[c] ? v : value[c];
			}
		}
	}
	if (is_average) {
		average(s, pixel, depth, (int64_t)(rows.end - rows.first) *
			(columns.end - columns.first));
		return;
	}
	for (int32_t c = 0; c < depth; c++)
		pixel[c] = dla_cpu_store(&s->q, &s->range, value[c]);
}

static void run(const struct dla_cpu_op *op, void *const data[])
{
	const struct dla_window *window = &op->op->window;
	const struct dla_shape *in = &dla_cpu_input(op, 0)->shape,
			       *out = &dla_cpu_output(op)->shape;
	const uint8_t *image = dla_cpu_read(op, 0, data);
	uint8_t *pixel = dla_cpu_write(op, data);

	for (int32_t n = 0; n < in->dim[0]; n++) {
		for (int32_t y = 0; y < out->dim[1]; y++) {
			struct span rows = clip(y, window->stride_h, window->pad_top,
						window->kernel_h, in->dim[1]);

			for (int32_t x = 0; x < out->dim[2]; x++, pixel += out->dim[3])
				pool_window(op, image, rows,
					    clip(x, window->stride_w, window->pad_left,
						 window->kernel_w, in->dim[2]), pixel);
		}
		image += (size_t)in->dim[1] * in->dim[2] * in->dim[3];
	}
}

const struct dla_cpu_kernel dla_cpu_pool_2d = { prepare, run };
