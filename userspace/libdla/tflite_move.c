// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "tflite_check.h"
#include "tflite_read.h"
#include "tflite_schema.h"

/* Readers of operators that move elements, and of the two that resize pictures. */

/* Positions in a picture are counted in 1024ths of a pixel, in 32 bits. */
#define RESIZE_LIMIT (1 << 20)

int read_concatenation(struct tflite_op *op)
{
	int32_t axis = fb_i32(op->fb, &op->options, CONCATENATION_AXIS, 0);
	struct dla_shape out = op_input(op, 0)->shape;
	int err = resolve_axis(axis, out.rank, &op->op->concat.axis);
	int64_t extent = 0;

	if (!err)
		err = read_activation(op, CONCATENATION_ACTIVATION);
	if (!err && op->op->activation != DLA_ACT_NONE)
		err = dla_fail(EOPNOTSUPP, "a fused activation is not supported here");
	for (unsigned int i = 0; !err && i < op->op->input_count; i++) {
		const struct dla_tensor *part = op_input(op, i);
		struct dla_shape expected = out;

		err = need_movable(op, part, op_output(op));
		if (!err)
			err = need_rank(op, part, out.rank);
		if (err)
			return err;
		extent += part->shape.dim[op->op->concat.axis];
		if (extent > INT32_MAX)
			return dla_fail(E2BIG, "the parts are longer than 2 GiB");
		expected.dim[op->op->concat.axis] = part->shape.dim[op->op->concat.axis];
		err = need_shape(op, part, &expected);
	}
	if (err)
		return err;
	out.dim[op->op->concat.axis] = (int32_t)extent;
	return need_shape(op, op_output(op), &out);
}

int read_pack(struct tflite_op *op)
{
	int32_t axis = fb_i32(op->fb, &op->options, PACK_AXIS, 0);
	const struct dla_shape *in = &op_input(op, 0)->shape;
	struct dla_shape out = { .rank = in->rank + 1 };
	int err = 0;

	if (in->rank == DLA_MAX_RANK)
		return dla_fail(EOPNOTSUPP, "%d dimensions; at most %d are supported", DLA_MAX_RANK + 1,
				DLA_MAX_RANK);
	err = resolve_axis(axis, out.rank, &op->op->concat.axis);
	for (unsigned int i = 0; !err && i < op->op->input_count; i++) {
		err = need_movable(op, op_input(op, i), op_output(op));
		if (!err)
			err = need_shape(op, op_input(op, i), in);
	}
	if (err)
		return err;
	for (unsigned int i = 0; i < out.rank; i++) {
		unsigned int axis_of_part = i - (i > op->op->concat.axis);

		out.dim[i] = i == op->op->concat.axis ? (int32_t)op->op->input_count : in->dim[axis_of_part];
	}
	return need_shape(op, op_output(op), &out);
}

/* Every output has that shape but along the axis, where together they are as long as the input. */
static int need_parts(const struct tflite_op *op, unsigned int axis)
{
	struct dla_shape part = op_input(op, 0)->shape;
	int64_t rest = part.dim[axis];
	int err = 0;

	for (unsigned int i = 0; !err && i < op->op->output_count; i++) {
		const struct dla_tensor *out = &op->graph->tensor[op->op->output[i]];

		err = need_movable(op, op_input(op, 0), out);
		if (!err)
			err = need_rank(op, out, part.rank);
		if (err)
			return err;
		part.dim[axis] = out->shape.dim[axis];
		rest -= part.dim[axis];
		err = need_shape(op, out, &part);
	}
	if (!err && rest)
		err = dla_fail(EINVAL, "the outputs together are not as long as the input along axis %u", axis);
	return err;
}

static int need_split_count(const struct tflite_op *op)
{
	int32_t count = fb_i32(op->fb, &op->options, SPLIT_COUNT, 0);

	if (count >= 1 && (uint32_t)count == op->op->output_count)
		return 0;
	return dla_fail(EINVAL, "splits into %d, but has %u outputs", count, op->op->output_count);
}

