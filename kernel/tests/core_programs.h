/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_CORE_PROGRAMS_H_
#define _NVDLA_CORE_PROGRAMS_H_

/*
 * Valid programs for the tests of the engine core, in the kernel and on the host: a fixed one to
 * break on purpose, random ones.
 */

#include <linux/array_size.h>
#include <linux/string.h>

#include "nvdla_core.h"

#define PROGRAM_MAX	48
#define PROGRAM_LUTS	3
#define PROGRAM_FORMATS	9

/* Slots that random programs read; the others up to this are written. */
#define PROGRAM_SOURCES	12
#define PROGRAM_SLOTS	(PROGRAM_SOURCES + PROGRAM_MAX)

struct program {
	struct drm_nvdla_op ops[PROGRAM_MAX];
	struct drm_nvdla_lut luts[PROGRAM_LUTS];
	u32 count;
	u32 lut_count;
	u32 random;
};

static inline const struct nvdla_config *small(void)
{
	return nvdla_config_find("nv_small");
}

static inline struct nvdla_source source_of(const struct program *program)
{
	return (struct nvdla_source) {
		.ops = program->ops, .luts = program->luts, .op_count = program->count,
		.lut_count = program->lut_count,
	};
}

static inline int check_program(const struct program *program,
				struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS],
				struct nvdla_diag *diag)
{
	struct nvdla_source source = source_of(program);

	return nvdla_program_check(small(), &source, slots, diag);
}

static inline void encode_program(const struct program *program, struct nvdla_image *images)
{
	struct nvdla_source source = source_of(program);

	nvdla_program_encode(small(), &source, images);
}

static inline struct nvdla_code code_of(const struct program *program,
					const struct nvdla_image *images)
{
	return (struct nvdla_code) {
		.images = images, .luts = program->luts, .count = program->count,
	};
}

static inline u32 next_random(struct program *program)
{
	program->random ^= program->random << 13;
	program->random ^= program->random >> 17;
	program->random ^= program->random << 5;
	return program->random;
}

/* least..most, both included */
static inline u32 in(struct program *program, u32 least, u32 most)
{
	return least + next_random(program) % (most - least + 1);
}

static inline bool one_in(struct program *program, u32 n)
{
	return in(program, 1, n) == 1;
}

static inline u32 whole(u32 value, u32 unit)
{
	return (value + unit - 1) / unit * unit;
}

static inline struct drm_nvdla_addr address(u32 slot, u64 offset)
{
	return (struct drm_nvdla_addr) { .offset = offset, .slot = slot };
}

static inline struct drm_nvdla_surface packed(u32 slot, u64 offset, u32 width, u32 height)
{
	return (struct drm_nvdla_surface) {
		.addr = address(slot, offset),
		.line_stride = width * 8,
		.surface_stride = width * height * 8,
	};
}

static inline void fixed_lut(struct drm_nvdla_lut *lut)
{
	*lut = (struct drm_nvdla_lut) {
		.le = { .start = -100, .end = 1ll << 37, .below_scale = 3, .above_shift = -2 },
		.lo = { .start = -(1ll << 37), .end = 128, .above_scale = -1, .below_shift = 15,
			.select = 1 },
		.le_function = DRM_NVDLA_LUT_EXPONENT, .le_index_offset = -3,
		.both_above = DRM_NVDLA_LUT_LO, .both_hit = DRM_NVDLA_LUT_LO,
	};
	lut->le.end--;
	for (u32 i = 0; i < ARRAY_SIZE(lut->le_entry); i++)
		lut->le_entry[i] = 7 * i - 300;
	for (u32 i = 0; i < ARRAY_SIZE(lut->lo_entry); i++)
		lut->lo_entry[i] = 128 - i;
}

/*
 * conv, sdp, pdp on the fly; sdp from memory; pdp from memory; conv of an image with its sdp; cdp;
 * pdp in parts; two convs with their sdp, of which the second takes its weights and two of its
 * lines from the first.
 */
