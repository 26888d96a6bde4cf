// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs from the request to their fence, and what becomes of them when the hardware hangs: the
 * driver's own code on DRM's scheduler, on a device that is a mock. It runs an operation for as
 * long as the test likes. The clock is the kernel's, which under User Mode Linux stands still as
 * long as anybody has something to do (time-travel=inf-cpu), so that a test moves it by waiting,
 * and a time-out is met to the tick.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_dma_helper.h>

#include "nvdla_client.h"
#include "nvdla_coredump.h"
#include "nvdla_device.h"
#include "nvdla_event.h"
#include "nvdla_gem.h"
#include "nvdla_job.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"
#include "nvdla_recovery.h"
#include "nvdla_submit.h"

/* SDP's register that starts an operation; all are its. */
#define SDP_ENABLE	0x9038

#define TIMEOUT_MS	1000
#define TICK_MS		(MSEC_PER_SEC / HZ)

/* The kernel's timers are late by up to an eighth; the scheduler takes moments. */
#define LATEST_MS	(TIMEOUT_MS + TIMEOUT_MS / 8 + 3 * TICK_MS)

#define MAX_OPS		3
#define MAX_JOBS	(NVDLA_MAX_PENDING + 1)

struct mock_job {
	struct drm_gem_object *bo;
	struct drm_nvdla_time *times;	/* in it */
	struct dma_fence *fence;
};

struct mock {
	struct nvdla_device ndev;
	struct device *dev;

	/* The hardware, guarded by the device's lock. */
	u32 done_bits;
	u32 started;
	u32 finished;
	u32 resets;
	bool has_reset_line;
	bool has_interrupt_line;

	/* A client. */
	struct drm_file file;
	u32 program;
	struct mock_job jobs[MAX_JOBS];
	u32 job_count;
};

static struct mock *to_mock(struct nvdla_device *ndev)
{
	return container_of(ndev, struct mock, ndev);
}

static u32 mock_read(void *ctx, u32 offset)
{
	struct mock *mock = to_mock(ctx);

	return offset == NVDLA_GLB_INTR_STATUS ? mock->done_bits : 0;
}

static void mock_write(void *ctx, u32 offset, u32 value)
{
	struct mock *mock = to_mock(ctx);

	if (offset == NVDLA_GLB_INTR_STATUS)
		mock->done_bits &= ~value;
	else if (offset == SDP_ENABLE)
		mock->started++;
}

/* What nvdla_device.c, nvdla_gem.c and nvdla_coredump.c have for a device that is none. */

int nvdla_device_reset(struct nvdla_device *ndev)
{
	struct mock *mock = to_mock(ndev);

	mock->resets++;
	if (!mock->has_reset_line)
		return -EIO;
	spin_lock_irq(&ndev->lock);
	mock->done_bits = 0;
	mock->started = 0;
	mock->finished = 0;
	nvdla_hw_reset(&ndev->hw);
	spin_unlock_irq(&ndev->lock);
	return 0;
}

void nvdla_gem_flush(struct drm_gem_object *obj, const void *from, size_t size)
{
}

void nvdla_coredump_take(struct nvdla_device *ndev)
{
}

static const struct drm_driver mock_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ,
	.name = "nvdla-mock",
	.desc = "mock",
};

static void mock_bo_free(struct drm_gem_object *obj)
{
	struct drm_gem_dma_object *bo = to_drm_gem_dma_obj(obj);

	drm_gem_object_release(obj);
	kfree(bo->vaddr);
	kfree(bo);
}

static const struct drm_gem_object_funcs mock_bo_funcs = {
	.free = mock_bo_free,
};

static struct mock *mock_of(struct kunit *test)
{
	return test->priv;
}

static u32 started(struct mock *mock)
{
	u32 count;

	spin_lock_irq(&mock->ndev.lock);
	count = mock->started;
	spin_unlock_irq(&mock->ndev.lock);
	return count;
}

