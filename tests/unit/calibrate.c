// SPDX-License-Identifier: MIT
/*
 * Measuring a machine for placement by cost, by clocks that are made up: what they show is what is
 * stored, and what cannot be is refused. And files with profiles, good and bad.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "calibrate.h"

#define FASHION "examples/fashion-mnist/fashion_resnet_int8.tflite"

/* Whatever is done, 4 ms pass between two looks at the clock; or now and then, and 40 ms otherwise. */
static struct {
	uint64_t time;
	unsigned int looks;
} fake;

static uint64_t steady(void)
{
	return fake.time += 4000000;
}

static uint64_t uneven(void)
{
	return fake.time += ++fake.looks / 2 % 3 ? 40000000 : 4000000;
}

static void what_the_clock_shows(void **state)
{
	const struct dla_meter meter = { steady };
	struct dla_profile profile = { .submit_ns = 7 };

	(void)state;
	assert_int_equal(dla_calibrate_cpu(&meter, &profile), 0);
	assert_true(profile.call_ns == 4e6 && profile.convert_ns == 2e6);
	/* All took what a call does, so half of that is work. */
	for (int kernels = 0; kernels < DLA_KERNELS_COUNT; kernels++) {
		assert_true(profile.rate[kernels][DLA_WORK_ELEMENT] == 32 * 32 * 32 / 2e6);
		assert_true(profile.rate[kernels][DLA_WORK_MOVE] == 32 * 32 * 32 / 2e6);
		assert_true(profile.rate[kernels][DLA_WORK_CONV] == 16 * 16 * 32 * 32 * 9 / 2e6);
		assert_true(profile.rate[kernels][DLA_WORK_DEPTHWISE] == 32 * 32 * 32 * 9 / 2e6);
		assert_true(profile.rate[kernels][DLA_WORK_DENSE] == 512 * 256 / 2e6);
	}
	assert_true(profile.convert == 2 * 32 * 32 * 32 / 2e6);
	assert_true(profile.submit_ns == 7);
}

static void noise_is_refused(void **state)
{
	const struct dla_meter meter = { uneven };
	struct dla_profile profile = { 0 };

	(void)state;
	assert_int_equal(dla_calibrate_cpu(&meter, &profile), -EAGAIN);
	assert_non_null(strstr(dla_strerror(), "busy"));
	assert_true(profile.call_ns == 0);
}

static uint64_t thread_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* With the machine's own clock: if it is quiet enough, XNNPACK does not lose against the reference kernels. */
static void the_real_clock(void **state)
{
	const struct dla_meter meter = { thread_time };
	struct dla_profile profile = { 0 };
	int err = dla_calibrate_cpu(&meter, &profile);

	(void)state;
	if (err == -EAGAIN) {
		print_message("# %s\n", dla_strerror());
		skip();
	}
	assert_int_equal(err, 0);
	assert_true(profile.rate[DLA_KERNELS_XNNPACK][DLA_WORK_CONV] >= profile.rate[DLA_KERNELS_REFERENCE][DLA_WORK_CONV]);
	for (int work = 0; work < DLA_WORK_COUNT; work++)
		assert_true(profile.rate[DLA_KERNELS_REFERENCE][work] > 0);
	assert_true(profile.call_ns > 0 && profile.convert_ns > 0 && profile.convert > 0);
}

static void the_npu(void **state)
{
	const struct dla_meter meter = { steady };
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_profile profile = { 0 };
	struct dla_npu_stats stats;

	(void)state;
	assert_non_null(device);
	assert_int_equal(dla_calibrate_npu(&meter, device, &profile), 0);
	assert_true(profile.submit_ns == 4e6 && profile.layer_ns == 0);
	dla_device_stats(device, &stats);
	/* Ten batches of each program. */
	assert_int_equal(stats.operations, 10 * (1 + 64));
	dla_device_close(device);
}

static void the_npu_may_be_busy(void **state)
{
	const struct dla_meter meter = { uneven };
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_profile profile = { 0 };

	(void)state;
	assert_int_equal(dla_calibrate_npu(&meter, device, &profile), -EAGAIN);
	dla_device_close(device);
}

