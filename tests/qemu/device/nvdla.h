/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HW_NVDLA_NVDLA_H
#define HW_NVDLA_NVDLA_H

#include "hw/platform-bus.h"
#include "hw/sysbus.h"

#define TYPE_NVDLA "nvdla"

/* The device's nodes below the platform bus's node, and the clock's below the root. */
void nvdla_add_fdt_node(SysBusDevice *sbdev, void *fdt, const char *bus_node, PlatformBusDevice *pbus,
			int irq_start);

#endif
