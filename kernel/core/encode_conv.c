// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/math.h>

#include "encode.h"
#include "geometry.h"

static void add(struct nvdla_image *image, u32 reg, u32 value)
{
	nvdla_image_add(image, &image->main_count, reg, value);
}

static void add_unless(struct nvdla_image *image, bool unread, u32 reg, u32 value)
{
	if (unread)
		nvdla_image_add_unread(image, &image->main_count, reg);
	else
		add(image, reg, value);
}

static void add_addr(struct nvdla_image *image, u32 low, u32 high,
		     const struct drm_nvdla_addr *addr)
{
	nvdla_image_add_addr(image, &image->main_count, low, high, addr);
}

static u32 pixel_code(const struct drm_nvdla_conv *conv)
{
	switch (conv->format) {
	case DRM_NVDLA_A8B8G8R8:
		return CDMA_PIXEL_A8B8G8R8;
	case DRM_NVDLA_R8G8B8A8:
		return CDMA_PIXEL_R8G8B8A8;
	case DRM_NVDLA_A8R8G8B8:
		return CDMA_PIXEL_A8R8G8B8;
	case DRM_NVDLA_B8G8R8A8:
		return CDMA_PIXEL_B8G8R8A8;
	case DRM_NVDLA_A8Y8U8V8:
		return CDMA_PIXEL_A8Y8U8V8;
	case DRM_NVDLA_V8U8Y8A8:
		return CDMA_PIXEL_V8U8Y8A8;
	case DRM_NVDLA_Y8_U8V8:
		return CDMA_PIXEL_Y8_U8V8;
	case DRM_NVDLA_Y8_V8U8:
		return CDMA_PIXEL_Y8_V8U8;
	default:
		return CDMA_PIXEL_R8;
	}
}

static u32 datain_format(const struct drm_nvdla_conv *conv)
{
	u32 format = CDMA_DATAIN_FORMAT_PIXEL |
		     FIELD_PREP(CDMA_DATAIN_FORMAT_CODE, pixel_code(conv));

	/* Of features the code says nothing; this one is that of the reset. */
	if (conv->format == DRM_NVDLA_FEATURE)
		return FIELD_PREP(CDMA_DATAIN_FORMAT_CODE, CDMA_PIXEL_A8B8G8R8);
	if (conv->flags & DRM_NVDLA_CONV_SIGNED)
		format |= CDMA_DATAIN_FORMAT_SIGNED;
	return format;
}

/* Lines that CDMA reads; none means that it has nothing to do. */
static u32 new_lines(const struct drm_nvdla_conv *conv)
{
	return conv->src_height - conv->reuse_lines;
}

/*
 * CDMA and CSC each have bits for what stays and what is taken over. In CDMA taking over means to
 * read nothing; so for new lines behind old ones it is CSC only that knows of the old ones. And
 * CDMA only has to know that something stays, while CSC counts the lines that it gives up.
 */
static u32 cdma_misc(const struct drm_nvdla_conv *conv)
{
	u32 misc = 0;

	if (!new_lines(conv))
		misc |= CONV_MISC_DATA_REUSE;
	if (conv->keep_lines)
		misc |= CONV_MISC_SKIP_DATA_RLS;
	if (conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS)
		misc |= CONV_MISC_WEIGHT_REUSE;
	if (conv->flags & DRM_NVDLA_CONV_KEEP_WEIGHTS)
		misc |= CONV_MISC_SKIP_WEIGHT_RLS;
	return misc;
}

static u32 csc_misc(const struct drm_nvdla_conv *conv)
{
	u32 misc = CONV_MISC_PROC_PRECISION_RESET | CONV_MISC_IN_PRECISION_RESET;

	if (conv->reuse_lines)
		misc |= CONV_MISC_DATA_REUSE;
	if (conv->keep_lines == conv->src_height)
		misc |= CONV_MISC_SKIP_DATA_RLS;
	if (conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS)
		misc |= CONV_MISC_WEIGHT_REUSE;
	if (conv->flags & DRM_NVDLA_CONV_KEEP_WEIGHTS)
		misc |= CONV_MISC_SKIP_WEIGHT_RLS;
	return misc;
}

/* Ignored when everything stays. */
static u32 released_lines(const struct drm_nvdla_conv *conv)
{
	return conv->keep_lines == conv->src_height ? conv->src_height :
						      conv->src_height - conv->keep_lines;
}

/*
 * Lines may be packed, but to say so would only let CDMA fetch several at once, and FETCH_GRAIN is
 * one. With both bits it ignores the strides of a 1x1 surface.
 */
static bool packed_plane(const struct nvdla_config *config, const struct drm_nvdla_conv *conv)
{
	return conv->format == DRM_NVDLA_FEATURE && conv->src_width == 1 && conv->src_height == 1 &&
	       conv->src.surface_stride == config->atom;
}

