// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "error.h"
#include "join.h"
#include "network.h"

/* The tail's tensor that is the front's output. */
#define BORDER 0

struct joint {
	const struct dla_network *front, *tail;
	struct dla_network *joined;
	bool direct;			/* the NPU passes it on to the NPU */
	unsigned int segments;		/* of the front, but for the last if that goes on in the tail */
};

static size_t aligned(size_t bytes)
{
	return (bytes + DLA_PLAN_ALIGN - 1) / DLA_PLAN_ALIGN * DLA_PLAN_ALIGN;
}

/* It has memory on the NPU to itself, in which it lies as the engines hand it on. */
static bool is_plain(const struct dla_network *network, int tensor)
{
	return network->schedule.npu[tensor] != DLA_NOWHERE && network->root[tensor] == tensor &&
	       network->schedule.whole[tensor] == tensor && network->form[tensor] == DLA_FORM_ATOMS;
}

/* The front ends with converting its output from there. */
static bool ends_on_npu(const struct dla_network *front)
{
	const struct dla_schedule *s = &front->schedule;
	int border = front->graph->output[0];

	return s->step_count >= 2 && is_plain(front, border) &&
	       s->step[s->step_count - 1].kind == DLA_STEP_FROM_NPU && s->step[s->step_count - 1].index == border &&
	       s->step[s->step_count - 2].kind == DLA_STEP_NPU;
}

/* What the tail puts behind its input is in the way of nobody; but the front has no room for it. */
static bool needs_room(const struct dla_network *tail)
{
	for (unsigned int i = 0; i < tail->graph->op_count; i++)
		if (tail->placed[i].lowered && tail->placed[i].lowered->behind)
			return true;
	return false;
}

void dla_join_move(struct dla_network *tail, const struct dla_network *front)
{
	struct dla_schedule *s = &tail->schedule;
	size_t host = aligned(front->schedule.host_bytes), npu = aligned(front->schedule.npu_bytes);
	int border = front->graph->output[0];

	for (unsigned int t = 0; t < tail->graph->tensor_count; t++) {
		if (s->host[t] != DLA_NOWHERE)
			s->host[t] += host;
		if (s->npu[t] != DLA_NOWHERE)
			s->npu[t] += npu;
	}
	s->host[BORDER] = front->schedule.host[border];
	if (ends_on_npu(front) && is_plain(tail, BORDER) && !needs_room(tail))
		s->npu[BORDER] = front->schedule.npu[border];
	s->host_bytes += host;
	if (s->npu_bytes)
		s->npu_bytes += npu;
}

/* Also its input is a tensor of its own, in the host memory of the front's output: it may lie elsewhere on the NPU. */
static int tensor_of_tail(const struct joint *j, int tensor)
{
	return tensor == DLA_NO_TENSOR ? tensor : (int)j->front->graph->tensor_count + tensor;
}

/* -------------------------------------------------------------------------------- the graph */

static const int *copy_list(struct dla_arena *arena, const struct joint *j, const int *list, unsigned int count)
{
	int *copy = dla_arena_alloc(arena, count, sizeof(*copy));

	for (unsigned int i = 0; copy && i < count; i++)
		copy[i] = tensor_of_tail(j, list[i]);
	return copy;
}

/* Names, constants and what else it refers to remain where they are. */
static int join_graphs(struct joint *j)
{
	const struct dla_graph *front = j->front->graph, *tail = j->tail->graph;
	struct dla_arena arena = { .limit = SIZE_MAX };
	struct dla_graph *graph = dla_arena_alloc(&arena, 1, sizeof(*graph));
	unsigned int tensors = front->tensor_count + tail->tensor_count, ops = front->op_count + tail->op_count;
	struct dla_tensor *tensor = dla_arena_alloc(&arena, tensors, sizeof(*tensor));
	struct dla_op *op = dla_arena_alloc(&arena, ops, sizeof(*op));
	bool ok = graph && tensor && op;

	if (ok) {
		memcpy(tensor, front->tensor, front->tensor_count * sizeof(*tensor));
		memcpy(op, front->op, front->op_count * sizeof(*op));
		*graph = (struct dla_graph) {
			.name = j->joined->name, .tensor_count = tensors, .tensor = tensor, .op_count = ops, .op = op,
			.input_count = front->input_count, .input = front->input,
			.output_count = tail->output_count,
			.output = copy_list(&arena, j, tail->output, tail->output_count),
		};
		ok = graph->output;
	}
	for (unsigned int t = 0; t < tail->tensor_count && ok; t++) {
		struct dla_tensor *copy = &tensor[tensor_of_tail(j, (int)t)];

		*copy = tail->tensor[t];
		if (copy->producer >= 0)
			copy->producer += (int)front->op_count;
		else if (t == BORDER)
			copy->producer = front->tensor[front->output[0]].producer;
	}
	for (unsigned int i = 0; i < tail->op_count && ok; i++) {
		struct dla_op *copy = &op[front->op_count + i];

		*copy = tail->op[i];
		copy->input = copy_list(&arena, j, copy->input, copy->input_count);
		copy->output = copy_list(&arena, j, copy->output, copy->output_count);
		ok = copy->input && copy->output;
	}
	if (!ok) {
		dla_arena_free(arena.chunks);
		return dla_fail_memory();
	}
	graph->memory = arena.chunks;
	j->joined->graph = graph;
	return 0;
}

