// SPDX-License-Identifier: MIT
/*
 * What the core says an operation touches, against a walk over its elements that follows the text of
 * the uapi header and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core_programs.h"

/* Bytes of each slot that the walk has touched; slots of the random programs are small. */
#define SLOT_BYTES	(1 << 16)
#define SLOTS		(PROGRAM_SOURCES + 5)

struct touched {
	u8 access[SLOTS][SLOT_BYTES];
};

struct walk {
	const struct drm_nvdla_slot *slots;
	struct touched *touched;
	u64 outside;
};

static void touch(struct walk *walk, u32 slot, u64 base, u64 offset, u32 bytes, u32 access)
{
	u64 at, end;

	if (slot >= DRM_NVDLA_MAX_SLOTS || __builtin_add_overflow(base, offset, &at) ||
	    __builtin_add_overflow(at, bytes, &end) || end > walk->slots[slot].min_size ||
	    !(walk->slots[slot].access & access)) {
		walk->outside++;
		return;
	}
	if (!walk->touched)
		return;
	assert_true(slot < SLOTS && end <= SLOT_BYTES);
	for (u32 i = 0; i < bytes; i++)
		walk->touched->access[slot][at + i] |= access;
}

/* Every atom of a surface; only the outer ones of large surfaces. */
static void walk_surface(struct walk *walk, const struct drm_nvdla_surface *surface, u32 width,
			 u32 height, u32 channels, u32 atom, u32 access)
{
	u32 planes = (channels + 7) / 8;
	u32 step_x = width > 64 ? width - 1 : 1, step_y = height > 64 ? height - 1 : 1;
	u32 step_c = planes > 64 ? planes - 1 : 1;

	for (u32 c = 0; c < planes; c += step_c)
		for (u32 y = 0; y < height; y += step_y)
			for (u32 x = 0; x < width; x += step_x)
				touch(walk, surface->addr.slot, surface->addr.offset,
				      (u64)c * surface->surface_stride +
				      (u64)y * surface->line_stride + (u64)x * atom, atom, access);
}

/* A line of an image, in whole atoms. */
static void walk_line(struct walk *walk, const struct drm_nvdla_conv *conv,
		      const struct drm_nvdla_addr *addr, u64 line, u32 pixel)
{
	touch(walk, addr->slot, addr->offset, line,
	      whole((conv->src_x + conv->src_width) * pixel, 8), DRM_NVDLA_SLOT_READ);
}

static void walk_conv(struct walk *walk, const struct drm_nvdla_conv *conv)
{
	u32 weights = conv->kernel_width * conv->kernel_height * conv->src_channels * conv->kernels;

	if (conv->format == DRM_NVDLA_FEATURE && conv->reuse_lines < conv->src_height) {
		struct drm_nvdla_surface src = conv->src;

		src.addr.offset += (u64)conv->reuse_lines * src.line_stride;
		walk_surface(walk, &src, conv->src_width, conv->src_height - conv->reuse_lines,
			     conv->src_channels, 8, DRM_NVDLA_SLOT_READ);
	}
	for (u32 y = conv->reuse_lines; conv->format && y < conv->src_height; y++) {
		walk_line(walk, conv, &conv->src.addr, (u64)y * conv->src.line_stride,
			  conv->src_channels == 4 ? 4 : 1);
		if (conv->src_channels == 3)
			walk_line(walk, conv, &conv->src_uv, (u64)y * conv->uv_line_stride, 2);
	}
	if (!(conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS))
		touch(walk, conv->weights.slot, conv->weights.offset, 0, whole(weights, 8),
		      DRM_NVDLA_SLOT_READ);
}

static void walk_stage(struct walk *walk, const struct drm_nvdla_sdp *sdp,
		       const struct drm_nvdla_sdp_stage *stage)
{
	u32 bytes = 0;

	if (stage->alu_operand)
		bytes += stage->operand_bytes;
	if (stage->mul_operand)
		bytes += stage->operand_bytes;
	if (stage->alu_operand == DRM_NVDLA_OPERAND_ELEMENT ||
	    stage->mul_operand == DRM_NVDLA_OPERAND_ELEMENT)
		walk_surface(walk, &stage->operand, sdp->width, sdp->height, sdp->channels,
			     8 * bytes, DRM_NVDLA_SLOT_READ);
	else if (bytes)
		touch(walk, stage->operand.addr.slot, stage->operand.addr.offset, 0,
		      whole(sdp->channels, 8) * bytes, DRM_NVDLA_SLOT_READ);
}

