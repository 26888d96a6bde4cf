/* SPDX-License-Identifier: MIT */
#ifndef DLA_LUTS_H
#define DLA_LUTS_H

#include <drm/nvdla_accel.h>

/*
 * The look-up tables of a network, each once. A layer names one by its index here until the layers are
 * cut into programs, of which each brings only its own.
 */
struct dla_luts {
	struct drm_nvdla_lut *lut;
	unsigned int count, room;
};

/* Find the table, or add it; its index in *index. */
int dla_luts_add(struct dla_luts *luts, const struct drm_nvdla_lut *lut, __u16 *index);
void dla_luts_release(struct dla_luts *luts);

/* How many of the layers, from the first on, need no more tables than one program may have. */
unsigned int dla_luts_fit(const struct drm_nvdla_op *op, unsigned int count);

/*
 * Copy the tables of a program's layers, which fit, and let the layers name them by the copy's index.
 * Returns how many.
 */
unsigned int dla_luts_take(const struct dla_luts *luts, struct drm_nvdla_op *op, unsigned int count,
			   struct drm_nvdla_lut own[DRM_NVDLA_MAX_LUTS]);

/* The table by which CDP makes table[x] of every byte x, with both of its flags. */
void dla_lut_of_bytes(const __u8 table[256], struct drm_nvdla_lut *lut);

#endif
