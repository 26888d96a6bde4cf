// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "geometry.h"
#include "nvdla_core.h"

/*
 * The NVDLA translates no addresses, reports no errors and cannot be reset from its registers. What
 * a program makes it read or write outside its buffers is another client's memory or the kernel's,
 * silently; what makes it hang takes it away from everybody until the SoC pulses a reset line. Any
 * process that may open the device can submit any program. This file is the only wall.
 *
 * It knows what is allowed and refuses the rest: every field of an operation is either checked
 * against the range in which the hardware was seen to do what the encoders and extent.c assume, or
 * must be zero. The checks come in an order in which each may rely on those before it; so no size
 * that enters a product is larger than 2^13, no stride larger than 2^32.
 */

#define MAX_SIZE	8192

static bool is_within(s64 value, s64 least, s64 most)
{
	return least <= value && value <= most;
}

static bool is_zero(const void *bytes, size_t size)
{
	const u8 *byte = bytes;

	for (size_t i = 0; i < size; i++)
		if (byte[i])
			return false;
	return true;
}

static bool is_multiple(u64 value, u32 power_of_two)
{
	return !(value & (power_of_two - 1));
}

static int refuse(struct nvdla_diag *diag, const char *field, const char *rule)
{
	diag->field = field;
	diag->rule = rule;
	return -EINVAL;
}

static int check_addr(const struct drm_nvdla_addr *addr, u32 align, const char *field,
		      struct nvdla_diag *diag)
{
	if (addr->slot >= DRM_NVDLA_MAX_SLOTS)
		return refuse(diag, field, "the slot number is too large");
	if (!is_multiple(addr->offset, align))
		return refuse(diag, field, "the offset is not aligned");
	if (addr->pad)
		return refuse(diag, field, "the padding of the address is not zero");
	return 0;
}

/* A surface of atoms of any size; what is read and written is in units of the memory atom. */
static int check_surface(const struct nvdla_config *config, const struct drm_nvdla_surface *surface,
			 u32 width, u32 height, u32 atom_bytes, const char *field,
			 struct nvdla_diag *diag)
{
	u32 row = width * atom_bytes;
	int ret = check_addr(&surface->addr, config->atom, field, diag);

	if (ret)
		return ret;
	if (!is_multiple(surface->line_stride, config->atom) ||
	    !is_multiple(surface->surface_stride, config->atom))
		return refuse(diag, field, "a stride is not a multiple of the atom");
	if (surface->line_stride < row)
		return refuse(diag, field, "line_stride is shorter than a line");
	if (surface->surface_stride < (u64)(height - 1) * surface->line_stride + row)
		return refuse(diag, field, "surface_stride is shorter than a plane");
	return 0;
}

/* SDP goes through the planes of a 1x1 surface in one burst and ignores their stride. */
static int check_sdp_surface(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
			     const struct drm_nvdla_surface *surface, u32 atom_bytes,
			     const char *field, struct nvdla_diag *diag)
{
	int ret = check_surface(config, surface, sdp->width, sdp->height, atom_bytes, field, diag);

	if (ret)
		return ret;
	if (sdp->width == 1 && sdp->height == 1 &&
	    (surface->line_stride != atom_bytes || surface->surface_stride != atom_bytes))
		return refuse(diag, field, "the planes of a 1x1 surface must lie packed");
	return 0;
}

static int check_image(const struct drm_nvdla_conv *conv, struct nvdla_diag *diag)
{
	u32 channels = conv->format == DRM_NVDLA_R8 ? 1 : 4;
	int ret;

	if (conv->src_channels != channels)
		return refuse(diag, "conv.src_channels", "must be those of the image format");
	if (conv->dilation_x != 1)
		return refuse(diag, "conv.dilation_x", "must be 1 for an image");
	if (conv->dilation_y != 1)
		return refuse(diag, "conv.dilation_y", "must be 1 for an image");
	if (conv->cvt_truncate > 63)
		return refuse(diag, "conv.cvt_truncate", "must be 0..63");

	ret = check_addr(&conv->src.addr, NVDLA_IMAGE_ALIGN, "conv.src", diag);
	if (ret)
		return ret;
	if (!is_multiple(conv->src.line_stride, NVDLA_IMAGE_ALIGN))
		return refuse(diag, "conv.src", "line_stride is not a multiple of 32");
	if (conv->src.line_stride < conv->src_width * channels)
		return refuse(diag, "conv.src", "line_stride is shorter than a line");
	if (conv->src.surface_stride)
		return refuse(diag, "conv.src", "surface_stride must be zero for an image");
	return 0;
}

