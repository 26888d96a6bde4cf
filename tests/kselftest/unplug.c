// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "npu.h"

/* The device is taken from its driver, and given back, while programs use it. */

TEST(unbind_while_busy)
{
	enum { JOBS = 50 };
	int fd = npu_open(), fence[JOBS], done = 0, gone = 0;
	struct npu_copy copy = npu_copy_new(fd, 8192, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_bo_create create = { .size = 4096 };
	char device[64];

	npu_device_name(device);
	for (int i = 0; i < JOBS; i++) {
		struct drm_nvdla_sync sync = {
			.handle = npu_syncobj_new(fd),
			.flags = DRM_NVDLA_SYNC_SIGNAL,
		};

		submit.syncs = (uintptr_t)&sync;
		submit.sync_count = 1;
		submit.sync_stride = sizeof(sync);
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
		fence[i] = npu_fence_of(fd, sync.handle);
	}
	npu_driver_tell("unbind", device);

	/* Each job ran to its end or failed; memory stays until it is unmapped. */
	for (int i = 0; i < JOBS; i++) {
		int status = npu_fence_end(fence[i], 20);

		EXPECT(status == 1 || status == -ENODEV);
		done += status == 1;
		gone += status == -ENODEV;
	}
	printf("# %d done, %d gone\n", done, gone);
	EXPECT(gone > 0);
	copy.src.map[0] = 1;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), -ENODEV);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create), -ENODEV);

	/* A new device, while the old one is still open. */
	npu_driver_tell("bind", device);
	close(fd);
	npu_copy_unmap(&copy);
	fd = npu_open();
	copy = npu_copy_new(fd, 64, 0);
	submit = npu_copy_submit(&copy);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 30), 0);
	npu_copy_check(fd, &copy);
}

TEST(unbind_with_an_exported_buffer)
{
	int fd = npu_open();
	struct npu_bo bo = npu_bo_new(fd, 8192, 0);
	struct drm_prime_handle prime = { .handle = bo.handle, .flags = DRM_CLOEXEC | DRM_RDWR };
	uint8_t *map;
	char device[64];

	npu_device_name(device);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	map = mmap(NULL, bo.size, PROT_READ | PROT_WRITE, MAP_SHARED, prime.fd, 0);
	EXPECT(map != MAP_FAILED);
	munmap(bo.map, bo.size);
	npu_driver_tell("unbind", device);
	close(fd);
	map[100] = 5;
	EXPECT_EQ(map[100], 5);
	npu_driver_tell("bind", device);
	close(npu_open());
}

/* Until the device is gone; says when it has begun. */
static void use_it_up(int begun)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 2048, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	int ret;

	EXPECT_EQ(write(begun, "", 1), 1);
	do {
		ret = npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
		if (ret == -EBUSY)
			ret = npu_bo_wait(fd, copy.dst.handle, 60);
	} while (!ret);
	EXPECT_EQ(ret, -ENODEV);
}

TEST(bind_rounds)
{
	enum { USERS = 2, SETTLE = 5 };
	const char *wanted = getenv("NVDLA_ROUNDS");
	int rounds = wanted ? atoi(wanted) : SETTLE + 5;
	long cma = 0, slab = 0;
	char device[64];

	npu_device_name(device);
	for (int i = 0; i < rounds; i++) {
		pid_t user[USERS];
		int begun[2];
		char byte;

		/* The first rounds fill the kernel's own caches. */
		if (i == SETTLE) {
			cma = npu_meminfo("CmaFree:");
			slab = npu_meminfo("SUnreclaim:");
		}
		EXPECT_EQ(pipe(begun), 0);
		for (int k = 0; k < USERS; k++) {
			user[k] = fork();
			EXPECT(user[k] >= 0);
			if (!user[k]) {
				use_it_up(begun[1]);
				_exit(0);
			}
		}
		for (int k = 0; k < USERS; k++)
			EXPECT_EQ(read(begun[0], &byte, 1), 1);
		close(begun[0]);
		close(begun[1]);
		usleep(20000 + i * 7919 % 60000);
		npu_driver_tell("unbind", device);
		for (int k = 0; k < USERS; k++) {
			int status;

			EXPECT_EQ(waitpid(user[k], &status, 0), user[k]);
			EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		}
		npu_driver_tell("bind", device);
	}
	usleep(500000);
	printf("# %d rounds; CmaFree %ld -> %ld KiB, SUnreclaim %ld -> %ld KiB\n", rounds, cma,
	       npu_meminfo("CmaFree:"), slab, npu_meminfo("SUnreclaim:"));
	/* A round that lost a buffer of 16 KiB or a device would show in a thousand, and in fifty. */
	EXPECT(cma - npu_meminfo("CmaFree:") < 512);
	EXPECT(npu_meminfo("SUnreclaim:") - slab < 1024 + rounds);
	close(npu_open());
}
