// SPDX-License-Identifier: MIT
#include <errno.h>

#include "tflite_check.h"
#include "tflite_read.h"
#include "tflite_schema.h"

/* Readers of operators that slide windows or kernels over a picture, and FULLY_CONNECTED. */

/* Padding and extent of the output along one axis. */
static int place_window(int8_t padding, int32_t in, int32_t kernel, int32_t stride,
			int32_t dilation, int32_t *before, int32_t *after, int32_t *out)
{
	int64_t reach, total;

	if (kernel < 1 || stride < 1 || dilation < 1)
		return dla_fail(EINVAL, "a window of %d with stride %d and dilation %d", kernel,
				stride, dilation);
	reach = ((int64_t)kernel - 1) * dilation + 1;
	switch (padding) {
	case PADDING_SAME:
		*out = (int32_t)(((int64_t)in + stride - 1) / stride);
		total = ((int64_t)*out - 1) * stride + reach - in;
		if (total < 0)
			total = 0;
		break;
	case PADDING_VALID:
		if (reach > in)
			return dla_fail(EINVAL, "a window that covers %lld of %d elements",
					(long long)reach, in);
		*out = (int32_t)((in - reach) / stride + 1);
		total = 0;
		break;
	default:
		return dla_fail(EINVAL, "padding of type %d", padding);
	}
	if (reach > INT32_MAX)
		return dla_fail(E2BIG, "a window that covers %lld elements", (long long)reach);
	*before = (int32_t)(total / 2);
	*after = (int32_t)(total - total / 2);
	return 0;
}

/* The kernel's extent is set already; finds the rest of the window and the output's extent. */
static int place_windows(struct dla_window *window, int8_t padding, const struct dla_shape *in,
			 struct dla_shape *out)
{
	int err = place_window(padding, in->dim[1], window->kernel_h, window->stride_h,
			       window->dilation_h, &window->pad_top, &window->pad_bottom,
			       &out->dim[1]);

	if (!err)
		err = place_window(padding, in->dim[2], window->kernel_w, window->stride_w,
				   window->dilation_w, &window->pad_left, &window->pad_right,
				   &out->dim[2]);
	out->rank = 4;
	out->dim[0] = in->dim[0];
	return err;
}

static int need_constant(const struct tflite_op *op, const struct dla_tensor *tensor)
{
	return tensor->data ? 0
			    : tensor_fail(op, EOPNOTSUPP, tensor,
					  "is computed; constant weights and biases are needed");
}

/* axis: that of the output channels. */
static int need_weights(const struct tflite_op *op, unsigned int axis)
{
	const struct dla_tensor *weights = op_input(op, 1);
	const struct dla_quant *quant = &weights->quant;
	int err = need_type(op, weights, op_input(op, 0)->type);

	if (!err)
		err = need_constant(op, weights);
	if (err)
		return err;
	if (!quant->count)
		return tensor_fail(op, EOPNOTSUPP, weights, "has no scale");
	if (quant->count == 1 && weights->type == DLA_UINT8)
		return 0;
	if (quant->count > 1 && (quant->axis != axis || weights->type == DLA_UINT8))
		return tensor_fail(op, EOPNOTSUPP, weights, "of type %s has scales along axis %u",
				   dla_type_name(weights->type), quant->axis);
	for (unsigned int i = 0; i < quant->count; i++) {
		if (quant->zero_point[i])
			return tensor_fail(op, EOPNOTSUPP, weights,
					   "has zero point %d; that of int8 "
					   "weights must be 0",
					   quant->zero_point[i]);
	}
	return 0;
}

/* Input i, which may be absent. */
static int need_bias(const struct tflite_op *op, unsigned int i, int32_t channels)
{
	const struct dla_tensor *bias;
	int err;

	if (!has_input(op, i))
		return 0;
	bias = op_input(op, i);
	err = need_type(op, bias, DLA_INT32);
	if (!err)
		err = need_constant(op, bias);
	if (!err && dla_shape_elements(&bias->shape) != (size_t)channels)
		err = tensor_fail(op, EINVAL, bias,
				  "has shape %s, but there are %d output channels",
				  shape_text(&bias->shape).text, channels);
	return err;
}

