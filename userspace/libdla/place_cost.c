// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "error.h"
#include "placer.h"

/*
 * Placement by cost. A run's time is the sum of what happens in it, one after the other: operations on
 * either side, a conversion for each tensor that crosses, a program for each stretch of operations
 * on the NPU. All of that is paid for one operation or for a pair of them on different sides, so the
 * best placement is a minimum cut: the NPU is the near side.
 */

/*
 * Operations of a network beyond which the cut is good enough: improving takes cubic time. And how many
 * neighbours are moved at once.
 */
#define IMPROVE_MAX	300
#define LONGEST_MOVE	24

/* Costs of the cut are in picoseconds. */
#define PER_NS		1000.0

static double convert_time(const struct dla_placer *placer, int tensor)
{
	const struct dla_profile *profile = placer->options.profile;

	return profile->convert_ns + (double)placer->graph->tensor[tensor].bytes / profile->convert;
}

double dla_placer_cpu_time(const struct dla_placer *placer, unsigned int op)
{
	return dla_profile_time(placer->options.profile, placer->graph, op, dla_placer_xnnpack(placer, op));
}

/* -------------------------------------------------------------------- the time of a placement */

/* What operations pay for being on the NPU beside their own time: summed, and each by itself if asked for. */
struct borders {
	double sum;
	double *each;			/* or NULL */
};

static void pay(struct borders *borders, unsigned int op, double time)
{
	borders->sum += time;
	if (borders->each)
		borders->each[op] += time;
}

/* What the schedule converts: each root tensor once into the arena, each tensor once out of it. */
static void pay_conversions(const struct dla_placer *placer, const struct dla_placed *placed, const int *root,
			    bool *in, bool *out, struct borders *borders)
{
	const struct dla_graph *graph = placer->graph;

	for (unsigned int i = 0; i < graph->op_count; i++) {
		const struct dla_op *op = &graph->op[i];
		int tensor;

		for (unsigned int j = 0; placed[i].lowered &&
		     (tensor = dla_node_input(graph, &placed[i].node, j)) != DLA_NO_TENSOR; j++) {
			int producer = graph->tensor[root[tensor]].producer;

			if (graph->tensor[tensor].data || in[root[tensor]] ||
			    (producer >= 0 && dla_placed_on_npu(&placed[producer])))
				continue;
			in[root[tensor]] = true;
			pay(borders, i, convert_time(placer, root[tensor]));
		}
		for (unsigned int j = 0; !dla_placed_on_npu(&placed[i]) && j < op->input_count; j++)
			if (op->input[j] != DLA_NO_TENSOR)
				out[op->input[j]] = true;
	}
	for (unsigned int i = 0; i < graph->op_count; i++)
		for (unsigned int j = 0; placed[i].lowered && j < graph->op[i].output_count; j++) {
			int tensor = graph->op[i].output[j];

			if (out[tensor] || dla_graph_has_output(graph, tensor))
				pay(borders, i, convert_time(placer, tensor));
		}
}

double dla_placer_time(struct dla_placer *placer, const struct dla_placed *placed, const int *root, double *border)
{
	const struct dla_graph *graph = placer->graph;
	struct borders borders = { .each = border };
	double time = 0;

	memset(placer->in, 0, graph->tensor_count * sizeof(*placer->in));
	memset(placer->out, 0, graph->tensor_count * sizeof(*placer->out));
	pay_conversions(placer, placed, root, placer->in, placer->out, &borders);
	for (unsigned int i = 0; i < graph->op_count; i++) {
		if (!dla_placed_on_npu(&placed[i])) {
			time += dla_placer_cpu_time(placer, i);
			continue;
		}
		time += placed[i].npu_ns;
		if (!i || !dla_placed_on_npu(&placed[i - 1]))
			pay(&borders, placed[i].lowered ? i : (unsigned int)placed[i].fused_into,
			    placer->options.profile->submit_ns);
	}
	return time + borders.sum;
}

