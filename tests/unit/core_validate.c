// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core_programs.h"

static int check(const struct program *program, struct nvdla_diag *diag)
{
	struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];

	return nvdla_program_check(small(), program->ops, program->count, slots, diag);
}

static void assert_accepted(const struct program *program)
{
	struct nvdla_diag diag;

	if (check(program, &diag))
		fail_msg("operation %u: %s: %s", diag.index, diag.field, diag.rule);
}

static void assert_refused(const struct program *program, u32 index, const char *field)
{
	struct nvdla_diag diag;

	assert_int_equal(check(program, &diag), -EINVAL);
	assert_string_equal(diag.field, field);
	assert_int_equal(diag.index, index);
	assert_true(diag.rule[0]);
}

static void accepts_fixed_program(void **state)
{
	struct program program;

	(void)state;
	fixed_program(&program);
	assert_accepted(&program);
}

static void accepts_random_programs(void **state)
{
	struct program program;

	(void)state;
	for (u32 seed = 1; seed <= 3000; seed++) {
		random_program(&program, seed, 12);
		assert_accepted(&program);
	}
}

/* One field of the fixed program, a value that breaks it, and what must be said about it. */
struct corruption {
	u32 op;
	size_t offset;
	size_t size;
	u64 value;
	const char *field;
};

#define BREAK(op, field, value, says) \
	{ op, offsetof(struct drm_nvdla_op, field), \
	  sizeof(((struct drm_nvdla_op *)0)->field), (u64)(value), says }

