/* SPDX-License-Identifier: MIT */
#ifndef DLA_REQUEST_H
#define DLA_REQUEST_H

#include "cpu/cpu.h"
#include "cpu/xnn.h"
#include "network.h"

/* One of the schedule's parts, ready to run in one thread; one of the two is NULL. */
struct dla_cpu_work {
	struct dla_cpu_op *op;
	struct dla_xnn_part *xnn;
};

struct dla_request {
	struct dla_network *network;
	struct dla_buffer *arena;	/* NULL without NPU operations */
	uint8_t *host;
	void **tensor;			/* per tensor: its data in host memory, or NULL */
	struct dla_cpu_work *cpu;	/* per part on the CPU */
	dla_progress_fn *progress;
	void *progress_ctx;
	unsigned int done;		/* before the step that is running */
};

#endif
