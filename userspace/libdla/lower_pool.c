// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "lower.h"
#include "lower_average.h"

/* PDP's registers. */
#define POOL_KERNEL_LIMIT	8
#define POOL_STRIDE_LIMIT	16
#define POOL_PAD_LIMIT		7

static int32_t at_most(int32_t value, int32_t limit)
{
	return value < limit ? value : limit;
}

/* What is to be done, whichever engine does it. */
struct pooling {
	struct dla_feature in, out;
	enum drm_nvdla_pool pool;
	uint32_t recip_width, recip_height;
	int32_t low, high;
};

/* ----------------------------------------------------------------------- pooling in PDP */

struct lowered_pdp {
	struct dla_lowered base;
	struct pooling pooling;
	struct dla_window window;
	int32_t columns;		/* output columns that one layer may make */
	int input, output;
};

static void free_pdp(struct dla_lowered *lowered)
{
	free(lowered);
}

/* Input that outputs first..first+count-1 read along one axis, and the padding beside it. */
struct span {
	int32_t start, length, before, after;
};

static struct span input_span(int32_t first, int32_t count, int32_t kernel, int32_t stride,
			      int32_t pad, int32_t size)
{
	int32_t start = first * stride - pad, end = start + (count - 1) * stride + kernel;
	struct span span = {
		.before = start < 0 ? -start : 0,
		.after = end > size ? end - size : 0,
	};

	span.start = start + span.before;
	span.length = end - span.after - span.start;
	return span;
}

static int emit_pdp(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_pdp *l = (const struct lowered_pdp *)lowered;
	const struct dla_feature *in = &l->pooling.in, *out = &l->pooling.out;
	const struct dla_window *w = &l->window;
	size_t src = dla_emit_offset(emit, l->input), dst = dla_emit_offset(emit, l->output);
	int32_t out_width = (int32_t)out->width, out_height = (int32_t)out->height;
	struct span y = input_span(0, out_height, w->kernel_h, w->stride_h, w->pad_top, (int32_t)in->height);

	for (int32_t column = 0; column < out_width; column += l->columns) {
		int32_t columns = at_most(out_width - column, l->columns);
		struct span x = input_span(column, columns, w->kernel_w, w->stride_w, w->pad_left,
					   (int32_t)in->width);
		struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_PDP);
		struct drm_nvdla_pdp *pdp;

		if (!op)
			return -ENOMEM;
		pdp = &op->pdp;
		pdp->src = dla_emit_surface(in, src + (size_t)x.start * in->atom);
		pdp->dst = dla_emit_surface(out, dst + (size_t)column * out->atom);
		pdp->src_width = (__u16)x.length;
		pdp->src_height = (__u16)y.length;
		pdp->channels = (__u16)in->channels;
		pdp->dst_width = (__u16)columns;
		pdp->dst_height = (__u16)out_height;
		pdp->pool = (__u8)l->pooling.pool;
		pdp->kernel_width = (__u8)w->kernel_w;
		pdp->kernel_height = (__u8)w->kernel_h;
		pdp->stride_x = (__u8)w->stride_w;
		pdp->stride_y = (__u8)w->stride_h;
		pdp->pad_left = (__u8)x.before;
		pdp->pad_right = (__u8)x.after;
		pdp->pad_top = (__u8)y.before;
		pdp->pad_bottom = (__u8)y.after;
		pdp->recip_width = l->pooling.recip_width;
		pdp->recip_height = l->pooling.recip_height;
	}
	return dla_emit_clamp(emit, out, dst, l->pooling.low, l->pooling.high);
}

static int8_t pool_eval(const struct pooling *p, const struct dla_window *w, const int8_t *input,
			int64_t top, int64_t left, uint32_t channel)
{
	int32_t sum = 0, most = INT8_MIN;

	for (int32_t r = 0; r < w->kernel_h; r++) {
		for (int32_t s = 0; s < w->kernel_w; s++) {
			int64_t y = top + r, x = left + s;
			int8_t value;

			if (y < 0 || y >= p->in.height || x < 0 || x >= p->in.width)
				continue;
			value = input[((size_t)y * p->in.width + (size_t)x) * p->in.channels + channel];
			sum += value;
			most = value > most ? value : most;
		}
	}
	if (p->pool == DRM_NVDLA_POOL_AVERAGE)
		return dla_average_eval(sum, p->recip_width, p->recip_height);
	return (int8_t)most;
}

static void eval_pdp(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_pdp *l = (const struct lowered_pdp *)lowered;
	const struct pooling *p = &l->pooling;
	const struct dla_window *w = &l->window;

	for (uint32_t y = 0; y < p->out.height; y++)
		for (uint32_t x = 0; x < p->out.width; x++)
			for (uint32_t c = 0; c < p->out.channels; c++)
				*output++ = dla_clamp(pool_eval(p, w, input[0], (int64_t)y * w->stride_h - w->pad_top,
								(int64_t)x * w->stride_w - w->pad_left, c),
						      p->low, p->high);
}

