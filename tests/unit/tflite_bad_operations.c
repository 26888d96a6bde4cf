// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "../tflite_builder.h"
#include "dla.h"
#include "graph.h"
#include "tflite.h"

/*
 * Ways of being bad that single operations have, beyond those of tflite_bad.c: a network of one
 * operation that is accepted, changed in one place.
 */

static struct builder b;

static int read_built(void)
{
	struct dla_graph *graph;
	int err = dla_tflite_read(b.data, b.bytes, "bad", &graph);

	if (!err)
		dla_graph_free(graph);
	return err;
}

static void accepted(void)
{
	if (read_built())
		fail_msg("%s", dla_strerror());
}

/* Refused for that reason, which begins by naming the operation and its index. */
static void refused(int err, const char *name, const char *reason)
{
	char where[64];

	assert_int_equal(read_built(), -err);
	snprintf(where, sizeof(where), "bad: operator 0 %s: ", name);
	if (strncmp(dla_strerror(), where, strlen(where)) || !strstr(dla_strerror(), reason))
		fail_msg("\"%s\" does not begin with \"%s\" and say \"%s\"", dla_strerror(), where, reason);
}

static int teardown(void **state)
{
	(void)state;
	free(b.data);
	return 0;
}

static int int8_tensor(const char *name, struct builder_list shape)
{
	return add_tensor(&b, name, TYPE_INT8, shape, 0.5F, 3);
}

enum { X, Y };

/* x and y, and one operation from x and constants to y. Options may be changed, see b.options[0]. */
static void begin(struct builder_list x, struct builder_list y)
{
	builder_begin(&b);
	int8_tensor("x", x);
	int8_tensor("y", y);
}

static uint32_t end(int32_t builtin, uint8_t options, struct builder_list inputs)
{
	uint32_t table = add_operator(&b, builtin, options, inputs, Y);

	builder_end(&b, LIST(X), LIST(Y));
	return table;
}

/* Write other integers into a constant list. */
static void change(int tensor, struct builder_list values)
{
	set_vector(&b, b.buffer[tensor], BUFFER_DATA, values.value, (uint32_t)values.count * 4, 1);
}

/* ------------------------------------------------------------------------------- SPLIT etc. */

/* x of 2x6 into three of 2x2, as outputs 1, 2 and 3. */
static int begin_split(int32_t builtin, uint8_t options, int sizes, int axis)
{
	uint32_t table;

	table = add_operator(&b, builtin, options,
			     builtin == BUILTIN_SPLIT ? LIST(axis, X) : LIST(X, sizes, axis), Y);
	set_list(&b, b.operator[0], OPERATOR_OUTPUTS, LIST(1, 2, 3));
	set_i32(&b, table, SPLIT_COUNT, 3);
	builder_end(&b, LIST(X), LIST(1, 2, 3));
	return (int)table;
}

static void split_tensors(void)
{
	begin(LIST(2, 6), LIST(2, 2));
	int8_tensor("second", LIST(2, 2));
	int8_tensor("third", LIST(2, 2));
}

