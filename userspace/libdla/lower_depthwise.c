// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "cost.h"
#include "error.h"
#include "lower_conv.h"
#include "weights.h"

/*
 * DEPTHWISE_CONV_2D as convolutions of a few planes each - an atom of channels, as a rule - whose
 * kernels have weights for their own channel and zeros for its neighbours. The last plane is
 * treated as full: its spare channels meet zeros.
 */
struct lowered_depthwise {
	struct dla_lowered base;
	struct dla_conv_job job;	/* shape: of one block; kernels: of all */
	struct dla_feature in, out;	/* of all pictures */
	struct drm_nvdla_dev_info hw;
	uint32_t multiplier;		/* output channels per input channel */
	uint32_t block;			/* output channels of a layer */
	int8_t *sparse;			/* [k][tap][channel of the block] */
	/*
	 * Planes of kernels that multiply an input twice, done once more in their place: the input's plane
	 * beside a copy of it, which lies behind the input.
	 */
	struct dla_conv_job twice;
	int8_t *doubled;		/* [k][tap][channel of the two planes]; NULL: there are none */
	bool *is_twice;			/* per plane of the output */
	int input, output;
	int32_t low, high;
};

static uint32_t div_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

static void release_depthwise(struct dla_lowered *lowered)
{
	struct lowered_depthwise *l = (struct lowered_depthwise *)lowered;

	free(l->twice.tiling);
	dla_conv_job_release(&l->job);
	free(l->sparse);
	free(l->doubled);
	free(l->is_twice);
}

static int emit_block(const struct lowered_depthwise *l, const struct dla_conv_job *job, struct dla_emit *emit,
		      uint32_t first, uint32_t kernels)
{
	uint32_t left = job->out.channels - first, plane = first / l->multiplier / job->in.atom;
	const struct dla_conv_tensors tensors = {
		.src = dla_emit_offset(emit, l->input) + (size_t)plane * l->job.in.surface_stride,
		.dst = dla_emit_offset(emit, l->output),
	};
	struct dla_conv_constants at;
	int err = 0;

	for (uint32_t p = 0; p < job->pictures; p++) {
		const struct dla_conv_tensors own = dla_conv_tensors_of(job, &tensors, p);

		for (unsigned int i = 0; i < job->tiling->count && !err; i++) {
			struct dla_tile tile = job->tiling->tile[i];

			tile.kernel = first;
			tile.kernels = left < kernels ? left : kernels;
			if (i == 0 && p == 0)
				err = dla_conv_pack(job, &tile, &l->hw, emit->constants, &at);
			if (!err)
				err = dla_conv_emit(job, &tile, &at, emit, &own);
		}
	}
	return err;
}

static int emit_twice(const struct lowered_depthwise *l, struct dla_emit *emit, uint32_t first)
{
	const struct dla_feature *in = &l->in;
	size_t src = dla_emit_offset(emit, l->input), at = (size_t)(first / l->multiplier / in->atom) * in->surface_stride;
	struct dla_conv_job job = l->twice;
	int err = dla_emit_copy(emit, in, src + at, src + in->bytes);

	job.in.surface_stride = (uint32_t)(in->bytes - at);
	return err ? err : emit_block(l, &job, emit, first, in->atom);
}

static int emit_depthwise(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_depthwise *l = (const struct lowered_depthwise *)lowered;
	uint32_t atom = l->job.out.atom;
	int err = 0;

	for (uint32_t k = 0; k < l->job.out.channels && !err; k += l->block)
		err = emit_block(l, &l->job, emit, k, l->block);
	for (uint32_t k = 0; k < l->job.out.channels && !err && l->doubled; k += atom)
		if (l->is_twice[k / atom])
			err = emit_twice(l, emit, k);
	return err ? err : dla_emit_clamp(emit, &l->out, dla_emit_offset(emit, l->output), l->low, l->high);
}

static int32_t accumulate(const struct lowered_depthwise *l, const int8_t *input, uint32_t kernel,
			  int64_t top, int64_t left)
{
	const struct dla_conv_job *job = &l->job;
	const struct dla_kernels *k = &job->kernels;
	const struct dla_window *w = &job->shape.window;
	uint32_t channel = kernel / l->multiplier;
	size_t taps = (size_t)k->height * k->width;
	const int8_t *weight = k->data + kernel * taps * k->channels + channel % k->channels;
	/* The copy's lane. */
	const int8_t *more = l->doubled ? l->doubled + kernel * taps * 2 * job->in.atom + job->in.atom +
					  channel % job->in.atom : NULL;
	int32_t acc = 0;

	for (uint32_t r = 0; r < k->height; r++) {
		for (uint32_t s = 0; s < k->width; s++, weight += k->channels) {
			int64_t y = top + (int64_t)r * w->dilation_h, x = left + (int64_t)s * w->dilation_w;
			bool inside = y >= 0 && y < job->in.height && x >= 0 && x < job->in.width;

			int32_t both = *weight;

			if (more) {
				both += *more;
				more += (size_t)2 * job->in.atom;
			}
			acc += both * (inside ? input[((size_t)y * job->in.width + (size_t)x) *
						      job->in.channels + channel] : job->pad_value);
		}
	}
	return acc;
}

