// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>
#include <unistd.h>

#include "npu.h"

/* When the operations of a submission ran. */

#define OPS	20
#define ATOMS	64

/* A relay: each operation copies what the one before it has copied. */
static uint32_t relay_new(int fd)
{
	struct drm_nvdla_op ops[OPS];
	uint32_t handle;

	for (uint32_t i = 0; i < OPS; i++) {
		ops[i] = npu_copy_op(ATOMS);
		if (i) {
			ops[i].deps[0] = i - 1;
			ops[i].dep_count = 1;
		}
	}
	EXPECT_EQ(npu_program_new(fd, ops, OPS, &handle), 0);
	return handle;
}

static void check_times(const volatile struct drm_nvdla_time *times, int64_t before, int64_t after)
{
	for (int i = 0; i < OPS; i++) {
		EXPECT((int64_t)times[i].start_ns >= before);
		EXPECT(times[i].end_ns > times[i].start_ns);
		EXPECT((int64_t)times[i].end_ns <= after);
		if (i)
			EXPECT(times[i].start_ns >= times[i - 1].end_ns);
	}
}

static void run_in(uint32_t flags)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, ATOMS, 0);
	struct npu_bo bo = npu_bo_new(fd, 4096, flags);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	const struct drm_nvdla_time *times = (const void *)(bo.map + 128);

	submit.program = relay_new(fd);
	submit.times = bo.handle;
	submit.times_offset = 128;
	memset(bo.map, 0xee, bo.size);
	npu_bo_sync(fd, &bo, DRM_NVDLA_SYNC_TO_DEVICE);
	for (int round = 0; round < 3; round++) {
		int64_t before = npu_now();

		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
		EXPECT_EQ(npu_bo_wait(fd, bo.handle, 30), 0);
		check_times(times, before, npu_now());
		/* Not necessary, and no harm. */
		npu_bo_sync(fd, &bo, DRM_NVDLA_SYNC_FROM_DEVICE);
		check_times(times, before, npu_now());
	}
	EXPECT_EQ(bo.map[127], 0xee);
	EXPECT_EQ(bo.map[128 + OPS * sizeof(*times)], 0xee);
}

TEST(times_in_write_combined_memory)
{
	run_in(0);
}

TEST(times_in_cached_memory)
{
	run_in(DRM_NVDLA_BO_CACHED);
}

TEST(times_of_operations_on_the_fly)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, ATOMS, 0);
	struct npu_bo bo = npu_bo_new(fd, 4096, 0);
	const struct drm_nvdla_time *times = (const void *)bo.map;
	struct drm_nvdla_op ops[2] = { npu_copy_op(ATOMS) };
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);

	/* The maximum of single elements, which is a copy, too. */
	ops[0].sdp.dst = (struct drm_nvdla_surface) { 0 };
	ops[1] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_PDP,
		.pdp = {
			.dst = npu_copy_op(ATOMS).sdp.dst,
			.src_width = ATOMS, .src_height = 1, .channels = 8,
			.dst_width = ATOMS, .dst_height = 1,
			.pool = DRM_NVDLA_POOL_MAX,
			.source = DRM_NVDLA_SOURCE_OP,
			.kernel_width = 1, .kernel_height = 1, .stride_x = 1, .stride_y = 1,
		},
	};
	EXPECT_EQ(npu_program_new(fd, ops, ARRAY_SIZE(ops), &submit.program), 0);
	submit.times = bo.handle;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, bo.handle, 30), 0);
	npu_copy_check(fd, &copy);
	for (int i = 0; i < 2; i++)
		EXPECT(times[i].start_ns && times[i].end_ns > times[i].start_ns);
	/* Both start together. */
	EXPECT_EQ(times[0].start_ns, times[1].start_ns);
}

TEST(times_are_checked)
{
	const uint32_t size = OPS * sizeof(struct drm_nvdla_time);
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, ATOMS, 0);
	struct npu_bo bo = npu_bo_new(fd, 4096, 0);
	const struct {
		uint32_t handle;
		uint64_t offset;
		int error;
	} cases[] = {
		{ bo.handle, 8, -EINVAL },
		{ bo.handle, 4096 - 64, -EINVAL },
		{ bo.handle, 4096, -EINVAL },
		{ bo.handle, 8192, -EINVAL },
		{ bo.handle, UINT64_MAX - 63, -EINVAL },
		{ 0, 64, -EINVAL },
		{ bo.handle + 100, 0, -ENOENT },
		{ bo.handle, (4096 - size) / 64 * 64, 0 },
	};
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);

	submit.program = relay_new(fd);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		submit.times = cases[i].handle;
		submit.times_offset = cases[i].offset;
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), cases[i].error);
	}
	EXPECT_EQ(npu_bo_wait(fd, bo.handle, 30), 0);
}

/* The device may scribble over its times, and the driver over its results: nobody else's. */
TEST(times_where_the_program_writes)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, ATOMS, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);

	submit.program = relay_new(fd);
	submit.times = copy.dst.handle;
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 30), 0);
}

TEST(no_times_in_imported_memory)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, ATOMS, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);

	submit.times = npu_import_page(fd);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), -EOPNOTSUPP);
}
