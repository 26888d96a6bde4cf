// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the driver relies on when it lets a process's program near the hardware. Everything that the
 * core is given has exactly the size that it is told, so that KASAN sees any step beyond.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include "core_programs.h"
#include "nvdla_core.h"

/* A program as the driver holds one. */
struct candidate {
	struct drm_nvdla_op *ops;
	struct drm_nvdla_lut *luts;
	struct nvdla_source source;
	struct drm_nvdla_slot *slots;
	struct nvdla_diag diag;
	u32 count;
	int ret;
};

static struct program *new_program(struct kunit *test)
{
	struct program *program = kunit_kzalloc(test, sizeof(*program), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, program);
	return program;
}

static void judge(struct kunit *test, const struct program *program, struct candidate *candidate)
{
	size_t slots = sizeof(*candidate->slots) * DRM_NVDLA_MAX_SLOTS;
	size_t ops = sizeof(*candidate->ops) * program->count;
	size_t luts = sizeof(*candidate->luts) * program->lut_count;

	candidate->count = program->count;
	candidate->ops = kunit_kmalloc(test, ops, GFP_KERNEL);
	candidate->luts = kunit_kmalloc(test, luts, GFP_KERNEL);
	candidate->slots = kunit_kmalloc(test, slots, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, candidate->ops);
	KUNIT_ASSERT_NOT_NULL(test, candidate->luts);
	KUNIT_ASSERT_NOT_NULL(test, candidate->slots);
	memcpy(candidate->ops, program->ops, ops);
	memcpy(candidate->luts, program->luts, luts);
	memset(candidate->slots, 0xff, slots);
	candidate->source = (struct nvdla_source) {
		.ops = candidate->ops, .luts = candidate->luts, .op_count = program->count,
		.lut_count = program->lut_count,
	};
	candidate->ret = nvdla_program_check(small(), &candidate->source, candidate->slots,
					     &candidate->diag);
}

static void forget(struct kunit *test, const struct candidate *candidate)
{
	kunit_kfree(test, candidate->ops);
	kunit_kfree(test, candidate->luts);
	kunit_kfree(test, candidate->slots);
}

static void knows_configurations(struct kunit *test)
{
	const struct nvdla_config *config = nvdla_config_find("nv_small");
	struct drm_nvdla_dev_info *info = kunit_kmalloc(test, sizeof(*info), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, info);
	KUNIT_ASSERT_NOT_NULL(test, config);
	KUNIT_EXPECT_NULL(test, nvdla_config_find("nv_smal"));
	KUNIT_EXPECT_NULL(test, nvdla_config_find("nv_small2"));

	/* Goes to userspace: every byte of it has to be written. */
	memset(info, 0xff, sizeof(*info));
	nvdla_config_info(config, info);
	KUNIT_EXPECT_STREQ(test, (const char *)info->config, "nv_small");
	KUNIT_EXPECT_NULL(test, memchr_inv(info->config + 8, 0, sizeof(info->config) - 8));
	KUNIT_EXPECT_EQ(test, info->atom, 8);
	KUNIT_EXPECT_EQ(test, info->atomic_c, 8);
	KUNIT_EXPECT_EQ(test, info->atomic_k, 8);
	KUNIT_EXPECT_EQ(test, info->cbuf_banks, 32);
	KUNIT_EXPECT_EQ(test, info->cbuf_entries * info->cbuf_entry_bytes, SZ_4K);
	KUNIT_EXPECT_EQ(test, info->dma_bits, 32);
	KUNIT_EXPECT_EQ(test, info->engines, 0x1e);
	KUNIT_EXPECT_EQ(test, info->max_khz, 0);
	KUNIT_EXPECT_EQ(test, info->flags, 0);
	KUNIT_EXPECT_EQ(test, info->max_bytes, 0);
}

struct good {
	const char *name;
	u32 first;
	u32 count;
};

/* Parts of the fixed program that are programs by themselves. */
static const struct good goods[] = {
	{ "all engines", 0, 13 },
	{ "conv to sdp to pdp", 0, 3 },
	{ "sdp from memory", 3, 1 },
	{ "pdp from memory", 4, 1 },
	{ "image to sdp", 5, 2 },
	{ "cdp", 7, 1 },
	{ "pdp in parts", 8, 1 },
	{ "conv that reuses lines and weights", 9, 4 },
};

KUNIT_ARRAY_PARAM_DESC(good, goods, name);

