// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/pm_runtime.h>
#include <linux/uaccess.h>
#include <linux/units.h>

#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "nvdla_client.h"
#include "nvdla_compat.h"
#include "nvdla_coredump.h"
#include "nvdla_debugfs.h"
#include "nvdla_device.h"
#include "nvdla_event.h"
#include "nvdla_gem.h"
#include "nvdla_genl.h"
#include "nvdla_job.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"
#include "nvdla_recovery.h"
#include "nvdla_selftest.h"
#include "nvdla_stats.h"
#include "nvdla_submit.h"
#include "nvdla_user.h"

/* A kernel without the accel subsystem does not refuse the flag for it: it crashes. */
#if IS_ENABLED(CONFIG_DRM_ACCEL)
#define NVDLA_NODE_FEATURE	DRIVER_COMPUTE_ACCEL
#define NVDLA_NODE_FOPS		DRM_ACCEL_FOPS
#else
#define NVDLA_NODE_FEATURE	DRIVER_RENDER
#define NVDLA_NODE_FOPS		DRM_GEM_FOPS
#endif

static u32 nvdla_info_flags(struct nvdla_device *ndev)
{
	u32 flags = 0;

	if (ndev->coherent)
		flags |= DRM_NVDLA_INFO_COHERENT;
	if (ndev->resets)
		flags |= DRM_NVDLA_INFO_RESET;
	if (READ_ONCE(ndev->wedged))
		flags |= DRM_NVDLA_INFO_WEDGED;
	return flags;
}

static int nvdla_ioctl_dev_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct nvdla_device *ndev = to_nvdla_device(drm);
	struct drm_nvdla_dev_query *args = data;
	void __user *to = u64_to_user_ptr(args->pointer);
	struct drm_nvdla_dev_info info;
	u32 size = min_t(u32, args->size, sizeof(info));

	if (args->type != DRM_NVDLA_QUERY_INFO)
		return -EINVAL;
	if (args->size > NVDLA_USER_MAX_SIZE)
		return -E2BIG;
	nvdla_config_info(ndev->config, &info);
	info.flags = nvdla_info_flags(ndev);
	info.timeout_ms = NVDLA_TIMEOUT_MS;
	info.max_timeout_ms = NVDLA_MAX_TIMEOUT_MS;
	info.max_pending = NVDLA_MAX_PENDING;
	info.max_queues = NVDLA_MAX_QUEUES;
	info.max_ops = NVDLA_MAX_CLIENT_OPS;
	info.max_khz = ndev->max_rate / HZ_PER_KHZ;
	info.max_bytes = NVDLA_MAX_CLIENT_BYTES;

	if (args->pointer) {
		if (copy_to_user(to, &info, size) || clear_user(to + size, args->size - size))
			return -EFAULT;
	}
	args->size = sizeof(info);
	return 0;
}

#define NVDLA_IOCTL(name, func) \
	DRM_IOCTL_DEF_DRV(NVDLA_##name, nvdla_ioctl_##func, DRM_RENDER_ALLOW)

static const struct drm_ioctl_desc nvdla_ioctls[] = {
	NVDLA_IOCTL(DEV_QUERY, dev_query),
	NVDLA_IOCTL(BO_CREATE, bo_create),
	NVDLA_IOCTL(BO_SYNC, bo_sync),
	NVDLA_IOCTL(BO_WAIT, bo_wait),
	NVDLA_IOCTL(PROGRAM_CREATE, program_create),
	NVDLA_IOCTL(PROGRAM_DESTROY, program_destroy),
	NVDLA_IOCTL(QUEUE_CREATE, queue_create),
	NVDLA_IOCTL(QUEUE_DESTROY, queue_destroy),
	NVDLA_IOCTL(SUBMIT, submit),
	NVDLA_IOCTL(QUEUE_STATE, queue_state),
};

/* Written out, because the accel macro for this has no show_fdinfo. */
static const struct file_operations nvdla_fops = {
	.owner = THIS_MODULE,
	NVDLA_NODE_FOPS,
	.show_fdinfo = drm_show_fdinfo,
};

static const struct drm_driver nvdla_driver = {
	.driver_features = DRIVER_GEM | DRIVER_SYNCOBJ | DRIVER_SYNCOBJ_TIMELINE |
			   NVDLA_NODE_FEATURE,
	.open = nvdla_client_open,
	.postclose = nvdla_client_close,
	.show_fdinfo = nvdla_show_fdinfo,
	.gem_create_object = nvdla_gem_create_object,
	.gem_prime_import = nvdla_gem_prime_import,
	.gem_prime_import_sg_table = nvdla_gem_prime_import_sg_table,
	.ioctls = nvdla_ioctls,
	.num_ioctls = ARRAY_SIZE(nvdla_ioctls),
	.fops = &nvdla_fops,
	.name = "nvdla",
	.desc = "NVDLA deep learning accelerator",
	NVDLA_COMPAT_DRIVER_DATE
	.major = 1,
};

static int nvdla_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	const char *config = of_device_get_match_data(dev);
	struct nvdla_device *ndev;
	int ret;

	if (!config)
		return dev_err_probe(dev, -ENODEV, "no known 'compatible'\n");
	ndev = devm_drm_dev_alloc(dev, &nvdla_driver, struct nvdla_device, drm);
	if (IS_ERR(ndev))
		return PTR_ERR(ndev);
	platform_set_drvdata(pdev, ndev);
	nvdla_event_init(ndev);

	ret = nvdla_device_init(ndev, pdev, config);
	if (!ret)
		ret = nvdla_coredump_init(ndev);
	if (!ret)
		ret = nvdla_recovery_init(ndev);
	if (!ret)
		ret = nvdla_job_setup(ndev);
	if (!ret)
		ret = nvdla_selftest_init(ndev);
	if (!ret)
		ret = nvdla_device_start(ndev);
	if (ret)
		return ret;
	ret = drm_dev_register(&ndev->drm, 0);
	if (ret) {
		pm_runtime_put_noidle(dev);
		return ret;
	}

	/* Nothing of the job that a device is for depends on these. */
	nvdla_debugfs_add(ndev);
	if (nvdla_genl_add(ndev))
		drm_warn(&ndev->drm, "not to be seen with netlink\n");
	nvdla_event_open(ndev);
	nvdla_selftest_probe(ndev);
	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
	return 0;
}

