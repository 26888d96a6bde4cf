// SPDX-License-Identifier: MIT
/*
 * Cycles of nv_small, fitted to the RTL behind a memory of 64 bits a cycle and 40 cycles of
 * latency. SDP, PDP and CDP take a channel a cycle; the rest is the way in and out.
 */
#include "emu.h"
#include "timing.h"

enum {
	/* From enabling an engine to its interrupt, beside the time for the atoms. */
	SDP_LATENCY = 134,
	CDP_LATENCY = 168,

	/* From CACC's last sum to SDP's last write, acknowledged. */
	WRITE_LATENCY = 65,
};

uint64_t timing_sdp(const struct nvdla_config *config, const struct timing_sdp *op)
{
	uint64_t atoms = (uint64_t)op->width * op->height * op->surfaces;

	return SDP_LATENCY + atoms * config->atom;
}

uint64_t timing_cdp(const struct nvdla_config *config, const struct timing_cdp *op)
{
	uint64_t atoms = (uint64_t)op->width * op->height * op->surfaces;

	return CDP_LATENCY + atoms * config->atom;
}

uint64_t timing_sdp_rdma(uint64_t sdp_cycles)
{
	return sdp_cycles;
}

uint64_t timing_sdp_flying(const struct nvdla_config *config)
{
	(void)config;
	return WRITE_LATENCY;
}
