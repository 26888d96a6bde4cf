/* SPDX-License-Identifier: MIT */
#ifndef DLA_REQUEST_H
#define DLA_REQUEST_H

#include "cpu/cpu.h"
#include "network.h"

struct dla_request {
	struct dla_network *network;
	struct dla_buffer *arena;	/* NULL without NPU operations */
	uint8_t *host;
	void **tensor;			/* per tensor: its data in host memory, or NULL */
	struct dla_cpu_op **cpu;	/* per operation, because one runs in one thread; NULL on the NPU */
	dla_progress_fn *progress;
	void *progress_ctx;
	unsigned int done;		/* before the step that is running */
};

#endif
