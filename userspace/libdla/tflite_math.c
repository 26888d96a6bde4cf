// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>

#include "tflite_check.h"
#include "tflite_read.h"
#include "tflite_schema.h"

/* Readers of operators that compute without a window. */

/* What SOFTMAX and LOGISTIC make has this scale, so that 0 and almost 1 are representable. */
#define PROBABILITY_SCALE (1.0F / 256)

/* Likewise for -1 and almost 1. */
#define TANH_SCALE (1.0F / 128)

/* i counts from the innermost axis; axes in front of a shape's own have 1 element. */
static int32_t dim_from_end(const struct dla_shape *shape, unsigned int i)
{
	return i < shape->rank ? shape->dim[shape->rank - 1 - i] : 1;
}

/* Two inputs of one type, broadcast to the output. */
static int need_broadcast(const struct tflite_op *op)
{
	const struct dla_shape *a = &op_input(op, 0)->shape, *b = &op_input(op, 1)->shape;
	struct dla_shape out = { .rank = a->rank > b->rank ? a->rank : b->rank };
	int err = need_quantised_pair(op);

	if (!err)
		err = need_quantised(op, op_input(op, 1));
	if (!err)
		err = need_type(op, op_input(op, 1), op_input(op, 0)->type);
	for (unsigned int i = 0; !err && i < out.rank; i++) {
		int32_t da = dim_from_end(a, i), db = dim_from_end(b, i);

		if (da != db && da != 1 && db != 1)
			err = dla_fail(EINVAL, "shapes %s and %s cannot be broadcast",
				       shape_text(a).text, shape_text(b).text);
		out.dim[out.rank - 1 - i] = da > db ? da : db;
	}
	return err ? err : need_shape(op, op_output(op), &out);
}

int read_arithmetic(struct tflite_op *op)
{
	int err = need_broadcast(op);

	return err ? err : read_activation(op, ARITHMETIC_ACTIVATION);
}

int read_maximum(struct tflite_op *op)
{
	int err = need_broadcast(op);

	if (!err)
		err = need_same_quant(op, op_input(op, 0), op_output(op));
	return err ? err : need_same_quant(op, op_input(op, 1), op_output(op));
}

int read_prelu(struct tflite_op *op)
{
	int err = need_broadcast(op);

	return err ? err : need_shape(op, op_output(op), &op_input(op, 0)->shape);
}

int read_mean(struct tflite_op *op)
{
	bool keep_dims = fb_u8(op->fb, &op->options, REDUCER_KEEP_DIMS, 0);
	const struct dla_shape *in = &op_input(op, 0)->shape;
	struct dla_shape out = { 0 };
	int32_t axes[DLA_MAX_RANK] = { 0 };
	unsigned int count = 0, axis = 0;
	int err = need_quantised_pair(op);

	if (!err)
		err = read_list(op, 1, DLA_MAX_RANK, axes, &count);
	for (unsigned int i = 0; !err && i < count; i++) {
		err = resolve_axis(axes[i], in->rank, &axis);
		if (!err)
			op->op->mean.axes |= 1U << axis;
	}
	if (err)
		return err;
	for (unsigned int i = 0; i < in->rank; i++) {
		if (!(op->op->mean.axes & 1U << i))
			out.dim[out.rank++] = in->dim[i];
		else if (keep_dims)
			out.dim[out.rank++] = 1;
	}
	return need_shape(op, op_output(op), &out);
}

static int need_elementwise(const struct tflite_op *op)
{
	int err = need_quantised_pair(op);

	return err ? err : need_shape(op, op_output(op), &op_input(op, 0)->shape);
}

/* low: the lowest real number, in units of the scale. */
static int need_output_quant(const struct tflite_op *op, float scale, int32_t low)
{
	const struct dla_quant *quant = &op_output(op)->quant;
	int32_t zero_point = (op_output(op)->type == DLA_INT8 ? INT8_MIN : 0) - low;

	if (quant->scale[0] == scale && quant->zero_point[0] == zero_point)
		return 0;
	return tensor_fail(op, EOPNOTSUPP, op_output(op),
			   "has scale %g and zero point %d; 1/%g and %d are needed",
			   (double)quant->scale[0], quant->zero_point[0], 1 / (double)scale, zero_point);
}

int read_elementwise(struct tflite_op *op)
{
	return need_elementwise(op);
}

int read_leaky_relu(struct tflite_op *op)
{
	float alpha = fb_f32(op->fb, &op->options, LEAKY_RELU_ALPHA, 0);

	if (!isfinite(alpha))
		return dla_fail(EINVAL, "alpha is %g", (double)alpha);
	op->op->leaky_relu.alpha = alpha;
	return need_elementwise(op);
}

int read_logistic(struct tflite_op *op)
{
	int err = need_elementwise(op);

	return err ? err : need_output_quant(op, PROBABILITY_SCALE, 0);
}

int read_tanh(struct tflite_op *op)
{
	int err = need_elementwise(op);

	return err ? err : need_output_quant(op, TANH_SCALE, -128);
}

int read_softmax(struct tflite_op *op)
{
	float beta = fb_f32(op->fb, &op->options, SOFTMAX_BETA, 0);

	if (!isfinite(beta) || beta <= 0)
		return dla_fail(EINVAL, "beta is %g", (double)beta);
	if (!op_input(op, 0)->shape.rank)
		return tensor_fail(op, EINVAL, op_input(op, 0), "has no dimension");
	op->op->softmax.beta = beta;
	return read_logistic(op);
}

int read_quantize(struct tflite_op *op)
{
	int err = need_quantised(op, op_output(op));

	if (!err && op_input(op, 0)->type != DLA_FLOAT32)
		err = need_quantised(op, op_input(op, 0));
	return err ? err : need_shape(op, op_output(op), &op_input(op, 0)->shape);
}

int read_dequantize(struct tflite_op *op)
{
	int err = need_quantised(op, op_input(op, 0));

	if (!err)
		err = need_type(op, op_output(op), DLA_FLOAT32);
	return err ? err : need_shape(op, op_output(op), &op_input(op, 0)->shape);
}
