// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "image.h"
#include "lower_conv.h"
#include "lower_pool.h"
#include "weights.h"

/* More than any padding that the hardware makes. */
#define PAD_LIMIT	64

/* ------------------------------------------------- for convolutions of every kind */

/* A scale that is not per tensor or per output channel is not for the NPU. */
static bool weights_fit(const struct dla_tensor *weights, unsigned int axis)
{
	if (weights->type != DLA_INT8 || !weights->data || weights->quant.count == 0)
		return false;
	return weights->quant.count == 1 || weights->quant.axis == axis;
}

/* NULL: there is none. */
static const struct dla_tensor *bias_of(const struct dla_graph *graph, const struct dla_op *op)
{
	unsigned int index = op->kind == DLA_OP_TRANSPOSE_CONV ? 3 : 2;

	return op->input_count > index && op->input[index] != DLA_NO_TENSOR ? &graph->tensor[op->input[index]] : NULL;
}

static bool bias_fits(const struct dla_graph *graph, const struct dla_op *op)
{
	const struct dla_tensor *bias = bias_of(graph, op);

	return !bias || (bias->type == DLA_INT32 && bias->data);
}

bool dla_conv_operands_fit(const struct dla_lower *lower, const struct dla_node *node, unsigned int axis)
{
	const struct dla_op *op = &lower->graph->op[node->op];

	return dla_lower_is_int8(lower, dla_node_input(lower->graph, node, 0)) &&
	       dla_lower_is_int8(lower, op->output[0]) &&
	       weights_fit(&lower->graph->tensor[op->input[1]], axis) && bias_fits(lower->graph, op);
}

struct dla_requant_wish *dla_conv_wishes(const struct dla_graph *graph, const struct dla_op *op,
					 const struct dla_kernels *kernels, float scale, bool relu)
{
	const struct dla_tensor *input = &graph->tensor[op->input[0]];
	const struct dla_tensor *weights = &graph->tensor[op->input[1]];
	const int32_t *bias = bias_of(graph, op) ? bias_of(graph, op)->data : NULL;
	size_t kernel_bytes = (size_t)kernels->height * kernels->width * kernels->channels;
	struct dla_requant_wish *wish = calloc(kernels->kernels, sizeof(*wish));
	const int8_t *w = kernels->data;

	if (!wish)
		return NULL;
	for (uint32_t k = 0; k < kernels->kernels; k++, w += kernel_bytes) {
		int64_t sum = 0, magnitude = 0;

		for (size_t i = 0; i < kernel_bytes; i++) {
			sum += w[i];
			magnitude += abs(w[i]);
		}
		wish[k].multiplier = (double)input->quant.scale[0] *
				     weights->quant.scale[weights->quant.count > 1 ? k : 0] / scale;
		wish[k].bias = (bias ? bias[k] : 0) - input->quant.zero_point[0] * sum;
		wish[k].reach = magnitude * -INT8_MIN;
		wish[k].nudge = relu ? dla_double_rounding_nudge(wish[k].multiplier) : 0;
	}
	return wish;
}

/* Padding along one axis that is made before the convolution's own; false when that is not for the NPU. */
static bool add_padding(int32_t more, int32_t in, int32_t out, int32_t reach, int32_t stride,
			int32_t *before, int32_t *after)
{
	if (more > PAD_LIMIT || *before > PAD_LIMIT)
		return false;
	*before += more;
	/* What outputs read of it: the last may not. */
	*after = (out - 1) * stride + reach - *before - in;
	if (*after < 0)
		*after = 0;
	return true;
}