static void accepts(struct kunit *test)
{
	const struct good *good = test->param_value;
	struct program *program = new_program(test);
	struct candidate candidate;

	fixed_program(program);
	memmove(program->ops, program->ops + good->first, good->count * sizeof(*program->ops));
	program->count = good->count;
	if (good->first) {
		program->ops[0].dep_count = 0;
		memset(program->ops[0].deps, 0, sizeof(program->ops[0].deps));
	}
	judge(test, program, &candidate);
	KUNIT_EXPECT_EQ_MSG(test, candidate.ret, 0, "operation %u: %s: %s", candidate.diag.index,
			    candidate.diag.field, candidate.diag.rule);
}

/* One field of the fixed program, a value that breaks it, and what a user is told. */
struct bad {
	u32 op;
	size_t offset;
	size_t size;
	u64 value;
	const char *field;
	const char *rule;
};

#define BAD(op, member, value, field, rule) \
	{ op, offsetof(struct drm_nvdla_op, member), \
	  sizeof_field(struct drm_nvdla_op, member), (u64)(value), field, rule }

static const struct bad bads[] = {
	BAD(0, engine, 0, "engine", "unknown, or not in this device"),
	BAD(0, engine, 63, "engine", "unknown, or not in this device"),
	BAD(0, flags, 1, "flags", "must be zero"),
	BAD(0, pad, 1, "pad", "must be zero"),
	BAD(3, reserved[255], 1, "reserved", "must be zero"),
	BAD(3, dep_count, 9, "dep_count", "must be 0..8"),
	BAD(3, deps[0], 3, "deps", "not before this operation's chain"),
	BAD(1, dep_count, 1, "deps", "not before this operation's chain"),
	BAD(3, deps[1], 1, "deps", "must be zero beyond dep_count"),

	BAD(0, conv.src.addr.slot, 64, "conv.src", "the slot number is too large"),
	BAD(0, conv.src.addr.offset, 4, "conv.src", "the offset is not aligned"),
	BAD(0, conv.src.addr.pad, 1, "conv.src", "the padding of the address is not zero"),
	BAD(0, conv.src.addr.offset, BIT_ULL(32), "offset", "beyond what the device can address"),
	BAD(0, conv.src.addr.offset, ~7ull, "conv.src", "the offset is too large"),
	BAD(0, conv.src.line_stride, 84, "conv.src", "line_stride is not a multiple of the atom"),
	BAD(0, conv.src.line_stride, 72, "conv.src", "line_stride is shorter than a line"),
	BAD(0, conv.src.surface_stride, 472, "conv.src", "surface_stride is shorter than a plane"),
	BAD(0, conv.format, 10, "conv.format", "unknown"),
	BAD(0, conv.flags, 16, "conv.flags", "unknown"),
	BAD(0, conv.src_width, 8193, "conv.src_width", "must be 1..8192"),
	BAD(0, conv.dst_width, 6, "conv.dst_width", "does not tile the padded input exactly"),
	BAD(0, conv.pad_value, -129, "conv.pad_value", "must be -128..127"),
	BAD(0, conv.cvt_scale, 1, "conv.cvt_scale", "must be zero without CONVERT"),
	BAD(5, conv.dilation_x, 2, "conv.dilation_x", "must be 1 for an image"),
	BAD(5, conv.src.line_stride, 60, "conv.src",
	    "the line stride is not a multiple of the atom"),
	BAD(11, conv.reuse_lines, 3, "conv.reuse_lines", "other than what was kept before"),
	BAD(11, conv.flags, 0, "conv.flags", "weights are reused if and only if kept before"),
	BAD(11, conv.weight_banks, 3, "conv.weight_banks", "not as in the one before"),

	BAD(6, sdp.width, 12, "sdp.source", "the result before has another size"),
	BAD(3, sdp.dst.line_stride, 28, "sdp.dst", "line_stride is not a multiple of the atom"),
	BAD(1, sdp.x1.operand_bytes, 3, "sdp.x1.operand_bytes", "must be 1 or 2"),
	BAD(1, sdp.x1.alu_operand, DRM_NVDLA_OPERAND_ELEMENT, "sdp.x1.operand",
	    "both operands come from memory, but not of one kind"),
	BAD(1, sdp.out_shift, 64, "sdp.out_shift", "must be 0..63"),

	BAD(4, pdp.pool, 3, "pdp.pool", "unknown"),
	BAD(4, pdp.kernel_width, 9, "pdp.kernel_width", "must be 1..8"),
	BAD(4, pdp.recip_width, 1, "pdp.recip_width", "must be zero, nothing is averaged"),
	BAD(2, pdp.recip_width, BIT(17), "pdp.recip_width", "has more than 17 bits"),
	BAD(2, pdp.src.addr.slot, 1, "pdp.src", "must be zero, the input comes on the fly"),
	BAD(2, pdp.channels, 20, "pdp.source", "the result before has another size"),
	BAD(8, pdp.first_width, 19, "pdp.parts", "a part is empty, or wider than the line buffer"),

	BAD(7, cdp.lut, 2, "cdp.lut", "the program has no such table"),
	BAD(7, cdp.local_size, 4, "cdp.local_size", "must be 3, 5, 7 or 9"),
};