static int check_feature(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			 struct nvdla_diag *diag)
{
	if (!is_within(conv->src_channels, 1, MAX_SIZE))
		return refuse(diag, "conv.src_channels", "must be 1..8192");
	if (!is_within(conv->dilation_x, 1, 32))
		return refuse(diag, "conv.dilation_x", "must be 1..32");
	if (!is_within(conv->dilation_y, 1, 32))
		return refuse(diag, "conv.dilation_y", "must be 1..32");
	if (conv->cvt_truncate)
		return refuse(diag, "conv.cvt_truncate", "must be zero for features");
	if (conv->cvt_offset)
		return refuse(diag, "conv.cvt_offset", "must be zero for features");
	if (conv->cvt_scale)
		return refuse(diag, "conv.cvt_scale", "must be zero for features");
	return check_surface(config, &conv->src, conv->src_width, conv->src_height, config->atom,
			     "conv.src", diag);
}

static int check_conv_kernel(const struct drm_nvdla_conv *conv, struct nvdla_diag *diag)
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
	if (conv->dst_width * conv->dst_height > 1 << 21)
		return refuse(diag, "conv.dst_height", "more than 2^21 output pixels");
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

static int check_conv_buffer(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			     struct nvdla_diag *diag)
{
	u32 kernel = conv->kernel_width * conv->kernel_height * conv->src_channels;
	int ret;

	if (kernel > 1 << 18)
		return refuse(diag, "conv.weights", "a kernel has more than 2^18 bytes");
	if (conv->weight_bytes != round_up(conv->kernels * kernel, NVDLA_WEIGHT_UNIT))
		return refuse(diag, "conv.weight_bytes",
			      "is not the kernels' size, padded to 128 bytes");
	ret = check_addr(&conv->weights, NVDLA_WEIGHT_ALIGN, "conv.weights", diag);
	if (ret)
		return ret;

	if (nvdla_conv_slice_entries(config, conv) > 1 << 14)
		return refuse(diag, "conv.src_width", "a line fills more than 2^14 buffer entries");
	if (!conv->data_banks || conv->data_banks < nvdla_conv_data_banks(config, conv))
		return refuse(diag, "conv.data_banks", "too few for the input");
	if (!conv->weight_banks || conv->weight_banks < nvdla_conv_weight_banks(config, conv))
		return refuse(diag, "conv.weight_banks", "too few for a group of kernels");
	if (conv->data_banks + conv->weight_banks > config->cbuf_banks)
		return refuse(diag, "conv.weight_banks", "more banks than there are");
	return 0;
}

static int check_conv(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		      struct nvdla_diag *diag)
{
	int ret;

	if (conv->format > DRM_NVDLA_R8G8B8A8)
		return refuse(diag, "conv.format", "unknown");
	if (!is_within(conv->src_width, 1, MAX_SIZE))
		return refuse(diag, "conv.src_width", "must be 1..8192");
	if (!is_within(conv->src_height, 1, MAX_SIZE))
		return refuse(diag, "conv.src_height", "must be 1..8192");
	if (!is_within(conv->kernels, 1, MAX_SIZE))
		return refuse(diag, "conv.kernels", "must be 1..8192");
	if (!is_within(conv->dst_width, 1, MAX_SIZE))
		return refuse(diag, "conv.dst_width", "must be 1..8192");
	if (!is_within(conv->dst_height, 1, MAX_SIZE))
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
		ret = check_feature(config, conv, diag);
	else
		ret = check_image(conv, diag);
	if (!ret)
		ret = check_conv_kernel(conv, diag);
	if (!ret && conv->format != DRM_NVDLA_FEATURE)
		ret = check_image_kernel(config, conv, diag);
	if (!ret)
		ret = check_conv_buffer(config, conv, diag);
	return ret;
}