int read_split(struct tflite_op *op)
{
	int32_t axis = 0, extent;
	int err = need_split_count(op);

	if (!err)
		err = read_exact_list(op, 1, 1, &axis);
	if (!err)
		err = resolve_axis(axis, op_input(op, 0)->shape.rank, &op->op->split.axis);
	if (err)
		return err;
	extent = op_input(op, 0)->shape.dim[op->op->split.axis];
	if ((uint32_t)extent % op->op->output_count)
		return dla_fail(EINVAL, "%d elements do not split into %u equal parts", extent,
				op->op->output_count);
	err = need_parts(op, op->op->split.axis);
	for (unsigned int i = 0; !err && i < op->op->output_count; i++) {
		const struct dla_tensor *out = &op->graph->tensor[op->op->output[i]];

		if ((uint32_t)out->shape.dim[op->op->split.axis] != (uint32_t)extent / op->op->output_count)
			err = tensor_fail(op, EINVAL, out, "has shape %s; the parts of SPLIT are equal",
					  shape_text(&out->shape).text);
	}
	return err;
}

/* One size may be -1, for what is left; that the rest fits follows from the outputs' shapes. */
static int need_sizes(const struct tflite_op *op, unsigned int axis)
{
	const struct dla_tensor *sizes = op_input(op, 1);
	const int32_t *size = sizes->data;
	int err = need_type(op, sizes, DLA_INT32);
	unsigned int unknown = 0;

	if (err)
		return err;
	if (!size)
		return tensor_fail(op, EOPNOTSUPP, sizes, "is computed; a constant is needed");
	if (dla_shape_elements(&sizes->shape) != op->op->output_count)
		return tensor_fail(op, EINVAL, sizes, "has %zu elements, but there are %u outputs",
				   dla_shape_elements(&sizes->shape), op->op->output_count);
	for (unsigned int i = 0; i < op->op->output_count; i++) {
		const struct dla_tensor *out = &op->graph->tensor[op->op->output[i]];

		if (size[i] == -1 && !unknown++)
			continue;
		if (size[i] != out->shape.dim[axis])
			return tensor_fail(op, EINVAL, out, "has shape %s, but its size along axis %u is %d",
					   shape_text(&out->shape).text, axis, size[i]);
	}
	return 0;
}

int read_split_v(struct tflite_op *op)
{
	int32_t axis = 0;
	int err = need_split_count(op);

	if (!err)
		err = read_exact_list(op, 2, 1, &axis);
	if (!err)
		err = resolve_axis(axis, op_input(op, 0)->shape.rank, &op->op->split.axis);
	if (!err)
		err = need_parts(op, op->op->split.axis);
	return err ? err : need_sizes(op, op->op->split.axis);
}

int read_unpack(struct tflite_op *op)
{
	int32_t axis = fb_i32(op->fb, &op->options, PACK_AXIS, 0);
	int32_t count = fb_i32(op->fb, &op->options, PACK_COUNT, 0);
	const struct dla_shape *in = &op_input(op, 0)->shape;
	struct dla_shape part = { 0 };
	int err = resolve_axis(axis, in->rank, &op->op->split.axis);

	if (err)
		return err;
	if (count != in->dim[op->op->split.axis] || (uint32_t)count != op->op->output_count)
		return dla_fail(EINVAL, "unpacks %d elements into %d, and has %u outputs",
				in->dim[op->op->split.axis], count, op->op->output_count);
	for (unsigned int i = 0; i < in->rank; i++)
		if (i != op->op->split.axis)
			part.dim[part.rank++] = in->dim[i];
	for (unsigned int i = 0; !err && i < op->op->output_count; i++) {
		const struct dla_tensor *out = &op->graph->tensor[op->op->output[i]];

		err = need_movable(op, op_input(op, 0), out);
		if (!err)
			err = need_shape(op, out, &part);
	}
	return err;
}

