// SPDX-License-Identifier: MIT
/*
 * Random networks: chains and branches of small operations, some of them on the NPU and some not,
 * in orders and shapes that no trained network has. For each one
 * - every operation on the NPU equals the library's own evaluation to the bit and differs from the
 *   reference kernel by at most one LSB; every other one equals the reference kernel;
 * - memory that tensors share, and whatever was in it before, changes no output.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../reference.h"
#include "../tflite_builder.h"
#include "npu_check.h"

#define MAX_TENSORS 40	/* of the builder's room; an operation adds 3 at most */
#define MAX_OPS     14
#define MAX_KERNELS 256
#define MAX_MACS    4000000 /* of an operation */

struct node {
	int tensor;
	int rank, dim[4];
	float scale;
	int zero_point;
};

struct flavour {
	const char *name;
	unsigned int graphs, ops;
	int height, width, channels; /* of inputs, at most, and at least this over least */
	int least;
	size_t elements; /* of any tensor, at most */
	int stem; /* the first operation is a convolution of windows up to so wide */
};

static const struct flavour flavours[] = {
	{ "small", 900, 10, 9, 9, 20, 20, 2000 },
	{ "vectors", 500, 10, 1, 1, 60, 60, 60 },
	{ "wide", 230, 6, 4, 300, 9, 2, 10000 },
	{ "deep", 80, 4, 40, 24, 256, 256, 40000 },
	/* Too large for the convolution buffer as a whole. */
	{ "large", 90, 2, 90, 60, 64, 2, 350000 },
	/* What a network of pictures begins with. */
	{ "pictures", 400, 3, 30, 60, 4, 10, 60000, 12 },
};

struct generator {
	struct builder b;
	const struct flavour *flavour;
	unsigned int seed;
	bool is_signed;		/* int8 all over, else uint8 */
	struct node node[MAX_TENSORS];
	int nodes, inputs;
};

static struct dla_device *device;

/* Ways to do something on the NPU, as libdla calls them. */
static struct {
	const char *how;
	unsigned int count;
} met[] = {
	{ "one layer" },      { "in tiles" }, { "PDP" },
	{ "PDP, in strips" }, { "no copy" },  { "as a convolution for each 8 channels" },
	{ "as a convolution" }, { "with the convolution" }, { "with the ADD behind it" },
	{ "in the convolution" }, { "a table" }, { "one layer, with a number for each channel" }, { "as diagonal convolutions" },
	{ "as copies" }, { "as convolutions for every so many outputs" }, { "PDP, with the convolution" }, { "with the pooling behind it" },
	{ "by place in memory" }, { "by copying parts" }, { "in the table of an operation behind it" },
};

#define WAYS (sizeof(met) / sizeof(met[0]))

/* Tensors that the NPU reads, by how they lie there. */
static unsigned int forms[DLA_FORM_COUNT];

/* ------------------------------------------------------------------------------ generating */

static int between(struct generator *g, int low, int high)
{
	return low + rand_r(&g->seed) % (high - low + 1);
}

static float uniform(struct generator *g, double low, double high)
{
	return (float)(low + (high - low) * rand_r(&g->seed) / RAND_MAX);
}

static size_t elements(const struct node *n)
{
	size_t count = 1;

	for (int i = 0; i < n->rank; i++)
		count *= (size_t)n->dim[i];
	return count;
}

static struct node *pick(struct generator *g)
{
	/* Mostly something new, so that networks become deep; sometimes a branch far back. */
	int newest = g->nodes - 1;

	return &g->node[between(g, 0, 2) ? newest - between(g, 0, newest < 2 ? newest : 2)
					 : between(g, 0, newest)];
}

static struct node *pick_picture(struct generator *g)
{
	for (int tries = 0; tries < 20; tries++) {
		struct node *n = pick(g);

		if (n->rank == 4)
			return n;
	}
	return NULL;
}

static bool same_shape(const struct node *a, const struct node *b)
{
	return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof(a->dim[0]));
}

static void choose_quantisation(struct generator *g, struct node *n, double scale)
{
	static const int special[] = { -128, 0, 127 };

	n->scale = (float)scale;
	n->zero_point = between(g, 0, 3) ? between(g, -128, 127) : special[between(g, 0, 2)];
}

/* The new node's tensor; the node counts only after publish(). */
static struct node *new_node(struct generator *g, const struct node *like)
{
	struct node *n = &g->node[g->nodes];

	*n = *like;
	return n;
}

static int8_t type_of(const struct generator *g)
{
	return g->is_signed ? TYPE_INT8 : TYPE_UINT8;
}

/* Zero points are those of int8 everywhere else here. */
static int stored_zero(const struct generator *g, int zero_point)
{
	return g->is_signed ? zero_point : zero_point + 128;
}

static int publish(struct generator *g, struct node *n)
{
	char name[16];

	snprintf(name, sizeof(name), "t%d", g->nodes);
	n->tensor = add_tensor(&g->b, name, type_of(g), (struct builder_list){ n->rank, n->dim },
			       n->scale, stored_zero(g, n->zero_point));
	g->nodes++;
	return n->tensor;
}

static int8_t random_activation(struct generator *g)
{
	static const int8_t kinds[] = {
		ACTIVATION_NONE,  ACTIVATION_NONE,	   ACTIVATION_RELU,
		ACTIVATION_RELU6, ACTIVATION_RELU_N1_TO_1,
	};

	return kinds[between(g, 0, 4)];
}

