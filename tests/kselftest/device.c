// SPDX-License-Identifier: MIT
#include "npu.h"

TEST(info_names_the_configuration)
{
	struct drm_nvdla_dev_info info;

	npu_info(npu_open(), &info);
	EXPECT(!strcmp((char *)info.config, "nv_small"));
	EXPECT_EQ(info.atom, 8);
	EXPECT_EQ(info.dma_bits, 32);
	EXPECT(info.timeout_ms > 0 && info.timeout_ms <= info.max_timeout_ms);
	EXPECT(info.max_pending > 0 && info.max_queues > 0 && info.max_ops >= DRM_NVDLA_MAX_OPS);
	EXPECT(!(info.flags & DRM_NVDLA_INFO_WEDGED));
	/* What the emulated board's clock has, unless it was told otherwise. */
	EXPECT_EQ(info.max_khz, 100000);
}

TEST(info_size_is_told)
{
	struct drm_nvdla_dev_query query = { .type = DRM_NVDLA_QUERY_INFO };

	EXPECT_EQ(npu_ioctl(npu_open(), DRM_IOCTL_NVDLA_DEV_QUERY, &query), 0);
	EXPECT_EQ(query.size, sizeof(struct drm_nvdla_dev_info));
}

TEST(info_fits_an_older_and_a_newer_caller)
{
	uint8_t bytes[sizeof(struct drm_nvdla_dev_info) + 64];
	struct drm_nvdla_dev_query query = { .size = 16, .pointer = (uintptr_t)bytes };
	int fd = npu_open();

	memset(bytes, 0xa5, sizeof(bytes));
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query), 0);
	EXPECT(!strcmp((char *)bytes, "nv_small"));
	EXPECT_EQ(bytes[16], 0xa5);

	query.size = sizeof(bytes);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query), 0);
	EXPECT_EQ(bytes[sizeof(struct drm_nvdla_dev_info)], 0);
	EXPECT_EQ(bytes[sizeof(bytes) - 1], 0);
}

TEST(query_refuses)
{
	struct drm_nvdla_dev_query query = { .type = 1 };
	int fd = npu_open();

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query), -EINVAL);
	query = (struct drm_nvdla_dev_query) { .size = 8, .pointer = 8 };
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query), -EFAULT);
	query = (struct drm_nvdla_dev_query) { .size = UINT32_MAX, .pointer = (uintptr_t)&query };
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query), -E2BIG);
}