static const struct corruption corruptions[] = {
	BREAK(0, engine, 0, "engine"),
	BREAK(0, engine, 4, "engine"),
	BREAK(0, engine, ~0u, "engine"),
	BREAK(0, flags, 1, "flags"),
	BREAK(0, pad, 1, "pad"),
	BREAK(0, reserved[255], 1, "reserved"),
	BREAK(0, reserved[sizeof(struct drm_nvdla_conv)], 1, "reserved"),
	BREAK(3, reserved[sizeof(struct drm_nvdla_sdp)], 1, "reserved"),
	BREAK(4, reserved[sizeof(struct drm_nvdla_pdp)], 1, "reserved"),

	BREAK(0, deps[0], 1, "deps"),
	BREAK(0, dep_count, 1, "deps"),
	BREAK(3, dep_count, 9, "dep_count"),
	BREAK(3, dep_count, ~0u, "dep_count"),
	BREAK(3, deps[0], 3, "deps"),
	BREAK(3, deps[0], 4, "deps"),
	BREAK(3, deps[7], 1, "deps"),
	/* On operation 0, whose chain these two belong to. */
	BREAK(1, dep_count, 1, "deps"),
	BREAK(2, dep_count, 1, "deps"),

	BREAK(0, conv.src.addr.slot, 64, "conv.src"),
	BREAK(0, conv.src.addr.offset, 4, "conv.src"),
	BREAK(0, conv.src.addr.pad, 1, "conv.src"),
	BREAK(0, conv.src.addr.offset, 1ull << 32, "offset"),
	BREAK(0, conv.src.addr.offset, ~7ull, "offset"),
	BREAK(0, conv.src.line_stride, 72, "conv.src"),
	BREAK(0, conv.src.line_stride, 84, "conv.src"),
	BREAK(0, conv.src.surface_stride, 472, "conv.src"),
	BREAK(0, conv.src.surface_stride, 484, "conv.src"),
	BREAK(0, conv.weights.slot, 64, "conv.weights"),
	BREAK(0, conv.weights.offset, 128, "conv.weights"),
	BREAK(0, conv.weights.pad, 1, "conv.weights"),
	BREAK(0, conv.weight_bytes, 2280, "conv.weight_bytes"),
	BREAK(0, conv.weight_bytes, 2432, "conv.weight_bytes"),
	BREAK(0, conv.format, 4, "conv.format"),
	BREAK(0, conv.src_width, 0, "conv.src_width"),
	BREAK(0, conv.src_width, 8193, "conv.src_width"),
	BREAK(0, conv.src_width, 9, "conv.dst_width"),
	BREAK(0, conv.src_height, 0, "conv.src_height"),
	BREAK(0, conv.src_height, 8193, "conv.src_height"),
	BREAK(0, conv.src_height, 5, "conv.dst_height"),
	BREAK(0, conv.src_channels, 0, "conv.src_channels"),
	BREAK(0, conv.src_channels, 8193, "conv.src_channels"),
	BREAK(0, conv.src_channels, 8192, "conv.weight_bytes"),
	BREAK(0, conv.kernels, 0, "conv.kernels"),
	BREAK(0, conv.kernels, 8193, "conv.kernels"),
	BREAK(0, conv.kernels, 40, "conv.weight_bytes"),
	BREAK(0, conv.dst_width, 0, "conv.dst_width"),
	BREAK(0, conv.dst_width, 6, "conv.dst_width"),
	BREAK(0, conv.dst_width, 8193, "conv.dst_width"),
	BREAK(0, conv.dst_height, 0, "conv.dst_height"),
	BREAK(0, conv.dst_height, 3, "conv.dst_height"),
	BREAK(0, conv.dst_height, 8193, "conv.dst_height"),
	BREAK(0, conv.pad_value, -129, "conv.pad_value"),
	BREAK(0, conv.pad_value, 128, "conv.pad_value"),
	BREAK(0, conv.kernel_width, 0, "conv.kernel_width"),
	BREAK(0, conv.kernel_width, 33, "conv.kernel_width"),
	BREAK(0, conv.kernel_height, 0, "conv.kernel_height"),
	BREAK(0, conv.kernel_height, 33, "conv.kernel_height"),
	BREAK(0, conv.stride_x, 0, "conv.stride_x"),
	BREAK(0, conv.stride_x, 9, "conv.stride_x"),
	BREAK(0, conv.stride_y, 0, "conv.stride_y"),
	BREAK(0, conv.stride_y, 9, "conv.stride_y"),
	BREAK(0, conv.dilation_x, 0, "conv.dilation_x"),
	BREAK(0, conv.dilation_x, 33, "conv.dilation_x"),
	BREAK(0, conv.dilation_y, 0, "conv.dilation_y"),
	BREAK(0, conv.dilation_y, 33, "conv.dilation_y"),
	BREAK(0, conv.pad_left, 2, "conv.pad_left"),
	BREAK(0, conv.pad_left, 32, "conv.pad_left"),
	BREAK(0, conv.pad_right, 2, "conv.pad_right"),
	BREAK(0, conv.pad_top, 5, "conv.pad_top"),
	BREAK(0, conv.pad_bottom, 5, "conv.pad_bottom"),
	BREAK(0, conv.data_banks, 0, "conv.data_banks"),
	BREAK(0, conv.data_banks, 32, "conv.weight_banks"),
	BREAK(0, conv.data_banks, 255, "conv.weight_banks"),
	BREAK(0, conv.weight_banks, 0, "conv.weight_banks"),
	BREAK(0, conv.weight_banks, 32, "conv.weight_banks"),
	BREAK(0, conv.truncate, 32, "conv.truncate"),
	BREAK(0, conv.cvt_truncate, 1, "conv.cvt_truncate"),
	BREAK(0, conv.cvt_offset, 1, "conv.cvt_offset"),
	BREAK(0, conv.cvt_scale, 1, "conv.cvt_scale"),
	BREAK(0, conv.pad, 1, "conv.pad"),

	BREAK(5, conv.src.addr.offset, 104, "conv.src"),
	BREAK(5, conv.src.line_stride, 72, "conv.src"),
	BREAK(5, conv.src.line_stride, 32, "conv.src"),
	BREAK(5, conv.src.surface_stride, 320, "conv.src"),
	BREAK(5, conv.format, DRM_NVDLA_R8, "conv.src_channels"),
	BREAK(5, conv.src_channels, 3, "conv.src_channels"),
	BREAK(5, conv.dilation_x, 2, "conv.dilation_x"),
	BREAK(5, conv.dilation_y, 2, "conv.dilation_y"),
	BREAK(5, conv.cvt_truncate, 64, "conv.cvt_truncate"),

	BREAK(3, sdp.source, 2, "sdp.source"),
	BREAK(1, sdp.src.line_stride, 40, "sdp.src"),
	BREAK(1, sdp.dst.surface_stride, 40, "sdp.dst"),
	BREAK(1, sdp.width, 0, "sdp.width"),
	BREAK(1, sdp.width, 4, "sdp.source"),
	BREAK(1, sdp.width, 8193, "sdp.width"),
	BREAK(1, sdp.height, 0, "sdp.height"),
	BREAK(1, sdp.height, 3, "sdp.source"),
	BREAK(1, sdp.height, 8193, "sdp.height"),
	BREAK(1, sdp.channels, 0, "sdp.channels"),
	BREAK(1, sdp.channels, 18, "sdp.source"),
	BREAK(1, sdp.channels, 8193, "sdp.channels"),
	BREAK(1, sdp.out_shift, 64, "sdp.out_shift"),
	BREAK(1, sdp.pad[1], 1, "sdp.pad"),
	BREAK(1, sdp.x1.alu, 4, "sdp.x1.alu"),
	BREAK(1, sdp.x1.alu, DRM_NVDLA_ALU_NONE, "sdp.x1.alu"),
	BREAK(1, sdp.x1.alu_operand, 3, "sdp.x1.alu"),
	BREAK(1, sdp.x1.alu_operand, DRM_NVDLA_OPERAND_ELEMENT, "sdp.x1.operand"),
	BREAK(1, sdp.x1.alu_shift, 64, "sdp.x1.alu"),
	BREAK(1, sdp.x1.alu_value, 1, "sdp.x1.alu"),
	BREAK(1, sdp.x1.mul, 3, "sdp.x1.mul"),
	BREAK(1, sdp.x1.mul, DRM_NVDLA_MUL_NONE, "sdp.x1.mul"),
	BREAK(1, sdp.x1.mul, DRM_NVDLA_MUL_PRELU, "sdp.x1.mul"),
	BREAK(1, sdp.x1.mul_operand, 3, "sdp.x1.mul"),
	BREAK(1, sdp.x1.mul_operand, DRM_NVDLA_OPERAND_ELEMENT, "sdp.x1.operand"),
	BREAK(1, sdp.x1.mul_shift, 64, "sdp.x1.mul"),
	BREAK(1, sdp.x1.mul_value, 1, "sdp.x1.mul"),
	BREAK(1, sdp.x1.relu, 2, "sdp.x1.relu"),
	BREAK(1, sdp.x1.operand_bytes, 0, "sdp.x1.operand_bytes"),
	BREAK(1, sdp.x1.operand_bytes, 3, "sdp.x1.operand_bytes"),
	BREAK(1, sdp.x1.pad, 1, "sdp.x1.pad"),
	BREAK(1, sdp.x1.operand.addr.slot, 64, "sdp.x1.operand"),
	BREAK(1, sdp.x1.operand.addr.offset, 4, "sdp.x1.operand"),
	BREAK(1, sdp.x1.operand.addr.pad, 4, "sdp.x1.operand"),
	BREAK(1, sdp.x1.operand.line_stride, 8, "sdp.x1.operand"),
	BREAK(1, sdp.x1.operand.surface_stride, 8, "sdp.x1.operand"),
	BREAK(1, sdp.x2.operand.line_stride, 32, "sdp.x2.operand"),
	BREAK(1, sdp.x2.operand.surface_stride, 152, "sdp.x2.operand"),
	BREAK(1, sdp.x2.operand_bytes, 2, "sdp.x2.operand"),
	BREAK(1, sdp.x2.alu_operand, DRM_NVDLA_OPERAND_REG, "sdp.x2.operand_bytes"),
	BREAK(1, sdp.x2.alu_operand, DRM_NVDLA_OPERAND_CHANNEL, "sdp.x2.operand"),
	BREAK(1, sdp.x2.mul_value, 1, "sdp.x2.mul"),
	BREAK(1, sdp.x2.relu, 2, "sdp.x2.relu"),
	BREAK(1, sdp.x2.pad, 1, "sdp.x2.pad"),
	BREAK(3, sdp.source, DRM_NVDLA_SOURCE_OP, "sdp.src"),
	BREAK(3, sdp.src.line_stride, 16, "sdp.src"),
	BREAK(3, sdp.dst.addr.slot, 64, "sdp.dst"),
	BREAK(3, sdp.dst.line_stride, 16, "sdp.dst"),
	BREAK(3, sdp.dst.surface_stride, 40, "sdp.dst"),
	BREAK(3, sdp.dst.line_stride, 0, "sdp.dst"),
	BREAK(3, sdp.x1.alu_shift, 1, "sdp.x1.alu"),
	BREAK(3, sdp.x1.alu_value, 1, "sdp.x1.alu"),
	BREAK(3, sdp.x1.operand.addr.slot, 1, "sdp.x1.operand"),
	BREAK(3, sdp.x1.operand_bytes, 1, "sdp.x1.operand_bytes"),

	BREAK(4, pdp.source, 2, "pdp.source"),
	BREAK(2, pdp.src.addr.slot, 1, "pdp.src"),
	BREAK(2, pdp.dst.addr.slot, 64, "pdp.dst"),
	BREAK(2, pdp.dst.line_stride, 16, "pdp.dst"),
	BREAK(2, pdp.dst.surface_stride, 40, "pdp.dst"),
	BREAK(2, pdp.recip_width, 1 << 17, "pdp.recip_width"),
	BREAK(2, pdp.recip_width, 33200, "pdp.recip_height"),
	BREAK(2, pdp.recip_height, 1 << 17, "pdp.recip_height"),
	BREAK(2, pdp.recip_height, 33200, "pdp.recip_height"),
	BREAK(2, pdp.pad_value, -129, "pdp.pad_value"),
	BREAK(2, pdp.pad_value, 128, "pdp.pad_value"),
	BREAK(2, pdp.pool, 3, "pdp.pool"),
	BREAK(2, pdp.pool, DRM_NVDLA_POOL_MAX, "pdp.recip_width"),
	BREAK(2, pdp.src_width, 0, "pdp.src_width"),
	BREAK(2, pdp.src_width, 8193, "pdp.src_width"),
	BREAK(2, pdp.src_width, 4, "pdp.dst_width"),
	BREAK(2, pdp.src_height, 0, "pdp.src_height"),
	BREAK(2, pdp.src_height, 8193, "pdp.src_height"),
	BREAK(2, pdp.src_height, 5, "pdp.dst_height"),
	BREAK(2, pdp.channels, 0, "pdp.channels"),
	BREAK(2, pdp.channels, 8193, "pdp.channels"),
	BREAK(2, pdp.channels, 20, "pdp.source"),
	BREAK(2, pdp.dst_width, 0, "pdp.dst_width"),
	BREAK(2, pdp.dst_width, 8193, "pdp.dst_width"),
	BREAK(2, pdp.dst_height, 0, "pdp.dst_height"),
	BREAK(2, pdp.dst_height, 8193, "pdp.dst_height"),
	BREAK(2, pdp.kernel_width, 0, "pdp.kernel_width"),
	BREAK(2, pdp.kernel_width, 9, "pdp.kernel_width"),
	BREAK(2, pdp.kernel_height, 0, "pdp.kernel_height"),
	BREAK(2, pdp.kernel_height, 9, "pdp.kernel_height"),
	BREAK(2, pdp.stride_x, 0, "pdp.stride_x"),
	BREAK(2, pdp.stride_x, 17, "pdp.stride_x"),
	BREAK(2, pdp.stride_y, 0, "pdp.stride_y"),
	BREAK(2, pdp.stride_y, 17, "pdp.stride_y"),
	BREAK(2, pdp.pad_left, 2, "pdp.pad_left"),
	BREAK(2, pdp.pad_right, 2, "pdp.pad_right"),
	BREAK(2, pdp.pad_top, 2, "pdp.pad_top"),
	BREAK(2, pdp.pad_bottom, 2, "pdp.pad_bottom"),
	BREAK(2, pdp.pad[1], 1, "pdp.pad"),
	BREAK(4, pdp.source, DRM_NVDLA_SOURCE_OP, "pdp.src"),
	BREAK(4, pdp.src.line_stride, 16, "pdp.src"),
	BREAK(4, pdp.recip_width, 1, "pdp.recip_width"),
	BREAK(4, pdp.recip_height, 1, "pdp.recip_width"),
	BREAK(4, pdp.pad_value, 1, "pdp.pad_value"),
};