/*
 * Any, or such that the distance to their zero point needs eight bits, or nine in a few places or many,
 * or ten.
 */
static void choose_weights(struct generator *g, uint8_t *data, size_t bytes, int64_t *zero)
{
	int kind = between(g, 0, 7);

	*zero = kind == 0 ? 128 : kind == 1 ? 0 : between(g, 80, 180);
	for (size_t i = 0; i < bytes; i++) {
		int rare = between(g, 0, 99) == 0;

		data[i] = (uint8_t)between(g, kind < 5 && !rare ? 50 : 0, kind < 5 && !rare ? 205 : 255);
	}
}

/* Random int8 weights with one scale or one per channel along axis, and what is typical. */
static int add_weights(struct generator *g, struct builder_list shape, int axis, float *typical)
{
	int count = g->is_signed && between(g, 0, 1) ? shape.value[axis] : 1;
	size_t bytes = 1;
	int8_t *data;
	float scale[MAX_KERNELS], spread;
	int64_t zero[MAX_KERNELS] = { 0 };
	int tensor;

	for (int i = 0; i < shape.count; i++)
		bytes *= (size_t)shape.value[i];
	data = malloc(bytes);
	for (size_t i = 0; i < bytes; i++)
		data[i] = (int8_t)between(g, -127, 127);
	*typical = uniform(g, 0.001, 0.05);
	spread = uniform(g, 0, 5);
	for (int i = 0; i < count; i++)
		scale[i] = *typical * exp2f(-uniform(g, 0, spread));
	if (!g->is_signed)
		choose_weights(g, (uint8_t *)data, bytes, &zero[0]);
	tensor = add_tensor(&g->b, "weights", type_of(g), shape, 0, 0);
	set_quant(&g->b, tensor, scale, zero, count, axis);
	set_data(&g->b, tensor, data, bytes);
	free(data);
	return tensor;
}

static int add_bias(struct generator *g, int channels, double reach)
{
	int32_t value[MAX_KERNELS];

	if (!between(g, 0, 3))
		return -1;
	for (int i = 0; i < channels; i++)
		value[i] = (int32_t)uniform(g, -reach, reach);
	return add_ints(&g->b, "bias", (struct builder_list){ channels, value });
}

/* Output extent; 0 when the window does not fit. */
static int extent(int in, int reach, int stride, int8_t padding)
{
	if (padding == PADDING_SAME)
		return (in + stride - 1) / stride;
	return reach > in ? 0 : (in - reach) / stride + 1;
}

/* The spread of a sum of that many products of random bytes. */
static double spread(int products)
{
	return 73.0 * 73.0 * sqrt(products);
}

static bool random_conv(struct generator *g)
{
	const struct node *in = pick_picture(g);
	bool stem = g->flavour->stem && g->nodes == g->inputs;
	int kh = between(g, 1, 4), kw = between(g, 1, stem ? g->flavour->stem : 4), sh = between(g, 1, 3),
	    sw = between(g, 1, 3);
	int dh = between(g, 0, 3) ? 1 : 2, dw = between(g, 0, 3) ? 1 : between(g, 2, 3);
	int8_t padding = between(g, 0, 1) ? PADDING_SAME : PADDING_VALID;
	bool depthwise = !between(g, 0, 3) && !stem;
	int weights, bias, kernels, source;
	uint32_t options;
	struct node *out;
	float scale;

	if (!in)
		return false;
	out = new_node(g, in);
	source = in->tensor;
	kernels = depthwise ? in->dim[3] * (between(g, 0, 3) ? 1 : between(g, 2, 5)) : between(g, 1, 30);
	out->dim[1] = extent(in->dim[1], (kh - 1) * dh + 1, sh, padding);
	out->dim[2] = extent(in->dim[2], (kw - 1) * dw + 1, sw, padding);
	out->dim[3] = kernels;
	if (!out->dim[1] || !out->dim[2] || kernels > MAX_KERNELS ||
	    elements(out) > g->flavour->elements ||
	    elements(out) * (size_t)(kh * kw * (depthwise ? 1 : in->dim[3])) > MAX_MACS)
		return false;
	if (depthwise)
		weights = add_weights(g, LIST(1, kh, kw, kernels), 3, &scale);
	else
		weights = add_weights(g, LIST(kernels, kh, kw, in->dim[3]), 0, &scale);
	bias = add_bias(g, kernels, 2 * spread(kh * kw * in->dim[3]));
	choose_quantisation(g, out,
			    in->scale * scale * spread(kh * kw * (depthwise ? 1 : in->dim[3])) /
				    uniform(g, 20, 150));
	publish(g, out);
	if (depthwise) {
		options =
			add_depthwise(&g->b, LIST(source, weights, bias), out->tensor, sh, padding);
		set_i32(&g->b, options, DEPTHWISE_STRIDE_W, sw);
		set_i32(&g->b, options, DEPTHWISE_DILATION_H, dh);
		set_i32(&g->b, options, DEPTHWISE_DILATION_W, dw);
		set_i8(&g->b, options, DEPTHWISE_ACTIVATION, random_activation(g));
	} else {
		options = add_conv(&g->b, LIST(source, weights, bias), out->tensor, sh, padding);
		set_i32(&g->b, options, CONV_STRIDE_W, sw);
		set_i32(&g->b, options, CONV_DILATION_H, dh);
		set_i32(&g->b, options, CONV_DILATION_W, dw);
		set_i8(&g->b, options, CONV_ACTIVATION, random_activation(g));
	}
	return true;
}

