// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "npu.h"

/*
 * Buffers shared with other drivers. The camera is vivid, the kernel's own test driver; what it
 * captures into is contiguous memory if it was loaded with allocators=1, and scattered with
 * allocators=0. "allocators=1,0 n_devs=2" makes one of each, and all tests run.
 */

#define FRAME_WIDTH	320
#define FRAME_HEIGHT	180
#define FRAMES		3

/* The part of a frame that the network looks at; it is cut out by the NPU. */
#define LEFT		96
#define TOP		40
#define WIDTH		64
#define HEIGHT		32

#define KERNELS		8
#define WEIGHT_BYTES	128
#define OUT_SIZE	(WIDTH * HEIGHT * KERNELS)
#define OUT_SHIFT	4

/* A picture's format, as the camera and the NPU know it. */
struct picture {
	uint32_t fourcc;
	uint16_t format;
	uint16_t channels;
};

static const struct picture rgba = { V4L2_PIX_FMT_RGBA32, DRM_NVDLA_A8B8G8R8, 4 };
/* Less than 64 KiB: vivid does not say that it can import larger pieces, and DMA_API_DEBUG notices. */
static const struct picture grey = { V4L2_PIX_FMT_GREY, DRM_NVDLA_R8, 1 };

enum allocator { VMALLOC, DMA_CONTIG };

static uint32_t line_stride(const struct picture *picture)
{
	return FRAME_WIDTH * picture->channels;
}

static uint32_t frame_size(const struct picture *picture)
{
	return line_stride(picture) * FRAME_HEIGHT;
}

static uint32_t corner(const struct picture *picture)
{
	return TOP * line_stride(picture) + LEFT * picture->channels;
}

static int camera_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

/* A capture device that takes pictures from its webcam input, or -1. */
static int camera_open_node(const char *path, const struct picture *picture)
{
	struct v4l2_format format = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.fmt.pix = {
			.width = FRAME_WIDTH,
			.height = FRAME_HEIGHT,
			.pixelformat = picture->fourcc,
			.field = V4L2_FIELD_NONE,
		},
	};
	struct v4l2_capability cap = { 0 };
	int fd = open(path, O_RDWR | O_CLOEXEC), input = 0;

	if (fd < 0)
		return -1;
	if (camera_ioctl(fd, VIDIOC_QUERYCAP, &cap) || strcmp((char *)cap.driver, "vivid") ||
	    !(cap.device_caps & V4L2_CAP_VIDEO_CAPTURE)) {
		close(fd);
		return -1;
	}
	EXPECT_EQ(camera_ioctl(fd, VIDIOC_S_INPUT, &input), 0);
	EXPECT_EQ(camera_ioctl(fd, VIDIOC_S_FMT, &format), 0);
	EXPECT_EQ(format.fmt.pix.pixelformat, picture->fourcc);
	EXPECT_EQ(format.fmt.pix.bytesperline, line_stride(picture));
	EXPECT_EQ(format.fmt.pix.sizeimage, frame_size(picture));
	return fd;
}

/* The driver may give more than that. */
static void camera_request(int fd, uint32_t count, uint32_t memory)
{
	struct v4l2_requestbuffers request = {
		.count = count,
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = memory,
	};

	EXPECT_EQ(camera_ioctl(fd, VIDIOC_REQBUFS, &request), 0);
	EXPECT(request.count >= count);
}

static int camera_export(int fd, uint32_t index)
{
	struct v4l2_exportbuffer export = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.index = index,
		.flags = O_RDWR | O_CLOEXEC,
	};

	EXPECT_EQ(camera_ioctl(fd, VIDIOC_EXPBUF, &export), 0);
	return export.fd;
}

static uint8_t *camera_map(int fd, uint32_t index)
{
	struct v4l2_buffer buffer = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_MMAP,
		.index = index,
	};
	uint8_t *map;

	EXPECT_EQ(camera_ioctl(fd, VIDIOC_QUERYBUF, &buffer), 0);
	map = mmap(NULL, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, buffer.m.offset);
	EXPECT(map != MAP_FAILED);
	return map;
}

/* A buffer of the camera's own, or @dmabuf. */
static void camera_queue(int fd, uint32_t index, int dmabuf)
{
	struct v4l2_buffer buffer = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = dmabuf < 0 ? V4L2_MEMORY_MMAP : V4L2_MEMORY_DMABUF,
		.index = index,
		.m.fd = dmabuf,
	};

	EXPECT_EQ(camera_ioctl(fd, VIDIOC_QBUF, &buffer), 0);
}

