/* SPDX-License-Identifier: MIT */
#ifndef EMU_DEVICE_H
#define EMU_DEVICE_H

/* An emulated device with a little memory of its own, for the tests of the emulator. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nvdla_emu.h"
#include "registers.h"

/* Blocks, and the registers of a block: regs.h has offsets in the block. */
enum {
	GLB = 0x1000, CDMA = 0x3000, CSC = 0x4000, CMAC_A = 0x5000, CMAC_B = 0x6000, CACC = 0x7000,
	SDP_RDMA = 0x8000, SDP = 0x9000, PDP_RDMA = 0xa000, PDP = 0xb000, CDP_RDMA = 0xc000,
	CDP = 0xd000,
};

#define DEVICE_RAM (1u << 20)
#define ATOM 8

struct device {
	struct nvdla_emu *emu;
	uint8_t ram[DEVICE_RAM];
	int line;
};

static inline int device_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct device *device = ctx;

	if (addr > DEVICE_RAM || len > DEVICE_RAM - addr)
		return -EFAULT;
	memcpy(buf, device->ram + addr, len);
	return 0;
}

static inline int device_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct device *device = ctx;

	if (addr > DEVICE_RAM || len > DEVICE_RAM - addr)
		return -EFAULT;
	memcpy(device->ram + addr, buf, len);
	return 0;
}

static inline void device_irq(void *ctx, int level)
{
	((struct device *)ctx)->line = level;
}

/* The callbacks and the context are the device's. */
static inline struct device *device_new_with(struct nvdla_emu_params params)
{
	struct device *device = calloc(1, sizeof(*device));

	assert_non_null(device);
	params.read = device_read;
	params.write = device_write;
	params.irq = device_irq;
	params.ctx = device;
	device->emu = nvdla_emu_new(&params);
	assert_non_null(device->emu);
	return device;
}

static inline struct device *device_new_as(const char *config, uint64_t max_work)
{
	return device_new_with((struct nvdla_emu_params){ .config = config, .max_work = max_work });
}

static inline struct device *device_new(uint64_t max_work)
{
	return device_new_as("nv_small", max_work);
}

static inline void device_free(struct device *device)
{
	nvdla_emu_free(device->emu);
	free(device);
}

static inline void put(struct device *device, uint32_t reg, uint32_t value)
{
	nvdla_emu_write(device->emu, reg, value);
}

static inline uint32_t get(struct device *device, uint32_t reg)
{
	return nvdla_emu_read(device->emu, reg);
}

/* Let time pass until nothing more happens by itself. */
static inline void device_settle(struct device *device)
{
	uint64_t cycles;

	while ((cycles = nvdla_emu_next_event(device->emu)) != UINT64_MAX)
		nvdla_emu_advance(device->emu, cycles);
}

static inline struct nvdla_emu_stats device_stats(const struct device *device)
{
	struct nvdla_emu_stats stats;

	nvdla_emu_get_stats(device->emu, &stats);
	return stats;
}

/* A generator of its own: the same numbers everywhere. */
static inline uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 32);
}

/* SDP from memory at in to memory at out: identity, int8, dense cubes. */
static inline void sdp_identity(struct device *device, uint32_t in, uint32_t out, uint32_t width,
				uint32_t height, uint32_t channels)
{
	uint32_t line = width * ATOM, surface = line * height;

	put(device, SDP_RDMA + SDP_RDMA_D_DATA_CUBE_WIDTH, width - 1);
	put(device, SDP_RDMA + SDP_RDMA_D_DATA_CUBE_HEIGHT, height - 1);
	put(device, SDP_RDMA + SDP_RDMA_D_DATA_CUBE_CHANNEL, channels - 1);
	put(device, SDP_RDMA + SDP_RDMA_D_SRC_DMA_CFG, 1);
	put(device, SDP_RDMA + SDP_RDMA_D_SRC_BASE_ADDR_LOW, in);
	put(device, SDP_RDMA + SDP_RDMA_D_SRC_LINE_STRIDE, line);
	put(device, SDP_RDMA + SDP_RDMA_D_SRC_SURFACE_STRIDE, surface);
	put(device, SDP_RDMA + SDP_RDMA_D_FEATURE_MODE_CFG, 0);
	put(device, SDP_RDMA + SDP_RDMA_D_BRDMA_CFG, 1);
	put(device, SDP_RDMA + SDP_RDMA_D_NRDMA_CFG, 1);
	put(device, SDP + SDP_D_DATA_CUBE_WIDTH, width - 1);
	put(device, SDP + SDP_D_DATA_CUBE_HEIGHT, height - 1);
	put(device, SDP + SDP_D_DATA_CUBE_CHANNEL, channels - 1);
	put(device, SDP + SDP_D_DST_DMA_CFG, 1);
	put(device, SDP + SDP_D_DST_BASE_ADDR_LOW, out);
	put(device, SDP + SDP_D_DST_LINE_STRIDE, line);
	put(device, SDP + SDP_D_DST_SURFACE_STRIDE, surface);
	put(device, SDP + SDP_D_DP_BS_CFG, 0x53);
	put(device, SDP + SDP_D_DP_BN_CFG, 0x53);
	put(device, SDP + SDP_D_DP_EW_CFG, 0x53);
	put(device, SDP + SDP_D_FEATURE_MODE_CFG, 0);
	put(device, SDP + SDP_D_DATA_FORMAT, 0);
	put(device, SDP + SDP_D_CVT_OFFSET, 0);
	put(device, SDP + SDP_D_CVT_SCALE, 1);
	put(device, SDP + SDP_D_CVT_SHIFT, 0);
}

static inline void sdp_enable(struct device *device)
{
	put(device, SDP_RDMA + SDP_RDMA_D_OP_ENABLE, 1);
	put(device, SDP + SDP_D_OP_ENABLE, 1);
}

#endif