/* A plain convolution of n; NULL when it would be too large. */
static struct node *append_conv(struct generator *g, const struct node *n, int kernels, int kernel,
				int stride, int8_t padding)
{
	const struct node in = *n;
	int weights, bias, products = kernel * kernel * in.dim[3];
	struct node *out = new_node(g, n);
	uint32_t options;
	float scale;

	out->dim[1] = extent(in.dim[1], kernel, stride, padding);
	out->dim[2] = extent(in.dim[2], kernel, stride, padding);
	out->dim[3] = kernels;
	if (!out->dim[1] || !out->dim[2] || kernels > MAX_KERNELS ||
	    elements(out) > g->flavour->elements || elements(out) * (size_t)products > MAX_MACS)
		return NULL;
	weights = add_weights(g, LIST(kernels, kernel, kernel, in.dim[3]), 0, &scale);
	bias = add_bias(g, kernels, 2 * spread(products));
	choose_quantisation(g, out, in.scale * scale * spread(products) / uniform(g, 20, 150));
	publish(g, out);
	options = add_conv(&g->b, LIST(in.tensor, weights, bias), out->tensor, stride, padding);
	if (!between(g, 0, 2))
		set_i8(&g->b, options, CONV_ACTIVATION, random_activation(g));
	return out;
}

/* A fully connected layer of all of n, in so many rows. */
static struct node *append_fully_connected(struct generator *g, const struct node *n, int kernels, int rows)
{
	const struct node in = *n;
	int weights, bias, count = (int)elements(&in) / rows;
	struct node *out = new_node(g, n);
	uint32_t options;
	float scale;

	if (count > 4096 || rows * kernels > (int)g->flavour->elements || rows * kernels * count > MAX_MACS)
		return NULL;
	out->rank = 2;
	out->dim[0] = rows;
	out->dim[1] = kernels;
	weights = add_weights(g, LIST(kernels, count), 0, &scale);
	bias = add_bias(g, kernels, 2 * spread(count));
	choose_quantisation(g, out, in.scale * scale * spread(count) / uniform(g, 20, 150));
	publish(g, out);
	options = add_operator(&g->b, BUILTIN_FULLY_CONNECTED, OPTIONS_FULLY_CONNECTED,
			       LIST(in.tensor, weights, bias), out->tensor);
	set_i8(&g->b, options, FULLY_CONNECTED_ACTIVATION, random_activation(g));
	return out;
}

static bool random_fully_connected(struct generator *g)
{
	const struct node *in = pick(g);
	int rows = 1;

	/* A row of one batch, line or pixel each. */
	for (int axis = between(g, 0, 1) ? between(g, 0, in->rank - 1) : 0; axis > 0; axis--)
		rows *= in->dim[axis - 1];
	return append_fully_connected(g, in, between(g, 1, 30), rows);
}

/* main + around, in either order. */
static bool append_add(struct generator *g, const struct node *main, const struct node *around)
{
	const struct node *a = between(g, 0, 1) ? main : around, *b = a == main ? around : main;
	struct node *out = new_node(g, a);
	uint32_t options;

	choose_quantisation(g, out, fmaxf(a->scale, b->scale) * uniform(g, 0.4, 2.5));
	publish(g, out);
	options = add_operator(&g->b, BUILTIN_ADD, OPTIONS_ADD, LIST(a->tensor, b->tensor), out->tensor);
	set_i8(&g->b, options, ARITHMETIC_ACTIVATION, random_activation(g));
	return true;
}

/* One or two convolutions and a way around them. */
static bool random_residual(struct generator *g)
{
	const struct node *in = pick_picture(g), *main = in, *around = in;
	int kernel = between(g, 1, 3), stride = between(g, 0, 2) ? 1 : 2, kernels;

	if (!in || g->b.tensor_count + 10 > MAX_TENSORS)
		return false;
	kernels = between(g, 0, 1) ? in->dim[3] : between(g, 1, 30);
	if (between(g, 0, 1))
		main = append_conv(g, main, between(g, 1, 30), kernel, 1, PADDING_SAME);
	if (main)
		main = append_conv(g, main, kernels, kernel, stride, PADDING_SAME);
	if (main && (stride > 1 || kernels != in->dim[3] || !between(g, 0, 2)))
		around = append_conv(g, in, kernels, 1, stride, PADDING_SAME);
	return main && around && append_add(g, main, around);
}

static bool random_residual_of_vectors(struct generator *g)
{
	const struct node *in = pick(g), *main, *around;
	int kernels = between(g, 1, 30);

	if (g->b.tensor_count + 7 > MAX_TENSORS)
		return false;
	main = append_fully_connected(g, in, kernels, 1);
	around = main ? append_fully_connected(g, in, kernels, 1) : NULL;
	return around && append_add(g, main, around);
}

