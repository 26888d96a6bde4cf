// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "npu.h"

/* Look-up tables: what CDP makes of a byte with them, and what PROGRAM_CREATE makes of bad ones. */

#define ATOMS	32
#define BYTES	(ATOMS * 8)		/* every byte there is */

static int8_t square(int x)
{
	return (int8_t)(x * x / 128 - 64);
}

static int8_t mirror(int x)
{
	return (int8_t)(x < 0 ? -1 - x : x);
}

/* f(x) for each int8; inputs count from -128, one entry each in LO, and one for four in LE. */
static void lut_of(struct drm_nvdla_lut *lut, int8_t (*f)(int x))
{
	*lut = (struct drm_nvdla_lut) {
		.le = { .start = -128, .end = 128, .select = 2 },
		.lo = { .start = -128, .end = 128 },
		.le_function = DRM_NVDLA_LUT_LINEAR,
		.both_below = DRM_NVDLA_LUT_LO,
		.both_above = DRM_NVDLA_LUT_LO,
		.both_hit = DRM_NVDLA_LUT_LO,
	};
	for (int i = 0; i < 257; i++)
		lut->lo_entry[i] = f(i < 256 ? i - 128 : 127);
}

/* A line of bytes, each looked up, from slot 0 to slot 1. */
static struct drm_nvdla_op lookup_op(uint16_t lut)
{
	return (struct drm_nvdla_op) {
		.engine = DRM_NVDLA_CDP,
		.cdp = {
			.src = { .line_stride = BYTES, .surface_stride = BYTES },
			.dst = { .addr.slot = 1, .line_stride = BYTES, .surface_stride = BYTES },
			.width = ATOMS,
			.height = 1,
			.channels = 8,
			.lut = lut,
			.flags = DRM_NVDLA_CDP_NO_SUM | DRM_NVDLA_CDP_NO_PRODUCT,
			.in_scale = 1,
			.out_scale = 1,
		},
	};
}

static struct drm_nvdla_program_create create_args(const struct drm_nvdla_op *op, const void *luts, uint32_t count)
{
	return (struct drm_nvdla_program_create) {
		.ops = (uintptr_t)op,
		.op_count = 1,
		.op_stride = sizeof(*op),
		.luts = (uintptr_t)luts,
		.lut_count = count,
		.lut_stride = sizeof(struct drm_nvdla_lut),
	};
}

static int create(int fd, struct drm_nvdla_program_create *args)
{
	return npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, args);
}

static void check_lookup(int fd, const struct drm_nvdla_lut *luts, uint16_t index, int8_t (*f)(int x))
{
	struct drm_nvdla_op op = lookup_op(index);
	struct drm_nvdla_program_create args = create_args(&op, luts, 2);
	struct npu_copy copy = npu_copy_new(fd, ATOMS, 0);
	struct drm_nvdla_submit submit;

	EXPECT_EQ(create(fd, &args), 0);
	copy.program = args.handle;
	for (int i = 0; i < BYTES; i++)
		copy.src.map[i] = (uint8_t)i;
	submit = npu_copy_submit(&copy);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 30), 0);
	for (int i = 0; i < BYTES; i++)
		if ((int8_t)copy.dst.map[i] != f((int8_t)i))
			nvdla_test_fail(__FILE__, __LINE__, "table %u: f(%d) is %d, should be %d", index,
					(int8_t)i, (int8_t)copy.dst.map[i], f((int8_t)i));
}

/* The hardware has room for one: they change with the program, and with the client. */
TEST(each_program_has_its_tables)
{
	struct drm_nvdla_lut luts[2];
	int fd = npu_open(), other = npu_open();

	lut_of(&luts[0], square);
	lut_of(&luts[1], mirror);
	for (int i = 0; i < 3; i++) {
		check_lookup(fd, luts, 0, square);
		check_lookup(other, luts, 1, mirror);
	}
}

/* The driver has a copy: who changes the table after the check changes nothing. */
TEST(tables_are_copied)
{
	struct drm_nvdla_lut lut;
	struct drm_nvdla_op op = lookup_op(0);
	struct drm_nvdla_program_create args = create_args(&op, &lut, 1);
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, ATOMS, 0);
	struct drm_nvdla_submit submit;

	lut_of(&lut, square);
	EXPECT_EQ(create(fd, &args), 0);
	lut_of(&lut, mirror);
	op.cdp.lut = 7;
	copy.program = args.handle;
	submit = npu_copy_submit(&copy);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(fd, copy.dst.handle, 30), 0);
	for (int i = 0; i < BYTES; i++)
		EXPECT_EQ((int8_t)copy.dst.map[i], square((int8_t)copy.src.map[i]));
}

TEST(the_operation_names_a_table_that_is_there)
{
	static struct drm_nvdla_lut luts[DRM_NVDLA_MAX_LUTS];
	static const struct {
		uint32_t luts;
		uint16_t index;
		int error;
	} cases[] = {
		{ 0, 0, -EINVAL }, { 1, 0, 0 }, { 1, 1, -EINVAL }, { 1, UINT16_MAX, -EINVAL },
		{ DRM_NVDLA_MAX_LUTS, DRM_NVDLA_MAX_LUTS - 1, 0 },
		{ DRM_NVDLA_MAX_LUTS, DRM_NVDLA_MAX_LUTS, -EINVAL },
	};
	int fd = npu_open();

	for (int i = 0; i < DRM_NVDLA_MAX_LUTS; i++)
		lut_of(&luts[i], square);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct drm_nvdla_op op = lookup_op(cases[i].index);
		struct drm_nvdla_program_create args = create_args(&op, luts, cases[i].luts);
		char text[64] = "";

		args.reason = (struct drm_nvdla_reason) { .text = (uintptr_t)text, .text_size = sizeof(text) };
		EXPECT_EQ(create(fd, &args), cases[i].error);
		if (cases[i].error)
			EXPECT(!strncmp(text, "cdp.lut: ", 9));
	}
}

