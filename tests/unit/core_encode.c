// SPDX-License-Identifier: MIT
/*
 * Register images, read back with the manual's offsets and formats written out here, not with the
 * core's own names for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core_programs.h"

static u32 position(const struct nvdla_image *image, u32 reg)
{
	u32 count = image->main_count + image->rdma_count, i = 0;

	while (i < count && image->reg[i] != reg)
		i++;
	if (i == count)
		fail_msg("register %#x is not programmed", reg);
	return i;
}

static u32 get(const struct nvdla_image *image, u32 reg)
{
	u32 i = position(image, reg);

	assert_false(image->unread[i]);
	return image->value[i];
}

/* Of a register that the hardware looks at only sometimes. */
static void assert_if(bool read, const struct nvdla_image *image, u32 reg, u32 value)
{
	if (read)
		assert_int_equal(get(image, reg), value);
	else
		assert_true(image->unread[position(image, reg)]);
}

static void assert_line_addr(const struct nvdla_image *image, u32 low, u32 high,
			     const struct drm_nvdla_addr *addr, u64 more)
{
	for (u32 i = 0; i < image->reloc_count; i++) {
		const struct nvdla_reloc *reloc = &image->reloc[i];

		if (image->reg[reloc->low] != low)
			continue;
		assert_int_equal(image->reg[reloc->low + 1], high);
		assert_int_equal(reloc->slot, addr->slot);
		assert_int_equal(reloc->offset, addr->offset + more);
		return;
	}
	fail_msg("register %#x gets no address", low);
}

static void assert_addr(const struct nvdla_image *image, u32 low, u32 high,
			const struct drm_nvdla_addr *addr)
{
	assert_line_addr(image, low, high, addr, 0);
}

static u32 pair(u32 low, u32 high)
{
	return (low - 1) | (high - 1) << 16;
}