static void refuses_each_broken_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(corruptions) / sizeof(corruptions[0]); i++) {
		const struct corruption *c = &corruptions[i];
		struct program program;
		struct nvdla_diag diag;

		fixed_program(&program);
		memcpy((u8 *)&program.ops[c->op] + c->offset, &c->value, c->size);
		if (check(&program, &diag) != -EINVAL)
			fail_msg("corruption %zu (%s, %lld) was accepted", i, c->field,
				 (long long)c->value);
		if (strcmp(diag.field, c->field) || diag.index != c->op)
			fail_msg("corruption %zu (operation %u, %s, %lld) was called %u, %s: %s", i,
				 c->op, c->field, (long long)c->value, diag.index, diag.field,
				 diag.rule);
	}
}

static void refuses_program_of_wrong_length(void **state)
{
	struct program program;

	(void)state;
	fixed_program(&program);
	program.count = 0;
	assert_refused(&program, 0, "count");
	program.count = DRM_NVDLA_MAX_OPS + 1;
	assert_refused(&program, 0, "count");
}

static void refuses_open_chains(void **state)
{
	struct program program;

	(void)state;
	fixed_program(&program);
	program.count = 6;
	assert_refused(&program, 5, "conv");
	program.count = 2;
	assert_refused(&program, 1, "sdp.dst");

	fixed_program(&program);
	program.ops[1].sdp.source = DRM_NVDLA_SOURCE_MEMORY;
	assert_refused(&program, 0, "conv");
	fixed_program(&program);
	program.ops[2].pdp.source = DRM_NVDLA_SOURCE_MEMORY;
	assert_refused(&program, 1, "sdp.dst");

	/* An SDP operation that both writes and passes on. */
	fixed_program(&program);
	program.ops[1].sdp.dst = packed(9, 0, 5, 4);
	assert_refused(&program, 2, "pdp.source");

	/* A convolution before another convolution. */
	fixed_program(&program);
	program.ops[1] = program.ops[0];
	assert_refused(&program, 0, "conv");

	/* The first operation of a program has none before it. */
	fixed_program(&program);
	program.ops[0] = program.ops[6];
	program.count = 1;
	assert_refused(&program, 0, "sdp.source");

	/* Pooling straight behind a convolution. */
	fixed_program(&program);
	program.ops[1] = program.ops[2];
	program.count = 2;
	assert_refused(&program, 1, "pdp.source");
}

