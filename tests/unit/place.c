// SPDX-License-Identifier: MIT
/*
 * Placement by cost against all placements there are: of random networks and of stretches of real ones, for
 * every class of CPU and two clocks of the NPU. And on whole networks against all on the CPU, all that the
 * NPU can, and each operation where it is quickest by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../reference.h"
#include "../tflite_builder.h"
#include "device.h"
#include "dla.h"
#include "nvdla_core.h"
#include "place.h"
#include "tflite.h"

#define LONGEST		12
#define RANDOM_NETWORKS	240

/* Nanoseconds to place a thousand operations in, with sanitizers. */
#define LONGEST_TIME	UINT64_C(20000000000)

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

static void check_all(const struct dla_graph *graph, const struct drm_nvdla_dev_info *hw,
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
	const size_t speeds = sizeof(clocks) / sizeof(clocks[0]), all = sizeof(classes) / sizeof(classes[0]) * speeds;
	struct drm_nvdla_dev_info hw = { 0 };
	struct dla_profile profile;

	nvdla_config_info(nvdla_config_find("nv_small"), &hw);
	for (size_t i = 0; i < all; i += cases_apart()) {
		assert_int_equal(dla_profile_find(classes[i / speeds], &profile), 0);
		check(graph, &hw, &profile, clocks[i % speeds]);
	}
}

static void check_stretches(struct dla_graph *graph, unsigned int length)
{
	struct dla_graph part;

	for (unsigned int first = 0; first + length <= graph->op_count; first += length / 2) {
		part = stretch(graph, first, length);
		for_all(check_all, &part);
		stretch_free(&part);
	}
	dla_graph_free(graph);
}

/* ----------------------------------------------------------------------------- random networks */

#define TENSORS	(LONGEST + 1)

/* A network that grows; tensors are its input and what operations make. */
struct growing {
	struct builder b;
	unsigned int seed;
	int tensor[TENSORS], tensors;
	int size[TENSORS], channels[TENSORS];	/* pictures are square */
	bool used[TENSORS], probability[TENSORS];	/* these: of a scale that goes with them */
};

static int below(struct growing *g, int limit)
{
	return rand_r(&g->seed) % limit;
}

static int new_tensor(struct growing *g, int size, int channels, bool probability)
{
	int tensor = add_tensor(&g->b, "t", TYPE_INT8, LIST(1, size, size, channels), probability ? 1.0F / 256 : 0.1F,
				probability ? -128 : 3);

	g->tensor[g->tensors] = tensor;
	g->size[g->tensors] = size;
	g->probability[g->tensors] = probability;
	g->channels[g->tensors++] = channels;
	return tensor;
}

static int new_weights(struct growing *g, int kernels, int size, int channels)
{
	int tensor = add_tensor(&g->b, "w", TYPE_INT8, LIST(kernels, size, size, channels), 0.02F, 0);
	size_t bytes = (size_t)kernels * size * size * channels;
	int8_t *data = malloc(bytes);

	for (size_t i = 0; i < bytes; i++)
		data[i] = (int8_t)(below(g, 255) - 127);
	set_data(&g->b, tensor, data, bytes);
	free(data);
	return tensor;
}

static void grow_conv(struct growing *g, int from)
{
	int channels = 8 << below(g, 4), size = below(g, 2) ? 3 : 1;
	int weights = new_weights(g, channels, size, g->channels[from]);

	add_conv(&g->b, LIST(g->tensor[from], weights, -1), new_tensor(g, g->size[from], channels, false), 1,
		 PADDING_SAME);
}

static void grow_depthwise(struct growing *g, int from)
{
	int weights = new_weights(g, 1, 3, g->channels[from]);

	set_i32(&g->b, add_depthwise(&g->b, LIST(g->tensor[from], weights, -1),
				     new_tensor(g, g->size[from], g->channels[from], false), 1, PADDING_SAME),
		DEPTHWISE_MULTIPLIER, 1);
}

