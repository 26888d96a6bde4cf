// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/nvdla_genl.h>

#include "genl.h"
#include "npu.h"

/* What the family "nvdla" tells; tests/system/watch.test sees what the tools make of it. */

#define FILES	60
#define QUEUES	16		/* that each may create; it has a default one, too */

struct device {
	uint32_t id, count;
	bool wedged;
	uint64_t stray_irqs, done;
};

static void see_device(const struct genl_message *message, void *ctx)
{
	struct device *device = ctx;

	EXPECT_EQ(message->cmd, NVDLA_CMD_DEV_GET);
	device->count++;
	device->id = (uint32_t)genl_uint(message, NVDLA_A_DEV_ID);
	device->wedged = message->attr[NVDLA_A_DEV_WEDGED] != NULL;
	device->stray_irqs = genl_uint(message, NVDLA_A_DEV_STRAY_IRQS);
	device->done = genl_uint(message, NVDLA_A_DEV_DONE);
}

static struct device the_device(struct genl *genl)
{
	struct device device = { 0 };

	EXPECT_EQ(genl_request(genl, NVDLA_CMD_DEV_GET, true, 0, 0, see_device, &device), 0);
	EXPECT_EQ(device.count, 1);
	return device;
}

TEST(a_device_is_found_by_its_number)
{
	struct genl genl = genl_open();
	struct device all = the_device(&genl), one = { 0 };

	EXPECT_EQ(genl_request(&genl, NVDLA_CMD_DEV_GET, false, NVDLA_A_DEV_ID, all.id, see_device, &one), 0);
	EXPECT_EQ(one.id, all.id);
	EXPECT_EQ(genl_request(&genl, NVDLA_CMD_DEV_GET, false, NVDLA_A_DEV_ID, 12345, see_device, &one), -ENODEV);
	EXPECT_EQ(genl_request(&genl, NVDLA_CMD_DEV_GET, false, 0, 0, see_device, &one), -EINVAL);
	EXPECT_EQ(genl_request(&genl, NVDLA_CMD_DEV_GET, false, NVDLA_A_DEV_NAME, 1, see_device, &one), -EINVAL);
	/* There is no queue to be had alone. */
	EXPECT_EQ(genl_request(&genl, NVDLA_CMD_QUEUE_GET, false, 0, 0, see_device, &one), -EOPNOTSUPP);
	EXPECT_EQ(genl_request(&genl, 99, false, 0, 0, see_device, &one), -EOPNOTSUPP);
	EXPECT_EQ(one.count, 1);
}

/* Queues as a dump lists them. */
struct list {
	uint32_t count;
	struct {
		uint64_t client;
		uint32_t handle, timeout_ms;
	} queue[2 * FILES * (QUEUES + 1)];
};

static void see_queue(const struct genl_message *message, void *ctx)
{
	struct list *list = ctx;

	EXPECT_EQ(message->cmd, NVDLA_CMD_QUEUE_GET);
	EXPECT(list->count < ARRAY_SIZE(list->queue));
	list->queue[list->count].client = genl_uint(message, NVDLA_A_QUEUE_CLIENT);
	list->queue[list->count].handle = (uint32_t)genl_uint(message, NVDLA_A_QUEUE_HANDLE);
	list->queue[list->count++].timeout_ms = (uint32_t)genl_uint(message, NVDLA_A_QUEUE_TIMEOUT_MS);
}

static void dump_queues(struct genl *genl, struct list *list)
{
	list->count = 0;
	EXPECT_EQ(genl_request(genl, NVDLA_CMD_QUEUE_GET, true, 0, 0, see_queue, list), 0);
}

/* How often a dump lists a queue of that time-out. */
static uint32_t times_listed(const struct list *list, uint32_t timeout_ms)
{
	uint32_t times = 0;

	for (uint32_t i = 0; i < list->count; i++)
		times += list->queue[i].timeout_ms == timeout_ms;
	return times;
}

