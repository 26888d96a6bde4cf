// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What operations touch and what their registers hold, for the fixed program, in plain numbers: the
 * host's tests compare with formulas, this one with what these formulas must give.
 */
#include <kunit/test.h>

#include "core_programs.h"
#include "nvdla_core.h"

struct expected_extent {
	const char *name;
	u32 op;
	u32 index;
	struct nvdla_extent extent;
	u64 end;
};

#define EXTENT(slot, access, align, offset, bytes, rows, row_stride, planes, plane_stride) \
	{ slot, DRM_NVDLA_SLOT_ ## access, align, offset, bytes, rows, row_stride, planes, \
	  plane_stride }

static const struct expected_extent expected_extents[] = {
	/* 20 channels in three planes of 6 lines of 10 atoms. */
	{ "conv.src", 0, 0, EXTENT(0, READ, 8, 64, 80, 6, 80, 3, 480), 64 + 3 * 480 },
	/* 2 x 3 x 20 x 19 bytes. */
	{ "conv.weights", 0, 1, EXTENT(1, READ, 256, 256, 2280, 1, 0, 1, 0), 256 + 2280 },
	/* 24 channels of two operands of two bytes. */
	{ "sdp.x1", 1, 0, EXTENT(2, READ, 8, 16, 96, 1, 0, 1, 0), 16 + 96 },
	{ "sdp.x2", 1, 1, EXTENT(3, READ, 8, 8, 40, 4, 40, 3, 160), 8 + 480 },
	{ "pdp.dst", 2, 0, EXTENT(4, WRITE, 8, 0, 24, 2, 24, 3, 48), 144 },
	{ "sdp.src", 3, 0, EXTENT(4, READ, 8, 0, 24, 2, 24, 3, 48), 144 },
	{ "sdp.dst", 3, 1, EXTENT(5, WRITE, 8, 24, 24, 2, 24, 3, 48), 24 + 144 },
	{ "pdp.src", 4, 0, EXTENT(5, READ, 8, 24, 24, 2, 24, 3, 48), 24 + 144 },
	/* A pixel that is left out and 13 more, of four bytes. */
	{ "image", 5, 0, EXTENT(7, READ, 8, 96, 56, 5, 64, 1, 0), 96 + 4 * 64 + 56 },
	/* 3 x 3 x 4 x 3 bytes, in whole atoms. */
	{ "image weights", 5, 1, EXTENT(1, READ, 256, 0, 112, 1, 0, 1, 0), 112 },
	{ "cdp.src", 7, 0, EXTENT(4, READ, 8, 0, 24, 2, 24, 3, 48), 144 },
	{ "cdp.dst", 7, 1, EXTENT(9, WRITE, 8, 0, 24, 2, 24, 3, 48), 144 },
	/* Without the two lines, and the weights, that are in the buffer. */
	{ "new lines", 11, 0, EXTENT(0, READ, 8, 160, 80, 4, 80, 1, 480), 480 },
};

KUNIT_ARRAY_PARAM_DESC(extent, expected_extents, name);

static void extents_are_exact(struct kunit *test)
{
	const struct expected_extent *expected = test->param_value;
	const struct nvdla_extent *want = &expected->extent, *got;
	struct program *program = kunit_kmalloc(test, sizeof(*program), GFP_KERNEL);
	struct nvdla_extent *extents;

	extents = kunit_kcalloc(test, NVDLA_MAX_EXTENTS, sizeof(*extents), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, program);
	KUNIT_ASSERT_NOT_NULL(test, extents);
	fixed_program(program);
	KUNIT_ASSERT_GT(test, nvdla_op_extents(small(), &program->ops[expected->op], extents),
			expected->index);

	got = &extents[expected->index];
	KUNIT_EXPECT_EQ(test, got->slot, want->slot);
	KUNIT_EXPECT_EQ(test, got->access, want->access);
	KUNIT_EXPECT_EQ(test, got->align, want->align);
	KUNIT_EXPECT_EQ(test, got->offset, want->offset);
	KUNIT_EXPECT_EQ(test, got->row_bytes, want->row_bytes);
	KUNIT_EXPECT_EQ(test, got->rows, want->rows);
	KUNIT_EXPECT_EQ(test, got->planes, want->planes);
	if (want->rows > 1)
		KUNIT_EXPECT_EQ(test, got->row_stride, want->row_stride);
	if (want->planes > 1)
		KUNIT_EXPECT_EQ(test, got->plane_stride, want->plane_stride);
	KUNIT_EXPECT_EQ(test, nvdla_extent_end(got), expected->end);
}