/* With whatever else has the shape; with itself if nothing has. */
static void grow_add(struct growing *g, int from)
{
	int other = from;

	for (int t = 0; t < g->tensors; t++)
		if (t != from && g->size[t] == g->size[from] && g->channels[t] == g->channels[from])
			other = t;
	g->used[other] = true;
	add_operator(&g->b, BUILTIN_ADD, OPTIONS_ADD, LIST(g->tensor[from], g->tensor[other]),
		     new_tensor(g, g->size[from], g->channels[from], false));
}

static void grow_pool(struct growing *g, int from)
{
	add_pool(&g->b, BUILTIN_MAX_POOL_2D, g->tensor[from],
		 new_tensor(g, g->size[from] / 2, g->channels[from], g->probability[from]), 2, 2, PADDING_VALID);
}

static void grow_function(struct growing *g, int from, bool on_the_npu)
{
	int out = new_tensor(g, g->size[from], g->channels[from], true);

	if (on_the_npu)
		add_operator(&g->b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(g->tensor[from]), out);
	else
		set_f32(&g->b, add_operator(&g->b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(g->tensor[from]), out),
			SOFTMAX_BETA, 1);
}

static void grow(struct growing *g)
{
	/* Rather the latest. */
	int from = g->tensors - 1 - below(g, below(g, 3) ? 1 : g->tensors), kind = below(g, 16);

	g->used[from] = true;
	if (kind < 6)
		grow_conv(g, from);
	else if (kind < 8)
		grow_depthwise(g, from);
	else if (kind < 11)
		grow_add(g, from);
	else if (kind < 13 && g->size[from] > 3)
		grow_pool(g, from);
	else
		grow_function(g, from, kind % 2);
}

static struct dla_graph *random_network(unsigned int seed, int operations)
{
	struct growing g = { .seed = seed };
	int32_t outputs[TENSORS];
	struct dla_graph *graph;
	int count = 0;

	builder_begin(&g.b);
	new_tensor(&g, 4 + below(&g, 25), 8 << below(&g, 3), false);
	for (int i = 0; i < operations; i++)
		grow(&g);
	for (int t = 1; t < g.tensors; t++)
		if (!g.used[t])
			outputs[count++] = g.tensor[t];
	builder_end(&g.b, LIST(g.tensor[0]), (struct builder_list){ count, outputs });
	if (dla_tflite_read(g.b.data, g.b.bytes, "random", &graph))
		fail_msg("%s", dla_strerror());
	free(g.b.data);
	return graph;
}

static void random_networks(void **state)
{
	struct drm_nvdla_dev_info hw = { 0 };

	(void)state;
	nvdla_config_info(nvdla_config_find("nv_small"), &hw);
	for (unsigned int seed = 0; seed < RANDOM_NETWORKS; seed += cases_apart()) {
		struct dla_graph *graph = random_network(seed, 3 + (int)seed % (LONGEST - 2));
		struct dla_profile profile;

		assert_int_equal(dla_profile_find(classes[seed / 10 % 3], &profile), 0);
		check_all(graph, &hw, &profile, clocks[seed / 30 % 2]);
		dla_graph_free(graph);
	}
}

/* ------------------------------------------------------------------------------- long networks */

