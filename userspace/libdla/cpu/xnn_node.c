// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "../quantise.h"
#include "kernel.h"
#include "xnn.h"
#include "xnn_node.h"

/* Anything that XNNPACK does not do is said in this way; its own reasons go to nobody. */
#define ABSENT xnn_status_unsupported_parameter

static const struct dla_tensor *tensor_at(const struct dla_xnn_builder *b, int tensor)
{
	return &b->graph->tensor[tensor];
}

static enum xnn_datatype datatype(enum dla_type type)
{
	switch (type) {
	case DLA_INT8:
		return xnn_datatype_qint8;
	case DLA_UINT8:
		return xnn_datatype_quint8;
	case DLA_FLOAT32:
		return xnn_datatype_fp32;
	default:
		return xnn_datatype_invalid;
	}
}

static void dimensions(const struct dla_shape *shape, size_t *dims)
{
	for (unsigned int i = 0; i < shape->rank; i++)
		dims[i] = (size_t)shape->dim[i];
}

static enum xnn_status define_shaped(struct dla_xnn_builder *b, const struct dla_tensor *tensor, const void *data,
				     unsigned int rank, const size_t *dims, uint32_t external_id,
				     uint32_t flags, uint32_t *value)
{
	enum xnn_datatype type = datatype(tensor->type);

	if (type == xnn_datatype_fp32)
		return xnn_define_tensor_value(b->subgraph, type, rank, dims, data, external_id, flags, value);
	if (type == xnn_datatype_invalid || tensor->quant.count != 1)
		return ABSENT;
	return xnn_define_quantized_tensor_value(b->subgraph, type, tensor->quant.zero_point[0],
						 tensor->quant.scale[0], rank, dims, data, external_id, flags,
						 value);
}

enum xnn_status dla_xnn_define_value(struct dla_xnn_builder *b, int index, uint32_t external_id, uint32_t flags)
{
	const struct dla_tensor *tensor = tensor_at(b, index);
	size_t dims[DLA_MAX_RANK];
	void *data = NULL;

	if (tensor->data) {
		/* Read while it runs, and past its end. */
		data = dla_xnn_memory(b, tensor->bytes);
		if (!data)
			return xnn_status_out_of_memory;
		memcpy(data, tensor->data, tensor->bytes);
	}
	dimensions(&tensor->shape, dims);
	return define_shaped(b, tensor, data, tensor->shape.rank, dims, external_id, flags, &b->value[index]);
}

static enum xnn_status value_of(struct dla_xnn_builder *b, int tensor, uint32_t *value)
{
	enum xnn_status status = xnn_status_success;

	if (b->value[tensor] == XNN_INVALID_VALUE_ID)
		status = dla_xnn_define_value(b, tensor, XNN_INVALID_VALUE_ID, 0);
	*value = b->value[tensor];
	return status;
}

/* -------------------------------------------------------------------------- weights and biases */

/* Packed when the runtime is made, so they are read where they are. */
static enum xnn_status define_weights(struct dla_xnn_builder *b, const struct dla_tensor *weights, uint32_t *value)
{
	const struct dla_quant *quant = &weights->quant;
	size_t dims[DLA_MAX_RANK];

	dimensions(&weights->shape, dims);
	if (quant->count == 1)
		return define_shaped(b, weights, weights->data, weights->shape.rank, dims, XNN_INVALID_VALUE_ID, 0,
				     value);
	return xnn_define_channelwise_quantized_tensor_value(b->subgraph, xnn_datatype_qcint8, quant->scale,
							     weights->shape.rank, quant->axis, dims, weights->data,
							     XNN_INVALID_VALUE_ID, 0, value);
}

/* Whether what is below zero is not seen in the output. */
static bool drops_negatives(const struct dla_tensor *output, enum dla_activation activation)
{
	struct dla_cpu_q8 q = dla_cpu_q8(output);
	struct dla_cpu_range range = dla_cpu_activation(activation, &q);

	return range.min >= q.zero_point;
}

