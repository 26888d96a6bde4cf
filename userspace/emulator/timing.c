// SPDX-License-Identifier: MIT
#include "emu.h"
#include "timing.h"

/* From the enabling of the last engine to the first result, and from the last to the interrupt. */
#define SDP_LATENCY 140
#define PDP_LATENCY 180

uint64_t timing_sdp(const struct nvdla_config *config, const struct timing_sdp *op)
{
	uint64_t atoms = (uint64_t)op->width * op->height * op->surfaces;

	return SDP_LATENCY + atoms * config->atom;
}

uint64_t timing_pdp(const struct nvdla_config *config, const struct timing_pdp *op)
{
	uint64_t atoms = (uint64_t)op->in_width * op->in_height * op->surfaces;

	return PDP_LATENCY + atoms * config->atom;
}

uint64_t timing_sdp_rdma(uint64_t sdp_cycles)
{
	return sdp_cycles;
}

uint64_t timing_flying(uint64_t sdp_cycles, uint64_t pdp_cycles)
{
	return (sdp_cycles > pdp_cycles ? sdp_cycles : pdp_cycles) + SDP_LATENCY;
}