static void split(void **state)
{
	uint32_t table;
	int axis;

	(void)state;
	split_tensors();
	axis = add_ints(&b, "axis", LIST(-1));
	table = (uint32_t)begin_split(BUILTIN_SPLIT, OPTIONS_SPLIT, 0, axis);
	accepted();
	change(axis, LIST(2));
	refused(EINVAL, "SPLIT", "axis 2 of 2");
	change(axis, LIST(INT_MIN));
	refused(EINVAL, "SPLIT", "axis -2147483648 of 2");
	change(axis, LIST(0));
	refused(EINVAL, "SPLIT", "do not split into 3 equal parts");
	change(axis, LIST(1));
	accepted();
	set_i32(&b, table, SPLIT_COUNT, 2);
	refused(EINVAL, "SPLIT", "splits into 2, but has 3 outputs");
	set_i32(&b, table, SPLIT_COUNT, -3);
	refused(EINVAL, "SPLIT", "splits into -3");
	set_i32(&b, table, SPLIT_COUNT, 3);
	set_list(&b, b.operator[0], OPERATOR_OUTPUTS, LIST(1, 2, 2));
	refused(EINVAL, "SPLIT", "made by an earlier operator");
	set_list(&b, b.operator[0], OPERATOR_OUTPUTS, LIST(1, -1, 3));
	refused(EINVAL, "SPLIT", "one of its outputs is absent");
	set_list(&b, b.operator[0], OPERATOR_OUTPUTS, (struct builder_list){ 0, NULL });
	refused(EINVAL, "SPLIT", "has 0 outputs");
	set_list(&b, b.operator[0], OPERATOR_OUTPUTS, LIST(1, 2, 3));
	set_list(&b, b.tensor[2], TENSOR_SHAPE, LIST(2, 1));
	refused(EINVAL, "SPLIT", "not as long as the input");
	set_list(&b, b.tensor[3], TENSOR_SHAPE, LIST(2, 3));
	refused(EINVAL, "SPLIT", "the parts of SPLIT are equal");
}

static void split_v(void **state)
{
	int sizes, axis;

	(void)state;
	split_tensors();
	sizes = add_ints(&b, "sizes", LIST(2, -1, 2));
	axis = add_ints(&b, "axis", LIST(1));
	begin_split(BUILTIN_SPLIT_V, OPTIONS_SPLIT_V, sizes, axis);
	accepted();
	change(sizes, LIST(2, 3, 2));
	refused(EINVAL, "SPLIT_V", "its size along axis 1 is 3");
	change(sizes, LIST(-1, 2, -1));
	refused(EINVAL, "SPLIT_V", "its size along axis 1 is -1");
	change(sizes, LIST(2, 0, 2));
	refused(EINVAL, "SPLIT_V", "is 0");
	change(sizes, LIST(2, 2, 2));
	set_list(&b, b.tensor[sizes], TENSOR_SHAPE, LIST(3, 1));
	accepted();
	set_list(&b, b.operator[0], OPERATOR_INPUTS, LIST(X, axis, axis));
	refused(EINVAL, "SPLIT_V", "has 1 elements, but there are 3 outputs");
}

static void unpack(void **state)
{
	uint32_t table;

	(void)state;
	begin(LIST(2, 3), LIST(3));
	int8_tensor("second", LIST(3));
	table = end(BUILTIN_UNPACK, OPTIONS_UNPACK, LIST(X));
	set_list(&b, b.operator[0], OPERATOR_OUTPUTS, LIST(1, 2));
	builder_end(&b, LIST(X), LIST(1, 2));
	set_i32(&b, table, PACK_COUNT, 2);
	accepted();
	set_i32(&b, table, PACK_COUNT, 3);
	refused(EINVAL, "UNPACK", "unpacks 2 elements into 3");
	set_i32(&b, table, PACK_COUNT, 2);
	set_i32(&b, table, PACK_AXIS, 1);
	refused(EINVAL, "UNPACK", "unpacks 3 elements into 2");
	set_i32(&b, table, PACK_AXIS, -3);
	refused(EINVAL, "UNPACK", "axis -3 of 2");
	set_i32(&b, table, PACK_AXIS, 0);
	set_list(&b, b.tensor[2], TENSOR_SHAPE, LIST(3, 1));
	refused(EINVAL, "UNPACK", "[3] follows from the operator");
}