/* Wait for a frame; the buffer that it is in. */
static uint32_t camera_dequeue(int fd, uint32_t memory)
{
	struct v4l2_buffer buffer = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = memory };

	EXPECT_EQ(camera_ioctl(fd, VIDIOC_DQBUF, &buffer), 0);
	EXPECT(!(buffer.flags & V4L2_BUF_FLAG_ERROR));
	return buffer.index;
}

static void camera_stream(int fd, bool on)
{
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

	EXPECT_EQ(camera_ioctl(fd, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type), 0);
}

static int import(int fd, int dmabuf, uint32_t *handle)
{
	struct drm_prime_handle prime = { .fd = dmabuf };
	int ret = npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);

	*handle = prime.handle;
	return ret;
}

static int export(int fd, uint32_t handle)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	return prime.fd;
}

/* Whether a camera's memory is contiguous nobody tells; that it can be imported does. */
static bool is_contiguous(int camera, int fd)
{
	uint32_t handle;
	bool contiguous;
	int dmabuf;

	camera_request(camera, 1, V4L2_MEMORY_MMAP);
	dmabuf = camera_export(camera, 0);
	contiguous = !import(fd, dmabuf, &handle);
	if (contiguous)
		npu_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &(struct drm_gem_close) { .handle = handle });
	close(dmabuf);
	camera_request(camera, 0, V4L2_MEMORY_MMAP);
	return contiguous;
}

static int camera_open(int fd, enum allocator allocator, const struct picture *picture)
{
	bool any = false;

	for (int i = 0; i < 16; i++) {
		char path[32];
		int camera;

		snprintf(path, sizeof(path), "/dev/video%d", i);
		camera = camera_open_node(path, picture);
		if (camera < 0)
			continue;
		any = true;
		if (is_contiguous(camera, fd) == (allocator == DMA_CONTIG))
			return camera;
		close(camera);
	}
	/* A driver that refuses, or takes, everything must not look like a camera that is missing. */
	if (any)
		EXPECT(!"a camera of this kind among those that are there");
	SKIP("no vivid camera");
}

static int weight(int kernel, int channel)
{
	return (kernel * 5 + channel * 3) % 7 - 3;
}

static int saturate8(int value)
{
	return value < -128 ? -128 : value > 127 ? 127 : value;
}

/* To the nearest, halves away from zero. */
static int shift(int value, int bits)
{
	int half = 1 << (bits - 1);

	return value < 0 ? -((-value + half) >> bits) : (value + half) >> bits;
}

/* A 1x1 convolution of part of the picture in slot 0, with the weights in slot 1, to slot 2. */
static uint32_t network(int fd, const struct picture *picture)
{
	struct drm_nvdla_op ops[] = {
		{
			.engine = DRM_NVDLA_CONV,
			.conv = {
				.src = { .addr.offset = corner(picture), .line_stride = line_stride(picture) },
				.weights.slot = 1,
				.weight_bytes = WEIGHT_BYTES,
				.format = picture->format,
				.src_width = WIDTH,
				.src_height = HEIGHT,
				.src_channels = picture->channels,
				.kernels = KERNELS,
				.dst_width = WIDTH,
				.dst_height = HEIGHT,
				.kernel_width = 1,
				.kernel_height = 1,
				.stride_x = 1,
				.stride_y = 1,
				.dilation_x = 1,
				.dilation_y = 1,
				.data_banks = 16,
				.weight_banks = 16,
				.flags = DRM_NVDLA_CONV_CONVERT,
				.cvt_scale = 1,
			},
		},
		{
			.engine = DRM_NVDLA_SDP,
			.sdp = {
				.dst = { .addr.slot = 2, .line_stride = WIDTH * KERNELS,
					 .surface_stride = OUT_SIZE },
				.width = WIDTH,
				.height = HEIGHT,
				.channels = KERNELS,
				.out_scale = 1,
				.out_shift = OUT_SHIFT,
				.source = DRM_NVDLA_SOURCE_OP,
			},
		},
	};
	uint32_t handle;

	for (int c = 0; c < picture->channels; c++)
		ops[0].conv.cvt_offset[c] = 128;
	EXPECT_EQ(npu_program_new(fd, ops, ARRAY_SIZE(ops), &handle), 0);
	return handle;
}

static struct npu_bo weights_new(int fd, const struct picture *picture)
{
	struct npu_bo bo = npu_bo_new(fd, WEIGHT_BYTES, 0);

	for (int k = 0; k < KERNELS; k++)
		for (int c = 0; c < picture->channels; c++)
			bo.map[k * picture->channels + c] = (uint8_t)weight(k, c);
	return bo;
}

