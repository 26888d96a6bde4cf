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

struct program {
	struct drm_nvdla_op ops[PROGRAM_MAX];
	u32 count;
	u32 random;
};

static inline const struct nvdla_config *small(void)
{
	return nvdla_config_find("nv_small");
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

/* conv, sdp, pdp on the fly; sdp from memory; pdp from memory; conv of an image with its sdp. */
static inline void fixed_program(struct program *program)
{
	memset(program, 0, sizeof(*program));
	program->count = 7;
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
			.weight_banks = 1, .cvt_offset = 128, .cvt_scale = 1,
		},
	};
	program->ops[6] = (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_SDP,
		.sdp = {
			.dst = packed(8, 0, 13, 5), .width = 13, .height = 5, .channels = 3,
			.out_scale = 1, .source = DRM_NVDLA_SOURCE_OP,
		},
	};
}

static inline struct drm_nvdla_addr random_address(struct program *program, u32 align, u32 most)
{
	return address(in(program, 0, 11), in(program, 0, most) * align);
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

static inline bool random_conv(struct program *program, struct drm_nvdla_conv *conv)
{
	conv->src_width = in(program, 1, 30);
	conv->src_height = in(program, 1, 12);
	conv->format = one_in(program, 3) ? in(program, 1, 3) : 0;
	conv->dilation_x = conv->format ? 1 : in(program, 1, 3);
	conv->dilation_y = conv->format ? 1 : in(program, 1, 3);
	conv->kernel_width = in(program, 1, 5);
	conv->kernel_height = in(program, 1, 5);
	conv->stride_x = in(program, 1, 4);
	conv->stride_y = in(program, 1, 4);
	if (!fit(program, conv->src_width, (conv->kernel_width - 1) * conv->dilation_x + 1,
		 conv->stride_x, 31, &conv->pad_left, &conv->pad_right, &conv->dst_width) ||
	    !fit(program, conv->src_height, (conv->kernel_height - 1) * conv->dilation_y + 1,
		 conv->stride_y, 31, &conv->pad_top, &conv->pad_bottom, &conv->dst_height))
		return false;

	if (conv->format == DRM_NVDLA_FEATURE) {
		conv->src_channels = in(program, 1, 40);
		conv->src = random_surface(program, conv->src_width, conv->src_height, 8, false);
	} else {
		conv->src_channels = conv->format == DRM_NVDLA_R8 ? 1 : 4;
		conv->src.addr = random_address(program, 32, 9);
		conv->src.line_stride = whole(conv->src_width * conv->src_channels, 32) +
					32 * in(program, 0, 2);
		conv->cvt_truncate = in(program, 0, 63);
		conv->cvt_offset = (s16)next_random(program);
		conv->cvt_scale = (s16)next_random(program);
	}
	conv->kernels = in(program, 1, 40);
	conv->pad_value = (s16)in(program, 0, 255) - 128;
	conv->truncate = in(program, 0, 31);
	conv->weight_bytes = whole(conv->kernel_width * conv->kernel_height * conv->src_channels *
				conv->kernels, 128);
	conv->weights = random_address(program, 256, 3);
	conv->data_banks = nvdla_conv_data_banks(small(), conv);
	conv->weight_banks = nvdla_conv_weight_banks(small(), conv);
	if (conv->data_banks + conv->weight_banks > 32)
		return false;
	conv->data_banks = in(program, conv->data_banks, 32 - conv->weight_banks);
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
	return pdp->dst_width <= 16;
}

/* Append a chain, if the attempt leads to a valid one. */
static inline void add_chain(struct program *program)
{
	u32 first = program->count;
	struct drm_nvdla_op *op = &program->ops[first];
	bool conv = one_in(program, 2), sdp = conv || !one_in(program, 3);
	bool pdp = !sdp || one_in(program, 3);
	u32 width = in(program, 1, 20), height = in(program, 1, 10), channels = in(program, 1, 40);

	memset(op, 0, 3 * sizeof(*op));
	if (conv) {
		op->engine = DRM_NVDLA_CONV;
		if (!random_conv(program, &op->conv))
			return;
		width = op->conv.dst_width;
		height = op->conv.dst_height;
		channels = op->conv.kernels;
		op++;
	}
	if (sdp) {
		op->engine = DRM_NVDLA_SDP;
		op->sdp.width = width;
		op->sdp.height = height;
		op->sdp.channels = channels;
		random_sdp(program, &op->sdp, !conv, !pdp);
		op++;
	}
	if (pdp) {
		op->engine = DRM_NVDLA_PDP;
		op->pdp.src_width = width;
		op->pdp.src_height = height;
		op->pdp.channels = channels;
		if (!random_pdp(program, &op->pdp, !sdp))
			return;
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
	while (program->count < count)
		add_chain(program);
}

/* Change bytes of a program to values that lie near limits, or to anything. */
static inline void mutate(struct program *program)
{
	static const u64 values[] = {
		0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 63, 64, 127, 128, 255, 256, 8191, 8192,
		8193, 65535, 65536, 1u << 31, ~0u, ~0ull, ~7ull, 1ull << 32, 1ull << 63,
	};
	u32 op = in(program, 0, program->count - 1), size = 1u << in(program, 0, 3);
	u32 offset = in(program, 0, sizeof(struct drm_nvdla_op) / size - 1) * size;
	u8 *field = (u8 *)&program->ops[op] + offset;
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
