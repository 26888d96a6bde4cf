// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "plan.h"
#include "schedule.h"

/*
 * Moments are operation indices. What a conversion touches lives at the moment of the segment's
 * border: before its first operation, or after its last.
 */
struct maker {
	const struct dla_graph *graph;
	const struct drm_nvdla_dev_info *hw;
	const struct dla_placed *placed;
	const int *root;
	const enum dla_form *form;
	bool keep;
	struct dla_schedule *schedule;
	struct dla_plan_item *host, *npu;	/* per tensor; bytes 0: not there */
	int *owner;				/* per root tensor: see owner() */
	size_t *at;				/* per root tensor: offset in its owner's memory */
	bool *read_back;			/* per root tensor: it or what it owns is converted behind a segment */
};

static void add_step(struct dla_schedule *s, enum dla_step_kind kind, int index)
{
	s->step[s->step_count++] = (struct dla_step) { kind, index };
}

static void live(struct dla_plan_item *item, size_t bytes, int moment)
{
	if (!item->bytes) {
		item->bytes = bytes;
		item->first = moment;
		item->last = moment;
	}
	if (moment < item->first)
		item->first = moment;
	if (moment > item->last)
		item->last = moment;
}

static void live_host(struct maker *m, int tensor, int moment)
{
	live(&m->host[tensor], m->graph->tensor[tensor].bytes, moment);
}

static void live_npu(struct maker *m, int tensor, int moment)
{
	struct dla_feature feature;
	int root = m->root[tensor];

	/* It was placed there, so it can lie there. */
	(void)dla_feature_as(&m->graph->tensor[root].shape, m->form[root], m->hw->atom, &feature);
	live(&m->npu[root], feature.bytes, moment);
}

static bool used_by_cpu(const struct maker *m, int tensor)
{
	const struct dla_graph *graph = m->graph;

	if (m->keep || dla_graph_has_output(graph, tensor))
		return true;
	for (unsigned int i = 0; i < graph->op_count; i++) {
		if (dla_placed_on_npu(&m->placed[i]))
			continue;
		for (unsigned int j = 0; j < graph->op[i].input_count; j++)
			if (graph->op[i].input[j] == tensor)
				return true;
	}
	return false;
}

static void schedule_inputs(struct maker *m, unsigned int i, unsigned int first)
{
	const struct dla_node *node = &m->placed[i].node;
	int tensor;

	for (unsigned int j = 0; (tensor = dla_node_input(m->graph, node, j)) != DLA_NO_TENSOR; j++) {
		if (m->graph->tensor[tensor].data)
			continue;
		if (!m->npu[m->root[tensor]].bytes) {
			add_step(m->schedule, DLA_STEP_TO_NPU, m->root[tensor]);
			live_host(m, m->root[tensor], (int)first);
			live_npu(m, tensor, (int)first);
		}
		live_npu(m, tensor, (int)i);
	}
}

static void schedule_segment(struct maker *m, unsigned int first, unsigned int last)
{
	struct dla_schedule *s = m->schedule;
	const struct dla_graph *graph = m->graph;

	for (unsigned int i = first; i <= last; i++) {
		if (!m->placed[i].lowered)
			continue;
		schedule_inputs(m, i, first);
		for (unsigned int j = 0; j < graph->op[i].output_count; j++)
			live_npu(m, graph->op[i].output[j], (int)i);
	}

	s->segment[s->segment_count] = (struct dla_segment) { first, last };
	add_step(s, DLA_STEP_NPU, (int)s->segment_count++);

	for (unsigned int i = first; i <= last; i++) {
		if (!m->placed[i].lowered)
			continue;
		for (unsigned int j = 0; j < graph->op[i].output_count; j++) {
			int tensor = graph->op[i].output[j];

			if (!used_by_cpu(m, tensor))
				continue;
			add_step(s, DLA_STEP_FROM_NPU, tensor);
			live_npu(m, tensor, (int)last);
			live_host(m, tensor, (int)last);
			m->read_back[m->root[tensor]] = true;
		}
	}
}

/* The stretch of operations from i on that XNNPACK gets as one: its last. */
static unsigned int end_of_cpu_part(const struct maker *m, unsigned int i)
{
	unsigned int last = i;

	if (!m->placed[i].xnnpack)
		return i;
	while (last + 1 < m->graph->op_count && m->placed[last + 1].xnnpack)
		last++;
	return last;
}

/* Also if nobody uses it: XNNPACK has memory only for what it passes on. */
static bool used_outside(const struct maker *m, int tensor, const struct dla_cpu_part *part)
{
	const struct dla_graph *graph = m->graph;
	bool used = false;

	if (m->keep || dla_graph_has_output(graph, tensor))
		return true;
	for (unsigned int i = part->first; i < graph->op_count; i++) {
		for (unsigned int j = 0; j < graph->op[i].input_count; j++) {
			if (graph->op[i].input[j] != tensor)
				continue;
			if (i > part->last)
				return true;
			used = true;
		}
	}
	return !used;
}

