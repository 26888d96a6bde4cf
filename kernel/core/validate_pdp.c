// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/math.h>

#include "geometry.h"
#include "validate.h"

/* Lines of output that PDP has open at once, each in a part of its buffer. */
static u32 open_lines(const struct drm_nvdla_pdp *pdp)
{
	u32 lines = DIV_ROUND_UP(pdp->kernel_height, pdp->stride_y);

	if (lines <= 2)
		return lines;
	return lines <= 4 ? 4 : 8;
}

/* The hardware's product with a reciprocal: 16 fractional bits, rounded half away from zero. */
static u64 scale(u64 magnitude, u32 recip)
{
	return (magnitude * recip + (1 << 15)) >> 16;
}

static int check_pdp_average(const struct drm_nvdla_pdp *pdp, struct nvdla_diag *diag)
{
	u32 elements = pdp->kernel_width * pdp->kernel_height;
	u64 positive, negative;

	if (pdp->recip_width >= 1 << 17)
		return refuse(diag, "pdp.recip_width", "has more than 17 bits");
	if (pdp->recip_height >= 1 << 17)
		return refuse(diag, "pdp.recip_height", "has more than 17 bits");
	if (!is_within(pdp->pad_value, -128, 127))
		return refuse(diag, "pdp.pad_value", "must be -128..127");

	/*
	 * Nothing saturates, so the extremes must fit: 11 bits first, 8 bits then. When -1024 is
	 * the least, the most is far from 1024.
	 */
	positive = scale(elements * 127, pdp->recip_width);
	negative = scale(elements * 128, pdp->recip_width);
	if (negative > 1024)
		return refuse(diag, "pdp.recip_width", "the value between may exceed 11 bits");
	if (scale(positive, pdp->recip_height) > 127 || scale(negative, pdp->recip_height) > 128)
		return refuse(diag, "pdp.recip_height", "the average may exceed 8 bits");
	return 0;
}

/* The last part's width is a difference: a negative one is a large number here. */
static int check_part(const struct nvdla_config *config, const struct drm_nvdla_pdp *pdp,
		      const struct nvdla_pdp_part *part, const char *field,
		      struct nvdla_diag *diag)
{
	if (!is_within(part->out, 1, config->pdp_width / open_lines(pdp)))
		return refuse(diag, field, "a part is empty, or wider than the line buffer");
	return 0;
}

static int check_parts(const struct nvdla_config *config, const struct drm_nvdla_pdp *pdp,
		       struct nvdla_diag *diag)
{
	struct nvdla_pdp_parts parts = nvdla_pdp_parts(pdp);
	int ret;

	if (!pdp->parts) {
		if (pdp->first_width)
			return refuse(diag, "pdp.first_width", "must be zero, there are no parts");
		if (pdp->middle_width)
			return refuse(diag, "pdp.middle_width", "must be zero, there are no parts");
		if (pdp->dst_width * open_lines(pdp) > config->pdp_width)
			return refuse(diag, "pdp.dst_width", "wider than the line buffer");
		return 0;
	}
	if (!is_within(pdp->parts, 2, 256))
		return refuse(diag, "pdp.parts", "must be 0 or 2..256");
	if (pdp->source != DRM_NVDLA_SOURCE_MEMORY)
		return refuse(diag, "pdp.parts", "must be zero, the input comes on the fly");
	/* The hardware would leave out columns between the parts that no window needs. */
	if (pdp->stride_x > pdp->kernel_width)
		return refuse(diag, "pdp.parts", "must be zero, the windows do not touch");
	if (pdp->parts == 2 && pdp->middle_width)
		return refuse(diag, "pdp.middle_width", "must be zero, there is no middle part");

	ret = check_part(config, pdp, &parts.first, "pdp.first_width", diag);
	if (!ret && pdp->parts > 2)
		ret = check_part(config, pdp, &parts.middle, "pdp.middle_width", diag);
	if (!ret)
		ret = check_part(config, pdp, &parts.last, "pdp.parts", diag);
	if (ret)
		return ret;

	/* Windows touch, so no part takes more than 1024 columns, which is what registers hold. */
	if (parts.first.in + pdp->stride_x < pdp->kernel_width)
		return refuse(diag, "pdp.first_width",
			      "the first part is narrower than what the next reads again");
	if ((s32)parts.last.in < 1)
		return refuse(diag, "pdp.parts", "the last part takes no input");
	return 0;
}