void dla_xnn_bias(const struct dla_graph *graph, const struct dla_op *op, size_t channels, float *scale, int32_t *bias)
{
	const struct dla_tensor *input = &graph->tensor[op->input[0]], *weights = &graph->tensor[op->input[1]];
	const struct dla_tensor *output = &graph->tensor[op->output[0]];
	bool per_channel = weights->quant.count > 1, nudge = drops_negatives(output, op->activation);

	for (unsigned int i = 0; i < weights->quant.count; i++)
		scale[i] = input->quant.scale[0] * weights->quant.scale[i];
	if (op->input_count > 2 && op->input[2] != DLA_NO_TENSOR)
		memcpy(bias, graph->tensor[op->input[2]].data, channels * sizeof(*bias));
	else
		memset(bias, 0, channels * sizeof(*bias));
	for (size_t i = 0; nudge && i < channels; i++) {
		double multiplier = (double)scale[per_channel ? i : 0] / (double)output->quant.scale[0];

		bias[i] += dla_double_rounding_nudge(multiplier) > 0 && bias[i] < INT32_MAX;
	}
}

static enum xnn_status define_bias(struct dla_xnn_builder *b, const struct dla_op *op, size_t channels,
				   uint32_t *value)
{
	unsigned int scales = tensor_at(b, op->input[1])->quant.count;
	float *scale = dla_xnn_memory(b, scales * sizeof(*scale));
	int32_t *bias = dla_xnn_memory(b, channels * sizeof(*bias));

	if (!scale || !bias)
		return xnn_status_out_of_memory;
	dla_xnn_bias(b->graph, op, channels, scale, bias);
	if (scales > 1)
		return xnn_define_channelwise_quantized_tensor_value(b->subgraph, xnn_datatype_qcint32, scale, 1, 0,
								     &channels, bias, XNN_INVALID_VALUE_ID, 0, value);
	return xnn_define_quantized_tensor_value(b->subgraph, xnn_datatype_qint32, 0, scale[0], 1, &channels, bias,
						 XNN_INVALID_VALUE_ID, 0, value);
}

/* What a node has in common with most others. */
struct operands {
	uint32_t input, other, weights, bias, output;
	float low, high;	/* of the output, real */
};

static void limits(const struct dla_tensor *output, enum dla_activation activation, struct operands *o)
{
	struct dla_cpu_range range;
	struct dla_cpu_q8 q;

	o->low = -INFINITY;
	o->high = INFINITY;
	if (activation == DLA_ACT_NONE || output->quant.count != 1)
		return;
	q = dla_cpu_q8(output);
	range = dla_cpu_activation(activation, &q);
	if (range.min > INT8_MIN)
		o->low = (float)(range.min - q.zero_point) * q.scale;
	if (range.max < INT8_MAX)
		o->high = (float)(range.max - q.zero_point) * q.scale;
}

static enum xnn_status find_operands(struct dla_xnn_builder *b, const struct dla_op *op, struct operands *o)
{
	enum xnn_status status = value_of(b, op->input[0], &o->input);

	o->output = XNN_INVALID_VALUE_ID;
	if (status == xnn_status_success)
		status = value_of(b, op->output[0], &o->output);
	limits(tensor_at(b, op->output[0]), op->activation, o);
	return status;
}

static enum xnn_status find_weights(struct dla_xnn_builder *b, const struct dla_op *op, size_t channels,
				    struct operands *o)
{
	enum xnn_status status = find_operands(b, op, o);

	if (status == xnn_status_success)
		status = define_weights(b, tensor_at(b, op->input[1]), &o->weights);
	if (status == xnn_status_success)
		status = define_bias(b, op, channels, &o->bias);
	return status;
}

/* --------------------------------------------------------------------------------------- nodes */

static enum xnn_status define_conv_2d(struct dla_xnn_builder *b, const struct dla_op *op)
{
	const struct dla_shape *weights = &tensor_at(b, op->input[1])->shape;
	const struct dla_window *w = &op->window;
	size_t kernels = (size_t)weights->dim[0];
	struct operands o;
	enum xnn_status status = find_weights(b, op, kernels, &o);