static inline void fixed_program(struct program *program)
{
	memset(program, 0, sizeof(*program));
	program->count = 13;
	program->lut_count = 2;
	fixed_lut(&program->luts[0]);
	fixed_lut(&program->luts[1]);
	program->luts[1].le_function = DRM_NVDLA_LUT_LINEAR;
	program->luts[1].le_index_offset = 0;
	program->luts[1].le.select = -32;
	program->ops[0] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_CONV, .cookie = 100,
		.conv = {
			/* 2 x 3 x 20 x 19 is 2280. */
			.src = packed(0, 64, 10, 6), .weights = address(1, 256),
			.weight_bytes = 2304, .src_width = 10, .src_height = 6, .src_channels = 20,
			.kernels = 19, .dst_width = 5, .dst_height = 4, .pad_value = -7,
			.kernel_width = 2, .kernel_height = 3, .stride_x = 2, .stride_y = 1,
			.dilation_x = 1, .dilation_y = 2, .pad_top = 1, .pad_bottom = 1,
			.data_banks = 1, .weight_banks = 1, .truncate = 2,
		},
	};
	program->ops[1] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_SDP,
		.sdp = {
			.x1 = {
				.operand.addr = address(2, 16), .alu = DRM_NVDLA_ALU_SUM,
				.mul = DRM_NVDLA_MUL_SCALE,
				.alu_operand = DRM_NVDLA_OPERAND_CHANNEL,
				.mul_operand = DRM_NVDLA_OPERAND_CHANNEL,
				.operand_bytes = 2, .alu_shift = 3, .mul_shift = 9,
			},
			.x2 = {
				.operand = packed(3, 8, 5, 4), .alu = DRM_NVDLA_ALU_SUM,
				.alu_operand = DRM_NVDLA_OPERAND_ELEMENT, .operand_bytes = 1,
				.alu_shift = 16, .relu = 1,
			},
			.out_offset = -77, .width = 5, .height = 4, .channels = 19,
			.out_scale = -300, .out_shift = 12, .source = DRM_NVDLA_SOURCE_OP,
		},
	};
	program->ops[2] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_PDP,
		.pdp = {
			.dst = packed(4, 0, 3, 2), .recip_width = 32768, .recip_height = 32768,
			.src_width = 5, .src_height = 4, .channels = 19, .dst_width = 3,
			.dst_height = 2, .pad_value = -9, .pool = DRM_NVDLA_POOL_AVERAGE,
			.source = DRM_NVDLA_SOURCE_OP, .kernel_width = 2, .kernel_height = 2,
			.stride_x = 2, .stride_y = 2, .pad_left = 1,
		},
	};
	program->ops[3] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_SDP, .deps = { 2 }, .dep_count = 1,
		.sdp = {
			.src = packed(4, 0, 3, 2), .dst = packed(5, 24, 3, 2),
			.x1 = { .mul = DRM_NVDLA_MUL_PRELU, .mul_value = 17, .mul_shift = 4 },
			.x2 = { .alu = DRM_NVDLA_ALU_MAX, .alu_value = -5 },
			.width = 3, .height = 2, .channels = 19, .out_scale = 1,
		},
	};
	program->ops[4] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_PDP, .deps = { 2, 3 }, .dep_count = 2,
		.pdp = {
			.src = packed(5, 24, 3, 2), .dst = packed(6, 0, 3, 1), .src_width = 3,
			.src_height = 2, .channels = 19, .dst_width = 3, .dst_height = 1,
			.pool = DRM_NVDLA_POOL_MAX, .kernel_width = 1, .kernel_height = 2,
			.stride_x = 1, .stride_y = 1,
		},
	};
	program->ops[5] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_CONV,
		.conv = {
			.src = { .addr = address(7, 96), .line_stride = 64 },
			.weights = address(1, 0), .weight_bytes = 128,
			.format = DRM_NVDLA_A8B8G8R8, .src_width = 13, .src_height = 5,
			.src_channels = 4, .kernels = 3, .dst_width = 13, .dst_height = 5,
			.pad_value = 1, .kernel_width = 3, .kernel_height = 3, .stride_x = 1,
			.stride_y = 1, .dilation_x = 1, .dilation_y = 1, .pad_left = 1,
			.pad_right = 1, .pad_top = 1, .pad_bottom = 1, .data_banks = 1,
			.weight_banks = 1, .cvt_offset = { 128, 127, 126, -5 }, .cvt_scale = 1,
			.flags = DRM_NVDLA_CONV_CONVERT, .src_x = 1,
		},
	};
	program->ops[6] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_SDP,
		.sdp = {
			.dst = packed(8, 0, 13, 5), .width = 13, .height = 5, .channels = 3,
			.out_scale = 1, .source = DRM_NVDLA_SOURCE_OP,
		},
	};
	program->ops[7] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_CDP,
		.cdp = {
			.src = packed(4, 0, 3, 2), .dst = packed(9, 0, 3, 2), .out_offset = -5,
			.width = 3, .height = 2, .channels = 19, .lut = 1,
			.flags = DRM_NVDLA_CDP_NO_PRODUCT, .in_offset = -7, .in_scale = 300,
			.out_scale = -2, .in_shift = 8, .out_shift = 1, .local_size = 5,
		},
	};
	program->ops[8] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_PDP,
		.pdp = {
			.src = packed(0, 0, 40, 2), .dst = packed(10, 0, 19, 1), .src_width = 40,
			.src_height = 2, .channels = 8, .dst_width = 19, .dst_height = 1,
			.parts = 4, .first_width = 3, .middle_width = 5,
			.pool = DRM_NVDLA_POOL_MIN, .kernel_width = 4, .kernel_height = 2,
			.stride_x = 2, .stride_y = 1,
		},
	};
	program->ops[9] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_CONV,
		.conv = {
			.src = packed(0, 0, 10, 6), .weights = address(1, 0), .weight_bytes = 384,
			.flags = DRM_NVDLA_CONV_KEEP_WEIGHTS, .src_width = 10, .src_height = 6,
			.src_channels = 8, .kernels = 5, .dst_width = 8, .dst_height = 4,
			.keep_lines = 2, .kernel_width = 3, .kernel_height = 3, .stride_x = 1,
			.stride_y = 1, .dilation_x = 1, .dilation_y = 1, .data_banks = 1,
			.weight_banks = 2,
		},
	};
	program->ops[10] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_SDP,
		.sdp = {
			.dst = packed(11, 0, 8, 4), .width = 8, .height = 4, .channels = 5,
			.out_scale = 1, .source = DRM_NVDLA_SOURCE_OP,
		},
	};
	program->ops[11] = program->ops[9];
	program->ops[11].conv.weights = (struct drm_nvdla_addr) { 0 };
	program->ops[11].conv.flags = DRM_NVDLA_CONV_REUSE_WEIGHTS;
	program->ops[11].conv.keep_lines = 0;
	program->ops[11].conv.reuse_lines = 2;
	program->ops[12] = program->ops[10];
	program->ops[12].sdp.dst = packed(11, 256, 8, 4);
}

