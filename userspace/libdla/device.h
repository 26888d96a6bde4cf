/* SPDX-License-Identifier: MIT */
#ifndef DLA_DEVICE_H
#define DLA_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include <drm/nvdla_accel.h>

#include "dla.h"
#include "error.h"

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
struct dla_threads;

/* The range of a buffer that a program's slot stands for. */
struct dla_binding {
	struct dla_buffer *buffer;
	size_t offset, size;
};

/*
 * A program that is to run, has run, or waits for its turn: those of a device run one after the other in
 * the order of submission. Whoever submits it fills in the first part and leaves all of it alone until
 * the device calls done().
 */
struct dla_job {
	struct dla_program *program;
	const struct dla_binding *binding;	/* slot i is bound to binding i */
	unsigned int bindings;
	struct drm_nvdla_time *times;		/* room for one of each layer, or NULL */
	/*
	 * From the device's own thread, which holds no lock: layers that have finished; and the end.
	 * They may submit further jobs.
	 */
	void (*progress)(struct dla_job *job, unsigned int layers);
	void (*done)(struct dla_job *job);

	struct dla_error error;			/* .err 0: it has run to its end */
	uint64_t start_ns, end_ns;		/* on the NPU, CLOCK_MONOTONIC */

	struct dla_job *next;			/* the device's */
	unsigned int lane;
};

/* Jobs in a row. */
struct dla_job_list {
	struct dla_job *first, *last;
};

void dla_job_append(struct dla_job_list *list, struct dla_job *job);
struct dla_job *dla_job_take(struct dla_job_list *list);			/* NULL: it is empty */
bool dla_job_remove(struct dla_job_list *list, struct dla_job *job);	/* false: not in there */

uint64_t dla_now_ns(void);

struct dla_device_ops {
	void (*close)(struct dla_device *device);
	int (*buffer_new)(struct dla_device *device, size_t size, enum dla_buffer_use use,
			  struct dla_buffer **buffer);
	/* Somebody else's memory, a dma-buf; its map is NULL where the device can do without. */
	int (*buffer_import)(struct dla_device *device, int fd, struct dla_buffer **buffer);
	void (*buffer_free)(struct dla_buffer *buffer);
	int (*program_new)(struct dla_device *device, const struct drm_nvdla_op *op, unsigned int count,
			   const struct drm_nvdla_lut *lut, unsigned int lut_count, struct dla_program **program);
	void (*program_free)(struct dla_device *device, struct dla_program *program);
	/* Never fails: what goes wrong is told by done(), which is called once for each job. */
	void (*submit)(struct dla_device *device, struct dla_job *job);
	/* Take back what has not begun: true when done() will not be called any more. */
	bool (*withdraw)(struct dla_device *device, struct dla_job *job);
	void (*stats)(const struct dla_device *device, struct dla_npu_stats *stats);
	int (*record)(struct dla_device *device, const char *dir);	/* optional */
};

/* Embedded at the start of each kind's own structure. */
struct dla_device {
	const struct dla_device_ops *ops;	/* NULL: no NPU */
	struct dla_threads *threads;		/* threads for what the CPU does */
	char name[64];
	struct drm_nvdla_dev_info info;		/* of the NPU */
	const char *profile;			/* of the CPU beside it, see dla_profile_find(); NULL: this machine's */
};

int dla_device_drm_open(const char *path, struct dla_device **device);

/* clock_hz: jobs take as long as on a device of this clock; 0: no longer than they have to. */
int dla_device_sim_open(const char *config, uint64_t clock_hz, struct dla_device **device);

struct nvdla_emu_fault;

/* For tests: let an emulated device go wrong. */
int dla_device_sim_inject(struct dla_device *device, const struct nvdla_emu_fault *fault);

/*
 * What it costs the emulated device's driver to reach it: a register access, in quarters of a cycle,
 * and the way from an interrupt to whom it wakes, in cycles. As it comes: as measured on NVIDIA's RTL
 * over APB, by someone who does nothing but poll.
 */
struct dla_sim_costs {
	uint32_t write, read, interrupt;
};

/* For tests: before the first run. */
int dla_device_sim_set_costs(struct dla_device *device, const struct dla_sim_costs *costs);

#endif
