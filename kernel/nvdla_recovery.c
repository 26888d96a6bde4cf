// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-fence.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "nvdla_coredump.h"
#include "nvdla_device.h"
#include "nvdla_job.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"
#include "nvdla_recovery.h"
#include "nvdla_snapshot.h"
#include "nvdla_stats.h"
#include "nvdla_trace.h"

/*
 * The hardware has no error interrupt, no error status and no reset register. A hang shows as
 * silence, and the reset line is the only cure.
 */

/* Take the job off the hardware if its time is up; otherwise tell how long it still has. */
static struct nvdla_job *nvdla_recovery_take_expired(struct nvdla_device *ndev,
						     struct nvdla_fault *fault, long *left)
{
	struct nvdla_job *job;
	u32 bits;

	*left = 0;
	spin_lock_irq(&ndev->lock);
	job = ndev->job;
	if (job)
		*left = job->deadline - jiffies;
	if (job && *left <= 0) {
		const struct nvdla_image *image;

		fault->op = nvdla_seq_oldest(&ndev->seq, &bits);
		image = &job->program->code.images[fault->op];
		fault->cookie = job->cookie;
		fault->op_cookie = image->cookie;
		fault->engine = image->engine;
		fault->running = nvdla_snapshot_running(ndev);
		nvdla_coredump_take(ndev);
		/* From here on the interrupt has nothing to do with this job. */
		WRITE_ONCE(ndev->job, NULL);
	} else {
		job = NULL;
	}
	spin_unlock_irq(&ndev->lock);
	return job;
}

static long nvdla_recovery_time_left(struct nvdla_device *ndev)
{
	long left = LONG_MAX;

	spin_lock_irq(&ndev->lock);
	if (ndev->job)
		left = ndev->job->deadline - jiffies;
	spin_unlock_irq(&ndev->lock);
	return left;
}

/*
 * Make sure that the device does nothing any more with the job's memory. If that cannot be done,
 * the job's buffers are never freed: better to lose memory than to have it written to in other
 * hands.
 */
static void nvdla_recovery_stop(struct nvdla_device *ndev, struct nvdla_job *job)
{
	int ret = nvdla_device_reset(ndev);
	bool stopped = !ret;

	trace_nvdla_reset(ndev, ret);
	spin_lock_irq(&ndev->lock);
	WRITE_ONCE(ndev->wedged, !stopped);
	ndev->resets_done += stopped;
	spin_unlock_irq(&ndev->lock);
	nvdla_event_post(ndev, stopped ? NVDLA_EVENT_TYPE_RESET : NVDLA_EVENT_TYPE_WEDGED, NULL);
	if (stopped)
		return;

	for (u32 i = 0; i < job->bo_count; i++)
		drm_gem_object_get(job->bos[i]);
	drm_err(&ndev->drm, "the device cannot be reset; no more work is accepted\n");
}

static void nvdla_recovery_watchdog(struct work_struct *work)
{
	struct nvdla_device *ndev = container_of(to_delayed_work(work), struct nvdla_device,
						 watchdog);
	long left = nvdla_recovery_time_left(ndev);
	struct nvdla_fault fault;
	struct nvdla_job *job;
	bool cookie;

	if (left == LONG_MAX)
		return;
	if (left <= 0) {
		/* The interrupt may be on its way, or lost: look for what it would have found. */
		synchronize_irq(ndev->irq);
		if (nvdla_job_look(ndev, true))
			drm_dbg(&ndev->drm, "an interrupt came late, or not at all\n");
	}

	cookie = dma_fence_begin_signalling();
	job = nvdla_recovery_take_expired(ndev, &fault, &left);
	if (job) {
		trace_nvdla_timeout(job, &fault);
		nvdla_event_post(ndev, NVDLA_EVENT_TYPE_TIMEOUT, &fault);
		/* A client can make this happen every millisecond. */
		drm_err_ratelimited(&ndev->drm,
				    "%s operation %u of job %#llx hangs: nothing done in %u ms\n",
				    nvdla_engine_name(fault.engine), fault.op, fault.cookie,
				    job->queue->timeout_ms);
		nvdla_recovery_stop(ndev, job);
		nvdla_job_finish(job, -ETIMEDOUT, &fault);
	} else if (left > 0) {
		/* The next job has set its own time, which this must not put off. */
		queue_delayed_work(ndev->watchdog_wq, &ndev->watchdog, left);
	}
	dma_fence_end_signalling(cookie);
}

static void nvdla_recovery_fini(struct drm_device *drm, void *data)
{
	destroy_workqueue(to_nvdla_device(drm)->watchdog_wq);
}

/**
 * nvdla_recovery_init() - set up the watchdog
 * @ndev: Device.
 *
 * Return: 0, or -ENOMEM.
 */
int nvdla_recovery_init(struct nvdla_device *ndev)
{
	INIT_DELAYED_WORK(&ndev->watchdog, nvdla_recovery_watchdog);
	/* Memory reclaim may wait for a fence that only the watchdog signals. */
	ndev->watchdog_wq = alloc_ordered_workqueue("nvdla-watchdog", WQ_MEM_RECLAIM);
	if (!ndev->watchdog_wq)
		return -ENOMEM;
	return drmm_add_action_or_reset(&ndev->drm, nvdla_recovery_fini, NULL);
}

/**
 * nvdla_recovery_abort() - end the running job because the device goes away
 * @ndev: Device, to which the scheduler gives no more jobs.
 */
void nvdla_recovery_abort(struct nvdla_device *ndev)
{
	struct nvdla_job *job;

	cancel_delayed_work_sync(&ndev->watchdog);
	spin_lock_irq(&ndev->lock);
	job = ndev->job;
	WRITE_ONCE(ndev->job, NULL);
	spin_unlock_irq(&ndev->lock);
	if (!job)
		return;
	nvdla_recovery_stop(ndev, job);
	nvdla_job_finish(job, -ENODEV, NULL);
}

/**
 * nvdla_recovery_expire() - end the running job as if its time were up
 * @ndev: Device.
 *
 * Return: 0, -EAGAIN if no job is running, or -ENODEV if the device is gone.
 */
int nvdla_recovery_expire(struct nvdla_device *ndev)
{
	int idx, ret = -EAGAIN;

	if (!drm_dev_enter(&ndev->drm, &idx))
		return -ENODEV;
	spin_lock_irq(&ndev->lock);
	if (ndev->job) {
		ndev->job->deadline = jiffies;
		ret = 0;
	}
	spin_unlock_irq(&ndev->lock);
	if (!ret)
		mod_delayed_work(ndev->watchdog_wq, &ndev->watchdog, 0);
	drm_dev_exit(idx);
	return ret;
}