static inline struct drm_nvdla_addr random_address(struct program *program, u32 align, u32 most)
{
	return address(in(program, 0, PROGRAM_SOURCES - 1), in(program, 0, most) * align);
}

static inline struct drm_nvdla_surface random_surface(struct program *program, u32 width,
						      u32 height, u32 atom, bool sdp)
{
	bool loose = !(sdp && width * height == 1);
	struct drm_nvdla_surface surface = {
		.addr = random_address(program, 8, 40),
		.line_stride = width * atom,
	};

	if (loose && one_in(program, 3))
		surface.line_stride += in(program, 1, 4) * 8;
	surface.surface_stride = surface.line_stride * (height - 1) + width * atom;
	if (loose && one_in(program, 2))
		surface.surface_stride += in(program, 1, 9) * 8;
	return surface;
}

/* Find paddings with which windows tile a line of @source exactly. */
static inline bool fit(struct program *program, u32 source, u32 kernel, u32 stride, u32 max_before,
		       u8 *before, u8 *after, u16 *dst)
{
	for (u32 i = 0; i < 40; i++) {
		*before = in(program, 0, kernel - 1);
		*after = in(program, 0, kernel - 1);
		if (*before > max_before || *before + source + *after < kernel ||
		    (*before + source + *after - kernel) % stride)
			continue;
		*dst = (*before + source + *after - kernel) / stride + 1;
		return true;
	}
	return false;
}