struct stage_fields {
	const char *alu, *mul, *relu, *operand, *operand_bytes, *pad;
};

static const struct stage_fields x1_fields = {
	"sdp.x1.alu", "sdp.x1.mul", "sdp.x1.relu", "sdp.x1.operand", "sdp.x1.operand_bytes",
	"sdp.x1.pad",
};

static const struct stage_fields x2_fields = {
	"sdp.x2.alu", "sdp.x2.mul", "sdp.x2.relu", "sdp.x2.operand", "sdp.x2.operand_bytes",
	"sdp.x2.pad",
};

static int check_stage_operands(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
				const struct drm_nvdla_sdp_stage *stage,
				const struct stage_fields *fields, struct nvdla_diag *diag)
{
	bool alu = stage->alu_operand != DRM_NVDLA_OPERAND_REG;
	bool mul = stage->mul_operand != DRM_NVDLA_OPERAND_REG;

	if (!alu && !mul) {
		if (stage->operand_bytes)
			return refuse(diag, fields->operand_bytes, "must be zero, nothing is read");
		if (!is_zero(&stage->operand, sizeof(stage->operand)))
			return refuse(diag, fields->operand, "must be zero, nothing is read");
		return 0;
	}
	if (alu && mul && stage->alu_operand != stage->mul_operand)
		return refuse(diag, fields->operand,
			      "both operands come from memory, but not of one kind");
	if (!is_within(stage->operand_bytes, 1, 2))
		return refuse(diag, fields->operand_bytes, "must be 1 or 2");
	if (nvdla_stage_per_element(stage))
		return check_sdp_surface(config, sdp, &stage->operand,
					 config->atom * nvdla_stage_operand_bytes(stage),
					 fields->operand, diag);
	if (stage->operand.line_stride || stage->operand.surface_stride)
		return refuse(diag, fields->operand, "operands per channel have no strides");
	return check_addr(&stage->operand.addr, config->atom, fields->operand, diag);
}

static int check_stage(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
		       const struct drm_nvdla_sdp_stage *stage, const struct stage_fields *fields,
		       struct nvdla_diag *diag)
{
	if (stage->alu > DRM_NVDLA_ALU_SUM)
		return refuse(diag, fields->alu, "unknown");
	if (stage->alu_operand > DRM_NVDLA_OPERAND_ELEMENT)
		return refuse(diag, fields->alu, "alu_operand is unknown");
	if (stage->alu_shift > 63)
		return refuse(diag, fields->alu, "alu_shift must be 0..63");
	if (stage->alu == DRM_NVDLA_ALU_NONE && (stage->alu_operand || stage->alu_shift))
		return refuse(diag, fields->alu, "bypassed, but has alu_operand or alu_shift");
	if ((stage->alu == DRM_NVDLA_ALU_NONE || stage->alu_operand) && stage->alu_value)
		return refuse(diag, fields->alu, "alu_value must be zero, it is not used");

	if (stage->mul > DRM_NVDLA_MUL_PRELU)
		return refuse(diag, fields->mul, "unknown");
	if (stage->mul_operand > DRM_NVDLA_OPERAND_ELEMENT)
		return refuse(diag, fields->mul, "mul_operand is unknown");
	if (stage->mul_shift > 63)
		return refuse(diag, fields->mul, "mul_shift must be 0..63");
	if (stage->mul == DRM_NVDLA_MUL_NONE && stage->mul_operand)
		return refuse(diag, fields->mul, "bypassed, but has mul_operand");
	if ((stage->mul == DRM_NVDLA_MUL_NONE || stage->mul_operand) && stage->mul_value)
		return refuse(diag, fields->mul, "mul_value must be zero, it is not used");
	if (stage->mul == DRM_NVDLA_MUL_PRELU && stage->alu != DRM_NVDLA_ALU_NONE)
		return refuse(diag, fields->mul, "PReLU needs a bypassed ALU");

