// SPDX-License-Identifier: MIT
/*
 * A convolution in pieces, as a driver cuts it that does not fit the convolution buffer: bands of
 * lines, groups of kernels, each piece its own operation that may find data or weights of the one
 * before still in the buffer.
 */
#include "chain.h"
#include "kinds.h"

#define MAX_BANDS 4
#define MAX_GROUPS 4

/* From which line of the output a band begins. */
static unsigned int cut_at(unsigned int whole, unsigned int pieces, unsigned int piece)
{
	return whole * piece / pieces;
}

/* The lines of the input that output lines first..end - 1 need, with their padding. */
static void band_axis(const struct conv_axis *whole, unsigned int first, unsigned int end,
		      struct conv_axis *band, unsigned int *skip)
{
	int extent = (int)((whole->kernel - 1) * whole->dilation + 1);
	int from = (int)(first * whole->stride) - (int)whole->before;
	int to = (int)((end - 1) * whole->stride) - (int)whole->before + extent;

	*band = *whole;
	band->out = end - first;
	band->before = from < 0 ? (unsigned int)-from : 0;
	band->after = to > (int)whole->in ? (unsigned int)(to - (int)whole->in) : 0;
	*skip = from < 0 ? 0 : (unsigned int)from;
	band->in = (unsigned int)(to > (int)whole->in ? (int)whole->in : to) - *skip;
}

static void cut_lines(const struct chain *whole, unsigned int bands, unsigned int b,
		      struct chain *piece)
{
	unsigned int first = cut_at(whole->conv.y.out, bands, b), skip;

	band_axis(&whole->conv.y, first, cut_at(whole->conv.y.out, bands, b + 1), &piece->conv.y,
		  &skip);
	for (unsigned int p = 0; p < 2; p++)
		piece->conv.image.addr[p] += skip * whole->conv.image.line_stride[p];
	piece->conv.in.addr += skip * whole->conv.in.line_stride;
	piece->conv.in.height = piece->conv.y.in;
	piece->sdp.height = piece->conv.y.out;
	piece->sdp.out.addr += first * whole->sdp.out.line_stride;
	piece->conv.fetch_grain = 0;
}

/* Lines that a band has in common with the next. */
static unsigned int common_lines(const struct conv_axis *y, unsigned int bands, unsigned int b)
{
	struct conv_axis band, next;
	unsigned int skip, next_skip;

	if (b + 1 == bands)
		return 0;
	band_axis(y, cut_at(y->out, bands, b), cut_at(y->out, bands, b + 1), &band, &skip);
	band_axis(y, cut_at(y->out, bands, b + 1), cut_at(y->out, bands, b + 2), &next, &next_skip);
	/* One line at least has to go, and one to come. */
	if (next_skip <= skip || next_skip >= skip + band.in || next_skip + next.in <= skip + band.in)
		return 0;
	return skip + band.in - next_skip;
}

static void cut_kernels(const struct hw *hw, const struct chain *whole, unsigned int parts,
			unsigned int k, struct chain *piece)
{
	unsigned int groups = surface_count(hw, whole->conv.kernels);
	unsigned int first = cut_at(groups, parts, k), end = cut_at(groups, parts, k + 1);
	unsigned int kernel_bytes = whole->conv.x.kernel * whole->conv.y.kernel *
				    whole->conv.channels;
	unsigned int kernels = (end - first) * hw->atomic_k;

	if (k + 1 == parts)
		kernels = whole->conv.kernels - first * hw->atomic_k;
	piece->conv.kernels = kernels;
	piece->conv.weights += first * hw->atomic_k * kernel_bytes;
	piece->conv.weight_bytes = (kernels * kernel_bytes + hw->entry_bytes - 1) /
				   hw->entry_bytes * hw->entry_bytes;
	piece->sdp.channels = kernels;
	piece->sdp.out.addr += first * whole->sdp.out.surface_stride;
}

/* Every band has lines, at least one of them no padding. */
static bool bands_legal(const struct conv_axis *y, unsigned int bands)
{
	for (unsigned int b = 0; b < bands; b++) {
		int from = (int)(cut_at(y->out, bands, b) * y->stride) - (int)y->before;
		int to = (int)((cut_at(y->out, bands, b + 1) - 1) * y->stride) - (int)y->before +
			 (int)((y->kernel - 1) * y->dilation + 1);

		if (to <= 0 || from >= (int)y->in)
			return false;
	}
	return true;
}

static bool draw_whole(struct generator *g, bool keeps_weights, struct chain *chain)
{
	struct chain_wish wish = { .kind = CHAIN_CONV, .plain = true, .conv.tidy = true };

	wish.conv.image = random_one_in(&g->random, 4);
	if (!chain_draw(g, &wish, chain))
		return false;
	chain->sdp.idle_reader = false;
	chain->conv.keep_weights = keeps_weights;
	return chain->conv.data_banks + conv_weight_banks(g->hw, &chain->conv) <= g->hw->banks &&
	       chain->conv.weight_banks >= conv_weight_banks(g->hw, &chain->conv);
}

