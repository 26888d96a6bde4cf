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
		[DLA_OP_DEQUANTIZE] = "DEQUANTIZE",
		[DLA_OP_FULLY_CONNECTED] = "FULLY_CONNECTED",
		[DLA_OP_LOGISTIC] = "LOGISTIC",
		[DLA_OP_MAX_POOL_2D] = "MAX_POOL_2D",
		[DLA_OP_MEAN] = "MEAN",
		[DLA_OP_MUL] = "MUL",
		[DLA_OP_PAD] = "PAD",
		[DLA_OP_QUANTIZE] = "QUANTIZE",
		[DLA_OP_RESHAPE] = "RESHAPE",
		[DLA_OP_SOFTMAX] = "SOFTMAX",
		[DLA_OP_STRIDED_SLICE] = "STRIDED_SLICE",
	};

	return name[kind];
}

void dla_graph_free(struct dla_graph *graph)
{
	/* The graph itself lives there too. */
	if (graph)
		dla_arena_free(graph->memory);
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
	const struct dla_shape *weights, *out;

	if (o->kind != DLA_OP_CONV_2D && o->kind != DLA_OP_DEPTHWISE_CONV_2D &&
	    o->kind != DLA_OP_FULLY_CONNECTED)
		return 0;
	weights = &graph->tensor[o->input[1]].shape;
	out = &graph->tensor[o->output[0]].shape;
	/* Each output channel has its own weights, which are used once an output pixel. */
	return (uint64_t)(dla_shape_elements(out) / out->dim[out->rank - 1]) *
	       dla_shape_elements(weights);
}
