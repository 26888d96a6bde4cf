// SPDX-License-Identifier: MIT
/*
 * The way to memory and back, and one interrupt after the other: with as little else as there can
 * be, for whatever fails here makes all that follows fail.
 */
#include "builder.h"

static struct drm_nvdla_sdp *add_copy(struct builder *b, struct drm_nvdla_surface src,
				      struct drm_nvdla_surface dst, uint32_t width, uint32_t height,
				      uint32_t channels)
{
	struct drm_nvdla_sdp *sdp = &op_add(b, DRM_NVDLA_SDP)->sdp;

	sdp->src = src;
	sdp->dst = dst;
	sdp->width = (uint16_t)width;
	sdp->height = (uint16_t)height;
	sdp->channels = (uint16_t)channels;
	sdp->out_scale = 1;
	return sdp;
}

static void copy_small(struct builder *b)
{
	uint32_t atom = b->config->atom, bytes = 4 * 4 * atom, in, out;

	test_begin(b, NVDLA_SELFTEST_MEMORY, "memory.small", "SDP copies a few lines of memory");
	in = slot_random(b, bytes);
	out = slot_output(b, bytes + 64);
	add_copy(b, surface(in, 0, 4, 4, atom), surface(out, 0, 4, 4, atom), 4, 4, atom);
	check_bytes(b, out, 0, bytes, 1, "copy");
	check_bytes(b, out, bytes, 64, 1, "memory behind the copy");
	test_end(b);
}

static void copy_large(struct builder *b)
{
	uint32_t atom = b->config->atom, bytes = 128 << 10, width = 64, planes = 4;
	uint32_t height = bytes / width / planes / atom, in, out;

	test_begin(b, NVDLA_SELFTEST_MEMORY, "memory.large", "SDP copies 128 KiB, over many pages");
	in = slot_random(b, bytes);
	out = slot_output(b, bytes);
	add_copy(b, surface(in, 0, width, height, atom), surface(out, 0, width, height, atom), width,
		 height, planes * atom);
	for (uint32_t at = 0; at < bytes; at += bytes / 8)
		check_bytes(b, out, at, bytes / 8, 1, "%u KiB from %u KiB on", bytes >> 13, at >> 10);
	test_end(b);
}

/* Gaps between lines and planes, other ones on both sides, and starts that are just atoms apart. */
static void copy_strides(struct builder *b)
{
	uint32_t atom = b->config->atom, in, out;
	struct drm_nvdla_surface from, to;

	test_begin(b, NVDLA_SELFTEST_MEMORY, "memory.strides",
		   "SDP copies between surfaces with gaps and odd starts");
	in = slot_random(b, 16 << 10);
	out = slot_output(b, 16 << 10);
	for (uint32_t i = 0; i < 4; i++) {
		from = surface(in, (i * 130 + i) * atom, 7, 3, atom);
		from.line_stride += i * atom;
		from.surface_stride = 3 * from.line_stride + 2 * atom;
		to = surface(out, (i * 130 + 3 * i) * atom, 7, 3, atom);
		to.line_stride += (3 - i) * atom;
		to.surface_stride = 4 * to.line_stride + i * atom;
		add_copy(b, from, to, 7, 3, 3 * atom);
	}
	check_outputs(b);
	test_end(b);
}

void tests_memory(struct builder *b)
{
	copy_small(b);
	copy_large(b);
	copy_strides(b);
}

/* Both done bits of an engine, one after the other: each has to interrupt for the next to start. */
static void interrupt_sdp(struct builder *b)
{
	uint32_t atom = b->config->atom, in, out;

	test_begin(b, DRM_NVDLA_SDP, "sdp.interrupts", "one operation of SDP after the other");
	in = slot_random(b, 8 * atom);
	out = slot_output(b, 4 * 8 * atom);
	for (uint32_t i = 0; i < 4; i++) {
		add_copy(b, surface(in, 0, 8, 1, atom), surface(out, i * 8 * atom, 8, 1, atom), 8, 1, atom);
		op_waits(b, &b->test.ops[i]);
	}
	check_outputs(b);
	test_end(b);
}

static void interrupt_pdp(struct builder *b)
{
	uint32_t atom = b->config->atom, in, out;

	test_begin(b, DRM_NVDLA_PDP, "pdp.interrupts", "one operation of PDP after the other");
	in = slot_random(b, 8 * atom);
	out = slot_output(b, 4 * 8 * atom);
	for (uint32_t i = 0; i < 4; i++) {
		struct drm_nvdla_op *op = op_add(b, DRM_NVDLA_PDP);

		op->pdp = (struct drm_nvdla_pdp){
			.src = surface(in, 0, 8, 1, atom), .dst = surface(out, i * 8 * atom, 8, 1, atom),
			.src_width = 8, .src_height = 1, .channels = (uint16_t)atom, .dst_width = 8,
			.dst_height = 1, .pool = DRM_NVDLA_POOL_MAX, .kernel_width = 1,
			.kernel_height = 1, .stride_x = 1, .stride_y = 1,
		};
		op_waits(b, op);
	}
	check_outputs(b);
	test_end(b);
}

static void interrupt_cdp(struct builder *b)
{
	uint32_t atom = b->config->atom, in, out;
	struct drm_nvdla_lut *lut;

	test_begin(b, DRM_NVDLA_CDP, "cdp.interrupts", "one operation of CDP after the other");
	in = slot_random(b, 8 * atom);
	out = slot_output(b, 4 * 8 * atom);
	lut = lut_add(b);
	lut->le_function = DRM_NVDLA_LUT_LINEAR;
	for (uint32_t i = 0; i < 4; i++) {
		struct drm_nvdla_op *op = op_add(b, DRM_NVDLA_CDP);

		/* The table is all zeros: what comes out does not depend on it. */
		op->cdp = (struct drm_nvdla_cdp){
			.src = surface(in, 0, 8, 1, atom), .dst = surface(out, i * 8 * atom, 8, 1, atom),
			.out_offset = -(int32_t)i - 1, .width = 8, .height = 1, .channels = (uint16_t)atom,
			.flags = DRM_NVDLA_CDP_NO_SUM | DRM_NVDLA_CDP_NO_PRODUCT, .in_scale = 1,
			.out_scale = 1,
		};
		op_waits(b, op);
	}
	check_outputs(b);
	test_end(b);
}

void tests_interrupts(struct builder *b)
{
	interrupt_sdp(b);
	interrupt_pdp(b);
	interrupt_cdp(b);
}
