// SPDX-License-Identifier: MIT
/*
 * What libdla adds to XNNPACK's time; TAP. The longest stretch of operations that a network on the CPU gives
 * to XNNPACK, as a request runs it, against the same operations defined here, with XNNPACK's own interface
 * alone. Both in turn, one thread each; the shortest time of either counts.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xnnpack.h>

#include "../reference.h"
#include "cpu/xnn_node.h"
#include "dla.h"
#include "network.h"
#include "request.h"

#define LIMIT 1.05
#define ROUNDS_MIN 20
#define NS_MIN 3e8
#define TRIES 8

/* ------------------------------------------------------------------------------- directly */

struct direct {
	const struct dla_graph *graph;
	unsigned int first, last;
	xnn_subgraph_t subgraph;
	xnn_runtime_t runtime;
	uint32_t *value;			/* per tensor */
	struct xnn_external_value external[16];
	int tensor[16];				/* of these */
	uint32_t externals;
	void *kept[512];			/* what the runtime refers to */
	unsigned int kept_count;
};

static void need(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s\n", what);
	exit(EXIT_FAILURE);
}

static bool is_inside(const struct direct *d, int op)
{
	return op >= (int)d->first && op <= (int)d->last;
}

static bool is_used_outside(const struct direct *d, int tensor)
{
	const struct dla_graph *graph = d->graph;

	for (unsigned int i = d->last + 1; i < graph->op_count; i++)
		for (unsigned int j = 0; j < graph->op[i].input_count; j++)
			if (graph->op[i].input[j] == tensor)
				return true;
	return dla_graph_has_output(graph, tensor);
}

static void define_value(struct direct *d, int tensor, uint32_t id, uint32_t flags)
{
	const struct dla_tensor *t = &d->graph->tensor[tensor];
	enum xnn_datatype type = t->type == DLA_UINT8 ? xnn_datatype_quint8 : xnn_datatype_qint8;
	size_t dims[DLA_MAX_RANK];

	if (d->value[tensor] != XNN_INVALID_VALUE_ID)
		return;
	for (unsigned int i = 0; i < t->shape.rank; i++)
		dims[i] = (size_t)t->shape.dim[i];
	if (t->quant.count > 1)
		need(xnn_define_channelwise_quantized_tensor_value(d->subgraph, xnn_datatype_qcint8, t->quant.scale,
								   t->shape.rank, t->quant.axis, dims, t->data,
								   id, flags, &d->value[tensor]) == 0, "weights");
	else
		need(xnn_define_quantized_tensor_value(d->subgraph, type, t->quant.zero_point[0], t->quant.scale[0],
						       t->shape.rank, dims, t->data, id, flags,
						       &d->value[tensor]) == 0, "tensor");
}

static void *remember(struct direct *d, void *memory)
{
	need(memory && d->kept_count < 512, "memory");
	return d->kept[d->kept_count++] = memory;
}

static uint32_t define_bias(struct direct *d, const struct dla_op *op)
{
	const struct dla_shape *output = &d->graph->tensor[op->output[0]].shape;
	const struct dla_tensor *weights = &d->graph->tensor[op->input[1]];
	size_t channels = (size_t)output->dim[output->rank - 1];
	float *scale = remember(d, calloc(weights->quant.count, sizeof(*scale)));
	int32_t *bias = remember(d, calloc(channels, sizeof(*bias)));
	uint32_t value;

	/* Outputs are compared, so this is libdla's. */
	dla_xnn_bias(d->graph, op, channels, scale, bias);
	if (weights->quant.count > 1)
		need(xnn_define_channelwise_quantized_tensor_value(d->subgraph, xnn_datatype_qcint32, scale, 1, 0,
								   &channels, bias, XNN_INVALID_VALUE_ID, 0,
								   &value) == 0, "bias");
	else
		need(xnn_define_quantized_tensor_value(d->subgraph, xnn_datatype_qint32, 0, scale[0], 1, &channels,
						       bias, XNN_INVALID_VALUE_ID, 0, &value) == 0, "bias");
	return value;
}

/* What has the shape of a picture of one pixel, of a tensor's type. */
static uint32_t define_pixel(struct direct *d, int tensor)
{
	const struct dla_tensor *t = &d->graph->tensor[tensor];
	size_t dims[4] = { 1, 1, 1, (size_t)t->shape.dim[t->shape.rank - 1] };
	uint32_t value;

	need(!xnn_define_quantized_tensor_value(d->subgraph, xnn_datatype_qint8, t->quant.zero_point[0],
						t->quant.scale[0], 4, dims, NULL, XNN_INVALID_VALUE_ID, 0, &value),
	     "pixel");
	return value;
}