/* The scheduler is a matter of moments; but a queue that must not move gets the time to do so. */
static void expect_started(struct kunit *test, u32 count)
{
	for (int i = 0; i < 10 && started(mock_of(test)) < count; i++)
		msleep(TICK_MS);
	msleep(TICK_MS);
	KUNIT_ASSERT_EQ(test, started(mock_of(test)), count);
}

/* The oldest operation is done, in its group, and the interrupt says so, if there is one. */
static void finish_op(struct kunit *test)
{
	struct mock *mock = mock_of(test);

	KUNIT_ASSERT_LT(test, mock->finished, started(mock));
	spin_lock_irq(&mock->ndev.lock);
	mock->done_bits |= BIT(mock->finished++ % 2);
	spin_unlock_irq(&mock->ndev.lock);
	if (mock->has_interrupt_line)
		KUNIT_EXPECT_EQ(test, nvdla_job_irq(mock->ndev.irq, &mock->ndev), IRQ_HANDLED);
}

static void finish_job(struct kunit *test, u32 ops)
{
	for (u32 i = 0; i < ops; i++) {
		expect_started(test, mock_of(test)->finished + 1);
		finish_op(test);
	}
}

/* 1, or the error with which it signalled. */
static int outcome(struct kunit *test, const struct mock_job *job)
{
	KUNIT_ASSERT_GT(test, dma_fence_wait_timeout(job->fence, false, 100 * HZ), 0);
	return dma_fence_get_status(job->fence);
}

/* How long the job takes from now, on the clock that only waiting moves. */
static s64 ms_to_end(struct kunit *test, const struct mock_job *job)
{
	ktime_t start = ktime_get();

	outcome(test, job);
	return ktime_ms_delta(ktime_get(), start);
}

/* Each operation waits for the one before. Nothing is read, so no slot has to be bound. */
static u32 new_program(struct kunit *test, u32 count)
{
	struct mock *mock = mock_of(test);
	struct nvdla_client *client = mock->file.driver_priv;
	struct drm_nvdla_op ops[MAX_OPS] = {};
	struct nvdla_source source = { .ops = ops, .op_count = count };
	struct nvdla_program *program;
	struct nvdla_diag diag = {};
	u32 handle;

	for (u32 i = 0; i < count; i++) {
		const struct drm_nvdla_surface line = { .line_stride = 64, .surface_stride = 64 };

		ops[i] = (struct drm_nvdla_op) {
			.engine = DRM_NVDLA_SDP,
			.cookie = 70 + i,
			.deps[0] = i ? i - 1 : 0,
			.dep_count = i ? 1 : 0,
			.sdp = { .src = line, .dst = line, .width = 8, .height = 1, .channels = 8 },
		};
		ops[i].sdp.dst.addr.slot = 1;
	}
	program = kvzalloc(struct_size(program, images, count), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, program);
	kref_init(&program->kref);
	program->client = nvdla_client_get(client);
	program->code = (struct nvdla_code) { .images = program->images, .count = count };
	KUNIT_ASSERT_EQ(test, nvdla_program_check(mock->ndev.config, &source, program->slots,
						  &diag), 0);
	memset(program->slots, 0, sizeof(program->slots));
	nvdla_program_encode(mock->ndev.config, &source, program->images);
	KUNIT_ASSERT_EQ(test, xa_alloc(&client->programs, &handle, program, xa_limit_31b,
				       GFP_KERNEL), 0);
	return handle;
}

static u32 new_queue(struct kunit *test, u32 priority, u32 timeout_ms)
{
	struct mock *mock = mock_of(test);
	struct drm_nvdla_queue_create args = { .priority = priority, .timeout_ms = timeout_ms };

	KUNIT_ASSERT_EQ(test, nvdla_ioctl_queue_create(&mock->ndev.drm, &args, &mock->file), 0);
	return args.handle;
}

/* A buffer of each job's own, for its times, by which its fence can be found. */
static struct drm_nvdla_submit new_job(struct kunit *test, u32 queue, u64 cookie)
{
	struct mock *mock = mock_of(test);
	struct mock_job *job = &mock->jobs[mock->job_count++];
	struct drm_gem_dma_object *bo = kzalloc(sizeof(*bo), GFP_KERNEL);
	int handle;

