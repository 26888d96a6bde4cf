// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/math.h>

#include "geometry.h"
#include "validate.h"

#define CONV_FLAGS	(DRM_NVDLA_CONV_CONVERT | DRM_NVDLA_CONV_SIGNED | \
			 DRM_NVDLA_CONV_KEEP_WEIGHTS | DRM_NVDLA_CONV_REUSE_WEIGHTS)

/* A plane of an image. */
static int check_plane(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		       const struct drm_nvdla_addr *addr, u32 line_stride, u32 pixel_bytes,
		       const char *field, struct nvdla_diag *diag)
{
	int ret = nvdla_check_addr(addr, config->atom, field, diag);

	if (ret)
		return ret;
	if (!is_multiple(line_stride, config->atom))
		return refuse(diag, field, "the line stride is not a multiple of the atom");
	if (line_stride < (conv->src_x + conv->src_width) * pixel_bytes)
		return refuse(diag, field, "the line stride is shorter than a line");
	return 0;
}

static int check_image_source(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			      struct nvdla_diag *diag)
{
	struct nvdla_pixel pixel = nvdla_conv_pixel(conv);
	int ret = check_plane(config, conv, &conv->src.addr, conv->src.line_stride, pixel.bytes,
			      "conv.src", diag);

	if (ret)
		return ret;
	if (conv->src.surface_stride)
		return refuse(diag, "conv.src", "surface_stride must be zero for an image");
	if (pixel.uv_bytes)
		return check_plane(config, conv, &conv->src_uv, conv->uv_line_stride,
				   pixel.uv_bytes, "conv.src_uv", diag);
	return 0;
}

static int check_source(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			struct nvdla_diag *diag)
{
	bool read = conv->reuse_lines < conv->src_height;

	if (!read && !is_zero(&conv->src, sizeof(conv->src)))
		return refuse(diag, "conv.src", "must be zero, every line is reused");
	if (!(read && nvdla_conv_pixel(conv).uv_bytes)) {
		if (!is_zero(&conv->src_uv, sizeof(conv->src_uv)))
			return refuse(diag, "conv.src_uv", "must be zero, it is not read");
		if (conv->uv_line_stride)
			return refuse(diag, "conv.uv_line_stride", "must be zero, it is not used");
	}
	if (!read)
		return 0;
	if (conv->format != DRM_NVDLA_FEATURE)
		return check_image_source(config, conv, diag);
	return nvdla_check_surface(config, &conv->src, conv->src_width, conv->src_height,
				   config->atom, "conv.src", diag);
}

static int check_image(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		       struct nvdla_diag *diag)
{
	struct nvdla_pixel pixel = nvdla_conv_pixel(conv);

	if (conv->src_channels != pixel.bytes + pixel.uv_bytes)
		return refuse(diag, "conv.src_channels", "must be those of the image format");
	if (conv->dilation_x != 1)
		return refuse(diag, "conv.dilation_x", "must be 1 for an image");
	if (conv->dilation_y != 1)
		return refuse(diag, "conv.dilation_y", "must be 1 for an image");
	if (conv->src_x >= config->atom / pixel.bytes)
		return refuse(diag, "conv.src_x", "as many pixels as an atom holds, or more");
	/* The hardware mixes up pixels of the second plane. */
	if (pixel.uv_bytes && conv->src_x)
		return refuse(diag, "conv.src_x", "must be zero for an image of two planes");
	return 0;
}

