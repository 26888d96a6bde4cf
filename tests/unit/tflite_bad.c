// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../tflite_builder.h"
#include "dla.h"
#include "graph.h"
#include "tflite.h"

/*
 * Every way of being bad that the reader knows, one at a time, in a network that is good otherwise.
 */

/* Tensors of the network of builder_every_kind(), in the order in which it makes them. */
enum {
	T_X,
	T_Q,
	T_PADDED,
	T_PADDINGS,
	T_W,
	T_BIAS,
	T_CONV,
	T_DW,
	T_DEPTHWISE,
	T_FACTOR,
	T_PRODUCT,
	T_SUM,
	T_MAX,
	T_AVERAGE,
	T_BEGIN,
	T_END,
	T_STRIDE,
	T_SLICE,
	T_JOINED,
	T_AXES,
	T_MEAN,
	T_SHAPE,
	T_FLAT,
	T_FCW,
	T_FC,
	T_SIGMOID,
	T_SOFTMAX,
	T_Y,
};

static struct builder b;

static int setup(void **state)
{
	(void)state;
	builder_every_kind(&b);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(b.data);
	return 0;
}

/* The file is refused with that error and a reason in which both texts occur. */
static void refused_bytes(const void *data, size_t bytes, int err, const char *where,
			  const char *what)
{
	/* Of exactly that size, so that the sanitizer sees every byte too far. */
	void *copy = malloc(bytes ? bytes : 1);
	struct dla_graph *graph = NULL;
	int got;

	memcpy(copy, data, bytes);
	got = dla_tflite_read(copy, bytes, "bad.tflite", &graph);
	free(copy);
	assert_int_equal(got, -err);
	assert_null(graph);
	if (!strstr(dla_strerror(), where) || !strstr(dla_strerror(), what))
		fail_msg("\"%s\" names neither \"%s\" nor \"%s\"", dla_strerror(), where, what);
	assert_ptr_equal(strstr(dla_strerror(), "bad.tflite: "), dla_strerror());
}

static void refused(int err, const char *where, const char *what)
{
	refused_bytes(b.data, b.bytes, err, where, what);
}

static void set_element(uint32_t table, unsigned int field, int i, int32_t value)
{
	uint32_t at = builder_field(&b, table, field);

	builder_set32(&b, at + builder_get32(&b, at) + 4 + 4 * i, (uint32_t)value);
}

static void make_absent(uint32_t table, unsigned int field)
{
	memset(b.data + builder_entry(&b, table, field), 0, 2);
}

static void good_network_is_read(void **state)
{
	struct dla_graph *graph;

	(void)state;
	if (dla_tflite_read(b.data, b.bytes, "good.tflite", &graph))
		fail_msg("%s", dla_strerror());
	assert_int_equal(graph->op_count, EVERY_COUNT);
	dla_graph_free(graph);
}

static void no_file(void **state)
{
	(void)state;
	refused_bytes("", 0, EINVAL, "bad.tflite", "not a TensorFlow Lite file");
	refused_bytes("TFL3", 4, EINVAL, "bad.tflite", "not a TensorFlow Lite file");
	memcpy(b.data + 4, "TFL2", 4);
	refused(EINVAL, "bad.tflite", "not a TensorFlow Lite file");
}

static void version(void **state)
{
	(void)state;
	set_i32(&b, b.model, MODEL_VERSION, 2);
	refused(EOPNOTSUPP, "format version 2", "3");
}

static void every_truncation(void **state)
{
	struct dla_graph *graph;

	(void)state;
	for (size_t bytes = 0; bytes < b.bytes; bytes++) {
		void *copy = malloc(bytes + 1);
		int err;

		memcpy((char *)copy + 1, b.data, bytes);	/* misaligned on purpose */
		err = dla_tflite_read((char *)copy + 1, bytes, "bad.tflite", &graph);
		free(copy);
		assert_true(err == -EINVAL || err == -EOPNOTSUPP);
		assert_true(strlen(dla_strerror()) > strlen("bad.tflite: "));
	}
}

static void root_outside(void **state)
{
	(void)state;
	builder_set32(&b, 0, b.bytes - 2);
	refused(EINVAL, "damaged", "a table");
	builder_set32(&b, 0, 0xFFFFFFFF);
	refused(EINVAL, "damaged", "a table");
}

static void vtable_outside(void **state)
{
	(void)state;
	builder_set32(&b, b.subgraph, 0x7FFFFFFF);
	refused(EINVAL, "damaged", "the layout of the table");
	builder_set32(&b, b.subgraph, 0x80000000);
	refused(EINVAL, "damaged", "the layout of the table");
}

