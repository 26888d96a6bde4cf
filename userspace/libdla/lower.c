// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "lower.h"

bool dla_lower_feature(const struct dla_lower *lower, int tensor, struct dla_feature *feature)
{
	const struct dla_tensor *root = &lower->graph->tensor[lower->root[tensor]];

	return dla_feature_of(&root->shape, lower->hw->atom, feature);
}

bool dla_lower_own_pictures(const struct dla_lower *lower, int tensor, struct dla_feature *feature)
{
	struct dla_feature own;

	return dla_lower_feature(lower, tensor, feature) &&
	       dla_feature_of(&lower->graph->tensor[tensor].shape, lower->hw->atom, &own) &&
	       own.width == feature->width && own.height == feature->height &&
	       own.channels == feature->channels && own.pictures == feature->pictures;
}

bool dla_lower_own_feature(const struct dla_lower *lower, int tensor, struct dla_feature *feature)
{
	return dla_lower_own_pictures(lower, tensor, feature) && feature->pictures == 1;
}

bool dla_lower_is_int8(const struct dla_lower *lower, int tensor)
{
	const struct dla_tensor *t = &lower->graph->tensor[tensor];

	return !t->data && t->type == DLA_INT8 && t->quant.count == 1;
}

void *dla_lowered_new(size_t bytes, const struct dla_lowered_ops *ops, struct dla_lowered **lowered)
{
	*lowered = calloc(1, bytes);
	if (*lowered)
		(*lowered)->ops = ops;
	return *lowered;
}

void dla_lowered_free(struct dla_lowered *lowered)
{
	if (lowered && lowered->ops->release)
		lowered->ops->release(lowered);
	free(lowered);
}

struct drm_nvdla_op *dla_emit_op(struct dla_emit *emit, enum drm_nvdla_engine engine)
{
	struct drm_nvdla_op *op;

	if (emit->count == emit->room) {
		unsigned int room = emit->room ? emit->room * 2 : 64;

		op = realloc(emit->op, room * sizeof(*op));
		if (!op) {
			dla_fail(ENOMEM, "out of memory for %u hardware layers", room);
			return NULL;
		}
		emit->op = op;
		emit->room = room;
	}
	op = &emit->op[emit->count++];
	memset(op, 0, sizeof(*op));
	op->engine = engine;
	op->cookie = emit->cookie;
	return op;
}

size_t dla_emit_offset(const struct dla_emit *emit, int tensor)
{
	return emit->offset[emit->root[tensor]];
}

struct drm_nvdla_surface dla_emit_surface(const struct dla_feature *feature, size_t offset)
{
	return (struct drm_nvdla_surface) {
		.addr = { .slot = DLA_SLOT_ARENA, .offset = offset },
		.line_stride = feature->line_stride,
		.surface_stride = feature->surface_stride,
	};
}

int dla_emit_clamp(struct dla_emit *emit, const struct dla_feature *feature, size_t offset,
		   int32_t low, int32_t high)
{
	struct drm_nvdla_op *op;
	struct drm_nvdla_sdp *sdp;

	if (low == INT8_MIN && high == INT8_MAX)
		return 0;
	op = dla_emit_op(emit, DRM_NVDLA_SDP);
	if (!op)
		return -ENOMEM;
	sdp = &op->sdp;
	sdp->src = dla_emit_surface(feature, offset);
	sdp->dst = sdp->src;
	sdp->width = (__u16)feature->width;
	sdp->height = (__u16)feature->height;
	sdp->channels = (__u16)feature->channels;
	sdp->out_scale = 1;
	if (low > INT8_MIN) {
		sdp->x1.alu = DRM_NVDLA_ALU_MAX;
		sdp->x1.alu_value = (__s16)low;
	}
	if (high < INT8_MAX) {
		sdp->x2.alu = DRM_NVDLA_ALU_MIN;
		sdp->x2.alu_value = (__s16)high;
	}
	return 0;
}

/* Nothing to run: its output is its input's memory, seen as another shape. */
struct alias {
	struct dla_lowered base;
	size_t bytes;
};

static int emit_nothing(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	(void)lowered;
	(void)emit;
	return 0;
}

