/* SPDX-License-Identifier: MIT */
#ifndef DLA_DEPS_H
#define DLA_DEPS_H

#include <stdbool.h>

#include <drm/nvdla_accel.h>

/* Whether a layer takes its data on the fly from the one before: no program may begin with it. */
bool dla_op_on_the_fly(const struct drm_nvdla_op *op);

/*
 * Make every layer of a program wait for the earlier ones whose memory it must not meet: those that
 * write what it touches, and those that read what it writes. It looks at the bytes that the
 * hardware touches, so memory that a plan gives to two tensors in turn needs no special care.
 */
int dla_deps_find(const struct drm_nvdla_dev_info *hw, struct drm_nvdla_op *op, unsigned int count);

#endif
