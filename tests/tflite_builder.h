/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TFLITE_BUILDER_H
#define TESTS_TFLITE_BUILDER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tflite_schema.h"

/*
 * Writes small TensorFlow Lite files, good or bad. Tables are written front to back, every field
 * has a slot of 8 bytes, lists of tables have room for BUILDER_ROOM: so a test can change anything
 * afterwards, and a field that was never set is absent.
 */

#define BUILDER_ROOM 48
#define BUILDER_FIELDS 8

struct builder {
	uint8_t *data;
	size_t bytes;
	uint32_t model, subgraph;
	uint32_t opcodes, subgraphs, tensors, operators, buffers;	/* lists */
	uint32_t tensor[BUILDER_ROOM], quant[BUILDER_ROOM], buffer[BUILDER_ROOM];
	uint32_t operator[BUILDER_ROOM], opcode[BUILDER_ROOM], options[BUILDER_ROOM];
	int tensor_count, operator_count, buffer_count;
};

struct builder_list {
	int count;
	const int32_t *value;
};

#define LIST(...) \
	((struct builder_list){ sizeof((int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t), \
				(const int32_t[]){ __VA_ARGS__ } })

static inline uint32_t builder_append(struct builder *b, const void *data, size_t bytes)
{
	uint32_t at = b->bytes;

	b->bytes += (bytes + 3) & ~(size_t)3;
	b->data = realloc(b->data, b->bytes);
	memset(b->data + at, 0, b->bytes - at);
	if (data)
		memcpy(b->data + at, data, bytes);
	return at;
}

static inline uint32_t builder_get32(const struct builder *b, uint32_t at)
{
	uint32_t value;

	memcpy(&value, b->data + at, 4);
	return value;
}

static inline void builder_set32(struct builder *b, uint32_t at, uint32_t value)
{
	memcpy(b->data + at, &value, 4);
}

/* Make the offset at that position lead to a later one. */
static inline void builder_point(struct builder *b, uint32_t at, uint32_t to)
{
	builder_set32(b, at, to - at);
}

static inline uint32_t builder_table(struct builder *b)
{
	uint16_t vtable[2 + BUILDER_FIELDS] = { sizeof(vtable), 4 + 8 * BUILDER_FIELDS };
	uint32_t at = builder_append(b, vtable, sizeof(vtable));
	uint32_t table = builder_append(b, NULL, 4 + 8 * BUILDER_FIELDS);

	builder_set32(b, table, table - at);
	return table;
}

/* Where the field's vtable entry is; 0 in it makes the field absent again. */
static inline uint32_t builder_entry(const struct builder *b, uint32_t table, unsigned int field)
{
	return table - builder_get32(b, table) + 4 + 2 * field;
}

/* Make the field present; returns where its value is. */
static inline uint32_t builder_field(struct builder *b, uint32_t table, unsigned int field)
{
	uint16_t offset = 4 + 8 * field;

	memcpy(b->data + builder_entry(b, table, field), &offset, 2);
	return table + offset;
}

static inline void set_i8(struct builder *b, uint32_t table, unsigned int field, int8_t value)
{
	b->data[builder_field(b, table, field)] = (uint8_t)value;
}

static inline void set_i32(struct builder *b, uint32_t table, unsigned int field, int32_t value)
{
	builder_set32(b, builder_field(b, table, field), (uint32_t)value);
}

static inline void set_u64(struct builder *b, uint32_t table, unsigned int field, uint64_t value)
{
	memcpy(b->data + builder_field(b, table, field), &value, 8);
}

static inline void set_f32(struct builder *b, uint32_t table, unsigned int field, float value)
{
	memcpy(b->data + builder_field(b, table, field), &value, 4);
}

static inline void set_offset(struct builder *b, uint32_t table, unsigned int field, uint32_t to)
{
	builder_point(b, builder_field(b, table, field), to);
}

/* Returns where the list is; its count is there, its first element 4 bytes on. */
static inline uint32_t set_vector(struct builder *b, uint32_t table, unsigned int field,
				  const void *data, uint32_t count, size_t element_bytes)
{
	uint32_t at = builder_append(b, &count, 4);

	builder_append(b, data, count * element_bytes);
	set_offset(b, table, field, at);
	return at;
}

static inline void set_list(struct builder *b, uint32_t table, unsigned int field,
			    struct builder_list list)
{
	set_vector(b, table, field, list.value, list.count, 4);
}

static inline void set_string(struct builder *b, uint32_t table, unsigned int field,
			      const char *text)
{
	set_vector(b, table, field, text, strlen(text), 1);
}

static inline uint32_t builder_list_of_tables(struct builder *b, uint32_t table, unsigned int field)
{
	uint32_t at = set_vector(b, table, field, NULL, BUILDER_ROOM, 4);

	builder_set32(b, at, 0);
	return at;
}

static inline uint32_t builder_add_table(struct builder *b, uint32_t list)
{
	uint32_t count = builder_get32(b, list), table = builder_table(b);

	builder_point(b, list + 4 + 4 * count, table);
	builder_set32(b, list, count + 1);
	return table;
}

static inline void builder_begin(struct builder *b)
{
	*b = (struct builder){ 0 };
	builder_append(b, "\0\0\0\0" TFLITE_IDENTIFIER, 8);
	b->model = builder_table(b);
	builder_point(b, 0, b->model);
	set_i32(b, b->model, MODEL_VERSION, TFLITE_VERSION);
	b->opcodes = builder_list_of_tables(b, b->model, MODEL_OPERATOR_CODES);
	b->subgraphs = builder_list_of_tables(b, b->model, MODEL_SUBGRAPHS);
	b->buffers = builder_list_of_tables(b, b->model, MODEL_BUFFERS);
	b->subgraph = builder_add_table(b, b->subgraphs);
	b->tensors = builder_list_of_tables(b, b->subgraph, SUBGRAPH_TENSORS);
	b->operators = builder_list_of_tables(b, b->subgraph, SUBGRAPH_OPERATORS);
	builder_add_table(b, b->buffers);
	b->buffer_count = 1;
}

static inline void set_quant(struct builder *b, int tensor, const float *scale,
			     const int64_t *zero_point, int count, int axis)
{
	uint32_t quant = builder_table(b);

	set_vector(b, quant, QUANT_SCALE, scale, count, 4);
	set_vector(b, quant, QUANT_ZERO_POINT, zero_point, count, 8);
	set_i32(b, quant, QUANT_DIMENSION, axis);
	set_offset(b, b->tensor[tensor], TENSOR_QUANTIZATION, quant);
	b->quant[tensor] = quant;
}

/* scale 0: not quantised */
static inline int add_tensor(struct builder *b, const char *name, int8_t type,
			     struct builder_list shape, float scale, int64_t zero_point)
{
	uint32_t table = builder_add_table(b, b->tensors);

	set_string(b, table, TENSOR_NAME, name);
	set_i8(b, table, TENSOR_TYPE, type);
	set_list(b, table, TENSOR_SHAPE, shape);
	b->tensor[b->tensor_count] = table;
	if (scale != 0)
		set_quant(b, b->tensor_count, &scale, &zero_point, 1, 0);
	return b->tensor_count++;
}

static inline void set_data(struct builder *b, int tensor, const void *data, size_t bytes)
{
	uint32_t buffer = builder_add_table(b, b->buffers);

	set_vector(b, buffer, BUFFER_DATA, data, bytes, 1);
	set_i32(b, b->tensor[tensor], TENSOR_BUFFER, b->buffer_count);
	b->buffer[tensor] = buffer;
	b->buffer_count++;
}

/* A constant list of int32: a shape, axes, a bias. */
static inline int add_ints(struct builder *b, const char *name, struct builder_list values)
{
	int tensor = add_tensor(b, name, TYPE_INT32, LIST(values.count), 0, 0);

	set_data(b, tensor, values.value, values.count * sizeof(*values.value));
	return tensor;
}

/* Returns the table of the options. */
static inline uint32_t add_operator(struct builder *b, int32_t builtin, uint8_t options,
				    struct builder_list inputs, int output)
{
	uint32_t opcode = builder_add_table(b, b->opcodes);
	uint32_t table = builder_add_table(b, b->operators);
	int i = b->operator_count++;

	set_i8(b, opcode, OPCODE_DEPRECATED_BUILTIN, builtin < 127 ? builtin : 127);
	set_i32(b, opcode, OPCODE_BUILTIN, builtin);
	set_i32(b, table, OPERATOR_OPCODE, i);
	set_list(b, table, OPERATOR_INPUTS, inputs);
	set_list(b, table, OPERATOR_OUTPUTS, LIST(output));
	b->opcode[i] = opcode;
	b->operator[i] = table;
	if (options) {
		b->options[i] = builder_table(b);
		set_i8(b, table, OPERATOR_OPTIONS_TYPE, (int8_t)options);
		set_offset(b, table, OPERATOR_OPTIONS, b->options[i]);
	}
	return b->options[i];
}

static inline void builder_end(struct builder *b, struct builder_list inputs,
			       struct builder_list outputs)
{
	set_list(b, b->subgraph, SUBGRAPH_INPUTS, inputs);
	set_list(b, b->subgraph, SUBGRAPH_OUTPUTS, outputs);
}

static inline uint32_t add_pool(struct builder *b, int32_t builtin, int in, int out, int kernel,
				int stride, int8_t padding)
{
	uint32_t options = add_operator(b, builtin, OPTIONS_POOL_2D, LIST(in), out);

	set_i8(b, options, POOL_PADDING, padding);
	set_i32(b, options, POOL_FILTER_H, kernel);
	set_i32(b, options, POOL_FILTER_W, kernel);
	set_i32(b, options, POOL_STRIDE_H, stride);
	set_i32(b, options, POOL_STRIDE_W, stride);
	return options;
}

static inline uint32_t add_conv(struct builder *b, struct builder_list inputs, int out, int stride,
				int8_t padding)
{
	uint32_t options = add_operator(b, BUILTIN_CONV_2D, OPTIONS_CONV_2D, inputs, out);

	set_i8(b, options, CONV_PADDING, padding);
	set_i32(b, options, CONV_STRIDE_H, stride);
	set_i32(b, options, CONV_STRIDE_W, stride);
	return options;
}

static inline uint32_t add_depthwise(struct builder *b, struct builder_list inputs, int out,
				     int stride, int8_t padding)
{
	uint32_t options = add_operator(b, BUILTIN_DEPTHWISE_CONV_2D, OPTIONS_DEPTHWISE_CONV_2D,
					inputs, out);

	set_i8(b, options, DEPTHWISE_PADDING, padding);
	set_i32(b, options, DEPTHWISE_STRIDE_H, stride);
	set_i32(b, options, DEPTHWISE_STRIDE_W, stride);
	return options;
}

/* A network of many kinds of operations; tests/vectors has all. Which is which, by number: */
enum {
	EVERY_QUANTIZE,
	EVERY_PAD,
	EVERY_CONV_2D,
	EVERY_DEPTHWISE_CONV_2D,
	EVERY_MUL,
	EVERY_ADD,
	EVERY_MAX_POOL_2D,
	EVERY_AVERAGE_POOL_2D,
	EVERY_STRIDED_SLICE,
	EVERY_CONCATENATION,
	EVERY_MEAN,
	EVERY_RESHAPE,
	EVERY_FULLY_CONNECTED,
	EVERY_LOGISTIC,
	EVERY_SOFTMAX,
	EVERY_DEQUANTIZE,
	EVERY_COUNT
};

static inline void builder_every_kind(struct builder *b)
{
	static const int8_t weights[3 * 3 * 3 * 2] = {
		1, -2, 3, 4, -5, 6, 7, 8, -9, 10, 127, -127
	};
	static const float scales[] = { 0.5F, 0.25F, 0.125F };
	static const int64_t zeros[] = { 0, 0, 0 };
	int x, q, padded, paddings, w, bias, conv, dw, factor, product, sum, max, average, begin,
		end, stride, slice, joined, axes, mean, shape, flat, fcw, fc, sigmoid, softmax, y;
	uint32_t options;

	builder_begin(b);
	x = add_tensor(b, "x", TYPE_FLOAT32, LIST(1, 4, 4, 2), 0, 0);
	q = add_tensor(b, "q", TYPE_INT8, LIST(1, 4, 4, 2), 0.5F, 3);
	add_operator(b, BUILTIN_QUANTIZE, OPTIONS_NONE, LIST(x), q);

	padded = add_tensor(b, "padded", TYPE_INT8, LIST(1, 6, 6, 2), 0.5F, 3);
	paddings = add_tensor(b, "paddings", TYPE_INT32, LIST(4, 2), 0, 0);
	set_data(b, paddings, (int32_t[]){ 0, 0, 1, 1, 1, 1, 0, 0 }, 32);
	add_operator(b, BUILTIN_PAD, OPTIONS_NONE, LIST(q, paddings), padded);

	w = add_tensor(b, "w", TYPE_INT8, LIST(3, 3, 3, 2), 0, 0);
	set_quant(b, w, scales, zeros, 3, 0);
	set_data(b, w, weights, sizeof(weights));
	bias = add_ints(b, "bias", LIST(10, -20, 30));
	conv = add_tensor(b, "conv", TYPE_INT8, LIST(1, 4, 4, 3), 2, -4);
	options = add_conv(b, LIST(padded, w, bias), conv, 1, PADDING_VALID);
	set_i8(b, options, CONV_ACTIVATION, ACTIVATION_RELU);

	w = add_tensor(b, "dw", TYPE_INT8, LIST(1, 3, 3, 3), 0, 0);
	set_quant(b, w, scales, zeros, 3, 3);
	set_data(b, w, weights, 27);
	dw = add_tensor(b, "depthwise", TYPE_INT8, LIST(1, 4, 4, 3), 4, 5);
	add_depthwise(b, LIST(conv, w, bias), dw, 1, PADDING_SAME);

	factor = add_tensor(b, "factor", TYPE_INT8, LIST(3), 0.25F, 1);
	set_data(b, factor, (int8_t[]){ 5, -6, 7 }, 3);
	product = add_tensor(b, "product", TYPE_INT8, LIST(1, 4, 4, 3), 4, 0);
	add_operator(b, BUILTIN_MUL, OPTIONS_MUL, LIST(dw, factor), product);
	sum = add_tensor(b, "sum", TYPE_INT8, LIST(1, 4, 4, 3), 4, 0);
	options = add_operator(b, BUILTIN_ADD, OPTIONS_ADD, LIST(product, conv), sum);
	set_i8(b, options, ARITHMETIC_ACTIVATION, ACTIVATION_NONE);

	max = add_tensor(b, "max", TYPE_INT8, LIST(1, 2, 2, 3), 4, 0);
	add_pool(b, BUILTIN_MAX_POOL_2D, sum, max, 2, 2, PADDING_VALID);
	average = add_tensor(b, "average", TYPE_INT8, LIST(1, 2, 2, 3), 4, 0);
	add_pool(b, BUILTIN_AVERAGE_POOL_2D, sum, average, 3, 2, PADDING_SAME);

	begin = add_ints(b, "begin", LIST(0, 1, 0, 0));
	end = add_ints(b, "end", LIST(1, 2, 2, 3));
	stride = add_ints(b, "stride", LIST(1, 1, 1, 1));
	slice = add_tensor(b, "slice", TYPE_INT8, LIST(1, 1, 2, 3), 4, 0);
	add_operator(b, BUILTIN_STRIDED_SLICE, OPTIONS_STRIDED_SLICE, LIST(max, begin, end, stride),
		     slice);
	joined = add_tensor(b, "joined", TYPE_INT8, LIST(1, 3, 2, 3), 4, 0);
	options = add_operator(b, BUILTIN_CONCATENATION, OPTIONS_CONCATENATION,
			       LIST(average, slice), joined);
	set_i32(b, options, CONCATENATION_AXIS, -3);

	axes = add_ints(b, "axes", LIST(1, -2));
	mean = add_tensor(b, "mean", TYPE_INT8, LIST(1, 1, 1, 3), 2, 1);
	options = add_operator(b, BUILTIN_MEAN, OPTIONS_REDUCER, LIST(joined, axes), mean);
	set_i8(b, options, REDUCER_KEEP_DIMS, 1);
	shape = add_ints(b, "shape", LIST(1, -1));
	flat = add_tensor(b, "flat", TYPE_INT8, LIST(1, 3), 2, 1);
	add_operator(b, BUILTIN_RESHAPE, OPTIONS_RESHAPE, LIST(mean, shape), flat);

	fcw = add_tensor(b, "fcw", TYPE_INT8, LIST(2, 3), 0.5F, 0);
	set_data(b, fcw, weights, 6);
	fc = add_tensor(b, "fc", TYPE_INT8, LIST(1, 2), 0.5F, 0);
	add_operator(b, BUILTIN_FULLY_CONNECTED, OPTIONS_FULLY_CONNECTED, LIST(flat, fcw, -1), fc);
	sigmoid = add_tensor(b, "sigmoid", TYPE_INT8, LIST(1, 2), 1.0F / 256, -128);
	add_operator(b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(fc), sigmoid);
	softmax = add_tensor(b, "softmax", TYPE_INT8, LIST(1, 2), 1.0F / 256, -128);
	options = add_operator(b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(sigmoid), softmax);
	set_f32(b, options, SOFTMAX_BETA, 1);
	y = add_tensor(b, "y", TYPE_FLOAT32, LIST(1, 2), 0, 0);
	add_operator(b, BUILTIN_DEQUANTIZE, OPTIONS_NONE, LIST(softmax), y);
	builder_end(b, LIST(x), LIST(y));
}

#endif
