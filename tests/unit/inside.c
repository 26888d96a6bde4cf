// SPDX-License-Identifier: MIT
/*
 * Tensors inside others on the NPU: what CONCATENATION, SPLIT and slices join and divide. Every network is exact on
 * the NPU, and compared byte by byte with the reference kernels; and as many layers are counted as there should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../tflite_builder.h"
#include "request.h"

#define SCALE 0.05F
#define ZERO  3
#define RUNS  3

static struct dla_device *npu, *cpu;

/* ------------------------------------------------------------------------------- building */

static int picture(struct builder *b, int height, int width, int channels)
{
	return add_tensor(b, "t", TYPE_INT8, LIST(1, height, width, channels), SCALE, ZERO);
}

/* A table, on CDP. */
static int relu(struct builder *b, int in, int height, int width, int channels)
{
	int out = picture(b, height, width, channels);

	add_operator(b, BUILTIN_RELU, OPTIONS_NONE, LIST(in), out);
	return out;
}

static int max_pool(struct builder *b, int in, int height, int width, int channels)
{
	int out = picture(b, height, width, channels);

	add_pool(b, BUILTIN_MAX_POOL_2D, in, out, 3, 1, PADDING_SAME);
	return out;
}

/* Weights and scales with which nothing is rounded. Zeros around it come from a PAD. */
static int conv(struct builder *b, int in, int height, int width, int channels, int kernels)
{
	static const int64_t zero;
	size_t bytes = (size_t)kernels * 9 * (size_t)channels;
	int padded = picture(b, height + 2, width + 2, channels), out = picture(b, height, width, kernels), paddings, weights;
	const float scale = 1.0F / 64;
	int8_t *data = malloc(bytes);

	paddings = add_tensor(b, "paddings", TYPE_INT32, LIST(4, 2), 0, 0);
	set_data(b, paddings, (int32_t[]){ 0, 0, 1, 1, 1, 1, 0, 0 }, 32);
	add_operator(b, BUILTIN_PAD, OPTIONS_NONE, LIST(in, paddings), padded);
	for (size_t i = 0; i < bytes; i++)
		data[i] = (int8_t)(i * 7 % 11 == 0 ? 64 : i * 7 % 11 == 1 ? -64 : 0);
	weights = add_tensor(b, "weights", TYPE_INT8, LIST(kernels, 3, 3, channels), 0, 0);
	set_quant(b, weights, &scale, &zero, 1, 0);
	set_data(b, weights, data, bytes);
	free(data);
	add_conv(b, LIST(padded, weights, -1), out, 1, PADDING_VALID);
	return out;
}

static void concat(struct builder *b, struct builder_list in, int axis, int out)
{
	set_i32(b, add_operator(b, BUILTIN_CONCATENATION, OPTIONS_CONCATENATION, in, out), CONCATENATION_AXIS, axis);
}

static void split(struct builder *b, int in, int axis, struct builder_list out)
{
	uint32_t options = add_operator(b, BUILTIN_SPLIT, OPTIONS_SPLIT, LIST(add_ints(b, "axis", LIST(axis)), in),
					out.value[0]);

	set_list(b, b->operator[b->operator_count - 1], OPERATOR_OUTPUTS, out);
	set_i32(b, options, SPLIT_COUNT, out.count);
}

static void slice(struct builder *b, int in, struct builder_list begin, struct builder_list size, int out)
{
	add_operator(b, BUILTIN_SLICE, OPTIONS_NONE, LIST(in, add_ints(b, "begin", begin), add_ints(b, "size", size)), out);
}

/* -------------------------------------------------------------------------------- running */

static void fill(struct dla_request *request, unsigned int seed)
{
	for (unsigned int i = 0; i < dla_network_input_count(request->network); i++) {
		uint8_t *data = dla_request_input(request, i);

		for (size_t e = 0; e < dla_network_input(request->network, i)->bytes; e++)
			data[e] = (uint8_t)(rand_r(&seed) >> 7);
	}
}

static struct dla_request *request_of(struct dla_network *network)
{
	struct dla_request *request = network ? dla_request_new(network) : NULL;

	if (!request)
		fail_msg("%s", dla_strerror());
	return request;
}

static void compare(struct dla_network *network, struct dla_network *reference)
{
	struct dla_request *a = request_of(network), *b = request_of(reference);

	for (unsigned int run = 0; run < RUNS; run++) {
		memset(a->arena->map, 0x5a, a->arena->size);
		fill(a, run);
		fill(b, run);
		assert_int_equal(dla_request_run(a), 0);
		assert_int_equal(dla_request_run(b), 0);
		for (unsigned int i = 0; i < dla_network_output_count(network); i++)
			assert_memory_equal(dla_request_output(a, i), dla_request_output(b, i),
					    dla_network_output(network, i)->bytes);
	}
	dla_request_free(a);
	dla_request_free(b);
}

