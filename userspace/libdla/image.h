/* SPDX-License-Identifier: MIT */
#ifndef DLA_IMAGE_H
#define DLA_IMAGE_H

#include <stdbool.h>

#include <drm/nvdla_accel.h>

#include "layout.h"
#include "tile.h"

/*
 * A convolution can read an image instead of a surface of atoms. Of few channels that is less to read, and
 * the multipliers take a kernel's line as a whole, eight bytes a step, instead of a step for each pixel.
 *
 * The hardware knows pixels of one byte and of four. Lines of pixels of any few channels are also lines
 * of so many times as many one-byte pixels: with kernel, stride and padding as many times as wide, the
 * sums are the same. So a picture can be read as it lies in the network's order.
 */

/* The best form for this convolution's input. */
enum dla_form dla_image_choose(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *shape);

/* Bytes of a pixel for which the convolution buffer must have room. */
uint32_t dla_image_pixel(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *shape, enum dla_form form);

/*
 * From the description of a surface's convolution to that of an image's; the surface is an image already.
 * is_unsigned: what is to be subtracted from its elements is 128.
 */
void dla_image_describe(struct drm_nvdla_conv *conv, enum dla_form form, bool is_unsigned);

/*
 * Whether a convolution of lines can read pixels instead: both kinds of weights are there then, those for
 * pixels behind the others. of_lines: as dla_image_describe() made it, of so many channels.
 */
bool dla_image_takes_pixels(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_conv *of_lines,
			    uint32_t channels);

/* Let it do so. The source, if it has one, lies in the lines' place still: the caller moves it. */
void dla_image_use_pixels(struct drm_nvdla_conv *of_lines, uint32_t channels);

/* Where weights for pixels begin, behind those of lines. */
uint32_t dla_image_weights_room(uint32_t weight_bytes);

#endif
