// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "error.h"
#include "placer.h"

static uint64_t whole(double ns)
{
	return (uint64_t)(ns + 0.5);
}

/* On the CPU; of a node on the NPU, of all its operations. */
static double cpu_time(const struct dla_placer *placer, const struct dla_node *node)
{
	double time = 0;

	for (unsigned int i = 0; i <= dla_node_last(node); i++)
		if (dla_node_has(node, i))
			time += dla_placer_cpu_time(placer, i);
	return time;
}

static void explain_npu(const struct dla_placer *placer, const struct dla_placed *placed,
			struct dla_placement_info *info)
{
	info->npu_ns = whole(placed->npu_ns);
	if (!placed->lowered)
		info->reason = placed->why;
	else if (placed->npu_ns <= cpu_time(placer, &placed->node))
		info->reason = "quicker than the CPU";
	else
		info->reason = "slower than the CPU, but a border less";
}

static int explain_cpu(struct dla_placer *placer, unsigned int op, const bool *may, struct dla_placed *placed, int *root,
		       struct dla_placement_info *info)
{
	int err;
	const struct dla_attempt *alone = dla_placer_alone(placer, op, root, &err);

	if (!alone)
		return err;
	info->npu_ns = whole(alone->npu_ns);
	if (!alone->lowered)
		placed->why = alone->why;
	else if (!may[op])
		placed->why = alone->npu_ns < dla_placer_cpu_time(placer, op) ?
			      "the NPU would save less than the border costs" : "slower on the NPU";
	info->reason = placed->why;
	return 0;
}

static int explain_operations(struct dla_placer *placer, const bool *may, struct dla_placed *placed, int *root,
			      const double *border)
{
	struct dla_placement_info *info = placer->options.weighed->op;
	int err = 0;

	for (unsigned int i = 0; i < placer->graph->op_count && !err; i++) {
		info[i].cpu_ns = whole(dla_placer_cpu_time(placer, i));
		info[i].border_ns = whole(border[i]);
		if (dla_placed_on_npu(&placed[i]))
			explain_npu(placer, &placed[i], &info[i]);
		else
			err = explain_cpu(placer, i, may, &placed[i], root, &info[i]);
	}
	return err;
}

static int time_of(struct dla_placer *placer, const bool *may, struct dla_placed *placed, int *root, double *border,
		   uint64_t *time)
{
	int err = dla_placer_try(placer, may, placed, root);

	if (!err)
		*time = whole(dla_placer_time(placer, placed, root, border));
	return err;
}

int dla_placer_explain(struct dla_placer *placer, const bool *may, struct dla_placed *placed, int *root)
{
	struct dla_estimate *estimate = &placer->options.weighed->estimate;
	unsigned int count = placer->graph->op_count;
	bool *none = calloc(count, sizeof(*none));
	double *border = calloc(count, sizeof(*border));
	int err = none && border ? 0 : dla_fail_memory();

	if (!err)
		err = time_of(placer, none, placed, root, NULL, &estimate->all_cpu_ns);
	if (!err)
		err = time_of(placer, NULL, placed, root, NULL, &estimate->all_npu_ns);
	if (!err)
		err = time_of(placer, may, placed, root, border, &estimate->run_ns);
	if (!err)
		err = explain_operations(placer, may, placed, root, border);
	free(none);
	free(border);
	return err;
}
