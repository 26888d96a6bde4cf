// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "backbone.h"
#include "error.h"

/* -------------------------------------------------------------------------- parts of graphs */

/* Some operations of a graph, and their tensors. */
struct part {
	const struct dla_graph *from;
	int *number;			/* per tensor of the graph: in the part, or DLA_NO_TENSOR */
	int *op_number;			/* likewise of operations */
	unsigned int tensors, ops;
	struct dla_arena arena;
};

static void count(struct part *p, int tensor)
{
	if (tensor != DLA_NO_TENSOR && p->number[tensor] == DLA_NO_TENSOR)
		p->number[tensor] = (int)p->tensors++;
}

static void *copy_bytes(struct dla_arena *arena, const void *data, size_t bytes)
{
	void *copy = dla_arena_alloc(arena, bytes, 1);

	if (copy && bytes)
		memcpy(copy, data, bytes);
	return copy;
}

static bool copy_quant(struct dla_arena *arena, struct dla_quant *quant)
{
	if (!quant->count)
		return true;
	quant->scale = copy_bytes(arena, quant->scale, quant->count * sizeof(*quant->scale));
	quant->zero_point = copy_bytes(arena, quant->zero_point, quant->count * sizeof(*quant->zero_point));
	return quant->scale && quant->zero_point;
}

static bool copy_tensor(struct part *p, int tensor, struct dla_tensor *copy)
{
	const struct dla_tensor *from = &p->from->tensor[tensor];

	*copy = *from;
	copy->name = copy_bytes(&p->arena, from->name, strlen(from->name) + 1);
	if (from->data)
		copy->data = copy_bytes(&p->arena, from->data, from->bytes);
	copy->producer = from->producer >= 0 ? p->op_number[from->producer] : -1;
	return copy->name && (copy->data || !from->data) && copy_quant(&p->arena, &copy->quant);
}

static const int *copy_list(struct part *p, const int *list, unsigned int length)
{
	int *copy = dla_arena_alloc(&p->arena, length, sizeof(*copy));

	for (unsigned int i = 0; copy && i < length; i++)
		copy[i] = list[i] == DLA_NO_TENSOR ? DLA_NO_TENSOR : p->number[list[i]];
	return copy;
}

static struct dla_graph *copy_part(struct part *p, int input, int output)
{
	const struct dla_graph *from = p->from;
	struct dla_graph *graph = dla_arena_alloc(&p->arena, 1, sizeof(*graph));
	struct dla_tensor *tensor = dla_arena_alloc(&p->arena, p->tensors, sizeof(*tensor));
	struct dla_op *op = dla_arena_alloc(&p->arena, p->ops, sizeof(*op));
	bool ok = graph && tensor && op;

	for (unsigned int t = 0; t < from->tensor_count && ok; t++)
		if (p->number[t] != DLA_NO_TENSOR)
			ok = copy_tensor(p, (int)t, &tensor[p->number[t]]);
	for (unsigned int i = 0; i < from->op_count && ok; i++) {
		struct dla_op *copy = &op[p->op_number[i] >= 0 ? p->op_number[i] : 0];

		if (p->op_number[i] < 0)
			continue;
		*copy = from->op[i];
		copy->input = copy_list(p, copy->input, copy->input_count);
		copy->output = copy_list(p, copy->output, copy->output_count);
		ok = copy->input && copy->output;
	}
	if (!ok)
		return NULL;
	*graph = (struct dla_graph) {
		.tensor_count = p->tensors, .tensor = tensor, .op_count = p->ops, .op = op,
		.input_count = 1, .input = copy_list(p, &input, 1),
		.output_count = 1, .output = copy_list(p, &output, 1),
		.name = copy_bytes(&p->arena, from->name, strlen(from->name) + 1),
	};
	return graph->input && graph->output && graph->name ? graph : NULL;
}

/* The operations marked, with one input, which becomes tensor 0, and one output. */
static int take_part(const struct dla_graph *from, const bool *has_op, int input, int output,
		     struct dla_graph **graph)
{
	struct part p = {
		.from = from, .arena = { .limit = SIZE_MAX },
		.number = malloc(from->tensor_count * sizeof(*p.number)),
		.op_number = malloc(from->op_count * sizeof(*p.op_number)),
	};

