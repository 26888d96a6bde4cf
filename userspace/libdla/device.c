// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device.h"
#include "error.h"
#include "nodes.h"
#include "threads.h"

uint64_t dla_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ------------------------------------------------------------------------- lists of jobs */

void dla_job_append(struct dla_job_list *list, struct dla_job *job)
{
	job->next = NULL;
	if (list->first)
		list->last->next = job;
	else
		list->first = job;
	list->last = job;
}

struct dla_job *dla_job_take(struct dla_job_list *list)
{
	struct dla_job *job = list->first;

	if (job)
		list->first = job->next;
	return job;
}

bool dla_job_remove(struct dla_job_list *list, struct dla_job *job)
{
	struct dla_job *before = NULL;

	for (struct dla_job *at = list->first; at; before = at, at = at->next) {
		if (at != job)
			continue;
		*(before ? &before->next : &list->first) = job->next;
		if (list->last == job)
			list->last = before;
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------------------- opening */

static int open_cpu(struct dla_device **device)
{
	*device = calloc(1, sizeof(**device));
	if (!*device)
		return dla_fail_memory();
	strcpy((*device)->name, "cpu");
	return 0;
}

/* A node that is there but cannot be used is an error, not a reason to be slow without a word. */
static int open_auto(struct dla_device **device)
{
	char path[64];

	if (dla_node_find(0, path, sizeof(path)))
		return open_cpu(device);
	return dla_device_drm_open(path, device);
}

static int open_npu(struct dla_device **device)
{
	char path[64];

	if (dla_node_find(0, path, sizeof(path)))
		return dla_fail(ENODEV, "%s", dla_node_absent());
	return dla_device_drm_open(path, device);
}

/* "CONFIG" or "CONFIG@CLOCK", the clock as people write it: 100MHz, 1GHz, 250kHz. */
static int open_sim(const char *name, struct dla_device **device)
{
	static const struct {
		const char *name;
		double hz;
	} unit[] = { { "Hz", 1 }, { "kHz", 1e3 }, { "MHz", 1e6 }, { "GHz", 1e9 } };
	size_t length = strcspn(name, "@");
	char config[64], *end;
	double clock = 0;

	if (length)
		snprintf(config, sizeof(config), "%.*s", (int)length, name);
	else
		strcpy(config, "nv_small");
	if (name[length]) {
		clock = strtod(name + length + 1, &end);
		for (size_t i = 0; i < sizeof(unit) / sizeof(unit[0]); i++)
			if (!strcmp(end, unit[i].name))
				return clock * unit[i].hz >= 1 && clock * unit[i].hz <= 1e12 ?
				       dla_device_sim_open(config, (uint64_t)(clock * unit[i].hz), device) :
				       dla_fail(EINVAL, "\"%s\" is no clock between 1 Hz and 1 THz", name + length + 1);
		return dla_fail(EINVAL, "\"%s\" is no clock: a number and Hz, kHz, MHz or GHz", name + length + 1);
	}
	return dla_device_sim_open(config, 0, device);
}

static int open_named(const char *name, struct dla_device **device)
{
	if (!strcmp(name, "cpu"))
		return open_cpu(device);
	if (!strcmp(name, "auto"))
		return open_auto(device);
	if (!strcmp(name, "npu"))
		return open_npu(device);
	if (!strcmp(name, "sim") || !strncmp(name, "sim@", 4))
		return open_sim(name + 3, device);
	if (!strncmp(name, "sim:", 4))
		return open_sim(name + 4, device);
	if (strchr(name, '/'))
		return dla_device_drm_open(name, device);
	return dla_fail(ENODEV, "\"%s\" is no device; there are auto, npu, cpu, sim, sim:nv_small, sim:nv_small@100MHz and device nodes",
			name);
}

struct dla_device *dla_device_open(const char *name)
{
	struct dla_device *device = NULL;
	int err = open_named(name, &device);

	if (!err) {
		device->threads = dla_threads_new();
		if (device->threads)
			return device;
		err = dla_fail_memory();
		dla_device_close(device);
	}
	errno = -err;
	return NULL;
}

void dla_device_close(struct dla_device *device)
{
	if (!device)
		return;
	dla_threads_free(device->threads);
	if (device->ops)
		device->ops->close(device);
	else
		free(device);
}

const char *dla_device_name(const struct dla_device *device)
{
	return device->name;
}

int dla_device_node(unsigned int index, char *path, size_t size)
{
	int err = dla_node_find(index, path, size);

	if (!err)
		return 0;
	if (index == 0)
		err = dla_fail(ENODEV, "%s", dla_node_absent());
	else
		dla_fail(-err, "there are only %u device nodes", index);
	errno = -err;
	return -1;
}

void dla_device_info(const struct dla_device *device, struct dla_device_info *info)
{
	const struct drm_nvdla_dev_info *hw = &device->info;

	memset(info, 0, sizeof(*info));
	info->config = "";
	if (!device->ops)
		return;
	*info = (struct dla_device_info) {
		.config = (const char *)hw->config,
		.atom = hw->atom,
		.macs = hw->atomic_c * hw->atomic_k,
		.cbuf_bytes = hw->cbuf_banks * hw->cbuf_entries * hw->cbuf_entry_bytes,
		.dma_bits = hw->dma_bits,
		.coherent = !!(hw->flags & DRM_NVDLA_INFO_COHERENT),
		.resettable = !!(hw->flags & DRM_NVDLA_INFO_RESET),
		.wedged = !!(hw->flags & DRM_NVDLA_INFO_WEDGED),
		.timeout_ms = hw->timeout_ms,
	};
}

void dla_device_stats(const struct dla_device *device, struct dla_npu_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	if (device->ops)
		device->ops->stats(device, stats);
}

int dla_device_record(struct dla_device *device, const char *dir)
{
	int err;

	if (device->ops && device->ops->record)
		err = device->ops->record(device, dir);
	else
		err = dla_fail(EOPNOTSUPP, "device \"%s\" cannot record; use --device sim", device->name);
	if (!err)
		return 0;
	errno = -err;
	return -1;
}
