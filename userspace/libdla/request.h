/* SPDX-License-Identifier: MIT */
#ifndef DLA_REQUEST_H
#define DLA_REQUEST_H

#include "network.h"

struct dla_request {
	struct dla_network *network;
	struct dla_buffer *arena;	/* NULL without NPU operations */
	uint8_t *host;
	void **tensor;			/* per tensor: its data in host memory, or NULL */
	dla_progress_fn *progress;
	void *progress_ctx;
	unsigned int done;		/* before the step that is running */
};

#endif
