/* SPDX-License-Identifier: MIT */
#ifndef DLA_COST_H
#define DLA_COST_H

#include <stdint.h>

#include <drm/nvdla_accel.h>

/* CACC hands an atom of sums over to SDP in so many cycles: no output position is quicker. */
#define DLA_CACC_CYCLES	11.7

/*
 * What hardware layers take on the NPU, in cycles of its clock: an estimate for choosing, within a few
 * per cent of the emulator's timing model for a network as a whole (tests/unit/cost.c compares). Layers
 * are in the order of a program, chains whole; chains of one cookie do not wait for each other.
 */
double dla_cost_layers(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_op *op, unsigned int count);

#endif
