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

struct timing_conv_result timing_conv(const struct nvdla_config *config, const struct timing_conv *op)
{
	struct timing_conv_result at;
	uint64_t positions = (uint64_t)op->out_width * op->out_height;
	uint64_t groups = div_round_up(op->kernels, config->atomic_k);
	uint64_t per = op->steps * 10 > 117 ? op->steps * 10 : 117;

	at.data_done = 100 + op->data_bytes / 8;
	at.weights_done = at.data_done + op->weight_bytes / 8;
	at.computed = at.data_done + op->group_bytes / 8 + groups * positions * per / 10;
	at.delivered = at.computed + 50;
	at.written = at.delivered + 100;
	return at;
}

uint64_t timing_cdp(const struct nvdla_config *config, const struct timing_cdp *op)
{
	return 600 + (uint64_t)op->width * op->height * op->surfaces * config->atom;
}