	KUNIT_ASSERT_LE(test, mock->job_count, MAX_JOBS);
	KUNIT_ASSERT_NOT_NULL(test, bo);
	bo->vaddr = kzalloc(PAGE_SIZE, GFP_KERNEL);
	bo->base.funcs = &mock_bo_funcs;
	drm_gem_private_object_init(&mock->ndev.drm, &bo->base, PAGE_SIZE);
	job->bo = &bo->base;
	job->times = bo->vaddr;
	handle = idr_alloc(&mock->file.object_idr, job->bo, 1, 0, GFP_KERNEL);
	KUNIT_ASSERT_GT(test, handle, 0);
	return (struct drm_nvdla_submit) {
		.queue = queue,
		.program = mock->program,
		.cookie = cookie,
		.times = handle,
	};
}

static int try_submit(struct kunit *test, struct drm_nvdla_submit *args)
{
	struct mock *mock = mock_of(test);

	return nvdla_ioctl_submit(&mock->ndev.drm, args, &mock->file);
}

static struct mock_job *submit(struct kunit *test, u32 queue, u64 cookie)
{
	struct mock *mock = mock_of(test);
	struct drm_nvdla_submit args = new_job(test, queue, cookie);
	struct mock_job *job = &mock->jobs[mock->job_count - 1];

	KUNIT_ASSERT_EQ(test, try_submit(test, &args), 0);
	KUNIT_ASSERT_EQ(test, dma_resv_get_singleton(job->bo->resv, DMA_RESV_USAGE_WRITE,
						     &job->fence), 0);
	KUNIT_ASSERT_NOT_NULL(test, job->fence);
	return job;
}

static struct drm_nvdla_queue_state state_of(struct kunit *test, u32 queue)
{
	struct mock *mock = mock_of(test);
	struct drm_nvdla_queue_state state = { .queue = queue };

	KUNIT_EXPECT_EQ(test, nvdla_ioctl_queue_state(&mock->ndev.drm, &state, &mock->file), 0);
	return state;
}

static void expect_result(struct kunit *test, u32 queue, u64 submitted, u64 done, u64 failed,
			  u64 faults)
{
	struct drm_nvdla_queue_state state = state_of(test, queue);

	KUNIT_EXPECT_EQ(test, state.jobs_submitted, submitted);
	KUNIT_EXPECT_EQ(test, state.jobs_done, done);
	KUNIT_EXPECT_EQ(test, state.jobs_failed, failed);
	KUNIT_EXPECT_EQ(test, state.fault_count, faults);
}

static u64 running(struct kunit *test)
{
	struct nvdla_device *ndev = &mock_of(test)->ndev;
	u64 cookie;

	spin_lock_irq(&ndev->lock);
	cookie = ndev->job ? ndev->job->cookie : 0;
	spin_unlock_irq(&ndev->lock);
	return cookie;
}

static void test_jobs_of_a_queue_take_turns(struct kunit *test)
{
	struct mock_job *job[3];

	mock_of(test)->program = new_program(test, 2);
	for (u32 i = 0; i < ARRAY_SIZE(job); i++)
		job[i] = submit(test, 0, i + 1);
	for (u32 i = 0; i < ARRAY_SIZE(job); i++) {
		expect_started(test, 2 * i + 1);
		KUNIT_EXPECT_EQ(test, running(test), i + 1);
		KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(job[i]->fence));
		finish_job(test, 2);
		KUNIT_EXPECT_EQ(test, outcome(test, job[i]), 1);
		expect_result(test, 0, 3, i + 1, 0, 0);
	}
	KUNIT_EXPECT_EQ(test, mock_of(test)->resets, 0);
}

