// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/sync_file.h>
#include <linux/udmabuf.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "npu.h"

#define ATOM	8
#define DRIVER	"/sys/bus/platform/drivers/nvdla/"

static bool is_nvdla(int fd)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "nvdla");
}

/* The device of that number, from 0, or -1. */
int npu_open_nth(int index)
{
	glob_t nodes;
	int fd = -1;

	if (glob("/dev/accel/accel*", 0, NULL, &nodes) == GLOB_NOMATCH)
		nodes.gl_pathc = 0;
	if (glob("/dev/dri/renderD*", nodes.gl_pathc ? GLOB_APPEND : 0, NULL, &nodes) &&
	    !nodes.gl_pathc)
		return -1;
	for (size_t i = 0; i < nodes.gl_pathc; i++) {
		fd = open(nodes.gl_pathv[i], O_RDWR | O_CLOEXEC);
		if (fd >= 0 && is_nvdla(fd) && !index--)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

int npu_open(void)
{
	int fd = npu_open_nth(0);

	if (fd < 0)
		SKIP("no NVDLA");
	return fd;
}

/* Where the structure of a request says why it was refused, or beyond its end. */
static size_t reason_offset(unsigned long request)
{
	switch (request) {
	case DRM_IOCTL_NVDLA_PROGRAM_CREATE:
		return offsetof(struct drm_nvdla_program_create, reason.text_size);
	case DRM_IOCTL_NVDLA_SUBMIT:
		return offsetof(struct drm_nvdla_submit, reason.text_size);
	default:
		return SIZE_MAX;
	}
}

/* A request that fails leaves its structure as it was; the reason excepted, but for a signal. */
static void check_unchanged(unsigned long request, const uint8_t *before, const uint8_t *after, int error)
{
	size_t reason = reason_offset(request);

	for (size_t i = 0; i < _IOC_SIZE(request); i++)
		if (before[i] != after[i] && (error == EINTR || i - reason >= 2 * sizeof(uint32_t)))
			nvdla_test_fail(__FILE__, __LINE__, "request %#lx failed (%d), but byte %zu is %#x, was %#x",
					request, error, i, after[i], before[i]);
}

int npu_ioctl(int fd, unsigned long request, void *arg)
{
	size_t size = _IOC_SIZE(request);
	uint8_t before[256];
	int ret, error;
	bool ours = _IOC_NR(request) >= DRM_COMMAND_BASE && _IOC_NR(request) <= DRM_COMMAND_BASE +
		    DRM_NVDLA_QUEUE_STATE && size <= sizeof(before);

	if (ours)
		memcpy(before, arg, size);
	do {
		ret = ioctl(fd, request, arg);
		error = errno;
		if (ret && ours)
			check_unchanged(request, before, arg, error);
	} while (ret && error == EINTR);
	return ret ? -error : 0;
}

/* Name of the device: the only link in the driver's folder that leads to one. */
void npu_device_name(char name[64])
{
	DIR *dir = opendir(DRIVER);
	struct dirent *entry;

	if (!dir)
		SKIP("no driver");
	name[0] = '\0';
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_LNK && strcmp(entry->d_name, "module"))
			snprintf(name, 64, "%.63s", entry->d_name);
	closedir(dir);
	if (!name[0])
		SKIP("no device");
}

/* Write to one of the driver's files, bind or unbind. */
void npu_driver_tell(const char *file, const char *device)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DRIVER "%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP("not allowed to unbind the driver");
	EXPECT_EQ(write(fd, device, strlen(device)), strlen(device));
	close(fd);
}

/* A line of /proc/meminfo, in KiB. */
long npu_meminfo(const char *key)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = -1;

	if (!file)
		SKIP("no /proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			kib = atol(line + strlen(key));
	fclose(file);
	return kib;
}

void npu_info(int fd, struct drm_nvdla_dev_info *info)
{
	struct drm_nvdla_dev_query query = {
		.type = DRM_NVDLA_QUERY_INFO,
		.size = sizeof(*info),
		.pointer = (uintptr_t)info,
	};

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query), 0);
}

