// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "lower.h"

/*
 * Element-wise operations in one SDP pass: MUL, MAXIMUM and MINIMUM of two tensors; ADD, SUB, MUL, PRELU,
 * MAXIMUM and MINIMUM of a tensor and one number for each of its channels. Such a number is a constant,
 * or, but for sums, a picture of one pixel that an earlier layer makes.
 */

#define OPERAND_ALIGN 256

/* What else an element is combined with. */
enum other {
	OTHER_ELEMENT,		/* the same element of another tensor */
	OTHER_CHANNEL,		/* the channel's element of a computed tensor */
	OTHER_CONSTANT,		/* a constant of the channel */
	OTHER_NOTHING_FIT
};

struct lowered_element {
	struct dla_lowered base;
	enum dla_op_kind kind;
	struct dla_feature feature;
	int x, y, output;	/* y: DLA_NO_TENSOR when constant */
	unsigned int x_input;	/* x is that input of the operation */
	enum other other;
	struct dla_affine *affine;	/* one of these three, */
	struct dla_slope *slope;
	struct dla_product product;
	int8_t *choice;			/* or per channel, constants of MAXIMUM and MINIMUM */
	int32_t low, high;
};

static void release_element(struct dla_lowered *lowered)
{
	struct lowered_element *l = (struct lowered_element *)lowered;

	free(l->affine);
	free(l->slope);
	free(l->choice);
}

/* ------------------------------------------------------------------------------- emitting */

/* Room for an operand of that many bytes a channel; its address goes into the stage. */
static uint8_t *add_operand(const struct lowered_element *l, struct dla_emit *emit, struct drm_nvdla_sdp_stage *stage,
			    unsigned int bytes)
{
	size_t channels = ((size_t)l->feature.channels + l->feature.atom - 1) / l->feature.atom * l->feature.atom;
	size_t at;

	if (dla_constants_add(emit->constants, channels * bytes, OPERAND_ALIGN, &at))
		return NULL;
	stage->operand_bytes = (__u8)bytes;
	stage->operand.addr = (struct drm_nvdla_addr) { .slot = emit->constants_slot, .offset = at };
	return emit->constants->data + at;
}

static void put_int16(uint8_t *out, unsigned int index, int16_t value)
{
	memcpy(out + 2 * index, &value, sizeof(value));
}

/* A tensor as a stage's operand, of one byte an element or a channel. */
static void set_tensor_operand(const struct lowered_element *l, struct dla_emit *emit, int tensor, bool elements,
			       struct drm_nvdla_sdp_stage *stage)
{
	stage->operand_bytes = 1;
	if (elements)
		stage->operand = dla_emit_surface(&l->feature, dla_emit_offset(emit, tensor));
	else
		stage->operand.addr = (struct drm_nvdla_addr) {
			.slot = DLA_SLOT_ARENA, .offset = dla_emit_offset(emit, tensor),
		};
}

static __u8 operand_kind(const struct lowered_element *l)
{
	return l->other == OTHER_ELEMENT ? DRM_NVDLA_OPERAND_ELEMENT : DRM_NVDLA_OPERAND_CHANNEL;
}

static int emit_affine(const struct lowered_element *l, struct dla_emit *emit, struct drm_nvdla_sdp *sdp)
{
	const struct dla_affine *a = l->affine;
	uint8_t *operand = add_operand(l, emit, &sdp->x1, 2);

	if (!operand)
		return -ENOMEM;
	for (unsigned int c = 0; c < a->channels; c++)
		put_int16(operand, c, a->channel[c].m);
	sdp->x1.alu = DRM_NVDLA_ALU_SUM;
	sdp->x1.alu_value = (__s16)-a->zero;
	sdp->x1.mul = DRM_NVDLA_MUL_SCALE;
	sdp->x1.mul_operand = DRM_NVDLA_OPERAND_CHANNEL;

	operand = add_operand(l, emit, &sdp->x2, 2);
	if (!operand)
		return -ENOMEM;
	for (unsigned int c = 0; c < a->channels; c++)
		put_int16(operand, c, a->channel[c].k);
	sdp->x2.alu = DRM_NVDLA_ALU_SUM;
	sdp->x2.alu_operand = DRM_NVDLA_OPERAND_CHANNEL;
	sdp->x2.alu_shift = (__u8)a->p;
	sdp->x2.relu = a->relu;
	sdp->out_offset = a->offset;
	sdp->out_shift = (__u8)a->shift;
	return 0;
}