/* A row of convolutions, all with the same weights; every seventh operation is one of the CPU's. */
static struct dla_graph long_network(unsigned int operations)
{
	static const float scale[] = { 0.1F, 0.02F, 1.0F / 256 };
	static const int32_t zero_point[] = { 3, 0, -128 };
	static int8_t data[16 * 16];
	static const int weights = 0, input = 1;
	struct dla_tensor *tensor = calloc(operations + 2, sizeof(*tensor));
	struct dla_op *op = calloc(operations, sizeof(*op));
	int *index = calloc(operations + 2, sizeof(*index)), *operand = calloc(operations, 3 * sizeof(*operand));

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (int8_t)(i * 37);
	tensor[weights] = (struct dla_tensor) {
		.name = "w", .shape = { 4, { 16, 1, 1, 16 } }, .quant = { 1, 0, &scale[1], &zero_point[1] },
		.bytes = sizeof(data), .data = data, .producer = -1,
	};
	for (unsigned int t = 1; t < operations + 2; t++) {
		bool probability = t > 1 && (t - 2) % 7 == 6;

		index[t] = (int)t;
		tensor[t] = (struct dla_tensor) {
			.name = "t", .shape = { 4, { 1, 24, 24, 16 } }, .bytes = 24 * 24 * 16, .producer = (int)t - 2,
			.quant = { 1, 0, &scale[probability ? 2 : 0], &zero_point[probability ? 2 : 0] },
		};
	}
	for (unsigned int i = 0; i < operations; i++) {
		operand[3 * i] = (int)i + 1;
		operand[3 * i + 1] = weights;
		operand[3 * i + 2] = DLA_NO_TENSOR;
		op[i] = (struct dla_op) {
			.kind = i % 7 == 6 ? DLA_OP_SOFTMAX : DLA_OP_CONV_2D,
			.input_count = i % 7 == 6 ? 1 : 3, .output_count = 1,
			.input = &operand[3 * i], .output = &index[i + 2],
		};
		if (op[i].kind == DLA_OP_SOFTMAX)
			op[i].softmax.beta = 1;
		else
			op[i].window = (struct dla_window) { 1, 1, 1, 1, 1, 1 };
	}
	return (struct dla_graph) {
		.name = "long", .tensor_count = operations + 2, .op_count = operations, .tensor = tensor, .op = op,
		.input_count = 1, .input = &index[input], .output_count = 1, .output = &index[operations + 1],
	};
}

static void long_network_free(struct dla_graph *graph)
{
	free((void *)graph->tensor);
	free((void *)(graph->input - 1));
	free((void *)graph->op[0].input);
	free((void *)graph->op);
}

static void long_networks(void **state)
{
	struct drm_nvdla_dev_info hw = { 0 };
	struct dla_profile profile;

	(void)state;
	nvdla_config_info(nvdla_config_find("nv_small"), &hw);
	assert_int_equal(dla_profile_find("slow-in-order", &profile), 0);
	for (unsigned int operations = 250; operations <= 1000; operations *= 2) {
		struct dla_graph graph = long_network(operations);
		uint64_t start = dla_now_ns(), took;

		check_whole(&graph, &hw, &profile, 1e9);
		took = dla_now_ns() - start;
		printf("# %u operations: %.3f s\n", operations, (double)took / 1e9);
		assert_true(took < LONGEST_TIME || cases_apart() > 1);
		long_network_free(&graph);
	}
}

/* ------------------------------------------------------------------------------- real networks */

static void own_network(void **state)
{
	(void)state;
	check_stretches(read_network("examples/fashion-mnist/fashion_resnet_int8.tflite"), LONGEST);
}

static void stretches_of(void **state)
{
	char *path = model_path(*state);
	struct dla_graph *graph = read_network(path);

	free(path);
	if (!graph)
		skip();
	check_stretches(graph, 8);
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
		cmocka_unit_test(random_networks),
		cmocka_unit_test(long_networks),
		cmocka_unit_test(own_network),
		cmocka_unit_test(some_were_mixed),
		ON(stretches_of, "mlperf-tiny/pretrainedResnet_quant.tflite"),
		ON(stretches_of, "mlperf-tiny/vww_96_int8.tflite"),
		ON(stretches_of, "mlperf-tiny/kws_ref_model.tflite"),
		ON(stretches_of, "stm32-apache2/esc10__miniresnetv2_1stacks_64x50_tl_int8.tflite"),
		ON(whole, "mlperf-tiny/vww_96_int8.tflite"),
		ON(whole, "coral/tf2_mobilenet_v2_1.0_224_ptq.tflite"),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