struct npu_bo npu_bo_new(int fd, uint64_t size, uint32_t flags)
{
	struct drm_nvdla_bo_create create = { .size = size, .flags = flags };
	struct npu_bo bo;

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create), 0);
	bo.handle = create.handle;
	bo.size = create.size;
	bo.map = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      (off_t)create.mmap_offset);
	EXPECT(bo.map != MAP_FAILED);
	return bo;
}

int npu_bo_wait(int fd, uint32_t handle, int64_t seconds)
{
	struct drm_nvdla_bo_wait wait = { .handle = handle, .timeout_ns = npu_now() + seconds * SECOND };

	return npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_WAIT, &wait);
}

void npu_bo_sync(int fd, const struct npu_bo *bo, uint32_t flags)
{
	struct drm_nvdla_bo_sync sync = { .handle = bo->handle, .flags = flags, .size = bo->size };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync), 0);
}

/* One line of @atoms atoms from slot 0 to slot 1. */
struct drm_nvdla_op npu_copy_op(uint32_t atoms)
{
	return (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_SDP,
		.sdp = {
			.src = { .line_stride = atoms * ATOM, .surface_stride = atoms * ATOM },
			.dst = { .addr.slot = 1, .line_stride = atoms * ATOM,
				 .surface_stride = atoms * ATOM },
			.width = (uint16_t)atoms,
			.height = 1,
			.channels = ATOM,
			.out_scale = 1,
		},
	};
}

int npu_program_new(int fd, const struct drm_nvdla_op *ops, uint32_t count, uint32_t *handle)
{
	char text[128];
	struct drm_nvdla_program_create create = {
		.ops = (uintptr_t)ops,
		.op_count = count,
		.op_stride = sizeof(*ops),
		.reason = { .text = (uintptr_t)text, .text_size = sizeof(text) },
	};
	int ret = npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &create);

	if (ret && create.reason.text_size)
		printf("# operation %u: %s\n", create.reason.index, text);
	*handle = create.handle;
	return ret;
}

struct npu_copy npu_copy_new(int fd, uint32_t atoms, uint32_t flags)
{
	struct drm_nvdla_op op = npu_copy_op(atoms);
	struct npu_copy copy = { .bytes = atoms * ATOM };

	EXPECT_EQ(npu_program_new(fd, &op, 1, &copy.program), 0);
	copy.src = npu_bo_new(fd, copy.bytes, flags);
	copy.dst = npu_bo_new(fd, copy.bytes, flags);
	copy.bindings[0] = (struct drm_nvdla_binding) { .handle = copy.src.handle, .size = copy.bytes };
	copy.bindings[1] = (struct drm_nvdla_binding) { .handle = copy.dst.handle, .size = copy.bytes };
	npu_copy_fill(&copy, 1);
	npu_bo_sync(fd, &copy.src, DRM_NVDLA_SYNC_TO_DEVICE);
	npu_bo_sync(fd, &copy.dst, DRM_NVDLA_SYNC_TO_DEVICE);
	return copy;
}

/* New contents to copy, and a destination that differs from them in every byte. */
void npu_copy_fill(struct npu_copy *copy, uint32_t seed)
{
	for (uint32_t i = 0; i < copy->bytes; i++) {
		seed = seed * 1664525 + 1013904223;
		copy->src.map[i] = (uint8_t)(seed >> 24);
		copy->dst.map[i] = (uint8_t)~(seed >> 24);
	}
}

/* Refers to @copy, which has to stay where it is. */
struct drm_nvdla_submit npu_copy_submit(const struct npu_copy *copy)
{
	return (struct drm_nvdla_submit) {
		.program = copy->program,
		.bindings = (uintptr_t)copy->bindings,
		.binding_count = ARRAY_SIZE(copy->bindings),
		.binding_stride = sizeof(copy->bindings[0]),
	};
}