/* Elements in front of and behind each axis; @out becomes the output's shape. */
static int read_paddings(struct tflite_op *op, int32_t before[], int32_t after[], struct dla_shape *out)
{
	int32_t paddings[2 * DLA_MAX_RANK] = { 0 };
	int err = need_movable(op, op_input(op, 0), op_output(op));

	*out = op_input(op, 0)->shape;
	if (!err)
		err = read_exact_list(op, 1, 2 * out->rank, paddings);
	for (unsigned int i = 0; !err && i < out->rank; i++) {
		before[i] = paddings[(size_t)2 * i];
		after[i] = paddings[(size_t)2 * i + 1];
		if (before[i] < 0 || after[i] < 0)
			return dla_fail(EINVAL, "padding of %d and %d", before[i], after[i]);
		if (__builtin_add_overflow(out->dim[i], before[i], &out->dim[i]) ||
		    __builtin_add_overflow(out->dim[i], after[i], &out->dim[i]))
			return dla_fail(E2BIG, "padding of %d and %d", before[i], after[i]);
	}
	return err;
}

/* Padding is the real number 0. */
int read_pad(struct tflite_op *op)
{
	int32_t after[DLA_MAX_RANK] = { 0 };
	struct dla_shape out;
	int err = read_paddings(op, op->op->pad.before, after, &out);

	if (!err && op_output(op)->type != DLA_FLOAT32)
		op->op->pad.value[0] = (uint8_t)op_output(op)->quant.zero_point[0];
	return err ? err : need_shape(op, op_output(op), &out);
}

int read_padv2(struct tflite_op *op)
{
	const struct dla_tensor *value = op_input(op, 2);
	int32_t after[DLA_MAX_RANK] = { 0 };
	struct dla_shape out;
	int err = read_paddings(op, op->op->pad.before, after, &out);

	if (!err)
		err = need_movable(op, value, op_output(op));
	if (err)
		return err;
	if (!value->data || dla_shape_elements(&value->shape) != 1)
		return tensor_fail(op, EOPNOTSUPP, value, "is not one constant");
	memcpy(op->op->pad.value, value->data, value->bytes);
	return need_shape(op, op_output(op), &out);
}

int read_mirror_pad(struct tflite_op *op)
{
	int8_t mode = fb_i8(op->fb, &op->options, MIRROR_PAD_MODE, MIRROR_REFLECT);
	const struct dla_shape *in = &op_input(op, 0)->shape;
	int32_t *before = op->op->mirror.before, after[DLA_MAX_RANK] = { 0 };
	struct dla_shape out;
	int err;

	if (mode != MIRROR_REFLECT && mode != MIRROR_SYMMETRIC)
		return dla_fail(EINVAL, "mirrors in mode %d", mode);
	op->op->mirror.twice = mode == MIRROR_SYMMETRIC;
	err = read_paddings(op, before, after, &out);
	for (unsigned int i = 0; !err && i < in->rank; i++) {
		int32_t most = in->dim[i] - !op->op->mirror.twice;

		if (before[i] > most || after[i] > most)
			err = dla_fail(EINVAL, "padding of %d and %d mirrors more than the %d elements of axis %u",
				       before[i], after[i], in->dim[i], i);
	}
	return err ? err : need_shape(op, op_output(op), &out);
}

/* One dimension may be -1, for what is left. */
static int resolve_reshape(const struct tflite_op *op, const int32_t dims[], unsigned int count,
			   struct dla_shape *out)
{
	size_t elements = dla_shape_elements(&op_input(op, 0)->shape), known = 1;
	int unknown = -1;

	if (count > DLA_MAX_RANK)
		return dla_fail(EOPNOTSUPP, "%u dimensions; at most %d are supported", count,
				DLA_MAX_RANK);
	out->rank = count;
	for (unsigned int i = 0; i < count; i++) {
		out->dim[i] = dims[i];
		if (dims[i] == -1 && unknown < 0)
			unknown = (int)i;
		else if (dims[i] < 1 || known > (size_t)INT32_MAX / dims[i])
			return dla_fail(EINVAL, "dimension %u of the new shape is %d", i, dims[i]);
		else
			known *= dims[i];
	}
	if (unknown >= 0) {
		out->dim[unknown] = (int32_t)(elements / known);
		known *= elements / known;
	}
	if (known != elements)
		return tensor_fail(op, EINVAL, op_input(op, 0),
				   "has %zu elements; the new shape does not", elements);
	return 0;
}