/*
 * Run what has been built, also from a file that it is compiled to. moving: layers of each operation that joins or
 * divides, all on the NPU, in order; -1 ends them.
 */
static void check(struct builder *b, const int *moving)
{
	const struct dla_options options = { .cpu = DLA_CPU_REFERENCE }, on_npu = { .place = DLA_PLACE_NPU,
									    .cpu = DLA_CPU_REFERENCE };
	char path[] = "/tmp/inside.XXXXXX", saved[] = "/tmp/inside.XXXXXX";
	struct dla_network *network, *loaded, *reference;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, b->data, b->bytes), b->bytes);
	close(fd);
	free(b->data);
	close(mkstemp(saved));
	network = dla_network_load(npu, path, &on_npu);
	if (!network)
		fail_msg("%s", dla_strerror());
	reference = dla_network_load(cpu, path, &options);
	compare(network, reference);
	assert_int_equal(dla_network_compile(npu, path, &on_npu, saved), 0);
	loaded = dla_network_load(npu, saved, NULL);
	compare(loaded, reference);
	for (unsigned int i = 0; i < dla_network_operation_count(network); i++) {
		enum dla_op_kind kind = network->graph->op[i].kind;

		if (kind != DLA_OP_CONCATENATION && kind != DLA_OP_SPLIT && kind != DLA_OP_SLICE)
			continue;
		assert_string_equal(dla_network_operation(network, i)->where, "npu");
		assert_int_equal(dla_network_operation(network, i)->layers, *moving);
		moving++;
	}
	assert_int_equal(*moving, -1);
	unlink(path);
	unlink(saved);
	dla_network_free(network);
	dla_network_free(loaded);
	dla_network_free(reference);
}

#define MOVING(...) ((const int[]){ __VA_ARGS__, -1 })

/* --------------------------------------------------------------------------------- joining */

static void parts_are_made_in_place(void **unused)
{
	struct builder b;
	int x, p, q, r, y;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 5, 6, 8);
	p = relu(&b, x, 5, 6, 8);
	q = max_pool(&b, x, 5, 6, 8);
	r = conv(&b, x, 5, 6, 8, 13);
	y = picture(&b, 5, 6, 29);
	concat(&b, LIST(p, q, r), 3, y);
	builder_end(&b, LIST(x), LIST(conv(&b, y, 5, 6, 29, 9)));
	check(&b, MOVING(0));
}

static void whole_is_an_output(void **unused)
{
	struct builder b;
	int x, p, q, y;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 5, 6, 16);
	p = relu(&b, x, 5, 6, 16);
	q = max_pool(&b, p, 5, 6, 16);
	y = picture(&b, 5, 6, 32);
	concat(&b, LIST(q, p), -1, y);
	builder_end(&b, LIST(x), LIST(y));
	check(&b, MOVING(0));
}

static void part_is_an_output(void **unused)
{
	struct builder b;
	int x, p, q, y, z;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 5, 6, 8);
	p = relu(&b, x, 5, 6, 8);
	q = max_pool(&b, x, 5, 6, 8);
	y = picture(&b, 5, 6, 16);
	concat(&b, LIST(p, q), 3, y);
	z = relu(&b, y, 5, 6, 16);
	builder_end(&b, LIST(x), LIST(q, z));
	check(&b, MOVING(0));
}

static void part_of_two(void **unused)
{
	struct builder b;
	int x, p, q, y, z;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 5, 6, 8);
	p = relu(&b, x, 5, 6, 8);
	q = max_pool(&b, x, 5, 6, 8);
	y = picture(&b, 5, 6, 16);
	concat(&b, LIST(p, q), 3, y);
	z = picture(&b, 5, 6, 16);
	concat(&b, LIST(q, p), 3, z);
	builder_end(&b, LIST(x), LIST(relu(&b, y, 5, 6, 16), max_pool(&b, z, 5, 6, 16)));
	check(&b, MOVING(0, 2));
}

static void twice_in_one(void **unused)
{
	struct builder b;
	int x, p, y;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 5, 6, 8);
	p = relu(&b, x, 5, 6, 8);
	y = picture(&b, 5, 6, 24);
	concat(&b, LIST(p, x, p), 3, y);
	builder_end(&b, LIST(x), LIST(max_pool(&b, y, 5, 6, 24)));
	check(&b, MOVING(1));
}

