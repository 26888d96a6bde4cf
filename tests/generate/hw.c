// SPDX-License-Identifier: MIT
#include <stddef.h>
#include <string.h>

#include "hw.h"

static const struct hw configs[] = {
	{
		.name = "nv_small",
		.atom = 8,
		.atomic_c = 8,
		.atomic_k = 8,
		.banks = 32,
		.bank_entries = 512,
		.entry_bytes = 8,
		.cacc_atoms = 16,
		.pdp_line = 128,
	},
};

const struct hw *hw_find(const char *name)
{
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		if (!strcmp(configs[i].name, name))
			return &configs[i];
	}
	return NULL;
}
