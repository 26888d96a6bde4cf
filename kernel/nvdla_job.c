// SPDX-License-Identifier: GPL-2.0-only
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>

#include "nvdla_client.h"
#include "nvdla_compat.h"
#include "nvdla_device.h"
#include "nvdla_gem.h"
#include "nvdla_job.h"
#include "nvdla_process.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"
#include "nvdla_stats.h"
#include "nvdla_trace.h"

/*
 * The scheduler's own time-out is not used. It has one period for all queues, and it cannot tell a
 * job that is slow from one that makes no progress. Instead, the watchdog ends a job that hangs as
 * the interrupt ends one that finishes: &nvdla_job.done signals in any case, and as only one job is
 * with the hardware at a time, no other is concerned.
 *
 * Nor is its choice of the next job, which is between queues: it waits for &nvdla_job.granted as
 * for one more dependency, the last, and the arbiter chooses among the jobs that have no other
 * left.
 */

/* How often the arbitration may be put off for one more queue, all together. */
#define ARBITRATION_PATIENCE	32

struct nvdla_fence {
	struct dma_fence base;
	spinlock_t lock;	/* of @base: it may outlive the device */
};

static const char *nvdla_fence_driver_name(struct dma_fence *fence)
{
	return "nvdla";
}

static const char *nvdla_fence_timeline_name(struct dma_fence *fence)
{
	return "nvdla-hw";
}

static const struct dma_fence_ops nvdla_fence_ops = {
	.get_driver_name = nvdla_fence_driver_name,
	.get_timeline_name = nvdla_fence_timeline_name,
};

/* Each has a context of its own: only the scheduler sees it, and orders jobs itself. */
static struct dma_fence *nvdla_fence_new(void)
{
	struct nvdla_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);

	if (!fence)
		return NULL;
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &nvdla_fence_ops, &fence->lock, dma_fence_context_alloc(1), 1);
	return &fence->base;
}

static struct nvdla_job *to_nvdla_job(struct drm_sched_job *base)
{
	return container_of(base, struct nvdla_job, base);
}

/* Count the result. Before fences signal, for those that wake up on them and ask. */
static void nvdla_job_end(struct nvdla_job *job, int error, const struct nvdla_fault *fault)
{
	struct nvdla_device *ndev = job->ndev;
	struct nvdla_queue *queue = job->queue;
	unsigned long flags;

	spin_lock_irqsave(&ndev->lock, flags);
	if (error)
		queue->failed++;
	else
		queue->done++;
	if (fault) {
		queue->faults++;
		queue->fault = *fault;
	}
	nvdla_stats_job_end(job, error, fault);
	spin_unlock_irqrestore(&ndev->lock, flags);
	atomic_dec(&job->client->pending);
	job->ended = true;
}

/* Something has changed that the arbiter should know; the device's lock is held. */
static void nvdla_job_arbitrate(struct nvdla_device *ndev)
{
	ndev->unsettled = true;
	if (!ndev->arbiter.granted)
		queue_work(ndev->sched.submit_wq, &ndev->arbitration);
}

/*
 * Let one more job go on. This runs where the scheduler does, which looks at one queue each time it
 * runs, and runs again if there may be more. To choose before it has seen all that have a job ready
 * would be unfair to the queue of a short job: when that ends, the scheduler has not had the time
 * to look at the next one. So this goes to the end of the line as long as there is news; each queue
 * is news once. But not for ever: who makes queues and ends them as fast as that would be news all
 * the time.
 */
static void nvdla_job_arbitration(struct work_struct *work)
{
	struct nvdla_device *ndev = container_of(work, struct nvdla_device, arbitration);
	struct nvdla_turn *turn;

	spin_lock_irq(&ndev->lock);
	if (ndev->unsettled && ndev->patience) {
		ndev->unsettled = false;
		ndev->patience--;
		queue_work(ndev->sched.submit_wq, &ndev->arbitration);
	} else {
		ndev->patience = ARBITRATION_PATIENCE;
		turn = nvdla_arbiter_grant(&ndev->arbiter);
		if (turn)
			dma_fence_signal(container_of(turn, struct nvdla_job, turn)->granted);
	}
	spin_unlock_irq(&ndev->lock);
}

/* It needs the hardware no more, if it ever did. */
static void nvdla_job_end_turn(struct nvdla_job *job, u64 taken_ns)
{
	struct nvdla_device *ndev = job->ndev;
	unsigned long flags;

	spin_lock_irqsave(&ndev->lock, flags);
	if (job->turn.state != NVDLA_TURN_NONE) {
		nvdla_turn_end(&ndev->arbiter, &job->turn, taken_ns);
		nvdla_job_arbitrate(ndev);
	}
	spin_unlock_irqrestore(&ndev->lock, flags);
}

