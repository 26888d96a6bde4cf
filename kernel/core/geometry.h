/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_GEOMETRY_H_
#define _NVDLA_GEOMETRY_H_

#include "nvdla_core.h"

/* What several parts of the core read from an operation's fields. */

#define NVDLA_WEIGHT_ALIGN	256
#define NVDLA_WEIGHT_UNIT	128

static inline bool nvdla_op_takes_from_previous(const struct drm_nvdla_op *op)
{
	return (op->engine == DRM_NVDLA_SDP && op->sdp.source == DRM_NVDLA_SOURCE_OP) ||
	       (op->engine == DRM_NVDLA_PDP && op->pdp.source == DRM_NVDLA_SOURCE_OP);
}

/*
 * An image's planes: bytes of a pixel in each, zero in the second if there is none. A format that
 * is not known has no bytes at all.
 */
struct nvdla_pixel {
	u32 bytes;
	u32 uv_bytes;
};

struct nvdla_pixel nvdla_conv_pixel(const struct drm_nvdla_conv *conv);

/* Bytes of one line of an image's plane that are read, those before the first pixel included. */
u32 nvdla_conv_line_bytes(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			  u32 pixel_bytes);

/* A part of PDP's output, and the input columns that are not in the part before. */
struct nvdla_pdp_part {
	u32 in;
	u32 out;
};

struct nvdla_pdp_parts {
	struct nvdla_pdp_part first, middle, last;
};

struct nvdla_pdp_parts nvdla_pdp_parts(const struct drm_nvdla_pdp *pdp);

/* Bytes of all kernels. */
u32 nvdla_conv_weight_bytes(const struct drm_nvdla_conv *conv);

/* Bytes of weights that a convolution takes from the convolution buffer. */
u32 nvdla_conv_weight_fetch(const struct nvdla_config *config, const struct drm_nvdla_conv *conv);

/* A surface in memory has lines, so a stride. */
static inline bool nvdla_sdp_writes_memory(const struct drm_nvdla_sdp *sdp)
{
	return sdp->dst.line_stride;
}

/* Bytes of memory operands for one element or channel. */
static inline u32 nvdla_stage_operand_bytes(const struct drm_nvdla_sdp_stage *stage)
{
	u32 operands = (stage->alu_operand != DRM_NVDLA_OPERAND_REG) +
		       (stage->mul_operand != DRM_NVDLA_OPERAND_REG);

	return operands * stage->operand_bytes;
}

static inline bool nvdla_stage_per_element(const struct drm_nvdla_sdp_stage *stage)
{
	return stage->alu_operand == DRM_NVDLA_OPERAND_ELEMENT ||
	       stage->mul_operand == DRM_NVDLA_OPERAND_ELEMENT;
}

/* The shift works even when the multiplier is bypassed. */
static inline bool nvdla_stage_bypassed(const struct drm_nvdla_sdp_stage *stage)
{
	return !stage->alu && !stage->mul && !stage->relu && !stage->mul_shift;
}

#endif
