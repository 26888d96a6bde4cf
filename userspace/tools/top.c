// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "arguments.h"
#include "clients.h"
#include "commands.h"
#include "keys.h"
#include "netlink.h"

static const char help[] =
	"usage: dla top [--once] [--json] [--interval SECONDS]\n"
	"\n"
	"Show how busy the NPUs of this machine are, their queues, and the processes that use them, until\n"
	"q or Ctrl-C. Of processes, those are shown whose /proc entries may be read: one's own, all for root.\n"
	"\n"
	"  --once              once, over one interval\n"
	"  --json              a JSON object an interval\n"
	"  --interval SECONDS  time between two looks, 1 if not given\n"
	"  --help              print this\n"
	"\n"
	"Exit codes: 0 done, 1 the kernel said something unexpected, 2 wrong usage, 3 no driver.\n";

enum {
	EXIT_USAGE = 2,
	EXIT_NO_DEVICE = 3,
};

/* All that was seen at a moment. */
struct look {
	uint64_t time_ns;
	struct netlink_device *devices;
	struct netlink_queue *queues;
	struct client *clients;
	size_t device_count, queue_count, client_count;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void look_free(struct look *look)
{
	free(look->devices);
	free(look->queues);
	free(look->clients);
	*look = (struct look) { 0 };
}

static int look_take(struct netlink *link, struct look *look)
{
	int ret;

	*look = (struct look) { .time_ns = now_ns() };
	ret = netlink_devices(link, &look->devices, &look->device_count);
	if (!ret)
		ret = netlink_queues(link, &look->queues, &look->queue_count);
	if (!ret)
		ret = clients_read(&look->clients, &look->client_count);
	if (ret)
		look_free(look);
	return ret;
}

/* What was there before; all zeros for what was not. */
static struct netlink_device device_before(const struct look *look, const struct netlink_device *device)
{
	for (size_t i = 0; i < look->device_count; i++)
		if (look->devices[i].id == device->id)
			return look->devices[i];
	return (struct netlink_device) { 0 };
}

static struct netlink_queue queue_before(const struct look *look, const struct netlink_queue *queue)
{
	for (size_t i = 0; i < look->queue_count; i++)
		if (look->queues[i].client == queue->client && look->queues[i].handle == queue->handle)
			return look->queues[i];
	return (struct netlink_queue) { 0 };
}

static struct client client_before(const struct look *look, const struct client *client)
{
	for (size_t i = 0; i < look->client_count; i++)
		if (look->clients[i].id == client->id)
			return look->clients[i];
	return (struct client) { 0 };
}

/* Counters may start anew, and times are read one after the other. */
static double rate(uint64_t before, uint64_t after, double per)
{
	return after > before && per > 0 ? (double)(after - before) / per : 0;
}

static double percent(uint64_t before, uint64_t after, double ns)
{
	double share = 100 * rate(before, after, ns);

	return share < 100 ? share : 100;
}

static void print_json(const struct look *old, const struct look *new)
{
	double ns = (double)(new->time_ns - old->time_ns);
	json_t *devices = json_array(), *queues = json_array(), *processes = json_array(), *all;

	for (size_t i = 0; i < new->device_count; i++) {
		const struct netlink_device *is = &new->devices[i];
		struct netlink_device was = device_before(old, is);

		json_array_append_new(devices, json_pack(
			"{s:i, s:s, s:s, s:s, s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I}",
			"device", (int)is->id, "name", is->name, "node", is->node,
			"config", is->config, "wedged", is->wedged,
			"busy", percent(was.busy_ns, is->busy_ns, ns),
			"conv", percent(was.conv_ns, is->conv_ns, ns),
			"sdp", percent(was.sdp_ns, is->sdp_ns, ns),
			"pdp", percent(was.pdp_ns, is->pdp_ns, ns),
			"cdp", percent(was.cdp_ns, is->cdp_ns, ns),
			"jobs_per_s", rate(was.done, is->done, ns / 1e9),
			"pending", (json_int_t)is->pending, "done", (json_int_t)is->done,
			"failed", (json_int_t)is->failed, "timeouts", (json_int_t)is->timeouts,
			"resets", (json_int_t)is->resets, "stray_irqs", (json_int_t)is->stray_irqs));
	}
	for (size_t i = 0; i < new->queue_count; i++) {
		const struct netlink_queue *is = &new->queues[i];
		struct netlink_queue was = queue_before(old, is);

		json_array_append_new(queues, json_pack(
			"{s:i, s:I, s:i, s:i, s:f, s:I, s:I, s:I, s:I}",
			"device", (int)is->dev_id, "client", (json_int_t)is->client,
			"queue", (int)is->handle, "timeout_ms", (int)is->timeout_ms,
			"jobs_per_s", rate(was.done, is->done, ns / 1e9),
			"submitted", (json_int_t)is->submitted, "done", (json_int_t)is->done,
			"failed", (json_int_t)is->failed, "timeouts", (json_int_t)is->timeouts));
	}
	for (size_t i = 0; i < new->client_count; i++) {
		const struct client *is = &new->clients[i];
		struct client was = client_before(old, is);

		json_array_append_new(processes, json_pack(
			"{s:i, s:s, s:s, s:I, s:f, s:I}", "pid", is->pid, "command", is->command,
			"node", is->node, "client", (json_int_t)is->id,
			"busy", percent(was.busy_ns, is->busy_ns, ns),
			"memory_bytes", (json_int_t)is->memory));
	}
	all = json_pack("{s:f, s:o, s:o, s:o}", "interval_s", ns / 1e9, "devices", devices,
			"queues", queues, "processes", processes);
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

static void print_heading(bool colour, const char *heading)
{
	printf("%s%s%s\n", colour ? "\033[7m" : "", heading, colour ? "\033[0m" : "");
}

static void print_text(const struct look *old, const struct look *new, bool colour)
{
	double ns = (double)(new->time_ns - old->time_ns);

	print_heading(colour, "DEVICE       CONFIG         BUSY%  CONV%   SDP%   PDP%   CDP%   JOBS/S  PENDING  FAILED  RESETS");
	for (size_t i = 0; i < new->device_count; i++) {
		const struct netlink_device *is = &new->devices[i];
		struct netlink_device was = device_before(old, is);

		printf("%-12s %-14s %5.1f  %5.1f  %5.1f  %5.1f  %5.1f %8.1f  %7" PRIu64 "  %6" PRIu64 "  %6" PRIu64 "%s%s%s\n",
		       is->node, is->config, percent(was.busy_ns, is->busy_ns, ns),
		       percent(was.conv_ns, is->conv_ns, ns), percent(was.sdp_ns, is->sdp_ns, ns),
		       percent(was.pdp_ns, is->pdp_ns, ns), percent(was.cdp_ns, is->cdp_ns, ns),
		       rate(was.done, is->done, ns / 1e9), is->pending, is->failed, is->resets,
		       is->wedged && colour ? "\033[31m" : "", is->wedged ? "  wedged" : "",
		       is->wedged && colour ? "\033[0m" : "");
	}
	if (new->device_count == 0)
		puts("none");

	putchar('\n');
	print_heading(colour, "CLIENT  QUEUE   JOBS/S  SUBMITTED       DONE  FAILED   HUNG");
	for (size_t i = 0; i < new->queue_count; i++) {
		const struct netlink_queue *is = &new->queues[i];
		struct netlink_queue was = queue_before(old, is);

		printf("%6" PRIu64 "  %5u %8.1f %10" PRIu64 " %10" PRIu64 "  %6" PRIu64 " %6" PRIu64 "\n",
		       is->client, is->handle, rate(was.done, is->done, ns / 1e9), is->submitted,
		       is->done, is->failed, is->timeouts);
	}

	putchar('\n');
	print_heading(colour, "    PID  CLIENT  BUSY%  MEMORY KiB  DEVICE       COMMAND");
	for (size_t i = 0; i < new->client_count; i++) {
		const struct client *is = &new->clients[i];
		struct client was = client_before(old, is);

		printf("%7d  %6" PRIu64 "  %5.1f  %10" PRIu64 "  %-12s %s\n", is->pid, is->id,
		       percent(was.busy_ns, is->busy_ns, ns), is->memory / 1024, is->node, is->command);
	}
}

static int watch(struct netlink *link, struct keys *keys, bool once, bool json, double interval)
{
	bool terminal = isatty(STDOUT_FILENO);
	/* See no-color.org. */
	const char *no_colour = getenv("NO_COLOR");
	bool colour = terminal && !(no_colour && *no_colour);
	struct look old, new;
	int ret;

	ret = look_take(link, &old);
	if (ret)
		return ret;
	while (keys_wait(keys, interval)) {
		ret = look_take(link, &new);
		if (ret)
			break;
		if (json) {
			print_json(&old, &new);
		} else {
			if (terminal && !once)
				fputs("\033[H\033[2J", stdout);
			print_text(&old, &new, colour);
		}
		fflush(stdout);
		look_free(&old);
		old = new;
		if (once)
			break;
	}
	look_free(&old);
	return ret;
}

static int take_interval(const char *command, const struct argument *argument, const char *value)
{
	double *interval = argument->into;
	char *end;

	*interval = strtod(value, &end);
	if (end != value && !*end && *interval >= 0.01 && *interval < 1e6)
		return 0;
	return argument_refuse(command, argument, "a time from 0.01", value);
}

int cmd_top(int argc, char **argv)
{
	bool once = false, json = false;
	double interval = 1;
	const struct argument own[] = {
		{ "once", .flag = &once },
		{ "json", .flag = &json },
		{ "interval", take_interval, &interval },
		{ 0 },
	};
	struct netlink link;
	struct keys keys;
	int ret = arguments_parse("top", help, argc, argv, own, NULL);

	if (ret || arguments_end("top", argc, argv))
		return ret > 0 ? EXIT_SUCCESS : EXIT_USAGE;
	ret = netlink_open(&link);
	if (ret) {
		fprintf(stderr, "dla top: %s\n", netlink_reason(ret));
		return EXIT_NO_DEVICE;
	}
	ret = keys_open(&keys);
	if (!ret) {
		ret = watch(&link, &keys, once, json, interval);
		keys_close(&keys);
	}
	netlink_close(&link);
	if (ret)
		fprintf(stderr, "dla top: %s\n", netlink_reason(ret));
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
