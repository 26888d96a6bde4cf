// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "lower_conv.h"
#include "spread.h"
#include "weights.h"

/*
 * TRANSPOSE_CONV with strides sx and sy as sx * sy convolutions: outputs whose places differ by multiples of the
 * strides use the same of the kernels' taps, on neighbouring inputs. Each convolution makes a picture of
 * these outputs in memory behind the input, from where they go to their places in the output.
 */
struct phase {
	struct dla_conv_job job;	/* out: the picture of its own */
	struct dla_steps skip;		/* columns and lines of the input that it does not begin with */
	int8_t *weights;
};

struct lowered_transpose {
	struct dla_lowered base;
	struct drm_nvdla_dev_info hw;
	struct dla_feature in, out;
	struct dla_steps stride;
	uint32_t phases;
	struct phase *phase;		/* line by line */
	size_t room;			/* of the largest picture: there are two, used by turns */
	int input, output;
	int32_t low, high;
};

static void release_transpose(struct dla_lowered *lowered)
{
	struct lowered_transpose *l = (struct lowered_transpose *)lowered;

	for (uint32_t i = 0; i < l->phases; i++) {
		dla_conv_job_release(&l->phase[i].job);
		free(l->phase[i].weights);
	}
	free(l->phase);
}

static int emit_phase(const struct lowered_transpose *l, struct dla_emit *emit, uint32_t index)
{
	const struct phase *phase = &l->phase[index];
	const struct dla_conv_job *job = &phase->job;
	size_t input = dla_emit_offset(emit, l->input), output = dla_emit_offset(emit, l->output);
	const struct dla_conv_tensors tensors = {
		.src = input + (size_t)phase->skip.y * l->in.line_stride + (size_t)phase->skip.x * l->in.atom,
		.dst = l->phases == 1 ? output : input + l->in.bytes + index % 2 * l->room,
	};
	struct dla_conv_constants at;
	int err = 0;

	for (unsigned int i = 0; i < job->tiling->count && !err; i++) {
		const struct dla_tile *tile = &job->tiling->tile[i];

		if (i == 0 || tile->kernel != tile[-1].kernel)
			err = dla_conv_pack(job, tile, &l->hw, emit->constants, &at);
		if (!err)
			err = dla_conv_emit(job, tile, &at, emit, &tensors);
	}
	if (err || l->phases == 1)
		return err;
	output += (size_t)(index / l->stride.x) * l->out.line_stride + (size_t)(index % l->stride.x) * l->out.atom;
	return dla_emit_spread(emit, &job->out, tensors.dst, &l->out, output, l->stride);
}

static int emit_transpose(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_transpose *l = (const struct lowered_transpose *)lowered;
	int err = 0;

	for (uint32_t i = 0; i < l->phases && !err; i++)
		err = emit_phase(l, emit, i);
	return err ? err : dla_emit_clamp(emit, &l->out, dla_emit_offset(emit, l->output), l->low, l->high);
}

static int32_t accumulate(const struct lowered_transpose *l, const struct phase *phase, const int8_t *input,
			  uint32_t kernel, int64_t top, int64_t left)
{
	const struct dla_kernels *k = &phase->job.kernels;
	const int8_t *weight = k->data + (size_t)kernel * k->height * k->width * k->channels;
	int32_t acc = 0;

	for (uint32_t r = 0; r < k->height; r++) {
		for (uint32_t s = 0; s < k->width; s++, weight += k->channels) {
			int64_t y = top + r, x = left + s;
			bool inside = y >= 0 && y < l->in.height && x >= 0 && x < l->in.width;

			for (uint32_t c = 0; c < k->channels; c++)
				acc += weight[c] * (inside ? input[((size_t)y * l->in.width + (size_t)x) * k->channels + c] :
							     phase->job.pad_value);
		}
	}
	return acc;
}

