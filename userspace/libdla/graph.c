// SPDX-License-Identifier: MIT
#include "arena.h"
#include "graph.h"

size_t dla_type_size(enum dla_type type)
{
	static const unsigned char size[] = {
		[DLA_INT8] = 1, [DLA_UINT8] = 1, [DLA_INT16] = 2, [DLA_INT32] = 4,
		[DLA_INT64] = 8, [DLA_FLOAT32] = 4, [DLA_BOOL] = 1,
	};

	return size[type];
}

const char *dla_type_name(enum dla_type type)
{
	static const char *const name[] = {
		[DLA_INT8] = "int8", [DLA_UINT8] = "uint8", [DLA_INT16] = "int16",
		[DLA_INT32] = "int32", [DLA_INT64] = "int64", [DLA_FLOAT32] = "float32",
		[DLA_BOOL] = "bool",
	};

	return name[type];
}

const char *dla_op_kind_name(enum dla_op_kind kind)
{
	static const char *const name[DLA_OP_KIND_COUNT] = {
		[DLA_OP_ADD] = "ADD",
		[DLA_OP_AVERAGE_POOL_2D] = "AVERAGE_POOL_2D",
		[DLA_OP_CONCATENATION] = "CONCATENATION",
		[DLA_OP_CONV_2D] = "CONV_2D",
		[DLA_OP_DEPTHWISE_CONV_2D] = "DEPTHWISE_CONV_2D",
		[DLA_OP_DEPTH_TO_SPACE] = "DEPTH_TO_SPACE",
		[DLA_OP_DEQUANTIZE] = "DEQUANTIZE",
		[DLA_OP_EXPAND_DIMS] = "EXPAND_DIMS",
		[DLA_OP_FULLY_CONNECTED] = "FULLY_CONNECTED",
		[DLA_OP_HARD_SWISH] = "HARD_SWISH",
		[DLA_OP_LEAKY_RELU] = "LEAKY_RELU",
		[DLA_OP_LOGISTIC] = "LOGISTIC",
		[DLA_OP_MAXIMUM] = "MAXIMUM",
		[DLA_OP_MAX_POOL_2D] = "MAX_POOL_2D",
		[DLA_OP_MEAN] = "MEAN",
		[DLA_OP_MINIMUM] = "MINIMUM",
		[DLA_OP_MIRROR_PAD] = "MIRROR_PAD",
		[DLA_OP_MUL] = "MUL",
		[DLA_OP_PACK] = "PACK",
		[DLA_OP_PAD] = "PAD",
		[DLA_OP_PADV2] = "PADV2",
		[DLA_OP_PRELU] = "PRELU",
		[DLA_OP_QUANTIZE] = "QUANTIZE",
		[DLA_OP_RELU] = "RELU",
		[DLA_OP_RELU6] = "RELU6",
		[DLA_OP_RELU_0_TO_1] = "RELU_0_TO_1",
		[DLA_OP_RELU_N1_TO_1] = "RELU_N1_TO_1",
		[DLA_OP_RESHAPE] = "RESHAPE",
		[DLA_OP_RESIZE_BILINEAR] = "RESIZE_BILINEAR",
		[DLA_OP_RESIZE_NEAREST_NEIGHBOR] = "RESIZE_NEAREST_NEIGHBOR",
		[DLA_OP_SLICE] = "SLICE",
		[DLA_OP_SOFTMAX] = "SOFTMAX",
		[DLA_OP_SPACE_TO_DEPTH] = "SPACE_TO_DEPTH",
		[DLA_OP_SPLIT] = "SPLIT",
		[DLA_OP_SPLIT_V] = "SPLIT_V",
		[DLA_OP_SQUEEZE] = "SQUEEZE",
		[DLA_OP_STRIDED_SLICE] = "STRIDED_SLICE",
		[DLA_OP_SUB] = "SUB",
		[DLA_OP_TANH] = "TANH",
		[DLA_OP_TRANSPOSE] = "TRANSPOSE",
		[DLA_OP_TRANSPOSE_CONV] = "TRANSPOSE_CONV",
		[DLA_OP_UNPACK] = "UNPACK",
	};

	return name[kind];
}

bool dla_op_is_view(enum dla_op_kind kind)
{
	return kind == DLA_OP_RESHAPE || kind == DLA_OP_EXPAND_DIMS || kind == DLA_OP_SQUEEZE;
}

void dla_graph_free(struct dla_graph *graph)
{
	/* The graph itself lives there too. */
	if (graph)
		dla_arena_free(graph->memory);
}

bool dla_graph_has_output(const struct dla_graph *graph, int tensor)
{
	for (unsigned int i = 0; i < graph->output_count; i++)
		if (graph->output[i] == tensor)
			return true;
	return false;
}

size_t dla_shape_elements(const struct dla_shape *shape)
{
	size_t elements = 1;

	for (unsigned int i = 0; i < shape->rank; i++)
		elements *= shape->dim[i];
	return elements;
}

uint64_t dla_op_macs(const struct dla_graph *graph, unsigned int op)
{
	const struct dla_op *o = &graph->op[op];
	const struct dla_shape *weights, *pixels;

	switch (o->kind) {
	case DLA_OP_CONV_2D:
	case DLA_OP_DEPTHWISE_CONV_2D:
	case DLA_OP_FULLY_CONNECTED:
		pixels = &graph->tensor[o->output[0]].shape;
		break;
	case DLA_OP_TRANSPOSE_CONV:
		pixels = &graph->tensor[o->input[0]].shape;
		break;
	default:
		return 0;
	}
	/* Every weight is used once a pixel. */
	weights = &graph->tensor[o->input[1]].shape;
	return (uint64_t)(dla_shape_elements(pixels) / pixels->dim[pixels->rank - 1]) *
	       dla_shape_elements(weights);
}
