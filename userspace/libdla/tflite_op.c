// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stddef.h>

#include "tflite_read.h"
#include "tflite_schema.h"

#define QUANTISED (1U << DLA_INT8 | 1U << DLA_UINT8)
#define MOVABLE (QUANTISED | 1U << DLA_FLOAT32)

#define SAME_SCALE "input and output of the same scale and zero point"
#define PROBABILITY "output of scale 1/256 and the lowest zero point"
#define WEIGHTS "constant weights and bias; int8 weights with one scale or one a channel, uint8 with one"

static const struct tflite_kind kinds[] = {
	{ .builtin = BUILTIN_ADD, .kind = DLA_OP_ADD, .read = read_arithmetic,
	  .options = OPTIONS_ADD, .types = QUANTISED, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1 },
	{ .builtin = BUILTIN_AVERAGE_POOL_2D, .kind = DLA_OP_AVERAGE_POOL_2D, .read = read_pool_2d,
	  .options = OPTIONS_POOL_2D, .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1,
	  .limits = SAME_SCALE },
	{ .builtin = BUILTIN_CONCATENATION, .kind = DLA_OP_CONCATENATION, .read = read_concatenation,
	  .options = OPTIONS_CONCATENATION, .types = MOVABLE, .min_inputs = 1, .max_inputs = UINT_MAX, .max_outputs = 1,
	  .limits = SAME_SCALE "; no fused activation" },
	{ .builtin = BUILTIN_CONV_2D, .kind = DLA_OP_CONV_2D, .read = read_conv_2d,
	  .options = OPTIONS_CONV_2D, .types = QUANTISED, .min_inputs = 2, .max_inputs = 3, .max_outputs = 1,
	  .optional = 1 << 2, .limits = WEIGHTS "; not grouped" },
	{ .builtin = BUILTIN_DEPTHWISE_CONV_2D, .kind = DLA_OP_DEPTHWISE_CONV_2D, .read = read_depthwise_conv_2d,
	  .options = OPTIONS_DEPTHWISE_CONV_2D, .types = QUANTISED, .min_inputs = 2, .max_inputs = 3, .max_outputs = 1,
	  .optional = 1 << 2, .limits = WEIGHTS },
	{ .builtin = BUILTIN_DEPTH_TO_SPACE, .kind = DLA_OP_DEPTH_TO_SPACE, .read = read_depth_to_space,
	  .options = OPTIONS_DEPTH_TO_SPACE, .types = MOVABLE, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1,
	  .limits = SAME_SCALE },
	{ .builtin = BUILTIN_DEQUANTIZE, .kind = DLA_OP_DEQUANTIZE, .read = read_dequantize,
	  .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1 },
	{ .builtin = BUILTIN_EXPAND_DIMS, .kind = DLA_OP_EXPAND_DIMS, .read = read_expand_dims,
	  .types = MOVABLE, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1,
	  .limits = "constant axis" },
	{ .builtin = BUILTIN_FULLY_CONNECTED, .kind = DLA_OP_FULLY_CONNECTED, .read = read_fully_connected,
	  .options = OPTIONS_FULLY_CONNECTED, .types = QUANTISED, .min_inputs = 2, .max_inputs = 3, .max_outputs = 1,
	  .optional = 1 << 2, .limits = WEIGHTS },
	{ .builtin = BUILTIN_HARD_SWISH, .kind = DLA_OP_HARD_SWISH, .read = read_elementwise,
	  .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1 },
	{ .builtin = BUILTIN_LEAKY_RELU, .kind = DLA_OP_LEAKY_RELU, .read = read_leaky_relu,
	  .options = OPTIONS_LEAKY_RELU, .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1 },
	{ .builtin = BUILTIN_LOGISTIC, .kind = DLA_OP_LOGISTIC, .read = read_logistic,
	  .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1,
	  .limits = PROBABILITY },
	{ .builtin = BUILTIN_MAXIMUM, .kind = DLA_OP_MAXIMUM, .read = read_maximum,
	  .types = QUANTISED, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1,
	  .limits = "inputs and output of the same scale and zero point" },
	{ .builtin = BUILTIN_MAX_POOL_2D, .kind = DLA_OP_MAX_POOL_2D, .read = read_pool_2d,
	  .options = OPTIONS_POOL_2D, .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1,
	  .limits = SAME_SCALE },
	{ .builtin = BUILTIN_MEAN, .kind = DLA_OP_MEAN, .read = read_mean,
	  .options = OPTIONS_REDUCER, .types = QUANTISED, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1,
	  .limits = "constant axes" },
	{ .builtin = BUILTIN_MINIMUM, .kind = DLA_OP_MINIMUM, .read = read_maximum,
	  .types = QUANTISED, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1,
	  .limits = "inputs and output of the same scale and zero point" },
	{ .builtin = BUILTIN_MIRROR_PAD, .kind = DLA_OP_MIRROR_PAD, .read = read_mirror_pad,
	  .options = OPTIONS_MIRROR_PAD, .types = MOVABLE, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1,
	  .limits = "constant paddings" },
	{ .builtin = BUILTIN_MUL, .kind = DLA_OP_MUL, .read = read_arithmetic,
	  .options = OPTIONS_MUL, .types = QUANTISED, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1 },
	{ .builtin = BUILTIN_PACK, .kind = DLA_OP_PACK, .read = read_pack,
	  .options = OPTIONS_PACK, .types = MOVABLE, .min_inputs = 1, .max_inputs = UINT_MAX, .max_outputs = 1,
	  .limits = SAME_SCALE },
	{ .builtin = BUILTIN_PAD, .kind = DLA_OP_PAD, .read = read_pad,
	  .types = MOVABLE, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1,
	  .limits = "constant paddings" },
	{ .builtin = BUILTIN_PADV2, .kind = DLA_OP_PADV2, .read = read_padv2,
	  .types = MOVABLE, .min_inputs = 3, .max_inputs = 3, .max_outputs = 1,
	  .limits = "constant paddings and value" },
	{ .builtin = BUILTIN_PRELU, .kind = DLA_OP_PRELU, .read = read_prelu,
	  .types = QUANTISED, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1 },
	{ .builtin = BUILTIN_QUANTIZE, .kind = DLA_OP_QUANTIZE, .read = read_quantize,
	  .types = MOVABLE, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1 },
	{ .builtin = BUILTIN_RELU, .kind = DLA_OP_RELU, .read = read_elementwise,
	  .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1 },
	{ .builtin = BUILTIN_RELU6, .kind = DLA_OP_RELU6, .read = read_elementwise,
	  .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1 },
	{ .builtin = BUILTIN_RELU_0_TO_1, .kind = DLA_OP_RELU_0_TO_1, .read = read_elementwise,
	  .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1 },
	{ .builtin = BUILTIN_RELU_N1_TO_1, .kind = DLA_OP_RELU_N1_TO_1, .read = read_elementwise,
	  .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1 },
	{ .builtin = BUILTIN_RESHAPE, .kind = DLA_OP_RESHAPE, .read = read_reshape,
	  .options = OPTIONS_RESHAPE, .types = MOVABLE, .min_inputs = 1, .max_inputs = 2, .max_outputs = 1,
	  .optional = 1 << 1, .limits = "constant shape" },
	{ .builtin = BUILTIN_RESIZE_BILINEAR, .kind = DLA_OP_RESIZE_BILINEAR, .read = read_resize_bilinear,
	  .options = OPTIONS_RESIZE_BILINEAR, .types = QUANTISED, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1,
	  .limits = "constant size" },
	{ .builtin = BUILTIN_RESIZE_NEAREST_NEIGHBOR, .kind = DLA_OP_RESIZE_NEAREST_NEIGHBOR, .read = read_resize_nearest_neighbor,
	  .options = OPTIONS_RESIZE_NEAREST_NEIGHBOR, .types = QUANTISED, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1,
	  .limits = "constant size" },
	{ .builtin = BUILTIN_SLICE, .kind = DLA_OP_SLICE, .read = read_slice,
	  .types = MOVABLE, .min_inputs = 3, .max_inputs = 3, .max_outputs = 1,
	  .limits = "constant begin and size" },
	{ .builtin = BUILTIN_SOFTMAX, .kind = DLA_OP_SOFTMAX, .read = read_softmax,
	  .options = OPTIONS_SOFTMAX, .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1,
	  .limits = PROBABILITY },
	{ .builtin = BUILTIN_SPACE_TO_DEPTH, .kind = DLA_OP_SPACE_TO_DEPTH, .read = read_space_to_depth,
	  .options = OPTIONS_SPACE_TO_DEPTH, .types = MOVABLE, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1,
	  .limits = SAME_SCALE },
	{ .builtin = BUILTIN_SPLIT, .kind = DLA_OP_SPLIT, .read = read_split,
	  .options = OPTIONS_SPLIT, .types = MOVABLE, .min_inputs = 2, .max_inputs = 2, .max_outputs = UINT_MAX,
	  .main = 1, .limits = "constant axis" },
	{ .builtin = BUILTIN_SPLIT_V, .kind = DLA_OP_SPLIT_V, .read = read_split_v,
	  .options = OPTIONS_SPLIT_V, .types = MOVABLE, .min_inputs = 3, .max_inputs = 3, .max_outputs = UINT_MAX,
	  .limits = "constant sizes and axis" },
	{ .builtin = BUILTIN_SQUEEZE, .kind = DLA_OP_SQUEEZE, .read = read_squeeze,
	  .options = OPTIONS_SQUEEZE, .types = MOVABLE, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1 },
	{ .builtin = BUILTIN_STRIDED_SLICE, .kind = DLA_OP_STRIDED_SLICE, .read = read_strided_slice,
	  .options = OPTIONS_STRIDED_SLICE, .types = MOVABLE, .min_inputs = 4, .max_inputs = 4, .max_outputs = 1,
	  .limits = "constant begin, end and strides; no ellipsis, no new axis" },
	{ .builtin = BUILTIN_SUB, .kind = DLA_OP_SUB, .read = read_arithmetic,
	  .options = OPTIONS_SUB, .types = QUANTISED, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1 },
	{ .builtin = BUILTIN_TANH, .kind = DLA_OP_TANH, .read = read_tanh,
	  .types = QUANTISED, .min_inputs = 1, .max_inputs = 1, .max_outputs = 1,
	  .limits = "output of scale 1/128 and zero point 0, of uint8 128" },
	{ .builtin = BUILTIN_TRANSPOSE, .kind = DLA_OP_TRANSPOSE, .read = read_transpose,
	  .types = MOVABLE, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1,
	  .limits = "constant order" },
	{ .builtin = BUILTIN_TRANSPOSE_CONV, .kind = DLA_OP_TRANSPOSE_CONV, .read = read_transpose_conv,
	  .options = OPTIONS_TRANSPOSE_CONV, .types = QUANTISED, .min_inputs = 3, .max_inputs = 4, .max_outputs = 1,
	  .optional = 1 << 3, .main = 2, .limits = WEIGHTS "; constant size" },
	{ .builtin = BUILTIN_UNPACK, .kind = DLA_OP_UNPACK, .read = read_unpack,
	  .options = OPTIONS_UNPACK, .types = MOVABLE, .min_inputs = 1, .max_inputs = 1, .max_outputs = UINT_MAX,
	  .limits = SAME_SCALE },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const struct tflite_kind *tflite_kind(int32_t builtin)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].builtin == builtin)
			return &kinds[i];
	}
	return NULL;
}

const struct tflite_kind *tflite_kind_at(unsigned int index)
{
	return index < KINDS ? &kinds[index] : NULL;
}
