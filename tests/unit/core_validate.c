// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core_corruptions.h"

static int check(const struct program *program, struct nvdla_diag *diag)
{
	struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];

	return check_program(program, slots, diag);
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

/* Where a field may be wrong for several reasons. */
static void assert_rule(const struct program *program, const char *rule)
{
	struct nvdla_diag diag;

	assert_int_equal(check(program, &diag), -EINVAL);
	assert_string_equal(diag.rule, rule);
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

/* What one convolution keeps is compared at the next one, which is blamed. */
static void refuses_each_broken_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(corruptions) / sizeof(corruptions[0]); i++) {
		const struct corruption *c = &corruptions[i];
		struct program program;
		struct nvdla_diag diag;

		fixed_program(&program);
		corrupt(&program, c);
		if (check(&program, &diag) != -EINVAL)
			fail_msg("corruption %zu (%s, %lld) was accepted", i, c->field,
				 (long long)c->value);
		if (strcmp(diag.field, c->field) ||
		    (diag.index != c->index &&
		     program.ops[diag.index].engine != DRM_NVDLA_CONV))
			fail_msg("corruption %zu (of %u, %s, %lld) was called %u, %s: %s", i,
				 c->index, c->field, (long long)c->value, diag.index, diag.field,
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
}

/* The first operation of a program has none before it; others may have the wrong one. */
static void refuses_chains_with_wrong_links(void **state)
{
	struct program program;

	(void)state;
	fixed_program(&program);
	program.ops[0] = program.ops[6];
	program.count = 1;
	assert_rule(&program, "the operation before is no convolution");
	fixed_program(&program);
	program.ops[0] = program.ops[2];
	program.count = 1;
	assert_rule(&program, "the operation before is no SDP operation");

	fixed_program(&program);
	program.ops[4] = program.ops[6];
	assert_rule(&program, "the operation before is no convolution");
	fixed_program(&program);
	program.ops[1] = program.ops[2];
	program.count = 2;
	assert_rule(&program, "the operation before is no SDP operation");

	/* Poolings of another size than what SDP gives. */
	fixed_program(&program);
	program.ops[2].pdp.src_width = 7;
	program.ops[2].pdp.dst_width = 4;
	program.ops[2].pdp.dst = packed(4, 0, 4, 2);
	assert_rule(&program, "the result before has another size");
	fixed_program(&program);
	program.ops[2].pdp.src_height = 6;
	program.ops[2].pdp.dst_height = 3;
	program.ops[2].pdp.dst = packed(4, 0, 3, 3);
	assert_rule(&program, "the result before has another size");
}

static void limits_number_of_luts(void **state)
{
	static struct drm_nvdla_lut luts[DRM_NVDLA_MAX_LUTS + 1];
	struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
	struct nvdla_source source;
	struct program program;
	struct nvdla_diag diag;

	(void)state;
	fixed_program(&program);
	source = source_of(&program);
	source.luts = luts;
	source.lut_count = DRM_NVDLA_MAX_LUTS;
	assert_int_equal(nvdla_program_check(small(), &source, slots, &diag), 0);
	source.lut_count++;
	assert_int_equal(nvdla_program_check(small(), &source, slots, &diag), -EINVAL);
	assert_string_equal(diag.field, "luts");
	/* The one that is wrong is named. */
	source.lut_count--;
	luts[63].both_hit = 7;
	assert_int_equal(nvdla_program_check(small(), &source, slots, &diag), -EINVAL);
	assert_int_equal(diag.index, 63);
}

/* What convolution 11 takes from convolution 9 lies in the buffer as it expects it to. */
static void takes_over_only_what_matches(void **state)
{
	struct program program;
	struct drm_nvdla_conv *from = &program.ops[9].conv, *to = &program.ops[11].conv;
	struct drm_nvdla_sdp *sdp = &program.ops[12].sdp;

	(void)state;
	/* Another number of kernels, or size, of the same total. */
	fixed_program(&program);
	to->kernels = 6;
	to->weight_bytes = 512;
	sdp->channels = 6;
	assert_rule(&program, "not as in the one before");
	fixed_program(&program);
	to->kernel_width = 1;
	to->dst_width = 10;
	to->weight_bytes = 128;
	sdp->width = 10;
	sdp->dst = packed(11, 0, 10, 4);
	assert_refused(&program, 11, "conv.kernel_width");
	fixed_program(&program);
	to->kernel_height = 1;
	to->dst_height = 6;
	to->weight_bytes = 128;
	sdp->height = 6;
	sdp->dst = packed(11, 0, 8, 6);
	assert_refused(&program, 11, "conv.kernel_height");

	/* Other channels: one entry for each pixel all the same. */
	fixed_program(&program);
	to->src_channels = 7;
	to->weight_bytes = whole(7 * 9 * 5, 128);
	assert_refused(&program, 11, "conv.src_channels");
	/* Another width. */
	fixed_program(&program);
	to->src_width = 11;
	to->dst_width = 9;
	to->src = packed(0, 0, 11, 6);
	sdp->width = 9;
	sdp->dst = packed(11, 0, 9, 4);
	assert_refused(&program, 11, "conv.src_width");

	/* Images: the padding lies in the buffer too. */
	fixed_program(&program);
	from->format = DRM_NVDLA_A8B8G8R8;
	from->src_channels = 4;
	from->weight_bytes = 256;
	from->src = (struct drm_nvdla_surface) { .addr = address(0, 0), .line_stride = 40 };
	*to = *from;
	to->flags = DRM_NVDLA_CONV_REUSE_WEIGHTS;
	to->weights = (struct drm_nvdla_addr) { 0 };
	to->keep_lines = 0;
	to->reuse_lines = 2;
	assert_accepted(&program);
	to->src_width--;
	to->pad_left++;
	assert_refused(&program, 11, "conv.src_width");
	to->src_width++;
	to->dst_width++;
	sdp->width++;
	sdp->dst = packed(11, 0, 9, 4);
	assert_refused(&program, 11, "conv.pad_left");
	to->pad_left--;
	to->pad_right++;
	assert_refused(&program, 11, "conv.pad_right");
	to->pad_right--;
	to->dst_width--;
	sdp->width--;
	to->format = DRM_NVDLA_R8G8B8A8;
	assert_refused(&program, 11, "conv.format");
}

/* Pixels of two planes; none of them may be left out. */
static void accepts_two_planes(void **state)
{
	struct program program;
	struct drm_nvdla_conv *conv = &program.ops[5].conv;

	(void)state;
	fixed_program(&program);
	conv->format = DRM_NVDLA_Y8_U8V8;
	conv->src_channels = 3;
	conv->src = (struct drm_nvdla_surface) { .addr = address(7, 96), .line_stride = 16 };
	conv->src_uv = address(7, 0);
	conv->uv_line_stride = 32;
	conv->cvt_offset[3] = 0;
	assert_refused(&program, 5, "conv.src_x");
	conv->src_x = 0;
	/* Three bytes of three pixels: one more than a multiple of eight, but not more than nine. */
	assert_accepted(&program);
	conv->cvt_offset[3] = 1;
	assert_refused(&program, 5, "conv.cvt_offset");
	conv->cvt_offset[3] = 0;
	conv->uv_line_stride = 24;
	assert_refused(&program, 5, "conv.src_uv");
	conv->uv_line_stride = 36;
	assert_refused(&program, 5, "conv.src_uv");
	conv->uv_line_stride = 32;
	conv->src_uv.offset = 4;
	assert_refused(&program, 5, "conv.src_uv");
}

/* All lines stay for further kernels, some with new ones behind them. */
static void keeps_lines(void **state)
{
	struct program program;
	struct drm_nvdla_conv *from = &program.ops[9].conv, *to = &program.ops[11].conv;

	(void)state;
	fixed_program(&program);
	from->keep_lines = 6;
	to->reuse_lines = 6;
	assert_refused(&program, 11, "conv.src");
	to->src = (struct drm_nvdla_surface) { 0 };
	assert_accepted(&program);
	from->flags = 0;
	to->flags = 0;
	to->weights = address(1, 256);
	assert_accepted(&program);
	/* Not across the end of the program. */
	to->keep_lines = 6;
	assert_refused(&program, 11, "conv.reuse_lines");
	to->keep_lines = 0;
	to->flags = DRM_NVDLA_CONV_KEEP_WEIGHTS;
	assert_refused(&program, 11, "conv.flags");
	/* All weights have to be there at once: 24 kernels of 1800 bytes fill 11 banks, 8 fill 4. */
	to->flags = 0;
	from->flags = 0;
	assert_accepted(&program);
	from->src_channels = 200;
	from->kernels = 24;
	assert_int_equal(nvdla_conv_weight_banks(small(), from), 4);
	from->flags = DRM_NVDLA_CONV_KEEP_WEIGHTS;
	assert_int_equal(nvdla_conv_weight_banks(small(), from), 11);
}

static void one_operation(struct program *program, u32 engine)
{
	memset(program, 0, sizeof(*program));
	program->count = 1;
	program->ops[0].engine = engine;
}

static void requires_packed_pixel(void **state)
{
	struct program program;
	struct drm_nvdla_sdp *sdp = &program.ops[0].sdp;

	(void)state;
	one_operation(&program, DRM_NVDLA_SDP);
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
	one_operation(&program, DRM_NVDLA_PDP);
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

/* A pooling of 3 x 1 to nothing: its size fits the rule that windows tile the input. */
static void refuses_empty_outputs(void **state)
{
	struct program program;
	struct drm_nvdla_pdp *pdp = &program.ops[0].pdp;
	struct drm_nvdla_conv *conv = &program.ops[0].conv;

	(void)state;
	fixed_program(&program);
	program.ops[0] = program.ops[4];
	program.ops[0].dep_count = 0;
	memset(program.ops[0].deps, 0, sizeof(program.ops[0].deps));
	program.count = 1;
	pdp->src_width = 1;
	pdp->kernel_width = 3;
	pdp->stride_x = 2;
	pdp->dst_width = 0;
	assert_rule(&program, "must be 1..8192");
	pdp->src_width = 3;
	pdp->kernel_width = 1;
	pdp->stride_x = 1;
	pdp->dst_width = 3;
	assert_accepted(&program);
	pdp->kernel_height = 3;
	pdp->src_height = 1;
	pdp->stride_y = 2;
	pdp->dst_height = 0;
	assert_rule(&program, "must be 1..8192");

	fixed_program(&program);
	conv->src_width = 3;
	conv->kernel_width = 5;
	conv->dst_width = 0;
	assert_rule(&program, "must be 1..8192");
	fixed_program(&program);
	conv->src_height = 3;
	conv->pad_top = 0;
	conv->pad_bottom = 0;
	conv->kernel_height = 5;
	conv->dilation_y = 1;
	conv->stride_y = 2;
	conv->dst_height = 0;
	assert_rule(&program, "must be 1..8192");
}

static void refuses_sizes_beyond_registers(void **state)
{
	struct program program;

	(void)state;
	fixed_program(&program);
	program.ops[0].conv.dst_width = 8193;
	assert_rule(&program, "must be 1..8192");
	fixed_program(&program);
	program.ops[0].conv.dst_height = 8193;
	assert_rule(&program, "must be 1..8192");
	fixed_program(&program);
	program.ops[8].pdp.dst_width = 8193;
	assert_rule(&program, "must be 1..8192");
	fixed_program(&program);
	program.ops[8].pdp.dst_height = 8193;
	assert_rule(&program, "must be 1..8192");
	fixed_program(&program);
	program.ops[8].pdp.parts = 257;
	assert_rule(&program, "must be 0 or 2..256");
}

/* As wide as the registers for padding, under a kernel that is wider. */
static void limits_convolution_padding(void **state)
{
	static const struct { u8 left, right, top, bottom; const char *field; } cases[] = {
		{ 31, 63, 31, 63, NULL }, { 32, 62, 31, 63, "conv.pad_left" },
		{ 30, 64, 31, 63, "conv.pad_right" }, { 31, 63, 32, 62, "conv.pad_top" },
		{ 31, 63, 30, 64, "conv.pad_bottom" },
	};
	struct program program;
	struct drm_nvdla_conv *conv = &program.ops[0].conv;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixed_program(&program);
		program.count = 2;
		/* 100 + 94 is 129 + 65. */
		*conv = (struct drm_nvdla_conv) {
			.src = packed(0, 0, 100, 100), .weights = address(1, 0),
			.weight_bytes = 256, .src_width = 100, .src_height = 100, .src_channels = 8,
			.kernels = 1, .dst_width = 66, .dst_height = 66, .kernel_width = 5,
			.kernel_height = 5, .stride_x = 1, .stride_y = 1, .dilation_x = 32,
			.dilation_y = 32, .pad_left = cases[i].left, .pad_right = cases[i].right,
			.pad_top = cases[i].top, .pad_bottom = cases[i].bottom, .data_banks = 20,
			.weight_banks = 1,
		};
		program.ops[1].sdp = (struct drm_nvdla_sdp) {
			.dst = packed(2, 0, 66, 66), .width = 66, .height = 66, .channels = 1,
			.source = DRM_NVDLA_SOURCE_OP,
		};
		if (cases[i].field)
			assert_refused(&program, 0, cases[i].field);
		else
			assert_accepted(&program);
	}
}

/* 512 kernels of 2^23 bytes are 2^32 bytes together. */
static void survives_weights_beyond_32_bits(void **state)
{
	struct program program;
	struct drm_nvdla_conv *conv = &program.ops[0].conv;

	(void)state;
	fixed_program(&program);
	*conv = (struct drm_nvdla_conv) {
		.src = packed(0, 0, 32, 32), .weights = address(1, 0), .src_width = 32,
		.src_height = 32, .src_channels = 8192, .kernels = 512, .dst_width = 1,
		.dst_height = 1, .kernel_width = 32, .kernel_height = 32, .stride_x = 1,
		.stride_y = 1, .dilation_x = 1, .dilation_y = 1, .data_banks = 255,
		.weight_banks = 255,
	};
	assert_rule(&program, "a kernel has more than 2^18 bytes");
}

/* Strips of a pooling; the first one's extra column is what the second reads again. */
static void limits_pdp_parts(void **state)
{
	struct program program;
	struct drm_nvdla_pdp *pdp = &program.ops[8].pdp;

	(void)state;
	/* The first window has two columns of padding; the second needs three that it would read. */
	fixed_program(&program);
	program.ops[8].pdp = (struct drm_nvdla_pdp) {
		.src = packed(0, 0, 9, 1), .dst = packed(10, 0, 5, 1), .src_width = 9,
		.src_height = 1, .channels = 8, .dst_width = 5, .dst_height = 1, .parts = 2,
		.first_width = 2, .pool = DRM_NVDLA_POOL_MAX, .kernel_width = 5,
		.kernel_height = 1, .stride_x = 2, .stride_y = 1, .pad_left = 4,
	};
	assert_accepted(&program);
	pdp->first_width = 1;
	assert_rule(&program, "the first part is narrower than what the next reads again");
	/* The same behind: the last window begins in the last column that the one before has. */
	pdp->pad_left = 0;
	pdp->pad_right = 4;
	pdp->first_width = 3;
	assert_rule(&program, "the last part takes no input");
	pdp->pad_right = 4;
	pdp->first_width = 2;
	assert_accepted(&program);
	/* A gap between windows. */
	pdp->stride_x = 6;
	pdp->pad_right = 0;
	pdp->src_width = 29;
	pdp->src = packed(0, 0, 29, 1);
	assert_rule(&program, "must be zero, the windows do not touch");
	pdp->parts = 0;
	pdp->first_width = 0;
	assert_accepted(&program);
	/* Without parts, and 1000 wide. */
	pdp->stride_x = 5;
	pdp->dst_width = 200;
	pdp->dst = packed(10, 0, 200, 1);
	pdp->src_width = 1000;
	pdp->src = packed(0, 0, 1000, 1);
	assert_refused(&program, 8, "pdp.dst_width");
	pdp->parts = 2;
	pdp->first_width = 100;
	assert_accepted(&program);
	pdp->first_width = 129;
	assert_refused(&program, 8, "pdp.first_width");
	pdp->first_width = 71;
	assert_refused(&program, 8, "pdp.parts");
}

/* Reads of both operands are of one kind, whatever fits each of them. */
static void requires_operands_of_one_kind(void **state)
{
	struct program program;
	struct drm_nvdla_sdp_stage *x1 = &program.ops[1].sdp.x1;

	(void)state;
	fixed_program(&program);
	x1->operand = (struct drm_nvdla_surface) {
		.addr = address(2, 16), .line_stride = 5 * 32, .surface_stride = 5 * 32 * 4,
	};
	x1->alu_operand = DRM_NVDLA_OPERAND_ELEMENT;
	assert_refused(&program, 1, "sdp.x1.operand");
	x1->mul_operand = DRM_NVDLA_OPERAND_ELEMENT;
	assert_accepted(&program);
}

/* The value between the two reciprocals may be -1024, not 1024. */
static void limits_pdp_average(void **state)
{
	struct program program;
	struct drm_nvdla_pdp *pdp = &program.ops[0].pdp;

	(void)state;
	one_operation(&program, DRM_NVDLA_PDP);
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
	pdp->recip_width = 0;
	pdp->recip_height = 1 << 17;
	assert_rule(&program, "has more than 17 bits");
	pdp->recip_height--;
	assert_accepted(&program);

	/* 127 x 1.00392 is below 127.5, 128 x 1.00392 not below 128.5. */
	*pdp = (struct drm_nvdla_pdp) {
		.src = packed(0, 0, 1, 1), .dst = packed(1, 0, 1, 1), .src_width = 1,
		.src_height = 1, .channels = 8, .dst_width = 1, .dst_height = 1,
		.kernel_width = 1, .kernel_height = 1, .stride_x = 1, .stride_y = 1,
		.recip_width = 65536, .recip_height = 65792,
	};
	assert_refused(&program, 0, "pdp.recip_height");
	pdp->recip_height--;
	assert_accepted(&program);
	/* 127 x 0.503 and 128 x 0.503 are both 64 then, and twice that is too much for one only. */
	pdp->recip_width = 32965;
	pdp->recip_height = (1 << 17) - 1;
	assert_refused(&program, 0, "pdp.recip_height");
	pdp->recip_height -= 1 << 10;
	assert_accepted(&program);
}

/* Exactly what fits in the convolution buffer, and one bank less. */
static void limits_convolution_buffer(void **state)
{
	struct program program;
	struct drm_nvdla_conv *conv = &program.ops[0].conv;

	(void)state;
	one_operation(&program, DRM_NVDLA_CONV);
	program.count = 2;
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
		memset(&conv->cvt_offset[conv->src_channels], 0, (4 - conv->src_channels) * 2);
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
	one_operation(&program, DRM_NVDLA_SDP);
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
	assert_refused(&program, 0, "sdp.src");
	sdp->src = packed(0, 1ull << 48, 2, 1);
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
	assert_int_equal(check_program(&program, slots, &diag), 0);
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
	/* Five lines of 56 bytes, 64 apart, from 96 on. */
	assert_int_equal(slots[7].min_size, 96 + 4 * 64 + 56);
	assert_int_equal(slots[7].align, 8);
	assert_int_equal(slots[9].min_size, 3 * 48);
	assert_int_equal(slots[9].access, DRM_NVDLA_SLOT_WRITE);
	assert_int_equal(slots[12].min_size, 0);
	assert_int_equal(slots[12].align, 0);
	assert_int_equal(slots[12].access, 0);
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
		cmocka_unit_test(refuses_chains_with_wrong_links),
		cmocka_unit_test(limits_number_of_luts),
		cmocka_unit_test(takes_over_only_what_matches),
		cmocka_unit_test(accepts_two_planes),
		cmocka_unit_test(keeps_lines),
		cmocka_unit_test(refuses_empty_outputs),
		cmocka_unit_test(refuses_sizes_beyond_registers),
		cmocka_unit_test(limits_convolution_padding),
		cmocka_unit_test(survives_weights_beyond_32_bits),
		cmocka_unit_test(limits_pdp_parts),
		cmocka_unit_test(requires_operands_of_one_kind),
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
