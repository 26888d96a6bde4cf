// SPDX-License-Identifier: MIT
/*
 * The networks of one operation of tests/vectors on the emulated NPU. What runs there follows the
 * arithmetic rules (npu_check.h) on inputs whose outputs TensorFlow Lite has told; what is a table, a
 * move or a choice equals those to the bit. Then once more on the CPU with XNNPACK.
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
	{ "as copies", true },
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

struct loaded {
	struct dla_network *network;
	struct dla_request *request;
};

/* The vector's network, run. */
static struct loaded run_vector(struct dla_device *device, const struct vector *v, const struct dla_options *options)
{
	char path[] = "/tmp/vector-XXXXXX";
	int fd = mkstemp(path);
	struct loaded l;

	assert_int_equal(write(fd, v->blob[0].data, v->blob[0].bytes), v->blob[0].bytes);
	close(fd);
	l.network = dla_network_load(device, path, options);
	unlink(path);
	if (!l.network)
		fail_msg("%s: %s", (char *)v->name.data, dla_strerror());
	l.request = dla_request_new(l.network);
	if (!l.request)
		fail_msg("%s: %s", (char *)v->name.data, dla_strerror());
	for (unsigned int i = 0; i < dla_network_input_count(l.network); i++)
		memcpy(dla_request_input(l.request, i), v->blob[1 + i].data, v->blob[1 + i].bytes);
	if (dla_request_run(l.request))
		fail_msg("%s: %s", (char *)v->name.data, dla_strerror());
	return l;
}

static void unload(struct loaded *l)
{
	dla_request_free(l->request);
	dla_network_free(l->network);
}

static void on_the_npu(void **state)
{
	static const struct dla_options options = { .place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE, .keep_tensors = 1 };
	struct dla_device *device = dla_device_open("sim:nv_small");
	const char *path = getenv("DLA_VECTORS");
	gzFile file = gzopen(path ? path : VECTORS, "rb");
	struct vector v = { 0 };

	(void)state;
	assert_non_null(file);
	if (!device)
		fail_msg("%s", dla_strerror());
	for (; read_vector(file, &v); free_vector(&v)) {
		struct loaded l = run_vector(device, &v, &options);

		if (dla_placed_on_npu(&l.network->placed[0])) {
			check_operation(l.request, 0, (char *)v.name.data);
			check_exact(&v, l.request, l.network->placed[0].why);
		}
		unload(&l);
	}
	gzclose(file);
	dla_device_close(device);
	for (size_t i = 0; i < WAYS; i++) {
		print_message("# %s: %u\n", met[i].how, met[i].count);
		if (!path)
			assert_int_not_equal(met[i].count, 0);
	}
}

static struct {
	unsigned int count;
	size_t elements, unequal;
} on_xnnpack[DLA_OP_KIND_COUNT];

/* One LSB at most from TensorFlow Lite, of what is 8 bits wide. */
static void check_near(const struct vector *v, const struct loaded *l)
{
	const struct dla_graph *graph = l->network->graph;
	const struct dla_tensor *tensor = &graph->tensor[graph->output[0]];
	const uint8_t *got = dla_request_output(l->request, 0), *want = v->blob[1 + graph->input_count].data;
	uint8_t flip = tensor->type == DLA_INT8 ? 0x80 : 0;

	on_xnnpack[graph->op[0].kind].count++;
	if (tensor->type == DLA_FLOAT32)
		return;
	for (size_t i = 0; i < tensor->bytes; i++) {
		int apart = abs((got[i] ^ flip) - (want[i] ^ flip));

		if (apart > 1)
			fail_msg("%s, element %zu: XNNPACK is %d LSB from TensorFlow Lite", (char *)v->name.data, i,
				 apart);
		on_xnnpack[graph->op[0].kind].elements++;
		on_xnnpack[graph->op[0].kind].unequal += apart;
	}
}

static void on_the_cpu(void **state)
{
	struct dla_device *device = dla_device_open("cpu");
	const char *path = getenv("DLA_VECTORS");
	gzFile file = gzopen(path ? path : VECTORS, "rb");
	struct vector v = { 0 };

	(void)state;
	assert_non_null(file);
	for (; read_vector(file, &v); free_vector(&v)) {
		struct loaded l = run_vector(device, &v, NULL);

		if (l.network->placed[0].xnnpack)
			check_near(&v, &l);
		unload(&l);
	}
	gzclose(file);
	dla_device_close(device);
	for (int kind = 0; kind < DLA_OP_KIND_COUNT; kind++)
		if (on_xnnpack[kind].count)
			print_message("# XNNPACK: %s: %u, %zu of %zu elements differ\n", dla_op_kind_name(kind),
				      on_xnnpack[kind].count, on_xnnpack[kind].unequal, on_xnnpack[kind].elements);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_the_npu),
		cmocka_unit_test(on_the_cpu),
	};
	int failed = cmocka_run_group_tests_name("npu_vectors", tests, NULL, NULL);

	print_tally();
	return failed;
}