static int check_pdp_window(const struct nvdla_config *config, const struct drm_nvdla_pdp *pdp,
			    struct nvdla_diag *diag)
{
	if (!is_within(pdp->kernel_width, 1, 8))
		return refuse(diag, "pdp.kernel_width", "must be 1..8");
	if (!is_within(pdp->kernel_height, 1, 8))
		return refuse(diag, "pdp.kernel_height", "must be 1..8");
	if (!is_within(pdp->stride_x, 1, 16))
		return refuse(diag, "pdp.stride_x", "must be 1..16");
	if (!is_within(pdp->stride_y, 1, 16))
		return refuse(diag, "pdp.stride_y", "must be 1..16");
	if (pdp->pad_left >= pdp->kernel_width)
		return refuse(diag, "pdp.pad_left", "must be less than the kernel");
	if (pdp->pad_right >= pdp->kernel_width)
		return refuse(diag, "pdp.pad_right", "must be less than the kernel");
	if (pdp->pad_top >= pdp->kernel_height)
		return refuse(diag, "pdp.pad_top", "must be less than the kernel");
	if (pdp->pad_bottom >= pdp->kernel_height)
		return refuse(diag, "pdp.pad_bottom", "must be less than the kernel");
	if ((pdp->dst_width - 1) * pdp->stride_x + pdp->kernel_width !=
	    pdp->pad_left + pdp->src_width + pdp->pad_right)
		return refuse(diag, "pdp.dst_width", "does not tile the padded input exactly");
	if ((pdp->dst_height - 1) * pdp->stride_y + pdp->kernel_height !=
	    pdp->pad_top + pdp->src_height + pdp->pad_bottom)
		return refuse(diag, "pdp.dst_height", "does not tile the padded input exactly");
	/* Each is opened, needed or not, and those left over spoil the next surface. */
	if (pdp->channels > config->atom && pdp->pad_top / pdp->stride_y >= pdp->dst_height)
		return refuse(diag, "pdp.pad_top", "more windows begin there than there are lines");
	return 0;
}

int nvdla_check_pdp(const struct nvdla_config *config, const struct drm_nvdla_pdp *pdp,
		    struct nvdla_diag *diag)
{
	int ret;

	if (!is_within(pdp->src_width, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "pdp.src_width", "must be 1..8192");
	if (!is_within(pdp->src_height, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "pdp.src_height", "must be 1..8192");
	if (!is_within(pdp->channels, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "pdp.channels", "must be 1..8192");
	if (!is_within(pdp->dst_width, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "pdp.dst_width", "must be 1..8192");
	if (!is_within(pdp->dst_height, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "pdp.dst_height", "must be 1..8192");
	if (pdp->pool > DRM_NVDLA_POOL_MIN)
		return refuse(diag, "pdp.pool", "unknown");
	if (pdp->source > DRM_NVDLA_SOURCE_OP)
		return refuse(diag, "pdp.source", "unknown");
	if (!is_zero(pdp->pad, sizeof(pdp->pad)))
		return refuse(diag, "pdp.pad", "must be zero");

	ret = check_pdp_window(config, pdp, diag);
	if (!ret)
		ret = check_parts(config, pdp, diag);
	if (ret)
		return ret;

	if (pdp->pool == DRM_NVDLA_POOL_AVERAGE)
		ret = check_pdp_average(pdp, diag);
	else if (pdp->recip_width || pdp->recip_height)
		ret = refuse(diag, "pdp.recip_width", "must be zero, nothing is averaged");
	else if (pdp->pad_value)
		ret = refuse(diag, "pdp.pad_value", "must be zero, padding never wins");
	if (ret)
		return ret;

	if (pdp->source == DRM_NVDLA_SOURCE_MEMORY)
		ret = nvdla_check_surface(config, &pdp->src, pdp->src_width, pdp->src_height,
					  config->atom, "pdp.src", diag);
	else if (!is_zero(&pdp->src, sizeof(pdp->src)))
		ret = refuse(diag, "pdp.src", "must be zero, the input comes on the fly");
	if (!ret)
		ret = nvdla_check_surface(config, &pdp->dst, pdp->dst_width, pdp->dst_height,
					  config->atom, "pdp.dst", diag);
	return ret;
}

