// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "image.h"
#include "lower_conv.h"

/* NVDLA fetches weights in bursts that start at multiples of this. */
#define WEIGHT_ALIGN	256
/* SDP operands: whole atoms of any configuration. */
#define OPERAND_ALIGN	64

int dla_conv_job_prepare(struct dla_conv_job *job, const struct drm_nvdla_dev_info *hw,
			 const struct dla_requant_wish *wish, bool relu, int32_t zero_point,
			 const char **why)
{
	job->tiling = dla_tile_conv(hw, &job->shape, why);
	if (!job->tiling)
		return 0;
	job->rq = dla_requant_new(wish, job->shape.kernels, relu, zero_point);
	if (!job->rq)
		return dla_fail_memory();
	if (job->rq->error >= DLA_ERROR_LIMIT)
		*why = "16-bit multipliers would be too coarse";
	return 0;
}

int dla_conv_job_prepare_add(struct dla_conv_job *job, const struct drm_nvdla_dev_info *hw,
			     const struct dla_requant_wish *wish, const struct dla_residual *residual,
			     const char **why)
{
	job->tiling = dla_tile_conv(hw, &job->shape, why);
	if (!job->tiling)
		return 0;
	job->add = dla_conv_add_new(wish, job->shape.kernels, residual);
	if (!job->add)
		return dla_fail_memory();
	if (!(job->add->error < DLA_FUSED_ERROR_LIMIT))
		*why = "16-bit multipliers would be too coarse";
	return 0;
}

void dla_conv_job_release(struct dla_conv_job *job)
{
	free(job->tiling);
	free(job->channel);
	free(job->rq);
	free(job->add);
}

/* A line of an image's kernel is one tap of many channels; spare ones have weights of zero. */
static int pack_image(const struct dla_kernels *k, uint32_t pixel, const struct drm_nvdla_dev_info *hw,
		      struct dla_constants *constants, size_t *at, size_t *bytes)
{
	size_t pixels = (size_t)k->kernels * k->height * k->width;
	struct dla_kernels lines = { NULL, k->kernels, k->height, 1, k->width * pixel };
	int8_t *data = calloc(pixels, pixel);
	int err;

	if (!data)
		return dla_fail_memory();
	for (size_t i = 0; i < pixels; i++)
		memcpy(data + i * pixel, k->data + i * k->channels, k->channels);
	lines.data = data;
	*bytes = dla_weights_bytes(&lines);
	err = dla_constants_add(constants, *bytes, WEIGHT_ALIGN, at);
	if (!err)
		dla_weights_pack(&lines, hw->atomic_k, hw->atomic_c, constants->data + *at);
	free(data);
	return err;
}

static int pack_kernels(const struct dla_conv_job *job, const struct dla_kernels *range,
			const struct drm_nvdla_dev_info *hw, struct dla_constants *constants,
			struct dla_conv_constants *at)
{
	size_t behind, bytes;
	int err;

	switch (job->in.form) {
	case DLA_FORM_LINES:
		err = pack_image(range, range->channels, hw, constants, &at->weights, &at->weight_bytes);
		/* For who binds pixels: see dla_image_use_pixels(). */
		if (!err && job->shape.pixel != range->channels)
			err = pack_image(range, job->shape.pixel, hw, constants, &behind, &bytes);
		return err;
	case DLA_FORM_PIXELS:
		return pack_image(range, job->shape.pixel, hw, constants, &at->weights, &at->weight_bytes);
	default:
		at->weight_bytes = dla_weights_bytes(range);
		err = dla_constants_add(constants, at->weight_bytes, WEIGHT_ALIGN, &at->weights);
		if (!err)
			dla_weights_pack(range, hw->atomic_k, hw->atomic_c, constants->data + at->weights);
		return err;
	}
}

int dla_conv_pack(const struct dla_conv_job *job, const struct dla_tile *tile,
		  const struct drm_nvdla_dev_info *hw, struct dla_constants *constants,
		  struct dla_conv_constants *at)
{
	const struct dla_kernels *all = &job->kernels;
	size_t kernel_bytes = (size_t)all->height * all->width * all->channels;
	size_t operand_bytes = dla_operands_bytes(tile->kernels, hw->atom);
	struct dla_kernels range = *all;
	int err;

	range.data += tile->kernel * kernel_bytes;
	range.kernels = tile->kernels;

	err = pack_kernels(job, &range, hw, constants, at);
	if (!err)
		err = dla_constants_add(constants, operand_bytes, OPERAND_ALIGN, &at->x1);
	if (!err && job->rq)
		err = dla_constants_add(constants, operand_bytes, OPERAND_ALIGN, &at->x2);
	if (err)
		return err;
	if (job->rq)
		dla_operands_pack(job->rq, tile->kernel, tile->kernels,
				  constants->data + at->x1, constants->data + at->x2);
	else
		dla_add_operands_pack(job->add, tile->kernel, tile->kernels, constants->data + at->x1);
	return 0;
}

bool dla_conv_picture_fits(const struct dla_feature *all)
{
	return all->pictures == 1 || all->width > 1 || all->height > all->pictures || all->channels <= all->atom;
}

struct dla_conv_tensors dla_conv_tensors_of(const struct dla_conv_job *job, const struct dla_conv_tensors *first,
					    uint32_t picture)
{
	size_t out = (size_t)picture * job->out.height * job->out.line_stride;
	struct dla_conv_tensors tensors = *first;

	tensors.src += (size_t)picture * job->in.height * job->in.line_stride;
	tensors.dst += out;
	tensors.residual += out;
	return tensors;
}

