/* SPDX-License-Identifier: MIT */
#ifndef DLA_OVERLAP_H
#define DLA_OVERLAP_H

#include "lower.h"

/*
 * A convolution that reads what the one before has made cannot begin to load before that is in
 * memory: the multipliers wait for all of its input, and for the interrupt in between. Where
 * convolutions follow each other, cut some of them in two bands of lines: the first band of one then
 * needs only the first band of the other, and is loaded while the second is computed.
 *
 * A band more is an interrupt more, and some thirty register writes: at most one layer in sixteen is cut,
 * where that saves most. Before banks are shared and dependencies found. -ENOMEM is the only error.
 */
int dla_overlap(const struct drm_nvdla_dev_info *hw, struct dla_emit *emit);

#endif
