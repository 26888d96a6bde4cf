/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_PDP_H
#define NVDLA_EMU_PDP_H

#include "emu.h"

/* PDP has an operation that takes its input from SDP. */
bool pdp_waiting_for_sdp(const struct nvdla_emu *emu);

/* What SDP sends: atoms in the order of its cube, and the cycle at which each could be sent. */
struct pdp_flying {
	const int8_t *atoms;
	size_t count;
	uint64_t (*ready)(const void *ctx, size_t atom);
	const void *ctx;
	uint64_t sent;		/* out: when the last one was taken, or TIMING_NEVER */
	uint64_t written;	/* out: when the last result was in memory, or TIMING_NEVER */
};

/*
 * Pool what SDP sends. Returns why neither of the two would end, or NULL: then job has the pooled
 * cube, and one of them may still wait for the other.
 */
const char *pdp_run_flying(struct nvdla_emu *emu, struct job *job, struct pdp_flying *flying);

#endif
