// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/math.h>

#include "geometry.h"
#include "nvdla_core.h"

static struct nvdla_extent surface_extent(const struct nvdla_config *config,
					  const struct drm_nvdla_surface *surface, u32 access,
					  u32 width, u32 height, u32 channels, u32 atom_bytes)
{
	return (struct nvdla_extent) {
		.slot = surface->addr.slot,
		.access = access,
		.align = config->atom,
		.offset = surface->addr.offset,
		.row_bytes = width * atom_bytes,
		.rows = height,
		.row_stride = surface->line_stride,
		.planes = DIV_ROUND_UP(channels, config->atom),
		.plane_stride = surface->surface_stride,
	};
}

static struct nvdla_extent flat_extent(const struct drm_nvdla_addr *addr, u32 bytes, u32 align)
{
	return (struct nvdla_extent) {
		.slot = addr->slot,
		.access = DRM_NVDLA_SLOT_READ,
		.align = align,
		.offset = addr->offset,
		.row_bytes = bytes,
		.rows = 1,
		.planes = 1,
	};
}

/* A plane of an image: a line is read in whole atoms. */
static struct nvdla_extent image_extent(const struct nvdla_config *config,
					const struct drm_nvdla_conv *conv,
					const struct drm_nvdla_addr *addr, u32 line_stride,
					u32 pixel_bytes)
{
	u32 line = nvdla_conv_line_bytes(config, conv, pixel_bytes);
	struct nvdla_extent extent = flat_extent(addr, line, config->atom);

	extent.rows = conv->src_height;
	extent.row_stride = line_stride;
	return extent;
}

/* The first lines are in the convolution buffer already. */
static struct nvdla_extent without_reused(struct nvdla_extent extent, u32 lines)
{
	extent.offset += (u64)lines * extent.row_stride;
	extent.rows -= lines;
	return extent;
}

static u32 conv_extents(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			struct nvdla_extent *extents)
{
	struct nvdla_pixel pixel = nvdla_conv_pixel(conv);
	u32 n = 0;

	if (conv->format == DRM_NVDLA_FEATURE)
		extents[n++] = surface_extent(config, &conv->src, DRM_NVDLA_SLOT_READ,
					      conv->src_width, conv->src_height, conv->src_channels,
					      config->atom);
	else
		extents[n++] = image_extent(config, conv, &conv->src.addr, conv->src.line_stride,
					    pixel.bytes);
	if (pixel.uv_bytes)
		extents[n++] = image_extent(config, conv, &conv->src_uv, conv->uv_line_stride,
					    pixel.uv_bytes);
	for (u32 i = 0; i < n; i++)
		extents[i] = without_reused(extents[i], conv->reuse_lines);
	if (conv->reuse_lines == conv->src_height)
		n = 0;
	if (!(conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS))
		extents[n++] = flat_extent(&conv->weights, nvdla_conv_weight_fetch(config, conv),
					   NVDLA_WEIGHT_ALIGN);
	return n;
}

static u32 stage_extents(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
			 const struct drm_nvdla_sdp_stage *stage, struct nvdla_extent *extent)
{
	u32 bytes = nvdla_stage_operand_bytes(stage);

	if (!bytes)
		return 0;
	if (nvdla_stage_per_element(stage))
		*extent = surface_extent(config, &stage->operand, DRM_NVDLA_SLOT_READ, sdp->width,
					 sdp->height, sdp->channels, config->atom * bytes);
	else
		*extent = flat_extent(&stage->operand.addr,
				      round_up((u32)sdp->channels, config->atom) * bytes,
				      config->atom);
	return 1;
}

static u32 sdp_extents(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
		       struct nvdla_extent *extents)
{
	u32 n = 0;

	if (sdp->source == DRM_NVDLA_SOURCE_MEMORY)
		extents[n++] = surface_extent(config, &sdp->src, DRM_NVDLA_SLOT_READ, sdp->width,
					      sdp->height, sdp->channels, config->atom);
	n += stage_extents(config, sdp, &sdp->x1, &extents[n]);
	n += stage_extents(config, sdp, &sdp->x2, &extents[n]);
	if (nvdla_sdp_writes_memory(sdp))
		extents[n++] = surface_extent(config, &sdp->dst, DRM_NVDLA_SLOT_WRITE, sdp->width,
					      sdp->height, sdp->channels, config->atom);
	return n;
}

static u32 pdp_extents(const struct nvdla_config *config, const struct drm_nvdla_pdp *pdp,
		       struct nvdla_extent *extents)
{
	u32 n = 0;

	if (pdp->source == DRM_NVDLA_SOURCE_MEMORY)
		extents[n++] = surface_extent(config, &pdp->src, DRM_NVDLA_SLOT_READ,
					      pdp->src_width, pdp->src_height, pdp->channels,
					      config->atom);
	extents[n++] = surface_extent(config, &pdp->dst, DRM_NVDLA_SLOT_WRITE, pdp->dst_width,
				      pdp->dst_height, pdp->channels, config->atom);
	return n;
}

static u32 cdp_extents(const struct nvdla_config *config, const struct drm_nvdla_cdp *cdp,
		       struct nvdla_extent *extents)
{
	extents[0] = surface_extent(config, &cdp->src, DRM_NVDLA_SLOT_READ, cdp->width, cdp->height,
				    cdp->channels, config->atom);
	extents[1] = surface_extent(config, &cdp->dst, DRM_NVDLA_SLOT_WRITE, cdp->width,
				    cdp->height, cdp->channels, config->atom);
	return 2;
}

/**
 * nvdla_op_extents() - list the bytes that an operation touches
 * @config: Configuration.
 * @op: Operation; nvdla_program_check() has accepted it.
 * @extents: Filled in. Extents of one operation may overlap.
 *
 * Return: How many.
 */
u32 nvdla_op_extents(const struct nvdla_config *config, const struct drm_nvdla_op *op,
		     struct nvdla_extent extents[NVDLA_MAX_EXTENTS])
{
	switch (op->engine) {
	case DRM_NVDLA_CONV:
		return conv_extents(config, &op->conv, extents);
	case DRM_NVDLA_SDP:
		return sdp_extents(config, &op->sdp, extents);
	case DRM_NVDLA_PDP:
		return pdp_extents(config, &op->pdp, extents);
	case DRM_NVDLA_CDP:
		return cdp_extents(config, &op->cdp, extents);
	default:
		return 0;
	}
}

/**
 * nvdla_extent_end() - find the end of an extent
 * @extent: Extent of an operation that nvdla_program_check() has accepted.
 *
 * Return: Offset of the byte after its last.
 */
u64 nvdla_extent_end(const struct nvdla_extent *extent)
{
	u64 last_row = (u64)(extent->rows - 1) * extent->row_stride;
	u64 last_plane = (u64)(extent->planes - 1) * extent->plane_stride;

	/* 13-bit counts times 32-bit strides, behind an offset of 48 bits. */
	return extent->offset + last_row + last_plane + extent->row_bytes;
}
