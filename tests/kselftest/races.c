// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "npu.h"

/* What one client does must not cost others more than their share, nor the kernel its health. */

static int64_t run_jobs(int fd, const struct npu_copy *copy, int count)
{
	struct drm_nvdla_submit submit = npu_copy_submit(copy);
	int64_t begin = npu_now();

	for (int i = 0; i < count; i++) {
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
		EXPECT_EQ(npu_bo_wait(fd, copy->dst.handle, 120), 0);
	}
	return npu_now() - begin;
}

/* A queue comes and goes, as often as it can. */
static void make_and_end_queues(int begun)
{
	int fd = npu_open();

	EXPECT_EQ(write(begun, "", 1), 1);
	for (;;) {
		struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_LOW };
		struct drm_nvdla_queue_destroy destroy;

		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
		destroy = (struct drm_nvdla_queue_destroy) { .handle = create.handle };
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &destroy), 0);
	}
}

/* Likewise with a job in it, which may or may not begin. */
static void submit_and_end_queues(int begun)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);

	EXPECT_EQ(write(begun, "", 1), 1);
	for (;;) {
		struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_LOW };
		struct drm_nvdla_queue_destroy destroy;
		int ret;

		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
		submit.queue = create.handle;
		ret = npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
		EXPECT(ret == 0 || ret == -EBUSY);
		destroy = (struct drm_nvdla_queue_destroy) { .handle = create.handle };
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &destroy), 0);
	}
}

/* Takes as much of the processors, and nothing of the device. */
static void only_ask(int begun)
{
	int fd = npu_open();
	struct drm_nvdla_dev_info info;

	EXPECT_EQ(write(begun, "", 1), 1);
	for (;;)
		npu_info(fd, &info);
}

/* How long jobs take beside processes that do nothing but @annoy. */
static int64_t run_beside(void (*annoy)(int begun), int fd, const struct npu_copy *copy, int count)
{
	enum { PROCESSES = 16 };
	pid_t pid[PROCESSES];
	int64_t taken;
	int begun[2];
	char byte;

	EXPECT_EQ(pipe(begun), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		EXPECT(pid[i] >= 0);
		if (!pid[i])
			annoy(begun[1]);
	}
	for (int i = 0; i < PROCESSES; i++)
		EXPECT_EQ(read(begun[0], &byte, 1), 1);
	close(begun[0]);
	close(begun[1]);
	taken = run_jobs(fd, copy, count);
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		kill(pid[i], SIGKILL);
		EXPECT_EQ(waitpid(pid[i], &status, 0), pid[i]);
		EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	return taken;
}

static void expect_undisturbed(void (*annoy)(int begun))
{
	enum { JOBS = 20 };
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	int64_t fair = run_beside(only_ask, fd, &copy, JOBS);
	int64_t taken = run_beside(annoy, fd, &copy, JOBS);

	printf("# %d jobs: %lld ms, beside others that want the processors only %lld ms\n", JOBS,
	       (long long)taken / 1000000, (long long)fair / 1000000);
	/* Each step of a job may have to wait until each of them has ended a queue. */
	EXPECT(taken < 20 * fair + 5 * SECOND);
	npu_copy_check(fd, &copy);
}

TEST(ending_queues_stops_nobody)
{
	expect_undisturbed(make_and_end_queues);
}

TEST(ending_queues_with_jobs_stops_nobody)
{
	expect_undisturbed(submit_and_end_queues);
}

static void check_part(uint32_t flags)
{
	int fd = npu_open();
	struct npu_bo bo = npu_bo_new(fd, 16384, flags);
	struct drm_prime_handle prime = { .handle = bo.handle, .flags = DRM_CLOEXEC | DRM_RDWR };
	uint8_t *part;

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	part = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, prime.fd, 8192);
	EXPECT(part != MAP_FAILED);
	bo.map[8192 + 5] = 42;
	EXPECT_EQ(part[5], 42);
	EXPECT(mmap(NULL, 8192, PROT_READ, MAP_SHARED, prime.fd, 12288) == MAP_FAILED);
	EXPECT(mmap(NULL, 4096, PROT_READ, MAP_SHARED, prime.fd, 16384) == MAP_FAILED);
}

TEST(part_of_a_dmabuf_can_be_mapped)
{
	check_part(0);
	check_part(DRM_NVDLA_BO_CACHED);
}

/* The device's memory is that of both bindings, until the last buffer of the last of them has gone. */
TEST(bound_again_while_buffers_live)
{
	enum { SIZE = 1 << 20 };
	int old = npu_open(), new;
	struct npu_bo first = npu_bo_new(old, SIZE, 0), second, third;
	struct npu_copy copy;
	struct drm_nvdla_submit submit;
	char device[64];

	npu_device_name(device);
	npu_driver_tell("unbind", device);
	npu_driver_tell("bind", device);
	new = npu_open();
	second = npu_bo_new(new, SIZE, 0);
	close(old);
	munmap(first.map, first.size);
	third = npu_bo_new(new, SIZE, DRM_NVDLA_BO_CACHED);
	npu_driver_tell("unbind", device);
	npu_driver_tell("bind", device);
	close(new);
	munmap(second.map, second.size);
	munmap(third.map, third.size);

	new = npu_open();
	copy = npu_copy_new(new, 64, 0);
	submit = npu_copy_submit(&copy);
	EXPECT_EQ(npu_ioctl(new, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(new, copy.dst.handle, 30), 0);
	npu_copy_check(new, &copy);
}

/* How many want the device to stay switched on. */
static int uses(const char *device)
{
	char path[160], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/power/runtime_usage", device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP("the kernel does not show who uses a device");
	EXPECT(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return atoi(text);
}

TEST(binding_leaves_no_use_behind)
{
	char device[64];
	int unbound;

	npu_device_name(device);
	npu_driver_tell("unbind", device);
	unbound = uses(device);
	for (int i = 0; i < 3; i++) {
		npu_driver_tell("bind", device);
		npu_driver_tell("unbind", device);
	}
	EXPECT_EQ(uses(device), unbound);
	npu_driver_tell("bind", device);
	close(npu_open());
}

/* A job that takes longer than the system may be kept from sleeping; it is not lost. */
TEST(long_job_keeps_the_system_awake)
{
	int fd = npu_open(), state = open("/sys/power/state", O_WRONLY | O_CLOEXEC);
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct drm_nvdla_queue_create create = { .timeout_ms = 40000 };
	const char *hangs = getenv("NVDLA_HANG_AT");
	struct drm_nvdla_queue_state after;
	int64_t begin = npu_now();

	if (!hangs || strcmp(hangs, "1"))
		SKIP("no operation of this device takes so long");
	if (state < 0)
		SKIP("not allowed to suspend the system");
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	submit.queue = create.handle;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(write(state, "freeze", 6), -1);
	EXPECT_EQ(errno, EBUSY);
	EXPECT(npu_now() - begin < 38 * SECOND);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 120), 0);
	npu_queue_state(fd, create.handle, &after);
	EXPECT_EQ(after.fault_count, 1);
}
