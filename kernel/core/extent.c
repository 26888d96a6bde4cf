// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/errno.h>
#include <linux/math.h>
#include <linux/overflow.h>

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

static u32 conv_extents(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
			struct nvdla_extent *extents)
{
	if (conv->format == DRM_NVDLA_FEATURE) {
		extents[0] = surface_extent(config, &conv->src, DRM_NVDLA_SLOT_READ,
					    conv->src_width, conv->src_height, conv->src_channels,
					    config->atom);
	} else {
		/* A line is read in whole atoms. */
		u32 line = round_up((u32)conv->src_width * conv->src_channels, config->atom);

		extents[0] = flat_extent(&conv->src.addr, line, NVDLA_IMAGE_ALIGN);
		extents[0].rows = conv->src_height;
		extents[0].row_stride = conv->src.line_stride;
	}
	extents[1] = flat_extent(&conv->weights, nvdla_conv_weight_fetch(config, conv),
				 NVDLA_WEIGHT_ALIGN);
	return 2;
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
	default:
		return 0;
	}
}

/**
 * nvdla_extent_end() - find the end of an extent
 * @extent: Extent.
 * @end: Offset of the byte after its last.
 *
 * Return: 0, or -EOVERFLOW.
 */
int nvdla_extent_end(const struct nvdla_extent *extent, u64 *end)
{
	u64 last_row = (u64)(extent->rows - 1) * extent->row_stride;
	u64 last_plane = (u64)(extent->planes - 1) * extent->plane_stride;

	/* 13-bit counts times 32-bit strides: the sum of the two is far from an overflow. */
	if (check_add_overflow(extent->offset, last_row + last_plane + extent->row_bytes, end))
		return -EOVERFLOW;
	return 0;
}
