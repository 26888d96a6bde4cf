// SPDX-License-Identifier: MIT
/*
 * Requests that are under way together, are waited for, polled, cancelled and freed; and what becomes
 * of them when the NPU goes wrong. Built twice, with ThreadSanitizer too.
 */
#include <errno.h>
#include <poll.h>
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
#include <zlib.h>

#include "../half_network.h"
#include "bytes.h"
#include "device.h"
#include "network.h"
#include "nvdla_emu.h"

#define FASHION "examples/fashion-mnist/fashion_resnet_int8.tflite"
#define MAX_OUTPUT 4096

/* A network that is loaded on a device, and what it makes of a few inputs, one at a time. */
#define SEEDS 4

struct subject {
	struct dla_network *network;
	uint8_t expected[SEEDS][MAX_OUTPUT];
};

static void fill(struct dla_request *request, const struct dla_network *network, unsigned int seed)
{
	uint8_t *data = dla_request_input(request, 0);

	for (size_t e = 0; e < dla_network_input(network, 0)->bytes; e++)
		data[e] = (uint8_t)(rand_r(&seed) >> 7);
}

static const struct dla_options on_the_npu = { .place = DLA_PLACE_NPU };

static bool is_right(const struct subject *s, const struct dla_request *request, unsigned int seed)
{
	return !memcmp(dla_request_output(request, 0), s->expected[seed], dla_network_output(s->network, 0)->bytes);
}

static void load(struct dla_device *device, const char *path, struct subject *s)
{
	struct dla_request *request;

	s->network = dla_network_load(device, path, &on_the_npu);
	if (!s->network)
		fail_msg("%s", dla_strerror());
	assert_true(dla_network_output(s->network, 0)->bytes <= MAX_OUTPUT);
	request = dla_request_new(s->network);
	assert_non_null(request);
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		fill(request, s->network, seed);
		assert_int_equal(dla_request_run(request), 0);
		memcpy(s->expected[seed], dla_request_output(request, 0), dla_network_output(s->network, 0)->bytes);
	}
	dla_request_free(request);
}

static void load_half(struct dla_device *device, struct subject *s)
{
	const struct half_network n = { .size = 8, .channels = 16, .kernel = 3, .rounds = 3, .softmaxes = 1 };
	char path[] = "/tmp/requests.XXXXXX";

	half_network_write(&n, path);
	load(device, path, s);
	unlink(path);
}

static struct dla_request *start(const struct subject *s, unsigned int seed)
{
	struct dla_request *request = dla_request_new(s->network);

	assert_non_null(request);
	fill(request, s->network, seed);
	assert_int_equal(dla_request_submit(request), 0);
	return request;
}

/* ---------------------------------------------------------------------- several at a time */

static void requests_of_two_networks_are_under_way_together(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct subject subject[2];
	struct dla_request *request[8];

	(void)unused;
	assert_non_null(device);
	load(device, FASHION, &subject[0]);
	load_half(device, &subject[1]);
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < 8; i++)
			request[i] = start(&subject[i % 2], (i / 2 + round) % SEEDS);
		for (unsigned int i = 0; i < 8; i++) {
			assert_int_equal(dla_request_wait(request[i], -1), 0);
			assert_true(is_right(&subject[i % 2], request[i], (i / 2 + round) % SEEDS));
			dla_request_free(request[i]);
		}
	}
	dla_network_free(subject[0].network);
	dla_network_free(subject[1].network);
	dla_device_close(device);
}

struct client {
	pthread_t thread;
	const struct subject *subject;
	unsigned int number, wrong, cancelled;
};