static void requires_packed_pixel(void **state)
{
	struct program program;
	struct drm_nvdla_sdp *sdp = &program.ops[0].sdp;

	(void)state;
	memset(&program, 0, sizeof(program));
	program.count = 1;
	program.ops[0].engine = DRM_NVDLA_SDP;
	*sdp = (struct drm_nvdla_sdp) {
		.src = packed(0, 0, 1, 1), .dst = packed(1, 0, 1, 1),
		.width = 1, .height = 1, .channels = 30,
	};
	assert_accepted(&program);
	sdp->src.surface_stride = 16;
	assert_refused(&program, 0, "sdp.src");
	sdp->src = packed(0, 0, 1, 1);
	sdp->dst.surface_stride = 16;
	assert_refused(&program, 0, "sdp.dst");
	sdp->dst.line_stride = 16;
	assert_refused(&program, 0, "sdp.dst");
	sdp->dst = packed(1, 0, 1, 1);
	sdp->x2 = (struct drm_nvdla_sdp_stage) {
		.operand = packed(2, 0, 2, 1), .alu = DRM_NVDLA_ALU_SUM,
		.alu_operand = DRM_NVDLA_OPERAND_ELEMENT, .operand_bytes = 2,
	};
	assert_accepted(&program);
	sdp->x2.operand.surface_stride += 8;
	assert_refused(&program, 0, "sdp.x2.operand");
}