static void eval_transpose(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_transpose *l = (const struct lowered_transpose *)lowered;

	for (uint32_t y = 0; y < l->out.height; y++) {
		for (uint32_t x = 0; x < l->out.width; x++) {
			const struct phase *phase = &l->phase[y % l->stride.y * l->stride.x + x % l->stride.x];
			const struct dla_window *w = &phase->job.shape.window;
			int64_t top = (int64_t)(y / l->stride.y) + phase->skip.y - w->pad_top;
			int64_t left = (int64_t)(x / l->stride.x) + phase->skip.x - w->pad_left;

			for (uint32_t k = 0; k < l->out.channels; k++) {
				int32_t acc = accumulate(l, phase, input[0], k, top, left);

				*output++ = dla_clamp(dla_requant_eval(phase->job.rq, k, acc), l->low, l->high);
			}
		}
	}
}

/* ------------------------------------------------------------------------------ preparing */

/* Along one axis: outputs first, first + stride, ... use taps tap, tap + stride, ..., the last on the first input. */
struct axis {
	uint32_t tap, taps;
	uint32_t outputs, skip;
	int32_t pad;
};

static struct axis axis_of(uint32_t first, uint32_t outputs, int32_t kernel, int32_t stride, int32_t pad)
{
	int32_t at = (int32_t)first + pad, source = at / stride, start;
	struct axis axis = {
		.tap = (uint32_t)(at % stride),
		.outputs = (outputs - first + (uint32_t)stride - 1) / (uint32_t)stride,
	};

	if ((int32_t)axis.tap < kernel)
		axis.taps = (uint32_t)((kernel - (int32_t)axis.tap + stride - 1) / stride);
	start = source - (int32_t)axis.taps + 1;
	axis.skip = start > 0 ? (uint32_t)start : 0;
	axis.pad = start < 0 ? -start : 0;
	return axis;
}

/* How far the last output's taps reach beyond the input. */
static int32_t beyond(const struct axis *axis, uint32_t size)
{
	int32_t more = (int32_t)(axis->outputs + axis->taps - 1) - axis->pad - (int32_t)size;

	return more > 0 ? more : 0;
}

/* The taps that a phase uses, the last first: neighbours are in the input's order then. */
static int take_taps(struct phase *phase, const int8_t *from, const struct dla_window *w, const struct axis *y,
		     const struct axis *x)
{
	struct dla_kernels *k = &phase->job.kernels;
	int8_t *to = calloc((size_t)k->kernels * k->height * k->width, k->channels);

	if (!to)
		return dla_fail_memory();
	k->data = phase->weights = to;
	for (uint32_t i = 0; i < k->kernels; i++) {
		for (uint32_t r = k->height; r-- > 0;) {
			for (uint32_t s = k->width; s-- > 0; to += k->channels) {
				size_t row = y->tap + (size_t)r * (size_t)w->stride_h;
				size_t column = x->tap + (size_t)s * (size_t)w->stride_w;

				memcpy(to, from + (((size_t)i * (size_t)w->kernel_h + row) * (size_t)w->kernel_w + column) *
					       k->channels, k->channels);
			}
		}
	}
	return 0;
}

