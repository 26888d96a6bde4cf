/* SPDX-License-Identifier: MIT */
#ifndef DLA_LOWER_H
#define DLA_LOWER_H

#include <stdbool.h>

#include <drm/nvdla_accel.h>

#include "fuse.h"
#include "graph.h"
#include "layout.h"
#include "luts.h"
#include "pack.h"

/*
 * From a node of the network to hardware layers, in two steps: preparing decides whether the NPU can
 * do it and computes all that does not depend on addresses; emitting writes the layers once
 * memory has been planned.
 */

/* Slots of every program that this library makes. */
enum {
	DLA_SLOT_CONSTANTS,
	DLA_SLOT_ARENA,
	DLA_SLOT_TAIL,		/* constants of what stands behind another network, see join.h */
	DLA_SLOTS
};

struct dla_lower {
	const struct dla_graph *graph;
	const struct drm_nvdla_dev_info *hw;
	/* The tensor whose memory on the NPU a tensor shares: itself, or what it is a RESHAPE of. */
	int *root;
	const unsigned int *uses;	/* per tensor */
	const uint8_t *flip;		/* per tensor, see signed.h; NULL: none */
};

/* How a tensor lies in NPU memory; false when it cannot. */
bool dla_lower_feature(const struct dla_lower *lower, int tensor, struct dla_feature *feature);

/* Likewise, and false also when its shape there is not its own (after a RESHAPE). */
bool dla_lower_own_pictures(const struct dla_lower *lower, int tensor, struct dla_feature *feature);

/* Likewise, and false also when it is more than one picture. */
bool dla_lower_own_feature(const struct dla_lower *lower, int tensor, struct dla_feature *feature);

/* Computed - constants have no place in the arena -, int8, and quantised as a whole. */
bool dla_lower_is_int8(const struct dla_lower *lower, int tensor);

/* A QUANTIZE whose result is its input, as the NPU sees them. */
bool dla_lower_is_same(const struct dla_lower *lower, const struct dla_op *op);

/* Computed by the CPU in any case, wherever operations are placed: or given by the caller. */
bool dla_lower_is_from_cpu(const struct dla_lower *lower, int tensor);

struct dla_emit {
	struct drm_nvdla_op *op;
	unsigned int count, room;
	struct dla_constants *constants;
	unsigned int constants_slot;
	struct dla_luts *luts;
	const size_t *offset;		/* of each root tensor in the arena */
	const int *root;
	uint64_t cookie;		/* of the next layers: the operation's index */
	bool unplanned;			/* memory has no plan yet: what may lie inside another tensor does */
};

/* The next layer, zeroed; NULL when memory runs out. Pointers to earlier ones are gone. */
struct drm_nvdla_op *dla_emit_op(struct dla_emit *emit, enum drm_nvdla_engine engine);

size_t dla_emit_offset(const struct dla_emit *emit, int tensor);

/* A surface in the arena that lies as @feature does, from @offset on. */
struct drm_nvdla_surface dla_emit_surface(const struct dla_feature *feature, size_t offset);

/* Restrict a tensor to low..high in place, where the layer that made it could not; nothing for the whole range. */
int dla_emit_clamp(struct dla_emit *emit, const struct dla_feature *feature, size_t offset,
		   int32_t low, int32_t high);

struct dla_lowered;

struct dla_lowered_ops {
	int (*emit)(const struct dla_lowered *lowered, struct dla_emit *emit);
	/*
	 * What the NPU answers, computed on the CPU with the hardware's arithmetic: the same to the
	 * bit. Slow; tests compare. Tensors are in the network's order, input[i] is dla_node_input(i);
	 * several outputs lie one behind the other.
	 */
	void (*eval)(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output);
	/* What it holds besides itself; NULL: nothing. */
	void (*release)(struct dla_lowered *lowered);
};

/* A tensor whose memory may be part of another's, from @offset on: what the operation would move there or from there. */
struct dla_inside {
	int part, whole;
	size_t offset;
};

/* Embedded at the start of each kind's own structure. */
struct dla_lowered {
	const struct dla_lowered_ops *ops;
	const char *how;		/* a phrase for people, static */
	enum dla_form form;		/* how dla_node_input(0) lies: an image if nobody else reads it there */
	unsigned int in_place;		/* bit i: the output may have the memory of dla_node_input(i) */
	size_t behind;			/* bytes it needs behind dla_node_input(0), for itself */
	const struct dla_inside *inside;
	unsigned int inside_count;
};

void dla_lowered_free(struct dla_lowered *lowered);	/* NULL: nothing to do */

/*
 * Prepare a node. Returns 0 with *lowered; or 0 with *lowered NULL and the phrase *why when
 * the NPU cannot do it or would be too far from the reference; or a negative errno.
 */
int dla_lower_node(const struct dla_lower *lower, const struct dla_node *node,
		   struct dla_lowered **lowered, const char **why);

/* What must be so for the NPU to do an operation, a phrase; NULL when it never does. */
const char *dla_lower_limits(enum dla_op_kind kind);

/*
 * One for each kind of a node's own operation; only lower.c calls them. What one has begun is in *lowered also when
 * it fails or tells *why it cannot: lower.c frees it then.
 */
typedef int dla_lower_fn(const struct dla_lower *lower, const struct dla_node *node,
			 struct dla_lowered **lowered, const char **why);
dla_lower_fn dla_lower_conv, dla_lower_depthwise, dla_lower_fully_connected, dla_lower_add, dla_lower_pool, dla_lower_mean,
	     dla_lower_table, dla_lower_element, dla_lower_resize,
	     dla_lower_transpose_conv, dla_lower_move;

/* The structure that has dla_lowered at its start, zeroed; NULL when memory runs out. */
void *dla_lowered_new(size_t bytes, const struct dla_lowered_ops *ops, struct dla_lowered **lowered);

#endif
