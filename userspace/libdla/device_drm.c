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
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/sync_file.h>
#include <xf86drm.h>

#include "device.h"
#include "error.h"

struct dla_program {
	uint32_t handle;
	unsigned int count;
	uint64_t macs;
};

/*
 * Jobs that the kernel has at a time: one that runs, and one that follows without a pause. What is not
 * there yet can be taken back.
 */
#define LANES	2

/* What a job needs of the kernel. */
struct lane {
	uint32_t done;			/* syncobj that its end signals */
	struct drm_buffer *times;	/* NULL until one wants to know */
};

struct drm_device {
	struct dla_device base;
	int fd;

	pthread_mutex_t lock;		/* of what follows */
	pthread_cond_t change;		/* a job more for the thread, or time to stop */
	pthread_t thread;
	bool stop;
	struct dla_job_list waiting;	/* not given to the kernel yet */
	struct dla_job_list submitted;	/* in the order in which they end */
	unsigned int given, ended;	/* to the kernel, of all time: a job's lane is its number's */
	struct lane lane[LANES];
	struct drm_buffer *imported;
	struct dla_npu_stats stats;
};

struct drm_buffer {
	struct dla_buffer base;
	uint32_t handle;
	bool cached;
	size_t room;			/* mapped: whole pages */
	unsigned int users;		/* of an imported one; 0: it is our own */
	struct drm_buffer *next;	/* imported one */
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
		return dla_fail_memory();
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

/* With the lock held: the same dma-buf has the same handle, however often it is imported. */
static struct drm_buffer *imported(struct drm_device *drm, uint32_t handle)
{
	struct drm_buffer *buffer = drm->imported;

