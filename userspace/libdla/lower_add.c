// SPDX-License-Identifier: MIT
#include <errno.h>

#include "error.h"
#include "lower.h"

struct lowered_add {
	struct dla_lowered base;
	struct dla_add add;
	struct dla_feature feature;
	int input[2], output;
	int32_t low, high;
};

static int emit_add(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_add *l = (const struct lowered_add *)lowered;
	const struct dla_add *add = &l->add;
	size_t a = dla_emit_offset(emit, l->input[add->swap]);
	size_t b = dla_emit_offset(emit, l->input[!add->swap]);
	size_t dst = dla_emit_offset(emit, l->output);
	struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_SDP);
	struct drm_nvdla_sdp *sdp;

	if (!op)
		return -ENOMEM;
	sdp = &op->sdp;
	sdp->src = dla_emit_surface(&l->feature, a);
	sdp->dst = dla_emit_surface(&l->feature, dst);
	sdp->width = (__u16)l->feature.width;
	sdp->height = (__u16)l->feature.height;
	sdp->channels = (__u16)l->feature.channels;

	sdp->x1.alu = DRM_NVDLA_ALU_SUM;
	sdp->x1.alu_value = (__s16)-add->zero_a;
	sdp->x1.mul = DRM_NVDLA_MUL_SCALE;
	sdp->x1.mul_value = add->m;
	sdp->x1.mul_shift = (__u8)add->shift;

	sdp->x2.alu = DRM_NVDLA_ALU_SUM;
	sdp->x2.alu_operand = DRM_NVDLA_OPERAND_ELEMENT;
	sdp->x2.operand_bytes = 1;
	sdp->x2.alu_shift = (__u8)add->p;
	sdp->x2.operand = dla_emit_surface(&l->feature, b);

	sdp->out_offset = add->offset;
	sdp->out_scale = add->scale;
	sdp->out_shift = (__u8)add->out_shift;
	return dla_emit_clamp(emit, &l->feature, dst, l->low, l->high);
}

static void eval_add(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_add *l = (const struct lowered_add *)lowered;
	size_t count = (size_t)l->feature.width * l->feature.height * l->feature.channels;

	for (size_t i = 0; i < count; i++)
		output[i] = dla_clamp(dla_add_eval(&l->add, input[l->add.swap][i], input[!l->add.swap][i]),
				      l->low, l->high);
}

int dla_lower_add(const struct dla_lower *lower, const struct dla_node *node,
		  struct dla_lowered **lowered, const char **why)
{
	const struct dla_op *op = &lower->graph->op[node->op];
	static const struct dla_lowered_ops ops = {
		.emit = emit_add, .eval = eval_add,
	};
	const struct dla_quant *q0 = &lower->graph->tensor[op->input[0]].quant;
	const struct dla_quant *q1 = &lower->graph->tensor[op->input[1]].quant;
	const struct dla_quant *out = &lower->graph->tensor[op->output[0]].quant;
	struct dla_feature feature[3];
	struct lowered_add *l;

	for (unsigned int i = 0; i < 3; i++) {
		int tensor = i < 2 ? op->input[i] : op->output[0];

		if (!dla_lower_is_int8(lower, tensor)) {
			*why = "not two computed int8 tensors";
			return 0;
		}
		if (!dla_lower_own_pictures(lower, tensor, &feature[i])) {
			*why = "not pictures within 8192 x 8192 x 8192";
			return 0;
		}
		if (feature[i].width != feature[0].width || feature[i].height != feature[0].height ||
		    feature[i].channels != feature[0].channels) {
			*why = "operands of different shapes";
			return 0;
		}
	}

	l = dla_lowered_new(sizeof(*l), &ops, lowered);
	if (!l)
		return dla_fail_memory();
	l->base.how = "one layer";
	l->base.in_place = 1U << 0 | 1U << 1;
	l->feature = feature[0];
	l->input[0] = op->input[0];
	l->input[1] = op->input[1];
	l->output = op->output[0];
	(op->kind == DLA_OP_SUB ? dla_sub_init : dla_add_init)
		(&l->add, q0->scale[0], q0->zero_point[0], q1->scale[0], q1->zero_point[0],
		 out->scale[0], out->zero_point[0]);
	dla_activation_range(op->activation, out->scale[0], out->zero_point[0], &l->low, &l->high);
	if (l->add.error >= DLA_ERROR_LIMIT)
		*why = "16-bit multipliers would be too coarse";
	return 0;
}