static void test_the_most_urgent_goes_next(struct kunit *test)
{
	u32 low = new_queue(test, DRM_NVDLA_PRIORITY_LOW, 0);
	u32 normal = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, 0);
	u32 high = new_queue(test, DRM_NVDLA_PRIORITY_HIGH, 0);

	submit(test, low, 1);
	expect_started(test, 1);
	submit(test, low, 2);
	submit(test, normal, 3);
	submit(test, high, 4);
	for (u64 cookie = 4; cookie >= 2; cookie--) {
		/* Nothing interrupts the one that runs. */
		KUNIT_EXPECT_EQ(test, running(test), cookie == 4 ? 1 : cookie + 1);
		finish_job(test, 1);
		expect_started(test, 6 - cookie);
		KUNIT_EXPECT_EQ(test, running(test), cookie);
	}
	finish_job(test, 1);
}

static void test_pending_jobs_are_bounded(struct kunit *test)
{
	struct drm_nvdla_submit args;

	for (u32 i = 0; i < NVDLA_MAX_PENDING; i++)
		submit(test, 0, i);
	args = new_job(test, 0, 0);
	KUNIT_EXPECT_EQ(test, try_submit(test, &args), -EBUSY);
	finish_job(test, 1);
	KUNIT_EXPECT_EQ(test, try_submit(test, &args), 0);
	finish_job(test, NVDLA_MAX_PENDING);
	expect_result(test, 0, NVDLA_MAX_PENDING + 1, NVDLA_MAX_PENDING + 1, 0, 0);
}

/* It fails when its time is up, tells where it hung, and the next one runs. */
static void test_a_hang_costs_one_job(struct kunit *test)
{
	u32 queue = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, TIMEOUT_MS);
	struct drm_nvdla_queue_state state;
	struct mock_job *guilty, *next;
	s64 ms;

	mock_of(test)->program = new_program(test, 3);
	guilty = submit(test, queue, 1);
	next = submit(test, queue, 2);
	expect_started(test, 1);
	/* The watchdog comes too early now, and has to come again. */
	msleep(TIMEOUT_MS / 2);
	finish_op(test);
	ms = ms_to_end(test, guilty);
	KUNIT_EXPECT_GE(test, ms, TIMEOUT_MS - 2 * TICK_MS);
	KUNIT_EXPECT_LE(test, ms, LATEST_MS);
	KUNIT_EXPECT_EQ(test, outcome(test, guilty), -ETIMEDOUT);

	state = state_of(test, queue);
	KUNIT_EXPECT_EQ(test, state.fault_count, 1);
	KUNIT_EXPECT_EQ(test, state.fault_cookie, 1);
	KUNIT_EXPECT_EQ(test, state.fault_op, 1);
	KUNIT_EXPECT_EQ(test, state.fault_op_cookie, 71);
	KUNIT_EXPECT_EQ(test, state.fault_engine, DRM_NVDLA_SDP);
	KUNIT_EXPECT_EQ(test, state.resets, 1);
	KUNIT_EXPECT_EQ(test, mock_of(test)->resets, 1);
	KUNIT_EXPECT_NE(test, guilty->times[0].end_ns, 0);
	KUNIT_EXPECT_NE(test, guilty->times[1].start_ns, 0);
	KUNIT_EXPECT_EQ(test, guilty->times[1].end_ns, 0);
	KUNIT_EXPECT_EQ(test, guilty->times[2].start_ns, 0);

	finish_job(test, 3);
	KUNIT_EXPECT_EQ(test, outcome(test, next), 1);
	expect_result(test, queue, 2, 1, 1, 1);
	expect_result(test, 0, 0, 0, 0, 0);
}

/* The time is that of an operation, not that of a program. */
static void test_progress_is_no_hang(struct kunit *test)
{
	u32 queue = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, TIMEOUT_MS);
	struct mock_job *job;

	mock_of(test)->program = new_program(test, 3);
	job = submit(test, queue, 1);
	for (u32 i = 0; i < 3; i++) {
		expect_started(test, i + 1);
		msleep(TIMEOUT_MS - 10 * TICK_MS);
		finish_op(test);
	}
	KUNIT_EXPECT_EQ(test, outcome(test, job), 1);
	KUNIT_EXPECT_EQ(test, mock_of(test)->resets, 0);
}