static int emit_slope(const struct lowered_element *l, struct dla_emit *emit, struct drm_nvdla_sdp *sdp)
{
	const struct dla_slope *s = l->slope;
	uint8_t *operand = add_operand(l, emit, &sdp->x2, 2);

	if (!operand)
		return -ENOMEM;
	for (unsigned int c = 0; c < s->channels; c++)
		put_int16(operand, c, s->slope[c]);
	sdp->x1.alu = DRM_NVDLA_ALU_SUM;
	sdp->x1.alu_value = (__s16)-s->zero;
	sdp->x1.mul = DRM_NVDLA_MUL_SCALE;
	sdp->x1.mul_value = s->m;
	sdp->x2.mul = DRM_NVDLA_MUL_PRELU;
	sdp->x2.mul_operand = DRM_NVDLA_OPERAND_CHANNEL;
	sdp->x2.mul_shift = (__u8)s->slope_shift;
	sdp->out_offset = s->offset;
	sdp->out_shift = (__u8)s->shift;
	return 0;
}

static int emit_product(const struct lowered_element *l, struct dla_emit *emit, struct drm_nvdla_sdp *sdp)
{
	const struct dla_product *p = &l->product;

	sdp->x1.alu = DRM_NVDLA_ALU_SUM;
	sdp->x1.alu_value = (__s16)-p->zero;
	sdp->x1.mul = DRM_NVDLA_MUL_SCALE;
	sdp->x1.mul_operand = operand_kind(l);
	set_tensor_operand(l, emit, l->y, l->other == OTHER_ELEMENT, &sdp->x1);
	if (p->again) {
		sdp->x2.alu = DRM_NVDLA_ALU_SUM;
		sdp->x2.alu_operand = DRM_NVDLA_OPERAND_ELEMENT;
		sdp->x2.alu_shift = (__u8)p->k;
		set_tensor_operand(l, emit, l->x, true, &sdp->x2);
	}
	sdp->out_offset = p->offset;
	sdp->out_scale = p->scale;
	sdp->out_shift = (__u8)p->shift;
	return 0;
}

static int emit_choice(const struct lowered_element *l, struct dla_emit *emit, struct drm_nvdla_sdp *sdp)
{
	sdp->x1.alu = l->kind == DLA_OP_MAXIMUM ? DRM_NVDLA_ALU_MAX : DRM_NVDLA_ALU_MIN;
	sdp->x1.alu_operand = operand_kind(l);
	if (l->other == OTHER_CONSTANT) {
		uint8_t *operand = add_operand(l, emit, &sdp->x1, 1);

		if (!operand)
			return -ENOMEM;
		memcpy(operand, l->choice, l->feature.channels);
	} else {
		set_tensor_operand(l, emit, l->y, l->other == OTHER_ELEMENT, &sdp->x1);
	}
	return 0;
}

static bool is_choice(const struct lowered_element *l)
{
	return l->kind == DLA_OP_MAXIMUM || l->kind == DLA_OP_MINIMUM;
}

static int emit_element(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_element *l = (const struct lowered_element *)lowered;
	struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_SDP);
	size_t dst = dla_emit_offset(emit, l->output);
	struct drm_nvdla_sdp *sdp;
	int err;

	if (!op)
		return -ENOMEM;
	sdp = &op->sdp;
	sdp->src = dla_emit_surface(&l->feature, dla_emit_offset(emit, l->x));
	sdp->dst = dla_emit_surface(&l->feature, dst);
	sdp->width = (__u16)l->feature.width;
	sdp->height = (__u16)l->feature.height;
	sdp->channels = (__u16)l->feature.channels;
	sdp->out_scale = 1;
	if (l->affine)
		err = emit_affine(l, emit, sdp);
	else if (l->slope)
		err = emit_slope(l, emit, sdp);
	else if (is_choice(l))
		err = emit_choice(l, emit, sdp);
	else
		err = emit_product(l, emit, sdp);
	return err ? err : dla_emit_clamp(emit, &l->feature, dst, l->low, l->high);
}

/* ----------------------------------------------------------------------------- evaluating */