TEST(bad_arrays_are_refused)
{
	struct {
		struct drm_nvdla_lut lut;
		uint64_t later;
	} larger[2] = { 0 };
	static struct drm_nvdla_lut luts[DRM_NVDLA_MAX_LUTS + 1];
	struct drm_nvdla_op op = lookup_op(0);
	struct drm_nvdla_program_create args;
	int fd = npu_open();

	for (size_t i = 0; i < ARRAY_SIZE(luts); i++)
		lut_of(&luts[i], square);
	args = create_args(&op, luts, DRM_NVDLA_MAX_LUTS + 1);
	EXPECT_EQ(create(fd, &args), -EINVAL);
	args.lut_count = UINT32_MAX;
	EXPECT_EQ(create(fd, &args), -EINVAL);

	args = create_args(&op, luts, 1);
	args.lut_stride = DRM_NVDLA_LUT_SIZE_VER0 - 1;
	EXPECT_EQ(create(fd, &args), -EINVAL);
	args.lut_stride = 0;
	EXPECT_EQ(create(fd, &args), -EINVAL);
	args.lut_stride = 4097;
	EXPECT_EQ(create(fd, &args), -E2BIG);
	args.lut_stride = UINT32_MAX;
	EXPECT_EQ(create(fd, &args), -E2BIG);
	args = create_args(&op, (void *)8, 1);
	EXPECT_EQ(create(fd, &args), -EFAULT);

	lut_of(&larger[0].lut, square);
	lut_of(&larger[1].lut, square);
	args = create_args(&op, larger, 2);
	args.lut_stride = sizeof(larger[0]);
	EXPECT_EQ(create(fd, &args), 0);
	larger[1].later = 1;
	args.handle = 0;
	EXPECT_EQ(create(fd, &args), -E2BIG);
}

TEST(bad_tables_are_refused)
{
	static const struct {
		size_t at, bytes;
		uint64_t value;
		const char *field;
	} cases[] = {
		{ offsetof(struct drm_nvdla_lut, le.start), 8, 1ull << 37, "lut.le: " },
		{ offsetof(struct drm_nvdla_lut, lo.end), 8, 1ull << 63, "lut.lo: " },
		{ offsetof(struct drm_nvdla_lut, le.below_shift), 1, 16, "lut.le: " },
		{ offsetof(struct drm_nvdla_lut, lo.above_shift), 1, 0xef, "lut.lo: " },
		{ offsetof(struct drm_nvdla_lut, lo.select), 1, 32, "lut.lo: " },
		{ offsetof(struct drm_nvdla_lut, le.pad), 1, 1, "lut.le: " },
		{ offsetof(struct drm_nvdla_lut, le_function), 1, 2, "lut.le_function: " },
		{ offsetof(struct drm_nvdla_lut, le_index_offset), 1, 1, "lut.le_index_offset: " },
		{ offsetof(struct drm_nvdla_lut, both_below), 1, 2, "lut.both_below: " },
		{ offsetof(struct drm_nvdla_lut, both_above), 1, 2, "lut.both_above: " },
		{ offsetof(struct drm_nvdla_lut, both_hit), 1, 255, "lut.both_hit: " },
		{ offsetof(struct drm_nvdla_lut, pad), 1, 1, "lut.pad: " },
		{ offsetof(struct drm_nvdla_lut, pad) + 6, 1, 128, "lut.pad: " },
	};
	struct drm_nvdla_op op = lookup_op(0);
	int fd = npu_open();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct drm_nvdla_lut luts[2];
		struct drm_nvdla_program_create args = create_args(&op, luts, 2);
		char text[64] = "";

		lut_of(&luts[0], square);
		lut_of(&luts[1], square);
		memcpy((char *)&luts[1] + cases[i].at, &cases[i].value, cases[i].bytes);
		args.reason = (struct drm_nvdla_reason) { .text = (uintptr_t)text, .text_size = sizeof(text) };
		EXPECT_EQ(create(fd, &args), -EINVAL);
		EXPECT_EQ(args.reason.index, 1);
		if (strncmp(text, cases[i].field, strlen(cases[i].field)))
			nvdla_test_fail(__FILE__, __LINE__, "case %zu: \"%s\"", i, text);
	}
}

/* They are the kernel's memory, too: a program of one operation does not come with any number of them. */
TEST(tables_count_as_operations)
{
	static struct drm_nvdla_lut luts[DRM_NVDLA_MAX_LUTS];
	struct drm_nvdla_op op = lookup_op(0);
	struct drm_nvdla_program_destroy destroy = { 0 };
	struct drm_nvdla_program_create args;
	struct drm_nvdla_dev_info info;
	uint32_t total = 0;
	int fd = npu_open(), ret;

	for (int i = 0; i < DRM_NVDLA_MAX_LUTS; i++)
		lut_of(&luts[i], mirror);
	npu_info(fd, &info);
	for (;;) {
		args = create_args(&op, luts, DRM_NVDLA_MAX_LUTS);
		ret = create(fd, &args);
		if (ret)
			break;
		total += 1 + DRM_NVDLA_MAX_LUTS;
		destroy.handle = args.handle;
	}
	EXPECT_EQ(ret, -EDQUOT);
	EXPECT(total <= info.max_ops && total + 1 + DRM_NVDLA_MAX_LUTS > info.max_ops);
	EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy), 0);
	EXPECT_EQ(create(fd, &args), 0);
}