/* Note what the sequencer has just started and finished; the device's lock is held. */
static void nvdla_job_note_times(struct nvdla_device *ndev, ktime_t now)
{
	const struct nvdla_seq *seq = &ndev->seq;
	struct drm_nvdla_time *times = ndev->job->times;
	u64 now_ns = ktime_to_ns(now);

	if (!times)
		return;
	for (u32 i = 0; i < seq->finished.count; i++)
		WRITE_ONCE(times[seq->finished.op[i]].end_ns, now_ns);
	for (u32 i = 0; i < seq->started.count; i++)
		WRITE_ONCE(times[seq->started.op[i]].start_ns, now_ns);
}

/* What the sequencer has just done, for all who want to know, at one time. */
static void nvdla_job_note_ops(struct nvdla_device *ndev)
{
	ktime_t now = ktime_get();

	nvdla_job_note_times(ndev, now);
	nvdla_stats_ops(ndev->job, now);
}

static int nvdla_job_start(struct nvdla_job *job)
{
	struct nvdla_device *ndev = job->ndev;
	unsigned long timeout = msecs_to_jiffies(job->queue->timeout_ms);
	int ret = 0;

	if (pm_runtime_resume_and_get(ndev->drm.dev) < 0)
		return -EIO;

	if (job->times)
		memset(job->times, 0, job->program->code.count * sizeof(*job->times));
	job->started = ktime_get();
	spin_lock_irq(&ndev->lock);
	if (ndev->wedged) {
		ret = -EIO;
	} else {
		job->deadline = jiffies + timeout;
		WRITE_ONCE(ndev->job, job);
		nvdla_devfreq_run(ndev, true);
		nvdla_seq_begin(&ndev->seq, &ndev->hw, &ndev->io, &job->program->code,
				job->bindings);
		trace_nvdla_job_start(job);
		nvdla_job_note_ops(ndev);
	}
	spin_unlock_irq(&ndev->lock);

	if (ret)
		pm_runtime_put_autosuspend(ndev->drm.dev);
	else
		mod_delayed_work(ndev->watchdog_wq, &ndev->watchdog, timeout);
	return ret;
}

/*
 * Called when the job has no other dependency left, and again when what this returned signals. NULL
 * lets the job go on: nvdla_sched_run_job() is called next.
 */
static struct dma_fence *nvdla_sched_prepare_job(struct drm_sched_job *base,
						 struct drm_sched_entity *entity)
{
	struct nvdla_job *job = to_nvdla_job(base);
	struct nvdla_device *ndev = job->ndev;
	struct nvdla_queue *queue = job->queue;
	struct dma_fence *wait = NULL;

	spin_lock_irq(&ndev->lock);
	if (job->turn.state != NVDLA_TURN_GRANTED) {
		wait = dma_fence_get(job->granted);
		if (!queue->asking) {
			queue->asking = job;
			nvdla_turn_ask(&ndev->arbiter, &job->turn);
			nvdla_job_arbitrate(ndev);
		}
	}
	spin_unlock_irq(&ndev->lock);
	return wait;
}

static struct dma_fence *nvdla_sched_run_job(struct drm_sched_job *base)
{
	struct nvdla_job *job = to_nvdla_job(base);
	struct nvdla_device *ndev = job->ndev;
	struct dma_fence *done = dma_fence_get(job->done);
	int idx, ret = -ENODEV;

	spin_lock_irq(&ndev->lock);
	job->queue->asking = NULL;
	spin_unlock_irq(&ndev->lock);
	if (drm_dev_enter(&ndev->drm, &idx)) {
		ret = nvdla_job_start(job);
		drm_dev_exit(idx);
	}
	if (!ret)
		return done;

	dma_fence_put(done);
	nvdla_job_end(job, ret, NULL);
	nvdla_job_end_turn(job, 0);
	return ERR_PTR(ret);
}

static void nvdla_sched_free_job(struct drm_sched_job *base)
{
	nvdla_job_free(to_nvdla_job(base));
}

static const struct drm_sched_backend_ops nvdla_sched_ops = {
	.prepare_job = nvdla_sched_prepare_job,
	.run_job = nvdla_sched_run_job,
	.free_job = nvdla_sched_free_job,
};

/* When the last open file, buffer and exported dma-buf are gone. */
static void nvdla_job_release(struct drm_device *drm, void *data)
{
	struct nvdla_device *ndev = to_nvdla_device(drm);

	spin_lock_irq(&ndev->lock);
	wait_event_lock_irq(ndev->idle, !ndev->jobs, ndev->lock);
	spin_unlock_irq(&ndev->lock);
	cancel_work_sync(&ndev->arbitration);
	drm_sched_fini(&ndev->sched);
}

