// SPDX-License-Identifier: MIT
/*
 * What dla.h says of threads: devices and networks are used by many at the same time, requests are waited
 * for and cancelled by others than who submits them. Built twice, with ThreadSanitizer too. The CPU's
 * operations are the reference kernels', because ThreadSanitizer does not see into XNNPACK.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "../half_network.h"
#include "dla.h"

#define FASHION "examples/fashion-mnist/fashion_resnet_int8.tflite"

#define NETWORKS	2
#define SEEDS		4
#define MAX_OUTPUT	4096
#define RUNNERS		4
#define RUNS		120

static const struct dla_options reference = { .place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE };

/* A network that all threads share, and what it makes of a few inputs, one at a time. */
struct subject {
	struct dla_network *network;
	size_t in, out;
	uint8_t expected[SEEDS][MAX_OUTPUT];
};

struct shared {
	struct dla_device *device;
	struct subject subject[NETWORKS];
	char half[32];				/* the second network's file */
	atomic_bool over;
	atomic_uint runs, cancelled, progress, events;
};

/* Of one thread that submits, and of two that look on. */
struct runner {
	struct shared *shared;
	unsigned int number;
	atomic_uint wrong;
	pthread_t thread, canceller, waiter;
	pthread_mutex_t lock;			/* the request is not freed while others look on */
	struct dla_request *request;
	bool gone;
	unsigned int random;
};

static void fill(uint8_t *data, size_t bytes, unsigned int seed)
{
	for (size_t e = 0; e < bytes; e++)
		data[e] = (uint8_t)(rand_r(&seed) >> 7);
}

static void load(struct dla_device *device, const char *path, struct subject *s)
{
	struct dla_request *request;

	s->network = dla_network_load(device, path, &reference);
	if (!s->network)
		fail_msg("%s", dla_strerror());
	s->in = dla_network_input(s->network, 0)->bytes;
	s->out = dla_network_output(s->network, 0)->bytes;
	assert_true(s->out <= MAX_OUTPUT);
	request = dla_request_new(s->network);
	assert_non_null(request);
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		fill(dla_request_input(request, 0), s->in, seed);
		assert_int_equal(dla_request_run(request), 0);
		memcpy(s->expected[seed], dla_request_output(request, 0), s->out);
	}
	dla_request_free(request);
}

/* -------------------------------------------------------------------------- those who look on */