static inline void random_source(struct program *program, struct drm_nvdla_conv *conv)
{
	u32 pixel = conv->src_channels == 4 ? 4 : 1, x = conv->src_x + conv->src_width;

	if (conv->format == DRM_NVDLA_FEATURE) {
		conv->src = random_surface(program, conv->src_width, conv->src_height, 8, false);
		return;
	}
	conv->src.addr = random_address(program, 8, 40);
	conv->src.line_stride = whole(x * pixel, 8) + 8 * in(program, 0, 4);
	if (conv->src_channels != 3)
		return;
	conv->src_uv = random_address(program, 8, 40);
	conv->uv_line_stride = whole(x * 2, 8) + 8 * in(program, 0, 4);
}

static inline void random_convertor(struct program *program, struct drm_nvdla_conv *conv)
{
	u32 offsets = conv->format ? conv->src_channels : 1;

	if (one_in(program, 3) || (!conv->format && !one_in(program, 4)))
		return;
	conv->flags |= DRM_NVDLA_CONV_CONVERT;
	if (conv->format && one_in(program, 2))
		conv->flags |= DRM_NVDLA_CONV_SIGNED;
	conv->cvt_truncate = in(program, 0, 63);
	conv->cvt_scale = (s16)next_random(program);
	for (u32 c = 0; c < offsets; c++)
		conv->cvt_offset[c] = (s16)next_random(program);
}

static inline u32 kernel_bytes(const struct drm_nvdla_conv *conv)
{
	return conv->kernel_width * conv->kernel_height * conv->src_channels;
}

static inline void random_weights(struct program *program, struct drm_nvdla_conv *conv)
{
	conv->kernels = in(program, 1, 40);
	conv->weight_bytes = whole(kernel_bytes(conv) * conv->kernels, 128);
	conv->weights = random_address(program, 256, 3);
}

static inline bool fit_height(struct program *program, struct drm_nvdla_conv *conv)
{
	return fit(program, conv->src_height, (conv->kernel_height - 1) * conv->dilation_y + 1,
		   conv->stride_y, 31, &conv->pad_top, &conv->pad_bottom, &conv->dst_height);
}

/* Find a kernel for an input that is there. */
static inline bool random_kernel(struct program *program, struct drm_nvdla_conv *conv)
{
	conv->dilation_x = conv->format ? 1 : in(program, 1, 3);
	conv->dilation_y = conv->format ? 1 : in(program, 1, 3);
	conv->kernel_width = in(program, 1, 5);
	conv->kernel_height = in(program, 1, 5);
	conv->stride_x = in(program, 1, 4);
	conv->stride_y = in(program, 1, 4);
	return fit(program, conv->src_width, (conv->kernel_width - 1) * conv->dilation_x + 1,
		   conv->stride_x, 31, &conv->pad_left, &conv->pad_right, &conv->dst_width) &&
	       fit_height(program, conv);
}