static bool random_mean(struct generator *g)
{
	const struct node *in = pick_picture(g);
	struct node *out;
	int source, axes;
	bool keep = between(g, 0, 1);
	uint32_t options;

	if (!in || in->dim[0] != 1)
		return false;
	source = in->tensor;
	out = new_node(g, in);
	if (keep) {
		out->dim[1] = 1;
		out->dim[2] = 1;
	} else {
		out->rank = 2;
		out->dim[1] = in->dim[3];
	}
	choose_quantisation(g, out, in->scale * uniform(g, 0.2, 1.2));
	publish(g, out);
	axes = add_ints(&g->b, "axes", LIST(1, 2));
	options = add_operator(&g->b, BUILTIN_MEAN, OPTIONS_REDUCER, LIST(source, axes), out->tensor);
	set_i8(&g->b, options, REDUCER_KEEP_DIMS, keep);
	return true;
}

static bool random_arithmetic(struct generator *g)
{
	bool multiply = !between(g, 0, 3), subtract = !between(g, 0, 2);
	const struct node *a = pick(g), *b = a;
	struct node *out;
	uint32_t options;
	int in[2];

	/* Another of the same shape where there is one, else the same one twice. */
	for (int tries = 0; tries < 10 && b == a; tries++) {
		const struct node *other = pick(g);

		if (same_shape(a, other))
			b = other;
	}
	in[0] = a->tensor;
	in[1] = b->tensor;
	out = new_node(g, a);
	if (multiply)
		choose_quantisation(g, out, a->scale * b->scale * spread(1) / uniform(g, 20, 150));
	else
		choose_quantisation(g, out, fmaxf(a->scale, b->scale) * uniform(g, 0.4, 2.5));
	publish(g, out);
	options =
		add_operator(&g->b, multiply ? BUILTIN_MUL : subtract ? BUILTIN_SUB : BUILTIN_ADD,
			     multiply ? OPTIONS_MUL : subtract ? OPTIONS_SUB : OPTIONS_ADD,
			     LIST(in[0], in[1]), out->tensor);
	set_i8(&g->b, options, ARITHMETIC_ACTIVATION, random_activation(g));
	return true;
}

static bool append_pool(struct generator *g, const struct node *in)
{
	int kh = between(g, 1, 5), kw = between(g, 1, 5), sh = between(g, 1, 3),
	    sw = between(g, 1, 3);
	int8_t padding = between(g, 0, 1) ? PADDING_SAME : PADDING_VALID;
	int source;
	struct node *out;
	uint32_t options;

	source = in->tensor;
	out = new_node(g, in);
	if (!between(g, 0, 4)) {
		kh = in->dim[1];
		kw = in->dim[2];
		padding = PADDING_VALID;
	}
	out->dim[1] = extent(in->dim[1], kh, sh, padding);
	out->dim[2] = extent(in->dim[2], kw, sw, padding);
	if (!out->dim[1] || !out->dim[2])
		return false;
	publish(g, out);
	options = add_pool(&g->b, between(g, 0, 1) ? BUILTIN_AVERAGE_POOL_2D : BUILTIN_MAX_POOL_2D,
			   source, out->tensor, kh, sh, padding);
	set_i32(&g->b, options, POOL_FILTER_W, kw);
	set_i32(&g->b, options, POOL_STRIDE_W, sw);
	set_i8(&g->b, options, POOL_ACTIVATION, random_activation(g));
	return true;
}

static bool random_pool(struct generator *g)
{
	const struct node *in = pick_picture(g);

	return in && append_pool(g, in);
}

static bool random_transpose_conv(struct generator *g)
{
	const struct node *in = pick_picture(g);
	int kh = between(g, 1, 4), kw = between(g, 1, 4), sh = between(g, 1, 3), sw = between(g, 1, 3);
	int8_t padding = between(g, 0, 1) ? PADDING_SAME : PADDING_VALID;
	int weights, bias, kernels = between(g, 1, 30), source, shape, products;
	struct node *out;
	uint32_t options;
	float scale;

	if (!in || g->b.tensor_count + 5 > MAX_TENSORS)
		return false;
	source = in->tensor;
	products = kh * kw * in->dim[3];
	out = new_node(g, in);
	out->dim[1] = padding == PADDING_SAME ? in->dim[1] * sh - between(g, 0, sh - 1) : (in->dim[1] - 1) * sh + kh;
	out->dim[2] = padding == PADDING_SAME ? in->dim[2] * sw - between(g, 0, sw - 1) : (in->dim[2] - 1) * sw + kw;
	out->dim[3] = kernels;
	if (elements(out) > g->flavour->elements || elements(out) * (size_t)products > MAX_MACS)
		return false;
	weights = add_weights(g, LIST(kernels, kh, kw, in->dim[3]), 0, &scale);
	bias = add_bias(g, kernels, 2 * spread(products));
	choose_quantisation(g, out, in->scale * scale * spread(products) / uniform(g, 20, 150));
	shape = add_ints(&g->b, "shape", (struct builder_list){ 4, out->dim });
	publish(g, out);
	options = add_operator(&g->b, BUILTIN_TRANSPOSE_CONV, OPTIONS_TRANSPOSE_CONV,
			       LIST(shape, weights, source, bias), out->tensor);
	set_i8(&g->b, options, TRANSPOSE_CONV_PADDING, padding);
	set_i32(&g->b, options, TRANSPOSE_CONV_STRIDE_H, sh);
	set_i32(&g->b, options, TRANSPOSE_CONV_STRIDE_W, sw);
	set_i8(&g->b, options, TRANSPOSE_CONV_ACTIVATION, random_activation(g));
	return true;
}