	if (stage->relu > 1)
		return refuse(diag, fields->relu, "must be 0 or 1");
	if (stage->pad)
		return refuse(diag, fields->pad, "must be zero");
	return check_stage_operands(config, sdp, stage, fields, diag);
}

static int check_sdp(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
		     struct nvdla_diag *diag)
{
	int ret;

	if (!is_within(sdp->width, 1, MAX_SIZE))
		return refuse(diag, "sdp.width", "must be 1..8192");
	if (!is_within(sdp->height, 1, MAX_SIZE))
		return refuse(diag, "sdp.height", "must be 1..8192");
	if (!is_within(sdp->channels, 1, MAX_SIZE))
		return refuse(diag, "sdp.channels", "must be 1..8192");
	if (sdp->out_shift > 63)
		return refuse(diag, "sdp.out_shift", "must be 0..63");
	if (sdp->source > DRM_NVDLA_SOURCE_OP)
		return refuse(diag, "sdp.source", "unknown");
	if (!is_zero(sdp->pad, sizeof(sdp->pad)))
		return refuse(diag, "sdp.pad", "must be zero");

	ret = check_stage(config, sdp, &sdp->x1, &x1_fields, diag);
	if (!ret)
		ret = check_stage(config, sdp, &sdp->x2, &x2_fields, diag);
	if (ret)
		return ret;

	if (sdp->source == DRM_NVDLA_SOURCE_MEMORY)
		ret = check_sdp_surface(config, sdp, &sdp->src, config->atom, "sdp.src", diag);
	else if (!is_zero(&sdp->src, sizeof(sdp->src)))
		ret = refuse(diag, "sdp.src", "must be zero, the input comes on the fly");
	if (ret)
		return ret;

	if (nvdla_sdp_writes_memory(sdp))
		ret = check_sdp_surface(config, sdp, &sdp->dst, config->atom, "sdp.dst", diag);
	else if (!is_zero(&sdp->dst, sizeof(sdp->dst)))
		ret = refuse(diag, "sdp.dst", "has no line_stride, but is not all zero");
	return ret;
}

/* Lines of output that PDP has open at once, each in a part of its buffer. */
static u32 open_lines(const struct drm_nvdla_pdp *pdp)
{
	u32 lines = DIV_ROUND_UP(pdp->kernel_height, pdp->stride_y);

	if (lines <= 2)
		return lines;
	return lines <= 4 ? 4 : 8;
}

/* The hardware's product with a reciprocal: 16 fractional bits, rounded half away from zero. */
static u64 scale(u64 magnitude, u32 recip)
{
	return (magnitude * recip + (1 << 15)) >> 16;
}

static int check_pdp_average(const struct drm_nvdla_pdp *pdp, struct nvdla_diag *diag)
{
	u32 elements = pdp->kernel_width * pdp->kernel_height;
	u64 positive, negative;

	if (pdp->recip_width >= 1 << 17)
		return refuse(diag, "pdp.recip_width", "has more than 17 bits");
	if (pdp->recip_height >= 1 << 17)
		return refuse(diag, "pdp.recip_height", "has more than 17 bits");
	if (!is_within(pdp->pad_value, -128, 127))
		return refuse(diag, "pdp.pad_value", "must be -128..127");

	/* Nothing saturates, so the extremes must fit: 11 bits first, 8 bits then. */
	positive = scale(elements * 127, pdp->recip_width);
	negative = scale(elements * 128, pdp->recip_width);
	if (positive > 1023 || negative > 1024)
		return refuse(diag, "pdp.recip_width", "the value between may exceed 11 bits");
	if (scale(positive, pdp->recip_height) > 127 || scale(negative, pdp->recip_height) > 128)
		return refuse(diag, "pdp.recip_height", "the average may exceed 8 bits");
	return 0;
}

