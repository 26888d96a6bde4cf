/* SPDX-License-Identifier: MIT */
#ifndef DLA_CPU_CHANNELS_H
#define DLA_CPU_CHANNELS_H

#include "fixedpoint.h"
#include "kernel.h"

/*
 * What the operations with weights share: from a sum of products to an output.
 */
struct dla_cpu_channels {
	unsigned int count;
	const uint8_t *weights;
	uint8_t weight_flip;
	int32_t weight_zero_point;
	const int32_t *bias;			/* NULL: none */
	struct dla_cpu_q8 in, out;
	struct dla_cpu_range range;
	struct dla_multiplier *multiplier;	/* by channel */
};

/* multiplier points to room for count of them. */
void dla_cpu_channels_init(struct dla_cpu_channels *channels, const struct dla_cpu_op *op,
			   unsigned int count, struct dla_multiplier *multiplier);

/* The state of an operation that makes one pixel at a time. */
struct dla_cpu_pixel {
	struct dla_cpu_channels channels;
	int32_t *sum;				/* by output channel */
};

int dla_cpu_pixel_prepare(struct dla_cpu_op *op, unsigned int count);

/* Makes the state's sums those of the output pixel at (x, y), of one input image. */
typedef void dla_cpu_sum_fn(const struct dla_cpu_op *op, const uint8_t *image, int32_t y, int32_t x);

/* All output pixels, of whose channels @sum makes the sums. */
void dla_cpu_pixels(const struct dla_cpu_op *op, void *const data[], dla_cpu_sum_fn *sum);

static inline uint8_t dla_cpu_finish(const struct dla_cpu_channels *c, unsigned int channel,
				     int32_t sum)
{
	if (c->bias)
		sum = dla_wrapping_add(sum, c->bias[channel]);
	sum = dla_multiply(sum, c->multiplier[channel]);
	return dla_cpu_store(&c->out, &c->range, dla_wrapping_add(sum, c->out.zero_point));
}

/* Stored activations as distances from their zero point, in which padding is 0. */
void dla_cpu_widen(const struct dla_cpu_q8 *q, const uint8_t *stored, size_t count, int16_t *wide);

/* out[i] from the dot products of x with row i of the weights, of that length. */
void dla_cpu_rows(const struct dla_cpu_channels *channels, const int16_t *x, size_t length,
		  uint8_t *out);

#endif
