// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-fence-chain.h>
#include <linux/dma-resv.h>
#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_syncobj.h>

#include "nvdla_client.h"
#include "nvdla_device.h"
#include "nvdla_gem.h"
#include "nvdla_job.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"
#include "nvdla_submit.h"
#include "nvdla_user.h"

/*
 * A submission is accepted whole or not at all: whatever can fail comes before the job is armed,
 * and from there to the end nothing waits, fails or allocates.
 */

/* The times share no line of any cache with what lies before them. */
#define NVDLA_TIMES_ALIGN	64

/* A syncobj to be signalled; @chain is the link of its timeline, NULL if it is a binary one. */
struct nvdla_signal {
	struct drm_syncobj *syncobj;
	struct dma_fence_chain *chain;
	u64 point;
};

struct nvdla_signals {
	u32 count;
	struct nvdla_signal signal[DRM_NVDLA_MAX_SYNCS];
};

/* Take over the caller's reference to @obj, or drop it if the job has one already. */
static u32 nvdla_submit_add_bo(struct nvdla_job *job, struct drm_gem_object *obj)
{
	for (u32 i = 0; i < job->bo_count; i++) {
		if (job->bos[i] == obj) {
			drm_gem_object_put(obj);
			return i;
		}
	}
	job->bos[job->bo_count] = obj;
	return job->bo_count++;
}

/* Take over the caller's reference to @obj. */
static void nvdla_submit_bind_bo(struct nvdla_job *job, u32 slot, struct drm_gem_object *obj,
				 u64 offset, u64 size)
{
	u32 access = job->program->slots[slot].access;
	u32 i;

	if (!access) {
		drm_gem_object_put(obj);
		return;
	}
	i = nvdla_submit_add_bo(job, obj);
	if (access & DRM_NVDLA_SLOT_WRITE)
		job->written[i] = true;
	job->bindings[slot] = (struct nvdla_binding) {
		.addr = to_drm_gem_dma_obj(obj)->dma_addr + offset,
		.size = size,
	};
}

static int nvdla_submit_bind(struct nvdla_job *job, struct drm_file *file, u32 slot,
			     const struct drm_nvdla_binding *binding)
{
	struct drm_gem_object *obj;

	if (binding->pad)
		return -EINVAL;
	if (!binding->handle)
		return binding->offset || binding->size ? -EINVAL : 0;
	obj = drm_gem_object_lookup(file, binding->handle);
	if (!obj)
		return -ENOENT;
	if (!binding->size || binding->offset > obj->size ||
	    binding->size > obj->size - binding->offset) {
		drm_gem_object_put(obj);
		return -EINVAL;
	}
	nvdla_submit_bind_bo(job, slot, obj, binding->offset, binding->size);
	return 0;
}

static int nvdla_submit_bindings(struct nvdla_job *job, struct drm_nvdla_submit *args,
				 struct drm_file *file, const struct nvdla_user_text *text)
{
	struct nvdla_user_array array = { args->bindings, args->binding_count,
					  args->binding_stride, DRM_NVDLA_BINDING_SIZE_VER0 };
	struct drm_nvdla_binding *bindings;
	struct nvdla_diag diag = {};
	int ret;

	bindings = kcalloc(DRM_NVDLA_MAX_SLOTS, sizeof(*bindings), GFP_KERNEL);
	if (!bindings)
		return -ENOMEM;
	ret = nvdla_user_get(bindings, sizeof(*bindings), &array);
	for (u32 i = 0; i < args->binding_count && !ret; i++)
		ret = nvdla_submit_bind(job, file, i, &bindings[i]);
	kfree(bindings);
	if (ret)
		return ret;

	ret = nvdla_bindings_check(job->ndev->config, job->program->slots, job->bindings,
				   args->binding_count, &diag);
	if (ret && nvdla_user_reason(&args->reason, text, &diag))
		ret = -EFAULT;
	return ret;
}

static int nvdla_submit_times(struct nvdla_job *job, const struct drm_nvdla_submit *args,
			      struct drm_file *file)
{
	u64 size = job->program->code.count * sizeof(*job->times);
	struct drm_gem_object *obj;
	int ret = 0;

	if (!args->times)
		return args->times_offset ? -EINVAL : 0;
	obj = drm_gem_object_lookup(file, args->times);
	if (!obj)
		return -ENOENT;
	if (obj->import_attach)
		ret = -EOPNOTSUPP;
	else if (args->times_offset % NVDLA_TIMES_ALIGN || args->times_offset > obj->size ||
		 size > obj->size - args->times_offset)
		ret = -EINVAL;
	if (ret) {
		drm_gem_object_put(obj);
		return ret;
	}
	job->times = to_drm_gem_dma_obj(obj)->vaddr + args->times_offset;
	job->times_bo = obj;
	job->written[nvdla_submit_add_bo(job, obj)] = true;
	return 0;
}

