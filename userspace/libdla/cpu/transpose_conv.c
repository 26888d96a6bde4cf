// SPDX-License-Identifier: MIT
#include <string.h>

#include "channels.h"

static int prepare(struct dla_cpu_op *op)
{
	return dla_cpu_pixel_prepare(op, dla_cpu_input(op, 1)->shape.dim[0]);
}

/* What an input pixel contributes through one tap of every kernel. */
static void add_pixel(const struct dla_cpu_pixel *s, const uint8_t *pixel, const uint8_t *weights,
		      size_t kernel_bytes, int32_t depth)
{
	const int32_t in_zero = s->channels.in.zero_point,
		      weight_zero = s->channels.weight_zero_point;
	const uint8_t in_flip = s->channels.in.flip, weight_flip = s->channels.weight_flip;

	for (unsigned int k = 0; k < s->channels.count; k++, weights += kernel_bytes) {
		uint32_t sum = 0;

		for (int32_t c = 0; c < depth; c++)
			sum += (uint32_t)(((int8_t)(pixel[c] ^ in_flip) - in_zero) *
					  ((int8_t)(weights[c] ^ weight_flip) - weight_zero));
		s->sum[k] = dla_wrapping_add(s->sum[k], (int32_t)sum);
	}
}

/*
 * The inputs that reach an output along one axis: tap by tap, a stride apart, each one input further
 * back.
 */
struct reach {
	int64_t tap, source;	/* the first */
};

static struct reach reach_of(int32_t out, int32_t pad, int32_t stride)
{
	int64_t at = (int64_t)out + pad;

	return (struct reach){ .tap = at % stride, .source = at / stride };
}

static void sum_pixel(const struct dla_cpu_op *op, const uint8_t *image, int32_t oy, int32_t ox)
{
	const struct dla_window *window = &op->op->window;
	const struct dla_shape *in = &dla_cpu_input(op, 0)->shape;
	size_t row = (size_t)window->kernel_w * in->dim[3];
	const struct dla_cpu_pixel *s = op->state;
	struct reach y = reach_of(oy, window->pad_top, window->stride_h);

	memset(s->sum, 0, s->channels.count * sizeof(*s->sum));
	for (; y.tap < window->kernel_h && y.source >= 0; y.tap += window->stride_h, y.source--) {
		struct reach x = reach_of(ox, window->pad_left, window->stride_w);

		if (y.source >= in->dim[1])
			continue;
		for (; x.tap < window->kernel_w && x.source >= 0; x.tap += window->stride_w, x.source--) {
			if (x.source >= in->dim[2])
				continue;
			add_pixel(s, image + (y.source * in->dim[2] + x.source) * in->dim[3],
				  s->channels.weights + y.tap * row + (size_t)x.tap * in->dim[3],
				  row * window->kernel_h, in->dim[3]);
		}
	}
}

static void run(const struct dla_cpu_op *op, void *const data[])
{
	dla_cpu_pixels(op, data, sum_pixel);
}

const struct dla_cpu_kernel dla_cpu_transpose_conv = { prepare, run };
