// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <unistd.h>

#include "npu.h"

static void run_copy(int fd, const struct npu_copy *copy)
{
	struct drm_nvdla_submit submit = npu_copy_submit(copy);

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy->dst.handle, 30), 0);
	npu_copy_check(fd, copy);
}

TEST(copy_write_combined)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 100, 0);

	run_copy(fd, &copy);
}

TEST(copy_cached)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 1000, DRM_NVDLA_BO_CACHED);

	run_copy(fd, &copy);
}

/* Only registers that differ are written: that must not show. */
TEST(run_often)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 10, 0), other = npu_copy_new(fd, 20, 0);

	for (uint32_t i = 0; i < 200; i++) {
		struct npu_copy *now = i % 3 ? &copy : &other;

		npu_copy_fill(now, i);
		run_copy(fd, now);
	}
}

/* Power that goes away takes all registers with it. */
TEST(run_suspend_run)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 10, 0);

	for (uint32_t i = 0; i < 4; i++) {
		npu_copy_fill(&copy, i);
		run_copy(fd, &copy);
		usleep(400 * 1000);
	}
}

TEST(ranges_of_one_buffer)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 32, 0);
	struct npu_bo bo = npu_bo_new(fd, 8192, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);

	copy.bindings[0] = (struct drm_nvdla_binding) { .handle = bo.handle, .offset = 512, .size = 256 };
	copy.bindings[1] = (struct drm_nvdla_binding) { .handle = bo.handle, .offset = 4096, .size = 256 };
	for (int i = 0; i < 256; i++)
		bo.map[512 + i] = (uint8_t)i;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, bo.handle, 30), 0);
	for (int i = 0; i < 256; i++)
		EXPECT_EQ(bo.map[4096 + i], i);
	EXPECT_EQ(bo.map[4095], 0);
	EXPECT_EQ(bo.map[4096 + 256], 0);
}

/* A relay: each operation copies what the one before it has copied. */
TEST(dependent_operations)
{
	enum { STEPS = 100, ATOMS = 16 };
	struct drm_nvdla_op ops[STEPS];
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, ATOMS, 0);
	struct npu_bo relay = npu_bo_new(fd, (STEPS + 1) * ATOMS * 8, 0);
	struct drm_nvdla_binding binding = { .handle = relay.handle, .size = relay.size };
	struct drm_nvdla_submit submit = {
		.bindings = (uintptr_t)&binding,
		.binding_count = 1,
		.binding_stride = sizeof(binding),
	};

	for (uint32_t i = 0; i < STEPS; i++) {
		ops[i] = npu_copy_op(ATOMS);
		ops[i].sdp.src.addr.offset = i * ATOMS * 8;
		ops[i].sdp.dst.addr = (struct drm_nvdla_addr) { .offset = (i + 1) * ATOMS * 8 };
		if (i) {
			ops[i].deps[0] = i - 1;
			ops[i].dep_count = 1;
		}
	}
	EXPECT_EQ(npu_program_new(fd, ops, STEPS, &submit.program), 0);
	memcpy(relay.map, copy.src.map, copy.bytes);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, relay.handle, 60), 0);
	EXPECT(!memcmp(relay.map + STEPS * copy.bytes, copy.src.map, copy.bytes));
}

