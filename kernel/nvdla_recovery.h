/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_RECOVERY_H_
#define _NVDLA_RECOVERY_H_

struct nvdla_device;

int nvdla_recovery_init(struct nvdla_device *ndev);
void nvdla_recovery_abort(struct nvdla_device *ndev);
int nvdla_recovery_expire(struct nvdla_device *ndev);

#endif
