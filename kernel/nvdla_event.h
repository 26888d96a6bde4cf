/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_EVENT_H_
#define _NVDLA_EVENT_H_

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <linux/nvdla_genl.h>

struct nvdla_device;
struct nvdla_fault;

/**
 * struct nvdla_event - something that happened to a device
 * @type: &enum nvdla_event_type.
 * @engine: For a time-out, the &enum drm_nvdla_engine that hung.
 * @op: For a time-out, the index of its operation.
 * @lost: Events before this one that found no room.
 * @time_ns: When, on the monotonic clock.
 */
struct nvdla_event {
	u32 type;
	u32 engine;
	u32 op;
	u32 lost;
	u64 time_ns;
};

#define NVDLA_EVENTS	32

/**
 * struct nvdla_events_queue - events of a device that have not been told yet
 * @work: Tells them.
 * @lock: Guards what follows. Taken in the interrupt, inside &nvdla_device.lock.
 * @ring: Events.
 * @first: The oldest.
 * @count: How many.
 * @lost: How many found no room since the newest.
 * @open: Somebody may listen.
 */
struct nvdla_events_queue {
	struct work_struct work;
	spinlock_t lock;	/* of all below */
	struct nvdla_event ring[NVDLA_EVENTS];
	u32 first;
	u32 count;
	u32 lost;
	bool open;
};

void nvdla_event_init(struct nvdla_device *ndev);
void nvdla_event_open(struct nvdla_device *ndev);
void nvdla_event_close(struct nvdla_device *ndev);
void nvdla_event_post(struct nvdla_device *ndev, enum nvdla_event_type type,
		      const struct nvdla_fault *fault);

#endif
