// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/math.h>

#include "encode.h"
#include "geometry.h"

static void add(struct nvdla_image *image, u32 reg, u32 value)
{
	nvdla_image_add(image, &image->main_count, reg, value);
}

static void add_addr(struct nvdla_image *image, u32 low, u32 high,
		     const struct drm_nvdla_addr *addr)
{
	nvdla_image_add_addr(image, &image->main_count, low, high, addr);
}

static u32 datain_format(const struct drm_nvdla_conv *conv)
{
	switch (conv->format) {
	case DRM_NVDLA_R8:
		return CDMA_DATAIN_FORMAT_PIXEL |
		       FIELD_PREP(CDMA_DATAIN_FORMAT_CODE, CDMA_PIXEL_R8);
	case DRM_NVDLA_A8B8G8R8:
		return CDMA_DATAIN_FORMAT_PIXEL |
		       FIELD_PREP(CDMA_DATAIN_FORMAT_CODE, CDMA_PIXEL_A8B8G8R8);
	case DRM_NVDLA_R8G8B8A8:
		return CDMA_DATAIN_FORMAT_PIXEL |
		       FIELD_PREP(CDMA_DATAIN_FORMAT_CODE, CDMA_PIXEL_R8G8B8A8);
	default:
		return 0;
	}
}

static u32 datain_map(const struct nvdla_config *config, const struct drm_nvdla_conv *conv)
{
	u32 line = conv->src_width * config->atom;

	if (conv->format != DRM_NVDLA_FEATURE || conv->src.line_stride != line)
		return 0;
	/* Only with both bits may CDMA ignore the strides, which it does for a 1x1 surface. */
	if (conv->src.surface_stride != line * conv->src_height)
		return CDMA_DAIN_MAP_LINE_PACKED;
	return CDMA_DAIN_MAP_LINE_PACKED | CDMA_DAIN_MAP_SURF_PACKED;
}

static void encode_cacc(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			struct nvdla_image *image)
{
	u32 line = conv->dst_width * config->atom;
	u32 map = 0;

	if (conv->dst_width == 1 && conv->dst_height == 1)
		map = CACC_DATAOUT_MAP_LINE_PACKED | CACC_DATAOUT_MAP_SURF_PACKED;

	add(image, CACC_D_MISC_CFG, 0);
	add(image, CACC_D_DATAOUT_SIZE_0, nvdla_size_pair(conv->dst_width, conv->dst_height));
	add(image, CACC_D_DATAOUT_SIZE_1, conv->kernels - 1);
	add(image, CACC_D_DATAOUT_ADDR, 0);
	add(image, CACC_D_BATCH_NUMBER, 0);
	add(image, CACC_D_LINE_STRIDE, line);
	add(image, CACC_D_SURF_STRIDE, line * conv->dst_height);
	add(image, CACC_D_DATAOUT_MAP, map);
	add(image, CACC_D_CLIP_CFG, conv->truncate);
}

static void encode_csc(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		       struct nvdla_image *image)
{
	bool pixels = conv->format != DRM_NVDLA_FEATURE;
	/* An image's taps side by side are channels: a kernel of width one. */
	u32 kernel_width = pixels ? 1 : conv->kernel_width;
	u32 kernel_channels = pixels ? conv->kernel_width * conv->src_channels : conv->src_channels;

	add(image, CSC_D_MISC_CFG, 0);
	add(image, CSC_D_DATAIN_FORMAT, pixels);
	add(image, CSC_D_DATAIN_SIZE_EXT_0, nvdla_size_pair(conv->src_width, conv->src_height));
	add(image, CSC_D_DATAIN_SIZE_EXT_1, conv->src_channels - 1);
	add(image, CSC_D_BATCH_NUMBER, 0);
	add(image, CSC_D_POST_Y_EXTENSION, 0);
	add(image, CSC_D_ENTRY_PER_SLICE, nvdla_conv_slice_entries(config, conv) - 1);
	add(image, CSC_D_WEIGHT_FORMAT, 0);
	add(image, CSC_D_WEIGHT_SIZE_EXT_0, nvdla_size_pair(kernel_width, conv->kernel_height));
	add(image, CSC_D_WEIGHT_SIZE_EXT_1, nvdla_size_pair(kernel_channels, conv->kernels));
	add(image, CSC_D_WEIGHT_BYTES, nvdla_conv_weight_fetch(config, conv));
	add(image, CSC_D_WMB_BYTES, 0);
	add(image, CSC_D_DATAOUT_SIZE_0, nvdla_size_pair(conv->dst_width, conv->dst_height));
	add(image, CSC_D_DATAOUT_SIZE_1, conv->kernels - 1);
	add(image, CSC_D_ATOMICS, conv->dst_width * conv->dst_height - 1);
	add(image, CSC_D_RELEASE, conv->src_height - 1);
	add(image, CSC_D_CONV_STRIDE_EXT, nvdla_size_pair(conv->stride_x, conv->stride_y));
	add(image, CSC_D_DILATION_EXT, nvdla_size_pair(conv->dilation_x, conv->dilation_y));
	add(image, CSC_D_ZERO_PADDING, FIELD_PREP(CDMA_ZERO_PADDING_LEFT, conv->pad_left) |
				       FIELD_PREP(CDMA_ZERO_PADDING_TOP, conv->pad_top));
	add(image, CSC_D_ZERO_PADDING_VALUE, (u16)conv->pad_value);
	add(image, CSC_D_BANK, nvdla_size_pair(conv->data_banks, conv->weight_banks));
	add(image, CSC_D_PRA_CFG, 0);
}