static void vtable_too_short(void **state)
{
	(void)state;
	memset(b.data + builder_entry(&b, b.model, 0) - 4, 0, 2);
	refused(EINVAL, "damaged", "a part of the table");
}

static void vtable_too_long(void **state)
{
	(void)state;
	memset(b.data + builder_entry(&b, b.model, 0) - 4, 0xFF, 2);
	refused(EINVAL, "damaged", "a part of the table");
}

static void field_outside_its_table(void **state)
{
	(void)state;
	memset(b.data + builder_entry(&b, b.options[EVERY_CONV_2D], CONV_STRIDE_H), 0x7F, 2);
	refused(EINVAL, "operator 2 CONV_2D", "a field of the table");
}

static void list_outside(void **state)
{
	uint32_t at = builder_field(&b, b.tensor[T_CONV], TENSOR_SHAPE);

	(void)state;
	builder_set32(&b, at, b.bytes);
	refused(EINVAL, "tensor 6 \"conv\"", "a list");
	builder_set32(&b, at, 0xFFFFFFFF);
	refused(EINVAL, "tensor 6 \"conv\"", "a list");
}

static void list_too_long(void **state)
{
	(void)state;
	builder_set32(&b, b.tensors, 0xFFFFFFFF);
	refused(EINVAL, "damaged", "a part of the list");
	builder_set32(&b, b.tensors, 0x40000001);
	refused(EINVAL, "damaged", "a part of the list");
}

static void string_outside(void **state)
{
	uint32_t at = builder_field(&b, b.tensor[T_CONV], TENSOR_NAME);

	(void)state;
	builder_set32(&b, at + builder_get32(&b, at), b.bytes);
	refused(EINVAL, "tensor 6", "a part of the list");
}

/* Its tensors are the model itself: nothing loops, it is only no tensor. */
static void cycle(void **state)
{
	(void)state;
	builder_set32(&b, b.tensors + 4, b.model - (b.tensors + 4));
	refused(EINVAL, "tensor 0", "");
}

/* A short list of tables that are all one and the same asks for a name of 255 bytes each. */
static void multiplied_tables(void **state)
{
	static const char name[300] = { [0 ... 298] = 'n' };
	enum { COUNT = 3000 };
	uint32_t list = set_vector(&b, b.subgraph, SUBGRAPH_TENSORS, NULL, COUNT, 4);
	uint32_t tensor = builder_table(&b);

	(void)state;
	set_i8(&b, tensor, TENSOR_TYPE, TYPE_INT8);
	set_string(&b, tensor, TENSOR_NAME, name);
	for (uint32_t i = 0; i < COUNT; i++)
		builder_point(&b, list + 4 + 4 * i, tensor);
	refused(E2BIG, "tensor ", "more memory");
}

static void no_network(void **state)
{
	(void)state;
	builder_set32(&b, b.subgraphs, 0);
	refused(EINVAL, "bad.tflite", "has no network");
}

static void no_input(void **state)
{
	(void)state;
	set_vector(&b, b.subgraph, SUBGRAPH_INPUTS, NULL, 0, 4);
	refused(EINVAL, "network", "no input");
}

static void no_output(void **state)
{
	(void)state;
	make_absent(b.subgraph, SUBGRAPH_OUTPUTS);
	refused(EINVAL, "network", "no output");
}

static void input_twice(void **state)
{
	(void)state;
	set_list(&b, b.subgraph, SUBGRAPH_INPUTS, LIST(T_X, T_X));
	refused(EINVAL, "input 1", "an input twice");
}

static void constant_as_network_input(void **state)
{
	(void)state;
	set_list(&b, b.subgraph, SUBGRAPH_INPUTS, LIST(T_X, T_W));
	refused(EINVAL, "tensor 4 \"w\"", "constant");
}

static void output_from_nowhere(void **state)
{
	(void)state;
	set_list(&b, b.subgraph, SUBGRAPH_OUTPUTS, LIST(T_X));
	refused(EINVAL, "tensor 0 \"x\"", "made by no operator");
}

static void network_tensor_absent(void **state)
{
	(void)state;
	set_list(&b, b.subgraph, SUBGRAPH_INPUTS, LIST(-1));
	refused(EINVAL, "input 0", "absent");
	set_list(&b, b.subgraph, SUBGRAPH_INPUTS, LIST(T_X));
	set_list(&b, b.subgraph, SUBGRAPH_OUTPUTS, LIST(-1));
	refused(EINVAL, "output 0", "absent");
}

