// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../tflite_builder.h"
#include "dla.h"
#include "graph.h"
#include "tflite.h"

/* What the reader makes of good files, ordinary and odd. */

enum { T_CONV = 6 };	/* in the network of builder_every_kind() */

static struct builder b;

static struct dla_graph *read_built(void)
{
	struct dla_graph *graph;

	if (dla_tflite_read(b.data, b.bytes, "name", &graph))
		fail_msg("%s", dla_strerror());
	/* The graph keeps nothing of the file; the sanitizer would tell. */
	free(b.data);
	return graph;
}

static void every_kind(void **state)
{
	static const enum dla_op_kind kinds[EVERY_COUNT] = {
		[EVERY_QUANTIZE] = DLA_OP_QUANTIZE,
		[EVERY_PAD] = DLA_OP_PAD,
		[EVERY_CONV_2D] = DLA_OP_CONV_2D,
		[EVERY_DEPTHWISE_CONV_2D] = DLA_OP_DEPTHWISE_CONV_2D,
		[EVERY_MUL] = DLA_OP_MUL,
		[EVERY_ADD] = DLA_OP_ADD,
		[EVERY_MAX_POOL_2D] = DLA_OP_MAX_POOL_2D,
		[EVERY_AVERAGE_POOL_2D] = DLA_OP_AVERAGE_POOL_2D,
		[EVERY_STRIDED_SLICE] = DLA_OP_STRIDED_SLICE,
		[EVERY_CONCATENATION] = DLA_OP_CONCATENATION,
		[EVERY_MEAN] = DLA_OP_MEAN,
		[EVERY_RESHAPE] = DLA_OP_RESHAPE,
		[EVERY_FULLY_CONNECTED] = DLA_OP_FULLY_CONNECTED,
		[EVERY_LOGISTIC] = DLA_OP_LOGISTIC,
		[EVERY_SOFTMAX] = DLA_OP_SOFTMAX,
		[EVERY_DEQUANTIZE] = DLA_OP_DEQUANTIZE,
	};
	struct dla_graph *graph;

	(void)state;
	builder_every_kind(&b);
	graph = read_built();
	assert_string_equal(graph->name, "name");
	for (unsigned int i = 0; i < graph->op_count; i++) {
		assert_int_equal(graph->op[i].kind, kinds[i]);
		assert_string_equal(dla_op_kind_name(kinds[i]), dla_tflite_builtin_name(
			((int32_t[]){ BUILTIN_QUANTIZE, BUILTIN_PAD, BUILTIN_CONV_2D,
				      BUILTIN_DEPTHWISE_CONV_2D, BUILTIN_MUL, BUILTIN_ADD,
				      BUILTIN_MAX_POOL_2D, BUILTIN_AVERAGE_POOL_2D,
				      BUILTIN_STRIDED_SLICE, BUILTIN_CONCATENATION, BUILTIN_MEAN,
				      BUILTIN_RESHAPE, BUILTIN_FULLY_CONNECTED, BUILTIN_LOGISTIC,
				      BUILTIN_SOFTMAX, BUILTIN_DEQUANTIZE })[i]));
		assert_int_equal(graph->tensor[graph->op[i].output[0]].producer, i);
	}
	assert_int_equal(graph->op[EVERY_CONV_2D].activation, DLA_ACT_RELU);
	assert_int_equal(graph->op[EVERY_CONCATENATION].concat.axis, 1);
	assert_int_equal(graph->op[EVERY_MEAN].mean.axes, 1 << 1 | 1 << 2);
	assert_int_equal(graph->op[EVERY_PAD].pad.before[1], 1);
	assert_int_equal(graph->op[EVERY_PAD].pad.before[3], 0);
	assert_int_equal(graph->op[EVERY_FULLY_CONNECTED].input[2], DLA_NO_TENSOR);
	dla_graph_free(graph);
}

static void macs(void **state)
{
	struct dla_graph *graph;

	(void)state;
	builder_every_kind(&b);
	graph = read_built();
	assert_int_equal(dla_op_macs(graph, EVERY_CONV_2D), 4 * 4 * 3 * 3 * 3 * 2);
	assert_int_equal(dla_op_macs(graph, EVERY_DEPTHWISE_CONV_2D), 4 * 4 * 3 * 3 * 3);
	assert_int_equal(dla_op_macs(graph, EVERY_FULLY_CONNECTED), 2 * 3);
	assert_int_equal(dla_op_macs(graph, EVERY_ADD), 0);
	dla_graph_free(graph);
}

static void tensors(void **state)
{
	const struct dla_tensor *conv, *weights, *bias;
	struct dla_graph *graph;

	(void)state;
	builder_every_kind(&b);
	graph = read_built();
	conv = &graph->tensor[T_CONV];
	assert_string_equal(conv->name, "conv");
	assert_int_equal(conv->type, DLA_INT8);
	assert_int_equal(conv->shape.rank, 4);
	assert_int_equal(conv->bytes, 4 * 4 * 3);
	assert_null(conv->data);
	assert_int_equal(conv->quant.count, 1);
	assert_true(conv->quant.scale[0] == 2);
	assert_int_equal(conv->quant.zero_point[0], -4);

	weights = &graph->tensor[graph->op[EVERY_DEPTHWISE_CONV_2D].input[1]];
	assert_int_equal(weights->quant.count, 3);
	assert_int_equal(weights->quant.axis, 3);
	assert_true(weights->quant.scale[2] == 0.125F);

	bias = &graph->tensor[graph->op[EVERY_CONV_2D].input[2]];
	assert_int_equal(bias->bytes, 12);
	assert_int_equal((uintptr_t)bias->data % 16, 0);
	assert_int_equal(((const int32_t *)bias->data)[1], -20);
	assert_int_equal(bias->producer, -1);
	dla_graph_free(graph);
}