static void encode_cdma(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			struct nvdla_image *image)
{
	u32 size = nvdla_size_pair(conv->src_width, conv->src_height);
	u32 convert = conv->format == DRM_NVDLA_FEATURE ? 0 :
		      CDMA_CVT_CFG_EN | FIELD_PREP(CDMA_CVT_CFG_TRUNCATE, conv->cvt_truncate);

	add(image, CDMA_D_MISC_CFG, 0);
	add(image, CDMA_D_DATAIN_FORMAT, datain_format(conv));
	add(image, CDMA_D_DATAIN_SIZE_0, size);
	add(image, CDMA_D_DATAIN_SIZE_1, conv->src_channels - 1);
	add(image, CDMA_D_DATAIN_SIZE_EXT_0, size);
	add(image, CDMA_D_PIXEL_OFFSET, 0);
	add(image, CDMA_D_DAIN_RAM_TYPE, RAM_TYPE_MC);
	add_addr(image, CDMA_D_DAIN_ADDR_LOW_0, CDMA_D_DAIN_ADDR_HIGH_0, &conv->src.addr);
	add(image, CDMA_D_DAIN_ADDR_LOW_1, 0);
	add(image, CDMA_D_DAIN_ADDR_HIGH_1, 0);
	add(image, CDMA_D_LINE_STRIDE, conv->src.line_stride);
	add(image, CDMA_D_LINE_UV_STRIDE, 0);
	add(image, CDMA_D_SURF_STRIDE, conv->src.surface_stride);
	add(image, CDMA_D_DAIN_MAP, datain_map(config, conv));
	add(image, CDMA_D_RESERVED_X_CFG, 0);
	add(image, CDMA_D_RESERVED_Y_CFG, 0);
	add(image, CDMA_D_BATCH_NUMBER, 0);
	add(image, CDMA_D_BATCH_STRIDE, 0);
	add(image, CDMA_D_ENTRY_PER_SLICE, nvdla_conv_slice_entries(config, conv) - 1);
	add(image, CDMA_D_FETCH_GRAIN, 0);
	add(image, CDMA_D_WEIGHT_FORMAT, 0);
	add(image, CDMA_D_WEIGHT_SIZE_0,
	    conv->kernel_width * conv->kernel_height * conv->src_channels - 1);
	add(image, CDMA_D_WEIGHT_SIZE_1, conv->kernels - 1);
	add(image, CDMA_D_WEIGHT_RAM_TYPE, RAM_TYPE_MC);
	add_addr(image, CDMA_D_WEIGHT_ADDR_LOW, CDMA_D_WEIGHT_ADDR_HIGH, &conv->weights);
	add(image, CDMA_D_WEIGHT_BYTES, nvdla_conv_weight_fetch(config, conv));
	add(image, CDMA_D_MEAN_FORMAT, 0);
	add(image, CDMA_D_MEAN_GLOBAL_0, 0);
	add(image, CDMA_D_MEAN_GLOBAL_1, 0);
	add(image, CDMA_D_CVT_CFG, convert);
	add(image, CDMA_D_CVT_OFFSET, (u16)conv->cvt_offset);
	add(image, CDMA_D_CVT_SCALE, (u16)conv->cvt_scale);
	add(image, CDMA_D_CONV_STRIDE, nvdla_size_pair(conv->stride_x, conv->stride_y));
	add(image, CDMA_D_ZERO_PADDING, FIELD_PREP(CDMA_ZERO_PADDING_LEFT, conv->pad_left) |
					FIELD_PREP(CDMA_ZERO_PADDING_RIGHT, conv->pad_right) |
					FIELD_PREP(CDMA_ZERO_PADDING_TOP, conv->pad_top) |
					FIELD_PREP(CDMA_ZERO_PADDING_BOTTOM, conv->pad_bottom));
	add(image, CDMA_D_ZERO_PADDING_VALUE, (u16)conv->pad_value);
	add(image, CDMA_D_BANK, nvdla_size_pair(conv->data_banks, conv->weight_banks));
	add(image, CDMA_D_NAN_FLUSH_TO_ZERO, 0);
	add(image, CDMA_D_PERF_ENABLE, 0);
}

void nvdla_encode_conv(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		       struct nvdla_image *image)
{
	u32 atoms = conv->dst_width * conv->dst_height * DIV_ROUND_UP(conv->kernels, config->atom);

	/*
	 * CACC marks the end of a convolution in its delivery buffer. When the last atom of one
	 * leaves in the cycle in which the end of the next comes in, a mark too many stays behind
	 * and ends some later convolution early, which then hangs. The two meet only if all of the
	 * next fits into the buffer.
	 */
	image->alone = atoms <= config->cacc_atoms;

	encode_cacc(config, conv, image);
	add(image, CMAC_A_D_MISC_CFG, 0);
	add(image, CMAC_B_D_MISC_CFG, 0);
	encode_csc(config, conv, image);
	encode_cdma(config, conv, image);
}
