/* SPDX-License-Identifier: MIT */
#ifndef DLA_TILE_H
#define DLA_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include <drm/nvdla_accel.h>

#include "graph.h"

/*
 * A convolution's input has to fit in the convolution buffer whole, beside one group of kernels at
 * least; what does not fit is cut into bands of output lines, and into ranges of kernels. Each tile is
 * one hardware layer. How many bands and ranges is found by search: the multipliers wait for all of the
 * first tile, and for what is not loaded during the tile before. Lines that two bands read stay in the
 * buffer, and so do a range's weights if there is room for all of them: then each range reads the input
 * once more, and otherwise each band the weights.
 */
struct dla_tile {
	uint32_t in_y, in_height;	/* lines of the input that it reads */
	uint32_t out_y, out_height;
	uint32_t pad_top, pad_bottom;
	uint32_t kernel, kernels;	/* first, and how many */
	uint32_t reuse_lines;		/* of the first, left by the tile before */
	uint32_t keep_lines;		/* of the last, for the next one */
	bool reuse_weights, keep_weights;
	uint32_t data_banks, weight_banks;	/* the same for all tiles */
};

struct dla_tiling {
	uint32_t in_width;		/* columns that are read: trailing ones may not be */
	uint32_t pad_right;
	unsigned int count;
	struct dla_tile tile[];
};

struct dla_conv_shape {
	uint32_t in_width, in_height, channels;
	uint32_t out_width, out_height, kernels;
	struct dla_window window;
	uint32_t pixel;		/* of an image: bytes of a pixel in the convolution buffer; otherwise 0 */
};

/*
 * NULL when there is no legal tiling; *why is then a phrase, static, that says what is too large
 * ("out of memory" too).
 */
struct dla_tiling *dla_tile_conv(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *shape,
				 const char **why);

#endif