/**
 * nvdla_job_setup() - set up all that jobs need
 * @ndev: Device.
 *
 * Return: 0, or an error.
 */
int nvdla_job_setup(struct nvdla_device *ndev)
{
	int ret;

	INIT_WORK(&ndev->arbitration, nvdla_job_arbitration);
	ret = nvdla_compat_sched_init(&ndev->sched, &nvdla_sched_ops, "nvdla", ndev->drm.dev);
	if (ret)
		return ret;
	return drmm_add_action_or_reset(&ndev->drm, nvdla_job_release, NULL);
}

/**
 * nvdla_job_new() - make an empty job
 * @ndev: Device.
 * @client: Client.
 * @queue: Queue; the reference goes to the job, even on failure.
 * @program: Program, likewise.
 *
 * Return: The job, or -EBUSY or -ENOMEM.
 */
struct nvdla_job *nvdla_job_new(struct nvdla_device *ndev, struct nvdla_client *client,
				struct nvdla_queue *queue, struct nvdla_program *program)
{
	struct nvdla_job *job;
	int ret = -EBUSY;

	if (!nvdla_client_charge(&client->pending, 1, NVDLA_MAX_PENDING))
		goto put;
	ret = -ENOMEM;
	job = kzalloc(sizeof(*job), GFP_KERNEL);
	if (!job)
		goto uncharge;
	job->granted = nvdla_fence_new();
	job->done = nvdla_fence_new();
	if (!job->granted || !job->done)
		goto free;
	job->ndev = ndev;
	job->client = nvdla_client_get(client);
	job->queue = queue;
	job->program = program;
	nvdla_turn_init(&job->turn, &client->process->share, queue->level);

	spin_lock_irq(&ndev->lock);
	ndev->jobs++;
	spin_unlock_irq(&ndev->lock);
	return job;
free:
	dma_fence_put(job->granted);
	dma_fence_put(job->done);
	kfree(job);
uncharge:
	atomic_dec(&client->pending);
put:
	nvdla_program_put(program);
	nvdla_queue_put(queue);
	return ERR_PTR(ret);
}

/**
 * nvdla_job_init() - make a job known to the scheduler
 * @job: Job.
 * @client_id: DRM's number for the file that submits it, or zero.
 *
 * Return: 0, or an error.
 */
int nvdla_job_init(struct nvdla_job *job, u64 client_id)
{
	int ret = nvdla_compat_job_init(&job->base, &job->queue->entity, job->client, client_id);

	job->initialised = !ret;
	return ret;
}

/**
 * nvdla_job_push() - hand an armed job to the scheduler
 * @job: Job, not to be touched afterwards. Its queue's lock is held.
 */
void nvdla_job_push(struct nvdla_job *job)
{
	spin_lock_irq(&job->ndev->lock);
	job->queue->submitted++;
	spin_unlock_irq(&job->ndev->lock);
	job->pushed = true;
	trace_nvdla_job_submit(job);
	drm_sched_entity_push_job(&job->base);
}

/**
 * nvdla_job_free() - free a job that was not pushed, or has come to its end
 * @job: Job.
 */
void nvdla_job_free(struct nvdla_job *job)
{
	struct nvdla_device *ndev = job->ndev;

	if (job->pushed && !job->ended)
		nvdla_job_end(job, -ESRCH, NULL);
	else if (!job->pushed)
		atomic_dec(&job->client->pending);
	nvdla_job_end_turn(job, 0);
	if (job->initialised)
		drm_sched_job_cleanup(&job->base);
	for (u32 i = 0; i < job->bo_count; i++)
		drm_gem_object_put(job->bos[i]);
	dma_fence_put(job->granted);
	dma_fence_put(job->done);
	nvdla_program_put(job->program);
	nvdla_queue_put(job->queue);
	nvdla_client_put(job->client);
	kfree(job);

	/* The lock is held to the end, or the device could be gone before the wake-up. */
	spin_lock_irq(&ndev->lock);
	if (!--ndev->jobs)
		wake_up(&ndev->idle);
	spin_unlock_irq(&ndev->lock);
}

/**
 * nvdla_job_withdraw() - give up the turn that a queue has, or waits for
 * @ndev: Device.
 * @queue: Queue, whose jobs do not begin any more. The scheduler does not run meanwhile; a job that
 *	has begun keeps its turn.
 */
