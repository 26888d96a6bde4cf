// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../reference.h"
#include "../tflite_builder.h"
#include "cpu/fixedpoint.h"
#include "dla.h"
#include "tflite.h"

/* Each kernel on an input small enough to be computed by hand, through the reader. */

static struct builder b;

#define BYTES(...) (const int8_t[]){ __VA_ARGS__ }, sizeof((int8_t[]){ __VA_ARGS__ })

static int add_weights(const char *name, int8_t type, struct builder_list shape, float scale,
		       int64_t zero_point, const int8_t *data, size_t bytes)
{
	int tensor = add_tensor(&b, name, type, shape, scale, zero_point);

	set_data(&b, tensor, data, bytes);
	return tensor;
}

/*
 * Run the network on the inputs, one behind the other; the first output must be what is expected.
 */
static void check_bytes(const void *in, size_t in_bytes, const void *expected, size_t bytes)
{
	const uint8_t *want = expected, *got;
	struct dla_graph *graph;
	size_t used = 0;
	void **data;

	if (dla_tflite_read(b.data, b.bytes, "kernel", &graph))
		fail_msg("%s", dla_strerror());
	free(b.data);
	data = network_storage(graph);
	for (unsigned int i = 0; i < graph->input_count; i++) {
		const struct dla_tensor *tensor = &graph->tensor[graph->input[i]];

		assert_true(used + tensor->bytes <= in_bytes);
		memcpy(data[graph->input[i]], (const uint8_t *)in + used, tensor->bytes);
		used += tensor->bytes;
	}
	assert_int_equal(used, in_bytes);
	assert_int_equal(network_run(graph, data), 0);
	assert_int_equal(graph->tensor[graph->output[0]].bytes, bytes);
	got = data[graph->output[0]];
	for (size_t i = 0; i < bytes; i++) {
		if (got[i] != want[i])
			fail_msg("byte %zu is %d, not %d", i, (int8_t)got[i], (int8_t)want[i]);
	}
	network_storage_free(graph, data);
	dla_graph_free(graph);
}

static void check(const int8_t *in, size_t in_bytes, const int8_t *expected, size_t bytes)
{
	check_bytes(in, in_bytes, expected, bytes);
}

static void high_mul_rounds_halves_up(void **state)
{
	(void)state;
	assert_int_equal(dla_high_mul(1 << 30, 1), 1);		/* 0.5 */
	assert_int_equal(dla_high_mul(1 << 30, 3), 2);		/* 1.5 */
	assert_int_equal(dla_high_mul(1 << 30, -3), -1);	/* -1.5 */
	assert_int_equal(dla_high_mul(INT32_MIN, INT32_MIN), INT32_MAX);
	assert_int_equal(dla_high_mul(INT32_MIN, INT32_MAX), -INT32_MAX);
}

static void rounding_shift_rounds_halves_away_from_zero(void **state)
{
	(void)state;
	assert_int_equal(dla_rounding_shift(5, 1), 3);
	assert_int_equal(dla_rounding_shift(-5, 1), -3);
	assert_int_equal(dla_rounding_shift(-5, 0), -5);
	assert_int_equal(dla_rounding_shift(-6, 2), -2);
	assert_int_equal(dla_rounding_shift(-7, 2), -2);
	assert_int_equal(dla_rounding_shift(5, 2), 1);
	assert_int_equal(dla_rounding_shift(INT32_MIN, 31), -1);
	assert_int_equal(dla_rounding_shift(INT32_MAX, 31), 1);
	assert_int_equal(dla_rounding_shift((1 << 30) - 1, 31), 0);
}

static void multiplier_is_normalised(void **state)
{
	struct dla_multiplier m = dla_multiplier(0.75);

	(void)state;
	assert_int_equal(m.mantissa, 3 << 29);
	assert_int_equal(m.shift, 0);
	m = dla_multiplier(1.0);
	assert_int_equal(m.mantissa, 1 << 30);
	assert_int_equal(m.shift, 1);
	/* rounds up to the next power of two */
	m = dla_multiplier(1.0 - 0x1p-40);
	assert_int_equal(m.mantissa, 1 << 30);
	assert_int_equal(m.shift, 1);
}

