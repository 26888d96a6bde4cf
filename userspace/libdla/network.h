/* SPDX-License-Identifier: MIT */
#ifndef DLA_NETWORK_H
#define DLA_NETWORK_H

#include <stdatomic.h>

#include "arena.h"
#include "device.h"
#include "schedule.h"

/* A segment's layers are one program, or several in a row where they are more than one may have. */
struct dla_part {
	struct dla_program *program;
	struct drm_nvdla_op *op;		/* its layers */
	struct drm_nvdla_lut *lut;		/* and look-up tables */
	unsigned int layers, lut_count;
	atomic_bool proven;			/* it has run to its end: it can */
};

/* A compiled network. Nothing in it changes once it has been loaded, but what is atomic. */
struct dla_network {
	struct dla_device *device;
	struct dla_graph *graph;
	struct dla_graph *signed_graph;		/* see signed.h; only while the network is compiled, and for tests */
	uint8_t *flip;				/* per tensor, likewise */
	char *name;
	struct dla_weighed weighed;		/* estimate.profile NULL: it was not placed by cost */
	struct dla_placed *placed;		/* per operation; only while the network is compiled, and for tests */
	int *root;				/* per tensor, see struct dla_lower */
	enum dla_form *form;			/* likewise */
	struct dla_schedule schedule;
	struct dla_part *part;			/* of all segments, in order */
	unsigned int part_count;
	unsigned int *part_end;			/* per segment: behind its last; one of views only has none */
	unsigned int work;			/* hardware layers and CPU operations of a run */
	struct dla_buffer *constants;		/* NULL without NPU operations */
	struct pthreadpool *threads;		/* for its operations on the CPU; NULL: there is one only */
	struct dla_tensor_info *input, *output;
	struct dla_operation_info *operation;
	char (*shape)[64];			/* per operation, for the infos */
	struct dla_arena text;			/* likewise, of a network that was compiled before */
};

/* Memory for what there is one of for each operation or tensor of the graph. */
int dla_network_allocate(struct dla_network *network);

/* How a tensor lies in NPU memory, in its root's place; false when it cannot, or there is no NPU. */
bool dla_network_feature(const struct dla_network *network, int tensor, struct dla_feature *feature);

/* Make a program of these layers, in which nothing is missing any more, and their look-up tables. */
int dla_network_add_part(struct dla_network *network, const struct drm_nvdla_op *op, unsigned int layers,
			 const struct drm_nvdla_lut *lut, unsigned int lut_count);

#endif
