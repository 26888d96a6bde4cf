/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_FAULT_H
#define NVDLA_EMU_FAULT_H

/*
 * Faults to order, see nvdla_emu.h. This file keeps count and says what goes wrong now; each place
 * that is to go wrong asks.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nvdla_emu.h"

struct job;
struct nvdla_emu;

#define FAULTS_MAX 16

struct faults {
	struct nvdla_emu_fault armed[FAULTS_MAX];	/* at: occasions until it happens */
	unsigned int nr_armed;
	uint32_t slowness;		/* factor; 0 for none */
	bool gone;
	bool spurious_line;		/* the line is up for no reason */
};

/* Why an operation hangs. */
#define FAULT_REASON "a fault to order"

/* An operation has been started: its job has its chain. */
void fault_operation_starts(struct nvdla_emu *emu, struct job *job);
/* CSC begins. True if it never ends. */
bool fault_hangs_convolution(struct nvdla_emu *emu);

/* The engine raises a done bit. True if it gets lost. */
bool fault_loses_status(struct nvdla_emu *emu, enum nvdla_emu_engine engine);
/* The line is about to rise. True if that gets lost. */
bool fault_loses_line(struct nvdla_emu *emu);

/* What takes so many cycles as modelled. */
uint64_t fault_slowed(const struct nvdla_emu *emu, uint64_t cycles);

/* Make an output wrong, by a byte that depends on the seed. */
void fault_spoil(uint32_t seed, int8_t *data, uint64_t bytes);

#endif