static void multiplier_of_hostile_factors(void **state)
{
	(void)state;
	assert_int_equal(dla_multiplier(0).mantissa, 0);
	assert_int_equal(dla_multiplier(0x1p-33).mantissa, 0);
	assert_int_equal(dla_multiplier(0x1p-32).shift, -31);
	assert_int_equal(dla_multiplier(0x1p31).shift, 31);
	assert_int_equal(dla_multiplier(INFINITY).mantissa, INT32_MAX);
	/* 3 * 2^31 leaves 32 bits and wraps */
	assert_int_equal(dla_multiply(3, dla_multiplier(0x1p30)), INT32_MIN / 2);
}

static void exp_is_exp(void **state)
{
	(void)state;
	assert_int_equal(dla_exp(0, 5), INT32_MAX);
	for (int i = 1; i < 400; i++) {
		double x = -i / 16.0, got = dla_exp((int32_t)ldexp(x, 26), 5) / 0x1p31;

		if (fabs(got - exp(x)) > 1e-6)
			fail_msg("e^%g is %g", x, got);
	}
}

static void logistic_is_logistic(void **state)
{
	(void)state;
	assert_int_equal(dla_logistic(0), 1 << 30);
	for (int i = -250; i < 250; i++) {
		double x = i / 16.0, got = dla_logistic((int32_t)ldexp(x, 27)) / 0x1p31;

		if (fabs(got - 1 / (1 + exp(-x))) > 1e-6)
			fail_msg("logistic(%g) is %g", x, got);
	}
}

/*
 * 3x3 ones over [1 2; 3 4] with SAME padding: each output is the sum of all; padding counts
 * nothing.
 */
static void conv_same(void **state)
{
	int x, w, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 2, 2, 1), 1, -7);
	w = add_weights("w", TYPE_INT8, LIST(1, 3, 3, 1), 1, 0, BYTES(1, 1, 1, 1, 1, 1, 1, 1, 1));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 2, 2, 1), 1, 5);
	add_conv(&b, LIST(x, w), y, 1, PADDING_SAME);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(1 - 7, 2 - 7, 3 - 7, 4 - 7), BYTES(15, 15, 15, 15));
}

/* Of an odd amount of padding the larger part is behind: a 2x2 window starts on the first pixel. */
static void conv_same_even_kernel_stride_2(void **state)
{
	int x, w, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 3, 3, 1), 1, 0);
	w = add_weights("w", TYPE_INT8, LIST(1, 2, 2, 1), 1, 0, BYTES(1, 10, 2, 20));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 2, 2, 1), 1, 0);
	add_conv(&b, LIST(x, w, -1), y, 2, PADDING_SAME);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(1, 0, 1, 0, 0, 1, 1, 1, 1), BYTES(1, 1 + 2, 1 + 10, 1));
}

/* A 2x2 window with dilation 2 sees the corners of 3x3. */
static void conv_dilated(void **state)
{
	uint32_t options;
	int x, w, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 3, 3, 1), 1, 0);
	w = add_weights("w", TYPE_INT8, LIST(1, 2, 2, 1), 1, 0, BYTES(1, 2, 3, 4));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 1, 1, 1), 1, 0);
	options = add_conv(&b, LIST(x, w), y, 1, PADDING_VALID);
	set_i32(&b, options, CONV_DILATION_H, 2);
	set_i32(&b, options, CONV_DILATION_W, 2);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(1, 9, 2, 9, 9, 9, 3, 9, 4), BYTES(1 + 4 + 9 + 16));
}

/* Dilated and padded: from the middle of 3x3 a 3x3 window with dilation 2 sees only itself. */
static void conv_dilated_same(void **state)
{
	uint32_t options;
	int x, w, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 3, 3, 1), 1, 0);
	w = add_weights("w", TYPE_INT8, LIST(1, 3, 3, 1), 1, 0, BYTES(1, 1, 1, 1, 2, 1, 1, 1, 1));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 3, 3, 1), 1, 0);
	options = add_conv(&b, LIST(x, w), y, 1, PADDING_SAME);
	set_i32(&b, options, CONV_DILATION_H, 2);
	set_i32(&b, options, CONV_DILATION_W, 2);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(1, 2, 3, 4, 5, 6, 7, 8, 9), BYTES(1 + 20, 2 + 2 + 8, 3 + 20, 4 + 4 + 6, 5 + 5,
						      6 + 4 + 6, 7 + 20, 8 + 2 + 8, 9 + 20));
}

