// SPDX-License-Identifier: GPL-2.0-only
#include <linux/devcoredump.h>
#include <linux/lockdep.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>

#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "nvdla_coredump.h"
#include "nvdla_device.h"
#include "nvdla_snapshot.h"

/*
 * A hang is noted before the reset destroys what there is to see, in memory that is there already:
 * the job's fence has not signalled, so nothing may wait for memory. A work item makes text of it.
 * What comes while it does is not noted: the first hang tells most. The text is meant for people:
 *
 *	nvdla coredump 1
 *	kernel: 6.12.9
 *	...
 */

#define TEXT_BYTES	(32 << 10)

/**
 * struct nvdla_coredump - a hang to be told
 * @ndev: Device.
 * @work: Makes a core dump of @snapshot.
 * @snapshot: What the device was doing.
 * @time_ns: When, on the monotonic clock.
 * @pending: The rest belongs to @work. Guarded by &nvdla_device.lock.
 */
struct nvdla_coredump {
	struct nvdla_device *ndev;
	struct work_struct work;
	struct nvdla_snapshot snapshot;
	u64 time_ns;
	bool pending;
};

static void nvdla_coredump_print(struct nvdla_coredump *dump, struct drm_printer *p)
{
	struct nvdla_device *ndev = dump->ndev;

	drm_puts(p, "nvdla coredump 1\n");
	drm_printf(p, "kernel: %s\n", init_utsname()->release);
	drm_printf(p, "device: %s\n", dev_name(ndev->drm.dev));
	drm_printf(p, "configuration: %s\n", ndev->config->name);
	drm_printf(p, "time: %llu ns\n", dump->time_ns);
	nvdla_snapshot_print_job(&dump->snapshot, p);
	drm_puts(p, "registers:\n");
	nvdla_snapshot_print_registers(&dump->snapshot, p);
}

static void nvdla_coredump_work(struct work_struct *work)
{
	struct nvdla_coredump *dump = container_of(work, struct nvdla_coredump, work);
	struct nvdla_device *ndev = dump->ndev;
	struct drm_print_iterator iter = { .remain = TEXT_BYTES };
	struct drm_printer p = drm_coredump_printer(&iter);

	iter.data = vzalloc(TEXT_BYTES);
	if (iter.data) {
		nvdla_coredump_print(dump, &p);
		/* The text now belongs to the core dump, which goes after some minutes. */
		dev_coredumpv(ndev->drm.dev, iter.data, TEXT_BYTES - iter.remain, GFP_KERNEL);
	}
	spin_lock_irq(&ndev->lock);
	dump->pending = false;
	spin_unlock_irq(&ndev->lock);
}

/**
 * nvdla_coredump_init() - have room for a hang
 * @ndev: Device.
 *
 * Return: 0, or -ENOMEM.
 */
int nvdla_coredump_init(struct nvdla_device *ndev)
{
	struct nvdla_coredump *dump;

	dump = drmm_kzalloc(&ndev->drm, sizeof(*dump), GFP_KERNEL);
	if (!dump)
		return -ENOMEM;
	dump->ndev = ndev;
	INIT_WORK(&dump->work, nvdla_coredump_work);
	ndev->coredump = dump;
	return 0;
}

/**
 * nvdla_coredump_take() - note a hang, and have it made a core dump of
 * @ndev: Device, whose lock is held; the job that hangs is still on it.
 */
void nvdla_coredump_take(struct nvdla_device *ndev)
{
	struct nvdla_coredump *dump = ndev->coredump;

	lockdep_assert_held(&ndev->lock);
	if (!IS_ENABLED(CONFIG_DEV_COREDUMP) || dump->pending)
		return;
	nvdla_snapshot_take(ndev, &dump->snapshot);
	dump->time_ns = ktime_get_ns();
	dump->pending = true;
	queue_work(system_unbound_wq, &dump->work);
}

/**
 * nvdla_coredump_flush() - wait until what was noted is told
 * @ndev: Device, on which no job hangs any more.
 */
void nvdla_coredump_flush(struct nvdla_device *ndev)
{
	flush_work(&ndev->coredump->work);
}
