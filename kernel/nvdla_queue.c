// SPDX-License-Identifier: GPL-2.0-only
#include <linux/capability.h>
#include <linux/dma-fence.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <drm/drm_file.h>

#include "nvdla_client.h"
#include "nvdla_device.h"
#include "nvdla_job.h"
#include "nvdla_queue.h"

#define DEFAULT_QUEUE	0

static_assert(!(NVDLA_LEVELS - 1 - DRM_NVDLA_PRIORITY_HIGH));

/* To the scheduler all queues are alike: the arbiter says who is next. */
static struct nvdla_queue *nvdla_queue_new(struct nvdla_device *ndev, u32 priority, u32 timeout_ms)
{
	struct drm_gpu_scheduler *sched = &ndev->sched;
	struct nvdla_queue *queue;
	int ret;

	queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	if (!queue)
		return ERR_PTR(-ENOMEM);
	ret = drm_sched_entity_init(&queue->entity, DRM_SCHED_PRIORITY_NORMAL, &sched, 1, NULL);
	if (ret) {
		kfree(queue);
		return ERR_PTR(ret);
	}
	kref_init(&queue->kref);
	mutex_init(&queue->lock);
	queue->level = priority;
	queue->timeout_ms = timeout_ms;
	return queue;
}

static void nvdla_queue_release(struct kref *kref)
{
	struct nvdla_queue *queue = container_of(kref, struct nvdla_queue, kref);

	mutex_destroy(&queue->lock);
	/* A fence that signals may still be about to wake the scheduler, for a job that is gone. */
	kfree_rcu(queue, rcu);
}

/**
 * nvdla_queue_add_default() - give an open file the queue that each has
 * @ndev: Device.
 * @client: File.
 *
 * Return: 0, or -ENOMEM.
 */
int nvdla_queue_add_default(struct nvdla_device *ndev, struct nvdla_client *client)
{
	struct nvdla_queue *queue;
	int ret;

	queue = nvdla_queue_new(ndev, DRM_NVDLA_PRIORITY_NORMAL, NVDLA_TIMEOUT_MS);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	ret = xa_insert(&client->queues, DEFAULT_QUEUE, queue, GFP_KERNEL);
	if (ret)
		nvdla_queue_kill(ndev, queue);
	return ret;
}

/**
 * nvdla_queue_find() - look up a queue
 * @client: Whose.
 * @handle: Its handle.
 *
 * Return: The queue with a reference, or NULL.
 */
struct nvdla_queue *nvdla_queue_find(struct nvdla_client *client, u32 handle)
{
	struct nvdla_queue *queue;

	xa_lock(&client->queues);
	queue = xa_load(&client->queues, handle);
	if (queue)
		kref_get(&queue->kref);
	xa_unlock(&client->queues);
	return queue;
}

void nvdla_queue_put(struct nvdla_queue *queue)
{
	kref_put(&queue->kref, nvdla_queue_release);
}

/*
 * drm_sched_entity_fini() looks at what the queue's first job waits for while that may signal, be
 * forgotten and freed. Afterwards it does not signal here any more.
 */
static void nvdla_queue_wait_no_more(struct drm_sched_entity *entity)
{
	struct dma_fence *fence;

	rcu_read_lock();
	fence = READ_ONCE(entity->dependency);
	if (fence)
		fence = dma_fence_get_rcu(fence);
	rcu_read_unlock();
	if (!fence)
		return;
	dma_fence_remove_callback(fence, &entity->cb);
	dma_fence_put(fence);
}

struct nvdla_queue_end {
	struct work_struct work;
	struct nvdla_device *ndev;
	struct nvdla_queue *queue;
};

static void nvdla_queue_end_work(struct work_struct *work)
{
	struct nvdla_queue_end *end = container_of(work, struct nvdla_queue_end, work);
	struct drm_sched_entity *entity = &end->queue->entity;

	nvdla_job_withdraw(end->ndev, end->queue);
	nvdla_queue_wait_no_more(entity);
	/* Without the wait of drm_sched_entity_destroy(), which nothing bounds when jobs hang. */
	drm_sched_entity_fini(entity);
}

