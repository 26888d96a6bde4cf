// SPDX-License-Identifier: MIT
#include "builtin.h"
#include "tflite_schema.h"

static uint8_t padding(int runtime)
{
	return runtime == TFL_PADDING_VALID ? PADDING_VALID : PADDING_SAME;
}

static void write_conv(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_conv *conv = data;

	fbw_u8(w, options, CONV_PADDING, padding(conv->padding));
	fbw_i32(w, options, CONV_STRIDE_W, conv->stride_width);
	fbw_i32(w, options, CONV_STRIDE_H, conv->stride_height);
	fbw_u8(w, options, CONV_ACTIVATION, (uint8_t)conv->activation);
	fbw_i32(w, options, CONV_DILATION_W, conv->dilation_width);
	fbw_i32(w, options, CONV_DILATION_H, conv->dilation_height);
}

static void write_depthwise(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_depthwise_conv *conv = data;

	/* The multiplier follows from the shapes; runtimes do not look at it either. */
	fbw_u8(w, options, DEPTHWISE_PADDING, padding(conv->padding));
	fbw_i32(w, options, DEPTHWISE_STRIDE_W, conv->stride_width);
	fbw_i32(w, options, DEPTHWISE_STRIDE_H, conv->stride_height);
	fbw_u8(w, options, DEPTHWISE_ACTIVATION, (uint8_t)conv->activation);
	fbw_i32(w, options, DEPTHWISE_DILATION_W, conv->dilation_width);
	fbw_i32(w, options, DEPTHWISE_DILATION_H, conv->dilation_height);
}

static void write_transpose_conv(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_transpose_conv *conv = data;

	fbw_u8(w, options, TRANSPOSE_CONV_PADDING, padding(conv->padding));
	fbw_i32(w, options, TRANSPOSE_CONV_STRIDE_W, conv->stride_width);
	fbw_i32(w, options, TRANSPOSE_CONV_STRIDE_H, conv->stride_height);
	fbw_u8(w, options, TRANSPOSE_CONV_ACTIVATION, (uint8_t)conv->activation);
}

static void write_pool(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_pool *pool = data;

	fbw_u8(w, options, POOL_PADDING, padding(pool->padding));
	fbw_i32(w, options, POOL_STRIDE_W, pool->stride_width);
	fbw_i32(w, options, POOL_STRIDE_H, pool->stride_height);
	fbw_i32(w, options, POOL_FILTER_W, pool->filter_width);
	fbw_i32(w, options, POOL_FILTER_H, pool->filter_height);
	fbw_u8(w, options, POOL_ACTIVATION, (uint8_t)pool->activation);
}

static void write_fully_connected(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_fully_connected *connected = data;

	fbw_u8(w, options, FULLY_CONNECTED_ACTIVATION, (uint8_t)connected->activation);
	fbw_u8(w, options, FULLY_CONNECTED_FORMAT, (uint8_t)connected->weights_format);
	fbw_u8(w, options, FULLY_CONNECTED_KEEP_DIMS, connected->keep_num_dims);
}

static void write_concatenation(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_concatenation *concatenation = data;

	fbw_i32(w, options, CONCATENATION_AXIS, concatenation->axis);
	fbw_u8(w, options, CONCATENATION_ACTIVATION, (uint8_t)concatenation->activation);
}

static void write_arithmetic(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_arithmetic *arithmetic = data;

	fbw_u8(w, options, ARITHMETIC_ACTIVATION, (uint8_t)arithmetic->activation);
}

static void write_softmax(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_softmax *softmax = data;

	fbw_f32(w, options, SOFTMAX_BETA, softmax->beta);
}

static void write_leaky_relu(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_leaky_relu *relu = data;

	fbw_f32(w, options, LEAKY_RELU_ALPHA, relu->alpha);
}

static uint32_t list_length(int stored)
{
	return stored < 0 ? 0 : stored > 8 ? 8 : (uint32_t)stored;
}

static void write_reshape(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_reshape *reshape = data;

	fbw_vector(w, options, RESHAPE_NEW_SHAPE, reshape->shape, list_length(reshape->num_dimensions), 4, 4);
}

static void write_squeeze(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_squeeze *squeeze = data;

	fbw_vector(w, options, SQUEEZE_AXES, squeeze->axes, list_length(squeeze->num_axes), 4, 4);
}

static void write_reducer(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_reducer *reducer = data;

	fbw_u8(w, options, REDUCER_KEEP_DIMS, reducer->keep_dims);
}

static void write_split(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_split *split = data;

	fbw_i32(w, options, SPLIT_COUNT, split->num_splits);
}

static void write_pack(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_pack *pack = data;

	fbw_i32(w, options, PACK_COUNT, pack->count);
	fbw_i32(w, options, PACK_AXIS, pack->axis);
}

static void write_resize_bilinear(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_resize *resize = data;

	fbw_u8(w, options, RESIZE_BILINEAR_ALIGN_CORNERS, resize->align_corners);
	fbw_u8(w, options, RESIZE_BILINEAR_HALF_PIXEL_CENTERS, resize->half_pixel_centers);
}

static void write_resize_nearest(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_resize *resize = data;

	fbw_u8(w, options, RESIZE_NEAREST_ALIGN_CORNERS, resize->align_corners);
	fbw_u8(w, options, RESIZE_NEAREST_HALF_PIXEL_CENTERS, resize->half_pixel_centers);
}

