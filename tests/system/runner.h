/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SYSTEM_RUNNER_H
#define TESTS_SYSTEM_RUNNER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dla.h"

/*
 * A network that tells classes apart, on one device, over samples whose class is known; and TAP that ends in the
 * exit code.
 */

#define RUNNER_CLASSES 16

struct runner {
	struct dla_device *device;
	struct dla_network *network;
	struct dla_request *request;
	unsigned int right;
	/* Of the last sample. */
	int8_t score[RUNNER_CLASSES];
	int best, margin;
};

/* Says what is wrong; close it in any case. */
static inline bool runner_open(struct runner *r, const char *device, const char *model, const struct dla_options *options)
{
	r->device = dla_device_open(device);
	r->network = r->device ? dla_network_load(r->device, model, options) : NULL;
	r->request = r->network ? dla_request_new(r->network) : NULL;
	if (!r->request)
		printf("# %s: %s\n", device, dla_strerror());
	return r->request;
}

static inline void runner_close(struct runner *r)
{
	dla_request_free(r->request);
	dla_network_free(r->network);
	dla_device_close(r->device);
}

/* How far the best of scores is above the next; there are at least two. */
static inline int runner_margin(const int8_t *score, int classes, int best)
{
	int second = INT8_MIN;

	for (int i = 0; i < classes; i++)
		if (i != best && score[i] > second)
			second = score[i];
	return score[best] - second;
}

/* Input and output are int8, as large as the network's; classes: RUNNER_CLASSES at most. */
static inline bool runner_run(struct runner *r, const int8_t *input, int classes, int label)
{
	memcpy(dla_request_input(r->request, 0), input, dla_network_input(r->network, 0)->bytes);
	if (dla_request_run(r->request)) {
		printf("# %s: %s\n", dla_device_name(r->device), dla_strerror());
		return false;
	}
	memcpy(r->score, dla_request_output(r->request, 0), (size_t)classes);
	r->best = 0;
	for (int i = 1; i < classes; i++)
		if (r->score[i] > r->score[r->best])
			r->best = i;
	r->margin = runner_margin(r->score, classes, r->best);
	r->right += r->best == label;
	return true;
}

struct tap {
	unsigned int count, failed;
};

static inline __attribute__((format(printf, 3, 4))) void tap_check(struct tap *tap, bool ok, const char *format, ...)
{
	va_list arguments;

	tap->failed += !ok;
	printf("%s %u - ", ok ? "ok" : "not ok", ++tap->count);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

/* What main() returns. */
static inline int tap_end(const struct tap *tap)
{
	printf("1..%u\n", tap->count);
	return tap->failed != 0;
}

#endif