/* Of two queues, each job has its own time, whatever was before it. */
static void test_the_watchdog_follows_the_job(struct kunit *test)
{
	u32 patient = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, 20 * TIMEOUT_MS);
	u32 impatient = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, TIMEOUT_MS);
	struct mock_job *job;

	for (u32 round = 0; round < 3; round++) {
		s64 ms;

		submit(test, patient, 1);
		finish_job(test, 1);
		job = submit(test, impatient, 2);
		ms = ms_to_end(test, job);
		KUNIT_EXPECT_EQ(test, outcome(test, job), -ETIMEDOUT);
		KUNIT_EXPECT_LE(test, ms, LATEST_MS);
	}
	/* And the other way round: the short time-out of the one before is not this one's. */
	job = submit(test, patient, 3);
	expect_started(test, 1);
	msleep(10 * TIMEOUT_MS);
	finish_op(test);
	KUNIT_EXPECT_EQ(test, outcome(test, job), 1);
	KUNIT_EXPECT_EQ(test, mock_of(test)->resets, 3);
}

/* The hardware has done its work: that is looked for before it is blamed. */
static void test_a_lost_interrupt_is_no_hang(struct kunit *test)
{
	u32 queue = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, TIMEOUT_MS);
	struct mock_job *job = submit(test, queue, 1);
	s64 ms;

	expect_started(test, 1);
	mock_of(test)->has_interrupt_line = false;
	finish_op(test);
	KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(job->fence));
	ms = ms_to_end(test, job);
	KUNIT_EXPECT_EQ(test, outcome(test, job), 1);
	KUNIT_EXPECT_LE(test, ms, LATEST_MS);
	KUNIT_EXPECT_EQ(test, mock_of(test)->resets, 0);
	expect_result(test, queue, 1, 1, 0, 0);
}

/* An interrupt that the next job does not wait for does not end it. */
static void test_a_late_interrupt_is_not_the_next_jobs(struct kunit *test)
{
	u32 queue = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, TIMEOUT_MS);
	struct mock *mock = mock_of(test);
	struct mock_job *guilty = submit(test, queue, 1), *next;
	u64 stray = mock->ndev.stray_irqs;

	KUNIT_EXPECT_EQ(test, outcome(test, guilty), -ETIMEDOUT);
	/* While nothing runs it is only counted. */
	mock->done_bits = BIT(0) | BIT(1);
	KUNIT_EXPECT_EQ(test, nvdla_job_irq(mock->ndev.irq, &mock->ndev), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, mock->done_bits, 0);
	KUNIT_EXPECT_EQ(test, mock->ndev.stray_irqs, stray + 1);

	next = submit(test, queue, 2);
	expect_started(test, 1);
	mock->done_bits = BIT(1) | BIT(2) | BIT(21);
	KUNIT_EXPECT_EQ(test, nvdla_job_irq(mock->ndev.irq, &mock->ndev), IRQ_HANDLED);
	KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(next->fence));
	finish_op(test);
	KUNIT_EXPECT_EQ(test, outcome(test, next), 1);
	/* Of a line that is shared, or while the power is off: not ours. */
	KUNIT_EXPECT_EQ(test, nvdla_job_irq(mock->ndev.irq, &mock->ndev), IRQ_NONE);
	mock->done_bits = BIT(0);
	mock->ndev.powered = false;
	KUNIT_EXPECT_EQ(test, nvdla_job_irq(mock->ndev.irq, &mock->ndev), IRQ_NONE);
}

/* Such an interrupt is no progress, either. */
static void test_noise_is_no_progress(struct kunit *test)
{
	u32 queue = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, TIMEOUT_MS);
	struct mock *mock = mock_of(test);
	struct mock_job *job = submit(test, queue, 1);
	ktime_t start = ktime_get();

	expect_started(test, 1);
	for (u32 i = 0; i < 50 && !dma_fence_is_signaled(job->fence); i++) {
		spin_lock_irq(&mock->ndev.lock);
		mock->done_bits |= BIT(1);
		spin_unlock_irq(&mock->ndev.lock);
		nvdla_job_irq(mock->ndev.irq, &mock->ndev);
		msleep(TIMEOUT_MS / 5);
	}
	KUNIT_EXPECT_EQ(test, outcome(test, job), -ETIMEDOUT);
	KUNIT_EXPECT_LE(test, ktime_ms_delta(ktime_get(), start), 2 * TIMEOUT_MS);
}

