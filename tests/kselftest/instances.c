// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "npu.h"

/* Several devices at once do not know of each other. */

enum { DEVICES = 2, JOBS = 40 };

static void open_all(int fd[DEVICES])
{
	for (int i = 0; i < DEVICES; i++) {
		fd[i] = npu_open_nth(i);
		if (fd[i] < 0)
			SKIP("one device only");
	}
}

/* The name by which its bus knows the device of the open file. */
static void name_of(int fd, char name[64])
{
	char path[64], target[PATH_MAX];
	struct stat stat;
	ssize_t length;

	EXPECT_EQ(fstat(fd, &stat), 0);
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device", major(stat.st_rdev), minor(stat.st_rdev));
	length = readlink(path, target, sizeof(target) - 1);
	EXPECT(length > 0);
	target[length] = '\0';
	snprintf(name, 64, "%.63s", strrchr(target, '/') + 1);
}

static int submit_some(int fd, struct npu_copy *copy)
{
	struct drm_nvdla_submit submit = npu_copy_submit(copy);
	int ret = 0;

	for (int i = 0; i < JOBS && !ret; i++) {
		ret = npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
		if (ret == -EBUSY)
			ret = npu_bo_wait(fd, copy->dst.handle, 60);
	}
	return ret;
}

TEST(devices_work_side_by_side)
{
	struct npu_copy copy[DEVICES];
	int fd[DEVICES];

	open_all(fd);
	for (int i = 0; i < DEVICES; i++) {
		copy[i] = npu_copy_new(fd[i], 4096, 0);
		npu_copy_fill(&copy[i], 7 + i);
	}
	for (int i = 0; i < DEVICES; i++)
		EXPECT_EQ(submit_some(fd[i], &copy[i]), 0);
	for (int i = 0; i < DEVICES; i++) {
		EXPECT_EQ(npu_bo_wait(fd[i], copy[i].dst.handle, 60), 0);
		npu_copy_check(fd[i], &copy[i]);
	}
}

TEST(a_buffer_of_the_other_device)
{
	int fd[DEVICES];
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	struct npu_copy copy;
	struct drm_nvdla_submit submit;

	open_all(fd);
	copy = npu_copy_new(fd[0], 256, 0);
	npu_copy_fill(&copy, 3);
	prime.handle = copy.dst.handle;
	EXPECT_EQ(npu_ioctl(fd[0], DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	submit = npu_copy_submit(&copy);
	/* Handles are the file's own. */
	EXPECT(npu_ioctl(fd[1], DRM_IOCTL_NVDLA_SUBMIT, &submit) < 0);
	EXPECT_EQ(npu_ioctl(fd[1], DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), 0);
	EXPECT_EQ(npu_ioctl(fd[0], DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd[1], prime.handle, 60), 0);
	npu_copy_check(fd[0], &copy);
}

TEST(one_of_them_goes_away)
{
	struct npu_copy copy[DEVICES];
	char name[64];
	int fd[DEVICES];

	open_all(fd);
	name_of(fd[0], name);
	for (int i = 0; i < DEVICES; i++) {
		copy[i] = npu_copy_new(fd[i], 4096, 0);
		npu_copy_fill(&copy[i], 9 + i);
		EXPECT_EQ(submit_some(fd[i], &copy[i]), 0);
	}
	npu_driver_tell("unbind", name);
	EXPECT_EQ(submit_some(fd[0], &copy[0]), -ENODEV);
	EXPECT_EQ(submit_some(fd[1], &copy[1]), 0);
	EXPECT_EQ(npu_bo_wait(fd[1], copy[1].dst.handle, 60), 0);
	npu_copy_check(fd[1], &copy[1]);
	npu_driver_tell("bind", name);
}
