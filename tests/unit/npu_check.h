/* SPDX-License-Identifier: MIT */
#ifndef TESTS_NPU_CHECK_H
#define TESTS_NPU_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

/* Operations of a request that has run with keep_tensors, held to the arithmetic rules. */

static struct {
	unsigned int on_npu, on_cpu;
	size_t elements, unequal; /* on the NPU */
} tally[DLA_OP_KIND_COUNT];

static inline void fill_inputs(struct dla_request *request, unsigned int seed)
{
	for (unsigned int i = 0; i < dla_network_input_count(request->network); i++) {
		uint8_t *data = dla_request_input(request, i);

		for (size_t e = 0; e < dla_network_input(request->network, i)->bytes; e++)
			data[e] = (uint8_t)(rand_r(&seed) >> 7);
	}
}

/*
 * On the NPU it equals the library's own evaluation to the bit and differs from the reference
 * kernel by one LSB at most; on the CPU it equals that kernel. name: of the network, for messages.
 */
static inline void check_operation(const struct dla_request *request, unsigned int i,
				   const char *name)
{
	const struct dla_graph *graph = request->network->graph;
	const struct dla_lowered *lowered = request->network->placed[i].lowered;
	const struct dla_op *op = &graph->op[i];
	void *const *tensor = request->tensor;
	const int8_t *found = tensor[op->output[0]], *input[2] = { NULL };
	size_t bytes = graph->tensor[op->output[0]].bytes;
	void **data = calloc(graph->tensor_count, sizeof(*data));
	int8_t *expected = malloc(bytes);
	struct dla_cpu_op *cpu;

	for (unsigned int j = 0; j < op->input_count && j < 2; j++)
		input[j] = tensor[op->input[j]];
	if (lowered) {
		lowered->ops->eval(lowered, input, expected);
		for (size_t e = 0; e < bytes; e++)
			if (found[e] != expected[e])
				fail_msg(
					"%s, operation %u (%s), element %zu: the emulator says %d, the evaluation %d",
					name, i, dla_op_kind_name(op->kind), e, found[e],
					expected[e]);
	}
	memcpy(data, tensor, graph->tensor_count * sizeof(*data));
	data[op->output[0]] = expected;
	assert_int_equal(dla_cpu_prepare(graph, i, &cpu), 0);
	dla_cpu_run(cpu, data);
	dla_cpu_op_free(cpu);
	for (size_t e = 0; e < bytes; e++) {
		if (abs(found[e] - expected[e]) > (lowered ? 1 : 0))
			fail_msg(
				"%s, operation %u (%s on the %s), element %zu: %d, the reference kernel says %d",
				name, i, dla_op_kind_name(op->kind), lowered ? "NPU" : "CPU", e,
				found[e], expected[e]);
		tally[op->kind].unequal += found[e] != expected[e];
	}
	tally[op->kind].elements += lowered ? bytes : 0;
	tally[op->kind].on_npu += lowered != NULL;
	tally[op->kind].on_cpu += !lowered;
	free(expected);
	free(data);
}

static inline void print_tally(void)
{
	for (int kind = 0; kind < DLA_OP_KIND_COUNT; kind++)
		if (tally[kind].on_npu)
			printf("# %s: %u on the NPU, %zu of %zu elements differ from the reference kernel, by 1 LSB\n",
			       dla_op_kind_name(kind), tally[kind].on_npu, tally[kind].unequal,
			       tally[kind].elements);
	for (int kind = 0; kind < DLA_OP_KIND_COUNT; kind++)
		if (tally[kind].on_cpu)
			printf("# %s: %u on the CPU\n", dla_op_kind_name(kind), tally[kind].on_cpu);
}

#endif