/* The tensors are within 8192 x 8192. */
bool dla_conv_take_pad(const struct dla_lower *lower, const struct dla_node *node,
		       const struct dla_feature *in, const struct dla_feature *out, struct dla_window *w)
{
	const struct dla_shape *from, *to;
	const struct dla_op *pad;

	if (node->pad == DLA_NO_OP)
		return true;
	pad = &lower->graph->op[node->pad];
	from = &lower->graph->tensor[pad->input[0]].shape;
	to = &lower->graph->tensor[pad->output[0]].shape;
	return from->rank == 4 && from->dim[0] == to->dim[0] && from->dim[3] == to->dim[3] &&
	       add_padding(pad->pad.before[1], (int32_t)(in->height / in->pictures),
			   (int32_t)(out->height / out->pictures),
			   (w->kernel_h - 1) * w->dilation_h + 1, w->stride_h, &w->pad_top, &w->pad_bottom) &&
	       add_padding(pad->pad.before[2], (int32_t)in->width, (int32_t)out->width,
			   (w->kernel_w - 1) * w->dilation_w + 1, w->stride_w, &w->pad_left, &w->pad_right);
}

/* --------------------------------------------------------- CONV_2D and FULLY_CONNECTED */

struct lowered_conv {
	struct dla_lowered base;
	struct dla_conv_job job;
	struct drm_nvdla_dev_info hw;
	struct dla_feature in, out;	/* of all pictures */
	int input, residual;		/* DLA_NO_TENSOR: no residual */
	int made, output;		/* made: not in memory, where it is pooled */
	int32_t low, high;		/* what is left for a pass of its own */
	int8_t *weights;		/* other than the tensor's */
	uint32_t *copy;			/* planes of the input that are copied behind the last, in that order */
	uint32_t copies;
	bool pools;
	struct dla_pooling pooling;	/* of what the convolution makes, and cuts in its stead */
};

static void release_conv(struct dla_lowered *lowered)
{
	struct lowered_conv *conv = (struct lowered_conv *)lowered;

	dla_conv_job_release(&conv->job);
	free(conv->weights);
	free(conv->copy);
}

static int emit_picture(const struct lowered_conv *conv, unsigned int first, unsigned int end, uint32_t picture,
			const struct dla_conv_constants *at, const struct dla_conv_tensors *tensors,
			struct dla_emit *emit)
{
	struct dla_conv_tensors own = dla_conv_tensors_of(&conv->job, tensors, picture);
	int err = 0;

	for (unsigned int i = first; i < end && !err; i++)
		err = dla_conv_emit(&conv->job, &conv->job.tiling->tile[i], at, emit, &own);
	return err;
}

static int emit_conv(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_conv *conv = (const struct lowered_conv *)lowered;
	const struct dla_tiling *tiling = conv->job.tiling;
	struct dla_conv_tensors tensors = {
		.src = dla_emit_offset(emit, conv->input),
		.dst = dla_emit_offset(emit, conv->output),
		.on_the_fly = conv->pools,
	};
	struct dla_conv_constants at;
	int err = 0;

	if (conv->residual != DLA_NO_TENSOR)
		tensors.residual = dla_emit_offset(emit, conv->residual);
	for (uint32_t i = 0; i < conv->copies && !err; i++) {
		const struct dla_feature *in = &conv->in;

		err = dla_emit_copy(emit, in, tensors.src + (size_t)conv->copy[i] * in->surface_stride,
				    tensors.src + in->bytes + (size_t)i * in->surface_stride);
	}
	for (unsigned int first = 0, end; first < tiling->count && !err; first = end) {
		for (end = first + 1; end < tiling->count && tiling->tile[end].kernel == tiling->tile[first].kernel; )
			end++;
		/* All bands of a range of kernels read the same weights. */
		err = dla_conv_pack(&conv->job, &tiling->tile[first], &conv->hw, emit->constants, &at);
		for (uint32_t p = 0; p < conv->job.pictures && !err; p++)
			err = emit_picture(conv, first, end, p, &at, &tensors, emit);
	}
	if (err)
		return err;
	if (conv->pools)
		return dla_pooling_emit(&conv->pooling, emit, tensors.dst);
	return dla_emit_clamp(emit, &conv->out, tensors.dst, conv->low, conv->high);
}