/* To twice or three times the size, as a rule. */
static bool random_resize(struct generator *g)
{
	const struct node *in = pick_picture(g);
	struct node *out;
	int source, size[2];
	uint32_t options;

	if (!in)
		return false;
	source = in->tensor;
	out = new_node(g, in);
	for (int axis = 1; axis < 3; axis++) {
		out->dim[axis] = in->dim[axis] * between(g, 1, 3) + !between(g, 0, 9);
		size[axis - 1] = out->dim[axis];
	}
	if (elements(out) > g->flavour->elements)
		return false;
	publish(g, out);
	options = add_operator(&g->b, BUILTIN_RESIZE_NEAREST_NEIGHBOR, OPTIONS_RESIZE_NEAREST_NEIGHBOR,
			       LIST(source, add_ints(&g->b, "size", (struct builder_list){ 2, size })), out->tensor);
	set_i8(&g->b, options, RESIZE_NEAREST_HALF_PIXEL_CENTERS, (int8_t)between(g, 0, 1));
	return true;
}

/* Zeros around n; on all sides of the last dimension but seldom. */
static struct node *append_pad(struct generator *g, const struct node *n)
{
	int32_t pads[8] = { 0 };
	int source = n->tensor, paddings;
	struct node *out = new_node(g, n);

	for (int axis = 1; axis < (between(g, 0, 5) ? 3 : 4); axis++) {
		pads[2 * axis] = between(g, 0, 2);
		pads[2 * axis + 1] = between(g, 0, 2);
		out->dim[axis] += pads[2 * axis] + pads[2 * axis + 1];
	}
	if (elements(out) > g->flavour->elements)
		return NULL;
	publish(g, out);
	paddings = add_tensor(&g->b, "paddings", TYPE_INT32, LIST(4, 2), 0, 0);
	set_data(&g->b, paddings, pads, sizeof(pads));
	add_operator(&g->b, BUILTIN_PAD, OPTIONS_NONE, LIST(source, paddings), out->tensor);
	return out;
}

/* A convolution that only a pooling reads, perhaps with zeros around it that are the lowest value. */
static bool random_pooled_conv(struct generator *g)
{
	const struct node *in = pick_picture(g);
	struct node *made;

	if (!in || g->b.tensor_count + 8 > MAX_TENSORS)
		return false;
	made = append_conv(g, in, between(g, 1, 30), between(g, 1, 3), between(g, 1, 2), PADDING_SAME);
	if (made && !between(g, 0, 2))
		made = append_pad(g, made);
	return made && append_pool(g, made);
}

static bool random_pad(struct generator *g)
{
	const struct node *in = pick_picture(g);
	struct node *out;

	if (!in || g->b.tensor_count + 5 > MAX_TENSORS)
		return false;
	out = append_pad(g, in);
	if (!out)
		return false;
	append_conv(g, out, between(g, 1, 20), between(g, 1, 4), between(g, 1, 3),
		    between(g, 0, 3) ? PADDING_VALID : PADDING_SAME);
	return true;
}

static bool random_reshape(struct generator *g)
{
	const struct node *in = pick(g);
	int count = (int)elements(in), source = in->tensor, divisor;
	struct node *out = new_node(g, in);

	switch (between(g, 0, 3)) {
	case 0:
		out->rank = 2;
		out->dim[0] = 1;
		out->dim[1] = count;
		break;
	case 1:
		/* Any two factors, the second at most 16. */
		for (divisor = between(g, 1, 16); count % divisor; divisor--)
			;
		out->rank = between(g, 3, 4);
		out->dim[0] = 1;
		out->dim[1] = 1;
		out->dim[out->rank - 2] = divisor;
		out->dim[out->rank - 1] = count / divisor;
		break;
	case 2:
		/* The same picture under another rank, or height and width swapped. */
		if (in->rank == 4) {
			out->dim[1] = in->dim[2];
			out->dim[2] = in->dim[1];
		} else {
			out->rank = 4;
			out->dim[0] = 1;
			out->dim[1] = 1;
			out->dim[2] = 1;
			out->dim[3] = count;
		}
		break;
	default:
		break;
	}
	publish(g, out);
	add_operator(&g->b, BUILTIN_RESHAPE, OPTIONS_RESHAPE,
		     LIST(source,
			  add_ints(&g->b, "shape", (struct builder_list){ out->rank, out->dim })),
		     out->tensor);
	return true;
}

static bool random_concatenation(struct generator *g)
{
	const struct node *first = pick(g);
	struct node *out = new_node(g, first);
	int axis = between(g, 0, 2) ? out->rank - 1 : between(g, 0, out->rank - 1), part[4], parts = between(g, 2, 4);
	uint32_t options;

	part[0] = first->tensor;
	for (int i = 1; i < parts; i++) {
		const struct node *next = pick(g);
		struct node like = *next;

		like.dim[axis] = first->dim[axis];
		if (!same_shape(first, &like) || first->scale != next->scale || first->zero_point != next->zero_point)
			next = first;
		part[i] = next->tensor;
		out->dim[axis] += next->dim[axis];
	}
	if (elements(out) > g->flavour->elements)
		return false;
	publish(g, out);
	options = add_operator(&g->b, BUILTIN_CONCATENATION, OPTIONS_CONCATENATION,
			       (struct builder_list){ parts, part }, out->tensor);
	set_i32(&g->b, options, CONCATENATION_AXIS, axis);
	return true;
}