static void assert_conv(const struct nvdla_image *image, const struct drm_nvdla_conv *conv)
{
	static const u32 formats[] = {
		0xc00, 0x0001, 0x0c01, 0x0f01, 0x0d01, 0x0e01, 0x1a01, 0x1b01, 0x1c01, 0x1d01,
	};
	bool pixels = conv->format;
	u32 taps = conv->kernel_width * conv->kernel_height * conv->src_channels;
	u32 eps = pixels ? ((conv->pad_left + conv->src_width + conv->pad_right) *
			    conv->src_channels + 7u) / 8 :
			   (conv->src_channels + 7u) / 8 * conv->src_width;
	u32 fresh = conv->src_height - conv->reuse_lines;
	bool packed = !pixels && conv->src_width == 1 && conv->src_height == 1 &&
		      conv->src.surface_stride == 8;
	bool padded = conv->pad_left || conv->pad_right || conv->pad_top || conv->pad_bottom;
	u32 src = pair(conv->src_width, conv->src_height);
	u32 weights = (conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS ? 1 << 20 : 0) |
		      (conv->flags & DRM_NVDLA_CONV_KEEP_WEIGHTS ? 1 << 28 : 0);
	bool convert = conv->flags & DRM_NVDLA_CONV_CONVERT;
	u32 dst = pair(conv->dst_width, conv->dst_height);
	u32 left_top = conv->pad_left | conv->pad_top << 16;

	/* CACC */
	assert_int_equal(get(image, 0x700c), 0x1000);
	assert_int_equal(get(image, 0x7028),
			 conv->dst_width == 1 && conv->dst_height == 1 ? 0x10001 : 0);
	assert_int_equal(get(image, 0x702c), conv->truncate);
	/* CSC */
	assert_int_equal(get(image, 0x400c), 0x1100 | weights | (conv->reuse_lines ? 1 << 16 : 0) |
			 (conv->keep_lines == conv->src_height ? 1 << 24 : 0));
	assert_int_equal(get(image, 0x4010), pixels);
	assert_int_equal(get(image, 0x4014), src);
	assert_int_equal(get(image, 0x4018), pixels ? conv->src_channels - 1 : 0);
	assert_int_equal(get(image, 0x4024), eps - 1);
	assert_int_equal(get(image, 0x402c),
			 pair(pixels ? 1 : conv->kernel_width, conv->kernel_height));
	assert_int_equal(get(image, 0x4030),
			 pair(pixels ? conv->kernel_width * conv->src_channels : conv->src_channels,
			      conv->kernels));
	assert_int_equal(get(image, 0x4034), conv->flags & DRM_NVDLA_CONV_KEEP_WEIGHTS ?
			 whole(taps * conv->kernels, 8) : 0);
	assert_int_equal(get(image, 0x403c), dst);
	assert_int_equal(get(image, 0x4044), conv->dst_width * conv->dst_height - 1);
	if (conv->keep_lines < conv->src_height)
		assert_int_equal(get(image, 0x4048), conv->src_height - conv->keep_lines - 1);
	assert_int_equal(get(image, 0x404c), pair(conv->stride_x, conv->stride_y));
	assert_int_equal(get(image, 0x4050), pair(conv->dilation_x, conv->dilation_y));
	assert_int_equal(get(image, 0x4054), left_top);
	assert_if(padded, image, 0x4058, (u16)conv->pad_value);
	assert_int_equal(get(image, 0x405c), pair(conv->data_banks, conv->weight_banks));
	/* CDMA */
	assert_int_equal(get(image, 0x3014), weights | (fresh ? 0 : 1 << 16) |
			 (conv->keep_lines ? 1 << 24 : 0));
	assert_int_equal(get(image, 0x3018), formats[conv->format] |
			 (conv->flags & DRM_NVDLA_CONV_SIGNED ? 1 << 20 : 0));
	assert_int_equal(get(image, 0x3020), conv->src_channels - 1);
	assert_int_equal(get(image, 0x3028), conv->src_x);
	assert_int_equal(get(image, 0x302c), 1);
	if (fresh) {
		assert_int_equal(get(image, 0x301c), pair(conv->src_width, fresh));
		assert_line_addr(image, 0x3034, 0x3030, &conv->src.addr,
				 (u64)conv->reuse_lines * conv->src.line_stride);
	}
	if (fresh && conv->src_channels == 3 && pixels)
		assert_line_addr(image, 0x303c, 0x3038, &conv->src_uv,
				 (u64)conv->reuse_lines * conv->uv_line_stride);
	assert_int_equal(get(image, 0x3044), conv->uv_line_stride);
	assert_if(conv->src_height > 1, image, 0x3040, conv->src.line_stride);
	assert_if(conv->src_channels > 8 && !packed, image, 0x3048, conv->src.surface_stride);
	assert_int_equal(get(image, 0x304c), packed ? 0x10001 : 0);
	assert_int_equal(get(image, 0x3060), eps - 1);
	assert_int_equal(get(image, 0x306c), taps - 1);
	assert_int_equal(get(image, 0x3070), conv->kernels - 1);
	assert_int_equal(get(image, 0x3074), 1);
	if (!(conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS))
		assert_addr(image, 0x307c, 0x3078, &conv->weights);
	assert_int_equal(get(image, 0x3080), whole(taps * conv->kernels, 8));
	if (pixels && conv->src_channels > 1) {
		assert_int_equal(get(image, 0x3098), 1);
		assert_int_equal(get(image, 0x309c), (u16)conv->cvt_offset[0] |
				 (u32)(u16)conv->cvt_offset[1] << 16);
		assert_int_equal(get(image, 0x30a0), (u16)conv->cvt_offset[2] |
				 (u32)(u16)conv->cvt_offset[3] << 16);
	} else {
		assert_int_equal(get(image, 0x3098), 0);
		assert_int_equal(get(image, 0x30a8), (u16)conv->cvt_offset[0]);
	}
	assert_int_equal(get(image, 0x30a4), convert ? 1 | conv->cvt_truncate << 4 : 0);
	assert_int_equal(get(image, 0x30ac), (u16)conv->cvt_scale);
	assert_int_equal(get(image, 0x30b4), pixels ? conv->pad_left | conv->pad_right << 8 : 0);
	assert_int_equal(get(image, 0x30b8), pixels ? (u16)conv->pad_value : 0);
	assert_int_equal(get(image, 0x30bc), pair(conv->data_banks, conv->weight_banks));
	assert_int_equal(image->rdma_count, 0);
}

