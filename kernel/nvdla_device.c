// SPDX-License-Identifier: GPL-2.0-only
#include <linux/clk.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/mutex.h>
#include <linux/of_reserved_mem.h>
#include <linux/platform_device.h>
#include <linux/pm_domain.h>
#include <linux/pm_runtime.h>
#include <linux/property.h>
#include <linux/reset.h>

#include <drm/drm_managed.h>

#include "nvdla_device.h"
#include "nvdla_job.h"
#include "nvdla_trace.h"

/* Out of reset the hardware clears its convolution buffer: some 8,200 cycles, of whatever clock. */
#define FLUSH_TIMEOUT_US	(1000 * USEC_PER_MSEC)
#define RESET_PULSE_US		10
/* It comes at once, unless the device is an emulated one that waits for a processor of its host. */
#define IRQ_TEST_TIMEOUT_US	(2000 * USEC_PER_MSEC)
#define AUTOSUSPEND_MS		100

static u32 nvdla_device_read(void *ctx, u32 offset)
{
	struct nvdla_device *ndev = ctx;

	return readl(ndev->regs + offset);
}

static void nvdla_device_write(void *ctx, u32 offset, u32 value)
{
	struct nvdla_device *ndev = ctx;

	writel(value, ndev->regs + offset);
}

/*
 * Buffers may outlive the binding of the driver, and the memory-region must outlive them, or they
 * are given back to the wrong place. So it belongs to all bindings whose buffers may be there: the
 * first assigns it to the device, the last takes it away.
 */
static LIST_HEAD(nvdla_bindings);
static DEFINE_MUTEX(nvdla_bindings_lock);

static bool nvdla_device_is_bound(const struct device *dev)
{
	const struct nvdla_device *ndev;

	list_for_each_entry(ndev, &nvdla_bindings, binding)
		if (ndev->drm.dev == dev)
			return true;
	return false;
}

static void nvdla_device_release_memory(struct drm_device *drm, void *data)
{
	struct nvdla_device *ndev = to_nvdla_device(drm);

	mutex_lock(&nvdla_bindings_lock);
	list_del(&ndev->binding);
	if (!nvdla_device_is_bound(drm->dev))
		of_reserved_mem_device_release(drm->dev);
	mutex_unlock(&nvdla_bindings_lock);
}

static int nvdla_device_assign_memory(struct nvdla_device *ndev)
{
	struct device *dev = ndev->drm.dev;
	int ret = 0;

	mutex_lock(&nvdla_bindings_lock);
	if (!nvdla_device_is_bound(dev))
		ret = of_reserved_mem_device_init(dev);
	if (!ret || ret == -ENODEV)
		list_add(&ndev->binding, &nvdla_bindings);
	mutex_unlock(&nvdla_bindings_lock);
	if (ret && ret != -ENODEV)
		return dev_err_probe(dev, ret, "cannot use the memory-region\n");
	return drmm_add_action_or_reset(&ndev->drm, nvdla_device_release_memory, NULL);
}

static int nvdla_device_init_memory(struct nvdla_device *ndev)
{
	struct device *dev = ndev->drm.dev;
	int ret;

	ret = nvdla_device_assign_memory(ndev);
	if (ret)
		return ret;

	/* Before the first allocation, or buffers end up where the device cannot get at them. */
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(ndev->config->dma_bits));
	if (ret)
		return dev_err_probe(dev, ret, "no memory within %u address bits\n",
				     ndev->config->dma_bits);
	dma_set_max_seg_size(dev, UINT_MAX);
	ndev->coherent = device_get_dma_attr(dev) == DEV_DMA_COHERENT;
	return 0;
}

static void nvdla_device_pulse_reset(struct nvdla_device *ndev)
{
	reset_control_assert(ndev->resets);
	usleep_range(RESET_PULSE_US, 2 * RESET_PULSE_US);
	reset_control_deassert(ndev->resets);
}

/* Bring the device, whose clocks are on, into a known state and let it interrupt. */
static int nvdla_device_make_ready(struct nvdla_device *ndev)
{
	bool flushed;
	int ret;

	nvdla_device_pulse_reset(ndev);
	ret = read_poll_timeout(nvdla_cbuf_flushed, flushed, flushed, 10, FLUSH_TIMEOUT_US, false,
				&ndev->io);
	if (ret) {
		dev_err(ndev->drm.dev, "convolution buffer not ready after reset; no clock?\n");
		return -EIO;
	}

	spin_lock_irq(&ndev->lock);
	nvdla_hw_adopt(&ndev->hw, &ndev->io);
	nvdla_device_write(ndev, NVDLA_GLB_INTR_STATUS, U32_MAX);
	nvdla_device_write(ndev, NVDLA_GLB_INTR_MASK, ~NVDLA_DONE_BITS);
	nvdla_device_write(ndev, NVDLA_MCIF_RD_WEIGHT_1, NVDLA_READ_TURNS);
	ndev->powered = true;
	spin_unlock_irq(&ndev->lock);
	return 0;
}

/* Nothing that the device still says counts after this. */
static void nvdla_device_silence(struct nvdla_device *ndev)
{
	spin_lock_irq(&ndev->lock);
	if (ndev->powered)
		nvdla_device_write(ndev, NVDLA_GLB_INTR_MASK, U32_MAX);
	ndev->powered = false;
	spin_unlock_irq(&ndev->lock);
}

static void nvdla_device_off(void *data)
{
	struct nvdla_device *ndev = data;

	if (!pm_runtime_status_suspended(ndev->drm.dev))
		nvdla_device_power_off(ndev);
}

static void nvdla_device_allow_off(void *data)
{
	pm_runtime_put_noidle(data);
}

