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

struct timing_conv {
	int image;			/* stripes end with the output line */
	unsigned int out_width, out_height;
	unsigned int kernels;
	uint64_t data_bytes;		/* fetched from memory; 0 when reused */
	uint64_t weight_bytes;
	uint64_t group_bytes;		/* weights of a full kernel group */
	uint64_t weight_room;		/* bytes of the weights' banks */
	uint64_t steps;			/* atomic operations per output position and kernel group */
};

struct timing_conv_result {
	uint64_t data_done, weights_done;	/* fetched */
	uint64_t computed;			/* the last product */
	uint64_t delivered;			/* the last sum, to SDP */
	uint64_t written;			/* the last result of SDP */
};

struct timing_cdp {
	unsigned int width, height, surfaces;
};

uint64_t timing_sdp(const struct nvdla_config *config, const struct timing_sdp *op);
uint64_t timing_cdp(const struct nvdla_config *config, const struct timing_cdp *op);
struct timing_conv_result timing_conv(const struct nvdla_config *config,
				      const struct timing_conv *op);

/* The last value leaves SDP's readers before the last result is written. */
uint64_t timing_sdp_rdma(uint64_t sdp_cycles);

#endif
