// SPDX-License-Identifier: MIT
/* Several operations as one layer: which, which not, and what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../tflite_builder.h"
#include "npu_check.h"

#define MAX_CHANNELS 80

/* A convolution of x, of two halves a file, and an ADD: conv(x) + residual. */
struct block {
	int height, width, channels, kernels, kernel, stride;
	float spread;		/* of the kernels' scales: the smallest is the largest over this */
	float outlier;		/* the first kernel's scale, in the others'; 0: like them */
	float conv_scale, residual_scale, out_scale;
	int conv_zero, residual_zero, out_zero;
	int8_t conv_activation, add_activation;
	bool swapped;		/* the residual is the ADD's first operand */
	bool of_x;		/* the residual is x itself */
	bool shown;		/* the convolution's result is an output too */
	bool constant;		/* the residual is a constant */
	bool padded;		/* a PAD makes what padding there is */
};

static const struct block plain = {
	.height = 5, .width = 6, .channels = 12, .kernels = 12, .kernel = 3, .stride = 1, .spread = 1,
	.conv_scale = 0.05F, .residual_scale = 0.04F, .out_scale = 0.07F,
	.conv_zero = 3, .residual_zero = -5, .out_zero = 7,
};

static unsigned int seed;

static int between(int low, int high)
{
	return low + rand_r(&seed) % (high - low + 1);
}

static float uniform(double low, double high)
{
	return (float)(low + (high - low) * rand_r(&seed) / RAND_MAX);
}

static int add_weights(struct builder *b, const struct block *block)
{
	int size = block->kernel * block->kernel * block->channels;
	float scale[MAX_CHANNELS], largest = block->conv_scale * 70 / (73 * 73 * sqrtf((float)size) * 0.1F);
	int64_t zero[MAX_CHANNELS] = { 0 };
	size_t bytes = (size_t)size * (size_t)block->kernels;
	int8_t *data = malloc(bytes);
	int tensor = add_tensor(b, "weights", TYPE_INT8,
				LIST(block->kernels, block->kernel, block->kernel, block->channels), 0, 0);

	for (size_t i = 0; i < bytes; i++)
		data[i] = (int8_t)between(-127, 127);
	for (int k = 0; k < block->kernels; k++)
		scale[k] = largest / (k ? uniform(1, block->spread) : block->spread);
	if (block->outlier > 0)
		scale[0] = largest * block->outlier;
	set_quant(b, tensor, scale, zero, block->kernels, 0);
	set_data(b, tensor, data, bytes);
	free(data);
	return tensor;
}

static int add_bias(struct builder *b, int kernels)
{
	int32_t bias[MAX_CHANNELS];

	for (int k = 0; k < kernels; k++)
		bias[k] = between(-100000, 100000);
	return add_ints(b, "bias", (struct builder_list){ kernels, bias });
}

static void build(struct builder *b, const struct block *block)
{
	int pad = block->padded ? (block->kernel - 1) / 2 : 0;
	int height = (block->height + block->stride - 1) / block->stride;
	int width = (block->width + block->stride - 1) / block->stride;
	int x, source, conv, residual, out, outputs[2], inputs[2];
	uint32_t options;

	builder_begin(b);
	x = add_tensor(b, "x", TYPE_INT8, LIST(1, block->height, block->width, block->channels), 0.1F, 11);
	source = x;
	if (block->padded) {
		int paddings = add_tensor(b, "paddings", TYPE_INT32, LIST(4, 2), 0, 0);

		source = add_tensor(b, "padded", TYPE_INT8, LIST(1, block->height + 2 * pad,
								 block->width + 2 * pad, block->channels),
				    0.1F, 11);
		set_data(b, paddings, (int32_t[]){ 0, 0, pad, pad, pad, pad, 0, 0 }, 32);
		add_operator(b, BUILTIN_PAD, OPTIONS_NONE, LIST(x, paddings), source);
	}
	conv = add_tensor(b, "conv", TYPE_INT8, LIST(1, height, width, block->kernels), block->conv_scale,
			  block->conv_zero);
	options = add_conv(b, LIST(source, add_weights(b, block), add_bias(b, block->kernels)), conv,
			   block->stride, block->padded ? PADDING_VALID : PADDING_SAME);
	set_i8(b, options, CONV_ACTIVATION, block->conv_activation);
	residual = x;
	if (!block->of_x)
		residual = add_tensor(b, "residual", TYPE_INT8, LIST(1, height, width, block->kernels),
				      block->residual_scale, block->residual_zero);
	if (block->constant) {
		size_t bytes = (size_t)height * (size_t)width * (size_t)block->kernels;
		int8_t *data = calloc(bytes, 1);

		set_data(b, residual, data, bytes);
		free(data);
	}
	out = add_tensor(b, "out", TYPE_INT8, LIST(1, height, width, block->kernels), block->out_scale,
			 block->out_zero);
	options = add_operator(b, BUILTIN_ADD, OPTIONS_ADD,
			       block->swapped ? LIST(residual, conv) : LIST(conv, residual), out);
	set_i8(b, options, ARITHMETIC_ACTIVATION, block->add_activation);
	inputs[0] = x;
	inputs[1] = residual;
	outputs[0] = out;
	outputs[1] = conv;
	builder_end(b, (struct builder_list){ block->of_x || block->constant ? 1 : 2, inputs },
		    (struct builder_list){ block->shown ? 2 : 1, outputs });
}