static bool random_split(struct generator *g)
{
	const struct node in = *pick(g);
	int axis = between(g, 0, 2) ? in.rank - 1 : between(g, 0, in.rank - 1), part[4], parts = between(g, 2, 4);
	uint32_t options;

	while (in.dim[axis] % parts)
		parts--;
	if (parts < 2 || g->b.tensor_count + parts + 1 > MAX_TENSORS)
		return false;
	for (int i = 0; i < parts; i++) {
		struct node *out = new_node(g, &in);

		out->dim[axis] /= parts;
		part[i] = publish(g, out);
	}
	options = add_operator(&g->b, BUILTIN_SPLIT, OPTIONS_SPLIT, LIST(add_ints(&g->b, "axis", LIST(axis)), in.tensor),
			       part[0]);
	set_list(&g->b, g->b.operator[g->b.operator_count - 1], OPERATOR_OUTPUTS, (struct builder_list){ parts, part });
	set_i32(&g->b, options, SPLIT_COUNT, parts);
	return true;
}

/* A box; of channels mostly from a multiple of 8 on. */
static bool random_slice(struct generator *g)
{
	const struct node in = *pick(g);
	struct node *out = new_node(g, &in);
	int32_t begin[4] = { 0 };

	for (int axis = 0; axis < in.rank; axis++) {
		if (!between(g, 0, 2))
			continue;
		begin[axis] = between(g, 0, in.dim[axis] - 1);
		if (axis == in.rank - 1 && between(g, 0, 3))
			begin[axis] -= begin[axis] % 8;
		out->dim[axis] = between(g, 1, in.dim[axis] - begin[axis]);
	}
	publish(g, out);
	add_operator(&g->b, BUILTIN_SLICE, OPTIONS_NONE,
		     LIST(in.tensor, add_ints(&g->b, "begin", (struct builder_list){ in.rank, begin }),
			  add_ints(&g->b, "size", (struct builder_list){ in.rank, out->dim })), out->tensor);
	return true;
}

/* What is done element by element, on the NPU with a table; and SOFTMAX, which is not. */
static bool append_function(struct generator *g, const struct node *in)
{
	static const struct {
		int32_t builtin;
		uint8_t options;
		float scale;		/* of the output, where it is fixed */
		int zero_point;
	} functions[] = {
		{ BUILTIN_LOGISTIC, OPTIONS_NONE, 1.0F / 256, -128 },
		{ BUILTIN_TANH, OPTIONS_NONE, 1.0F / 128, 0 },
		{ BUILTIN_HARD_SWISH }, { BUILTIN_LEAKY_RELU, OPTIONS_LEAKY_RELU }, { BUILTIN_RELU },
		{ BUILTIN_RELU6 }, { BUILTIN_QUANTIZE },
		{ BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, 1.0F / 256, -128 },
	};
	struct node *out = new_node(g, in);
	int source = in->tensor, which = between(g, 0, 7);
	uint32_t options;

	choose_quantisation(g, out, in->scale * uniform(g, 0.5, 2));
	if (functions[which].scale > 0) {
		out->scale = functions[which].scale;
		out->zero_point = functions[which].zero_point;
	}
	publish(g, out);
	options = add_operator(&g->b, functions[which].builtin, functions[which].options, LIST(source),
			       out->tensor);
	if (functions[which].builtin == BUILTIN_LEAKY_RELU)
		set_f32(&g->b, options, LEAKY_RELU_ALPHA, uniform(g, 0, 1));
	if (functions[which].builtin == BUILTIN_SOFTMAX)
		set_f32(&g->b, options, SOFTMAX_BETA, 1);
	return true;
}

static bool random_function(struct generator *g)
{
	return append_function(g, pick(g));
}

/* Mostly nobody sees what is between them. */
static bool random_chain(struct generator *g)
{
	for (int i = between(g, 2, 5); i > 0 && g->b.tensor_count + 3 <= MAX_TENSORS; i--)
		append_function(g, &g->node[g->nodes - 1]);
	return true;
}

/* A tensor and one number, or one for each channel; constants. */
static bool random_constant(struct generator *g)
{
	static const int32_t builtins[] = { BUILTIN_ADD, BUILTIN_SUB, BUILTIN_MUL, BUILTIN_PRELU,
					    BUILTIN_MAXIMUM, BUILTIN_MINIMUM };
	static const uint8_t types[] = { OPTIONS_ADD, OPTIONS_SUB, OPTIONS_MUL, OPTIONS_NONE, OPTIONS_NONE,
					 OPTIONS_NONE };
	const struct node in = *pick(g);
	int channels = in.rank && between(g, 0, 2) ? in.dim[in.rank - 1] : 1, which = between(g, 0, 5), constant;
	bool first = which < 3 && !between(g, 0, 3);
	struct node *out = new_node(g, &in);
	int8_t value[MAX_KERNELS];
	uint32_t options;

	if (channels > MAX_KERNELS)
		return false;
	for (int i = 0; i < channels; i++)
		value[i] = (int8_t)between(g, -128, 127);
	constant = add_tensor(&g->b, "constant", type_of(g), LIST(channels),
			      which > 3 ? in.scale : which > 1 ? 0.01F : in.scale * uniform(g, 0.1, 5),
			      stored_zero(g, which > 3 ? in.zero_point : between(g, -128, 127)));
	set_data(&g->b, constant, value, (size_t)channels);
	if (which < 4)
		choose_quantisation(g, out, in.scale * uniform(g, 0.4, 2.5));
	publish(g, out);
	options = add_operator(&g->b, builtins[which], types[which],
			       first ? LIST(constant, in.tensor) : LIST(in.tensor, constant), out->tensor);
	if (which < 3)
		set_i8(&g->b, options, ARITHMETIC_ACTIVATION, random_activation(g));
	return true;
}