static void network_tensor_index(void **state)
{
	(void)state;
	set_list(&b, b.subgraph, SUBGRAPH_OUTPUTS, LIST(1000));
	refused(EINVAL, "outputs of the network", "tensor 1000 of");
}

static void dimension_zero(void **state)
{
	(void)state;
	set_element(b.tensor[T_CONV], TENSOR_SHAPE, 1, 0);
	refused(EINVAL, "tensor 6 \"conv\"", "dimension 1 is 0");
}

static void dimension_negative(void **state)
{
	(void)state;
	set_element(b.tensor[T_CONV], TENSOR_SHAPE, 3, -1);
	refused(EINVAL, "tensor 6 \"conv\"", "dimension 3 is -1");
}

static void dimensions_overflow(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		set_element(b.tensor[T_CONV], TENSOR_SHAPE, i, 0x10000);
	refused(E2BIG, "tensor 6 \"conv\"", "larger than 2 GiB");
	for (int i = 0; i < 4; i++)
		set_element(b.tensor[T_CONV], TENSOR_SHAPE, i, INT32_MAX);
	refused(E2BIG, "tensor 6 \"conv\"", "larger than 2 GiB");
}

static void too_many_dimensions(void **state)
{
	(void)state;
	set_list(&b, b.tensor[T_CONV], TENSOR_SHAPE, LIST(1, 1, 1, 1, 4, 4, 3));
	refused(EOPNOTSUPP, "tensor 6 \"conv\"", "7 dimensions");
}

static void element_type(void **state)
{
	(void)state;
	set_i8(&b, b.tensor[T_CONV], TENSOR_TYPE, 5);
	refused(EOPNOTSUPP, "tensor 6 \"conv\"", "type 5");
}

static void variable(void **state)
{
	(void)state;
	set_i8(&b, b.tensor[T_CONV], TENSOR_IS_VARIABLE, 1);
	refused(EOPNOTSUPP, "tensor 6 \"conv\"", "variables");
}

static void sparse(void **state)
{
	(void)state;
	set_offset(&b, b.tensor[T_W], TENSOR_SPARSITY, builder_table(&b));
	refused(EOPNOTSUPP, "tensor 4 \"w\"", "sparse");
}

static void scale_is(float scale, const char *text)
{
	uint32_t bits;

	memcpy(&bits, &scale, 4);
	set_element(b.quant[T_CONV], QUANT_SCALE, 0, (int32_t)bits);
	refused(EINVAL, "tensor 6 \"conv\"", text);
}

static void scales(void **state)
{
	(void)state;
	scale_is(0, "scale 0 is 0");
	scale_is(-1, "scale 0 is -1");
	scale_is(NAN, "scale 0 is nan");
	scale_is(INFINITY, "scale 0 is inf");
}

static void zero_point_of_int8(void **state)
{
	(void)state;
	set_vector(&b, b.quant[T_CONV], QUANT_ZERO_POINT, (int64_t[]){ 128 }, 1, 8);
	refused(EINVAL, "tensor 6 \"conv\"", "zero point 0 is 128, which is no int8");
	set_vector(&b, b.quant[T_CONV], QUANT_ZERO_POINT, (int64_t[]){ 1LL << 32 }, 1, 8);
	refused(EINVAL, "tensor 6 \"conv\"", "zero point 0 is 4294967296");
}

static void zero_point_of_uint8(void **state)
{
	(void)state;
	set_i8(&b, b.tensor[T_CONV], TENSOR_TYPE, TYPE_UINT8);
	refused(EINVAL, "tensor 6 \"conv\"", "zero point 0 is -4, which is no uint8");
}

static void scales_without_zero_points(void **state)
{
	(void)state;
	make_absent(b.quant[T_CONV], QUANT_ZERO_POINT);
	refused(EINVAL, "tensor 6 \"conv\"", "1 scales, but 0 zero points");
}

static void scales_along_no_axis(void **state)
{
	(void)state;
	set_i32(&b, b.quant[T_W], QUANT_DIMENSION, 4);
	refused(EINVAL, "tensor 4 \"w\"", "axis 4 of 4");
	set_i32(&b, b.quant[T_W], QUANT_DIMENSION, -1);
	refused(EINVAL, "tensor 4 \"w\"", "axis -1 of 4");
}

static void scales_too_few_for_the_axis(void **state)
{
	(void)state;
	set_i32(&b, b.quant[T_W], QUANT_DIMENSION, 3);
	refused(EINVAL, "tensor 4 \"w\"", "3 scales for an axis of 2");
}