/* Of a convolution whose weights have their output channels along an axis. */
static int need_conv_operands(const struct tflite_op *op, unsigned int axis, unsigned int bias)
{
	const struct dla_tensor *weights = op_input(op, 1);
	int err = need_quantised_pair(op);

	if (!err)
		err = need_rank(op, op_input(op, 0), 4);
	if (!err)
		err = need_rank(op, weights, 4);
	if (!err)
		err = need_weights(op, axis);
	return err ? err : need_bias(op, bias, weights->shape.dim[axis]);
}

int read_conv_2d(struct tflite_op *op)
{
	const struct dla_shape *in = &op_input(op, 0)->shape, *weights = &op_input(op, 1)->shape;
	struct dla_window *window = &op->op->window;
	struct dla_shape out;
	int err;

	*window = (struct dla_window){
		.stride_h = fb_i32(op->fb, &op->options, CONV_STRIDE_H, 0),
		.stride_w = fb_i32(op->fb, &op->options, CONV_STRIDE_W, 0),
		.dilation_h = fb_i32(op->fb, &op->options, CONV_DILATION_H, 1),
		.dilation_w = fb_i32(op->fb, &op->options, CONV_DILATION_W, 1),
	};
	err = need_conv_operands(op, 0, 2);
	if (!err && weights->dim[3] != in->dim[3])
		err = tensor_fail(op, EOPNOTSUPP, op_input(op, 1),
				  "has %d input channels, but the input "
				  "has %d; grouped convolutions are not supported",
				  weights->dim[3], in->dim[3]);
	if (err)
		return err;
	window->kernel_h = weights->dim[1];
	window->kernel_w = weights->dim[2];
	err = place_windows(window, fb_i8(op->fb, &op->options, CONV_PADDING, PADDING_SAME), in,
			    &out);
	out.dim[3] = weights->dim[0];
	if (!err)
		err = need_shape(op, op_output(op), &out);
	return err ? err : read_activation(op, CONV_ACTIVATION);
}

/*
 * The operator goes from what a convolution would make back to what it would read, so the window is
 * that convolution's.
 */
int read_transpose_conv(struct tflite_op *op)
{
	const struct dla_shape *in = &op_input(op, 0)->shape, *weights = &op_input(op, 1)->shape;
	struct dla_window *window = &op->op->window;
	struct dla_shape out = { .rank = 4 }, back;
	int err;

	*window = (struct dla_window){
		.stride_h = fb_i32(op->fb, &op->options, TRANSPOSE_CONV_STRIDE_H, 0),
		.stride_w = fb_i32(op->fb, &op->options, TRANSPOSE_CONV_STRIDE_W, 0),
		.dilation_h = 1,
		.dilation_w = 1,
	};
	err = need_conv_operands(op, 0, 3);
	if (!err)
		err = read_exact_list(op, 2, 4, out.dim);
	if (!err && (weights->dim[3] != in->dim[3] || out.dim[3] != weights->dim[0]))
		err = tensor_fail(op, EINVAL, op_input(op, 1),
				  "has shape %s, which does not lead from %d to %d channels",
				  shape_text(weights).text, in->dim[3], out.dim[3]);
	if (!err)
		err = need_shape(op, op_output(op), &out);
	if (err)
		return err;
	window->kernel_h = weights->dim[1];
	window->kernel_w = weights->dim[2];
	err = place_windows(window, fb_i8(op->fb, &op->options, TRANSPOSE_CONV_PADDING, PADDING_SAME),
			    &out, &back);
	back.dim[3] = in->dim[3];
	if (!err)
		err = need_shape(op, op_input(op, 0), &back);
	return err ? err : read_activation(op, TRANSPOSE_CONV_ACTIVATION);
}