static void eval_nothing(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct alias *alias = (const struct alias *)lowered;

	memcpy(output, input[0], alias->bytes);
}

static int lower_alias(const struct dla_lower *lower, const struct dla_op *op, struct dla_lowered **lowered,
		       const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_nothing, .eval = eval_nothing,
	};
	struct dla_feature feature;
	struct alias *alias;

	if (!dla_lower_is_int8(lower, op->input[0]) || !dla_lower_feature(lower, op->input[0], &feature)) {
		*why = "not int8 pictures";
		return 0;
	}
	alias = dla_lowered_new(sizeof(*alias), &ops, lowered);
	if (!alias)
		return dla_fail_memory();
	alias->base.how = "no copy";
	alias->bytes = lower->graph->tensor[op->output[0]].bytes;
	lower->root[op->output[0]] = lower->root[op->input[0]];
	return 0;
}

static int lower_reshape(const struct dla_lower *lower, const struct dla_node *node,
			 struct dla_lowered **lowered, const char **why)
{
	return lower_alias(lower, &lower->graph->op[node->op], lowered, why);
}

bool dla_lower_is_same(const struct dla_lower *lower, const struct dla_op *op)
{
	const struct dla_tensor *in = &lower->graph->tensor[op->input[0]], *out = &lower->graph->tensor[op->output[0]];

	return op->kind == DLA_OP_QUANTIZE && in->type == DLA_INT8 && out->type == DLA_INT8 &&
	       in->quant.count == 1 && out->quant.count == 1 && in->quant.scale[0] == out->quant.scale[0] &&
	       in->quant.zero_point[0] == out->quant.zero_point[0];
}

/* As the NPU sees it, uint8 became int8 before. */
static int lower_quantize(const struct dla_lower *lower, const struct dla_node *node,
			  struct dla_lowered **lowered, const char **why)
{
	const struct dla_op *op = &lower->graph->op[node->op];

	if (dla_lower_is_same(lower, op))
		return lower_alias(lower, op, lowered, why);
	return dla_lower_table(lower, node, lowered, why);
}

/* The most ways to do an operation. */
#define WAYS 3