/* PDP: the widest output for each number of open lines, and one more. */
static void limits_pdp_width(void **state)
{
	static const struct { u8 kernel, stride; u16 width; } limits[] = {
		{ 1, 1, 128 }, { 3, 3, 128 }, { 4, 8, 128 }, { 2, 1, 64 }, { 3, 2, 64 },
		{ 3, 1, 32 }, { 4, 1, 32 }, { 8, 2, 32 }, { 5, 1, 16 }, { 8, 1, 16 },
	};
	struct program program;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(limits) / sizeof(limits[0]); i++) {
		u32 kernel = limits[i / 2].kernel, width = limits[i / 2].width + i % 2;

		memset(&program, 0, sizeof(program));
		program.count = 1;
		program.ops[0] = (struct drm_nvdla_op) {
			.engine = DRM_NVDLA_PDP,
			.pdp = {
				.src = packed(0, 0, width, kernel), .dst = packed(1, 0, width, 1),
				.src_width = width, .src_height = kernel, .channels = 8,
				.dst_width = width, .dst_height = 1, .kernel_width = 1,
				.kernel_height = kernel, .stride_x = 1,
				.stride_y = limits[i / 2].stride, .pool = DRM_NVDLA_POOL_MAX,
			},
		};
		if (i % 2)
			assert_refused(&program, 0, "pdp.dst_width");
		else
			assert_accepted(&program);
	}
}