/* ------------------------------------------------------------------------------------- files */

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void what_is_written_is_read(void **state)
{
	char folder[] = "/tmp/calibrate.XXXXXX", path[64];
	struct dla_profile given, found;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/deep/deeper/profile", folder);
	assert_int_equal(dla_profile_find("fast-in-order", &given), 0);
	given.layer_ns = 0;
	assert_int_equal(dla_profile_write(path, &given), 0);
	assert_int_equal(dla_profile_find(path, &found), 0);
	assert_string_equal(found.name, "calibrated");
	assert_true(found.layer_ns == 1);
	for (int kernels = 0; kernels < DLA_KERNELS_COUNT; kernels++)
		for (int work = 0; work < DLA_WORK_COUNT; work++)
			assert_true(found.rate[kernels][work] == given.rate[kernels][work]);
	assert_true(found.submit_ns == given.submit_ns && found.convert == given.convert);

	/* The user's own is what counts where nothing else was asked for. */
	setenv("XDG_CONFIG_HOME", folder, 1);
	assert_int_equal(dla_profile_find(NULL, &found), 0);
	assert_string_not_equal(found.name, "calibrated");
	snprintf(path, sizeof(path), "%s/nvdla/cpu-profile", folder);
	assert_int_equal(dla_profile_write(path, &given), 0);
	assert_int_equal(dla_profile_find(NULL, &found), 0);
	assert_string_equal(found.name, "calibrated");
	write_text(path, "call_ns 5\n");
	assert_int_equal(dla_profile_find(NULL, &found), -EINVAL);
	assert_non_null(strstr(dla_strerror(), path));
	/* Where it cannot be had, there is none. */
	setenv("XDG_CONFIG_HOME", "/dev/null", 1);
	assert_int_equal(dla_profile_find(NULL, &found), 0);
	assert_string_not_equal(found.name, "calibrated");
	unsetenv("XDG_CONFIG_HOME");
}

static void bad_files_have_reasons(void **state)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{ "", "not a whole CPU profile" },
		{ "call_ns 3\n", "not a whole CPU profile" },
		{ "call_ns three\n", "not a whole CPU profile" },
		{ "colour 3\n", "\"colour\" is unknown" },
		{ "call_ns 3\ncall_ns 3\n", "twice" },
		{ "call_ns -3\n", "not from 1" },
		{ "call_ns 0\n", "not from 1" },
		{ "call_ns nan\n", "not from 1" },
		{ "call_ns 1e300\n", "not from 1" },
	};
	char path[] = "/tmp/calibrate.XXXXXX";
	struct dla_profile profile;

	(void)state;
	close(mkstemp(path));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_text(path, bad[i].text);
		assert_int_equal(dla_profile_find(path, &profile), -EINVAL);
		if (!strstr(dla_strerror(), bad[i].reason) || !strstr(dla_strerror(), path))
			fail_msg("%s", dla_strerror());
	}
	unlink(path);
	assert_int_equal(dla_profile_find(path, &profile), -ENOENT);
	assert_non_null(strstr(dla_strerror(), "out-of-order"));
}

/* What a network is placed by, it says; a CPU of another class decides otherwise. */
static void networks_are_placed_by_it(void **state)
{
	struct dla_device *device = dla_device_open("sim:nv_small");
	static const char *const name[] = { "slow-in-order", "out-of-order" };
	struct dla_network *network;
	struct dla_estimate estimate;
	unsigned int npu[2] = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct dla_options options = { .cpu_profile = name[i] };

		network = dla_network_load(device, FASHION, &options);
		assert_non_null(network);
		assert_int_equal(dla_network_estimate(network, &estimate), 0);
		assert_string_equal(estimate.profile, name[i]);
		assert_int_equal(estimate.npu_hz, 100000000);
		assert_true(estimate.run_ns <= estimate.all_cpu_ns && estimate.run_ns <= estimate.all_npu_ns);
		for (unsigned int op = 0; op < dla_network_operation_count(network); op++) {
			assert_true(dla_network_placement(network, op)->cpu_ns > 0);
			npu[i] += !strcmp(dla_network_operation(network, op)->where, "npu");
		}
		dla_network_free(network);
	}
	assert_true(npu[0] > npu[1]);
	network = dla_network_load(device, FASHION, &(struct dla_options){ .place = DLA_PLACE_NPU });
	assert_int_equal(dla_network_estimate(network, &estimate), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_null(dla_network_placement(network, 0));
	assert_int_equal(errno, EOPNOTSUPP);
	dla_network_free(network);
	assert_null(dla_network_load(device, FASHION, &(struct dla_options){ .cpu_profile = "fast" }));
	assert_int_equal(errno, ENOENT);
	dla_device_close(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_clock_shows),
		cmocka_unit_test(noise_is_refused),
		cmocka_unit_test(the_real_clock),
		cmocka_unit_test(the_npu),
		cmocka_unit_test(the_npu_may_be_busy),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(bad_files_have_reasons),
		cmocka_unit_test(networks_are_placed_by_it),
	};

	return cmocka_run_group_tests_name("calibrate", tests, NULL, NULL);
}