static const struct dla_options plainly = { .place = DLA_PLACE_NPU };

struct loaded {
	struct dla_device *device;
	struct dla_network *network;
};

static struct loaded load(const struct block *block, const struct dla_options *options)
{
	char path[] = "/tmp/fuse.XXXXXX";
	int fd = mkstemp(path);
	struct loaded l = { .device = dla_device_open("sim:nv_small") };
	struct builder b;

	build(&b, block);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, b.data, b.bytes), b.bytes);
	close(fd);
	free(b.data);
	assert_non_null(l.device);
	l.network = dla_network_load(l.device, path, options);
	unlink(path);
	if (!l.network)
		fail_msg("%s", dla_strerror());
	return l;
}

static void unload(struct loaded *l)
{
	dla_network_free(l->network);
	dla_device_close(l->device);
}

/* Run it and hold every operation to the rules; returns the ADD's way. */
static const char *check(const struct block *block)
{
	static const struct dla_options keep = { .place = DLA_PLACE_NPU, .keep_tensors = 1 };
	struct loaded l = load(block, &keep);
	struct dla_request *request = dla_request_new(l.network);
	unsigned int add = l.network->graph->op_count - 1;
	const char *how = l.network->placed[add].why;

	assert_non_null(request);
	fill_inputs(request, seed);
	if (dla_request_run(request))
		fail_msg("%s", dla_strerror());
	for (unsigned int i = 0; i <= add; i++)
		check_operation(request, i, "a block");
	dla_request_free(request);
	unload(&l);
	return how;
}

static bool fuses(const struct block *block)
{
	return !strncmp(check(block), "with the convolution", strlen("with the convolution"));
}

/* ----------------------------------------------------------------------------------- tests */

static void plain_block_fuses(void **unused)
{
	struct block block = plain;

	(void)unused;
	assert_true(fuses(&block));
	block.swapped = true;
	assert_true(fuses(&block));
	block.of_x = true;
	assert_true(fuses(&block));
}

static void both_are_on_the_npu(void **unused)
{
	struct loaded l = load(&plain, &plainly);
	const struct dla_operation_info *conv = dla_network_operation(l.network, 0);
	const struct dla_operation_info *add = dla_network_operation(l.network, 1);

	(void)unused;
	assert_string_equal(conv->where, "npu");
	assert_int_equal(conv->fused_into, 1);
	assert_int_equal(conv->layers, 0);
	assert_string_equal(add->where, "npu");
	assert_int_equal(add->fused_into, -1);
	assert_int_equal(add->layers, 2);
	unload(&l);
}

static void exact_fuses_nothing(void **unused)
{
	static const struct dla_options exact = { .place = DLA_PLACE_NPU, .exact = 1 };
	struct loaded l = load(&plain, &exact);

	(void)unused;
	for (unsigned int i = 0; i < 2; i++) {
		assert_string_equal(dla_network_operation(l.network, i)->where, "npu");
		assert_int_equal(dla_network_operation(l.network, i)->fused_into, -1);
	}
	unload(&l);
}

/* All activations of both, and zero points at the ends, where saturation may be the ReLU. */
static void activations(void **unused)
{
	static const int8_t kinds[] = {
		ACTIVATION_NONE, ACTIVATION_RELU, ACTIVATION_RELU6, ACTIVATION_RELU_N1_TO_1,
	};
	static const int zeros[] = { -128, -20, 0, 127 };

	(void)unused;
	for (int i = 0; i < 4 * 4 * 4 * 4; i++) {
		struct block block = plain;

		seed = 100 + (unsigned int)i;
		block.conv_activation = kinds[i & 3];
		block.add_activation = kinds[i >> 2 & 3];
		block.out_zero = zeros[i >> 4 & 3];
		block.residual_zero = zeros[i >> 6 & 3];
		/* What is cut above at less than its type's range, one layer does not do. */
		assert_int_equal(fuses(&block), block.conv_activation == ACTIVATION_NONE ||
						block.conv_activation == ACTIVATION_RELU);
	}
}

static void random_blocks(void **unused)
{
	unsigned int fused = 0;

	(void)unused;
	for (unsigned int i = 0; i < 300; i++) {
		struct block block;

		seed = 1000 + i;
		block = (struct block) {
			.height = between(1, 12), .width = between(1, 12), .channels = between(1, 40),
			.kernels = between(1, 40), .kernel = between(1, 4), .stride = between(1, 3),
			.spread = between(0, 2) ? 32 : 1,
			.conv_scale = uniform(0.01, 0.1), .residual_scale = uniform(0.01, 0.1),
			.out_scale = uniform(0.02, 0.2),
			.conv_zero = between(-128, 127), .residual_zero = between(-128, 127),
			.out_zero = between(0, 1) ? -128 : between(-128, 127),
			.conv_activation = between(0, 1) ? ACTIVATION_RELU : ACTIVATION_NONE,
			.add_activation = between(0, 1) ? ACTIVATION_RELU : ACTIVATION_NONE,
			.swapped = between(0, 1),
		};
		fused += fuses(&block);
	}
	assert_true(fused > 290);
}