static void nvdla_remove(struct platform_device *pdev)
{
	struct nvdla_device *ndev = platform_get_drvdata(pdev);

	nvdla_selftest_cancel(ndev);
	drm_dev_unplug(&ndev->drm);
	nvdla_recovery_abort(ndev);
	nvdla_selftest_flush(ndev);
	nvdla_event_close(ndev);
	nvdla_coredump_flush(ndev);
	nvdla_genl_remove(ndev);
}

static int nvdla_runtime_suspend(struct device *dev)
{
	struct nvdla_device *ndev = dev_get_drvdata(dev);

	nvdla_devfreq_suspend(ndev);
	nvdla_device_power_off(ndev);
	return 0;
}

static int nvdla_runtime_resume(struct device *dev)
{
	struct nvdla_device *ndev = dev_get_drvdata(dev);
	int ret = nvdla_device_power_on(ndev);

	if (!ret)
		nvdla_devfreq_resume(ndev);
	return ret;
}

static int nvdla_suspend(struct device *dev)
{
	struct nvdla_device *ndev = dev_get_drvdata(dev);
	int ret;

	drm_sched_wqueue_stop(&ndev->sched);
	ret = nvdla_job_wait_idle(ndev);
	if (!ret)
		ret = pm_runtime_force_suspend(dev);
	if (ret)
		drm_sched_wqueue_start(&ndev->sched);
	return ret;
}

static int nvdla_resume(struct device *dev)
{
	struct nvdla_device *ndev = dev_get_drvdata(dev);
	int ret;

	ret = pm_runtime_force_resume(dev);
	drm_sched_wqueue_start(&ndev->sched);
	return ret;
}

static const struct dev_pm_ops nvdla_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(nvdla_suspend, nvdla_resume)
	RUNTIME_PM_OPS(nvdla_runtime_suspend, nvdla_runtime_resume, NULL)
};

/*
 * The names with an underscore are those of NVIDIA's own driver. Whether a configuration is
 * supported is for the engine core to say.
 */
static const struct of_device_id nvdla_of_match[] = {
	{ .compatible = "nvidia,nv-small", .data = "nv_small" },
	{ .compatible = "nvidia,nv-small-256",
	  .data = "nv_small_256" },
	{ .compatible = "nvidia,nv-large", .data = "nv_large" },
	{ .compatible = "nvidia,nv-full", .data = "nv_full" },
	{ .compatible = "nvidia,nv_small", .data = "nv_small" },
	{ .compatible = "nvidia,nv_large", .data = "nv_large" },
	{ .compatible = "nvidia,nv_full", .data = "nv_full" },
	{ }
};
MODULE_DEVICE_TABLE(of, nvdla_of_match);

static struct platform_driver nvdla_platform_driver = {
	.probe = nvdla_probe,
	.remove = nvdla_remove,
	.driver = {
		.name = "nvdla",
		.of_match_table = nvdla_of_match,
		.pm = pm_ptr(&nvdla_pm_ops),
	},
};

static int __init nvdla_init(void)
{
	int ret;

	ret = nvdla_genl_register();
	if (ret)
		return ret;
	ret = platform_driver_register(&nvdla_platform_driver);
	if (ret)
		nvdla_genl_unregister();
	return ret;
}
module_init(nvdla_init);

static void __exit nvdla_exit(void)
{
	platform_driver_unregister(&nvdla_platform_driver);
	nvdla_genl_unregister();
}
module_exit(nvdla_exit);

MODULE_DESCRIPTION("NVDLA deep learning accelerator");
MODULE_LICENSE("GPL");
