// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/math.h>
#include <linux/minmax.h>

#include "geometry.h"

struct nvdla_pixel nvdla_conv_pixel(const struct drm_nvdla_conv *conv)
{
	switch (conv->format) {
	case DRM_NVDLA_R8:
		return (struct nvdla_pixel) { .bytes = 1 };
	case DRM_NVDLA_A8B8G8R8:
	case DRM_NVDLA_R8G8B8A8:
	case DRM_NVDLA_A8R8G8B8:
	case DRM_NVDLA_B8G8R8A8:
	case DRM_NVDLA_A8Y8U8V8:
	case DRM_NVDLA_V8U8Y8A8:
		return (struct nvdla_pixel) { .bytes = 4 };
	case DRM_NVDLA_Y8_U8V8:
	case DRM_NVDLA_Y8_V8U8:
		return (struct nvdla_pixel) { .bytes = 1, .uv_bytes = 2 };
	default:
		return (struct nvdla_pixel) { 0 };
	}
}

u32 nvdla_conv_line_bytes(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			  u32 pixel_bytes)
{
	return round_up(((u32)conv->src_x + conv->src_width) * pixel_bytes, config->atom);
}

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
	u32 resident = min_t(u32, conv->kernels, config->atomic_k);

	/* What is to stay has to be there at once. */
	if (conv->flags & (DRM_NVDLA_CONV_KEEP_WEIGHTS | DRM_NVDLA_CONV_REUSE_WEIGHTS))
		resident = conv->kernels;
	return DIV_ROUND_UP(resident * kernel + NVDLA_WEIGHT_UNIT,
			    config->cbuf_entries * config->cbuf_entry_bytes);
}

u32 nvdla_conv_weight_bytes(const struct drm_nvdla_conv *conv)
{
	u32 kernel = conv->kernel_width * conv->kernel_height * conv->src_channels;

	return conv->kernels * kernel;
}

/*
 * CDMA puts as many weights into the convolution buffer as WEIGHT_BYTES says; CSC takes out what
 * the kernels need, to a whole entry. They agree where the next convolution's weights begin only if
 * both counts are the same: the register must not include what pads weights to 128 bytes. (When the
 * banks change from one convolution to the next, the buffer is cleared and nobody notices.)
 */
u32 nvdla_conv_weight_fetch(const struct nvdla_config *config, const struct drm_nvdla_conv *conv)
{
	return round_up(nvdla_conv_weight_bytes(conv), config->cbuf_entry_bytes);
}

/*
 * The first part's windows begin in the padding; each further part begins with columns that the one
 * before has read already.
 */
struct nvdla_pdp_parts nvdla_pdp_parts(const struct drm_nvdla_pdp *pdp)
{
	u32 middles = pdp->parts - 2;
	struct nvdla_pdp_parts parts = {
		.first.out = pdp->first_width,
		.middle.out = pdp->middle_width,
		.last.out = pdp->dst_width - pdp->first_width - middles * pdp->middle_width,
	};

	parts.first.in = (parts.first.out - 1) * pdp->stride_x + pdp->kernel_width - pdp->pad_left;
	parts.middle.in = parts.middle.out * pdp->stride_x;
	parts.last.in = pdp->src_width - parts.first.in - middles * parts.middle.in;
	return parts;
}