/* A window that begins in the padding needs an output line of its own, where another surface follows. */
static void limits_pdp_padding(void **state)
{
	struct program program;
	struct drm_nvdla_pdp *pdp = &program.ops[0].pdp;

	(void)state;
	memset(&program, 0, sizeof(program));
	program.count = 1;
	program.ops[0].engine = DRM_NVDLA_PDP;
	*pdp = (struct drm_nvdla_pdp) {
		.src = packed(0, 0, 1, 1), .dst = packed(1, 0, 1, 1), .src_width = 1, .src_height = 1,
		.channels = 8, .dst_width = 1, .dst_height = 1, .kernel_width = 1, .kernel_height = 3,
		.stride_x = 1, .stride_y = 1, .pad_top = 1, .pad_bottom = 1, .pool = DRM_NVDLA_POOL_MAX,
	};
	assert_accepted(&program);
	pdp->channels = 9;
	assert_refused(&program, 0, "pdp.pad_top");
	pdp->stride_y = 2;
	assert_accepted(&program);
}

/* The value between the two reciprocals may be -1024, not 1024. */
static void limits_pdp_average(void **state)
{
	struct program program;
	struct drm_nvdla_pdp *pdp = &program.ops[0].pdp;

	(void)state;
	memset(&program, 0, sizeof(program));
	program.count = 1;
	program.ops[0].engine = DRM_NVDLA_PDP;
	*pdp = (struct drm_nvdla_pdp) {
		.src = packed(0, 0, 8, 8), .dst = packed(1, 0, 1, 1), .src_width = 8,
		.src_height = 8, .channels = 8, .dst_width = 1, .dst_height = 1,
		.kernel_width = 8, .kernel_height = 8, .stride_x = 1, .stride_y = 1,
		.recip_width = 8192, .recip_height = 8192,
	};
	assert_accepted(&program);
	/* 8192 x 8197 / 65536 is 1024.6. */
	pdp->recip_width = 8197;
	assert_refused(&program, 0, "pdp.recip_width");
}

/* Exactly what fits in the convolution buffer, and one bank less. */
static void limits_convolution_buffer(void **state)
{
	struct program program;
	struct drm_nvdla_conv *conv = &program.ops[0].conv;

	(void)state;
	memset(&program, 0, sizeof(program));
	program.count = 2;
	program.ops[0].engine = DRM_NVDLA_CONV;
	/* 61 lines of 3 x 10 entries are 1830, of 512 a bank; 8 kernels of 840 bytes 6720, of 4096. */
	*conv = (struct drm_nvdla_conv) {
		.src = packed(0, 0, 10, 61), .weights = address(1, 0), .weight_bytes = 16000,
		.src_width = 10, .src_height = 61, .src_channels = 20, .kernels = 19,
		.dst_width = 2, .dst_height = 56, .kernel_width = 7, .kernel_height = 6,
		.stride_x = 3, .stride_y = 1, .dilation_x = 1, .dilation_y = 1, .data_banks = 4,
		.weight_banks = 2,
	};
	program.ops[1].engine = DRM_NVDLA_SDP;
	program.ops[1].sdp = (struct drm_nvdla_sdp) {
		.dst = packed(2, 0, 2, 56), .width = 2, .height = 56, .channels = 19,
		.source = DRM_NVDLA_SOURCE_OP,
	};
	assert_accepted(&program);
	assert_int_equal(nvdla_conv_slice_entries(small(), conv), 30);
	conv->data_banks = 3;
	assert_refused(&program, 0, "conv.data_banks");
	conv->data_banks = 30;
	assert_accepted(&program);
	conv->data_banks = 31;
	assert_refused(&program, 0, "conv.weight_banks");
	conv->weight_banks = 1;
	assert_refused(&program, 0, "conv.weight_banks");
}

