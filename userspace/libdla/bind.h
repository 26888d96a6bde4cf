/* SPDX-License-Identifier: MIT */
#ifndef DLA_BIND_H
#define DLA_BIND_H

#include <stdbool.h>

#include "dla.h"
#include "schedule.h"

struct dla_request;

/*
 * Inputs and outputs in the caller's dma-bufs. In the network's order the CPU uses a tensor where it lies,
 * as if it were in the request's own memory. Where it lies as the NPU can use it, programs get a slot of
 * its own for it: the request has programs of its own then, in which its places in the arena have become
 * places in that slot, and which may read pixels in the place of lines.
 */
struct dla_bound {
	enum dla_layout layout;
	struct dla_feature feature;	/* that layout; of PLAIN only where the NPU has it */
	int tensor;			/* DLA_NO_TENSOR: not bound */
	bool output;
	int fd;				/* a duplicate */
	size_t offset;
	uint8_t *map;			/* of the whole file; NULL where only the NPU touches it */
	size_t map_bytes;
	struct dla_buffer *buffer;	/* for the NPU; NULL where only the CPU touches it */
	bool in_place;			/* the CPU uses it as it lies */
	bool direct;			/* the CPU converts it for the NPU, or from there, when it is time */
	bool convert;			/* the CPU converts it, at the beginning or the end of a run */
	bool began;			/* the CPU may touch it: to be ended */
};

/* How many slots programs may name. */
unsigned int dla_bind_slots(const struct dla_request *request);

/* Around a run: before its first step, behind its last if it went well, and behind it in any case. */
int dla_bind_begin(struct dla_request *request);
int dla_bind_outputs(struct dla_request *request);
void dla_bind_end(struct dla_request *request);

/* Where a conversion is not needed, because the tensor is where it should be already. */
bool dla_bind_skips(const struct dla_request *request, const struct dla_step *step);

/*
 * Convert between the NPU's memory and the caller's buffer, where nothing else needs the tensor; false
 * where that is not so.
 */
bool dla_bind_convert(const struct dla_request *request, int tensor, bool to_npu, const struct dla_feature *feature,
		      int8_t *npu);

/* Where the NPU has the tensor, for the CPU to touch until the end. */
int8_t *dla_bind_npu_begin(const struct dla_request *request, int root);
void dla_bind_npu_end(const struct dla_request *request, int root);

void dla_bind_release(struct dla_request *request);

#endif
