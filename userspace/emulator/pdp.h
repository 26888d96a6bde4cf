/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_PDP_H
#define NVDLA_EMU_PDP_H

#include "emu.h"
#include "timing.h"

/* One direction of the pooling window. */
struct pdp_axis {
	unsigned int in, out;
	unsigned int kernel, stride;
	unsigned int pad_before, pad_after;
	uint32_t reciprocal;
};

struct pdp {
	struct pdp_axis x, y;
	unsigned int method;
	unsigned int splits;
	struct { unsigned int in, out; } first, middle, last;
	int32_t pad_value[8];	/* [n] for n padded elements in a row; [0] is unused */
	struct surface dst;
};

/* PDP has an operation that takes its input from SDP. */
bool pdp_waiting_for_sdp(const struct nvdla_emu *emu);

/* Read PDP's registers; say why it would never finish with such an input, or NULL. */
const char *pdp_start_flying(const struct nvdla_emu *emu, struct pdp *pdp,
			     const struct surface *in);

/* The pooled cube, or NULL when memory is short. in is [surface][y][x][channel]. */
int8_t *pdp_compute(const struct nvdla_emu *emu, const struct pdp *pdp, const int8_t *in);

/* What the timing model wants to know of it. */
void pdp_timing(const struct pdp *pdp, struct timing_pdp *timing);

#endif
