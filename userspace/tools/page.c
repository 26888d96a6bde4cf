// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "status.h"

/* The page without its numbers; they go where it says DATA. */
__asm__(".section .rodata\n"
	"page_template:\n"
	".incbin \"userspace/tools/page.html\"\n"
	".byte 0\n"
	".previous\n");
extern const char page_template[] __attribute__((visibility("hidden")));

#define PLACE "@DATA@"

/* Runs whose events are drawn; browsers are slow with more. */
#define MAX_DRAWN 20000

static const char *const tracks[] = {
	[DLA_TRACK_CPU] = "CPU thread",
	[DLA_TRACK_CONV] = "NPU convolution",
	[DLA_TRACK_SDP] = "NPU SDP",
	[DLA_TRACK_PDP] = "NPU PDP",
	[DLA_TRACK_CDP] = "NPU CDP",
};

static json_t *describe_operations(const struct dla_network *network)
{
	json_t *operations = json_array();

	for (unsigned int i = 0; i < dla_network_operation_count(network); i++) {
		const struct dla_operation_info *op = dla_network_operation(network, i);

		json_array_append_new(operations, json_pack(
			"{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:i}", "name", op->name, "shape", op->shape,
			"where", op->where, "kernel", op->kernel, "why", op->why ? op->why : "",
			"macs", (json_int_t)op->macs, "bytes", (json_int_t)op->bytes, "layers", (int)op->layers,
			"fused_into", op->fused_into));
	}
	return operations;
}

/* Times in microseconds since the first run was submitted. */
static json_t *describe_events(const struct measure_result *result)
{
	json_t *events = json_array();

	for (unsigned int i = 0; i < result->event_count && i < MAX_DRAWN; i++) {
		const struct measure_event *event = &result->event[i];

		if (event->start_ns < result->start_ns || event->end_ns < event->start_ns)
			continue;
		json_array_append_new(events, json_pack(
			"[s, i, s, i, f, f, i]", tracks[event->track], (int)event->thread, event->name,
			event->operation, (double)(event->start_ns - result->start_ns) / 1e3,
			(double)(event->end_ns - event->start_ns) / 1e3, (int)event->request));
	}
	return events;
}

/* By operation, then by request, then by time. */
static int by_operation(const void *a, const void *b)
{
	const struct measure_event *x = a, *y = b;

	if (x->operation != y->operation)
		return x->operation < y->operation ? -1 : 1;
	if (x->request != y->request)
		return x->request < y->request ? -1 : 1;
	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

/*
 * Nanoseconds of a run in which anything was done for an operation: its engines work at the same time. Every
 * event counts, also those that are not drawn.
 */
static json_t *describe_times(const struct measure_result *result, unsigned int operations)
{
	struct measure_event *event = calloc(result->event_count + 1, sizeof(*event));
	double *ns = calloc(operations + 1, sizeof(*ns));
	json_t *times = ns && event ? json_array() : NULL;
	uint64_t until = 0;

	if (times && result->event_count) {
		memcpy(event, result->event, result->event_count * sizeof(*event));
		qsort(event, result->event_count, sizeof(*event), by_operation);
	}
	for (unsigned int i = 0; times && i < result->event_count; i++) {
		const struct measure_event *e = &event[i];

		if (e->operation < 0 || (unsigned int)e->operation >= operations)
			continue;
		if (!i || e->operation != e[-1].operation || e->request != e[-1].request || until < e->start_ns)
			until = e->start_ns;
		if (e->end_ns > until) {
			ns[e->operation] += (double)(e->end_ns - until);
			until = e->end_ns;
		}
	}
	for (unsigned int i = 0; times && i < operations; i++)
		json_array_append_new(times, json_real(ns[i] / result->run_count));
	free(event);
	free(ns);
	return times;
}

static json_t *describe_latencies(const struct measure_result *result)
{
	json_t *latencies = json_array();

	for (unsigned int i = 0; i < result->run_count; i++)
		json_array_append_new(latencies, json_integer((json_int_t)result->run[i].total_ns));
	return latencies;
}

static json_t *describe(const struct measure_options *options, const struct measure_result *result,
			const json_t *summary)
{
	struct dla_device *device = dla_device_open(options->device);
	struct dla_network *network = device ? dla_network_load(device, options->model, &options->network) : NULL;
	struct dla_device_info info;
	json_t *root = NULL;

	if (network) {
		dla_device_info(device, &info);
		root = json_pack("{s:O, s:{s:s, s:i, s:i}, s:o, s:o, s:o, s:o}", "summary", summary,
				 "device", "config", info.config ? info.config : "", "macs", (int)info.macs,
				 "atom", (int)info.atom,
				 "operations", describe_operations(network),
				 "times", describe_times(result, dla_network_operation_count(network)),
				 "latencies", describe_latencies(result), "events", describe_events(result));
	} else {
		fprintf(stderr, "dla bench: %s\n", dla_strerror());
	}
	dla_network_free(network);
	dla_device_close(device);
	return root;
}

/* In a page no text may end its script: '<' occurs in strings only, where it can be spelled out. */
static void put_data(FILE *file, const char *json)
{
	for (const char *at = json; *at; at++) {
		if (*at == '<')
			fputs("\\u003c", file);
		else
			putc(*at, file);
	}
}

static int put_page(const char *path, const char *json)
{
	const char *place = strstr(page_template, PLACE);
	FILE *file = fopen(path, "w");
	int err;

	if (!file)
		return -1;
	fwrite(page_template, 1, (size_t)(place - page_template), file);
	put_data(file, json);
	fputs(place + strlen(PLACE), file);
	err = ferror(file) ? EIO : 0;
	if (fclose(file) && !err)
		err = errno;
	errno = err;
	return err ? -1 : 0;
}

int page_write(const char *path, const struct measure_options *options, const struct measure_result *result,
	       const json_t *summary)
{
	json_t *data = describe(options, result, summary);
	char *text = data ? json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9)) : NULL;
	int err = 0;

	json_decref(data);
	if (!text)
		return EXIT_FAILURE;
	if (put_page(path, text)) {
		fprintf(stderr, "dla bench: %s: %s\n", path, strerror(errno));
		err = EXIT_FAILURE;
	}
	free(text);
	return err;
}