static void scales_along_another_axis(void **state)
{
	(void)state;
	set_i32(&b, b.quant[T_W], QUANT_DIMENSION, 1);
	refused(EOPNOTSUPP, "operator 2 CONV_2D: tensor 4 \"w\"", "along axis 1");
}

static void quantisation_details(void **state)
{
	(void)state;
	set_i8(&b, b.quant[T_CONV], QUANT_DETAILS_TYPE, 1);
	refused(EOPNOTSUPP, "tensor 6 \"conv\"", "details of type 1");
}

static void data_of_another_size(void **state)
{
	(void)state;
	set_vector(&b, b.buffer[T_BIAS], BUFFER_DATA, "123456789012", 11, 1);
	refused(EINVAL, "tensor 5 \"bias\"", "11 bytes of data, but its shape needs 12");
}

static void buffer_index(void **state)
{
	(void)state;
	set_i32(&b, b.tensor[T_BIAS], TENSOR_BUFFER, 1000);
	refused(EINVAL, "tensor 5 \"bias\"", "buffer 1000 of");
}

static void buffer_behind_the_model(void **state)
{
	(void)state;
	set_u64(&b, b.buffer[T_BIAS], BUFFER_OFFSET, 1 << 20);
	set_u64(&b, b.buffer[T_BIAS], BUFFER_SIZE, 12);
	refused(EOPNOTSUPP, "tensor 5 \"bias\"", "behind the model");
}

static void operator_code_index(void **state)
{
	(void)state;
	set_i32(&b, b.operator[EVERY_ADD], OPERATOR_OPCODE, 1000);
	refused(EINVAL, "operator 5", "operator code 1000 of");
}

static void unsupported_operator(void **state)
{
	(void)state;
	set_i32(&b, b.opcode[EVERY_ADD], OPCODE_BUILTIN, 78);
	refused(EOPNOTSUPP, "operator 5: POW (operator code 78)", "not supported");
}

/* Written by a converter from before the code had 32 bits. */
static void operator_code_in_its_old_field(void **state)
{
	(void)state;
	make_absent(b.opcode[EVERY_ADD], OPCODE_BUILTIN);
	set_i8(&b, b.opcode[EVERY_ADD], OPCODE_DEPRECATED_BUILTIN, 47);
	refused(EOPNOTSUPP, "operator 5: EXP (operator code 47)", "not supported");
}

static void operator_code_of_the_future(void **state)
{
	(void)state;
	set_i32(&b, b.opcode[EVERY_ADD], OPCODE_BUILTIN, 100000);
	refused(EOPNOTSUPP, "operator 5", "operator code 100000");
}

static void custom_operator(void **state)
{
	(void)state;
	set_i32(&b, b.opcode[EVERY_ADD], OPCODE_BUILTIN, BUILTIN_CUSTOM);
	set_string(&b, b.opcode[EVERY_ADD], OPCODE_CUSTOM, "Flex\x1B[2J");
	refused(EOPNOTSUPP, "operator 5", "custom operator \"Flex?[2J\"");
}

static void operand_index(void **state)
{
	(void)state;
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_INPUTS, LIST(T_PRODUCT, 1000));
	refused(EINVAL, "operator 5 ADD", "tensor 1000 of");
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_INPUTS, LIST(T_PRODUCT, -2));
	refused(EINVAL, "operator 5 ADD", "tensor -2 of");
}

static void operand_absent(void **state)
{
	(void)state;
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_INPUTS, LIST(T_PRODUCT, -1));
	refused(EINVAL, "operator 5 ADD", "input 1 is absent");
}

static void operand_count(void **state)
{
	(void)state;
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_INPUTS, LIST(T_PRODUCT, T_CONV, T_CONV));
	refused(EINVAL, "operator 5 ADD", "3 inputs");
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_INPUTS, LIST(T_PRODUCT, T_CONV));
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_OUTPUTS, LIST(T_SUM, T_MAX));
	refused(EINVAL, "operator 5 ADD", "2 outputs");
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_OUTPUTS, LIST(-1));
	refused(EINVAL, "operator 5 ADD", "outputs");
}

static void used_before_made(void **state)
{
	(void)state;
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_INPUTS, LIST(T_PRODUCT, T_SUM));
	refused(EINVAL, "operator 5 ADD: tensor 11 \"sum\"", "used before it is made");
}

static void made_twice(void **state)
{
	(void)state;
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_OUTPUTS, LIST(T_PRODUCT));
	refused(EINVAL, "operator 5 ADD: tensor 10 \"product\"", "made by an earlier operator");
}

