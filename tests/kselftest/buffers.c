// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "npu.h"

static void check_new_buffer(uint32_t flags)
{
	int fd = npu_open();
	struct npu_bo bo = npu_bo_new(fd, 10000, flags);

	EXPECT(bo.handle != 0);
	EXPECT(bo.size >= 10000 && bo.size % (uint64_t)sysconf(_SC_PAGESIZE) == 0);
	for (uint64_t i = 0; i < bo.size; i++)
		EXPECT_EQ(bo.map[i], 0);
	memset(bo.map, 0x5a, bo.size);
	npu_bo_sync(fd, &bo, DRM_NVDLA_SYNC_TO_DEVICE);
	npu_bo_sync(fd, &bo, DRM_NVDLA_SYNC_FROM_DEVICE);
	EXPECT_EQ(bo.map[bo.size - 1], 0x5a);
}

TEST(write_combined_buffer_starts_as_zeros)
{
	check_new_buffer(0);
}

TEST(cached_buffer_starts_as_zeros)
{
	check_new_buffer(DRM_NVDLA_BO_CACHED);
}

TEST(freed_memory_comes_back_as_zeros)
{
	int fd = npu_open();

	for (int i = 0; i < 50; i++) {
		struct npu_bo bo = npu_bo_new(fd, 1 << 20, i & 1 ? DRM_NVDLA_BO_CACHED : 0);
		struct drm_gem_close close = { .handle = bo.handle };

		for (uint64_t at = 0; at < bo.size; at += 509)
			EXPECT_EQ(bo.map[at], 0);
		memset(bo.map, 0xff, bo.size);
		munmap(bo.map, bo.size);
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close), 0);
	}
}

TEST(create_refuses)
{
	static const struct {
		struct drm_nvdla_bo_create create;
		int error;
	} cases[] = {
		{ { .size = 0 }, -EINVAL },
		{ { .size = 1, .flags = 2 }, -EINVAL },
		{ { .size = 1, .handle = 1 }, -EINVAL },
		{ { .size = 1, .mmap_offset = 1 }, -EINVAL },
		{ { .size = UINT64_MAX }, -EDQUOT },
		{ { .size = 1ull << 32 }, -EDQUOT },
	};
	int fd = npu_open();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct drm_nvdla_bo_create create = cases[i].create;

		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create), cases[i].error);
	}
}

TEST(memory_is_bounded)
{
	struct drm_nvdla_dev_info info;
	struct drm_nvdla_bo_create create;
	int fd = npu_open(), ret;
	uint64_t total = 0;

	npu_info(fd, &info);
	do {
		create = (struct drm_nvdla_bo_create) { .size = 4 << 20 };
		ret = npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create);
		if (!ret)
			total += create.size;
	} while (!ret && total <= info.max_bytes);
	EXPECT(ret == -ENOMEM || ret == -EDQUOT);
	EXPECT(total <= info.max_bytes);
}

TEST(sync_refuses)
{
	int fd = npu_open();
	struct npu_bo bo = npu_bo_new(fd, 4096, DRM_NVDLA_BO_CACHED);
	const struct {
		struct drm_nvdla_bo_sync sync;
		int error;
	} cases[] = {
		{ { bo.handle, 0, 0, 1 }, -EINVAL },
		{ { bo.handle, 4, 0, 1 }, -EINVAL },
		{ { bo.handle, DRM_NVDLA_SYNC_TO_DEVICE, 0, 0 }, -EINVAL },
		{ { bo.handle, DRM_NVDLA_SYNC_TO_DEVICE, bo.size, 1 }, -EINVAL },
		{ { bo.handle, DRM_NVDLA_SYNC_TO_DEVICE, 1, bo.size }, -EINVAL },
		{ { bo.handle, DRM_NVDLA_SYNC_TO_DEVICE, UINT64_MAX, 2 }, -EINVAL },
		{ { bo.handle + 1, DRM_NVDLA_SYNC_TO_DEVICE, 0, 1 }, -ENOENT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct drm_nvdla_bo_sync sync = cases[i].sync;

		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync), cases[i].error);
	}
}