	while (buffer && buffer->handle != handle)
		buffer = buffer->next;
	if (buffer)
		return buffer;
	buffer = calloc(1, sizeof(*buffer));
	if (!buffer) {
		drmCloseBufferHandle(drm->fd, handle);
		return NULL;
	}
	buffer->base.device = &drm->base;
	buffer->handle = handle;
	buffer->next = drm->imported;
	drm->imported = buffer;
	return buffer;
}

/* The CPU reaches it, if at all, through its exporter. */
static int drm_buffer_import(struct dla_device *device, int fd, struct dla_buffer **out)
{
	struct drm_device *drm = to_drm(device);
	struct drm_buffer *buffer = NULL;
	off_t size = lseek(fd, 0, SEEK_END);
	uint32_t handle;
	int err = size <= 0 ? EINVAL : 0;

	pthread_mutex_lock(&drm->lock);
	if (!err && drmPrimeFDToHandle(drm->fd, fd, &handle))
		err = errno;
	if (!err) {
		buffer = imported(drm, handle);
		err = buffer ? 0 : ENOMEM;
	}
	if (!err) {
		buffer->users++;
		buffer->base.size = (size_t)size;
		*out = &buffer->base;
	}
	pthread_mutex_unlock(&drm->lock);
	return err ? dla_fail(err, "%s cannot use a buffer of another driver: %s; the kernel's log may say why",
			      device->name, strerror(err)) : 0;
}

static void free_imported(struct drm_device *drm, struct drm_buffer *buffer)
{
	struct drm_buffer **at = &drm->imported;

	pthread_mutex_lock(&drm->lock);
	if (!--buffer->users) {
		while (*at != buffer)
			at = &(*at)->next;
		*at = buffer->next;
		drmCloseBufferHandle(drm->fd, buffer->handle);
		free(buffer);
	}
	pthread_mutex_unlock(&drm->lock);
}

static void drm_buffer_free(struct dla_buffer *base)
{
	struct drm_buffer *buffer = (struct drm_buffer *)base;

	if (buffer->users) {
		free_imported(to_drm(base->device), buffer);
		return;
	}
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
		return dla_fail_memory();
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

/* Room for the times of a program's operations; only the driver writes there, the buffer is read. */
static int make_times(struct drm_device *drm, struct lane *lane, size_t bytes)
{
	struct dla_buffer *buffer = NULL;
	int err;

	if (lane->times && lane->times->base.size >= bytes)
		return 0;
	err = drm_buffer_new(&drm->base, bytes, DLA_BUFFER_TENSORS, &buffer);
	if (err)
		return err;
	if (lane->times)
		drm_buffer_free(&lane->times->base);
	lane->times = (struct drm_buffer *)buffer;
	return 0;
}

static int submit(struct drm_device *drm, const struct dla_job *job, struct lane *lane)
{
	struct drm_nvdla_binding bound[DRM_NVDLA_MAX_SLOTS] = { 0 };
	struct drm_nvdla_sync sync = { .handle = lane->done, .flags = DRM_NVDLA_SYNC_SIGNAL };
	char text[256] = "";
	struct drm_nvdla_submit submit = {
		.program = job->program->handle,
		.bindings = (uintptr_t)bound,
		.binding_count = job->bindings,
		.binding_stride = sizeof(bound[0]),
		.syncs = (uintptr_t)&sync,
		.sync_count = 1,
		.sync_stride = sizeof(sync),
		.cookie = (uintptr_t)job,
		.times = lane->times->handle,
		.reason = { .text = (uintptr_t)text, .text_size = sizeof(text) },
	};

	for (unsigned int i = 0; i < job->bindings; i++) {
		const struct drm_buffer *buffer = (const struct drm_buffer *)job->binding[i].buffer;

		if (buffer)
			bound[i] = (struct drm_nvdla_binding) {
				.handle = buffer->handle, .offset = job->binding[i].offset,
				.size = job->binding[i].size,
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

static int give(struct drm_device *drm, struct dla_job *job)
{
	struct lane *lane = &drm->lane[job->lane];
	int err = make_times(drm, lane, job->program->count * sizeof(struct drm_nvdla_time));

	if (!err)
		err = sync_buffers(drm, job->binding, job->bindings, DRM_NVDLA_SYNC_TO_DEVICE);
	return err ? err : submit(drm, job, lane);
}

/* Give the kernel what it may have, with the lock held. What it refuses ends in its turn like the rest. */
static void feed(struct drm_device *drm)
{
	struct dla_job *job;

	while (drm->given - drm->ended < LANES && (job = dla_job_take(&drm->waiting))) {
		job->lane = drm->given++ % LANES;
		dla_error_keep(&job->error, give(drm, job));
		dla_job_append(&drm->submitted, job);
		pthread_cond_signal(&drm->change);
	}
}

static void drm_submit(struct dla_device *device, struct dla_job *job)
{
	struct drm_device *drm = to_drm(device);

	pthread_mutex_lock(&drm->lock);
	dla_job_append(&drm->waiting, job);
	feed(drm);
	pthread_mutex_unlock(&drm->lock);
}

static bool drm_withdraw(struct dla_device *device, struct dla_job *job)
{
	struct drm_device *drm = to_drm(device);
	bool taken;

	pthread_mutex_lock(&drm->lock);
	taken = dla_job_remove(&drm->waiting, job);
	pthread_mutex_unlock(&drm->lock);
	return taken;
}

/* How the fence of a job that has ended was signalled: 0, or the driver's negative errno. */
static int fence_status(struct drm_device *drm, const struct lane *lane, int *status)
{
	struct sync_file_info info = { 0 };
	int fd, err = 0;

	if (drmSyncobjExportSyncFile(drm->fd, lane->done, &fd))
		return dla_fail(errno, "%s: no fence: %s", drm->base.name, strerror(errno));
	if (ioctl(fd, SYNC_IOC_FILE_INFO, &info))
		err = dla_fail(errno, "%s: no state of the fence: %s", drm->base.name, strerror(errno));
	close(fd);
	*status = info.status < 0 ? info.status : 0;
	return err;
}

static int outcome(struct drm_device *drm, const struct dla_job *job)
{
	struct drm_nvdla_queue_state state = { 0 };
	int status = 0, err = fence_status(drm, &drm->lane[job->lane], &status);

	if (err || !status)
		return err;
	if (status == -ENODEV)
		return dla_fail(ENODEV, "%s is gone", drm->base.name);
	if (status == -EIO)
		return dla_fail(EIO, "%s has hung and cannot be reset; reload the module or restart the machine",
				drm->base.name);
	if (status != -ETIMEDOUT)
		return dla_fail(-status, "%s gave the run up: %s", drm->base.name, strerror(-status));
	/* The record of a later hang of this queue may have taken its place. */
	if (drmIoctl(drm->fd, DRM_IOCTL_NVDLA_QUEUE_STATE, &state) || state.fault_cookie != (uintptr_t)job)
		return dla_fail(ETIMEDOUT, "%s hung, and was reset", drm->base.name);
	return dla_fail(ETIMEDOUT, "%s hung in layer %" PRIu32 ", of operation %" PRIu64 ", and was reset",
			drm->base.name, state.fault_op, (uint64_t)state.fault_op_cookie);
}

/* From when until when it ran, and its operations. */
static void note_times(struct drm_device *drm, struct dla_job *job)
{
	const struct drm_nvdla_time *times = drm->lane[job->lane].times->base.map;
	unsigned int count = job->program->count;

	if (job->times)
		memcpy(job->times, times, count * sizeof(*times));
	job->start_ns = times[0].start_ns;
	job->end_ns = times[0].end_ns;
	for (unsigned int i = 1; i < count; i++)
		if (times[i].end_ns > job->end_ns)
			job->end_ns = times[i].end_ns;
}

static int await(struct drm_device *drm, struct dla_job *job)
{
	int err;

	/* Not to be given up: the driver's fences always signal, after a time-out and a reset if need be. */
	if (drmSyncobjWait(drm->fd, &drm->lane[job->lane].done, 1, INT64_MAX, 0, NULL))
		return dla_fail(errno, "%s: waiting failed: %s", drm->base.name, strerror(errno));
	err = outcome(drm, job);
	if (!err)
		err = sync_buffers(drm, job->binding, job->bindings, DRM_NVDLA_SYNC_FROM_DEVICE);
	if (!err)
		note_times(drm, job);
	return err;
}

static void *drm_thread(void *ctx)
{
	struct drm_device *drm = ctx;

	pthread_mutex_lock(&drm->lock);
	for (;;) {
		struct dla_job *job = drm->submitted.first;

		if (!job && drm->stop)
			break;
		if (!job) {
			pthread_cond_wait(&drm->change, &drm->lock);
			continue;
		}
		pthread_mutex_unlock(&drm->lock);
		if (!job->error.err)
			dla_error_keep(&job->error, await(drm, job));
		pthread_mutex_lock(&drm->lock);
		dla_job_take(&drm->submitted);
		drm->ended++;
		if (!job->error.err) {
			drm->stats.operations += job->program->count;
			drm->stats.macs += job->program->macs;
		}
		feed(drm);
		pthread_mutex_unlock(&drm->lock);
		if (!job->error.err)
			job->progress(job, job->program->count);
		job->done(job);
		pthread_mutex_lock(&drm->lock);
	}
	pthread_mutex_unlock(&drm->lock);
	return NULL;
}

static void drm_stats(const struct dla_device *device, struct dla_npu_stats *stats)
{
	struct drm_device *drm = (struct drm_device *)device;

	pthread_mutex_lock(&drm->lock);
	*stats = drm->stats;
	pthread_mutex_unlock(&drm->lock);
}

/* --------------------------------------------------------------------------- opening, closing */

static void release(struct drm_device *drm)
{
	for (unsigned int i = 0; i < LANES; i++) {
		if (drm->lane[i].done)
			drmSyncobjDestroy(drm->fd, drm->lane[i].done);
		if (drm->lane[i].times)
			drm_buffer_free(&drm->lane[i].times->base);
	}
	close(drm->fd);
	pthread_cond_destroy(&drm->change);
	pthread_mutex_destroy(&drm->lock);
	free(drm);
}

static void drm_close(struct dla_device *device)
{
	struct drm_device *drm = to_drm(device);

	pthread_mutex_lock(&drm->lock);
	drm->stop = true;
	pthread_cond_signal(&drm->change);
	pthread_mutex_unlock(&drm->lock);
	pthread_join(drm->thread, NULL);
	release(drm);
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
		.buffer_import = drm_buffer_import,
		.buffer_free = drm_buffer_free,
		.program_new = drm_program_new,
		.program_free = drm_program_free,
		.submit = drm_submit,
		.withdraw = drm_withdraw,
		.stats = drm_stats,
	};
	struct drm_nvdla_dev_query query = { .type = DRM_NVDLA_QUERY_INFO };
	struct drm_device *drm = calloc(1, sizeof(*drm));
	int err;

	if (!drm)
		return dla_fail_memory();
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
	pthread_cond_init(&drm->change, NULL);
	drm->base.ops = &ops;
	snprintf(drm->base.name, sizeof(drm->base.name), "%s", path);
	query.size = sizeof(drm->base.info);
	query.pointer = (uintptr_t)&drm->base.info;
	err = check_driver(drm->fd, path);
	if (!err && drmIoctl(drm->fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query))
		err = dla_fail(errno, "%s: %s", path, strerror(errno));
	for (unsigned int i = 0; i < LANES && !err; i++)
		if (drmSyncobjCreate(drm->fd, 0, &drm->lane[i].done))
			err = dla_fail(errno, "%s: no synchronisation object: %s", path, strerror(errno));
	if (!err && pthread_create(&drm->thread, NULL, drm_thread, drm))
		err = dla_fail(EAGAIN, "%s: no thread to wait for it", path);
	if (err) {
		release(drm);
		return err;
	}
	*device = &drm->base;
	return 0;
}