/*
 * Registers that count only for what no configuration here has, Winograd mode and compressed
 * weights, are left out of the blocks' lists: the number of kernels in CSC, the extended size and
 * the stride in CDMA. So are CACC's size, strides and address: it counts by what CSC tells it.
 * Where a register counts for images only, or for weights that stay only, it is zero otherwise: so
 * it does not have to be written when such convolutions follow each other.
 */
static void encode_cacc(const struct drm_nvdla_conv *conv, struct nvdla_image *image)
{
	u32 map = 0;

	if (conv->dst_width == 1 && conv->dst_height == 1)
		map = CACC_DATAOUT_MAP_LINE_PACKED | CACC_DATAOUT_MAP_SURF_PACKED;

	add(image, CACC_D_MISC_CFG, CONV_MISC_PROC_PRECISION_RESET);
	add(image, CACC_D_DATAOUT_MAP, map);
	add(image, CACC_D_CLIP_CFG, conv->truncate);
}

static bool padded(const struct drm_nvdla_conv *conv)
{
	return conv->pad_left || conv->pad_right || conv->pad_top || conv->pad_bottom;
}

static void encode_csc(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		       struct nvdla_image *image)
{
	bool pixels = conv->format != DRM_NVDLA_FEATURE;
	/* An image's taps side by side are channels: a kernel of width one. */
	u32 kernel_width = pixels ? 1 : conv->kernel_width;
	bool keep = conv->flags & DRM_NVDLA_CONV_KEEP_WEIGHTS;
	u32 kernel_channels = pixels ? conv->kernel_width * conv->src_channels : conv->src_channels;

	add(image, CSC_D_MISC_CFG, csc_misc(conv));
	add(image, CSC_D_DATAIN_FORMAT, pixels);
	add(image, CSC_D_DATAIN_SIZE_EXT_0, nvdla_size_pair(conv->src_width, conv->src_height));
	add(image, CSC_D_DATAIN_SIZE_EXT_1, pixels ? conv->src_channels - 1 : 0);
	add(image, CSC_D_BATCH_NUMBER, 0);
	add(image, CSC_D_POST_Y_EXTENSION, 0);
	add(image, CSC_D_ENTRY_PER_SLICE, nvdla_conv_slice_entries(config, conv) - 1);
	add(image, CSC_D_WEIGHT_FORMAT, 0);
	add(image, CSC_D_WEIGHT_SIZE_EXT_0, nvdla_size_pair(kernel_width, conv->kernel_height));
	add(image, CSC_D_WEIGHT_SIZE_EXT_1, nvdla_size_pair(kernel_channels, conv->kernels));
	add(image, CSC_D_WEIGHT_BYTES, keep ? nvdla_conv_weight_fetch(config, conv) : 0);
	add(image, CSC_D_WMB_BYTES, 0);
	add(image, CSC_D_DATAOUT_SIZE_0, nvdla_size_pair(conv->dst_width, conv->dst_height));
	add(image, CSC_D_ATOMICS, conv->dst_width * conv->dst_height - 1);
	add(image, CSC_D_RELEASE, released_lines(conv) - 1);
	add(image, CSC_D_CONV_STRIDE_EXT, nvdla_size_pair(conv->stride_x, conv->stride_y));
	add(image, CSC_D_DILATION_EXT, nvdla_size_pair(conv->dilation_x, conv->dilation_y));
	add(image, CSC_D_ZERO_PADDING, FIELD_PREP(CDMA_ZERO_PADDING_LEFT, conv->pad_left) |
				       FIELD_PREP(CDMA_ZERO_PADDING_TOP, conv->pad_top));
	add_unless(image, !padded(conv), CSC_D_ZERO_PADDING_VALUE, (u16)conv->pad_value);
	add(image, CSC_D_BANK, nvdla_size_pair(conv->data_banks, conv->weight_banks));
	add(image, CSC_D_PRA_CFG, 0);
}

static struct drm_nvdla_addr new_start(const struct drm_nvdla_addr *addr,
				       const struct drm_nvdla_conv *conv, u32 line_stride)
{
	return (struct drm_nvdla_addr) {
		.offset = addr->offset + (u64)conv->reuse_lines * line_stride,
		.slot = addr->slot,
	};
}

