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

/* How many slabs of elements an axis cuts a shape into. */
static size_t slabs(const struct dla_shape *shape, unsigned int axis)
{
	size_t count = 1;

	for (unsigned int i = 0; i < axis; i++)
		count *= shape->dim[i];
	return count;
}

/* PACK is the same with parts of one element each. */
static void run_concatenation(const struct dla_cpu_op *op, void *const data[])
{
	const struct dla_tensor *out = dla_cpu_output(op);
	size_t count = slabs(&out->shape, op->op->concat.axis), row = out->bytes / count, offset = 0;
	uint8_t *to = dla_cpu_write(op, data);

	for (unsigned int i = 0; i < op->op->input_count; i++) {
		size_t part = dla_cpu_input(op, i)->bytes / count;
		const uint8_t *from = dla_cpu_read(op, i, data);

		for (size_t at = 0; at < out->bytes; at += row, from += part)
			memcpy(to + at + offset, from, part);
		offset += part;
	}
}

static void run_split(const struct dla_cpu_op *op, void *const data[])
{
	const struct dla_tensor *in = dla_cpu_input(op, 0);
	size_t count = slabs(&in->shape, op->op->split.axis), row = in->bytes / count, offset = 0;
	const uint8_t *from = dla_cpu_read(op, 0, data);

	for (unsigned int i = 0; i < op->op->output_count; i++) {
		size_t part = op->graph->tensor[op->op->output[i]].bytes / count;
		uint8_t *to = data[op->op->output[i]];

		for (size_t at = 0; at < in->bytes; at += row, to += part)
			memcpy(to, from + at + offset, part);
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
	size_t size = dla_type_size(out->type);
	uint8_t *to = dla_cpu_write(op, data);

	for (size_t at = 0; at < out->bytes; at += size)
		memcpy(to + at, op->op->pad.value, size);
	pad_axis(op, 0, dla_cpu_read(op, 0, data), to);
}

/* Which element stands at a place of the padded axis; place is counted from the first real one. */
static int64_t mirrored(int64_t place, int32_t extent, bool twice)
{
	if (place < 0)
		return -place - twice;
	if (place >= extent)
		return 2 * (int64_t)extent - 2 + twice - place;
	return place;
}

static uint8_t *mirror_axis(const struct dla_cpu_op *op, unsigned int axis, const uint8_t *from, uint8_t *to)
{
	const struct dla_tensor *in = dla_cpu_input(op, 0), *out = dla_cpu_output(op);
	size_t bytes;

	if (axis == in->shape.rank) {
		memcpy(to, from, dla_type_size(in->type));
		return to + dla_type_size(in->type);
	}
	bytes = bytes_behind(in, axis);
	for (int32_t i = 0; i < out->shape.dim[axis]; i++) {
		int64_t place = mirrored((int64_t)i - op->op->mirror.before[axis], in->shape.dim[axis],
					 op->op->mirror.twice);

		to = mirror_axis(op, axis + 1, from + (size_t)place * bytes, to);
	}
	return to;
}

static void run_mirror_pad(const struct dla_cpu_op *op, void *const data[])
{
	mirror_axis(op, 0, dla_cpu_read(op, 0, data), dla_cpu_write(op, data));
}

static uint8_t *transpose_axis(const struct dla_cpu_op *op, unsigned int axis, const uint8_t *from, uint8_t *to)
{
	const struct dla_tensor *in = dla_cpu_input(op, 0), *out = dla_cpu_output(op);
	size_t bytes;

	if (axis == out->shape.rank) {
		memcpy(to, from, dla_type_size(in->type));
		return to + dla_type_size(in->type);
	}
	bytes = bytes_behind(in, op->op->transpose.from[axis]);
	for (int32_t i = 0; i < out->shape.dim[axis]; i++, from += bytes)
		to = transpose_axis(op, axis + 1, from, to);
	return to;
}

static void run_transpose(const struct dla_cpu_op *op, void *const data[])
{
	transpose_axis(op, 0, dla_cpu_read(op, 0, data), dla_cpu_write(op, data));
}

/*
 * Between pictures of blocks of pixels and pictures whose pixels are such blocks: a line of a block
 * is in one piece in both.
 */
static void run_block(const struct dla_cpu_op *op, void *const data[])
{
	bool to_depth = op->op->kind == DLA_OP_SPACE_TO_DEPTH;
	const struct dla_tensor *deep = to_depth ? dla_cpu_output(op) : dla_cpu_input(op, 0);
	const int32_t *dim = deep->shape.dim;
	size_t size = op->op->block.size, piece = dla_type_size(deep->type) * dim[3] / size;
	const uint8_t *in = dla_cpu_read(op, 0, data);
	uint8_t *out = dla_cpu_write(op, data);
	size_t lines = (size_t)dim[0] * dim[1], wide = 0;

	for (size_t y = 0; y < lines; y++)
		for (size_t r = 0; r < size; r++)
			for (size_t x = 0; x < (size_t)dim[2]; x++, wide += piece) {
				size_t at = ((y * dim[2] + x) * size + r) * piece;

				memcpy(out + (to_depth ? at : wide), in + (to_depth ? wide : at), piece);
			}
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
const struct dla_cpu_kernel dla_cpu_split = { NULL, run_split };
const struct dla_cpu_kernel dla_cpu_mirror_pad = { NULL, run_mirror_pad };
const struct dla_cpu_kernel dla_cpu_transpose = { NULL, run_transpose };
const struct dla_cpu_kernel dla_cpu_block = { NULL, run_block };
const struct dla_cpu_kernel dla_cpu_pad = { NULL, run_pad };
const struct dla_cpu_kernel dla_cpu_strided_slice = { NULL, run_strided_slice };
