// SPDX-License-Identifier: MIT
/*
 * The kernel interface without a library: one operation, which makes negative elements zero.
 * Documentation/walkthrough.md goes through it.
 *
 *	relu /dev/accel/accel0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include <drm/nvdla_accel.h>

enum { WIDTH = 16, HEIGHT = 4, CHANNELS = 20 };
enum { SLOT_INPUT, SLOT_OUTPUT, SLOTS };

struct buffer {
	uint32_t handle;
	uint64_t size;
	int8_t *map;
};

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

/* DRM may interrupt any request; none that fails has changed anything. */
static void request(int fd, unsigned long number, void *arg, const char *what)
{
	int ret;

	do {
		ret = ioctl(fd, number, arg);
	} while (ret && errno == EINTR);
	if (ret)
		give_up(what);
}

/* [query] */
static struct drm_nvdla_dev_info query(int fd)
{
	struct drm_nvdla_dev_info info;
	struct drm_nvdla_dev_query query = {
		.type = DRM_NVDLA_QUERY_INFO,
		.size = sizeof(info),
		.pointer = (uintptr_t)&info,
	};

	request(fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query, "DEV_QUERY");
	return info;
}
/* [operation] */
static struct drm_nvdla_surface surface(const struct drm_nvdla_dev_info *info, uint32_t slot)
{
	return (struct drm_nvdla_surface) {
		.addr = { .slot = slot },
		.line_stride = WIDTH * info->atom,
		.surface_stride = HEIGHT * WIDTH * info->atom,
	};
}

static size_t place(const struct drm_nvdla_dev_info *info, int x, int y, int c)
{
	const struct drm_nvdla_surface s = surface(info, 0);

	return c / info->atom * s.surface_stride + y * s.line_stride + x * info->atom + c % info->atom;
}

static struct drm_nvdla_op relu(const struct drm_nvdla_dev_info *info)
{
	return (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_SDP,
		.cookie = 1,
		.sdp = {
			.src = surface(info, SLOT_INPUT),
			.dst = surface(info, SLOT_OUTPUT),
			.width = WIDTH,
			.height = HEIGHT,
			.channels = CHANNELS,
			.source = DRM_NVDLA_SOURCE_MEMORY,
			.x1 = { .relu = 1 },
			.out_scale = 1,
		},
	};
}
/* [program] */
static uint32_t program_new(int fd, const struct drm_nvdla_op *op, struct drm_nvdla_slot slots[SLOTS])
{
	char why[256];
	struct drm_nvdla_program_create create = {
		.ops = (uintptr_t)op,
		.op_count = 1,
		.op_stride = sizeof(*op),
		.slots = (uintptr_t)slots,
		.slot_count = SLOTS,
		.slot_stride = sizeof(slots[0]),
		.reason = { .text = (uintptr_t)why, .text_size = sizeof(why) },
	};

	if (ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &create)) {
		if (create.reason.text_size)
			fprintf(stderr, "operation %u: %s\n", create.reason.index, why);
		give_up("PROGRAM_CREATE");
	}
	return create.handle;
}
/* [buffers] */
static struct buffer buffer_new(int fd, uint64_t size)
{
	struct drm_nvdla_bo_create create = { .size = size, .flags = DRM_NVDLA_BO_CACHED };
	void *map;

	request(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create, "BO_CREATE");
	map = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)create.mmap_offset);
	if (map == MAP_FAILED)
		give_up("mmap");
	return (struct buffer) { create.handle, create.size, map };
}

static void buffer_sync(int fd, const struct buffer *buffer, uint32_t direction)
{
	struct drm_nvdla_bo_sync sync = { .handle = buffer->handle, .flags = direction, .size = buffer->size };

	request(fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync, "BO_SYNC");
}
/* [submit] */
static void submit(int fd, uint32_t program, const struct buffer *input, const struct buffer *output)
{
	const struct drm_nvdla_binding bindings[SLOTS] = {
		[SLOT_INPUT] = { .handle = input->handle, .size = input->size },
		[SLOT_OUTPUT] = { .handle = output->handle, .size = output->size },
	};
	struct drm_nvdla_submit submit = {
		.program = program,
		.bindings = (uintptr_t)bindings,
		.binding_count = SLOTS,
		.binding_stride = sizeof(bindings[0]),
		.cookie = 100,
	};

	request(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit, "SUBMIT");
}
/* [wait] */
static void wait_for(int fd, const struct buffer *output, unsigned int seconds)
{
	struct timespec now;
	struct drm_nvdla_bo_wait wait = { .handle = output->handle };
	struct drm_nvdla_queue_state state = { .queue = 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	wait.timeout_ns = (now.tv_sec + seconds) * 1000000000ll + now.tv_nsec;
	request(fd, DRM_IOCTL_NVDLA_BO_WAIT, &wait, "BO_WAIT");

	request(fd, DRM_IOCTL_NVDLA_QUEUE_STATE, &state, "QUEUE_STATE");
	if (!state.jobs_failed)
		return;
	if (state.fault_count)
		fprintf(stderr, "submission %llu hung at operation %u\n",
			(unsigned long long)state.fault_cookie, state.fault_op);
	exit(1);
}
/* [end] */

static int8_t element(int x, int y, int c)
{
	return (int8_t)(37 * x + 101 * y + 11 * c);
}

static void fill(const struct drm_nvdla_dev_info *info, const struct buffer *input)
{
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			for (int c = 0; c < CHANNELS; c++)
				input->map[place(info, x, y, c)] = element(x, y, c);
}

static unsigned int count_wrong(const struct drm_nvdla_dev_info *info, const struct buffer *output)
{
	unsigned int wrong = 0;

	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			for (int c = 0; c < CHANNELS; c++) {
				int8_t value = element(x, y, c);

				wrong += output->map[place(info, x, y, c)] != (value > 0 ? value : 0);
			}
		}
	}
	return wrong;
}

int main(int argc, char **argv)
{
	struct drm_nvdla_slot slots[SLOTS];
	struct drm_nvdla_dev_info info;
	struct buffer input, output;
	struct drm_nvdla_op op;
	unsigned int wrong;
	uint32_t program;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: relu /dev/accel/accelN | /dev/dri/renderDN\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		give_up(argv[1]);

	info = query(fd);
	op = relu(&info);
	program = program_new(fd, &op, slots);
	input = buffer_new(fd, slots[SLOT_INPUT].min_size);
	output = buffer_new(fd, slots[SLOT_OUTPUT].min_size);

	fill(&info, &input);
	buffer_sync(fd, &input, DRM_NVDLA_SYNC_TO_DEVICE);
	submit(fd, program, &input, &output);
	wait_for(fd, &output, 60);
	buffer_sync(fd, &output, DRM_NVDLA_SYNC_FROM_DEVICE);

	wrong = count_wrong(&info, &output);
	printf("%s: %u of %u elements are wrong\n", (const char *)info.config, wrong, WIDTH * HEIGHT * CHANNELS);
	return wrong ? 1 : 0;
}
