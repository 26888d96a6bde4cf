// SPDX-License-Identifier: GPL-2.0-only
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "nvdla_device.h"
#include "nvdla_process.h"

static struct nvdla_process *nvdla_process_find(struct nvdla_device *ndev, const struct pid *pid)
{
	struct nvdla_process *process;

	list_for_each_entry(process, &ndev->processes, link)
		if (process->pid == pid)
			return process;
	return NULL;
}

/**
 * nvdla_process_get() - find the current process among those that have the device open, or add it
 * @ndev: Device.
 *
 * Return: The process with a reference, or NULL without memory.
 */
struct nvdla_process *nvdla_process_get(struct nvdla_device *ndev)
{
	struct nvdla_process *process, *unused = kzalloc(sizeof(*unused), GFP_KERNEL);

	if (!unused)
		return NULL;
	spin_lock_irq(&ndev->lock);
	process = nvdla_process_find(ndev, task_tgid(current));
	if (!process) {
		process = unused;
		unused = NULL;
		process->ndev = ndev;
		process->pid = get_pid(task_tgid(current));
		nvdla_share_init(&process->share, &ndev->arbiter);
		list_add(&process->link, &ndev->processes);
	}
	process->refs++;
	spin_unlock_irq(&ndev->lock);
	kfree(unused);
	return process;
}

/**
 * nvdla_process_put() - give up a reference
 * @process: Process; without turns if it is the last one.
 */
void nvdla_process_put(struct nvdla_process *process)
{
	struct nvdla_device *ndev = process->ndev;
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&ndev->lock, flags);
	last = !--process->refs;
	if (last)
		list_del(&process->link);
	spin_unlock_irqrestore(&ndev->lock, flags);
	if (!last)
		return;
	put_pid(process->pid);
	kfree(process);
}