static void describe_bad(const struct bad *bad, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "operation %u %s %s", bad->op, bad->field, bad->rule);
}

KUNIT_ARRAY_PARAM(bad, bads, describe_bad);

static void refuses(struct kunit *test)
{
	const struct bad *bad = test->param_value;
	struct program *program = new_program(test);
	struct candidate candidate;

	fixed_program(program);
	memcpy((u8 *)&program->ops[bad->op] + bad->offset, &bad->value, bad->size);
	judge(test, program, &candidate);
	KUNIT_ASSERT_EQ(test, candidate.ret, -EINVAL);
	KUNIT_EXPECT_EQ(test, candidate.diag.index, bad->op);
	KUNIT_EXPECT_STREQ(test, candidate.diag.field, bad->field);
	KUNIT_EXPECT_STREQ(test, candidate.diag.rule, bad->rule);
}

/* A chain that ends with the array: what would take its result lies beyond. */
static void refuses_open_ends(struct kunit *test)
{
	struct program *program = new_program(test);
	struct candidate candidate;

	fixed_program(program);
	for (program->count = 1; program->count <= 2; program->count++) {
		judge(test, program, &candidate);
		KUNIT_EXPECT_EQ(test, candidate.ret, -EINVAL);
		KUNIT_EXPECT_EQ(test, candidate.diag.index, program->count - 1);
		KUNIT_EXPECT_STREQ(test, candidate.diag.rule,
				   "the next operation does not take the result");
	}
}

static void refuses_counts(struct kunit *test)
{
	static const u32 counts[] = { 0, DRM_NVDLA_MAX_OPS + 1, U32_MAX };
	struct program *program = new_program(test);
	struct candidate candidate;

	fixed_program(program);
	judge(test, program, &candidate);
	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		candidate.source.op_count = counts[i];
		KUNIT_EXPECT_EQ(test, nvdla_program_check(small(), &candidate.source,
							  candidate.slots, &candidate.diag),
				-EINVAL);
		KUNIT_EXPECT_STREQ(test, candidate.diag.rule, "must be 1..4096");
	}
}

/* Whatever an accepted program touches lies in its slots, and its images say no other place. */
static void expect_inside(struct kunit *test, const struct candidate *candidate)
{
	struct nvdla_image *images;

	images = kunit_kmalloc_array(test, candidate->count, sizeof(*images), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, images);
	nvdla_program_encode(small(), &candidate->source, images);
	for (u32 i = 0; i < candidate->count; i++) {
		struct nvdla_extent extents[NVDLA_MAX_EXTENTS];
		u32 count = nvdla_op_extents(small(), &candidate->ops[i], extents);
		u32 regs = images[i].main_count + images[i].rdma_count;

		KUNIT_ASSERT_LE(test, count, NVDLA_MAX_EXTENTS);
		KUNIT_ASSERT_LE(test, regs, NVDLA_MAX_REGS);
		KUNIT_EXPECT_EQ(test, images[i].reloc_count, count);
		for (u32 e = 0; e < count; e++) {
			const struct drm_nvdla_slot *slot = &candidate->slots[extents[e].slot];
			const struct nvdla_reloc *reloc = &images[i].reloc[e];

			KUNIT_ASSERT_LT(test, extents[e].slot, DRM_NVDLA_MAX_SLOTS);
			KUNIT_EXPECT_LE(test, nvdla_extent_end(&extents[e]), slot->min_size);
			KUNIT_EXPECT_EQ(test, slot->access & extents[e].access, extents[e].access);
			KUNIT_EXPECT_LT(test, reloc->low + 1, regs);
			KUNIT_EXPECT_LT(test, reloc->offset,
					candidate->slots[reloc->slot].min_size);
		}
	}
	kunit_kfree(test, images);
}

