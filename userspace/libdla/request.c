// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "request.h"

#define HOST_ALIGN 64

static int prepare_cpu(struct dla_request *request, unsigned int index)
{
	const struct dla_schedule *schedule = &request->network->schedule;
	const struct dla_cpu_part *part = &schedule->cpu[index];
	const struct dla_graph *graph = request->network->graph;
	bool *wanted;
	int err;

	if (!part->xnnpack)
		return dla_cpu_prepare(graph, part->first, &request->cpu[index].op);
	wanted = calloc(graph->tensor_count, sizeof(*wanted));
	if (!wanted)
		return dla_fail(ENOMEM, "out of memory");
	for (unsigned int t = 0; t < graph->tensor_count; t++)
		wanted[t] = schedule->host[t] != DLA_NOWHERE;
	err = dla_xnn_prepare(graph, part->first, part->last, wanted, &request->cpu[index].xnn);
	free(wanted);
	return err;
}

static int allocate(struct dla_request *request)
{
	struct dla_network *network = request->network;
	const struct dla_schedule *schedule = &network->schedule;
	const struct dla_graph *graph = network->graph;
	size_t bytes = (schedule->host_bytes + DLA_XNN_SLACK + HOST_ALIGN - 1) / HOST_ALIGN * HOST_ALIGN;

	request->tensor = calloc(graph->tensor_count, sizeof(*request->tensor));
	request->cpu = calloc(schedule->cpu_count + 1, sizeof(*request->cpu));
	request->host = aligned_alloc(HOST_ALIGN, bytes);
	if (!request->tensor || !request->cpu || !request->host)
		return dla_fail(ENOMEM, "out of memory for a request of %zu bytes", bytes);
	memset(request->host, 0, bytes);
	for (unsigned int t = 0; t < graph->tensor_count; t++) {
		if (graph->tensor[t].data)
			request->tensor[t] = (void *)graph->tensor[t].data;
		else if (schedule->host[t] != DLA_NOWHERE)
			request->tensor[t] = request->host + schedule->host[t];
	}
	for (unsigned int i = 0; i < schedule->cpu_count; i++) {
		int err = prepare_cpu(request, i);

		if (err)
			return err;
	}
	if (!schedule->npu_bytes)
		return 0;
	return network->device->ops->buffer_new(network->device, schedule->npu_bytes, DLA_BUFFER_TENSORS,
						&request->arena);
}

struct dla_request *dla_request_new(struct dla_network *network)
{
	struct dla_request *request = calloc(1, sizeof(*request));
	int err;

	if (!request) {
		err = dla_fail(ENOMEM, "out of memory");
	} else {
		request->network = network;
		err = allocate(request);
	}
	if (!err)
		return request;
	dla_request_free(request);
	errno = -err;
	return NULL;
}

void dla_request_free(struct dla_request *request)
{
	if (!request)
		return;
	if (request->arena)
		request->network->device->ops->buffer_free(request->arena);
	for (unsigned int i = 0; request->cpu && i < request->network->schedule.cpu_count; i++) {
		dla_cpu_op_free(request->cpu[i].op);
		dla_xnn_free(request->cpu[i].xnn);
	}
	free(request->cpu);
	free(request->host);
	free(request->tensor);
	free(request);
}

static void *tensor_data(const struct dla_request *request, const int *tensor, unsigned int count,
			 unsigned int index, const char *what)
{
	if (index < count)
		return request->tensor[tensor[index]];
	dla_fail(ERANGE, "%s %u does not exist: there are %u", what, index, count);
	errno = ERANGE;
	return NULL;
}

void *dla_request_input(struct dla_request *request, unsigned int index)
{
	const struct dla_graph *graph = request->network->graph;

	return tensor_data(request, graph->input, graph->input_count, index, "input");
}

const void *dla_request_output(const struct dla_request *request, unsigned int index)
{
	const struct dla_graph *graph = request->network->graph;

	return tensor_data(request, graph->output, graph->output_count, index, "output");
}

static void convert(struct dla_request *request, int tensor, bool to_npu)
{
	const struct dla_network *network = request->network;
	int root = network->root[tensor];
	int8_t *npu = (int8_t *)request->arena->map + network->schedule.npu[root];
	struct dla_feature feature;

	/* It has been given a place there, so it can lie there. */
	(void)dla_feature_of(&network->graph->tensor[root].shape, network->device->info.atom, &feature);
	if (to_npu)
		dla_feature_pack(&feature, request->tensor[tensor], npu);
	else
		dla_feature_unpack(&feature, npu, request->tensor[tensor]);
}

static void report(void *ctx, unsigned int layers)
{
	struct dla_request *request = ctx;

	if (request->progress)
		request->progress(request->progress_ctx, request->done + layers, request->network->work);
}

static int run_segment(struct dla_request *request, unsigned int index)
{
	const struct dla_progress progress = { .fn = report, .ctx = request };
	struct dla_network *network = request->network;
	unsigned int i = index ? network->part_end[index - 1] : 0;
	struct dla_binding binding[DLA_SLOTS] = {
		[DLA_SLOT_CONSTANTS] = { .buffer = network->constants },
		[DLA_SLOT_ARENA] = { .buffer = request->arena },
	};

	for (unsigned int slot = 0; slot < DLA_SLOTS; slot++)
		binding[slot].size = binding[slot].buffer ? binding[slot].buffer->size : 0;
	for (; i < network->part_end[index]; i++) {
		const struct dla_part *part = &network->part[i];
		int err = network->device->ops->run(network->device, part->program, binding, DLA_SLOTS,
						    &progress);

		if (err)
			return err;
		request->done += part->layers;
	}
	return 0;
}

static int run_cpu(struct dla_request *request, int index)
{
	const struct dla_cpu_part *part = &request->network->schedule.cpu[index];
	int err = 0;

	if (part->xnnpack)
		err = dla_xnn_run(request->cpu[index].xnn, request->tensor);
	else
		dla_cpu_run(request->cpu[index].op, request->tensor);
	request->done += part->last - part->first + 1;
	report(request, 0);
	return err;
}

static int run_step(struct dla_request *request, const struct dla_step *step)
{
	switch (step->kind) {
	case DLA_STEP_CPU:
		return run_cpu(request, step->index);
	case DLA_STEP_NPU:
		return run_segment(request, (unsigned int)step->index);
	case DLA_STEP_TO_NPU:
	case DLA_STEP_FROM_NPU:
		convert(request, step->index, step->kind == DLA_STEP_TO_NPU);
		return 0;
	}
	return 0;
}

void dla_request_progress(struct dla_request *request, dla_progress_fn *fn, void *ctx)
{
	request->progress = fn;
	request->progress_ctx = ctx;
}

int dla_request_run(struct dla_request *request)
{
	const struct dla_schedule *schedule = &request->network->schedule;

	request->done = 0;
	for (unsigned int i = 0; i < schedule->step_count; i++) {
		int err = run_step(request, &schedule->step[i]);

		if (err) {
			errno = -err;
			return -1;
		}
	}
	return 0;
}
