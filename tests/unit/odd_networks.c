// SPDX-License-Identifier: MIT
/* Networks and uses of them that are legal, but that nobody would think of first. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../tflite_builder.h"
#include "dla.h"

static struct dla_network *load(struct dla_device *device, const struct builder *b)
{
	const struct dla_options options = { .place = DLA_PLACE_NPU };
	char path[] = "/tmp/odd_networks.XXXXXX";
	struct dla_network *network;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->bytes), b->bytes);
	close(fd);
	network = dla_network_load(device, path, &options);
	unlink(path);
	if (!network)
		fail_msg("%s", dla_strerror());
	return network;
}

static void fill_inputs(struct dla_request *request, const struct dla_network *network,
			unsigned int seed)
{
	for (unsigned int i = 0; i < dla_network_input_count(network); i++) {
		uint8_t *data = dla_request_input(request, i);

		for (size_t e = 0; e < dla_network_input(network, i)->bytes; e++)
			data[e] = (uint8_t)(rand_r(&seed) >> 7);
	}
}

static void run(struct dla_request *request)
{
	if (dla_request_run(request))
		fail_msg("%s", dla_strerror());
}

/* Run it on the NPU and on the CPU: outputs differ by one at most. Operation 0 has to be there. */
static void compare(struct builder *b, const char *where)
{
	struct dla_device *device[2] = { dla_device_open("sim"), dla_device_open("cpu") };
	struct dla_network *network[2];
	struct dla_request *request[2];

	for (int i = 0; i < 2; i++) {
		assert_non_null(device[i]);
		network[i] = load(device[i], b);
		request[i] = dla_request_new(network[i]);
		assert_non_null(request[i]);
		fill_inputs(request[i], network[i], 1);
		run(request[i]);
	}
	assert_string_equal(dla_network_operation(network[0], 0)->where, where);
	for (unsigned int i = 0; i < dla_network_output_count(network[0]); i++) {
		const int8_t *npu = dla_request_output(request[0], i),
			     *cpu = dla_request_output(request[1], i);

		for (size_t e = 0; e < dla_network_output(network[0], i)->bytes; e++)
			assert_in_range(npu[e] - cpu[e] + 1, 0, 2);
	}
	for (int i = 0; i < 2; i++) {
		dla_request_free(request[i]);
		dla_network_free(network[i]);
		dla_device_close(device[i]);
	}
	free(b->data);
}

static int add_constant(struct builder *b, struct builder_list shape)
{
	int8_t data[1024];
	size_t bytes = 1;
	int tensor = add_tensor(b, "constant", TYPE_INT8, shape, 0.1F, 0);

	for (int i = 0; i < shape.count; i++)
		bytes *= (size_t)shape.value[i];
	assert_true(bytes <= sizeof(data));
	for (size_t i = 0; i < bytes; i++)
		data[i] = (int8_t)(i * 37);
	set_data(b, tensor, data, bytes);
	return tensor;
}

/* The first operation has only constants to work on; the second brings in the network's input. */
static void constant_operands(void **unused)
{
	enum { CONV, FULLY_CONNECTED, MAX_POOL, AVERAGE_POOL, RESHAPE, ADD, KINDS };

	(void)unused;
	for (int kind = 0; kind < KINDS; kind++) {
		struct builder b;
		int x, constant, y, z;
		bool flat = kind == FULLY_CONNECTED;

		builder_begin(&b);
		x = add_tensor(&b, "x", TYPE_INT8, flat ? LIST(1, 32) : LIST(1, 2, 2, 8), 0.1F, 0);
		constant = add_constant(&b, LIST(1, 2, 2, 8));
		y = add_tensor(&b, "y", TYPE_INT8, flat ? LIST(1, 32) : LIST(1, 2, 2, 8), 0.1F, 0);
		z = add_tensor(&b, "z", TYPE_INT8, flat ? LIST(1, 32) : LIST(1, 2, 2, 8), 0.2F, 0);
		switch (kind) {
		case CONV:
			add_conv(&b, LIST(constant, add_constant(&b, LIST(8, 1, 1, 8)), -1), y, 1,
				 PADDING_VALID);
			break;
		case FULLY_CONNECTED:
			add_operator(&b, BUILTIN_FULLY_CONNECTED, OPTIONS_FULLY_CONNECTED,
				     LIST(constant, add_constant(&b, LIST(32, 32)), -1), y);
			break;
		case MAX_POOL:
			add_pool(&b, BUILTIN_MAX_POOL_2D, constant, y, 2, 1, PADDING_SAME);
			break;
		case AVERAGE_POOL:
			add_pool(&b, BUILTIN_AVERAGE_POOL_2D, constant, y, 1, 1, PADDING_VALID);
			break;
		case RESHAPE:
			add_operator(&b, BUILTIN_RESHAPE, OPTIONS_RESHAPE,
				     LIST(constant, add_ints(&b, "shape", LIST(1, 2, 2, 8))), y);
			break;
		default:
			add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(constant, constant), y);
			break;
		}
		add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(x, y), z);
		builder_end(&b, LIST(x), LIST(z, y));
		compare(&b, "cpu");
	}
}