/* ------------------------------------------------------------------------------------- the cut */

static int64_t cost(double ns)
{
	return ns > 0 ? (int64_t)(ns * PER_NS) : 0;
}

/* Nodes of the cut: operations, then for each tensor whether it is wanted on the NPU, and on the CPU. */
static unsigned int wanted_near(const struct dla_graph *graph, int tensor)
{
	return graph->op_count + 2 * (unsigned int)tensor;
}

static unsigned int wanted_far(const struct dla_graph *graph, int tensor)
{
	return wanted_near(graph, tensor) + 1;
}

static void add_borders(const struct dla_placer *placer, struct dla_cut *cut)
{
	const struct dla_graph *graph = placer->graph;
	int64_t program = cost(placer->options.profile->submit_ns);

	for (unsigned int t = 0; t < graph->tensor_count; t++) {
		const struct dla_tensor *tensor = &graph->tensor[t];
		unsigned int near = wanted_near(graph, (int)t), far = wanted_far(graph, (int)t);
		int64_t convert = cost(convert_time(placer, (int)t));

		if (tensor->data)
			continue;
		if (tensor->producer < 0) {
			dla_cut_node(cut, near, convert, 0);
			continue;
		}
		dla_cut_pair(cut, near, (unsigned int)tensor->producer, convert);
		dla_cut_pair(cut, (unsigned int)tensor->producer, far, convert);
		if (dla_graph_has_output(graph, (int)t))
			dla_cut_node(cut, far, DLA_CUT_NEVER, 0);
	}
	for (unsigned int i = 0; i < graph->op_count; i++) {
		const struct dla_op *op = &graph->op[i];

		for (unsigned int j = 0; j < op->input_count; j++) {
			if (op->input[j] == DLA_NO_TENSOR || graph->tensor[op->input[j]].data)
				continue;
			/* Whoever reads it wants it on his side. */
			dla_cut_pair(cut, i, wanted_near(graph, op->input[j]), DLA_CUT_NEVER);
			dla_cut_pair(cut, wanted_far(graph, op->input[j]), i, DLA_CUT_NEVER);
		}
		if (i)
			dla_cut_pair(cut, i, i - 1, program);
		else
			dla_cut_node(cut, i, program, 0);
	}
}

/*
 * A node of several operations, all on the NPU: what it saves belongs to the operation that gives it
 * its shape, the convolution, together with its last. What cannot be there alone is not divided from
 * these.
 */
static int add_node(struct dla_placer *placer, struct dla_cut *cut, const struct dla_placed *placed, int *root,
		    int64_t *near)
{
	const struct dla_node *node = &placed->node;
	unsigned int part[DLA_NODE_OPS], count = dla_node_ops(node, part);
	double sum = 0, whole = placed->npu_ns;
	unsigned int last = dla_node_last(node);
	const struct dla_attempt *alone;
	int err;

	for (unsigned int i = 0; i < count; i++) {
		alone = dla_placer_alone(placer, part[i], root, &err);
		if (!alone)
			return err;
		if (!alone->lowered)
			dla_cut_pair(cut, part[i], (int)part[i] == node->op ? last : (unsigned int)node->op,
				     DLA_CUT_NEVER);
		near[part[i]] = cost(alone->npu_ns);
		sum += alone->npu_ns;
	}
	if ((int)last == node->op || sum <= whole)
		return 0;
	/* A reward, given back if they are divided. */
	near[node->op] -= cost(sum - whole);
	dla_cut_pair(cut, (unsigned int)node->op, last, cost(sum - whole));
	return 0;
}

