/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_CONFIG_H
#define NVDLA_EMU_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Channels of one memory atom in the widest configuration; buffers on the stack have this size. */
#define ATOM_MAX 32

/* What a build of the hardware may have beside the engines that all have. */
enum feature {
	FEATURE_Y_UNIT = 1 << 0,	/* SDP's third unit and its look-up tables */
	FEATURE_SECOND_MEMORY = 1 << 1,	/* CVIF, a second way to memory */
	FEATURE_FIRST_MAP = 1 << 2,	/* the first generation's places of registers */
	FEATURE_INT16 = 1 << 3,
	FEATURE_FP16 = 1 << 4,
	FEATURE_BDMA = 1 << 5,
	FEATURE_RUBIK = 1 << 6,
	FEATURE_WINOGRAD = 1 << 7,
	FEATURE_BATCH = 1 << 8,
	FEATURE_COMPRESSION = 1 << 9,
	FEATURE_COUNT = 10
};

/* One build of the hardware. Rates are elements a cycle. */
struct nvdla_config {
	const char *name;
	unsigned int features;		/* of enum feature */

	unsigned int atom;		/* bytes of a memory atom: channels of a surface */
	unsigned int atomic_c;		/* channels one MAC cell multiplies at once */
	unsigned int atomic_k;		/* kernels of a kernel group: MAC cells */

	unsigned int cbuf_banks;
	unsigned int cbuf_bank_entries;
	unsigned int cbuf_entry_bytes;
	unsigned int cbuf_flush_cycles;	/* after reset, until CBUF has been zeroed */

	unsigned int x_rate;		/* each of SDP's X units */
	unsigned int y_rate;		/* 0 without a Y unit */
	unsigned int pdp_rate;
	unsigned int cdp_rate;
	unsigned int pdp_line_atoms;	/* partial results PDP's line buffer holds, in output atoms */

	unsigned int address_bits;
	unsigned int memory_bytes;	/* a cycle, of each way to memory */
	unsigned int memory_latency;	/* cycles that readers have room to bridge */
};

static inline bool config_has(const struct nvdla_config *config, enum feature feature)
{
	return config->features & feature;
}

static inline uint64_t config_address_mask(const struct nvdla_config *config)
{
	return UINT64_MAX >> (64 - config->address_bits);
}

/*
 * The configuration of a name if the emulator models all that it has. Otherwise NULL, and why in
 * reason.
 */
const struct nvdla_config *emu_config_find(const char *name, char *reason, size_t size);

/* The rows of the table, those that are not modelled too; NULL behind the last. */
const struct nvdla_config *emu_config_row(size_t i);

#endif