static void walk_op(struct walk *walk, const struct drm_nvdla_op *op)
{
	switch (op->engine) {
	case DRM_NVDLA_CONV:
		walk_conv(walk, &op->conv);
		break;
	case DRM_NVDLA_SDP:
		if (op->sdp.source == DRM_NVDLA_SOURCE_MEMORY)
			walk_surface(walk, &op->sdp.src, op->sdp.width, op->sdp.height,
				     op->sdp.channels, 8, DRM_NVDLA_SLOT_READ);
		walk_stage(walk, &op->sdp, &op->sdp.x1);
		walk_stage(walk, &op->sdp, &op->sdp.x2);
		if (op->sdp.dst.line_stride)
			walk_surface(walk, &op->sdp.dst, op->sdp.width, op->sdp.height,
				     op->sdp.channels, 8, DRM_NVDLA_SLOT_WRITE);
		break;
	case DRM_NVDLA_CDP:
		walk_surface(walk, &op->cdp.src, op->cdp.width, op->cdp.height, op->cdp.channels, 8,
			     DRM_NVDLA_SLOT_READ);
		walk_surface(walk, &op->cdp.dst, op->cdp.width, op->cdp.height, op->cdp.channels, 8,
			     DRM_NVDLA_SLOT_WRITE);
		break;
	default:
		if (op->pdp.source == DRM_NVDLA_SOURCE_MEMORY)
			walk_surface(walk, &op->pdp.src, op->pdp.src_width, op->pdp.src_height,
				     op->pdp.channels, 8, DRM_NVDLA_SLOT_READ);
		walk_surface(walk, &op->pdp.dst, op->pdp.dst_width, op->pdp.dst_height,
			     op->pdp.channels, 8, DRM_NVDLA_SLOT_WRITE);
		break;
	}
}

static void mark_extents(struct touched *touched, const struct drm_nvdla_op *op)
{
	struct nvdla_extent extents[NVDLA_MAX_EXTENTS];
	u32 count = nvdla_op_extents(small(), op, extents);

	assert_true(count <= NVDLA_MAX_EXTENTS);
	for (u32 i = 0; i < count; i++) {
		const struct nvdla_extent *e = &extents[i];

		assert_true(nvdla_extent_end(e) <= SLOT_BYTES);
		for (u32 p = 0; p < e->planes; p++)
			for (u32 r = 0; r < e->rows; r++)
				for (u32 b = 0; b < e->row_bytes; b++)
					touched->access[e->slot][e->offset + p * e->plane_stride +
								 r * e->row_stride + b] |= e->access;
	}
}

static void extents_are_what_a_walk_touches(void **state)
{
	struct touched *walked = malloc(sizeof(*walked)), *marked = malloc(sizeof(*marked));

	(void)state;
	for (u32 seed = 1; seed <= 300; seed++) {
		struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
		struct walk walk = { .slots = slots, .touched = walked };
		struct program program;
		struct nvdla_diag diag;

		random_program(&program, seed, 3);
		assert_int_equal(check_program(&program, slots, &diag), 0);
		memset(walked, 0, sizeof(*walked));
		memset(marked, 0, sizeof(*marked));
		for (u32 i = 0; i < program.count; i++) {
			walk_op(&walk, &program.ops[i]);
			mark_extents(marked, &program.ops[i]);
		}
		assert_int_equal(walk.outside, 0);
		assert_memory_equal(walked, marked, sizeof(*walked));
		/* No slot asks for more than is touched. */
		for (u32 s = 0; s < SLOTS; s++) {
			u32 access = 0;

			for (u32 b = 0; b < SLOT_BYTES; b++)
				access |= walked->access[s][b];
			assert_int_equal(access, slots[s].access);
			if (access)
				assert_true(walked->access[s][slots[s].min_size - 1]);
			else
				assert_int_equal(slots[s].min_size, 0);
		}
	}
	free(walked);
	free(marked);
}

static void accepted_mutants_stay_inside(void **state)
{
	u32 accepted = 0, refused = 0, changed = 0;

	(void)state;
	for (u32 seed = 1; seed <= 2000; seed++) {
		struct program original, program;

		random_program(&original, seed, 4);
		for (u32 round = 0; round < 30; round++) {
			struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
			struct walk walk = { .slots = slots };
			struct nvdla_diag diag;

			program = original;
			program.random = original.random + round * 7919;
			for (u32 i = in(&program, 1, 2); i; i--)
				mutate(&program);
			if (check_program(&program, slots, &diag)) {
				refused++;
				continue;
			}
			accepted++;
			changed += !!memcmp(program.ops, original.ops, sizeof(program.ops));
			for (u32 i = 0; i < program.count; i++)
				walk_op(&walk, &program.ops[i]);
			if (walk.outside)
				fail_msg("seed %u, round %u: %llu accesses outside", seed, round,
					 (unsigned long long)walk.outside);
		}
	}
	/* Both outcomes must be common, or the test says nothing. */
	assert_true(changed > 1000);
	assert_true(refused > accepted);
}

static void extent_end_is_behind_the_last_byte(void **state)
{
	struct nvdla_extent extent = {
		.offset = 1ull << 48, .row_bytes = 10, .rows = 3, .row_stride = 100, .planes = 8192,
		.plane_stride = ~0u,
	};

	(void)state;
	assert_true(nvdla_extent_end(&extent) == (1ull << 48) + 210 + 8191ull * 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extents_are_what_a_walk_touches),
		cmocka_unit_test(accepted_mutants_stay_inside),
		cmocka_unit_test(extent_end_is_behind_the_last_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
