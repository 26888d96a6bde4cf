/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_TIMING_H
#define NVDLA_EMU_TIMING_H

/*
 * How long an operation takes: pure functions from its geometry to cycles. Times are counted from
 * the moment the last engine of a chain was enabled.
 */

#include <stdint.h>

struct nvdla_config;

struct timing_sdp {
	unsigned int width, height, surfaces;
	unsigned int operand_bytes[2];	/* of an atom's operands for X1 and X2; 0 without */
};

struct timing_cdp {
	unsigned int width, height, surfaces;
};

uint64_t timing_sdp(const struct nvdla_config *config, const struct timing_sdp *op);
uint64_t timing_cdp(const struct nvdla_config *config, const struct timing_cdp *op);

/* The last value leaves SDP's readers before the last result is written. */
uint64_t timing_sdp_rdma(uint64_t sdp_cycles);

/* From the last sum of a convolution to the acknowledgement of the last write. */
uint64_t timing_sdp_flying(const struct nvdla_config *config);

#endif