static void constant_written(void **state)
{
	(void)state;
	set_list(&b, b.operator[EVERY_ADD], OPERATOR_OUTPUTS, LIST(T_W));
	refused(EINVAL, "operator 5 ADD: tensor 4 \"w\"", "constant");
}

static void network_input_written(void **state)
{
	(void)state;
	set_list(&b, b.operator[EVERY_DEQUANTIZE], OPERATOR_OUTPUTS, LIST(T_X));
	refused(EINVAL, "operator 15 DEQUANTIZE: tensor 0 \"x\"", "an input of the network");
}

static void options_of_another(void **state)
{
	(void)state;
	set_i8(&b, b.operator[EVERY_CONV_2D], OPERATOR_OPTIONS_TYPE, OPTIONS_POOL_2D);
	refused(EINVAL, "operator 2 CONV_2D", "options of another operator (type 5)");
}

static void options_absent(void **state)
{
	(void)state;
	set_i8(&b, b.operator[EVERY_CONV_2D], OPERATOR_OPTIONS_TYPE, OPTIONS_NONE);
	refused(EINVAL, "operator 2 CONV_2D", "stride 0");
}

static void stride(void **state)
{
	(void)state;
	make_absent(b.options[EVERY_CONV_2D], CONV_STRIDE_W);
	refused(EINVAL, "operator 2 CONV_2D", "stride 0");
	set_i32(&b, b.options[EVERY_CONV_2D], CONV_STRIDE_W, -1);
	refused(EINVAL, "operator 2 CONV_2D", "stride -1");
}

static void dilation(void **state)
{
	(void)state;
	set_i32(&b, b.options[EVERY_CONV_2D], CONV_DILATION_H, 0);
	refused(EINVAL, "operator 2 CONV_2D", "dilation 0");
	set_i32(&b, b.options[EVERY_CONV_2D], CONV_DILATION_H, INT32_MAX);
	refused(EINVAL, "operator 2 CONV_2D", "window that covers 4294967295 of 6");
	set_i8(&b, b.options[EVERY_CONV_2D], CONV_PADDING, PADDING_SAME);
	refused(E2BIG, "operator 2 CONV_2D", "window that covers 4294967295");
}

static void padding(void **state)
{
	(void)state;
	set_i8(&b, b.options[EVERY_CONV_2D], CONV_PADDING, 2);
	refused(EINVAL, "operator 2 CONV_2D", "padding of type 2");
}

static void window_larger_than_input(void **state)
{
	(void)state;
	set_i32(&b, b.options[EVERY_MAX_POOL_2D], POOL_FILTER_W, 5);
	refused(EINVAL, "operator 6 MAX_POOL_2D", "covers 5 of 4");
}

static void window_empty(void **state)
{
	(void)state;
	set_i32(&b, b.options[EVERY_MAX_POOL_2D], POOL_FILTER_H, 0);
	refused(EINVAL, "operator 6 MAX_POOL_2D", "window of 0");
}

static void activation(void **state)
{
	(void)state;
	set_i8(&b, b.options[EVERY_CONV_2D], CONV_ACTIVATION, 4);
	refused(EOPNOTSUPP, "operator 2 CONV_2D", "fused activation 4");
	set_i8(&b, b.options[EVERY_CONV_2D], CONV_ACTIVATION, ACTIVATION_NONE);
	set_i8(&b, b.options[EVERY_CONCATENATION], CONCATENATION_ACTIVATION, ACTIVATION_RELU);
	refused(EOPNOTSUPP, "operator 9 CONCATENATION", "fused activation");
}

static void output_shape(void **state)
{
	(void)state;
	set_element(b.tensor[T_CONV], TENSOR_SHAPE, 2, 5);
	refused(EINVAL, "operator 2 CONV_2D: tensor 6 \"conv\"",
		"[1,4,5,3], but [1,4,4,3] follows from the operator");
}

static void rank(void **state)
{
	(void)state;
	set_list(&b, b.tensor[T_PADDED], TENSOR_SHAPE, LIST(6, 6, 2));
	set_list(&b, b.tensor[T_Q], TENSOR_SHAPE, LIST(4, 4, 2));
	set_list(&b, b.tensor[T_X], TENSOR_SHAPE, LIST(4, 4, 2));
	set_list(&b, b.tensor[T_PADDINGS], TENSOR_SHAPE, LIST(3, 2));
	set_vector(&b, b.buffer[T_PADDINGS], BUFFER_DATA, (int32_t[]){ 1, 1, 1, 1, 0, 0 }, 24, 1);
	refused(EINVAL, "operator 2 CONV_2D: tensor 2 \"padded\"", "4 dimensions are needed");
}

