// SPDX-License-Identifier: GPL-2.0-only
#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include "nvdla_client.h"
#include "nvdla_stats.h"

/**
 * nvdla_show_fdinfo() - tell what an open file uses
 * @p: Where to.
 * @file: File.
 *
 * In the format of Documentation/gpu/drm-usage-stats.rst of the kernel.
 */
void nvdla_show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	struct nvdla_client *client = file->driver_priv;

	drm_printf(p, "drm-engine-npu:\t%lld ns\n", atomic64_read(&client->busy_ns));
	drm_show_memory_stats(p, file);
}