/* What the device may still write to is never given back; all others are told. */
static void test_without_a_reset_line(struct kunit *test)
{
	u32 queue = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, TIMEOUT_MS);
	struct mock *mock = mock_of(test);
	struct mock_job *guilty, *next;
	struct drm_nvdla_submit args;

	mock->has_reset_line = false;
	guilty = submit(test, queue, 1);
	next = submit(test, queue, 2);
	KUNIT_EXPECT_EQ(test, outcome(test, guilty), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, outcome(test, next), -EIO);
	KUNIT_EXPECT_EQ(test, started(mock), 1);
	args = new_job(test, queue, 3);
	KUNIT_EXPECT_EQ(test, try_submit(test, &args), -EIO);
	expect_result(test, queue, 2, 0, 2, 1);
	KUNIT_EXPECT_EQ(test, state_of(test, queue).resets, 0);

	msleep(100 * TICK_MS);
	KUNIT_EXPECT_EQ(test, mock->ndev.jobs, 0);
	KUNIT_EXPECT_EQ(test, kref_read(&guilty->bo->refcount), 2);
	KUNIT_EXPECT_EQ(test, kref_read(&next->bo->refcount), 1);
	drm_gem_object_put(guilty->bo);
}

static void test_unplugged_while_busy(struct kunit *test)
{
	struct mock *mock = mock_of(test);
	struct mock_job *job[3];

	for (u32 i = 0; i < ARRAY_SIZE(job); i++)
		job[i] = submit(test, 0, i + 1);
	expect_started(test, 1);
	drm_dev_unplug(&mock->ndev.drm);
	nvdla_recovery_abort(&mock->ndev);
	for (u32 i = 0; i < ARRAY_SIZE(job); i++)
		KUNIT_EXPECT_EQ(test, outcome(test, job[i]), -ENODEV);
	KUNIT_EXPECT_EQ(test, mock->resets, 1);
	expect_result(test, 0, 3, 0, 3, 0);
	KUNIT_EXPECT_EQ(test, nvdla_recovery_expire(&mock->ndev), -ENODEV);
}

/* What has begun comes to its end, what has not is cancelled behind it; others notice nothing. */
static void test_a_queue_is_destroyed(struct kunit *test)
{
	u32 queue = new_queue(test, DRM_NVDLA_PRIORITY_HIGH, 0);
	struct drm_nvdla_queue_destroy destroy = { .handle = queue };
	struct mock *mock = mock_of(test);
	struct mock_job *begun, *waiting[3], *other;
	struct drm_nvdla_submit args;

	begun = submit(test, queue, 1);
	expect_started(test, 1);
	for (u32 i = 0; i < ARRAY_SIZE(waiting); i++)
		waiting[i] = submit(test, queue, 2 + i);
	other = submit(test, 0, 9);
	KUNIT_EXPECT_EQ(test, nvdla_ioctl_queue_destroy(&mock->ndev.drm, &destroy, &mock->file), 0);
	KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(begun->fence));
	args = new_job(test, queue, 3);
	KUNIT_EXPECT_EQ(test, try_submit(test, &args), -ENOENT);
	finish_job(test, 1);
	KUNIT_EXPECT_EQ(test, outcome(test, begun), 1);
	for (u32 i = 0; i < ARRAY_SIZE(waiting); i++)
		KUNIT_EXPECT_EQ(test, outcome(test, waiting[i]), -ESRCH);
	expect_started(test, 2);
	KUNIT_EXPECT_EQ(test, running(test), 9);
	finish_job(test, 1);
	KUNIT_EXPECT_EQ(test, outcome(test, other), 1);
}