	*graph = NULL;
	if (p.number && p.op_number) {
		for (unsigned int t = 0; t < from->tensor_count; t++)
			p.number[t] = DLA_NO_TENSOR;
		count(&p, input);
		for (unsigned int i = 0; i < from->op_count; i++) {
			p.op_number[i] = has_op[i] ? (int)p.ops++ : -1;
			for (unsigned int j = 0; has_op[i] && j < from->op[i].input_count; j++)
				count(&p, from->op[i].input[j]);
			for (unsigned int j = 0; has_op[i] && j < from->op[i].output_count; j++)
				count(&p, from->op[i].output[j]);
		}
		*graph = copy_part(&p, input, output);
	}
	free(p.number);
	free(p.op_number);
	if (*graph) {
		(*graph)->memory = p.arena.chunks;
		return 0;
	}
	dla_arena_free(p.arena.chunks);
	return dla_fail_memory();
}

/* -------------------------------------------------------------------------------- cutting */

static bool may_stand_behind(enum dla_op_kind kind)
{
	return kind == DLA_OP_SOFTMAX || kind == DLA_OP_LOGISTIC || kind == DLA_OP_QUANTIZE ||
	       kind == DLA_OP_DEQUANTIZE;
}

static unsigned int uses(const struct dla_graph *graph, int tensor)
{
	unsigned int found = dla_graph_has_output(graph, tensor);

	for (unsigned int i = 0; i < graph->op_count; i++)
		for (unsigned int j = 0; j < graph->op[i].input_count; j++)
			found += graph->op[i].input[j] == tensor;
	return found;
}

/* From the network's output back to the layer; has_op[] marks the way. */
static int find_layer(const struct dla_graph *graph, bool *has_op, unsigned int *layer)
{
	int tensor = graph->output[0];

	for (;;) {
		int op = graph->tensor[tensor].producer;

		if (op < 0)
			return dla_fail(EOPNOTSUPP, "the network has no FULLY_CONNECTED for a head");
		if (uses(graph, tensor) != 1)
			return dla_fail(EOPNOTSUPP, "what %s behind the last FULLY_CONNECTED makes is used twice",
					dla_op_kind_name(graph->op[op].kind));
		has_op[op] = true;
		*layer = (unsigned int)op;
		if (graph->op[op].kind == DLA_OP_FULLY_CONNECTED)
			return 0;
		if (!may_stand_behind(graph->op[op].kind))
			return dla_fail(EOPNOTSUPP, "the network ends in %s, and a head is a FULLY_CONNECTED with nothing but SOFTMAX, LOGISTIC, QUANTIZE or DEQUANTIZE behind it",
					dla_op_kind_name(graph->op[op].kind));
		tensor = graph->op[op].input[0];
	}
}

static int check_layer(const struct dla_graph *graph, const struct dla_op *op)
{
	const struct dla_tensor *in = &graph->tensor[op->input[0]], *weights = &graph->tensor[op->input[1]];
	const struct dla_tensor *out = &graph->tensor[op->output[0]];

	if (in->type != DLA_INT8 || weights->type != DLA_INT8)
		return dla_fail(EOPNOTSUPP, "the last FULLY_CONNECTED is of %s, and a head is of int8",
				dla_type_name(in->type));
	if (op->activation != DLA_ACT_NONE)
		return dla_fail(EOPNOTSUPP, "the last FULLY_CONNECTED has an activation in it");
	if (in->bytes != (size_t)weights->shape.dim[1] || out->bytes != (size_t)weights->shape.dim[0])
		return dla_fail(EOPNOTSUPP, "the last FULLY_CONNECTED makes answers for several inputs at once");
	return 0;
}

