// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "xnn.h"
#include "xnn_node.h"

struct dla_xnn_part {
	xnn_runtime_t runtime;
	void *memory;				/* see struct dla_xnn_builder */
	struct xnn_external_value *external;
	int *tensor;				/* of each external value */
	size_t externals;
	bool set_up;
};

struct piece {
	struct piece *next;
	max_align_t data[];
};

void *dla_xnn_memory(struct dla_xnn_builder *b, size_t bytes)
{
	struct piece *piece = calloc(1, sizeof(*piece) + bytes + DLA_XNN_SLACK);

	if (!piece)
		return NULL;
	piece->next = b->memory;
	b->memory = piece;
	return piece->data;
}

static void free_memory(void *memory)
{
	for (struct piece *piece = memory, *next; piece; piece = next) {
		next = piece->next;
		free(piece);
	}
}

static enum xnn_status initialised;

static void initialise(void)
{
	initialised = xnn_initialize(NULL);
}

static int failed(enum xnn_status status, const struct dla_op *op)
{
	if (status == xnn_status_out_of_memory)
		return dla_fail(ENOMEM, "XNNPACK: out of memory");
	return dla_fail(EOPNOTSUPP, "XNNPACK does not do this %s (its status is %d)",
			op ? dla_op_kind_name(op->kind) : "network", (int)status);
}

static bool made_within(const struct dla_tensor *tensor, unsigned int first, unsigned int last)
{
	return tensor->producer >= (int)first && tensor->producer <= (int)last;
}

/* Externals first: XNNPACK wants their numbers below all others. */
static void note_external(struct dla_xnn_part *part, int tensor)
{
	for (size_t i = 0; i < part->externals; i++)
		if (part->tensor[i] == tensor)
			return;
	part->external[part->externals].id = (uint32_t)part->externals;
	part->tensor[part->externals++] = tensor;
}

static int find_externals(struct dla_xnn_part *part, const struct dla_graph *graph, unsigned int first,
			  unsigned int last, const bool *wanted)
{
	size_t room = 0;

	for (unsigned int i = first; i <= last; i++)
		room += graph->op[i].input_count + graph->op[i].output_count;
	part->external = calloc(room, sizeof(*part->external));
	part->tensor = calloc(room, sizeof(*part->tensor));
	if (!part->external || !part->tensor)
		return dla_fail_memory();
	for (unsigned int i = first; i <= last; i++) {
		const struct dla_op *op = &graph->op[i];

		for (unsigned int j = 0; j < op->input_count; j++) {
			int t = op->input[j];

			if (t != DLA_NO_TENSOR && !graph->tensor[t].data &&
			    !made_within(&graph->tensor[t], first, last))
				note_external(part, t);
		}
		for (unsigned int j = 0; j < op->output_count; j++)
			if (wanted[op->output[j]])
				note_external(part, op->output[j]);
	}
	return 0;
}

static int define(struct dla_xnn_builder *b, const struct dla_xnn_part *part, unsigned int first, unsigned int last)
{
	const struct dla_graph *graph = b->graph;
	enum xnn_status status = xnn_create_subgraph((uint32_t)part->externals, 0, &b->subgraph);

	for (size_t i = 0; i < part->externals && status == xnn_status_success; i++) {
		bool output = made_within(&graph->tensor[part->tensor[i]], first, last);

		status = dla_xnn_define_value(b, part->tensor[i], (uint32_t)i,
					      output ? XNN_VALUE_FLAG_EXTERNAL_OUTPUT : XNN_VALUE_FLAG_EXTERNAL_INPUT);
	}
	if (status != xnn_status_success)
		return failed(status, NULL);
	for (unsigned int i = first; i <= last; i++) {
		status = dla_xnn_define_node(b, &graph->op[i]);
		if (status != xnn_status_success)
			return failed(status, &graph->op[i]);
	}
	return 0;
}

static int build(struct dla_xnn_part *part, const struct dla_graph *graph, unsigned int first, unsigned int last,
		 const bool *wanted, struct pthreadpool *threads)
{
	struct dla_xnn_builder b = {
		.graph = graph,
		.value = malloc(graph->tensor_count * sizeof(*b.value)),
	};
	enum xnn_status status;
	int err = find_externals(part, graph, first, last, wanted);

	if (!b.value)
		err = dla_fail_memory();
	if (!err) {
		for (unsigned int t = 0; t < graph->tensor_count; t++)
			b.value[t] = XNN_INVALID_VALUE_ID;
		err = define(&b, part, first, last);
	}
	if (!err) {
		/* Between runs its threads sleep: others, and the NPU's interrupts, have use for the CPUs. */
		status = xnn_create_runtime_v2(b.subgraph, threads, XNN_FLAG_YIELD_WORKERS, &part->runtime);
		if (status != xnn_status_success)
			err = failed(status, first == last ? &graph->op[first] : NULL);
	}
	part->memory = b.memory;
	if (b.subgraph)
		xnn_delete_subgraph(b.subgraph);
	free(b.value);
	return err;
}

int dla_xnn_threads_new(unsigned int count, struct pthreadpool **threads)
{
	*threads = pthreadpool_create(count);
	return *threads ? 0 : dla_fail(ENOMEM, "out of memory for %u threads", count);
}

void dla_xnn_threads_free(struct pthreadpool *threads)
{
	pthreadpool_destroy(threads);
}

int dla_xnn_prepare(const struct dla_graph *graph, unsigned int first, unsigned int last, const bool *wanted,
		    struct pthreadpool *threads, struct dla_xnn_part **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct dla_xnn_part *part;
	int err;

	pthread_once(&once, initialise);
	if (initialised != xnn_status_success)
		return dla_fail(EOPNOTSUPP, "XNNPACK does not work on this processor (its status is %d)",
				(int)initialised);
	part = calloc(1, sizeof(*part));
	if (!part)
		return dla_fail_memory();
	err = build(part, graph, first, last, wanted, threads);
	if (err) {
		dla_xnn_free(part);
		return err;
	}
	*out = part;
	return 0;
}

bool dla_xnn_built_in(void)
{
	return true;
}

bool dla_xnn_has(const struct dla_graph *graph, unsigned int op)
{
	bool *wanted = malloc(graph->tensor_count * sizeof(*wanted));
	struct dla_xnn_part *part = NULL;

	if (!wanted)
		return false;
	memset(wanted, true, graph->tensor_count * sizeof(*wanted));
	if (!dla_xnn_prepare(graph, op, op, wanted, NULL, &part))
		dla_xnn_free(part);
	free(wanted);
	return part;
}

int dla_xnn_run(struct dla_xnn_part *part, void *const data[])
{
	enum xnn_status status = xnn_status_success;

	for (size_t i = 0; i < part->externals; i++) {
		void *at = data[part->tensor[i]];

		if (part->external[i].data != at)
			part->set_up = false;
		part->external[i].data = at;
	}
	if (!part->set_up)
		status = xnn_setup_runtime(part->runtime, part->externals, part->external);
	part->set_up = status == xnn_status_success;
	if (part->set_up)
		status = xnn_invoke_runtime(part->runtime);
	return status == xnn_status_success ? 0 : failed(status, NULL);
}

void dla_xnn_free(struct dla_xnn_part *part)
{
	if (!part)
		return;
	if (part->runtime)
		xnn_delete_runtime(part->runtime);
	free_memory(part->memory);
	free(part->external);
	free(part->tensor);
	free(part);
}