/* One that hangs at the end of its queue, of which nobody knows any more. */
static void test_a_job_hangs_without_its_queue(struct kunit *test)
{
	u32 queue = new_queue(test, DRM_NVDLA_PRIORITY_NORMAL, TIMEOUT_MS);
	struct drm_nvdla_queue_destroy destroy = { .handle = queue };
	struct mock *mock = mock_of(test);
	struct mock_job *job = submit(test, queue, 1), *other = submit(test, 0, 2);

	expect_started(test, 1);
	KUNIT_EXPECT_EQ(test, nvdla_ioctl_queue_destroy(&mock->ndev.drm, &destroy, &mock->file), 0);
	KUNIT_EXPECT_EQ(test, outcome(test, job), -ETIMEDOUT);
	finish_job(test, 1);
	KUNIT_EXPECT_EQ(test, outcome(test, other), 1);
	KUNIT_EXPECT_EQ(test, mock->resets, 1);
}

/* As for a suspend: what runs may end, nothing begins, and no time runs out. */
static void test_jobs_are_held(struct kunit *test)
{
	struct nvdla_device *ndev = &mock_of(test)->ndev;
	struct mock_job *first = submit(test, 0, 1), *second;

	expect_started(test, 1);
	drm_sched_wqueue_stop(&ndev->sched);
	second = submit(test, 0, 2);
	finish_op(test);
	nvdla_job_wait_idle(ndev);
	KUNIT_EXPECT_EQ(test, running(test), 0);
	msleep(20 * TIMEOUT_MS);
	expect_started(test, 1);
	drm_sched_wqueue_start(&ndev->sched);
	KUNIT_EXPECT_EQ(test, outcome(test, first), 1);
	finish_job(test, 1);
	KUNIT_EXPECT_EQ(test, outcome(test, second), 1);
	KUNIT_EXPECT_EQ(test, mock_of(test)->resets, 0);
}

static void test_a_job_is_expired(struct kunit *test)
{
	struct nvdla_device *ndev = &mock_of(test)->ndev;
	struct mock_job *job;

	KUNIT_EXPECT_EQ(test, nvdla_recovery_expire(ndev), -EAGAIN);
	job = submit(test, 0, 1);
	expect_started(test, 1);
	KUNIT_EXPECT_EQ(test, nvdla_recovery_expire(ndev), 0);
	KUNIT_EXPECT_LE(test, ms_to_end(test, job), 2 * TICK_MS);
	KUNIT_EXPECT_EQ(test, outcome(test, job), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, nvdla_recovery_expire(ndev), -EAGAIN);
}

struct holder {
	struct dma_resv *resv;
	struct completion held, release, gone;
};

static int hold_reservation(void *data)
{
	struct holder *holder = data;

	dma_resv_lock(holder->resv, NULL);
	complete(&holder->held);
	wait_for_completion(&holder->release);
	dma_resv_unlock(holder->resv);
	complete(&holder->gone);
	return 0;
}

/* Somebody else has the buffer locked, and a signal comes: as if nothing had been asked. */
static void test_a_signal_while_submitting(struct kunit *test)
{
	char text[16];
	struct mock *mock = mock_of(test);
	struct drm_nvdla_submit args = new_job(test, 0, 5), before;
	struct holder holder = { .resv = mock->jobs[0].bo->resv };
	struct nvdla_client *client = mock->file.driver_priv;
	struct task_struct *task;

	init_completion(&holder.held);
	init_completion(&holder.release);
	init_completion(&holder.gone);
	args.reason.text = (uintptr_t)text;
	args.reason.text_size = sizeof(text);
	before = args;
	task = kthread_run(hold_reservation, &holder, "nvdla-holder");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	wait_for_completion(&holder.held);

	allow_signal(SIGUSR1);
	send_sig(SIGUSR1, current, 1);
	KUNIT_EXPECT_EQ(test, try_submit(test, &args), -EINTR);
	flush_signals(current);
	disallow_signal(SIGUSR1);
	KUNIT_EXPECT_MEMEQ(test, &args, &before, sizeof(args));
	KUNIT_EXPECT_EQ(test, atomic_read(&client->pending), 0);
	KUNIT_EXPECT_EQ(test, mock->ndev.jobs, 0);
	KUNIT_EXPECT_EQ(test, kref_read(&mock->jobs[0].bo->refcount), 1);
	expect_result(test, 0, 0, 0, 0, 0);

	complete(&holder.release);
	wait_for_completion(&holder.gone);
	KUNIT_EXPECT_EQ(test, try_submit(test, &args), 0);
	finish_job(test, 1);
	expect_result(test, 0, 1, 1, 0, 0);
}