static int8_t *eval_picture(const struct lowered_depthwise *l, const int8_t *input, int8_t *output)
{
	const struct dla_feature *out = &l->job.out;
	const struct dla_window *w = &l->job.shape.window;

	for (uint32_t y = 0; y < out->height; y++) {
		for (uint32_t x = 0; x < out->width; x++) {
			int64_t top = (int64_t)y * w->stride_h - w->pad_top;
			int64_t left = (int64_t)x * w->stride_w - w->pad_left;

			for (uint32_t k = 0; k < out->channels; k++) {
				int32_t acc = accumulate(l, input, k, top, left);

				*output++ = dla_clamp(dla_requant_eval(l->job.rq, k, acc), l->low, l->high);
			}
		}
	}
	return output;
}

static void eval_depthwise(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_depthwise *l = (const struct lowered_depthwise *)lowered;
	const struct dla_feature *in = &l->job.in;

	for (uint32_t p = 0; p < l->job.pictures; p++)
		output = eval_picture(l, input[0] + (size_t)p * in->width * in->height * in->channels, output);
}

/*
 * Cycles of all layers with blocks of so many channels, roughly. A layer of more planes multiplies
 * by more zeros; but every layer costs time of its own, most of all where it has so few outputs that
 * it must wait for the one before.
 */
static double block_cycles(const struct dla_conv_shape *shape, uint32_t channels, uint32_t planes, uint32_t atom)
{
	enum { ALONE_ATOMS = 16, ALONE = 350, QUEUED = 40, LEAST = 150 };
	double outputs = (double)shape->out_width * shape->out_height * planes;
	double steps = (double)planes * shape->window.kernel_h * shape->window.kernel_w;
	double cycles = outputs * (steps > DLA_CACC_CYCLES ? steps : DLA_CACC_CYCLES);

	cycles += outputs <= ALONE_ATOMS ? ALONE : QUEUED;
	return (cycles > LEAST ? cycles : LEAST) * div_up(div_up(channels, atom), planes);
}

/* Planes of a layer: a number that divides theirs, so that all layers are alike. */
static uint32_t block_planes(const struct dla_conv_shape *shape, uint32_t channels, uint32_t atom)
{
	enum { PLANES_LIMIT = 8 };
	uint32_t all = div_up(channels, atom), best = 1;

	for (uint32_t planes = 2; planes <= PLANES_LIMIT; planes++)
		if (all % planes == 0 && block_cycles(shape, channels, planes, atom) <
					 block_cycles(shape, channels, best, atom))
			best = planes;
	return best;
}

/* Weights [1,R,S,K] in lanes of kernels of zeros: of their own channel, among so many. */
static void spread_lanes(const struct dla_kernels *k, uint32_t multiplier, uint32_t lanes, uint32_t first,
			 const int8_t *from, int8_t *to)
{
	size_t taps = (size_t)k->height * k->width;

	for (size_t tap = 0; tap < taps; tap++)
		for (uint32_t i = 0; i < k->kernels; i++)
			to[(i * taps + tap) * k->channels + first + i / multiplier % lanes] = *from++;
}

/* Kernels with weights for a copy too, of all planes, though few are used; and which are. */
static int double_weights(struct lowered_depthwise *l, const struct dla_weights *split)
{
	struct dla_kernels *k = &l->twice.kernels;
	uint32_t atom = l->job.in.atom;
	size_t taps = (size_t)k->height * k->width;

	l->doubled = calloc(k->kernels * taps, k->channels);
	l->is_twice = calloc(div_up(k->kernels, atom), sizeof(*l->is_twice));
	if (!l->doubled || !l->is_twice)
		return dla_fail_memory();
	spread_lanes(k, l->multiplier, atom, 0, split->near, l->doubled);
	spread_lanes(k, l->multiplier, atom, atom, split->rest, l->doubled);
	for (size_t tap = 0; tap < taps; tap++)
		for (uint32_t i = 0; i < k->kernels; i++)
			if (split->rest[tap * k->kernels + i])
				l->is_twice[i / atom] = true;
	k->data = l->doubled;
	l->base.behind = l->job.in.surface_stride;
	return 0;
}

static int spread_weights(struct lowered_depthwise *l, const struct dla_tensor *weights, const char **why)
{
	struct dla_kernels *k = &l->job.kernels;
	struct dla_weights split;
	int err;

	l->sparse = calloc((size_t)k->kernels * k->height * k->width, k->channels);
	if (!l->sparse)
		return dla_fail_memory();
	k->data = l->sparse;
	if (weights->quant.zero_point[0] == 0) {
		spread_lanes(k, l->multiplier, k->channels, 0, weights->data, l->sparse);
		return 0;
	}
	err = dla_weights_split(weights, &split, why);
	if (!err)
		spread_lanes(k, l->multiplier, k->channels, 0, split.near, l->sparse);
	if (!err && split.rest)
		err = double_weights(l, &split);
	dla_weights_release(&split);
	return err;
}

