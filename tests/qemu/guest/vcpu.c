// SPDX-License-Identifier: MIT
/*
 * Does a processor keep running while the device computes? Counts how often a loop runs, first with
 * the device idle, then while a long convolution of zeroes is under way and its status is read all
 * the time, and how long the slowest of these reads takes. A processor of the host that others have
 * makes both worse, with the device idle, too, and not every time: so what counts is how much worse
 * than that it is, at the best of some tries. One that waits for the device does so every time.
 *
 * usage: vcpu REGISTERS MEMORY
 *
 * Both are physical addresses; of the memory, 8 MiB must not be the kernel's.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "registers.h"

enum {
	CDMA = 0x3000, CSC = 0x4000, CMAC_A = 0x5000, CMAC_B = 0x6000, CACC = 0x7000,
	SDP_RDMA = 0x8000, SDP = 0x9000,
};

#define REGISTERS_SIZE	0x40000
#define FLUSH_STATUS	(CDMA + CDMA_S_CBUF_FLUSH_STATUS)

#define SIDE		40u
#define CHANNELS	64u
#define KERNELS		1024u
#define KERNEL_BYTES	(9 * CHANNELS)
#define ATOM		8u

#define IDLE_SECONDS	1.0
#define LIMIT_SECONDS	60.0
#define LOOPS		20000u		/* between two reads */

#define TRIES		5

/* Half of what is lost to a host with one processor for two threads, and then some. */
#define WORST_RATE	0.25
#define WORST_READ	0.25		/* of the time of the convolution, more than with the device idle */

static volatile uint32_t *registers;