void npu_copy_check(int fd, const struct npu_copy *copy)
{
	npu_bo_sync(fd, &copy->dst, DRM_NVDLA_SYNC_FROM_DEVICE);
	for (uint32_t i = 0; i < copy->bytes; i++)
		if (copy->dst.map[i] != copy->src.map[i])
			nvdla_test_fail(__FILE__, __LINE__, "byte %u is %#x, should be %#x", i,
					copy->dst.map[i], copy->src.map[i]);
}

/* A mapping keeps the file open, whoever closes it. */
void npu_copy_unmap(struct npu_copy *copy)
{
	munmap(copy->src.map, copy->src.size);
	munmap(copy->dst.map, copy->dst.size);
}

void npu_queue_state(int fd, uint32_t queue, struct drm_nvdla_queue_state *state)
{
	*state = (struct drm_nvdla_queue_state) { .queue = queue };
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_QUEUE_STATE, state), 0);
}

/* A dma-buf of another driver: pages of a memfd. */
int npu_udmabuf(size_t size, uint8_t **map)
{
	int udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int memory = memfd_create("foreign", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	struct udmabuf_create create = { .memfd = (uint32_t)memory, .flags = UDMABUF_FLAGS_CLOEXEC, .size = size };
	int dmabuf;

	if (udmabuf < 0)
		SKIP("no /dev/udmabuf");
	EXPECT(memory >= 0);
	EXPECT_EQ(ftruncate(memory, (off_t)size), 0);
	EXPECT_EQ(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	*map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	EXPECT(*map != MAP_FAILED);
	memset(*map, 0, size);
	dmabuf = ioctl(udmabuf, UDMABUF_CREATE, &create);
	EXPECT(dmabuf >= 0);
	return dmabuf;
}

/* A buffer of somebody else's memory, contiguous as it is one page. */
uint32_t npu_import_page(int fd)
{
	struct drm_prime_handle prime = { 0 };
	uint8_t *map;

	prime.fd = npu_udmabuf((size_t)sysconf(_SC_PAGESIZE), &map);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), 0);
	return prime.handle;
}

uint32_t npu_syncobj_new(int fd)
{
	struct drm_syncobj_create create = { 0 };

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &create), 0);
	return create.handle;
}

int npu_syncobj_wait(int fd, uint32_t handle, int64_t seconds)
{
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)&handle,
		.count_handles = 1,
		.timeout_nsec = npu_now() + seconds * SECOND,
	};

	return npu_ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
}

/* A sync_file of what is in a syncobj at the moment. */
int npu_fence_of(int fd, uint32_t syncobj)
{
	struct drm_syncobj_handle export = {
		.handle = syncobj,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
	};

	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export), 0);
	return export.fd;
}

/* Wait for a sync_file and close it; 1, or what went wrong. */
int npu_fence_end(int fence, int seconds)
{
	struct pollfd ready = { .fd = fence, .events = POLLIN };
	struct sync_file_info info = { 0 };

	EXPECT_EQ(poll(&ready, 1, seconds * 1000), 1);
	EXPECT_EQ(ioctl(fence, SYNC_IOC_FILE_INFO, &info), 0);
	close(fence);
	return info.status;
}

/* Registers of the first device that has @name in its name, behind its driver's back. */
volatile uint32_t *npu_registers(const char *name, size_t size)
{
	FILE *iomem = fopen("/proc/iomem", "re");
	unsigned long long addr = 0;
	char line[256];
	void *map;
	int fd;

	while (iomem && !addr && fgets(line, sizeof(line), iomem))
		if (strstr(line, name))
			addr = strtoull(line, NULL, 16);
	if (iomem)
		fclose(iomem);
	fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	if (!addr || fd < 0)
		SKIP("cannot find the registers");
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)addr);
	if (map == MAP_FAILED)
		SKIP("the kernel does not let me at the registers: needs iomem=relaxed");
	close(fd);
	return map;
}

int64_t npu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}
