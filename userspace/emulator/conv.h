/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_CONV_H
#define NVDLA_EMU_CONV_H

#include "emu.h"
#include "timing_conv.h"

/*
 * The convolution pipeline: CDMA, CSC, CMAC and CACC. timing_conv.c says when something happens,
 * cdma.c fills the convolution buffer, mac.c computes from what was in it when CSC came; conv.c is
 * what connects them with registers, interrupts and SDP.
 */

/* What CSC reads, and how: a convolution that has everything it needs in buffers of its own. */
struct conv {
	bool image;

	/* Input lines as they lie in the convolution buffer, in entries. */
	unsigned int width, height;
	unsigned int entries;		/* from a line to the next */
	unsigned int line_entries;	/* that are read of a line */
	unsigned int pixel_bytes;	/* image only */

	/* Kernels. Of an image, a line of the kernel is taken for channels and s is 1. */
	unsigned int kernels, channels;
	unsigned int r, s;
	unsigned int rows;		/* of the kernel that one step multiplies, in an image */

	unsigned int x_stride, y_stride, x_dilation, y_dilation;
	unsigned int pad_left, pad_top;
	int8_t pad_value;

	unsigned int out_width;
	size_t positions;		/* of one kernel group, out_width of them a line */
	unsigned int truncate;

	/* Derived: what one output position takes. */
	unsigned int blocks;		/* of channels that are multiplied at once */
	unsigned int steps;		/* atomic operations */

	int8_t *lines;		/* as they lie in the convolution buffer */
	struct mac *mac;

	/* What SDP has taken of it. */
	unsigned int group;
	size_t position;
	struct conv *next;
};

struct conv_pipeline {
	struct timing_conv time;
	uint8_t *cbuf;			/* banks for data, then for weights */
	struct conv *first, *last;	/* begun by CSC, not yet taken by SDP */
	struct conv *current;		/* CSC works on it */
	uint64_t fed_atoms;		/* SDP waits for, or 0 */
	unsigned int cacc_group;	/* of the next interrupt */
	bool macs_on;			/* CMAC and CACC work on what CSC works on */
	const char *cdma_hang, *csc_hang;
};

/* cdma.c */
/* CDMA's registers as timing_conv.c wants them; why it will never finish, or NULL. */
const char *cdma_decode(const struct nvdla_emu *emu, struct timing_cdma *op);
void cdma_read_data(struct nvdla_emu *emu, const struct timing_range *range);
/* The operation is over: what its counters say, if it has them on. */
void cdma_count(struct nvdla_emu *emu);
void cdma_read_weights(struct nvdla_emu *emu, const struct timing_range *range);

static inline size_t conv_kernel_bytes(const struct conv *conv)
{
	return (size_t)conv->r * conv->s * conv->channels;
}

#endif