/* ------------------------------------------------------------------------------- the schedule */

static void join_tensors(struct joint *j)
{
	const struct dla_network *front = j->front, *tail = j->tail;
	struct dla_network *joined = j->joined;
	struct dla_schedule *s = &joined->schedule;
	unsigned int tensors = front->graph->tensor_count;

	memcpy(joined->flip, front->flip, tensors * sizeof(*joined->flip));
	memcpy(joined->root, front->root, tensors * sizeof(*joined->root));
	memcpy(joined->form, front->form, tensors * sizeof(*joined->form));
	memcpy(s->host, front->schedule.host, tensors * sizeof(*s->host));
	memcpy(s->npu, front->schedule.npu, tensors * sizeof(*s->npu));
	memcpy(s->whole, front->schedule.whole, tensors * sizeof(*s->whole));
	for (unsigned int t = 0; t < tail->graph->tensor_count; t++) {
		int to = tensor_of_tail(j, (int)t);

		joined->flip[to] = tail->flip[t];
		joined->form[to] = tail->form[t];
		joined->root[to] = tensor_of_tail(j, tail->root[t]);
		s->whole[to] = tensor_of_tail(j, tail->schedule.whole[t]);
		s->host[to] = tail->schedule.host[t];
		s->npu[to] = tail->schedule.npu[t];
	}
}

/* Steps of one of the networks, from first to before last. */
static void join_steps(struct joint *j, const struct dla_network *from, unsigned int first, unsigned int last)
{
	struct dla_schedule *s = &j->joined->schedule;
	bool is_tail = from == j->tail;

	for (unsigned int i = first; i < last; i++) {
		struct dla_step step = from->schedule.step[i];

		if (is_tail && step.kind == DLA_STEP_NPU)
			step.index += (int)j->segments;
		else if (is_tail && step.kind == DLA_STEP_CPU)
			step.index += (int)j->front->schedule.cpu_count;
		else if (is_tail)
			step.index = tensor_of_tail(j, step.index);
		s->step[s->step_count++] = step;
	}
}

static void join_segments(struct joint *j)
{
	const struct dla_network *front = j->front, *tail = j->tail;
	struct dla_network *joined = j->joined;
	struct dla_schedule *s = &joined->schedule;

	for (unsigned int i = 0; i < front->schedule.segment_count; i++) {
		s->segment[i] = front->schedule.segment[i];
		joined->part_end[i] = front->part_end[i];
	}
	for (unsigned int i = 0; i < tail->schedule.segment_count; i++) {
		struct dla_segment *segment = &s->segment[j->segments + i];

		/* One that goes on keeps its beginning. */
		if (i || !j->direct)
			segment->first = tail->schedule.segment[i].first + front->graph->op_count;
		segment->last = tail->schedule.segment[i].last + front->graph->op_count;
		joined->part_end[j->segments + i] = tail->part_end[i] + front->part_count;
	}
	s->segment_count = j->segments + tail->schedule.segment_count;
	for (unsigned int i = 0; i < front->schedule.cpu_count; i++)
		s->cpu[s->cpu_count++] = front->schedule.cpu[i];
	for (unsigned int i = 0; i < tail->schedule.cpu_count; i++) {
		struct dla_cpu_part *part = &s->cpu[s->cpu_count++];

		*part = tail->schedule.cpu[i];
		part->first += front->graph->op_count;
		part->last += front->graph->op_count;
	}
}

/* The tail begins with converting for the NPU what the front ended with converting from there. */
static bool is_direct(const struct dla_network *front, const struct dla_network *tail)
{
	const struct dla_schedule *s = &tail->schedule;

	return ends_on_npu(front) && s->step_count >= 2 && s->step[0].kind == DLA_STEP_TO_NPU &&
	       s->step[0].index == BORDER && s->step[1].kind == DLA_STEP_NPU && is_plain(tail, BORDER) &&
	       s->npu[BORDER] == front->schedule.npu[front->graph->output[0]];
}