static int32_t accumulate(const struct dla_conv_job *job, const int8_t *input, uint32_t kernel,
			  int64_t top, int64_t left)
{
	const struct dla_kernels *k = &job->kernels;
	const struct dla_window *w = &job->shape.window;
	const int8_t *weight = k->data + (size_t)kernel * k->height * k->width * k->channels;
	const uint16_t *channel = job->channel;
	int32_t acc = 0;

	for (uint32_t r = 0; r < k->height; r++) {
		for (uint32_t s = 0; s < k->width; s++, weight += k->channels) {
			int64_t y = top + (int64_t)r * w->dilation_h, x = left + (int64_t)s * w->dilation_w;
			bool inside = y >= 0 && y < job->shape.in_height && x >= 0 && x < job->shape.in_width;
			const int8_t *pixel = inside ?
				input + ((size_t)y * job->shape.in_width + (size_t)x) * job->in.channels : NULL;

			for (uint32_t c = 0; c < k->channels; c++)
				acc += weight[c] * (pixel ? pixel[channel ? channel[c] : c] : job->pad_value);
		}
	}
	return acc;
}

/* What the convolution makes, lines of so many columns; only those that a pooling uses. */
static void convolve(const struct lowered_conv *conv, const int8_t *const input[], uint32_t columns, int8_t *output)
{
	const struct dla_conv_job *job = &conv->job;
	const struct dla_conv_shape *shape = &job->shape;

	for (uint32_t y = 0; y < shape->out_height; y++) {
		for (uint32_t x = 0; x < shape->out_width; x++) {
			int64_t top = (int64_t)y * shape->window.stride_h - shape->window.pad_top;
			int64_t left = (int64_t)x * shape->window.stride_w - shape->window.pad_left;
			size_t i = ((size_t)y * columns + x) * shape->kernels;

			for (uint32_t k = 0; k < shape->kernels; k++, i++) {
				int32_t acc = accumulate(job, input[0], k, top, left);
				int8_t value = job->rq ? dla_requant_eval(job->rq, k, acc) :
							 dla_conv_add_eval(job->add, k, acc, input[1][i]);

				output[i] = dla_clamp(value, conv->low, conv->high);
			}
		}
	}
}

static size_t elements(const struct dla_feature *feature)
{
	return (size_t)feature->width * feature->height * feature->channels;
}

static void eval_conv(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_conv *conv = (const struct lowered_conv *)lowered;
	const struct dla_feature *made = &conv->pooling.in;
	size_t from = elements(&conv->job.in), to = elements(&conv->job.out);
	int8_t *between;

	for (uint32_t p = 0; p < conv->job.pictures && !conv->pools; p++) {
		const int8_t *const own[] = {
			input[0] + p * from, conv->job.rq ? NULL : input[1] + p * to,
		};

		convolve(conv, own, conv->job.shape.out_width, output + p * to);
	}
	if (!conv->pools)
		return;
	between = calloc((size_t)made->width * made->height, made->channels);
	if (!between)
		abort();
	convolve(conv, input, made->width, between);
	dla_pooling_eval(&conv->pooling, between, output);
	free(between);
}

static bool is_relu(const struct dla_op *op)
{
	return op->activation == DLA_ACT_RELU || op->activation == DLA_ACT_RELU6;
}

static int prepare_alone(const struct dla_lower *lower, const struct dla_op *op, struct lowered_conv *conv,
			 const char **why)
{
	const struct dla_quant *quant = &lower->graph->tensor[conv->made].quant;
	/* X2's ReLU cuts at real zero, which is the lower bound of these two. */
	bool relu = is_relu(op);
	struct dla_requant_wish *wish = dla_conv_wishes(lower->graph, op, &conv->job.kernels, quant->scale[0],
							relu);
	int err;

	if (!wish)
		return dla_fail_memory();
	dla_activation_range(op->activation, quant->scale[0], quant->zero_point[0], &conv->low, &conv->high);
	if (relu)
		conv->low = INT8_MIN;
	err = dla_conv_job_prepare(&conv->job, lower->hw, wish, relu, quant->zero_point[0], why);
	free(wish);
	return err;
}

