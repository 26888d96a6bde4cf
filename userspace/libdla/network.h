/* SPDX-License-Identifier: MIT */
#ifndef DLA_NETWORK_H
#define DLA_NETWORK_H

#include "device.h"
#include "schedule.h"

/* A compiled network. Nothing in it changes once it has been loaded. */
struct dla_network {
	struct dla_device *device;
	struct dla_graph *graph;
	char *name;
	struct dla_placed *placed;		/* per operation */
	int *root;				/* per tensor, see struct dla_lower */
	struct dla_schedule schedule;
	struct dla_program **program;		/* per segment; NULL for one without layers */
	unsigned int *layers;			/* per segment */
	unsigned int work;			/* hardware layers and CPU operations of a run */
	struct dla_buffer *constants;		/* NULL without NPU operations */
	struct dla_tensor_info *input, *output;
	struct dla_operation_info *operation;
	char (*shape)[64];			/* per operation, for the infos */
};

#endif
