/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_COMPAT_H_
#define _NVDLA_COMPAT_H_

#include <drm/drm_drv.h>
#include <drm/gpu_scheduler.h>

#include "nvdla_has.h"

/*
 * What differs between the kernels that the driver is built for. nvdla_has.h says which it is,
 * and is made by nvdla_probe.
 */

#ifdef NVDLA_HAS_DRIVER_DATE
#define NVDLA_COMPAT_DRIVER_DATE	.date = "0",
#else
#define NVDLA_COMPAT_DRIVER_DATE
#endif

/* Newer kernels keep the mapping in any case. */
#ifdef NVDLA_HAS_CACHE_SGT_MAPPING
#define NVDLA_COMPAT_CACHE_SGT_MAPPING	.cache_sgt_mapping = true,
#else
#define NVDLA_COMPAT_CACHE_SGT_MAPPING
#endif

static inline int nvdla_compat_job_init(struct drm_sched_job *job, struct drm_sched_entity *entity,
					void *owner, u64 client_id)
{
#ifdef NVDLA_HAS_SCHED_CLIENT_ID
	return drm_sched_job_init(job, entity, 1, owner, client_id);
#else
	return drm_sched_job_init(job, entity, 1, owner);
#endif
}

/*
 * One for the job on the hardware. The other is never used up: only while there is one does the
 * scheduler look which other jobs are ready.
 */
#define NVDLA_SCHED_CREDITS	2

static inline int nvdla_compat_sched_init(struct drm_gpu_scheduler *sched,
					  const struct drm_sched_backend_ops *ops,
					  const char *name, struct device *dev)
{
#ifdef NVDLA_HAS_SCHED_INIT_ARGS
	const struct drm_sched_init_args args = {
		.ops = ops,
		.num_rqs = DRM_SCHED_PRIORITY_COUNT,
		.credit_limit = NVDLA_SCHED_CREDITS,
		.timeout = MAX_SCHEDULE_TIMEOUT,
		.name = name,
		.dev = dev,
	};

	return drm_sched_init(sched, &args);
#else
	return drm_sched_init(sched, ops, NULL, DRM_SCHED_PRIORITY_COUNT,
			      NVDLA_SCHED_CREDITS, 0,
			      MAX_SCHEDULE_TIMEOUT, NULL, NULL, name, dev);
#endif
}

/* Tell userspace of a hang, if the kernel can; without a reset nobody knows what would help. */
static inline void nvdla_compat_wedged_event(struct drm_device *drm, bool recovered)
{
#ifdef NVDLA_HAS_WEDGED_EVENT
	unsigned long method = recovered ? DRM_WEDGE_RECOVERY_NONE : 0;

	/* It goes by the primary node, and does not look whether there is one. */
	if (!drm->primary)
		return;
#ifdef NVDLA_HAS_WEDGED_TASK
	drm_dev_wedged_event(drm, method, NULL);
#else
	drm_dev_wedged_event(drm, method);
#endif
#endif
}

#endif