static int nvdla_submit_wait_for(struct nvdla_job *job, struct drm_file *file,
				 const struct drm_nvdla_sync *sync)
{
	struct dma_fence *fence;
	int ret;

	/* The scheduler's helper for this cuts the point to 32 bits. */
	ret = drm_syncobj_find_fence(file, sync->handle, sync->point, 0, &fence);
	if (ret)
		return ret;
	return drm_sched_job_add_dependency(&job->base, fence);
}

static int nvdla_submit_add_signal(struct nvdla_signals *signals, struct drm_file *file,
				   const struct drm_nvdla_sync *sync)
{
	struct nvdla_signal *signal = &signals->signal[signals->count];

	signal->syncobj = drm_syncobj_find(file, sync->handle);
	if (!signal->syncobj)
		return -ENOENT;
	signals->count++;
	signal->point = sync->point;
	if (!(sync->flags & DRM_NVDLA_SYNC_TIMELINE))
		return 0;
	signal->chain = dma_fence_chain_alloc();
	return signal->chain ? 0 : -ENOMEM;
}

static int nvdla_submit_sync(struct nvdla_job *job, struct nvdla_signals *signals,
			     struct drm_file *file, const struct drm_nvdla_sync *sync)
{
	bool timeline = sync->flags & DRM_NVDLA_SYNC_TIMELINE;

	if (timeline != !!sync->point)
		return -EINVAL;
	switch (sync->flags & ~DRM_NVDLA_SYNC_TIMELINE) {
	case DRM_NVDLA_SYNC_WAIT:
		return nvdla_submit_wait_for(job, file, sync);
	case DRM_NVDLA_SYNC_SIGNAL:
		return nvdla_submit_add_signal(signals, file, sync);
	default:
		return -EINVAL;
	}
}

static int nvdla_submit_syncs(struct nvdla_job *job, struct nvdla_signals *signals,
			      const struct drm_nvdla_submit *args, struct drm_file *file)
{
	struct nvdla_user_array array = { args->syncs, args->sync_count, args->sync_stride,
					  DRM_NVDLA_SYNC_SIZE_VER0 };
	struct drm_nvdla_sync *syncs;
	int ret;

	syncs = kcalloc(DRM_NVDLA_MAX_SYNCS, sizeof(*syncs), GFP_KERNEL);
	if (!syncs)
		return -ENOMEM;
	ret = nvdla_user_get(syncs, sizeof(*syncs), &array);
	for (u32 i = 0; i < args->sync_count && !ret; i++)
		ret = nvdla_submit_sync(job, signals, file, &syncs[i]);
	kfree(syncs);
	return ret;
}

static void nvdla_submit_free_signals(struct nvdla_signals *signals)
{
	for (u32 i = 0; i < signals->count; i++) {
		dma_fence_chain_free(signals->signal[i].chain);
		drm_syncobj_put(signals->signal[i].syncobj);
	}
	kfree(signals);
}

/*
 * Room for the job's fence in all buffers, which are locked, and what it has to wait for there. The
 * kernel's own work on a buffer, as its exporter's to move it, is not for userspace to ignore.
 */
static int nvdla_submit_reserve(struct nvdla_job *job, bool implicit)
{
	for (u32 i = 0; i < job->bo_count; i++) {
		struct dma_resv *resv = job->bos[i]->resv;
		enum dma_resv_usage usage = DMA_RESV_USAGE_KERNEL;
		int ret;

		if (implicit)
			usage = dma_resv_usage_rw(job->written[i]);
		ret = dma_resv_reserve_fences(resv, 1);
		if (!ret)
			ret = drm_sched_job_add_resv_dependencies(&job->base, resv, usage);
		if (ret)
			return ret;
	}
	return 0;
}

static void nvdla_submit_publish(struct nvdla_job *job, struct nvdla_signals *signals,
				 bool implicit)
{
	struct dma_fence *finished = &job->base.s_fence->finished;

	for (u32 i = 0; i < job->bo_count; i++) {
		enum dma_resv_usage usage = DMA_RESV_USAGE_BOOKKEEP;

		if (implicit)
			usage = dma_resv_usage_rw(!job->written[i]);
		dma_resv_add_fence(job->bos[i]->resv, finished, usage);
	}
	for (u32 i = 0; i < signals->count; i++) {
		struct nvdla_signal *signal = &signals->signal[i];

		if (signal->chain)
			drm_syncobj_add_point(signal->syncobj, signal->chain, finished,
					      signal->point);
		else
			drm_syncobj_replace_fence(signal->syncobj, finished);
		/* Belongs to the timeline now. */
		signal->chain = NULL;
	}
}

/* Everything is prepared; what can still fail is taking the locks, and finding the queue alive. */
static int nvdla_submit_push(struct nvdla_job *job, struct nvdla_signals *signals, bool implicit)
{
	struct nvdla_queue *queue = job->queue;
	struct ww_acquire_ctx ctx;
	bool cookie;
	int ret;

	ret = drm_gem_lock_reservations(job->bos, job->bo_count, &ctx);
	if (ret)
		return ret;
	ret = nvdla_submit_reserve(job, implicit);
	if (ret)
		goto unlock;
	mutex_lock(&queue->lock);
	if (queue->dead) {
		mutex_unlock(&queue->lock);
		ret = -ENOENT;
		goto unlock;
	}

	cookie = dma_fence_begin_signalling();
	drm_sched_job_arm(&job->base);
	nvdla_submit_publish(job, signals, implicit);
	/* Once pushed, the job and its hold on the buffers may be gone. */
	drm_gem_unlock_reservations(job->bos, job->bo_count, &ctx);
	nvdla_job_push(job);
	dma_fence_end_signalling(cookie);
	mutex_unlock(&queue->lock);
	return 0;
unlock:
	drm_gem_unlock_reservations(job->bos, job->bo_count, &ctx);
	return ret;
}