void nvdla_job_withdraw(struct nvdla_device *ndev, struct nvdla_queue *queue)
{
	spin_lock_irq(&ndev->lock);
	if (queue->asking) {
		nvdla_turn_end(&ndev->arbiter, &queue->asking->turn, 0);
		queue->asking = NULL;
		nvdla_job_arbitrate(ndev);
	}
	spin_unlock_irq(&ndev->lock);
}

/**
 * nvdla_job_finish() - end a job that was on the hardware
 * @job: Job, taken out of &nvdla_device.job. May be freed before this returns.
 * @error: Zero if it ran to its end, or why not.
 * @fault: Where it hung, or NULL.
 */
void nvdla_job_finish(struct nvdla_job *job, int error, const struct nvdla_fault *fault)
{
	struct nvdla_device *ndev = job->ndev;
	struct dma_fence *done = dma_fence_get(job->done);
	u64 taken_ns = ktime_to_ns(ktime_sub(ktime_get(), job->started));

	nvdla_devfreq_run(ndev, false);
	nvdla_stats_job_finish(job, taken_ns, error);
	if (job->times)
		nvdla_gem_flush(job->times_bo, job->times,
				job->program->code.count * sizeof(*job->times));
	nvdla_job_end(job, error, fault);
	nvdla_job_end_turn(job, taken_ns);
	if (error)
		dma_fence_set_error(done, error);
	dma_fence_signal(done);
	dma_fence_put(done);

	pm_runtime_mark_last_busy(ndev->drm.dev);
	pm_runtime_put_autosuspend(ndev->drm.dev);
	wake_up(&ndev->idle);
}

/**
 * nvdla_job_look() - see which operations are done, and start what has become possible
 * @ndev: Device.
 * @late: It is the watchdog that looks: what it finds, an interrupt should have told.
 *
 * At most eight operations start, some 70 register writes each: the next of each engine in both of
 * its groups; and CDP's look-up tables may change, 340 writes.
 *
 * Return: Whether the device had anything to say.
 */
bool nvdla_job_look(struct nvdla_device *ndev, bool late)
{
	struct nvdla_job *finished = NULL;
	unsigned long flags;
	u32 status = 0;

	spin_lock_irqsave(&ndev->lock, flags);
	if (ndev->powered)
		status = ndev->io.read(ndev, NVDLA_GLB_INTR_STATUS);
	/* A device that does not answer reads as all ones, and has done nothing. */
	status = status == U32_MAX ? 0 : status & NVDLA_DONE_BITS;
	if (!status) {
		spin_unlock_irqrestore(&ndev->lock, flags);
		return false;
	}
	/* First: what starts below may be done before the next line. */
	ndev->io.write(ndev, NVDLA_GLB_INTR_STATUS, status);

	if (ndev->job) {
		if (late)
			ndev->job->queue->late |= status & nvdla_seq_waiting(&ndev->seq);
		if (status & nvdla_seq_waiting(&ndev->seq))
			ndev->job->deadline =
				jiffies + msecs_to_jiffies(ndev->job->queue->timeout_ms);
		trace_nvdla_irq(ndev, status, false);
		nvdla_seq_interrupt(&ndev->seq, status);
		nvdla_job_note_ops(ndev);
		if (nvdla_seq_finished(&ndev->seq)) {
			finished = ndev->job;
			WRITE_ONCE(ndev->job, NULL);
		}
	} else {
		trace_nvdla_irq(ndev, status, true);
		nvdla_event_post(ndev, NVDLA_EVENT_TYPE_STRAY_IRQ, NULL);
		WRITE_ONCE(ndev->stray_irqs, ndev->stray_irqs + 1);
	}
	spin_unlock_irqrestore(&ndev->lock, flags);

	if (finished)
		nvdla_job_finish(finished, 0, NULL);
	return true;
}

/**
 * nvdla_job_irq() - take an interrupt
 * @irq: Interrupt.
 * @data: Device.
 *
 * Return: Whether it was the device's.
 */
irqreturn_t nvdla_job_irq(int irq, void *data)
{
	return IRQ_RETVAL(nvdla_job_look(data, false));
}

/**
 * nvdla_job_wait_idle() - wait until no job is on the hardware
 * @ndev: Device, to which the scheduler gives no more jobs.
 *
 * Long enough for a job that hangs; but one that does not may take hours.
 *
 * Return: 0, or -EBUSY.
 */
int nvdla_job_wait_idle(struct nvdla_device *ndev)
{
	if (wait_event_timeout(ndev->idle, !READ_ONCE(ndev->job),
			       msecs_to_jiffies(2 * NVDLA_TIMEOUT_MS)))
		return 0;
	return -EBUSY;
}
