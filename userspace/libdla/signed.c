// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "arena.h"
#include "error.h"
#include "signed.h"

static void flip_if_uint8(const struct dla_graph *graph, int tensor, uint8_t *flip)
{
	if (tensor != DLA_NO_TENSOR && graph->tensor[tensor].type == DLA_UINT8)
		flip[tensor] = DLA_FLIP;
}

/* From uint8 to int8 with the same values: what flipping does. */
static bool only_flips(const struct dla_graph *graph, const struct dla_op *op)
{
	const struct dla_tensor *in = &graph->tensor[op->input[0]], *out = &graph->tensor[op->output[0]];

	return op->kind == DLA_OP_QUANTIZE && in->type == DLA_UINT8 && out->type == DLA_INT8 &&
	       in->quant.count == 1 && out->quant.count == 1 && in->quant.scale[0] == out->quant.scale[0] &&
	       in->quant.zero_point[0] == out->quant.zero_point[0] + DLA_FLIP;
}

void dla_signed_find(const struct dla_graph *graph, uint8_t *flip)
{
	memset(flip, 0, graph->tensor_count);
	for (unsigned int i = 0; i < graph->op_count; i++) {
		const struct dla_op *op = &graph->op[i];

		if (only_flips(graph, op))
			flip[op->input[0]] = DLA_FLIP;
		if (op->kind == DLA_OP_QUANTIZE || op->kind == DLA_OP_DEQUANTIZE)
			continue;
		for (unsigned int j = 0; j < op->input_count; j++)
			flip_if_uint8(graph, op->input[j], flip);
		for (unsigned int j = 0; j < op->output_count; j++)
			flip_if_uint8(graph, op->output[j], flip);
	}
}

static bool to_int8(struct dla_arena *arena, struct dla_tensor *tensor)
{
	int32_t *zero_point = dla_arena_alloc(arena, tensor->quant.count, sizeof(*zero_point));
	uint8_t *data = NULL;

	if (!zero_point)
		return false;
	for (unsigned int i = 0; i < tensor->quant.count; i++)
		zero_point[i] = tensor->quant.zero_point[i] - DLA_FLIP;
	if (tensor->data) {
		data = dla_arena_alloc(arena, tensor->bytes, 1);
		if (!data)
			return false;
		for (size_t i = 0; i < tensor->bytes; i++)
			data[i] = ((const uint8_t *)tensor->data)[i] ^ DLA_FLIP;
	}
	tensor->type = DLA_INT8;
	tensor->quant.zero_point = zero_point;
	tensor->data = data;
	return true;
}

int dla_signed_graph(const struct dla_graph *graph, const uint8_t *flip, struct dla_graph **result)
{
	struct dla_arena arena = { .limit = SIZE_MAX };
	struct dla_tensor *tensor;
	struct dla_graph *copy;
	struct dla_op *op;
	bool ok;

	*result = NULL;
	if (!memchr(flip, DLA_FLIP, graph->tensor_count))
		return 0;
	copy = dla_arena_alloc(&arena, 1, sizeof(*copy));
	tensor = dla_arena_alloc(&arena, graph->tensor_count, sizeof(*tensor));
	op = dla_arena_alloc(&arena, graph->op_count, sizeof(*op));
	ok = copy && tensor && op;
	if (ok) {
		memcpy(tensor, graph->tensor, graph->tensor_count * sizeof(*tensor));
		memcpy(op, graph->op, graph->op_count * sizeof(*op));
		*copy = *graph;
		copy->tensor = tensor;
		copy->op = op;
	}
	for (unsigned int t = 0; t < graph->tensor_count && ok; t++)
		if (flip[t])
			ok = to_int8(&arena, &tensor[t]);
	for (unsigned int i = 0; i < graph->op_count && ok; i++)
		if (op[i].kind == DLA_OP_PAD || op[i].kind == DLA_OP_PADV2)
			op[i].pad.value[0] ^= flip[op[i].output[0]];
	if (!ok) {
		dla_arena_free(arena.chunks);
		return dla_fail_memory();
	}
	copy->memory = arena.chunks;
	*result = copy;
	return 0;
}
