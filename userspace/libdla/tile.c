// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "layout.h"
#include "tile.h"

/* Ranges of registers: NVDLA hardware manual, CDMA and CSC. */
#define KERNEL_LIMIT		32
#define STRIDE_LIMIT		8
#define DILATION_LIMIT		32
#define PAD_BEFORE_LIMIT	31
#define PAD_AFTER_LIMIT		63
#define KERNEL_BYTES_LIMIT	262144
#define WEIGHT_BYTES_LIMIT	(1u << 24)
#define OUTPUT_LIMIT		(1u << 21)
#define ENTRIES_PER_SLICE_LIMIT	16384

/* CSC counts weights in these. */
#define WEIGHT_ALIGN		128

static uint32_t div_up(uint64_t a, uint32_t b)
{
	return (uint32_t)((a + b - 1) / b);
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

static int32_t reach(int32_t kernel, int32_t dilation)
{
	return (kernel - 1) * dilation + 1;
}

static const char *out_of_range(const struct dla_conv_shape *s)
{
	const struct dla_window *w = &s->window;
	int32_t reach_w = reach(w->kernel_w, w->dilation_w), reach_h = reach(w->kernel_h, w->dilation_h);

	if (s->in_width > DLA_SIZE_LIMIT || s->in_height > DLA_SIZE_LIMIT || s->channels > DLA_SIZE_LIMIT ||
	    s->out_width > DLA_SIZE_LIMIT || s->out_height > DLA_SIZE_LIMIT)
		return "larger than 8192 in a dimension";
	if (w->kernel_w > KERNEL_LIMIT || w->kernel_h > KERNEL_LIMIT)
		return "kernel larger than 32x32";
	if (w->stride_w > STRIDE_LIMIT || w->stride_h > STRIDE_LIMIT)
		return "stride above 8";
	if (w->dilation_w > DILATION_LIMIT || w->dilation_h > DILATION_LIMIT)
		return "dilation above 32";
	if (w->pad_left > PAD_BEFORE_LIMIT || w->pad_top > PAD_BEFORE_LIMIT ||
	    w->pad_right > PAD_AFTER_LIMIT || w->pad_bottom > PAD_AFTER_LIMIT ||
	    w->pad_left >= reach_w || w->pad_right >= reach_w || w->pad_top >= reach_h || w->pad_bottom >= reach_h)
		return "padding wider than the hardware's";
	if ((uint64_t)s->channels * w->kernel_w * w->kernel_h > KERNEL_BYTES_LIMIT)
		return "kernel of more than 256 KiB";
	return NULL;
}

/*
 * The lines that a band of output lines reads. The hardware wants the padded input to be exactly as
 * high as the outputs need, so lines that no output uses are not given to it.
 */
static void band_input(const struct dla_conv_shape *s, struct dla_tile *tile)
{
	const struct dla_window *w = &s->window;
	int64_t first = (int64_t)tile->out_y * w->stride_h - w->pad_top;
	int64_t end = first + (int64_t)(tile->out_height - 1) * w->stride_h + reach(w->kernel_h, w->dilation_h);

	tile->pad_top = first < 0 ? (uint32_t)-first : 0;
	tile->pad_bottom = end > s->in_height ? (uint32_t)(end - s->in_height) : 0;
	tile->in_y = first < 0 ? 0 : (uint32_t)first;
	tile->in_height = (uint32_t)(end - tile->pad_bottom) - tile->in_y;
}

/* Output lines whose input fits in this many entries; 0 when not even one does. */
static uint32_t band_height(const struct dla_conv_shape *s, uint32_t lines)
{
	uint32_t needed = (uint32_t)reach(s->window.kernel_h, s->window.dilation_h);

	if (lines >= s->in_height)
		return s->out_height;
	if (lines < needed)
		return 0;
	return at_most((lines - needed) / (uint32_t)s->window.stride_h + 1, s->out_height);
}

struct dla_tiling *dla_tile_conv(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s,
				 const char **why)
{
	const struct dla_window *w = &s->window;
	uint32_t bank_bytes = hw->cbuf_entries * hw->cbuf_entry_bytes;
	uint64_t kernel_bytes = (uint64_t)s->channels * w->kernel_w * w->kernel_h;
	uint64_t group_bytes = kernel_bytes * hw->atomic_k + WEIGHT_ALIGN;
	uint32_t bands, height, ranges, range, columns, entries, weight_banks;
	struct dla_tiling *tiling;

	*why = out_of_range(s);
	if (*why)
		return NULL;

	columns = (s->out_width - 1) * (uint32_t)w->stride_w + (uint32_t)reach(w->kernel_w, w->dilation_w) -
		  (uint32_t)w->pad_left;
	entries = div_up(s->channels, hw->atom) * at_most(columns, s->in_width);
	weight_banks = div_up(group_bytes, bank_bytes);
	if (entries > ENTRIES_PER_SLICE_LIMIT || weight_banks >= hw->cbuf_banks) {
		*why = weight_banks >= hw->cbuf_banks ? "eight kernels do not fit in the convolution buffer" :
							"one line does not fit in the convolution buffer";
		return NULL;
	}
	/*
	 * Data first: one band more reads its overlap and all weights again, while a bank more for
	 * weights only lets some of them load earlier.
	 */
	height = band_height(s, (hw->cbuf_banks - weight_banks) * hw->cbuf_entries / entries);
	if (!height) {
		*why = "input lines under one kernel do not fit in the convolution buffer";
		return NULL;
	}
	height = at_most(height, OUTPUT_LIMIT / s->out_width);
	bands = div_up(s->out_height, height);
	height = div_up(s->out_height, bands);

	range = at_most((uint32_t)(WEIGHT_BYTES_LIMIT / kernel_bytes), DLA_SIZE_LIMIT);
	range = range / hw->atomic_k * hw->atomic_k;
	ranges = div_up(s->kernels, range);

	tiling = calloc(1, sizeof(*tiling) + sizeof(tiling->tile[0]) * bands * ranges);
	if (!tiling) {
		*why = "out of memory";
		return NULL;
	}
	tiling->in_width = at_most(columns, s->in_width);
	tiling->pad_right = columns - tiling->in_width;

	for (uint32_t k = 0; k < s->kernels; k += range) {
		for (uint32_t y = 0; y < s->out_height; y += height) {
			struct dla_tile *tile = &tiling->tile[tiling->count++];

			tile->kernel = k;
			tile->kernels = at_most(s->kernels - k, range);
			tile->out_y = y;
			tile->out_height = at_most(s->out_height - y, height);
			band_input(s, tile);
			tile->data_banks = div_up((uint64_t)entries * tile->in_height, hw->cbuf_entries);
			/* All that is left, as far as there are weights to fill it. */
			tile->weight_banks = at_most(hw->cbuf_banks - tile->data_banks,
						     div_up(kernel_bytes * tile->kernels + WEIGHT_ALIGN, bank_bytes));
		}
	}
	return tiling;
}
