// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"
#include "cpu/xnn.h"
#include "error.h"
#include "placer.h"

/* ------------------------------------------------------------------------- what can be done */

/*
 * What its layers take, which does not depend on where tensors and constants lie. While one runs, the CPU
 * sets up the next: whichever is slower counts.
 */
static int estimate(const struct dla_placer *placer, const int *root, struct dla_attempt *attempt)
{
	const struct dla_place_options *options = &placer->options;
	struct dla_constants constants = { 0 };
	struct dla_luts luts = { 0 };
	struct dla_emit emit = {
		.constants = &constants,
		.luts = &luts,
		.offset = calloc(placer->graph->tensor_count, sizeof(*emit.offset)),
		.root = root,
		.unplanned = true,
	};
	int err = emit.offset ? 0 : dla_fail_memory();

	if (!err)
		err = attempt->lowered->ops->emit(attempt->lowered, &emit);
	if (!err)
		attempt->npu_ns = fmax(dla_cost_layers(options->hw, emit.op, emit.count) / options->npu_hz * 1e9,
				       emit.count * options->profile->layer_ns);
	free((void *)emit.offset);
	free(emit.op);
	free(constants.data);
	dla_luts_release(&luts);
	return err;
}

static unsigned int count_inputs(const struct dla_graph *graph, const struct dla_node *node)
{
	unsigned int count = 0;

	while (dla_node_input(graph, node, count) != DLA_NO_TENSOR)
		count++;
	return count;
}

static bool same_roots(const struct dla_graph *graph, const struct dla_attempt *attempt, const int *root)
{
	for (unsigned int i = 0; i < attempt->inputs; i++)
		if (attempt->root[i] != root[dla_node_input(graph, &attempt->node, i)])
			return false;
	return true;
}

static int new_attempt(struct dla_placer *placer, const struct dla_node *node, int *root, int output,
		       struct dla_attempt *attempt)
{
	const struct dla_place_options *options = &placer->options;
	const struct dla_lower lower = {
		.graph = options->signed_graph ? options->signed_graph : placer->graph, .hw = options->hw, .root = root,
		.uses = placer->fuser.uses, .flip = options->flip,
	};
	int err;

	root[output] = output;
	attempt->node = *node;
	attempt->inputs = count_inputs(placer->graph, node);
	attempt->root = calloc(attempt->inputs + 1, sizeof(*attempt->root));
	if (!attempt->root)
		return dla_fail_memory();
	for (unsigned int i = 0; i < attempt->inputs; i++)
		attempt->root[i] = root[dla_node_input(placer->graph, node, i)];
	err = dla_lower_node(&lower, node, &attempt->lowered, &attempt->why);
	if (!err && attempt->lowered) {
		attempt->why = attempt->lowered->how;
		if (placer->options.profile)
			err = estimate(placer, root, attempt);
	}
	attempt->output_root = root[output];
	return err;
}

const struct dla_attempt *dla_placer_attempt(struct dla_placer *placer, const struct dla_node *node, int *root,
					     int *err)
{
	unsigned int last = dla_node_last(node);
	int output = placer->graph->op[last].output[0];
	struct dla_attempt *attempt;

	for (attempt = placer->attempt[last]; attempt; attempt = attempt->next)
		if (!memcmp(&attempt->node, node, sizeof(*node)) && same_roots(placer->graph, attempt, root))
			break;
	if (!attempt) {
		attempt = calloc(1, sizeof(*attempt));
		if (!attempt) {
			*err = dla_fail_memory();
			return NULL;
		}
		attempt->next = placer->attempt[last];
		placer->attempt[last] = attempt;
		*err = new_attempt(placer, node, root, output, attempt);
		if (*err)
			return NULL;
	}
	root[output] = attempt->output_root;
	return attempt;
}

const struct dla_attempt *dla_placer_alone(struct dla_placer *placer, unsigned int op, int *root, int *err)
{
	const struct dla_node node = dla_node_of(op);
	int output = placer->graph->op[op].output[0], before = root[output];
	const struct dla_attempt *attempt = dla_placer_attempt(placer, &node, root, err);

	root[output] = before;
	return attempt;
}

bool dla_placer_xnnpack(const struct dla_placer *placer, unsigned int op)
{
	if (placer->options.xnnpack && !placer->xnnpack[op])
		placer->xnnpack[op] = dla_xnn_has(placer->graph, op) ? 1 : -1;
	return placer->xnnpack[op] > 0;
}

/* ------------------------------------------------------------------------------------ trying */

/* A view costs nothing where its input is; it is never a reason to move it. */
static bool follows_the_cpu(const struct dla_graph *graph, const struct dla_op *op, const struct dla_placed *placed)
{
	int producer = graph->tensor[op->input[0]].producer;

	return dla_op_is_view(op->kind) && (producer < 0 || !dla_placed_on_npu(&placed[producer]));
}

static bool may_all(const bool *may, const struct dla_node *node)
{
	unsigned int part[DLA_NODE_OPS], count = dla_node_ops(node, part);

	for (unsigned int i = 0; may && i < count; i++)
		if (!may[part[i]])
			return false;
	return true;
}

/* Whatever operation part was to become, it becomes part of that at last. */
static void absorb(struct dla_placed *placed, int part, unsigned int last, const char *why)
{
	if (part == DLA_NO_OP || part == (int)last)
		return;
	placed[part].lowered = NULL;
	placed[part].npu_ns = 0;
	placed[part].fused_into = (int)last;
	placed[part].why = why;
}

