// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/string.h>

#include "nvdla_core.h"

/*
 * Only configurations on which the encodings were verified. The device's own capability registers
 * hold the same text in every build and are no help.
 */
static const struct nvdla_config nvdla_configs[] = {
	{
		.name = "nv_small",
		.engines = BIT(DRM_NVDLA_CONV) | BIT(DRM_NVDLA_SDP) | BIT(DRM_NVDLA_PDP) |
			   BIT(DRM_NVDLA_CDP),
		.atom = 8,
		.atomic_c = 8,
		.atomic_k = 8,
		.cbuf_banks = 32,
		.cbuf_entries = 512,
		.cbuf_entry_bytes = 8,
		.cacc_atoms = 16,
		.pdp_width = 128,
		.dma_bits = 32,
	},
};

/**
 * nvdla_config_find() - find a hardware configuration
 * @name: Its name, "nv_small".
 *
 * Return: The configuration, or NULL if there is none of this name.
 */
const struct nvdla_config *nvdla_config_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(nvdla_configs); i++)
		if (!strcmp(nvdla_configs[i].name, name))
			return &nvdla_configs[i];
	return NULL;
}

/**
 * nvdla_config_info() - describe a configuration to userspace
 * @config: Configuration.
 * @info: Filled in.
 */
void nvdla_config_info(const struct nvdla_config *config, struct drm_nvdla_dev_info *info)
{
	*info = (struct drm_nvdla_dev_info) {
		.atom = config->atom,
		.atomic_c = config->atomic_c,
		.atomic_k = config->atomic_k,
		.cbuf_banks = config->cbuf_banks,
		.cbuf_entries = config->cbuf_entries,
		.cbuf_entry_bytes = config->cbuf_entry_bytes,
		.pdp_width = config->pdp_width,
		.dma_bits = config->dma_bits,
		.engines = config->engines,
	};
	strscpy_pad((char *)info->config, config->name, sizeof(info->config));
}
