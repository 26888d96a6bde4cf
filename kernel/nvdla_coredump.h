/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_COREDUMP_H_
#define _NVDLA_COREDUMP_H_

struct nvdla_device;

int nvdla_coredump_init(struct nvdla_device *ndev);
void nvdla_coredump_take(struct nvdla_device *ndev);
void nvdla_coredump_flush(struct nvdla_device *ndev);

#endif
