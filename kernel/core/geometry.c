// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/math.h>
#include <linux/minmax.h>

#include "geometry.h"

/**
 * nvdla_conv_slice_entries() - compute the entries of the convolution buffer for one input line
 * @config: Configuration.
 * @conv: Convolution.
 *
 * Return: Entries.
 */
u32 nvdla_conv_slice_entries(const struct nvdla_config *config, const struct drm_nvdla_conv *conv)
{
	/* Pixels are stored with their padding, one after the other; features in atoms, without. */
	if (conv->format != DRM_NVDLA_FEATURE) {
		u32 width = conv->pad_left + conv->src_width + conv->pad_right;

		return DIV_ROUND_UP(width * conv->src_channels, config->cbuf_entry_bytes);
	}
	return DIV_ROUND_UP(conv->src_channels, config->cbuf_entry_bytes) * conv->src_width;
}

/**
 * nvdla_conv_data_banks() - compute the banks that a convolution's input fills
 * @config: Configuration.
 * @conv: Convolution.
 *
 * Return: Banks; more than the configuration has for an input that does not fit.
 */
u32 nvdla_conv_data_banks(const struct nvdla_config *config, const struct drm_nvdla_conv *conv)
{
	/* At most 2^23 entries a line and 2^13 lines. */
	u64 entries = (u64)nvdla_conv_slice_entries(config, conv) * conv->src_height;
	u64 capacity = (u64)config->cbuf_entries * config->cbuf_banks;

	if (entries > capacity)
		return config->cbuf_banks + 1;
	return DIV_ROUND_UP((u32)entries, config->cbuf_entries);
}

/**
 * nvdla_conv_weight_banks() - compute the banks that a convolution's weights need at least
 * @config: Configuration.
 * @conv: Convolution.
 *
 * Twice as many let the next group of kernels load while one computes.
 *
 * Return: Banks, however many the configuration has.
 */
u32 nvdla_conv_weight_banks(const struct nvdla_config *config, const struct drm_nvdla_conv *conv)
{
	u32 kernel = conv->kernel_width * conv->kernel_height * conv->src_channels;
	u32 group = min_t(u32, conv->kernels, config->atomic_k) * kernel;

	return DIV_ROUND_UP(group + NVDLA_WEIGHT_UNIT,
			    config->cbuf_entries * config->cbuf_entry_bytes);
}

/*
 * CDMA puts as many weights into the convolution buffer as WEIGHT_BYTES says; CSC takes out what
 * the kernels need, to a whole entry. They agree where the next convolution's weights begin only if
 * both counts are the same: the register must not include what pads weights to 128 bytes. (When the
 * banks change from one convolution to the next, the buffer is cleared and nobody notices.)
 */
u32 nvdla_conv_weight_fetch(const struct nvdla_config *config, const struct drm_nvdla_conv *conv)
{
	u32 kernel = conv->kernel_width * conv->kernel_height * conv->src_channels;

	return round_up(conv->kernels * kernel, config->cbuf_entry_bytes);
}