/* Two input and two output channels, a scale each, a bias each, two images. */
static void conv_channels(void **state)
{
	int x, w, bias, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(2, 1, 1, 2), 0.5F, 0);
	w = add_weights("w", TYPE_INT8, LIST(2, 1, 1, 2), 0, 0, BYTES(1, 2, 3, -4));
	set_quant(&b, w, (float[]){ 1, 0.5F }, (int64_t[]){ 0, 0 }, 2, 0);
	bias = add_ints(&b, "bias", LIST(4, -4));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(2, 1, 1, 2), 0.5F, 1);
	add_conv(&b, LIST(x, w, bias), y, 1, PADDING_VALID);
	builder_end(&b, LIST(x), LIST(y));
	/* (10+40+4)*1+1, (30-80-4)/2+1; (-10+2+4)+1, (-30-4-4)/2+1 */
	check(BYTES(10, 20, -10, 1), BYTES(55, -26, -3, -18));
}

static void conv_halves(float scale, const int8_t *expected, size_t bytes)
{
	int x, w, y;

	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 1, 4, 1), 1, 0);
	w = add_weights("w", TYPE_INT8, LIST(1, 1, 1, 1), 1, 0, BYTES(1));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 1, 4, 1), scale, 0);
	add_conv(&b, LIST(x, w), y, 1, PADDING_VALID);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(10, -10, 5, -5), expected, bytes);
}

/*
 * A factor of 1/2 is all multiplication, which rounds up; in 1/4 the shift rounds away from zero.
 */
static void conv_rounds_twice(void **state)
{
	(void)state;
	conv_halves(2, BYTES(5, -5, 3, -2));
	conv_halves(4, BYTES(3, -3, 2, -1));
}

static void conv_saturates_and_clamps(int8_t activation, const int8_t *expected, size_t bytes)
{
	uint32_t options;
	int x, w, y;

	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 1, 4, 1), 1, 0);
	w = add_weights("w", TYPE_INT8, LIST(1, 1, 1, 1), 1, 0, BYTES(100));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 1, 4, 1), 0.5F, 10);
	options = add_conv(&b, LIST(x, w), y, 1, PADDING_VALID);
	set_i8(&b, options, CONV_ACTIVATION, activation);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(100, -100, 0, -128), expected, bytes);
}

static void conv_activations(void **state)
{
	(void)state;
	conv_saturates_and_clamps(ACTIVATION_NONE, BYTES(127, -128, 10, -128));
	conv_saturates_and_clamps(ACTIVATION_RELU, BYTES(127, 10, 10, 10));
	conv_saturates_and_clamps(ACTIVATION_RELU6, BYTES(22, 10, 10, 10));
	conv_saturates_and_clamps(ACTIVATION_RELU_N1_TO_1, BYTES(12, 8, 10, 8));
}

/*
 * Activations and weights with zero points 128 and 100: (200-128)*(103-100) + (28-128)*(101-100).
 */
static void conv_uint8(void **state)
{
	int x, w, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_UINT8, LIST(1, 1, 1, 2), 1, 128);
	w = add_weights("w", TYPE_UINT8, LIST(1, 1, 1, 2), 1, 100, BYTES(103, 101));
	y = add_tensor(&b, "y", TYPE_UINT8, LIST(1, 1, 1, 1), 1, 50);
	add_conv(&b, LIST(x, w), y, 1, PADDING_VALID);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES((int8_t)200, 28), BYTES((int8_t)(216 - 100 + 50)));
}

/* The largest bias and a product on top of it wrap; nothing traps. */
static void conv_wraps(void **state)
{
	int x, w, bias, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 1, 1, 1), 1, -128);
	w = add_weights("w", TYPE_INT8, LIST(1, 1, 1, 1), 1, 0, BYTES(127));
	bias = add_ints(&b, "bias", LIST(INT32_MAX));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 1, 1, 1), 2, 0);
	add_conv(&b, LIST(x, w, bias), y, 1, PADDING_VALID);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(127), BYTES(-128));
}

static void depthwise_multiplier(void **state)
{
	int x, w, bias, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 2, 1, 2), 1, 1);
	w = add_weights("w", TYPE_INT8, LIST(1, 2, 1, 4), 1, 0, BYTES(1, 2, 3, 4, 5, 6, 7, 8));
	bias = add_ints(&b, "bias", LIST(0, 0, 0, 100));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 1, 1, 4), 1, 0);
	add_depthwise(&b, LIST(x, w, bias), y, 1, PADDING_VALID);
	builder_end(&b, LIST(x), LIST(y));
	/* channel 0: 2 above 4, channel 1: 3 above -5 */
	check(BYTES(3, 4, 5, -4), BYTES(2 + 20, 4 + 24, 9 - 35, 12 - 40 + 100));
}

