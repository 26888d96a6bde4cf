// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "error.h"
#include "fuse.h"

struct dla_node dla_node_of(unsigned int op)
{
	return (struct dla_node) {
		.table = { DLA_NO_OP, DLA_NO_OP },
		.pad = DLA_NO_OP, .op = (int)op, .add = DLA_NO_OP, .pool_pad = DLA_NO_OP, .pool = DLA_NO_OP,
	};
}

unsigned int dla_node_last(const struct dla_node *node)
{
	if (node->pool != DLA_NO_OP)
		return (unsigned int)node->pool;
	return (unsigned int)(node->add == DLA_NO_OP ? node->op : node->add);
}

unsigned int dla_node_ops(const struct dla_node *node, unsigned int op[DLA_NODE_OPS])
{
	const int part[DLA_NODE_OPS] = {
		node->table[0], node->table[1], node->pad, node->op, node->add, node->pool_pad, node->pool,
	};
	unsigned int count = 0;

	for (unsigned int i = 0; i < DLA_NODE_OPS; i++)
		if (part[i] != DLA_NO_OP)
			op[count++] = (unsigned int)part[i];
	return count;
}

bool dla_node_has(const struct dla_node *node, unsigned int op)
{
	unsigned int part[DLA_NODE_OPS], count = dla_node_ops(node, part);

	while (count && part[count - 1] != op)
		count--;
	return count > 0;
}

/* Where the data come in. */
static unsigned int first_of(const struct dla_node *node)
{
	for (unsigned int i = 0; i < DLA_NODE_TABLES; i++)
		if (node->table[i] != DLA_NO_OP)
			return (unsigned int)node->table[i];
	return (unsigned int)(node->pad == DLA_NO_OP ? node->op : node->pad);
}

/* The operand of the node's ADD that the node does not make itself. */
static int residual(const struct dla_graph *graph, const struct dla_node *node)
{
	const int *input = graph->op[node->add].input;

	return graph->tensor[input[0]].producer == node->op ? input[1] : input[0];
}

int dla_node_input(const struct dla_graph *graph, const struct dla_node *node, unsigned int index)
{
	const struct dla_op *first = &graph->op[first_of(node)];

	if (node->add != DLA_NO_OP && index > 0)
		return index == 1 ? residual(graph, node) : DLA_NO_TENSOR;
	return index < first->input_count ? first->input[index] : DLA_NO_TENSOR;
}

/* The operation that makes a tensor for one reader and nobody else; DLA_NO_OP when there is none such. */
static int private_producer(const struct dla_fuser *fuser, int tensor)
{
	return fuser->uses[tensor] == 1 ? fuser->graph->tensor[tensor].producer : DLA_NO_OP;
}

/*
 * Which of two convolutions the ADD should be done with. The one whose input comes later: the other can
 * be computed beside what is in between, and then lies ready. Else of two roundings the finer is
 * skipped: that stays nearest to the network as it is written.
 */
static bool is_better(const struct dla_graph *graph, const struct dla_node *a, const struct dla_node *b)
{
	int after_a = graph->tensor[dla_node_input(graph, a, 0)].producer;
	int after_b = graph->tensor[dla_node_input(graph, b, 0)].producer;

	if (after_a != after_b)
		return after_a > after_b;
	return graph->tensor[graph->op[a->op].output[0]].quant.scale[0] <
	       graph->tensor[graph->op[b->op].output[0]].quant.scale[0];
}

static unsigned int fuse_add(const struct dla_fuser *fuser, unsigned int op, struct dla_node *choice)
{
	const struct dla_graph *graph = fuser->graph;
	unsigned int count = 0;

	for (unsigned int i = 0; i < 2; i++) {
		int producer = private_producer(fuser, graph->op[op].input[i]);

		if (producer == DLA_NO_OP || (graph->op[producer].kind != DLA_OP_CONV_2D &&
					      graph->op[producer].kind != DLA_OP_FULLY_CONNECTED))
			continue;
		choice[count] = fuser->node[producer];
		choice[count++].add = (int)op;
	}
	if (count == 2 && is_better(graph, &choice[1], &choice[0])) {
		struct dla_node better = choice[1];

		choice[1] = choice[0];
		choice[0] = better;
	}
	return count;
}

