// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "cpu/cpu.h"
#include "error.h"
#include "lower.h"

/*
 * An operation whose output element depends on one input element alone is a table of 256 bytes, which
 * CDP looks up exactly: activations, requantisation, arithmetic with one constant. The table is what
 * the reference kernel answers, so both are equal to the bit. Bytes are int8 to CDP; of uint8 tensors
 * the table is merely in another order.
 */
struct lowered_table {
	struct dla_lowered base;
	struct dla_feature feature;
	uint8_t table[256];
	int input, output;
};

static int emit_table(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_table *l = (const struct lowered_table *)lowered;
	struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_CDP);
	struct drm_nvdla_lut lut;
	struct drm_nvdla_cdp *cdp;

	if (!op)
		return -ENOMEM;
	cdp = &op->cdp;
	cdp->src = dla_emit_surface(&l->feature, dla_emit_offset(emit, l->input));
	cdp->dst = dla_emit_surface(&l->feature, dla_emit_offset(emit, l->output));
	cdp->width = (__u16)l->feature.width;
	cdp->height = (__u16)l->feature.height;
	cdp->channels = (__u16)l->feature.channels;
	cdp->flags = DRM_NVDLA_CDP_NO_SUM | DRM_NVDLA_CDP_NO_PRODUCT;
	cdp->in_scale = 1;
	cdp->out_scale = 1;
	dla_lut_of_bytes(l->table, &lut);
	return dla_luts_add(emit->luts, &lut, &cdp->lut);
}

static void eval_table(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_table *l = (const struct lowered_table *)lowered;
	const int8_t *in = input[__builtin_ctz(l->base.in_place)];
	size_t count = (size_t)l->feature.width * l->feature.height * l->feature.channels;

	for (size_t i = 0; i < count; i++)
		output[i] = (int8_t)l->table[(uint8_t)in[i]];
}

static bool is_bytes(const struct dla_tensor *tensor)
{
	return !tensor->data && (tensor->type == DLA_INT8 || tensor->type == DLA_UINT8) && tensor->quant.count == 1;
}

/* The only input that is not one constant element; -1 when there are more, or none. */
static int variable(const struct dla_graph *graph, const struct dla_op *op)
{
	int found = -1;

	for (unsigned int i = 0; i < op->input_count; i++) {
		const struct dla_tensor *tensor = &graph->tensor[op->input[i]];

		if (tensor->data && dla_shape_elements(&tensor->shape) == 1)
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found;
}

/* The operation as a network of its own whose input is a list of every byte. */
static int find_table(const struct dla_graph *graph, const struct dla_op *op, unsigned int variable, uint8_t table[256])
{
	const struct dla_shape bytes = { .rank = 1, .dim = { 256 } };
	struct dla_tensor tensor[3] = { [2] = graph->tensor[op->output[0]] };
	const int input[] = { 0, 1 }, output = 2;
	struct dla_op alone = *op;
	const struct dla_graph network = { .tensor_count = 3, .op_count = 1, .tensor = tensor, .op = &alone };
	uint8_t every[256];
	void *data[3] = { [2] = table };
	struct dla_cpu_op *cpu;
	int err;

	for (unsigned int i = 0; i < op->input_count; i++) {
		tensor[i] = graph->tensor[op->input[i]];
		/* The one element of a constant; it may have more dimensions than the list. */
		tensor[i].shape.rank = 0;
	}
	tensor[variable].shape = bytes;
	tensor[variable].bytes = sizeof(every);
	tensor[2].shape = bytes;
	tensor[2].bytes = sizeof(every);
	alone.input = input;
	alone.output = &output;
	for (unsigned int i = 0; i < sizeof(every); i++)
		every[i] = (uint8_t)i;
	data[variable] = every;
	err = dla_cpu_prepare(&network, 0, &cpu);
	if (err)
		return err;
	dla_cpu_run(cpu, data);
	dla_cpu_op_free(cpu);
	return 0;
}

/* What comes out if the element is an operation's answer first. */
static int go_before(const struct dla_graph *graph, const struct dla_op *op, uint8_t table[256])
{
	uint8_t first[256], both[256];
	int err = find_table(graph, op, 0, first);

	if (err)
		return err;
	for (unsigned int i = 0; i < sizeof(both); i++)
		both[i] = table[first[i]];
	memcpy(table, both, sizeof(both));
	return 0;
}

static bool tables_fit(const struct dla_graph *graph, const struct dla_node *node)
{
	for (unsigned int i = 0; i < DLA_NODE_TABLES; i++)
		if (node->table[i] != DLA_NO_OP && !is_bytes(&graph->tensor[graph->op[node->table[i]].input[0]]))
			return false;
	return true;
}

int dla_lower_table(const struct dla_lower *lower, const struct dla_node *node, struct dla_lowered **lowered,
		    const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_table, .eval = eval_table,
	};
	const struct dla_graph *graph = lower->graph;
	const struct dla_op *op = &graph->op[node->op];
	int in = variable(graph, op);
	struct dla_feature from, to;
	struct lowered_table *l;
	int err;

	if (!(lower->hw->engines & 1U << DRM_NVDLA_CDP))
		*why = "no CDP";
	else if (in < 0)
		*why = "not with one constant number";
	else if (!is_bytes(&graph->tensor[op->input[in]]) || !is_bytes(&graph->tensor[op->output[0]]) ||
		 !tables_fit(graph, node))
		*why = "not from a computed 8-bit tensor to another";
	else if (!dla_lower_own_pictures(lower, dla_node_input(graph, node, (unsigned int)in), &from) ||
		 !dla_lower_own_pictures(lower, op->output[0], &to) || from.width != to.width ||
		 from.height != to.height || from.channels != to.channels)
		*why = "not pictures within 8192 x 8192 x 8192";
	if (*why)
		return 0;

	l = dla_lowered_new(sizeof(*l), &ops, lowered);
	if (!l)
		return dla_fail_memory();
	l->base.how = "a table";
	l->base.in_place = 1U << in;
	l->feature = from;
	l->output = op->output[0];
	l->input = dla_node_input(graph, node, (unsigned int)in);
	err = find_table(graph, op, (unsigned int)in, l->table);
	for (unsigned int i = DLA_NODE_TABLES; i-- > 0 && !err;)
		if (node->table[i] != DLA_NO_OP)
			err = go_before(graph, &graph->op[node->table[i]], l->table);
	return err;
}