static void depthwise_same_stride_2(void **state)
{
	int x, w, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 4, 4, 1), 1, 3);
	w = add_weights("w", TYPE_INT8, LIST(1, 3, 3, 1), 1, 0, BYTES(1, 1, 1, 1, 1, 1, 1, 1, 1));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 2, 2, 1), 1, 0);
	add_depthwise(&b, LIST(x, w), y, 2, PADDING_SAME);
	builder_end(&b, LIST(x), LIST(y));
	/* 4 pixels at stride 2 need one of padding: behind. */
	check(BYTES(4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4), BYTES(9, 6, 6, 4));
}

/* Two rows by two weights; the result is written where the shape says, [2,2]. */
static void fully_connected(void **state)
{
	int x, w, bias, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(2, 1, 3), 0.5F, -1);
	w = add_weights("w", TYPE_INT8, LIST(2, 3), 2, 0, BYTES(1, 2, 3, -1, -2, -3));
	bias = add_ints(&b, "bias", LIST(10, 20));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(2, 2), 1, -3);
	add_operator(&b, BUILTIN_FULLY_CONNECTED, OPTIONS_FULLY_CONNECTED, LIST(x, w, bias), y);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(0, 1, 2, -1, -1, 9),
	      BYTES(14 + 10 - 3, -14 + 20 - 3, 30 + 10 - 3, -30 + 20 - 3));
}

/*
 * 1 + 2 at scale 0.5 and 0.25: (1*0.5 + 3*0.25) / 0.125 = 10; saturation; broadcast of a channel.
 */
static void add_broadcasts(void **state)
{
	int x, y, z;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 2, 1, 2), 0.5F, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(2), 0.25F, 1);
	z = add_tensor(&b, "z", TYPE_INT8, LIST(1, 2, 1, 2), 0.125F, -2);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(x, y), z);
	builder_end(&b, LIST(x, y), LIST(z));
	check(BYTES(1, 2, 3, 100, /* y */ 4, -1), BYTES(8, 2, 16, 127));
}

static void add_broadcasts_inner_axis(void **state)
{
	int x, y, z;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(2, 1), 1, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 3), 1, 0);
	z = add_tensor(&b, "z", TYPE_INT8, LIST(2, 3), 1, 0);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(x, y), z);
	builder_end(&b, LIST(x, y), LIST(z));
	check(BYTES(10, 20, /* y */ 1, 2, 3), BYTES(11, 12, 13, 21, 22, 23));
}

/* 3*0.5 rounds to 2, -3*0.5 to -2, in the scale of the output. */
static void add_rounds_halves(void **state)
{
	int x, y, z;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(2), 1, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(2), 1, 0);
	z = add_tensor(&b, "z", TYPE_INT8, LIST(2), 2, 0);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(x, y), z);
	builder_end(&b, LIST(x, y), LIST(z));
	check(BYTES(1, -1, /* y */ 2, -2), BYTES(2, -2));
}

static void add_uint8(void **state)
{
	int x, y, z;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_UINT8, LIST(2), 1, 128);
	y = add_tensor(&b, "y", TYPE_UINT8, LIST(2), 1, 0);
	z = add_tensor(&b, "z", TYPE_UINT8, LIST(2), 1, 10);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(x, y), z);
	builder_end(&b, LIST(x, y), LIST(z));
	check(BYTES((int8_t)130, 0, /* y */ (int8_t)200, 100), BYTES((int8_t)212, 0));
}

static void mul(void **state)
{
	uint32_t options;
	int x, y, z;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 4), 0.5F, 1);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 1), 0.5F, -1);
	z = add_tensor(&b, "z", TYPE_INT8, LIST(1, 4), 1, 2);
	options = add_operator(&b, BUILTIN_MUL, OPTIONS_MUL, LIST(x, y), z);
	set_i8(&b, options, ARITHMETIC_ACTIVATION, ACTIVATION_RELU6);
	builder_end(&b, LIST(x, y), LIST(z));
	/* (x-1)*2/4: 2 is 1, 3 is 1.5, -8 is negative, 100 is above 6 */
	check(BYTES(3, 4, -7, 101, /* y */ 1), BYTES(3, 4, 2, 8));
}