static int check_feature(const struct drm_nvdla_conv *conv, struct nvdla_diag *diag)
{
	if (!is_within(conv->src_channels, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "conv.src_channels", "must be 1..8192");
	if (!is_within(conv->dilation_x, 1, 32))
		return refuse(diag, "conv.dilation_x", "must be 1..32");
	if (!is_within(conv->dilation_y, 1, 32))
		return refuse(diag, "conv.dilation_y", "must be 1..32");
	if (conv->src_x)
		return refuse(diag, "conv.src_x", "must be zero for features");
	if (conv->flags & DRM_NVDLA_CONV_SIGNED)
		return refuse(diag, "conv.flags", "features are always signed");
	return 0;
}

static int check_convertor(const struct drm_nvdla_conv *conv, struct nvdla_diag *diag)
{
	u32 offsets = conv->format == DRM_NVDLA_FEATURE ? 1 : conv->src_channels;

	if (!(conv->flags & DRM_NVDLA_CONV_CONVERT)) {
		offsets = 0;
		if (conv->flags & DRM_NVDLA_CONV_SIGNED)
			return refuse(diag, "conv.flags", "SIGNED has no meaning without CONVERT");
		if (conv->cvt_scale)
			return refuse(diag, "conv.cvt_scale", "must be zero without CONVERT");
		if (conv->cvt_truncate)
			return refuse(diag, "conv.cvt_truncate", "must be zero without CONVERT");
	}
	if (conv->cvt_truncate > 63)
		return refuse(diag, "conv.cvt_truncate", "must be 0..63");
	if (!is_zero(&conv->cvt_offset[offsets], (4 - offsets) * sizeof(conv->cvt_offset[0])))
		return refuse(diag, "conv.cvt_offset", "must be zero where there is no channel");
	return 0;
}

static int check_kernel(const struct drm_nvdla_conv *conv, struct nvdla_diag *diag)
{
	u32 width = (conv->kernel_width - 1) * conv->dilation_x + 1;
	u32 height = (conv->kernel_height - 1) * conv->dilation_y + 1;

	if (conv->pad_left > 31 || conv->pad_left >= width)
		return refuse(diag, "conv.pad_left", "must be 0..31, less than the kernel");
	if (conv->pad_right > 63 || conv->pad_right >= width)
		return refuse(diag, "conv.pad_right", "must be 0..63, less than the kernel");
	if (conv->pad_top > 31 || conv->pad_top >= height)
		return refuse(diag, "conv.pad_top", "must be 0..31, less than the kernel");
	if (conv->pad_bottom > 63 || conv->pad_bottom >= height)
		return refuse(diag, "conv.pad_bottom", "must be 0..63, less than the kernel");
	if ((conv->dst_width - 1) * conv->stride_x + width !=
	    (u32)conv->pad_left + conv->src_width + conv->pad_right)
		return refuse(diag, "conv.dst_width", "does not tile the padded input exactly");
	if ((conv->dst_height - 1) * conv->stride_y + height !=
	    (u32)conv->pad_top + conv->src_height + conv->pad_bottom)
		return refuse(diag, "conv.dst_height", "does not tile the padded input exactly");
	return 0;
}

/*
 * Two mistakes in CSC's walk through the pixels of a kernel's line, which it takes eight bytes at a
 * time: it miscounts lines that have one byte more than two or more whole takes; and in a stripe
 * of one pixel it loses the last take of a long line if that has at most half of its bytes. Stripes
 * are 16 pixels; the last of an output line has what remains.
 */
static int check_image_kernel(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			      struct nvdla_diag *diag)
{
	u32 line = conv->kernel_width * conv->src_channels;
	u32 last = line % config->atomic_c;

	if (line > 2 * config->atomic_c && last == 1)
		return refuse(diag, "conv.kernel_width",
			      "the hardware miscounts such a line of an image's kernel");
	if (line > 3 * config->atomic_c && is_within(last, 1, config->atomic_c / 2) &&
	    conv->dst_width % 16 == 1)
		return refuse(diag, "conv.dst_width",
			      "the hardware loses the end of such an image's kernel");
	return 0;
}

/* Small enough for the sizes of all kernels together. */
static int check_weights(const struct drm_nvdla_conv *conv, struct nvdla_diag *diag)
{
	u32 kernel = conv->kernel_width * conv->kernel_height * conv->src_channels;

	if (kernel > 1 << 18)
		return refuse(diag, "conv.weights", "a kernel has more than 2^18 bytes");
	if (conv->weight_bytes != round_up(nvdla_conv_weight_bytes(conv), NVDLA_WEIGHT_UNIT))
		return refuse(diag, "conv.weight_bytes",
			      "is not the kernels' size, padded to 128 bytes");
	if (!(conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS))
		return nvdla_check_addr(&conv->weights, NVDLA_WEIGHT_ALIGN, "conv.weights", diag);
	if (!is_zero(&conv->weights, sizeof(conv->weights)))
		return refuse(diag, "conv.weights", "must be zero, they are reused");
	return 0;
}

/*
 * An input that fits into the buffer has far less pixels, a line of it less entries, than the
 * registers for these can count.
 */
static int check_banks(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		       struct nvdla_diag *diag)
{
	if (conv->data_banks < nvdla_conv_data_banks(config, conv))
		return refuse(diag, "conv.data_banks", "too few for the input");
	if (conv->weight_banks < nvdla_conv_weight_banks(config, conv))
		return refuse(diag, "conv.weight_banks", "too few for the kernels");
	if (conv->data_banks + conv->weight_banks > config->cbuf_banks)
		return refuse(diag, "conv.weight_banks", "more banks than there are");
	if (conv->keep_lines > conv->src_height)
		return refuse(diag, "conv.keep_lines", "more lines than there are");
	if (conv->reuse_lines > conv->src_height)
		return refuse(diag, "conv.reuse_lines", "more lines than there are");
	return 0;
}

/**
 * nvdla_check_conv_buffer() - check what a convolution finds in the convolution buffer
 * @before: The program's convolution before it, or NULL.
 * @conv: Convolution, or NULL for the end of the program.
 * @diag: Filled in when it is refused.
 *
 * What is kept must be reused by the very next convolution: this is as far as the hardware counts,
 * and leaves nothing behind for another program.
 *
 * Return: 0, or -EINVAL.
 */
int nvdla_check_conv_buffer(const struct drm_nvdla_conv *before, const struct drm_nvdla_conv *conv,
			    struct nvdla_diag *diag)
{
	u32 kept = before ? before->keep_lines : 0, reused = conv ? conv->reuse_lines : 0;
	bool weights_kept = before && before->flags & DRM_NVDLA_CONV_KEEP_WEIGHTS;
	bool weights_reused = conv && conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS;

	if (kept != reused)
		return refuse(diag, "conv.reuse_lines", "other than what was kept before");
	if (weights_kept != weights_reused)
		return refuse(diag, "conv.flags", "weights are reused if and only if kept before");
	if (!reused && !weights_reused)
		return 0;

	if (conv->format != before->format)
		return refuse(diag, "conv.format", "not as in the one before");
	if (conv->src_channels != before->src_channels)
		return refuse(diag, "conv.src_channels", "not as in the one before");
	if (conv->data_banks != before->data_banks)
		return refuse(diag, "conv.data_banks", "not as in the one before");
	if (reused) {
		if (conv->src_width != before->src_width)
			return refuse(diag, "conv.src_width", "not as in the one before");
		if (conv->format != DRM_NVDLA_FEATURE && conv->pad_left != before->pad_left)
			return refuse(diag, "conv.pad_left", "not as in the one before");
		if (conv->format != DRM_NVDLA_FEATURE && conv->pad_right != before->pad_right)
			return refuse(diag, "conv.pad_right", "not as in the one before");
	}
	if (weights_reused) {
		if (conv->weight_banks != before->weight_banks)
			return refuse(diag, "conv.weight_banks", "not as in the one before");
		if (conv->kernels != before->kernels)
			return refuse(diag, "conv.kernels", "not as in the one before");
		if (conv->kernel_width != before->kernel_width)
			return refuse(diag, "conv.kernel_width", "not as in the one before");
		if (conv->kernel_height != before->kernel_height)
			return refuse(diag, "conv.kernel_height", "not as in the one before");
	}
	return 0;
}

int nvdla_check_conv(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		     struct nvdla_diag *diag)
{
	int ret;

	if (conv->format > DRM_NVDLA_Y8_V8U8)
		return refuse(diag, "conv.format", "unknown");
	if (conv->flags & ~CONV_FLAGS)
		return refuse(diag, "conv.flags", "unknown");
	if (!is_within(conv->src_width, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "conv.src_width", "must be 1..8192");
	if (!is_within(conv->src_height, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "conv.src_height", "must be 1..8192");
	if (!is_within(conv->kernels, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "conv.kernels", "must be 1..8192");
	if (!is_within(conv->dst_width, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "conv.dst_width", "must be 1..8192");
	if (!is_within(conv->dst_height, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "conv.dst_height", "must be 1..8192");
	if (!is_within(conv->kernel_width, 1, 32))
		return refuse(diag, "conv.kernel_width", "must be 1..32");
	if (!is_within(conv->kernel_height, 1, 32))
		return refuse(diag, "conv.kernel_height", "must be 1..32");
	if (!is_within(conv->stride_x, 1, 8))
		return refuse(diag, "conv.stride_x", "must be 1..8");
	if (!is_within(conv->stride_y, 1, 8))
		return refuse(diag, "conv.stride_y", "must be 1..8");
	if (!is_within(conv->pad_value, -128, 127))
		return refuse(diag, "conv.pad_value", "must be -128..127");
	if (conv->truncate > 31)
		return refuse(diag, "conv.truncate", "must be 0..31");
	if (conv->pad)
		return refuse(diag, "conv.pad", "must be zero");

	if (conv->format == DRM_NVDLA_FEATURE)
		ret = check_feature(conv, diag);
	else
		ret = check_image(config, conv, diag);
	if (!ret)
		ret = check_convertor(conv, diag);
	if (!ret)
		ret = check_kernel(conv, diag);
	if (!ret && conv->format != DRM_NVDLA_FEATURE)
		ret = check_image_kernel(config, conv, diag);
	if (!ret)
		ret = check_weights(conv, diag);
	if (!ret)
		ret = check_banks(config, conv, diag);
	if (!ret)
		ret = check_source(config, conv, diag);
	return ret;
}
