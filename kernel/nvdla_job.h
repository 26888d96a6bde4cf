/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_JOB_H_
#define _NVDLA_JOB_H_

#include <linux/interrupt.h>
#include <linux/ktime.h>

#include <drm/gpu_scheduler.h>

#include "nvdla_arbiter.h"
#include "nvdla_core.h"

struct drm_gem_object;
struct nvdla_client;
struct nvdla_device;
struct nvdla_fault;
struct nvdla_program;
struct nvdla_queue;

/* One for each slot, and one for the times. */
#define NVDLA_MAX_BOS	(DRM_NVDLA_MAX_SLOTS + 1)

/**
 * struct nvdla_job - one submission
 * @base: What the scheduler knows of it.
 * @ndev: Device, which waits for its jobs before it goes away.
 * @client: Who submitted it.
 * @queue: Queue.
 * @program: Program.
 * @cookie: The submission's.
 * @times: Where the times of its operations go, in one of @bos, or NULL.
 * @times_bo: That buffer.
 * @bindings: Memory of the program's slots.
 * @bos: The buffers in which this memory is, each once.
 * @written: For each of @bos, whether the submission writes to it.
 * @bo_count: How many buffers.
 * @turn: Its turn on the hardware, guarded by &nvdla_device.lock.
 * @granted: Signals when @turn is granted.
 * @done: Signals when the hardware has finished with the job.
 * @started: When the hardware got it.
 * @deadline: In jiffies: when the next operation must have finished. Guarded by &nvdla_device.lock.
 * @initialised: @base has been.
 * @pushed: The scheduler has it.
 * @ended: Its result has been counted.
 */
struct nvdla_job {
	struct drm_sched_job base;
	struct nvdla_device *ndev;
	struct nvdla_client *client;
	struct nvdla_queue *queue;
	struct nvdla_program *program;
	u64 cookie;
	struct drm_nvdla_time *times;
	struct drm_gem_object *times_bo;
	struct nvdla_binding bindings[DRM_NVDLA_MAX_SLOTS];
	struct drm_gem_object *bos[NVDLA_MAX_BOS];
	bool written[NVDLA_MAX_BOS];
	u32 bo_count;
	struct nvdla_turn turn;
	struct dma_fence *granted;
	struct dma_fence *done;
	ktime_t started;
	unsigned long deadline;
	bool initialised;
	bool pushed;
	bool ended;
};

int nvdla_job_setup(struct nvdla_device *ndev);
struct nvdla_job *nvdla_job_new(struct nvdla_device *ndev, struct nvdla_client *client,
				struct nvdla_queue *queue, struct nvdla_program *program);
int nvdla_job_init(struct nvdla_job *job, u64 client_id);
void nvdla_job_push(struct nvdla_job *job);
void nvdla_job_free(struct nvdla_job *job);
void nvdla_job_withdraw(struct nvdla_device *ndev, struct nvdla_queue *queue);

irqreturn_t nvdla_job_irq(int irq, void *data);
bool nvdla_job_look(struct nvdla_device *ndev, bool late);
void nvdla_job_finish(struct nvdla_job *job, int error, const struct nvdla_fault *fault);
int nvdla_job_wait_idle(struct nvdla_device *ndev);

#endif
