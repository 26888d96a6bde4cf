// SPDX-License-Identifier: MIT
#include <math.h>

#include "kernel.h"

/*
 * How TensorFlow Lite finds the pixels of the smaller or larger picture, in the arithmetic in which it
 * does that: float for RESIZE_NEAREST_NEIGHBOR and for uint8, fixed point for int8.
 */

#define FRACTION_BITS 10

/* Between two neighbours: the lower's index, the upper's, and the upper's share. */
struct between {
	int32_t lower, upper;
	int32_t share;		/* in 1024ths; that of the lower is the rest */
	float real_share;
};

struct state {
	struct dla_cpu_q8 q;
	struct between *row, *column;	/* by output line and column */
};

static float step_of(const struct dla_op *op, int32_t in, int32_t out)
{
	return op->resize.align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) :
						     (float)in / (float)out;
}

static struct between nearest(const struct dla_op *op, int32_t at, int32_t in, int32_t out)
{
	float offset = op->resize.half_pixel_centers ? 0.5F : 0;
	float place = ((float)at + offset) * step_of(op, in, out);
	float chosen = op->resize.align_corners ? roundf(place) : floorf(place);
	int32_t index = chosen < (float)(in - 1) ? (int32_t)chosen : in - 1;

	return (struct between){ .lower = index > 0 ? index : 0 };
}

static struct between real_between(const struct dla_op *op, int32_t at, int32_t in, int32_t out)
{
	float step = step_of(op, in, out);
	float place = op->resize.half_pixel_centers ? ((float)at + 0.5F) * step - 0.5F :
						      (float)at * step;
	float floor = floorf(place), ceil = ceilf(place);
	struct between b = {
		.lower = floor > 0 ? (int32_t)floor : 0,
		.upper = ceil < (float)(in - 1) ? (int32_t)ceil : in - 1,
	};

	b.real_share = place - (float)b.lower;
	return b;
}

static struct between fixed_between(const struct dla_op *op, int32_t at, int32_t in, int32_t out)
{
	const int64_t one = 1 << FRACTION_BITS;
	bool corners = op->resize.align_corners && out > 1;
	int64_t from = corners ? in - 1 : in, to = corners ? out - 1 : out;
	int64_t step = (one * from + to / 2) / to, place = at * step, index;
	struct between b;

	if (op->resize.half_pixel_centers)
		place += step / 2 - one / 2;
	index = place / one;
	b.lower = index > 0 ? (int32_t)index : 0;
	index = (place + one - 1) / one;
	b.upper = index < in - 1 ? (int32_t)index : in - 1;
	b.share = (int32_t)(place - one * b.lower);
	return b;
}

typedef struct between between_fn(const struct dla_op *op, int32_t at, int32_t in, int32_t out);

static void fill(const struct dla_cpu_op *op, between_fn *fn, unsigned int axis, struct between *b)
{
	int32_t in = dla_cpu_input(op, 0)->shape.dim[axis], out = dla_cpu_output(op)->shape.dim[axis];

	for (int32_t i = 0; i < out; i++) {
		b[i] = fn(op->op, i, in, out);
		/* Rounding may lead past the last pixel, which stands for all beyond it. */
		if (b[i].lower > in - 1)
			b[i].lower = in - 1;
	}
}

static int prepare(struct dla_cpu_op *op)
{
	const struct dla_tensor *out = dla_cpu_output(op);
	size_t places = (size_t)out->shape.dim[1] + out->shape.dim[2];
	struct state *s = dla_cpu_state(op, sizeof(*s) + places * sizeof(*s->row));
	between_fn *fn = op->op->kind == DLA_OP_RESIZE_NEAREST_NEIGHBOR ? nearest :
			 out->type == DLA_UINT8 ? real_between : fixed_between;

	if (!s)
		return -ENOMEM;
	s->q = dla_cpu_q8(out);
	s->row = (struct between *)(s + 1);
	s->column = s->row + out->shape.dim[1];
	fill(op, fn, 1, s->row);
	fill(op, fn, 2, s->column);
	return 0;
}

static uint8_t mix_fixed(uint8_t a, uint8_t b, uint8_t c, uint8_t d, int32_t y, int32_t x)
{
	const int64_t one = 1 << FRACTION_BITS, square = one * one;
	int64_t sum = (int8_t)a * (one - y) * (one - x) + (int8_t)b * (one - y) * x +
		      (int8_t)c * y * (one - x) + (int8_t)d * y * x;

	return (uint8_t)((sum + (sum > 0 ? square / 2 : -square / 2)) / square);
}

static uint8_t mix_real(uint8_t a, uint8_t b, uint8_t c, uint8_t d, float y, float x)
{
	return (uint8_t)((float)a * (1 - y) * (1 - x) + (float)c * y * (1 - x) +
			 (float)b * (1 - y) * x + (float)d * y * x + 0.5F);
}

static void run(const struct dla_cpu_op *op, void *const data[])
{
	const struct dla_shape *in = &dla_cpu_input(op, 0)->shape,
			       *out = &dla_cpu_output(op)->shape;
	const uint8_t *image = dla_cpu_read(op, 0, data);
	size_t depth = in->dim[3], line = in->dim[2] * depth;
	bool bilinear = op->op->kind == DLA_OP_RESIZE_BILINEAR;
	uint8_t *to = dla_cpu_write(op, data);
	const struct state *s = op->state;

	for (int32_t n = 0; n < in->dim[0]; n++, image += in->dim[1] * line) {
		for (int32_t i = 0; i < out->dim[1] * (int64_t)out->dim[2]; i++) {
			const struct between y = s->row[i / out->dim[2]], x = s->column[i % out->dim[2]];
			const uint8_t *a = image + y.lower * line + x.lower * depth;
			const uint8_t *b = image + y.lower * line + x.upper * depth;
			const uint8_t *c = image + y.upper * line + x.lower * depth;
			const uint8_t *d = image + y.upper * line + x.upper * depth;

			for (size_t k = 0; k < depth; k++) {
				if (!bilinear)
					*to++ = a[k];
				else if (s->q.flip)
					*to++ = mix_real(a[k], b[k], c[k], d[k], y.real_share, x.real_share);
				else
					*to++ = mix_fixed(a[k], b[k], c[k], d[k], y.share, x.share);
			}
		}
	}
}

const struct dla_cpu_kernel dla_cpu_resize = { prepare, run };
