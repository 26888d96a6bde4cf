/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_SDP_H
#define NVDLA_EMU_SDP_H

#include <stdbool.h>

struct nvdla_emu;

/*
 * SDP_RDMA waits with an operation for which it has nothing to fetch: all of its readers are off.
 * Such an operation completes at once, whatever SDP does.
 */
bool sdp_rdma_idle_operation(const struct nvdla_emu *emu);

#endif
