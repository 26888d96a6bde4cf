// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/array_size.h>

#include "encode.h"
#include "geometry.h"

static void add(struct nvdla_image *image, u32 reg, u32 value)
{
	nvdla_image_add(image, &image->main_count, reg, value);
}

static void add_rdma(struct nvdla_image *image, u32 reg, u32 value)
{
	nvdla_image_add(image, &image->rdma_count, reg, value);
}

static u32 stage_cfg(const struct drm_nvdla_sdp_stage *stage)
{
	u32 cfg = 0;

	if (nvdla_stage_bypassed(stage))
		cfg |= SDP_CFG_BYPASS;

	switch (stage->alu) {
	case DRM_NVDLA_ALU_NONE:
		cfg |= SDP_CFG_ALU_BYPASS;
		break;
	case DRM_NVDLA_ALU_MAX:
		cfg |= FIELD_PREP(SDP_CFG_ALU_ALGO, SDP_ALU_MAX);
		break;
	case DRM_NVDLA_ALU_MIN:
		cfg |= FIELD_PREP(SDP_CFG_ALU_ALGO, SDP_ALU_MIN);
		break;
	case DRM_NVDLA_ALU_SUM:
		cfg |= FIELD_PREP(SDP_CFG_ALU_ALGO, SDP_ALU_SUM);
		break;
	}

	if (stage->mul == DRM_NVDLA_MUL_NONE)
		cfg |= SDP_CFG_MUL_BYPASS;
	if (stage->mul == DRM_NVDLA_MUL_PRELU)
		cfg |= SDP_CFG_MUL_PRELU;
	if (!stage->relu)
		cfg |= SDP_CFG_RELU_BYPASS;
	return cfg;
}

/* Five registers in a row, for either stage. */
static void encode_stage(const struct drm_nvdla_sdp_stage *stage, u32 base,
			 struct nvdla_image *image)
{
	u32 alu = FIELD_PREP(SDP_ALU_CFG_SHIFT, stage->alu_shift);
	u32 mul = FIELD_PREP(SDP_MUL_CFG_SHIFT, stage->mul_shift);

	if (stage->alu_operand != DRM_NVDLA_OPERAND_REG)
		alu |= SDP_ALU_CFG_SRC_MEM;
	if (stage->mul_operand != DRM_NVDLA_OPERAND_REG)
		mul |= SDP_MUL_CFG_SRC_MEM;

	add(image, base, stage_cfg(stage));
	add(image, base + SDP_ALU_CFG, alu);
	add(image, base + SDP_ALU_SRC_VALUE, (u16)stage->alu_value);
	add(image, base + SDP_MUL_CFG, mul);
	add(image, base + SDP_MUL_SRC_VALUE, (u16)stage->mul_value);
}

static u32 reader_cfg(const struct drm_nvdla_sdp_stage *stage)
{
	bool alu = stage->alu_operand != DRM_NVDLA_OPERAND_REG;
	bool mul = stage->mul_operand != DRM_NVDLA_OPERAND_REG;
	u32 use = alu && mul ? SDP_RDMA_USE_BOTH : alu ? SDP_RDMA_USE_ALU : SDP_RDMA_USE_MUL;
	u32 cfg = FIELD_PREP(SDP_RDMA_CFG_USE, use) | SDP_RDMA_CFG_MC;

	if (stage->operand_bytes == 2)
		cfg |= SDP_RDMA_CFG_TWO_BYTES;
	if (nvdla_stage_per_element(stage))
		cfg |= SDP_RDMA_CFG_PER_ELEMENT;
	return cfg;
}

/* Six registers in a row, for either stage's reader. */
static void encode_reader(const struct drm_nvdla_sdp_stage *stage, u32 base,
			  struct nvdla_image *image)
{
	u32 low = base + SDP_RDMA_ADDR_LOW, high = base + SDP_RDMA_ADDR_HIGH;

	if (nvdla_stage_operand_bytes(stage)) {
		add_rdma(image, base, reader_cfg(stage));
		nvdla_image_add_addr(image, &image->rdma_count, low, high, &stage->operand.addr);
	} else {
		add_rdma(image, base, SDP_RDMA_CFG_DISABLE);
		add_rdma(image, low, 0);
		add_rdma(image, high, 0);
	}
	/* Operands by channel lie packed, as those of a 1x1 surface. */
	if (nvdla_stage_operand_bytes(stage) && nvdla_stage_per_element(stage)) {
		add_rdma(image, base + SDP_RDMA_LINE_STRIDE, stage->operand.line_stride);
		add_rdma(image, base + SDP_RDMA_SURFACE_STRIDE, stage->operand.surface_stride);
	} else {
		nvdla_image_add_unread(image, &image->rdma_count, base + SDP_RDMA_LINE_STRIDE);
		nvdla_image_add_unread(image, &image->rdma_count, base + SDP_RDMA_SURFACE_STRIDE);
	}
	add_rdma(image, base + SDP_RDMA_BATCH_STRIDE, 0);
}