int read_reshape(struct tflite_op *op)
{
	struct fb_vector option = fb_vector(op->fb, &op->options, RESHAPE_NEW_SHAPE, 4);
	struct dla_shape out = { 0 };
	int32_t dims[DLA_MAX_RANK] = { 0 };
	unsigned int count = 0;
	int err = need_movable(op, op_input(op, 0), op_output(op));

	if (!err && has_input(op, 1)) {
		err = read_list(op, 1, DLA_MAX_RANK, dims, &count);
	} else {
		count = option.count;
		for (uint32_t i = 0; i < count && i < DLA_MAX_RANK; i++)
			dims[i] = fb_vector_i32(op->fb, &option, i);
	}
	if (!err)
		err = resolve_reshape(op, dims, count, &out);
	return err ? err : need_shape(op, op_output(op), &out);
}

int read_expand_dims(struct tflite_op *op)
{
	const struct dla_shape *in = &op_input(op, 0)->shape;
	struct dla_shape out = { .rank = in->rank + 1 };
	unsigned int at = 0;
	int32_t axis = 0;
	int err = need_movable(op, op_input(op, 0), op_output(op));

	if (!err && in->rank == DLA_MAX_RANK)
		err = dla_fail(EOPNOTSUPP, "%d dimensions; at most %d are supported", DLA_MAX_RANK + 1,
			       DLA_MAX_RANK);
	if (!err)
		err = read_exact_list(op, 1, 1, &axis);
	if (!err)
		err = resolve_axis(axis, out.rank, &at);
	if (err)
		return err;
	for (unsigned int i = 0; i < out.rank; i++)
		out.dim[i] = i == at ? 1 : in->dim[i - (i > at)];
	return need_shape(op, op_output(op), &out);
}

int read_squeeze(struct tflite_op *op)
{
	struct fb_vector axes = fb_vector(op->fb, &op->options, SQUEEZE_AXES, 4);
	const struct dla_shape *in = &op_input(op, 0)->shape;
	struct dla_shape out = { 0 };
	uint32_t gone = 0;
	int err = need_movable(op, op_input(op, 0), op_output(op));

	for (uint32_t i = 0; !err && i < axes.count; i++) {
		unsigned int axis = 0;

		err = resolve_axis(fb_vector_i32(op->fb, &axes, i), in->rank, &axis);
		if (!err && in->dim[axis] != 1)
			err = dla_fail(EINVAL, "axis %u has %d elements; it can go only if it has 1", axis,
				       in->dim[axis]);
		if (!err)
			gone |= 1U << axis;
	}
	for (unsigned int i = 0; !err && i < in->rank; i++)
		if (axes.count ? !(gone >> i & 1) : in->dim[i] != 1)
			out.dim[out.rank++] = in->dim[i];
	return err ? err : need_shape(op, op_output(op), &out);
}

int read_transpose(struct tflite_op *op)
{
	const struct dla_shape *in = &op_input(op, 0)->shape;
	struct dla_shape out = { .rank = in->rank };
	int32_t order[DLA_MAX_RANK] = { 0 };
	uint32_t used = 0;
	int err = need_movable(op, op_input(op, 0), op_output(op));

	if (!err)
		err = read_exact_list(op, 1, in->rank, order);
	for (unsigned int i = 0; !err && i < in->rank; i++) {
		unsigned int axis = 0;

		err = resolve_axis(order[i], in->rank, &axis);
		if (!err && used >> axis & 1)
			err = dla_fail(EINVAL, "axis %u comes twice", axis);
		used |= 1U << axis;
		op->op->transpose.from[i] = axis;
		out.dim[i] = in->dim[axis];
	}
	return err ? err : need_shape(op, op_output(op), &out);
}

