// SPDX-License-Identifier: GPL-2.0-only
#include <linux/lockdep.h>

#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include "nvdla_client.h"
#include "nvdla_device.h"
#include "nvdla_job.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"
#include "nvdla_stats.h"
#include "nvdla_trace.h"

static const char * const engine_name[] = {
	[0] = "no",
	[DRM_NVDLA_CONV] = "convolution",
	[DRM_NVDLA_SDP] = "SDP",
	[DRM_NVDLA_PDP] = "PDP",
	[DRM_NVDLA_CDP] = "CDP",
};

static_assert(ARRAY_SIZE(engine_name) == NVDLA_ENGINES);

/* As in drm-engine-... of fdinfo; short, as tools make columns of them. */
static const char * const engine_key[] = {
	[DRM_NVDLA_CONV] = "conv",
	[DRM_NVDLA_SDP] = "sdp",
	[DRM_NVDLA_PDP] = "pdp",
	[DRM_NVDLA_CDP] = "cdp",
};

static_assert(ARRAY_SIZE(engine_key) == NVDLA_ENGINES);

/**
 * nvdla_engine_name() - name an engine in a message
 * @engine: &enum drm_nvdla_engine, or zero.
 *
 * Return: Its name.
 */
const char *nvdla_engine_name(u32 engine)
{
	return engine_name[engine];
}

static u64 ns_since(ktime_t now, ktime_t then)
{
	return ktime_to_ns(ktime_sub(now, then));
}

/* Time that the running job has had, which is counted when it ends. */
static u64 running_ns(const struct nvdla_device *ndev, const struct nvdla_client *client)
{
	const struct nvdla_job *job = ndev->job;

	if (!job || (client && job->client != client))
		return 0;
	return ns_since(ktime_get(), job->started);
}

/**
 * nvdla_stats_ops() - count the operations that the sequencer has just started and finished
 * @job: Job on the hardware. &nvdla_device.lock is held.
 * @now: When that was.
 *
 * An engine's time runs from when its operation has it alone to the interrupt that says it is done.
 */
void nvdla_stats_ops(struct nvdla_job *job, ktime_t now)
{
	struct nvdla_device *ndev = job->ndev;
	const struct nvdla_image *images = job->program->code.images;
	struct nvdla_stats *stats = &ndev->stats;

	lockdep_assert_held(&ndev->lock);
	for (u32 i = 0; i < ndev->seq.finished.count; i++) {
		u32 op = ndev->seq.finished.op[i];
		u32 engine = images[op].engine;
		u64 ns = ns_since(now, stats->engine_since[engine]);

		stats->engine_ns[engine] += ns;
		job->client->engine_ns[engine] += ns;
		stats->engine_since[engine] = now;
		trace_nvdla_op_finish(job, op);
	}
	for (u32 i = 0; i < ndev->seq.started.count; i++) {
		u32 op = ndev->seq.started.op[i];

		stats->engine_since[images[op].engine] = now;
		trace_nvdla_op_start(job, op);
	}
}

/**
 * nvdla_stats_job_end() - count the result of a job
 * @job: Job. &nvdla_device.lock is held.
 * @error: Zero if it ran to its end, or why not.
 * @fault: Where it hung, or NULL.
 */
void nvdla_stats_job_end(struct nvdla_job *job, int error, const struct nvdla_fault *fault)
{
	struct nvdla_stats *stats = &job->ndev->stats;

	lockdep_assert_held(&job->ndev->lock);
	if (error)
		stats->failed++;
	else
		stats->done++;
	if (fault)
		stats->timeouts++;
}

/**
 * nvdla_stats_job_finish() - count the time that a job had the hardware
 * @job: Job, which has it no more.
 * @ns: That time.
 * @error: Zero if it ran to its end, or why not.
 */
void nvdla_stats_job_finish(struct nvdla_job *job, u64 ns, int error)
{
	struct nvdla_device *ndev = job->ndev;
	unsigned long flags;

	spin_lock_irqsave(&ndev->lock, flags);
	ndev->stats.busy_ns += ns;
	job->client->busy_ns += ns;
	spin_unlock_irqrestore(&ndev->lock, flags);
	trace_nvdla_job_finish(job, ns, error);
}

/**
 * nvdla_stats_device_times() - how long a device was busy
 * @ndev: Device.
 * @times: Filled in.
 */
void nvdla_stats_device_times(struct nvdla_device *ndev, struct nvdla_stats_times *times)
{
	spin_lock_irq(&ndev->lock);
	times->busy_ns = ndev->stats.busy_ns + running_ns(ndev, NULL);
	memcpy(times->engine_ns, ndev->stats.engine_ns, sizeof(times->engine_ns));
	spin_unlock_irq(&ndev->lock);
}

/**
 * nvdla_stats_client_times() - how long a client had the hardware
 * @ndev: Device.
 * @client: Client.
 * @times: Filled in.
 */
void nvdla_stats_client_times(struct nvdla_device *ndev, const struct nvdla_client *client,
			      struct nvdla_stats_times *times)
{
	spin_lock_irq(&ndev->lock);
	times->busy_ns = client->busy_ns + running_ns(ndev, client);
	memcpy(times->engine_ns, client->engine_ns, sizeof(times->engine_ns));
	spin_unlock_irq(&ndev->lock);
}

/**
 * nvdla_show_fdinfo() - tell what an open file uses
 * @p: Where to.
 * @file: File.
 *
 * In the format of Documentation/gpu/drm-usage-stats.rst of the kernel. "npu" is the device as a
 * whole, which has one job at a time; in it, the engines work side by side.
 */
void nvdla_show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	struct nvdla_device *ndev = to_nvdla_device(file->minor->dev);
	struct nvdla_stats_times times;

	nvdla_stats_client_times(ndev, file->driver_priv, &times);
	drm_printf(p, "drm-engine-npu:\t%llu ns\n", times.busy_ns);
	for (u32 engine = DRM_NVDLA_CONV; engine < NVDLA_ENGINES; engine++) {
		if (ndev->config->engines & BIT(engine))
			drm_printf(p, "drm-engine-%s:\t%llu ns\n", engine_key[engine],
				   times.engine_ns[engine]);
	}
	drm_show_memory_stats(p, file);
}