struct expected_reg {
	const char *name;
	u32 op;
	u32 reg;
	u32 value;
};

static const struct expected_reg expected_regs[] = {
	{ "CACC_D_MISC_CFG", 0, 0x700c, 0x1000 },
	{ "CACC_D_CLIP_CFG", 0, 0x702c, 2 },
	{ "CSC_D_WEIGHT_SIZE_EXT_1", 0, 0x4030, 0x00120013 },
	{ "CSC_D_DILATION_EXT", 0, 0x4050, 0x00010000 },
	{ "CSC_D_ZERO_PADDING_VALUE", 0, 0x4058, 0xfff9 },
	{ "CDMA_D_LINE_STRIDE", 0, 0x3040, 80 },
	{ "CSC_D_ZERO_PADDING", 0, 0x4054, 0x00010000 },
	{ "CDMA_D_ZERO_PADDING of an image", 5, 0x30b4, 0x0101 },
	{ "SDP_D_DP_BS_CFG", 1, 0x9058, 0x48 },
	{ "SDP_D_DP_BS_ALU_CFG", 1, 0x905c, 0x0301 },
	{ "SDP_D_DP_BS_MUL_CFG", 1, 0x9064, 0x0901 },
	{ "SDP_D_DP_BN_CFG", 1, 0x906c, 0x18 },
	{ "SDP_D_FEATURE_MODE_CFG on the fly", 1, 0x90b0, 3 },
	{ "SDP_D_CVT_OFFSET", 1, 0x90c0, 0xffffffb3 },
	{ "SDP_D_CVT_SCALE", 1, 0x90c4, 0xfed4 },
	{ "SDP_D_CVT_SHIFT", 1, 0x90c8, 12 },
	{ "PDP_D_OPERATION_MODE_CFG on the fly", 2, 0xb024, 0x00 },
	{ "PDP_D_POOLING_KERNEL_CFG", 2, 0xb034, 0x00110101 },
	{ "PDP_D_POOLING_PADDING_VALUE_1_CFG", 2, 0xb044, 0x7fff7 },
	{ "PDP_D_POOLING_PADDING_VALUE_7_CFG", 2, 0xb05c, 0x7ffc1 },
	{ "SDP_D_FEATURE_MODE_CFG from memory", 3, 0x90b0, 0 },
	{ "SDP_D_DP_BS_CFG of a PReLU", 3, 0x9058, 0x62 },
	{ "PDP_D_OPERATION_MODE_CFG from memory", 4, 0xb024, 0x11 },
	{ "PDP_RDMA_D_POOLING_KERNEL_CFG", 4, 0xa038, 0 },
	{ "CDMA_D_DATAIN_FORMAT of an image", 5, 0x3018, 0x0c01 },
	{ "CSC_D_WEIGHT_SIZE_EXT_1 of an image", 5, 0x4030, 0x0002000b },
	{ "CDMA_D_PIXEL_OFFSET", 5, 0x3028, 1 },
	{ "CDMA_D_MEAN_GLOBAL_0", 5, 0x309c, 0x007f0080 },
	{ "CDMA_D_MEAN_GLOBAL_1", 5, 0x30a0, 0xfffb007e },
	{ "CDP_D_LRN_CFG", 7, 0xd070, 1 },
	{ "CDP_D_DATIN_OFFSET", 7, 0xd074, 0xfff9 },
	{ "CDP_D_DATOUT_OFFSET", 7, 0xd080, 0xfffffffb },
	/* 3, 5, 5 and 6 of 19 columns; of the input 8, 10, 10 and 12. */
	{ "PDP_D_PARTIAL_WIDTH_OUT", 8, 0xb030, 0x00401402 },
	{ "PDP_D_PARTIAL_WIDTH_IN", 8, 0xb02c, 0x00902c07 },
	{ "PDP_RDMA_D_OPERATION_MODE_CFG", 8, 0xa034, 3 },
	{ "CSC_D_MISC_CFG of one that keeps weights", 9, 0x400c, 0x10001100 },
	{ "CSC_D_RELEASE of four lines", 9, 0x4048, 3 },
	{ "CDMA_D_MISC_CFG of one that keeps lines too", 9, 0x3014, 0x11000000 },
	{ "CSC_D_MISC_CFG of one that reuses both", 11, 0x400c, 0x00111100 },
	{ "CDMA_D_MISC_CFG of one that reuses weights", 11, 0x3014, 0x00100000 },
	{ "CDMA_D_DATAIN_SIZE_0 of four new lines", 11, 0x301c, 0x00030009 },
};