/* XNNPACK decides when it reads and writes: what it does is all at one time, the whole part long. */
static void live_in_part(struct maker *m, int tensor, const struct dla_cpu_part *part)
{
	int producer = m->graph->tensor[tensor].producer;

	if (part->xnnpack && producer >= (int)part->first && producer <= (int)part->last &&
	    !used_outside(m, tensor, part))
		return;
	live_host(m, tensor, (int)part->first);
	live_host(m, tensor, (int)part->last);
}

static void schedule_cpu(struct maker *m, unsigned int first, unsigned int last)
{
	struct dla_schedule *s = m->schedule;
	struct dla_cpu_part *part = &s->cpu[s->cpu_count];

	*part = (struct dla_cpu_part) { first, last, m->placed[first].xnnpack };
	add_step(s, DLA_STEP_CPU, (int)s->cpu_count++);
	for (unsigned int i = first; i <= last; i++) {
		const struct dla_op *op = &m->graph->op[i];

		for (unsigned int j = 0; j < op->input_count; j++)
			if (op->input[j] != DLA_NO_TENSOR && !m->graph->tensor[op->input[j]].data)
				live_in_part(m, op->input[j], part);
		for (unsigned int j = 0; j < op->output_count; j++)
			live_in_part(m, op->output[j], part);
	}
}

/* What an operation needs behind its input is the input's, as long as that lives. */
static void make_room(struct maker *m)
{
	for (unsigned int i = 0; i < m->graph->op_count; i++) {
		const struct dla_lowered *lowered = m->placed[i].lowered;
		struct dla_feature feature;
		int root;

		if (!lowered || !lowered->behind)
			continue;
		root = m->root[dla_node_input(m->graph, &m->placed[i].node, 0)];
		(void)dla_feature_of(&m->graph->tensor[root].shape, m->hw->atom, &feature);
		if (m->npu[root].bytes < feature.bytes + lowered->behind)
			m->npu[root].bytes = feature.bytes + lowered->behind;
	}
}

static void schedule_all(struct maker *m)
{
	const struct dla_graph *graph = m->graph;
	int end = (int)graph->op_count;

	for (unsigned int i = 0; i < graph->input_count; i++)
		live_host(m, graph->input[i], -1);
	for (unsigned int i = 0; i < graph->op_count; i++) {
		unsigned int last = i;

		if (!dla_placed_on_npu(&m->placed[i])) {
			last = end_of_cpu_part(m, i);
			schedule_cpu(m, i, last);
			i = last;
			continue;
		}
		while (last + 1 < graph->op_count && dla_placed_on_npu(&m->placed[last + 1]))
			last++;
		schedule_segment(m, i, last);
		i = last;
	}
	/* The caller may fill inputs once and run often, and reads outputs when all is over. */
	for (unsigned int i = 0; i < graph->input_count; i++)
		live_host(m, graph->input[i], end);
	for (unsigned int i = 0; i < graph->output_count; i++)
		live_host(m, graph->output[i], end);
}

/* Whose memory on the NPU a root tensor has: its own, or that of one whose place it took or has a part of. */
static int owner(const struct maker *m, int root)
{
	while (m->owner[root] != root)
		root = m->owner[root];
	return root;
}

static size_t offset_in_owner(const struct maker *m, int root)
{
	size_t offset = 0;

	for (; m->owner[root] != root; root = m->owner[root])
		offset += m->at[root];
	return offset;
}

/* An input or output may lie outside, at the caller's, and then has to have its memory to itself. */
static bool is_end(const struct maker *m, int root)
{
	const struct dla_graph *graph = m->graph;

	for (unsigned int i = 0; i < graph->input_count; i++)
		if (m->root[graph->input[i]] == root)
			return true;
	for (unsigned int i = 0; i < graph->output_count; i++)
		if (m->root[graph->output[i]] == root)
			return true;
	return false;
}

/*
 * Let tensors lie inside those that they are parts of, where that is nobody else's already. The larger one
 * then lives as long as any of them.
 */
static void place_parts(struct maker *m, const struct dla_lowered *lowered)
{
	for (unsigned int i = 0; i < lowered->inside_count; i++) {
		const struct dla_inside *inside = &lowered->inside[i];
		int part = m->root[inside->part], whole = m->root[inside->whole], top = owner(m, whole);
		struct dla_feature feature;

		(void)dla_feature_of(&m->graph->tensor[part].shape, m->hw->atom, &feature);
		/* Elsewhere already it has no bytes of its own; and what needs room behind it has that to itself. */
		if (top == part || m->npu[part].bytes != feature.bytes)
			continue;
		m->owner[part] = whole;
		m->at[part] = inside->offset;
		m->read_back[top] |= m->read_back[part];
		live(&m->npu[top], 0, m->npu[part].first);
		live(&m->npu[top], 0, m->npu[part].last);
		m->npu[part].bytes = 0;
	}
}