static void assert_stage(const struct nvdla_image *image, const struct drm_nvdla_sdp_stage *stage,
			 u32 base)
{
	static const u32 alu[] = { 2, 0 << 2, 1 << 2, 2 << 2 }, mul[] = { 0x10, 0, 0x20 };
	u32 cfg = alu[stage->alu] | mul[stage->mul] | (stage->relu ? 0 : 0x40);

	if (!stage->alu && !stage->mul && !stage->relu && !stage->mul_shift)
		cfg = 0x53;
	assert_int_equal(get(image, base), cfg);
	assert_int_equal(get(image, base + 4), (stage->alu_operand != 0) | stage->alu_shift << 8);
	assert_int_equal(get(image, base + 8), (u16)stage->alu_value);
	assert_int_equal(get(image, base + 12), (stage->mul_operand != 0) | stage->mul_shift << 8);
	assert_int_equal(get(image, base + 16), (u16)stage->mul_value);
}

static void assert_reader(const struct nvdla_image *image, const struct drm_nvdla_sdp_stage *stage,
			  u32 base)
{
	u32 use = stage->alu_operand && stage->mul_operand ? 2 : stage->alu_operand ? 1 : 0;
	bool element = stage->alu_operand == 2 || stage->mul_operand == 2;

	if (!stage->alu_operand && !stage->mul_operand) {
		assert_int_equal(get(image, base), 1);
		return;
	}
	assert_int_equal(get(image, base), use << 1 | (stage->operand_bytes == 2) << 3 |
			 element << 4 | 1 << 5);
	assert_addr(image, base + 4, base + 8, &stage->operand.addr);
	assert_if(element, image, base + 12, stage->operand.line_stride);
	assert_if(element, image, base + 16, stage->operand.surface_stride);
}

static void assert_sdp(const struct nvdla_image *image, const struct drm_nvdla_sdp *sdp)
{
	bool flying = sdp->source == DRM_NVDLA_SOURCE_OP, to_pdp = !sdp->dst.line_stride;
	bool operands = sdp->x1.operand_bytes || sdp->x2.operand_bytes;

	assert_int_equal(get(image, 0x903c), sdp->width - 1);
	assert_int_equal(get(image, 0x9040), sdp->height - 1);
	assert_int_equal(get(image, 0x9044), sdp->channels - 1);
	if (!to_pdp)
		assert_addr(image, 0x9048, 0x904c, &sdp->dst.addr);
	assert_if(!to_pdp && sdp->height > 1, image, 0x9050, sdp->dst.line_stride);
	assert_if(!to_pdp && sdp->channels > 8 && (sdp->width > 1 || sdp->height > 1), image, 0x9054,
		  sdp->dst.surface_stride);
	assert_stage(image, &sdp->x1, 0x9058);
	assert_stage(image, &sdp->x2, 0x906c);
	assert_int_equal(get(image, 0x9080), 0x53);
	assert_int_equal(get(image, 0x90b0), flying | to_pdp << 1);
	assert_int_equal(get(image, 0x90b4), 1);
	assert_int_equal(get(image, 0x90bc), 0);
	assert_int_equal(get(image, 0x90c0), (u32)sdp->out_offset);
	assert_int_equal(get(image, 0x90c4), (u16)sdp->out_scale);
	assert_int_equal(get(image, 0x90c8), sdp->out_shift);

	assert_int_equal(image->rdma_count != 0, !flying || operands);
	if (!image->rdma_count)
		return;
	assert_int_equal(get(image, 0x800c), sdp->width - 1);
	assert_int_equal(get(image, 0x8010), sdp->height - 1);
	assert_int_equal(get(image, 0x8014), sdp->channels - 1);
	if (!flying)
		assert_addr(image, 0x8018, 0x801c, &sdp->src.addr);
	assert_if(!flying, image, 0x8020, sdp->src.line_stride);
	assert_if(!flying, image, 0x8024, sdp->src.surface_stride);
	assert_reader(image, &sdp->x1, 0x8028);
	assert_reader(image, &sdp->x2, 0x8040);
	assert_int_equal(get(image, 0x8058), 1);
	assert_int_equal(get(image, 0x8070), flying);
	assert_if(!flying, image, 0x8074, 1);
}

