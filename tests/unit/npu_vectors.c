// SPDX-License-Identifier: MIT
/*
 * The networks of one operation of tests/vectors on the emulated NPU. What runs there follows the
 * arithmetic rules (npu_check.h) on inputs whose outputs TensorFlow Lite has told; what is a table, a
 * move or a choice equals those to the bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../vectors.h"
#include "npu_check.h"

/* What a way of doing things is called, and whether it leaves no room for rounding. */
static struct {
	const char *how;
	bool exact;
	unsigned int count;
} met[] = {
	{ "a table", true },
	{ "PDP", false },
	{ "one layer", false },
	{ "one layer, with a number for each channel", false },
};

#define WAYS (sizeof(met) / sizeof(met[0]))

static void check_exact(const struct vector *v, const struct dla_request *request, const char *how)
{
	const struct dla_graph *graph = request->network->graph;

	for (size_t i = 0; i < WAYS; i++) {
		if (strcmp(how, met[i].how))
			continue;
		met[i].count++;
		for (unsigned int o = 0; met[i].exact && o < graph->output_count; o++)
			if (memcmp(dla_request_output(request, o), v->blob[1 + graph->input_count + o].data,
				   v->blob[1 + graph->input_count + o].bytes))
				fail_msg("%s (%s) differs from TensorFlow Lite", (char *)v->name.data, how);
	}
}

static void run_vector(struct dla_device *device, const struct vector *v)
{
	static const struct dla_options options = { .keep_tensors = 1, .cpu = DLA_CPU_REFERENCE };
	char path[] = "/tmp/vector-XXXXXX";
	int fd = mkstemp(path);
	struct dla_network *network;
	struct dla_request *request;

	assert_int_equal(write(fd, v->blob[0].data, v->blob[0].bytes), v->blob[0].bytes);
	close(fd);
	network = dla_network_load(device, path, &options);
	unlink(path);
	if (!network)
		fail_msg("%s: %s", (char *)v->name.data, dla_strerror());
	request = dla_request_new(network);
	assert_non_null(request);
	for (unsigned int i = 0; i < dla_network_input_count(network); i++)
		memcpy(dla_request_input(request, i), v->blob[1 + i].data, v->blob[1 + i].bytes);
	if (dla_request_run(request))
		fail_msg("%s: %s", (char *)v->name.data, dla_strerror());
	if (dla_placed_on_npu(&network->placed[0])) {
		check_operation(request, 0, (char *)v->name.data);
		check_exact(v, request, network->placed[0].why);
	}
	dla_request_free(request);
	dla_network_free(network);
}

static void all_vectors(void **state)
{
	struct dla_device *device = dla_device_open("sim:nv_small");
	const char *path = getenv("DLA_VECTORS");
	gzFile file = gzopen(path ? path : VECTORS, "rb");
	struct vector v = { 0 };

	(void)state;
	assert_non_null(file);
	if (!device)
		fail_msg("%s", dla_strerror());
	for (; read_vector(file, &v); free_vector(&v))
		run_vector(device, &v);
	gzclose(file);
	dla_device_close(device);
	for (size_t i = 0; i < WAYS; i++) {
		print_message("# %s: %u\n", met[i].how, met[i].count);
		if (!path)
			assert_int_not_equal(met[i].count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_vectors),
	};
	int failed = cmocka_run_group_tests_name("npu_vectors", tests, NULL, NULL);

	print_tally();
	return failed;
}
