/* SPDX-License-Identifier: MIT */
#ifndef TESTS_NPU_CHECK_H
#define TESTS_NPU_CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

/* Inputs of an operation, at most. */
#define CHECK_INPUTS 8

/* Operations of a request that has run with keep_tensors, held to the arithmetic rules. */

static struct {
	unsigned int on_npu, on_cpu;
	size_t elements, unequal; /* on the NPU */
} tally[DLA_OP_KIND_COUNT];

/* Convolutions with an ADD: compared with the real value, rounded. */
static struct {
	unsigned int count, padded, pooled;
	size_t elements, unequal;
} fused_tally;

static inline void fill_inputs(struct dla_request *request, unsigned int seed)
{
	for (unsigned int i = 0; i < dla_network_input_count(request->network); i++) {
		uint8_t *data = dla_request_input(request, i);

		for (size_t e = 0; e < dla_network_input(request->network, i)->bytes; e++)
			data[e] = (uint8_t)(rand_r(&seed) >> 7);
	}
}

/* The reference kernel of one operation, from and into data[]. */
static inline void run_reference(const struct dla_graph *graph, unsigned int i, void **data)
{
	struct dla_cpu_op *cpu;

	assert_int_equal(dla_cpu_prepare(graph, i, &cpu), 0);
	dla_cpu_run(cpu, data);
	dla_cpu_op_free(cpu);
}

/* Sum of products of a convolution for output element (n, y, x, k), without bias. */
static inline int64_t convolve(const struct dla_graph *graph, const struct dla_op *op, const int8_t *in,
			       int n, int y, int x, int k)
{
	const struct dla_tensor *from = &graph->tensor[op->input[0]];
	const struct dla_tensor *weights = &graph->tensor[op->input[1]];
	const struct dla_window *w = &op->window;
	int32_t zero = from->quant.zero_point[0], zero_weight = weights->quant.zero_point[0];
	const int32_t *kernel = weights->shape.dim, *size = from->shape.dim;
	const int8_t *weight = weights->data;
	int64_t acc = 0;

	if (op->kind == DLA_OP_FULLY_CONNECTED) {
		in += n * kernel[1];
		for (int32_t i = 0; i < kernel[1]; i++)
			acc += (in[i] - zero) * (weight[(size_t)k * (size_t)kernel[1] + (size_t)i] - zero_weight);
		return acc;
	}
	in += n * size[1] * size[2] * size[3];
	for (int32_t r = 0; r < kernel[1]; r++) {
		for (int32_t s = 0; s < kernel[2]; s++) {
			int32_t iy = y * w->stride_h - w->pad_top + r * w->dilation_h;
			int32_t ix = x * w->stride_w - w->pad_left + s * w->dilation_w;

			if (iy < 0 || iy >= size[1] || ix < 0 || ix >= size[2])
				continue;
			for (int32_t c = 0; c < kernel[3]; c++)
				acc += (in[(iy * size[2] + ix) * size[3] + c] - zero) *
				       (weight[((k * kernel[1] + r) * kernel[2] + s) * kernel[3] + c] - zero_weight);
		}
	}
	return acc;
}

static inline double activate(enum dla_activation activation, double real)
{
	switch (activation) {
	case DLA_ACT_RELU:
		return fmax(real, 0);
	case DLA_ACT_RELU6:
		return fmin(fmax(real, 0), 6);
	case DLA_ACT_RELU_N1_TO_1:
		return fmin(fmax(real, -1), 1);
	default:
		return real;
	}
}

/* Between a tensor's bytes in the network and what the NPU works on. */
static inline void flip_bytes(int8_t *bytes, size_t count, uint8_t flip)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (int8_t)(bytes[i] ^ flip);
}

static inline int8_t *flipped(const struct dla_request *request, int t, const int8_t *bytes)
{
	size_t count = request->network->graph->tensor[t].bytes;
	int8_t *copy = malloc(count);

	memcpy(copy, bytes, count);
	flip_bytes(copy, count, request->network->flip[t]);
	return copy;
}