/* First, last and middle, ten bits each. */
static u32 three(u32 first, u32 middle, u32 last)
{
	return (first - 1) | (last - 1) << 10 | (middle ? middle - 1 : 0) << 20;
}

static void assert_parts(const struct nvdla_image *image, const struct drm_nvdla_pdp *pdp)
{
	u32 first = (pdp->first_width - 1) * pdp->stride_x + pdp->kernel_width - pdp->pad_left;
	u32 middle = pdp->middle_width * pdp->stride_x, middles = pdp->parts - 2;
	u32 in = three(first, middle, pdp->src_width - first - middles * middle);

	assert_int_equal(get(image, 0xb02c), in);
	assert_int_equal(get(image, 0xb030),
			 three(pdp->first_width, pdp->middle_width,
			       pdp->dst_width - pdp->first_width - middles * pdp->middle_width));
	assert_int_equal(get(image, 0xa034), pdp->parts - 1);
	assert_int_equal(get(image, 0xa040), in);
}

static void assert_pdp(const struct nvdla_image *image, const struct drm_nvdla_pdp *pdp)
{
	bool memory = pdp->source == DRM_NVDLA_SOURCE_MEMORY;

	assert_int_equal(get(image, 0xb00c), pdp->src_width - 1);
	assert_int_equal(get(image, 0xb010), pdp->src_height - 1);
	assert_int_equal(get(image, 0xb014), pdp->channels - 1);
	assert_int_equal(get(image, 0xb018), pdp->dst_width - 1);
	assert_int_equal(get(image, 0xb01c), pdp->dst_height - 1);
	assert_int_equal(get(image, 0xb020), pdp->channels - 1);
	assert_int_equal(get(image, 0xb024), pdp->pool | memory << 4 |
			 (pdp->parts ? pdp->parts - 1 : 0) << 8);
	assert_int_equal(get(image, 0xb034), (pdp->kernel_width - 1) | (pdp->kernel_height - 1) << 8 |
			 (pdp->stride_x - 1) << 16 | (pdp->stride_y - 1) << 20);
	assert_int_equal(get(image, 0xb038), pdp->recip_width);
	assert_int_equal(get(image, 0xb03c), pdp->recip_height);
	assert_int_equal(get(image, 0xb040), pdp->pad_left | pdp->pad_top << 4 |
			 pdp->pad_right << 8 | pdp->pad_bottom << 12);
	for (int n = 1; n <= 7; n++)
		assert_int_equal(get(image, 0xb040 + 4 * n), (u32)(n * pdp->pad_value) & 0x7ffff);
	assert_addr(image, 0xb070, 0xb074, &pdp->dst.addr);
	assert_int_equal(get(image, 0xb078), pdp->dst.line_stride);
	assert_int_equal(get(image, 0xb07c), pdp->dst.surface_stride);
	assert_int_equal(get(image, 0xb080), 1);

	assert_int_equal(image->rdma_count != 0, memory);
	if (!memory)
		return;
	assert_int_equal(get(image, 0xa00c), pdp->src_width - 1);
	assert_int_equal(get(image, 0xa010), pdp->src_height - 1);
	assert_int_equal(get(image, 0xa014), pdp->channels - 1);
	assert_int_equal(get(image, 0xa018), 1);
	assert_addr(image, 0xa01c, 0xa020, &pdp->src.addr);
	assert_int_equal(get(image, 0xa024), pdp->src.line_stride);
	assert_int_equal(get(image, 0xa028), pdp->src.surface_stride);
	assert_int_equal(get(image, 0xa02c), 1);
	assert_int_equal(get(image, 0xa038), (pdp->kernel_width - 1) | (pdp->stride_x - 1) << 4);
	assert_int_equal(get(image, 0xa03c), pdp->pad_left);
	if (pdp->parts)
		assert_parts(image, pdp);
	else
		assert_int_equal(get(image, 0xa034), 0);
}

