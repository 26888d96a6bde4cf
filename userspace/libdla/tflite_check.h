/* SPDX-License-Identifier: MIT */
#ifndef DLA_TFLITE_CHECK_H
#define DLA_TFLITE_CHECK_H

#include "error.h"
#include "tflite_op.h"

/*
 * What the readers of operations ask of their tensors. A need_ function returns 0, or fails with a
 * reason that names the tensor.
 */

static inline const struct dla_tensor *op_input(const struct tflite_op *op, unsigned int i)
{
	return &op->graph->tensor[op->op->input[i]];
}

static inline const struct dla_tensor *op_output(const struct tflite_op *op)
{
	return &op->graph->tensor[op->op->output[0]];
}

static inline bool has_input(const struct tflite_op *op, unsigned int i)
{
	return i < op->op->input_count && op->op->input[i] != DLA_NO_TENSOR;
}

/* Fail because of a tensor: what follows is said of it. */
#define tensor_fail(op, err, which, fmt, ...) \
	dla_fail(err, TENSOR_FMT " " fmt, \
		 TENSOR_ARGS((op)->graph, (int)((which) - (op)->graph->tensor)), ##__VA_ARGS__)

struct shape_text {
	char text[80];
};

struct shape_text shape_text(const struct dla_shape *shape);

int need_shape(const struct tflite_op *op, const struct dla_tensor *tensor, const struct dla_shape *shape);
int need_rank(const struct tflite_op *op, const struct dla_tensor *tensor, unsigned int rank);
int need_type(const struct tflite_op *op, const struct dla_tensor *tensor, enum dla_type type);

/* An 8-bit tensor with one scale. */
int need_quantised(const struct tflite_op *op, const struct dla_tensor *tensor);

/* First input and output: 8 bits, the same type. */
int need_quantised_pair(const struct tflite_op *op);

/* The stored values of one are those of the other. */
int need_same_quant(const struct tflite_op *op, const struct dla_tensor *from, const struct dla_tensor *to);

/* For operators that only move elements: also float32. */
int need_movable(const struct tflite_op *op, const struct dla_tensor *from, const struct dla_tensor *to);

/* A constant list of at most limit integers, as shapes and axes are given. */
int read_list(const struct tflite_op *op, unsigned int i, unsigned int limit, int32_t list[],
	      unsigned int *count);

/* The same, with exactly count integers. */
int read_exact_list(const struct tflite_op *op, unsigned int i, unsigned int count, int32_t list[]);

/* A fused activation, from that field of the options. */
int read_activation(struct tflite_op *op, unsigned int field);

/* Count an axis from the end when negative. */
int resolve_axis(int32_t axis, unsigned int rank, unsigned int *resolved);

#endif