KUNIT_ARRAY_PARAM_DESC(reg, expected_regs, name);

static struct nvdla_image *encode_fixed(struct kunit *test)
{
	struct program *program = kunit_kmalloc(test, sizeof(*program), GFP_KERNEL);
	struct nvdla_image *images;

	KUNIT_ASSERT_NOT_NULL(test, program);
	fixed_program(program);
	images = kunit_kmalloc_array(test, program->count, sizeof(*images), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, images);
	encode_program(program, images);
	return images;
}

static void registers_hold(struct kunit *test)
{
	const struct expected_reg *expected = test->param_value;
	const struct nvdla_image *image = &encode_fixed(test)[expected->op];
	u32 count = image->main_count + image->rdma_count, i = 0;

	while (i < count && image->reg[i] != expected->reg)
		i++;
	KUNIT_ASSERT_LT_MSG(test, i, count, "the register is not written");
	KUNIT_EXPECT_EQ(test, image->value[i], expected->value);
}

struct expected_addr {
	const char *name;
	u32 op;
	u32 low;
	u32 high;
	u32 slot;
	u64 offset;
};

static const struct expected_addr expected_addrs[] = {
	{ "CDMA_D_DAIN_ADDR", 0, 0x3034, 0x3030, 0, 64 },
	{ "CDMA_D_WEIGHT_ADDR", 0, 0x307c, 0x3078, 1, 256 },
	{ "SDP_RDMA_D_BS_BASE_ADDR", 1, 0x802c, 0x8030, 2, 16 },
	{ "SDP_RDMA_D_BN_BASE_ADDR", 1, 0x8044, 0x8048, 3, 8 },
	{ "PDP_D_DST_BASE_ADDR", 2, 0xb070, 0xb074, 4, 0 },
	{ "SDP_RDMA_D_SRC_BASE_ADDR", 3, 0x8018, 0x801c, 4, 0 },
	{ "SDP_D_DST_BASE_ADDR", 3, 0x9048, 0x904c, 5, 24 },
	{ "PDP_RDMA_D_SRC_BASE_ADDR", 4, 0xa01c, 0xa020, 5, 24 },
	{ "CDP_RDMA_D_SRC_BASE_ADDR", 7, 0xc018, 0xc01c, 4, 0 },
	{ "CDP_D_DST_BASE_ADDR", 7, 0xd050, 0xd054, 9, 0 },
	{ "CDMA_D_DAIN_ADDR behind reused lines", 11, 0x3034, 0x3030, 0, 160 },
};

KUNIT_ARRAY_PARAM_DESC(addr, expected_addrs, name);

static void addresses_are_bindings(struct kunit *test)
{
	const struct expected_addr *expected = test->param_value;
	const struct nvdla_image *image = &encode_fixed(test)[expected->op];
	u32 i = 0;

	while (i < image->reloc_count && image->reg[image->reloc[i].low] != expected->low)
		i++;
	KUNIT_ASSERT_LT_MSG(test, i, image->reloc_count, "the register gets no address");
	KUNIT_EXPECT_EQ(test, image->reg[image->reloc[i].low + 1], expected->high);
	KUNIT_EXPECT_EQ(test, image->reloc[i].slot, expected->slot);
	KUNIT_EXPECT_EQ(test, image->reloc[i].offset, expected->offset);
}

static struct kunit_case encode_cases[] = {
	KUNIT_CASE_PARAM(extents_are_exact, extent_gen_params),
	KUNIT_CASE_PARAM(registers_hold, reg_gen_params),
	KUNIT_CASE_PARAM(addresses_are_bindings, addr_gen_params),
	{}
};

static struct kunit_suite encode_suite = {
	.name = "nvdla_encode",
	.test_cases = encode_cases,
};

kunit_test_suite(encode_suite);
