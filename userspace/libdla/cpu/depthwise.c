// SPDX-License-Identifier: MIT
#include <string.h>

#include "channels.h"

static int prepare(struct dla_cpu_op *op)
{
	return dla_cpu_pixel_prepare(op, dla_cpu_input(op, 1)->shape.dim[3]);
}

/* Each input channel of a pixel has depth_multiplier output channels, side by side. */
static void add_pixel(const struct dla_cpu_pixel *s, const uint8_t *pixel, const uint8_t *weights,
		      unsigned int depth_multiplier)
{
	const int32_t in_zero = s->channels.in.zero_point,
		      weight_zero = s->channels.weight_zero_point;
	const uint8_t in_flip = s->channels.in.flip, weight_flip = s->channels.weight_flip;
	const unsigned int count = s->channels.count;
	int32_t *restrict sum = s->sum;

	if (depth_multiplier == 1) {
		for (unsigned int i = 0; i < count; i++)
			sum[i] = dla_wrapping_add(
				sum[i], ((int8_t)(pixel[i] ^ in_flip) - in_zero) *
						((int8_t)(weights[i] ^ weight_flip) - weight_zero));
		return;
	}
	for (unsigned int i = 0; i < count; i++)
		sum[i] = dla_wrapping_add(
			sum[i], ((int8_t)(pixel[i / depth_multiplier] ^ in_flip) - in_zero) *
					((int8_t)(weights[i] ^ weight_flip) - weight_zero));
}

static void sum_window(const struct dla_cpu_op *op, const uint8_t *image, int32_t oy, int32_t ox)
{
	const struct dla_window *window = &op->op->window;
	const int64_t top = (int64_t)oy * window->stride_h - window->pad_top;
	const int64_t left = (int64_t)ox * window->stride_w - window->pad_left;
	const struct dla_shape *in = &dla_cpu_input(op, 0)->shape;
	const struct dla_cpu_pixel *s = op->state;
	const uint8_t *weights = s->channels.weights;

	memset(s->sum, 0, s->channels.count * sizeof(*s->sum));
	for (int32_t r = 0; r < window->kernel_h; r++) {
		int64_t y = top + (int64_t)r * window->dilation_h;

		for (int32_t c = 0; c < window->kernel_w; c++, weights += s->channels.count) {
			int64_t x = left + (int64_t)c * window->dilation_w;

			if (y < 0 || y >= in->dim[1] || x < 0 || x >= in->dim[2])
				continue;
			add_pixel(s, image + (y * in->dim[2] + x) * in->dim[3], weights,
				  s->channels.count / in->dim[3]);
		}
	}
}

static void run(const struct dla_cpu_op *op, void *const data[])
{
	dla_cpu_pixels(op, data, sum_window);
}

const struct dla_cpu_kernel dla_cpu_depthwise_conv_2d = { prepare, run };