/* The largest node that ends in operation i and that the NPU can do; why not, where there is none. */
static int place_on_npu(struct dla_placer *placer, unsigned int i, const bool *may, struct dla_placed *placed,
			int *root)
{
	struct dla_node choice[DLA_FUSE_CHOICES + 1];
	unsigned int choices = dla_fuse(&placer->fuser, i, choice);

	choice[choices++] = dla_node_of(i);
	for (unsigned int n = 0; n < choices && !placed[i].lowered; n++) {
		const struct dla_attempt *attempt;
		int err;

		if (!may_all(may, &choice[n]))
			continue;
		attempt = dla_placer_attempt(placer, &choice[n], root, &err);
		if (!attempt)
			return err;
		placed[i].why = attempt->why;
		if (!attempt->lowered)
			continue;
		placed[i].lowered = attempt->lowered;
		placed[i].npu_ns = attempt->npu_ns;
		placed[i].node = choice[n];
		absorb(placed, choice[n].table[0], i, "in the table of an operation behind it");
		absorb(placed, choice[n].table[1], i, "in the table of an operation behind it");
		absorb(placed, choice[n].pad, i, "in the convolution");
		absorb(placed, choice[n].op, i, choice[n].add == DLA_NO_OP ?
		       "with the pooling behind it" : "with the ADD behind it");
		absorb(placed, choice[n].add, i, "with the pooling behind it");
		absorb(placed, choice[n].pool_pad, i, "in the pooling");
	}
	return 0;
}

int dla_placer_try(struct dla_placer *placer, const bool *may, struct dla_placed *placed, int *root)
{
	const struct dla_graph *graph = placer->graph;
	int err = 0;

	for (unsigned int t = 0; t < graph->tensor_count; t++)
		root[t] = (int)t;
	for (unsigned int i = 0; i < graph->op_count && !err; i++) {
		placed[i] = (struct dla_placed) { .node = dla_node_of(i), .fused_into = DLA_NO_OP };
		if (!placer->options.hw)
			placed[i].why = placer->options.absent;
		else if (may && !may[i])
			placed[i].why = "the network is quicker so";
		else if (follows_the_cpu(graph, &graph->op[i], placed))
			placed[i].why = "its input is on the CPU";
		else
			err = place_on_npu(placer, i, may, placed, root);
		placer->fuser.node[i] = placed[i].node;
	}
	for (unsigned int i = 0; i < graph->op_count && !err; i++)
		placed[i].xnnpack = !dla_placed_on_npu(&placed[i]) && dla_placer_xnnpack(placer, i);
	return err;
}

/* --------------------------------------------------------------------------------- the placer */

int dla_placer_new(const struct dla_graph *graph, const struct dla_place_options *options,
		   struct dla_placer **out)
{
	struct dla_placer *placer = calloc(1, sizeof(*placer));
	int err;

	if (!placer)
		return dla_fail_memory();
	placer->graph = graph;
	placer->options = *options;
	placer->attempt = calloc(graph->op_count, sizeof(*placer->attempt));
	placer->xnnpack = calloc(graph->op_count, sizeof(*placer->xnnpack));
	placer->in = calloc(graph->tensor_count, sizeof(*placer->in));
	placer->out = calloc(graph->tensor_count, sizeof(*placer->out));
	err = placer->attempt && placer->xnnpack && placer->in && placer->out ? 0 : dla_fail_memory();
	if (!err)
		err = dla_fuser_init(&placer->fuser, graph, options->exact);
	if (err) {
		dla_placer_free(placer);
		return err;
	}
	*out = placer;
	return 0;
}

void dla_placer_free(struct dla_placer *placer)
{
	if (!placer)
		return;
	for (unsigned int i = 0; placer->attempt && i < placer->graph->op_count; i++) {
		for (struct dla_attempt *attempt = placer->attempt[i], *next; attempt; attempt = next) {
			next = attempt->next;
			dla_lowered_free(attempt->lowered);
			free(attempt->root);
			free(attempt);
		}
	}
	dla_fuser_release(&placer->fuser);
	free(placer->attempt);
	free(placer->xnnpack);
	free(placer->in);
	free(placer->out);
	free(placer);
}

/* What placed[] refers to becomes the caller's. */
static void hand_over(struct dla_placer *placer, const struct dla_placed *placed)
{
	for (unsigned int i = 0; i < placer->graph->op_count; i++)
		for (struct dla_attempt *attempt = placer->attempt[i]; attempt; attempt = attempt->next)
			if (attempt->lowered == placed[i].lowered)
				attempt->lowered = NULL;
}

static int place_by_cost(struct dla_placer *placer, struct dla_placed *placed, int *root)
{
	bool *may = calloc(placer->graph->op_count, sizeof(*may));
	int err = may ? dla_placer_choose(placer, may) : dla_fail_memory();

	if (!err)
		err = dla_placer_explain(placer, may, placed, root);
	free(may);
	return err;
}

int dla_place(const struct dla_graph *graph, const struct dla_place_options *options, struct dla_placed *placed,
	      int *root)
{
	struct dla_placer *placer;
	int err = dla_placer_new(graph, options, &placer);

	if (err)
		return err;
	if (options->hw && options->profile)
		err = place_by_cost(placer, placed, root);
	else
		err = dla_placer_try(placer, NULL, placed, root);
	hand_over(placer, placed);
	dla_placer_free(placer);
	return err;
}

void dla_place_release(struct dla_placed *placed, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		dla_lowered_free(placed[i].lowered);
}