static int nvdla_submit_job(struct nvdla_job *job, struct drm_nvdla_submit *args,
			    struct drm_file *file, const struct nvdla_user_text *text)
{
	struct nvdla_signals *signals;
	int ret;

	ret = nvdla_submit_bindings(job, args, file, text);
	if (!ret)
		ret = nvdla_submit_times(job, args, file);
	if (!ret)
		ret = nvdla_job_init(job, file->client_id);
	if (ret)
		return ret;
	signals = kzalloc(sizeof(*signals), GFP_KERNEL);
	if (!signals)
		return -ENOMEM;
	ret = nvdla_submit_syncs(job, signals, args, file);
	if (!ret)
		ret = nvdla_submit_push(job, signals,
					!(args->flags & DRM_NVDLA_SUBMIT_NO_IMPLICIT));
	nvdla_submit_free_signals(signals);
	return ret;
}

static int nvdla_submit_check(const struct nvdla_device *ndev, const struct drm_nvdla_submit *args)
{
	if (args->flags & ~DRM_NVDLA_SUBMIT_NO_IMPLICIT ||
	    args->binding_count > DRM_NVDLA_MAX_SLOTS || args->sync_count > DRM_NVDLA_MAX_SYNCS)
		return -EINVAL;
	/* A job that slips past this fails when its turn comes. */
	return READ_ONCE(ndev->wedged) ? -EIO : 0;
}

/* As nvdla_submit_job(), without a file. */
static int nvdla_submit_own_job(struct nvdla_job *job, struct drm_gem_object *const *bos, u32 count,
				struct nvdla_diag *diag)
{
	struct nvdla_signals *none;
	int ret;

	for (u32 i = 0; i < count; i++) {
		drm_gem_object_get(bos[i]);
		nvdla_submit_bind_bo(job, i, bos[i], 0, bos[i]->size);
	}
	ret = nvdla_bindings_check(job->ndev->config, job->program->slots, job->bindings, count,
				   diag);
	if (!ret)
		ret = nvdla_job_init(job, 0);
	if (ret)
		return ret;
	none = kzalloc(sizeof(*none), GFP_KERNEL);
	if (!none)
		return -ENOMEM;
	ret = nvdla_submit_push(job, none, true);
	kfree(none);
	return ret;
}

/**
 * nvdla_submit_own() - run a program of the driver's own, in the default queue of its client
 * @ndev: Device.
 * @client: Client.
 * @program: Program; the reference goes to the job, even on failure.
 * @bos: The buffer of each slot, all of it. They have the job's fence when this returns.
 * @count: How many slots.
 * @diag: Filled in when the buffers are refused with -EINVAL.
 *
 * Return: 0, or an error.
 */
int nvdla_submit_own(struct nvdla_device *ndev, struct nvdla_client *client,
		     struct nvdla_program *program, struct drm_gem_object *const *bos, u32 count,
		     struct nvdla_diag *diag)
{
	struct nvdla_job *job;
	int ret;

	job = nvdla_job_new(ndev, client, nvdla_queue_find(client, 0), program);
	if (IS_ERR(job))
		return PTR_ERR(job);
	ret = nvdla_submit_own_job(job, bos, count, diag);
	if (ret)
		nvdla_job_free(job);
	return ret;
}

int nvdla_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct nvdla_device *ndev = to_nvdla_device(drm);
	struct nvdla_client *client = file->driver_priv;
	struct drm_nvdla_submit *args = data;
	const struct drm_nvdla_reason reason = args->reason;
	struct nvdla_program *program;
	struct nvdla_user_text text;
	struct nvdla_queue *queue;
	struct nvdla_job *job;
	int ret;

	ret = nvdla_user_reason_begin(&args->reason, &text);
	if (!ret)
		ret = nvdla_submit_check(ndev, args);
	if (ret)
		return ret;
	program = nvdla_program_find(client, args->program);
	if (!program)
		return -ENOENT;
	queue = nvdla_queue_find(client, args->queue);
	if (!queue) {
		nvdla_program_put(program);
		return -ENOENT;
	}

	job = nvdla_job_new(ndev, client, queue, program);
	if (IS_ERR(job))
		return PTR_ERR(job);
	job->cookie = args->cookie;
	ret = nvdla_submit_job(job, args, file, &text);
	if (ret)
		nvdla_job_free(job);
	/* Callers make the very same request again. */
	if (ret == -EINTR)
		args->reason = reason;
	return ret;
}
