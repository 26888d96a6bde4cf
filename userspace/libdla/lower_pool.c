// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "error.h"
#include "lower.h"
#include "lower_average.h"
#include "lower_pool.h"

/* PDP's registers. */
#define POOL_KERNEL_LIMIT	8
#define POOL_STRIDE_LIMIT	16
#define POOL_PAD_LIMIT		7

static int32_t at_most(int32_t value, int32_t limit)
{
	return value < limit ? value : limit;
}

/* ----------------------------------------------------------------------- pooling in PDP */

struct lowered_pdp {
	struct dla_lowered base;
	struct dla_pooling pooling;	/* of one picture */
	struct dla_feature out;		/* of all */
	int32_t columns;		/* output columns that one layer may make */
	int input, output;
};

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

static struct span columns_read(const struct dla_pooling *p, int32_t first, int32_t count)
{
	return input_span(first, count, p->window.kernel_w, p->window.stride_w, p->window.pad_left,
			  (int32_t)p->in.width);
}

static struct span lines_read(const struct dla_pooling *p)
{
	return input_span(0, (int32_t)p->out.height, p->window.kernel_h, p->window.stride_h, p->window.pad_top,
			  (int32_t)p->in.height);
}

/* All of a layer but where it reads and writes. */
static void set_layer(struct drm_nvdla_pdp *pdp, const struct dla_pooling *p, const struct span *x, int32_t columns)
{
	struct span y = lines_read(p);

	pdp->src_width = (__u16)x->length;
	pdp->src_height = (__u16)y.length;
	pdp->channels = (__u16)p->in.channels;
	pdp->dst_width = (__u16)columns;
	pdp->dst_height = (__u16)p->out.height;
	pdp->pool = (__u8)p->pool;
	pdp->kernel_width = (__u8)p->window.kernel_w;
	pdp->kernel_height = (__u8)p->window.kernel_h;
	pdp->stride_x = (__u8)p->window.stride_w;
	pdp->stride_y = (__u8)p->window.stride_h;
	pdp->pad_left = (__u8)x->before;
	pdp->pad_right = (__u8)x->after;
	pdp->pad_top = (__u8)y.before;
	pdp->pad_bottom = (__u8)y.after;
	pdp->recip_width = p->recip_width;
	pdp->recip_height = p->recip_height;
}

static int emit_picture(const struct lowered_pdp *l, struct dla_emit *emit, size_t src, size_t dst)
{
	const struct dla_feature *in = &l->pooling.in, *out = &l->pooling.out;
	int32_t out_width = (int32_t)out->width;

	for (int32_t column = 0; column < out_width; column += l->columns) {
		int32_t columns = at_most(out_width - column, l->columns);
		struct span x = columns_read(&l->pooling, column, columns);
		struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_PDP);

		if (!op)
			return -ENOMEM;
		set_layer(&op->pdp, &l->pooling, &x, columns);
		op->pdp.src = dla_emit_surface(in, src + (size_t)x.start * in->atom);
		op->pdp.dst = dla_emit_surface(out, dst + (size_t)column * out->atom);
	}
	return 0;
}

static int emit_pdp(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_pdp *l = (const struct lowered_pdp *)lowered;
	const struct dla_feature *in = &l->pooling.in, *out = &l->pooling.out;
	size_t src = dla_emit_offset(emit, l->input), dst = dla_emit_offset(emit, l->output);
	int err = 0;

	for (size_t p = 0; p < l->out.pictures && !err; p++)
		err = emit_picture(l, emit, src + p * in->height * in->line_stride,
				   dst + p * out->height * out->line_stride);
	return err ? err : dla_emit_clamp(emit, &l->out, dst, l->pooling.low, l->pooling.high);
}

