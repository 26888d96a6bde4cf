// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>
#include <unistd.h>

#include "npu.h"

/* What a bad request gets is an errno; that the kernel has nothing to say about it, run.sh checks. */

static uint32_t state = 1;

static uint32_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

/* Numbers at which something may go wrong. */
static uint64_t interesting(void)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 3, 8, 64, 65, 255, 4096, 4097, INT32_MAX, UINT32_MAX, 1ull << 32, INT64_MAX,
		1ull << 63, UINT64_MAX - 7, UINT64_MAX,
	};

	return next_random() % 4 ? numbers[next_random() % ARRAY_SIZE(numbers)] : next_random();
}

static const unsigned long requests[] = {
	DRM_IOCTL_NVDLA_DEV_QUERY, DRM_IOCTL_NVDLA_BO_CREATE, DRM_IOCTL_NVDLA_BO_SYNC,
	DRM_IOCTL_NVDLA_PROGRAM_CREATE, DRM_IOCTL_NVDLA_PROGRAM_DESTROY,
	DRM_IOCTL_NVDLA_QUEUE_CREATE, DRM_IOCTL_NVDLA_QUEUE_DESTROY, DRM_IOCTL_NVDLA_SUBMIT,
	DRM_IOCTL_NVDLA_QUEUE_STATE,
};

static void check_works(int fd, struct npu_copy *copy)
{
	struct drm_nvdla_submit submit = npu_copy_submit(copy);

	npu_copy_fill(copy, next_random());
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy->dst.handle, 60), 0);
	npu_copy_check(fd, copy);
}

TEST(random_arguments)
{
	int fd = npu_open(), victim = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	uint64_t memory[64];

	for (int i = 0; i < 20000; i++) {
		uint64_t arg[32];

		for (size_t j = 0; j < ARRAY_SIZE(arg); j++)
			arg[j] = next_random() % 8 ? interesting() : (uintptr_t)memory;
		for (size_t j = 0; j < ARRAY_SIZE(memory); j++)
			memory[j] = interesting();
		ioctl(victim, requests[next_random() % ARRAY_SIZE(requests)], arg);
		if (i % 100 == 99) {
			close(victim);
			victim = npu_open();
		}
	}
	check_works(fd, &copy);
}

/* A good submission with one number changed: it runs, or it does not, and nobody else suffers. */
TEST(mutated_submissions)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0), bystander = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_binding good[2];
	uint32_t syncobj = npu_syncobj_new(fd);

	memcpy(good, copy.bindings, sizeof(good));
	for (int i = 0; i < 5000; i++) {
		struct drm_nvdla_sync sync = { .handle = syncobj, .flags = DRM_NVDLA_SYNC_SIGNAL };
		struct drm_nvdla_submit submit = npu_copy_submit(&copy);
		struct { void *at; size_t words; } parts[] = {
			{ &submit, sizeof(submit) / 4 },
			{ copy.bindings, sizeof(copy.bindings) / 4 },
			{ &sync, sizeof(sync) / 4 },
		}, *part = &parts[next_random() % 3];
		uint32_t value = (uint32_t)interesting();

		submit.syncs = (uintptr_t)&sync;
		submit.sync_count = 1;
		submit.sync_stride = sizeof(sync);
		memcpy((uint32_t *)part->at + next_random() % part->words, &value, sizeof(value));
		npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
		memcpy(copy.bindings, good, sizeof(good));
	}
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 60), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.src.handle, 60), 0);
	check_works(fd, &bystander);
}

TEST(unknown_requests)
{
	int fd = npu_open();
	uint8_t arg[4096] = { 0 };

	for (unsigned int nr = 10; nr < DRM_COMMAND_END - DRM_COMMAND_BASE; nr++)
		EXPECT_EQ(npu_ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE, DRM_COMMAND_BASE + nr,
						64), arg), -EINVAL);
}

/* The kernel fills up what an older caller leaves out, and ignores what a newer one adds. */
TEST(other_sizes)
{
	int fd = npu_open();
	struct {
		struct drm_nvdla_bo_create create;
		uint64_t more[8];
	} large = { { .size = 4096 }, { 0 } };
	uint64_t small = 4096;

	EXPECT_EQ(npu_ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE,
					DRM_COMMAND_BASE + DRM_NVDLA_BO_CREATE, sizeof(large)), &large), 0);
	EXPECT(large.create.handle != 0);
	EXPECT_EQ(npu_ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE,
					DRM_COMMAND_BASE + DRM_NVDLA_BO_CREATE, sizeof(small)), &small), 0);
	EXPECT_EQ(npu_ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE,
					DRM_COMMAND_BASE + DRM_NVDLA_SUBMIT, 0), NULL), -ENOENT);
}