static bool same_shape(const struct dla_feature *a, const struct dla_feature *b)
{
	return a->width == b->width && a->height == b->height && a->channels == b->channels;
}

static int prepare_with_add(const struct dla_lower *lower, const struct dla_op *op, const struct dla_op *add,
			    struct lowered_conv *conv, const char **why)
{
	const struct dla_quant *out = &lower->graph->tensor[conv->made].quant;
	const struct dla_quant *quant = &lower->graph->tensor[conv->residual].quant;
	struct dla_feature feature[2];
	struct dla_residual residual;
	struct dla_requant_wish *wish;
	int err;

	if (!dla_lower_is_int8(lower, conv->residual) || !dla_lower_is_int8(lower, conv->made) ||
	    !dla_lower_own_pictures(lower, conv->residual, &feature[0]) ||
	    !dla_lower_own_pictures(lower, conv->made, &feature[1]) ||
	    !same_shape(&feature[0], &feature[1]))
		*why = "not two int8 tensors of one shape";
	else if (op->activation != DLA_ACT_NONE && op->activation != DLA_ACT_RELU)
		*why = "the convolution's result is cut above";
	if (*why)
		return 0;

	residual = (struct dla_residual) {
		.ratio = (double)quant->scale[0] / out->scale[0],
		.zero = quant->zero_point[0],
		.zero_out = out->zero_point[0],
		.inner_relu = op->activation == DLA_ACT_RELU,
	};
	dla_activation_range(add->activation, out->scale[0], out->zero_point[0], &residual.low, &residual.high);
	/* Where zero is the lowest output there is, saturation is the ReLU. */
	residual.relu = is_relu(add) && residual.low > INT8_MIN &&
			(!residual.inner_relu || residual.zero == 0);
	conv->low = residual.relu ? INT8_MIN : residual.low;
	conv->high = residual.high;

	wish = dla_conv_wishes(lower->graph, op, &conv->job.kernels, quant->scale[0], false);
	if (!wish)
		return dla_fail_memory();
	err = dla_conv_job_prepare_add(&conv->job, lower->hw, wish, &residual, why);
	free(wish);
	/* Neighbours that the convolution has still to read must not be overwritten. */
	if (lower->root[conv->residual] != lower->root[conv->input] && !conv->pools)
		conv->base.in_place = 1U << 1;
	return err;
}

/* The convolution makes what the pooling uses, and no more: PDP cannot pass over anything. */
static bool prepare_pooling(const struct dla_lower *lower, const struct dla_node *node, struct lowered_conv *conv,
			    const char **why)
{
	struct dla_conv_job *job = &conv->job;

	conv->pools = dla_pooling_on_the_fly(lower, node, &conv->pooling, why);
	if (!conv->pools)
		return false;
	job->out.width = job->shape.out_width = dla_pooling_columns(&conv->pooling);
	job->out.height = job->shape.out_height = dla_pooling_lines(&conv->pooling);
	return true;
}

/* Nobody else reads the input's memory: it is its own, or that of what a QUANTIZE leaves as it is. */
static bool is_alone(const struct dla_lower *lower, int input, int root)
{
	const struct dla_graph *graph = lower->graph;
	const struct dla_op *op = input == root ? NULL : &graph->op[graph->tensor[input].producer];

	return lower->uses[root] == 1 &&
	       (!op || (lower->uses[input] == 1 && op->input[0] == root && dla_lower_is_same(lower, op)));
}

/*
 * What the CPU puts there for this convolution alone may lie as that likes it best. What the NPU makes
 * consists of atoms.
 */
static void choose_form(const struct dla_lower *lower, struct lowered_conv *conv)
{
	struct dla_conv_job *job = &conv->job;
	int root = lower->root[conv->input];
	enum dla_form form;

	if (conv->copies || conv->in.pictures > 1 || !is_alone(lower, conv->input, root) ||
	    !dla_lower_is_from_cpu(lower, root))
		return;
	form = dla_image_choose(&conv->hw, &job->shape);
	dla_feature_set_form(&conv->in, form);
	dla_feature_set_form(&job->in, form);
	job->shape.pixel = dla_image_pixel(&conv->hw, &job->shape, form);
	job->is_unsigned = form != DLA_FORM_ATOMS && lower->flip && lower->flip[root];
	conv->base.form = form;
}