/* Submits, sometimes cancels, sometimes makes a new request; every finished one has to be right. */
/* Requests share the threads that share the work of an operation; and a compiled network has them, too. */
static void operations_have_threads(void **unused)
{
	struct dla_device *device = dla_device_open("cpu");
	struct dla_options options = { .cpu_threads = 3 };
	struct subject subject;
	char path[] = "/tmp/requests.XXXXXX";
	int fd = mkstemp(path);

	(void)unused;
	assert_true(fd >= 0);
	close(fd);
	load(device, FASHION, &subject);
	dla_network_free(subject.network);
	assert_int_equal(dla_network_compile(device, FASHION, NULL, path), 0);
	for (int compiled = 0; compiled < 2; compiled++) {
		struct dla_request *request[SEEDS];

		subject.network = dla_network_load(device, compiled ? path : FASHION, &options);
		assert_non_null(subject.network);
		for (int round = 0; round < 5; round++) {
			for (unsigned int seed = 0; seed < SEEDS; seed++)
				request[seed] = start(&subject, seed);
			for (unsigned int seed = 0; seed < SEEDS; seed++) {
				assert_int_equal(dla_request_wait(request[seed], -1), 0);
				assert_true(is_right(&subject, request[seed], seed));
				dla_request_free(request[seed]);
			}
		}
		dla_network_free(subject.network);
	}
	options.cpu_threads = 65;
	assert_null(dla_network_load(device, FASHION, &options));
	assert_int_equal(errno, EINVAL);
	unlink(path);
	dla_device_close(device);
}

static void *be_a_client(void *arg)
{
	struct client *client = arg;
	const struct subject *s = client->subject;
	struct dla_request *request = dla_request_new(s->network);
	unsigned int random = client->number;

	for (unsigned int i = 0; i < 60 && request; i++) {
		unsigned int seed = (client->number + i) % SEEDS;

		fill(request, s->network, seed);
		if (dla_request_submit(request)) {
			client->wrong++;
			break;
		}
		if (rand_r(&random) % 4 == 0)
			dla_request_cancel(request);
		if (rand_r(&random) % 8 == 0) {
			dla_request_free(request);
			request = dla_request_new(s->network);
			continue;
		}
		if (!dla_request_wait(request, -1))
			client->wrong += !is_right(s, request, seed);
		else if (errno == ECANCELED)
			client->cancelled++;
		else
			client->wrong++;
	}
	client->wrong += !request;
	dla_request_free(request);
	return NULL;
}

static void threads_submit_and_cancel(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct client client[4] = { 0 };
	struct subject subject[2];
	unsigned int cancelled = 0;

	(void)unused;
	assert_non_null(device);
	load(device, FASHION, &subject[0]);
	load_half(device, &subject[1]);
	for (unsigned int i = 0; i < 4; i++) {
		client[i].subject = &subject[i % 2];
		client[i].number = i;
		assert_int_equal(pthread_create(&client[i].thread, NULL, be_a_client, &client[i]), 0);
	}
	for (unsigned int i = 0; i < 4; i++) {
		pthread_join(client[i].thread, NULL);
		assert_int_equal(client[i].wrong, 0);
		cancelled += client[i].cancelled;
	}
	assert_true(cancelled > 0);
	dla_network_free(subject[0].network);
	dla_network_free(subject[1].network);
	dla_device_close(device);
}

/* -------------------------------------------------------------- waiting, polling, cancelling */

static bool is_readable(int fd, int timeout_ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	return poll(&wait, 1, timeout_ms) == 1 && wait.revents == POLLIN;
}

/* On a device so slow that a run takes seconds if nothing ends it. */
static void waiting_has_an_end(void **unused)
{
	struct dla_device *device = dla_device_open("sim@100MHz");
	struct subject subject;
	struct dla_request *request;
	struct dla_run_info info;
	int fd;

	(void)unused;
	assert_non_null(device);
	assert_string_equal(dla_device_name(device), "sim:nv_small@100MHz");
	load(device, FASHION, &subject);
	request = dla_request_new(subject.network);
	assert_non_null(request);
	assert_int_equal(dla_request_wait(request, 0), 0);
	fd = dla_request_fd(request);
	assert_true(fd >= 0);
	assert_int_equal(dla_request_fd(request), fd);
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		fill(request, subject.network, seed);
		assert_false(is_readable(fd, 0) && seed == 0);
		assert_int_equal(dla_request_submit(request), 0);
		if (dla_request_wait(request, 0)) {
			assert_int_equal(errno, ETIME);
			assert_int_equal(dla_request_submit(request), -1);
			assert_int_equal(errno, EBUSY);
		}
		assert_true(is_readable(fd, 60000));
		assert_int_equal(dla_request_wait(request, 0), 0);
		assert_true(is_right(&subject, request, seed));
		/* It stays readable, and waiting says the same again. */
		assert_true(is_readable(fd, 0));
		assert_int_equal(dla_request_wait(request, -1), 0);
		dla_request_info(request, &info);
		assert_true(info.npu_ns > 0 && info.convert_ns > 0 && info.conversions >= 2 && !info.retries);
		assert_int_equal(info.total_ns, info.npu_ns + info.cpu_ns + info.convert_ns + info.wait_ns);
	}
	dla_request_free(request);
	dla_network_free(subject.network);
	dla_device_close(device);
}