static unsigned int fuse_pad(const struct dla_fuser *fuser, unsigned int op, struct dla_node *choice)
{
	int producer = private_producer(fuser, fuser->graph->op[op].input[0]);

	if (producer == DLA_NO_OP || fuser->graph->op[producer].kind != DLA_OP_PAD)
		return 0;
	*choice = dla_node_of(op);
	choice->pad = producer;
	return 1;
}

static unsigned int fuse_pool(const struct dla_fuser *fuser, unsigned int op, struct dla_node *choice)
{
	const struct dla_graph *graph = fuser->graph;
	int producer = private_producer(fuser, graph->op[op].input[0]), pad = DLA_NO_OP;

	if (producer != DLA_NO_OP && graph->op[producer].kind == DLA_OP_PAD) {
		pad = producer;
		producer = private_producer(fuser, graph->op[pad].input[0]);
	}
	/* There is one PDP. */
	if (producer == DLA_NO_OP || graph->op[fuser->node[producer].op].kind != DLA_OP_CONV_2D ||
	    fuser->node[producer].pool != DLA_NO_OP)
		return 0;
	*choice = fuser->node[producer];
	choice->pool_pad = pad;
	choice->pool = (int)op;
	return 1;
}

/* Of one element each, and nothing else. */
static bool is_function(enum dla_op_kind kind)
{
	switch (kind) {
	case DLA_OP_HARD_SWISH:
	case DLA_OP_LEAKY_RELU:
	case DLA_OP_LOGISTIC:
	case DLA_OP_QUANTIZE:
	case DLA_OP_RELU:
	case DLA_OP_RELU6:
	case DLA_OP_RELU_0_TO_1:
	case DLA_OP_RELU_N1_TO_1:
	case DLA_OP_TANH:
		return true;
	default:
		return false;
	}
}

static unsigned int fuse_tables(const struct dla_fuser *fuser, unsigned int op, struct dla_node *choice)
{
	int producer = private_producer(fuser, fuser->graph->op[op].input[0]);
	const struct dla_node *before;

	if (producer == DLA_NO_OP || !is_function(fuser->graph->op[producer].kind))
		return 0;
	before = &fuser->node[producer];
	/* A chain of as many as there may be is not lengthened. */
	if (before->table[0] != DLA_NO_OP)
		return 0;
	*choice = dla_node_of(op);
	choice->table[0] = before->table[1];
	choice->table[1] = producer;
	return 1;
}

int dla_fuser_init(struct dla_fuser *fuser, const struct dla_graph *graph, bool exact)
{
	*fuser = (struct dla_fuser) {
		.graph = graph,
		.exact = exact,
		.node = calloc(graph->op_count, sizeof(*fuser->node)),
		.uses = calloc(graph->tensor_count, sizeof(*fuser->uses)),
	};
	if (!fuser->node || !fuser->uses)
		return dla_fail_memory();
	for (unsigned int i = 0; i < graph->op_count; i++)
		for (unsigned int j = 0; j < graph->op[i].input_count; j++)
			if (graph->op[i].input[j] != DLA_NO_TENSOR)
				fuser->uses[graph->op[i].input[j]]++;
	for (unsigned int i = 0; i < graph->output_count; i++)
		fuser->uses[graph->output[i]]++;
	return 0;
}

void dla_fuser_release(struct dla_fuser *fuser)
{
	free(fuser->node);
	free(fuser->uses);
}

unsigned int dla_fuse(const struct dla_fuser *fuser, unsigned int op, struct dla_node choice[DLA_FUSE_CHOICES])
{
	switch (fuser->graph->op[op].kind) {
	case DLA_OP_ADD:
		return fuser->exact ? 0 : fuse_add(fuser, op, choice);
	case DLA_OP_CONV_2D:
	case DLA_OP_DEPTHWISE_CONV_2D:
		return fuse_pad(fuser, op, choice);
	case DLA_OP_MAX_POOL_2D:
		return fuse_pool(fuser, op, choice);
	case DLA_OP_AVERAGE_POOL_2D:
		return fuser->exact ? 0 : fuse_pool(fuser, op, choice);
	default:
		return is_function(fuser->graph->op[op].kind) ? fuse_tables(fuser, op, choice) : 0;
	}
}
