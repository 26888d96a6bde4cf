// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "cost.h"
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

/* What every tile of a convolution is made from. */
struct cut {
	const struct dla_conv_shape *shape;
	uint32_t banks, bank_entries, bank_bytes;
	uint32_t entries;		/* of an input line */
	uint64_t kernel_bytes;
	uint32_t group;			/* kernels that are computed together */
	double mac;			/* cycles, of all that is computed */
	uint32_t range;			/* kernels of a tile at most */
};

/* A way to do it. */
struct plan {
	uint32_t ranges, kernels;	/* of each range but the last; every one is done band by band */
	uint32_t bands, height;		/* output lines of each band but the last */
	uint32_t data_banks, weight_banks;
	bool keep_weights;
	double cycles, bytes;
};

static uint32_t band_lines(const struct dla_conv_shape *s, uint32_t height)
{
	uint32_t lines = (height - 1) * (uint32_t)s->window.stride_h +
			 (uint32_t)reach(s->window.kernel_h, s->window.dilation_h);

	return at_most(lines, s->in_height);
}

/* Banks for as many weights as are worth it: all, or what is left. */
static uint32_t weight_banks(const struct cut *c, uint32_t kernels, uint32_t left)
{
	return at_most(left, div_up(c->kernel_bytes * kernels + WEIGHT_ALIGN, c->bank_bytes));
}

/* Cycles in which nothing is computed because of a tile that is not the first. */
static double tile_wait(const struct cut *c, const struct plan *p, double load, uint32_t entries, bool weights_fit)
{
	enum { TURN = 350 };
	uint32_t room = (c->banks - p->data_banks - p->weight_banks) * c->bank_entries;
	double computed = c->mac / p->bands / p->ranges;

	if (entries > room || !weights_fit)
		return entries + TURN;
	return load > computed ? load - computed : 0;
}

/*
 * Cycles and bytes with this many output lines in a band and kernels in a range. The first tile is loaded
 * before anything is computed. Another one costs a turn if it is not loaded before, and an interrupt in
 * any case. A range's weights can be kept from band to band, but each range reads all of the input.
 */
static struct plan make_plan(const struct cut *c, uint32_t ranges, uint32_t height)
{
	enum { QUEUED = 60, BAND = 1000, ATOM_BYTES = 8 };
	const struct dla_conv_shape *s = c->shape;
	uint32_t kernels = at_most(div_up(div_up(s->kernels, ranges), c->group) * c->group, s->kernels);
	struct plan p = {
		.ranges = div_up(s->kernels, kernels), .kernels = kernels,
		.bands = div_up(s->out_height, height), .height = height,
	};
	uint32_t lines = band_lines(s, height), fresh = at_most(height * (uint32_t)s->window.stride_h, lines);
	double weights = (double)c->kernel_bytes * kernels / ATOM_BYTES, band, range;
	uint32_t all = weight_banks(c, kernels, UINT32_MAX), tiles = p.ranges * p.bands;

	p.data_banks = div_up((uint64_t)c->entries * lines, c->bank_entries);
	p.keep_weights = p.bands > 1 && all + p.data_banks <= c->banks;
	p.weight_banks = weight_banks(c, kernels, c->banks - p.data_banks);
	band = tile_wait(c, &p, (double)c->entries * fresh + (p.keep_weights ? 0 : weights), c->entries * fresh, true);
	/* The banks of a range's weights are free when its last band is done. */
	range = tile_wait(c, &p, (double)c->entries * lines + weights, c->entries * lines, false);

	p.cycles = c->mac + (double)c->entries * lines + tiles * (double)BAND + (tiles - 1) * (double)QUEUED +
		   p.ranges * (p.bands - 1) * band + (p.ranges - 1) * range;
	p.bytes = (double)c->kernel_bytes * s->kernels * (p.keep_weights ? 1 : p.bands) +
		  (double)c->entries * s->in_height * ATOM_BYTES * p.ranges;
	return p;
}

static bool better(const struct plan *a, const struct plan *b)
{
	return a->cycles < b->cycles || (a->cycles == b->cycles && a->bytes < b->bytes);
}

/*
 * From as few bands as fit on, and as few ranges of kernels: the fewest cycles, then the fewest bytes. What
 * fits whole stays whole: others see better what cutting it would be good for, see overlap.h.
 */
static struct plan search(const struct cut *c, uint32_t height)
{
	enum { MORE = 8 };
	uint32_t least = div_up(c->shape->out_height, height), fewest = div_up(c->shape->kernels, c->range);
	struct plan best = make_plan(c, fewest, div_up(c->shape->out_height, least));