static void an_output_twice(void **unused)
{
	struct builder b;
	int x, y, z;

	(void)unused;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 3, 3, 5), 0.1F, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 3, 3, 5), 0.2F, 0);
	z = add_tensor(&b, "z", TYPE_INT8, LIST(1, 45), 0.2F, 0);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(x, x), y);
	add_operator(&b, BUILTIN_RESHAPE, OPTIONS_RESHAPE,
		     LIST(y, add_ints(&b, "shape", LIST(1, 45))), z);
	builder_end(&b, LIST(x), LIST(z, y, z, y));
	compare(&b, "npu");
}

/* 1,024 layers and as many behind them for each of these averages; a program has 4,096 at most. */
static void more_layers_than_a_program_has(void **unused)
{
	struct builder b;
	int x, y[3];

	(void)unused;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 3, 3, 8192), 0.1F, 0);
	for (int i = 0; i < 3; i++) {
		y[i] = add_tensor(&b, "y", TYPE_INT8, LIST(1, 1, 1, 8192), 0.1F, 0);
		add_pool(&b, BUILTIN_AVERAGE_POOL_2D, x, y[i], 3, 1, PADDING_VALID);
	}
	builder_end(&b, LIST(x), LIST(y[2], y[1], y[0]));
	compare(&b, "npu");
}

static void count_progress(void *ctx, unsigned int done, unsigned int total)
{
	unsigned int *last = ctx;

	assert_true(done >= *last && done <= total);
	*last = done;
}

/* NPU, CPU and NPU again; every layer and operation is counted once. */
static void progress_reaches_the_end(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct dla_network *network;
	struct dla_request *request;
	unsigned int last = 0;
	struct builder b;
	int t[4];

	(void)unused;
	assert_non_null(device);
	builder_begin(&b);
	for (int i = 0; i < 4; i++)
		t[i] = add_tensor(&b, "t", TYPE_INT8, LIST(1, 3, 3, 5), i == 2 ? 1.0F / 256 : 0.1F,
				  i == 2 ? -128 : 0);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(t[0], t[0]), t[1]);
	add_operator(&b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(t[1]), t[2]);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(t[1], t[2]), t[3]);
	builder_end(&b, LIST(t[0]), LIST(t[3]));
	network = load(device, &b);
	free(b.data);
	request = dla_request_new(network);
	assert_non_null(request);
	dla_request_progress(request, count_progress, &last);
	run(request);
	assert_int_equal(last, 3);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
}

/* ------------------------------------------------------------------------------- threads */

struct thread {
	pthread_t id;
	const struct dla_network *network;
	struct dla_request *request;
	uint8_t expected[512];
	unsigned int wrong;
};

static void *run_often(void *arg)
{
	struct thread *thread = arg;

	for (int i = 0; i < 400; i++) {
		if (dla_request_run(thread->request) ||
		    memcmp(dla_request_output(thread->request, 0), thread->expected,
			   dla_network_output(thread->network, 0)->bytes) != 0)
			thread->wrong++;
	}
	return NULL;
}

/* The convolution is the NPU's; the padded average and the mean are the CPU's, and keep sums. */
static void threads_share_a_network(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct thread thread[4] = { 0 };
	struct dla_network *network;
	struct builder b;
	int x, y, average, mean;
	uint32_t options;

	(void)unused;
	assert_non_null(device);
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 4, 4, 16), 0.1F, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 4, 4, 16), 0.2F, 0);
	average = add_tensor(&b, "average", TYPE_INT8, LIST(1, 4, 4, 16), 0.2F, 0);
	mean = add_tensor(&b, "mean", TYPE_INT8, LIST(1, 1, 4, 16), 0.05F, 0);
	add_conv(&b, LIST(x, add_constant(&b, LIST(16, 1, 1, 16)), -1), y, 1, PADDING_VALID);
	add_pool(&b, BUILTIN_AVERAGE_POOL_2D, y, average, 3, 1, PADDING_SAME);
	options = add_operator(&b, BUILTIN_MEAN, OPTIONS_REDUCER,
			       LIST(average, add_ints(&b, "axes", LIST(1))), mean);
	set_i8(&b, options, REDUCER_KEEP_DIMS, 1);
	builder_end(&b, LIST(x), LIST(mean));
	network = load(device, &b);
	free(b.data);

	for (unsigned int i = 0; i < 4; i++) {
		thread[i].network = network;
		thread[i].request = dla_request_new(network);
		assert_non_null(thread[i].request);
		fill_inputs(thread[i].request, network, i + 1);
		run(thread[i].request);
		memcpy(thread[i].expected, dla_request_output(thread[i].request, 0),
		       dla_network_output(network, 0)->bytes);
	}
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i].id, NULL, run_often, &thread[i]), 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(thread[i].id, NULL), 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(thread[i].wrong, 0);
		dla_request_free(thread[i].request);
	}
	dla_network_free(network);
	dla_device_close(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_operands),
		cmocka_unit_test(an_output_twice),
		cmocka_unit_test(more_layers_than_a_program_has),
		cmocka_unit_test(progress_reaches_the_end),
		cmocka_unit_test(threads_share_a_network),
	};

	return cmocka_run_group_tests_name("odd_networks", tests, NULL, NULL);
}