/* A window that hangs over the edge is divided by what it covers; halves go away from zero. */
static void average_pool(void **state)
{
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 3, 3, 1), 1, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 2, 2, 1), 1, 0);
	add_pool(&b, BUILTIN_AVERAGE_POOL_2D, x, y, 2, 2, PADDING_SAME);
	builder_end(&b, LIST(x), LIST(y));
	/* 10/4 = 2.5, -9/2 = -4.5, 5/2 = 2.5, -128 */
	check(BYTES(1, 2, -4, 3, 4, -5, 2, 3, -128), BYTES(3, -5, 3, -128));
}

/* -1.5 as int8 would be 126.5 as uint8, which goes up: halves go away from the type's own zero. */
static void average_pool_uint8(void **state)
{
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_UINT8, LIST(1, 1, 2, 2), 1, 128);
	y = add_tensor(&b, "y", TYPE_UINT8, LIST(1, 1, 1, 2), 1, 128);
	add_pool(&b, BUILTIN_AVERAGE_POOL_2D, x, y, 2, 2, PADDING_SAME);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(126, (int8_t)255, 127, (int8_t)254), BYTES(127, (int8_t)255));
}

static void max_pool(void **state)
{
	uint32_t options;
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 3, 3, 1), 0.5F, -100);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 2, 2, 1), 0.5F, -100);
	options = add_pool(&b, BUILTIN_MAX_POOL_2D, x, y, 2, 2, PADDING_SAME);
	set_i8(&b, options, POOL_ACTIVATION, ACTIVATION_RELU);
	builder_end(&b, LIST(x), LIST(y));
	/* padding never wins, but the activation does */
	check(BYTES(-128, -128, -90, -128, -101, -120, 5, 6, -128), BYTES(-100, -90, 6, -100));
}

static void pool_window_larger_than_input(void **state)
{
	uint32_t options;
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 2, 2, 1), 1, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 2, 2, 1), 1, 0);
	options = add_pool(&b, BUILTIN_AVERAGE_POOL_2D, x, y, 1, 1, PADDING_SAME);
	set_i32(&b, options, POOL_FILTER_H, INT32_MAX);
	set_i32(&b, options, POOL_FILTER_W, INT32_MAX);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(1, 2, 3, 6), BYTES(3, 3, 3, 3));
}

static void mean(void **state)
{
	int x, axes, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(2, 2, 2), 1, 2);
	axes = add_ints(&b, "axes", LIST(-2, -2, 0));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(2), 0.5F, -1);
	add_operator(&b, BUILTIN_MEAN, OPTIONS_REDUCER, LIST(x, axes), y);
	builder_end(&b, LIST(x), LIST(y));
	/* mean 4 is 8 half steps; mean -3 is -6 */
	check(BYTES(3, -1, 5, -1, 7, 0, 9, -2), BYTES(7, -7));
}

static void softmax(void **state)
{
	uint32_t options;
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(3, 2), 0.1F, 50);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(3, 2), 1.0F / 256, -128);
	options = add_operator(&b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(x), y);
	set_f32(&b, options, SOFTMAX_BETA, 1);
	builder_end(&b, LIST(x), LIST(y));
	/* equal: 128/256 each; e^1 : 1 is 187.15 : 68.85; far apart: all and nothing */
	check(BYTES(7, 7, 10, 0, 127, -128), BYTES(0, 0, 187 - 128, 69 - 128, 127, -128));
}

/* More equals than 256ths. TensorFlow Lite stops here. */
static void softmax_of_thousands(void **state)
{
	static int8_t in[5000], out[5000];
	uint32_t options;
	int x, y;

	(void)state;
	memset(out, -128, sizeof(out));
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(5000), 0.1F, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(5000), 1.0F / 256, -128);
	options = add_operator(&b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(x), y);
	set_f32(&b, options, SOFTMAX_BETA, 1);
	builder_end(&b, LIST(x), LIST(y));
	check(in, sizeof(in), out, sizeof(out));
}

static void logistic(void **state)
{
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(5), 0.25F, 3);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(5), 1.0F / 256, -128);
	add_operator(&b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(x), y);
	builder_end(&b, LIST(x), LIST(y));
	/* 0.5; 1/(1+e^-1) is 187.15/256; 68.85; 0; 1 */
	check(BYTES(3, 7, -1, -128, 127), BYTES(0, 187 - 128, 69 - 128, -128, 127));
}