static void nested(void **unused)
{
	struct builder b;
	int x, p, q, y, z, last;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 5, 6, 16);
	p = relu(&b, x, 5, 6, 16);
	q = conv(&b, p, 5, 6, 16, 8);
	y = picture(&b, 5, 6, 24);
	concat(&b, LIST(q, p), 3, y);
	last = conv(&b, y, 5, 6, 24, 8);
	z = picture(&b, 5, 6, 32);
	concat(&b, LIST(last, y), 3, z);
	builder_end(&b, LIST(x), LIST(max_pool(&b, z, 5, 6, 32)));
	check(&b, MOVING(0, 0));
}

/* Bands of lines: free in one plane, copied in several. */
static void lines_are_joined(void **unused)
{
	for (int channels = 8; channels <= 16; channels += 8) {
		struct builder b;
		int x, p, q, y;

		(void)unused;
		builder_begin(&b);
		x = picture(&b, 3, 6, channels);
		p = relu(&b, x, 3, 6, channels);
		q = max_pool(&b, x, 3, 6, channels);
		y = picture(&b, 6, 6, channels);
		concat(&b, LIST(p, q), 1, y);
		builder_end(&b, LIST(x), LIST(conv(&b, y, 6, 6, channels, 5)));
		check(&b, MOVING(channels == 8 ? 0 : 2));
	}
}

static void columns_are_joined(void **unused)
{
	struct builder b;
	int x, p, q, y;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 3, 1, 11);
	p = relu(&b, x, 3, 1, 11);
	q = max_pool(&b, x, 3, 1, 11);
	y = picture(&b, 3, 2, 11);
	concat(&b, LIST(p, q), 2, y);
	builder_end(&b, LIST(x), LIST(max_pool(&b, y, 3, 2, 11)));
	check(&b, MOVING(2));
}

/* Pixels of more than one plane, which are no surfaces by themselves. */
static void pixels_are_joined(void **unused)
{
	struct builder b;
	int x, p, q, y;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 1, 1, 21);
	p = relu(&b, x, 1, 1, 21);
	q = max_pool(&b, x, 1, 1, 21);
	y = picture(&b, 2, 1, 21);
	concat(&b, LIST(p, q), 1, y);
	builder_end(&b, LIST(x), LIST(max_pool(&b, y, 2, 1, 21)));
	check(&b, MOVING(2));
}

/* One part comes from the CPU, and the CPU reads another and the whole. */
static void with_the_cpu(void **unused)
{
	struct builder b;
	int x, p, q, r, s, y, u, v;
	uint32_t options;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 1, 6, 8);
	p = add_tensor(&b, "p", TYPE_INT8, LIST(1, 1, 6, 8), 1.0F / 256, -128);
	options = add_operator(&b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(x), p);
	set_f32(&b, options, SOFTMAX_BETA, 1);
	q = add_tensor(&b, "q", TYPE_INT8, LIST(1, 1, 6, 8), 1.0F / 256, -128);
	add_operator(&b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(x), q);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 1, 6, 16), 1.0F / 256, -128);
	concat(&b, LIST(p, q), 3, y);
	r = add_tensor(&b, "r", TYPE_INT8, LIST(1, 1, 6, 16), 1.0F / 256, -128);
	add_operator(&b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(y), r);
	u = add_tensor(&b, "u", TYPE_INT8, LIST(1, 1, 6, 8), 1.0F / 256, -128);
	options = add_operator(&b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(q), u);
	set_f32(&b, options, SOFTMAX_BETA, 1);
	v = add_tensor(&b, "v", TYPE_INT8, LIST(1, 1, 6, 16), 1.0F / 256, -128);
	options = add_operator(&b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(y), v);
	set_f32(&b, options, SOFTMAX_BETA, 1);
	s = add_tensor(&b, "s", TYPE_INT8, LIST(1, 1, 6, 40), 1.0F / 256, -128);
	concat(&b, LIST(r, u, v), 3, s);
	builder_end(&b, LIST(x), LIST(s, y));
	check(&b, MOVING(0, 0));
}

/* -------------------------------------------------------------------------------- dividing */

static void input_is_divided(void **unused)
{
	struct builder b;
	int x, p, q;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 5, 6, 32);
	p = picture(&b, 5, 6, 16);
	q = picture(&b, 5, 6, 16);
	split(&b, x, 3, LIST(p, q));
	builder_end(&b, LIST(x), LIST(conv(&b, q, 5, 6, 16, 11), max_pool(&b, p, 5, 6, 16), q));
	check(&b, MOVING(0));
}

/* As in networks that shuffle channels: half of it goes around. The parts swap their places. */
static void divided_and_joined(void **unused)
{
	struct builder b;
	int x, p, q, r, t, y;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 5, 6, 32);
	t = relu(&b, x, 5, 6, 32);
	p = picture(&b, 5, 6, 16);
	q = picture(&b, 5, 6, 16);
	split(&b, t, 3, LIST(p, q));
	r = conv(&b, q, 5, 6, 16, 16);
	y = picture(&b, 5, 6, 32);
	concat(&b, LIST(r, p), 3, y);
	builder_end(&b, LIST(x), LIST(max_pool(&b, y, 5, 6, 32)));
	check(&b, MOVING(0, 1));
}