static void check_window(int32_t size, int32_t kernel, int32_t stride, int32_t dilation,
			 int32_t out, int32_t before, int32_t after)
{
	const struct dla_window *window;
	struct dla_graph *graph;
	uint32_t options;
	int x, w, y;

	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, size, 1, 1), 1, 0);
	w = add_tensor(&b, "w", TYPE_INT8, LIST(1, kernel, 1, 1), 1, 0);
	set_data(&b, w, "abcdefghi", kernel);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, out, 1, 1), 1, 0);
	options = add_conv(&b, LIST(x, w), y, stride, PADDING_SAME);
	set_i32(&b, options, CONV_DILATION_H, dilation);
	builder_end(&b, LIST(x), LIST(y));
	graph = read_built();
	window = &graph->op[0].window;
	assert_int_equal(window->pad_top, before);
	assert_int_equal(window->pad_bottom, after);
	assert_int_equal(window->pad_left, 0);
	assert_int_equal(window->pad_right, 0);
	assert_int_equal(window->kernel_h, kernel);
	assert_int_equal(window->dilation_h, dilation);
	dla_graph_free(graph);
}

static void same_padding(void **state)
{
	(void)state;
	check_window(5, 3, 1, 1, 5, 1, 1);
	check_window(6, 3, 2, 1, 3, 0, 1);	/* the larger half is behind */
	check_window(5, 3, 2, 1, 3, 1, 1);
	check_window(5, 2, 1, 1, 5, 0, 1);
	check_window(5, 3, 1, 2, 5, 2, 2);
	check_window(7, 1, 3, 1, 3, 0, 0);	/* windows that leave gaps need none */
	check_window(2, 9, 1, 1, 2, 4, 4);
}

/* Converters leave codes in the table that no operator uses. */
static void unused_operator_code(void **state)
{
	uint32_t opcode;

	(void)state;
	builder_every_kind(&b);
	opcode = builder_add_table(&b, b.opcodes);
	set_i32(&b, opcode, OPCODE_BUILTIN, BUILTIN_CUSTOM);
	dla_graph_free(read_built());
}

/* Nothing that is supported leads to a second subgraph, so it does not matter. */
static void second_subgraph(void **state)
{
	(void)state;
	builder_every_kind(&b);
	builder_add_table(&b, b.subgraphs);
	dla_graph_free(read_built());
}

static void names_are_printable(void **state)
{
	struct dla_graph *graph;

	(void)state;
	builder_every_kind(&b);
	set_string(&b, b.tensor[T_CONV], TENSOR_NAME, "a\x1B[31m\n\xFF z");
	graph = read_built();
	assert_string_equal(graph->tensor[T_CONV].name, "a?[31m?? z");
	dla_graph_free(graph);
}

static void absent_name(void **state)
{
	struct dla_graph *graph;

	(void)state;
	builder_every_kind(&b);
	memset(b.data + builder_entry(&b, b.tensor[T_CONV], TENSOR_NAME), 0, 2);
	graph = read_built();
	assert_string_equal(graph->tensor[T_CONV].name, "");
	dla_graph_free(graph);
}

/* Seen in the wild: the axis of the weights' channels, on the bias. */
static void bias_with_the_axis_of_its_weights(void **state)
{
	struct dla_graph *graph;

	(void)state;
	builder_every_kind(&b);
	set_quant(&b, 5, (float[]){ 1, 2, 3 }, (int64_t[]){ 0, 0, 0 }, 3, 3);
	graph = read_built();
	assert_int_equal(graph->tensor[5].quant.axis, 0);
	dla_graph_free(graph);
}

/* Deduplicated constants are copied once. */
static void shared_buffer(void **state)
{
	struct dla_graph *graph;
	uint32_t buffer;
	int again;

	(void)state;
	builder_every_kind(&b);
	again = add_tensor(&b, "again", TYPE_INT32, LIST(3), 0, 0);
	buffer = builder_get32(&b, builder_field(&b, b.tensor[5], TENSOR_BUFFER));
	set_i32(&b, b.tensor[again], TENSOR_BUFFER, (int32_t)buffer);
	graph = read_built();
	assert_ptr_equal(graph->tensor[again].data, graph->tensor[5].data);
	dla_graph_free(graph);
}

static void misaligned_file(void **state)
{
	struct dla_graph *graph;
	uint8_t *copy;

	(void)state;
	builder_every_kind(&b);
	copy = malloc(b.bytes + 3);
	memcpy(copy + 3, b.data, b.bytes);
	assert_int_equal(dla_tflite_read(copy + 3, b.bytes, "name", &graph), 0);
	free(copy);
	free(b.data);
	dla_graph_free(graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),
		cmocka_unit_test(macs),
		cmocka_unit_test(tensors),
		cmocka_unit_test(same_padding),
		cmocka_unit_test(unused_operator_code),
		cmocka_unit_test(second_subgraph),
		cmocka_unit_test(names_are_printable),
		cmocka_unit_test(absent_name),
		cmocka_unit_test(bias_with_the_axis_of_its_weights),
		cmocka_unit_test(shared_buffer),
		cmocka_unit_test(misaligned_file),
	};

	return cmocka_run_group_tests_name("tflite_good", tests, NULL, NULL);
}