	for (uint32_t ranges = fewest; least > 1 && ranges <= fewest + MORE; ranges++) {
		for (uint32_t bands = least; bands <= least + MORE && bands <= c->shape->out_height; bands++) {
			struct plan plan = make_plan(c, ranges, div_up(c->shape->out_height, bands));

			if (better(&plan, &best))
				best = plan;
		}
	}
	return best;
}

/* A range of kernels, band by band; the number of tiles. */
static unsigned int add_tiles(const struct cut *c, const struct plan *plan, uint32_t kernel, struct dla_tile *tile)
{
	const struct dla_conv_shape *s = c->shape;
	unsigned int count = 0;

	for (uint32_t y = 0; y < s->out_height; y += plan->height, tile++, count++) {
		tile->kernel = kernel;
		tile->kernels = at_most(s->kernels - kernel, plan->kernels);
		tile->out_y = y;
		tile->out_height = at_most(s->out_height - y, plan->height);
		band_input(s, tile);
		tile->data_banks = plan->data_banks;
		tile->weight_banks = plan->weight_banks;
		if (!count)
			continue;
		tile->reuse_weights = tile[-1].keep_weights = plan->keep_weights;
		if (tile[-1].in_y + tile[-1].in_height > tile->in_y)
			tile->reuse_lines = tile[-1].keep_lines = tile[-1].in_y + tile[-1].in_height - tile->in_y;
	}
	return count;
}

/* An image's line of a kernel is taken as a whole. */
static double steps_of(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s)
{
	const struct dla_window *w = &s->window;

	if (s->pixel)
		return (double)w->kernel_h * div_up((uint64_t)w->kernel_w * s->pixel, hw->atomic_c);
	return (double)w->kernel_w * w->kernel_h * div_up(s->channels, hw->atomic_c);
}

struct dla_tiling *dla_tile_conv(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s,
				 const char **why)
{
	const struct dla_window *w = &s->window;
	uint32_t channels = s->pixel ? s->pixel : s->channels;
	struct cut c = {
		.shape = s,
		.banks = hw->cbuf_banks, .bank_entries = hw->cbuf_entries,
		.bank_bytes = hw->cbuf_entries * hw->cbuf_entry_bytes,
		.kernel_bytes = (uint64_t)channels * w->kernel_w * w->kernel_h,
		.group = hw->atomic_k,
	};
	uint32_t height, columns, least_weights;
	double steps = steps_of(hw, s);
	struct dla_tiling *tiling;
	struct plan plan;

	*why = out_of_range(s);
	if (*why)
		return NULL;

	columns = (s->out_width - 1) * (uint32_t)w->stride_w + (uint32_t)reach(w->kernel_w, w->dilation_w) -
		  (uint32_t)w->pad_left;
	/* Lines of an image are stored with their padding. */
	c.entries = s->pixel ? div_up((uint64_t)(columns + (uint32_t)w->pad_left) * s->pixel, hw->cbuf_entry_bytes) :
			       div_up(s->channels, hw->atom) * at_most(columns, s->in_width);
	c.mac = (double)s->out_width * s->out_height * div_up(s->kernels, hw->atomic_k) *
		(steps > DLA_CACC_CYCLES ? steps : DLA_CACC_CYCLES);
	least_weights = div_up(c.kernel_bytes * hw->atomic_k + WEIGHT_ALIGN, c.bank_bytes);
	if (c.entries > ENTRIES_PER_SLICE_LIMIT || least_weights >= hw->cbuf_banks) {
		*why = least_weights >= hw->cbuf_banks ? "eight kernels do not fit in the convolution buffer" :
							 "one line does not fit in the convolution buffer";
		return NULL;
	}
	height = band_height(s, (hw->cbuf_banks - least_weights) * hw->cbuf_entries / c.entries);
	if (!height) {
		*why = "input lines under one kernel do not fit in the convolution buffer";
		return NULL;
	}
	c.range = at_most((uint32_t)(WEIGHT_BYTES_LIMIT / c.kernel_bytes), DLA_SIZE_LIMIT);
	c.range = c.range / hw->atomic_k * hw->atomic_k;
	plan = search(&c, at_most(height, OUTPUT_LIMIT / s->out_width));

	tiling = calloc(1, sizeof(*tiling) +
			   sizeof(tiling->tile[0]) * (size_t)plan.bands * plan.ranges);
	if (!tiling) {
		*why = "out of memory";
		return NULL;
	}
	tiling->in_width = at_most(columns, s->in_width);
	tiling->pad_right = columns - tiling->in_width;
	for (uint32_t k = 0; k < s->kernels; k += plan.kernels)
		tiling->count += add_tiles(&c, &plan, k, &tiling->tile[tiling->count]);
	return tiling;
}