static const struct {
	dla_lower_fn *way[WAYS];	/* the better first */
	const char *limits;		/* for people */
} kinds[DLA_OP_KIND_COUNT] = {
	[DLA_OP_ADD] = { { dla_lower_add, dla_lower_table, dla_lower_element },
		"8-bit; two pictures of one size, or one and a constant number or one for each channel" },
	[DLA_OP_AVERAGE_POOL_2D] = { { dla_lower_pool },
		"8-bit; one scale; no padding; one picture if windows are of more than 7" },
	[DLA_OP_CONCATENATION] = { { dla_lower_move },
		"8-bit; parts begin at whole atoms of channels; no layer for a part that can lie there from the start" },
	[DLA_OP_CONV_2D] = { { dla_lower_conv },
		"8-bit; a group of kernels in the convolution buffer, windows up to 32x32, strides up to 8" },
	[DLA_OP_DEPTHWISE_CONV_2D] = { { dla_lower_depthwise },
		"8-bit; windows up to 32x32, strides up to 8" },
	[DLA_OP_EXPAND_DIMS] = { { lower_reshape },
		"8-bit; no layer: its input is on the NPU" },
	[DLA_OP_FULLY_CONNECTED] = { { dla_lower_fully_connected },
		"8-bit; a row of whole pixels, 32 x 32 at most; several, 8 x 32" },
	[DLA_OP_HARD_SWISH] = { { dla_lower_table },
		"8-bit to 8-bit; exact" },
	[DLA_OP_LEAKY_RELU] = { { dla_lower_table },
		"8-bit to 8-bit; exact" },
	[DLA_OP_LOGISTIC] = { { dla_lower_table },
		"8-bit to 8-bit; exact" },
	[DLA_OP_MAXIMUM] = { { dla_lower_element, dla_lower_table },
		"8-bit; two pictures of one size, or one and a number, or one for each channel; exact" },
	[DLA_OP_MAX_POOL_2D] = { { dla_lower_pool },
		"8-bit; windows up to 8x8; exact" },
	[DLA_OP_MEAN] = { { dla_lower_mean },
		"8-bit, one picture; over height and width" },
	[DLA_OP_MINIMUM] = { { dla_lower_element, dla_lower_table },
		"8-bit; two pictures of one size, or one and a number, or one for each channel; exact" },
	[DLA_OP_MUL] = { { dla_lower_element, dla_lower_table },
		"8-bit; a picture and a constant number or one for each channel; a picture and another, or a computed number for each channel, if a zero point is 0 or minus a power of two" },
	[DLA_OP_PAD] = { .limits = "in the convolution behind it" },
	[DLA_OP_PRELU] = { { dla_lower_element, dla_lower_table },
		"8-bit; a constant slope, or one for each channel" },
	[DLA_OP_QUANTIZE] = { { lower_quantize },
		"8-bit to 8-bit; exact" },
	[DLA_OP_RELU] = { { dla_lower_table },
		"8-bit to 8-bit; exact" },
	[DLA_OP_RELU6] = { { dla_lower_table },
		"8-bit to 8-bit; exact" },
	[DLA_OP_RELU_0_TO_1] = { { dla_lower_table },
		"8-bit to 8-bit; exact" },
	[DLA_OP_RELU_N1_TO_1] = { { dla_lower_table },
		"8-bit to 8-bit; exact" },
	[DLA_OP_RESHAPE] = { { lower_reshape },
		"8-bit; no layer: its input is on the NPU" },
	[DLA_OP_RESIZE_NEAREST_NEIGHBOR] = { { dla_lower_resize },
		"8-bit; to a multiple of the size; corners not aligned; exact" },
	[DLA_OP_SLICE] = { { dla_lower_move },
		"8-bit; steps of 1; begins at a whole atom of channels; no layer if it can stay where it lies" },
	[DLA_OP_SPLIT] = { { dla_lower_move },
		"8-bit; parts begin at whole atoms of channels; no layer for a part that can stay where it lies" },
	[DLA_OP_SPLIT_V] = { { dla_lower_move },
		"8-bit; parts begin at whole atoms of channels; no layer for a part that can stay where it lies" },
	[DLA_OP_SQUEEZE] = { { lower_reshape },
		"8-bit; no layer: its input is on the NPU" },
	[DLA_OP_STRIDED_SLICE] = { { dla_lower_move },
		"8-bit; steps of 1; begins at a whole atom of channels; no layer if it can stay where it lies" },
	[DLA_OP_SUB] = { { dla_lower_add, dla_lower_table, dla_lower_element },
		"8-bit; two pictures of one size, or one and a constant number or one for each channel" },
	[DLA_OP_TANH] = { { dla_lower_table },
		"8-bit to 8-bit; exact" },
	[DLA_OP_TRANSPOSE_CONV] = { { dla_lower_transpose_conv },
		"8-bit, one picture; no output without an input in its kernel; weights within 8 bits of their zero point" },
};

bool dla_lower_is_from_cpu(const struct dla_lower *lower, int tensor)
{
	int producer = lower->graph->tensor[tensor].producer;
	const struct dla_op *op;

	if (producer < 0)
		return true;
	op = &lower->graph->op[producer];
	if (dla_op_is_view(op->kind))
		return dla_lower_is_from_cpu(lower, op->input[0]);
	/* A picture of other numbers than bytes is not for the NPU. */
	return !kinds[op->kind].way[0] || dla_type_size(lower->graph->tensor[op->input[0]].type) != 1;
}

const char *dla_lower_limits(enum dla_op_kind kind)
{
	return kinds[kind].limits;
}

int dla_lower_node(const struct dla_lower *lower, const struct dla_node *node,
		   struct dla_lowered **lowered, const char **why)
{
	dla_lower_fn *const *way = kinds[lower->graph->op[node->op].kind].way;

	*lowered = NULL;
	*why = "not an operation of the NPU";
	for (unsigned int i = 0; i < WAYS && way[i] && !*lowered; i++) {
		const char *this_why = NULL;
		int err = way[i](lower, node, lowered, &this_why);

		if (err || this_why) {
			dla_lowered_free(*lowered);
			*lowered = NULL;
		}
		if (err)
			return err;
		/* Why the best way is no way. */
		if (i == 0)
			*why = this_why;
	}
	return 0;
}