static int jobs_test_init(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "nvdla-mock");
	struct nvdla_device *ndev;
	struct mock *mock;
	int ret;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	mock = devm_drm_dev_alloc(dev, &mock_driver, struct mock, ndev.drm);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mock);
	test->priv = mock;
	mock->dev = dev;
	mock->has_reset_line = true;
	mock->has_interrupt_line = true;

	ndev = &mock->ndev;
	ndev->config = nvdla_config_find("nv_small");
	ndev->irq = -1;
	ndev->powered = true;
	ndev->io = (struct nvdla_io) { .ctx = ndev, .read = mock_read, .write = mock_write };
	spin_lock_init(&ndev->lock);
	init_waitqueue_head(&ndev->idle);
	INIT_LIST_HEAD(&ndev->processes);
	nvdla_arbiter_init(&ndev->arbiter);
	nvdla_hw_reset(&ndev->hw);
	nvdla_event_init(ndev);
	ret = nvdla_recovery_init(ndev);
	if (!ret)
		ret = nvdla_job_setup(ndev);
	if (!ret)
		ret = drm_dev_register(&ndev->drm, 0);
	if (ret)
		return ret;

	idr_init_base(&mock->file.object_idr, 1);
	spin_lock_init(&mock->file.table_lock);
	ret = nvdla_client_open(&ndev->drm, &mock->file);
	if (!ret)
		mock->program = new_program(test, 1);
	return ret;
}

/* However the test ended: nothing of it is left. */
static void jobs_test_exit(struct kunit *test)
{
	struct mock *mock = mock_of(test);
	struct nvdla_device *ndev;

	if (!mock)
		return;
	ndev = &mock->ndev;
	if (mock->file.driver_priv)
		nvdla_client_close(&ndev->drm, &mock->file);
	drm_dev_unplug(&ndev->drm);
	nvdla_recovery_abort(ndev);
	nvdla_event_close(ndev);
	for (u32 i = 0; i < mock->job_count; i++) {
		dma_fence_put(mock->jobs[i].fence);
		drm_gem_object_put(mock->jobs[i].bo);
	}
	idr_destroy(&mock->file.object_idr);
	wait_event(ndev->idle, !READ_ONCE(ndev->jobs));
	KUNIT_EXPECT_TRUE(test, list_empty(&ndev->processes));
	kunit_device_unregister(test, mock->dev);
}

static struct kunit_case jobs_cases[] = {
	KUNIT_CASE(test_jobs_of_a_queue_take_turns),
	KUNIT_CASE(test_the_most_urgent_goes_next),
	KUNIT_CASE(test_pending_jobs_are_bounded),
	KUNIT_CASE(test_a_hang_costs_one_job),
	KUNIT_CASE(test_progress_is_no_hang),
	KUNIT_CASE(test_the_watchdog_follows_the_job),
	KUNIT_CASE(test_a_lost_interrupt_is_no_hang),
	KUNIT_CASE(test_a_late_interrupt_is_not_the_next_jobs),
	KUNIT_CASE(test_noise_is_no_progress),
	KUNIT_CASE(test_without_a_reset_line),
	KUNIT_CASE(test_unplugged_while_busy),
	KUNIT_CASE(test_a_queue_is_destroyed),
	KUNIT_CASE(test_a_job_hangs_without_its_queue),
	KUNIT_CASE(test_jobs_are_held),
	KUNIT_CASE(test_a_job_is_expired),
	KUNIT_CASE(test_a_signal_while_submitting),
	{}
};

static struct kunit_suite jobs_suite = {
	.name = "nvdla_jobs",
	.init = jobs_test_init,
	.exit = jobs_test_exit,
	.test_cases = jobs_cases,
};

kunit_test_suite(jobs_suite);