/**
 * nvdla_queue_kill() - take no more jobs, cancel those that wait, and drop the handle's reference
 * @ndev: Device.
 * @queue: Queue, no longer to be found by its handle.
 *
 * When the scheduler has taken a job of an entity that has another, drm_sched_entity_pop_job() puts
 * the entity back into the tree of those that wait, without a look at whether it was taken out
 * meanwhile: it would be freed in there. So an entity ends where the scheduler runs, which does one
 * thing at a time. To stop the scheduler for that would let whoever ends enough queues stop
 * everybody.
 */
void nvdla_queue_kill(struct nvdla_device *ndev, struct nvdla_queue *queue)
{
	struct nvdla_queue_end end = { .ndev = ndev, .queue = queue };

	mutex_lock(&queue->lock);
	queue->dead = true;
	mutex_unlock(&queue->lock);

	INIT_WORK_ONSTACK(&end.work, nvdla_queue_end_work);
	queue_work(ndev->sched.submit_wq, &end.work);
	flush_work(&end.work);
	destroy_work_on_stack(&end.work);
	nvdla_queue_put(queue);
}

int nvdla_ioctl_queue_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct nvdla_device *ndev = to_nvdla_device(drm);
	struct drm_nvdla_queue_create *args = data;
	struct nvdla_client *client = file->driver_priv;
	struct nvdla_queue *queue;
	u32 handle;
	int ret;

	if (args->flags || args->handle || args->priority > DRM_NVDLA_PRIORITY_HIGH ||
	    args->timeout_ms > NVDLA_MAX_TIMEOUT_MS)
		return -EINVAL;
	if (args->priority == DRM_NVDLA_PRIORITY_HIGH && !capable(CAP_SYS_NICE))
		return -EACCES;
	if (!nvdla_client_charge(&client->queue_count, 1, NVDLA_MAX_QUEUES))
		return -EDQUOT;

	queue = nvdla_queue_new(ndev, array_index_nospec(args->priority, NVDLA_LEVELS),
				args->timeout_ms ?: NVDLA_TIMEOUT_MS);
	if (IS_ERR(queue)) {
		ret = PTR_ERR(queue);
		goto uncharge;
	}
	ret = xa_alloc(&client->queues, &handle, queue, XA_LIMIT(DEFAULT_QUEUE + 1, INT_MAX),
		       GFP_KERNEL);
	if (ret) {
		nvdla_queue_kill(ndev, queue);
		goto uncharge;
	}
	args->handle = handle;
	return 0;
uncharge:
	atomic_dec(&client->queue_count);
	return ret;
}

int nvdla_ioctl_queue_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct nvdla_device *ndev = to_nvdla_device(drm);
	struct drm_nvdla_queue_destroy *args = data;
	struct nvdla_client *client = file->driver_priv;
	struct nvdla_queue *queue;

	if (args->pad || args->handle == DEFAULT_QUEUE)
		return -EINVAL;
	queue = xa_erase(&client->queues, args->handle);
	if (!queue)
		return -ENOENT;
	nvdla_queue_kill(ndev, queue);
	atomic_dec(&client->queue_count);
	return 0;
}

int nvdla_ioctl_queue_state(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct nvdla_device *ndev = to_nvdla_device(drm);
	struct drm_nvdla_queue_state *args = data;
	struct nvdla_queue *queue;

	if (args->pad)
		return -EINVAL;
	queue = nvdla_queue_find(file->driver_priv, args->queue);
	if (!queue)
		return -ENOENT;

	spin_lock_irq(&ndev->lock);
	*args = (struct drm_nvdla_queue_state) {
		.queue = args->queue,
		.jobs_submitted = queue->submitted,
		.jobs_done = queue->done,
		.jobs_failed = queue->failed,
		.resets = ndev->resets_done,
		.fault_count = queue->faults,
		.fault_cookie = queue->fault.cookie,
		.fault_op_cookie = queue->fault.op_cookie,
		.fault_op = queue->fault.op,
		.fault_engine = queue->fault.engine,
	};
	spin_unlock_irq(&ndev->lock);
	nvdla_queue_put(queue);
	return 0;
}
