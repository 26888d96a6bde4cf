// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "geometry.h"
#include "validate.h"

/* SDP goes through the planes of a 1x1 surface in one burst and ignores their stride. */
static int check_sdp_surface(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
			     const struct drm_nvdla_surface *surface, u32 atom_bytes,
			     const char *field, struct nvdla_diag *diag)
{
	int ret = nvdla_check_surface(config, surface, sdp->width, sdp->height, atom_bytes, field,
				      diag);

	if (ret)
		return ret;
	if (sdp->width == 1 && sdp->height == 1 &&
	    (surface->line_stride != atom_bytes || surface->surface_stride != atom_bytes))
		return refuse(diag, field, "the planes of a 1x1 surface must lie packed");
	return 0;
}

struct stage_fields {
	const char *alu, *mul, *relu, *operand, *operand_bytes, *pad;
};

static const struct stage_fields x1_fields = {
	"sdp.x1.alu", "sdp.x1.mul", "sdp.x1.relu", "sdp.x1.operand", "sdp.x1.operand_bytes",
	"sdp.x1.pad",
};

static const struct stage_fields x2_fields = {
	"sdp.x2.alu", "sdp.x2.mul", "sdp.x2.relu", "sdp.x2.operand", "sdp.x2.operand_bytes",
	"sdp.x2.pad",
};

static int check_stage_operands(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
				const struct drm_nvdla_sdp_stage *stage,
				const struct stage_fields *fields, struct nvdla_diag *diag)
{
	bool alu = stage->alu_operand != DRM_NVDLA_OPERAND_REG;
	bool mul = stage->mul_operand != DRM_NVDLA_OPERAND_REG;

	if (!alu && !mul) {
		if (stage->operand_bytes)
			return refuse(diag, fields->operand_bytes, "must be zero, nothing is read");
		if (!is_zero(&stage->operand, sizeof(stage->operand)))
			return refuse(diag, fields->operand, "must be zero, nothing is read");
		return 0;
	}
	if (alu && mul && stage->alu_operand != stage->mul_operand)
		return refuse(diag, fields->operand,
			      "both operands come from memory, but not of one kind");
	if (!is_within(stage->operand_bytes, 1, 2))
		return refuse(diag, fields->operand_bytes, "must be 1 or 2");
	if (nvdla_stage_per_element(stage))
		return check_sdp_surface(config, sdp, &stage->operand,
					 config->atom * nvdla_stage_operand_bytes(stage),
					 fields->operand, diag);
	if (stage->operand.line_stride || stage->operand.surface_stride)
		return refuse(diag, fields->operand, "operands per channel have no strides");
	return nvdla_check_addr(&stage->operand.addr, config->atom, fields->operand, diag);
}

static int check_stage(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
		       const struct drm_nvdla_sdp_stage *stage, const struct stage_fields *fields,
		       struct nvdla_diag *diag)
{
	if (stage->alu > DRM_NVDLA_ALU_SUM)
		return refuse(diag, fields->alu, "unknown");
	if (stage->alu_operand > DRM_NVDLA_OPERAND_ELEMENT)
		return refuse(diag, fields->alu, "alu_operand is unknown");
	if (stage->alu_shift > 63)
		return refuse(diag, fields->alu, "alu_shift must be 0..63");
	if (stage->alu == DRM_NVDLA_ALU_NONE && (stage->alu_operand || stage->alu_shift))
		return refuse(diag, fields->alu, "bypassed, but has alu_operand or alu_shift");
	if ((stage->alu == DRM_NVDLA_ALU_NONE || stage->alu_operand) && stage->alu_value)
		return refuse(diag, fields->alu, "alu_value must be zero, it is not used");

	if (stage->mul > DRM_NVDLA_MUL_PRELU)
		return refuse(diag, fields->mul, "unknown");
	if (stage->mul_operand > DRM_NVDLA_OPERAND_ELEMENT)
		return refuse(diag, fields->mul, "mul_operand is unknown");
	if (stage->mul_shift > 63)
		return refuse(diag, fields->mul, "mul_shift must be 0..63");
	if (stage->mul == DRM_NVDLA_MUL_NONE && stage->mul_operand)
		return refuse(diag, fields->mul, "bypassed, but has mul_operand");
	if ((stage->mul == DRM_NVDLA_MUL_NONE || stage->mul_operand) && stage->mul_value)
		return refuse(diag, fields->mul, "mul_value must be zero, it is not used");
	if (stage->mul == DRM_NVDLA_MUL_PRELU && stage->alu != DRM_NVDLA_ALU_NONE)
		return refuse(diag, fields->mul, "PReLU needs a bypassed ALU");

	if (stage->relu > 1)
		return refuse(diag, fields->relu, "must be 0 or 1");
	if (stage->pad)
		return refuse(diag, fields->pad, "must be zero");
	return check_stage_operands(config, sdp, stage, fields, diag);
}

int nvdla_check_sdp(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
		    struct nvdla_diag *diag)
{
	int ret;

	if (!is_within(sdp->width, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "sdp.width", "must be 1..8192");
	if (!is_within(sdp->height, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "sdp.height", "must be 1..8192");
	if (!is_within(sdp->channels, 1, NVDLA_MAX_SIZE))
		return refuse(diag, "sdp.channels", "must be 1..8192");
	if (sdp->out_shift > 63)
		return refuse(diag, "sdp.out_shift", "must be 0..63");
	if (sdp->source > DRM_NVDLA_SOURCE_OP)
		return refuse(diag, "sdp.source", "unknown");
	if (!is_zero(sdp->pad, sizeof(sdp->pad)))
		return refuse(diag, "sdp.pad", "must be zero");

	ret = check_stage(config, sdp, &sdp->x1, &x1_fields, diag);
	if (!ret)
		ret = check_stage(config, sdp, &sdp->x2, &x2_fields, diag);
	if (ret)
		return ret;

	if (sdp->source == DRM_NVDLA_SOURCE_MEMORY)
		ret = check_sdp_surface(config, sdp, &sdp->src, config->atom, "sdp.src", diag);
	else if (!is_zero(&sdp->src, sizeof(sdp->src)))
		ret = refuse(diag, "sdp.src", "must be zero, the input comes on the fly");
	if (ret)
		return ret;

	if (nvdla_sdp_writes_memory(sdp))
		ret = check_sdp_surface(config, sdp, &sdp->dst, config->atom, "sdp.dst", diag);
	else if (!is_zero(&sdp->dst, sizeof(sdp->dst)))
		ret = refuse(diag, "sdp.dst", "has no line_stride, but is not all zero");
	return ret;
}

