// SPDX-License-Identifier: MIT
#include "channels.h"

void dla_cpu_channels_init(struct dla_cpu_channels *channels, const struct dla_cpu_op *op,
			   unsigned int count, struct dla_multiplier *multiplier)
{
	const struct dla_tensor *weights = dla_cpu_input(op, 1);
	const struct dla_quant *quant = &weights->quant;
	unsigned int bias = op->op->kind == DLA_OP_TRANSPOSE_CONV ? 3 : 2;

	*channels = (struct dla_cpu_channels){
		.count = count,
		.weights = weights->data,
		.weight_flip = weights->type == DLA_UINT8 ? 0x80 : 0,
		.weight_zero_point = quant->zero_point[0] - (weights->type == DLA_UINT8 ? 128 : 0),
		.in = dla_cpu_q8(dla_cpu_input(op, 0)),
		.out = dla_cpu_q8(dla_cpu_output(op)),
		.multiplier = multiplier,
	};
	if (op->op->input_count > bias && op->op->input[bias] != DLA_NO_TENSOR)
		channels->bias = dla_cpu_input(op, bias)->data;
	channels->range = dla_cpu_activation(op->op->activation, &channels->out);
	for (unsigned int i = 0; i < count; i++) {
		float scale = quant->scale[quant->count > 1 ? i : 0];
		double product = (double)channels->in.scale * (double)scale;

		/* Where TensorFlow Lite knows only one scale it multiplies in single precision. */
		if (quant->count == 1 &&
		    (weights->type == DLA_UINT8 || op->op->kind == DLA_OP_FULLY_CONNECTED))
			product = channels->in.scale * scale;
		multiplier[i] = dla_multiplier(product / (double)channels->out.scale);
	}
}

int dla_cpu_pixel_prepare(struct dla_cpu_op *op, unsigned int count)
{
	struct dla_multiplier *multiplier;
	struct dla_cpu_pixel *pixel = dla_cpu_state(op, sizeof(*pixel) + count * (sizeof(*multiplier) + sizeof(*pixel->sum)));

	if (!pixel)
		return -ENOMEM;
	multiplier = (struct dla_multiplier *)(pixel + 1);
	pixel->sum = (int32_t *)(multiplier + count);
	dla_cpu_channels_init(&pixel->channels, op, count, multiplier);
	return 0;
}

void dla_cpu_pixels(const struct dla_cpu_op *op, void *const data[], dla_cpu_sum_fn *sum)
{
	const struct dla_cpu_pixel *s = op->state;
	const struct dla_shape *in = &dla_cpu_input(op, 0)->shape,
			       *out = &dla_cpu_output(op)->shape;
	const uint8_t *image = dla_cpu_read(op, 0, data);
	size_t image_bytes = (size_t)in->dim[1] * in->dim[2] * in->dim[3];
	uint8_t *pixel = dla_cpu_write(op, data);

	for (int32_t n = 0; n < in->dim[0]; n++, image += image_bytes) {
		for (int32_t y = 0; y < out->dim[1]; y++) {
			for (int32_t x = 0; x < out->dim[2]; x++) {
				sum(op, image, y, x);
				for (unsigned int k = 0; k < s->channels.count; k++)
					*pixel++ = dla_cpu_finish(&s->channels, k, s->sum[k]);
			}
		}
	}
}

void dla_cpu_widen(const struct dla_cpu_q8 *q, const uint8_t *stored, size_t count, int16_t *wide)
{
	const int16_t zero_point = (int16_t)q->zero_point;
	const uint8_t flip = q->flip;

	for (size_t i = 0; i < count; i++)
		wide[i] = (int16_t)((int8_t)(stored[i] ^ flip) - zero_point);
}

static int32_t dot(const int16_t *restrict x, const uint8_t *restrict weights, uint8_t flip,
		   size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += (uint32_t)((int32_t)x[i] * (int8_t)(weights[i] ^ flip));
	return (int32_t)sum;
}

void dla_cpu_rows(const struct dla_cpu_channels *channels, const int16_t *x, size_t length,
		  uint8_t *out)
{
	int32_t correction = 0;

	for (size_t i = 0; channels->weight_zero_point && i < length; i++)
		correction = dla_wrapping_add(correction, x[i] * channels->weight_zero_point);
	for (unsigned int i = 0; i < channels->count; i++) {
		int32_t sum = dot(x, channels->weights + i * length, channels->weight_flip, length);

		out[i] = dla_cpu_finish(channels, i, dla_wrapping_sub(sum, correction));
	}
}
