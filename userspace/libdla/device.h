/* SPDX-License-Identifier: MIT */
#ifndef DLA_DEVICE_H
#define DLA_DEVICE_H

#include <stddef.h>

#include <drm/nvdla_accel.h>

#include "dla.h"

/*
 * What the library needs of an NPU. It mirrors the kernel's interface, so that the emulated device
 * meets the same structures and the same validator as the real one.
 */

struct dla_buffer {
	struct dla_device *device;
	void *map;			/* starts as zeros */
	size_t size;
};

/* What a buffer is for: whether the CPU reads it back. */
enum dla_buffer_use {
	DLA_BUFFER_CONSTANTS,
	DLA_BUFFER_TENSORS,
};

struct dla_program;

/* Called with the number of a program's layers that have finished. */
struct dla_progress {
	void (*fn)(void *ctx, unsigned int done);
	void *ctx;
};

/* The range of a buffer that a program's slot stands for. */
struct dla_binding {
	struct dla_buffer *buffer;
	size_t offset, size;
};

struct dla_device_ops {
	void (*close)(struct dla_device *device);
	int (*buffer_new)(struct dla_device *device, size_t size, enum dla_buffer_use use,
			  struct dla_buffer **buffer);
	void (*buffer_free)(struct dla_buffer *buffer);
	int (*program_new)(struct dla_device *device, const struct drm_nvdla_op *op, unsigned int count,
			   const struct drm_nvdla_lut *lut, unsigned int lut_count, struct dla_program **program);
	void (*program_free)(struct dla_device *device, struct dla_program *program);
	/* Run to the end. Slot i is bound to binding i. */
	int (*run)(struct dla_device *device, struct dla_program *program,
		   const struct dla_binding *binding, unsigned int bindings,
		   const struct dla_progress *progress);
	void (*stats)(const struct dla_device *device, struct dla_npu_stats *stats);
	int (*record)(struct dla_device *device, const char *dir);	/* optional */
};

/* Embedded at the start of each kind's own structure. */
struct dla_device {
	const struct dla_device_ops *ops;	/* NULL: no NPU */
	char name[64];
	struct drm_nvdla_dev_info info;		/* of the NPU */
};

int dla_device_drm_open(const char *path, struct dla_device **device);
int dla_device_sim_open(const char *config, struct dla_device **device);

#endif
