// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include "npu.h"

/* What the driver tells about its work: fdinfo, debugfs, tracepoints. */

#define TRACING	"/sys/kernel/tracing/"

/* A whole file, as a string. */
static char *read_file(const char *path)
{
	size_t size = 0, room = 1 << 20;
	char *text = calloc(1, room + 1);
	int fd = open(path, O_RDONLY);
	ssize_t got;

	EXPECT(text);
	if (fd < 0) {
		free(text);
		return NULL;
	}
	while (size < room && (got = read(fd, text + size, room - size)) > 0)
		size += (size_t)got;
	close(fd);
	return text;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static char *fdinfo(int fd)
{
	char path[64];
	char *text;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	text = read_file(path);
	EXPECT(text);
	return text;
}

/* The number behind a key, -1 if it is not there. */
static long long value_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

/* A file of the device's in debugfs. */
static char *debug_file(const char *name)
{
	static const char * const folder[] = { "dri", "accel" };
	static char path[256];
	char device[64];

	npu_device_name(device);
	for (size_t i = 0; i < ARRAY_SIZE(folder); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s/%s", folder[i], device, name);
		if (!access(path, F_OK))
			return path;
	}
	SKIP("no debugfs");
}

static void run_copy(int fd, struct npu_copy *copy, uint64_t cookie)
{
	struct drm_nvdla_submit submit = npu_copy_submit(copy);

	submit.cookie = cookie;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy->dst.handle, 20), 0);
}

TEST(fdinfo_counts_time_and_memory)
{
	int fd = npu_open(), other = npu_open();
	char *before = fdinfo(fd), *after;
	struct npu_copy copy = npu_copy_new(fd, 4096, 0);

	EXPECT_EQ(value_of(before, "drm-engine-npu:"), 0);
	EXPECT_EQ(value_of(before, "drm-engine-sdp:"), 0);
	EXPECT_EQ(value_of(before, "drm-total-memory:"), 0);
	run_copy(fd, &copy, 1);
	after = fdinfo(fd);
	EXPECT(value_of(after, "drm-engine-sdp:") > 0);
	EXPECT(value_of(after, "drm-engine-npu:") >= value_of(after, "drm-engine-sdp:"));
	EXPECT_EQ(value_of(after, "drm-engine-conv:"), 0);
	EXPECT_EQ(value_of(after, "drm-engine-pdp:"), 0);
	/* In KiB. */
	EXPECT_EQ(value_of(after, "drm-total-memory:"), (copy.src.size + copy.dst.size) / 1024);
	EXPECT_EQ(value_of(after, "drm-resident-memory:"), (copy.src.size + copy.dst.size) / 1024);
	EXPECT_EQ(value_of(fdinfo(other), "drm-engine-npu:"), 0);
}

TEST(debugfs_shows_clients)
{
	char *path = debug_file("nvdla_clients"), *text;
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_queue_create create = { .timeout_ms = 1234 };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	run_copy(fd, &copy, 1);
	text = read_file(path);
	EXPECT(text);
	EXPECT(strstr(text, "1 submitted, 1 done, 0 failed"));
	EXPECT(strstr(text, "time-out 1234 ms"));
	EXPECT(strstr(text, "program 1: 1 operations"));
}

TEST(debugfs_shows_the_device)
{
	char *path = debug_file("registers"), *text;
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);

	/* Just after a job it is still switched on, and a while later it is not. */
	run_copy(fd, &copy, 1);
	text = read_file(path);
	EXPECT(text);
	EXPECT(strstr(text, "SDP 0x9") || strstr(text, "switched off"));
	EXPECT(!strstr(text, " 0x900c "));
	EXPECT(!strstr(text, " 0xd00c "));
	sleep(1);
	EXPECT(strstr(read_file(path), "switched off"));
	run_copy(fd, &copy, 2);
	npu_copy_check(fd, &copy);

	text = read_file(debug_file("state"));
	EXPECT(text);
	EXPECT(strstr(text, "configuration: nv_small\n"));
	EXPECT(strstr(text, "running: 0"));
}

TEST(debugfs_reset_needs_a_job)
{
	char *path = debug_file("reset");

	EXPECT_EQ(write_file(path, "1"), -EAGAIN);
	EXPECT_EQ(write_file(path, "0"), -EINVAL);
	EXPECT_EQ(write_file(path, "x"), -EINVAL);
}

TEST(tracepoints_follow_a_job)
{
	static const char * const order[] = {
		"nvdla_job_submit: ", "nvdla_job_start: ", "nvdla_op_start: ", "nvdla_irq: ",
		"nvdla_op_finish: ", "nvdla_job_finish: ",
	};
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	char *text, *at;

	if (access(TRACING "events/nvdla", F_OK))
		SKIP("no tracefs");
	EXPECT_EQ(write_file(TRACING "trace", ""), 0);
	EXPECT_EQ(write_file(TRACING "events/nvdla/enable", "1"), 0);
	run_copy(fd, &copy, 0xfeed);
	EXPECT_EQ(write_file(TRACING "events/nvdla/enable", "0"), 0);
	text = read_file(TRACING "trace");
	EXPECT(text);
	at = text;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		at = strstr(at, order[i]);
		EXPECT(at);
		if (!strstr(order[i], "op_") && !strstr(order[i], "irq"))
			EXPECT_EQ(strtoll(strstr(at, "cookie=") + 7, NULL, 16), 0xfeed);
	}
	EXPECT(strstr(text, "op=0 engine=sdp"));
	EXPECT(strstr(at, "error=0"));
}