	if (status != xnn_status_success)
		return status;
	return xnn_define_convolution_2d(b->subgraph, (uint32_t)w->pad_top, (uint32_t)w->pad_right,
					 (uint32_t)w->pad_bottom, (uint32_t)w->pad_left, (uint32_t)w->kernel_h,
					 (uint32_t)w->kernel_w, (uint32_t)w->stride_h, (uint32_t)w->stride_w,
					 (uint32_t)w->dilation_h, (uint32_t)w->dilation_w, 1,
					 (size_t)weights->dim[3], kernels, o.low, o.high, o.input, o.weights, o.bias,
					 o.output, 0);
}

static enum xnn_status define_depthwise(struct dla_xnn_builder *b, const struct dla_op *op)
{
	size_t inputs = (size_t)tensor_at(b, op->input[0])->shape.dim[3];
	size_t outputs = (size_t)tensor_at(b, op->input[1])->shape.dim[3];
	const struct dla_window *w = &op->window;
	struct operands o;
	enum xnn_status status = find_weights(b, op, outputs, &o);

	if (status != xnn_status_success)
		return status;
	return xnn_define_depthwise_convolution_2d(b->subgraph, (uint32_t)w->pad_top, (uint32_t)w->pad_right,
						   (uint32_t)w->pad_bottom, (uint32_t)w->pad_left,
						   (uint32_t)w->kernel_h, (uint32_t)w->kernel_w,
						   (uint32_t)w->stride_h, (uint32_t)w->stride_w,
						   (uint32_t)w->dilation_h, (uint32_t)w->dilation_w,
						   (uint32_t)(outputs / inputs), inputs, o.low, o.high, o.input,
						   o.weights, o.bias, o.output, 0);
}

/* It has no scale per channel here, but a convolution of one pixel does the same. */
static enum xnn_status define_channelwise_fully_connected(struct dla_xnn_builder *b, const struct dla_op *op)
{
	const struct dla_tensor *input = tensor_at(b, op->input[0]), *output = tensor_at(b, op->output[0]);
	const struct dla_tensor *weights = tensor_at(b, op->input[1]);
	size_t kernels = (size_t)weights->shape.dim[0], channels = (size_t)weights->shape.dim[1];
	size_t from[4] = { dla_shape_elements(&input->shape) / channels, 1, 1, channels };
	size_t to[4] = { from[0], 1, 1, kernels }, kernel[4] = { kernels, 1, 1, channels };
	size_t dims[DLA_MAX_RANK];
	uint32_t pixel, answer;
	struct operands o;
	enum xnn_status status = find_operands(b, op, &o);

	if (status == xnn_status_success)
		status = define_bias(b, op, kernels, &o.bias);
	if (status == xnn_status_success)
		status = xnn_define_channelwise_quantized_tensor_value(b->subgraph, xnn_datatype_qcint8,
								       weights->quant.scale, 4, 0, kernel,
								       weights->data, XNN_INVALID_VALUE_ID, 0,
								       &o.weights);
	if (status == xnn_status_success)
		status = define_shaped(b, input, NULL, 4, from, XNN_INVALID_VALUE_ID, 0, &pixel);
	if (status == xnn_status_success)
		status = define_shaped(b, output, NULL, 4, to, XNN_INVALID_VALUE_ID, 0, &answer);
	if (status == xnn_status_success)
		status = xnn_define_static_reshape(b->subgraph, 4, from, o.input, pixel, 0);
	if (status == xnn_status_success)
		status = xnn_define_convolution_2d(b->subgraph, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, channels, kernels,
						   o.low, o.high, pixel, o.weights, o.bias, answer, 0);
	if (status != xnn_status_success)
		return status;
	dimensions(&output->shape, dims);
	return xnn_define_static_reshape(b->subgraph, output->shape.rank, dims, answer, o.output, 0);
}

