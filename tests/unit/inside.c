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

#define TENSORS 64

struct network {
	struct builder b;
	struct dla_shape shape[TENSORS];
	bool probability[TENSORS];
};

static int new_tensor(struct network *n, const struct dla_shape *shape, bool probability)
{
	const struct builder_list list = { (int)shape->rank, shape->dim };
	int tensor = add_tensor(&n->b, "t", TYPE_INT8, list, probability ? 1.0F / 256 : SCALE, probability ? -128 : ZERO);

	assert_in_range(tensor, 0, TENSORS - 1);
	n->shape[tensor] = *shape;
	n->probability[tensor] = probability;
	return tensor;
}

static int picture(struct network *n, int height, int width, int channels)
{
	return new_tensor(n, &(struct dla_shape){ 4, { 1, height, width, channels } }, false);
}

/* The only input, begun with. */
static int begin(struct network *n, int height, int width, int channels)
{
	builder_begin(&n->b);
	return picture(n, height, width, channels);
}

/* A table, on CDP. */
static int relu(struct network *n, int in)
{
	int out = new_tensor(n, &n->shape[in], n->probability[in]);

	add_operator(&n->b, BUILTIN_RELU, OPTIONS_NONE, LIST(in), out);
	return out;
}

static int logistic(struct network *n, int in)
{
	int out = new_tensor(n, &n->shape[in], true);

	add_operator(&n->b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(in), out);
	return out;
}

/* On the CPU. */
static int softmax(struct network *n, int in)
{
	int out = new_tensor(n, &n->shape[in], true);

	set_f32(&n->b, add_operator(&n->b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(in), out), SOFTMAX_BETA, 1);
	return out;
}

static int max_pool(struct network *n, int in)
{
	int out = new_tensor(n, &n->shape[in], n->probability[in]);

	add_pool(&n->b, BUILTIN_MAX_POOL_2D, in, out, 3, 1, PADDING_SAME);
	return out;
}

/* Weights and scales with which nothing is rounded. Zeros around it come from a PAD. */
static int conv(struct network *n, int in, int kernels)
{
	static const int64_t zero;
	const int height = n->shape[in].dim[1], width = n->shape[in].dim[2], channels = n->shape[in].dim[3];
	size_t bytes = (size_t)kernels * 9 * (size_t)channels;
	int padded = picture(n, height + 2, width + 2, channels), out = picture(n, height, width, kernels), paddings, weights;
	const float scale = 1.0F / 64;
	int8_t *data = malloc(bytes);

	paddings = add_tensor(&n->b, "paddings", TYPE_INT32, LIST(4, 2), 0, 0);
	set_data(&n->b, paddings, (int32_t[]){ 0, 0, 1, 1, 1, 1, 0, 0 }, 32);
	add_operator(&n->b, BUILTIN_PAD, OPTIONS_NONE, LIST(in, paddings), padded);
	for (size_t i = 0; i < bytes; i++)
		data[i] = (int8_t)(i * 7 % 11 == 0 ? 64 : i * 7 % 11 == 1 ? -64 : 0);
	weights = add_tensor(&n->b, "weights", TYPE_INT8, LIST(kernels, 3, 3, channels), 0, 0);
	set_quant(&n->b, weights, &scale, &zero, 1, 0);
	set_data(&n->b, weights, data, bytes);
	free(data);
	add_conv(&n->b, LIST(padded, weights, -1), out, 1, PADDING_VALID);
	return out;
}

static int concat(struct network *n, struct builder_list in, int axis)
{
	struct dla_shape shape = n->shape[in.value[0]];
	int along = axis < 0 ? axis + (int)shape.rank : axis, out;

	for (int i = 1; i < in.count; i++)
		shape.dim[along] += n->shape[in.value[i]].dim[along];
	out = new_tensor(n, &shape, n->probability[in.value[0]]);
	set_i32(&n->b, add_operator(&n->b, BUILTIN_CONCATENATION, OPTIONS_CONCATENATION, in, out), CONCATENATION_AXIS, axis);
	return out;
}