static int8_t eval_one(const struct lowered_element *l, int8_t x, int8_t y, uint32_t channel)
{
	if (l->affine)
		return dla_affine_eval(l->affine, channel, x);
	if (l->slope)
		return dla_slope_eval(l->slope, channel, x);
	if (!is_choice(l))
		return dla_product_eval(&l->product, x, y);
	return (x > y) == (l->kind == DLA_OP_MAXIMUM) ? x : y;
}

static void eval_element(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_element *l = (const struct lowered_element *)lowered;
	const int8_t *x = input[l->x_input], *y = input[!l->x_input];
	uint32_t channels = l->feature.channels;
	size_t count = (size_t)l->feature.width * l->feature.height * channels;

	if (l->choice)
		y = l->choice;
	for (size_t i = 0; i < count; i++) {
		uint32_t channel = (uint32_t)(i % channels);
		int8_t other = l->affine || l->slope ? 0 : y[l->other == OTHER_ELEMENT ? i : channel];

		output[i] = dla_clamp(eval_one(l, x[i], other, channel), l->low, l->high);
	}
}

/* ------------------------------------------------------------------------------ preparing */

static bool same_size(const struct dla_feature *a, const struct dla_feature *b)
{
	return a->width == b->width && a->height == b->height && a->channels == b->channels;
}

/* How tensor goes into an operation on pictures of that size. */
static enum other other_of(const struct dla_lower *lower, int tensor, const struct dla_feature *size)
{
	const struct dla_tensor *t = &lower->graph->tensor[tensor];
	struct dla_feature own;

	if (t->data) {
		bool channels = t->shape.rank && (uint32_t)t->shape.dim[t->shape.rank - 1] == size->channels;

		return t->type == DLA_INT8 && t->quant.count == 1 && channels &&
		       dla_shape_elements(&t->shape) == size->channels ? OTHER_CONSTANT : OTHER_NOTHING_FIT;
	}
	if (!dla_lower_is_int8(lower, tensor) || !dla_lower_own_pictures(lower, tensor, &own))
		return OTHER_NOTHING_FIT;
	if (same_size(&own, size))
		return OTHER_ELEMENT;
	return own.width == 1 && own.height == 1 && own.channels == size->channels ? OTHER_CHANNEL : OTHER_NOTHING_FIT;
}

/* The constant of each channel as a real number; x is the operation's input x_input. */
static struct dla_affine *affine_of(const struct dla_graph *graph, const struct dla_op *op, unsigned int x_input,
				    unsigned int channels, bool relu)
{
	const struct dla_tensor *constant = &graph->tensor[op->input[!x_input]];
	const struct dla_quant *x = &graph->tensor[op->input[x_input]].quant;
	const struct dla_quant *y = &constant->quant, *out = &graph->tensor[op->output[0]].quant;
	struct dla_affine_wish *wish = calloc(channels, sizeof(*wish));
	double factor = (double)x->scale[0] / out->scale[0];
	struct dla_affine *affine;

	if (!wish)
		return NULL;
	for (unsigned int c = 0; c < channels; c++) {
		double real = (double)y->scale[0] * (((const int8_t *)constant->data)[c] - y->zero_point[0]);

		wish[c] = (struct dla_affine_wish) { .factor = factor, .addend = real / out->scale[0] };
		if (op->kind == DLA_OP_MUL)
			wish[c] = (struct dla_affine_wish) { .factor = factor * real };
		else if (op->kind == DLA_OP_SUB && x_input == 0)
			wish[c].addend = -wish[c].addend;
		else if (op->kind == DLA_OP_SUB)
			wish[c].factor = -factor;
	}
	affine = dla_affine_new(wish, channels, x->zero_point[0], out->zero_point[0], relu);
	free(wish);
	return affine;
}

static struct dla_slope *slope_of(const struct dla_graph *graph, const struct dla_op *op, unsigned int channels)
{
	const struct dla_tensor *constant = &graph->tensor[op->input[1]];
	const struct dla_quant *x = &graph->tensor[op->input[0]].quant, *out = &graph->tensor[op->output[0]].quant;
	double *slope = calloc(channels, sizeof(*slope));
	struct dla_slope *s;

	if (!slope)
		return NULL;
	for (unsigned int c = 0; c < channels; c++)
		slope[c] = (double)constant->quant.scale[0] *
			   (((const int8_t *)constant->data)[c] - constant->quant.zero_point[0]);
	s = dla_slope_new((double)x->scale[0] / out->scale[0], slope, channels, x->zero_point[0], out->zero_point[0]);
	free(slope);
	return s;
}

