// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "npu.h"

/*
 * The kernel's fault injection: fail-nth makes the thread's n-th allocation, or copy from or to user
 * memory, fail. Each request is made with the first failing, then the second, and so on until none
 * is left to fail. A request that fails has to leave everything as it was. What it forgets to free,
 * kmemleak finds when all tests are over.
 */

#define DEBUGFS		"/sys/kernel/debug/"
#define MAX_FAULTS	5000

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Open for as long as faults are injected, because opening it would be what fails. */
static int fault_open(void)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		SKIP("no fault injection in this kernel");
	/* Allocations may fail that can wait for memory; of single pages the kernel would warn. */
	put(DEBUGFS "failslab/ignore-gfp-wait", "N");
	put(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	put(DEBUGFS "fail_page_alloc/min-order", "1");
	/* No messages: they look like those about mistakes. */
	put(DEBUGFS "failslab/verbose", "0");
	put(DEBUGFS "fail_page_alloc/verbose", "0");
	put(DEBUGFS "fail_usercopy/verbose", "0");
	return fd;
}

static void fault_arm(int fault, unsigned int n)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", n);

	EXPECT_EQ(pwrite(fault, text, (size_t)size, 0), size);
}

/* Whether the fault has happened. Reading or writing here may still meet it. */
static bool fault_disarm(int fault)
{
	char text[16] = "";
	bool happened = pread(fault, text, sizeof(text) - 1, 0) > 0 && !strtoul(text, NULL, 10);

	for (int i = 0; pwrite(fault, "0", 1, 0) != 1; i++)
		EXPECT(i < 2);
	return happened;
}

/* Where a function of the kernel begins, and where the next does. */
static void find_function(const char *name, uint64_t *begin, uint64_t *end)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	char line[512], symbol[256];
	unsigned long long address;

	EXPECT(symbols);
	*begin = *end = 0;
	while (!*end && fgets(line, sizeof(line), symbols)) {
		EXPECT_EQ(sscanf(line, "%llx %*c %255s", &address, symbol), 2);
		if (*begin && address > *begin)
			*end = address;
		else if (!strcmp(symbol, name))
			*begin = address;
	}
	fclose(symbols);
	EXPECT(*begin && *end);
}

/* No failure of allocations that the function makes, or what it calls. */
static void fault_spare(const char *function)
{
	uint64_t begin, end;
	char text[32];

	find_function(function, &begin, &end);
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)begin);
	put(DEBUGFS "failslab/reject-start", text);
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)end);
	put(DEBUGFS "failslab/reject-end", text);
}

/* What a client has of the device, as the kernel tells it. */
static void usage(int fd, char text[2048])
{
	char path[64], line[256];
	size_t used = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	EXPECT(info);
	text[0] = '\0';
	while (fgets(line, sizeof(line), info)) {
		/* DRM keeps an exported buffer's dma-buf for the next export, whatever became of this one. */
		if (strncmp(line, "drm-", 4) || !strncmp(line, "drm-engine-", 11) ||
		    !strncmp(line, "drm-shared-", 11))
			continue;
		EXPECT(used + strlen(line) < 2048);
		strcpy(text + used, line);
		used += strlen(line);
	}
	fclose(info);
	EXPECT(used > 0);
}

/* Everything that requests are made of. */
struct client {
	int fd, other;
	char node[64];
	struct npu_copy copy;
	uint32_t binary, timeline;
	int dmabuf;
	struct drm_nvdla_op ops[8];
};

