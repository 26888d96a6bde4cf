// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/string.h>

#include "encode.h"
#include "geometry.h"

static u32 chain_length(const struct drm_nvdla_op *ops, u32 count, u32 index)
{
	u32 end = index + 1;

	if (nvdla_op_takes_from_previous(&ops[index]))
		return 0;
	while (end < count && nvdla_op_takes_from_previous(&ops[end]))
		end++;
	return end - index;
}

/* From behind, where each operation finds the first of each engine that comes after it. */
static void link_engines(struct nvdla_image *images, u32 count)
{
	for (u32 engine = 0; engine < NVDLA_ENGINES; engine++)
		images[count - 1].next[engine] = count;
	for (u32 i = count - 1; i-- > 0; ) {
		memcpy(images[i].next, images[i + 1].next, sizeof(images[i].next));
		images[i].next[images[i + 1].engine] = i + 1;
	}
}

/**
 * nvdla_program_encode() - turn a program into registers
 * @config: Configuration.
 * @source: Program; nvdla_program_check() has accepted it.
 * @images: One for each operation, filled in.
 */
void nvdla_program_encode(const struct nvdla_config *config, const struct nvdla_source *source,
			  struct nvdla_image *images)
{
	for (u32 i = 0; i < source->op_count; i++) {
		const struct drm_nvdla_op *op = &source->ops[i];
		struct nvdla_image *image = &images[i];

		memset(image, 0, sizeof(*image));
		image->engine = op->engine;
		image->cookie = op->cookie;
		image->chain = chain_length(source->ops, source->op_count, i);
		image->dep_count = op->dep_count;
		memcpy(image->deps, op->deps, sizeof(image->deps));

		switch (op->engine) {
		case DRM_NVDLA_CONV:
			nvdla_encode_conv(config, &op->conv, image);
			break;
		case DRM_NVDLA_SDP:
			nvdla_encode_sdp(config, &op->sdp, image);
			break;
		case DRM_NVDLA_PDP:
			nvdla_encode_pdp(&op->pdp, image);
			break;
		case DRM_NVDLA_CDP:
			nvdla_encode_cdp(&op->cdp, image);
			break;
		}
	}
	link_engines(images, source->op_count);
}
