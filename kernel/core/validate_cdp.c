// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "validate.h"

#define CDP_FLAGS	(DRM_NVDLA_CDP_NO_SUM | DRM_NVDLA_CDP_NO_PRODUCT)

static int check_cdp_convertors(const struct drm_nvdla_cdp *cdp, struct nvdla_diag *diag)
{
	if (!is_within(cdp->in_offset, -128, 127))
		return refuse(diag, "cdp.in_offset", "must be -128..127");
	if (cdp->in_shift > 31)
		return refuse(diag, "cdp.in_shift", "must be 0..31");
	if (!is_within(cdp->out_offset, -(1 << 24), (1 << 24) - 1))
		return refuse(diag, "cdp.out_offset", "has more than 25 bits");
	if (cdp->out_shift > 63)
		return refuse(diag, "cdp.out_shift", "must be 0..63");
	return 0;
}

int nvdla_check_cdp(const struct nvdla_config *config, const struct drm_nvdla_cdp *cdp,
		    u32 lut_count, struct nvdla_diag *diag)
{
	int ret;

	if (!is_within(cdp->width, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "cdp.width", "must be 1..8192");
	if (!is_within(cdp->height, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "cdp.height", "must be 1..8192");
	if (!is_within(cdp->channels, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "cdp.channels", "must be 1..8192");
	if (cdp->lut >= lut_count)
		return refuse(diag, "cdp.lut", "the program has no such table");
	if (cdp->flags & ~CDP_FLAGS)
		return refuse(diag, "cdp.flags", "unknown");
	if (cdp->pad)
		return refuse(diag, "cdp.pad", "must be zero");
	if (cdp->flags & DRM_NVDLA_CDP_NO_SUM) {
		if (cdp->local_size)
			return refuse(diag, "cdp.local_size", "must be zero, there is no sum");
	} else if (!is_within(cdp->local_size, 3, 9) || !(cdp->local_size & 1)) {
		return refuse(diag, "cdp.local_size", "must be 3, 5, 7 or 9");
	}

	ret = check_cdp_convertors(cdp, diag);
	if (!ret)
		ret = nvdla_check_surface(config, &cdp->src, cdp->width, cdp->height, config->atom,
					  "cdp.src", diag);
	if (!ret)
		ret = nvdla_check_surface(config, &cdp->dst, cdp->width, cdp->height, config->atom,
					  "cdp.dst", diag);
	return ret;
}

/* The hardware compares 38 bits. */
static bool is_limit(s64 value)
{
	return is_within(value, -(1LL << 37), (1LL << 37) - 1);
}

static int check_range(const struct drm_nvdla_lut_range *range, const char *field,
		       struct nvdla_diag *diag)
{
	if (!is_limit(range->start))
		return refuse(diag, field, "start has more than 38 bits");
	if (!is_limit(range->end))
		return refuse(diag, field, "end has more than 38 bits");
	if (!is_within(range->below_shift, -16, 15))
		return refuse(diag, field, "below_shift must be -16..15");
	if (!is_within(range->above_shift, -16, 15))
		return refuse(diag, field, "above_shift must be -16..15");
	if (!is_within(range->select, -32, 31))
		return refuse(diag, field, "select must be -32..31");
	if (range->pad)
		return refuse(diag, field, "the padding is not zero");
	return 0;
}

int nvdla_check_lut(const struct drm_nvdla_lut *lut, struct nvdla_diag *diag)
{
	int ret = check_range(&lut->le, "lut.le", diag);

	if (!ret)
		ret = check_range(&lut->lo, "lut.lo", diag);
	if (ret)
		return ret;
	if (lut->le_function > DRM_NVDLA_LUT_LINEAR)
		return refuse(diag, "lut.le_function", "unknown");
	if (lut->le_function == DRM_NVDLA_LUT_EXPONENT && lut->le.select)
		return refuse(diag, "lut.le", "select must be zero for EXPONENT");
	if (lut->le_function == DRM_NVDLA_LUT_LINEAR && lut->le_index_offset)
		return refuse(diag, "lut.le_index_offset", "must be zero for LINEAR");
	if (lut->both_below > DRM_NVDLA_LUT_LO)
		return refuse(diag, "lut.both_below", "unknown");
	if (lut->both_above > DRM_NVDLA_LUT_LO)
		return refuse(diag, "lut.both_above", "unknown");
	if (lut->both_hit > DRM_NVDLA_LUT_LO)
		return refuse(diag, "lut.both_hit", "unknown");
	if (!is_zero(lut->pad, sizeof(lut->pad)))
		return refuse(diag, "lut.pad", "must be zero");
	return 0;
}