static void encode_cdma_input(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			      struct nvdla_image *image)
{
	struct drm_nvdla_addr src = new_start(&conv->src.addr, conv, conv->src.line_stride);
	struct drm_nvdla_addr uv = new_start(&conv->src_uv, conv, conv->uv_line_stride);

	add(image, CDMA_D_MISC_CFG, cdma_misc(conv));
	add(image, CDMA_D_DATAIN_FORMAT, datain_format(conv));
	add(image, CDMA_D_DATAIN_SIZE_0,
	    nvdla_size_pair(conv->src_width, new_lines(conv) ? new_lines(conv) : 1));
	add(image, CDMA_D_DATAIN_SIZE_1, conv->src_channels - 1);
	add(image, CDMA_D_PIXEL_OFFSET, conv->src_x);
	add(image, CDMA_D_DAIN_RAM_TYPE, RAM_TYPE_MC);
	if (new_lines(conv)) {
		add_addr(image, CDMA_D_DAIN_ADDR_LOW_0, CDMA_D_DAIN_ADDR_HIGH_0, &src);
	} else {
		add(image, CDMA_D_DAIN_ADDR_LOW_0, 0);
		add(image, CDMA_D_DAIN_ADDR_HIGH_0, 0);
	}
	if (new_lines(conv) && nvdla_conv_pixel(conv).uv_bytes) {
		add_addr(image, CDMA_D_DAIN_ADDR_LOW_1, CDMA_D_DAIN_ADDR_HIGH_1, &uv);
	} else {
		add(image, CDMA_D_DAIN_ADDR_LOW_1, 0);
		add(image, CDMA_D_DAIN_ADDR_HIGH_1, 0);
	}
	add_unless(image, conv->src_height == 1, CDMA_D_LINE_STRIDE, conv->src.line_stride);
	add(image, CDMA_D_LINE_UV_STRIDE, conv->uv_line_stride);
	add_unless(image, conv->src_channels <= config->atom || packed_plane(config, conv),
		   CDMA_D_SURF_STRIDE, conv->src.surface_stride);
	add(image, CDMA_D_DAIN_MAP, packed_plane(config, conv) ?
	    CDMA_DAIN_MAP_LINE_PACKED | CDMA_DAIN_MAP_SURF_PACKED : 0);
}

/* One offset for all channels, or a mean for each. */
static void encode_cdma_convertor(const struct drm_nvdla_conv *conv, struct nvdla_image *image)
{
	bool mean = conv->format != DRM_NVDLA_FEATURE && conv->src_channels > 1;
	const s16 *offset = conv->cvt_offset;
	u32 convert = 0;

	if (conv->flags & DRM_NVDLA_CONV_CONVERT)
		convert = CDMA_CVT_CFG_EN | FIELD_PREP(CDMA_CVT_CFG_TRUNCATE, conv->cvt_truncate);
	add(image, CDMA_D_MEAN_FORMAT, mean);
	add(image, CDMA_D_MEAN_GLOBAL_0, FIELD_PREP(SIZE_LOW, (u16)offset[0]) |
					 FIELD_PREP(SIZE_HIGH, (u16)offset[1]));
	add(image, CDMA_D_MEAN_GLOBAL_1, FIELD_PREP(SIZE_LOW, (u16)offset[2]) |
					 FIELD_PREP(SIZE_HIGH, (u16)offset[3]));
	add(image, CDMA_D_CVT_CFG, convert);
	add(image, CDMA_D_CVT_OFFSET, (u16)offset[0]);
	add(image, CDMA_D_CVT_SCALE, (u16)conv->cvt_scale);
}

static void encode_cdma(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			struct nvdla_image *image)
{
	bool pixels = conv->format != DRM_NVDLA_FEATURE;

	encode_cdma_input(config, conv, image);
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
	if (conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS) {
		add(image, CDMA_D_WEIGHT_ADDR_LOW, 0);
		add(image, CDMA_D_WEIGHT_ADDR_HIGH, 0);
	} else {
		add_addr(image, CDMA_D_WEIGHT_ADDR_LOW, CDMA_D_WEIGHT_ADDR_HIGH, &conv->weights);
	}
	add(image, CDMA_D_WEIGHT_BYTES, nvdla_conv_weight_fetch(config, conv));
	encode_cdma_convertor(conv, image);
	/* Lines of pixels are stored with their padding; all other padding is CSC's affair. */
	add(image, CDMA_D_ZERO_PADDING,
	    pixels ? FIELD_PREP(CDMA_ZERO_PADDING_LEFT, conv->pad_left) |
		     FIELD_PREP(CDMA_ZERO_PADDING_RIGHT, conv->pad_right) : 0);
	add(image, CDMA_D_ZERO_PADDING_VALUE, pixels ? (u16)conv->pad_value : 0);
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

	encode_cacc(conv, image);
	add(image, CMAC_A_D_MISC_CFG, CONV_MISC_PROC_PRECISION_RESET);
	add(image, CMAC_B_D_MISC_CFG, CONV_MISC_PROC_PRECISION_RESET);
	encode_csc(config, conv, image);
	encode_cdma(config, conv, image);
}