/* All that the tensor depends on. */
static void mark_before(const struct dla_graph *graph, int tensor, bool *has_op, bool *reaches_input)
{
	has_op[graph->tensor[tensor].producer] = true;
	for (unsigned int i = graph->op_count; i-- > 0;) {
		for (unsigned int j = 0; has_op[i] && j < graph->op[i].input_count; j++) {
			int input = graph->op[i].input[j];

			if (input == DLA_NO_TENSOR)
				continue;
			if (graph->tensor[input].producer >= 0)
				has_op[graph->tensor[input].producer] = true;
			*reaches_input |= input == graph->input[0];
		}
	}
}

static unsigned int layer_of_tail(const struct dla_graph *tail)
{
	unsigned int layer = 0;

	while (tail->op[layer].kind != DLA_OP_FULLY_CONNECTED)
		layer++;
	return layer;
}

static int cut_at(const struct dla_graph *graph, bool *has_op, unsigned int layer, struct dla_cut_network *cut)
{
	const struct dla_op *op = &graph->op[layer];
	int features = op->input[0], err;
	bool reaches_input = false;

	/* Another shape of the features is no operation of the backbone's. */
	while (graph->tensor[features].producer >= 0 && uses(graph, features) == 1 &&
	       dla_op_is_view(graph->op[graph->tensor[features].producer].kind)) {
		has_op[graph->tensor[features].producer] = true;
		features = graph->op[graph->tensor[features].producer].input[0];
	}
	if (graph->tensor[features].producer < 0)
		return dla_fail(EOPNOTSUPP, "nothing is before the last FULLY_CONNECTED: it has no features");
	err = take_part(graph, has_op, features, graph->output[0], &cut->tail);
	if (err)
		return err;
	cut->layer = layer_of_tail(cut->tail);
	cut->features = (unsigned int)graph->tensor[op->input[1]].shape.dim[1];
	cut->classes = (unsigned int)graph->tensor[op->input[1]].shape.dim[0];
	memset(has_op, 0, graph->op_count * sizeof(*has_op));
	mark_before(graph, features, has_op, &reaches_input);
	if (!reaches_input)
		return dla_fail(EOPNOTSUPP, "the features do not depend on the network's input");
	return take_part(graph, has_op, graph->input[0], features, &cut->backbone);
}

int dla_backbone_cut(const struct dla_graph *graph, struct dla_cut_network *cut)
{
	bool *has_op = calloc(graph->op_count, sizeof(*has_op));
	unsigned int layer = 0;
	int err;

	*cut = (struct dla_cut_network) { 0 };
	if (!has_op)
		return dla_fail_memory();
	if (graph->input_count != 1 || graph->output_count != 1)
		err = dla_fail(EOPNOTSUPP, "the network has %u inputs and %u outputs, and one with a head has one of each",
			       graph->input_count, graph->output_count);
	else
		err = find_layer(graph, has_op, &layer);
	if (!err)
		err = check_layer(graph, &graph->op[layer]);
	if (!err)
		err = cut_at(graph, has_op, layer, cut);
	free(has_op);
	return err;
}

void dla_backbone_release(struct dla_cut_network *cut)
{
	dla_graph_free(cut->backbone);
	dla_graph_free(cut->tail);
}

/* ---------------------------------------------------------------------------------- tails */

static int take_all(const struct dla_graph *tail, struct dla_graph **copy)
{
	bool *has_op = malloc(tail->op_count * sizeof(*has_op));
	int err;

	if (!has_op)
		return dla_fail_memory();
	memset(has_op, true, tail->op_count * sizeof(*has_op));
	err = take_part(tail, has_op, tail->input[0], tail->output[0], copy);
	free(has_op);
	return err;
}

int dla_backbone_copy_tail(const struct dla_cut_network *cut, struct dla_graph **tail)
{
	return take_all(cut->tail, tail);
}

/* Room for what a tensor is made of now, in memory that goes on the graph's. */
static bool make_quant(struct dla_arena *arena, struct dla_tensor *tensor, unsigned int channels, unsigned int axis)
{
	tensor->quant.count = channels;
	tensor->quant.axis = axis;
	tensor->quant.scale = dla_arena_alloc(arena, channels, sizeof(*tensor->quant.scale));
	tensor->quant.zero_point = dla_arena_alloc(arena, channels, sizeof(*tensor->quant.zero_point));
	return tensor->quant.scale && tensor->quant.zero_point;
}

