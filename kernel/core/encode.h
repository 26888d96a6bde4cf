/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_ENCODE_H_
#define _NVDLA_ENCODE_H_

#include <linux/bitfield.h>

#include "nvdla_core.h"
#include "regs.h"

/* Each encoder adds its engine's registers to an image; the operation has passed validation. */
void nvdla_encode_conv(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		       struct nvdla_image *image);
void nvdla_encode_sdp(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
		      struct nvdla_image *image);
void nvdla_encode_pdp(const struct drm_nvdla_pdp *pdp, struct nvdla_image *image);
void nvdla_encode_cdp(const struct drm_nvdla_cdp *cdp, struct nvdla_image *image);

/* The add functions write at main_count + rdma_count; encoders count the main unit's first. */
static inline void nvdla_image_add(struct nvdla_image *image, u8 *count, u32 reg, u32 value)
{
	u32 position = image->main_count + image->rdma_count;

	image->reg[position] = reg;
	image->value[position] = value;
	(*count)++;
}

/* A register that other operations of the unit need, and this one does not. */
static inline void nvdla_image_add_unread(struct nvdla_image *image, u8 *count, u32 reg)
{
	image->unread[image->main_count + image->rdma_count] = true;
	nvdla_image_add(image, count, reg, 0);
}

static inline void nvdla_image_add_addr(struct nvdla_image *image, u8 *count, u32 low, u32 high,
					const struct drm_nvdla_addr *addr)
{
	image->reloc[image->reloc_count++] = (struct nvdla_reloc) {
		.offset = addr->offset,
		.slot = addr->slot,
		.low = image->main_count + image->rdma_count,
	};
	nvdla_image_add(image, count, low, 0);
	nvdla_image_add(image, count, high, 0);
}

static inline u32 nvdla_size_pair(u32 low, u32 high)
{
	return FIELD_PREP(SIZE_LOW, low - 1) | FIELD_PREP(SIZE_HIGH, high - 1);
}

#endif