static void grouped_convolution(void **state)
{
	(void)state;
	set_list(&b, b.tensor[T_W], TENSOR_SHAPE, LIST(3, 3, 6, 1));
	refused(EOPNOTSUPP, "operator 2 CONV_2D: tensor 4 \"w\"", "grouped");
}

static void activations_of_another_type(void **state)
{
	(void)state;
	set_i8(&b, b.tensor[T_CONV], TENSOR_TYPE, TYPE_FLOAT32);
	refused(EOPNOTSUPP, "operator 2 CONV_2D: tensor 6 \"conv\"", "is float32; int8 or uint8");
}

static void activations_without_scale(void **state)
{
	(void)state;
	make_absent(b.tensor[T_CONV], TENSOR_QUANTIZATION);
	refused(EOPNOTSUPP, "operator 2 CONV_2D: tensor 6 \"conv\"", "0 scales");
}

static void activations_with_many_scales(void **state)
{
	(void)state;
	set_quant(&b, T_CONV, (float[]){ 1, 1, 1 }, (int64_t[]){ 0, 0, 0 }, 3, 3);
	refused(EOPNOTSUPP, "operator 2 CONV_2D: tensor 6 \"conv\"", "3 scales");
}

static void weights_of_another_type(void **state)
{
	(void)state;
	set_i8(&b, b.tensor[T_W], TENSOR_TYPE, TYPE_UINT8);
	refused(EOPNOTSUPP, "operator 2 CONV_2D: tensor 4 \"w\"", "is uint8; int8 is needed");
}

static void weights_with_zero_point(void **state)
{
	(void)state;
	set_vector(&b, b.quant[T_W], QUANT_ZERO_POINT, (int64_t[]){ 0, 0, 1 }, 3, 8);
	refused(EOPNOTSUPP, "operator 2 CONV_2D: tensor 4 \"w\"", "zero point 1");
}

static void weights_without_scale(void **state)
{
	(void)state;
	make_absent(b.tensor[T_W], TENSOR_QUANTIZATION);
	refused(EOPNOTSUPP, "operator 2 CONV_2D: tensor 4 \"w\"", "no scale");
}

static void weights_computed(void **state)
{
	(void)state;
	set_list(&b, b.operator[EVERY_FULLY_CONNECTED], OPERATOR_INPUTS, LIST(T_FLAT, T_FLAT, -1));
	refused(EOPNOTSUPP, "operator 12 FULLY_CONNECTED: tensor 22 \"flat\"", "computed");
}

static void bias_of_another_type(void **state)
{
	(void)state;
	set_i8(&b, b.tensor[T_BIAS], TENSOR_TYPE, TYPE_FLOAT32);
	refused(EOPNOTSUPP, "operator 2 CONV_2D: tensor 5 \"bias\"", "is float32; int32 is needed");
}

static void bias_of_another_size(void **state)
{
	(void)state;
	set_element(b.tensor[T_BIAS], TENSOR_SHAPE, 0, 2);
	set_vector(&b, b.buffer[T_BIAS], BUFFER_DATA, (int32_t[]){ 1, 2 }, 8, 1);
	refused(EINVAL, "operator 2 CONV_2D: tensor 5 \"bias\"", "3 output channels");
}

static void depth_multiplier(void **state)
{
	(void)state;
	set_i32(&b, b.options[EVERY_DEPTHWISE_CONV_2D], DEPTHWISE_MULTIPLIER, 2);
	refused(EINVAL, "operator 3 DEPTHWISE_CONV_2D: tensor 7 \"dw\"", "multiplier 2");
}

static void fully_connected_format(void **state)
{
	(void)state;
	set_i8(&b, b.options[EVERY_FULLY_CONNECTED], FULLY_CONNECTED_FORMAT, 1);
	refused(EOPNOTSUPP, "operator 12 FULLY_CONNECTED", "format 1");
}

static void fully_connected_rows(void **state)
{
	(void)state;
	set_list(&b, b.tensor[T_FCW], TENSOR_SHAPE, LIST(3, 2));
	refused(EINVAL, "operator 12 FULLY_CONNECTED: tensor 22 \"flat\"", "rows of 2");
}

static void broadcast(void **state)
{
	(void)state;
	set_list(&b, b.tensor[T_FACTOR], TENSOR_SHAPE, LIST(2));
	set_vector(&b, b.buffer[T_FACTOR], BUFFER_DATA, "ab", 2, 1);
	refused(EINVAL, "operator 4 MUL", "[1,4,4,3] and [2] cannot be broadcast");
}

