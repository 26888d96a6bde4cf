/* SPDX-License-Identifier: MIT */
#ifndef DLA_BANKS_H
#define DLA_BANKS_H

#include <drm/nvdla_accel.h>

/*
 * Let the convolutions of a program that follow each other share one split of the convolution
 * buffer where none of them gets fewer banks by that. While the split stays, the hardware fetches
 * the next one's weights during the present one, and the split need not be written again; when it
 * changes, it empties the buffer first.
 */
void dla_banks_share(const struct drm_nvdla_dev_info *hw, struct drm_nvdla_op *op, unsigned int count);

#endif
