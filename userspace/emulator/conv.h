/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_CONV_H
#define NVDLA_EMU_CONV_H

#include "emu.h"

/* The convolution pipeline: CDMA, CSC, CMAC and CACC, which always work on one operation together. */
struct conv {
	int placeholder;
};

/* All five blocks have an operation waiting. */
bool conv_waiting(const struct nvdla_emu *emu);
void conv_take(struct nvdla_emu *emu, struct job *job);

/*
 * Read the registers and load input and weights. plane and surfaces are what SDP will take. Returns
 * why it would never finish, or NULL.
 */
const char *conv_start(struct nvdla_emu *emu, struct conv *conv, uint64_t plane,
		       unsigned int surfaces);

/* Sums of one kernel group: [y][x][kernel of the group], as CACC delivers them. */
void conv_plane(struct conv *conv, unsigned int group, int32_t *out);

/* Events of the five blocks; returns when the last value reaches SDP's output. */
uint64_t conv_complete(struct nvdla_emu *emu, struct job *job, const struct conv *conv);

void conv_release(struct conv *conv);

#endif