static void put(uint32_t reg, uint32_t value)
{
	registers[reg / 4] = value;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Of two groups of registers the device takes turns. */
static void start_convolution(uint32_t memory, uint32_t group)
{
	static const uint32_t pointers[] = {
		CDMA + CDMA_S_POINTER, CSC + CSC_S_POINTER, CMAC_A + CMAC_S_POINTER, CMAC_B + CMAC_S_POINTER,
		CACC + CACC_S_POINTER, SDP_RDMA + SDP_RDMA_S_POINTER, SDP + SDP_S_POINTER,
	};
	uint32_t entries = SIDE * CHANNELS / ATOM - 1, line = SIDE * ATOM;
	uint32_t banks = (SIDE * SIDE * CHANNELS + 4095) / 4096 - 1, out = memory + 0x100000;

	banks |= (32 - (banks + 1) - 1) << 16;
	for (unsigned int i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
		put(pointers[i], group);
	put(CDMA + CDMA_D_DATAIN_SIZE_0, (SIDE - 1) | (SIDE - 1) << 16);
	put(CDMA + CDMA_D_DATAIN_SIZE_1, CHANNELS - 1);
	put(CDMA + CDMA_D_DAIN_RAM_TYPE, 1);
	put(CDMA + CDMA_D_DAIN_ADDR_LOW_0, memory);
	put(CDMA + CDMA_D_LINE_STRIDE, line);
	put(CDMA + CDMA_D_SURF_STRIDE, line * SIDE);
	put(CDMA + CDMA_D_DAIN_MAP, 0x10001);
	put(CDMA + CDMA_D_ENTRY_PER_SLICE, entries);
	put(CDMA + CDMA_D_WEIGHT_SIZE_0, KERNEL_BYTES - 1);
	put(CDMA + CDMA_D_WEIGHT_SIZE_1, KERNELS - 1);
	put(CDMA + CDMA_D_WEIGHT_RAM_TYPE, 1);
	put(CDMA + CDMA_D_WEIGHT_ADDR_LOW, memory);
	put(CDMA + CDMA_D_WEIGHT_BYTES, KERNEL_BYTES * KERNELS);
	put(CDMA + CDMA_D_ZERO_PADDING, 0x01010101);
	put(CDMA + CDMA_D_BANK, banks);
	put(CSC + CSC_D_DATAIN_SIZE_EXT_0, (SIDE - 1) | (SIDE - 1) << 16);
	put(CSC + CSC_D_DATAIN_SIZE_EXT_1, CHANNELS - 1);
	put(CSC + CSC_D_ENTRY_PER_SLICE, entries);
	put(CSC + CSC_D_WEIGHT_SIZE_EXT_0, 2 | 2 << 16);
	put(CSC + CSC_D_WEIGHT_SIZE_EXT_1, (CHANNELS - 1) | (KERNELS - 1) << 16);
	put(CSC + CSC_D_WEIGHT_BYTES, KERNEL_BYTES * KERNELS);
	put(CSC + CSC_D_DATAOUT_SIZE_0, (SIDE - 1) | (SIDE - 1) << 16);
	put(CSC + CSC_D_DATAOUT_SIZE_1, KERNELS - 1);
	put(CSC + CSC_D_ATOMICS, SIDE * SIDE - 1);
	put(CSC + CSC_D_RELEASE, SIDE - 1);
	put(CSC + CSC_D_ZERO_PADDING, 0x10001);
	put(CSC + CSC_D_BANK, banks);
	put(CACC + CACC_D_DATAOUT_SIZE_0, (SIDE - 1) | (SIDE - 1) << 16);
	put(CACC + CACC_D_DATAOUT_SIZE_1, KERNELS - 1);
	put(SDP_RDMA + SDP_RDMA_D_FEATURE_MODE_CFG, 1);
	put(SDP_RDMA + SDP_RDMA_D_BRDMA_CFG, 1);
	put(SDP_RDMA + SDP_RDMA_D_NRDMA_CFG, 1);
	put(SDP + SDP_D_DATA_CUBE_WIDTH, SIDE - 1);
	put(SDP + SDP_D_DATA_CUBE_HEIGHT, SIDE - 1);
	put(SDP + SDP_D_DATA_CUBE_CHANNEL, KERNELS - 1);
	put(SDP + SDP_D_DST_BASE_ADDR_LOW, out);
	put(SDP + SDP_D_DST_LINE_STRIDE, line);
	put(SDP + SDP_D_DST_SURFACE_STRIDE, line * SIDE);
	put(SDP + SDP_D_DST_DMA_CFG, 1);
	put(SDP + SDP_D_DP_BS_CFG, 0x53);
	put(SDP + SDP_D_DP_BN_CFG, 0x53);
	put(SDP + SDP_D_DP_EW_CFG, 0x53);
	put(SDP + SDP_D_FEATURE_MODE_CFG, 1);
	put(SDP + SDP_D_CVT_SCALE, 1);
	put(SDP + SDP_D_OP_ENABLE, 1);
	put(CACC + CACC_D_OP_ENABLE, 1);
	put(CMAC_A + CMAC_D_OP_ENABLE, 1);
	put(CMAC_B + CMAC_D_OP_ENABLE, 1);
	put(CSC + CSC_D_OP_ENABLE, 1);
	put(CDMA + CDMA_D_OP_ENABLE, 1);
}

struct measure {
	double seconds;
	double loops;
	double slowest_read;
};

/* Until the status is as wanted, or for so many seconds. True when it was. */
static int run(struct measure *measure, uint32_t reg, uint32_t wanted, double seconds)
{
	volatile unsigned int sink = 0;
	double start = now();
	int reached = 0;

	*measure = (struct measure){ 0 };
	while (!reached && now() - start < seconds) {
		double before;

		for (unsigned int i = 0; i < LOOPS; i++)
			sink = sink + i;
		measure->loops += LOOPS;
		before = now();
		reached = registers[reg / 4] == wanted;
		if (now() - before > measure->slowest_read)
			measure->slowest_read = now() - before;
	}
	measure->seconds = now() - start;
	return reached;
}

/* 1: it does; 0: it does not, this time; -1: nothing that could be measured happened. */
static int keeps_running(uint32_t memory, uint32_t group)
{
	struct measure idle, busy;
	double rate;

	run(&idle, SDP + SDP_S_STATUS, 1, IDLE_SECONDS);
	start_convolution(memory, group);
	if (!run(&busy, SDP + SDP_S_STATUS, 0, LIMIT_SECONDS)) {
		printf("the convolution does not end\n");
		return -1;
	}
	if (busy.loops <= LOOPS) {
		printf("the convolution has not begun\n");
		return -1;
	}
	rate = busy.loops / busy.seconds / (idle.loops / idle.seconds);
	printf("idle: %.1f million loops a second, slowest read %.2f ms\n",
	       idle.loops / idle.seconds / 1e6, idle.slowest_read * 1e3);
	printf("computing for %.0f ms: %.2f of that rate, slowest read %.2f ms\n",
	       busy.seconds * 1e3, rate, busy.slowest_read * 1e3);
	return rate >= WORST_RATE && busy.slowest_read <= idle.slowest_read + WORST_READ * busy.seconds;
}

int main(int argc, char **argv)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC), good = 0;
	struct measure flush;

	if (argc != 3 || fd < 0) {
		fprintf(stderr, argc != 3 ? "usage: vcpu REGISTERS MEMORY\n" :
					    "/dev/mem cannot be opened\n");
		return 2;
	}
	registers = mmap(NULL, REGISTERS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 (off_t)strtoull(argv[1], NULL, 0));
	if (registers == MAP_FAILED) {
		perror("/dev/mem");
		return 2;
	}
	if (!run(&flush, FLUSH_STATUS, 1, LIMIT_SECONDS)) {
		printf("the convolution buffer is not flushed\n");
		return 1;
	}
	for (uint32_t i = 0; i < TRIES && !good; i++)
		good = keeps_running((uint32_t)strtoul(argv[2], NULL, 0), i % 2);
	return good != 1;
}