static void pack(void **state)
{
	uint32_t table;
	int other;

	(void)state;
	begin(LIST(2, 3), LIST(2, 2, 3));
	other = int8_tensor("other", LIST(2, 3));
	table = end(BUILTIN_PACK, OPTIONS_PACK, LIST(X, other));
	builder_end(&b, LIST(X, other), LIST(Y));
	accepted();
	set_i32(&b, table, PACK_AXIS, 3);
	refused(EINVAL, "PACK", "axis 3 of 3");
	set_i32(&b, table, PACK_AXIS, -1);
	refused(EINVAL, "PACK", "[2,3,2] follows");
	set_i32(&b, table, PACK_AXIS, 0);
	set_list(&b, b.tensor[other], TENSOR_SHAPE, LIST(3, 2));
	refused(EINVAL, "PACK", "[2,3] follows");
	set_list(&b, b.tensor[X], TENSOR_SHAPE, LIST(1, 1, 1, 1, 2, 3));
	refused(EOPNOTSUPP, "PACK", "7 dimensions");
}

/* -------------------------------------------------------------------------- shapes and places */

static void transpose(void **state)
{
	int order;

	(void)state;
	begin(LIST(2, 3, 4), LIST(4, 2, 3));
	order = add_ints(&b, "order", LIST(2, 0, 1));
	end(BUILTIN_TRANSPOSE, OPTIONS_NONE, LIST(X, order));
	accepted();
	change(order, LIST(2, 0, 0));
	refused(EINVAL, "TRANSPOSE", "axis 0 comes twice");
	change(order, LIST(2, 0, -3));
	refused(EINVAL, "TRANSPOSE", "axis 0 comes twice");
	change(order, LIST(2, 0, 3));
	refused(EINVAL, "TRANSPOSE", "axis 3 of 3");
	change(order, LIST(0, 1, 2));
	refused(EINVAL, "TRANSPOSE", "[2,3,4] follows");
	set_list(&b, b.tensor[X], TENSOR_SHAPE, LIST(6, 4));
	refused(EINVAL, "TRANSPOSE", "at most 2 have a meaning");
}

static void expand_dims(void **state)
{
	int axis;

	(void)state;
	begin(LIST(2, 3), LIST(2, 3, 1));
	axis = add_ints(&b, "axis", LIST(-1));
	end(BUILTIN_EXPAND_DIMS, OPTIONS_NONE, LIST(X, axis));
	accepted();
	change(axis, LIST(3));
	refused(EINVAL, "EXPAND_DIMS", "axis 3 of 3");
	change(axis, LIST(-4));
	refused(EINVAL, "EXPAND_DIMS", "axis -4 of 3");
	change(axis, LIST(0));
	refused(EINVAL, "EXPAND_DIMS", "[1,2,3] follows");
}

static void squeeze(void **state)
{
	uint32_t table;

	(void)state;
	begin(LIST(1, 3, 1), LIST(3));
	table = end(BUILTIN_SQUEEZE, OPTIONS_SQUEEZE, LIST(X));
	accepted();
	set_list(&b, table, SQUEEZE_AXES, LIST(0, -1));
	accepted();
	set_list(&b, table, SQUEEZE_AXES, LIST(0, 1));
	refused(EINVAL, "SQUEEZE", "axis 1 has 3 elements");
	set_list(&b, table, SQUEEZE_AXES, LIST(-4));
	refused(EINVAL, "SQUEEZE", "axis -4 of 3");
	set_list(&b, table, SQUEEZE_AXES, LIST(0));
	refused(EINVAL, "SQUEEZE", "[3,1] follows");
}

static void slice(void **state)
{
	int from, size;

	(void)state;
	begin(LIST(4, 5), LIST(2, 3));
	from = add_ints(&b, "from", LIST(1, 2));
	size = add_ints(&b, "size", LIST(2, -1));
	end(BUILTIN_SLICE, OPTIONS_NONE, LIST(X, from, size));
	accepted();
	change(from, LIST(-1, 2));
	refused(EINVAL, "SLICE", "takes 2 elements from -1 on of the 4 of axis 0");
	change(from, LIST(INT_MAX, 2));
	refused(EINVAL, "SLICE", "from 2147483647 on");
	change(from, LIST(1, 2));
	change(size, LIST(INT_MAX, -1));
	refused(EINVAL, "SLICE", "takes 2147483647 elements");
	change(size, LIST(0, -1));
	refused(EINVAL, "SLICE", "takes 0 elements");
	change(size, LIST(2, -2));
	refused(EINVAL, "SLICE", "takes -2 elements");
	change(size, LIST(2, 2));
	refused(EINVAL, "SLICE", "[2,2] follows");
}