static int read_block_size(struct tflite_op *op)
{
	int32_t size = fb_i32(op->fb, &op->options, BLOCK_SIZE, 0);
	int err = need_movable(op, op_input(op, 0), op_output(op));

	if (!err)
		err = need_rank(op, op_input(op, 0), 4);
	/* With more than that even one block is larger than any tensor. */
	if (!err && (size < 1 || size > INT16_MAX))
		err = dla_fail(EINVAL, "blocks of %d", size);
	op->op->block.size = size;
	return err;
}

int read_depth_to_space(struct tflite_op *op)
{
	struct dla_shape out = op_input(op, 0)->shape;
	int err = read_block_size(op);
	int32_t size = op->op->block.size;

	if (err)
		return err;
	if (out.dim[3] % (size * size) || __builtin_mul_overflow(out.dim[1], size, &out.dim[1]) ||
	    __builtin_mul_overflow(out.dim[2], size, &out.dim[2]))
		return tensor_fail(op, EINVAL, op_input(op, 0), "has shape %s, which does not become blocks of %d",
				   shape_text(&op_input(op, 0)->shape).text, size);
	out.dim[3] /= size * size;
	return need_shape(op, op_output(op), &out);
}

int read_space_to_depth(struct tflite_op *op)
{
	struct dla_shape out = op_input(op, 0)->shape;
	int err = read_block_size(op);
	int32_t size = op->op->block.size;

	if (err)
		return err;
	if (out.dim[1] % size || out.dim[2] % size || __builtin_mul_overflow(out.dim[3], size * size, &out.dim[3]))
		return tensor_fail(op, EINVAL, op_input(op, 0), "has shape %s, which does not consist of blocks of %d",
				   shape_text(&op_input(op, 0)->shape).text, size);
	out.dim[1] /= size;
	out.dim[2] /= size;
	return need_shape(op, op_output(op), &out);
}

static int read_resize(struct tflite_op *op, bool align_corners, bool half_pixel_centers)
{
	struct dla_shape out = op_input(op, 0)->shape;
	int err = need_quantised_pair(op);

	if (align_corners && half_pixel_centers)
		return dla_fail(EINVAL, "aligns both corners and centers");
	op->op->resize.align_corners = align_corners;
	op->op->resize.half_pixel_centers = half_pixel_centers;
	if (!err)
		err = need_same_quant(op, op_input(op, 0), op_output(op));
	if (!err)
		err = need_rank(op, op_input(op, 0), 4);
	if (!err)
		err = read_exact_list(op, 1, 2, &out.dim[1]);
	if (!err)
		err = need_shape(op, op_output(op), &out);
	for (unsigned int i = 1; !err && i < 3; i++)
		if (op_input(op, 0)->shape.dim[i] > RESIZE_LIMIT || out.dim[i] > RESIZE_LIMIT)
			err = dla_fail(E2BIG, "resizes %d elements to %d; at most %d are supported",
				       op_input(op, 0)->shape.dim[i], out.dim[i], RESIZE_LIMIT);
	return err;
}

int read_resize_bilinear(struct tflite_op *op)
{
	return read_resize(op, fb_u8(op->fb, &op->options, RESIZE_BILINEAR_ALIGN_CORNERS, 0),
			   fb_u8(op->fb, &op->options, RESIZE_BILINEAR_HALF_PIXEL_CENTERS, 0));
}

int read_resize_nearest_neighbor(struct tflite_op *op)
{
	return read_resize(op, fb_u8(op->fb, &op->options, RESIZE_NEAREST_ALIGN_CORNERS, 0),
			   fb_u8(op->fb, &op->options, RESIZE_NEAREST_HALF_PIXEL_CENTERS, 0));
}

/* Where a slice begins or ends along an axis of that extent, by the rules of Python. */
static int32_t slice_edge(int64_t edge, int32_t extent, int32_t stride)
{
	int64_t first = stride > 0 ? 0 : -1, last = stride > 0 ? extent : extent - 1;

	if (edge < 0)
		edge += extent;
	return (int32_t)(edge < first ? first : edge > last ? last : edge);
}

