// SPDX-License-Identifier: MIT
/* What the public builds of the hardware have, in one table; and which the emulator models. */
#include <stdio.h>
#include <string.h>

#include "config.h"

#define MODELLED (FEATURE_Y_UNIT | FEATURE_SECOND_MEMORY)

static const char *const feature_names[FEATURE_COUNT] = {
	"SDP's Y unit", "a second memory interface", "the first generation's register map",
	"16-bit integers", "16-bit floating point", "BDMA", "RUBIK", "Winograd convolution",
	"batches", "weight compression",
};

static const struct nvdla_config configs[] = {
	{
		.name = "nv_small",
		.atom = 8, .atomic_c = 8, .atomic_k = 8,
		.cbuf_banks = 32, .cbuf_bank_entries = 512, .cbuf_entry_bytes = 8,
		.cbuf_flush_cycles = 8192,
		.x_rate = 1, .pdp_rate = 1, .cdp_rate = 1,
		.pdp_line_atoms = 128,
		.address_bits = 32, .memory_bytes = 8, .memory_latency = 64,
	},
	{
		.name = "nv_small_256",
		.atom = 8, .atomic_c = 32, .atomic_k = 8,
		.cbuf_banks = 32, .cbuf_bank_entries = 128, .cbuf_entry_bytes = 32,
		.cbuf_flush_cycles = 8192,
		.x_rate = 1, .pdp_rate = 1, .cdp_rate = 1,
		.pdp_line_atoms = 128,
		.address_bits = 32, .memory_bytes = 8, .memory_latency = 64,
	},
	{
		.name = "nv_small_256_full",
		.features = FEATURE_Y_UNIT | FEATURE_SECOND_MEMORY,
		.atom = 8, .atomic_c = 32, .atomic_k = 8,
		.cbuf_banks = 32, .cbuf_bank_entries = 128, .cbuf_entry_bytes = 32,
		.cbuf_flush_cycles = 8192,
		.x_rate = 2, .y_rate = 1, .pdp_rate = 1, .cdp_rate = 1,
		.pdp_line_atoms = 128,
		.address_bits = 32, .memory_bytes = 8, .memory_latency = 64,
	},
	{
		.name = "nv_medium_512",
		.atom = 16, .atomic_c = 32, .atomic_k = 16,
		.cbuf_banks = 32, .cbuf_bank_entries = 512, .cbuf_entry_bytes = 32,
		.cbuf_flush_cycles = 16384,
		.x_rate = 4, .pdp_rate = 2, .cdp_rate = 2,
		.pdp_line_atoms = 128,
		.address_bits = 64, .memory_bytes = 16, .memory_latency = 256,
	},
	{
		.name = "nv_medium_1024_full",
		.features = FEATURE_Y_UNIT | FEATURE_SECOND_MEMORY,
		.atom = 32, .atomic_c = 32, .atomic_k = 32,
		.cbuf_banks = 32, .cbuf_bank_entries = 512, .cbuf_entry_bytes = 32,
		.cbuf_flush_cycles = 8192,
		.x_rate = 8, .y_rate = 2, .pdp_rate = 4, .cdp_rate = 4,
		.pdp_line_atoms = 128,
		.address_bits = 64, .memory_bytes = 32, .memory_latency = 1024,
	},
	{
		.name = "nv_large",
		.features = FEATURE_Y_UNIT | FEATURE_SECOND_MEMORY,
		.atom = 32, .atomic_c = 64, .atomic_k = 32,
		.cbuf_banks = 16, .cbuf_bank_entries = 512, .cbuf_entry_bytes = 64,
		.cbuf_flush_cycles = 8192,
		.x_rate = 16, .y_rate = 4, .pdp_rate = 8, .cdp_rate = 8,
		.pdp_line_atoms = 128,
		.address_bits = 64, .memory_bytes = 32, .memory_latency = 1024,
	},
	{
		.name = "nv_full",
		.features = FEATURE_Y_UNIT | FEATURE_SECOND_MEMORY | FEATURE_FIRST_MAP |
			    FEATURE_INT16 | FEATURE_FP16 | FEATURE_BDMA | FEATURE_RUBIK |
			    FEATURE_WINOGRAD | FEATURE_BATCH | FEATURE_COMPRESSION,
		.atom = 32, .atomic_c = 64, .atomic_k = 32,
		.cbuf_banks = 16, .cbuf_bank_entries = 256, .cbuf_entry_bytes = 128,
		.cbuf_flush_cycles = 4096,
		.x_rate = 16, .y_rate = 4, .pdp_rate = 8, .cdp_rate = 8,
		.pdp_line_atoms = 128,
		.address_bits = 64, .memory_bytes = 64, .memory_latency = 1200,
	},
};

#define NR_CONFIGS (sizeof(configs) / sizeof(configs[0]))

/* Appends as far as there is room. */
static void append(char *text, size_t size, const char *what)
{
	size_t used = size ? strlen(text) : 0;

	if (used < size)
		snprintf(text + used, size - used, "%s", what);
}

static void explain_unknown(char *reason, size_t size, const char *name)
{
	snprintf(reason, size, "there is no configuration \"%s\", only", name);
	for (size_t i = 0; i < NR_CONFIGS; i++) {
		if (configs[i].features & ~MODELLED)
			continue;
		append(reason, size, i ? ", " : " ");
		append(reason, size, configs[i].name);
	}
}

static void explain_lacks(char *reason, size_t size, const struct nvdla_config *config)
{
	const char *separator = " ";

	snprintf(reason, size, "%s is not modelled; what is missing:", config->name);
	for (unsigned int f = 0; f < FEATURE_COUNT; f++) {
		if (!(config->features & ~MODELLED & 1u << f))
			continue;
		append(reason, size, separator);
		append(reason, size, feature_names[f]);
		separator = ", ";
	}
}

const struct nvdla_config *emu_config_find(const char *name, char *reason, size_t size)
{
	for (size_t i = 0; i < NR_CONFIGS; i++) {
		if (strcmp(configs[i].name, name))
			continue;
		if (!(configs[i].features & ~MODELLED))
			return &configs[i];
		explain_lacks(reason, size, &configs[i]);
		return NULL;
	}
	explain_unknown(reason, size, name);
	return NULL;
}

const struct nvdla_config *emu_config_row(size_t i)
{
	return i < NR_CONFIGS ? &configs[i] : NULL;
}