static inline bool random_conv(struct program *program, struct drm_nvdla_conv *conv)
{
	static const u8 channels[] = { 0, 1, 4, 4, 4, 4, 4, 4, 3, 3 };

	conv->src_width = in(program, 1, 30);
	conv->src_height = in(program, 1, 12);
	conv->format = one_in(program, 3) ? in(program, 1, PROGRAM_FORMATS) : 0;
	conv->src_channels = channels[conv->format];
	if (!conv->src_channels)
		conv->src_channels = in(program, 1, 40);
	else if (conv->src_channels != 3 && one_in(program, 2))
		conv->src_x = in(program, 0, conv->src_channels == 4 ? 1 : 7);
	if (!random_kernel(program, conv))
		return false;
	random_source(program, conv);
	random_convertor(program, conv);
	random_weights(program, conv);
	conv->pad_value = (s16)in(program, 0, 255) - 128;
	conv->truncate = in(program, 0, 31);
	conv->data_banks = nvdla_conv_data_banks(small(), conv);
	conv->weight_banks = nvdla_conv_weight_banks(small(), conv);
	if (conv->data_banks + conv->weight_banks > 32)
		return false;
	conv->data_banks = in(program, conv->data_banks, 32 - conv->weight_banks);
	return true;
}

/* The program's last convolution, if it has any. */
static inline struct drm_nvdla_conv *last_conv(struct program *program)
{
	for (u32 i = program->count; i-- > 0; )
		if (program->ops[i].engine == DRM_NVDLA_CONV)
			return &program->ops[i].conv;
	return NULL;
}

/* Take lines from the convolution before. */
static inline bool take_lines(struct program *program, struct drm_nvdla_conv *before,
			      struct drm_nvdla_conv *conv, bool same_kernel)
{
	u32 keep = one_in(program, 2) ? before->src_height : in(program, 1, before->src_height);
	u32 fresh = in(program, 0, 5);

	conv->src_height = keep + fresh;
	conv->reuse_lines = keep;
	if (nvdla_conv_data_banks(small(), conv) > conv->data_banks)
		return false;
	if (!same_kernel) {
		conv->kernel_height = in(program, 1, 5);
		conv->stride_y = in(program, 1, 4);
	}
	if (!fit_height(program, conv))
		return false;
	memset(&conv->src, 0, sizeof(conv->src));
	memset(&conv->src_uv, 0, sizeof(conv->src_uv));
	conv->uv_line_stride = 0;
	if (fresh)
		random_source(program, conv);
	before->keep_lines = keep;
	return true;
}

/* A convolution that takes lines, weights or both from the one before it. */
static inline bool linked_conv(struct program *program, struct drm_nvdla_conv *before,
			       struct drm_nvdla_conv *conv)
{
	bool lines = !one_in(program, 3), weights = !lines || one_in(program, 2);
	u32 all;

	*conv = *before;
	conv->keep_lines = 0;
	conv->reuse_lines = 0;
	conv->flags &= ~(DRM_NVDLA_CONV_KEEP_WEIGHTS | DRM_NVDLA_CONV_REUSE_WEIGHTS);
	all = (kernel_bytes(conv) * conv->kernels + 128 + 4095) / 4096;
	if (before->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS && all > before->weight_banks)
		weights = false;
	if (all + before->data_banks > 32)
		weights = false;
	if (!lines)
		random_source(program, conv);
	if (lines && !take_lines(program, before, conv, weights))
		return false;
	if (weights) {
		if (before->weight_banks < all)
			before->weight_banks = all;
		before->flags |= DRM_NVDLA_CONV_KEEP_WEIGHTS;
		conv->flags |= DRM_NVDLA_CONV_REUSE_WEIGHTS;
		conv->weight_banks = before->weight_banks;
		memset(&conv->weights, 0, sizeof(conv->weights));
		return true;
	}
	random_weights(program, conv);
	conv->weight_banks = nvdla_conv_weight_banks(small(), conv);
	if (conv->data_banks + conv->weight_banks > 32) {
		before->keep_lines = 0;
		return false;
	}
	return true;
}

static inline void random_stage(struct program *program, const struct drm_nvdla_sdp *sdp,
				struct drm_nvdla_sdp_stage *stage)
{
	u32 kind = in(program, 1, 2), operands = 0;

