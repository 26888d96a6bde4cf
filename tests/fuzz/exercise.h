/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_EXERCISE_H
#define TESTS_FUZZ_EXERCISE_H

#include "../reference.h"
#include "dla.h"
#include "tflite.h"

/* What is small enough to be run for each of many files. */
#define EXERCISE_STEPS 3000000
#define EXERCISE_BYTES (4U << 20)

/* About how often the innermost loop of an operation turns. */
static inline uint64_t exercise_steps(const struct dla_graph *graph, unsigned int i)
{
	const struct dla_op *op = &graph->op[i];
	const struct dla_shape *in = &graph->tensor[op->input[0]].shape;
	const struct dla_tensor *out = &graph->tensor[op->output[0]];
	uint64_t h, w;

	if (op->kind != DLA_OP_MAX_POOL_2D && op->kind != DLA_OP_AVERAGE_POOL_2D)
		return dla_op_macs(graph, i) + out->bytes;
	h = op->window.kernel_h < in->dim[1] ? op->window.kernel_h : in->dim[1];
	w = op->window.kernel_w < in->dim[2] ? op->window.kernel_w : in->dim[2];
	return out->bytes * h * w;
}

static inline bool exercise_is_small(const struct dla_graph *graph)
{
	uint64_t bytes = 0, steps = 0;

	for (unsigned int i = 0; i < graph->tensor_count; i++)
		bytes += graph->tensor[i].bytes;
	for (unsigned int i = 0; i < graph->op_count && steps <= EXERCISE_STEPS; i++)
		steps += exercise_steps(graph, i);
	return bytes <= EXERCISE_BYTES && steps <= EXERCISE_STEPS;
}

/* The same of a file that can be read, with limits for slower ways to run it. */
static inline bool exercise_is_cheap(const void *data, size_t bytes)
{
	uint64_t steps = 0, size = 0;
	struct dla_graph *graph;

	if (dla_tflite_read(data, bytes, "fuzz", &graph))
		return false;
	for (unsigned int i = 0; i < graph->tensor_count; i++)
		size += graph->tensor[i].bytes;
	for (unsigned int i = 0; i < graph->op_count && steps <= EXERCISE_STEPS; i++)
		steps += exercise_steps(graph, i);
	dla_graph_free(graph);
	return size <= EXERCISE_BYTES / 64 && steps <= EXERCISE_STEPS / 10;
}

/* Read a file and do with the network what can be done with it; the reader's error, or 0. */
static inline int exercise(const void *data, size_t bytes)
{
	struct dla_graph *graph;
	int err = dla_tflite_read(data, bytes, "fuzz", &graph);

	if (err)
		return err;
	if (exercise_is_small(graph)) {
		void **storage = network_storage(graph);

		err = network_run(graph, storage);
		network_storage_free(graph, storage);
	} else {
		for (unsigned int i = 0; !err && i < graph->op_count; i++) {
			struct dla_cpu_op *op;

			err = dla_cpu_prepare(graph, i, &op);
			if (!err)
				dla_cpu_op_free(op);
		}
	}
	/* What the reader has accepted can be run. */
	if (err)
		abort();
	dla_graph_free(graph);
	return 0;
}

#endif
