// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "npu.h"

static void check_works(void)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 60), 0);
	npu_copy_check(fd, &copy);
	close(fd);
}

static void submit_many(int fd, const struct npu_copy *copy, int count)
{
	struct drm_nvdla_submit submit = npu_copy_submit(copy);
	int ret;

	while (count--) {
		ret = npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
		if (ret == -EBUSY)
			EXPECT_EQ(npu_bo_wait(fd, copy->dst.handle, 60), 0);
		else
			EXPECT_EQ(ret, 0);
	}
}

static char *fdinfo(int fd, const char *key)
{
	static char line[128];
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	if (!file)
		SKIP("no /proc/self/fdinfo");
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, strlen(key))) {
			fclose(file);
			return line + strlen(key);
		}
	}
	fclose(file);
	nvdla_test_fail(__FILE__, __LINE__, "no %s in fdinfo", key);
}

TEST(file_closed_while_busy)
{
	for (int i = 0; i < 20; i++) {
		int fd = npu_open();
		struct npu_copy copy = npu_copy_new(fd, 2048, 0);

		submit_many(fd, &copy, 20);
		npu_copy_unmap(&copy);
		close(fd);
	}
	check_works();
}

static void wait_child(pid_t child, int signal)
{
	int status;

	EXPECT_EQ(waitpid(child, &status, 0), child);
	if (signal)
		EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == signal);
	else
		EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(process_killed_while_busy)
{
	for (int i = 0; i < 10; i++) {
		pid_t child = fork();

		EXPECT(child >= 0);
		if (!child) {
			int fd = npu_open();
			struct npu_copy copy = npu_copy_new(fd, 2048, 0);

			for (;;)
				submit_many(fd, &copy, 10);
		}
		usleep(100000 + i * 7919);
		kill(child, SIGKILL);
		wait_child(child, SIGKILL);
	}
	check_works();
}

TEST(many_processes)
{
	enum { PROCESSES = 8, RUNS = 30 };
	pid_t child[PROCESSES];

	for (uint32_t i = 0; i < PROCESSES; i++) {
		child[i] = fork();
		EXPECT(child[i] >= 0);
		if (!child[i]) {
			int fd = npu_open();
			struct npu_copy copy = npu_copy_new(fd, 50 + i, i & 1 ? DRM_NVDLA_BO_CACHED : 0);

			for (uint32_t run = 0; run < RUNS; run++) {
				npu_copy_fill(&copy, i * RUNS + run);
				npu_bo_sync(fd, &copy.src, DRM_NVDLA_SYNC_TO_DEVICE);
				npu_bo_sync(fd, &copy.dst, DRM_NVDLA_SYNC_TO_DEVICE);
				submit_many(fd, &copy, 1);
				EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 60), 0);
				npu_copy_check(fd, &copy);
			}
			_exit(0);
		}
	}
	for (uint32_t i = 0; i < PROCESSES; i++)
		wait_child(child[i], 0);
}

/* The scheduler takes the first of a queue's jobs just when the queue goes away with the others. */
TEST(queues_destroyed_while_jobs_start)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 8, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);

	for (int i = 0; i < 300; i++) {
		struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_NORMAL };
		struct drm_nvdla_queue_destroy destroy = { 0 };

		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
		submit.queue = destroy.handle = create.handle;
		for (int j = 0; j < 4; j++)
			EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
		usleep((useconds_t)(i % 16) * 50);
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &destroy), 0);
		EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 60), 0);
	}
	submit.queue = 0;
	npu_copy_fill(&copy, 7);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 60), 0);
	npu_copy_check(fd, &copy);
}

TEST(fdinfo_counts)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 8192, 0);

	EXPECT(strstr(fdinfo(fd, "drm-driver:"), "nvdla"));
	EXPECT_EQ(atoll(fdinfo(fd, "drm-engine-npu:")), 0);
	EXPECT(atol(fdinfo(fd, "drm-total-memory:")) > 0);
	submit_many(fd, &copy, 5);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 60), 0);
	EXPECT(atoll(fdinfo(fd, "drm-engine-npu:")) > 0);
}

static void use_everything(void)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 128 * 1024 / 8 / 4, DRM_NVDLA_BO_CACHED);
	struct npu_copy other = npu_copy_new(fd, 4096, 0);
	struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_NORMAL };
	struct drm_prime_handle prime = { .handle = copy.dst.handle, .flags = DRM_CLOEXEC };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	submit_many(fd, &copy, 3);
	submit_many(fd, &other, 3);
	if (getpid() & 1)
		EXPECT_EQ(npu_bo_wait(fd, other.dst.handle, 60), 0);
}

TEST(nothing_leaks)
{
	long before, after = 0;

	before = npu_meminfo("CmaFree:");
	if (before <= 0)
		SKIP("no CMA");
	for (int i = 0; i < 100; i++) {
		pid_t child = fork();

		EXPECT(child >= 0);
		if (!child) {
			use_everything();
			_exit(0);
		}
		wait_child(child, 0);
	}
	/* Each round takes more than 80 KiB; what is not a leak comes back within a moment. */
	for (int i = 0; i < 50; i++) {
		after = npu_meminfo("CmaFree:");
		if (after > before - 1024)
			break;
		usleep(100000);
	}
	if (after <= before - 1024)
		nvdla_test_fail(__FILE__, __LINE__, "CmaFree was %ld KiB, is %ld", before, after);
}