/* What the convolution has left to cut may be cut behind the largest of it, but not behind an average. */
static void cut_in_pooling(struct lowered_conv *conv, const char **why)
{
	struct dla_pooling *p = &conv->pooling;

	if (conv->job.tiling->count > 1)
		*why = "a pooling takes one layer";
	else if (p->pool != DRM_NVDLA_POOL_MAX && (conv->low > INT8_MIN || conv->high < INT8_MAX))
		*why = "an average of what is cut";
	if (conv->low > p->low)
		p->low = conv->low;
	if (conv->high < p->high)
		p->high = conv->high;
}

static const char *how(const struct lowered_conv *conv)
{
	bool tiles = conv->job.tiling->count > 1;

	if (conv->pools)
		return "PDP, with the convolution";
	if (conv->residual == DLA_NO_TENSOR)
		return tiles ? "in tiles" : "one layer";
	return tiles ? "with the convolution, in tiles" : "with the convolution";
}

/* Which planes have an input that is to be multiplied twice; how many. */
static uint32_t find_copies(const int8_t *rest, size_t bytes, const struct dla_feature *in, uint32_t *copy)
{
	uint32_t planes = (in->channels + in->atom - 1) / in->atom, count = 0;
	bool *needed = calloc(planes, sizeof(*needed));

	if (!needed)
		return 0;
	for (size_t i = 0; i < bytes; i++)
		if (rest[i])
			needed[i % in->channels / in->atom] = true;
	for (uint32_t p = 0; p < planes; p++)
		if (needed[p])
			copy[count++] = p;
	free(needed);
	return count;
}

/* Kernels with channels for the copied planes behind those of the last plane. */
static int widen(struct lowered_conv *conv, const struct dla_weights *split)
{
	struct dla_kernels *k = &conv->job.kernels;
	const struct dla_feature *in = &conv->job.in;
	uint32_t planes = (in->channels + in->atom - 1) / in->atom;
	size_t taps = (size_t)k->kernels * k->height * k->width;
	uint32_t channels;

	conv->copy = calloc(planes, sizeof(*conv->copy));
	if (!conv->copy)
		return dla_fail_memory();
	conv->copies = find_copies(split->rest, taps * in->channels, in, conv->copy);
	channels = (planes + conv->copies) * in->atom;
	conv->weights = calloc(taps, channels);
	conv->job.channel = calloc(channels, sizeof(*conv->job.channel));
	if (!conv->copies || !conv->weights || !conv->job.channel)
		return dla_fail_memory();

	for (uint32_t c = 0; c < in->channels; c++)
		conv->job.channel[c] = (uint16_t)c;
	for (size_t tap = 0; tap < taps; tap++)
		memcpy(conv->weights + tap * channels, split->near + tap * in->channels, in->channels);
	for (uint32_t i = 0; i < conv->copies; i++) {
		uint32_t from = conv->copy[i] * in->atom, to = (planes + i) * in->atom;

		for (uint32_t c = 0; c < in->atom && from + c < in->channels; c++) {
			conv->job.channel[to + c] = (uint16_t)(from + c);
			for (size_t tap = 0; tap < taps; tap++)
				conv->weights[tap * channels + to + c] = split->rest[tap * in->channels + from + c];
		}
	}
	k->data = conv->weights;
	k->channels = channels;
	conv->base.behind = (size_t)conv->copies * in->surface_stride;
	return 0;
}

/* Let the kernels multiply with the weights less their zero point. */
static int take_zero_point(struct lowered_conv *conv, const struct dla_tensor *weights, const char **why)
{
	struct dla_weights split;
	int err;

	if (weights->quant.zero_point[0] == 0)
		return 0;
	err = dla_weights_split(weights, &split, why);
	if (!err && !*why) {
		if (split.rest) {
			err = widen(conv, &split);
		} else {
			conv->job.kernels.data = conv->weights = split.near;
			split.near = NULL;
		}
	}
	dla_weights_release(&split);
	return err;
}