/* Lines of an image's kernel that CSC walks wrongly. */
static void refuses_image_kernels_that_go_wrong(void **state)
{
	static const struct { u8 channels, kernel; u16 dst; bool good; } cases[] = {
		{ 1, 1, 1, true }, { 1, 9, 17, true }, { 1, 16, 17, true }, { 1, 17, 2, false },
		{ 1, 18, 17, true }, { 1, 24, 1, true }, { 1, 25, 4, false }, { 1, 26, 16, true },
		{ 1, 26, 17, false }, { 1, 28, 1, false }, { 1, 28, 18, true }, { 1, 29, 1, true },
		{ 4, 5, 17, true }, { 4, 6, 17, true }, { 4, 7, 16, true }, { 4, 7, 17, false },
		{ 4, 7, 33, false }, { 4, 8, 33, true }, { 4, 31, 1, false }, { 4, 31, 2, true },
	};
	struct program program;
	struct drm_nvdla_conv *conv = &program.ops[5].conv;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixed_program(&program);
		conv->format = cases[i].channels == 1 ? DRM_NVDLA_R8 : DRM_NVDLA_R8G8B8A8;
		conv->src_channels = cases[i].channels;
		conv->kernel_width = cases[i].kernel;
		conv->pad_left = 0;
		conv->pad_right = 0;
		conv->dst_width = cases[i].dst;
		conv->src_width = cases[i].dst + cases[i].kernel - 1;
		conv->src.line_stride = 512;
		conv->weight_bytes = whole(3 * 3 * cases[i].kernel * cases[i].channels, 128);
		program.ops[6].sdp.width = cases[i].dst;
		program.ops[6].sdp.dst = packed(8, 0, cases[i].dst, 5);
		if (cases[i].good)
			assert_accepted(&program);
		else
			assert_refused(&program, 5, cases[i].kernel % 8 == 1 &&
				       cases[i].channels == 1 ? "conv.kernel_width" : "conv.dst_width");
	}
}

/* The largest sizes that fields can hold must neither overflow nor pass. */
static void survives_extreme_sizes(void **state)
{
	struct program program;
	struct drm_nvdla_sdp *sdp = &program.ops[0].sdp;

	(void)state;
	memset(&program, 0, sizeof(program));
	program.count = 1;
	program.ops[0].engine = DRM_NVDLA_SDP;
	*sdp = (struct drm_nvdla_sdp) { .width = 8192, .height = 8192, .channels = 8192 };
	sdp->src = packed(0, 0, 8192, 8192);
	sdp->dst = packed(1, 0, 8192, 8192);
	assert_refused(&program, 0, "offset");
	/* A plane whose size in 32 bits would be its last line only. */
	sdp->height = 4097;
	sdp->src.line_stride = 1 << 20;
	sdp->src.surface_stride = 65536;
	assert_refused(&program, 0, "sdp.src");
	/* An offset that the size carries over 2^64, and the last bytes of the address space. */
	*sdp = (struct drm_nvdla_sdp) { .width = 2, .height = 1, .channels = 1 };
	sdp->src = packed(0, ~7ull, 2, 1);
	sdp->dst = packed(1, 0, 2, 1);
	assert_refused(&program, 0, "offset");
	sdp->src = packed(0, (1ull << 32) - 16, 2, 1);
	assert_accepted(&program);
	sdp->src = packed(0, (1ull << 32) - 8, 2, 1);
	assert_refused(&program, 0, "offset");
}

static void tells_what_slots_need(void **state)
{
	struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
	struct program program;
	struct nvdla_diag diag;

	(void)state;
	fixed_program(&program);
	memset(slots, 0xff, sizeof(slots));
	assert_int_equal(nvdla_program_check(small(), program.ops, program.count, slots, &diag), 0);
	/* Three planes of 6 lines of 10 atoms, from 64 on. */
	assert_int_equal(slots[0].min_size, 64 + 3 * 480);
	assert_int_equal(slots[0].access, DRM_NVDLA_SLOT_READ);
	assert_int_equal(slots[0].align, 8);
	/* 2280 bytes of weights in whole entries, from 256 on; an image's 108 bytes from 0 on. */
	assert_int_equal(slots[1].min_size, 256 + 2280);
	assert_int_equal(slots[1].align, 256);
	/* 24 channels with two operands of two bytes, from 16 on. */
	assert_int_equal(slots[2].min_size, 16 + 24 * 4);
	assert_int_equal(slots[3].min_size, 8 + 3 * 160);
	/* Written by pooling, read by SDP. */
	assert_int_equal(slots[4].min_size, 3 * 48);
	assert_int_equal(slots[4].access, DRM_NVDLA_SLOT_READ | DRM_NVDLA_SLOT_WRITE);
	assert_int_equal(slots[6].access, DRM_NVDLA_SLOT_WRITE);
	/* Five lines of 52 bytes, read in whole atoms, 64 apart, from 96 on. */
	assert_int_equal(slots[7].min_size, 96 + 4 * 64 + 56);
	assert_int_equal(slots[7].align, 32);
	assert_int_equal(slots[9].min_size, 0);
	assert_int_equal(slots[9].align, 0);
	assert_int_equal(slots[9].access, 0);
}

