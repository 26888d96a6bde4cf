/* SPDX-License-Identifier: MIT */
#ifndef DLA_MEASURE_H
#define DLA_MEASURE_H

#include <stdbool.h>

#include "dla.h"
#include "inputs.h"

/* What one process of `dla bench` does: so many runs, so many at a time, and what each of them took. */
struct measure_options {
	const char *model, *device, *head;
	struct dla_options network;
	struct inputs inputs;
	unsigned int warmup;
	unsigned int requests;		/* at a time */
	unsigned int runs;		/* or, when 0, */
	double seconds;
	bool events;
};

struct measure_event {
	enum dla_track track;
	unsigned int thread, request;
	int operation;			/* of the network; -1 for a conversion */
	char name[24];
	uint64_t start_ns, end_ns;
};

/* Goes through a pipe as it is; what the pointers point to follows. */
struct measure_result {
	char device[64], network[128];
	unsigned int macs_per_cycle;
	uint64_t load_ns;		/* what reading the network took, and compiling it */
	uint64_t start_ns, end_ns;	/* CLOCK_MONOTONIC */
	struct dla_npu_stats stats;	/* of all measured runs */
	struct dla_memory_info memory;
	uint64_t outputs_crc;
	unsigned int wrong;		/* runs whose outputs were not those of the first */
	unsigned int run_count, event_count;
	struct dla_run_info *run;
	struct measure_event *event;
};

/* Prepares and warms up, calls ready(), measures. Returns an exit status, after a message if not 0. */
int measure(const struct measure_options *options, int (*ready)(void *ctx), void *ctx,
	    struct measure_result *result);
void measure_release(struct measure_result *result);

#endif