static int8_t pool_eval(const struct dla_pooling *p, const int8_t *input, int64_t top, int64_t left,
			uint32_t channel)
{
	const struct dla_window *w = &p->window;
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

void dla_pooling_eval(const struct dla_pooling *p, const int8_t *input, int8_t *output)
{
	const struct dla_window *w = &p->window;

	for (uint32_t y = 0; y < p->out.height; y++)
		for (uint32_t x = 0; x < p->out.width; x++)
			for (uint32_t c = 0; c < p->out.channels; c++)
				*output++ = dla_clamp(pool_eval(p, input, (int64_t)y * w->stride_h - w->pad_top,
								(int64_t)x * w->stride_w - w->pad_left, c),
						      p->low, p->high);
}

static void eval_pdp(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_pdp *l = (const struct lowered_pdp *)lowered;
	const struct dla_feature *in = &l->pooling.in, *out = &l->pooling.out;

	for (size_t p = 0; p < l->out.pictures; p++)
		dla_pooling_eval(&l->pooling, input[0] + p * in->width * in->height * in->channels,
				 output + p * out->width * out->height * out->channels);
}

/* The line buffer is shared by the output lines that are open at once. */
static int32_t columns_per_layer(const struct drm_nvdla_dev_info *hw, const struct dla_window *w)
{
	int32_t open = (w->kernel_h + w->stride_h - 1) / w->stride_h;
	int32_t shares = open <= 1 ? 1 : open == 2 ? 2 : open <= 4 ? 4 : 8;

	return (int32_t)hw->pdp_width / shares;
}

/* NULL, or why PDP cannot do it. */
static const char *out_of_range(const struct dla_pooling *pooling)
{
	const struct dla_window *w = &pooling->window;

	/* PDP opens every window that begins above the first line, has it an output or not. */
	if (pooling->in.channels > pooling->in.atom && w->pad_top / w->stride_h >= (int32_t)pooling->out.height)
		return "more windows begin in the padding than there are output lines";
	if (w->kernel_h > POOL_KERNEL_LIMIT || w->kernel_w > POOL_KERNEL_LIMIT ||
	    w->stride_h > POOL_STRIDE_LIMIT || w->stride_w > POOL_STRIDE_LIMIT ||
	    w->pad_top > POOL_PAD_LIMIT || w->pad_left > POOL_PAD_LIMIT ||
	    w->pad_bottom > POOL_PAD_LIMIT || w->pad_right > POOL_PAD_LIMIT)
		return "window larger than 8x8";
	return NULL;
}

static int lower_pdp(const struct dla_lower *lower, const struct dla_op *op, const struct dla_pooling *pooling,
		     struct dla_lowered **lowered, const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_pdp, .eval = eval_pdp,
	};
	struct dla_pooling one = *pooling;
	struct lowered_pdp *l;

	one.in = dla_feature_picture(&pooling->in);
	one.out = dla_feature_picture(&pooling->out);
	*why = out_of_range(&one);
	if (*why)
		return 0;
	l = dla_lowered_new(sizeof(*l), &ops, lowered);
	if (!l)
		return dla_fail_memory();
	l->pooling = one;
	l->out = pooling->out;
	l->input = op->input[0];
	l->output = op->output[0];
	l->columns = columns_per_layer(lower->hw, &pooling->window);
	l->base.how = (int32_t)pooling->out.width > l->columns ? "PDP, in strips" : "PDP";
	return 0;
}

/* ----------------------------------------------------------------- on the fly, behind SDP */

uint32_t dla_pooling_columns(const struct dla_pooling *p)
{
	return (uint32_t)columns_read(p, 0, (int32_t)p->out.width).length;
}

uint32_t dla_pooling_lines(const struct dla_pooling *p)
{
	return (uint32_t)lines_read(p).length;
}

int dla_pooling_emit(const struct dla_pooling *p, struct dla_emit *emit, size_t dst)
{
	struct span x = columns_read(p, 0, (int32_t)p->out.width);
	struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_PDP);

	if (!op)
		return -ENOMEM;
	set_layer(&op->pdp, p, &x, (int32_t)p->out.width);
	op->pdp.source = DRM_NVDLA_SOURCE_OP;
	op->pdp.dst = dla_emit_surface(&p->out, dst);
	return dla_emit_clamp(emit, &p->out, dst, p->low, p->high);
}

static bool same_quantisation(const struct dla_quant *a, const struct dla_quant *b)
{
	return a->scale[0] == b->scale[0] && a->zero_point[0] == b->zero_point[0];
}

/*
 * Padding of zeros below which nothing is, as PDP's own: it never wins. False when it is wider than
 * PDP's or could fill a window.
 */
