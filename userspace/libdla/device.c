// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "error.h"

static int open_cpu(struct dla_device **device)
{
	*device = calloc(1, sizeof(**device));
	if (!*device)
		return dla_fail(ENOMEM, "out of memory");
	strcpy((*device)->name, "cpu");
	return 0;
}

static int open_named(const char *name, struct dla_device **device)
{
	if (!strcmp(name, "cpu") || !strcmp(name, "auto"))
		return open_cpu(device);
	if (!strcmp(name, "sim"))
		return dla_device_sim_open("nv_small", device);
	if (!strncmp(name, "sim:", 4))
		return dla_device_sim_open(name + 4, device);
	return dla_fail(ENODEV, "\"%s\": this build runs networks on \"cpu\" and \"sim:nv_small\" only", name);
}

struct dla_device *dla_device_open(const char *name)
{
	struct dla_device *device = NULL;
	int err = open_named(name, &device);

	if (err) {
		errno = -err;
		return NULL;
	}
	return device;
}

void dla_device_close(struct dla_device *device)
{
	if (!device)
		return;
	if (device->ops)
		device->ops->close(device);
	else
		free(device);
}

const char *dla_device_name(const struct dla_device *device)
{
	return device->name;
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
