// SPDX-License-Identifier: MIT
/*
 * The NPU behind the kernel driver nvdla.ko, through libdrm: uapi/drm/nvdla_accel.h is the manual of
 * every request made here.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "device.h"
#include "error.h"

struct dla_program {
	uint32_t handle;
	unsigned int count;
	uint64_t macs;
};

struct drm_device {
	struct dla_device base;
	pthread_mutex_t lock;		/* one run at a time, and the counters */
	int fd;
	uint32_t done;			/* syncobj that the end of a run signals */
	uint64_t failed;		/* jobs of this file that had failed before the run */
	struct dla_npu_stats stats;
};

struct drm_buffer {
	struct dla_buffer base;
	uint32_t handle;
	bool cached;
	size_t room;			/* mapped: whole pages */
};

static struct drm_device *to_drm(struct dla_device *device)
{
	return (struct drm_device *)device;
}

/* ----------------------------------------------------------------------------------- buffers */

static int drm_buffer_new(struct dla_device *device, size_t size, enum dla_buffer_use use,
			  struct dla_buffer **out)
{
	struct drm_device *drm = to_drm(device);
	struct drm_nvdla_bo_create create = {
		.size = size,
		/* The CPU only writes constants, once; tensors it reads as well. */
		.flags = use == DLA_BUFFER_TENSORS ? DRM_NVDLA_BO_CACHED : 0,
	};
	struct drm_buffer *buffer = calloc(1, sizeof(*buffer));
	int err;

	if (!buffer)
		return dla_fail(ENOMEM, "out of memory");
	if (drmIoctl(drm->fd, DRM_IOCTL_NVDLA_BO_CREATE, &create)) {
		err = errno;
		free(buffer);
		if (err == ENOMEM)
			return dla_fail(err, "%s: no contiguous memory left for %zu bytes; give the kernel more with cma=SIZE on its command line, or the device a memory-region",
					device->name, size);
		if (err == EDQUOT)
			return dla_fail(err, "%s: %zu bytes more exceed what one process may have", device->name, size);
		return dla_fail(err, "%s: no buffer of %zu bytes: %s", device->name, size, strerror(err));
	}
	buffer->base.device = device;
	buffer->base.size = size;
	buffer->handle = create.handle;
	buffer->cached = create.flags & DRM_NVDLA_BO_CACHED;
	buffer->room = create.size;
	buffer->base.map = mmap(NULL, buffer->room, PROT_READ | PROT_WRITE, MAP_SHARED, drm->fd,
				(off_t)create.mmap_offset);
	if (buffer->base.map == MAP_FAILED) {
		err = errno;
		drmCloseBufferHandle(drm->fd, buffer->handle);
		free(buffer);
		return dla_fail(err, "%s: a buffer cannot be mapped: %s", device->name, strerror(err));
	}
	*out = &buffer->base;
	return 0;
}

static void drm_buffer_free(struct dla_buffer *base)
{
	struct drm_buffer *buffer = (struct drm_buffer *)base;

	munmap(base->map, buffer->room);
	drmCloseBufferHandle(to_drm(base->device)->fd, buffer->handle);
	free(buffer);
}

/* ---------------------------------------------------------------------------------- programs */

static int drm_program_new(struct dla_device *device, const struct drm_nvdla_op *op, unsigned int count,
			   const struct drm_nvdla_lut *lut, unsigned int lut_count, struct dla_program **out)
{
	struct drm_device *drm = to_drm(device);
	char text[256] = "";
	struct drm_nvdla_program_create create = {
		.ops = (uintptr_t)op,
		.op_count = count,
		.op_stride = sizeof(*op),
		.luts = (uintptr_t)lut,
		.lut_count = lut_count,
		.lut_stride = sizeof(*lut),
		.reason = { .text = (uintptr_t)text, .text_size = sizeof(text) },
	};
	struct dla_program *program = calloc(1, sizeof(*program));
	int err;

	if (!program)
		return dla_fail(ENOMEM, "out of memory");
	if (drmIoctl(drm->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &create)) {
		err = errno;
		free(program);
		if (err == EINVAL && create.reason.text_size)
			return dla_fail(err, "%s refused layer %" PRIu32 ": %s", device->name, create.reason.index, text);
		return dla_fail(err, "%s refused a program of %u layers: %s", device->name, count, strerror(err));
	}
	program->handle = create.handle;
	program->count = count;
	for (unsigned int i = 0; i < count; i++) {
		const struct drm_nvdla_conv *conv = &op[i].conv;

		if (op[i].engine == DRM_NVDLA_CONV)
			program->macs += (uint64_t)conv->dst_width * conv->dst_height * conv->kernels *
					 conv->kernel_width * conv->kernel_height * conv->src_channels;
	}
	*out = program;
	return 0;
}

