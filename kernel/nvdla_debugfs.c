// SPDX-License-Identifier: GPL-2.0-only
#include <linux/debugfs.h>
#include <linux/kstrtox.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include "nvdla_client.h"
#include "nvdla_debugfs.h"
#include "nvdla_device.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"
#include "nvdla_recovery.h"
#include "nvdla_selftest.h"
#include "nvdla_snapshot.h"

/*
 * In the device's folder of DRM, for root:
 *
 * state	the job on the hardware, and what the sequencer waits for
 * registers	if the device is switched on; reading them does not switch it on
 * nvdla_clients	open files, their queues and programs
 * reset	"1" ends the job on the hardware as if its time were up
 * selftest	"1" runs the self-test and waits for its end; reads as the report of the last one
 */

static int nvdla_debugfs_show(struct seq_file *m,
			      void (*print)(const struct nvdla_snapshot *snapshot,
					    struct drm_printer *p))
{
	struct nvdla_device *ndev = m->private;
	struct drm_printer p = drm_seq_file_printer(m);
	struct nvdla_snapshot *snapshot;
	int idx;

	snapshot = kmalloc(sizeof(*snapshot), GFP_KERNEL);
	if (!snapshot)
		return -ENOMEM;
	if (!drm_dev_enter(&ndev->drm, &idx)) {
		kfree(snapshot);
		return -ENODEV;
	}
	spin_lock_irq(&ndev->lock);
	nvdla_snapshot_take(ndev, snapshot);
	spin_unlock_irq(&ndev->lock);
	drm_dev_exit(idx);
	print(snapshot, &p);
	kfree(snapshot);
	return 0;
}

static int nvdla_debugfs_registers_show(struct seq_file *m, void *unused)
{
	return nvdla_debugfs_show(m, nvdla_snapshot_print_registers);
}
DEFINE_SHOW_ATTRIBUTE(nvdla_debugfs_registers);

static int nvdla_debugfs_state_show(struct seq_file *m, void *unused)
{
	struct nvdla_device *ndev = m->private;

	spin_lock_irq(&ndev->lock);
	seq_printf(m, "configuration: %s\n", ndev->config->name);
	seq_printf(m, "jobs: %llu exist, %llu done, %llu failed, %llu hung\n", ndev->jobs,
		   ndev->stats.done, ndev->stats.failed, ndev->stats.timeouts);
	seq_printf(m, "resets: %llu\nstray interrupts: %llu\n", ndev->resets_done,
		   ndev->stray_irqs);
	spin_unlock_irq(&ndev->lock);
	return nvdla_debugfs_show(m, nvdla_snapshot_print_job);
}
DEFINE_SHOW_ATTRIBUTE(nvdla_debugfs_state);

static void nvdla_debugfs_show_queue(struct seq_file *m, struct nvdla_device *ndev,
				     unsigned long handle, const struct nvdla_queue *queue)
{
	spin_lock_irq(&ndev->lock);
	seq_printf(m, "  queue %lu: time-out %u ms, %llu submitted, %llu done, %llu failed",
		   handle, queue->timeout_ms, queue->submitted, queue->done, queue->failed);
	if (queue->faults)
		seq_printf(m, ", %llu hung, last in operation %u of job %#llx", queue->faults,
			   queue->fault.op, queue->fault.cookie);
	spin_unlock_irq(&ndev->lock);
	seq_putc(m, '\n');
}

static void nvdla_debugfs_show_client(struct seq_file *m, struct nvdla_device *ndev,
				      struct drm_file *file)
{
	struct nvdla_client *client = file->driver_priv;
	struct nvdla_program *program;
	struct nvdla_queue *queue;
	unsigned long handle;

	seq_printf(m, "client %llu: %d jobs, %d operations, %lld bytes\n", file->client_id,
		   atomic_read(&client->pending), atomic_read(&client->ops),
		   atomic64_read(&client->bytes));
	/* Locked, because nothing else keeps what is in there from being destroyed meanwhile. */
	xa_lock(&client->queues);
	xa_for_each(&client->queues, handle, queue)
		nvdla_debugfs_show_queue(m, ndev, handle, queue);
	xa_unlock(&client->queues);
	xa_lock(&client->programs);
	xa_for_each(&client->programs, handle, program)
		seq_printf(m, "  program %lu: %u operations\n", handle, program->code.count);
	xa_unlock(&client->programs);
}

static int nvdla_debugfs_clients_show(struct seq_file *m, void *unused)
{
	struct nvdla_device *ndev = m->private;
	struct drm_file *file;

	/* A file is in the list only while all that belongs to it is there. */
	mutex_lock(&ndev->drm.filelist_mutex);
	list_for_each_entry(file, &ndev->drm.filelist, lhead)
		nvdla_debugfs_show_client(m, ndev, file);
	mutex_unlock(&ndev->drm.filelist_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(nvdla_debugfs_clients);

static ssize_t nvdla_debugfs_reset_write(struct file *file, const char __user *from, size_t size,
					 loff_t *pos)
{
	struct nvdla_device *ndev = file->private_data;
	bool yes;
	int ret;

	ret = kstrtobool_from_user(from, size, &yes);
	if (ret)
		return ret;
	if (!yes)
		return -EINVAL;
	ret = nvdla_recovery_expire(ndev);
	return ret ?: size;
}

static const struct file_operations nvdla_debugfs_reset_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = nvdla_debugfs_reset_write,
};

static int nvdla_debugfs_selftest_show(struct seq_file *m, void *unused)
{
	nvdla_selftest_show(m->private, m);
	return 0;
}

static int nvdla_debugfs_selftest_open(struct inode *inode, struct file *file)
{
	return single_open(file, nvdla_debugfs_selftest_show, inode->i_private);
}

static ssize_t nvdla_debugfs_selftest_write(struct file *file, const char __user *from, size_t size,
					    loff_t *pos)
{
	struct seq_file *m = file->private_data;
	bool yes;
	int ret;

	ret = kstrtobool_from_user(from, size, &yes);
	if (ret)
		return ret;
	if (!yes)
		return -EINVAL;
	ret = nvdla_selftest_run(m->private);
	return ret ?: size;
}

static const struct file_operations nvdla_debugfs_selftest_fops = {
	.owner = THIS_MODULE,
	.open = nvdla_debugfs_selftest_open,
	.read = seq_read,
	.write = nvdla_debugfs_selftest_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * nvdla_debugfs_add() - make the files of a device
 * @ndev: Device. DRM removes the files before it frees it.
 */
void nvdla_debugfs_add(struct nvdla_device *ndev)
{
	struct dentry *root = ndev->drm.debugfs_root;

	debugfs_create_file("state", 0400, root, ndev, &nvdla_debugfs_state_fops);
	debugfs_create_file("registers", 0400, root, ndev, &nvdla_debugfs_registers_fops);
	debugfs_create_file("nvdla_clients", 0400, root, ndev, &nvdla_debugfs_clients_fops);
	debugfs_create_file("reset", 0200, root, ndev, &nvdla_debugfs_reset_fops);
	debugfs_create_file("selftest", 0600, root, ndev, &nvdla_debugfs_selftest_fops);
}
