/* SPDX-License-Identifier: MIT */
#ifndef DLA_SCHEDULE_H
#define DLA_SCHEDULE_H

#include <stdbool.h>

#include "place.h"

/*
 * What a request does, in order, and where every tensor lies meanwhile: in the request's host memory
 * in the network's own order, in its NPU arena as the NPU has it, or in both.
 */

enum dla_step_kind {
	DLA_STEP_CPU,		/* run part `index` on the CPU */
	DLA_STEP_NPU,		/* run segment `index` on the NPU */
	DLA_STEP_TO_NPU,	/* convert tensor `index` from host memory into the arena */
	DLA_STEP_FROM_NPU,	/* and back */
};

struct dla_step {
	enum dla_step_kind kind;
	int index;
};

/* Operations first..last, all on the NPU: as a rule one program. */
struct dla_segment {
	unsigned int first, last;
};

/* Operations first..last, all on the CPU: one of the reference kernels', or a stretch of XNNPACK's. */
struct dla_cpu_part {
	unsigned int first, last;
	bool xnnpack;
};

#define DLA_NOWHERE ((size_t)-1)

/* Of tensors: cache lines, whole atoms of every configuration, and what kernels' vector loads like. */
#define DLA_PLAN_ALIGN 64

struct dla_schedule {
	struct dla_step *step;
	unsigned int step_count;
	struct dla_segment *segment;
	unsigned int segment_count;
	struct dla_cpu_part *cpu;
	unsigned int cpu_count;
	/* Per tensor: offset in host memory, or DLA_NOWHERE, also for what lives within an XNNPACK part. */
	size_t *host;
	size_t *npu;		/* per root tensor: offset in the arena, or DLA_NOWHERE */
	int *whole;		/* per root tensor: the largest that it is part of there, as a rule itself */
	size_t host_bytes, npu_bytes;
	/* What of each lives at one moment at most: no plan could do with less. */
	size_t host_bound, npu_bound;
};

/*
 * keep: every tensor has memory of its own and comes to host memory too. Release also after an
 * error. The only error is -ENOMEM.
 */
int dla_schedule_make(const struct dla_graph *graph, const struct drm_nvdla_dev_info *hw,
		      const struct dla_placed *placed, const int *root, const enum dla_form *form, bool keep,
		      struct dla_schedule *schedule);
void dla_schedule_release(struct dla_schedule *schedule);

#endif
