// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "headed.h"
#include "interrupt.h"
#include "measure.h"
#include "status.h"
#include "watch.h"

/* Enough for minutes of a small network; a timeline of more opens nowhere. */
#define MAX_EVENTS (1u << 20)

struct slot;

struct bench {
	const struct measure_options *options;
	struct dla_device *device;
	struct headed headed;
	struct slot *slot;
	struct measure_result *result;
	uint8_t *expected;		/* outputs, one behind the other */
	pthread_mutex_t lock;		/* of the events */
	unsigned int started, room, event_room;
};

/* A request, and what to call it. */
struct slot {
	struct bench *bench;
	struct dla_request *request;
	unsigned int number;
	uint64_t start_ns;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int fail(int status)
{
	fprintf(stderr, "dla bench: %s\n", dla_strerror());
	return status;
}

static int out_of_memory(void)
{
	fprintf(stderr, "dla bench: out of memory\n");
	return EXIT_FAILURE;
}

/* --------------------------------------------------------------------------------- events */

static void note_event(void *ctx, const struct dla_event *event)
{
	const struct slot *slot = ctx;
	struct bench *bench = slot->bench;
	struct measure_result *result = bench->result;

	pthread_mutex_lock(&bench->lock);
	if (result->event_count == bench->event_room && bench->event_room < MAX_EVENTS) {
		unsigned int room = bench->event_room ? 2 * bench->event_room : 1024;
		struct measure_event *more = realloc(result->event, room * sizeof(*more));

		if (more) {
			result->event = more;
			bench->event_room = room;
		}
	}
	if (result->event_count < bench->event_room) {
		struct measure_event *out = &result->event[result->event_count++];

		*out = (struct measure_event) {
			.track = event->track, .thread = event->thread, .request = slot->number,
			.operation = event->operation,
			.start_ns = event->start_ns, .end_ns = event->end_ns,
		};
		snprintf(out->name, sizeof(out->name), "%s", event->name);
	}
	pthread_mutex_unlock(&bench->lock);
}

/* -------------------------------------------------------------------------------- outputs */

static size_t output_bytes(const struct dla_network *network)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < dla_network_output_count(network); i++)
		bytes += dla_network_output(network, i)->bytes;
	return bytes;
}

static void keep_outputs(struct bench *bench, const struct dla_request *request)
{
	uint8_t *to = bench->expected;

	for (unsigned int i = 0; i < dla_network_output_count(bench->headed.network); i++) {
		size_t bytes = dla_network_output(bench->headed.network, i)->bytes;

		memcpy(to, dla_request_output(request, i), bytes);
		to += bytes;
	}
	bench->result->outputs_crc = crc32(crc32(0, NULL, 0), bench->expected, (uInt)(to - bench->expected));
}

static bool outputs_are_right(const struct bench *bench, const struct dla_request *request)
{
	const uint8_t *expected = bench->expected;
	bool right = true;

	for (unsigned int i = 0; i < dla_network_output_count(bench->headed.network); i++) {
		size_t bytes = dla_network_output(bench->headed.network, i)->bytes;

		right &= !memcmp(expected, dla_request_output(request, i), bytes);
		expected += bytes;
	}
	return right;
}

/* -------------------------------------------------------------------------------- running */

static bool is_over(const struct bench *bench)
{
	const struct measure_options *o = bench->options;

	if (interrupt_status())
		return true;
	if (o->runs)
		return bench->started >= o->runs;
	return (double)(now_ns() - bench->result->start_ns) >= o->seconds * 1e9;
}

static int start(struct bench *bench, struct slot *slot)
{
	bench->started++;
	slot->start_ns = now_ns();
	return dla_request_submit(slot->request) ? fail(EXIT_RUN_FAILED) : 0;
}

static int note_run(struct bench *bench, const struct slot *slot)
{
	struct measure_result *result = bench->result;
	struct dla_run_info *run;
	uint64_t taken;

	if (dla_request_wait(slot->request, 0))
		return errno == ECANCELED && interrupt_status() ? 0 : fail(EXIT_RUN_FAILED);
	taken = now_ns() - slot->start_ns;
	if (result->run_count == bench->room) {
		struct dla_run_info *more;

		bench->room = bench->room ? 2 * bench->room : 256;
		more = realloc(result->run, bench->room * sizeof(*more));
		if (!more)
			return out_of_memory();
		result->run = more;
	}
	run = &result->run[result->run_count++];
	dla_request_info(slot->request, run);
	/* As the caller sees it, until he has woken up. */
	run->wait_ns += taken - run->total_ns;
	run->total_ns = taken;
	result->wrong += !outputs_are_right(bench, slot->request);
	return 0;
}

