/* SPDX-License-Identifier: MIT */
#ifndef DLA_LOWER_CONV_H
#define DLA_LOWER_CONV_H

#include "lower.h"
#include "tile.h"

/* A convolution ready to become hardware layers: CONV_2D, FULLY_CONNECTED, and averages of large windows. */
struct dla_conv_job {
	struct dla_conv_shape shape;
	struct dla_feature in, out;
	struct dla_kernels kernels;
	int32_t pad_value;
	struct dla_requant *rq;
	struct dla_tiling *tiling;
};

/*
 * Choose the tiling and find the requantisation. Returns 0; or 0 with *why when the NPU cannot do
 * it; or -ENOMEM. The job's other fields are the caller's and already set.
 */
int dla_conv_job_prepare(struct dla_conv_job *job, const struct drm_nvdla_dev_info *hw,
			 const struct dla_requant_wish *wish, bool relu, int32_t zero_point,
			 const char **why);
void dla_conv_job_release(struct dla_conv_job *job);

/*
 * What the layers of a job answer for @kernels kernels, see struct dla_lowered_ops. Pixels of input
 * and output are in_pitch and out_pitch bytes apart.
 */
void dla_conv_job_eval(const struct dla_conv_job *job, const int8_t *input, size_t in_pitch,
		       int8_t *output, size_t out_pitch, uint32_t kernels);

/* Where a range of kernels and its SDP operands are among the constants. */
struct dla_conv_constants {
	size_t weights, weight_bytes, x1, x2;
};

int dla_conv_pack(const struct dla_conv_job *job, const struct dla_tile *tile,
		  const struct drm_nvdla_dev_info *hw, struct dla_constants *constants,
		  struct dla_conv_constants *at);

/* One tile: a CONV layer and the SDP layer behind it. */
int dla_conv_emit(const struct dla_conv_job *job, const struct dla_tile *tile,
		  const struct dla_conv_constants *at, struct dla_emit *emit, size_t src, size_t dst);

#endif