/*
 * Let outputs have the memory of inputs that die with their operation, where its layers allow that.
 * What is read back dies behind the segment, although that is the moment of its last operation.
 */
static void share_memory(struct maker *m)
{
	for (unsigned int i = 0; i < m->graph->op_count && !m->keep; i++) {
		const struct dla_lowered *lowered = m->placed[i].lowered;
		unsigned int inputs = lowered ? lowered->in_place : 0;
		int output = m->root[m->graph->op[i].output[0]];

		for (unsigned int j = 0; inputs >> j; j++) {
			int input;

			if (!(inputs >> j & 1))
				continue;
			input = owner(m, m->root[dla_node_input(m->graph, &m->placed[i].node, j)]);
			if (m->read_back[input] || is_end(m, input) || is_end(m, output))
				continue;
			if (m->npu[input].last != (int)i || m->npu[input].bytes != m->npu[output].bytes)
				continue;
			m->owner[output] = input;
			m->npu[input].last = m->npu[output].last;
			m->read_back[input] |= m->read_back[output];
			m->npu[output].bytes = 0;
			break;
		}
	}
}

/* Lay out what is there; leave offsets in place[]. */
static int plan(struct maker *m, struct dla_plan_item *all, size_t *place, size_t *bytes, size_t *bound)
{
	unsigned int count = 0;
	int err;

	for (unsigned int t = 0; t < m->graph->tensor_count; t++) {
		place[t] = DLA_NOWHERE;
		if (!all[t].bytes)
			continue;
		if (m->keep) {
			all[t].first = -1;
			all[t].last = (int)m->graph->op_count;
		}
		place[t] = count;
		all[count++] = all[t];
	}
	*bound = dla_plan_bound(all, count);
	err = dla_plan(all, count, DLA_PLAN_ALIGN, bytes);
	for (unsigned int t = 0; t < m->graph->tensor_count; t++)
		if (place[t] != DLA_NOWHERE)
			place[t] = all[place[t]].offset;
	return err;
}

int dla_schedule_make(const struct dla_graph *graph, const struct drm_nvdla_dev_info *hw,
		      const struct dla_placed *placed, const int *root, const enum dla_form *form, bool keep,
		      struct dla_schedule *s)
{
	struct maker m = {
		.graph = graph, .hw = hw, .placed = placed, .root = root, .form = form, .keep = keep, .schedule = s,
		.host = calloc(graph->tensor_count, sizeof(*m.host)),
		.npu = calloc(graph->tensor_count, sizeof(*m.npu)),
		.owner = calloc(graph->tensor_count, sizeof(*m.owner)),
		.at = calloc(graph->tensor_count, sizeof(*m.at)),
		.read_back = calloc(graph->tensor_count, sizeof(*m.read_back)),
	};
	unsigned int operands = 0;
	int err = -ENOMEM;

	for (unsigned int i = 0; i < graph->op_count; i++)
		operands += graph->op[i].input_count + graph->op[i].output_count;

	memset(s, 0, sizeof(*s));
	/* An operation is a step or part of one, and each of its tensors is converted at most once here. */
	s->step = calloc(graph->op_count + operands + 1, sizeof(*s->step));
	s->segment = calloc(graph->op_count + 1, sizeof(*s->segment));
	s->cpu = calloc(graph->op_count + 1, sizeof(*s->cpu));
	s->host = calloc(graph->tensor_count, sizeof(*s->host));
	s->npu = calloc(graph->tensor_count, sizeof(*s->npu));
	s->whole = calloc(graph->tensor_count, sizeof(*s->whole));
	if (!m.host || !m.npu || !m.owner || !m.at || !m.read_back || !s->step || !s->segment ||
	    !s->cpu || !s->host || !s->npu || !s->whole) {
		dla_fail_memory();
		goto out;
	}
	for (unsigned int t = 0; t < graph->tensor_count; t++)
		m.owner[t] = (int)t;
	schedule_all(&m);
	make_room(&m);
	for (unsigned int i = 0; i < graph->op_count && !keep; i++)
		if (placed[i].lowered)
			place_parts(&m, placed[i].lowered);
	for (unsigned int t = 0; t < graph->tensor_count; t++)
		s->whole[t] = owner(&m, (int)t);
	share_memory(&m);
	err = plan(&m, m.host, s->host, &s->host_bytes, &s->host_bound);
	if (!err)
		err = plan(&m, m.npu, s->npu, &s->npu_bytes, &s->npu_bound);
	for (unsigned int t = 0; t < graph->tensor_count && !err; t++)
		if (m.owner[t] != (int)t)
			s->npu[t] = s->npu[owner(&m, (int)t)] + offset_in_owner(&m, (int)t);
out:
	free(m.host);
	free(m.npu);
	free(m.owner);
	free(m.at);
	free(m.read_back);
	return err;
}

void dla_schedule_release(struct dla_schedule *s)
{
	free(s->step);
	free(s->segment);
	free(s->cpu);
	free(s->host);
	free(s->npu);
	free(s->whole);
}