static void write_block(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_block *block = data;

	fbw_i32(w, options, BLOCK_SIZE, block->size);
}

static void write_mirror_pad(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_mirror_pad *pad = data;

	fbw_u8(w, options, MIRROR_PAD_MODE, pad->mode == TFL_MIRROR_SYMMETRIC ? MIRROR_SYMMETRIC : MIRROR_REFLECT);
}

static void write_strided_slice(struct fbw *w, fbw_at options, const void *data)
{
	const struct tfl_strided_slice *slice = data;

	fbw_i32(w, options, SLICE_BEGIN_MASK, slice->begin_mask);
	fbw_i32(w, options, SLICE_END_MASK, slice->end_mask);
	fbw_i32(w, options, SLICE_ELLIPSIS_MASK, slice->ellipsis_mask);
	fbw_i32(w, options, SLICE_NEW_AXIS_MASK, slice->new_axis_mask);
	fbw_i32(w, options, SLICE_SHRINK_AXIS_MASK, slice->shrink_axis_mask);
	fbw_u8(w, options, SLICE_OFFSET, slice->offset);
}

static const struct builtin builtins[] = {
	{ BUILTIN_ADD, 5, OPTIONS_ADD, 1, write_arithmetic },
	{ BUILTIN_AVERAGE_POOL_2D, 3, OPTIONS_POOL_2D, 6, write_pool },
	{ BUILTIN_CONCATENATION, 4, OPTIONS_CONCATENATION, 2, write_concatenation },
	{ BUILTIN_CONV_2D, 8, OPTIONS_CONV_2D, 6, write_conv },
	{ BUILTIN_DEPTHWISE_CONV_2D, 7, OPTIONS_DEPTHWISE_CONV_2D, 7, write_depthwise },
	{ BUILTIN_DEPTH_TO_SPACE, 2, OPTIONS_DEPTH_TO_SPACE, 1, write_block },
	{ BUILTIN_DEQUANTIZE, 6 },
	{ BUILTIN_EXPAND_DIMS, 1 },
	{ BUILTIN_FULLY_CONNECTED, 13, OPTIONS_FULLY_CONNECTED, 3, write_fully_connected },
	{ BUILTIN_HARD_SWISH, 1 },
	{ BUILTIN_LEAKY_RELU, 2, OPTIONS_LEAKY_RELU, 1, write_leaky_relu },
	{ BUILTIN_LOGISTIC, 3 },
	{ BUILTIN_MAXIMUM, 4 },
	{ BUILTIN_MAX_POOL_2D, 3, OPTIONS_POOL_2D, 6, write_pool },
	{ BUILTIN_MEAN, 3, OPTIONS_REDUCER, 1, write_reducer },
	{ BUILTIN_MINIMUM, 4 },
	{ BUILTIN_MIRROR_PAD, 3, OPTIONS_MIRROR_PAD, 1, write_mirror_pad },
	{ BUILTIN_MUL, 7, OPTIONS_MUL, 1, write_arithmetic },
	{ BUILTIN_PACK, 4, OPTIONS_PACK, 2, write_pack },
	{ BUILTIN_PAD, 5 },
	{ BUILTIN_PADV2, 5 },
	{ BUILTIN_PRELU, 1 },
	{ BUILTIN_QUANTIZE, 4 },
	{ BUILTIN_RELU, 3 },
	{ BUILTIN_RELU6, 3 },
	{ BUILTIN_RELU_0_TO_1, 1 },
	{ BUILTIN_RELU_N1_TO_1, 1 },
	{ BUILTIN_RESHAPE, 1, OPTIONS_RESHAPE, 1, write_reshape },
	{ BUILTIN_RESIZE_BILINEAR, 4, OPTIONS_RESIZE_BILINEAR, 4, write_resize_bilinear },
	{ BUILTIN_RESIZE_NEAREST_NEIGHBOR, 4, OPTIONS_RESIZE_NEAREST_NEIGHBOR, 2, write_resize_nearest },
	{ BUILTIN_SLICE, 6 },
	{ BUILTIN_SOFTMAX, 3, OPTIONS_SOFTMAX, 1, write_softmax },
	{ BUILTIN_SPACE_TO_DEPTH, 2, OPTIONS_SPACE_TO_DEPTH, 1, write_block },
	{ BUILTIN_SPLIT, 4, OPTIONS_SPLIT, 1, write_split },
	{ BUILTIN_SPLIT_V, 2, OPTIONS_SPLIT_V, 1, write_split },
	{ BUILTIN_SQUEEZE, 2, OPTIONS_SQUEEZE, 1, write_squeeze },
	{ BUILTIN_STRIDED_SLICE, 8, OPTIONS_STRIDED_SLICE, 6, write_strided_slice },
	{ BUILTIN_SUB, 5, OPTIONS_SUB, 1, write_arithmetic },
	{ BUILTIN_TANH, 3 },
	{ BUILTIN_TRANSPOSE, 7 },
	{ BUILTIN_TRANSPOSE_CONV, 5, OPTIONS_TRANSPOSE_CONV, 4, write_transpose_conv },
	{ BUILTIN_UNPACK, 4, OPTIONS_UNPACK, 2, write_pack },
};

const struct builtin *builtin_find(int32_t code)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (builtins[i].code == code)
			return &builtins[i];
	}
	return NULL;
}