static enum xnn_status define_fully_connected(struct dla_xnn_builder *b, const struct dla_op *op)
{
	const struct dla_tensor *weights = tensor_at(b, op->input[1]);
	struct operands o;
	enum xnn_status status;

	if (weights->quant.count > 1)
		return define_channelwise_fully_connected(b, op);
	status = find_weights(b, op, (size_t)weights->shape.dim[0], &o);
	if (status != xnn_status_success)
		return status;
	return xnn_define_fully_connected(b->subgraph, o.low, o.high, o.input, o.weights, o.bias, o.output,
					  XNN_FLAG_TENSORFLOW_RESHAPE_2D);
}

static enum xnn_status define_elementwise(struct dla_xnn_builder *b, const struct dla_op *op)
{
	struct operands o;
	enum xnn_status status = find_operands(b, op, &o);

	if (status == xnn_status_success)
		status = value_of(b, op->input[1], &o.other);
	if (status != xnn_status_success)
		return status;
	if (op->kind == DLA_OP_ADD)
		return xnn_define_add2(b->subgraph, o.low, o.high, o.input, o.other, o.output, 0);
	if (op->kind == DLA_OP_SUB)
		return xnn_define_subtract(b->subgraph, o.low, o.high, o.input, o.other, o.output, 0);
	return xnn_define_multiply2(b->subgraph, o.low, o.high, o.input, o.other, o.output, 0);
}

static enum xnn_status define_max_pool(struct dla_xnn_builder *b, const struct dla_op *op)
{
	const struct dla_window *w = &op->window;
	struct operands o;
	enum xnn_status status = find_operands(b, op, &o);

	if (status != xnn_status_success)
		return status;
	return xnn_define_max_pooling_2d(b->subgraph, (uint32_t)w->pad_top, (uint32_t)w->pad_right,
					 (uint32_t)w->pad_bottom, (uint32_t)w->pad_left, (uint32_t)w->kernel_h,
					 (uint32_t)w->kernel_w, (uint32_t)w->stride_h, (uint32_t)w->stride_w, 1, 1,
					 o.low, o.high, o.input, o.output, 0);
}

/* Over all pixels; the output may have another rank than the node wants to see. */
static enum xnn_status define_global_average(struct dla_xnn_builder *b, const struct dla_op *op)
{
	const struct dla_tensor *input = tensor_at(b, op->input[0]), *output = tensor_at(b, op->output[0]);
	size_t dims[4] = { (size_t)input->shape.dim[0], 1, 1, (size_t)input->shape.dim[3] };
	uint32_t mean;
	struct operands o;
	enum xnn_status status = find_operands(b, op, &o);

	if (status != xnn_status_success)
		return status;
	if (output->shape.rank == 4)
		return xnn_define_global_average_pooling_2d(b->subgraph, o.low, o.high, o.input, o.output, 0);
	status = define_shaped(b, output, NULL, 4, dims, XNN_INVALID_VALUE_ID, 0, &mean);
	if (status == xnn_status_success)
		status = xnn_define_global_average_pooling_2d(b->subgraph, o.low, o.high, o.input, mean, 0);
	if (status != xnn_status_success)
		return status;
	dimensions(&output->shape, dims);
	return xnn_define_static_reshape(b->subgraph, output->shape.rank, dims, mean, o.output, 0);
}

static enum xnn_status define_average_pool(struct dla_xnn_builder *b, const struct dla_op *op)
{
	const struct dla_shape *input = &tensor_at(b, op->input[0])->shape;
	const struct dla_window *w = &op->window;

	if (w->kernel_h != input->dim[1] || w->kernel_w != input->dim[2] ||
	    w->pad_top || w->pad_bottom || w->pad_left || w->pad_right)
		return ABSENT;
	return define_global_average(b, op);
}

static enum xnn_status define_mean(struct dla_xnn_builder *b, const struct dla_op *op)
{
	const struct dla_tensor *input = tensor_at(b, op->input[0]), *output = tensor_at(b, op->output[0]);