static void mirror_pad(void **state)
{
	uint32_t table;
	int paddings;

	(void)state;
	begin(LIST(3), LIST(7));
	paddings = add_tensor(&b, "paddings", TYPE_INT32, LIST(1, 2), 0, 0);
	set_data(&b, paddings, (int32_t[]){ 2, 2 }, 8);
	table = end(BUILTIN_MIRROR_PAD, OPTIONS_MIRROR_PAD, LIST(X, paddings));
	accepted();
	change(paddings, LIST(3, 1));
	refused(EINVAL, "MIRROR_PAD", "mirrors more than the 3 elements");
	set_i8(&b, table, MIRROR_PAD_MODE, MIRROR_SYMMETRIC);
	accepted();
	change(paddings, LIST(0, 4));
	refused(EINVAL, "MIRROR_PAD", "mirrors more than the 3 elements");
	change(paddings, LIST(-1, 5));
	refused(EINVAL, "MIRROR_PAD", "padding of -1 and 5");
	change(paddings, LIST(INT_MAX, INT_MAX));
	refused(E2BIG, "MIRROR_PAD", "padding of 2147483647");
	set_i8(&b, table, MIRROR_PAD_MODE, 2);
	refused(EINVAL, "MIRROR_PAD", "mode 2");
}

static void padv2(void **state)
{
	int paddings, value;

	(void)state;
	begin(LIST(3), LIST(5));
	paddings = add_tensor(&b, "paddings", TYPE_INT32, LIST(1, 2), 0, 0);
	set_data(&b, paddings, (int32_t[]){ 1, 1 }, 8);
	value = int8_tensor("value", LIST(1));
	set_data(&b, value, (int8_t[]){ 7 }, 1);
	end(BUILTIN_PADV2, OPTIONS_NONE, LIST(X, paddings, value));
	accepted();
	set_list(&b, b.operator[0], OPERATOR_INPUTS, LIST(X, paddings, X));
	refused(EOPNOTSUPP, "PADV2", "is not one constant");
	set_list(&b, b.operator[0], OPERATOR_INPUTS, LIST(X, paddings, paddings));
	refused(EOPNOTSUPP, "PADV2", "is int32; int8 or uint8 is needed");
}

static void depth_to_space(void **state)
{
	static const int32_t bad[] = { 0, -2, 3, INT_MAX, 32767 };
	uint32_t table;

	(void)state;
	begin(LIST(1, 2, 3, 8), LIST(1, 4, 6, 2));
	table = end(BUILTIN_DEPTH_TO_SPACE, OPTIONS_DEPTH_TO_SPACE, LIST(X));
	set_i32(&b, table, BLOCK_SIZE, 2);
	accepted();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_i32(&b, table, BLOCK_SIZE, bad[i]);
		refused(EINVAL, "DEPTH_TO_SPACE", "blocks of");
	}
	set_i32(&b, table, BLOCK_SIZE, 1);
	refused(EINVAL, "DEPTH_TO_SPACE", "[1,2,3,8] follows");
}

static void space_to_depth(void **state)
{
	static const int32_t bad[] = { 0, -1, 3, INT_MIN, 32767 };
	uint32_t table;

	(void)state;
	begin(LIST(1, 4, 6, 2), LIST(1, 2, 3, 8));
	table = end(BUILTIN_SPACE_TO_DEPTH, OPTIONS_SPACE_TO_DEPTH, LIST(X));
	set_i32(&b, table, BLOCK_SIZE, 2);
	accepted();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_i32(&b, table, BLOCK_SIZE, bad[i]);
		refused(EINVAL, "SPACE_TO_DEPTH", "blocks of");
	}
}