static void pool_changes_scale(void **state)
{
	(void)state;
	set_quant(&b, T_MAX, (float[]){ 4.5F }, (int64_t[]){ 0 }, 1, 0);
	refused(EOPNOTSUPP, "operator 6 MAX_POOL_2D: tensor 11 \"sum\"", "must be equal");
}

static void concatenation_axis(void **state)
{
	(void)state;
	set_i32(&b, b.options[EVERY_CONCATENATION], CONCATENATION_AXIS, 4);
	refused(EINVAL, "operator 9 CONCATENATION", "axis 4 of 4");
	set_i32(&b, b.options[EVERY_CONCATENATION], CONCATENATION_AXIS, INT32_MIN);
	refused(EINVAL, "operator 9 CONCATENATION", "axis -2147483648 of 4");
}

static void concatenation_of_nothing(void **state)
{
	(void)state;
	make_absent(b.operator[EVERY_CONCATENATION], OPERATOR_INPUTS);
	refused(EINVAL, "operator 9 CONCATENATION", "0 inputs");
}

static void concatenation_shape(void **state)
{
	(void)state;
	set_i32(&b, b.options[EVERY_CONCATENATION], CONCATENATION_AXIS, 2);
	refused(EINVAL, "operator 9 CONCATENATION: tensor 17 \"slice\"", "follows");
}

static void concatenation_scale(void **state)
{
	(void)state;
	set_quant(&b, T_JOINED, (float[]){ 4 }, (int64_t[]){ 1 }, 1, 0);
	refused(EOPNOTSUPP, "operator 9 CONCATENATION: tensor 13 \"average\"", "must be equal");
}

static void pad_negative(void **state)
{
	(void)state;
	set_element(b.buffer[T_PADDINGS], BUFFER_DATA, 2, -1);
	refused(EINVAL, "operator 1 PAD", "padding of -1 and 1");
}

static void pad_overflow(void **state)
{
	(void)state;
	set_element(b.buffer[T_PADDINGS], BUFFER_DATA, 2, INT32_MAX);
	refused(E2BIG, "operator 1 PAD", "padding of 2147483647");
}

static void pad_computed(void **state)
{
	(void)state;
	set_i32(&b, b.tensor[T_PADDINGS], TENSOR_BUFFER, 0);
	set_list(&b, b.subgraph, SUBGRAPH_INPUTS, LIST(T_X, T_PADDINGS));
	refused(EOPNOTSUPP, "operator 1 PAD: tensor 3 \"paddings\"", "a constant is needed");
}

static void mean_axis(void **state)
{
	(void)state;
	set_element(b.buffer[T_AXES], BUFFER_DATA, 1, 4);
	refused(EINVAL, "operator 10 MEAN", "axis 4 of 4");
}

static void reshape_elements(void **state)
{
	(void)state;
	set_element(b.buffer[T_SHAPE], BUFFER_DATA, 1, 4);
	refused(EINVAL, "operator 11 RESHAPE: tensor 20 \"mean\"", "3 elements");
	set_element(b.buffer[T_SHAPE], BUFFER_DATA, 0, -1);
	set_element(b.buffer[T_SHAPE], BUFFER_DATA, 1, -1);
	refused(EINVAL, "operator 11 RESHAPE", "dimension 1 of the new shape is -1");
}

static void slice_stride(void **state)
{
	(void)state;
	set_element(b.buffer[T_STRIDE], BUFFER_DATA, 1, 0);
	refused(EINVAL, "operator 8 STRIDED_SLICE", "stride 0 along axis 1");
}

static void slice_of_nothing(void **state)
{
	(void)state;
	set_element(b.buffer[T_STRIDE], BUFFER_DATA, 1, INT32_MIN);
	refused(EINVAL, "operator 8 STRIDED_SLICE", "nothing of axis 1");
}

static void slice_masks(void **state)
{
	(void)state;
	set_i32(&b, b.options[EVERY_STRIDED_SLICE], SLICE_NEW_AXIS_MASK, 1);
	refused(EOPNOTSUPP, "operator 8 STRIDED_SLICE", "new axis");
}

static void slice_list_length(void **state)
{
	(void)state;
	set_element(b.tensor[T_BEGIN], TENSOR_SHAPE, 0, 3);
	set_vector(&b, b.buffer[T_BEGIN], BUFFER_DATA, (int32_t[]){ 0, 1, 0 }, 12, 1);
	refused(EINVAL, "operator 8 STRIDED_SLICE: tensor 14 \"begin\"",
		"3 elements; 4 are needed");
}