static struct client client_new(void)
{
	struct client client = { .fd = npu_open(), .other = npu_open() };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", client.fd);
	EXPECT(readlink(link, client.node, sizeof(client.node) - 1) > 0);
	client.copy = npu_copy_new(client.fd, 64, 0);
	client.binary = npu_syncobj_new(client.fd);
	client.timeline = npu_syncobj_new(client.fd);
	for (size_t i = 0; i < ARRAY_SIZE(client.ops); i++)
		client.ops[i] = npu_copy_op(64);
	prime.handle = client.copy.src.handle;
	EXPECT_EQ(npu_ioctl(client.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	client.dmabuf = prime.fd;
	return client;
}

static void client_free(struct client *client)
{
	EXPECT_EQ(npu_bo_wait(client->fd, client->copy.dst.handle, 30), 0);
	npu_copy_unmap(&client->copy);
	close(client->dmabuf);
	close(client->other);
	close(client->fd);
}

/*
 * Make @request with every possible fault, each time as a new client. It returns zero or a negative
 * errno, and does not fail without a fault: what it made before is still as it was.
 */
static void check_request(const char *name, int (*request)(struct client *client))
{
	unsigned int n, failed = 0, tolerated = 0, unanswered = 0;
	int fault = fault_open();
	bool happened;

	for (n = 1; n < MAX_FAULTS; n++) {
		struct client client = client_new();
		char before[2048], after[2048];
		int ret;

		usage(client.fd, before);
		fault_arm(fault, n);
		ret = request(&client);
		happened = fault_disarm(fault);
		if (!happened) {
			EXPECT_EQ(ret, 0);
			client_free(&client);
			break;
		}
		tolerated += ret == 0;
		/* DRM copies the answer when all is done: without it, the request was still obeyed. */
		unanswered += ret == -EFAULT;
		if (ret && ret != -EFAULT) {
			failed++;
			if (ret != -ENOMEM)
				nvdla_test_fail(__FILE__, __LINE__, "%s, fault %u: error %d", name, n, -ret);
			usage(client.fd, after);
			if (strcmp(before, after))
				nvdla_test_fail(__FILE__, __LINE__, "%s, fault %u: it has\n%snot\n%s", name, n,
						after, before);
			ret = request(&client);
			if (ret)
				nvdla_test_fail(__FILE__, __LINE__, "%s, after fault %u: error %d", name, n,
						-ret);
		}
		client_free(&client);
	}
	EXPECT(n < MAX_FAULTS);
	printf("# %s: %u faults: %u refused, %u not answered, %u did not matter\n", name, n - 1, failed,
	       unanswered, tolerated);
	EXPECT(failed + unanswered > 0);
	close(fault);
}

static int request_open(struct client *client)
{
	int fd = open(client->node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int request_query(struct client *client)
{
	struct drm_nvdla_dev_info info;
	struct drm_nvdla_dev_query query = { .size = sizeof(info), .pointer = (uintptr_t)&info };

	return npu_ioctl(client->fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query);
}

static int request_bo(struct client *client, uint32_t flags)
{
	struct drm_nvdla_bo_create create = { .size = 64 << 10, .flags = flags };

	return npu_ioctl(client->fd, DRM_IOCTL_NVDLA_BO_CREATE, &create);
}

static int request_write_combined(struct client *client)
{
	return request_bo(client, 0);
}

static int request_cached(struct client *client)
{
	return request_bo(client, DRM_NVDLA_BO_CACHED);
}

static int request_sync(struct client *client)
{
	struct drm_nvdla_bo_sync sync = {
		.handle = client->copy.src.handle,
		.flags = DRM_NVDLA_SYNC_TO_DEVICE,
		.size = 8,
	};

	return npu_ioctl(client->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync);
}

static int request_wait(struct client *client)
{
	return npu_bo_wait(client->fd, client->copy.dst.handle, 30);
}

static int request_map(struct client *client)
{
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, client->dmabuf, 0);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, 4096);
	return 0;
}

static int request_export(struct client *client)
{
	struct drm_prime_handle prime = { .handle = client->copy.dst.handle, .flags = DRM_CLOEXEC };
	int ret = npu_ioctl(client->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);

	if (!ret)
		close(prime.fd);
	return ret;
}

/* One's own, by another client. */
static int request_import(struct client *client)
{
	struct drm_prime_handle prime = { .fd = client->dmabuf };

	return npu_ioctl(client->other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
}

static int request_program(struct client *client)
{
	static const struct drm_nvdla_lut luts[2];
	struct drm_nvdla_slot slots[2];
	char text[64];
	struct drm_nvdla_program_create create = {
		.ops = (uintptr_t)client->ops,
		.op_count = ARRAY_SIZE(client->ops),
		.op_stride = sizeof(client->ops[0]),
		.luts = (uintptr_t)luts,
		.lut_count = ARRAY_SIZE(luts),
		.lut_stride = sizeof(luts[0]),
		.slots = (uintptr_t)slots,
		.slot_count = ARRAY_SIZE(slots),
		.slot_stride = sizeof(slots[0]),
		.reason = { .text = (uintptr_t)text, .text_size = sizeof(text) },
	};

	return npu_ioctl(client->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &create);
}

/* May be made twice: the program is gone when only the answer was missing. */
static int request_program_destroy(struct client *client)
{
	struct drm_nvdla_program_destroy destroy = { .handle = client->copy.program };

	return npu_ioctl(client->fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy);
}

static int request_queue_destroy(struct client *client)
{
	struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_LOW };
	struct drm_nvdla_queue_destroy destroy = { 0 };
	int ret = npu_ioctl(client->fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create);

	destroy.handle = create.handle;
	return ret ? ret : npu_ioctl(client->fd, DRM_IOCTL_NVDLA_QUEUE_DESTROY, &destroy);
}

static int request_queue(struct client *client)
{
	struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_LOW };

	return npu_ioctl(client->fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create);
}

static int request_queue_state(struct client *client)
{
	struct drm_nvdla_queue_state state = { 0 };

	return npu_ioctl(client->fd, DRM_IOCTL_NVDLA_QUEUE_STATE, &state);
}

/* With all that a submission can have. */
static int request_submit(struct client *client)
{
	struct drm_nvdla_submit submit = npu_copy_submit(&client->copy);
	struct drm_nvdla_sync syncs[] = {
		{ client->binary, DRM_NVDLA_SYNC_SIGNAL, 0 },
		{ client->timeline, DRM_NVDLA_SYNC_SIGNAL | DRM_NVDLA_SYNC_TIMELINE, 5 },
	};
	struct drm_nvdla_queue_state before, after;
	int ret;

	submit.syncs = (uintptr_t)syncs;
	submit.sync_count = ARRAY_SIZE(syncs);
	submit.sync_stride = sizeof(syncs[0]);
	submit.times = client->copy.src.handle;
	submit.times_offset = 1024;
	ret = npu_ioctl(client->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
	if (ret != -ENOMEM)
		return ret;

	/* No trace of it: not counted, nothing to wait for, no promise of a fence. */
	npu_queue_state(client->fd, 0, &after);
	EXPECT_EQ(after.jobs_submitted, 0);
	EXPECT_EQ(npu_bo_wait(client->fd, client->copy.dst.handle, 0), 0);
	EXPECT_EQ(npu_syncobj_wait(client->fd, client->binary, 0), -EINVAL);
	/* Nor does it count as pending: as many fit as ever. */
	submit.sync_count = 0;
	submit.times = 0;
	submit.times_offset = 0;
	npu_queue_state(client->fd, 0, &before);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(npu_ioctl(client->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(client->fd, client->copy.dst.handle, 30), 0);
	npu_copy_check(client->fd, &client->copy);
	return ret;
}

#define REQUEST_TEST(name)			\
	TEST(faults_in_##name)			\
	{					\
		check_request(#name, request_##name);	\
	}

REQUEST_TEST(open)
REQUEST_TEST(query)
REQUEST_TEST(write_combined)
REQUEST_TEST(cached)
REQUEST_TEST(sync)
REQUEST_TEST(wait)
REQUEST_TEST(map)
REQUEST_TEST(export)
REQUEST_TEST(import)
REQUEST_TEST(program)
REQUEST_TEST(program_destroy)
REQUEST_TEST(queue)
REQUEST_TEST(queue_destroy)
REQUEST_TEST(queue_state)
REQUEST_TEST(submit)

/* A file by which a thread can be kept from all memory of the slab, or let to it again. */
static int starve_open(void)
{
	int fd = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);

	EXPECT(fd >= 0);
	put(DEBUGFS "failslab/task-filter", "Y");
	put(DEBUGFS "failslab/times", "-1");
	put(DEBUGFS "failslab/probability", "100");
	return fd;
}

static void starve(int fd, bool on)
{
	EXPECT_EQ(pwrite(fd, on ? "1" : "0", 1, 0), 1);
}

/* What one failure does not stop, because there is another way, all failures do. */
TEST(requests_without_memory)
{
	static const struct {
		const char *name;
		int (*request)(struct client *client);
		bool allocates;
	} requests[] = {
		{ "query", request_query, false }, { "write_combined", request_write_combined, true },
		{ "cached", request_cached, true }, { "sync", request_sync, false },
		{ "wait", request_wait, false }, { "program", request_program, true },
		{ "program_destroy", request_program_destroy, false }, { "queue", request_queue, true },
		{ "queue_state", request_queue_state, false },
	};
	int fault = fault_open(), hunger = starve_open();

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		struct client client = client_new();
		char before[2048], after[2048];
		int ret;

		usage(client.fd, before);
		starve(hunger, true);
		ret = requests[i].request(&client);
		starve(hunger, false);
		usage(client.fd, after);
		if (ret != (requests[i].allocates ? -ENOMEM : 0))
			nvdla_test_fail(__FILE__, __LINE__, "%s: %d", requests[i].name, ret);
		EXPECT(!strcmp(before, after));
		if (ret)
			EXPECT_EQ(requests[i].request(&client), 0);
		client_free(&client);
	}
	put(DEBUGFS "failslab/probability", "0");
	put(DEBUGFS "failslab/task-filter", "N");
	close(hunger);
	close(fault);
}

static bool is_bound(const char *device)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/platform/drivers/nvdla/%s", device);
	return !access(path, F_OK);
}

/*
 * The device comes whole or not at all, and comes when nothing fails any more. It takes time, so
 * NVDLA_FAULT_STEP in the environment may choose every so manyth.
 */
TEST(faults_in_probe)
{
	const char *chosen = getenv("NVDLA_FAULT_STEP");
	unsigned int n, step = chosen ? (unsigned int)atoi(chosen) : 1, absent = 0, tolerated = 0;
	int fault = fault_open(), bind;
	bool happened;
	char device[64];

	npu_device_name(device);
	/* In Linux 6.12 it crashes when drm_sysfs_minor_alloc() fails: it puts an error pointer. */
	fault_spare("drm_dev_init");
	bind = open("/sys/bus/platform/drivers/nvdla/bind", O_WRONLY | O_CLOEXEC);
	EXPECT(bind >= 0);
	/* Longer than a test usually may. */
	alarm(1200);
	npu_driver_tell("unbind", device);
	EXPECT(step > 0);
	for (n = 1; n < MAX_FAULTS; n += step) {
		ssize_t written;

		fault_arm(fault, n);
		written = write(bind, device, strlen(device));
		happened = fault_disarm(fault);
		EXPECT_EQ(written > 0, is_bound(device));
		if (!happened)
			break;
		absent += written < 0;
		tolerated += written > 0;
		if (written > 0)
			npu_driver_tell("unbind", device);
	}
	EXPECT(n < MAX_FAULTS);
	EXPECT(is_bound(device));
	printf("# of %u faults each %u.: %u times absent, %u did not matter\n", n - 1, step, absent, tolerated);
	EXPECT(absent > 0);
	close(npu_open());
}
