/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_STATS_H_
#define _NVDLA_STATS_H_

#include <linux/ktime.h>

#include "nvdla_core.h"

struct drm_file;
struct drm_printer;
struct nvdla_client;
struct nvdla_device;
struct nvdla_fault;
struct nvdla_job;

/**
 * struct nvdla_stats - what a device has done since it was found
 * @busy_ns: Time that jobs had it.
 * @engine_ns: Time that operations had each engine, by &enum drm_nvdla_engine.
 * @engine_since: Since when the operation that an engine works on has it.
 * @done: Jobs that ran to their end.
 * @failed: Jobs that did not.
 * @timeouts: Of these, jobs that hung.
 *
 * Guarded by &nvdla_device.lock.
 */
struct nvdla_stats {
	u64 busy_ns;
	u64 engine_ns[NVDLA_ENGINES];
	ktime_t engine_since[NVDLA_ENGINES];
	u64 done;
	u64 failed;
	u64 timeouts;
};

/**
 * struct nvdla_stats_times - times up to now
 * @busy_ns: As &nvdla_stats.busy_ns, with what has gone of the running job.
 * @engine_ns: As &nvdla_stats.engine_ns.
 */
struct nvdla_stats_times {
	u64 busy_ns;
	u64 engine_ns[NVDLA_ENGINES];
};

const char *nvdla_engine_name(u32 engine);
void nvdla_stats_ops(struct nvdla_job *job, ktime_t now);
void nvdla_stats_job_end(struct nvdla_job *job, int error, const struct nvdla_fault *fault);
void nvdla_stats_job_finish(struct nvdla_job *job, u64 ns, int error);
void nvdla_stats_device_times(struct nvdla_device *ndev, struct nvdla_stats_times *times);
void nvdla_stats_client_times(struct nvdla_device *ndev, const struct nvdla_client *client,
			      struct nvdla_stats_times *times);
void nvdla_show_fdinfo(struct drm_printer *p, struct drm_file *file);

#endif