	if (one_in(program, 4))
		return;
	stage->alu = in(program, 0, 3);
	stage->mul = in(program, 0, stage->alu ? 1 : 2);
	stage->relu = in(program, 0, 1);
	stage->mul_shift = in(program, 0, 63);
	if (stage->alu) {
		stage->alu_shift = in(program, 0, 63);
		stage->alu_operand = one_in(program, 2) ? kind : 0;
		stage->alu_value = stage->alu_operand ? 0 : (s16)next_random(program);
		operands += stage->alu_operand != 0;
	}
	if (stage->mul) {
		stage->mul_operand = one_in(program, 2) ? kind : 0;
		stage->mul_value = stage->mul_operand ? 0 : (s16)next_random(program);
		operands += stage->mul_operand != 0;
	}
	if (!operands)
		return;
	stage->operand_bytes = in(program, 1, 2);
	if (kind == DRM_NVDLA_OPERAND_ELEMENT)
		stage->operand = random_surface(program, sdp->width, sdp->height,
						8 * operands * stage->operand_bytes, true);
	else
		stage->operand.addr = random_address(program, 8, 40);
}

static inline void random_sdp(struct program *program, struct drm_nvdla_sdp *sdp, bool from_memory,
			      bool to_memory)
{
	sdp->source = from_memory ? DRM_NVDLA_SOURCE_MEMORY : DRM_NVDLA_SOURCE_OP;
	if (from_memory)
		sdp->src = random_surface(program, sdp->width, sdp->height, 8, true);
	if (to_memory)
		sdp->dst = random_surface(program, sdp->width, sdp->height, 8, true);
	sdp->out_offset = (s32)next_random(program);
	sdp->out_scale = (s16)next_random(program);
	sdp->out_shift = in(program, 0, 63);
	random_stage(program, sdp, &sdp->x1);
	random_stage(program, sdp, &sdp->x2);
}

static inline void random_range(struct program *program, struct drm_nvdla_lut_range *range)
{
	u32 bits = in(program, 1, 38);

	range->start = (s64)((u64)next_random(program) << 32 | next_random(program)) >> (64 - bits);
	range->end = (s64)((u64)next_random(program) << 32 | next_random(program)) >> (64 - bits);
	range->below_scale = (s16)next_random(program);
	range->above_scale = (s16)next_random(program);
	range->below_shift = (s32)in(program, 0, 31) - 16;
	range->above_shift = (s32)in(program, 0, 31) - 16;
	range->select = (s32)in(program, 0, 63) - 32;
}

static inline void random_lut(struct program *program, struct drm_nvdla_lut *lut)
{
	memset(lut, 0, sizeof(*lut));
	random_range(program, &lut->le);
	random_range(program, &lut->lo);
	for (u32 i = 0; i < ARRAY_SIZE(lut->le_entry); i++)
		lut->le_entry[i] = (s16)next_random(program);
	for (u32 i = 0; i < ARRAY_SIZE(lut->lo_entry); i++)
		lut->lo_entry[i] = (s16)next_random(program);
	lut->le_function = in(program, 0, 1);
	if (lut->le_function == DRM_NVDLA_LUT_EXPONENT) {
		lut->le.select = 0;
		lut->le_index_offset = (s8)next_random(program);
	}
	lut->both_below = in(program, 0, 1);
	lut->both_above = in(program, 0, 1);
	lut->both_hit = in(program, 0, 1);
}