static void resize(void **state)
{
	uint32_t table;
	int size;

	(void)state;
	begin(LIST(1, 2, 3, 2), LIST(1, 4, 6, 2));
	size = add_ints(&b, "size", LIST(4, 6));
	table = end(BUILTIN_RESIZE_BILINEAR, OPTIONS_RESIZE_BILINEAR, LIST(X, size));
	accepted();
	change(size, LIST(0, 6));
	refused(EINVAL, "RESIZE_BILINEAR", "[1,0,6,2] follows");
	change(size, LIST(INT_MIN, -1));
	refused(EINVAL, "RESIZE_BILINEAR", "follows");
	change(size, LIST(4, 6));
	set_i8(&b, table, RESIZE_BILINEAR_ALIGN_CORNERS, 1);
	accepted();
	set_i8(&b, table, RESIZE_BILINEAR_HALF_PIXEL_CENTERS, 1);
	refused(EINVAL, "RESIZE_BILINEAR", "both corners and centers");
	set_i8(&b, table, RESIZE_BILINEAR_HALF_PIXEL_CENTERS, 0);
	set_list(&b, b.tensor[X], TENSOR_SHAPE, LIST(1, 2000000, 3, 2));
	refused(E2BIG, "RESIZE_BILINEAR", "at most 1048576");
	set_list(&b, b.tensor[X], TENSOR_SHAPE, LIST(2, 3, 2));
	refused(EINVAL, "RESIZE_BILINEAR", "4 dimensions are needed");
}

/* -------------------------------------------------------------------------------- arithmetic */

static void transpose_conv(void **state)
{
	static const int8_t ones[3 * 3 * 2 * 4] = { 1 };
	static const int32_t bad[] = { 0, -1, INT_MIN };
	uint32_t table;
	int sizes, weights;

	(void)state;
	begin(LIST(1, 3, 3, 4), LIST(1, 6, 6, 2));
	sizes = add_ints(&b, "sizes", LIST(1, 6, 6, 2));
	weights = add_tensor(&b, "weights", TYPE_INT8, LIST(2, 3, 3, 4), 0.1F, 0);
	set_data(&b, weights, ones, sizeof(ones));
	table = end(BUILTIN_TRANSPOSE_CONV, OPTIONS_TRANSPOSE_CONV, LIST(sizes, weights, X));
	set_i32(&b, table, TRANSPOSE_CONV_STRIDE_H, 2);
	set_i32(&b, table, TRANSPOSE_CONV_STRIDE_W, 2);
	accepted();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_i32(&b, table, TRANSPOSE_CONV_STRIDE_W, bad[i]);
		refused(EINVAL, "TRANSPOSE_CONV", "a window of 3 with stride");
	}
	set_i32(&b, table, TRANSPOSE_CONV_STRIDE_W, INT_MAX);
	refused(EINVAL, "TRANSPOSE_CONV", "[1,3,1,4] follows");
	set_i32(&b, table, TRANSPOSE_CONV_STRIDE_W, 2);
	set_i8(&b, table, TRANSPOSE_CONV_PADDING, PADDING_VALID);
	refused(EINVAL, "TRANSPOSE_CONV", "[1,2,2,4] follows");
	set_i8(&b, table, TRANSPOSE_CONV_PADDING, PADDING_SAME);
	change(sizes, LIST(1, 6, 6, 3));
	refused(EINVAL, "TRANSPOSE_CONV", "does not lead from 4 to 3 channels");
	change(sizes, LIST(1, 5, 6, 2));
	refused(EINVAL, "TRANSPOSE_CONV", "[1,5,6,2] follows");
	change(sizes, LIST(-1, INT_MAX, INT_MIN, 2));
	refused(EINVAL, "TRANSPOSE_CONV", "follows");
}