bool generate_split(struct generator *g)
{
	struct random *random = &g->random;
	bool keeps_data = random_one_in(random, 3);
	bool keeps_weights = !keeps_data && random_one_in(random, 2);
	bool keeps_lines = !keeps_data && random_one_in(random, 3);
	bool waits = random_one_in(random, 3);
	unsigned int bands, parts, groups, outer, inner;
	struct chain whole;

	if (!draw_whole(g, keeps_weights, &whole))
		return false;
	groups = surface_count(g->hw, whole.conv.kernels);
	bands = 1 + random_below(random, whole.conv.y.out < MAX_BANDS ? whole.conv.y.out : MAX_BANDS);
	parts = 1 + random_below(random, groups < MAX_GROUPS ? groups : MAX_GROUPS);
	/* SDP packs the surfaces of one position. */
	if (keeps_lines && !keeps_weights)
		parts = 1;
	if (bands * parts == 1 || whole.conv.x.out == 1 || !bands_legal(&whole.conv.y, bands))
		return false;
	/* What is kept is what all kernels of a band, or all bands of some kernels, have in common. */
	outer = keeps_weights ? parts : bands;
	inner = keeps_weights ? bands : parts;
	for (unsigned int o = 0; o < outer; o++) {
		for (unsigned int i = 0; i < inner; i++) {
			struct chain piece = whole;

			cut_lines(&whole, bands, keeps_weights ? i : o, &piece);
			cut_kernels(g->hw, &whole, parts, keeps_weights ? o : i, &piece);
			if (keeps_lines) {
				unsigned int b = keeps_weights ? i : o;

				piece.conv.keep_lines = common_lines(&whole.conv.y, bands, b);
				piece.conv.reuse_lines = b ? common_lines(&whole.conv.y, bands, b - 1) : 0;
			}
			piece.conv.keep_data = keeps_data && i + 1 < inner;
			piece.conv.reuse_data = keeps_data && i;
			piece.conv.keep_weights = keeps_weights && i + 1 < inner;
			piece.conv.reuse_weights = keeps_weights && i;
			chain_program(g, &piece);
			chain_start(g, &piece);
			if (waits)
				script_wait_all(&g->script);
		}
	}
	return true;
}

/* The same pixels or features for other kernels, which may be of another size. */
static bool draw_other_kernels(struct generator *g, const struct chain *first, struct chain *next)
{
	struct chain_wish wish = { .kind = CHAIN_CONV, .plain = true, .conv.tidy = true };

	if (!first->conv.is_image) {
		wish.in = &first->conv.in;
		wish.conv.data_banks = first->conv.data_banks;
		wish.conv.weight_banks = first->conv.weight_banks;
		return chain_draw(g, &wish, next);
	}
	/* Padding is in the buffer with the pixels: only the weights can be others. */
	next->conv = first->conv;
	conv_place_weights(g, true, &next->conv);
	return true;
}

/* Other pixels or features for the same kernels. */
static void place_other_input(struct generator *g, struct chain *next)
{
	struct conv *conv = &next->conv;

	if (conv->is_image)
		image_place(g, conv);
	else
		conv->in = surface_place(&g->memory, g->hw, conv->x.in, conv->y.in, conv->channels,
					 g->hw->atom, false, FILL_ANY);
	conv->fetch_grain = 0;
}

bool generate_reuse(struct generator *g)
{
	struct random *random = &g->random;
	bool data = random_one_in(random, 2), weights = !data || random_one_in(random, 4);
	unsigned int count = 2 + random_below(random, 3);
	bool waits = random_one_in(random, 2);
	struct chain chain, first;

	g->budget /= count;
	if (!draw_whole(g, weights, &first))
		return false;
	chain = first;
	for (unsigned int i = 0; i < count; i++) {
		if (i && data && !weights && !draw_other_kernels(g, &first, &chain))
			return false;
		if (i && !data)
			place_other_input(g, &chain);
		if (i)
			chain.sdp.out = surface_place(&g->memory, g->hw, chain.conv.x.out,
						      chain.conv.y.out, chain.conv.kernels,
						      g->hw->atom, true, FILL_UNIFORM);
		chain.conv.keep_data = data && i + 1 < count;
		chain.conv.reuse_data = data && i;
		chain.conv.keep_weights = weights && i + 1 < count;
		chain.conv.reuse_weights = weights && i;
		chain_program(g, &chain);
		chain_start(g, &chain);
		if (waits)
			script_wait_all(&g->script);
	}
	return true;
}
