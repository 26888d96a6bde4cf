// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "tflite_op.h"
#include "tflite_schema.h"

/* What SOFTMAX and LOGISTIC make has this scale, so that 0 and almost 1 are representable. */
#define PROBABILITY_SCALE (1.0F / 256)

static const struct dla_tensor *input(const struct tflite_op *op, unsigned int i)
{
	return &op->graph->tensor[op->op->input[i]];
}

static const struct dla_tensor *output(const struct tflite_op *op)
{
	return &op->graph->tensor[op->op->output[0]];
}

static bool has_input(const struct tflite_op *op, unsigned int i)
{
	return i < op->op->input_count && op->op->input[i] != DLA_NO_TENSOR;
}

/* Fail because of a tensor: what follows is said of it. */
#define tensor_fail(op, err, which, fmt, ...) \
	dla_fail(err, TENSOR_FMT " " fmt, \
		 TENSOR_ARGS((op)->graph, (int)((which) - (op)->graph->tensor)), ##__VA_ARGS__)

struct shape_text {
	char text[80];
};

static struct shape_text shape_text(const struct dla_shape *shape)
{
	struct shape_text out = { "[" };
	size_t used = 1;

	for (unsigned int i = 0; i < shape->rank; i++)
		used += snprintf(out.text + used, sizeof(out.text) - used, "%s%d", i ? "," : "",
				 shape->dim[i]);
	snprintf(out.text + used, sizeof(out.text) - used, "]");
	return out;
}

static int need_shape(const struct tflite_op *op, const struct dla_tensor *tensor,
		      const struct dla_shape *shape)
{
	bool same = tensor->shape.rank == shape->rank;

	for (unsigned int i = 0; same && i < shape->rank; i++)
		same = tensor->shape.dim[i] == shape->dim[i];
	if (same)
		return 0;
	return tensor_fail(op, EINVAL, tensor, "has shape %s, but %s follows from the operator",
			   shape_text(&tensor->shape).text, shape_text(shape).text);
}

static int need_rank(const struct tflite_op *op, const struct dla_tensor *tensor, unsigned int rank)
{
	if (tensor->shape.rank == rank)
		return 0;
	return tensor_fail(op, EINVAL, tensor, "has shape %s; %u dimensions are needed",
			   shape_text(&tensor->shape).text, rank);
}

/* An 8-bit tensor with one scale. */
static int need_quantised(const struct tflite_op *op, const struct dla_tensor *tensor)
{
	if (tensor->type != DLA_INT8 && tensor->type != DLA_UINT8)
		return tensor_fail(op, EOPNOTSUPP, tensor, "is %s; int8 or uint8 is needed",
				   dla_type_name(tensor->type));
	if (tensor->quant.count != 1)
		return tensor_fail(op, EOPNOTSUPP, tensor, "has %u scales; 1 is needed",
				   tensor->quant.count);
	return 0;
}

static int need_type(const struct tflite_op *op, const struct dla_tensor *tensor,
		     enum dla_type type)
{
	if (tensor->type == type)
		return 0;
	return tensor_fail(op, EOPNOTSUPP, tensor, "is %s; %s is needed",
			   dla_type_name(tensor->type), dla_type_name(type));
}

/* First input and output: 8 bits, the same type. */
static int need_quantised_pair(const struct tflite_op *op)
{
	int err = need_quantised(op, input(op, 0));

	if (!err)
		err = need_quantised(op, output(op));
	return err ? err : need_type(op, output(op), input(op, 0)->type);
}

/*
 * The operator moves values as they are stored, so scale and zero point must not change. Converters
 * compute the same scale in ways that round differently.
 */
static int need_same_quant(const struct tflite_op *op, const struct dla_tensor *a)
{
	const struct dla_tensor *b = output(op);

	if (fabsf(a->quant.scale[0] - b->quant.scale[0]) > 1e-5F * b->quant.scale[0] ||
	    a->quant.zero_point[0] != b->quant.zero_point[0])
		return tensor_fail(op, EOPNOTSUPP, a,
				   "has scale %g and zero point %d, but the output "
				   "has %g and %d; they must be equal",
				   (double)a->quant.scale[0], a->quant.zero_point[0],
				   (double)b->quant.scale[0], b->quant.zero_point[0]);
	return 0;
}

/* For operators that only move elements. */
static int need_movable(const struct tflite_op *op, const struct dla_tensor *tensor)
{
	int err;

	if (tensor->type == DLA_FLOAT32)
		return need_type(op, output(op), DLA_FLOAT32);
	err = need_quantised(op, tensor);
	if (!err)
		err = need_type(op, output(op), tensor->type);
	if (!err)
		err = need_quantised(op, output(op));
	return err ? err : need_same_quant(op, tensor);
}

/* A constant list of at most limit integers, as shapes and axes are given. */
static int read_list(const struct tflite_op *op, unsigned int i, unsigned int limit,
		     int32_t list[], unsigned int *count)
{
	const struct dla_tensor *tensor = input(op, i);
	size_t elements = dla_shape_elements(&tensor->shape);
	int err = need_type(op, tensor, DLA_INT32);

	if (err)
		return err;
	if (!tensor->data)
		return tensor_fail(op, EOPNOTSUPP, tensor, "is computed; a constant is needed");
	if (elements > limit)
		return tensor_fail(op, EINVAL, tensor,
				   "has %zu elements; at most %u have a meaning", elements, limit);
	memcpy(list, tensor->data, tensor->bytes);
	*count = elements;
	return 0;
}

/* The same, with exactly count integers. */
static int read_exact_list(const struct tflite_op *op, unsigned int i, unsigned int count,
			   int32_t list[])
{
	unsigned int found = 0;
	int err = read_list(op, i, count, list, &found);

	if (err || found == count)
		return err;
	return tensor_fail(op, EINVAL, input(op, i), "has %u elements; %u are needed", found,
			   count);
}

static int read_activation(struct tflite_op *op, unsigned int field)
{
	int8_t stored = fb_i8(op->fb, &op->options, field, ACTIVATION_NONE);

	switch (stored) {
	case ACTIVATION_NONE:
		op->op->activation = DLA_ACT_NONE;
		return 0;
	case ACTIVATION_RELU:
		op->op->activation = DLA_ACT_RELU;
		return 0;
	case ACTIVATION_RELU_N1_TO_1:
		op->op->activation = DLA_ACT_RELU_N1_TO_1;
		return 0;
	case ACTIVATION_RELU6:
		op->op->activation = DLA_ACT_RELU6;
		return 0;
	}
	return dla_fail(EOPNOTSUPP, "the fused activation %d is not supported", stored);
}

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
	const struct dla_tensor *weights = input(op, 1);
	const struct dla_quant *quant = &weights->quant;
	int err = need_type(op, weights, input(op, 0)->type);

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

static int need_bias(const struct tflite_op *op, int32_t channels)
{
	const struct dla_tensor *bias;
	int err;

	if (!has_input(op, 2))
		return 0;
	bias = input(op, 2);
	err = need_type(op, bias, DLA_INT32);
	if (!err)
		err = need_constant(op, bias);
	if (!err && dla_shape_elements(&bias->shape) != (size_t)channels)
		err = tensor_fail(op, EINVAL, bias,
				  "has shape %s, but there are %d output channels",
				  shape_text(&bias->shape).text, channels);
	return err;
}

static int read_conv_2d(struct tflite_op *op)
{
	const struct dla_shape *in = &input(op, 0)->shape, *weights = &input(op, 1)->shape;
	struct dla_window *window = &op->op->window;
	struct dla_shape out;
	int err;

	*window = (struct dla_window){
		.stride_h = fb_i32(op->fb, &op->options, CONV_STRIDE_H, 0),
		.stride_w = fb_i32(op->fb, &op->options, CONV_STRIDE_W, 0),
		.dilation_h = fb_i32(op->fb, &op->options, CONV_DILATION_H, 1),
		.dilation_w = fb_i32(op->fb, &op->options, CONV_DILATION_W, 1),
	};
	err = need_quantised_pair(op);
	if (!err)
		err = need_rank(op, input(op, 0), 4);
	if (!err)
		err = need_rank(op, input(op, 1), 4);
	if (!err)
		err = need_weights(op, 0);
	if (!err)
		err = need_bias(op, weights->dim[0]);
	if (!err && weights->dim[3] != in->dim[3])
		err = tensor_fail(op, EOPNOTSUPP, input(op, 1),
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
		err = need_shape(op, output(op), &out);
	return err ? err : read_activation(op, CONV_ACTIVATION);
}

static int read_depthwise_conv_2d(struct tflite_op *op)
{
	const struct dla_shape *in = &input(op, 0)->shape, *weights = &input(op, 1)->shape;
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
	err = need_quantised_pair(op);
	if (!err)
		err = need_rank(op, input(op, 0), 4);
	if (!err)
		err = need_rank(op, input(op, 1), 4);
	if (!err)
		err = need_weights(op, 3);
	if (!err)
		err = need_bias(op, weights->dim[3]);
	if (err)
		return err;
	/* The multiplier follows from the shapes; some writers leave it out. */
	if (weights->dim[0] != 1 || weights->dim[3] % in->dim[3] != 0 ||
	    (multiplier && weights->dim[3] / in->dim[3] != multiplier))
		return tensor_fail(op, EINVAL, input(op, 1),
				   "has shape %s, which does not fit %d input "
				   "channels with multiplier %d",
				   shape_text(weights).text, in->dim[3], multiplier);
	window->kernel_h = weights->dim[1];
	window->kernel_w = weights->dim[2];
	err = place_windows(window, fb_i8(op->fb, &op->options, DEPTHWISE_PADDING, PADDING_SAME),
			    in, &out);
	out.dim[3] = weights->dim[3];
	if (!err)
		err = need_shape(op, output(op), &out);
	return err ? err : read_activation(op, DEPTHWISE_ACTIVATION);
}

static int read_pool_2d(struct tflite_op *op)
{
	const struct dla_shape *in = &input(op, 0)->shape;
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
		err = need_same_quant(op, input(op, 0));
	if (!err)
		err = need_rank(op, input(op, 0), 4);
	if (!err)
		err = place_windows(window, fb_i8(op->fb, &op->options, POOL_PADDING, PADDING_SAME),
				    in, &out);
	if (err)
		return err;
	out.dim[3] = in->dim[3];
	err = need_shape(op, output(op), &out);
	return err ? err : read_activation(op, POOL_ACTIVATION);
}

static int read_fully_connected(struct tflite_op *op)
{
	bool keep_dims = fb_u8(op->fb, &op->options, FULLY_CONNECTED_KEEP_DIMS, 0);
	int8_t format = fb_i8(op->fb, &op->options, FULLY_CONNECTED_FORMAT, 0);
	const struct dla_shape *in = &input(op, 0)->shape, *weights = &input(op, 1)->shape;
	size_t elements = dla_shape_elements(in);
	struct dla_shape out;
	int err;

	if (format)
		return dla_fail(EOPNOTSUPP, "weights in format %d are not supported", format);
	err = need_quantised_pair(op);
	if (!err)
		err = need_rank(op, input(op, 1), 2);
	if (!err)
		err = need_weights(op, 0);
	if (!err)
		err = need_bias(op, weights->dim[0]);
	if (err)
		return err;
	if (elements % weights->dim[1] != 0 ||
	    (keep_dims && (!in->rank || in->dim[in->rank - 1] != weights->dim[1])))
		return tensor_fail(op, EINVAL, input(op, 0),
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
	err = need_shape(op, output(op), &out);
	return err ? err : read_activation(op, FULLY_CONNECTED_ACTIVATION);
}

/* i counts from the innermost axis; axes in front of a shape's own have 1 element. */
static int32_t dim_from_end(const struct dla_shape *shape, unsigned int i)
{
	return i < shape->rank ? shape->dim[shape->rank - 1 - i] : 1;
}

static int read_arithmetic(struct tflite_op *op)
{
	const struct dla_shape *a = &input(op, 0)->shape, *b = &input(op, 1)->shape;
	struct dla_shape out = { .rank = a->rank > b->rank ? a->rank : b->rank };
	int err = need_quantised_pair(op);

	if (!err)
		err = need_quantised(op, input(op, 1));
	if (!err)
		err = need_type(op, input(op, 1), input(op, 0)->type);
	for (unsigned int i = 0; !err && i < out.rank; i++) {
		int32_t da = dim_from_end(a, i), db = dim_from_end(b, i);

		if (da != db && da != 1 && db != 1)
			err = dla_fail(EINVAL, "shapes %s and %s cannot be broadcast",
				       shape_text(a).text, shape_text(b).text);
		out.dim[out.rank - 1 - i] = da > db ? da : db;
	}
	if (!err)
		err = need_shape(op, output(op), &out);
	return err ? err : read_activation(op, ARITHMETIC_ACTIVATION);
}

/* Count an axis from the end when negative. */
static int resolve_axis(int32_t axis, unsigned int rank, unsigned int *resolved)
{
	int64_t index = axis < 0 ? (int64_t)axis + rank : axis;

	if (index < 0 || index >= rank)
		return dla_fail(EINVAL, "axis %d of %u", axis, rank);
	*resolved = (unsigned int)index;
	return 0;
}

static int read_concatenation(struct tflite_op *op)
{
	int32_t axis = fb_i32(op->fb, &op->options, CONCATENATION_AXIS, 0);
	struct dla_shape out = input(op, 0)->shape;
	int err = resolve_axis(axis, out.rank, &op->op->concat.axis);
	int64_t extent = 0;

	if (!err)
		err = read_activation(op, CONCATENATION_ACTIVATION);
	if (!err && op->op->activation != DLA_ACT_NONE)
		err = dla_fail(EOPNOTSUPP, "a fused activation is not supported here");
	for (unsigned int i = 0; !err && i < op->op->input_count; i++) {
		const struct dla_tensor *part = input(op, i);
		struct dla_shape expected = out;

		err = need_movable(op, part);
		if (!err)
			err = need_rank(op, part, out.rank);
		if (err)
			return err;
		extent += part->shape.dim[op->op->concat.axis];
		if (extent > INT32_MAX)
			return dla_fail(E2BIG, "the parts are longer than 2 GiB");
		expected.dim[op->op->concat.axis] = part->shape.dim[op->op->concat.axis];
		err = need_shape(op, part, &expected);
	}
	if (err)
		return err;
	out.dim[op->op->concat.axis] = (int32_t)extent;
	return need_shape(op, output(op), &out);
}

static int read_pad(struct tflite_op *op)
{
	struct dla_shape out = input(op, 0)->shape;
	int32_t paddings[2 * DLA_MAX_RANK] = { 0 };
	int err = need_movable(op, input(op, 0));

	if (!err)
		err = read_exact_list(op, 1, 2 * out.rank, paddings);
	for (unsigned int i = 0; !err && i < out.rank; i++) {
		int32_t before = paddings[(size_t)2 * i], after = paddings[(size_t)2 * i + 1];

		if (before < 0 || after < 0)
			return dla_fail(EINVAL, "padding of %d and %d", before, after);
		if (__builtin_add_overflow(out.dim[i], before, &out.dim[i]) ||
		    __builtin_add_overflow(out.dim[i], after, &out.dim[i]))
			return dla_fail(E2BIG, "padding of %d and %d", before, after);
		op->op->pad.before[i] = before;
	}
	return err ? err : need_shape(op, output(op), &out);
}

/* One dimension may be -1, for what is left. */
static int resolve_reshape(const struct tflite_op *op, const int32_t dims[], unsigned int count,
			   struct dla_shape *out)
{
	size_t elements = dla_shape_elements(&input(op, 0)->shape), known = 1;
	int unknown = -1;

	if (count > DLA_MAX_RANK)
		return dla_fail(EOPNOTSUPP, "%u dimensions; at most %d are supported", count,
				DLA_MAX_RANK);
	out->rank = count;
	for (unsigned int i = 0; i < count; i++) {
		out->dim[i] = dims[i];
		if (dims[i] == -1 && unknown < 0)
			unknown = (int)i;
		else if (dims[i] < 1 || known > (size_t)INT32_MAX / dims[i])
			return dla_fail(EINVAL, "dimension %u of the new shape is %d", i, dims[i]);
		else
			known *= dims[i];
	}
	if (unknown >= 0) {
		out->dim[unknown] = (int32_t)(elements / known);
		known *= elements / known;
	}
	if (known != elements)
		return tensor_fail(op, EINVAL, input(op, 0),
				   "has %zu elements; the new shape does not", elements);
	return 0;
}

static int read_reshape(struct tflite_op *op)
{
	struct fb_vector option = fb_vector(op->fb, &op->options, RESHAPE_NEW_SHAPE, 4);
	struct dla_shape out = { 0 };
	int32_t dims[DLA_MAX_RANK] = { 0 };
	unsigned int count = 0;
	int err = need_movable(op, input(op, 0));

	if (!err && has_input(op, 1)) {
		err = read_list(op, 1, DLA_MAX_RANK, dims, &count);
	} else {
		count = option.count;
		for (uint32_t i = 0; i < count && i < DLA_MAX_RANK; i++)
			dims[i] = fb_vector_i32(op->fb, &option, i);
	}
	if (!err)
		err = resolve_reshape(op, dims, count, &out);
	return err ? err : need_shape(op, output(op), &out);
}

static int read_mean(struct tflite_op *op)
{
	bool keep_dims = fb_u8(op->fb, &op->options, REDUCER_KEEP_DIMS, 0);
	const struct dla_shape *in = &input(op, 0)->shape;
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
	return need_shape(op, output(op), &out);
}

static int need_probability(const struct tflite_op *op)
{
	const struct dla_quant *quant = &output(op)->quant;
	int32_t zero_point = output(op)->type == DLA_INT8 ? INT8_MIN : 0;

	if (quant->scale[0] == PROBABILITY_SCALE && quant->zero_point[0] == zero_point)
		return 0;
	return tensor_fail(op, EOPNOTSUPP, output(op),
			   "has scale %g and zero point %d; 1/256 and %d "
			   "are needed",
			   (double)quant->scale[0], quant->zero_point[0], zero_point);
}

static int read_logistic(struct tflite_op *op)
{
	int err = need_quantised_pair(op);

	if (!err)
		err = need_shape(op, output(op), &input(op, 0)->shape);
	return err ? err : need_probability(op);
}

static int read_softmax(struct tflite_op *op)
{
	float beta = fb_f32(op->fb, &op->options, SOFTMAX_BETA, 0);

	if (!isfinite(beta) || beta <= 0)
		return dla_fail(EINVAL, "beta is %g", (double)beta);
	if (!input(op, 0)->shape.rank)
		return tensor_fail(op, EINVAL, input(op, 0), "has no dimension");
	op->op->softmax.beta = beta;
	return read_logistic(op);
}

static int read_quantize(struct tflite_op *op)
{
	int err = need_quantised(op, output(op));

	if (!err && input(op, 0)->type != DLA_FLOAT32)
		err = need_quantised(op, input(op, 0));
	return err ? err : need_shape(op, output(op), &input(op, 0)->shape);
}

static int read_dequantize(struct tflite_op *op)
{
	int err = need_quantised(op, input(op, 0));

	if (!err)
		err = need_type(op, output(op), DLA_FLOAT32);
	return err ? err : need_shape(op, output(op), &input(op, 0)->shape);
}

/* Where a slice begins or ends along an axis of that extent, by the rules of Python. */
static int32_t slice_edge(int64_t edge, int32_t extent, int32_t stride)
{
	int64_t first = stride > 0 ? 0 : -1, last = stride > 0 ? extent : extent - 1;

	if (edge < 0)
		edge += extent;
	return (int32_t)(edge < first ? first : edge > last ? last : edge);
}

static int read_slice_axis(struct tflite_op *op, unsigned int axis, int32_t begin, int32_t end,
			   int32_t stride)
{
	uint32_t begin_mask = fb_u32(op->fb, &op->options, SLICE_BEGIN_MASK, 0);
	uint32_t end_mask = fb_u32(op->fb, &op->options, SLICE_END_MASK, 0);
	uint32_t shrink_mask = fb_u32(op->fb, &op->options, SLICE_SHRINK_AXIS_MASK, 0);
	int32_t extent = input(op, 0)->shape.dim[axis], first, last;
	int64_t count;

	if (!stride)
		return dla_fail(EINVAL, "stride 0 along axis %u", axis);
	first = slice_edge(begin, extent, stride);
	if (begin_mask & 1U << axis)
		first = stride > 0 ? 0 : extent - 1;
	if (fb_u8(op->fb, &op->options, SLICE_OFFSET, 0))
		last = slice_edge((int64_t)first + end, extent, stride);
	else
		last = slice_edge(end, extent, stride);
	if (end_mask & 1U << axis)
		last = stride > 0 ? extent : -1;
	if (shrink_mask & 1U << axis) {
		count = first >= 0 && first < extent;
	} else {
		int64_t step = stride > 0 ? stride : -(int64_t)stride;
		int64_t length = stride > 0 ? (int64_t)last - first : (int64_t)first - last;

		count = (length + step - 1) / step;
	}
	if (count < 1)
		return dla_fail(EINVAL, "takes nothing of axis %u", axis);
	op->op->slice.begin[axis] = first;
	op->op->slice.stride[axis] = stride;
	op->op->slice.count[axis] = (int32_t)count;
	return 0;
}

static int read_strided_slice(struct tflite_op *op)
{
	uint32_t shrink_mask = fb_u32(op->fb, &op->options, SLICE_SHRINK_AXIS_MASK, 0);
	int32_t begin[DLA_MAX_RANK] = { 0 }, end[DLA_MAX_RANK] = { 0 },
		stride[DLA_MAX_RANK] = { 0 };
	unsigned int rank = input(op, 0)->shape.rank;
	struct dla_shape out = { 0 };
	int err;

	if (fb_i32(op->fb, &op->options, SLICE_ELLIPSIS_MASK, 0) ||
	    fb_i32(op->fb, &op->options, SLICE_NEW_AXIS_MASK, 0))
		return dla_fail(EOPNOTSUPP, "an ellipsis or a new axis is not supported");
	err = need_movable(op, input(op, 0));
	if (!err)
		err = read_exact_list(op, 1, rank, begin);
	if (!err)
		err = read_exact_list(op, 2, rank, end);
	if (!err)
		err = read_exact_list(op, 3, rank, stride);
	for (unsigned int i = 0; !err && i < rank; i++) {
		err = read_slice_axis(op, i, begin[i], end[i], stride[i]);
		if (!err && !(shrink_mask & 1U << i))
			out.dim[out.rank++] = op->op->slice.count[i];
	}
	return err ? err : need_shape(op, output(op), &out);
}

static const struct tflite_kind kinds[] = {
	{ BUILTIN_ADD, DLA_OP_ADD, OPTIONS_ADD, 2, 2, 0, read_arithmetic },
	{ BUILTIN_AVERAGE_POOL_2D, DLA_OP_AVERAGE_POOL_2D, OPTIONS_POOL_2D, 1, 1, 0, read_pool_2d },
	{ BUILTIN_CONCATENATION, DLA_OP_CONCATENATION, OPTIONS_CONCATENATION, 1, UINT_MAX, 0,
	  read_concatenation },
	{ BUILTIN_CONV_2D, DLA_OP_CONV_2D, OPTIONS_CONV_2D, 2, 3, 1 << 2, read_conv_2d },
	{ BUILTIN_DEPTHWISE_CONV_2D, DLA_OP_DEPTHWISE_CONV_2D, OPTIONS_DEPTHWISE_CONV_2D, 2, 3,
	  1 << 2, read_depthwise_conv_2d },
	{ BUILTIN_DEQUANTIZE, DLA_OP_DEQUANTIZE, OPTIONS_NONE, 1, 1, 0, read_dequantize },
	{ BUILTIN_FULLY_CONNECTED, DLA_OP_FULLY_CONNECTED, OPTIONS_FULLY_CONNECTED, 2, 3, 1 << 2,
	  read_fully_connected },
	{ BUILTIN_LOGISTIC, DLA_OP_LOGISTIC, OPTIONS_NONE, 1, 1, 0, read_logistic },
	{ BUILTIN_MAX_POOL_2D, DLA_OP_MAX_POOL_2D, OPTIONS_POOL_2D, 1, 1, 0, read_pool_2d },
	{ BUILTIN_MEAN, DLA_OP_MEAN, OPTIONS_REDUCER, 2, 2, 0, read_mean },
	{ BUILTIN_MUL, DLA_OP_MUL, OPTIONS_MUL, 2, 2, 0, read_arithmetic },
	{ BUILTIN_PAD, DLA_OP_PAD, OPTIONS_NONE, 2, 2, 0, read_pad },
	{ BUILTIN_QUANTIZE, DLA_OP_QUANTIZE, OPTIONS_NONE, 1, 1, 0, read_quantize },
	{ BUILTIN_RESHAPE, DLA_OP_RESHAPE, OPTIONS_RESHAPE, 1, 2, 1 << 1, read_reshape },
	{ BUILTIN_SOFTMAX, DLA_OP_SOFTMAX, OPTIONS_SOFTMAX, 1, 1, 0, read_softmax },
	{ BUILTIN_STRIDED_SLICE, DLA_OP_STRIDED_SLICE, OPTIONS_STRIDED_SLICE, 4, 4, 0,
	  read_strided_slice },
};

const struct tflite_kind *tflite_kind(int32_t builtin)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].builtin == builtin)
			return &kinds[i];
	}
	return NULL;
}