static void choice(void **state)
{
	int other;

	(void)state;
	begin(LIST(2, 3), LIST(2, 3));
	other = int8_tensor("other", LIST(3));
	end(BUILTIN_MAXIMUM, OPTIONS_NONE, LIST(X, other));
	builder_end(&b, LIST(X, other), LIST(Y));
	accepted();
	set_quant(&b, other, (float[]){ 0.25F }, (int64_t[]){ 3 }, 1, 0);
	refused(EOPNOTSUPP, "MAXIMUM", "they must be equal");
	set_list(&b, b.tensor[other], TENSOR_SHAPE, LIST(2));
	refused(EINVAL, "MAXIMUM", "[2,3] and [2] cannot be broadcast");
}

static void prelu(void **state)
{
	int slope;

	(void)state;
	begin(LIST(1, 3), LIST(1, 3));
	slope = int8_tensor("slope", LIST(3));
	set_data(&b, slope, (int8_t[]){ 1, 2, 3 }, 3);
	end(BUILTIN_PRELU, OPTIONS_NONE, LIST(X, slope));
	accepted();
	set_list(&b, b.tensor[slope], TENSOR_SHAPE, LIST(3, 1));
	refused(EINVAL, "PRELU", "[3,3] follows");
}

static void leaky_relu(void **state)
{
	uint32_t table;

	(void)state;
	begin(LIST(3), LIST(3));
	table = end(BUILTIN_LEAKY_RELU, OPTIONS_LEAKY_RELU, LIST(X));
	set_f32(&b, table, LEAKY_RELU_ALPHA, -0.5F);
	accepted();
	set_f32(&b, table, LEAKY_RELU_ALPHA, NAN);
	refused(EINVAL, "LEAKY_RELU", "alpha is");
	set_f32(&b, table, LEAKY_RELU_ALPHA, -INFINITY);
	refused(EINVAL, "LEAKY_RELU", "alpha is");
}

static void tanh_quantisation(void **state)
{
	(void)state;
	begin(LIST(3), LIST(3));
	end(BUILTIN_TANH, OPTIONS_NONE, LIST(X));
	refused(EOPNOTSUPP, "TANH", "1/128 and 0 are needed");
	set_quant(&b, Y, (float[]){ 1.0F / 128 }, (int64_t[]){ 0 }, 1, 0);
	accepted();
}

static void types(void **state)
{
	(void)state;
	begin(LIST(3), LIST(3));
	end(BUILTIN_RELU, OPTIONS_NONE, LIST(X));
	accepted();
	set_i8(&b, b.tensor[X], TENSOR_TYPE, TYPE_INT16);
	refused(EOPNOTSUPP, "RELU", "is int16; int8 or uint8 is needed");
	set_i8(&b, b.tensor[X], TENSOR_TYPE, TYPE_UINT8);
	refused(EOPNOTSUPP, "RELU", "is int8; uint8 is needed");
	set_i8(&b, b.tensor[Y], TENSOR_TYPE, TYPE_UINT8);
	accepted();
	set_list(&b, b.tensor[Y], TENSOR_SHAPE, LIST(1, 3));
	refused(EINVAL, "RELU", "[3] follows");
}

#define BAD(test) cmocka_unit_test_teardown(test, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BAD(split), BAD(split_v), BAD(unpack), BAD(pack), BAD(transpose), BAD(expand_dims),
		BAD(squeeze), BAD(slice), BAD(mirror_pad), BAD(padv2), BAD(depth_to_space),
		BAD(space_to_depth), BAD(resize), BAD(transpose_conv), BAD(choice), BAD(prelu),
		BAD(leaky_relu), BAD(tanh_quantisation), BAD(types),
	};

	return cmocka_run_group_tests_name("tflite_bad_operations", tests, NULL, NULL);
}
