// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "error.h"
#include "lower_average.h"
#include "lower_conv.h"

/* CDMA's and CSC's registers; only planes seen as lines need to know. */
#define STRIDE_LIMIT 8
#define KERNEL_LIMIT 32

/*
 * Kernels that are ones on the diagonal: each sums its own channel of an atom's. The last atom is
 * treated as full: its spare channels only reach spare channels.
 */
struct lowered_average {
	struct dla_lowered base;
	struct dla_averaging averaging;
	struct dla_conv_job job;	/* of one atom of channels */
	uint32_t layers;		/* the job is done so often, a plane further each time */
	struct drm_nvdla_dev_info hw;
	int8_t *ones;			/* [k][tap][c] = k == c */
};

static void release_average(struct dla_lowered *lowered)
{
	struct lowered_average *l = (struct lowered_average *)lowered;

	dla_conv_job_release(&l->job);
	free(l->ones);
}

static int emit_average(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_average *l = (const struct lowered_average *)lowered;
	const struct dla_averaging *a = &l->averaging;
	const struct dla_tiling *tiling = l->job.tiling;
	size_t src = dla_emit_offset(emit, a->input), dst = dla_emit_offset(emit, a->output);
	struct dla_conv_constants at;
	int err;

	err = dla_conv_pack(&l->job, &tiling->tile[0], &l->hw, emit->constants, &at);
	for (size_t plane = 0; plane < l->layers; plane++) {
		const struct dla_conv_tensors tensors = {
			.src = src + plane * a->in.surface_stride,
			.dst = dst + plane * a->out.surface_stride,
		};

		for (unsigned int i = 0; i < tiling->count && !err; i++)
			err = dla_conv_emit(&l->job, &tiling->tile[i], &at, emit, &tensors);
	}
	return err ? err : dla_emit_clamp(emit, &a->out, dst, a->low, a->high);
}

static int32_t window_sum(const struct dla_averaging *a, const int8_t *input, uint32_t top, uint32_t left,
			  uint32_t channel)
{
	int32_t sum = 0;

	for (uint32_t y = top; y < top + (uint32_t)a->window.kernel_h; y++)
		for (uint32_t x = left; x < left + (uint32_t)a->window.kernel_w; x++)
			sum += input[((size_t)y * a->in.width + x) * a->in.channels + channel];
	return sum;
}

static void eval_average(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_average *l = (const struct lowered_average *)lowered;
	const struct dla_averaging *a = &l->averaging;
	uint32_t step_y = (uint32_t)a->window.stride_h, step_x = (uint32_t)a->window.stride_w;

	for (uint32_t y = 0; y < a->out.height; y++)
		for (uint32_t x = 0; x < a->out.width; x++)
			for (uint32_t c = 0; c < a->out.channels; c++)
				*output++ = dla_clamp(dla_requant_eval(l->job.rq, 0,
								       window_sum(a, input[0], y * step_y,
										  x * step_x, c)),
						      a->low, a->high);
}

static int8_t *diagonal(uint32_t channels, size_t taps)
{
	int8_t *ones = calloc(taps * channels, channels);

	for (uint32_t k = 0; ones && k < channels; k++)
		for (size_t tap = 0; tap < taps; tap++)
			ones[(k * taps + tap) * channels + k] = 1;
	return ones;
}

/* A window over a whole plane may be seen as any other rectangle of as many pixels. */
static bool reshape_plane(struct dla_conv_shape *shape)
{
	uint32_t pixels = shape->in_width * shape->in_height;

	for (uint32_t height = STRIDE_LIMIT; height > 0; height--) {
		if (pixels % height || pixels / height > KERNEL_LIMIT)
			continue;
		shape->in_height = height;
		shape->in_width = pixels / height;
		shape->window.kernel_h = (int32_t)height;
		shape->window.stride_h = (int32_t)height;
		shape->window.kernel_w = (int32_t)shape->in_width;
		shape->window.stride_w = 1;
		return true;
	}
	return false;
}

/*
 * Planes lie one behind the other: to the convolution engine a tensor is just as well a picture of
 * one plane that is as high as all together. Where windows tile the lines of a plane none of them
 * reaches into the next, and one layer averages all channels.
 */
