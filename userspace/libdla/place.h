/* SPDX-License-Identifier: MIT */
#ifndef DLA_PLACE_H
#define DLA_PLACE_H

#include "lower.h"

/* Where each operation runs. */
struct dla_placed {
	struct dla_lowered *lowered;	/* NULL: on the CPU */
	const char *why;		/* a phrase for people, static */
};

/*
 * Put on the NPU what can go there. hw is NULL where there is none, or none is wanted; @absent says
 * which. root[] (a tensor each) is filled in; see struct dla_lower. placed[] is the caller's to
 * release, also after an error.
 */
int dla_place(const struct dla_graph *graph, const struct drm_nvdla_dev_info *hw, const char *absent,
	      struct dla_placed *placed, int *root);
void dla_place_release(struct dla_placed *placed, unsigned int count);

#endif