static void assert_cdp(const struct nvdla_image *image, const struct drm_nvdla_cdp *cdp)
{
	static const u8 length[] = { 0, 0, 0, 0, 0, 1, 0, 2, 0, 3 };

	assert_int_equal(image->lut, cdp->lut);
	assert_int_equal(get(image, 0xd04c), cdp->flags);
	assert_addr(image, 0xd050, 0xd054, &cdp->dst.addr);
	assert_int_equal(get(image, 0xd058), cdp->dst.line_stride);
	assert_int_equal(get(image, 0xd05c), cdp->dst.surface_stride);
	assert_int_equal(get(image, 0xd060), 1);
	assert_int_equal(get(image, 0xd068), 0);
	assert_int_equal(get(image, 0xd070), length[cdp->local_size]);
	assert_int_equal(get(image, 0xd074), (u16)cdp->in_offset);
	assert_int_equal(get(image, 0xd078), (u16)cdp->in_scale);
	assert_int_equal(get(image, 0xd07c), cdp->in_shift);
	assert_int_equal(get(image, 0xd080), (u32)cdp->out_offset);
	assert_int_equal(get(image, 0xd084), (u16)cdp->out_scale);
	assert_int_equal(get(image, 0xd088), cdp->out_shift);
	assert_int_equal(get(image, 0xc00c), cdp->width - 1);
	assert_int_equal(get(image, 0xc010), cdp->height - 1);
	assert_int_equal(get(image, 0xc014), cdp->channels - 1);
	assert_addr(image, 0xc018, 0xc01c, &cdp->src.addr);
	assert_int_equal(get(image, 0xc020), cdp->src.line_stride);
	assert_int_equal(get(image, 0xc024), cdp->src.surface_stride);
	assert_int_equal(get(image, 0xc028), 1);
	assert_int_equal(get(image, 0xc034), 0);
}

static void assert_image(const struct nvdla_image *image, const struct drm_nvdla_op *op)
{
	assert_int_equal(image->engine, op->engine);
	assert_true(image->cookie == op->cookie);
	assert_int_equal(image->dep_count, op->dep_count);
	assert_memory_equal(image->deps, op->deps, sizeof(op->deps));
	switch (op->engine) {
	case DRM_NVDLA_CONV:
		assert_conv(image, &op->conv);
		break;
	case DRM_NVDLA_SDP:
		assert_sdp(image, &op->sdp);
		break;
	case DRM_NVDLA_PDP:
		assert_pdp(image, &op->pdp);
		break;
	default:
		assert_cdp(image, &op->cdp);
		break;
	}
}

static void images_hold_what_operations_say(void **state)
{
	struct nvdla_image images[PROGRAM_MAX];
	struct program program;

	(void)state;
	fixed_program(&program);
	encode_program(&program, images);
	for (u32 i = 0; i < program.count; i++)
		assert_image(&images[i], &program.ops[i]);
	for (u32 seed = 1; seed <= 1000; seed++) {
		random_program(&program, seed, 20);
		encode_program(&program, images);
		for (u32 i = 0; i < program.count; i++)
			assert_image(&images[i], &program.ops[i]);
	}
}

