// SPDX-License-Identifier: GPL-2.0-only OR MIT
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

static u32 method(const struct drm_nvdla_pdp *pdp)
{
	switch (pdp->pool) {
	case DRM_NVDLA_POOL_MAX:
		return PDP_METHOD_MAX;
	case DRM_NVDLA_POOL_MIN:
		return PDP_METHOD_MIN;
	default:
		return PDP_METHOD_AVERAGE;
	}
}

static u32 widths(u32 first, u32 middle, u32 last)
{
	return FIELD_PREP(PDP_PARTIAL_WIDTH_FIRST, first - 1) |
	       FIELD_PREP(PDP_PARTIAL_WIDTH_MIDDLE, middle ? middle - 1 : 0) |
	       FIELD_PREP(PDP_PARTIAL_WIDTH_LAST, last - 1);
}

static u32 widths_in(const struct drm_nvdla_pdp *pdp)
{
	struct nvdla_pdp_parts parts = nvdla_pdp_parts(pdp);

	return pdp->parts ? widths(parts.first.in, parts.middle.in, parts.last.in) : 0;
}

static u32 widths_out(const struct drm_nvdla_pdp *pdp)
{
	struct nvdla_pdp_parts parts = nvdla_pdp_parts(pdp);

	return pdp->parts ? widths(parts.first.out, parts.middle.out, parts.last.out) : 0;
}

static void encode_rdma(const struct drm_nvdla_pdp *pdp, struct nvdla_image *image)
{
	add_rdma(image, PDP_RDMA_D_DATA_CUBE_IN_WIDTH, pdp->src_width - 1);
	add_rdma(image, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, pdp->src_height - 1);
	add_rdma(image, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, pdp->channels - 1);
	add_rdma(image, PDP_RDMA_D_FLYING_MODE, PDP_RDMA_FLYING_MODE_MEMORY);
	nvdla_image_add_addr(image, &image->rdma_count, PDP_RDMA_D_SRC_BASE_ADDR_LOW,
			     PDP_RDMA_D_SRC_BASE_ADDR_HIGH, &pdp->src.addr);
	add_rdma(image, PDP_RDMA_D_SRC_LINE_STRIDE, pdp->src.line_stride);
	add_rdma(image, PDP_RDMA_D_SRC_SURFACE_STRIDE, pdp->src.surface_stride);
	add_rdma(image, PDP_RDMA_D_SRC_RAM_CFG, RAM_TYPE_MC);
	add_rdma(image, PDP_RDMA_D_DATA_FORMAT, 0);
	add_rdma(image, PDP_RDMA_D_OPERATION_MODE_CFG, pdp->parts ? pdp->parts - 1 : 0);
	add_rdma(image, PDP_RDMA_D_POOLING_KERNEL_CFG,
		 FIELD_PREP(PDP_RDMA_KERNEL_WIDTH, pdp->kernel_width - 1) |
		 FIELD_PREP(PDP_RDMA_KERNEL_STRIDE_WIDTH, pdp->stride_x - 1));
	add_rdma(image, PDP_RDMA_D_POOLING_PADDING_CFG, pdp->pad_left);
	add_rdma(image, PDP_RDMA_D_PARTIAL_WIDTH_IN, widths_in(pdp));
	add_rdma(image, PDP_RDMA_D_PERF_ENABLE, 0);
}

void nvdla_encode_pdp(const struct drm_nvdla_pdp *pdp, struct nvdla_image *image)
{
	bool memory = pdp->source == DRM_NVDLA_SOURCE_MEMORY;

	add(image, PDP_D_DATA_CUBE_IN_WIDTH, pdp->src_width - 1);
	add(image, PDP_D_DATA_CUBE_IN_HEIGHT, pdp->src_height - 1);
	add(image, PDP_D_DATA_CUBE_IN_CHANNEL, pdp->channels - 1);
	add(image, PDP_D_DATA_CUBE_OUT_WIDTH, pdp->dst_width - 1);
	add(image, PDP_D_DATA_CUBE_OUT_HEIGHT, pdp->dst_height - 1);
	add(image, PDP_D_DATA_CUBE_OUT_CHANNEL, pdp->channels - 1);
	add(image, PDP_D_OPERATION_MODE_CFG,
	    FIELD_PREP(PDP_OPERATION_MODE_METHOD, method(pdp)) |
	    (memory ? PDP_OPERATION_MODE_MEMORY : 0) |
	    FIELD_PREP(PDP_OPERATION_MODE_PARTS, pdp->parts ? pdp->parts - 1 : 0));
	add(image, PDP_D_NAN_FLUSH_TO_ZERO, 0);
	add(image, PDP_D_PARTIAL_WIDTH_IN, widths_in(pdp));
	add(image, PDP_D_PARTIAL_WIDTH_OUT, widths_out(pdp));
	add(image, PDP_D_POOLING_KERNEL_CFG,
	    FIELD_PREP(PDP_KERNEL_WIDTH, pdp->kernel_width - 1) |
	    FIELD_PREP(PDP_KERNEL_HEIGHT, pdp->kernel_height - 1) |
	    FIELD_PREP(PDP_KERNEL_STRIDE_WIDTH, pdp->stride_x - 1) |
	    FIELD_PREP(PDP_KERNEL_STRIDE_HEIGHT, pdp->stride_y - 1));
	add(image, PDP_D_RECIP_KERNEL_WIDTH, pdp->recip_width);
	add(image, PDP_D_RECIP_KERNEL_HEIGHT, pdp->recip_height);
	add(image, PDP_D_POOLING_PADDING_CFG,
	    FIELD_PREP(PDP_PADDING_LEFT, pdp->pad_left) |
	    FIELD_PREP(PDP_PADDING_TOP, pdp->pad_top) |
	    FIELD_PREP(PDP_PADDING_RIGHT, pdp->pad_right) |
	    FIELD_PREP(PDP_PADDING_BOTTOM, pdp->pad_bottom));
	for (int n = 1; n <= 7; n++)
		add(image, PDP_D_POOLING_PADDING_VALUE(n),
		    FIELD_PREP(PDP_PADDING_VALUE, (u32)(n * pdp->pad_value)));
	nvdla_image_add_addr(image, &image->main_count, PDP_D_DST_BASE_ADDR_LOW,
			     PDP_D_DST_BASE_ADDR_HIGH, &pdp->dst.addr);
	add(image, PDP_D_DST_LINE_STRIDE, pdp->dst.line_stride);
	add(image, PDP_D_DST_SURFACE_STRIDE, pdp->dst.surface_stride);
	add(image, PDP_D_DST_RAM_CFG, RAM_TYPE_MC);
	add(image, PDP_D_DATA_FORMAT, 0);
	add(image, PDP_D_PERF_ENABLE, 0);

	if (memory)
		encode_rdma(pdp, image);
}
