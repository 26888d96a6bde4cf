// SPDX-License-Identifier: MIT
/* CDP: each entry of both tables, the ranges around them, sums over channels, register groups. */
#include "builder.h"

#define EVERYWHERE_ELSE	(INT64_C(1) << 20)	/* above any input */

static struct drm_nvdla_cdp *add_cdp(struct builder *b, uint32_t in, uint32_t width, uint32_t height,
				     uint32_t channels)
{
	struct drm_nvdla_cdp *cdp = &op_add(b, DRM_NVDLA_CDP)->cdp;

	cdp->src = surface(in, 0, width, height, b->config->atom);
	cdp->dst = surface(slot_output(b, width * height * channels), 0, width, height, b->config->atom);
	cdp->width = (uint16_t)width;
	cdp->height = (uint16_t)height;
	cdp->channels = (uint16_t)channels;
	cdp->in_scale = 1;
	cdp->out_scale = 1;
	return cdp;
}

static void random_entries(struct builder *b, struct drm_nvdla_lut *lut, int reach)
{
	for (uint32_t i = 0; i < 65; i++)
		lut->le_entry[i] = (int16_t)random_between(b, -reach, reach);
	for (uint32_t i = 0; i < 257; i++)
		lut->lo_entry[i] = (int16_t)random_between(b, -reach, reach);
}

/* Every int8 there is, so that every entry is asked for; several times, in other lanes. */
static uint32_t slot_all_values(struct builder *b, uint32_t bytes)
{
	uint8_t values[4096];

	for (uint32_t i = 0; i < bytes; i++)
		values[i] = (uint8_t)(i * 37);
	return slot_given(b, values, bytes);
}

/* f(x): LO stands for x from -128 on, an entry each. */
static void lo_entries(struct builder *b)
{
	uint32_t atom = b->config->atom, in;
	struct drm_nvdla_lut *lut;

	test_begin(b, DRM_NVDLA_CDP, "cdp.lo", "all entries of CDP's LO table that int8 can reach");
	in = slot_all_values(b, 64 * 2 * atom);
	lut = lut_add(b);
	random_entries(b, lut, 127);
	lut->le_function = DRM_NVDLA_LUT_LINEAR;
	lut->le.start = EVERYWHERE_ELSE;
	lut->le.end = EVERYWHERE_ELSE + 64;
	lut->lo.start = -129;
	lut->lo.end = 127;
	/* The largest is above LO and below LE. */
	lut->both_hit = DRM_NVDLA_LUT_LO;
	add_cdp(b, in, 64, 1, 2 * atom)->flags = DRM_NVDLA_CDP_NO_SUM | DRM_NVDLA_CDP_NO_PRODUCT;
	check_outputs(b);
	test_end(b);
}

/* LE with an entry for four inputs, and interpolation between them; slopes on both sides. */
static void le_entries(struct builder *b)
{
	uint32_t atom = b->config->atom, in;
	struct drm_nvdla_cdp *cdp;
	struct drm_nvdla_lut *lut;

	test_begin(b, DRM_NVDLA_CDP, "cdp.le", "all entries of CDP's LE table, and the slopes around it");
	in = slot_all_values(b, 64 * 2 * atom);
	lut = lut_add(b);
	random_entries(b, lut, 127);
	lut->le_function = DRM_NVDLA_LUT_LINEAR;
	lut->le.start = -128;
	lut->le.end = 128;
	lut->le.select = 2;
	lut->lo.start = EVERYWHERE_ELSE;
	lut->lo.end = EVERYWHERE_ELSE + 256;
	add_cdp(b, in, 64, 1, 2 * atom)->flags = DRM_NVDLA_CDP_NO_SUM | DRM_NVDLA_CDP_NO_PRODUCT;

	lut = lut_add(b);
	*lut = b->test.luts[0];
	lut->le.start = -40;
	lut->le.end = 24;
	lut->le.select = 0;
	lut->le.below_scale = -29000;
	lut->le.below_shift = 15;
	lut->le.above_scale = 9000;
	lut->le.above_shift = 13;
	lut->both_below = DRM_NVDLA_LUT_LE;
	lut->both_hit = DRM_NVDLA_LUT_LE;
	cdp = add_cdp(b, in, 64, 1, 2 * atom);
	cdp->flags = DRM_NVDLA_CDP_NO_SUM | DRM_NVDLA_CDP_NO_PRODUCT;
	cdp->lut = 1;
	check_outputs(b);
	test_end(b);
}