/* Its channels in halves. */
static void split(struct network *n, int in, int half[2])
{
	struct dla_shape shape = n->shape[in];
	uint32_t options;

	shape.dim[3] /= 2;
	half[0] = new_tensor(n, &shape, n->probability[in]);
	half[1] = new_tensor(n, &shape, n->probability[in]);
	options = add_operator(&n->b, BUILTIN_SPLIT, OPTIONS_SPLIT, LIST(add_ints(&n->b, "axis", LIST(3)), in), half[0]);
	set_list(&n->b, n->b.operator[n->b.operator_count - 1], OPERATOR_OUTPUTS, LIST(half[0], half[1]));
	set_i32(&n->b, options, SPLIT_COUNT, 2);
}

static int slice(struct network *n, int in, const int begin[3], const int size[3])
{
	int from = add_ints(&n->b, "begin", LIST(0, begin[0], begin[1], begin[2]));
	int so_much = add_ints(&n->b, "size", LIST(1, size[0], size[1], size[2]));
	int out = picture(n, size[0], size[1], size[2]);

	add_operator(&n->b, BUILTIN_SLICE, OPTIONS_NONE, LIST(in, from, so_much), out);
	return out;
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
static void check(struct network *n, int input, struct builder_list outputs, const int *moving)
{
	const struct dla_options options = { .cpu = DLA_CPU_REFERENCE }, on_npu = { .place = DLA_PLACE_NPU,
									    .cpu = DLA_CPU_REFERENCE };
	char path[] = "/tmp/inside.XXXXXX", saved[] = "/tmp/inside.XXXXXX";
	struct dla_network *network, *loaded, *reference;
	int fd = mkstemp(path);

	builder_end(&n->b, LIST(input), outputs);
	assert_int_equal(write(fd, n->b.data, n->b.bytes), n->b.bytes);
	close(fd);
	free(n->b.data);
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
	struct network n;
	int x = begin(&n, 5, 6, 8), p, q, r, y;

	(void)unused;
	p = relu(&n, x);
	q = max_pool(&n, x);
	r = conv(&n, x, 13);
	y = concat(&n, LIST(p, q, r), 3);
	check(&n, x, LIST(conv(&n, y, 9)), MOVING(0));
}

static void whole_is_an_output(void **unused)
{
	struct network n;
	int x = begin(&n, 5, 6, 16), p, q;

	(void)unused;
	p = relu(&n, x);
	q = max_pool(&n, p);
	check(&n, x, LIST(concat(&n, LIST(q, p), -1)), MOVING(0));
}

static void part_is_an_output(void **unused)
{
	struct network n;
	int x = begin(&n, 5, 6, 8), p, q, y;

	(void)unused;
	p = relu(&n, x);
	q = max_pool(&n, x);
	y = concat(&n, LIST(p, q), 3);
	check(&n, x, LIST(q, relu(&n, y)), MOVING(0));
}

static void part_of_two(void **unused)
{
	struct network n;
	int x = begin(&n, 5, 6, 8), p, q, y, z;

	(void)unused;
	p = relu(&n, x);
	q = max_pool(&n, x);
	y = concat(&n, LIST(p, q), 3);
	z = concat(&n, LIST(q, p), 3);
	check(&n, x, LIST(relu(&n, y), max_pool(&n, z)), MOVING(0, 2));
}

static void twice_in_one(void **unused)
{
	struct network n;
	int x = begin(&n, 5, 6, 8), p, y;

	(void)unused;
	p = relu(&n, x);
	y = concat(&n, LIST(p, x, p), 3);
	check(&n, x, LIST(max_pool(&n, y)), MOVING(1));
}

static void nested(void **unused)
{
	struct network n;
	int x = begin(&n, 5, 6, 16), p, q, y, z;

	(void)unused;
	p = relu(&n, x);
	q = conv(&n, p, 8);
	y = concat(&n, LIST(q, p), 3);
	z = concat(&n, LIST(conv(&n, y, 8), y), 3);
	check(&n, x, LIST(max_pool(&n, z)), MOVING(0, 0));
}

/* Bands of lines: free in one plane, copied in several. */
static void lines_are_joined(void **unused)
{
	(void)unused;
	for (int channels = 8; channels <= 16; channels += 8) {
		struct network n;
		int x = begin(&n, 3, 6, channels), p, q, y;

		p = relu(&n, x);
		q = max_pool(&n, x);
		y = concat(&n, LIST(p, q), 1);
		check(&n, x, LIST(conv(&n, y, 5)), MOVING(channels == 8 ? 0 : 2));
	}
}

static void columns_are_joined(void **unused)
{
	struct network n;
	int x = begin(&n, 3, 1, 11), p, q, y;

	(void)unused;
	p = relu(&n, x);
	q = max_pool(&n, x);
	y = concat(&n, LIST(p, q), 2);
	check(&n, x, LIST(max_pool(&n, y)), MOVING(2));
}

/* Pixels of more than one plane, which are no surfaces by themselves. */
static void pixels_are_joined(void **unused)
{
	struct network n;
	int x = begin(&n, 1, 1, 21), p, q, y;

	(void)unused;
	p = relu(&n, x);
	q = max_pool(&n, x);
	y = concat(&n, LIST(p, q), 1);
	check(&n, x, LIST(max_pool(&n, y)), MOVING(2));
}

/* One part comes from the CPU, and the CPU reads another and the whole. */
static void with_the_cpu(void **unused)
{
	struct network n;
	int x = begin(&n, 1, 6, 8), p, q, r, u, v, y, s;

	(void)unused;
	p = softmax(&n, x);
	q = logistic(&n, x);
	y = concat(&n, LIST(p, q), 3);
	r = logistic(&n, y);
	u = softmax(&n, q);
	v = softmax(&n, y);
	s = concat(&n, LIST(r, u, v), 3);
	check(&n, x, LIST(s, y), MOVING(0, 0));
}

/* -------------------------------------------------------------------------------- dividing */

static void input_is_divided(void **unused)
{
	struct network n;
	int x = begin(&n, 5, 6, 32), half[2], p, q;

	(void)unused;
	split(&n, x, half);
	q = conv(&n, half[1], 11);
	p = max_pool(&n, half[0]);
	check(&n, x, LIST(q, p, half[1]), MOVING(0));
}

/* As in networks that shuffle channels: half of it goes around. The parts swap their places. */
static void divided_and_joined(void **unused)
{
	struct network n;
	int x = begin(&n, 5, 6, 32), half[2], p, y;

	(void)unused;
	split(&n, relu(&n, x), half);
	p = conv(&n, half[1], 16);
	y = concat(&n, LIST(p, half[0]), 3);
	check(&n, x, LIST(max_pool(&n, y)), MOVING(0, 1));
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
		struct network n;
		int x = begin(&n, 5, 6, 24), t, p, q;

		t = relu(&n, x);
		p = slice(&n, t, boxes[i].begin, boxes[i].size);
		q = conv(&n, p, 5);
		p = relu(&n, p);
		check(&n, x, LIST(q, p, max_pool(&n, t)), MOVING(boxes[i].layers));
	}
}

static void part_of_a_part(void **unused)
{
	struct network n;
	int x = begin(&n, 5, 6, 48), half[2], p, q;

	(void)unused;
	split(&n, relu(&n, x), half);
	p = slice(&n, half[1], (const int[]){ 0, 0, 8 }, (const int[]){ 5, 6, 16 });
	q = conv(&n, p, 8);
	check(&n, x, LIST(q, relu(&n, half[0])), MOVING(0, 0));
}

/* A part is converted behind the segment whose last operation could have the whole's memory, but for that. */
static void parts_are_read_back_late(void **unused)
{
	struct network n;
	int x = begin(&n, 2, 6, 32), half[2], p;

	(void)unused;
	p = logistic(&n, x);
	split(&n, p, half);
	p = logistic(&n, p);
	check(&n, x, LIST(half[1], softmax(&n, p)), MOVING(0));
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