static void quantize_float(void **state)
{
	static const float in[] = { 0.25F, -0.25F, 1.0F, 1000, -INFINITY, NAN };
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_FLOAT32, LIST(6), 0, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(6), 0.5F, 3);
	add_operator(&b, BUILTIN_QUANTIZE, OPTIONS_NONE, LIST(x), y);
	builder_end(&b, LIST(x), LIST(y));
	check_bytes(in, sizeof(in), BYTES(4, 2, 5, 127, -128, -128));
}

static void quantize_uint8(void **state)
{
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_UINT8, LIST(4), 1, 127);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(4), 1, -1);
	add_operator(&b, BUILTIN_QUANTIZE, OPTIONS_NONE, LIST(x), y);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(0, 127, (int8_t)128, (int8_t)255), BYTES(-128, -1, 0, 127));
}

/* Half the scale: twice the distance from the zero point, saturated. */
static void requantize(void **state)
{
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(3), 1, 10);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(3), 0.5F, 0);
	add_operator(&b, BUILTIN_QUANTIZE, OPTIONS_NONE, LIST(x), y);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(13, 10, 127), BYTES(6, 0, 127));
}

static void dequantize(void **state)
{
	static const float expected[] = { 0, 0.3F, -39.0F };
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(3), 0.3F, 2);
	y = add_tensor(&b, "y", TYPE_FLOAT32, LIST(3), 0, 0);
	add_operator(&b, BUILTIN_DEQUANTIZE, OPTIONS_NONE, LIST(x), y);
	builder_end(&b, LIST(x), LIST(y));
	check_bytes((const int8_t[]){ 2, 3, -128 }, 3, expected, sizeof(expected));
}

static void pad(void **state)
{
	int x, paddings, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(2, 2), 1, 9);
	paddings = add_tensor(&b, "paddings", TYPE_INT32, LIST(2, 2), 0, 0);
	set_data(&b, paddings, (int32_t[]){ 1, 0, 0, 2 }, 16);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(3, 4), 1, 9);
	add_operator(&b, BUILTIN_PAD, OPTIONS_NONE, LIST(x, paddings), y);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(1, 2, 3, 4), BYTES(9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9));
}

static void pad_float(void **state)
{
	static const float in[] = { 1.5F }, expected[] = { 0, 1.5F };
	int x, paddings, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_FLOAT32, LIST(1), 0, 0);
	paddings = add_tensor(&b, "paddings", TYPE_INT32, LIST(1, 2), 0, 0);
	set_data(&b, paddings, (int32_t[]){ 1, 0 }, 8);
	y = add_tensor(&b, "y", TYPE_FLOAT32, LIST(2), 0, 0);
	add_operator(&b, BUILTIN_PAD, OPTIONS_NONE, LIST(x, paddings), y);
	builder_end(&b, LIST(x), LIST(y));
	check_bytes(in, sizeof(in), expected, sizeof(expected));
}

static void concatenation(void **state)
{
	uint32_t options;
	int x, y, z;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(2, 1, 2), 1, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(2, 2, 2), 1, 0);
	z = add_tensor(&b, "z", TYPE_INT8, LIST(2, 3, 2), 1, 0);
	options = add_operator(&b, BUILTIN_CONCATENATION, OPTIONS_CONCATENATION, LIST(x, y), z);
	set_i32(&b, options, CONCATENATION_AXIS, 1);
	builder_end(&b, LIST(x, y), LIST(z));
	check(BYTES(1, 2, 3, 4, /* y */ 10, 11, 12, 13, 14, 15, 16, 17),
	      BYTES(1, 2, 10, 11, 12, 13, 3, 4, 14, 15, 16, 17));
}

struct slice {
	struct builder_list begin, end, stride;
	int32_t begin_mask, end_mask, shrink_mask;
};

/* Of [[0 1 2 3] [10 11 12 13] [20 21 22 23]] */
static void check_slice(const struct slice *slice, struct builder_list shape,
			const int8_t *expected, size_t bytes)
{
	int x, begin, end, stride, y;
	uint32_t options;

	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(3, 4), 1, 0);
	begin = add_ints(&b, "begin", slice->begin);
	end = add_ints(&b, "end", slice->end);
	stride = add_ints(&b, "stride", slice->stride);
	y = add_tensor(&b, "y", TYPE_INT8, shape, 1, 0);
	options = add_operator(&b, BUILTIN_STRIDED_SLICE, OPTIONS_STRIDED_SLICE,
			       LIST(x, begin, end, stride), y);
	set_i32(&b, options, SLICE_BEGIN_MASK, slice->begin_mask);
	set_i32(&b, options, SLICE_END_MASK, slice->end_mask);
	set_i32(&b, options, SLICE_SHRINK_AXIS_MASK, slice->shrink_mask);
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23), expected, bytes);
}