static int check_pdp_window(const struct nvdla_config *config, const struct drm_nvdla_pdp *pdp,
			    struct nvdla_diag *diag)
{
	if (!is_within(pdp->kernel_width, 1, 8))
		return refuse(diag, "pdp.kernel_width", "must be 1..8");
	if (!is_within(pdp->kernel_height, 1, 8))
		return refuse(diag, "pdp.kernel_height", "must be 1..8");
	if (!is_within(pdp->stride_x, 1, 16))
		return refuse(diag, "pdp.stride_x", "must be 1..16");
	if (!is_within(pdp->stride_y, 1, 16))
		return refuse(diag, "pdp.stride_y", "must be 1..16");
	if (pdp->pad_left >= pdp->kernel_width)
		return refuse(diag, "pdp.pad_left", "must be less than the kernel");
	if (pdp->pad_right >= pdp->kernel_width)
		return refuse(diag, "pdp.pad_right", "must be less than the kernel");
	if (pdp->pad_top >= pdp->kernel_height)
		return refuse(diag, "pdp.pad_top", "must be less than the kernel");
	if (pdp->pad_bottom >= pdp->kernel_height)
		return refuse(diag, "pdp.pad_bottom", "must be less than the kernel");
	if ((pdp->dst_width - 1) * pdp->stride_x + pdp->kernel_width !=
	    pdp->pad_left + pdp->src_width + pdp->pad_right)
		return refuse(diag, "pdp.dst_width", "does not tile the padded input exactly");
	if ((pdp->dst_height - 1) * pdp->stride_y + pdp->kernel_height !=
	    pdp->pad_top + pdp->src_height + pdp->pad_bottom)
		return refuse(diag, "pdp.dst_height", "does not tile the padded input exactly");
	if (pdp->dst_width * open_lines(pdp) > config->pdp_width)
		return refuse(diag, "pdp.dst_width", "wider than the line buffer");
	/* Each is opened, needed or not, and those left over spoil the next surface. */
	if (pdp->channels > config->atom && pdp->pad_top / pdp->stride_y >= pdp->dst_height)
		return refuse(diag, "pdp.pad_top", "more windows begin there than there are lines");
	return 0;
}

static int check_pdp(const struct nvdla_config *config, const struct drm_nvdla_pdp *pdp,
		     struct nvdla_diag *diag)
{
	int ret;

	if (!is_within(pdp->src_width, 1, MAX_SIZE))
		return refuse(diag, "pdp.src_width", "must be 1..8192");
	if (!is_within(pdp->src_height, 1, MAX_SIZE))
		return refuse(diag, "pdp.src_height", "must be 1..8192");
	if (!is_within(pdp->channels, 1, MAX_SIZE))
		return refuse(diag, "pdp.channels", "must be 1..8192");
	if (!is_within(pdp->dst_width, 1, MAX_SIZE))
		return refuse(diag, "pdp.dst_width", "must be 1..8192");
	if (!is_within(pdp->dst_height, 1, MAX_SIZE))
		return refuse(diag, "pdp.dst_height", "must be 1..8192");
	if (pdp->pool > DRM_NVDLA_POOL_MIN)
		return refuse(diag, "pdp.pool", "unknown");
	if (pdp->source > DRM_NVDLA_SOURCE_OP)
		return refuse(diag, "pdp.source", "unknown");
	if (!is_zero(pdp->pad, sizeof(pdp->pad)))
		return refuse(diag, "pdp.pad", "must be zero");

	ret = check_pdp_window(config, pdp, diag);
	if (ret)
		return ret;

	if (pdp->pool == DRM_NVDLA_POOL_AVERAGE)
		ret = check_pdp_average(pdp, diag);
	else if (pdp->recip_width || pdp->recip_height)
		ret = refuse(diag, "pdp.recip_width", "must be zero, nothing is averaged");
	else if (pdp->pad_value)
		ret = refuse(diag, "pdp.pad_value", "must be zero, padding never wins");
	if (ret)
		return ret;

