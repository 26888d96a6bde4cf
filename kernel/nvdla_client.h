/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_CLIENT_H_
#define _NVDLA_CLIENT_H_

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/xarray.h>

#include "nvdla_core.h"

struct drm_device;
struct drm_file;
struct nvdla_process;

/**
 * struct nvdla_client - one open file
 * @kref: Held by the file, and by its buffers and jobs, which may outlive it.
 * @process: Who opened it.
 * @programs: Programs by handle.
 * @queues: Queues by handle; the default queue at zero.
 * @queue_count: Queues other than the default one.
 * @pending: Jobs that have not ended.
 * @ops: Operations and look-up tables of all programs.
 * @bytes: Bytes of all buffers created.
 * @busy_ns: Time that its jobs had the hardware; this and @engine_ns are guarded by
 *	&nvdla_device.lock.
 * @engine_ns: Time that its operations had each engine, by &enum drm_nvdla_engine.
 */
struct nvdla_client {
	struct kref kref;
	struct nvdla_process *process;
	struct xarray programs;
	struct xarray queues;
	atomic_t queue_count;
	atomic_t pending;
	atomic_t ops;
	atomic64_t bytes;
	u64 busy_ns;
	u64 engine_ns[NVDLA_ENGINES];
};

int nvdla_client_open(struct drm_device *drm, struct drm_file *file);
void nvdla_client_close(struct drm_device *drm, struct drm_file *file);
struct nvdla_client *nvdla_client_get(struct nvdla_client *client);
void nvdla_client_put(struct nvdla_client *client);

/* Count up to a limit; undone by subtracting. */
static inline bool nvdla_client_charge(atomic_t *counter, int amount, int limit)
{
	if (atomic_add_return(amount, counter) <= limit)
		return true;
	atomic_sub(amount, counter);
	return false;
}

#endif
