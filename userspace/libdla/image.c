// SPDX-License-Identifier: MIT
#include "cost.h"
#include "image.h"
#include "signed.h"

/* Ranges of registers: NVDLA hardware manual, CDMA and CSC. */
#define KERNEL_LIMIT		32
#define STRIDE_LIMIT		8
#define PAD_BEFORE_LIMIT	31
#define PAD_AFTER_LIMIT		63

/* Channels of a pixel, some of them spare. */
#define PIXEL			4

/* CSC works on so many outputs of a line at a time, and a step of fewer than the least takes as long. */
#define STRIPE			16
#define STEP_SHORTEST		8
/* In which CACC hands an atom of sums over; those of the longest stripes take DLA_CACC_CYCLES. */
#define DELIVERY		9

#define WEIGHT_UNIT		128
#define WEIGHT_ALIGN		256

static uint32_t div_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

/* Kernels whose lines the hardware walks through wrongly: struct drm_nvdla_conv, kernel_width. */
static bool walks(const struct drm_nvdla_dev_info *hw, uint32_t line_bytes, uint32_t out_width)
{
	uint32_t last = line_bytes % hw->atomic_c;

	if (line_bytes > 2 * hw->atomic_c && last == 1)
		return false;
	return line_bytes <= 3 * hw->atomic_c || !last || last > hw->atomic_c / 2 || out_width % STRIPE != 1;
}

static bool undilated(const struct dla_window *w)
{
	return w->dilation_w == 1 && w->dilation_h == 1;
}

static bool takes_pixels(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s)
{
	return undilated(&s->window) && (s->channels == 3 || s->channels == PIXEL) &&
	       walks(hw, (uint32_t)s->window.kernel_w * PIXEL, s->out_width);
}

/* All that is not said of pixels is said of bytes then. */
static bool takes_lines(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s)
{
	const struct dla_window *w = &s->window;
	int64_t c = s->channels, reach = (int64_t)(s->out_width - 1) * w->stride_w + w->kernel_w;

	return undilated(w) && c * w->kernel_w <= KERNEL_LIMIT && c * w->stride_w <= STRIDE_LIMIT &&
	       c * w->pad_left <= PAD_BEFORE_LIMIT && c * w->pad_right <= PAD_AFTER_LIMIT &&
	       c * (reach - w->pad_left - s->in_width) <= PAD_AFTER_LIMIT &&
	       c * s->in_width <= DLA_SIZE_LIMIT && walks(hw, (uint32_t)(c * w->kernel_w), s->out_width);
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double stripe_cycles(double steps, uint32_t length)
{
	return larger(steps * larger(length, STEP_SHORTEST),
		      (length < STRIPE ? DELIVERY : DLA_CACC_CYCLES) * length);
}

/* Cycles of a group of kernels, and of the lines before it. */
static double image_cycles(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s, uint32_t pixel)
{
	const struct dla_window *w = &s->window;
	double steps = (double)w->kernel_h * div_up((uint32_t)w->kernel_w * pixel, hw->atomic_c);
	uint32_t whole = s->out_width / STRIPE;
	double line = whole * stripe_cycles(steps, STRIPE);

	if (s->out_width % STRIPE)
		line += stripe_cycles(steps, s->out_width % STRIPE);
	return line * s->out_height * div_up(s->kernels, hw->atomic_k) +
	       (double)s->in_height * div_up(s->in_width * pixel, hw->cbuf_entry_bytes);
}

static double surface_cycles(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s)
{
	const struct dla_window *w = &s->window;
	double steps = (double)w->kernel_h * w->kernel_w * div_up(s->channels, hw->atomic_c);

	return larger(steps, DLA_CACC_CYCLES) * s->out_width * s->out_height * div_up(s->kernels, hw->atomic_k) +
	       (double)s->in_height * s->in_width * div_up(s->channels, hw->atom);
}

enum dla_form dla_image_choose(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s)
{
	double cycles = surface_cycles(hw, s);

	if (takes_lines(hw, s) && image_cycles(hw, s, s->channels) <= cycles)
		return DLA_FORM_LINES;
	if (takes_pixels(hw, s) && image_cycles(hw, s, PIXEL) <= cycles)
		return DLA_FORM_PIXELS;
	return DLA_FORM_ATOMS;
}

uint32_t dla_image_pixel(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s, enum dla_form form)
{
	if (form == DLA_FORM_ATOMS)
		return 0;
	return form == DLA_FORM_PIXELS || takes_pixels(hw, s) ? PIXEL : s->channels;
}

/* One offset for each channel that there is. */
static void convert(struct drm_nvdla_conv *conv)
{
	conv->flags |= DRM_NVDLA_CONV_CONVERT;
	conv->cvt_scale = 1;
	for (unsigned int c = 0; c < conv->src_channels; c++)
		conv->cvt_offset[c] = DLA_FLIP;
}

void dla_image_describe(struct drm_nvdla_conv *conv, enum dla_form form, bool is_unsigned)
{
	uint32_t c = conv->src_channels;

	if (form == DLA_FORM_PIXELS) {
		conv->format = DRM_NVDLA_A8B8G8R8;
		conv->src_channels = PIXEL;
	} else if (form == DLA_FORM_LINES) {
		conv->format = DRM_NVDLA_R8;
		conv->src_channels = 1;
		conv->src_width = (__u16)(conv->src_width * c);
		conv->kernel_width = (__u8)(conv->kernel_width * c);
		conv->stride_x = (__u8)(conv->stride_x * c);
		conv->pad_left = (__u8)(conv->pad_left * c);
		conv->pad_right = (__u8)(conv->pad_right * c);
	}
	if (is_unsigned)
		convert(conv);
}

bool dla_image_takes_pixels(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_conv *conv, uint32_t c)
{
	return conv->format == DRM_NVDLA_R8 && (c == 3 || c == PIXEL) && conv->kernel_width % c == 0 &&
	       walks(hw, conv->kernel_width / c * PIXEL, conv->dst_width);
}

void dla_image_use_pixels(struct drm_nvdla_conv *conv, uint32_t c)
{
	uint32_t kernel;

	conv->format = DRM_NVDLA_A8B8G8R8;
	conv->src_channels = PIXEL;
	conv->src_width = (__u16)(conv->src_width / c);
	conv->kernel_width = (__u8)(conv->kernel_width / c);
	conv->stride_x = (__u8)(conv->stride_x / c);
	conv->pad_left = (__u8)(conv->pad_left / c);
	conv->pad_right = (__u8)(conv->pad_right / c);
	if (conv->flags & DRM_NVDLA_CONV_CONVERT)
		convert(conv);
	/* Four channels are four channels. */
	if (c == PIXEL)
		return;
	if (!(conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS))
		conv->weights.offset += dla_image_weights_room(conv->weight_bytes);
	kernel = (uint32_t)conv->kernel_width * conv->kernel_height * PIXEL;
	conv->weight_bytes = (kernel * conv->kernels + WEIGHT_UNIT - 1) / WEIGHT_UNIT * WEIGHT_UNIT;
}

uint32_t dla_image_weights_room(uint32_t weight_bytes)
{
	return (weight_bytes + WEIGHT_ALIGN - 1) / WEIGHT_ALIGN * WEIGHT_ALIGN;
}