static int solve(struct dla_placer *placer, struct dla_cut *cut, struct dla_placed *placed, int *root, bool *may)
{
	const struct dla_graph *graph = placer->graph;
	int64_t *near = calloc(graph->op_count, sizeof(*near));
	bool *side = calloc(wanted_near(graph, (int)graph->tensor_count), sizeof(*side));
	int err = near && side ? 0 : dla_fail_memory();

	for (unsigned int i = 0; i < graph->op_count && !err; i++) {
		if (placed[i].lowered)
			err = add_node(placer, cut, &placed[i], root, near);
		else if (placed[i].fused_into == DLA_NO_OP)
			near[i] = DLA_CUT_NEVER;
	}
	for (unsigned int i = 0; i < graph->op_count && !err; i++) {
		int64_t far = cost(dla_placer_cpu_time(placer, i));

		/* A reward for being near is a cost of being far. */
		dla_cut_node(cut, i, near[i] > 0 ? near[i] : 0, near[i] < 0 ? far - near[i] : far);
		/* A view stays with what it is a view of. */
		if (dla_op_is_view(graph->op[i].kind) && graph->tensor[graph->op[i].input[0]].producer >= 0)
			dla_cut_pair(cut, i, (unsigned int)graph->tensor[graph->op[i].input[0]].producer,
				     DLA_CUT_NEVER);
	}
	if (!err) {
		add_borders(placer, cut);
		err = dla_cut_solve(cut, side);
	}
	if (!err)
		memcpy(may, side, graph->op_count * sizeof(*may));
	free(near);
	free(side);
	return err;
}

/* ------------------------------------------------------------------------------------ choosing */

struct best {
	struct dla_placer *placer;
	struct dla_placed *placed;	/* room to try */
	int *root;
	bool *may;			/* the best so far */
	double time;
};

static int consider(struct best *best, const bool *may, bool *better)
{
	int err = dla_placer_try(best->placer, may, best->placed, best->root);
	double time = err ? 0 : dla_placer_time(best->placer, best->placed, best->root, NULL);

	*better = !err && time < best->time;
	if (*better) {
		best->time = time;
		memcpy(best->may, may, best->placer->graph->op_count * sizeof(*may));
	}
	return err;
}

/*
 * The cut takes fused groups for sums of pairs and views for operations of their own. What that misses
 * is found by moving operations, alone and with their neighbours, to one side as long as that helps.
 */
static int improve(struct best *best, bool *may)
{
	unsigned int count = best->placer->graph->op_count;
	bool better = count <= IMPROVE_MAX;
	int err = 0;

	while (better && !err) {
		bool one = false;

		better = false;
		for (unsigned int length = 1; length <= LONGEST_MOVE && length <= count && !err; length++) {
			for (unsigned int i = 0; i + length <= count && !err; i++) {
				memcpy(may, best->may, count * sizeof(*may));
				for (unsigned int j = i; j < i + length; j++)
					may[j] = !best->may[i];
				err = consider(best, may, &one);
				better |= one;
			}
		}
	}
	return err;
}

int dla_placer_choose(struct dla_placer *placer, bool *may)
{
	const struct dla_graph *graph = placer->graph;
	struct best best = {
		.placer = placer,
		.placed = calloc(graph->op_count, sizeof(*best.placed)),
		.root = calloc(graph->tensor_count, sizeof(*best.root)),
		.may = may,
		.time = INFINITY,
	};
	bool *trial = calloc(graph->op_count, sizeof(*trial)), better;
	struct dla_cut *cut = dla_cut_new(graph->op_count + 2 * graph->tensor_count);
	int err = best.placed && best.root && trial && cut ? 0 : dla_fail_memory();

	if (!err)
		err = consider(&best, trial, &better);
	if (!err) {
		memset(trial, true, graph->op_count);
		err = consider(&best, trial, &better);
	}
	if (!err)
		err = solve(placer, cut, best.placed, best.root, trial);
	if (!err)
		err = consider(&best, trial, &better);
	if (!err)
		err = improve(&best, trial);
	dla_cut_free(cut);
	free(best.placed);
	free(best.root);
	free(trial);
	return err;
}
