// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tflite_check.h"
#include "tflite_schema.h"

struct shape_text shape_text(const struct dla_shape *shape)
{
	struct shape_text out = { "[" };
	size_t used = 1;

	for (unsigned int i = 0; i < shape->rank; i++)
		used += snprintf(out.text + used, sizeof(out.text) - used, "%s%d", i ? "," : "",
				 shape->dim[i]);
	snprintf(out.text + used, sizeof(out.text) - used, "]");
	return out;
}

int need_shape(const struct tflite_op *op, const struct dla_tensor *tensor, const struct dla_shape *shape)
{
	bool same = tensor->shape.rank == shape->rank;

	for (unsigned int i = 0; same && i < shape->rank; i++)
		same = tensor->shape.dim[i] == shape->dim[i];
	if (same)
		return 0;
	return tensor_fail(op, EINVAL, tensor, "has shape %s, but %s follows from the operator",
			   shape_text(&tensor->shape).text, shape_text(shape).text);
}

int need_rank(const struct tflite_op *op, const struct dla_tensor *tensor, unsigned int rank)
{
	if (tensor->shape.rank == rank)
		return 0;
	return tensor_fail(op, EINVAL, tensor, "has shape %s; %u dimensions are needed",
			   shape_text(&tensor->shape).text, rank);
}

int need_quantised(const struct tflite_op *op, const struct dla_tensor *tensor)
{
	if (tensor->type != DLA_INT8 && tensor->type != DLA_UINT8)
		return tensor_fail(op, EOPNOTSUPP, tensor, "is %s; int8 or uint8 is needed",
				   dla_type_name(tensor->type));
	if (tensor->quant.count != 1)
		return tensor_fail(op, EOPNOTSUPP, tensor, "has %u scales; 1 is needed",
				   tensor->quant.count);
	return 0;
}

int need_type(const struct tflite_op *op, const struct dla_tensor *tensor, enum dla_type type)
{
	if (tensor->type == type)
		return 0;
	return tensor_fail(op, EOPNOTSUPP, tensor, "is %s; %s is needed",
			   dla_type_name(tensor->type), dla_type_name(type));
}

int need_quantised_pair(const struct tflite_op *op)
{
	int err = need_quantised(op, op_input(op, 0));

	if (!err)
		err = need_quantised(op, op_output(op));
	return err ? err : need_type(op, op_output(op), op_input(op, 0)->type);
}

/* Converters compute the same scale in ways that round differently. */
int need_same_quant(const struct tflite_op *op, const struct dla_tensor *from, const struct dla_tensor *to)
{
	if (fabsf(from->quant.scale[0] - to->quant.scale[0]) > 1e-5F * to->quant.scale[0] ||
	    from->quant.zero_point[0] != to->quant.zero_point[0])
		return tensor_fail(op, EOPNOTSUPP, from,
				   "has scale %g and zero point %d, but the output has %g and %d; "
				   "they must be equal",
				   (double)from->quant.scale[0], from->quant.zero_point[0],
				   (double)to->quant.scale[0], to->quant.zero_point[0]);
	return 0;
}

int need_movable(const struct tflite_op *op, const struct dla_tensor *from, const struct dla_tensor *to)
{
	int err;

	if (from->type == DLA_FLOAT32)
		return need_type(op, to, DLA_FLOAT32);
	err = need_quantised(op, from);
	if (!err)
		err = need_type(op, to, from->type);
	if (!err)
		err = need_quantised(op, to);
	return err ? err : need_same_quant(op, from, to);
}

int read_list(const struct tflite_op *op, unsigned int i, unsigned int limit, int32_t list[],
	      unsigned int *count)
{
	const struct dla_tensor *tensor = op_input(op, i);
	size_t elements = dla_shape_elements(&tensor->shape);
	int err = need_type(op, tensor, DLA_INT32);

	if (err)
		return err;
	if (!tensor->data)
		return tensor_fail(op, EOPNOTSUPP, tensor, "is computed; a constant is needed");
	if (elements > limit)
		return tensor_fail(op, EINVAL, tensor,
				   "has %zu elements; at most %u have a meaning", elements, limit);
	memcpy(list, tensor->data, tensor->bytes);
	*count = elements;
	return 0;
}

int read_exact_list(const struct tflite_op *op, unsigned int i, unsigned int count, int32_t list[])
{
	unsigned int found = 0;
	int err = read_list(op, i, count, list, &found);

	if (err || found == count)
		return err;
	return tensor_fail(op, EINVAL, op_input(op, i), "has %u elements; %u are needed", found,
			   count);
}

int read_activation(struct tflite_op *op, unsigned int field)
{
	int8_t stored = fb_i8(op->fb, &op->options, field, ACTIVATION_NONE);

	switch (stored) {
	case ACTIVATION_NONE:
		op->op->activation = DLA_ACT_NONE;
		return 0;
	case ACTIVATION_RELU:
		op->op->activation = DLA_ACT_RELU;
		return 0;
	case ACTIVATION_RELU_N1_TO_1:
		op->op->activation = DLA_ACT_RELU_N1_TO_1;
		return 0;
	case ACTIVATION_RELU6:
		op->op->activation = DLA_ACT_RELU6;
		return 0;
	}
	return dla_fail(EOPNOTSUPP, "the fused activation %d is not supported", stored);
}

int resolve_axis(int32_t axis, unsigned int rank, unsigned int *resolved)
{
	int64_t index = axis < 0 ? (int64_t)axis + rank : axis;

	if (index < 0 || index >= rank)
		return dla_fail(EINVAL, "axis %d of %u", axis, rank);
	*resolved = (unsigned int)index;
	return 0;
}