/* Where the input lies, which does not matter when it does not come from memory. */
static void encode_source(const struct drm_nvdla_sdp *sdp, struct nvdla_image *image)
{
	static const u32 regs[] = {
		SDP_RDMA_D_SRC_BASE_ADDR_LOW, SDP_RDMA_D_SRC_BASE_ADDR_HIGH,
		SDP_RDMA_D_SRC_LINE_STRIDE, SDP_RDMA_D_SRC_SURFACE_STRIDE, SDP_RDMA_D_SRC_DMA_CFG,
	};

	if (sdp->source == DRM_NVDLA_SOURCE_OP) {
		for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
			nvdla_image_add_unread(image, &image->rdma_count, regs[i]);
		return;
	}
	nvdla_image_add_addr(image, &image->rdma_count, SDP_RDMA_D_SRC_BASE_ADDR_LOW,
			     SDP_RDMA_D_SRC_BASE_ADDR_HIGH, &sdp->src.addr);
	add_rdma(image, SDP_RDMA_D_SRC_LINE_STRIDE, sdp->src.line_stride);
	add_rdma(image, SDP_RDMA_D_SRC_SURFACE_STRIDE, sdp->src.surface_stride);
	add_rdma(image, SDP_RDMA_D_SRC_DMA_CFG, RAM_TYPE_MC);
}

static void encode_rdma(const struct drm_nvdla_sdp *sdp, struct nvdla_image *image)
{
	bool flying = sdp->source == DRM_NVDLA_SOURCE_OP;

	add_rdma(image, SDP_RDMA_D_DATA_CUBE_WIDTH, sdp->width - 1);
	add_rdma(image, SDP_RDMA_D_DATA_CUBE_HEIGHT, sdp->height - 1);
	add_rdma(image, SDP_RDMA_D_DATA_CUBE_CHANNEL, sdp->channels - 1);
	encode_source(sdp, image);
	encode_reader(&sdp->x1, SDP_RDMA_D_BRDMA_CFG, image);
	encode_reader(&sdp->x2, SDP_RDMA_D_NRDMA_CFG, image);
	add_rdma(image, SDP_RDMA_D_ERDMA_CFG, SDP_RDMA_CFG_DISABLE);
	add_rdma(image, SDP_RDMA_D_FEATURE_MODE_CFG, flying ? SDP_RDMA_FEATURE_MODE_FLYING : 0);
	add_rdma(image, SDP_RDMA_D_PERF_ENABLE, 0);
}

static void encode_destination(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
			       struct nvdla_image *image)
{
	bool memory = nvdla_sdp_writes_memory(sdp), lines = sdp->height > 1;
	/* A 1x1 plane is taken to lie packed. */
	bool planes = sdp->channels > config->atom && (sdp->width > 1 || lines);

	if (memory) {
		nvdla_image_add_addr(image, &image->main_count, SDP_D_DST_BASE_ADDR_LOW,
				     SDP_D_DST_BASE_ADDR_HIGH, &sdp->dst.addr);
	} else {
		nvdla_image_add_unread(image, &image->main_count, SDP_D_DST_BASE_ADDR_LOW);
		nvdla_image_add_unread(image, &image->main_count, SDP_D_DST_BASE_ADDR_HIGH);
	}
	if (memory && lines)
		add(image, SDP_D_DST_LINE_STRIDE, sdp->dst.line_stride);
	else
		nvdla_image_add_unread(image, &image->main_count, SDP_D_DST_LINE_STRIDE);
	if (memory && planes)
		add(image, SDP_D_DST_SURFACE_STRIDE, sdp->dst.surface_stride);
	else
		nvdla_image_add_unread(image, &image->main_count, SDP_D_DST_SURFACE_STRIDE);
}

void nvdla_encode_sdp(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
		      struct nvdla_image *image)
{
	u32 mode = 0;

	if (sdp->source == DRM_NVDLA_SOURCE_OP)
		mode |= SDP_FEATURE_MODE_FLYING;
	if (!nvdla_sdp_writes_memory(sdp))
		mode |= SDP_FEATURE_MODE_DST_PDP;

	add(image, SDP_D_DATA_CUBE_WIDTH, sdp->width - 1);
	add(image, SDP_D_DATA_CUBE_HEIGHT, sdp->height - 1);
	add(image, SDP_D_DATA_CUBE_CHANNEL, sdp->channels - 1);
	encode_destination(config, sdp, image);
	encode_stage(&sdp->x1, SDP_D_DP_BS_CFG, image);
	encode_stage(&sdp->x2, SDP_D_DP_BN_CFG, image);
	add(image, SDP_D_DP_EW_CFG, SDP_CFG_BYPASS | SDP_CFG_ALU_BYPASS | SDP_CFG_MUL_BYPASS |
				    SDP_CFG_RELU_BYPASS);
	add(image, SDP_D_FEATURE_MODE_CFG, mode);
	add(image, SDP_D_DST_DMA_CFG, RAM_TYPE_MC);
	add(image, SDP_D_DST_BATCH_STRIDE, 0);
	add(image, SDP_D_DATA_FORMAT, 0);
	add(image, SDP_D_CVT_OFFSET, (u32)sdp->out_offset);
	add(image, SDP_D_CVT_SCALE, (u16)sdp->out_scale);
	add(image, SDP_D_CVT_SHIFT, sdp->out_shift);
	add(image, SDP_D_PERF_ENABLE, 0);

	if (sdp->source == DRM_NVDLA_SOURCE_MEMORY || nvdla_stage_operand_bytes(&sdp->x1) ||
	    nvdla_stage_operand_bytes(&sdp->x2))
		encode_rdma(sdp, image);
}