/* An input that does not fit in the convolution buffer: bands, each with its part of the residual. */
static void in_bands(void **unused)
{
	struct block block = plain;

	(void)unused;
	block.height = 70;
	block.width = 60;
	block.channels = 40;
	block.kernels = 9;
	assert_string_equal(check(&block), "with the convolution, in tiles");
	block.stride = 2;
	block.swapped = true;
	assert_string_equal(check(&block), "with the convolution, in tiles");
}

static void somebody_else_reads_it(void **unused)
{
	struct block block = plain;

	(void)unused;
	block.shown = true;
	assert_false(fuses(&block));
}

static void constants_are_not_added(void **unused)
{
	struct loaded l;
	struct block block = plain;

	(void)unused;
	block.constant = true;
	l = load(&block, &plainly);
	assert_int_equal(l.network->placed[0].fused_into, DLA_NO_OP);
	assert_non_null(l.network->placed[0].lowered);
	unload(&l);
}

/* Beside a kernel whose sums are thousands of times larger the others' multipliers are a few units. */
static void too_coarse_stays_apart(void **unused)
{
	struct block block = plain;

	(void)unused;
	block.spread = 32;
	assert_true(fuses(&block));
	block.outlier = 20;
	assert_true(fuses(&block));
	block.outlier = 3000;
	assert_false(fuses(&block));
}

static void pad_goes_into_the_convolution(void **unused)
{
	struct block block = plain;
	struct loaded l;

	(void)unused;
	block.padded = true;
	for (block.kernel = 3; block.kernel <= 5; block.kernel += 2) {
		assert_true(fuses(&block));
		l = load(&block, &plainly);
		/* PAD and convolution are both the ADD's. */
		assert_int_equal(l.network->placed[0].fused_into, 2);
		assert_int_equal(l.network->placed[1].fused_into, 2);
		unload(&l);
		block.shown = true;
		assert_false(fuses(&block));
		l = load(&block, &plainly);
		assert_int_equal(l.network->placed[0].fused_into, 1);
		assert_int_equal(l.network->placed[1].fused_into, DLA_NO_OP);
		unload(&l);
		block.shown = false;
	}
}

/* The output may have the residual's memory, but not where the convolution has still to read that. */
static void output_replaces_the_residual(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct dla_network *network =
		dla_network_load(device, "examples/fashion-mnist/fashion_resnet_int8.tflite", &plainly);
	const struct dla_graph *graph = network->graph;
	const size_t *npu = network->schedule.npu;
	const int *root = network->root;
	unsigned int replaced = 0;

	(void)unused;
	for (unsigned int i = 0; i < graph->op_count; i++) {
		const struct dla_node *node = &network->placed[i].node;
		int out = graph->op[i].output[0], residual;

		if (!network->placed[i].lowered || node->add == DLA_NO_OP)
			continue;
		residual = dla_node_input(graph, node, 1);
		replaced += npu[root[out]] == npu[root[residual]];
		assert_int_not_equal(npu[root[out]], npu[root[dla_node_input(graph, node, 0)]]);
	}
	assert_true(replaced > 0);
	dla_network_free(network);
	dla_device_close(device);
}

/* They may lie in the caller's memory: nothing takes their place, and they take nobody's. */
static void ends_have_memory_of_their_own(void **unused)
{
	struct block block = plain;
	struct loaded l = load(&block, &plainly);
	const struct dla_graph *graph = l.network->graph;
	const size_t *npu = l.network->schedule.npu;

	(void)unused;
	assert_int_not_equal(npu[graph->output[0]], npu[graph->input[1]]);
	assert_int_not_equal(npu[graph->output[0]], npu[graph->input[0]]);
	unload(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_block_fuses),
		cmocka_unit_test(both_are_on_the_npu),
		cmocka_unit_test(exact_fuses_nothing),
		cmocka_unit_test(activations),
		cmocka_unit_test(random_blocks),
		cmocka_unit_test(in_bands),
		cmocka_unit_test(somebody_else_reads_it),
		cmocka_unit_test(constants_are_not_added),
		cmocka_unit_test(too_coarse_stays_apart),
		cmocka_unit_test(pad_goes_into_the_convolution),
		cmocka_unit_test(output_replaces_the_residual),
		cmocka_unit_test(ends_have_memory_of_their_own),
	};
	int failed;

	seed = 1;
	failed = cmocka_run_group_tests_name("fuse", tests, NULL, NULL);
	print_tally();
	return failed;
}