	if (input->shape.rank != 4 || op->mean.axes != (1u << 1 | 1u << 2) || output->shape.rank > 4)
		return ABSENT;
	return define_global_average(b, op);
}

/*
 * TensorFlow Lite's kernel answers with 0 or 1 from a number of steps on that it rounds down: with coarser
 * ones that is before the sigmoid is there.
 */
#define SIGMOID_SCALE_MAX 1

static enum xnn_status define_sigmoid(struct dla_xnn_builder *b, const struct dla_op *op)
{
	struct operands o;
	enum xnn_status status = find_operands(b, op, &o);

	if (tensor_at(b, op->input[0])->quant.scale[0] > SIGMOID_SCALE_MAX)
		return ABSENT;
	return status == xnn_status_success ? xnn_define_sigmoid(b->subgraph, o.input, o.output, 0) : status;
}

static enum xnn_status define_convert(struct dla_xnn_builder *b, const struct dla_op *op)
{
	struct operands o;
	enum xnn_status status = find_operands(b, op, &o);

	return status == xnn_status_success ? xnn_define_convert(b->subgraph, o.input, o.output, 0) : status;
}

static enum xnn_status define_reshape(struct dla_xnn_builder *b, const struct dla_op *op)
{
	const struct dla_shape *shape = &tensor_at(b, op->output[0])->shape;
	size_t dims[DLA_MAX_RANK];
	struct operands o;
	enum xnn_status status = find_operands(b, op, &o);

	dimensions(shape, dims);
	if (status != xnn_status_success)
		return status;
	return xnn_define_static_reshape(b->subgraph, shape->rank, dims, o.input, o.output, 0);
}

static enum xnn_status define_pad(struct dla_xnn_builder *b, const struct dla_op *op)
{
	const struct dla_shape *input = &tensor_at(b, op->input[0])->shape;
	const struct dla_shape *output = &tensor_at(b, op->output[0])->shape;
	size_t before[DLA_MAX_RANK], after[DLA_MAX_RANK];
	struct operands o;
	enum xnn_status status = find_operands(b, op, &o);

	if (status != xnn_status_success)
		return status;
	for (unsigned int i = 0; i < input->rank; i++) {
		before[i] = (size_t)op->pad.before[i];
		after[i] = (size_t)(output->dim[i] - input->dim[i] - op->pad.before[i]);
	}
	return xnn_define_static_constant_pad(b->subgraph, before, after, 0, o.input, o.output, 0);
}

static enum xnn_status (*const define[DLA_OP_KIND_COUNT])(struct dla_xnn_builder *b, const struct dla_op *op) = {
	[DLA_OP_ADD] = define_elementwise,
	[DLA_OP_AVERAGE_POOL_2D] = define_average_pool,
	[DLA_OP_CONV_2D] = define_conv_2d,
	[DLA_OP_DEPTHWISE_CONV_2D] = define_depthwise,
	[DLA_OP_DEQUANTIZE] = define_convert,
	[DLA_OP_EXPAND_DIMS] = define_reshape,
	[DLA_OP_FULLY_CONNECTED] = define_fully_connected,
	[DLA_OP_LOGISTIC] = define_sigmoid,
	[DLA_OP_MAX_POOL_2D] = define_max_pool,
	[DLA_OP_MEAN] = define_mean,
	[DLA_OP_MUL] = define_elementwise,
	[DLA_OP_PAD] = define_pad,
	[DLA_OP_QUANTIZE] = define_convert,
	[DLA_OP_RESHAPE] = define_reshape,
	[DLA_OP_SQUEEZE] = define_reshape,
	[DLA_OP_SUB] = define_elementwise,
};

bool dla_xnn_may_have(enum dla_op_kind kind)
{
	return define[kind];
}

enum xnn_status dla_xnn_define_node(struct dla_xnn_builder *b, const struct dla_op *op)
{
	return define[op->kind] ? define[op->kind](b, op) : ABSENT;
}
