// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "npu.h"

/*
 * Nothing that passes the validator hangs the hardware, so these need a device that misbehaves on
 * purpose, freshly started. The environment tells what it does, as properties of the QEMU device do:
 *
 * NVDLA_HANG_AT=3	the third operation never ends (hang-at=3)
 * NVDLA_LOST_IRQ=2	the second interrupt does not arrive (lost-irq=2); the first is the driver's test
 * NVDLA_NO_RESET=1	there is no reset line; with NVDLA_HANG_AT=1
 * NVDLA_GONE_AT=2	from the second operation on registers read as all ones (gone-at=2)
 */

#define TIMEOUT_MS	500

static void need(const char *name, const char *value)
{
	const char *is = getenv(name);

	if ((is || value) && (!is || !value || strcmp(is, value)))
		SKIP("needs a device that misbehaves in another way");
}

static uint32_t impatient_queue(int fd)
{
	struct drm_nvdla_queue_create create = {
		.priority = DRM_NVDLA_PRIORITY_NORMAL,
		.timeout_ms = TIMEOUT_MS,
	};

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	return create.handle;
}

/* Submit; returns a sync_file for the end. */
static int submit_copy(int fd, const struct npu_copy *copy, uint32_t queue, uint64_t cookie)
{
	struct drm_nvdla_submit submit = npu_copy_submit(copy);
	struct drm_nvdla_sync sync = { .handle = npu_syncobj_new(fd), .flags = DRM_NVDLA_SYNC_SIGNAL };

	submit.queue = queue;
	submit.cookie = cookie;
	submit.syncs = (uintptr_t)&sync;
	submit.sync_count = 1;
	submit.sync_stride = sizeof(sync);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	return npu_fence_of(fd, sync.handle);
}

static int outcome(int fence)
{
	return npu_fence_end(fence, 20);
}

TEST(a_hang_costs_one_job)
{
	enum { JOBS = 5, BAD = 2 };
	int fd = npu_open(), other = npu_open(), fence[JOBS], other_fence;
	uint32_t queue = impatient_queue(fd);
	struct npu_copy copy[JOBS], bystander = npu_copy_new(other, 64, 0);
	struct drm_nvdla_queue_state state;
	struct drm_nvdla_op op = npu_copy_op(64);
	int64_t start;

	need("NVDLA_HANG_AT", "3");
	need("NVDLA_NO_RESET", NULL);
	for (int i = 0; i < JOBS; i++) {
		copy[i] = npu_copy_new(fd, 64, 0);
		op.cookie = 1000 + (uint64_t)i;
		EXPECT_EQ(npu_program_new(fd, &op, 1, &copy[i].program), 0);
	}
	start = npu_now();
	for (int i = 0; i < JOBS; i++)
		fence[i] = submit_copy(fd, &copy[i], queue, 100 + (uint64_t)i);
	EXPECT_EQ(outcome(fence[BAD]), -ETIMEDOUT);
	EXPECT(npu_now() - start < 10 * SECOND);

	npu_queue_state(fd, queue, &state);
	EXPECT_EQ(state.fault_count, 1);
	EXPECT_EQ(state.jobs_failed, 1);
	EXPECT_EQ(state.resets, 1);
	EXPECT_EQ(state.fault_cookie, 100 + BAD);
	EXPECT_EQ(state.fault_op_cookie, 1000 + BAD);
	EXPECT_EQ(state.fault_op, 0);
	EXPECT_EQ(state.fault_engine, DRM_NVDLA_SDP);

	other_fence = submit_copy(other, &bystander, 0, 1);
	EXPECT_EQ(outcome(other_fence), 1);
	npu_copy_check(other, &bystander);
	for (int i = 0; i < JOBS; i++) {
		if (i == BAD)
			continue;
		EXPECT_EQ(outcome(fence[i]), 1);
		npu_copy_check(fd, &copy[i]);
	}
	npu_queue_state(fd, queue, &state);
	EXPECT_EQ(state.jobs_done, JOBS - 1);
	npu_queue_state(other, 0, &state);
	EXPECT_EQ(state.fault_count, 0);
	EXPECT_EQ(state.resets, 1);
}

TEST(a_lost_interrupt_costs_time_only)
{
	int fd = npu_open();
	uint32_t queue = impatient_queue(fd);
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_queue_state state;

	need("NVDLA_LOST_IRQ", "2");
	EXPECT_EQ(outcome(submit_copy(fd, &copy, queue, 1)), 1);
	npu_copy_check(fd, &copy);
	npu_copy_fill(&copy, 2);
	EXPECT_EQ(outcome(submit_copy(fd, &copy, queue, 2)), 1);
	npu_copy_check(fd, &copy);
	npu_queue_state(fd, queue, &state);
	EXPECT_EQ(state.fault_count, 0);
	EXPECT_EQ(state.resets, 0);
	EXPECT_EQ(state.jobs_done, 2);
}

TEST(without_reset_no_more_work)
{
	int fd = npu_open(), hung, waiting;
	uint32_t queue = impatient_queue(fd);
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_dev_info info;

	need("NVDLA_HANG_AT", "1");
	need("NVDLA_NO_RESET", "1");
	npu_info(fd, &info);
	EXPECT(!(info.flags & (DRM_NVDLA_INFO_RESET | DRM_NVDLA_INFO_WEDGED)));
	hung = submit_copy(fd, &copy, queue, 1);
	waiting = submit_copy(fd, &copy, queue, 2);
	EXPECT_EQ(outcome(hung), -ETIMEDOUT);
	EXPECT_EQ(outcome(waiting), -EIO);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), -EIO);
	npu_info(fd, &info);
	EXPECT(info.flags & DRM_NVDLA_INFO_WEDGED);
}

/* What reads as all ones is not done, whatever bits that may be; and no reset brings it back. */
TEST(without_answer_no_more_work)
{
	int fd = npu_open(), lost;
	uint32_t queue = impatient_queue(fd);
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_dev_info info;

	need("NVDLA_GONE_AT", "2");
	EXPECT_EQ(outcome(submit_copy(fd, &copy, queue, 1)), 1);
	npu_copy_check(fd, &copy);
	lost = submit_copy(fd, &copy, queue, 2);
	EXPECT_EQ(outcome(lost), -ETIMEDOUT);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), -EIO);
	npu_info(fd, &info);
	EXPECT(info.flags & DRM_NVDLA_INFO_WEDGED);
}

/* Closing the file waits for nothing, and cancels what has not begun. */
TEST(file_closed_behind_a_hang)
{
	int fd = npu_open(), other = npu_open(), fence[10];
	struct npu_copy copy = npu_copy_new(fd, 64, 0), bystander = npu_copy_new(other, 64, 0);
	int64_t start;

	need("NVDLA_HANG_AT", "1");
	need("NVDLA_NO_RESET", NULL);
	for (int i = 0; i < 10; i++)
		fence[i] = submit_copy(fd, &copy, 0, (uint64_t)i);
	npu_copy_unmap(&copy);
	start = npu_now();
	close(fd);
	EXPECT(npu_now() - start < SECOND);
	EXPECT_EQ(outcome(fence[0]), -ETIMEDOUT);
	for (int i = 1; i < 10; i++)
		EXPECT_EQ(outcome(fence[i]), -ESRCH);
	EXPECT_EQ(outcome(submit_copy(other, &bystander, 0, 1)), 1);
	npu_copy_check(other, &bystander);
}