/* Each queue by a time-out of its own, from @first up. */
static void open_many(int fd[FILES], uint32_t first)
{
	struct rlimit files = { FILES + 64, FILES + 64 };

	setrlimit(RLIMIT_NOFILE, &files);
	for (uint32_t i = 0; i < FILES; i++) {
		fd[i] = npu_open();
		for (uint32_t k = 0; k < QUEUES; k++) {
			struct drm_nvdla_queue_create create = { .timeout_ms = first + i * QUEUES + k };

			EXPECT_EQ(npu_ioctl(fd[i], DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
		}
	}
}

/* More than fit into one message: the dump goes on where it was, and lists each once. */
TEST(a_dump_of_a_thousand_queues)
{
	static struct list list;
	struct genl genl = genl_open();
	struct device device = the_device(&genl);
	uint32_t others;
	int fd[FILES];

	dump_queues(&genl, &list);
	others = list.count;
	open_many(fd, 1000);
	dump_queues(&genl, &list);
	printf("# %u queues in %u parts\n", list.count, genl.parts);
	EXPECT_EQ(list.count, others + FILES * (QUEUES + 1));
	EXPECT(genl.parts > 5);
	for (uint32_t i = 0; i < FILES * QUEUES; i++)
		EXPECT_EQ(times_listed(&list, 1000 + i), 1);

	list.count = 0;
	EXPECT_EQ(genl_request(&genl, NVDLA_CMD_QUEUE_GET, true, NVDLA_A_QUEUE_DEV_ID, device.id, see_queue, &list), 0);
	EXPECT_EQ(list.count, others + FILES * (QUEUES + 1));
	list.count = 0;
	EXPECT_EQ(genl_request(&genl, NVDLA_CMD_QUEUE_GET, true, NVDLA_A_QUEUE_DEV_ID, 12345, see_queue, &list), 0);
	EXPECT_EQ(list.count, 0);
}

/* Queues and files that come and go meanwhile do not make others appear twice, or not at all. */
TEST(a_dump_while_queues_come_and_go)
{
	static struct list list;
	struct genl genl = genl_open();
	int fd[FILES], status;
	pid_t child;

	open_many(fd, 1000);
	child = fork();
	EXPECT(child >= 0);
	while (!child) {
		int own = npu_open();

		for (int i = 0; i < 4; i++) {
			struct drm_nvdla_queue_create create = { .timeout_ms = 1 };

			EXPECT_EQ(npu_ioctl(own, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
		}
		close(own);
	}
	for (int round = 0; round < 50; round++) {
		dump_queues(&genl, &list);
		for (uint32_t i = 0; i < FILES * QUEUES; i += 7)
			EXPECT_EQ(times_listed(&list, 1000 + i), 1);
	}
	kill(child, SIGKILL);
	EXPECT_EQ(waitpid(child, &status, 0), child);
	EXPECT(WIFSIGNALED(status));
}

static void ignore(const struct genl_message *message, void *ctx)
{
	(void)message;
	(void)ctx;
}

/* It is there whole, or not at all. */
TEST(the_device_goes_while_it_is_asked)
{
	struct genl genl = genl_open();
	struct device device = the_device(&genl), after = { 0 };
	char name[64];
	pid_t child;
	int status;

	npu_device_name(name);
	child = fork();
	EXPECT(child >= 0);
	if (!child) {
		struct genl own = genl_open();

		for (;;) {
			int ret = genl_request(&own, NVDLA_CMD_DEV_GET, false, NVDLA_A_DEV_ID, device.id, ignore, NULL);

			EXPECT(ret == 0 || ret == -ENODEV);
			EXPECT_EQ(genl_request(&own, NVDLA_CMD_DEV_GET, true, 0, 0, ignore, NULL), 0);
			EXPECT_EQ(genl_request(&own, NVDLA_CMD_QUEUE_GET, true, 0, 0, ignore, NULL), 0);
		}
	}
	for (int i = 0; i < 20; i++) {
		int fd = npu_open();

		npu_driver_tell("unbind", name);
		/* Nobody is left: an answer of nothing. */
		EXPECT_EQ(genl_request(&genl, NVDLA_CMD_DEV_GET, true, 0, 0, see_device, &after), 0);
		EXPECT_EQ(after.count, 0);
		EXPECT_EQ(genl_request(&genl, NVDLA_CMD_QUEUE_GET, true, 0, 0, ignore, NULL), 0);
		npu_driver_tell("bind", name);
		close(fd);
	}
	EXPECT_EQ(waitpid(child, &status, WNOHANG), 0);
	kill(child, SIGKILL);
	EXPECT_EQ(waitpid(child, &status, 0), child);
}

struct event {
	uint32_t type, dev, engine, op;
	uint64_t time_ns;
};

static void see_event(const struct genl_message *message, void *ctx)
{
	*(struct event *)ctx = (struct event) {
		.type = (uint32_t)genl_uint(message, NVDLA_A_EVENT_TYPE),
		.dev = (uint32_t)genl_uint(message, NVDLA_A_EVENT_DEV_ID),
		.engine = (uint32_t)genl_uint(message, NVDLA_A_EVENT_ENGINE),
		.op = (uint32_t)genl_uint(message, NVDLA_A_EVENT_OPERATION),
		.time_ns = genl_uint(message, NVDLA_A_EVENT_TIME_NS),
	};
}

static struct event next_event(struct genl *genl)
{
	struct event event;

	EXPECT(genl_next_event(genl, 20000, see_event, &event));
	return event;
}

/* A job that is not given back, on a device that cannot be reset; see hang.c for the environment. */
TEST(events_of_a_device_that_is_lost)
{
	struct genl genl = genl_open();
	struct device device;
	struct npu_copy copy;
	struct drm_nvdla_submit submit;
	struct drm_nvdla_queue_create create = { .timeout_ms = 500 };
	struct event event, ignored;
	int fd = npu_open();

	if (!getenv("NVDLA_NO_RESET"))
		SKIP("needs a device that hangs and has no reset line");
	genl_listen(&genl);
	device = the_device(&genl);
	EXPECT(!device.wedged);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	copy = npu_copy_new(fd, 64, 0);
	submit = npu_copy_submit(&copy);
	submit.queue = create.handle;
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);

	event = next_event(&genl);
	EXPECT_EQ(event.type, NVDLA_EVENT_TYPE_TIMEOUT);
	EXPECT_EQ(event.dev, device.id);
	EXPECT_EQ(event.engine, DRM_NVDLA_SDP);
	EXPECT_EQ(event.op, 0);
	event = next_event(&genl);
	EXPECT_EQ(event.type, NVDLA_EVENT_TYPE_WEDGED);
	EXPECT(event.time_ns <= (uint64_t)npu_now());
	EXPECT(the_device(&genl).wedged);
	/* No reset, and nothing twice. */
	EXPECT(!genl_next_event(&genl, 1000, see_event, &ignored));
}

/* An interrupt that nobody waits for is told, acknowledged, and does no harm. */
TEST(a_stray_interrupt_is_told)
{
	enum { GROUPS = 6 };		/* done bits from the lowest: two of SDP, CDP and PDP each */
	/* GLB's register that raises interrupts. */
	volatile uint32_t *intr_set = npu_registers(".npu", 8192) + 0x1008 / 4;
	struct genl genl = genl_open();
	struct device before = the_device(&genl);
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 64, 0);
	struct drm_nvdla_submit submit = npu_copy_submit(&copy);
	struct event event;

	genl_listen(&genl);
	for (uint32_t i = 0; i < GROUPS; i++) {
		/* It is switched on for a while after a job. */
		npu_copy_fill(&copy, i);
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
		EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 30), 0);
		npu_copy_check(fd, &copy);
		*intr_set = 1u << i;
		event = next_event(&genl);
		EXPECT_EQ(event.type, NVDLA_EVENT_TYPE_STRAY_IRQ);
		EXPECT_EQ(event.dev, before.id);
	}
	EXPECT_EQ(the_device(&genl).stray_irqs, before.stray_irqs + GROUPS);
	EXPECT_EQ(the_device(&genl).done, before.done + GROUPS);
}