/* A network for pictures of one format, and what it needs beside them. */
struct job {
	const struct picture *picture;
	uint32_t program;
	struct npu_bo weights;
	struct npu_bo out;
};

static struct job job_new(int fd, const struct picture *picture)
{
	return (struct job) {
		.picture = picture,
		.program = network(fd, picture),
		.weights = weights_new(fd, picture),
		.out = npu_bo_new(fd, OUT_SIZE, 0),
	};
}

static void start(int fd, const struct job *job, uint32_t frame)
{
	const struct drm_nvdla_binding bindings[] = {
		{ .handle = frame, .size = frame_size(job->picture) },
		{ .handle = job->weights.handle, .size = WEIGHT_BYTES },
		{ .handle = job->out.handle, .size = OUT_SIZE },
	};
	struct drm_nvdla_submit submit = {
		.program = job->program,
		.bindings = (uintptr_t)bindings,
		.binding_count = ARRAY_SIZE(bindings),
		.binding_stride = sizeof(bindings[0]),
	};

	memset(job->out.map, 0x80, OUT_SIZE);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
}

/* The result, compared with what the CPU makes of the same frame. */
static void check(int fd, const struct job *job, const uint8_t *frame)
{
	const struct picture *picture = job->picture;
	int least = 127, most = -128;

	EXPECT_EQ(npu_bo_wait(fd, job->out.handle, 60), 0);
	for (int i = 0; i < OUT_SIZE; i++) {
		int k = i % KERNELS, x = i / KERNELS % WIDTH, y = i / KERNELS / WIDTH, sum = 0;
		const uint8_t *pixel = frame + corner(picture) + (uint32_t)y * line_stride(picture) +
				       x * picture->channels;
		int is = (int8_t)job->out.map[i], should;

		for (int c = 0; c < picture->channels; c++)
			sum += saturate8(pixel[c] - 128) * weight(k, c);
		should = saturate8(shift(sum, OUT_SHIFT));
		if (is != should)
			nvdla_test_fail(__FILE__, __LINE__, "kernel %d at %d, %d is %d, should be %d", k, x, y,
					is, should);
		least = is < least ? is : least;
		most = is > most ? is : most;
	}
	/* A picture, and not a surface of one colour. */
	EXPECT(most > least);
}

TEST(a_camera_frame_goes_in_without_a_copy)
{
	int fd = npu_open(), camera = camera_open(fd, DMA_CONTIG, &rgba);
	struct job job = job_new(fd, &rgba);
	uint32_t handle[FRAMES];
	uint8_t *map[FRAMES];

	camera_request(camera, FRAMES, V4L2_MEMORY_MMAP);
	for (uint32_t i = 0; i < FRAMES; i++) {
		int dmabuf = camera_export(camera, i);

		EXPECT_EQ(import(fd, dmabuf, &handle[i]), 0);
		close(dmabuf);
		map[i] = camera_map(camera, i);
		camera_queue(camera, i, -1);
	}
	camera_stream(camera, true);
	for (int n = 0; n < 2 * FRAMES; n++) {
		uint32_t i = camera_dequeue(camera, V4L2_MEMORY_MMAP);

		start(fd, &job, handle[i]);
		check(fd, &job, map[i]);
		/* The same memory: what the CPU writes there now, the NPU sees. */
		for (uint32_t at = corner(&rgba); at < corner(&rgba) + 4 * WIDTH; at++)
			map[i][at] = (uint8_t)(at * 7 + (uint32_t)n);
		start(fd, &job, handle[i]);
		check(fd, &job, map[i]);
		camera_queue(camera, i, -1);
	}
}

TEST(a_frame_outlives_its_camera)
{
	int fd = npu_open(), camera = camera_open(fd, DMA_CONTIG, &rgba), dmabuf;
	struct job job = job_new(fd, &rgba);
	uint8_t *map, *copy = malloc(frame_size(&rgba));
	uint32_t handle;

	EXPECT(copy);
	camera_request(camera, 1, V4L2_MEMORY_MMAP);
	map = camera_map(camera, 0);
	dmabuf = camera_export(camera, 0);
	EXPECT_EQ(import(fd, dmabuf, &handle), 0);
	close(dmabuf);
	camera_queue(camera, 0, -1);
	camera_stream(camera, true);
	camera_dequeue(camera, V4L2_MEMORY_MMAP);
	memcpy(copy, map, frame_size(&rgba));
	munmap(map, frame_size(&rgba));
	camera_stream(camera, false);
	camera_request(camera, 0, V4L2_MEMORY_MMAP);
	close(camera);

	start(fd, &job, handle);
	/* Not even the handle is needed while the job runs. */
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &(struct drm_gem_close) { .handle = handle }), 0);
	check(fd, &job, copy);
}