static void drm_program_free(struct dla_device *device, struct dla_program *program)
{
	struct drm_nvdla_program_destroy destroy = { .handle = program->handle };

	drmIoctl(to_drm(device)->fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy);
	free(program);
}

/* ----------------------------------------------------------------------------------- running */

static int sync_buffers(struct drm_device *drm, const struct dla_binding *binding, unsigned int bindings,
			uint32_t direction)
{
	if (drm->base.info.flags & DRM_NVDLA_INFO_COHERENT)
		return 0;
	for (unsigned int i = 0; i < bindings; i++) {
		const struct drm_buffer *buffer = (const struct drm_buffer *)binding[i].buffer;
		struct drm_nvdla_bo_sync sync;

		if (!buffer || !buffer->cached)
			continue;
		sync = (struct drm_nvdla_bo_sync) {
			.handle = buffer->handle, .flags = direction,
			.offset = binding[i].offset, .size = binding[i].size,
		};
		if (drmIoctl(drm->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync))
			return dla_fail(errno, "%s: a buffer cannot be synchronised: %s", drm->base.name,
					strerror(errno));
	}
	return 0;
}

static int submit(struct drm_device *drm, const struct dla_program *program, const struct dla_binding *binding,
		  unsigned int bindings)
{
	struct drm_nvdla_binding bound[DRM_NVDLA_MAX_SLOTS] = { 0 };
	struct drm_nvdla_sync sync = { .handle = drm->done, .flags = DRM_NVDLA_SYNC_SIGNAL };
	char text[256] = "";
	struct drm_nvdla_submit submit = {
		.program = program->handle,
		.bindings = (uintptr_t)bound,
		.binding_count = bindings,
		.binding_stride = sizeof(bound[0]),
		.syncs = (uintptr_t)&sync,
		.sync_count = 1,
		.sync_stride = sizeof(sync),
		.reason = { .text = (uintptr_t)text, .text_size = sizeof(text) },
	};

	for (unsigned int i = 0; i < bindings; i++) {
		const struct drm_buffer *buffer = (const struct drm_buffer *)binding[i].buffer;

		if (buffer)
			bound[i] = (struct drm_nvdla_binding) {
				.handle = buffer->handle, .offset = binding[i].offset, .size = binding[i].size,
			};
	}
	if (!drmIoctl(drm->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit))
		return 0;
	if (errno == EINVAL && submit.reason.text_size)
		return dla_fail(errno, "%s refused slot %" PRIu32 ": %s", drm->base.name, submit.reason.index, text);
	if (errno == EIO)
		return dla_fail(errno, "%s has hung and cannot be reset; reload the module or restart the machine",
				drm->base.name);
	return dla_fail(errno, "%s refused to run: %s", drm->base.name, strerror(errno));
}

/* A fence signals for a failed program too; the queue knows how it ended. */
static int outcome(struct drm_device *drm)
{
	struct drm_nvdla_queue_state state = { 0 };

	if (drmIoctl(drm->fd, DRM_IOCTL_NVDLA_QUEUE_STATE, &state))
		return dla_fail(errno, "%s: no state of the queue: %s", drm->base.name, strerror(errno));
	if (state.jobs_failed == drm->failed)
		return 0;
	drm->failed = state.jobs_failed;
	if (state.fault_count)
		return dla_fail(ETIMEDOUT, "%s hung in layer %" PRIu32 ", of operation %" PRIu64 ", and was reset",
				drm->base.name, state.fault_op, (uint64_t)state.fault_op_cookie);
	return dla_fail(EIO, "%s gave the run up", drm->base.name);
}