/* The modelled time passes, though not more exactly than a busy machine allows. */
static void a_clock_sets_the_pace(void **unused)
{
	static const char *const clock[] = { "sim@10MHz", "sim@2MHz" };
	struct dla_npu_stats stats;
	struct dla_run_info info;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct dla_device *device = dla_device_open(clock[i]);
		struct subject subject;
		struct dla_request *request;

		assert_non_null(device);
		subject.network = dla_network_load(device, FASHION, &on_the_npu);
		request = dla_request_new(subject.network);
		assert_non_null(request);
		assert_int_equal(dla_request_run(request), 0);
		dla_request_info(request, &info);
		dla_device_stats(device, &stats);
		assert_true(info.npu_ns >= stats.cycles * (i ? 500 : 100));
		dla_request_free(request);
		dla_network_free(subject.network);
		dla_device_close(device);
	}
	assert_null(dla_device_open("sim@0MHz"));
	assert_int_equal(errno, EINVAL);
	assert_null(dla_device_open("sim:nv_small@7"));
	assert_int_equal(errno, EINVAL);
	assert_null(dla_device_open("sim:nv_small@-1GHz"));
	assert_int_equal(errno, EINVAL);
}

/* The first is on the NPU, the others wait for it: those that are cancelled never run. */
/* What the CPU does behind the last interrupt takes longer here than being woken: it is early, not late by ages. */
static void slow_clocks_are_not_missed(void **unused)
{
	const struct half_network n = { .size = 2, .channels = 8, .kernel = 1, .rounds = 1, .softmaxes = 1 };
	struct dla_device *device = dla_device_open("sim@5kHz");
	char path[] = "/tmp/requests.XXXXXX";
	struct dla_request *request;
	struct dla_network *network;
	struct dla_npu_stats stats;

	(void)unused;
	half_network_write(&n, path);
	network = dla_network_load(device, path, &on_the_npu);
	unlink(path);
	assert_non_null(network);
	request = dla_request_new(network);
	assert_int_equal(dla_request_run(request), 0);
	dla_device_stats(device, &stats);
	assert_true(stats.cycles > 0);
	assert_true(stats.late_ns < UINT64_C(3600) * 1000000000);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
}

static void what_waits_can_be_cancelled(void **unused)
{
	struct dla_device *device = dla_device_open("sim@2MHz");
	struct dla_npu_stats before, after;
	struct dla_request *request[6];
	struct subject subject;

	(void)unused;
	assert_non_null(device);
	load(device, FASHION, &subject);
	dla_device_stats(device, &before);
	for (unsigned int i = 0; i < 6; i++)
		request[i] = start(&subject, i % SEEDS);
	for (unsigned int i = 1; i < 6; i += 2)
		dla_request_cancel(request[i]);
	for (unsigned int i = 0; i < 6; i++) {
		int result = dla_request_wait(request[i], -1);

		if (i % 2) {
			assert_int_equal(result, -1);
			assert_int_equal(errno, ECANCELED);
		} else {
			assert_int_equal(result, 0);
			assert_true(is_right(&subject, request[i], i % SEEDS));
		}
	}
	dla_device_stats(device, &after);
	/* Three of six, and one at most that was on the NPU already when it was cancelled. */
	assert_in_range((after.operations - before.operations) * SEEDS, before.operations * 3, before.operations * 4);
	/* And one that was cancelled can be used again, or freed while it runs. */
	fill(request[1], subject.network, 2);
	assert_int_equal(dla_request_run(request[1]), 0);
	assert_true(is_right(&subject, request[1], 2));
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(dla_request_submit(request[i]), 0);
	for (unsigned int i = 0; i < 6; i++)
		dla_request_free(request[i]);
	dla_network_free(subject.network);
	dla_device_close(device);
}

/* --------------------------------------------------------------------------------- events */

struct log {
	unsigned int cpu, conversions, layers, wrong;
	uint64_t from, to;
};