/* 3x3, stride 1, padded, 8 channels to 8: against a plain loop. */
TEST(convolution)
{
	enum { W = 12, H = 9, C = 8, K = 8, R = 3, WEIGHT_BYTES = 640, SHIFT = 7 };
	struct drm_nvdla_op ops[2] = {
		{
			.engine = DRM_NVDLA_CONV,
			.conv = {
				.src = { .line_stride = W * C, .surface_stride = W * H * C },
				.weights = { .slot = 1 },
				.weight_bytes = WEIGHT_BYTES,
				.src_width = W, .src_height = H, .src_channels = C,
				.kernels = K, .dst_width = W, .dst_height = H,
				.pad_value = 3,
				.kernel_width = R, .kernel_height = R,
				.stride_x = 1, .stride_y = 1, .dilation_x = 1, .dilation_y = 1,
				.pad_left = 1, .pad_right = 1, .pad_top = 1, .pad_bottom = 1,
				.data_banks = 1, .weight_banks = 1,
			},
		}, {
			.engine = DRM_NVDLA_SDP,
			.sdp = {
				.source = DRM_NVDLA_SOURCE_OP,
				.dst = { .addr.slot = 2, .line_stride = W * K,
					 .surface_stride = W * H * K },
				.width = W, .height = H, .channels = K,
				.out_scale = 1,
				.out_shift = SHIFT,
			},
		},
	};
	int fd = npu_open();
	struct npu_bo src = npu_bo_new(fd, W * H * C, 0);
	struct npu_bo weights = npu_bo_new(fd, WEIGHT_BYTES, 0);
	struct npu_bo dst = npu_bo_new(fd, W * H * K, DRM_NVDLA_BO_CACHED);
	struct drm_nvdla_binding bindings[] = {
		{ .handle = src.handle, .size = W * H * C },
		{ .handle = weights.handle, .size = WEIGHT_BYTES },
		{ .handle = dst.handle, .size = W * H * K },
	};
	struct drm_nvdla_submit submit = {
		.bindings = (uintptr_t)bindings,
		.binding_count = 3,
		.binding_stride = sizeof(bindings[0]),
	};
	uint32_t seed = 7;

	for (int i = 0; i < W * H * C; i++)
		src.map[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
	for (int i = 0; i < R * R * C * K; i++)
		weights.map[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
	EXPECT_EQ(npu_program_new(fd, ops, 2, &submit.program), 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, dst.handle, 60), 0);
	npu_bo_sync(fd, &dst, DRM_NVDLA_SYNC_FROM_DEVICE);

	for (int i = 0; i < W * H * K; i++) {
		int k = i % K, x = i / K % W, y = i / K / W, sum = 0, result;

		for (int j = 0; j < R * R * C; j++) {
			int c = j % C, sx = x + j / C % R - 1, sy = y + j / C / R - 1;
			int8_t weight = (int8_t)weights.map[(j / C * K + k) * C + c];
			bool inside = sx >= 0 && sx < W && sy >= 0 && sy < H;

			sum += weight * (inside ? (int8_t)src.map[(sy * W + sx) * C + c] : 3);
		}
		/* Half away from zero, then saturated. */
		result = (abs(sum) + (1 << (SHIFT - 1))) >> SHIFT;
		result = sum < 0 ? -result : result;
		result = result > 127 ? 127 : result < -128 ? -128 : result;
		if ((int8_t)dst.map[i] != result)
			nvdla_test_fail(__FILE__, __LINE__, "(%d, %d, %d) is %d, should be %d", x, y, k,
					(int8_t)dst.map[i], result);
	}
}

/* What a submission uses stays until it has finished. */
TEST(handles_closed_at_once)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 4096, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_program_destroy destroy = { .handle = copy.program };
	struct drm_gem_close close_src = { .handle = copy.src.handle };
	uint32_t syncobj = npu_syncobj_new(fd);
	struct drm_nvdla_sync sync = { .handle = syncobj, .flags = DRM_NVDLA_SYNC_SIGNAL };

	submit.syncs = (uintptr_t)&sync;
	submit.sync_count = 1;
	submit.sync_stride = sizeof(sync);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy), 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close_src), 0);
	EXPECT_EQ(npu_syncobj_wait(fd, syncobj, 30), 0);
	npu_copy_check(fd, &copy);
}

TEST(bindings_are_checked)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 32, 0), good = copy;
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	uint32_t src = copy.src.handle, dst = copy.dst.handle;
	const struct {
		struct drm_nvdla_binding src, dst;
		int error;
		const char *reason;
	} cases[] = {
		{ { src, 0, 0, 248 }, { dst, 0, 0, 256 }, -EINVAL, "size" },
		{ { src, 0, 0, 256 }, { dst, 0, 0, 255 }, -EINVAL, "size" },
		{ { src, 0, 4, 256 }, { dst, 0, 0, 256 }, -EINVAL, "offset" },
		{ { src, 0, 0, 256 }, { src, 0, 128, 256 }, -EINVAL, "bindings" },
		{ { 0, 0, 0, 0 }, { dst, 0, 0, 256 }, -EINVAL, "" },
		{ { src, 1, 0, 256 }, { dst, 0, 0, 256 }, -EINVAL, NULL },
		{ { 0, 0, 0, 256 }, { dst, 0, 0, 256 }, -EINVAL, NULL },
		{ { src, 0, 0, 0 }, { dst, 0, 0, 256 }, -EINVAL, NULL },
		{ { src, 0, 4096, 256 }, { dst, 0, 0, 256 }, -EINVAL, NULL },
		{ { src, 0, 3848, 256 }, { dst, 0, 0, 256 }, -EINVAL, NULL },
		{ { src, 0, UINT64_MAX - 7, 256 }, { dst, 0, 0, 256 }, -EINVAL, NULL },
		{ { src, 0, 8, UINT64_MAX }, { dst, 0, 0, 256 }, -EINVAL, NULL },
		{ { 12345, 0, 0, 256 }, { dst, 0, 0, 256 }, -ENOENT, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[128] = "";
		int ret;

		copy.bindings[0] = cases[i].src;
		copy.bindings[1] = cases[i].dst;
		submit.reason = (struct drm_nvdla_reason) { .text = (uintptr_t)text,
							    .text_size = sizeof(text) };
		ret = npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
		if (ret != cases[i].error || !submit.reason.text_size != !cases[i].reason ||
		    (cases[i].reason && strncmp(text, cases[i].reason, strlen(cases[i].reason))))
			nvdla_test_fail(__FILE__, __LINE__, "case %zu: %d, \"%s\"", i, ret, text);
	}
	submit.reason = (struct drm_nvdla_reason) { 0 };
	copy = good;
	submit.binding_count = 1;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), -EINVAL);
	submit.binding_count = 2;
	run_copy(fd, &good);
}

