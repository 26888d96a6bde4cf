/* SPDX-License-Identifier: MIT */
#ifndef DLA_DEPS_H
#define DLA_DEPS_H

#include <drm/nvdla_accel.h>

/*
 * Make every layer of a program wait for the earlier ones whose memory it must not meet: those that
 * write what it touches, and those that read what it writes. It looks at the bytes that the
 * hardware touches, so memory that a plan gives to two tensors in turn needs no special care.
 */
int dla_deps_find(const struct drm_nvdla_dev_info *hw, struct drm_nvdla_op *op, unsigned int count);

#endif