/* Spare channels of a part hold the next one's. */
static void slices(void **unused)
{
	static const struct {
		int begin[3], size[3], layers;
	} boxes[] = {
		{ { 0, 0, 8 }, { 5, 6, 16 }, 0 },
		{ { 0, 0, 8 }, { 5, 6, 3 }, 0 },
		{ { 2, 0, 16 }, { 3, 6, 8 }, 0 },
		{ { 1, 0, 0 }, { 3, 6, 9 }, 1 },
		{ { 0, 2, 0 }, { 5, 3, 8 }, 1 },
		{ { 3, 2, 8 }, { 1, 3, 5 }, 0 },
		{ { 3, 2, 0 }, { 1, 3, 24 }, 1 },
		{ { 4, 5, 0 }, { 1, 1, 24 }, 1 },
		{ { 4, 5, 16 }, { 1, 1, 7 }, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		const int *begin = boxes[i].begin, *size = boxes[i].size;
		struct builder b;
		int x, t, p;

		builder_begin(&b);
		x = picture(&b, 5, 6, 24);
		t = relu(&b, x, 5, 6, 24);
		p = picture(&b, size[0], size[1], size[2]);
		slice(&b, t, LIST(0, begin[0], begin[1], begin[2]), LIST(1, size[0], size[1], size[2]), p);
		builder_end(&b, LIST(x), LIST(conv(&b, p, size[0], size[1], size[2], 5),
					      relu(&b, p, size[0], size[1], size[2]), max_pool(&b, t, 5, 6, 24)));
		check(&b, MOVING(boxes[i].layers));
	}
}

static void part_of_a_part(void **unused)
{
	struct builder b;
	int x, t, p, q, r;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 5, 6, 48);
	t = relu(&b, x, 5, 6, 48);
	p = picture(&b, 5, 6, 24);
	q = picture(&b, 5, 6, 24);
	split(&b, t, 3, LIST(p, q));
	r = picture(&b, 5, 6, 16);
	slice(&b, q, LIST(0, 0, 0, 8), LIST(1, 5, 6, 16), r);
	builder_end(&b, LIST(x), LIST(conv(&b, r, 5, 6, 16, 8), relu(&b, p, 5, 6, 24)));
	check(&b, MOVING(0, 0));
}

/* A part is converted behind the segment whose last operation could have the whole's memory, but for that. */
static void parts_are_read_back_late(void **unused)
{
	struct builder b;
	int x, t, p, q, y, z;

	(void)unused;
	builder_begin(&b);
	x = picture(&b, 2, 6, 32);
	t = add_tensor(&b, "t", TYPE_INT8, LIST(1, 2, 6, 32), 1.0F / 256, -128);
	add_operator(&b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(x), t);
	p = add_tensor(&b, "p", TYPE_INT8, LIST(1, 2, 6, 16), 1.0F / 256, -128);
	q = add_tensor(&b, "q", TYPE_INT8, LIST(1, 2, 6, 16), 1.0F / 256, -128);
	split(&b, t, 3, LIST(p, q));
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 2, 6, 32), 1.0F / 256, -128);
	add_operator(&b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(t), y);
	z = add_tensor(&b, "z", TYPE_INT8, LIST(1, 2, 6, 32), 1.0F / 256, -128);
	set_f32(&b, add_operator(&b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(y), z), SOFTMAX_BETA, 1);
	builder_end(&b, LIST(x), LIST(q, z));
	check(&b, MOVING(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_made_in_place),
		cmocka_unit_test(whole_is_an_output),
		cmocka_unit_test(part_is_an_output),
		cmocka_unit_test(part_of_two),
		cmocka_unit_test(twice_in_one),
		cmocka_unit_test(nested),
		cmocka_unit_test(lines_are_joined),
		cmocka_unit_test(columns_are_joined),
		cmocka_unit_test(pixels_are_joined),
		cmocka_unit_test(with_the_cpu),
		cmocka_unit_test(input_is_divided),
		cmocka_unit_test(divided_and_joined),
		cmocka_unit_test(slices),
		cmocka_unit_test(part_of_a_part),
		cmocka_unit_test(parts_are_read_back_late),
	};
	int failed;

	npu = dla_device_open("sim:nv_small");
	cpu = dla_device_open("cpu");
	if (!npu || !cpu) {
		fprintf(stderr, "%s\n", dla_strerror());
		return 1;
	}
	failed = cmocka_run_group_tests_name("inside", tests, NULL, NULL);
	dla_device_close(npu);
	dla_device_close(cpu);
	return failed;
}