/* Sums of 3, 5, 7 and 9 squares, looked up by their logarithm and in steps, times the value. */
static void sums(struct builder *b)
{
	uint32_t atom = b->config->atom, in;
	struct drm_nvdla_lut *lut;

	test_begin(b, DRM_NVDLA_CDP, "cdp.sums", "normalisation over 3, 5, 7 and 9 channels");
	in = slot_random(b, 9 * 2 * 3 * atom);
	lut = lut_add(b);
	lut->le_function = DRM_NVDLA_LUT_EXPONENT;
	lut->le_index_offset = 2;
	lut->lo.select = 10;
	lut->le.end = (INT64_C(1) << 37) - 1;
	lut->lo.end = 256 << 10;
	lut->both_hit = DRM_NVDLA_LUT_LO;
	for (uint32_t i = 0; i < 65; i++)
		lut->le_entry[i] = (int16_t)(30000 >> (i < 30 ? i / 2 : 15));
	for (uint32_t i = 0; i < 257; i++)
		lut->lo_entry[i] = (int16_t)(32000 / (i + 2) + i);
	*lut_add(b) = *lut;
	b->test.luts[1].both_hit = DRM_NVDLA_LUT_LE;
	for (uint32_t i = 0; i < 8; i++) {
		struct drm_nvdla_cdp *cdp = add_cdp(b, in, 9, 2, 3 * atom);

		cdp->local_size = (uint8_t)(3 + 2 * (i % 4));
		cdp->lut = (uint16_t)(i / 4);
		cdp->out_shift = 12;
		check_bytes(b, cdp->dst.addr.slot, 0, b->test.slots[cdp->dst.addr.slot].bytes, 1,
			    "%u channels, %s table", cdp->local_size, i / 4 ? "LE" : "LO");
	}
	test_end(b);
}

static void convertors(struct builder *b)
{
	uint32_t atom = b->config->atom, in;
	struct drm_nvdla_lut *lut;

	test_begin(b, DRM_NVDLA_CDP, "cdp.convertors", "CDP's convertors and its two register groups in turn");
	in = slot_all_values(b, 16 * 2 * atom);
	lut = lut_add(b);
	random_entries(b, lut, 3000);
	lut->le_function = DRM_NVDLA_LUT_LINEAR;
	lut->le.start = EVERYWHERE_ELSE;
	lut->lo.start = -256;
	lut->lo.end = 256;
	lut->lo.select = 1;
	for (uint32_t i = 0; i < 6; i++) {
		struct drm_nvdla_cdp *cdp = add_cdp(b, in, 16, i & 1 ? 1 : 2, i & 1 ? 2 * atom : atom);

		cdp->flags = DRM_NVDLA_CDP_NO_SUM | (i % 3 ? DRM_NVDLA_CDP_NO_PRODUCT : 0);
		cdp->in_offset = (int16_t)(40 - 17 * (int)i);
		cdp->in_scale = (int16_t)(i & 1 ? -300 : 450);
		cdp->in_shift = 8;
		cdp->out_offset = (int32_t)(500 * i) - 900;
		cdp->out_scale = (int16_t)(i & 1 ? 21000 : -17000);
		cdp->out_shift = (uint8_t)(i % 3 ? 20 : 26);
		check_bytes(b, cdp->dst.addr.slot, 0, b->test.slots[cdp->dst.addr.slot].bytes, 1,
			    "operation %u, %s", i, i & 1 ? "the other group" : "one group");
	}
	test_end(b);
}

void tests_cdp(struct builder *b)
{
	lo_entries(b);
	le_entries(b);
	sums(b);
	convertors(b);
}
