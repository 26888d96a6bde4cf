/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_SNAPSHOT_H_
#define _NVDLA_SNAPSHOT_H_

#include "nvdla_core.h"
#include "nvdla_queue.h"

struct drm_printer;
struct nvdla_device;

/**
 * NVDLA_SNAPSHOT_REGS - room for the registers of all blocks
 */
#define NVDLA_SNAPSHOT_REGS	400

/**
 * struct nvdla_snapshot - what a device and its job were at a moment
 * @powered: The registers could be read.
 * @running: There was a job.
 * @wedged: As &nvdla_device.wedged.
 * @regs: Registers, in the order of their offsets.
 * @job_cookie: The job's cookie.
 * @job_ops: Operations of the job.
 * @since_ns: How long the hardware had been the job's.
 * @next: As &nvdla_seq.next.
 * @head: As &nvdla_seq.head.
 * @wait: As &nvdla_seq.wait.
 * @busy: As &nvdla_seq.busy.
 * @oldest: The operation that the sequencer has waited for longest.
 * @oldest_bits: Its done bits that are missing.
 * @image: What was written for it.
 *
 * Holds registers and sizes, never what is in buffers or look-up tables: these are a client's own.
 */
struct nvdla_snapshot {
	bool powered;
	bool running;
	bool wedged;
	u32 regs[NVDLA_SNAPSHOT_REGS];
	u64 job_cookie;
	u32 job_ops;
	u64 since_ns;
	u32 next[NVDLA_ENGINES];
	u32 head[NVDLA_ENGINES];
	u32 wait[NVDLA_ENGINES][2];
	u8 busy[NVDLA_ENGINES];
	u32 oldest;
	u32 oldest_bits;
	struct nvdla_image image;
};

/**
 * NVDLA_NO_ANSWER - instead of the blocks that run: the bus gives nothing but ones
 */
#define NVDLA_NO_ANSWER		U32_MAX

u32 nvdla_snapshot_running(struct nvdla_device *ndev);
void nvdla_snapshot_name_running(u32 running, char *names, size_t size);
void nvdla_snapshot_take(struct nvdla_device *ndev, struct nvdla_snapshot *snapshot);
void nvdla_snapshot_print_registers(const struct nvdla_snapshot *snapshot, struct drm_printer *p);
void nvdla_snapshot_print_job(const struct nvdla_snapshot *snapshot, struct drm_printer *p);

#endif
