/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_LUT_H_
#define _NVDLA_LUT_H_

#include "nvdla_core.h"

/* Whether CDP's tables are known to hold this. */
bool nvdla_lut_held(const struct nvdla_hw *hw, const struct drm_nvdla_lut *lut);

/* Make them hold it. CDP has nothing to do, unless they do already. */
void nvdla_lut_load(struct nvdla_hw *hw, const struct nvdla_io *io,
		    const struct drm_nvdla_lut *lut);

#endif