/* The other way round: the camera imports, and writes into what the NPU has allocated. */
static void check_capture_into_npu_buffer(uint32_t flags)
{
	int fd = npu_open(), camera = camera_open(fd, DMA_CONTIG, &grey), dmabuf[FRAMES];
	struct job job = job_new(fd, &grey);
	struct npu_bo frame[FRAMES];

	camera_request(camera, FRAMES, V4L2_MEMORY_DMABUF);
	for (uint32_t i = 0; i < FRAMES; i++) {
		frame[i] = npu_bo_new(fd, frame_size(&grey), flags);
		dmabuf[i] = export(fd, frame[i].handle);
		camera_queue(camera, i, dmabuf[i]);
	}
	camera_stream(camera, true);
	for (int n = 0; n < 2 * FRAMES; n++) {
		uint32_t i = camera_dequeue(camera, V4L2_MEMORY_DMABUF);

		npu_bo_sync(fd, &frame[i], DRM_NVDLA_SYNC_FROM_DEVICE);
		start(fd, &job, frame[i].handle);
		check(fd, &job, frame[i].map);
		memset(frame[i].map, 0, frame[i].size);
		npu_bo_sync(fd, &frame[i], DRM_NVDLA_SYNC_TO_DEVICE);
		camera_queue(camera, i, dmabuf[i]);
	}
	/* The camera has a hold on the memory that it still writes to. */
	for (int i = 0; i < FRAMES; i++) {
		close(dmabuf[i]);
		munmap(frame[i].map, frame[i].size);
	}
	munmap(job.weights.map, job.weights.size);
	munmap(job.out.map, job.out.size);
	close(fd);
	camera_dequeue(camera, V4L2_MEMORY_DMABUF);
	camera_stream(camera, false);
}

TEST(a_camera_captures_into_a_write_combined_buffer)
{
	check_capture_into_npu_buffer(0);
}

TEST(a_camera_captures_into_a_cached_buffer)
{
	check_capture_into_npu_buffer(DRM_NVDLA_BO_CACHED);
}

/* Opened before what is to be read happens. */
static int kernel_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	EXPECT(fd >= 0);
	lseek(fd, 0, SEEK_END);
	return fd;
}

static bool kernel_said(int fd, const char *text)
{
	char record[8192];
	ssize_t size;

	while ((size = read(fd, record, sizeof(record) - 1)) > 0) {
		record[size] = '\0';
		if (strstr(record, text))
			return true;
	}
	return false;
}

TEST(a_scattered_frame_is_refused_and_the_log_says_why)
{
	int fd = npu_open(), camera = camera_open(fd, VMALLOC, &rgba), log = kernel_log(), dmabuf;
	uint32_t handle;

	camera_request(camera, 1, V4L2_MEMORY_MMAP);
	dmabuf = camera_export(camera, 0);
	EXPECT_EQ(import(fd, dmabuf, &handle), -EINVAL);
	EXPECT(kernel_said(log, "not contiguous"));
}

static int heap_alloc(const char *path, size_t size)
{
	struct dma_heap_allocation_data data = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };
	int heap = open(path, O_RDWR | O_CLOEXEC);

	if (heap < 0)
		return -1;
	EXPECT_EQ(ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data), 0);
	close(heap);
	return (int)data.fd;
}

static void cpu_access(int dmabuf, uint64_t flags)
{
	EXPECT_EQ(ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &(struct dma_buf_sync) { .flags = flags }), 0);
}

TEST(a_contiguous_heap_buffer_goes_in)
{
	int fd = npu_open(), dmabuf = heap_alloc("/dev/dma_heap/reserved", frame_size(&rgba));
	struct job job = job_new(fd, &rgba);
	uint32_t handle;
	uint8_t *map;

	if (dmabuf < 0)
		SKIP("no DMA heap of contiguous memory");
	EXPECT_EQ(import(fd, dmabuf, &handle), 0);
	map = mmap(NULL, frame_size(&rgba), PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	EXPECT(map != MAP_FAILED);
	cpu_access(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	for (uint32_t i = 0; i < frame_size(&rgba); i++)
		map[i] = (uint8_t)(i * 31 >> 3);
	cpu_access(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	start(fd, &job, handle);
	check(fd, &job, map);
}

TEST(a_system_heap_buffer_is_refused)
{
	int fd = npu_open(), dmabuf = heap_alloc("/dev/dma_heap/system", 4 << 20);
	uint32_t handle;

	if (dmabuf < 0)
		SKIP("no DMA heap of scattered memory");
	EXPECT_EQ(import(fd, dmabuf, &handle), -EINVAL);
}
