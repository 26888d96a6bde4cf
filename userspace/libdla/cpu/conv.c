// SPDX-License-Identifier: MIT
#include <string.h>

#include "channels.h"

struct state {
	struct dla_cpu_channels channels;
	size_t patch_length;
	int16_t *patch;		/* what one output pixel sees, in the order of the weights */
};

static int prepare(struct dla_cpu_op *op)
{
	const struct dla_shape *weights = &dla_cpu_input(op, 1)->shape;
	unsigned int count = weights->dim[0];
	size_t patch_length = dla_shape_elements(weights) / count;
	struct dla_multiplier *multiplier;
	struct state *s = dla_cpu_state(op, sizeof(*s) + count * sizeof(*multiplier) +
					patch_length * sizeof(*s->patch));

	if (!s)
		return -ENOMEM;
	multiplier = (struct dla_multiplier *)(s + 1);
	s->patch_length = patch_length;
	s->patch = (int16_t *)(multiplier + count);
	dla_cpu_channels_init(&s->channels, op, count, multiplier);
	return 0;
}

/*
 * A row of the patch: kernel_w pixels of an input row from column x on; NULL for a row of padding.
 */
static void gather_row(const struct state *s, const struct dla_window *window,
		       const struct dla_shape *shape, const uint8_t *row, int64_t x, int16_t *patch)
{
	int32_t width = shape->dim[2], depth = shape->dim[3];

	if (row && window->dilation_w == 1 && x >= 0 && x + window->kernel_w <= width) {
		dla_cpu_widen(&s->channels.in, row + x * depth, (size_t)window->kernel_w * depth,
			      patch);
		return;
	}
	for (int32_t i = 0; i < window->kernel_w; i++, x += window->dilation_w, patch += depth) {
		if (row && x >= 0 && x < width)
			dla_cpu_widen(&s->channels.in, row + x * depth, depth, patch);
		else
			memset(patch, 0, depth * sizeof(*patch));
	}
}

static void run(const struct dla_cpu_op *op, void *const data[])
{
	const struct state *s = op->state;
	const struct dla_window *window = &op->op->window;
	const struct dla_shape *in = &dla_cpu_input(op, 0)->shape,
			       *out = &dla_cpu_output(op)->shape;
	const uint8_t *image = dla_cpu_read(op, 0, data);
	size_t row_bytes = (size_t)in->dim[2] * in->dim[3];
	uint8_t *pixel = dla_cpu_write(op, data);

	for (int32_t n = 0; n < in->dim[0]; n++, image += in->dim[1] * row_bytes) {
		for (int32_t oy = 0; oy < out->dim[1]; oy++) {
			int64_t top = (int64_t)oy * window->stride_h - window->pad_top;

			for (int32_t ox = 0; ox < out->dim[2]; ox++, pixel += out->dim[3]) {
				int64_t left = (int64_t)ox * window->stride_w - window->pad_left;
				int16_t *patch = s->patch;

				for (int32_t r = 0; r < window->kernel_h; r++) {
					int64_t y = top + (int64_t)r * window->dilation_h;

					gather_row(s, window, in, y >= 0 && y < in->dim[1] ?
						   image + y * row_bytes : NULL, left, patch);
					patch += (size_t)window->kernel_w * in->dim[3];
				}
				dla_cpu_rows(&s->channels, s->patch, s->patch_length, pixel);
			}
		}
	}
}

const struct dla_cpu_kernel dla_cpu_conv_2d = { prepare, run };
