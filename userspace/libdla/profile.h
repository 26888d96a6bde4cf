/* SPDX-License-Identifier: MIT */
#ifndef DLA_PROFILE_H
#define DLA_PROFILE_H

#include <stdbool.h>

#include "graph.h"

/*
 * What placing weighs against the NPU's cycles: how fast a CPU does operations, as rates by the sort of
 * work, and what it costs this CPU to use the NPU. Rates are units of work a nanosecond; an operation's
 * units are dla_profile_units().
 */
enum dla_work_kind {
	DLA_WORK_ELEMENT,	/* elements computed: arithmetic, tables; of pools, elements looked at */
	DLA_WORK_CONV,		/* multiply-accumulates */
	DLA_WORK_DEPTHWISE,
	DLA_WORK_DENSE,		/* multiply-accumulates with weights used once */
	DLA_WORK_MOVE,		/* bytes copied */
	DLA_WORK_COUNT
};

enum dla_kernel_set {
	DLA_KERNELS_XNNPACK,
	DLA_KERNELS_REFERENCE,
	DLA_KERNELS_COUNT
};

struct dla_profile {
	const char *name;	/* static */
	double rate[DLA_KERNELS_COUNT][DLA_WORK_COUNT];
	double call_ns;		/* beside its work, for each operation */
	double convert;		/* bytes a nanosecond, between the network's layout and the NPU's */
	double convert_ns;	/* beside these, for each tensor */
	double submit_ns;	/* to give the NPU a program, and to be woken up at its end */
	double layer_ns;	/* a hardware layer's registers and its interrupt; during the layer before */
};

/*
 * The profile of that name - "slow-in-order", "fast-in-order", "out-of-order" -, or in a file as
 * dla_profile_write() makes them; NULL: that of this machine, the user's own where there is one. Returns
 * 0, or a negative errno: -ENOENT for an unknown name, -EINVAL for a damaged file.
 */
int dla_profile_find(const char *name, struct dla_profile *profile);

/* The class that this machine seems to be of. */
const char *dla_profile_class(void);

/* A number that is not above 0 becomes the least there is. The file is there as a whole or not at all. */
int dla_profile_write(const char *path, const struct dla_profile *profile);

/* Where the user's own is: the caller frees it; NULL when there is no home or no memory. */
char *dla_profile_path(void);

double dla_profile_units(const struct dla_graph *graph, unsigned int op);

/* Nanoseconds of an operation. */
double dla_profile_time(const struct dla_profile *profile, const struct dla_graph *graph, unsigned int op,
			bool xnnpack);

#endif
