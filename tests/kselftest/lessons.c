// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/sync_file.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "npu.h"

/*
 * Mistakes that other drivers have made, as far as no other test would notice them; README.md has the
 * list.
 */

#define TRACING	"/sys/kernel/tracing/"

/* -------------------------------------------------------------------------- handles, guessed early */

struct guesser {
	int fd;
	bool stop;
	uint32_t program;
	struct npu_copy *copy;
};

static bool stopped(const struct guesser *guesser)
{
	return __atomic_load_n(&guesser->stop, __ATOMIC_ACQUIRE);
}

/* Uses, and gives up, whatever has a small number, finished or not. */
static void *guess(void *ctx)
{
	struct guesser *guesser = ctx;
	uint32_t keep = guesser->copy->program;

	while (!stopped(guesser)) {
		for (uint32_t handle = 1; handle < 8; handle++) {
			struct drm_nvdla_bo_sync sync = { .handle = handle, .flags = DRM_NVDLA_SYNC_TO_DEVICE, .size = 8 };
			struct drm_nvdla_program_destroy program = { .handle = handle };
			struct drm_nvdla_queue_destroy queue = { .handle = handle };
			struct drm_nvdla_submit submit = npu_copy_submit(guesser->copy);
			struct drm_gem_close close_bo = { .handle = handle };

			submit.program = handle;
			submit.queue = handle;
			ioctl(guesser->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync);
			ioctl(guesser->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
			ioctl(guesser->fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &queue);
			if (handle != keep)
				ioctl(guesser->fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &program);
			if (handle != guesser->copy->src.handle && handle != guesser->copy->dst.handle)
				ioctl(guesser->fd, DRM_IOCTL_GEM_CLOSE, &close_bo);
		}
	}
	return NULL;
}

/* The other may have been faster. */
static void give_up(int fd, uint32_t bo, uint32_t queue, uint32_t program)
{
	ioctl(fd, DRM_IOCTL_GEM_CLOSE, &(struct drm_gem_close) { .handle = bo });
	ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &(struct drm_nvdla_queue_destroy) { .handle = queue });
	ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &(struct drm_nvdla_program_destroy) { .handle = program });
}

/* What a handle leads to is whole when the handle can be used, and lives as long as the request. */
TEST(handles_are_guessed_before_they_are_told)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 8, 0);
	struct guesser guesser = { .fd = fd, .copy = &copy };
	struct drm_nvdla_op op = npu_copy_op(8);
	pthread_t thread;

	EXPECT_EQ(pthread_create(&thread, NULL, guess, &guesser), 0);
	for (int i = 0; i < 2000; i++) {
		struct drm_nvdla_bo_create bo = { .size = 4096, .flags = i & 1 };
		struct drm_nvdla_queue_create queue = { .priority = DRM_NVDLA_PRIORITY_NORMAL };
		struct drm_nvdla_program_create program = {
			.ops = (uintptr_t)&op, .op_count = 1, .op_stride = sizeof(op),
		};

		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &bo), 0);
		EXPECT(bo.handle && bo.size == 4096 && bo.mmap_offset);
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &queue), 0);
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &program), 0);
		give_up(fd, bo.handle, queue.handle, program.handle);
		/* Not all at the same place. */
		if (i % 64 == 63)
			usleep(1000);
	}
	__atomic_store_n(&guesser.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 60), 0);
}

/* ------------------------------------------------------------------------------ caches, as the kernel sees it */

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		SKIP("this kernel does not trace DMA");
	EXPECT_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* How often the trace has a word. */
static uint32_t count_in_trace(const char *word)
{
	FILE *trace = fopen(TRACING "trace", "re");
	uint32_t count = 0;
	char line[512];

	EXPECT(trace);
	while (fgets(line, sizeof(line), trace))
		count += line[0] != '#' && strstr(line, word) != NULL;
	fclose(trace);
	return count;
}

static void expect_syncs(int fd, const struct npu_bo *bo, uint32_t flags, uint32_t to_device, uint32_t from_device)
{
	put(TRACING "trace", "");
	put(TRACING "events/dma/enable", "1");
	if (flags)
		npu_bo_sync(fd, bo, flags);
	else
		EXPECT_EQ(npu_bo_wait(fd, bo->handle, 0), 0);
	put(TRACING "events/dma/enable", "0");
	EXPECT_EQ(count_in_trace("dma_sync_single_for_device:"), to_device);
	EXPECT_EQ(count_in_trace("dma_sync_single_for_cpu:"), from_device);
}

/* Both flags are two syncs, and waiting is none. */
TEST(caches_are_synced_both_ways)
{
	const uint32_t to = DRM_NVDLA_SYNC_TO_DEVICE, from = DRM_NVDLA_SYNC_FROM_DEVICE;
	struct drm_nvdla_dev_info info;
	int fd = npu_open();
	struct npu_bo cached = npu_bo_new(fd, 8192, DRM_NVDLA_BO_CACHED), combined = npu_bo_new(fd, 8192, 0);
	uint32_t wanted;

	npu_info(fd, &info);
	wanted = !(info.flags & DRM_NVDLA_INFO_COHERENT);
	expect_syncs(fd, &cached, to, wanted, 0);
	expect_syncs(fd, &cached, from, 0, wanted);
	expect_syncs(fd, &cached, to | from, wanted, wanted);
	expect_syncs(fd, &cached, 0, 0, 0);
	expect_syncs(fd, &combined, to | from, 0, 0);
}

/* ------------------------------------------------------------------------------ what outlives a file */

/* A buffer that was exported belongs to no file any more, and still counts for the one that made it. */
TEST(memory_outlives_its_file_and_is_paid_for)
{
	int fd = npu_open(), other = npu_open();
	struct npu_copy copy = npu_copy_new(other, 8, 0);
	struct drm_nvdla_bo_create create = { .size = copy.bytes };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_gem_close close_bo;

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create), 0);
	prime.handle = create.handle;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	EXPECT_EQ(npu_ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), 0);
	close(prime.fd);
	close(fd);
	copy.bindings[1].handle = prime.handle;
	EXPECT_EQ(npu_ioctl(other, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	close_bo = (struct drm_gem_close) { .handle = prime.handle };
	EXPECT_EQ(npu_ioctl(other, DRM_IOCTL_GEM_CLOSE, &close_bo), 0);
	EXPECT_EQ(npu_bo_wait(other, copy.src.handle, 30), 0);
}

/* Submitting makes no handles: who submits for ever does not run out of them. */
TEST(submitting_leaves_no_handles)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 8, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_bo_create create = { .size = 4096 }, again = { .size = 4096 };
	struct drm_gem_close close_bo;

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create), 0);
	close_bo = (struct drm_gem_close) { .handle = create.handle };
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close_bo), 0);
	for (int i = 0; i < 100; i++) {
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
		EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 30), 0);
	}
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &again), 0);
	EXPECT_EQ(again.handle, create.handle);
}
