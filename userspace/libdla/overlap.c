// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"
#include "deps.h"
#include "error.h"
#include "overlap.h"

/* One cut for so many layers. */
#define LAYERS_PER_CUT	16
/* Cycles from a layer's last sum to the next one's first input, when that had to wait for it. */
#define TURN		350
/* Cycles that a cut must save. */
#define LEAST_GAIN	300
/* Bands of fewer atoms are no use: too small ones may not even follow each other without a gap. */
#define LEAST_ATOMS	64
#define WEIGHT_UNIT	128

struct layer {
	unsigned int op, ops;		/* its chain */
	bool fits;			/* may be cut */
	bool follows;			/* reads what the layer before writes */
	uint32_t lines;			/* of output in the first band; 0: not cut */
};

static uint32_t div_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

static bool same_place(const struct drm_nvdla_surface *a, const struct drm_nvdla_surface *b)
{
	return a->addr.slot == b->addr.slot && a->addr.offset == b->addr.offset && a->line_stride == b->line_stride;
}

/* Lines of input for so many lines of output from the first on, those in the padding not counted. */
static uint32_t input_lines(const struct drm_nvdla_conv *conv, uint32_t lines)
{
	uint32_t reach = (conv->kernel_height - 1u) * conv->dilation_y + 1;
	uint32_t needed = (lines - 1) * conv->stride_y + reach;

	needed = needed > conv->pad_top ? needed - conv->pad_top : 0;
	return needed < conv->src_height ? needed : conv->src_height;
}

/* -------------------------------------------------------------------------- what it costs */

static double load_cycles(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_conv *conv, uint32_t lines)
{
	if (conv->format != DRM_NVDLA_FEATURE)
		return (double)div_up((uint32_t)conv->src_width * conv->src_channels, hw->cbuf_entry_bytes) * lines;
	return (double)conv->src_width * lines * div_up(conv->src_channels, hw->atom);
}

static double sum_cycles(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_conv *conv, uint32_t lines)
{
	double steps = (double)conv->kernel_width * conv->kernel_height * div_up(conv->src_channels, hw->atomic_c);

	/* The line of an image's kernel is taken as a whole. */
	if (conv->format != DRM_NVDLA_FEATURE)
		steps = conv->kernel_height * (double)div_up((uint32_t)conv->kernel_width * conv->src_channels,
							     hw->atomic_c);
	return (steps > DLA_CACC_CYCLES ? steps : DLA_CACC_CYCLES) * conv->dst_width * lines * div_up(conv->kernels, hw->atomic_k);
}

/*
 * What it saves to cut layers [first, first + count): less to load before the first one begins, if that
 * has to wait at all; and for the others nothing, or what the band before does not hide. Leaves each
 * one's lines.
 */
static double gain(const struct drm_nvdla_dev_info *hw, const struct dla_emit *emit, struct layer *layer,
		   unsigned int first, unsigned int count)
{
	double saved = 0;

	for (unsigned int i = first + count; i-- > first;) {
		const struct drm_nvdla_conv *conv = &emit->op[layer[i].op].conv;
		uint32_t lines = div_up(conv->dst_height, 2), groups = div_up(conv->kernels, hw->atomic_k);

		if (i > first && !layer[i].follows)
			return 0;
		if (i + 1 < first + count) {
			uint32_t needed = input_lines(&emit->op[layer[i + 1].op].conv, layer[i + 1].lines);

			lines = needed > lines ? needed : lines;
		}
		if (lines >= conv->dst_height ||
		    (uint32_t)(conv->dst_height - lines) * conv->dst_width * groups < LEAST_ATOMS)
			return 0;
		layer[i].lines = lines;
	}
	for (unsigned int i = first; i < first + count; i++) {
		const struct drm_nvdla_conv *conv = &emit->op[layer[i].op].conv;
		double band = load_cycles(hw, conv, input_lines(conv, layer[i].lines));

		if (i > first) {
			const struct drm_nvdla_conv *before = &emit->op[layer[i - 1].op].conv;
			double hidden = sum_cycles(hw, before, before->dst_height - layer[i - 1].lines);

			saved += load_cycles(hw, conv, conv->src_height) + TURN;
			if (band + TURN > hidden)
				saved -= band + TURN - hidden;
		} else if (i == 0 || layer[i].follows) {
			saved += load_cycles(hw, conv, conv->src_height) - band;
		}
	}
	return saved - LEAST_GAIN * (double)count;
}

/* The best layers to cut, of at most so many; leaves their lines, and returns how many they are. */
static unsigned int choose(const struct drm_nvdla_dev_info *hw, const struct dla_emit *emit, struct layer *layer,
			   unsigned int layers, unsigned int most)
{
	unsigned int best_first = 0, best_count = 0;
	double best = 0;

	for (unsigned int first = 0; first < layers; first++) {
		for (unsigned int count = 1; count <= most && first + count <= layers; count++) {
			double saved;

			if (!layer[first + count - 1].fits)
				break;
			saved = gain(hw, emit, layer, first, count);

			for (unsigned int i = first; i < first + count; i++)
				layer[i].lines = 0;
			if (saved <= best)
				continue;
			best = saved;
			best_first = first;
			best_count = count;
		}
	}
	if (best_count)
		gain(hw, emit, layer, best_first, best_count);
	/* What is cut is not cut again. */
	for (unsigned int i = best_first; i < best_first + best_count; i++)
		layer[i].fits = false;
	return best_count;
}

/* ------------------------------------------------------------------------------- cutting */