static void softmax_beta(void **state)
{
	(void)state;
	set_f32(&b, b.options[EVERY_SOFTMAX], SOFTMAX_BETA, NAN);
	refused(EINVAL, "operator 14 SOFTMAX", "beta is nan");
	make_absent(b.options[EVERY_SOFTMAX], SOFTMAX_BETA);
	refused(EINVAL, "operator 14 SOFTMAX", "beta is 0");
}

static void softmax_scale(void **state)
{
	(void)state;
	set_quant(&b, T_SOFTMAX, (float[]){ 1.0F / 128 }, (int64_t[]){ -128 }, 1, 0);
	refused(EOPNOTSUPP, "operator 14 SOFTMAX: tensor 26 \"softmax\"", "1/256 and -128");
}

static void quantize_type(void **state)
{
	(void)state;
	set_i8(&b, b.tensor[T_X], TENSOR_TYPE, TYPE_INT32);
	refused(EOPNOTSUPP, "operator 0 QUANTIZE: tensor 0 \"x\"", "is int32");
}

static void dequantize_type(void **state)
{
	(void)state;
	set_i8(&b, b.tensor[T_Y], TENSOR_TYPE, TYPE_INT64);
	refused(EOPNOTSUPP, "operator 15 DEQUANTIZE: tensor 27 \"y\"",
		"is int64; float32 is needed");
}

#define BAD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BAD(good_network_is_read),
		BAD(no_file),
		BAD(version),
		BAD(every_truncation),
		BAD(root_outside),
		BAD(vtable_outside),
		BAD(vtable_too_short),
		BAD(vtable_too_long),
		BAD(field_outside_its_table),
		BAD(list_outside),
		BAD(list_too_long),
		BAD(string_outside),
		BAD(cycle),
		BAD(multiplied_tables),
		BAD(no_network),
		BAD(no_input),
		BAD(no_output),
		BAD(input_twice),
		BAD(constant_as_network_input),
		BAD(output_from_nowhere),
		BAD(network_tensor_absent),
		BAD(network_tensor_index),
		BAD(dimension_zero),
		BAD(dimension_negative),
		BAD(dimensions_overflow),
		BAD(too_many_dimensions),
		BAD(element_type),
		BAD(variable),
		BAD(sparse),
		BAD(scales),
		BAD(zero_point_of_int8),
		BAD(zero_point_of_uint8),
		BAD(scales_without_zero_points),
		BAD(scales_along_no_axis),
		BAD(scales_too_few_for_the_axis),
		BAD(scales_along_another_axis),
		BAD(quantisation_details),
		BAD(data_of_another_size),
		BAD(buffer_index),
		BAD(buffer_behind_the_model),
		BAD(operator_code_index),
		BAD(unsupported_operator),
		BAD(operator_code_in_its_old_field),
		BAD(operator_code_of_the_future),
		BAD(custom_operator),
		BAD(operand_index),
		BAD(operand_absent),
		BAD(operand_count),
		BAD(used_before_made),
		BAD(made_twice),
		BAD(constant_written),
		BAD(network_input_written),
		BAD(options_of_another),
		BAD(options_absent),
		BAD(stride),
		BAD(dilation),
		BAD(padding),
		BAD(window_larger_than_input),
		BAD(window_empty),
		BAD(activation),
		BAD(output_shape),
		BAD(rank),
		BAD(grouped_convolution),
		BAD(activations_of_another_type),
		BAD(activations_without_scale),
		BAD(activations_with_many_scales),
		BAD(weights_of_another_type),
		BAD(weights_with_zero_point),
		BAD(weights_without_scale),
		BAD(weights_computed),
		BAD(bias_of_another_type),
		BAD(bias_of_another_size),
		BAD(depth_multiplier),
		BAD(fully_connected_format),
		BAD(fully_connected_rows),
		BAD(broadcast),
		BAD(pool_changes_scale),
		BAD(concatenation_axis),
		BAD(concatenation_of_nothing),
		BAD(concatenation_shape),
		BAD(concatenation_scale),
		BAD(pad_negative),
		BAD(pad_overflow),
		BAD(pad_computed),
		BAD(mean_axis),
		BAD(reshape_elements),
		BAD(slice_stride),
		BAD(slice_of_nothing),
		BAD(slice_masks),
		BAD(slice_list_length),
		BAD(softmax_beta),
		BAD(softmax_scale),
		BAD(quantize_type),
		BAD(dequantize_type),
	};

	return cmocka_run_group_tests_name("tflite_bad", tests, NULL, NULL);
}
