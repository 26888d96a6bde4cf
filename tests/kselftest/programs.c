// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "npu.h"

static int create_copy(int fd, struct drm_nvdla_op *ops, struct drm_nvdla_program_create *create)
{
	create->ops = (uintptr_t)ops;
	if (!create->op_count)
		create->op_count = 1;
	if (!create->op_stride)
		create->op_stride = sizeof(*ops);
	return npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, create);
}

TEST(slots_are_reported)
{
	struct drm_nvdla_op op = npu_copy_op(100);
	struct drm_nvdla_slot slots[4];
	struct drm_nvdla_program_create create = {
		.slots = (uintptr_t)slots,
		.slot_count = ARRAY_SIZE(slots),
		.slot_stride = sizeof(slots[0]),
	};

	memset(slots, 0xa5, sizeof(slots));
	EXPECT_EQ(create_copy(npu_open(), &op, &create), 0);
	EXPECT(create.handle != 0);
	EXPECT_EQ(create.slot_count, 2);
	EXPECT_EQ(slots[0].min_size, 800);
	EXPECT_EQ(slots[0].access, DRM_NVDLA_SLOT_READ);
	EXPECT_EQ(slots[0].align, 8);
	EXPECT_EQ(slots[1].min_size, 800);
	EXPECT_EQ(slots[1].access, DRM_NVDLA_SLOT_WRITE);
	EXPECT_EQ(slots[2].min_size, 0);
	EXPECT_EQ(slots[3].access, 0);
}

TEST(refusal_says_why)
{
	struct drm_nvdla_op ops[2] = { npu_copy_op(10), npu_copy_op(10) };
	char text[256], cut[8];
	struct drm_nvdla_program_create create = {
		.op_count = 2,
		.reason = { .text = (uintptr_t)text, .text_size = sizeof(text) },
	};
	int fd = npu_open();

	ops[1].sdp.out_shift = 64;
	EXPECT_EQ(create_copy(fd, ops, &create), -EINVAL);
	EXPECT_EQ(create.reason.index, 1);
	EXPECT_EQ(create.reason.text_size, strlen(text) + 1);
	EXPECT(!strncmp(text, "sdp.out_shift: ", 15));
	EXPECT_EQ(create.handle, 0);

	create.reason = (struct drm_nvdla_reason) { .text = (uintptr_t)cut, .text_size = sizeof(cut) };
	EXPECT_EQ(create_copy(fd, ops, &create), -EINVAL);
	EXPECT(!strcmp(cut, "sdp.out"));
	EXPECT_EQ(create.reason.text_size, strlen(text) + 1);
}

