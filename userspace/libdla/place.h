/* SPDX-License-Identifier: MIT */
#ifndef DLA_PLACE_H
#define DLA_PLACE_H

#include "dla.h"
#include "lower.h"
#include "profile.h"

/* Where each operation runs. */
struct dla_placed {
	struct dla_node node;		/* what is done here, this operation last */
	struct dla_lowered *lowered;	/* NULL: on the CPU, or part of a later operation's node */
	int fused_into;			/* that operation, on the NPU; or DLA_NO_OP */
	bool xnnpack;			/* on the CPU, with XNNPACK's kernels */
	double npu_ns;			/* of the node's layers, with @lowered; 0 unless placing is by cost */
	const char *why;		/* a phrase for people, static */
};

static inline bool dla_placed_on_npu(const struct dla_placed *placed)
{
	return placed->lowered || placed->fused_into != DLA_NO_OP;
}

/* What placing by cost has weighed. */
struct dla_weighed {
	struct dla_estimate estimate;
	struct dla_placement_info *op;	/* one each */
};

struct dla_place_options {
	const struct drm_nvdla_dev_info *hw;	/* NULL where there is none, or none is wanted */
	const char *absent;			/* which of these, a phrase */
	const struct dla_graph *signed_graph;	/* as the NPU sees it, where that is another; see signed.h */
	const uint8_t *flip;			/* likewise */
	bool exact;				/* see struct dla_fuser */
	bool xnnpack;				/* where it has the operation */
	/* By cost, and all of the following; NULL: on the NPU whatever can go there. */
	const struct dla_profile *profile;
	double npu_hz;
	struct dla_weighed *weighed;		/* to be filled in */
};

/*
 * Tries placements of one network. What the NPU can do, and what that takes, is found out once for each
 * node, and depends on the placement only by what is a view of what.
 */
struct dla_placer;

int dla_placer_new(const struct dla_graph *graph, const struct dla_place_options *options,
		   struct dla_placer **placer);
void dla_placer_free(struct dla_placer *placer);

/*
 * Place on the NPU what may[] allows (an operation each; NULL: all of them) and it can do. placed[] and root[]
 * are filled in, see struct dla_lower; what placed[] refers to is the placer's.
 */
int dla_placer_try(struct dla_placer *placer, const bool *may, struct dla_placed *placed, int *root);

/*
 * Nanoseconds of a run in which one thing happens after the other. It has a profile. To border[] is added
 * what operations pay for being on the NPU beside their own time: conversions, and the program. It may be NULL.
 */
double dla_placer_time(struct dla_placer *placer, const struct dla_placed *placed, const int *root,
		       double *border);

double dla_placer_cpu_time(const struct dla_placer *placer, unsigned int op);

/* Choose may[] so that dla_placer_time() is least. */
int dla_placer_choose(struct dla_placer *placer, bool *may);

/* All of it: as the options say. placed[] is the caller's to release, also after an error. */
int dla_place(const struct dla_graph *graph, const struct dla_place_options *options, struct dla_placed *placed,
	      int *root);
void dla_place_release(struct dla_placed *placed, unsigned int count);

#endif
