/* SPDX-License-Identifier: MIT */
#ifndef DLA_PLACE_H
#define DLA_PLACE_H

#include "lower.h"

/* Where each operation runs. */
struct dla_placed {
	struct dla_node node;		/* what is done here, this operation last */
	struct dla_lowered *lowered;	/* NULL: on the CPU, or part of a later operation's node */
	int fused_into;			/* that operation, on the NPU; or DLA_NO_OP */
	bool xnnpack;			/* on the CPU, with XNNPACK's kernels */
	const char *why;		/* a phrase for people, static */
};

static inline bool dla_placed_on_npu(const struct dla_placed *placed)
{
	return placed->lowered || placed->fused_into != DLA_NO_OP;
}

struct dla_place_options {
	const struct drm_nvdla_dev_info *hw;	/* NULL where there is none, or none is wanted */
	const char *absent;			/* which of these, a phrase */
	bool exact;				/* see struct dla_fuser */
	bool xnnpack;				/* where it has the operation */
};

/*
 * Put on the NPU what can go there. root[] (a tensor each) is filled in; see struct dla_lower. placed[]
 * is the caller's to release, also after an error.
 */
int dla_place(const struct dla_graph *graph, const struct dla_place_options *options, struct dla_placed *placed,
	      int *root);
void dla_place_release(struct dla_placed *placed, unsigned int count);

#endif