TEST(submit_refuses)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 32, 0);
	struct drm_nvdla_submit submit;
	struct drm_nvdla_queue_state state;

#define REFUSED(field, value, error)								\
	do {											\
		submit = npu_copy_submit(&copy);						\
		submit.field = (value);								\
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), error);		\
	} while (0)

	REFUSED(queue, 1, -ENOENT);
	REFUSED(program, 0, -ENOENT);
	REFUSED(program, copy.program + 1, -ENOENT);
	REFUSED(binding_count, DRM_NVDLA_MAX_SLOTS + 1, -EINVAL);
	REFUSED(binding_count, UINT32_MAX, -EINVAL);
	REFUSED(binding_stride, 16, -EINVAL);
	REFUSED(bindings, 8, -EFAULT);
	REFUSED(flags, 2, -EINVAL);
	REFUSED(times, 99, -ENOENT);
	REFUSED(times_offset, 64, -EINVAL);
	REFUSED(sync_count, DRM_NVDLA_MAX_SYNCS + 1, -EINVAL);
	REFUSED(reason.text_size, 0, 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 30), 0);
	npu_queue_state(fd, 0, &state);
	EXPECT_EQ(state.jobs_submitted, 1);
	EXPECT_EQ(state.jobs_done, 1);
	EXPECT_EQ(state.jobs_failed, 0);
	EXPECT_EQ(state.fault_count, 0);
}

TEST(queues)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 32, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_LOW, .timeout_ms = 5000 };
	struct drm_nvdla_queue_destroy destroy = { 0 };
	struct drm_nvdla_queue_state state;

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	EXPECT(create.handle != 0);
	submit.queue = create.handle;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 30), 0);
	npu_copy_check(fd, &copy);
	npu_queue_state(fd, create.handle, &state);
	EXPECT_EQ(state.jobs_done, 1);
	npu_queue_state(fd, 0, &state);
	EXPECT_EQ(state.jobs_submitted, 0);

	destroy.handle = create.handle;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &destroy), 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &destroy), -ENOENT);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), -ENOENT);
	state = (struct drm_nvdla_queue_state) { .queue = create.handle };
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_STATE, &state), -ENOENT);
}

TEST(queue_create_refuses)
{
	static const struct {
		struct drm_nvdla_queue_create create;
		int error;
	} cases[] = {
		{ { .priority = 3 }, -EINVAL },
		{ { .priority = UINT32_MAX }, -EINVAL },
		{ { .flags = 1 }, -EINVAL },
		{ { .handle = 1 }, -EINVAL },
		{ { .timeout_ms = UINT32_MAX }, -EINVAL },
	};
	struct drm_nvdla_queue_destroy destroy = { 0 };
	struct drm_nvdla_queue_create create = { 0 };
	struct drm_nvdla_dev_info info;
	int fd = npu_open();
	uint32_t count;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		create = cases[i].create;
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), cases[i].error);
	}
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &destroy), -EINVAL);
	npu_info(fd, &info);
	for (count = 0; count <= info.max_queues; count++) {
		create = (struct drm_nvdla_queue_create) { .priority = DRM_NVDLA_PRIORITY_NORMAL };
		if (npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create))
			break;
	}
	EXPECT_EQ(count, info.max_queues);
}

TEST(high_priority_needs_a_capability)
{
	struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_HIGH };
	int fd = npu_open();

	if (geteuid())
		SKIP("not root");
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	EXPECT_EQ(setuid(65534), 0);
	create.handle = 0;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), -EACCES);
}

TEST(pending_work_is_bounded)
{
	int fd = npu_open(), ret = 0;
	struct npu_copy slow = npu_copy_new(fd, 8192, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&slow);
	struct drm_nvdla_queue_state state;
	struct drm_nvdla_dev_info info;

	npu_info(fd, &info);
	for (uint32_t i = 0; i < 100 * info.max_pending && !ret; i++)
		ret = npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
	EXPECT_EQ(ret, -EBUSY);
	EXPECT_EQ(npu_bo_wait(fd, slow.dst.handle, 60), 0);
	npu_queue_state(fd, 0, &state);
	EXPECT_EQ(state.jobs_done, state.jobs_submitted);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
}