static bool reshape(struct direct *d, int tensor, uint32_t from, uint32_t to)
{
	const struct dla_shape *shape = &d->graph->tensor[tensor].shape;
	size_t dims[DLA_MAX_RANK];

	for (unsigned int i = 0; i < shape->rank; i++)
		dims[i] = (size_t)shape->dim[i];
	return !xnn_define_static_reshape(d->subgraph, shape->rank, dims, from, to, 0);
}

/* Full connections have one scale; as a convolution of one pixel, which is as quick, one a channel. */
static bool define_fully_connected(struct direct *d, const struct dla_op *op, float low, float high)
{
	const struct dla_tensor *weights = &d->graph->tensor[op->input[1]];
	size_t kernels = (size_t)weights->shape.dim[0], channels = (size_t)weights->shape.dim[1];
	size_t dims[4] = { kernels, 1, 1, channels }, flat[4] = { 1, 1, 1, channels };
	uint32_t bias = define_bias(d, op), from, to, value;

	if (weights->quant.count == 1)
		return !xnn_define_fully_connected(d->subgraph, low, high, d->value[op->input[0]],
						   d->value[op->input[1]], bias, d->value[op->output[0]],
						   XNN_FLAG_TENSORFLOW_RESHAPE_2D);
	from = define_pixel(d, op->input[0]);
	to = define_pixel(d, op->output[0]);
	return !xnn_define_channelwise_quantized_tensor_value(d->subgraph, xnn_datatype_qcint8, weights->quant.scale,
							      4, 0, dims, weights->data, XNN_INVALID_VALUE_ID, 0,
							      &value) &&
	       !xnn_define_static_reshape(d->subgraph, 4, flat, d->value[op->input[0]], from, 0) &&
	       !xnn_define_convolution_2d(d->subgraph, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, channels, kernels, low, high,
					  from, value, bias, to, 0) &&
	       reshape(d, op->output[0], to, d->value[op->output[0]]);
}

static bool define_average(struct direct *d, const struct dla_op *op)
{
	uint32_t pixel = define_pixel(d, op->output[0]);

	return !xnn_define_global_average_pooling_2d(d->subgraph, -INFINITY, INFINITY, d->value[op->input[0]], pixel,
						     0) &&
	       reshape(d, op->output[0], pixel, d->value[op->output[0]]);
}

/* False: this program does not know the operation. */
static bool define_node(struct direct *d, const struct dla_op *op)
{
	const struct dla_shape *in = &d->graph->tensor[op->input[0]].shape;
	const struct dla_shape *out = &d->graph->tensor[op->output[0]].shape;
	const struct dla_window *w = &op->window;
	uint32_t pad[4] = { (uint32_t)w->pad_top, (uint32_t)w->pad_right, (uint32_t)w->pad_bottom,
			    (uint32_t)w->pad_left };
	uint32_t height = (uint32_t)w->kernel_h, width = (uint32_t)w->kernel_w;
	uint32_t down = (uint32_t)w->stride_h, right = (uint32_t)w->stride_w;
	float low = op->activation == DLA_ACT_NONE ? -INFINITY : 0;
	float high = op->activation == DLA_ACT_RELU6 ? 6 : INFINITY;
	uint32_t from = d->value[op->input[0]], to = d->value[op->output[0]], weights = XNN_INVALID_VALUE_ID, bias;
	size_t channels = (size_t)in->dim[in->rank - 1], kernels = (size_t)out->dim[out->rank - 1];
	xnn_subgraph_t s = d->subgraph;

	/* Others have a shape or axes there, which are in the operation already. */
	if (op->kind <= DLA_OP_FULLY_CONNECTED && op->input_count > 1) {
		define_value(d, op->input[1], XNN_INVALID_VALUE_ID, 0);
		weights = d->value[op->input[1]];
	}
	switch (op->kind) {
	case DLA_OP_CONV_2D:
		bias = define_bias(d, op);
		return !xnn_define_convolution_2d(s, pad[0], pad[1], pad[2], pad[3], height, width, down, right, 1, 1,
						  1, channels, kernels, low, high, from, weights, bias, to, 0);
	case DLA_OP_DEPTHWISE_CONV_2D:
		bias = define_bias(d, op);
		return !xnn_define_depthwise_convolution_2d(s, pad[0], pad[1], pad[2], pad[3], height, width, down,
							    right, 1, 1, (uint32_t)(kernels / channels), channels,
							    low, high, from, weights, bias, to, 0);
	case DLA_OP_FULLY_CONNECTED:
		return define_fully_connected(d, op, low, high);
	case DLA_OP_ADD:
		return !xnn_define_add2(s, low, high, from, weights, to, 0);
	case DLA_OP_RESHAPE:
		return reshape(d, op->output[0], from, to);
	case DLA_OP_MEAN:
		return op->mean.axes == (1u << 1 | 1u << 2) && define_average(d, op);
	case DLA_OP_AVERAGE_POOL_2D:
		return w->kernel_h == in->dim[1] && w->kernel_w == in->dim[2] && out->rank == 4 &&
		       !xnn_define_global_average_pooling_2d(s, low, high, from, to, 0);
	default:
		return false;
	}
}

