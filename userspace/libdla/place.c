// SPDX-License-Identifier: MIT
#include "place.h"

/* A RESHAPE costs nothing where its input is; it is never a reason to move it. */
static bool follows_the_cpu(const struct dla_graph *graph, const struct dla_op *op, const struct dla_placed *placed)
{
	int producer = graph->tensor[op->input[0]].producer;

	return op->kind == DLA_OP_RESHAPE && (producer < 0 || !placed[producer].lowered);
}

int dla_place(const struct dla_graph *graph, const struct drm_nvdla_dev_info *hw, const char *absent,
	      struct dla_placed *placed, int *root)
{
	struct dla_lower lower = { .graph = graph, .hw = hw, .root = root };

	for (unsigned int t = 0; t < graph->tensor_count; t++)
		root[t] = (int)t;
	for (unsigned int i = 0; i < graph->op_count; i++) {
		int err;

		if (!hw) {
			placed[i].why = absent;
		} else if (follows_the_cpu(graph, &graph->op[i], placed)) {
			placed[i].why = "its input is on the CPU";
		} else {
			err = dla_lower_op(&lower, i, &placed[i].lowered, &placed[i].why);
			if (err)
				return err;
			if (placed[i].lowered)
				placed[i].why = placed[i].lowered->how;
		}
	}
	return 0;
}

void dla_place_release(struct dla_placed *placed, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (placed[i].lowered)
			placed[i].lowered->ops->free(placed[i].lowered);
}
