// SPDX-License-Identifier: MIT
/*
 * Placement by cost against all placements there are: of stretches of real networks, for every class of
 * CPU and two clocks of the NPU. And on whole networks against all on the CPU, all that the NPU can, and
 * each operation where it is quickest by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../reference.h"
#include "dla.h"
#include "nvdla_core.h"
#include "place.h"
#include "tflite.h"

#define LONGEST	12

static const char *const classes[] = { "slow-in-order", "fast-in-order", "out-of-order" };
static const double clocks[] = { 100e6, 1e9 };

static unsigned int mixed;	/* best placements that have both */

/* Operations first..first + count - 1 as a network of their own; the tables are the caller's to free. */
static struct dla_graph stretch(const struct dla_graph *whole, unsigned int first, unsigned int count)
{
	struct dla_graph part = *whole;
	struct dla_tensor *tensor = calloc(whole->tensor_count, sizeof(*tensor));
	int *input = calloc(whole->tensor_count, sizeof(*input)), *output = calloc(whole->tensor_count, sizeof(*output));
	bool *used = calloc(whole->tensor_count, sizeof(*used));

	memcpy(tensor, whole->tensor, whole->tensor_count * sizeof(*tensor));
	part.tensor = tensor;
	part.input = input;
	part.output = output;
	part.op = whole->op + first;
	part.op_count = count;
	part.input_count = 0;
	part.output_count = 0;
	for (unsigned int i = first; i < whole->op_count; i++)
		for (unsigned int j = 0; j < whole->op[i].input_count; j++)
			if (whole->op[i].input[j] >= 0)
				used[whole->op[i].input[j]] |= i >= first + count;
	for (unsigned int t = 0; t < whole->tensor_count; t++) {
		int producer = whole->tensor[t].producer - (int)first;

		tensor[t].producer = producer >= 0 && producer < (int)count ? producer : -1;
		for (unsigned int o = 0; o < whole->output_count; o++)
			used[t] |= whole->output[o] == (int)t;
		if (tensor[t].producer >= 0 && used[t])
			output[part.output_count++] = (int)t;
	}
	free(used);
	return part;
}

static void stretch_free(struct dla_graph *part)
{
	free((void *)part->tensor);
	free((void *)part->input);
	free((void *)part->output);
}

struct trial {
	struct dla_placer *placer;
	struct dla_placed *placed;
	int *root;
	bool *may;
};

static struct trial trial_of(const struct dla_graph *graph, const struct drm_nvdla_dev_info *hw,
			     const struct dla_profile *profile, double hz)
{
	const struct dla_place_options options = { .hw = hw, .xnnpack = true, .profile = profile, .npu_hz = hz };
	struct trial t = {
		.placed = calloc(graph->op_count, sizeof(*t.placed)),
		.root = calloc(graph->tensor_count, sizeof(*t.root)),
		.may = calloc(graph->op_count, sizeof(*t.may)),
	};

	assert_int_equal(dla_placer_new(graph, &options, &t.placer), 0);
	return t;
}

static void trial_free(struct trial *t)
{
	dla_placer_free(t->placer);
	free(t->placed);
	free(t->root);
	free(t->may);
}

static double time_of(struct trial *t, const bool *may)
{
	assert_int_equal(dla_placer_try(t->placer, may, t->placed, t->root), 0);
	return dla_placer_time(t->placer, t->placed, t->root, NULL);
}

static void check_stretch(const struct dla_graph *graph, const struct drm_nvdla_dev_info *hw,
			  const struct dla_profile *profile, double hz)
{
	struct trial t = trial_of(graph, hw, profile, hz);
	double chosen, best = 1e300;
	unsigned int npu = 0;

	assert_int_equal(dla_placer_choose(t.placer, t.may), 0);
	chosen = time_of(&t, t.may);
	for (unsigned int i = 0; i < graph->op_count; i++)
		npu += dla_placed_on_npu(&t.placed[i]);
	mixed += npu && npu < graph->op_count;
	for (unsigned int mask = 0; mask < 1u << graph->op_count; mask++) {
		double time;

		for (unsigned int i = 0; i < graph->op_count; i++)
			t.may[i] = mask >> i & 1;
		time = time_of(&t, t.may);
		best = time < best ? time : best;
	}
	if (chosen > best * (1 + 1e-9))
		fail_msg("%u operations, %s, %.0f Hz: %.0f ns, but %.0f ns would do", graph->op_count, profile->name,
			 hz, chosen, best);
	trial_free(&t);
}

