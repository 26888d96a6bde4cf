// SPDX-License-Identifier: MIT
#include "cpu/xnn.h"
#include "place.h"

/* A RESHAPE costs nothing where its input is; it is never a reason to move it. */
static bool follows_the_cpu(const struct dla_graph *graph, const struct dla_op *op, const struct dla_placed *placed)
{
	int producer = graph->tensor[op->input[0]].producer;

	return dla_op_is_view(op->kind) && (producer < 0 || !dla_placed_on_npu(&placed[producer]));
}

/* Whatever operation part was to become, it becomes part of that at last. */
static void absorb(struct dla_placed *placed, int part, unsigned int last, const char *why)
{
	if (part == DLA_NO_OP || part == (int)last)
		return;
	if (placed[part].lowered)
		placed[part].lowered->ops->free(placed[part].lowered);
	placed[part].lowered = NULL;
	placed[part].fused_into = (int)last;
	placed[part].why = why;
}

/* The largest node that ends in operation i and that the NPU can do; why not, where there is none. */
static int place_on_npu(const struct dla_lower *lower, struct dla_fuser *fuser, unsigned int i,
			struct dla_placed *placed)
{
	struct dla_node choice[DLA_FUSE_CHOICES + 1];
	unsigned int choices = dla_fuse(fuser, i, choice);

	choice[choices++] = dla_node_of(i);
	for (unsigned int n = 0; n < choices && !placed[i].lowered; n++) {
		int err = dla_lower_node(lower, &choice[n], &placed[i].lowered, &placed[i].why);

		if (err)
			return err;
		if (placed[i].lowered) {
			placed[i].node = choice[n];
			placed[i].why = placed[i].lowered->how;
			absorb(placed, choice[n].pad, i, "in the convolution");
			absorb(placed, choice[n].op, i, choice[n].add == DLA_NO_OP ?
			       "with the pooling behind it" : "with the ADD behind it");
			absorb(placed, choice[n].add, i, "with the pooling behind it");
			absorb(placed, choice[n].pool_pad, i, "in the pooling");
		}
	}
	return 0;
}

int dla_place(const struct dla_graph *graph, const struct dla_place_options *options, struct dla_placed *placed,
	      int *root)
{
	struct dla_lower lower = { .graph = graph, .hw = options->hw, .root = root };
	struct dla_fuser fuser;
	int err = dla_fuser_init(&fuser, graph, options->exact);

	for (unsigned int t = 0; t < graph->tensor_count; t++)
		root[t] = (int)t;
	for (unsigned int i = 0; i < graph->op_count && !err; i++) {
		placed[i].node = dla_node_of(i);
		placed[i].fused_into = DLA_NO_OP;
		if (!options->hw)
			placed[i].why = options->absent;
		else if (follows_the_cpu(graph, &graph->op[i], placed))
			placed[i].why = "its input is on the CPU";
		else
			err = place_on_npu(&lower, &fuser, i, placed);
		fuser.node[i] = placed[i].node;
	}
	dla_fuser_release(&fuser);
	for (unsigned int i = 0; i < graph->op_count && !err; i++)
		placed[i].xnnpack = options->xnnpack && !dla_placed_on_npu(&placed[i]) && dla_xnn_has(graph, i);
	return err;
}

void dla_place_release(struct dla_placed *placed, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (placed[i].lowered)
			placed[i].lowered->ops->free(placed[i].lowered);
}