/* What a convolution and an ADD make of quantised inputs in real arithmetic, rounded once. */
static inline void real_conv_add(const struct dla_graph *graph, const struct dla_node *node,
				 const int8_t *in, const int8_t *residual, int8_t *out)
{
	const struct dla_op *conv = &graph->op[node->op], *add = &graph->op[node->add];
	const struct dla_tensor *to = &graph->tensor[conv->output[0]];
	const struct dla_quant *input = &graph->tensor[conv->input[0]].quant;
	const struct dla_quant *weights = &graph->tensor[conv->input[1]].quant;
	const struct dla_quant *added = &graph->tensor[dla_node_input(graph, node, 1)].quant;
	const struct dla_quant *result = &graph->tensor[add->output[0]].quant;
	const int32_t *bias = conv->input_count > 2 && conv->input[2] != DLA_NO_TENSOR ?
				      graph->tensor[conv->input[2]].data : NULL;
	int channels = to->shape.dim[to->shape.rank - 1];
	int width = conv->kind == DLA_OP_CONV_2D ? to->shape.dim[2] : 1;
	int height = conv->kind == DLA_OP_CONV_2D ? to->shape.dim[1] : 1;

	for (int i = 0; i < (int)to->bytes; i++) {
		int k = i % channels, pixel = i / channels;
		int64_t acc = convolve(graph, conv, in, pixel / width / height, pixel / width % height,
				       pixel % width, k);
		double real = (double)(acc + (bias ? bias[k] : 0)) * input->scale[0] *
			      weights->scale[weights->count > 1 ? k : 0];

		real = activate(conv->activation, real);
		real += (double)added->scale[0] * (residual[i] - added->zero_point[0]);
		real = activate(add->activation, real) / result->scale[0] + result->zero_point[0];
		out[i] = (int8_t)fmax(fmin(round(real), 127), -128);
	}
}

/*
 * On the NPU it equals the library's own evaluation to the bit. It differs by one LSB at most from
 * the reference kernel, or, with an ADD, from the real value; on the CPU it equals that kernel.
 * What is part of a later operation is checked there. name: of the network, for messages.
 */