static void check_whole(const struct dla_graph *graph, const struct drm_nvdla_dev_info *hw,
			const struct dla_profile *profile, double hz)
{
	struct trial t = trial_of(graph, hw, profile, hz);
	bool *greedy = calloc(graph->op_count, sizeof(*greedy));
	double chosen, npu, cpu, each;

	assert_int_equal(dla_placer_choose(t.placer, t.may), 0);
	chosen = time_of(&t, t.may);
	npu = time_of(&t, NULL);
	for (unsigned int i = 0; i < graph->op_count; i++)
		greedy[i] = t.placed[i].fused_into != DLA_NO_OP ||
			    (t.placed[i].lowered && t.placed[i].npu_ns < dla_placer_cpu_time(t.placer, i));
	each = time_of(&t, greedy);
	memset(greedy, 0, graph->op_count * sizeof(*greedy));
	cpu = time_of(&t, greedy);
	printf("# %s, %.0f MHz: %.3f ms; all CPU %.3f, all NPU %.3f, greedy %.3f\n", profile->name, hz / 1e6,
	       chosen / 1e6, cpu / 1e6, npu / 1e6, each / 1e6);
	assert_true(chosen <= npu && chosen <= cpu && chosen <= each);
	free(greedy);
	trial_free(&t);
}

typedef void check_fn(const struct dla_graph *graph, const struct drm_nvdla_dev_info *hw,
		      const struct dla_profile *profile, double hz);

static void for_all(check_fn *check, const struct dla_graph *graph)
{
	struct drm_nvdla_dev_info hw = { 0 };
	struct dla_profile profile;

	nvdla_config_info(nvdla_config_find("nv_small"), &hw);
	for (size_t c = 0; c < sizeof(classes) / sizeof(classes[0]); c++) {
		assert_int_equal(dla_profile_find(classes[c], &profile), 0);
		for (size_t h = 0; h < sizeof(clocks) / sizeof(clocks[0]); h++)
			check(graph, &hw, &profile, clocks[h]);
	}
}

static struct dla_graph *read_network(const char *path)
{
	struct dla_graph *graph;
	size_t bytes = 0;
	void *file = read_file(path, &bytes);

	if (!file)
		return NULL;
	if (dla_tflite_read(file, bytes, path, &graph))
		fail_msg("%s", dla_strerror());
	free(file);
	return graph;
}

static void check_stretches(const char *path, unsigned int length)
{
	struct dla_graph *graph = read_network(path), part;

	if (!graph)
		skip();
	for (unsigned int first = 0; first + length <= graph->op_count; first += length / 2) {
		part = stretch(graph, first, length);
		for_all(check_stretch, &part);
		stretch_free(&part);
	}
	dla_graph_free(graph);
}

static void own_network(void **state)
{
	(void)state;
	check_stretches("examples/fashion-mnist/fashion_resnet_int8.tflite", LONGEST);
}

static void stretches_of(void **state)
{
	char *path = model_path(*state);

	check_stretches(path, 8);
	free(path);
}

static void whole(void **state)
{
	char *path = model_path(*state);
	struct dla_graph *graph = read_network(path);

	free(path);
	if (!graph)
		skip();
	for_all(check_whole, graph);
	dla_graph_free(graph);
}

static void some_were_mixed(void **state)
{
	(void)state;
	printf("# %u best placements use both\n", mixed);
	assert_true(mixed);
}

#define ON(test, model) { #test " " model, test, NULL, NULL, (void *)(model) }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_network),
		ON(stretches_of, "mlperf-tiny/pretrainedResnet_quant.tflite"),
		ON(stretches_of, "mlperf-tiny/vww_96_int8.tflite"),
		ON(stretches_of, "mlperf-tiny/kws_ref_model.tflite"),
		ON(stretches_of, "stm32-apache2/esc10__miniresnetv2_1stacks_64x50_tl_int8.tflite"),
		ON(whole, "mlperf-tiny/vww_96_int8.tflite"),
		ON(whole, "coral/tf2_mobilenet_v2_1.0_224_ptq.tflite"),
		cmocka_unit_test(some_were_mixed),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
