// SPDX-License-Identifier: MIT
#include <sha2.h>
#include <string.h>

#include "backbone.h"
#include "error.h"

/*
 * Numbers go in as four bytes, lowest first, and each list behind its length, so that no two graphs look the
 * same. Constants go in as they are in the file. What changes this changes every identity.
 */
#define FORMAT "libdla backbone 1"

static void put(SHA2_CTX *sha, uint32_t value)
{
	const uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24),
	};

	SHA256Update(sha, bytes, sizeof(bytes));
}

static void put_real(SHA2_CTX *sha, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	put(sha, bits);
}

static void put_list(SHA2_CTX *sha, const int *list, unsigned int count)
{
	put(sha, count);
	for (unsigned int i = 0; i < count; i++)
		put(sha, (uint32_t)list[i]);
}

static void put_dims(SHA2_CTX *sha, const int32_t dim[DLA_MAX_RANK])
{
	for (unsigned int i = 0; i < DLA_MAX_RANK; i++)
		put(sha, (uint32_t)dim[i]);
}

static void put_tensor(SHA2_CTX *sha, const struct dla_tensor *tensor)
{
	put(sha, tensor->type);
	put(sha, tensor->shape.rank);
	for (unsigned int i = 0; i < tensor->shape.rank; i++)
		put(sha, (uint32_t)tensor->shape.dim[i]);
	put(sha, tensor->quant.count);
	put(sha, tensor->quant.count > 1 ? tensor->quant.axis : 0);
	for (unsigned int i = 0; i < tensor->quant.count; i++) {
		put_real(sha, tensor->quant.scale[i]);
		put(sha, (uint32_t)tensor->quant.zero_point[i]);
	}
	put(sha, tensor->data ? (uint32_t)tensor->bytes : 0);
	if (tensor->data)
		SHA256Update(sha, tensor->data, tensor->bytes);
}

static void put_window(SHA2_CTX *sha, const struct dla_window *w)
{
	const int32_t value[] = {
		w->kernel_h, w->kernel_w, w->stride_h, w->stride_w, w->dilation_h, w->dilation_w,
		w->pad_top, w->pad_bottom, w->pad_left, w->pad_right,
	};

	for (unsigned int i = 0; i < sizeof(value) / sizeof(value[0]); i++)
		put(sha, (uint32_t)value[i]);
}

/* What an operation has beside its tensors. */
static void put_parameters(SHA2_CTX *sha, const struct dla_op *op)
{
	switch (op->kind) {
	case DLA_OP_CONV_2D:
	case DLA_OP_DEPTHWISE_CONV_2D:
	case DLA_OP_TRANSPOSE_CONV:
	case DLA_OP_AVERAGE_POOL_2D:
	case DLA_OP_MAX_POOL_2D:
		put_window(sha, &op->window);
		break;
	case DLA_OP_SOFTMAX:
		put_real(sha, op->softmax.beta);
		break;
	case DLA_OP_LEAKY_RELU:
		put_real(sha, op->leaky_relu.alpha);
		break;
	case DLA_OP_CONCATENATION:
	case DLA_OP_PACK:
		put(sha, op->concat.axis);
		break;
	case DLA_OP_SPLIT:
	case DLA_OP_SPLIT_V:
	case DLA_OP_UNPACK:
		put(sha, op->split.axis);
		break;
	case DLA_OP_TRANSPOSE:
		for (unsigned int i = 0; i < DLA_MAX_RANK; i++)
			put(sha, op->transpose.from[i]);
		break;
	case DLA_OP_RESIZE_BILINEAR:
	case DLA_OP_RESIZE_NEAREST_NEIGHBOR:
		put(sha, op->resize.align_corners);
		put(sha, op->resize.half_pixel_centers);
		break;
	case DLA_OP_DEPTH_TO_SPACE:
	case DLA_OP_SPACE_TO_DEPTH:
		put(sha, (uint32_t)op->block.size);
		break;
	case DLA_OP_SLICE:
	case DLA_OP_STRIDED_SLICE:
		put_dims(sha, op->slice.begin);
		put_dims(sha, op->slice.stride);
		put_dims(sha, op->slice.count);
		break;
	case DLA_OP_MEAN:
		put(sha, op->mean.axes);
		break;
	case DLA_OP_PAD:
	case DLA_OP_PADV2:
		put_dims(sha, op->pad.before);
		SHA256Update(sha, op->pad.value, sizeof(op->pad.value));
		break;
	case DLA_OP_MIRROR_PAD:
		put_dims(sha, op->mirror.before);
		put(sha, op->mirror.twice);
		break;
	default:
		break;
	}
}

int dla_backbone_identify(const struct dla_graph *backbone, char id[DLA_BACKBONE_ID])
{
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)FORMAT, sizeof(FORMAT));
	put(&sha, backbone->tensor_count);
	for (unsigned int t = 0; t < backbone->tensor_count; t++)
		put_tensor(&sha, &backbone->tensor[t]);
	put(&sha, backbone->op_count);
	for (unsigned int i = 0; i < backbone->op_count; i++) {
		const struct dla_op *op = &backbone->op[i];
		const char *name = dla_op_kind_name(op->kind);

		/* By name: numbers change when operations are added. */
		put(&sha, (uint32_t)strlen(name));
		SHA256Update(&sha, (const uint8_t *)name, strlen(name));
		put(&sha, op->activation);
		put_list(&sha, op->input, op->input_count);
		put_list(&sha, op->output, op->output_count);
		put_parameters(&sha, op);
	}
	put_list(&sha, backbone->input, backbone->input_count);
	put_list(&sha, backbone->output, backbone->output_count);
	/* NULL only where it is to have memory of its own. */
	return SHA256End(&sha, id) ? 0 : dla_fail_memory();
}