/* The line buffer is shared by the output lines that are open at once. */
static int32_t columns_per_layer(const struct drm_nvdla_dev_info *hw, const struct dla_window *w)
{
	int32_t open = (w->kernel_h + w->stride_h - 1) / w->stride_h;
	int32_t shares = open <= 1 ? 1 : open == 2 ? 2 : open <= 4 ? 4 : 8;

	return (int32_t)hw->pdp_width / shares;
}

static int lower_pdp(const struct dla_lower *lower, const struct dla_op *op, const struct pooling *pooling,
		     struct dla_lowered **lowered, const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_pdp, .eval = eval_pdp, .free = free_pdp,
	};
	const struct dla_window *w = &op->window;
	struct lowered_pdp *l;

	/* PDP opens every window that begins above the first line, has it an output or not. */
	if (pooling->in.channels > pooling->in.atom &&
	    w->pad_top / w->stride_h >= (int32_t)pooling->out.height) {
		*why = "more windows begin in the padding than there are output lines";
		return 0;
	}
	if (w->kernel_h > POOL_KERNEL_LIMIT || w->kernel_w > POOL_KERNEL_LIMIT ||
	    w->stride_h > POOL_STRIDE_LIMIT || w->stride_w > POOL_STRIDE_LIMIT ||
	    w->pad_top > POOL_PAD_LIMIT || w->pad_left > POOL_PAD_LIMIT ||
	    w->pad_bottom > POOL_PAD_LIMIT || w->pad_right > POOL_PAD_LIMIT) {
		*why = "window larger than 8x8";
		return 0;
	}
	l = calloc(1, sizeof(*l));
	if (!l)
		return dla_fail(ENOMEM, "out of memory");
	l->base.ops = &ops;
	l->pooling = *pooling;
	l->window = *w;
	l->input = op->input[0];
	l->output = op->output[0];
	l->columns = columns_per_layer(lower->hw, w);
	l->base.how = (int32_t)pooling->out.width > l->columns ? "PDP, in strips" : "PDP";
	*lowered = &l->base;
	return 0;
}

/* ------------------------------------------------------------------- which engine does it */

static bool same_quantisation(const struct dla_quant *a, const struct dla_quant *b)
{
	return a->scale[0] == b->scale[0] && a->zero_point[0] == b->zero_point[0];
}

int dla_lower_pool(const struct dla_lower *lower, const struct dla_node *node,
		   struct dla_lowered **lowered, const char **why)
{
	const struct dla_op *op = &lower->graph->op[node->op];
	const struct dla_quant *in = &lower->graph->tensor[op->input[0]].quant;
	const struct dla_quant *out = &lower->graph->tensor[op->output[0]].quant;
	const struct dla_window *w = &op->window;
	bool average = op->kind == DLA_OP_AVERAGE_POOL_2D;
	struct pooling pooling = { .pool = average ? DRM_NVDLA_POOL_AVERAGE : DRM_NVDLA_POOL_MAX };

	if (!dla_lower_is_int8(lower, op->input[0]) || !dla_lower_is_int8(lower, op->output[0]))
		*why = "not a computed int8 tensor";
	else if (!same_quantisation(in, out))
		*why = "changes the scale";
	else if (!dla_lower_own_feature(lower, op->input[0], &pooling.in) ||
		 !dla_lower_own_feature(lower, op->output[0], &pooling.out))
		*why = "not one picture within 8192 x 8192 x 8192";
	else if (average && (w->pad_top || w->pad_bottom || w->pad_left || w->pad_right))
		*why = "the NPU counts padding into an average";
	if (*why)
		return 0;

	dla_activation_range(op->activation, out->scale[0], out->zero_point[0], &pooling.low, &pooling.high);
	if (average && !dla_average_init((unsigned int)w->kernel_h * (unsigned int)w->kernel_w,
					 &pooling.recip_width, &pooling.recip_height)) {
		unsigned int taps = (unsigned int)w->kernel_h * (unsigned int)w->kernel_w;
		struct dla_averaging averaging = {
			.in = pooling.in, .out = pooling.out, .window = *w,
			.wish = {
				.multiplier = (1 + DLA_AVERAGE_EXCESS) / taps,
				.reach = 128 * (int64_t)taps,
			},
			.to_the_bit = true,
			.low = pooling.low, .high = pooling.high,
			.input = op->input[0], .output = op->output[0],
		};

		return dla_lower_average(lower, &averaging, lowered, why);
	}
	return lower_pdp(lower, op, &pooling, lowered, why);
}
