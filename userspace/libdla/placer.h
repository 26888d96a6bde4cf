/* SPDX-License-Identifier: MIT */
#ifndef DLA_PLACER_H
#define DLA_PLACER_H

#include "place.h"

/* Between trying placements (place.c) and choosing one (place_cost.c). */

/* What came of an attempt to lower a node whose inputs are views of root[]. */
struct dla_attempt {
	struct dla_attempt *next;
	struct dla_node node;
	unsigned int inputs;
	int *root;			/* of each */
	struct dla_lowered *lowered;	/* NULL: it cannot be done, @why says why not */
	const char *why;
	double npu_ns;			/* see struct dla_placed */
	int output_root;
};

struct dla_placer {
	const struct dla_graph *graph;
	struct dla_place_options options;
	struct dla_fuser fuser;
	struct dla_attempt **attempt;	/* per operation: of nodes that end there */
	signed char *xnnpack;		/* per operation: +1: XNNPACK has it, -1: it has not, 0: not tried */
	bool *in, *out;			/* per tensor: room for dla_placer_time() */
};

/* Whether the CPU does an operation with XNNPACK. */
bool dla_placer_xnnpack(const struct dla_placer *placer, unsigned int op);

/* The attempt at a node as things are: made now, or earlier. NULL with *err, which is negative. */
const struct dla_attempt *dla_placer_attempt(struct dla_placer *placer, const struct dla_node *node, int *root,
					     int *err);

/* Likewise at an operation by itself; root[] stays as it is. */
const struct dla_attempt *dla_placer_alone(struct dla_placer *placer, unsigned int op, int *root, int *err);

/*
 * Say of a placement that was chosen why it is so: fill in options.weighed, and why[] of what is on the CPU.
 * Leaves what comes of it tried in placed[] and root[].
 */
int dla_placer_explain(struct dla_placer *placer, const bool *may, struct dla_placed *placed, int *root);

#endif