TEST(mapping_is_bounded)
{
	int fd = npu_open();
	struct drm_nvdla_bo_create create = { .size = 4096 };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create), 0);
	EXPECT(mmap(NULL, create.size + 4096, PROT_READ, MAP_SHARED, fd, (off_t)create.mmap_offset) ==
	       MAP_FAILED && errno == EINVAL);
	EXPECT(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)create.mmap_offset + (1 << 20)) ==
	       MAP_FAILED && errno == EINVAL);
	EXPECT(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, (off_t)create.mmap_offset) == MAP_FAILED &&
	       errno == EINVAL);
}

TEST(buffer_of_another_client_is_out_of_reach)
{
	int fd = npu_open(), other = npu_open();
	struct npu_bo bo = npu_bo_new(fd, 4096, 0);
	struct drm_nvdla_bo_create create = { .size = 4096 };

	EXPECT_EQ(npu_bo_wait(other, bo.handle, 0), -ENOENT);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create), 0);
	EXPECT(mmap(NULL, 4096, PROT_READ, MAP_SHARED, other, (off_t)create.mmap_offset) == MAP_FAILED &&
	       errno == EACCES);
}

static int export_bo(int fd, uint32_t handle)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	return prime.fd;
}

static void check_export(uint32_t flags)
{
	int fd = npu_open(), other = npu_open(), dmabuf;
	struct npu_bo bo = npu_bo_new(fd, 8192, flags);
	struct drm_prime_handle prime;
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	uint8_t *map;

	dmabuf = export_bo(fd, bo.handle);
	map = mmap(NULL, bo.size, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	EXPECT(map != MAP_FAILED);
	EXPECT_EQ(ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync), 0);
	map[5000] = 77;
	sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	EXPECT_EQ(ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync), 0);
	EXPECT_EQ(bo.map[5000], 77);

	prime = (struct drm_prime_handle) { .fd = dmabuf };
	EXPECT_EQ(npu_ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), 0);
	EXPECT(prime.handle != 0);
	/* The memory outlives the file that made it. */
	close(fd);
	munmap(bo.map, bo.size);
	EXPECT_EQ(map[5000], 77);
	EXPECT_EQ(npu_bo_wait(other, prime.handle, 0), 0);
}

TEST(export_write_combined)
{
	check_export(0);
}

TEST(export_cached)
{
	check_export(DRM_NVDLA_BO_CACHED);
}

TEST(import_of_a_contiguous_buffer)
{
	int fd = npu_open();
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct npu_copy copy = npu_copy_new(fd, (uint32_t)page / 8, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_prime_handle prime = { 0 };
	struct drm_nvdla_bo_sync sync = { .flags = DRM_NVDLA_SYNC_TO_DEVICE, .size = 1 };
	struct dma_buf_sync cpu = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE };
	uint8_t *map;

	prime.fd = npu_udmabuf(page, &map);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), 0);
	sync.handle = prime.handle;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync), -EOPNOTSUPP);

	EXPECT_EQ(ioctl(prime.fd, DMA_BUF_IOCTL_SYNC, &cpu), 0);
	memcpy(map, copy.src.map, page);
	cpu.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE;
	EXPECT_EQ(ioctl(prime.fd, DMA_BUF_IOCTL_SYNC, &cpu), 0);
	copy.bindings[0].handle = prime.handle;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	/* The file descriptor is not needed any more, nor is the handle. */
	close(prime.fd);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &(struct drm_gem_close) { .handle = prime.handle }), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 30), 0);
	npu_copy_check(fd, &copy);
}

/* Pages here and there are nothing that the hardware could use. */
TEST(import_of_scattered_pages)
{
	int fd = npu_open(), ret;
	struct drm_prime_handle prime = { 0 };
	uint8_t *map;

	prime.fd = npu_udmabuf(1 << 20, &map);
	ret = npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
	if (!ret)
		SKIP("the pages happen to be contiguous");
	EXPECT_EQ(ret, -EINVAL);
}
