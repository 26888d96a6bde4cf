// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "encode.h"

static void add(struct nvdla_image *image, u32 reg, u32 value)
{
	nvdla_image_add(image, &image->main_count, reg, value);
}

static void add_rdma(struct nvdla_image *image, u32 reg, u32 value)
{
	nvdla_image_add(image, &image->rdma_count, reg, value);
}

static void encode_rdma(const struct drm_nvdla_cdp *cdp, struct nvdla_image *image)
{
	add_rdma(image, CDP_RDMA_D_DATA_CUBE_WIDTH, cdp->width - 1);
	add_rdma(image, CDP_RDMA_D_DATA_CUBE_HEIGHT, cdp->height - 1);
	add_rdma(image, CDP_RDMA_D_DATA_CUBE_CHANNEL, cdp->channels - 1);
	nvdla_image_add_addr(image, &image->rdma_count, CDP_RDMA_D_SRC_BASE_ADDR_LOW,
			     CDP_RDMA_D_SRC_BASE_ADDR_HIGH, &cdp->src.addr);
	add_rdma(image, CDP_RDMA_D_SRC_LINE_STRIDE, cdp->src.line_stride);
	add_rdma(image, CDP_RDMA_D_SRC_SURFACE_STRIDE, cdp->src.surface_stride);
	add_rdma(image, CDP_RDMA_D_SRC_DMA_CFG, RAM_TYPE_MC);
	add_rdma(image, CDP_RDMA_D_DATA_FORMAT, 0);
	add_rdma(image, CDP_RDMA_D_PERF_ENABLE, 0);
}

void nvdla_encode_cdp(const struct drm_nvdla_cdp *cdp, struct nvdla_image *image)
{
	u32 bypass = 0;

	if (cdp->flags & DRM_NVDLA_CDP_NO_SUM)
		bypass |= CDP_FUNC_BYPASS_SUM;
	if (cdp->flags & DRM_NVDLA_CDP_NO_PRODUCT)
		bypass |= CDP_FUNC_BYPASS_PRODUCT;

	image->lut = cdp->lut;
	add(image, CDP_D_FUNC_BYPASS, bypass);
	nvdla_image_add_addr(image, &image->main_count, CDP_D_DST_BASE_ADDR_LOW,
			     CDP_D_DST_BASE_ADDR_HIGH, &cdp->dst.addr);
	add(image, CDP_D_DST_LINE_STRIDE, cdp->dst.line_stride);
	add(image, CDP_D_DST_SURFACE_STRIDE, cdp->dst.surface_stride);
	add(image, CDP_D_DST_DMA_CFG, RAM_TYPE_MC);
	add(image, CDP_D_DATA_FORMAT, 0);
	add(image, CDP_D_NAN_FLUSH_TO_ZERO, 0);
	/* 0 to 3 for 3, 5, 7 and 9 channels. */
	add(image, CDP_D_LRN_CFG, cdp->local_size ? (cdp->local_size - 3) / 2 : 0);
	add(image, CDP_D_DATIN_OFFSET, (u16)cdp->in_offset);
	add(image, CDP_D_DATIN_SCALE, (u16)cdp->in_scale);
	add(image, CDP_D_DATIN_SHIFTER, cdp->in_shift);
	add(image, CDP_D_DATOUT_OFFSET, (u32)cdp->out_offset);
	add(image, CDP_D_DATOUT_SCALE, (u16)cdp->out_scale);
	add(image, CDP_D_DATOUT_SHIFTER, cdp->out_shift);
	add(image, CDP_D_PERF_ENABLE, 0);

	encode_rdma(cdp, image);
}