static void slice_forward(void **state)
{
	const struct slice slice = { LIST(1, 1), LIST(3, 3), LIST(1, 1), 0, 0, 0 };

	(void)state;
	check_slice(&slice, LIST(2, 2), BYTES(11, 12, 21, 22));
}

/* x[::2, ::-2] */
static void slice_backward(void **state)
{
	const struct slice slice = { LIST(0, 0), LIST(0, 0), LIST(2, -2), 3, 3, 0 };

	(void)state;
	check_slice(&slice, LIST(2, 2), BYTES(3, 1, 23, 21));
}

/* x[-1, 1:100]: negative counts from the end, beyond the end is the end, the first axis goes. */
static void slice_shrinks(void **state)
{
	const struct slice slice = { LIST(-1, 1), LIST(0, 100), LIST(1, 1), 0, 0, 1 };

	(void)state;
	check_slice(&slice, LIST(3), BYTES(21, 22, 23));
}

/* x[2:0:-1, 3:4] */
static void slice_one_column_backward(void **state)
{
	const struct slice slice = { LIST(2, 3), LIST(0, 4), LIST(-1, 1), 0, 0, 0 };

	(void)state;
	check_slice(&slice, LIST(2, 1), BYTES(23, 13));
}

static void reshape(void **state)
{
	uint32_t options;
	int x, y;

	(void)state;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(2, 3), 1, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(3, 2), 1, 0);
	options = add_operator(&b, BUILTIN_RESHAPE, OPTIONS_RESHAPE, LIST(x), y);
	set_list(&b, options, RESHAPE_NEW_SHAPE, LIST(-1, 2));
	builder_end(&b, LIST(x), LIST(y));
	check(BYTES(1, 2, 3, 4, 5, 6), BYTES(1, 2, 3, 4, 5, 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(high_mul_rounds_halves_up),
		cmocka_unit_test(rounding_shift_rounds_halves_away_from_zero),
		cmocka_unit_test(multiplier_is_normalised),
		cmocka_unit_test(multiplier_of_hostile_factors),
		cmocka_unit_test(exp_is_exp),
		cmocka_unit_test(logistic_is_logistic),
		cmocka_unit_test(conv_same),
		cmocka_unit_test(conv_same_even_kernel_stride_2),
		cmocka_unit_test(conv_dilated),
		cmocka_unit_test(conv_dilated_same),
		cmocka_unit_test(conv_channels),
		cmocka_unit_test(conv_rounds_twice),
		cmocka_unit_test(conv_activations),
		cmocka_unit_test(conv_uint8),
		cmocka_unit_test(conv_wraps),
		cmocka_unit_test(depthwise_multiplier),
		cmocka_unit_test(depthwise_same_stride_2),
		cmocka_unit_test(fully_connected),
		cmocka_unit_test(add_broadcasts),
		cmocka_unit_test(add_broadcasts_inner_axis),
		cmocka_unit_test(add_rounds_halves),
		cmocka_unit_test(add_uint8),
		cmocka_unit_test(mul),
		cmocka_unit_test(average_pool),
		cmocka_unit_test(average_pool_uint8),
		cmocka_unit_test(max_pool),
		cmocka_unit_test(pool_window_larger_than_input),
		cmocka_unit_test(mean),
		cmocka_unit_test(softmax),
		cmocka_unit_test(softmax_of_thousands),
		cmocka_unit_test(logistic),
		cmocka_unit_test(quantize_float),
		cmocka_unit_test(quantize_uint8),
		cmocka_unit_test(requantize),
		cmocka_unit_test(dequantize),
		cmocka_unit_test(pad),
		cmocka_unit_test(pad_float),
		cmocka_unit_test(concatenation),
		cmocka_unit_test(slice_forward),
		cmocka_unit_test(slice_backward),
		cmocka_unit_test(slice_shrinks),
		cmocka_unit_test(slice_one_column_backward),
		cmocka_unit_test(reshape),
	};

	return cmocka_run_group_tests_name("cpu_kernels", tests, NULL, NULL);
}
