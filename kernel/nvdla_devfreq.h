/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_DEVFREQ_H_
#define _NVDLA_DEVFREQ_H_

#include <linux/devfreq.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>

struct nvdla_device;
struct thermal_cooling_device;

/**
 * struct nvdla_devfreq - how fast the device runs
 * @devfreq: Who decides that, or NULL if the device has one speed.
 * @profile: What @devfreq is told about the device.
 * @ondemand: When it goes faster.
 * @cooling: Slows the device when it is hot, or NULL.
 * @lock: Guards all that follows. Taken in the interrupt.
 * @since: Up to when @busy and @idle have counted.
 * @busy: Time with a job on the hardware, since @devfreq last asked.
 * @idle: Time without.
 * @running: A job is on the hardware.
 */
struct nvdla_devfreq {
	struct devfreq *devfreq;
	struct devfreq_dev_profile profile;
	struct devfreq_simple_ondemand_data ondemand;
	struct thermal_cooling_device *cooling;
	spinlock_t lock;	/* of all below */
	ktime_t since;
	ktime_t busy;
	ktime_t idle;
	bool running;
};

#ifdef CONFIG_PM_DEVFREQ
int nvdla_devfreq_init(struct nvdla_device *ndev);
void nvdla_devfreq_suspend(struct nvdla_device *ndev);
void nvdla_devfreq_resume(struct nvdla_device *ndev);
void nvdla_devfreq_run(struct nvdla_device *ndev, bool running);
#else
static inline int nvdla_devfreq_init(struct nvdla_device *ndev)
{
	return 0;
}

static inline void nvdla_devfreq_suspend(struct nvdla_device *ndev)
{
}

static inline void nvdla_devfreq_resume(struct nvdla_device *ndev)
{
}

static inline void nvdla_devfreq_run(struct nvdla_device *ndev, bool running)
{
}
#endif

#endif