	if (pdp->source == DRM_NVDLA_SOURCE_MEMORY)
		ret = check_surface(config, &pdp->src, pdp->src_width, pdp->src_height,
				    config->atom, "pdp.src", diag);
	else if (!is_zero(&pdp->src, sizeof(pdp->src)))
		ret = refuse(diag, "pdp.src", "must be zero, the input comes on the fly");
	if (!ret)
		ret = check_surface(config, &pdp->dst, pdp->dst_width, pdp->dst_height,
				    config->atom, "pdp.dst", diag);
	return ret;
}

static int check_op(const struct nvdla_config *config, const struct drm_nvdla_op *op,
		    struct nvdla_diag *diag)
{
	size_t used;
	int ret;

	if (op->engine > DRM_NVDLA_PDP || !(config->engines & BIT(op->engine)))
		return refuse(diag, "engine", "unknown, or not in this device");
	if (op->flags)
		return refuse(diag, "flags", "must be zero");
	if (op->pad)
		return refuse(diag, "pad", "must be zero");

	switch (op->engine) {
	case DRM_NVDLA_CONV:
		used = sizeof(op->conv);
		ret = check_conv(config, &op->conv, diag);
		break;
	case DRM_NVDLA_SDP:
		used = sizeof(op->sdp);
		ret = check_sdp(config, &op->sdp, diag);
		break;
	default:
		used = sizeof(op->pdp);
		ret = check_pdp(config, &op->pdp, diag);
		break;
	}
	if (!ret && !is_zero(op->reserved + used, sizeof(op->reserved) - used))
		ret = refuse(diag, "reserved", "must be zero");
	return ret;
}

/* What an operation on the fly takes is what the operation before it gives. */
static int check_link(const struct drm_nvdla_op *from, const struct drm_nvdla_op *to,
		      struct nvdla_diag *diag)
{
	if (to->engine == DRM_NVDLA_SDP) {
		if (!from || from->engine != DRM_NVDLA_CONV)
			return refuse(diag, "sdp.source", "the operation before is no convolution");
		if (to->sdp.width != from->conv.dst_width ||
		    to->sdp.height != from->conv.dst_height ||
		    to->sdp.channels != from->conv.kernels)
			return refuse(diag, "sdp.source", "the result before has another size");
		return 0;
	}
	if (!from || from->engine != DRM_NVDLA_SDP)
		return refuse(diag, "pdp.source", "the operation before is no SDP operation");
	if (nvdla_sdp_writes_memory(&from->sdp))
		return refuse(diag, "pdp.source", "the SDP operation writes to memory");
	if (to->pdp.src_width != from->sdp.width || to->pdp.src_height != from->sdp.height ||
	    to->pdp.channels != from->sdp.channels)
		return refuse(diag, "pdp.source", "the result before has another size");
	return 0;
}

static bool gives_to_next(const struct drm_nvdla_op *op)
{
	return op->engine == DRM_NVDLA_CONV ||
	       (op->engine == DRM_NVDLA_SDP && !nvdla_sdp_writes_memory(&op->sdp));
}

/* @chain: first operation of the chain that this one belongs to; they start together. */
static int check_deps(const struct drm_nvdla_op *op, u32 index, u32 chain, struct nvdla_diag *diag)
{
	if (op->dep_count > DRM_NVDLA_MAX_DEPS)
		return refuse(diag, "dep_count", "must be 0..8");
	for (u32 i = 0; i < op->dep_count; i++) {
		if (op->deps[i] >= index)
			return refuse(diag, "deps", "not an earlier operation");
		if (op->deps[i] >= chain)
			return refuse(diag, "deps", "an operation of the same chain");
	}
	for (u32 i = op->dep_count; i < DRM_NVDLA_MAX_DEPS; i++)
		if (op->deps[i])
			return refuse(diag, "deps", "must be zero beyond dep_count");
	return 0;
}