static void set_quant(struct dla_tensor *tensor, float scale, int32_t zero_point)
{
	((float *)tensor->quant.scale)[0] = scale;
	((int32_t *)tensor->quant.zero_point)[0] = zero_point;
}

/* What the layer makes, and what is made of that. */
static bool resize_answers(struct dla_arena *arena, const struct dla_graph *graph, struct dla_tensor *tensor,
			   unsigned int layer, unsigned int classes, float scale, int32_t zero_point)
{
	bool logits = true, ok = true;

	for (unsigned int i = layer; i < graph->op_count && ok; i++) {
		struct dla_tensor *out = &tensor[graph->op[i].output[0]];

		out->shape.dim[out->shape.rank - 1] = (int32_t)classes;
		out->bytes = classes * dla_type_size(out->type);
		logits &= i == layer || graph->op[i].kind == DLA_OP_QUANTIZE;
		/* Otherwise it has a scale of its own kind, or none. */
		if (!logits)
			continue;
		ok = make_quant(arena, out, 1, 0);
		if (ok)
			set_quant(out, scale, zero_point + (out->type == DLA_UINT8 ? 128 : 0));
	}
	return ok;
}

static bool make_layer(struct dla_arena *arena, struct dla_graph *graph, const struct dla_cut_network *cut,
		       unsigned int classes, struct dla_tail_tensors *tail)
{
	struct dla_op *op = (struct dla_op *)&graph->op[cut->layer];
	unsigned int tensors = graph->tensor_count;
	struct dla_tensor *tensor = dla_arena_alloc(arena, tensors + 1, sizeof(*tensor)), *weights, *bias;
	int *input = dla_arena_alloc(arena, 3, sizeof(*input));

	if (!tensor || !input)
		return false;
	memcpy(tensor, graph->tensor, tensors * sizeof(*tensor));
	graph->tensor = tensor;
	memcpy(input, op->input, 2 * sizeof(*input));
	input[2] = op->input_count > 2 ? op->input[2] : DLA_NO_TENSOR;
	if (input[2] == DLA_NO_TENSOR)
		input[2] = (int)graph->tensor_count++;
	op->input = input;
	op->input_count = 3;

	weights = &tensor[input[1]];
	weights->shape.dim[0] = (int32_t)classes;
	weights->bytes = (size_t)classes * cut->features;
	bias = &tensor[input[2]];
	if (!bias->name)
		bias->name = "bias";
	bias->type = DLA_INT32;
	bias->producer = -1;
	bias->shape = (struct dla_shape) { .rank = 1, .dim = { (int32_t)classes } };
	bias->bytes = classes * sizeof(int32_t);
	if (!make_quant(arena, weights, classes, 0) || !make_quant(arena, bias, classes, 0))
		return false;
	tail->weights = dla_arena_alloc(arena, weights->bytes, 1);
	tail->bias = dla_arena_alloc(arena, classes, sizeof(*tail->bias));
	tail->weight_scale = (float *)weights->quant.scale;
	weights->data = tail->weights;
	bias->data = tail->bias;
	return tail->weights && tail->bias;
}

int dla_backbone_make_tail(const struct dla_cut_network *cut, unsigned int classes, float scale, int32_t zero_point,
			   struct dla_tail_tensors *tail)
{
	struct dla_arena arena = { .limit = SIZE_MAX };
	struct dla_graph *graph = NULL;
	int err = take_all(cut->tail, &graph);

	if (err)
		return err;
	arena.chunks = graph->memory;
	if (!make_layer(&arena, graph, cut, classes, tail) ||
	    !resize_answers(&arena, graph, (struct dla_tensor *)graph->tensor, cut->layer, classes, scale, zero_point)) {
		dla_arena_free(arena.chunks);
		return dla_fail_memory();
	}
	graph->memory = arena.chunks;
	tail->graph = graph;
	return 0;
}