static void survives_mutants(struct kunit *test)
{
	struct program *original = new_program(test), *mutant = new_program(test);
	u32 accepted = 0, refused = 0;

	for (u32 seed = 1; seed <= 1000; seed++) {
		random_program(original, seed, 1 + seed % 8);
		for (u32 round = 0; round < 6; round++) {
			struct candidate candidate;

			*mutant = *original;
			mutant->random += round * 7919;
			for (u32 i = 0; i < round; i++)
				mutate(mutant);
			judge(test, mutant, &candidate);
			if (!round)
				KUNIT_EXPECT_EQ(test, candidate.ret, 0);
			if (candidate.ret) {
				KUNIT_EXPECT_LT(test, candidate.diag.index,
						max(candidate.count, mutant->lut_count));
				refused++;
			} else {
				expect_inside(test, &candidate);
				accepted++;
			}
			forget(test, &candidate);
		}
	}
	kunit_info(test, "%u accepted, %u refused", accepted, refused);
	/* More than the thousand that were not changed. */
	KUNIT_EXPECT_GT(test, accepted, 1100);
	KUNIT_EXPECT_GT(test, refused, 1100);
}

/* Two slots that are read, and one that is written and ends with the device's address space. */
struct binding_case {
	const char *name;
	u32 count;
	u32 slot;
	struct nvdla_binding binding;
	const char *rule;
};

static const struct binding_case binding_cases[] = {
	{ "good", 3, 0, { 0x1000, 0x100 }, NULL },
	{ "two that are read overlap", 3, 0, { 0x2000, 0x100 }, NULL },
	{ "written follows read", 3, 2, { 0x1100, 8 }, NULL },
	{ "last byte", 3, 2, { 0xfffffff8, 8 }, NULL },
	{ "too few", 2, 2, { 0xffffff00, 8 }, "a slot of the program is not bound" },
	{ "too small", 3, 0, { 0x1000, 0xff }, "smaller than what the program touches" },
	{ "misaligned", 3, 0, { 0x1080, 0x100 }, "not aligned as the program needs it" },
	{ "end beyond 32 bits", 3, 2, { 0xfffffff8, 16 }, "beyond what the device can address" },
	{ "above 32 bits", 3, 2, { BIT_ULL(32), 8 }, "beyond what the device can address" },
	{ "end beyond 64 bits", 3, 2, { ~7ull, 16 }, "beyond what the device can address" },
	{ "written at the end of read", 3, 2, { 0x10f8, 8 },
	  "overlaps another slot, and one of them is written" },
	{ "written around read", 3, 2, { 0, 0x10000 },
	  "overlaps another slot, and one of them is written" },
};

KUNIT_ARRAY_PARAM_DESC(binding, binding_cases, name);

static void checks_bindings(struct kunit *test)
{
	static const struct drm_nvdla_slot needs[3] = {
		{ 0x100, 256, DRM_NVDLA_SLOT_READ },
		{ 0x200, 8, DRM_NVDLA_SLOT_READ },
		{ 8, 8, DRM_NVDLA_SLOT_WRITE },
	};
	static const struct nvdla_binding usual[3] = {
		{ 0x1000, 0x100 }, { 0x2000, 0x300 }, { 0xffffff00, 0x100 },
	};
	const struct binding_case *param = test->param_value;
	struct drm_nvdla_slot *slots;
	struct nvdla_binding *bindings;
	struct nvdla_diag diag = {};
	int ret;

	slots = kunit_kcalloc(test, DRM_NVDLA_MAX_SLOTS, sizeof(*slots), GFP_KERNEL);
	bindings = kunit_kmalloc_array(test, param->count, sizeof(*bindings), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, slots);
	KUNIT_ASSERT_NOT_NULL(test, bindings);
	memcpy(slots, needs, sizeof(needs));
	memcpy(bindings, usual, param->count * sizeof(*bindings));
	if (param->slot < param->count)
		bindings[param->slot] = param->binding;

	ret = nvdla_bindings_check(small(), slots, bindings, param->count, &diag);
	if (!param->rule) {
		KUNIT_EXPECT_EQ_MSG(test, ret, 0, "slot %u: %s", diag.index, diag.rule);
		return;
	}
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	KUNIT_EXPECT_EQ(test, diag.index, param->slot);
	KUNIT_EXPECT_STREQ(test, diag.rule, param->rule);
}

static struct kunit_case validate_cases[] = {
	KUNIT_CASE(knows_configurations),
	KUNIT_CASE_PARAM(accepts, good_gen_params),
	KUNIT_CASE_PARAM(refuses, bad_gen_params),
	KUNIT_CASE(refuses_open_ends),
	KUNIT_CASE(refuses_counts),
	KUNIT_CASE_SLOW(survives_mutants),
	KUNIT_CASE_PARAM(checks_bindings, binding_gen_params),
	{}
};

static struct kunit_suite validate_suite = {
	.name = "nvdla_validate",
	.test_cases = validate_cases,
};

kunit_test_suite(validate_suite);