static void note(void *ctx, const struct dla_event *event)
{
	struct log *log = ctx;

	if (event->track != DLA_TRACK_CPU)
		log->layers++;
	else if (event->operation < 0)
		log->conversions++;
	else
		log->cpu++;
	log->wrong += !event->name || event->end_ns < event->start_ns || event->start_ns < log->from ||
		      event->end_ns > dla_now_ns();
}

static void events_tell_what_was_done(void **unused)
{
	static const char *const name[] = { "sim", "sim@20MHz" };

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct dla_device *device = dla_device_open(name[i]);
		struct subject subject;
		struct dla_request *request;
		struct log log = { .from = dla_now_ns() };

		load_half(device, &subject);
		request = dla_request_new(subject.network);
		dla_request_events(request, note, &log);
		assert_int_equal(dla_request_run(request), 0);
		assert_int_equal(log.wrong, 0);
		assert_int_equal(log.cpu, 3);
		assert_int_equal(log.conversions, 6);
		/* A convolution and its SDP at least. */
		assert_true(log.layers >= 6);
		dla_request_free(request);
		dla_network_free(subject.network);
		dla_device_close(device);
	}
}

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

/* A compiled network whose only program is to run without any memory for tensors. */
static void no_program_runs_without_memory(void **unused)
{
	const unsigned int header = 24;
	char compiled[] = "/tmp/requests.XXXXXX";
	struct dla_device *device = dla_device_open("sim");
	struct dla_network *network;
	struct dla_memory_info memory;
	uint8_t pattern[32], *data, *at;
	struct builder b;
	size_t bytes;
	int x, y;

	(void)unused;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 6, 5, 11), 0.1F, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 6, 5, 11), 0.2F, 0);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(x, x), y);
	builder_end(&b, LIST(x), LIST(y));
	close(mkstemp(compiled));
	assert_int_equal(dla_network_compile_memory(device, b.data, b.bytes, "sum", &on_the_npu, compiled), 0);
	free(b.data);
	network = dla_network_load(device, compiled, NULL);
	assert_non_null(network);
	dla_network_memory(network, &memory);
	assert_int_equal(network->schedule.cpu_count, 0);
	assert_int_equal(network->schedule.step_count, 3);
	dla_network_free(network);
	assert_int_equal(dla_read_file(compiled, (void **)&data, &bytes), 0);
	unlink(compiled);

	put(pattern, memory.host, 8);
	put(pattern + 8, memory.npu, 8);
	put(pattern + 16, memory.host_bound, 8);
	put(pattern + 24, memory.npu_bound, 8);
	at = memmem(data, bytes, pattern, sizeof(pattern));
	assert_non_null(at);
	put(at + 8, 0, 8);
	/* Parts of the CPU, segments and their end, steps: each of these becomes the one segment. */
	at += sizeof(pattern) + 4 * sizeof(uint32_t);
	for (unsigned int i = 0; i < 3; i++) {
		put(at + 8 * i, DLA_STEP_NPU, 4);
		put(at + 8 * i + 4, 0, 4);
	}
	put(data + 12, crc32_z(0, data + header, bytes - header), 4);
	network = dla_network_load_memory(device, data, bytes, "hostile", NULL);
	free(data);
	if (network) {
		struct dla_request *request = dla_request_new(network);
		struct log log = { 0 };

		dla_request_events(request, note, &log);
		dla_request_run(request);
		fail_msg("programs without memory were accepted");
	}
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(dla_strerror(), "damaged"));
	dla_device_close(device);
}

/* --------------------------------------------------------------------------------- faults */

