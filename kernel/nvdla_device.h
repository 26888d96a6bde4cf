/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_DEVICE_H_
#define _NVDLA_DEVICE_H_

#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <drm/drm_device.h>
#include <drm/gpu_scheduler.h>

#include "nvdla_arbiter.h"
#include "nvdla_core.h"
#include "nvdla_devfreq.h"
#include "nvdla_event.h"
#include "nvdla_stats.h"

struct clk_bulk_data;
struct nvdla_coredump;
struct nvdla_job;
struct nvdla_selftest;
struct platform_device;
struct reset_control;

/* What one open file may have; &struct drm_nvdla_dev_info tells them to userspace. */
#define NVDLA_MAX_PENDING	64
#define NVDLA_MAX_QUEUES	16
#define NVDLA_MAX_CLIENT_OPS	(16 * DRM_NVDLA_MAX_OPS)
#define NVDLA_MAX_CLIENT_BYTES	(256ULL << 20)

/* Long enough for the largest operation on an FPGA, or on an emulated device. */
#define NVDLA_TIMEOUT_MS	10000
#define NVDLA_MAX_TIMEOUT_MS	120000

/**
 * DOC: Locking
 *
 * From the outside in:
 *
 * - Reservations of the buffers of a submission, all at once.
 * - &nvdla_queue.lock, a mutex: the order in which a queue's submissions get their sequence numbers
 *   is that in which the scheduler gets them; and none comes after the queue was destroyed.
 * - &nvdla_device.lock, a spinlock taken in the interrupt: the registers, and what is known of
 *   them; which job is on the hardware, and which is next; the counters of a queue.
 *
 * Whoever takes &nvdla_device.job out under &nvdla_device.lock, and nobody else, ends that job: the
 * interrupt when it has finished, the watchdog when it has hung, or the removal of the device.
 * Fences signal without any of these locks, but for &nvdla_job.granted, which only the scheduler
 * sees: nobody gets a turn who has given it up.
 */

/**
 * struct nvdla_device - one NVDLA
 * @drm: DRM device.
 * @config: Hardware configuration.
 * @binding: In the list of those that may have buffers in a memory-region.
 * @regs: Registers.
 * @clks: Clocks.
 * @clk_count: How many.
 * @max_rate: Highest rate of the first of them, which is the core's; or 0.
 * @resets: Reset lines, or NULL if there are none.
 * @irq: Interrupt.
 * @devfreq: Its speed.
 * @coherent: The device sees the CPU's caches.
 * @sched: Waits for the dependencies of jobs, of which @arbiter lets one at a time go on.
 * @arbitration: Lets the next job go on.
 * @watchdog_wq: Runs @watchdog.
 * @watchdog: Looks after @job.
 * @coredump: Room for a hang that is to be told.
 * @selftest: The driver's own tests of the device.
 * @events: What happened and has not been told yet.
 * @idle: Woken when @job or @jobs becomes zero.
 * @lock: Guards all that follows.
 * @processes: Those that have the device open.
 * @arbiter: Whose turn it is.
 * @unsettled: Somebody has asked for a turn, or given one up, since @arbitration has looked.
 * @patience: How often @arbitration may still be put off for that.
 * @io: How the engine core gets at @regs.
 * @hw: What is known of the registers.
 * @seq: What @job has got to.
 * @job: On the hardware, or NULL.
 * @jobs: Jobs that exist, in whatever state.
 * @stats: What it has done.
 * @resets_done: Resets after a hang.
 * @stray_irqs: Interrupts that came while no job was running.
 * @powered: The registers can be accessed.
 * @wedged: Hung and not reset: no job may run.
 */
struct nvdla_device {
	struct drm_device drm;
	const struct nvdla_config *config;
	struct list_head binding;
	void __iomem *regs;
	struct clk_bulk_data *clks;
	int clk_count;
	unsigned long max_rate;
	struct reset_control *resets;
	int irq;
	struct nvdla_devfreq devfreq;
	bool coherent;

	struct drm_gpu_scheduler sched;
	struct work_struct arbitration;
	struct workqueue_struct *watchdog_wq;
	struct delayed_work watchdog;
	struct nvdla_coredump *coredump;
	struct nvdla_selftest *selftest;
	struct nvdla_events_queue events;
	wait_queue_head_t idle;

	spinlock_t lock;	/* of all below */
	struct list_head processes;
	struct nvdla_arbiter arbiter;
	bool unsettled;
	u32 patience;
	struct nvdla_io io;
	struct nvdla_hw hw;
	struct nvdla_seq seq;
	struct nvdla_job *job;
	u64 jobs;
	struct nvdla_stats stats;
	u64 resets_done;
	u64 stray_irqs;
	bool powered;
	bool wedged;
};

static inline struct nvdla_device *to_nvdla_device(struct drm_device *drm)
{
	return container_of(drm, struct nvdla_device, drm);
}

int nvdla_device_init(struct nvdla_device *ndev, struct platform_device *pdev, const char *config);
int nvdla_device_start(struct nvdla_device *ndev);
int nvdla_device_power_on(struct nvdla_device *ndev);
void nvdla_device_power_off(struct nvdla_device *ndev);
int nvdla_device_reset(struct nvdla_device *ndev);

#endif