static int lower_kernels(const struct dla_lower *lower, const struct dla_node *node,
			 const struct dla_feature *in, const struct dla_feature *out,
			 const struct dla_kernels *kernels, const struct dla_window *window,
			 struct dla_lowered **lowered, const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_conv, .eval = eval_conv, .release = release_conv,
	};
	const struct dla_graph *graph = lower->graph;
	bool adds = node->add != DLA_NO_OP;
	struct lowered_conv *conv = dla_lowered_new(sizeof(*conv), &ops, lowered);
	int err;

	if (!conv)
		return dla_fail_memory();
	conv->hw = *lower->hw;
	conv->input = dla_node_input(graph, node, 0);
	conv->residual = adds ? dla_node_input(graph, node, 1) : DLA_NO_TENSOR;
	conv->made = graph->op[adds ? node->add : node->op].output[0];
	conv->output = graph->op[dla_node_last(node)].output[0];
	conv->in = *in;
	conv->out = *out;
	conv->job.pictures = in->pictures;
	conv->job.in = dla_feature_picture(in);
	conv->job.out = dla_feature_picture(out);
	conv->job.kernels = *kernels;
	conv->job.pad_value = graph->tensor[conv->input].quant.zero_point[0];
	err = take_zero_point(conv, &graph->tensor[graph->op[node->op].input[1]], why);
	if (err || *why)
		return err;
	conv->job.shape = (struct dla_conv_shape) {
		.in_width = in->width, .in_height = conv->job.in.height, .channels = conv->job.kernels.channels,
		.out_width = out->width, .out_height = conv->job.out.height, .kernels = out->channels,
		.window = *window,
	};
	if (node->pool != DLA_NO_OP && !prepare_pooling(lower, node, conv, why))
		return 0;
	if (graph->op[node->op].kind == DLA_OP_CONV_2D)
		choose_form(lower, conv);
	if (adds)
		err = prepare_with_add(lower, &graph->op[node->op], &graph->op[node->add], conv, why);
	else
		err = prepare_alone(lower, &graph->op[node->op], conv, why);
	if (!err && !*why && conv->pools)
		cut_in_pooling(conv, why);
	if (!err && !*why)
		conv->base.how = how(conv);
	return err;
}

/*
 * Pictures whose windows tile their lines, without padding above or below, are one picture to a
 * convolution.
 */
static void join_pictures(struct dla_feature *in, struct dla_feature *out, const struct dla_window *w)
{
	int32_t in_height = (int32_t)(in->height / in->pictures), out_height = (int32_t)(out->height / out->pictures);

	if (w->pad_top || w->pad_bottom || out_height * w->stride_h != in_height ||
	    (w->kernel_h - 1) * w->dilation_h + 1 > w->stride_h)
		return;
	in->pictures = out->pictures = 1;
}

int dla_lower_conv(const struct dla_lower *lower, const struct dla_node *node,
		   struct dla_lowered **lowered, const char **why)
{
	const struct dla_op *op = &lower->graph->op[node->op];
	const struct dla_tensor *weights = &lower->graph->tensor[op->input[1]];
	int input = dla_node_input(lower->graph, node, 0);
	struct dla_window window = op->window;
	struct dla_kernels kernels = {
		.data = weights->data,
		.kernels = (uint32_t)weights->shape.dim[0],
		.height = (uint32_t)weights->shape.dim[1],
		.width = (uint32_t)weights->shape.dim[2],
		.channels = (uint32_t)weights->shape.dim[3],
	};
	struct dla_feature in, out;

