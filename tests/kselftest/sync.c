// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>

#include "npu.h"

static void add_syncs(struct drm_nvdla_submit *submit, const struct drm_nvdla_sync *syncs, uint32_t count)
{
	submit->syncs = (uintptr_t)syncs;
	submit->sync_count = count;
	submit->sync_stride = sizeof(*syncs);
}

static uint32_t new_queue(int fd)
{
	struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_NORMAL };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	return create.handle;
}

/*
 * Two copies, the second of what the first has copied, on two queues: right only if the second waits.
 * Returns when both have been submitted.
 */
static struct npu_copy submit_relay(int fd, struct npu_copy *first, uint32_t flags,
				    const struct drm_nvdla_sync *signal, const struct drm_nvdla_sync *wait)
{
	struct npu_copy second = npu_copy_new(fd, first->bytes / 8, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(first);

	submit.flags = flags;
	add_syncs(&submit, signal, signal ? 1 : 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);

	second.bindings[0].handle = first->dst.handle;
	submit = npu_copy_submit(&second);
	submit.flags = flags;
	submit.queue = new_queue(fd);
	add_syncs(&submit, wait, wait ? 1 : 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	memcpy(second.src.map, first->src.map, first->bytes);
	return second;
}

static void check_relay(int fd, const struct npu_copy *second)
{
	EXPECT_EQ(npu_bo_wait(fd, second->dst.handle, 60), 0);
	npu_copy_check(fd, second);
}

TEST(out_syncobj_signals)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_sync sync = { .handle = npu_syncobj_new(fd), .flags = DRM_NVDLA_SYNC_SIGNAL };

	EXPECT_EQ(npu_syncobj_wait(fd, sync.handle, 0), -EINVAL);
	add_syncs(&submit, &sync, 1);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_syncobj_wait(fd, sync.handle, 30), 0);
	npu_copy_check(fd, &copy);
}

TEST(binary_syncobj_orders)
{
	int fd = npu_open();
	struct npu_copy first = npu_copy_new(fd, 8192, 0), second;
	struct drm_nvdla_sync signal = { .handle = npu_syncobj_new(fd), .flags = DRM_NVDLA_SYNC_SIGNAL };
	struct drm_nvdla_sync wait = { .handle = signal.handle, .flags = DRM_NVDLA_SYNC_WAIT };

	second = submit_relay(fd, &first, DRM_NVDLA_SUBMIT_NO_IMPLICIT, &signal, &wait);
	check_relay(fd, &second);
}

TEST(timeline_syncobj_orders)
{
	int fd = npu_open();
	struct npu_copy first = npu_copy_new(fd, 8192, 0), second;
	struct drm_nvdla_sync signal = {
		.handle = npu_syncobj_new(fd),
		.flags = DRM_NVDLA_SYNC_SIGNAL | DRM_NVDLA_SYNC_TIMELINE,
		.point = (1ull << 32) + 5,
	};
	struct drm_nvdla_sync wait = {
		.handle = signal.handle,
		.flags = DRM_NVDLA_SYNC_WAIT | DRM_NVDLA_SYNC_TIMELINE,
		.point = (1ull << 32) + 5,
	};
	uint64_t point = 0;
	struct drm_syncobj_timeline_array query = {
		.handles = (uintptr_t)&signal.handle,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};

	second = submit_relay(fd, &first, DRM_NVDLA_SUBMIT_NO_IMPLICIT, &signal, &wait);
	check_relay(fd, &second);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_SYNCOBJ_QUERY, &query), 0);
	EXPECT_EQ(point, signal.point);

	/* A point that nobody has promised. */
	wait.point++;
	struct drm_nvdla_submit submit = npu_copy_submit(&first);

	add_syncs(&submit, &wait, 1);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), -EINVAL);
}

static int fence_status(int fd, uint32_t syncobj)
{
	return npu_fence_end(npu_fence_of(fd, syncobj), 60);
}