int read_depthwise_conv_2d(struct tflite_op *op)
{
	const struct dla_shape *in = &op_input(op, 0)->shape, *weights = &op_input(op, 1)->shape;
	int32_t multiplier = fb_i32(op->fb, &op->options, DEPTHWISE_MULTIPLIER, 0);
	struct dla_window *window = &op->op->window;
	struct dla_shape out;
	int err;

	*window = (struct dla_window){
		.stride_h = fb_i32(op->fb, &op->options, DEPTHWISE_STRIDE_H, 0),
		.stride_w = fb_i32(op->fb, &op->options, DEPTHWISE_STRIDE_W, 0),
		.dilation_h = fb_i32(op->fb, &op->options, DEPTHWISE_DILATION_H, 1),
		.dilation_w = fb_i32(op->fb, &op->options, DEPTHWISE_DILATION_W, 1),
	};
	err = need_conv_operands(op, 3, 2);
	if (err)
		return err;
	/* The multiplier follows from the shapes; some writers leave it out. */
	if (weights->dim[0] != 1 || weights->dim[3] % in->dim[3] != 0 ||
	    (multiplier && weights->dim[3] / in->dim[3] != multiplier))
		return tensor_fail(op, EINVAL, op_input(op, 1),
				   "has shape %s, which does not fit %d input "
				   "channels with multiplier %d",
				   shape_text(weights).text, in->dim[3], multiplier);
	window->kernel_h = weights->dim[1];
	window->kernel_w = weights->dim[2];
	err = place_windows(window, fb_i8(op->fb, &op->options, DEPTHWISE_PADDING, PADDING_SAME),
			    in, &out);
	out.dim[3] = weights->dim[3];
	if (!err)
		err = need_shape(op, op_output(op), &out);
	return err ? err : read_activation(op, DEPTHWISE_ACTIVATION);
}

int read_pool_2d(struct tflite_op *op)
{
	const struct dla_shape *in = &op_input(op, 0)->shape;
	struct dla_window *window = &op->op->window;
	struct dla_shape out;
	int err;

	*window = (struct dla_window){
		.kernel_h = fb_i32(op->fb, &op->options, POOL_FILTER_H, 0),
		.kernel_w = fb_i32(op->fb, &op->options, POOL_FILTER_W, 0),
		.stride_h = fb_i32(op->fb, &op->options, POOL_STRIDE_H, 0),
		.stride_w = fb_i32(op->fb, &op->options, POOL_STRIDE_W, 0),
		.dilation_h = 1,
		.dilation_w = 1,
	};
	err = need_quantised_pair(op);
	if (!err)
		err = need_same_quant(op, op_input(op, 0), op_output(op));
	if (!err)
		err = need_rank(op, op_input(op, 0), 4);
	if (!err)
		err = place_windows(window, fb_i8(op->fb, &op->options, POOL_PADDING, PADDING_SAME),
				    in, &out);
	if (err)
		return err;
	out.dim[3] = in->dim[3];
	err = need_shape(op, op_output(op), &out);
	return err ? err : read_activation(op, POOL_ACTIVATION);
}

int read_fully_connected(struct tflite_op *op)
{
	bool keep_dims = fb_u8(op->fb, &op->options, FULLY_CONNECTED_KEEP_DIMS, 0);
	int8_t format = fb_i8(op->fb, &op->options, FULLY_CONNECTED_FORMAT, 0);
	const struct dla_shape *in = &op_input(op, 0)->shape, *weights = &op_input(op, 1)->shape;
	size_t elements = dla_shape_elements(in);
	struct dla_shape out;
	int err;

	if (format)
		return dla_fail(EOPNOTSUPP, "weights in format %d are not supported", format);
	err = need_quantised_pair(op);
	if (!err)
		err = need_rank(op, op_input(op, 1), 2);
	if (!err)
		err = need_weights(op, 0);
	if (!err)
		err = need_bias(op, 2, weights->dim[0]);
	if (err)
		return err;
	if (elements % weights->dim[1] != 0 ||
	    (keep_dims && (!in->rank || in->dim[in->rank - 1] != weights->dim[1])))
		return tensor_fail(op, EINVAL, op_input(op, 0),
				   "has shape %s, which does not divide into "
				   "rows of %d",
				   shape_text(in).text, weights->dim[1]);
	if (keep_dims) {
		out = *in;
		out.dim[out.rank - 1] = weights->dim[0];
	} else {
		out = (struct dla_shape){ .rank = 2, .dim = {
			(int32_t)(elements / weights->dim[1]), weights->dim[0] } };
	}
	err = need_shape(op, op_output(op), &out);
	return err ? err : read_activation(op, FULLY_CONNECTED_ACTIVATION);
}
