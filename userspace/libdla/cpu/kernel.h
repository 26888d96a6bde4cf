/* SPDX-License-Identifier: MIT */
#ifndef DLA_CPU_KERNEL_H
#define DLA_CPU_KERNEL_H

#include <errno.h>
#include <stdint.h>

#include "cpu.h"

/* Between the dispatcher and the kernels. */

struct dla_cpu_op {
	const struct dla_graph *graph;
	const struct dla_op *op;
	const struct dla_cpu_kernel *kernel;
	void *state;		/* the kernel's own, one allocation; NULL when it needs none */
};

struct dla_cpu_kernel {
	int (*prepare)(struct dla_cpu_op *op);	/* NULL: nothing to prepare */
	void (*run)(const struct dla_cpu_op *op, void *const data[]);
};

extern const struct dla_cpu_kernel dla_cpu_arithmetic, dla_cpu_block, dla_cpu_concatenation,
	dla_cpu_conv_2d, dla_cpu_depthwise_conv_2d, dla_cpu_dequantize, dla_cpu_fully_connected,
	dla_cpu_lookup, dla_cpu_mean, dla_cpu_mirror_pad, dla_cpu_pad, dla_cpu_pool_2d,
	dla_cpu_quantize, dla_cpu_reshape, dla_cpu_resize, dla_cpu_softmax, dla_cpu_split,
	dla_cpu_strided_slice, dla_cpu_transpose, dla_cpu_transpose_conv;

static inline const struct dla_tensor *dla_cpu_input(const struct dla_cpu_op *op, unsigned int i)
{
	return &op->graph->tensor[op->op->input[i]];
}

static inline const struct dla_tensor *dla_cpu_output(const struct dla_cpu_op *op)
{
	return &op->graph->tensor[op->op->output[0]];
}

static inline const void *dla_cpu_read(const struct dla_cpu_op *op, unsigned int i,
				       void *const data[])
{
	const void *constant = dla_cpu_input(op, i)->data;

	return constant ? constant : data[op->op->input[i]];
}

static inline void *dla_cpu_write(const struct dla_cpu_op *op, void *const data[])
{
	return data[op->op->output[0]];
}

/* The state of a kernel: zeroed, in op->state; NULL with the reason recorded. */
void *dla_cpu_state(struct dla_cpu_op *op, size_t bytes);

/*
 * Kernels compute on int8. A uint8 tensor is the int8 tensor whose bytes have the top bit flipped
 * and whose zero point is 128 lower: the same real numbers, and every rounding falls on the same
 * side.
 */
struct dla_cpu_q8 {
	uint8_t flip;
	int32_t zero_point;
	float scale;
};

struct dla_cpu_q8 dla_cpu_q8(const struct dla_tensor *tensor);

static inline int32_t dla_cpu_load(const struct dla_cpu_q8 *q, uint8_t stored)
{
	return (int8_t)(stored ^ q->flip);
}

/* As int8, saturated. What is not a number becomes the lowest. */
int32_t dla_cpu_quantised(float real, const struct dla_cpu_q8 *q);

/* What a fused activation lets through, as int8. */
struct dla_cpu_range {
	int32_t min, max;
};

struct dla_cpu_range dla_cpu_activation(enum dla_activation activation, const struct dla_cpu_q8 *q);

static inline uint8_t dla_cpu_store(const struct dla_cpu_q8 *q, const struct dla_cpu_range *range,
				    int32_t value)
{
	value = value < range->min ? range->min : value > range->max ? range->max : value;
	return (uint8_t)value ^ q->flip;
}

#endif
