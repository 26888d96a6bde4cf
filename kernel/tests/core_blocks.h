/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_CORE_BLOCKS_H_
#define _NVDLA_CORE_BLOCKS_H_

#include <linux/types.h>

/*
 * For mocks of the hardware: the blocks with two groups of registers, written out from the manual
 * and not with the core's own names. Each has its S_POINTER at offset 4 of its base.
 */
enum block_id {
	CACC, CMAC_A, CMAC_B, CSC, CDMA, SDP_RDMA, SDP, PDP_RDMA, PDP, CDP_RDMA, CDP, BLOCKS
};

static const struct { u32 base, enable; } blocks[BLOCKS] = {
	{ 0x7000, 0x08 }, { 0x5000, 0x08 }, { 0x6000, 0x08 }, { 0x4000, 0x08 }, { 0x3000, 0x10 },
	{ 0x8000, 0x08 }, { 0x9000, 0x38 }, { 0xa000, 0x08 }, { 0xb000, 0x08 },
	{ 0xc000, 0x08 }, { 0xd000, 0x48 },
};

#endif