/* Whatever fails, whenever: a request ends well and is right, or it ends with an error. */
static void no_fault_gives_a_wrong_result(void **unused)
{
	static const enum nvdla_emu_fault_kind kinds[] = {
		NVDLA_EMU_FAULT_HANG, NVDLA_EMU_FAULT_LOST_STATUS, NVDLA_EMU_FAULT_LOST_LINE,
		NVDLA_EMU_FAULT_SPURIOUS_LINE, NVDLA_EMU_FAULT_SLOW_MEMORY, NVDLA_EMU_FAULT_GONE,
	};
	unsigned int retried[NVDLA_EMU_FAULTS] = { 0 }, gone = 0, runs = 0;

	(void)unused;
	for (unsigned int k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct dla_device *device = dla_device_open("sim");
		struct subject subject[2];

		assert_non_null(device);
		load(device, FASHION, &subject[0]);
		load_half(device, &subject[1]);
		for (unsigned int at = 1; at <= 31; at += 3) {
			struct nvdla_emu_fault fault = {
				.kind = kinds[k], .at = at, .engine = NVDLA_EMU_ENGINES,
				.value = kinds[k] == NVDLA_EMU_FAULT_SLOW_MEMORY ? 3 : 0,
			};
			struct dla_request *request[4];

			assert_int_equal(dla_device_sim_inject(device, &fault), 0);
			for (unsigned int i = 0; i < 4; i++)
				request[i] = start(&subject[i % 2], i);
			for (unsigned int i = 0; i < 4; i++) {
				struct dla_run_info info;

				if (!dla_request_wait(request[i], -1))
					assert_true(is_right(&subject[i % 2], request[i], i));
				else if (kinds[k] == NVDLA_EMU_FAULT_GONE)
					assert_int_equal(errno, ENODEV);
				else
					fail_msg("fault %d at %u: %s", kinds[k], at, dla_strerror());
				dla_request_info(request[i], &info);
				runs++;
				retried[kinds[k]] += info.retries;
				gone += dla_request_wait(request[i], 0) != 0;
				dla_request_free(request[i]);
			}
			if (kinds[k] == NVDLA_EMU_FAULT_GONE)
				break;
		}
		dla_network_free(subject[0].network);
		dla_network_free(subject[1].network);
		dla_device_close(device);
	}
	/* Hangs and lost done bits, each once; everything behind the end of the device. */
	print_message("# %u runs, %u of them twice, %u without a device\n", runs,
		      retried[NVDLA_EMU_FAULT_HANG] + retried[NVDLA_EMU_FAULT_LOST_STATUS], gone);
	/* Of eleven faults those of the last rounds may still be to come, or be in a bit that nobody waits for. */
	assert_in_range(retried[NVDLA_EMU_FAULT_HANG], 8, 11);
	assert_in_range(retried[NVDLA_EMU_FAULT_LOST_STATUS], 3, 11);
	assert_int_equal(retried[NVDLA_EMU_FAULT_SLOW_MEMORY], 0);
	assert_int_equal(gone, 4);
}

/* A program that never ran to its end may be to blame; and one that was tried twice is given up. */
static void hangs_are_reported(void **unused)
{
	const struct nvdla_emu_fault first = { .kind = NVDLA_EMU_FAULT_HANG, .at = 1, .engine = NVDLA_EMU_ENGINES };
	const struct nvdla_emu_fault second = { .kind = NVDLA_EMU_FAULT_HANG, .at = 2, .engine = NVDLA_EMU_ENGINES };
	struct dla_device *device = dla_device_open("sim");
	struct dla_network *network = dla_network_load(device, FASHION, &on_the_npu);
	struct dla_request *request = dla_request_new(network);
	struct dla_run_info info;

	(void)unused;
	assert_non_null(request);
	assert_int_equal(dla_device_sim_inject(device, &first), 0);
	assert_int_equal(dla_request_run(request), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_non_null(strstr(dla_strerror(), "hangs"));
	assert_int_equal(dla_request_run(request), 0);

	assert_int_equal(dla_device_sim_inject(device, &first), 0);
	assert_int_equal(dla_device_sim_inject(device, &second), 0);
	assert_int_equal(dla_request_run(request), -1);
	assert_int_equal(errno, ETIMEDOUT);
	dla_request_info(request, &info);
	assert_int_equal(info.retries, 1);
	assert_int_equal(dla_request_run(request), 0);
	dla_request_info(request, &info);
	assert_int_equal(info.retries, 0);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_two_networks_are_under_way_together),
		cmocka_unit_test(operations_have_threads),
		cmocka_unit_test(threads_submit_and_cancel),
		cmocka_unit_test(waiting_has_an_end),
		cmocka_unit_test(a_clock_sets_the_pace),
		cmocka_unit_test(slow_clocks_are_not_missed),
		cmocka_unit_test(what_waits_can_be_cancelled),
		cmocka_unit_test(events_tell_what_was_done),
		cmocka_unit_test(no_program_runs_without_memory),
		cmocka_unit_test(no_fault_gives_a_wrong_result),
		cmocka_unit_test(hangs_are_reported),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