static int run_locked(struct drm_device *drm, const struct dla_program *program,
		      const struct dla_binding *binding, unsigned int bindings)
{
	int err = sync_buffers(drm, binding, bindings, DRM_NVDLA_SYNC_TO_DEVICE);

	if (!err)
		err = submit(drm, program, binding, bindings);
	if (err)
		return err;
	/* Not to be given up: the driver's fences always signal, after a time-out and a reset if need be. */
	if (drmSyncobjWait(drm->fd, &drm->done, 1, INT64_MAX, 0, NULL))
		return dla_fail(errno, "%s: waiting failed: %s", drm->base.name, strerror(errno));
	err = outcome(drm);
	if (!err)
		err = sync_buffers(drm, binding, bindings, DRM_NVDLA_SYNC_FROM_DEVICE);
	if (err)
		return err;
	drm->stats.operations += program->count;
	drm->stats.macs += program->macs;
	return 0;
}

static int drm_run(struct dla_device *device, struct dla_program *program, const struct dla_binding *binding,
		   unsigned int bindings, const struct dla_progress *progress)
{
	struct drm_device *drm = to_drm(device);
	int err;

	pthread_mutex_lock(&drm->lock);
	err = run_locked(drm, program, binding, bindings);
	pthread_mutex_unlock(&drm->lock);
	if (!err)
		progress->fn(progress->ctx, program->count);
	return err;
}

static void drm_stats(const struct dla_device *device, struct dla_npu_stats *stats)
{
	struct drm_device *drm = (struct drm_device *)device;

	pthread_mutex_lock(&drm->lock);
	*stats = drm->stats;
	pthread_mutex_unlock(&drm->lock);
}

/* --------------------------------------------------------------------------- opening, closing */

static void drm_close(struct dla_device *device)
{
	struct drm_device *drm = to_drm(device);

	if (drm->done)
		drmSyncobjDestroy(drm->fd, drm->done);
	close(drm->fd);
	pthread_mutex_destroy(&drm->lock);
	free(drm);
}

/* The node belongs to our driver. */
static int check_driver(int fd, const char *path)
{
	drmVersionPtr version = drmGetVersion(fd);
	int err = 0;

	if (!version || strcmp(version->name, "nvdla"))
		err = dla_fail(ENODEV, "%s: not an NVDLA (driver \"%s\")", path, version ? version->name : "none");
	drmFreeVersion(version);
	return err;
}

int dla_device_drm_open(const char *path, struct dla_device **device)
{
	static const struct dla_device_ops ops = {
		.close = drm_close,
		.buffer_new = drm_buffer_new,
		.buffer_free = drm_buffer_free,
		.program_new = drm_program_new,
		.program_free = drm_program_free,
		.run = drm_run,
		.stats = drm_stats,
	};
	struct drm_nvdla_dev_query query = { .type = DRM_NVDLA_QUERY_INFO };
	struct drm_device *drm = calloc(1, sizeof(*drm));
	int err;

	if (!drm)
		return dla_fail(ENOMEM, "out of memory");
	drm->fd = open(path, O_RDWR | O_CLOEXEC);
	if (drm->fd < 0) {
		err = errno;
		free(drm);
		if (err == EACCES)
			return dla_fail(err, "%s: permission denied; add the user to the node's group (often \"render\") and log in again",
					path);
		return dla_fail(err, "%s: %s", path, strerror(err));
	}
	pthread_mutex_init(&drm->lock, NULL);
	drm->base.ops = &ops;
	snprintf(drm->base.name, sizeof(drm->base.name), "%s", path);
	query.size = sizeof(drm->base.info);
	query.pointer = (uintptr_t)&drm->base.info;
	err = check_driver(drm->fd, path);
	if (!err && drmIoctl(drm->fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query))
		err = dla_fail(errno, "%s: %s", path, strerror(errno));
	if (!err && drmSyncobjCreate(drm->fd, 0, &drm->done))
		err = dla_fail(errno, "%s: no synchronisation object: %s", path, strerror(errno));
	if (err) {
		drm_close(&drm->base);
		return err;
	}
	*device = &drm->base;
	return 0;
}