static double product_factor(const struct dla_graph *graph, const struct dla_op *op)
{
	return (double)graph->tensor[op->input[0]].quant.scale[0] * graph->tensor[op->input[1]].quant.scale[0] /
	       graph->tensor[op->output[0]].quant.scale[0];
}

static bool find_product(struct lowered_element *l, const struct dla_graph *graph, const struct dla_op *op)
{
	return dla_product_init(&l->product, product_factor(graph, op), graph->tensor[l->x].quant.zero_point[0],
				graph->tensor[l->y].quant.zero_point[0],
				graph->tensor[l->output].quant.zero_point[0]);
}

static int prepare(struct lowered_element *l, const struct dla_graph *graph, const struct dla_op *op, const char **why)
{
	bool relu = op->activation == DLA_ACT_RELU || op->activation == DLA_ACT_RELU6;
	const struct dla_quant *out = &graph->tensor[l->output].quant;
	double error = 0;

	dla_activation_range(op->activation, out->scale[0], out->zero_point[0], &l->low, &l->high);
	if (l->kind == DLA_OP_PRELU && l->other == OTHER_CONSTANT && l->x_input == 0) {
		l->slope = slope_of(graph, op, l->feature.channels);
		if (!l->slope)
			return dla_fail_memory();
		error = l->slope->error;
	} else if (is_choice(l)) {
		if (l->other == OTHER_CONSTANT) {
			l->choice = malloc(l->feature.channels);
			if (!l->choice)
				return dla_fail_memory();
			memcpy(l->choice, graph->tensor[op->input[!l->x_input]].data, l->feature.channels);
		}
	} else if (l->other == OTHER_CONSTANT && l->kind != DLA_OP_PRELU) {
		l->affine = affine_of(graph, op, l->x_input, l->feature.channels, relu);
		if (!l->affine)
			return dla_fail_memory();
		/* The ReLU is done at the real number 0, which is what it would clamp to. */
		if (relu)
			l->low = INT8_MIN;
		error = l->affine->error;
	} else if (l->kind == DLA_OP_MUL) {
		bool found = find_product(l, graph, op);

		/* Either factor may be the operand. */
		if (!found && l->other == OTHER_ELEMENT) {
			int x = l->x;

			l->x = l->y;
			l->y = x;
			l->x_input = !l->x_input;
			found = find_product(l, graph, op);
		}
		if (!found)
			*why = "no factor's zero point is 0 or minus a power of two";
		error = l->product.error;
	} else {
		*why = "no constants of the channels";
	}
	if (!*why && error >= DLA_ERROR_LIMIT)
		*why = "16-bit multipliers would be too coarse";
	return 0;
}

int dla_lower_element(const struct dla_lower *lower, const struct dla_node *node, struct dla_lowered **lowered,
		      const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_element, .eval = eval_element, .release = release_element,
	};
	const struct dla_graph *graph = lower->graph;
	const struct dla_op *op = &graph->op[node->op];
	enum other first, second;
	struct dla_feature out;
	struct lowered_element *l;

	if (!dla_lower_is_int8(lower, op->output[0]) || !dla_lower_own_pictures(lower, op->output[0], &out)) {
		*why = "not int8 pictures within 8192 x 8192 x 8192";
		return 0;
	}
	first = other_of(lower, op->input[0], &out);
	second = other_of(lower, op->input[1], &out);
	if ((first != OTHER_ELEMENT && second != OTHER_ELEMENT) || first == OTHER_NOTHING_FIT ||
	    second == OTHER_NOTHING_FIT) {
		*why = "not two int8 pictures of one size, or one and a number for each channel";
		return 0;
	}
	l = dla_lowered_new(sizeof(*l), &ops, lowered);
	if (!l)
		return dla_fail_memory();
	l->kind = op->kind;
	l->feature = out;
	l->x_input = first != OTHER_ELEMENT;
	l->other = l->x_input ? first : second;
	l->x = op->input[l->x_input];
	l->y = l->other == OTHER_CONSTANT ? DLA_NO_TENSOR : op->input[!l->x_input];
	l->output = op->output[0];
	l->base.how = l->other == OTHER_ELEMENT ? "one layer" : "one layer, with a number for each channel";
	l->base.in_place = l->other == OTHER_ELEMENT ? 3 : 1U << l->x_input;
	return prepare(l, graph, op, why);
}
