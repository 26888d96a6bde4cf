/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_QUEUE_H_
#define _NVDLA_QUEUE_H_

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include <drm/gpu_scheduler.h>

struct drm_device;
struct drm_file;
struct nvdla_client;
struct nvdla_device;
struct nvdla_job;

/**
 * struct nvdla_fault - where a job hung
 * @cookie: The submission's.
 * @op_cookie: The operation's.
 * @op: Its index.
 * @engine: Its &enum drm_nvdla_engine.
 * @running: What nvdla_snapshot_running() said then.
 */
struct nvdla_fault {
	u64 cookie;
	u64 op_cookie;
	u32 op;
	u32 engine;
	u32 running;
};

/**
 * struct nvdla_queue - submissions that run one after the other
 * @kref: Held by the handle, by jobs, and while in use.
 * @entity: What the scheduler knows of it.
 * @level: &enum drm_nvdla_priority, which is a level of the arbiter, too.
 * @timeout_ms: How long a job may go without finishing an operation.
 * @lock: From arming a job to pushing it; guards @dead.
 * @dead: Takes no more jobs.
 * @rcu: Frees it.
 * @asking: The job that waits for its turn, or has it and has not begun; this and what follows is
 *	guarded by &nvdla_device.lock.
 * @submitted: Jobs pushed.
 * @done: Of these, jobs that finished.
 * @failed: Of these, jobs that did not.
 * @faults: Of these, jobs that hung.
 * @fault: Where the last one did.
 * @late: Done bits of jobs that were set without an interrupt that would have told.
 */
struct nvdla_queue {
	struct kref kref;
	struct drm_sched_entity entity;
	u32 level;
	u32 timeout_ms;
	struct mutex lock;	/* from arming to pushing */
	bool dead;
	struct rcu_head rcu;

	struct nvdla_job *asking;
	u64 submitted;
	u64 done;
	u64 failed;
	u64 faults;
	struct nvdla_fault fault;
	u32 late;
};

int nvdla_queue_add_default(struct nvdla_device *ndev, struct nvdla_client *client);
struct nvdla_queue *nvdla_queue_find(struct nvdla_client *client, u32 handle);
void nvdla_queue_put(struct nvdla_queue *queue);
void nvdla_queue_kill(struct nvdla_device *ndev, struct nvdla_queue *queue);

int nvdla_ioctl_queue_create(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_queue_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_queue_state(struct drm_device *drm, void *data, struct drm_file *file);

#endif