	if (!dla_conv_operands_fit(lower, node, 0))
		*why = "not a computed 8-bit tensor and constant weights";
	else if (!dla_lower_own_pictures(lower, input, &in) ||
		 !dla_lower_own_pictures(lower, op->output[0], &out))
		*why = "not pictures within 8192 x 8192 x 8192";
	else if (in.channels != kernels.channels)
		*why = "grouped";
	else if (!dla_conv_take_pad(lower, node, &in, &out, &window))
		*why = "padding wider than the hardware's";
	else
		join_pictures(&in, &out, &window);
	if (!*why && !dla_conv_picture_fits(&out))
		*why = "several pictures of one pixel";
	if (*why)
		return 0;
	return lower_kernels(lower, node, &in, &out, &kernels, &window, lowered, why);
}

/*
 * Let a tensor be rows of so many pixels each, one below the other: its pixels lie one behind the other,
 * and so do those of a row, which are a rectangle of any sides. Several rows have to be of no more
 * lines than the hardware's widest stride. False when there is no such rectangle.
 */
static bool take_rows(struct dla_feature *feature, uint32_t rows)
{
	enum { KERNEL_LIMIT = 32, STRIDE_LIMIT = 8 };
	uint32_t pixels = feature->width * feature->height / rows;
	uint32_t height = feature->height / rows, limit = rows > 1 ? STRIDE_LIMIT : KERNEL_LIMIT;

	if (feature->height % rows || height > limit || feature->width > KERNEL_LIMIT)
		for (height = 1; height <= limit && (pixels % height || pixels / height > KERNEL_LIMIT); )
			height++;
	if (height > limit)
		return false;
	feature->width = pixels / height;
	feature->height = height * rows;
	feature->line_stride = feature->width * feature->atom;
	return true;
}

/* Rows of one pixel each: a picture, of lines that leave most of the convolution buffer empty. */
static void make_picture(struct dla_feature *in, struct dla_feature *out, uint32_t rows)
{
	enum { LINE_ENTRIES = 2048 };
	uint32_t planes = (in->channels + in->atom - 1) / in->atom, height = 1;

	while (rows % height || (uint64_t)planes * (rows / height) > LINE_ENTRIES)
		if (++height == rows)
			break;
	in->height = out->height = height;
	in->width = out->width = rows / height;
	in->line_stride = out->line_stride = in->width * in->atom;
}

/* A row of its input is what one kernel position of a convolution covers. */
int dla_lower_fully_connected(const struct dla_lower *lower, const struct dla_node *node,
			      struct dla_lowered **lowered, const char **why)
{
	const struct dla_op *op = &lower->graph->op[node->op];
	const struct dla_tensor *weights = &lower->graph->tensor[op->input[1]];
	struct dla_window window = {
		.kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1,
	};
	struct dla_kernels kernels;
	struct dla_feature in, out;
	uint32_t rows = 0, columns = (uint32_t)weights->shape.dim[1];

	if (!dla_conv_operands_fit(lower, node, 0)) {
		*why = "not a computed 8-bit tensor and constant weights";
	} else if (!dla_lower_feature(lower, op->input[0], &in) ||
		   !dla_lower_own_pictures(lower, op->output[0], &out)) {
		*why = "not pictures within 8192 x 8192 x 8192";
	} else {
		rows = out.width * out.height;
		if (columns % in.channels)
			*why = "rows of parts of pixels";
		else if (columns > in.channels && !take_rows(&in, rows))
			*why = "rows of too many pixels for a kernel";
	}
	if (*why)
		return 0;

	if (columns == in.channels) {
		make_picture(&in, &out, rows);
	} else {
		window.kernel_h = window.stride_h = (int32_t)(in.height / rows);
		window.kernel_w = (int32_t)in.width;
		out.width = 1;
		out.height = rows;
		out.line_stride = out.atom;
	}
	if (rows == 1)
		window.stride_h = 1;
	in.pictures = out.pictures = 1;
	/* A row was flattened line by line, channels innermost: weights lie as a kernel's do. */
	kernels = (struct dla_kernels) {
		.data = weights->data, .kernels = out.channels,
		.height = (uint32_t)window.kernel_h, .width = (uint32_t)window.kernel_w, .channels = in.channels,
	};
	return lower_kernels(lower, node, &in, &out, &kernels, &window, lowered, why);
}
