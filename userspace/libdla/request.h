/* SPDX-License-Identifier: MIT */
#ifndef DLA_REQUEST_H
#define DLA_REQUEST_H

#include <pthread.h>

#include "bind.h"
#include "cpu/cpu.h"
#include "cpu/xnn.h"
#include "network.h"
#include "threads.h"

/* One of the schedule's parts, ready to run in one thread; one of the two is NULL. */
struct dla_cpu_work {
	struct dla_cpu_op *op;
	struct dla_xnn_part *xnn;
};

/*
 * A run goes through the steps of the schedule. What the CPU does happens on the device's threads, and
 * while the NPU works no thread waits for it: the end of a job puts the request back in their queue.
 * So one thread at a time has the request, and hands it on; only what is under the lock is shared.
 */
struct dla_request {
	struct dla_network *network;
	struct dla_buffer *arena;	/* NULL without NPU operations */
	uint8_t *host;
	void **tensor;			/* per tensor: its data in host memory, or NULL */
	struct dla_cpu_work *cpu;	/* per part on the CPU, because one runs in one thread */
	struct dla_binding binding[DRM_NVDLA_MAX_SLOTS];
	struct dla_bound *bound;	/* inputs, then outputs; NULL: none is bound */
	struct dla_program **program;	/* per part; NULL: the network's do */
	struct drm_nvdla_time *times;	/* for the part with the most layers */
	dla_progress_fn *progress;
	void *progress_ctx;
	dla_event_fn *event;
	void *event_ctx;

	struct dla_work work;
	struct dla_job job;
	unsigned int step, part;
	bool began;			/* what is bound has been seen to */
	unsigned int done;		/* layers and operations before the step that is running */
	uint64_t submitted_ns;
	struct dla_run_info info;

	pthread_mutex_t lock;		/* of what follows */
	pthread_cond_t change;
	bool running, cancel;
	struct dla_error error;		/* of the last run */
	int fd;				/* eventfd: readable when it is over; -1: nobody has asked for it */
};

#endif