static int add_extents(const struct nvdla_config *config, const struct drm_nvdla_op *op,
		       struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS], struct nvdla_diag *diag)
{
	struct nvdla_extent extents[NVDLA_MAX_EXTENTS];
	u32 count = nvdla_op_extents(config, op, extents);

	for (u32 i = 0; i < count; i++) {
		u32 index = array_index_nospec(extents[i].slot, DRM_NVDLA_MAX_SLOTS);
		struct drm_nvdla_slot *slot = &slots[index];
		u64 end;

		if (nvdla_extent_end(&extents[i], &end) || end > BIT_ULL(config->dma_bits))
			return refuse(diag, "offset", "beyond what the device can address");
		slot->min_size = max(slot->min_size, end);
		slot->align = max(slot->align, extents[i].align);
		slot->access |= extents[i].access;
	}
	return 0;
}

/**
 * nvdla_program_check() - decide whether a program may run
 * @config: Configuration.
 * @ops: Operations, in memory that nobody else can write to.
 * @count: How many.
 * @slots: Filled in with what the program needs of them.
 * @diag: Filled in when the program is refused.
 *
 * Return: 0, or -EINVAL.
 */
int nvdla_program_check(const struct nvdla_config *config, const struct drm_nvdla_op *ops,
			u32 count, struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS],
			struct nvdla_diag *diag)
{
	u32 chain = 0;

	memset(slots, 0, DRM_NVDLA_MAX_SLOTS * sizeof(*slots));
	diag->index = 0;
	if (!is_within(count, 1, DRM_NVDLA_MAX_OPS))
		return refuse(diag, "count", "must be 1..4096");

	for (u32 i = 0; i < count; i++) {
		const struct drm_nvdla_op *op = &ops[i];
		int ret;

		diag->index = i;
		ret = check_op(config, op, diag);
		if (ret)
			return ret;
		if (nvdla_op_takes_from_previous(op))
			ret = check_link(i ? op - 1 : NULL, op, diag);
		else
			chain = i;
		if (!ret && gives_to_next(op) &&
		    (i + 1 == count || !nvdla_op_takes_from_previous(op + 1)))
			ret = refuse(diag, op->engine == DRM_NVDLA_CONV ? "conv" : "sdp.dst",
				     "the next operation does not take the result");
		if (!ret)
			ret = check_deps(op, i, chain, diag);
		if (!ret)
			ret = add_extents(config, op, slots, diag);
		if (ret)
			return ret;
	}
	return 0;
}

static bool overlaps(const struct nvdla_binding *a, const struct nvdla_binding *b)
{
	return a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

/**
 * nvdla_bindings_check() - decide whether a program may run on these buffers
 * @config: Configuration.
 * @slots: What the program needs, from nvdla_program_check().
 * @bindings: Memory of each slot; what is bound to a slot that the program does not use is ignored.
 * @count: How many.
 * @diag: Filled in when they are refused.
 *
 * Return: 0, or -EINVAL.
 */
int nvdla_bindings_check(const struct nvdla_config *config,
			 const struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS],
			 const struct nvdla_binding *bindings, u32 count, struct nvdla_diag *diag)
{
	for (u32 i = 0; i < DRM_NVDLA_MAX_SLOTS; i++) {
		u64 end;

		if (!slots[i].min_size)
			continue;
		diag->index = i;
		if (i >= count)
			return refuse(diag, "bindings", "a slot of the program is not bound");
		if (bindings[i].size < slots[i].min_size)
			return refuse(diag, "size", "smaller than what the program touches");
		if (!is_multiple(bindings[i].addr, slots[i].align))
			return refuse(diag, "offset", "not aligned as the program needs it");
		if (check_add_overflow(bindings[i].addr, bindings[i].size, &end) ||
		    end > BIT_ULL(config->dma_bits))
			return refuse(diag, "bindings", "beyond what the device can address");

		for (u32 j = 0; j < i; j++)
			if (slots[j].min_size && overlaps(&bindings[i], &bindings[j]) &&
			    ((slots[i].access | slots[j].access) & DRM_NVDLA_SLOT_WRITE))
				return refuse(diag, "bindings",
					      "overlaps another slot, and one of them is written");
	}
	return 0;
}
