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
	atomic_uint references;
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
	struct dla_buffer *tail_constants;	/* likewise, of what stands behind another network */
	const struct dla_network *behind;	/* which; only while it is compiled */
	struct dla_network *front, *tail;	/* what it is made of, see join.h; or NULL */
	struct pthreadpool *threads;		/* for its operations on the CPU; NULL: there is one only */
	struct dla_tensor_info *input, *output;
	struct dla_operation_info *operation;
	char (*shape)[64];			/* per operation, for the infos */
	struct dla_arena text;			/* likewise, of a network that was compiled before */
};

/* For the maker to fill in; NULL: -ENOMEM. */
struct dla_network *dla_network_empty(struct dla_device *device, const char *name);

/* One more who has it, and frees it some time. */
struct dla_network *dla_network_share(struct dla_network *network);

/*
 * Compile a graph, which is the network's to free, also after an error. behind: the network whose output is its
 * input, see join.h; or NULL.
 */
int dla_network_from_graph(struct dla_device *device, const char *name, struct dla_graph *graph,
			   const struct dla_network *behind, const struct dla_options *options,
			   struct dla_network **network);

/* Fill in what callers may ask of tensors and operations, as far as the graph says. */
void dla_network_describe(struct dla_network *network);

/* Memory for what there is one of for each operation or tensor of the graph. */
int dla_network_allocate(struct dla_network *network);

/* How a tensor lies in NPU memory, in its root's place; false when it cannot, or there is no NPU. */
bool dla_network_feature(const struct dla_network *network, int tensor, struct dla_feature *feature);

/* Make a program of these layers, in which nothing is missing any more, and their look-up tables. */
int dla_network_add_part(struct dla_network *network, const struct drm_nvdla_op *op, unsigned int layers,
			 const struct drm_nvdla_lut *lut, unsigned int lut_count);

#endif