/* x * LOGISTIC(x) */
static bool random_gate(struct generator *g)
{
	const struct node in = *pick(g);
	struct node *gate = new_node(g, &in), *out;
	uint32_t options;
	int by;

	gate->scale = 1.0F / 256;
	gate->zero_point = -128;
	by = publish(g, gate);
	add_operator(&g->b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(in.tensor), by);
	out = new_node(g, &in);
	choose_quantisation(g, out, in.scale * uniform(g, 0.4, 1.2));
	publish(g, out);
	options = add_operator(&g->b, BUILTIN_MUL, OPTIONS_MUL,
			       between(g, 0, 1) ? LIST(in.tensor, by) : LIST(by, in.tensor), out->tensor);
	set_i8(&g->b, options, ARITHMETIC_ACTIVATION, random_activation(g));
	return true;
}

static bool random_operation(struct generator *g)
{
	switch (between(g, 0, 31)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return random_conv(g);
	case 4:
		return random_fully_connected(g);
	case 5:
	case 6:
	case 7:
		return random_arithmetic(g);
	case 8:
	case 9:
		return random_pool(g);
	case 10:
	case 11:
		return random_reshape(g);
	case 12:
		return random_concatenation(g);
	case 13:
	case 14:
	case 15:
		return random_residual(g);
	case 16:
		return random_residual_of_vectors(g);
	case 18:
		return random_pad(g);
	case 17:
		return random_mean(g);
	case 20:
	case 21:
		return random_pooled_conv(g);
	case 22:
	case 23:
		return random_constant(g);
	case 24:
		return random_gate(g);
	case 26:
		return random_resize(g);
	case 27:
		return random_transpose_conv(g);
	case 28:
		return random_concatenation(g);
	case 29:
		return random_split(g);
	case 30:
		return random_slice(g);
	case 31:
		return random_chain(g);
	default:
		return random_function(g);
	}
}

static int size(struct generator *g, int most)
{
	return between(g, (most + g->flavour->least - 1) / g->flavour->least, most);
}

/* Let an input be what QUANTIZE makes of a camera's bytes. */
static int make_unsigned(struct generator *g, const struct node *n)
{
	int raw = add_tensor(&g->b, "raw", TYPE_UINT8, (struct builder_list){ n->rank, n->dim }, n->scale,
			     n->zero_point + 128);

	add_operator(&g->b, BUILTIN_QUANTIZE, OPTIONS_NONE, LIST(raw), n->tensor);
	return raw;
}

static void generate(struct generator *g, const struct flavour *flavour, unsigned int seed)
{
	int32_t inputs[2], outputs[MAX_TENSORS];
	int output_count = 0;
	unsigned int ops;

	*g = (struct generator){ .flavour = flavour, .seed = seed * 7919 + 1 };
	builder_begin(&g->b);
	g->is_signed = between(g, 0, 3);
	g->inputs = between(g, 1, 2);
	for (int i = 0; i < g->inputs; i++) {
		struct node *n = &g->node[i];

		*n = (struct node){ .rank = 4,
				    .dim = { between(g, 0, 9) ? 1 : 2, size(g, flavour->height),
					     size(g, flavour->width),
					     size(g, flavour->channels) } };
		while (elements(n) > flavour->elements)
			n->dim[3] = (n->dim[3] + 1) / 2;
		choose_quantisation(g, n, uniform(g, 0.005, 0.1));
		inputs[i] = publish(g, n);
		if (flavour->stem && g->is_signed && between(g, 0, 1))
			inputs[i] = make_unsigned(g, n);
	}
	ops = (unsigned int)between(g, 1, (int)flavour->ops);
	while (flavour->stem && g->nodes == g->inputs)
		random_conv(g);
	while ((unsigned int)g->b.operator_count < ops && g->b.tensor_count + 3 <= MAX_TENSORS)
		random_operation(g);

	/* The last one is an output, any other may be. */
	for (int i = g->inputs; i < g->nodes; i++)
		if (i == g->nodes - 1 || !between(g, 0, 3))
			outputs[output_count++] = g->node[i].tensor;
	builder_end(&g->b, (struct builder_list){ g->inputs, inputs },
		    (struct builder_list){ output_count, outputs });
}

/* ---------------------------------------------------------------------------------- running */

static unsigned int xnnpack_operations;

struct loaded {
	struct dla_network *network;
	struct dla_request *request;
};

static struct loaded load(const char *path, const struct dla_options *options)
{
	struct loaded l;

	l.network = dla_network_load(device, path, options);
	if (!l.network)
		fail_msg("%s", dla_strerror());
	l.request = dla_request_new(l.network);
	if (!l.request)
		fail_msg("%s", dla_strerror());
	return l;
}

static void unload(struct loaded *l)
{
	dla_request_free(l->request);
	dla_network_free(l->network);
}

static void run(struct loaded *l, unsigned int seed)
{
	/* What is left in memory by someone else must not matter. */
	memset(l->request->host, (int)seed | 0x41, l->network->schedule.host_bytes);
	if (l->request->arena)
		memset(l->request->arena->map, (int)seed | 0x82, l->request->arena->size);
	fill_inputs(l->request, seed);
	if (dla_request_run(l->request))
		fail_msg("%s", dla_strerror());
}

