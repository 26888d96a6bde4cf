// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "error.h"
#include "kernel.h"

static const struct dla_cpu_kernel *const kernels[DLA_OP_KIND_COUNT] = {
	[DLA_OP_ADD] = &dla_cpu_arithmetic,
	[DLA_OP_AVERAGE_POOL_2D] = &dla_cpu_pool_2d,
	[DLA_OP_CONCATENATION] = &dla_cpu_concatenation,
	[DLA_OP_CONV_2D] = &dla_cpu_conv_2d,
	[DLA_OP_DEPTHWISE_CONV_2D] = &dla_cpu_depthwise_conv_2d,
	[DLA_OP_DEPTH_TO_SPACE] = &dla_cpu_block,
	[DLA_OP_DEQUANTIZE] = &dla_cpu_dequantize,
	[DLA_OP_EXPAND_DIMS] = &dla_cpu_reshape,
	[DLA_OP_FULLY_CONNECTED] = &dla_cpu_fully_connected,
	[DLA_OP_HARD_SWISH] = &dla_cpu_lookup,
	[DLA_OP_LEAKY_RELU] = &dla_cpu_lookup,
	[DLA_OP_LOGISTIC] = &dla_cpu_lookup,
	[DLA_OP_MAXIMUM] = &dla_cpu_arithmetic,
	[DLA_OP_MAX_POOL_2D] = &dla_cpu_pool_2d,
	[DLA_OP_MEAN] = &dla_cpu_mean,
	[DLA_OP_MINIMUM] = &dla_cpu_arithmetic,
	[DLA_OP_MIRROR_PAD] = &dla_cpu_mirror_pad,
	[DLA_OP_MUL] = &dla_cpu_arithmetic,
	[DLA_OP_PACK] = &dla_cpu_concatenation,
	[DLA_OP_PAD] = &dla_cpu_pad,
	[DLA_OP_PADV2] = &dla_cpu_pad,
	[DLA_OP_PRELU] = &dla_cpu_arithmetic,
	[DLA_OP_QUANTIZE] = &dla_cpu_quantize,
	[DLA_OP_RELU] = &dla_cpu_lookup,
	[DLA_OP_RELU6] = &dla_cpu_lookup,
	[DLA_OP_RELU_0_TO_1] = &dla_cpu_lookup,
	[DLA_OP_RELU_N1_TO_1] = &dla_cpu_lookup,
	[DLA_OP_RESHAPE] = &dla_cpu_reshape,
	[DLA_OP_RESIZE_BILINEAR] = &dla_cpu_resize,
	[DLA_OP_RESIZE_NEAREST_NEIGHBOR] = &dla_cpu_resize,
	[DLA_OP_SLICE] = &dla_cpu_strided_slice,
	[DLA_OP_SOFTMAX] = &dla_cpu_softmax,
	[DLA_OP_SPACE_TO_DEPTH] = &dla_cpu_block,
	[DLA_OP_SPLIT] = &dla_cpu_split,
	[DLA_OP_SPLIT_V] = &dla_cpu_split,
	[DLA_OP_SQUEEZE] = &dla_cpu_reshape,
	[DLA_OP_STRIDED_SLICE] = &dla_cpu_strided_slice,
	[DLA_OP_SUB] = &dla_cpu_arithmetic,
	[DLA_OP_TANH] = &dla_cpu_lookup,
	[DLA_OP_TRANSPOSE] = &dla_cpu_transpose,
	[DLA_OP_TRANSPOSE_CONV] = &dla_cpu_transpose_conv,
	[DLA_OP_UNPACK] = &dla_cpu_split,
};

void *dla_cpu_state(struct dla_cpu_op *op, size_t bytes)
{
	op->state = calloc(1, bytes);
	if (!op->state)
		dla_fail(ENOMEM, "%s: out of memory: %zu bytes", dla_op_kind_name(op->op->kind),
			 bytes);
	return op->state;
}

struct dla_cpu_q8 dla_cpu_q8(const struct dla_tensor *tensor)
{
	bool is_unsigned = tensor->type == DLA_UINT8;

	return (struct dla_cpu_q8){
		.flip = is_unsigned ? 0x80 : 0,
		.zero_point = tensor->quant.zero_point[0] - (is_unsigned ? 128 : 0),
		.scale = tensor->quant.scale[0],
	};
}

int32_t dla_cpu_quantised(float real, const struct dla_cpu_q8 *q)
{
	float steps = roundf(real / q->scale);

	/* Far enough for every zero point; this order also takes what is not a number. */
	steps = fminf(fmaxf(steps, -512), 512) + (float)q->zero_point;
	return (int32_t)fminf(fmaxf(steps, INT8_MIN), INT8_MAX);
}

struct dla_cpu_range dla_cpu_activation(enum dla_activation activation, const struct dla_cpu_q8 *q)
{
	struct dla_cpu_range range = { INT8_MIN, INT8_MAX };

	if (activation == DLA_ACT_RELU || activation == DLA_ACT_RELU6)
		range.min = dla_cpu_quantised(0, q);
	if (activation == DLA_ACT_RELU6)
		range.max = dla_cpu_quantised(6, q);
	if (activation == DLA_ACT_RELU_N1_TO_1) {
		range.min = dla_cpu_quantised(-1, q);
		range.max = dla_cpu_quantised(1, q);
	}
	return range;
}

int dla_cpu_prepare(const struct dla_graph *graph, unsigned int op, struct dla_cpu_op **prepared)
{
	struct dla_cpu_op *new = calloc(1, sizeof(*new));
	int err = 0;

	if (!new)
		return dla_fail_memory();
	new->graph = graph;
	new->op = &graph->op[op];
	new->kernel = kernels[new->op->kind];
	if (new->kernel->prepare)
		err = new->kernel->prepare(new);
	if (err) {
		dla_cpu_op_free(new);
		return err;
	}
	*prepared = new;
	return 0;
}

void dla_cpu_run(struct dla_cpu_op *op, void *const data[])
{
	op->kernel->run(op, data);
}

void dla_cpu_op_free(struct dla_cpu_op *op)
{
	if (op)
		free(op->state);
	free(op);
}