static bool take_padding(const struct dla_lower *lower, const struct dla_node *node, struct dla_pooling *p)
{
	const struct dla_op *pad = &lower->graph->op[node->pool_pad];
	const struct dla_shape *to = &lower->graph->tensor[pad->output[0]].shape;
	struct dla_window *w = &p->window;
	struct span x, y;

	if (p->pool != DRM_NVDLA_POOL_MAX || lower->graph->tensor[pad->output[0]].quant.zero_point[0] != INT8_MIN ||
	    to->rank != 4 || (uint32_t)to->dim[3] != p->in.channels ||
	    pad->pad.before[1] > POOL_PAD_LIMIT || pad->pad.before[2] > POOL_PAD_LIMIT)
		return false;
	w->pad_top += pad->pad.before[1];
	w->pad_left += pad->pad.before[2];
	x = columns_read(p, 0, (int32_t)p->out.width);
	y = lines_read(p);
	w->pad_right = x.after;
	w->pad_bottom = y.after;
	return w->pad_top < w->kernel_h && w->pad_left < w->kernel_w && w->pad_bottom < w->kernel_h &&
	       w->pad_right < w->kernel_w;
}

bool dla_pooling_on_the_fly(const struct dla_lower *lower, const struct dla_node *node, struct dla_pooling *p,
			    const char **why)
{
	const struct dla_graph *graph = lower->graph;
	const struct dla_op *op = &graph->op[node->pool];
	int made = graph->op[node->add == DLA_NO_OP ? node->op : node->add].output[0];
	const struct dla_quant *in = &graph->tensor[made].quant, *out = &graph->tensor[op->output[0]].quant;
	unsigned int taps = (unsigned int)op->window.kernel_h * (unsigned int)op->window.kernel_w;

	*p = (struct dla_pooling) {
		.pool = op->kind == DLA_OP_MAX_POOL_2D ? DRM_NVDLA_POOL_MAX : DRM_NVDLA_POOL_AVERAGE,
		.window = op->window,
	};
	*why = "not a pooling of one int8 picture";
	if (!dla_lower_is_int8(lower, made) || !dla_lower_is_int8(lower, op->output[0]) ||
	    !same_quantisation(in, out) || !dla_lower_own_feature(lower, made, &p->in) ||
	    !dla_lower_own_feature(lower, op->output[0], &p->out))
		return false;
	dla_activation_range(op->activation, out->scale[0], out->zero_point[0], &p->low, &p->high);
	*why = "the NPU counts padding into an average";
	if (p->pool == DRM_NVDLA_POOL_AVERAGE &&
	    (p->window.pad_top || p->window.pad_bottom || p->window.pad_left || p->window.pad_right))
		return false;
	*why = "padding that PDP does not make";
	if (node->pool_pad != DLA_NO_OP && !take_padding(lower, node, p))
		return false;
	*why = out_of_range(p);
	if (*why)
		return false;
	*why = "wider than PDP's line buffer";
	if ((int32_t)p->out.width > columns_per_layer(lower->hw, &p->window))
		return false;
	*why = "an average of more than 64";
	if (p->pool == DRM_NVDLA_POOL_AVERAGE && !dla_average_init(taps, &p->recip_width, &p->recip_height) &&
	    !dla_average_init_near(taps, &p->recip_width, &p->recip_height))
		return false;
	*why = NULL;
	return true;
}

/* ------------------------------------------------------------------- which engine does it */

int dla_lower_pool(const struct dla_lower *lower, const struct dla_node *node,
		   struct dla_lowered **lowered, const char **why)
{
	const struct dla_op *op = &lower->graph->op[node->op];
	const struct dla_quant *in = &lower->graph->tensor[op->input[0]].quant;
	const struct dla_quant *out = &lower->graph->tensor[op->output[0]].quant;
	const struct dla_window *w = &op->window;
	bool average = op->kind == DLA_OP_AVERAGE_POOL_2D;
	struct dla_pooling pooling = {
		.pool = average ? DRM_NVDLA_POOL_AVERAGE : DRM_NVDLA_POOL_MAX, .window = *w,
	};

	if (!dla_lower_is_int8(lower, op->input[0]) || !dla_lower_is_int8(lower, op->output[0]))
		*why = "not a computed int8 tensor";
	else if (!same_quantisation(in, out))
		*why = "changes the scale";
	else if (!dla_lower_own_pictures(lower, op->input[0], &pooling.in) ||
		 !dla_lower_own_pictures(lower, op->output[0], &pooling.out))
		*why = "not pictures within 8192 x 8192 x 8192";
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

		if (pooling.in.pictures > 1)
			*why = "an average of many elements in several pictures";
		return *why ? 0 : dla_lower_average(lower, &averaging, lowered, why);
	}
	return lower_pdp(lower, op, &pooling, lowered, why);
}
