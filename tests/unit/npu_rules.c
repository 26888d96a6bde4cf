// SPDX-License-Identifier: MIT
/*
 * The arithmetic rules, for every operation of real networks that the NPU runs: the emulator equals
 * the library's own evaluation to the bit, and differs from the reference kernel on the same inputs
 * by at most one LSB.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "npu_check.h"

static char *shared_path(const char *name)
{
	static char path[PATH_MAX];
	const char *shared = getenv("DLA_SHARED");

	snprintf(path, sizeof(path), "%s/models/%s", shared ? shared : "../shared", name);
	return path;
}

/* Run and check; returns how many operations were on the NPU. */
static unsigned int check_network(const char *path, const char *input, unsigned int seed)
{
	static const struct dla_options options = {
		.place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE, .keep_tensors = 1,
	};
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_network *network;
	struct dla_request *request;
	unsigned int checked = 0;

	if (!device)
		fail_msg("%s", dla_strerror());
	network = dla_network_load(device, path, &options);
	if (!network)
		fail_msg("%s", dla_strerror());
	request = dla_request_new(network);
	assert_non_null(request);
	fill_inputs(request, seed);
	if (input) {
		FILE *file = fopen(input, "rb");

		assert_non_null(file);
		assert_int_equal(fread(dla_request_input(request, 0), 1, dla_network_input(network, 0)->bytes, file),
				 dla_network_input(network, 0)->bytes);
		fclose(file);
	}
	if (dla_request_run(request))
		fail_msg("%s", dla_strerror());
	for (unsigned int i = 0; i < network->graph->op_count; i++) {
		if (!dla_placed_on_npu(&network->placed[i]))
			continue;
		check_operation(request, i, network->name);
		checked++;
	}
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	return checked;
}

struct subject {
	const char *model, *input;
	unsigned int on_npu;		/* 0: at least one */
};

/*
 * What is too large for a build with sanitizers is not here: MobileNetV2 and the two networks that
 * see people in 240x320 pictures, 300 to 480 million MACs each.
 */
static const struct subject subjects[] = {
	/* Nine convolutions, three ADDs, the pool, the view behind it, the fully connected layer. */
	{ "mlperf-tiny/pretrainedResnet_quant.tflite", "samples/mlperf-imgc/quant_cat.dat", 15 },
	{ "mlperf-tiny/pretrainedResnet_quant.tflite", NULL, 15 },
	{ "mlperf-tiny/kws_ref_model.tflite", "samples/mlperf-kws/no_3.dat" },
	{ "mlperf-tiny/vww_96_int8.tflite", "samples/mlperf-vww/quant_test_yes_0.dat" },
	{ "mlperf-tiny/ad01_int8.tflite", NULL },
	{ "tflite-micro/person_detect.tflite", NULL },
	{ "coral/mobilenet_v1_0.25_128_quant.tflite", NULL, 30 },
	{ "silabs-mltk/rock_paper_scissors.tflite", NULL },
	{ "stm32-apache2/esc10__miniresnet_1stacks_64x50_tl_int8.tflite", NULL },
	{ "stm32-apache2/esc10__miniresnetv2_1stacks_64x50_tl_int8.tflite", NULL },
};

#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

static void shared_network(void **state)
{
	const struct subject *subject = *state;
	char input[PATH_MAX];
	unsigned int checked;

	if (access(shared_path(subject->model), R_OK))
		skip();
	if (subject->input)
		snprintf(input, sizeof(input), "%s", shared_path(subject->input));
	checked = check_network(shared_path(subject->model), subject->input ? input : NULL, 1);
	if (subject->on_npu)
		assert_int_equal(checked, subject->on_npu);
	else
		assert_int_not_equal(checked, 0);
}

static void own_network(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 5; seed++)
		assert_int_not_equal(check_network("examples/fashion-mnist/fashion_resnet_int8.tflite", NULL, seed), 0);
}

/* What lies in spare channels and unused memory before a run must not matter. */
static void poisoned_memory(void **state)
{
	static const unsigned char poison[] = { 0x00, 0x7f, 0x80, 0xa5 };
	int8_t first[10];

	(void)state;
	for (size_t i = 0; i < sizeof(poison); i++) {
		struct dla_device *device = dla_device_open("sim:nv_small");
		const struct dla_options options = { .place = DLA_PLACE_NPU };
		struct dla_network *network =
			dla_network_load(device, "examples/fashion-mnist/fashion_resnet_int8.tflite", &options);
		struct dla_request *request = network ? dla_request_new(network) : NULL;

		if (!request)
			fail_msg("%s", dla_strerror());
		fill_inputs(request, 3);
		memset(request->arena->map, poison[i], request->arena->size);
		assert_int_equal(dla_request_run(request), 0);
		if (i == 0)
			memcpy(first, dla_request_output(request, 0), sizeof(first));
		assert_memory_equal(first, dla_request_output(request, 0), sizeof(first));
		/* And once more: what the first run left behind must not matter either. */
		assert_int_equal(dla_request_run(request), 0);
		assert_memory_equal(first, dla_request_output(request, 0), sizeof(first));
		dla_request_free(request);
		dla_network_free(network);
		dla_device_close(device);
	}
}

int main(void)
{
	struct CMUnitTest tests[SUBJECTS + 2] = {
		cmocka_unit_test(own_network),
		cmocka_unit_test(poisoned_memory),
	};
	int failed;

	for (size_t i = 0; i < SUBJECTS; i++)
		tests[i + 2] = (struct CMUnitTest) {
			.name = subjects[i].model,
			.test_func = shared_network,
			.initial_state = (void *)&subjects[i],
		};
	failed = cmocka_run_group_tests_name("npu_rules", tests, NULL, NULL);
	print_tally();
	return failed;
}
