/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_CONV_H
#define NVDLA_EMU_CONV_H

#include "emu.h"
#include "mac.h"

/*
 * The convolution pipeline: CDMA, CSC, CMAC and CACC, which always work on one operation together.
 * cdma.c fills the convolution buffer, mac.c computes from it; conv.c is the rest.
 */
struct conv {
	bool image;

	/* Input as it lies in the convolution buffer, in entries of what a MAC cell takes at once. */
	unsigned int width, height;
	unsigned int entries;		/* of one line with all of its channels */
	unsigned int pixel_bytes;	/* image only */

	/* Kernels. Of an image, a line of the kernel is taken for channels and s is 1. */
	unsigned int kernels, channels;
	unsigned int r, s;

	unsigned int x_stride, y_stride, x_dilation, y_dilation;
	unsigned int pad_left, pad_top;
	int8_t pad_value;

	unsigned int out_width, out_height;
	unsigned int truncate;

	/* Derived: what one output position takes. */
	unsigned int blocks;		/* of channels that are multiplied at once */
	unsigned int steps;		/* atomic operations */

	uint64_t data_fetched, weights_fetched;
	size_t weight_room;

	struct mac *mac;
};

/* All five blocks have an operation waiting. */
bool conv_waiting(const struct nvdla_emu *emu);
void conv_take(struct nvdla_emu *emu, struct job *job);

/*
 * Read the registers, load input and weights. plane and surfaces are what SDP will take. Returns
 * why it would never finish, or NULL.
 */
const char *conv_start(struct nvdla_emu *emu, struct conv *conv, uint64_t plane,
		       unsigned int surfaces);

/* Events of the five blocks; returns when the last value leaves SDP. */
uint64_t conv_complete(struct nvdla_emu *emu, struct job *job, const struct conv *conv);

void conv_release(struct conv *conv);

/* cdma.c: bring the input and the weights into the convolution buffer, or keep what is there. */
const char *cdma_load(struct nvdla_emu *emu, struct conv *conv);
/* The operation is over: release what it does not keep for the next one. */
void cdma_finish(struct nvdla_emu *emu, const struct conv *conv);

#endif
