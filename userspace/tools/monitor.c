// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <jansson.h>

#include <drm/nvdla_accel.h>
#include <linux/nvdla_genl.h>

#include "arguments.h"
#include "commands.h"
#include "netlink.h"

static const char help[] =
	"usage: dla monitor [--json] [--count N] [--timeout SECONDS]\n"
	"\n"
	"Print what happens to the NPUs of this machine until Ctrl-C: jobs that hang, resets.\n"
	"\n"
	"  --json             a JSON object a line\n"
	"  --count N          end after N events\n"
	"  --timeout SECONDS  end after this time\n"
	"  --help             print this\n"
	"\n"
	"Exit codes: 0 done, 1 the kernel said something unexpected, 2 wrong usage, 3 no driver.\n";

enum {
	EXIT_USAGE = 2,
	EXIT_NO_DEVICE = 3,
};

struct monitor {
	bool json;
	bool bounded;
	unsigned long left;
};

static const char *const event_name[] = {
	[NVDLA_EVENT_TYPE_TIMEOUT] = "timeout",
	[NVDLA_EVENT_TYPE_RESET] = "reset",
	[NVDLA_EVENT_TYPE_WEDGED] = "wedged",
	[NVDLA_EVENT_TYPE_STRAY_IRQ] = "stray-irq",
};

static const char *const engine_name[] = {
	[DRM_NVDLA_CONV] = "conv",
	[DRM_NVDLA_SDP] = "sdp",
	[DRM_NVDLA_PDP] = "pdp",
	[DRM_NVDLA_CDP] = "cdp",
};

/* A newer driver may have more. */
static const char *name_of(const char *const *names, size_t count, uint32_t value)
{
	return value < count && names[value] ? names[value] : "unknown";
}

#define NAME(names, value)	name_of(names, sizeof(names) / sizeof((names)[0]), value)

static void print_json(const struct netlink_event *event)
{
	json_t *object = json_pack("{s:I, s:i, s:s}", "time_ns", (json_int_t)event->time_ns, "device",
				   (int)event->dev_id, "event", NAME(event_name, event->type));

	if (event->has_operation) {
		json_object_set_new(object, "engine", json_string(NAME(engine_name, event->engine)));
		json_object_set_new(object, "operation", json_integer(event->operation));
	}
	if (event->lost)
		json_object_set_new(object, "lost", json_integer(event->lost));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_text(const struct netlink_event *event)
{
	if (event->lost)
		printf("(%u events lost)\n", event->lost);
	printf("%6" PRIu64 ".%06" PRIu64 "  device %u  %s", event->time_ns / 1000000000,
	       event->time_ns / 1000 % 1000000, event->dev_id, NAME(event_name, event->type));
	if (event->has_operation)
		printf("  %s operation %u", NAME(engine_name, event->engine), event->operation);
	putchar('\n');
}

static void tell(const struct netlink_event *event, void *arg)
{
	struct monitor *monitor = arg;

	if (monitor->bounded && !monitor->left)
		return;
	if (monitor->bounded)
		monitor->left--;
	if (monitor->json)
		print_json(event);
	else
		print_text(event);
	fflush(stdout);
}

/* Until a signal, the time-out, or the last event that was asked for. */
static int run(struct netlink *link, const struct monitor *monitor, double seconds)
{
	struct pollfd ready[] = {
		{ .fd = netlink_fd(link), .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};
	struct itimerspec time = {
		.it_value = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) },
	};
	sigset_t ends;
	int ret = 0;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	ready[1].fd = signalfd(-1, &ends, SFD_CLOEXEC);
	if (seconds > 0) {
		ready[2].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		timerfd_settime(ready[2].fd, 0, &time, NULL);
	}
	while (!ret && (!monitor->bounded || monitor->left)) {
		if (poll(ready, 3, -1) < 0)
			ret = -errno;
		else if (ready[0].revents)
			ret = netlink_receive(link);
		else
			break;
	}
	close(ready[1].fd);
	if (ready[2].fd >= 0)
		close(ready[2].fd);
	return ret;
}

/* A number above zero and nothing behind it. */
static int take_number(const char *command, const struct argument *argument, const char *value)
{
	double *number = argument->into;
	char *end;

	*number = strtod(value, &end);
	if (end != value && !*end && *number > 0 && *number < 1e9)
		return 0;
	return argument_refuse(command, argument, "a number above 0", value);
}

int cmd_monitor(int argc, char **argv)
{
	struct monitor monitor = { 0 };
	double count = 0, seconds = 0;
	const struct argument own[] = {
		{ "json", .flag = &monitor.json },
		{ "count", take_number, &count },
		{ "timeout", take_number, &seconds },
		{ 0 },
	};
	struct netlink link;
	int ret = arguments_parse("monitor", help, argc, argv, own, NULL);

	if (ret || arguments_end("monitor", argc, argv))
		return ret > 0 ? EXIT_SUCCESS : EXIT_USAGE;
	monitor.bounded = count > 0;
	monitor.left = (unsigned long)count;
	ret = netlink_open(&link);
	if (ret) {
		fprintf(stderr, "dla monitor: %s\n", netlink_reason(ret));
		return EXIT_NO_DEVICE;
	}
	ret = netlink_listen(&link, tell, &monitor);
	if (!ret)
		ret = run(&link, &monitor, seconds);
	netlink_close(&link);
	if (ret)
		fprintf(stderr, "dla monitor: %s\n", netlink_reason(ret));
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