/* Whether a byte of a copy is a number that the caller is free to choose, within limits. */
static bool is_free(size_t at)
{
	static const struct {
		size_t from, bytes;
	} numbers[] = {
		{ offsetof(struct drm_nvdla_op, cookie), 8 },
		{ offsetof(struct drm_nvdla_op, sdp.src.addr.offset), 8 },
		{ offsetof(struct drm_nvdla_op, sdp.src.line_stride), 8 },
		{ offsetof(struct drm_nvdla_op, sdp.dst.addr.offset), 8 },
		{ offsetof(struct drm_nvdla_op, sdp.dst.line_stride), 8 },
		{ offsetof(struct drm_nvdla_op, sdp.out_offset), 12 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (at - numbers[i].from < numbers[i].bytes)
			return true;
	return false;
}

TEST(pads_flags_and_enums_are_checked)
{
	int fd = npu_open();
	uint32_t handle;

	for (size_t at = 0; at < sizeof(struct drm_nvdla_op); at++) {
		struct drm_nvdla_op op = npu_copy_op(10);
		struct drm_nvdla_program_create create = { .op_count = 1 };

		((uint8_t *)&op)[at] ^= 0x81;
		if (!is_free(at) && create_copy(fd, &op, &create) != -EINVAL)
			nvdla_test_fail(__FILE__, __LINE__, "byte %zu may be anything", at);
	}
	EXPECT_EQ(npu_program_new(fd, &(struct drm_nvdla_op) { .engine = 99 }, 1, &handle), -EINVAL);
}

TEST(array_may_have_larger_elements)
{
	struct {
		struct drm_nvdla_op op;
		uint64_t later;
	} ops[2] = { { npu_copy_op(10), 0 }, { npu_copy_op(20), 0 } };
	struct drm_nvdla_program_create create = { .op_count = 2, .op_stride = sizeof(ops[0]) };
	int fd = npu_open();

	EXPECT_EQ(create_copy(fd, &ops[0].op, &create), 0);
	ops[1].later = 1;
	create.handle = 0;
	EXPECT_EQ(create_copy(fd, &ops[0].op, &create), -E2BIG);
	create.op_stride = sizeof(struct drm_nvdla_op) - 8;
	EXPECT_EQ(create_copy(fd, &ops[0].op, &create), -EINVAL);
}

TEST(create_refuses)
{
	struct drm_nvdla_op op = npu_copy_op(10);
	static const struct {
		struct drm_nvdla_program_create create;
		int error;
	} cases[] = {
		{ { .op_count = DRM_NVDLA_MAX_OPS + 1 }, -EINVAL },
		{ { .op_count = UINT32_MAX }, -EINVAL },
		{ { .flags = 1 }, -EINVAL },
		{ { .handle = 1 }, -EINVAL },
		{ { .slot_count = DRM_NVDLA_MAX_SLOTS + 1 }, -EINVAL },
		{ { .slots = 4096, .slot_count = 1, .slot_stride = 8 }, -EINVAL },
		{ { .slots = 8, .slot_count = 1, .slot_stride = 16 }, -EFAULT },
		{ { .op_stride = UINT32_MAX, .op_count = 2 }, -E2BIG },
		{ { .reason = { .text = 8, .text_size = 4097 } }, -EINVAL },
	};
	struct drm_nvdla_program_create create = { .op_stride = sizeof(op) };
	int fd = npu_open();

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &create), -EINVAL);
	create.op_count = 1;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &create), -EFAULT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		create = cases[i].create;
		EXPECT_EQ(create_copy(fd, &op, &create), cases[i].error);
	}
}

TEST(bad_text_pointer)
{
	struct drm_nvdla_op op = npu_copy_op(10);
	struct drm_nvdla_program_create create = { .reason = { .text = 8, .text_size = 100 } };

	op.flags = 1;
	EXPECT_EQ(create_copy(npu_open(), &op, &create), -EFAULT);
}

TEST(operations_are_bounded)
{
	struct drm_nvdla_op *ops = calloc(DRM_NVDLA_MAX_OPS, sizeof(*ops));
	struct drm_nvdla_program_destroy destroy = { 0 };
	struct drm_nvdla_dev_info info;
	uint32_t handle, last = 0, total = 0;
	int fd = npu_open(), ret;

	EXPECT(ops != NULL);
	npu_info(fd, &info);
	for (uint32_t i = 0; i < DRM_NVDLA_MAX_OPS; i++)
		ops[i] = npu_copy_op(10);
	while (!(ret = npu_program_new(fd, ops, DRM_NVDLA_MAX_OPS, &handle))) {
		total += DRM_NVDLA_MAX_OPS;
		last = handle;
	}
	EXPECT_EQ(ret, -EDQUOT);
	EXPECT_EQ(total, info.max_ops);
	destroy.handle = last;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy), 0);
	EXPECT_EQ(npu_program_new(fd, ops, DRM_NVDLA_MAX_OPS, &handle), 0);
}

TEST(destroy_refuses)
{
	struct drm_nvdla_op op = npu_copy_op(10);
	struct drm_nvdla_program_destroy destroy = { 0 };
	int fd = npu_open(), other = npu_open();

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy), -ENOENT);
	EXPECT_EQ(npu_program_new(fd, &op, 1, &destroy.handle), 0);
	destroy.pad = 1;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy), -EINVAL);
	destroy.pad = 0;
	EXPECT_EQ(npu_ioctl(other, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy), -ENOENT);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy), 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy), -ENOENT);
}