/* Pairs of one operand each per channel. */
static void set_pairs(struct drm_nvdla_sdp_stage *stage, struct drm_nvdla_addr operands, unsigned int alu_shift,
		      unsigned int mul_shift, bool relu)
{
	stage->operand.addr = operands;
	stage->alu = DRM_NVDLA_ALU_SUM;
	stage->mul = DRM_NVDLA_MUL_SCALE;
	stage->alu_operand = DRM_NVDLA_OPERAND_CHANNEL;
	stage->mul_operand = DRM_NVDLA_OPERAND_CHANNEL;
	stage->operand_bytes = sizeof(int16_t);
	stage->alu_shift = (__u8)alu_shift;
	stage->mul_shift = (__u8)mul_shift;
	stage->relu = relu;
}

static struct drm_nvdla_addr constant(const struct dla_emit *emit, size_t offset)
{
	return (struct drm_nvdla_addr) { .slot = emit->constants_slot, .offset = offset };
}

static void set_requant(struct drm_nvdla_sdp *sdp, const struct dla_requant *rq,
			const struct dla_conv_constants *at, const struct dla_emit *emit)
{
	set_pairs(&sdp->x1, constant(emit, at->x1), rq->s, 0, false);
	set_pairs(&sdp->x2, constant(emit, at->x2), rq->s2, rq->shift, rq->relu);
	sdp->out_offset = -rq->zero_point;
	sdp->out_scale = 1;
}

static void set_add(struct drm_nvdla_sdp *sdp, const struct dla_conv_add *add,
		    const struct dla_conv_constants *at, const struct dla_emit *emit, struct drm_nvdla_surface residual)
{
	set_pairs(&sdp->x1, constant(emit, at->x1), add->s, add->shift, add->inner_relu);
	sdp->x2.operand = residual;
	sdp->x2.alu = DRM_NVDLA_ALU_SUM;
	sdp->x2.alu_operand = DRM_NVDLA_OPERAND_ELEMENT;
	sdp->x2.operand_bytes = 1;
	sdp->x2.alu_shift = (__u8)add->p;
	sdp->x2.relu = add->relu;
	sdp->out_offset = add->offset;
	sdp->out_scale = add->scale;
	sdp->out_shift = (__u8)add->out_shift;
}

int dla_conv_emit(const struct dla_conv_job *job, const struct dla_tile *tile,
		  const struct dla_conv_constants *at, struct dla_emit *emit,
		  const struct dla_conv_tensors *tensors)
{
	const struct dla_window *w = &job->shape.window;
	/* Kernel ranges start at whole atoms: dla_tile_conv() makes them multiples of atomic-K. */
	size_t out = (size_t)tile->out_y * job->out.line_stride +
		     (size_t)tile->kernel / job->out.atom * job->out.surface_stride;
	struct drm_nvdla_op *op;
	struct drm_nvdla_conv *conv;
	struct drm_nvdla_sdp *sdp;

	op = dla_emit_op(emit, DRM_NVDLA_CONV);
	if (!op)
		return -ENOMEM;
	conv = &op->conv;
	conv->src = dla_emit_surface(&job->in, tensors->src + (size_t)tile->in_y * job->in.line_stride);
	conv->weights = constant(emit, at->weights);
	conv->weight_bytes = (__u32)at->weight_bytes;
	conv->format = DRM_NVDLA_FEATURE;
	conv->src_width = (__u16)job->tiling->in_width;
	conv->src_height = (__u16)tile->in_height;
	conv->src_channels = (__u16)job->shape.channels;
	conv->kernels = (__u16)tile->kernels;
	conv->kernel_width = (__u8)w->kernel_w;
	conv->kernel_height = (__u8)w->kernel_h;
	conv->stride_x = (__u8)w->stride_w;
	conv->stride_y = (__u8)w->stride_h;
	conv->dilation_x = (__u8)w->dilation_w;
	conv->dilation_y = (__u8)w->dilation_h;
	conv->pad_left = (__u8)w->pad_left;
	conv->pad_right = (__u8)job->tiling->pad_right;
	conv->pad_top = (__u8)tile->pad_top;
	conv->pad_bottom = (__u8)tile->pad_bottom;
	conv->pad_value = (__s16)job->pad_value;
	conv->dst_width = (__u16)job->shape.out_width;
	conv->dst_height = (__u16)tile->out_height;
	conv->reuse_lines = (__u16)tile->reuse_lines;
	conv->keep_lines = (__u16)tile->keep_lines;
	if (tile->reuse_lines == tile->in_height)
		memset(&conv->src, 0, sizeof(conv->src));
	if (tile->keep_weights)
		conv->flags |= DRM_NVDLA_CONV_KEEP_WEIGHTS;
	if (tile->reuse_weights) {
		conv->flags |= DRM_NVDLA_CONV_REUSE_WEIGHTS;
		memset(&conv->weights, 0, sizeof(conv->weights));
	}
	conv->data_banks = (__u8)tile->data_banks;
	conv->weight_banks = (__u8)tile->weight_banks;
	dla_image_describe(conv, job->in.form, job->is_unsigned);

	op = dla_emit_op(emit, DRM_NVDLA_SDP);
	if (!op)
		return -ENOMEM;
	sdp = &op->sdp;
	sdp->source = DRM_NVDLA_SOURCE_OP;
	if (!tensors->on_the_fly)
		sdp->dst = dla_emit_surface(&job->out, tensors->dst + out);
	sdp->width = (__u16)job->shape.out_width;
	sdp->height = (__u16)tile->out_height;
	sdp->channels = (__u16)tile->kernels;
	if (job->rq)
		set_requant(sdp, job->rq, at, emit);
	else
		set_add(sdp, job->add, at, emit, dla_emit_surface(&job->out, tensors->residual + out));
	return 0;
}
