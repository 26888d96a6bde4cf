/* SPDX-License-Identifier: MIT */
#ifndef DLA_TFLITE_READ_H
#define DLA_TFLITE_READ_H

#include "tflite_op.h"

/* Readers of operations, for the table in tflite_op.c only. */
tflite_read_fn read_arithmetic, read_concatenation, read_conv_2d, read_depth_to_space,
	read_depthwise_conv_2d, read_dequantize, read_elementwise, read_expand_dims,
	read_fully_connected, read_leaky_relu, read_logistic, read_maximum, read_mean,
	read_mirror_pad, read_pack, read_pad, read_padv2, read_pool_2d, read_prelu, read_quantize,
	read_reshape, read_resize_bilinear, read_resize_nearest_neighbor, read_slice, read_softmax,
	read_space_to_depth, read_split, read_split_v, read_squeeze, read_strided_slice, read_tanh,
	read_transpose, read_transpose_conv, read_unpack;

#endif