/* All requests run all the time; whichever is over is started again. */
static int run_all(struct bench *bench)
{
	unsigned int requests = bench->options->requests, active = 0;
	struct pollfd *wait = calloc(requests, sizeof(*wait));
	int status = wait ? 0 : out_of_memory();

	for (unsigned int i = 0; i < requests && !status; i++) {
		wait[i].fd = dla_request_fd(bench->slot[i].request);
		wait[i].events = POLLIN;
		status = wait[i].fd < 0 ? fail(EXIT_RUN_FAILED) : 0;
	}
	bench->result->start_ns = now_ns();
	for (unsigned int i = 0; i < requests && !status; i++) {
		if (is_over(bench)) {
			wait[i].fd = -1;
			continue;
		}
		status = start(bench, &bench->slot[i]);
		active++;
	}
	while (active && !status) {
		if (poll(wait, requests, 100) < 0) {
			if (errno == EINTR)
				continue;
			perror("dla bench: poll");
			status = EXIT_FAILURE;
		}
		for (unsigned int i = 0; i < requests && interrupt_status(); i++)
			dla_request_cancel(bench->slot[i].request);
		for (unsigned int i = 0; i < requests && !status; i++) {
			if (!(wait[i].revents & POLLIN))
				continue;
			status = note_run(bench, &bench->slot[i]);
			if (!status && !is_over(bench)) {
				status = start(bench, &bench->slot[i]);
			} else {
				wait[i].fd = -1;
				active--;
			}
		}
	}
	bench->result->end_ns = now_ns();
	free(wait);
	return status;
}

static int warm_up(struct bench *bench)
{
	const struct measure_options *o = bench->options;

	/* The first one alone: what all others are compared with. */
	if (dla_request_run(bench->slot[0].request))
		return fail(EXIT_RUN_FAILED);
	keep_outputs(bench, bench->slot[0].request);
	for (unsigned int run = 1; run < o->warmup; run++)
		if (dla_request_run(bench->slot[run % o->requests].request))
			return fail(EXIT_RUN_FAILED);
	return 0;
}

static void subtract(struct dla_npu_stats *stats, const struct dla_npu_stats *before)
{
	stats->operations -= before->operations;
	stats->macs -= before->macs;
	stats->cycles -= before->cycles;
	stats->mac_cycles -= before->mac_cycles;
	stats->read_bytes -= before->read_bytes;
	stats->write_bytes -= before->write_bytes;
	stats->register_writes -= before->register_writes;
	stats->interrupts -= before->interrupts;
	stats->late_ns -= before->late_ns;
}

static int prepare(struct bench *bench)
{
	const struct measure_options *o = bench->options;
	struct measure_result *result = bench->result;
	struct dla_device_info info;
	uint64_t start;

	bench->device = dla_device_open(o->device);
	if (!bench->device)
		return fail(EXIT_NO_DEVICE);
	start = now_ns();
	if (headed_load(&bench->headed, bench->device, o->model, &o->network, o->head))
		return fail(EXIT_BAD_MODEL);
	result->load_ns = now_ns() - start;
	dla_device_info(bench->device, &info);
	result->macs_per_cycle = info.macs;
	snprintf(result->device, sizeof(result->device), "%s", dla_device_name(bench->device));
	snprintf(result->network, sizeof(result->network), "%s", dla_network_name(bench->headed.network));
	dla_network_memory(bench->headed.network, &result->memory);
	bench->expected = malloc(output_bytes(bench->headed.network));
	bench->slot = calloc(o->requests, sizeof(*bench->slot));
	if (!bench->expected || !bench->slot)
		return out_of_memory();
	for (unsigned int i = 0; i < o->requests; i++) {
		bench->slot[i] = (struct slot) { bench, dla_request_new(bench->headed.network), i };
		if (!bench->slot[i].request)
			return fail(EXIT_RUN_FAILED);
		if (inputs_load("bench", &o->inputs, bench->headed.network, bench->slot[i].request))
			return EXIT_BAD_INPUT;
	}
	return warm_up(bench);
}

int measure(const struct measure_options *options, int (*ready)(void *ctx), void *ctx,
	    struct measure_result *result)
{
	struct bench bench = { .options = options, .result = result, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct dla_npu_stats before;
	struct watch watch;
	int status;

	memset(result, 0, sizeof(*result));
	watch_begin(&watch, NULL, 0, watch_exit, NULL);
	status = prepare(&bench);
	watch_end(&watch);
	for (unsigned int i = 0; i < options->requests && !status && options->events; i++)
		dla_request_events(bench.slot[i].request, note_event, &bench.slot[i]);
	if (!status)
		status = ready(ctx);
	if (!status) {
		dla_device_stats(bench.device, &before);
		status = run_all(&bench);
		dla_device_stats(bench.device, &result->stats);
		subtract(&result->stats, &before);
	}
	for (unsigned int i = 0; bench.slot && i < options->requests; i++)
		dla_request_free(bench.slot[i].request);
	headed_free(&bench.headed);
	dla_device_close(bench.device);
	free(bench.slot);
	free(bench.expected);
	return status;
}

void measure_release(struct measure_result *result)
{
	free(result->run);
	free(result->event);
}