/* The layers that double_weights() is for are like the others, but for the channels. */
static void prepare_twice(struct lowered_depthwise *l, const char **why)
{
	struct dla_conv_job *twice = &l->twice;

	twice->in = l->job.in;
	twice->out = l->job.out;
	twice->pictures = l->job.pictures;
	twice->pad_value = l->job.pad_value;
	twice->rq = l->job.rq;
	twice->shape = l->job.shape;
	twice->shape.channels = 2 * l->job.in.atom;
	twice->shape.kernels = l->job.in.atom;
	twice->tiling = dla_tile_conv(&l->hw, &twice->shape, why);
}

static int prepare(struct lowered_depthwise *l, const struct dla_lower *lower, const struct dla_op *op,
		   const char **why)
{
	const struct dla_tensor *weights = &lower->graph->tensor[op->input[1]];
	const struct dla_quant *quant = &lower->graph->tensor[l->output].quant;
	struct dla_conv_job *job = &l->job;
	/* X2's ReLU cuts at real zero, which is the lower bound of these two. */
	bool relu = op->activation == DLA_ACT_RELU || op->activation == DLA_ACT_RELU6;
	struct dla_requant_wish *wish;
	int err;

	job->tiling = dla_tile_conv(&l->hw, &job->shape, why);
	if (!job->tiling)
		return 0;
	job->kernels = (struct dla_kernels) {
		.kernels = job->out.channels, .channels = job->shape.channels,
		.height = (uint32_t)weights->shape.dim[1], .width = (uint32_t)weights->shape.dim[2],
	};
	l->twice.kernels = job->kernels;
	l->twice.kernels.channels = 2 * job->in.atom;
	err = spread_weights(l, weights, why);
	if (err || *why)
		return err;
	wish = dla_conv_wishes(lower->graph, op, l->doubled ? &l->twice.kernels : &job->kernels, quant->scale[0], relu);
	if (!wish)
		return dla_fail_memory();
	job->rq = dla_requant_new(wish, job->out.channels, relu, quant->zero_point[0]);
	free(wish);
	if (!job->rq)
		return dla_fail_memory();
	if (job->rq->error >= DLA_ERROR_LIMIT)
		*why = "16-bit multipliers would be too coarse";
	dla_activation_range(op->activation, quant->scale[0], quant->zero_point[0], &l->low, &l->high);
	if (relu)
		l->low = INT8_MIN;
	if (l->doubled && !*why)
		prepare_twice(l, why);
	return 0;
}

int dla_lower_depthwise(const struct dla_lower *lower, const struct dla_node *node,
			struct dla_lowered **lowered, const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_depthwise, .eval = eval_depthwise, .release = release_depthwise,
	};
	const struct dla_op *op = &lower->graph->op[node->op];
	int input = dla_node_input(lower->graph, node, 0);
	struct dla_window window = op->window;
	struct dla_feature in, out;
	struct lowered_depthwise *l;
	uint32_t planes;

	if (!dla_conv_operands_fit(lower, node, 3))
		*why = "not a computed 8-bit tensor and constant weights";
	else if (!dla_lower_own_pictures(lower, input, &in) ||
		 !dla_lower_own_pictures(lower, op->output[0], &out))
		*why = "not pictures within 8192 x 8192 x 8192";
	else if (!dla_conv_take_pad(lower, node, &in, &out, &window))
		*why = "padding wider than the hardware's";
	else if (!dla_conv_picture_fits(&out))
		*why = "several pictures of one pixel";
	if (*why)
		return 0;

	l = dla_lowered_new(sizeof(*l), &ops, lowered);
	if (!l)
		return dla_fail_memory();
	l->hw = *lower->hw;
	l->input = input;
	l->output = op->output[0];
	l->multiplier = out.channels / in.channels;
	l->in = in;
	l->out = out;
	l->job.pictures = in.pictures;
	l->job.in = in = dla_feature_picture(&in);
	l->job.out = out = dla_feature_picture(&out);
	l->job.pad_value = lower->graph->tensor[input].quant.zero_point[0];
	l->job.shape = (struct dla_conv_shape) {
		.in_width = in.width, .in_height = in.height, .channels = in.atom,
		.out_width = out.width, .out_height = out.height, .kernels = in.atom,
		.window = window,
	};
	/* A plane's outputs begin with an atom of their own: layers of one plane can do any multiplier. */
	planes = l->multiplier == 1 ? block_planes(&l->job.shape, in.channels, in.atom) : 1;
	l->block = planes * in.atom;
	l->job.shape.channels = l->job.shape.kernels = l->block;
	l->base.how = "as diagonal convolutions";
	return prepare(l, lower, op, why);
}