static inline void random_cdp(struct program *program, struct drm_nvdla_cdp *cdp)
{
	cdp->width = in(program, 1, 20);
	cdp->height = in(program, 1, 10);
	cdp->channels = in(program, 1, 40);
	cdp->src = random_surface(program, cdp->width, cdp->height, 8, false);
	cdp->dst = random_surface(program, cdp->width, cdp->height, 8, false);
	cdp->lut = in(program, 0, program->lut_count - 1);
	cdp->flags = in(program, 0, 3);
	cdp->local_size = cdp->flags & DRM_NVDLA_CDP_NO_SUM ? 0 : 3 + 2 * in(program, 0, 3);
	cdp->in_offset = (s16)in(program, 0, 255) - 128;
	cdp->in_scale = (s16)next_random(program);
	cdp->in_shift = in(program, 0, 31);
	cdp->out_offset = (s32)next_random(program) >> 7;
	cdp->out_scale = (s16)next_random(program);
	cdp->out_shift = in(program, 0, 63);
}

/* Cut a pooling into parts, if the first and the last have enough of the input. */
static inline void random_parts(struct program *program, struct drm_nvdla_pdp *pdp)
{
	u32 parts = in(program, 2, 5), middle = 0, first, first_in, last;
	int last_in;

	if (pdp->dst_width < parts || pdp->stride_x > pdp->kernel_width)
		return;
	first = in(program, 1, pdp->dst_width - parts + 1);
	if (parts > 2)
		middle = in(program, 1, (pdp->dst_width - first - 1) / (parts - 2));
	last = pdp->dst_width - first - middle * (parts - 2);
	first_in = (first - 1) * pdp->stride_x + pdp->kernel_width - pdp->pad_left;
	last_in = last * pdp->stride_x - pdp->pad_right;
	if (first_in + pdp->stride_x < pdp->kernel_width || !first_in || last_in < 1)
		return;
	pdp->parts = parts;
	pdp->first_width = first;
	pdp->middle_width = middle;
}

static inline bool random_pdp(struct program *program, struct drm_nvdla_pdp *pdp, bool from_memory)
{
	pdp->source = from_memory ? DRM_NVDLA_SOURCE_MEMORY : DRM_NVDLA_SOURCE_OP;
	if (from_memory)
		pdp->src = random_surface(program, pdp->src_width, pdp->src_height, 8, false);
	pdp->kernel_width = in(program, 1, 8);
	pdp->kernel_height = in(program, 1, 8);
	pdp->stride_x = in(program, 1, 16);
	pdp->stride_y = in(program, 1, 16);
	if (!fit(program, pdp->src_width, pdp->kernel_width, pdp->stride_x, 7, &pdp->pad_left,
		 &pdp->pad_right, &pdp->dst_width) ||
	    !fit(program, pdp->src_height, pdp->kernel_height, pdp->stride_y, 7, &pdp->pad_top,
		 &pdp->pad_bottom, &pdp->dst_height))
		return false;
	if (pdp->channels > 8 && pdp->pad_top / pdp->stride_y >= pdp->dst_height)
		return false;
	pdp->pool = in(program, 0, 2);
	if (pdp->pool == DRM_NVDLA_POOL_AVERAGE) {
		pdp->pad_value = (s16)in(program, 0, 255) - 128;
		pdp->recip_width = 65536 / (pdp->kernel_width * pdp->kernel_height);
		pdp->recip_height = in(program, 0, 65536);
	}
	pdp->dst = random_surface(program, pdp->dst_width, pdp->dst_height, 8, false);
	if (from_memory && one_in(program, 2))
		random_parts(program, pdp);
	return pdp->dst_width <= 16;
}

/* What is written lies in a slot that nothing else uses: any order gives the same bytes. */
static inline void separate(struct drm_nvdla_op *op, u32 index)
{
	u32 slot = PROGRAM_SOURCES + index;

	switch (op->engine) {
	case DRM_NVDLA_SDP:
		if (op->sdp.dst.line_stride)
			op->sdp.dst.addr.slot = slot;
		break;
	case DRM_NVDLA_PDP:
		op->pdp.dst.addr.slot = slot;
		break;
	case DRM_NVDLA_CDP:
		op->cdp.dst.addr.slot = slot;
		break;
	}
}