/* One submission is cancelled while it waits; the one that waits for it runs all the same. */
TEST(a_failed_fence_has_signalled)
{
	int fd = npu_open();
	struct npu_copy slow = npu_copy_new(fd, 8192, 0), cancelled = npu_copy_new(fd, 64, 0);
	struct npu_copy last = npu_copy_new(fd, 64, 0);
	uint32_t end_of_slow = npu_syncobj_new(fd), end_of_cancelled = npu_syncobj_new(fd);
	struct drm_nvdla_sync end = { .handle = end_of_slow, .flags = DRM_NVDLA_SYNC_SIGNAL };
	struct drm_nvdla_sync syncs[] = {
		{ .handle = end_of_slow, .flags = DRM_NVDLA_SYNC_WAIT },
		{ .handle = end_of_cancelled, .flags = DRM_NVDLA_SYNC_SIGNAL },
	};
	struct drm_nvdla_sync after = { .handle = end_of_cancelled, .flags = DRM_NVDLA_SYNC_WAIT };
	struct drm_nvdla_submit submit = npu_copy_submit(&slow);
	struct drm_nvdla_queue_destroy destroy = { 0 };
	struct drm_nvdla_queue_state state;

	add_syncs(&submit, &end, 1);
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	submit = npu_copy_submit(&cancelled);
	submit.queue = destroy.handle = new_queue(fd);
	add_syncs(&submit, syncs, 2);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	submit = npu_copy_submit(&last);
	submit.queue = new_queue(fd);
	add_syncs(&submit, &after, 1);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &destroy), 0);

	EXPECT_EQ(fence_status(fd, end_of_cancelled), -ESRCH);
	EXPECT_EQ(npu_bo_wait(fd, last.dst.handle, 60), 0);
	npu_copy_check(fd, &last);
	npu_queue_state(fd, submit.queue, &state);
	EXPECT_EQ(state.jobs_done, 1);
	EXPECT_EQ(npu_bo_wait(fd, cancelled.dst.handle, 60), 0);
	EXPECT(cancelled.dst.map[0] != cancelled.src.map[0]);
}

/* Beyond what time-outs in jiffies can say. */
TEST(a_wait_for_ever_ends)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 4096, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_bo_wait wait = { .handle = copy.dst.handle, .timeout_ns = INT64_MAX };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_WAIT, &wait), 0);
	npu_copy_check(fd, &copy);
}

TEST(buffers_order_implicitly)
{
	int fd = npu_open();
	struct npu_copy first = npu_copy_new(fd, 8192, 0);
	struct npu_copy second = submit_relay(fd, &first, 0, NULL, NULL);

	check_relay(fd, &second);
}

TEST(sync_file_becomes_ready)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_sync sync = { .handle = npu_syncobj_new(fd), .flags = DRM_NVDLA_SYNC_SIGNAL };

	add_syncs(&submit, &sync, 1);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(fence_status(fd, sync.handle), 1);
	npu_copy_check(fd, &copy);
}

TEST(syncs_are_checked)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	uint32_t obj = npu_syncobj_new(fd);
	const struct {
		struct drm_nvdla_sync sync;
		int error;
	} cases[] = {
		{ { obj, 0, 0 }, -EINVAL },
		{ { obj, DRM_NVDLA_SYNC_WAIT | DRM_NVDLA_SYNC_SIGNAL, 0 }, -EINVAL },
		{ { obj, DRM_NVDLA_SYNC_TIMELINE, 1 }, -EINVAL },
		{ { obj, 8 | DRM_NVDLA_SYNC_SIGNAL, 0 }, -EINVAL },
		{ { obj, DRM_NVDLA_SYNC_SIGNAL, 1 }, -EINVAL },
		{ { obj, DRM_NVDLA_SYNC_SIGNAL | DRM_NVDLA_SYNC_TIMELINE, 0 }, -EINVAL },
		{ { obj, DRM_NVDLA_SYNC_WAIT, 0 }, -EINVAL },
		{ { obj + 1, DRM_NVDLA_SYNC_WAIT, 0 }, -ENOENT },
		{ { obj + 1, DRM_NVDLA_SYNC_SIGNAL, 0 }, -ENOENT },
		{ { 0, DRM_NVDLA_SYNC_SIGNAL, 0 }, -ENOENT },
	};
	struct drm_nvdla_queue_state state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* A good one first: it must not signal either. */
		struct drm_nvdla_sync syncs[] = { { obj, DRM_NVDLA_SYNC_SIGNAL, 0 }, cases[i].sync };
		struct drm_nvdla_submit submit = npu_copy_submit(&copy);

		add_syncs(&submit, syncs, 2);
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), cases[i].error);
		EXPECT_EQ(npu_syncobj_wait(fd, obj, 0), -EINVAL);
	}
	npu_queue_state(fd, 0, &state);
	EXPECT_EQ(state.jobs_submitted, 0);
}

TEST(wait_gives_up)
{
	int fd = npu_open();
	struct npu_copy slow = npu_copy_new(fd, 8192, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&slow);
	struct drm_nvdla_bo_wait wait = { .handle = slow.dst.handle, .flags = 1 };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_WAIT, &wait), -EINVAL);
	for (int i = 0; i < 16; i++)
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, slow.dst.handle, 0), -ETIME);
	wait = (struct drm_nvdla_bo_wait) { .handle = slow.dst.handle, .timeout_ns = -5 };
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_WAIT, &wait), -ETIME);
	EXPECT_EQ(npu_bo_wait(fd, slow.dst.handle, 60), 0);
}
