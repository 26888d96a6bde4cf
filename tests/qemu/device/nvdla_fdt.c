/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device tree of an NVDLA: itself, its reset controller, its clock. */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/arm/fdt.h"
#include "qom/object.h"
#include "sysemu/device_tree.h"

#include "nvdla.h"

static uint32_t add_clock(SysBusDevice *sbdev, void *fdt, uint64_t addr)
{
	g_autofree char *node = g_strdup_printf("/npu-clock-%" PRIx64, addr);
	uint32_t phandle = qemu_fdt_alloc_phandle(fdt);

	qemu_fdt_add_subnode(fdt, node);
	qemu_fdt_setprop_string(fdt, node, "compatible", "fixed-clock");
	qemu_fdt_setprop_cell(fdt, node, "#clock-cells", 0);
	qemu_fdt_setprop_cell(fdt, node, "clock-frequency",
			      object_property_get_uint(OBJECT(sbdev), "clock-hz", &error_abort));
	qemu_fdt_setprop_cell(fdt, node, "phandle", phandle);
	return phandle;
}

static uint32_t add_reset(SysBusDevice *sbdev, void *fdt, const char *bus_node, PlatformBusDevice *pbus)
{
	uint64_t addr = platform_bus_get_mmio_addr(pbus, sbdev, 1);
	uint64_t size = memory_region_size(sysbus_mmio_get_region(sbdev, 1));
	g_autofree char *node = g_strdup_printf("%s/reset-controller@%" PRIx64, bus_node, addr);
	uint32_t phandle = qemu_fdt_alloc_phandle(fdt);

	qemu_fdt_add_subnode(fdt, node);
	qemu_fdt_setprop_string(fdt, node, "compatible", "snps,dw-high-reset");
	qemu_fdt_setprop_cells(fdt, node, "reg", addr, size);
	qemu_fdt_setprop_cell(fdt, node, "#reset-cells", 1);
	qemu_fdt_setprop_cell(fdt, node, "phandle", phandle);
	return phandle;
}

/* "nv_small" is "nvidia,nv-small" in a device tree. */
static void add_compatible(SysBusDevice *sbdev, void *fdt, const char *node)
{
	g_autofree char *config = object_property_get_str(OBJECT(sbdev), "config", &error_abort);
	g_autofree char *generic = g_strdup_printf("nvidia,%s", g_strdelimit(config, "_", '-'));
	char *compatible[] = { (char *)"qemu,virt-nvdla", generic };

	qemu_fdt_setprop_string_array(fdt, node, "compatible", compatible, ARRAY_SIZE(compatible));
}

void nvdla_add_fdt_node(SysBusDevice *sbdev, void *fdt, const char *bus_node, PlatformBusDevice *pbus,
			int irq_start)
{
	uint64_t addr = platform_bus_get_mmio_addr(pbus, sbdev, 0);
	uint64_t size = memory_region_size(sysbus_mmio_get_region(sbdev, 0));
	g_autofree char *node = g_strdup_printf("%s/npu@%" PRIx64, bus_node, addr);
	uint32_t clock = add_clock(sbdev, fdt, addr);
	uint32_t reset = add_reset(sbdev, fdt, bus_node, pbus);

	qemu_fdt_add_subnode(fdt, node);
	add_compatible(sbdev, fdt, node);
	qemu_fdt_setprop_cells(fdt, node, "reg", addr, size);
	qemu_fdt_setprop_cells(fdt, node, "interrupts", GIC_FDT_IRQ_TYPE_SPI,
			       irq_start + platform_bus_get_irqn(pbus, sbdev, 0), GIC_FDT_IRQ_FLAGS_LEVEL_HI);
	qemu_fdt_setprop_cell(fdt, node, "clocks", clock);
	qemu_fdt_setprop_string(fdt, node, "clock-names", "core");
	qemu_fdt_setprop_cells(fdt, node, "resets", reset, 0);
	qemu_fdt_setprop(fdt, node, "dma-coherent", NULL, 0);
}