static int read_slice_axis(struct tflite_op *op, unsigned int axis, int32_t begin, int32_t end,
			   int32_t stride)
{
	uint32_t begin_mask = fb_u32(op->fb, &op->options, SLICE_BEGIN_MASK, 0);
	uint32_t end_mask = fb_u32(op->fb, &op->options, SLICE_END_MASK, 0);
	uint32_t shrink_mask = fb_u32(op->fb, &op->options, SLICE_SHRINK_AXIS_MASK, 0);
	int32_t extent = op_input(op, 0)->shape.dim[axis], first, last;
	int64_t count;

	if (!stride)
		return dla_fail(EINVAL, "stride 0 along axis %u", axis);
	first = slice_edge(begin, extent, stride);
	if (begin_mask & 1U << axis)
		first = stride > 0 ? 0 : extent - 1;
	if (fb_u8(op->fb, &op->options, SLICE_OFFSET, 0))
		last = slice_edge((int64_t)first + end, extent, stride);
	else
		last = slice_edge(end, extent, stride);
	if (end_mask & 1U << axis)
		last = stride > 0 ? extent : -1;
	if (shrink_mask & 1U << axis) {
		count = first >= 0 && first < extent;
	} else {
		int64_t step = stride > 0 ? stride : -(int64_t)stride;
		int64_t length = stride > 0 ? (int64_t)last - first : (int64_t)first - last;

		count = (length + step - 1) / step;
	}
	if (count < 1)
		return dla_fail(EINVAL, "takes nothing of axis %u", axis);
	op->op->slice.begin[axis] = first;
	op->op->slice.stride[axis] = stride;
	op->op->slice.count[axis] = (int32_t)count;
	return 0;
}

int read_strided_slice(struct tflite_op *op)
{
	uint32_t shrink_mask = fb_u32(op->fb, &op->options, SLICE_SHRINK_AXIS_MASK, 0);
	int32_t begin[DLA_MAX_RANK] = { 0 }, end[DLA_MAX_RANK] = { 0 },
		stride[DLA_MAX_RANK] = { 0 };
	unsigned int rank = op_input(op, 0)->shape.rank;
	struct dla_shape out = { 0 };
	int err;

	if (fb_i32(op->fb, &op->options, SLICE_ELLIPSIS_MASK, 0) ||
	    fb_i32(op->fb, &op->options, SLICE_NEW_AXIS_MASK, 0))
		return dla_fail(EOPNOTSUPP, "an ellipsis or a new axis is not supported");
	err = need_movable(op, op_input(op, 0), op_output(op));
	if (!err)
		err = read_exact_list(op, 1, rank, begin);
	if (!err)
		err = read_exact_list(op, 2, rank, end);
	if (!err)
		err = read_exact_list(op, 3, rank, stride);
	for (unsigned int i = 0; !err && i < rank; i++) {
		err = read_slice_axis(op, i, begin[i], end[i], stride[i]);
		if (!err && !(shrink_mask & 1U << i))
			out.dim[out.rank++] = op->op->slice.count[i];
	}
	return err ? err : need_shape(op, op_output(op), &out);
}

int read_slice(struct tflite_op *op)
{
	const struct dla_shape *in = &op_input(op, 0)->shape;
	int32_t begin[DLA_MAX_RANK] = { 0 }, size[DLA_MAX_RANK] = { 0 };
	struct dla_shape out = { .rank = in->rank };
	int err = need_movable(op, op_input(op, 0), op_output(op));

	if (!err)
		err = read_exact_list(op, 1, in->rank, begin);
	if (!err)
		err = read_exact_list(op, 2, in->rank, size);
	for (unsigned int i = 0; !err && i < in->rank; i++) {
		int64_t count = size[i] == -1 ? (int64_t)in->dim[i] - begin[i] : size[i];

		if (begin[i] < 0 || count < 1 || begin[i] + count > in->dim[i])
			return dla_fail(EINVAL, "takes %d elements from %d on of the %d of axis %u", size[i],
					begin[i], in->dim[i], i);
		op->op->slice.begin[i] = begin[i];
		op->op->slice.stride[i] = 1;
		op->op->slice.count[i] = (int32_t)count;
		out.dim[i] = (int32_t)count;
	}
	return err ? err : need_shape(op, op_output(op), &out);
}
