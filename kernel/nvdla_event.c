// SPDX-License-Identifier: GPL-2.0-only
#include <linux/timekeeping.h>

#include "nvdla_compat.h"
#include "nvdla_device.h"
#include "nvdla_event.h"
#include "nvdla_genl.h"
#include "nvdla_queue.h"

/*
 * Events happen in the interrupt and in the watchdog, where nothing may wait or allocate: fences
 * depend on it. They are noted in a ring, and told by a work item. When they come faster than that,
 * the next one says how many are missing.
 */

static bool nvdla_event_pop(struct nvdla_events_queue *queue, struct nvdla_event *event)
{
	bool any;

	spin_lock_irq(&queue->lock);
	any = queue->count;
	if (any) {
		*event = queue->ring[queue->first];
		queue->first = (queue->first + 1) % NVDLA_EVENTS;
		queue->count--;
	}
	spin_unlock_irq(&queue->lock);
	return any;
}

static void nvdla_event_work(struct work_struct *work)
{
	struct nvdla_device *ndev = container_of(work, struct nvdla_device, events.work);
	struct nvdla_event event;

	while (nvdla_event_pop(&ndev->events, &event)) {
		nvdla_genl_send(ndev, &event);
		if (event.type == NVDLA_EVENT_TYPE_RESET)
			nvdla_compat_wedged_event(&ndev->drm, true);
		else if (event.type == NVDLA_EVENT_TYPE_WEDGED)
			nvdla_compat_wedged_event(&ndev->drm, false);
	}
}

/**
 * nvdla_event_init() - set up a device's events
 * @ndev: Device.
 */
void nvdla_event_init(struct nvdla_device *ndev)
{
	INIT_WORK(&ndev->events.work, nvdla_event_work);
	spin_lock_init(&ndev->events.lock);
}

/**
 * nvdla_event_open() - tell what happens from here on
 * @ndev: Device, registered.
 */
void nvdla_event_open(struct nvdla_device *ndev)
{
	spin_lock_irq(&ndev->events.lock);
	ndev->events.open = true;
	spin_unlock_irq(&ndev->events.lock);
}

/**
 * nvdla_event_close() - tell what has happened, and nothing more
 * @ndev: Device.
 */
void nvdla_event_close(struct nvdla_device *ndev)
{
	spin_lock_irq(&ndev->events.lock);
	ndev->events.open = false;
	spin_unlock_irq(&ndev->events.lock);
	flush_work(&ndev->events.work);
}

/**
 * nvdla_event_post() - note that something happened
 * @ndev: Device.
 * @type: What.
 * @fault: For a time-out, where it hung.
 *
 * May be called with interrupts off.
 */
void nvdla_event_post(struct nvdla_device *ndev, enum nvdla_event_type type,
		      const struct nvdla_fault *fault)
{
	struct nvdla_events_queue *queue = &ndev->events;
	struct nvdla_event event = { .type = type, .time_ns = ktime_get_ns() };
	unsigned long flags;

	/* Who shares an interrupt line with a mad device should not pay for what nobody hears. */
	if (type == NVDLA_EVENT_TYPE_STRAY_IRQ && !nvdla_genl_heard())
		return;
	if (fault) {
		event.engine = fault->engine;
		event.op = fault->op;
	}

	spin_lock_irqsave(&queue->lock, flags);
	if (queue->open && queue->count < NVDLA_EVENTS) {
		event.lost = queue->lost;
		queue->lost = 0;
		queue->ring[(queue->first + queue->count++) % NVDLA_EVENTS] = event;
		queue_work(system_unbound_wq, &queue->work);
	} else if (queue->open) {
		queue->lost++;
	}
	spin_unlock_irqrestore(&queue->lock, flags);
}