/* Append a chain, if the attempt leads to a valid one. */
static inline void add_chain(struct program *program)
{
	u32 first = program->count;
	struct drm_nvdla_op *op = &program->ops[first];
	struct drm_nvdla_conv *before = last_conv(program);
	bool conv = one_in(program, 2), sdp = conv || !one_in(program, 3);
	bool cdp = !conv && one_in(program, 4), pdp = !sdp || one_in(program, 3);
	u32 width = in(program, 1, 20), height = in(program, 1, 10), channels = in(program, 1, 40);

	memset(op, 0, 3 * sizeof(*op));
	if (conv) {
		op->engine = DRM_NVDLA_CONV;
		if (before && one_in(program, 3) ? !linked_conv(program, before, &op->conv) :
						   !random_conv(program, &op->conv))
			return;
		width = op->conv.dst_width;
		height = op->conv.dst_height;
		channels = op->conv.kernels;
		op++;
	}
	if (cdp) {
		op->engine = DRM_NVDLA_CDP;
		random_cdp(program, &op->cdp);
		op++;
	}
	if (sdp && !cdp) {
		op->engine = DRM_NVDLA_SDP;
		op->sdp.width = width;
		op->sdp.height = height;
		op->sdp.channels = channels;
		random_sdp(program, &op->sdp, !conv, !pdp);
		op++;
	}
	if (pdp && !cdp) {
		op->engine = DRM_NVDLA_PDP;
		op->pdp.src_width = width;
		op->pdp.src_height = height;
		op->pdp.channels = channels;
		if (!random_pdp(program, &op->pdp, !sdp)) {
			/* What the convolution before keeps, none would reuse. */
			if (conv && before) {
				before->keep_lines = 0;
				before->flags &= ~DRM_NVDLA_CONV_KEEP_WEIGHTS;
			}
			return;
		}
		op++;
	}
	program->count = op - program->ops;
	for (u32 i = first; first && i < program->count; i++) {
		program->ops[i].cookie = next_random(program);
		program->ops[i].dep_count = in(program, 0, 2);
		for (u32 d = 0; d < program->ops[i].dep_count; d++)
			program->ops[i].deps[d] = in(program, 0, first - 1);
	}
}

/* At least @count operations, at most two more. */
static inline void random_program(struct program *program, u32 seed, u32 count)
{
	memset(program, 0, sizeof(*program));
	program->random = seed * 2654435761u + 1;
	program->lut_count = in(program, 1, PROGRAM_LUTS);
	for (u32 i = 0; i < program->lut_count; i++)
		random_lut(program, &program->luts[i]);
	while (program->count < count)
		add_chain(program);
	for (u32 i = 0; i < program->count; i++)
		separate(&program->ops[i], i);
}

/* Change bytes of an operation or a table to values that lie near limits, or to anything. */
static inline void mutate(struct program *program)
{
	static const u64 values[] = {
		0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 63, 64, 127, 128, 255, 256, 8191, 8192,
		8193, 65535, 65536, 1u << 31, ~0u, ~0ull, ~7ull, 1ull << 32, 1ull << 63,
	};
	bool lut = one_in(program, 12);
	u32 index = in(program, 0, (lut ? program->lut_count : program->count) - 1);
	u32 size = 1u << in(program, 0, 3);
	u32 bytes = lut ? sizeof(struct drm_nvdla_lut) : sizeof(struct drm_nvdla_op);
	u8 *base = lut ? (u8 *)&program->luts[index] : (u8 *)&program->ops[index];
	u8 *field = base + in(program, 0, bytes / size - 1) * size;
	u64 value = 0;

	memcpy(&value, field, size);
	switch (in(program, 0, 3)) {
	case 0:
		value += in(program, 0, 16) - 8;
		break;
	case 1:
		value += 8 * (in(program, 0, 64) - 32);
		break;
	case 2:
		value = (u64)next_random(program) << in(program, 0, 32);
		break;
	default:
		value = values[in(program, 0, ARRAY_SIZE(values) - 1)];
		break;
	}
	memcpy(field, &value, size);
}

#endif