static void chains_start_with_their_first_operation(void **state)
{
	static const u8 chains[] = { 3, 0, 0, 1, 1, 2, 0, 1, 1, 2, 0, 2, 0 };
	struct nvdla_image images[PROGRAM_MAX];
	struct program program;

	(void)state;
	fixed_program(&program);
	encode_program(&program, images);
	for (u32 i = 0; i < program.count; i++)
		assert_int_equal(images[i].chain, chains[i]);
}

/* An interrupt must not have to search for an engine's next operation. */
static void operations_know_the_next_of_each_engine(void **state)
{
	struct nvdla_image images[PROGRAM_MAX];
	struct program program;

	(void)state;
	for (u32 seed = 1; seed <= 100; seed++) {
		random_program(&program, seed, 20);
		encode_program(&program, images);
		for (u32 i = 0; i < program.count; i++) {
			for (u32 engine = DRM_NVDLA_CONV; engine < NVDLA_ENGINES; engine++) {
				u32 next = i + 1;

				while (next < program.count && program.ops[next].engine != engine)
					next++;
				assert_int_equal(images[i].next[engine], next);
			}
		}
	}
}

/* CACC's delivery buffer holds 16 atoms. */
static void small_results_run_alone(void **state)
{
	static const struct { u16 width, height, kernels; bool alone; } cases[] = {
		{ 1, 1, 128, true }, { 1, 1, 129, false }, { 4, 4, 8, true }, { 4, 4, 9, false },
		{ 16, 1, 1, true }, { 17, 1, 1, false },
	};
	struct nvdla_image image;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct program program;

		fixed_program(&program);
		program.ops[0].conv.dst_width = cases[i].width;
		program.ops[0].conv.dst_height = cases[i].height;
		program.ops[0].conv.kernels = cases[i].kernels;
		program.count = 1;
		encode_program(&program, &image);
		assert_int_equal(image.alone, cases[i].alone);
	}
}

/* What the cache of registers relies on: a unit's registers have fixed places. */
static void registers_have_fixed_places(void **state)
{
	struct nvdla_image images[PROGRAM_MAX];
	const u16 *main[NVDLA_ENGINES] = { NULL }, *rdma[NVDLA_ENGINES] = { NULL };
	struct nvdla_image first[8];
	struct program program;
	u32 kept = 0;

	(void)state;
	for (u32 seed = 1; seed <= 300; seed++) {
		random_program(&program, seed, 20);
		encode_program(&program, images);
		for (u32 i = 0; i < program.count; i++) {
			const struct nvdla_image *image = &images[i];
			u32 engine = image->engine, all = image->main_count + image->rdma_count;

			assert_true(all <= NVDLA_MAX_REGS);
			for (u32 a = 0; a < all; a++)
				for (u32 b = 0; b < a; b++)
					assert_true(image->reg[a] != image->reg[b]);
			if (!main[engine] || (image->rdma_count && !rdma[engine])) {
				assert_true(kept < 8);
				first[kept] = *image;
				if (image->rdma_count)
					rdma[engine] = first[kept].reg + image->main_count;
				main[engine] = first[kept++].reg;
			}
			assert_memory_equal(image->reg, main[engine], image->main_count * 2);
			if (image->rdma_count)
				assert_memory_equal(image->reg + image->main_count, rdma[engine],
						    image->rdma_count * 2);
		}
	}
	assert_true(main[1] && main[2] && main[3] && main[4] && rdma[2] && rdma[3] && rdma[4]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_hold_what_operations_say),
		cmocka_unit_test(chains_start_with_their_first_operation),
		cmocka_unit_test(operations_know_the_next_of_each_engine),
		cmocka_unit_test(small_results_run_alone),
		cmocka_unit_test(registers_have_fixed_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
