/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_DEBUGFS_H_
#define _NVDLA_DEBUGFS_H_

struct nvdla_device;

void nvdla_debugfs_add(struct nvdla_device *ndev);

#endif