static void add_external(struct direct *d, int tensor, uint32_t flags)
{
	if (d->value[tensor] != XNN_INVALID_VALUE_ID)
		return;
	need(d->externals < 16, "room");
	define_value(d, tensor, d->externals, flags);
	d->external[d->externals] = (struct xnn_external_value) {
		.id = d->externals, .data = calloc(1, d->graph->tensor[tensor].bytes + XNN_EXTRA_BYTES),
	};
	d->tensor[d->externals++] = tensor;
}

static bool define_all(struct direct *d)
{
	const struct dla_graph *graph = d->graph;

	for (unsigned int i = d->first; i <= d->last; i++) {
		const struct dla_op *op = &graph->op[i];

		for (unsigned int j = 0; j < op->input_count; j++)
			if (op->input[j] != DLA_NO_TENSOR && !graph->tensor[op->input[j]].data &&
			    !is_inside(d, graph->tensor[op->input[j]].producer))
				add_external(d, op->input[j], XNN_VALUE_FLAG_EXTERNAL_INPUT);
		if (is_used_outside(d, op->output[0]))
			add_external(d, op->output[0], XNN_VALUE_FLAG_EXTERNAL_OUTPUT);
	}
	for (unsigned int i = d->first; i <= d->last; i++) {
		define_value(d, graph->op[i].output[0], XNN_INVALID_VALUE_ID, 0);
		if (!define_node(d, &graph->op[i])) {
			printf("# operation %u, %s\n", i, dla_op_kind_name(graph->op[i].kind));
			return false;
		}
	}
	return true;
}

static bool direct_new(struct direct *d)
{
	d->value = malloc(d->graph->tensor_count * sizeof(*d->value));
	need(d->value, "memory");
	for (unsigned int t = 0; t < d->graph->tensor_count; t++)
		d->value[t] = XNN_INVALID_VALUE_ID;
	need(!xnn_initialize(NULL) && !xnn_create_subgraph(16, 0, &d->subgraph), "subgraph");
	if (!define_all(d))
		return false;
	need(!xnn_create_runtime_v2(d->subgraph, NULL, 0, &d->runtime), "runtime");
	need(!xnn_setup_runtime(d->runtime, d->externals, d->external), "setup");
	return true;
}

static void direct_free(struct direct *d)
{
	if (d->runtime)
		xnn_delete_runtime(d->runtime);
	xnn_delete_subgraph(d->subgraph);
	for (unsigned int i = 0; i < d->externals; i++)
		free(d->external[i].data);
	while (d->kept_count)
		free(d->kept[--d->kept_count]);
	free(d->value);
}

/* -------------------------------------------------------------------------------- measuring */

struct part_time {
	int operation;
	double ns;
};

