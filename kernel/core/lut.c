// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/array_size.h>
#include <linux/bitfield.h>
#include <linux/string.h>

#include "lut.h"
#include "regs.h"

/*
 * CDP has one set of look-up tables, and no groups of them: they are written only while it has
 * nothing to do. What they hold is remembered by value. A pointer or an index would not do, since
 * a program may be gone, or another have been given its place.
 */

/* CFG, INFO; per table two limits of two words, and the scales and shifts of two slopes. */
#define LUT_REGS	(2 + 2 * (4 + 2))

struct lut_reg {
	u32 reg;
	u32 value;
};

static struct lut_reg *add_range(struct lut_reg *at, const struct drm_nvdla_lut_range *range,
				 u32 start, u32 slope)
{
	*at++ = (struct lut_reg) { start, (u32)range->start };
	*at++ = (struct lut_reg) { start + CDP_LUT_START_HIGH,
				   FIELD_PREP(CDP_LUT_HIGH, (u64)range->start >> 32) };
	*at++ = (struct lut_reg) { start + CDP_LUT_END_LOW, (u32)range->end };
	*at++ = (struct lut_reg) { start + CDP_LUT_END_HIGH,
				   FIELD_PREP(CDP_LUT_HIGH, (u64)range->end >> 32) };
	*at++ = (struct lut_reg) {
		slope, FIELD_PREP(CDP_LUT_SLOPE_SCALE_BELOW, (u16)range->below_scale) |
		       FIELD_PREP(CDP_LUT_SLOPE_SCALE_ABOVE, (u16)range->above_scale) };
	*at++ = (struct lut_reg) {
		slope + CDP_LUT_SLOPE_SHIFT,
		FIELD_PREP(CDP_LUT_SLOPE_SHIFT_BELOW, (u8)range->below_shift) |
		FIELD_PREP(CDP_LUT_SLOPE_SHIFT_ABOVE, (u8)range->above_shift) };
	return at;
}

static void make_regs(const struct drm_nvdla_lut *lut, struct lut_reg regs[LUT_REGS])
{
	u32 cfg = 0;

	if (lut->le_function == DRM_NVDLA_LUT_LINEAR)
		cfg |= CDP_LUT_CFG_LINEAR;
	if (lut->both_below == DRM_NVDLA_LUT_LO)
		cfg |= CDP_LUT_CFG_BELOW_LO;
	if (lut->both_above == DRM_NVDLA_LUT_LO)
		cfg |= CDP_LUT_CFG_ABOVE_LO;
	if (lut->both_hit == DRM_NVDLA_LUT_LO)
		cfg |= CDP_LUT_CFG_HIT_LO;

	*regs++ = (struct lut_reg) { CDP_S_LUT_CFG, cfg };
	*regs++ = (struct lut_reg) {
		CDP_S_LUT_INFO, FIELD_PREP(CDP_LUT_INFO_OFFSET, (u8)lut->le_index_offset) |
				FIELD_PREP(CDP_LUT_INFO_LE_SELECT, (u8)lut->le.select) |
				FIELD_PREP(CDP_LUT_INFO_LO_SELECT, (u8)lut->lo.select) };
	regs = add_range(regs, &lut->le, CDP_S_LUT_LE_START_LOW, CDP_S_LUT_LE_SLOPE_SCALE);
	add_range(regs, &lut->lo, CDP_S_LUT_LO_START_LOW, CDP_S_LUT_LO_SLOPE_SCALE);
}

static void load_table(const struct nvdla_io *io, u32 access, const s16 *entry, u32 count)
{
	/* From the first entry on: the address counts up by itself. */
	io->write(io->ctx, CDP_S_LUT_ACCESS_CFG, access | CDP_LUT_ACCESS_WRITE);
	for (u32 i = 0; i < count; i++)
		io->write(io->ctx, CDP_S_LUT_ACCESS_DATA, (u16)entry[i]);
}

bool nvdla_lut_held(const struct nvdla_hw *hw, const struct drm_nvdla_lut *lut)
{
	return hw->lut_known && !memcmp(&hw->lut, lut, sizeof(*lut));
}

void nvdla_lut_load(struct nvdla_hw *hw, const struct nvdla_io *io,
		    const struct drm_nvdla_lut *lut)
{
	struct lut_reg regs[LUT_REGS], held[LUT_REGS];
	bool all = !hw->lut_known;

	if (nvdla_lut_held(hw, lut))
		return;
	make_regs(lut, regs);
	make_regs(&hw->lut, held);
	for (u32 i = 0; i < LUT_REGS; i++)
		if (all || regs[i].value != held[i].value)
			io->write(io->ctx, regs[i].reg, regs[i].value);
	if (all || memcmp(hw->lut.le_entry, lut->le_entry, sizeof(lut->le_entry)))
		load_table(io, 0, lut->le_entry, ARRAY_SIZE(lut->le_entry));
	if (all || memcmp(hw->lut.lo_entry, lut->lo_entry, sizeof(lut->lo_entry)))
		load_table(io, CDP_LUT_ACCESS_LO, lut->lo_entry, ARRAY_SIZE(lut->lo_entry));
	hw->lut = *lut;
	hw->lut_known = true;
}