/* Without its interrupt the device would seem to hang with the first program. */
static int nvdla_device_test_irq(struct nvdla_device *ndev)
{
	u64 seen;

	nvdla_device_write(ndev, NVDLA_GLB_INTR_SET, BIT(0));
	if (read_poll_timeout(READ_ONCE, seen, seen, 100, IRQ_TEST_TIMEOUT_US, false,
			      ndev->stray_irqs))
		return dev_err_probe(ndev->drm.dev, -EIO,
				     "an interrupt was raised, none came: check 'interrupts'\n");
	return 0;
}

/**
 * nvdla_device_init() - find what the device is made of
 * @ndev: Device.
 * @pdev: Its platform device.
 * @config: Name of its configuration.
 *
 * Return: 0, or an error that has been reported.
 */
int nvdla_device_init(struct nvdla_device *ndev, struct platform_device *pdev, const char *config)
{
	const struct dev_pm_domain_attach_data domains = { .pd_flags = PD_FLAG_DEV_LINK_ON };
	struct device *dev = &pdev->dev;
	struct dev_pm_domain_list *list;
	int ret;

	spin_lock_init(&ndev->lock);
	init_waitqueue_head(&ndev->idle);
	INIT_LIST_HEAD(&ndev->processes);
	nvdla_arbiter_init(&ndev->arbiter);
	ndev->io = (struct nvdla_io) {
		.ctx = ndev,
		.read = nvdla_device_read,
		.write = nvdla_device_write,
	};

	ndev->config = nvdla_config_find(config);
	if (!ndev->config)
		return dev_err_probe(dev, -ENODEV, "no support for configuration %s\n", config);

	ndev->regs = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(ndev->regs))
		return dev_err_probe(dev, PTR_ERR(ndev->regs), "no registers: check 'reg'\n");

	ndev->irq = platform_get_irq(pdev, 0);
	if (ndev->irq < 0)
		return dev_err_probe(dev, ndev->irq, "no interrupt: check 'interrupts'\n");

	ndev->clk_count = devm_clk_bulk_get_all(dev, &ndev->clks);
	if (ndev->clk_count < 0)
		return dev_err_probe(dev, ndev->clk_count, "cannot get the clocks\n");
	if (!ndev->clk_count)
		return dev_err_probe(dev, -EINVAL, "no clock: check 'clocks'\n");

	ndev->resets = devm_reset_control_array_get_optional_exclusive(dev);
	if (IS_ERR(ndev->resets))
		return dev_err_probe(dev, PTR_ERR(ndev->resets), "cannot get the resets\n");

	/* Where there is but one, the bus has attached it. */
	ret = devm_pm_domain_attach_list(dev, &domains, &list);
	if (ret < 0)
		return dev_err_probe(dev, ret, "cannot get the power domains\n");

	return nvdla_device_init_memory(ndev);
}

/**
 * nvdla_device_start() - switch the device on for the first time, and see that it answers
 * @ndev: Device.
 *
 * Leaves it with runtime power management enabled and one reference held.
 *
 * Return: 0, or an error that has been reported.
 */
int nvdla_device_start(struct nvdla_device *ndev)
{
	struct device *dev = ndev->drm.dev;
	int ret;

	ret = nvdla_device_power_on(ndev);
	if (ret)
		return ret;
	ndev->max_rate = clk_get_rate(ndev->clks[0].clk);
	pm_runtime_set_active(dev);
	ret = devm_add_action_or_reset(dev, nvdla_device_off, ndev);
	if (ret)
		return ret;

	ret = devm_request_irq(dev, ndev->irq, nvdla_job_irq, IRQF_SHARED, dev_name(dev), ndev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot request interrupt %d\n", ndev->irq);
	ret = nvdla_device_test_irq(ndev);
	if (ret)
		return ret;

	ret = nvdla_devfreq_init(ndev);
	if (ret)
		return ret;

	/* Without a reset, power that went and came would leave the device in an unknown state. */
	if (!ndev->resets) {
		pm_runtime_get_noresume(dev);
		ret = devm_add_action_or_reset(dev, nvdla_device_allow_off, dev);
		if (ret)
			return ret;
	}
	pm_runtime_set_autosuspend_delay(dev, AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_get_noresume(dev);
	ret = devm_pm_runtime_enable(dev);
	if (ret)
		pm_runtime_put_noidle(dev);
	return ret;
}

/**
 * nvdla_device_power_on() - switch the device on
 * @ndev: Device.
 *
 * Return: 0, or an error that has been reported.
 */
int nvdla_device_power_on(struct nvdla_device *ndev)
{
	int ret;

	ret = clk_bulk_prepare_enable(ndev->clk_count, ndev->clks);
	if (ret) {
		dev_err(ndev->drm.dev, "cannot enable the clocks: %d\n", ret);
		return ret;
	}
	ret = nvdla_device_make_ready(ndev);
	if (ret)
		clk_bulk_disable_unprepare(ndev->clk_count, ndev->clks);
	else
		trace_nvdla_power(ndev, true);
	return ret;
}

/**
 * nvdla_device_power_off() - switch the device off
 * @ndev: Device, on which no job is running.
 */
void nvdla_device_power_off(struct nvdla_device *ndev)
{
	nvdla_device_silence(ndev);
	reset_control_assert(ndev->resets);
	clk_bulk_disable_unprepare(ndev->clk_count, ndev->clks);
	trace_nvdla_power(ndev, false);
}

/**
 * nvdla_device_reset() - stop the device, whatever it is doing
 * @ndev: Device, switched on.
 *
 * Return: 0, or -EIO when it cannot be stopped: it may still write to memory.
 */
int nvdla_device_reset(struct nvdla_device *ndev)
{
	nvdla_device_silence(ndev);
	if (!ndev->resets)
		return -EIO;
	return nvdla_device_make_ready(ndev);
}