static void note_part(void *ctx, const struct dla_event *event)
{
	struct part_time *part = ctx;

	if (event->operation == part->operation)
		part->ns = (double)(event->end_ns - event->start_ns);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double measure(struct dla_request *request, struct direct *d, double *libdla, double *directly)
{
	struct part_time part = { .operation = (int)d->first };
	double start = now();

	dla_request_events(request, note_part, &part);
	for (unsigned int i = 0; i < ROUNDS_MIN || now() - start < NS_MIN; i++) {
		double begin;

		need(!dla_request_run(request), "run");
		*libdla = fmin(*libdla, part.ns);
		begin = now();
		need(!xnn_invoke_runtime(d->runtime), "run");
		*directly = fmin(*directly, now() - begin);
	}
	dla_request_events(request, NULL, NULL);
	return *libdla / *directly;
}

struct snapshot {
	const struct dla_request *request;
	struct direct *direct;
	void *output[16];		/* per external one */
};

/* Behind the part, while what it read and wrote is still there. */
static void take_snapshot(void *ctx, const struct dla_event *event)
{
	struct snapshot *s = ctx;
	struct direct *d = s->direct;

	for (unsigned int i = 0; i < d->externals && event->operation == (int)d->first; i++) {
		const struct dla_tensor *tensor = &d->graph->tensor[d->tensor[i]];
		bool made = is_inside(d, tensor->producer);

		memcpy(made ? s->output[i] : d->external[i].data, s->request->tensor[d->tensor[i]], tensor->bytes);
	}
}

/* It is the same partition, or there is nothing to compare. */
static void check_outputs(struct dla_request *request, struct direct *d)
{
	struct snapshot snapshot = { .request = request, .direct = d };
	const struct dla_graph *graph = d->graph;
	uint32_t seed = 1;

	for (unsigned int i = 0; i < graph->input_count; i++) {
		int8_t *to = request->tensor[graph->input[i]];

		for (size_t j = 0; j < graph->tensor[graph->input[i]].bytes; j++)
			to[j] = (int8_t)((seed = seed * 1664525 + 1013904223) >> 24);
	}
	for (unsigned int i = 0; i < d->externals; i++) {
		snapshot.output[i] = calloc(1, graph->tensor[d->tensor[i]].bytes);
		need(snapshot.output[i], "memory");
	}
	dla_request_events(request, take_snapshot, &snapshot);
	need(!dla_request_run(request) && !xnn_invoke_runtime(d->runtime), "run");
	dla_request_events(request, NULL, NULL);
	for (unsigned int i = 0; i < d->externals; i++) {
		if (is_inside(d, graph->tensor[d->tensor[i]].producer))
			need(!memcmp(snapshot.output[i], d->external[i].data, graph->tensor[d->tensor[i]].bytes),
			     "the outputs differ");
		free(snapshot.output[i]);
	}
}

/* The part with the most work. */
static const struct dla_cpu_part *longest_part(const struct dla_network *network)
{
	const struct dla_schedule *s = &network->schedule;
	const struct dla_cpu_part *longest = NULL;
	uint64_t most = 0;

	for (unsigned int p = 0; p < s->cpu_count; p++) {
		uint64_t macs = 0;

		for (unsigned int i = s->cpu[p].first; i <= s->cpu[p].last; i++)
			macs += dla_op_macs(network->graph, i);
		if (s->cpu[p].xnnpack && macs > most) {
			most = macs;
			longest = &s->cpu[p];
		}
	}
	return longest;
}

static bool check(struct dla_device *device, unsigned int number, const char *path, const char *name)
{
	struct dla_network *network = dla_network_load(device, path, NULL);
	struct dla_request *request = network ? dla_request_new(network) : NULL;
	double libdla = INFINITY, directly = INFINITY, ratio = INFINITY;
	const struct dla_cpu_part *part;
	struct direct d = { 0 };

	if (!network && errno == ENOENT) {
		printf("ok %u - %s # SKIP the network is not there\n", number, name);
		return true;
	}
	need(request, dla_strerror());
	part = longest_part(network);
	need(part, "no part is XNNPACK's");
	d.graph = network->graph;
	d.first = part->first;
	d.last = part->last;
	if (direct_new(&d)) {
		check_outputs(request, &d);
		for (int i = 0; i < TRIES && ratio > LIMIT; i++)
			ratio = measure(request, &d, &libdla, &directly);
	}
	printf("%sok %u - %s, operations %u to %u: %.1f us, %.1f us directly: %.3f\n", ratio > LIMIT ? "not " : "",
	       number, name, d.first, d.last, libdla / 1e3, directly / 1e3, ratio);
	direct_free(&d);
	dla_request_free(request);
	dla_network_free(network);
	return ratio <= LIMIT;
}

int main(void)
{
	static const char *const models[] = {
		"mlperf-tiny/pretrainedResnet_quant.tflite",
		"mlperf-tiny/vww_96_int8.tflite",
		"mlperf-tiny/kws_ref_model.tflite",
		"mlperf-tiny/ad01_int8.tflite",
		"coral/tf2_mobilenet_v2_1.0_224_ptq.tflite",
	};
	const unsigned int count = sizeof(models) / sizeof(models[0]);
	struct dla_device *device = dla_device_open("cpu");
	bool good;

	need(device, dla_strerror());
	good = check(device, 1, "examples/fashion-mnist/fashion_resnet_int8.tflite", "Fashion ResNet");
	for (unsigned int i = 0; i < count; i++) {
		char *path = model_path(models[i]);

		good &= check(device, 2 + i, path, models[i]);
		free(path);
	}
	printf("1..%u\n", count + 1);
	dla_device_close(device);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