static void meet(const char *how)
{
	for (size_t i = 0; i < WAYS; i++)
		met[i].count += !strcmp(how, met[i].how);
}

/* Where roundings are skipped, the same network without that. */
static void check_exact(const char *path, const char *name, unsigned int seed)
{
	const struct dla_options options = {
		.place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE, .keep_tensors = true, .exact = true,
	};
	struct loaded l = load(path, &options);

	run(&l, seed);
	for (unsigned int i = 0; i < l.network->graph->op_count; i++) {
		assert_int_equal(l.network->placed[i].node.add, DLA_NO_OP);
		check_operation(l.request, i, name);
	}
	unload(&l);
}

static void check_graph(const char *path, const char *name, unsigned int seed)
{
	struct dla_options options = { .place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE };
	struct loaded kept, lean = load(path, &options);
	bool adds = false;

	options.keep_tensors = true;
	kept = load(path, &options);

	for (unsigned int round = 0; round < 2; round++) {
		run(&kept, seed + round);
		run(&lean, seed + round);
		for (unsigned int i = 0; i < kept.network->graph->op_count; i++)
			check_operation(kept.request, i, name);
		for (unsigned int i = 0; i < dla_network_output_count(kept.network); i++)
			if (memcmp(dla_request_output(kept.request, i),
				   dla_request_output(lean.request, i),
				   dla_network_output(kept.network, i)->bytes))
				fail_msg("%s, output %u: another value where tensors share memory",
					 name, i);
	}
	for (unsigned int t = 0; t < kept.network->graph->tensor_count; t++)
		if (kept.network->schedule.npu[t] != DLA_NOWHERE)
			forms[kept.network->form[t]]++;
	for (unsigned int i = 0; i < dla_network_operation_count(kept.network); i++) {
		meet(dla_network_operation(kept.network, i)->why);
		adds |= kept.network->placed[i].node.add != DLA_NO_OP;
	}
	unload(&kept);
	unload(&lean);
	if (adds)
		check_exact(path, name, seed);
}

/* All of it or what is left on the CPU, with XNNPACK: in parts, each operation as near to the reference as it has to be. */
static void check_xnnpack(const char *path, const char *name, unsigned int seed)
{
	struct dla_options options = { .place = seed % 2 ? DLA_PLACE_CPU : DLA_PLACE_NPU };
	struct loaded lean = load(path, &options), kept;

	options.keep_tensors = true;
	kept = load(path, &options);
	run(&kept, seed);
	run(&lean, seed);
	for (unsigned int i = 0; i < kept.network->graph->op_count; i++) {
		check_operation(kept.request, i, name);
		xnnpack_operations += kept.network->placed[i].xnnpack;
	}
	for (unsigned int i = 0; i < dla_network_output_count(kept.network); i++)
		if (memcmp(dla_request_output(kept.request, i), dla_request_output(lean.request, i),
			   dla_network_output(kept.network, i)->bytes))
			fail_msg("%s, output %u: another value where XNNPACK has several operations at once",
				 name, i);
	unload(&kept);
	unload(&lean);
}

static void random_networks(void **state)
{
	const struct flavour *flavour = *state;

	for (unsigned int n = 1; n <= flavour->graphs; n += cases_apart()) {
		char path[] = "/tmp/npu_random.XXXXXX", name[48];
		struct generator g;
		int fd = mkstemp(path);

		generate(&g, flavour, n);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, g.b.data, g.b.bytes), g.b.bytes);
		close(fd);
		free(g.b.data);
		snprintf(name, sizeof(name), "%s network %u", flavour->name, n);
		check_graph(path, name, n);
		check_xnnpack(path, name, n);
		unlink(path);
	}
}

/* Networks that go another way than they were meant to test nothing. */
static void every_way_was_met(void **unused)
{
	(void)unused;
	if (cases_apart() > 1)
		skip();
	printf("# operations in XNNPACK: %u\n", xnnpack_operations);
	assert_true(xnnpack_operations >= 1000 || !dla_xnn_built_in());
	printf("# lines: %u, pixels: %u\n", forms[DLA_FORM_LINES], forms[DLA_FORM_PIXELS]);
	assert_true(forms[DLA_FORM_LINES] >= 100 && forms[DLA_FORM_PIXELS] >= 10);
	for (size_t i = 0; i < WAYS; i++) {
		printf("# %s: %u\n", met[i].how, met[i].count);
		assert_true(met[i].count >= 10);
	}
}

int main(void)
{
	enum { FLAVOURS = sizeof(flavours) / sizeof(flavours[0]) };
	struct CMUnitTest tests[FLAVOURS + 1];
	int failed;

	device = dla_device_open("sim:nv_small");
	if (!device) {
		fprintf(stderr, "%s\n", dla_strerror());
		return 1;
	}
	for (size_t i = 0; i < FLAVOURS; i++)
		tests[i] = (struct CMUnitTest){
			.name = flavours[i].name,
			.test_func = random_networks,
			.initial_state = (void *)&flavours[i],
		};
	tests[FLAVOURS] = (struct CMUnitTest)cmocka_unit_test(every_way_was_met);
	failed = cmocka_run_group_tests_name("npu_random", tests, NULL, NULL);
	dla_device_close(device);
	print_tally();
	return failed;
}