/* Now and then cancels whatever is there. */
static void *cancel(void *arg)
{
	struct runner *r = arg;
	unsigned int random = r->number + 100;
	bool gone = false;

	while (!gone) {
		usleep((useconds_t)(rand_r(&random) % 100000));
		pthread_mutex_lock(&r->lock);
		gone = r->gone;
		if (r->request && rand_r(&random) % 2)
			dla_request_cancel(r->request);
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

/* Waits for what somebody else has submitted, and asks for what belongs to all. */
static void *look_on(void *arg)
{
	struct runner *r = arg;
	struct dla_device_info info;
	struct dla_npu_stats stats, before = { 0 };
	struct dla_memory_info memory;
	bool gone = false;

	while (!gone) {
		pthread_mutex_lock(&r->lock);
		gone = r->gone;
		if (r->request) {
			r->wrong += dla_request_fd(r->request) < 0;
			r->wrong += dla_request_wait(r->request, 5) && errno != ETIME && errno != ECANCELED;
		}
		pthread_mutex_unlock(&r->lock);
		dla_device_info(r->shared->device, &info);
		dla_device_stats(r->shared->device, &stats);
		dla_network_memory(r->shared->subject[1].network, &memory);
		r->wrong += stats.operations < before.operations;
		before = stats;
		usleep(1000);
	}
	return NULL;
}

static void count(void *ctx, unsigned int done, unsigned int total)
{
	atomic_uint *calls = ctx;

	if (done <= total)
		atomic_fetch_add(calls, 1);
}

static void count_event(void *ctx, const struct dla_event *event)
{
	atomic_uint *calls = ctx;

	if (event->end_ns >= event->start_ns)
		atomic_fetch_add(calls, 1);
}

/* --------------------------------------------------------------------------- those who submit */

/* The input and output, in memory that the request is bound to. */
struct outside {
	int fd[2];
	uint8_t *map[2];
	size_t bytes[2];
};

static bool bind_outside(struct dla_request *request, const struct subject *s, struct outside *o)
{
	*o = (struct outside) { .bytes = { s->in, s->out } };
	for (unsigned int i = 0; i < 2; i++) {
		o->fd[i] = memfd_create("tensor", MFD_CLOEXEC);
		if (o->fd[i] < 0 || ftruncate(o->fd[i], (off_t)o->bytes[i]))
			return false;
		o->map[i] = mmap(NULL, o->bytes[i], PROT_READ | PROT_WRITE, MAP_SHARED, o->fd[i], 0);
		if (o->map[i] == MAP_FAILED)
			return false;
	}
	return !dla_request_bind_input(request, 0, DLA_LAYOUT_PLAIN, o->fd[0], 0) &&
	       !dla_request_bind_output(request, 0, DLA_LAYOUT_PLAIN, o->fd[1], 0);
}

static void unbind_outside(const struct outside *o)
{
	for (unsigned int i = 0; i < 2; i++) {
		munmap(o->map[i], o->bytes[i]);
		close(o->fd[i]);
	}
}

/* Whether a run that is under way ends as it should. */
static bool ends(struct runner *r, struct dla_request *request, const struct subject *s, const uint8_t *output,
		 unsigned int seed)
{
	struct dla_run_info info;

	if (rand_r(&r->random) % 2) {
		struct pollfd end = { .fd = dla_request_fd(request), .events = POLLIN };

		if (poll(&end, 1, -1) != 1)
			return false;
	}
	if (dla_request_wait(request, -1)) {
		atomic_fetch_add(&r->shared->cancelled, 1);
		return errno == ECANCELED;
	}
	dla_request_info(request, &info);
	atomic_fetch_add(&r->shared->runs, 1);
	return info.total_ns && !memcmp(output, s->expected[seed], s->out);
}

static struct dla_request *begin(struct runner *r, const struct subject *s)
{
	struct dla_request *request = dla_request_new(s->network);

	/* It shows the end of what is submitted from now on. */
	if (request && dla_request_fd(request) >= 0) {
		dla_request_progress(request, count, &r->shared->progress);
		dla_request_events(request, count_event, &r->shared->events);
	}
	pthread_mutex_lock(&r->lock);
	r->request = request;
	pthread_mutex_unlock(&r->lock);
	return request;
}

static void end(struct runner *r, struct dla_request *request, bool last)
{
	pthread_mutex_lock(&r->lock);
	r->request = NULL;
	r->gone = last;
	pthread_mutex_unlock(&r->lock);
	dla_request_free(request);
}

static void *submit(void *arg)
{
	struct runner *r = arg;

	for (unsigned int round = 0; round < RUNS / 4; round++) {
		const struct subject *s = &r->shared->subject[(r->number + round) % NETWORKS];
		struct dla_request *request = begin(r, s);
		bool bound = request && round % 2;
		struct outside outside;

		r->wrong += !request || (bound && !bind_outside(request, s, &outside));
		for (unsigned int i = 0; i < 4 && !r->wrong; i++) {
			unsigned int seed = rand_r(&r->random) % SEEDS;

			fill(bound ? outside.map[0] : dla_request_input(request, 0), s->in, seed);
			r->wrong += dla_request_submit(request) ||
				    !ends(r, request, s, bound ? outside.map[1] : dla_request_output(request, 0), seed);
		}
		/* The last is freed while it runs. */
		if (request && !r->wrong)
			r->wrong += dla_request_submit(request) != 0;
		end(r, request, round == RUNS / 4 - 1);
		if (bound)
			unbind_outside(&outside);
	}
	return NULL;
}

/* ---------------------------------------------------------- those who load, open and fail meanwhile */

static void *load_and_free(void *arg)
{
	struct shared *shared = arg;
	uintptr_t wrong = 0;

	while (!atomic_load(&shared->over) && !wrong) {
		struct dla_network *network = dla_network_load(shared->device, shared->half, &reference);
		struct dla_request *request = network ? dla_request_new(network) : NULL;

		wrong += !request;
		if (request) {
			fill(dla_request_input(request, 0), shared->subject[1].in, 1);
			wrong += dla_request_run(request) != 0;
			wrong += memcmp(dla_request_output(request, 0), shared->subject[1].expected[1],
					shared->subject[1].out) != 0;
		}
		dla_request_free(request);
		dla_network_free(network);
	}
	return (void *)wrong;
}

static void *open_and_close(void *arg)
{
	struct shared *shared = arg;
	uintptr_t wrong = 0;

	while (!atomic_load(&shared->over) && !wrong) {
		struct dla_device *device = dla_device_open("sim:nv_small");
		struct dla_network *network = device ? dla_network_load(device, shared->half, &reference) : NULL;

		wrong += !network;
		dla_network_free(network);
		dla_device_close(device);
	}
	return (void *)wrong;
}

/* Each thread has the reason of its own failure. */
static void *fail_alone(void *arg)
{
	struct shared *shared = arg;
	uintptr_t wrong = 0;
	char path[64];

	snprintf(path, sizeof(path), "/nowhere/%lx", (unsigned long)pthread_self());
	while (!atomic_load(&shared->over) && !wrong) {
		struct dla_operation_support support;
		unsigned int operations = 0;

		wrong += dla_network_load(shared->device, path, NULL) || errno != ENOENT || !strstr(dla_strerror(), path);
		while (!dla_supported_operation(operations, &support))
			operations++;
		wrong += errno != ERANGE || strstr(dla_strerror(), path);
		usleep(1000);
	}
	return (void *)wrong;
}

static void work_together(const char *name)
{
	static void *(*const others[])(void *) = { load_and_free, open_and_close, fail_alone, fail_alone };
	const struct half_network n = { .size = 6, .channels = 8, .kernel = 3, .rounds = 2, .softmaxes = 1 };
	pthread_t other[sizeof(others) / sizeof(others[0])];
	struct shared shared = { .half = "/tmp/threads.XXXXXX" };
	struct runner runner[RUNNERS] = { 0 };
	void *wrong;

	half_network_write(&n, shared.half);
	shared.device = dla_device_open(name);
	assert_non_null(shared.device);
	load(shared.device, FASHION, &shared.subject[0]);
	load(shared.device, shared.half, &shared.subject[1]);
	for (unsigned int i = 0; i < RUNNERS; i++) {
		struct runner *r = &runner[i];

		*r = (struct runner) { .shared = &shared, .number = i, .random = i };
		pthread_mutex_init(&r->lock, NULL);
		assert_int_equal(pthread_create(&r->thread, NULL, submit, r), 0);
		assert_int_equal(pthread_create(&r->canceller, NULL, cancel, r), 0);
		assert_int_equal(pthread_create(&r->waiter, NULL, look_on, r), 0);
	}
	for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(pthread_create(&other[i], NULL, others[i], &shared), 0);
	for (unsigned int i = 0; i < RUNNERS; i++) {
		pthread_join(runner[i].thread, NULL);
		pthread_join(runner[i].canceller, NULL);
		pthread_join(runner[i].waiter, NULL);
		assert_int_equal(atomic_load(&runner[i].wrong), 0);
		pthread_mutex_destroy(&runner[i].lock);
	}
	atomic_store(&shared.over, true);
	for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		pthread_join(other[i], &wrong);
		assert_null(wrong);
	}
	print_message("# %s: %u runs, %u cancelled, told of %u layers and operations, %u events\n", name,
		      atomic_load(&shared.runs), atomic_load(&shared.cancelled), atomic_load(&shared.progress),
		      atomic_load(&shared.events));
	assert_true(atomic_load(&shared.runs) && atomic_load(&shared.events));
	assert_int_equal(atomic_load(&shared.runs) + atomic_load(&shared.cancelled), RUNNERS * RUNS);
	for (unsigned int i = 0; i < NETWORKS; i++)
		dla_network_free(shared.subject[i].network);
	dla_device_close(shared.device);
	unlink(shared.half);
}

static void on_the_emulated_npu(void **unused)
{
	(void)unused;
	work_together("sim:nv_small");
}

static void on_the_cpu(void **unused)
{
	(void)unused;
	work_together("cpu");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_the_emulated_npu),
		cmocka_unit_test(on_the_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