static bool may_be_cut(const struct drm_nvdla_op *op, unsigned int ops)
{
	const struct drm_nvdla_conv *conv = &op->conv;

	return op->engine == DRM_NVDLA_CONV && ops == 2 && conv->dst_height > 1 && !conv->keep_lines && !conv->reuse_lines &&
	       !(conv->flags & (DRM_NVDLA_CONV_KEEP_WEIGHTS | DRM_NVDLA_CONV_REUSE_WEIGHTS));
}

static unsigned int find_layers(const struct dla_emit *emit, struct layer *layer)
{
	unsigned int layers = 0;

	for (unsigned int i = 0, end; i < emit->count; i = end) {
		const struct drm_nvdla_op *op = &emit->op[i], *before = i ? &emit->op[i - 1] : NULL;

		for (end = i + 1; end < emit->count && dla_op_on_the_fly(&emit->op[end]); end++)
			;
		layer[layers++] = (struct layer) {
			.op = i, .ops = end - i,
			.fits = may_be_cut(op, end - i),
			.follows = before && op->engine == DRM_NVDLA_CONV && before->engine == DRM_NVDLA_SDP &&
				   same_place(&op->conv.src, &before->sdp.dst),
		};
	}
	return layers;
}

static void keep_weights(const struct drm_nvdla_dev_info *hw, struct drm_nvdla_conv *a, struct drm_nvdla_conv *b)
{
	uint64_t bytes = (uint64_t)a->kernels * a->kernel_width * a->kernel_height * a->src_channels + WEIGHT_UNIT;

	/* There may have to be room for pixels with a spare channel. */
	if (a->format != DRM_NVDLA_FEATURE)
		bytes += bytes / 3;
	if (bytes > (uint64_t)a->weight_banks * hw->cbuf_entries * hw->cbuf_entry_bytes)
		return;
	a->flags |= DRM_NVDLA_CONV_KEEP_WEIGHTS;
	b->flags |= DRM_NVDLA_CONV_REUSE_WEIGHTS;
	memset(&b->weights, 0, sizeof(b->weights));
}

/* Two bands of a convolution: the first loads all that it needs, the second only what is new. */
static void cut_conv(const struct drm_nvdla_dev_info *hw, struct drm_nvdla_conv *a, struct drm_nvdla_conv *b,
		     uint32_t lines)
{
	uint32_t in_lines = input_lines(a, lines), first = lines * a->stride_y, above;

	above = first < a->pad_top ? a->pad_top - first : 0;
	first = first > a->pad_top ? first - a->pad_top : 0;

	b->src.addr.offset += (uint64_t)first * b->src.line_stride;
	b->src_height = (__u16)(b->src_height - first);
	b->dst_height = (__u16)(b->dst_height - lines);
	b->pad_top = (__u8)above;

	a->pad_bottom = (__u8)((lines - 1u) * a->stride_y + (a->kernel_height - 1u) * a->dilation_y + 1 -
			       a->pad_top - in_lines);
	a->src_height = (__u16)in_lines;
	a->dst_height = (__u16)lines;
	if (in_lines > first) {
		a->keep_lines = (__u16)(in_lines - first);
		b->reuse_lines = a->keep_lines;
		/* Nothing to read at all. */
		if (b->reuse_lines == b->src_height)
			memset(&b->src, 0, sizeof(b->src));
	}
	keep_weights(hw, a, b);
}

static void move_down(struct drm_nvdla_surface *surface, uint32_t lines)
{
	surface->addr.offset += (uint64_t)lines * surface->line_stride;
}

static void cut_sdp(struct drm_nvdla_sdp *a, struct drm_nvdla_sdp *b, uint32_t lines)
{
	a->height = (__u16)lines;
	b->height = (__u16)(b->height - lines);
	move_down(&b->dst, lines);
	/* Operands of a channel have no lines. */
	move_down(&b->x1.operand, lines);
	move_down(&b->x2.operand, lines);
}

static void cut_layer(const struct drm_nvdla_dev_info *hw, struct drm_nvdla_op *op, uint32_t lines)
{
	memcpy(op + 2, op, 2 * sizeof(*op));
	cut_conv(hw, &op[0].conv, &op[2].conv, lines);
	cut_sdp(&op[1].sdp, &op[3].sdp, lines);
}

/* From the end, so that nothing is overwritten that has not moved. */
static int cut_all(const struct drm_nvdla_dev_info *hw, struct dla_emit *emit, const struct layer *layer,
		   unsigned int layers, unsigned int cuts)
{
	unsigned int end = emit->count + 2 * cuts;
	struct drm_nvdla_op *op = realloc(emit->op, end * sizeof(*op));

	if (!op)
		return dla_fail(ENOMEM, "out of memory for %u hardware layers", end);
	emit->op = op;
	emit->count = emit->room = end;
	for (unsigned int i = layers; i-- > 0;) {
		unsigned int ops = layer[i].lines ? 2 * layer[i].ops : layer[i].ops;

		end -= ops;
		memmove(op + end, op + layer[i].op, layer[i].ops * sizeof(*op));
		if (layer[i].lines)
			cut_layer(hw, op + end, layer[i].lines);
	}
	return 0;
}

int dla_overlap(const struct drm_nvdla_dev_info *hw, struct dla_emit *emit)
{
	struct layer *layer = calloc(emit->count + 1, sizeof(*layer));
	unsigned int layers, left, cuts = 0, more;
	int err = 0;

	if (!layer)
		return dla_fail_memory();
	layers = find_layers(emit, layer);
	for (left = layers / LAYERS_PER_CUT; left; left -= more) {
		more = choose(hw, emit, layer, layers, left);
		if (!more)
			break;
		cuts += more;
	}
	if (cuts)
		err = cut_all(hw, emit, layer, layers, cuts);
	free(layer);
	return err;
}
