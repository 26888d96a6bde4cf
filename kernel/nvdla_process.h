/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_PROCESS_H_
#define _NVDLA_PROCESS_H_

#include <linux/list.h>

#include "nvdla_arbiter.h"

struct nvdla_device;
struct pid;

/**
 * struct nvdla_process - a process that has the device open
 * @ndev: Device.
 * @link: In &nvdla_device.processes.
 * @pid: Which. A process that inherits an open file, or is sent one, counts with the one that
 *	opened it.
 * @refs: Open files; guarded by &nvdla_device.lock, as is @share.
 * @share: What it has had of the hardware.
 */
struct nvdla_process {
	struct nvdla_device *ndev;
	struct list_head link;
	struct pid *pid;
	u32 refs;
	struct nvdla_share share;
};

struct nvdla_process *nvdla_process_get(struct nvdla_device *ndev);
void nvdla_process_put(struct nvdla_process *process);

#endif