static int prepare_phase(struct lowered_transpose *l, const struct dla_lower *lower, const struct dla_op *op,
			 const int8_t *weights, uint32_t index, const char **why)
{
	const struct dla_window *w = &op->window;
	const struct dla_quant *quant = &lower->graph->tensor[l->output].quant;
	struct axis y = axis_of(index / l->stride.x, l->out.height, w->kernel_h, w->stride_h, w->pad_top);
	struct axis x = axis_of(index % l->stride.x, l->out.width, w->kernel_w, w->stride_w, w->pad_left);
	bool relu = op->activation == DLA_ACT_RELU || op->activation == DLA_ACT_RELU6;
	struct phase *phase = &l->phase[index];
	struct dla_conv_job *job = &phase->job;
	const struct dla_shape own = { 4, { 1, (int32_t)y.outputs, (int32_t)x.outputs, (int32_t)l->out.channels } };
	struct dla_requant_wish *wish;
	int err;

	if (!y.taps || !x.taps || y.skip >= l->in.height || x.skip >= l->in.width) {
		*why = "an output without an input";
		return 0;
	}
	(void)dla_feature_of(&own, l->out.atom, &job->out);
	phase->skip = (struct dla_steps) { .x = x.skip, .y = y.skip };
	job->in = l->in;
	job->pictures = 1;
	job->pad_value = lower->graph->tensor[l->input].quant.zero_point[0];
	job->shape = (struct dla_conv_shape) {
		.in_width = l->in.width - x.skip, .in_height = l->in.height - y.skip, .channels = l->in.channels,
		.out_width = x.outputs, .out_height = y.outputs, .kernels = l->out.channels,
		.window = {
			.kernel_h = (int32_t)y.taps, .kernel_w = (int32_t)x.taps, .stride_h = 1, .stride_w = 1,
			.dilation_h = 1, .dilation_w = 1, .pad_top = y.pad, .pad_left = x.pad,
		},
	};
	job->shape.window.pad_bottom = beyond(&y, job->shape.in_height);
	job->shape.window.pad_right = beyond(&x, job->shape.in_width);
	job->kernels = (struct dla_kernels) {
		.kernels = l->out.channels, .height = y.taps, .width = x.taps, .channels = l->in.channels,
	};
	err = take_taps(phase, weights, w, &y, &x);
	if (err)
		return err;
	wish = dla_conv_wishes(lower->graph, op, &job->kernels, quant->scale[0], relu);
	if (!wish)
		return dla_fail_memory();
	err = dla_conv_job_prepare(job, &l->hw, wish, relu, quant->zero_point[0], why);
	free(wish);
	if (l->room < job->out.bytes)
		l->room = job->out.bytes;
	return err;
}

static int prepare(struct lowered_transpose *l, const struct dla_lower *lower, const struct dla_op *op, const char **why)
{
	const struct dla_tensor *weights = &lower->graph->tensor[op->input[1]];
	const struct dla_quant *quant = &lower->graph->tensor[l->output].quant;
	struct dla_weights split;
	int err = dla_weights_split(weights, &split, why);

	if (!err && split.rest && !*why)
		*why = "weights of more than 8 bits";
	for (uint32_t i = 0; i < l->phases && !err && !*why; i++)
		err = prepare_phase(l, lower, op, split.near, i, why);
	dla_weights_release(&split);
	if (l->phases > 1)
		l->base.behind = 2 * l->room;
	dla_activation_range(op->activation, quant->scale[0], quant->zero_point[0], &l->low, &l->high);
	/* X2's ReLU cuts at real zero, which is the lower bound of these two. */
	if (op->activation == DLA_ACT_RELU || op->activation == DLA_ACT_RELU6)
		l->low = INT8_MIN;
	return err;
}

int dla_lower_transpose_conv(const struct dla_lower *lower, const struct dla_node *node, struct dla_lowered **lowered,
			     const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_transpose, .eval = eval_transpose, .release = release_transpose,
	};
	const struct dla_op *op = &lower->graph->op[node->op];
	struct dla_feature in, out;
	struct lowered_transpose *l;

	if (!dla_conv_operands_fit(lower, node, 0))
		*why = "not a computed 8-bit tensor and constant weights";
	else if (!dla_lower_own_feature(lower, op->input[0], &in) ||
		 !dla_lower_own_feature(lower, op->output[0], &out))
		*why = "not one picture within 8192 x 8192 x 8192";
	else if ((uint32_t)op->window.stride_h > out.height || (uint32_t)op->window.stride_w > out.width)
		*why = "strides above the output's size";
	if (*why)
		return 0;

	l = dla_lowered_new(sizeof(*l), &ops, lowered);
	if (!l)
		return dla_fail_memory();
	l->base.how = "as convolutions for every so many outputs";
	l->hw = *lower->hw;
	l->in = in;
	l->out = out;
	l->input = op->input[0];
	l->output = op->output[0];
	l->stride = (struct dla_steps) { (uint32_t)op->window.stride_w, (uint32_t)op->window.stride_h };
	l->phase = calloc((size_t)l->stride.x * l->stride.y, sizeof(*l->phase));
	if (!l->phase)
		return dla_fail_memory();
	l->phases = l->stride.x * l->stride.y;
	return prepare(l, lower, op, why);
}