static inline void check_operation(const struct dla_request *request, unsigned int i,
				   const char *name)
{
	const struct dla_graph *graph = request->network->graph;
	const struct dla_graph *there = request->network->signed_graph ? request->network->signed_graph : graph;
	const uint8_t *flip = request->network->flip;
	const struct dla_placed *placed = &request->network->placed[i];
	const struct dla_lowered *lowered = placed->lowered;
	const struct dla_node *node = &placed->node;
	const struct dla_op *op = &graph->op[i];
	void *const *tensor = request->tensor;
	int8_t *input[CHECK_INPUTS] = { NULL }, *passed[DLA_NODE_TABLES] = { NULL };
	size_t bytes = 0, unequal = 0;
	void **data = calloc(graph->tensor_count, sizeof(*data));
	int8_t *expected, *padded = NULL, *made = NULL, *pool_padded = NULL;
	int8_t *found;
	unsigned int last = (unsigned int)(node->add == DLA_NO_OP ? node->op : node->add);

	for (unsigned int j = 0; j < op->output_count; j++)
		bytes += graph->tensor[op->output[j]].bytes;
	found = malloc(bytes);
	expected = malloc(bytes);
	if (placed->fused_into != DLA_NO_OP) {
		assert_int_equal(request->network->placed[placed->fused_into].fused_into, DLA_NO_OP);
		assert_true(dla_node_has(&request->network->placed[placed->fused_into].node, i));
		goto out;
	}
	memcpy(data, tensor, graph->tensor_count * sizeof(*data));
	for (size_t j = 0, at = 0; j < op->output_count; at += graph->tensor[op->output[j++]].bytes) {
		int8_t *one = flipped(request, op->output[j], tensor[op->output[j]]);

		memcpy(found + at, one, graph->tensor[op->output[j]].bytes);
		data[op->output[j]] = expected + at;
		free(one);
	}
	for (unsigned int j = 0; j < CHECK_INPUTS; j++) {
		int t = dla_node_input(graph, node, j);

		if (t == DLA_NO_TENSOR)
			break;
		input[j] = tensor[t] ? flipped(request, t, tensor[t]) : NULL;
	}
	if (lowered) {
		lowered->ops->eval(lowered, (const int8_t *const *)input, expected);
		for (size_t e = 0; e < bytes; e++)
			if (found[e] != expected[e])
				fail_msg(
					"%s, operation %u (%s), element %zu: the emulator says %d, the evaluation %d",
					name, i, dla_op_kind_name(op->kind), e, found[e],
					expected[e]);
	}
	for (unsigned int j = 0; j < DLA_NODE_TABLES; j++) {
		int t = node->table[j] == DLA_NO_OP ? DLA_NO_TENSOR : graph->op[node->table[j]].output[0];

		if (t == DLA_NO_TENSOR)
			continue;
		passed[j] = malloc(graph->tensor[t].bytes);
		data[t] = passed[j];
		run_reference(graph, (unsigned int)node->table[j], data);
	}
	if (node->pad != DLA_NO_OP) {
		int t = graph->op[node->pad].output[0];

		padded = malloc(graph->tensor[t].bytes);
		data[t] = padded;
		run_reference(graph, (unsigned int)node->pad, data);
		fused_tally.padded++;
	}
	if (node->pool != DLA_NO_OP) {
		made = malloc(graph->tensor[graph->op[last].output[0]].bytes);
		data[graph->op[last].output[0]] = made;
		fused_tally.pooled++;
	}
	if (node->add != DLA_NO_OP) {
		int t = graph->op[node->op].input[0], sum = graph->op[node->add].output[0];

		if (padded)
			flip_bytes(padded, graph->tensor[t].bytes, flip[t]);
		real_conv_add(there, node, padded ? padded : input[0], input[1], made ? made : expected);
		flip_bytes(made ? made : expected, graph->tensor[sum].bytes, flip[sum]);
	} else {
		run_reference(graph, last, data);
	}
	if (node->pool_pad != DLA_NO_OP) {
		int t = graph->op[node->pool_pad].output[0];

		pool_padded = malloc(graph->tensor[t].bytes);
		data[t] = pool_padded;
		run_reference(graph, (unsigned int)node->pool_pad, data);
	}
	if (made)
		run_reference(graph, i, data);
	flip_bytes(expected, bytes, flip[op->output[0]]);
	for (size_t e = 0; e < bytes; e++) {
		if (abs(found[e] - expected[e]) > (lowered || request->network->placed[i].xnnpack ? 1 : 0))
			fail_msg(
				"%s, operation %u (%s on the %s), element %zu: %d, the %s says %d",
				name, i, dla_op_kind_name(op->kind), lowered ? "NPU" : "CPU", e,
				found[e], node->add == DLA_NO_OP ? "reference kernel" : "real value",
				expected[e]);
		unequal += found[e] != expected[e];
	}
	if (node->add != DLA_NO_OP) {
		fused_tally.count++;
		fused_tally.elements += bytes;
		fused_tally.unequal += unequal;
		goto out;
	}
	tally[op->kind].unequal += unequal;
	tally[op->kind].elements += lowered ? bytes : 0;
	tally[op->kind].on_npu += lowered != NULL;
	tally[op->kind].on_cpu += !lowered;
out:
	free(found);
	for (unsigned int j = 0; j < CHECK_INPUTS; j++)
		free(input[j]);
	for (unsigned int j = 0; j < DLA_NODE_TABLES; j++)
		free(passed[j]);
	free(pool_padded);
	free(made);
	free(padded);
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
	if (fused_tally.count)
		printf("# convolution with ADD: %u, %zu of %zu elements differ from the correctly rounded value, by 1 LSB\n",
		       fused_tally.count, fused_tally.unequal, fused_tally.elements);
	if (fused_tally.padded)
		printf("# PAD in the convolution: %u\n", fused_tally.padded);
	if (fused_tally.pooled)
		printf("# pooling with the convolution: %u\n", fused_tally.pooled);
	for (int kind = 0; kind < DLA_OP_KIND_COUNT; kind++)
		if (tally[kind].on_cpu)
			printf("# %s: %u on the CPU\n", dla_op_kind_name(kind), tally[kind].on_cpu);
}

#endif
