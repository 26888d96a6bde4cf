/* SPDX-License-Identifier: MIT */
#ifndef DLA_LOWER_CONV_H
#define DLA_LOWER_CONV_H

#include "lower.h"
#include "tile.h"

/*
 * A convolution ready to become hardware layers: CONV_2D, FULLY_CONNECTED, and averages of large
 * windows; also with an ADD, whose other operand lies as the output does. Each of several pictures is
 * done for itself.
 */
struct dla_conv_job {
	struct dla_conv_shape shape;
	struct dla_feature in, out;	/* of one picture */
	uint32_t pictures;
	struct dla_kernels kernels;
	/* Of the tensor, by the kernels' channel, those of copied planes too. NULL: the same. */
	uint16_t *channel;
	int32_t pad_value;
	bool is_unsigned;		/* of an image: the hardware makes int8 of it */
	struct dla_requant *rq;		/* one of these */
	struct dla_conv_add *add;
	struct dla_tiling *tiling;
};

/*
 * Choose the tiling and find the arithmetic: a requantisation, or an addition. Return 0; or 0 with
 * *why when the NPU cannot do it; or -ENOMEM. The job's other fields are the caller's and already set.
 */
int dla_conv_job_prepare(struct dla_conv_job *job, const struct drm_nvdla_dev_info *hw,
			 const struct dla_requant_wish *wish, bool relu, int32_t zero_point,
			 const char **why);
int dla_conv_job_prepare_add(struct dla_conv_job *job, const struct drm_nvdla_dev_info *hw,
			     const struct dla_requant_wish *wish, const struct dla_residual *residual,
			     const char **why);
void dla_conv_job_release(struct dla_conv_job *job);

/* Whether a convolution's tensors are of types that the NPU takes; axis: the weights' output channels. */
bool dla_conv_operands_fit(const struct dla_lower *lower, const struct dla_node *node, unsigned int axis);

/*
 * What each output channel wants: its bias with the input's zero point in it, and the accumulator's
 * scale over @scale, that of the output or of what is added. NULL when memory runs out.
 */
struct dla_requant_wish *dla_conv_wishes(const struct dla_graph *graph, const struct dla_op *op,
					 const struct dla_kernels *kernels, float scale, bool relu);

/* Let the convolution make the node's PAD, if there is one; false when it is too wide. */
bool dla_conv_take_pad(const struct dla_lower *lower, const struct dla_node *node,
		       const struct dla_feature *in, const struct dla_feature *out, struct dla_window *window);

/* Where a range of kernels and its SDP operands are among the constants. */
struct dla_conv_constants {
	size_t weights, weight_bytes, x1, x2;
};

int dla_conv_pack(const struct dla_conv_job *job, const struct dla_tile *tile,
		  const struct drm_nvdla_dev_info *hw, struct dla_constants *constants,
		  struct dla_conv_constants *at);

/* Where in the arena a job reads and writes. */
struct dla_conv_tensors {
	size_t src, dst;
	size_t residual;		/* with an ADD */
	bool on_the_fly;		/* PDP takes the result: it is not written to dst */
};

/* SDP ignores how far apart the planes of one pixel are: it cannot write such a picture of several. */
bool dla_conv_picture_fits(const struct dla_feature *all);

/* The same places of another picture. */
struct dla_conv_tensors dla_conv_tensors_of(const struct dla_conv_job *job, const struct dla_conv_tensors *first,
					    uint32_t picture);

/* One tile: a CONV layer and the SDP layer behind it. */
int dla_conv_emit(const struct dla_conv_job *job, const struct dla_tile *tile,
		  const struct dla_conv_constants *at, struct dla_emit *emit,
		  const struct dla_conv_tensors *tensors);

#endif
