// SPDX-License-Identifier: MIT
#include <string.h>

#include "kernel.h"

/* Kernels that move elements as they are, whatever their size. */

/* Bytes of all that has the same index up to and including this axis. */
static size_t bytes_behind(const struct dla_tensor *tensor, unsigned int axis)
{
	size_t bytes = dla_type_size(tensor->type);

	for (unsigned int i = axis + 1; i < tensor->shape.rank; i++)
		bytes *= tensor->shape.dim[i];
	return bytes;
}

static void run_reshape(const struct dla_cpu_op *op, void *const data[])
{
	const void *in = dla_cpu_read(op, 0, data);
	void *out = dla_cpu_write(op, data);

	if (in != out)
		memcpy(out, in, dla_cpu_output(op)->bytes);
}

static void run_concatenation(const struct dla_cpu_op *op, void *const data[])
{
	const struct dla_tensor *out = dla_cpu_output(op);
	unsigned int axis = op->op->concat.axis;
	size_t row = bytes_behind(out, axis) * out->shape.dim[axis], offset = 0;
	uint8_t *to = dla_cpu_write(op, data);

	for (unsigned int i = 0; i < op->op->input_count; i++) {
		const struct dla_tensor *in = dla_cpu_input(op, i);
		size_t part = bytes_behind(in, axis) * in->shape.dim[axis];
		const uint8_t *from = dla_cpu_read(op, i, data);

		for (size_t at = 0; at < out->bytes; at += row, from += part)
			memcpy(to + at + offset, from, part);
		offset += part;
	}
}

static const uint8_t *pad_axis(const struct dla_cpu_op *op, unsigned int axis, const uint8_t *from,
			       uint8_t *to)
{
	const struct dla_tensor *in = dla_cpu_input(op, 0), *out = dla_cpu_output(op);
	size_t bytes;

	if (axis == in->shape.rank) {
		memcpy(to, from, dla_type_size(in->type));
		return from + dla_type_size(in->type);
	}
	bytes = bytes_behind(out, axis);
	to += op->op->pad.before[axis] * bytes;
	if (axis + 1 == in->shape.rank) {
		memcpy(to, from, in->shape.dim[axis] * bytes);
		return from + in->shape.dim[axis] * bytes;
	}
	for (int32_t i = 0; i < in->shape.dim[axis]; i++, to += bytes)
		from = pad_axis(op, axis + 1, from, to);
	return from;
}

static void run_pad(const struct dla_cpu_op *op, void *const data[])
{
	const struct dla_tensor *out = dla_cpu_output(op);
	uint8_t *to = dla_cpu_write(op, data);

	/* Padding is the real number 0. */
	memset(to, out->type == DLA_FLOAT32 ? 0 : (uint8_t)out->quant.zero_point[0], out->bytes);
	pad_axis(op, 0, dla_cpu_read(op, 0, data), to);
}

static uint8_t *slice_axis(const struct dla_cpu_op *op, unsigned int axis, const uint8_t *from,
			   uint8_t *to)
{
	const struct dla_tensor *in = dla_cpu_input(op, 0);
	ptrdiff_t bytes, step;

	if (axis == in->shape.rank) {
		memcpy(to, from, dla_type_size(in->type));
		return to + dla_type_size(in->type);
	}
	bytes = (ptrdiff_t)bytes_behind(in, axis);
	step = op->op->slice.stride[axis] * bytes;
	from += op->op->slice.begin[axis] * bytes;
	if (axis + 1 == in->shape.rank && step == bytes) {
		memcpy(to, from, op->op->slice.count[axis] * bytes);
		return to + op->op->slice.count[axis] * bytes;
	}
	for (int32_t i = 0; i < op->op->slice.count[axis]; i++)
		to = slice_axis(op, axis + 1, from + i * step, to);
	return to;
}

static void run_strided_slice(const struct dla_cpu_op *op, void *const data[])
{
	slice_axis(op, 0, dla_cpu_read(op, 0, data), dla_cpu_write(op, data));
}

const struct dla_cpu_kernel dla_cpu_reshape = { NULL, run_reshape };
const struct dla_cpu_kernel dla_cpu_concatenation = { NULL, run_concatenation };
const struct dla_cpu_kernel dla_cpu_pad = { NULL, run_pad };
const struct dla_cpu_kernel dla_cpu_strided_slice = { NULL, run_strided_slice };