static bool stack_planes(struct dla_conv_job *job, uint32_t planes)
{
	struct dla_conv_shape *shape = &job->shape;
	bool whole = (uint32_t)shape->window.kernel_w == shape->in_width &&
		     (uint32_t)shape->window.kernel_h == shape->in_height;

	if (whole && !reshape_plane(shape))
		return false;
	if (shape->window.kernel_h != shape->window.stride_h ||
	    shape->in_height != shape->out_height * (uint32_t)shape->window.stride_h)
		return false;
	shape->in_height *= planes;
	shape->out_height *= planes;
	job->in.line_stride = shape->in_width * job->in.atom;
	job->in.surface_stride = shape->in_height * job->in.line_stride;
	job->out.surface_stride = shape->out_height * job->out.line_stride;
	return true;
}

static int prepare(struct lowered_average *l, const char **why)
{
	const struct dla_averaging *a = &l->averaging;
	uint32_t atom = l->hw.atom, planes = (a->in.channels + atom - 1) / atom;
	struct dla_conv_job *job = &l->job;
	struct dla_requant_wish *wish = calloc(atom, sizeof(*wish));
	size_t taps = (size_t)a->window.kernel_h * (size_t)a->window.kernel_w;
	int err;

	if (!wish)
		return dla_fail_memory();
	for (uint32_t k = 0; k < atom; k++)
		wish[k] = a->wish;
	job->in = a->in;
	job->out = a->out;
	job->pictures = 1;
	job->shape = (struct dla_conv_shape) {
		.in_width = a->in.width, .in_height = a->in.height, .channels = atom,
		.out_width = a->out.width, .out_height = a->out.height, .kernels = atom,
		.window = a->window,
	};
	l->layers = stack_planes(job, planes) ? 1 : planes;
	l->base.how = l->layers == 1 ? "as a convolution" : "as a convolution for each 8 channels";

	err = dla_conv_job_prepare(job, &l->hw, wish, false, a->zero_point, why);
	free(wish);
	if (!err && !*why && a->to_the_bit && !dla_requant_is_average(job->rq, (unsigned int)taps))
		*why = "16-bit multipliers would be too coarse";
	if (err || *why)
		return err;

	/* Not before it is known that so many taps are possible at all. */
	l->ones = diagonal(atom, taps);
	if (!l->ones)
		return dla_fail_memory();
	job->kernels = (struct dla_kernels) {
		.data = l->ones, .kernels = atom, .channels = atom,
		.height = (uint32_t)job->shape.window.kernel_h, .width = (uint32_t)job->shape.window.kernel_w,
	};
	return 0;
}

int dla_lower_average(const struct dla_lower *lower, const struct dla_averaging *averaging,
		      struct dla_lowered **lowered, const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_average, .eval = eval_average, .release = release_average,
	};
	struct lowered_average *l = dla_lowered_new(sizeof(*l), &ops, lowered);

	if (!l)
		return dla_fail_memory();
	l->averaging = *averaging;
	l->hw = *lower->hw;
	return prepare(l, why);
}

/* Axes of [1,H,W,C]. */
#define HEIGHT_AND_WIDTH (1U << 1 | 1U << 2)

int dla_lower_mean(const struct dla_lower *lower, const struct dla_node *node,
		   struct dla_lowered **lowered, const char **why)
{
	const struct dla_op *op = &lower->graph->op[node->op];
	const struct dla_quant *in = &lower->graph->tensor[op->input[0]].quant;
	const struct dla_quant *out = &lower->graph->tensor[op->output[0]].quant;
	struct dla_averaging averaging = {
		.low = INT8_MIN, .high = INT8_MAX, .input = op->input[0], .output = op->output[0],
	};
	int64_t taps;

	if (!dla_lower_is_int8(lower, op->input[0]) || !dla_lower_is_int8(lower, op->output[0]))
		*why = "not a computed int8 tensor";
	else if (lower->graph->tensor[op->input[0]].shape.rank != 4 || op->mean.axes != HEIGHT_AND_WIDTH)
		*why = "not over height and width";
	else if (!dla_lower_own_feature(lower, op->input[0], &averaging.in) ||
		 !dla_lower_own_feature(lower, op->output[0], &averaging.out))
		*why = "not one picture within 8192 x 8192 x 8192";
	if (*why)
		return 0;

	averaging.window = (struct dla_window) {
		.kernel_h = (int32_t)averaging.in.height, .kernel_w = (int32_t)averaging.in.width,
		.stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1,
	};
	taps = (int64_t)averaging.in.height * averaging.in.width;
	averaging.wish = (struct dla_requant_wish) {
		.multiplier = (double)in->scale[0] / out->scale[0] / (double)taps,
		.bias = -in->zero_point[0] * taps,
		.reach = 128 * taps,
	};
	averaging.zero_point = out->zero_point[0];
	return dla_lower_average(lower, &averaging, lowered, why);
}