static int join_schedules(struct joint *j, bool keep)
{
	const struct dla_schedule *front = &j->front->schedule, *tail = &j->tail->schedule;
	struct dla_schedule *s = &j->joined->schedule;
	unsigned int tensors = j->joined->graph->tensor_count;

	s->step = calloc(front->step_count + tail->step_count + 1, sizeof(*s->step));
	s->segment = calloc(front->segment_count + tail->segment_count + 1, sizeof(*s->segment));
	s->cpu = calloc(front->cpu_count + tail->cpu_count + 1, sizeof(*s->cpu));
	s->host = calloc(tensors, sizeof(*s->host));
	s->npu = calloc(tensors, sizeof(*s->npu));
	s->whole = calloc(tensors, sizeof(*s->whole));
	if (!s->step || !s->segment || !s->cpu || !s->host || !s->npu || !s->whole)
		return dla_fail_memory();
	join_tensors(j);
	/* A segment may go on only where nobody but the NPU needs what is passed on. */
	j->direct = !keep && is_direct(j->front, j->tail);
	j->segments = front->segment_count - j->direct;
	join_segments(j);
	join_steps(j, j->front, 0, front->step_count - (j->direct ? 2 : 0));
	join_steps(j, j->tail, j->direct ? 1 : 0, tail->step_count);
	s->host_bytes = tail->host_bytes;
	s->npu_bytes = tail->npu_bytes ? tail->npu_bytes : front->npu_bytes;
	s->host_bound = front->host_bound > tail->host_bound ? front->host_bound : tail->host_bound;
	s->npu_bound = front->npu_bound > tail->npu_bound ? front->npu_bound : tail->npu_bound;
	return 0;
}

/* ------------------------------------------------------------------------------- the programs */

static int join_part(struct joint *j, const struct dla_part *from, unsigned int first_op)
{
	struct dla_part *part = &j->joined->part[j->joined->part_count];

	part->op = malloc(from->layers * sizeof(*part->op));
	if (!part->op)
		return dla_fail_memory();
	memcpy(part->op, from->op, from->layers * sizeof(*part->op));
	for (unsigned int i = 0; i < from->layers; i++)
		part->op[i].cookie += first_op;
	part->program = from->program;
	part->lut = from->lut;
	part->lut_count = from->lut_count;
	part->layers = from->layers;
	atomic_init(&part->proven, atomic_load(&from->proven));
	j->joined->part_count++;
	return 0;
}

static int join_parts(struct joint *j)
{
	const struct dla_network *front = j->front, *tail = j->tail;
	int err = 0;

	j->joined->part = calloc(front->part_count + tail->part_count + 1, sizeof(*j->joined->part));
	if (!j->joined->part)
		return dla_fail_memory();
	for (unsigned int i = 0; i < front->part_count && !err; i++)
		err = join_part(j, &front->part[i], 0);
	for (unsigned int i = 0; i < tail->part_count && !err; i++)
		err = join_part(j, &tail->part[i], front->graph->op_count);
	return err;
}

/* --------------------------------------------------------------------- what callers may ask */

static void join_operations(struct joint *j)
{
	const struct dla_network *front = j->front, *tail = j->tail;
	struct dla_network *joined = j->joined;
	struct dla_estimate *estimate = &joined->weighed.estimate;
	unsigned int ops = front->graph->op_count;

	memcpy(joined->operation, front->operation, ops * sizeof(*joined->operation));
	memcpy(joined->weighed.op, front->weighed.op, ops * sizeof(*joined->weighed.op));
	memcpy(joined->operation + ops, tail->operation, tail->graph->op_count * sizeof(*joined->operation));
	memcpy(joined->weighed.op + ops, tail->weighed.op, tail->graph->op_count * sizeof(*joined->weighed.op));
	for (unsigned int i = ops; i < joined->graph->op_count; i++)
		if (joined->operation[i].fused_into != DLA_NO_OP)
			joined->operation[i].fused_into += (int)ops;
	joined->work = front->work + tail->work;
	*estimate = front->weighed.estimate;
	estimate->run_ns += tail->weighed.estimate.run_ns;
	estimate->all_cpu_ns += tail->weighed.estimate.all_cpu_ns;
	estimate->all_npu_ns += tail->weighed.estimate.all_npu_ns;
}

int dla_join(struct dla_network *front, struct dla_network *tail, const char *name, bool keep,
	     struct dla_network **result)
{
	struct dla_network *joined = dla_network_empty(front->device, name);
	struct joint j = { .front = front, .tail = tail, .joined = joined };
	int err;

	if (!joined)
		return -ENOMEM;
	joined->front = dla_network_share(front);
	joined->tail = dla_network_share(tail);
	joined->constants = front->constants;
	joined->tail_constants = tail->tail_constants;
	joined->threads = front->threads ? front->threads : tail->threads;
	err = join_graphs(&j);
	if (!err)
		err = dla_network_allocate(joined);
	if (!err)
		err = join_schedules(&j, keep);
	if (!err)
		err = join_parts(&j);
	if (err) {
		dla_network_free(joined);
		return err;
	}
	dla_network_describe(joined);
	join_operations(&j);
	*result = joined;
	return 0;
}

void dla_join_release(struct dla_network *joined)
{
	for (unsigned int i = 0; i < joined->part_count; i++)
		free(joined->part[i].op);
	dla_network_free(joined->front);
	dla_network_free(joined->tail);
}