struct three_bindings {
	struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
	struct nvdla_binding bindings[3];
};

/* Two that are read, one that is written and ends with the address space. */
static const struct three_bindings good_bindings = {
	.slots = {
		{ 0x100, 256, DRM_NVDLA_SLOT_READ },
		{ 0x200, 8, DRM_NVDLA_SLOT_READ },
		{ 0x100, 8, DRM_NVDLA_SLOT_WRITE },
	},
	.bindings = { { 0x1000, 0x100 }, { 0x2000, 0x300 }, { 0xffffff00, 0x100 } },
};

static void assert_bindings(const struct three_bindings *three, int expected, u32 index)
{
	struct nvdla_diag diag = { .index = index };

	assert_int_equal(nvdla_bindings_check(small(), three->slots, three->bindings, 3, &diag),
			 expected);
	if (expected)
		assert_int_equal(diag.index, index);
}

static void checks_size_and_place_of_bindings(void **state)
{
	struct three_bindings three = good_bindings;
	struct nvdla_diag diag;

	(void)state;
	assert_bindings(&three, 0, 0);
	assert_int_equal(nvdla_bindings_check(small(), three.slots, three.bindings, 2, &diag),
			 -EINVAL);
	assert_int_equal(diag.index, 2);
	three.bindings[0].size = 0xff;
	assert_bindings(&three, -EINVAL, 0);
	three = good_bindings;
	three.bindings[0].addr = 0x1080;
	assert_bindings(&three, -EINVAL, 0);
	three = good_bindings;
	three.bindings[2].addr += 8;
	assert_bindings(&three, -EINVAL, 2);
	three.bindings[2].addr = ~7ull;
	assert_bindings(&three, -EINVAL, 2);
	/* A slot that the program does not use may be bound to anything. */
	three.slots[2].min_size = 0;
	assert_bindings(&three, 0, 0);
}

static void checks_overlap_of_bindings(void **state)
{
	struct three_bindings three = good_bindings;

	(void)state;
	three.bindings[1].addr = 0x1000;
	assert_bindings(&three, 0, 0);
	three.bindings[2].addr = 0x12f8;
	assert_bindings(&three, -EINVAL, 2);
	three.bindings[2].addr = 0x1300;
	assert_bindings(&three, 0, 0);
	three.slots[0].access = DRM_NVDLA_SLOT_WRITE;
	assert_bindings(&three, -EINVAL, 1);
}

static void knows_configurations(void **state)
{
	struct drm_nvdla_dev_info info;

	(void)state;
	assert_null(nvdla_config_find("nv_none"));
	assert_null(nvdla_config_find(""));
	assert_non_null(small());
	memset(&info, 0xff, sizeof(info));
	nvdla_config_info(small(), &info);
	assert_string_equal((const char *)info.config, "nv_small");
	assert_int_equal(info.config[15], 0);
	assert_int_equal(info.atom, 8);
	assert_int_equal(info.cbuf_banks * info.cbuf_entries * info.cbuf_entry_bytes, 128 << 10);
	assert_int_equal(info.dma_bits, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_fixed_program),
		cmocka_unit_test(accepts_random_programs),
		cmocka_unit_test(refuses_each_broken_field),
		cmocka_unit_test(refuses_program_of_wrong_length),
		cmocka_unit_test(refuses_open_chains),
		cmocka_unit_test(requires_packed_pixel),
		cmocka_unit_test(limits_pdp_width),
		cmocka_unit_test(limits_pdp_padding),
		cmocka_unit_test(limits_pdp_average),
		cmocka_unit_test(limits_convolution_buffer),
		cmocka_unit_test(refuses_image_kernels_that_go_wrong),
		cmocka_unit_test(survives_extreme_sizes),
		cmocka_unit_test(tells_what_slots_need),
		cmocka_unit_test(checks_size_and_place_of_bindings),
		cmocka_unit_test(checks_overlap_of_bindings),
		cmocka_unit_test(knows_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
