// SPDX-License-Identifier: GPL-2.0-only
#include <linux/clk.h>
#include <linux/devfreq_cooling.h>
#include <linux/pm_opp.h>
#include <linux/property.h>

#include "nvdla_device.h"

#define POLLING_MS		50
#define UP_THRESHOLD		60
#define DOWN_DIFFERENTIAL	10

/* The lock is held. */
static void nvdla_devfreq_count(struct nvdla_devfreq *df)
{
	ktime_t now = ktime_get();
	ktime_t time = ktime_sub(now, df->since);

	if (df->running)
		df->busy = ktime_add(df->busy, time);
	else
		df->idle = ktime_add(df->idle, time);
	df->since = now;
}

static void nvdla_devfreq_restart(struct nvdla_devfreq *df)
{
	unsigned long flags;

	spin_lock_irqsave(&df->lock, flags);
	df->since = ktime_get();
	df->busy = 0;
	df->idle = 0;
	spin_unlock_irqrestore(&df->lock, flags);
}

static int nvdla_devfreq_target(struct device *dev, unsigned long *rate, u32 flags)
{
	struct dev_pm_opp *opp = devfreq_recommended_opp(dev, rate, flags);

	if (IS_ERR(opp))
		return PTR_ERR(opp);
	dev_pm_opp_put(opp);
	return dev_pm_opp_set_rate(dev, *rate);
}

static int nvdla_devfreq_status(struct device *dev, struct devfreq_dev_status *status)
{
	struct nvdla_device *ndev = dev_get_drvdata(dev);
	struct nvdla_devfreq *df = &ndev->devfreq;
	unsigned long flags;

	status->current_frequency = clk_get_rate(ndev->clks[0].clk);
	spin_lock_irqsave(&df->lock, flags);
	nvdla_devfreq_count(df);
	status->busy_time = ktime_to_ns(df->busy);
	status->total_time = ktime_to_ns(ktime_add(df->busy, df->idle));
	df->busy = 0;
	df->idle = 0;
	spin_unlock_irqrestore(&df->lock, flags);
	return 0;
}

static unsigned long nvdla_devfreq_highest(struct device *dev)
{
	unsigned long rate = ULONG_MAX;
	struct dev_pm_opp *opp = dev_pm_opp_find_freq_floor(dev, &rate);

	if (IS_ERR(opp))
		return 0;
	dev_pm_opp_put(opp);
	return rate;
}

static int nvdla_devfreq_init_opps(struct nvdla_device *ndev)
{
	struct nvdla_devfreq *df = &ndev->devfreq;
	struct device *dev = ndev->drm.dev;
	unsigned long rate = clk_get_rate(ndev->clks[0].clk);
	struct dev_pm_opp *opp;
	int ret = 0;

	if (device_property_present(dev, "vdd-supply"))
		ret = devm_pm_opp_set_regulators(dev, (const char * const []){ "vdd", NULL });
	if (ret)
		return ret;
	ret = devm_pm_opp_of_add_table(dev);
	if (ret)
		return ret;

	opp = devfreq_recommended_opp(dev, &rate, 0);
	if (IS_ERR(opp))
		return PTR_ERR(opp);
	/* Whatever the boot loader left: from here on clock and voltage belong together. */
	ret = dev_pm_opp_set_opp(dev, opp);
	dev_pm_opp_put(opp);
	df->profile.initial_freq = rate;
	ndev->max_rate = nvdla_devfreq_highest(dev);
	return ret;
}

static void nvdla_devfreq_remove_cooling(void *data)
{
	devfreq_cooling_unregister(data);
}

static int nvdla_devfreq_init_cooling(struct nvdla_device *ndev)
{
	struct nvdla_devfreq *df = &ndev->devfreq;
	struct device *dev = ndev->drm.dev;

	if (!device_property_present(dev, "#cooling-cells"))
		return 0;
	df->cooling = of_devfreq_cooling_register(dev->of_node, df->devfreq);
	if (IS_ERR(df->cooling)) {
		dev_info(dev, "is no cooling device: %pe\n", df->cooling);
		df->cooling = NULL;
		return 0;
	}
	return devm_add_action_or_reset(dev, nvdla_devfreq_remove_cooling, df->cooling);
}

/**
 * nvdla_devfreq_init() - let the device's speed follow its load
 * @ndev: Device, switched on; its runtime power management is not enabled yet.
 *
 * A device without operating points keeps its speed.
 *
 * Return: 0, or an error that has been reported.
 */
int nvdla_devfreq_init(struct nvdla_device *ndev)
{
	struct nvdla_devfreq *df = &ndev->devfreq;
	struct device *dev = ndev->drm.dev;
	struct devfreq *devfreq;
	int ret;

	spin_lock_init(&df->lock);
	df->since = ktime_get();
	if (!device_property_present(dev, "operating-points-v2"))
		return 0;
	ret = nvdla_devfreq_init_opps(ndev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot use the operating points\n");

	df->profile.polling_ms = POLLING_MS;
	df->profile.timer = DEVFREQ_TIMER_DELAYED;
	df->profile.target = nvdla_devfreq_target;
	df->profile.get_dev_status = nvdla_devfreq_status;
	df->ondemand.upthreshold = UP_THRESHOLD;
	df->ondemand.downdifferential = DOWN_DIFFERENTIAL;
	devfreq = devm_devfreq_add_device(dev, &df->profile, DEVFREQ_GOV_SIMPLE_ONDEMAND,
					  &df->ondemand);
	if (IS_ERR(devfreq))
		return dev_err_probe(dev, PTR_ERR(devfreq), "cannot have its speed changed\n");
	df->devfreq = devfreq;
	return nvdla_devfreq_init_cooling(ndev);
}

/**
 * nvdla_devfreq_suspend() - the device will be switched off
 * @ndev: Device.
 */
void nvdla_devfreq_suspend(struct nvdla_device *ndev)
{
	if (ndev->devfreq.devfreq)
		devfreq_suspend_device(ndev->devfreq.devfreq);
}

/**
 * nvdla_devfreq_resume() - the device has been switched on
 * @ndev: Device.
 */
void nvdla_devfreq_resume(struct nvdla_device *ndev)
{
	if (!ndev->devfreq.devfreq)
		return;
	nvdla_devfreq_restart(&ndev->devfreq);
	devfreq_resume_device(ndev->devfreq.devfreq);
}

/**
 * nvdla_devfreq_run() - a job starts on the hardware, or ends
 * @ndev: Device.
 * @running: Which.
 */
void nvdla_devfreq_run(struct nvdla_device *ndev, bool running)
{
	struct nvdla_devfreq *df = &ndev->devfreq;
	unsigned long flags;

	spin_lock_irqsave(&df->lock, flags);
	nvdla_devfreq_count(df);
	df->running = running;
	spin_unlock_irqrestore(&df->lock, flags);
}
