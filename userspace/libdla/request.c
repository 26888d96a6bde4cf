// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"
#include "request.h"

#define HOST_ALIGN 64

#define NS_PER_MS 1000000

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
		return dla_fail_memory();
	for (unsigned int t = 0; t < graph->tensor_count; t++)
		wanted[t] = schedule->host[t] != DLA_NOWHERE;
	err = dla_xnn_prepare(graph, part->first, part->last, wanted, request->network->threads,
			      &request->cpu[index].xnn);
	free(wanted);
	return err;
}

static int allocate_npu(struct dla_request *request)
{
	struct dla_network *network = request->network;
	struct dla_device *device = network->device;
	unsigned int layers = 0;
	int err = device->ops->buffer_new(device, network->schedule.npu_bytes, DLA_BUFFER_TENSORS, &request->arena);

	if (err)
		return err;
	for (unsigned int i = 0; i < network->part_count; i++)
		if (network->part[i].layers > layers)
			layers = network->part[i].layers;
	request->times = calloc(layers, sizeof(*request->times));
	if (!request->times)
		return dla_fail_memory();
	request->binding[DLA_SLOT_CONSTANTS].buffer = network->constants;
	request->binding[DLA_SLOT_ARENA].buffer = request->arena;
	request->binding[DLA_SLOT_TAIL].buffer = network->tail_constants;
	for (unsigned int slot = 0; slot < DLA_SLOTS; slot++)
		if (request->binding[slot].buffer)
			request->binding[slot].size = request->binding[slot].buffer->size;
	return 0;
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
	return schedule->npu_bytes ? allocate_npu(request) : 0;
}

struct dla_request *dla_request_new(struct dla_network *network)
{
	struct dla_request *request = calloc(1, sizeof(*request));
	pthread_condattr_t monotonic;
	int err;

	if (!request) {
		dla_fail_memory();
		errno = ENOMEM;
		return NULL;
	}
	request->network = network;
	request->fd = -1;
	pthread_mutex_init(&request->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&request->change, &monotonic);
	pthread_condattr_destroy(&monotonic);
	err = dla_threads_start(network->device->threads);
	if (!err)
		err = allocate(request);
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
	dla_request_cancel(request);
	dla_request_wait(request, -1);
	dla_bind_release(request);
	if (request->arena)
		request->network->device->ops->buffer_free(request->arena);
	for (unsigned int i = 0; request->cpu && i < request->network->schedule.cpu_count; i++) {
		dla_cpu_op_free(request->cpu[i].op);
		dla_xnn_free(request->cpu[i].xnn);
	}
	if (request->fd >= 0)
		close(request->fd);
	pthread_cond_destroy(&request->change);
	pthread_mutex_destroy(&request->lock);
	free(request->times);
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

/* ------------------------------------------------------------------------------- running */

static void emit_event(const struct dla_request *request, enum dla_track track, unsigned int thread,
		       const char *name, int operation, uint64_t start_ns, uint64_t end_ns)
{
	const struct dla_event event = {
		.track = track, .thread = thread, .name = name, .operation = operation,
		.start_ns = start_ns, .end_ns = end_ns,
	};

	if (request->event)
		request->event(request->event_ctx, &event);
}

static void report(const struct dla_request *request, unsigned int layers)
{
	if (request->progress)
		request->progress(request->progress_ctx, request->done + layers, request->network->work);
}

static void convert(struct dla_request *request, int tensor, bool to_npu)
{
	const struct dla_network *network = request->network;
	int root = network->root[tensor];
	int8_t *npu = dla_bind_npu_begin(request, root);
	struct dla_feature feature;

	/* It has been given a place there, so it can lie there. */
	(void)dla_network_feature(network, tensor, &feature);
	if (!dla_bind_convert(request, tensor, to_npu, &feature, npu)) {
		if (to_npu)
			dla_feature_pack(&feature, request->tensor[tensor], npu);
		else
			dla_feature_unpack(&feature, npu, request->tensor[tensor]);
	}
	dla_bind_npu_end(request, root);
	request->info.conversions++;
	request->info.convert_bytes += network->graph->tensor[tensor].bytes;
}

/* A step of the CPU's. */
static int run_step(struct dla_request *request, const struct dla_step *step, unsigned int thread)
{
	const struct dla_graph *graph = request->network->graph;
	uint64_t start = dla_now_ns(), end;

	if (step->kind == DLA_STEP_CPU) {
		const struct dla_cpu_part *part = &request->network->schedule.cpu[step->index];
		struct dla_cpu_work *cpu = &request->cpu[step->index];
		int err = 0;

		if (part->xnnpack)
			err = dla_xnn_run(cpu->xnn, request->tensor);
		else
			dla_cpu_run(cpu->op, request->tensor);
		end = dla_now_ns();
		request->info.cpu_ns += end - start;
		emit_event(request, DLA_TRACK_CPU, thread, part->last > part->first ? "XNNPACK" :
			   dla_op_kind_name(graph->op[part->first].kind), (int)part->first, start, end);
		request->done += part->last - part->first + 1;
		report(request, 0);
		return err;
	}
	convert(request, step->index, step->kind == DLA_STEP_TO_NPU);
	end = dla_now_ns();
	request->info.convert_ns += end - start;
	emit_event(request, DLA_TRACK_CPU, thread, step->kind == DLA_STEP_TO_NPU ? "to NPU" : "from NPU", -1, start,
		   end);
	return 0;
}

static bool is_cancelled(struct dla_request *request)
{
	bool cancelled;

	pthread_mutex_lock(&request->lock);
	cancelled = request->cancel;
	pthread_mutex_unlock(&request->lock);
	return cancelled;
}

/* The last thing that is done with a request: its owner may free it from here on. */
static void finish(struct dla_request *request, const struct dla_error *error)
{
	const uint64_t one = 1;
	struct dla_run_info *info = &request->info;

	dla_bind_end(request);
	info->total_ns = dla_now_ns() - request->submitted_ns;
	info->wait_ns = info->total_ns - info->npu_ns - info->cpu_ns - info->convert_ns;
	pthread_mutex_lock(&request->lock);
	request->running = false;
	request->error = *error;
	if (request->fd >= 0)
		(void)!write(request->fd, &one, sizeof(one));
	pthread_cond_broadcast(&request->change);
	pthread_mutex_unlock(&request->lock);
}

static void finish_cancelled(struct dla_request *request)
{
	finish(request, &(struct dla_error) { -ECANCELED, "the run was cancelled" });
}

static void submit_part(struct dla_request *request)
{
	struct dla_device *device = request->network->device;

	request->job.program = request->program ? request->program[request->part] :
						  request->network->part[request->part].program;
	request->job.error.err = 0;
	if (request->event)
		memset(request->times, 0, request->network->part[request->part].layers * sizeof(*request->times));
	request->job.times = request->event ? request->times : NULL;
	device->ops->submit(device, &request->job);
}

static void advance(struct dla_work *work, unsigned int thread)
{
	struct dla_request *request = (struct dla_request *)((char *)work - offsetof(struct dla_request, work));
	const struct dla_network *network = request->network;
	struct dla_error error;

	if (!request->began) {
		dla_error_keep(&error, dla_bind_begin(request));
		if (error.err) {
			finish(request, &error);
			return;
		}
		request->began = true;
	}
	for (; request->step < network->schedule.step_count; request->step++) {
		const struct dla_step *step = &network->schedule.step[request->step];

		if (is_cancelled(request)) {
			finish_cancelled(request);
			return;
		}
		if (dla_bind_skips(request, step))
			continue;
		if (step->kind != DLA_STEP_NPU) {
			dla_error_keep(&error, run_step(request, step, thread));
			if (!error.err)
				continue;
			finish(request, &error);
			return;
		}
		request->part = step->index ? network->part_end[step->index - 1] : 0;
		if (request->part < network->part_end[step->index]) {
			submit_part(request);
			return;
		}
	}
	dla_error_keep(&error, dla_bind_outputs(request));
	finish(request, &error);
}

static void begin(struct dla_request *request)
{
	request->step = 0;
	request->done = 0;
	dla_threads_push(request->network->device->threads, &request->work);
}

/*
 * A program that has run to its end before is not to blame when it hangs: the hardware does the same
 * every time. The run begins anew, once, from its inputs, since what a program has read it may have
 * written over.
 */
static bool try_again(struct dla_request *request)
{
	if (request->job.error.err != -ETIMEDOUT || request->info.retries || is_cancelled(request) ||
	    !atomic_load(&request->network->part[request->part].proven))
		return false;
	request->info.retries++;
	begin(request);
	return true;
}

static void layers_done(struct dla_job *job, unsigned int layers)
{
	report((struct dla_request *)((char *)job - offsetof(struct dla_request, job)), layers);
}

static void emit_layers(const struct dla_request *request, const struct dla_part *part)
{
	static const enum dla_track track[] = {
		[DRM_NVDLA_CONV] = DLA_TRACK_CONV, [DRM_NVDLA_SDP] = DLA_TRACK_SDP,
		[DRM_NVDLA_PDP] = DLA_TRACK_PDP, [DRM_NVDLA_CDP] = DLA_TRACK_CDP,
	};
	const struct dla_graph *graph = request->network->graph;

	for (unsigned int i = 0; request->event && i < part->layers; i++) {
		unsigned int op = (unsigned int)part->op[i].cookie;

		emit_event(request, track[part->op[i].engine], 0, dla_op_kind_name(graph->op[op].kind), (int)op,
			   request->times[i].start_ns, request->times[i].end_ns);
	}
}

static void part_done(struct dla_job *job)
{
	struct dla_request *request = (struct dla_request *)((char *)job - offsetof(struct dla_request, job));
	const struct dla_network *network = request->network;
	struct dla_part *part = &network->part[request->part];

	if (job->error.err) {
		if (!try_again(request))
			finish(request, &job->error);
		return;
	}
	atomic_store(&part->proven, true);
	request->info.npu_ns += job->end_ns - job->start_ns;
	request->done += part->layers;
	emit_layers(request, part);
	if (is_cancelled(request)) {
		finish_cancelled(request);
	} else if (++request->part < network->part_end[network->schedule.step[request->step].index]) {
		submit_part(request);
	} else {
		request->step++;
		dla_threads_push(network->device->threads, &request->work);
	}
}

/* ---------------------------------------------------------------------------- the caller's */

void dla_request_progress(struct dla_request *request, dla_progress_fn *fn, void *ctx)
{
	request->progress = fn;
	request->progress_ctx = ctx;
}

void dla_request_events(struct dla_request *request, dla_event_fn *fn, void *ctx)
{
	request->event = fn;
	request->event_ctx = ctx;
}

static int failed(int err)
{
	errno = -err;
	return -1;
}

int dla_request_submit(struct dla_request *request)
{
	uint64_t count;
	bool running;

	pthread_mutex_lock(&request->lock);
	running = request->running;
	if (!running && request->fd >= 0)
		(void)!read(request->fd, &count, sizeof(count));
	request->running = true;
	if (!running)
		request->cancel = false;
	pthread_mutex_unlock(&request->lock);
	if (running)
		return failed(dla_fail(EBUSY, "the request is running already"));

	request->info = (struct dla_run_info) { 0 };
	request->submitted_ns = dla_now_ns();
	request->work.fn = advance;
	request->job.binding = request->binding;
	request->job.bindings = dla_bind_slots(request);
	request->began = false;
	request->job.progress = layers_done;
	request->job.done = part_done;
	begin(request);
	return 0;
}

int dla_request_wait(struct dla_request *request, int timeout_ms)
{
	uint64_t until_ns = dla_now_ns() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * NS_PER_MS;
	const struct timespec until = {
		.tv_sec = (time_t)(until_ns / 1000000000), .tv_nsec = (long)(until_ns % 1000000000),
	};
	int late = 0, err;

	pthread_mutex_lock(&request->lock);
	while (request->running && !late)
		late = timeout_ms < 0 ? pthread_cond_wait(&request->change, &request->lock) :
					pthread_cond_timedwait(&request->change, &request->lock, &until);
	err = request->running ? dla_fail(ETIME, "the run is not over after %d ms", timeout_ms) :
				 dla_error_raise(&request->error);
	pthread_mutex_unlock(&request->lock);
	return err ? failed(err) : 0;
}

int dla_request_run(struct dla_request *request)
{
	return dla_request_submit(request) ? -1 : dla_request_wait(request, -1);
}

int dla_request_fd(struct dla_request *request)
{
	int fd, err = 0;

	pthread_mutex_lock(&request->lock);
	if (request->fd < 0) {
		request->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		err = request->fd < 0 ? dla_fail(errno, "no eventfd: %s", strerror(errno)) : 0;
	}
	fd = request->fd;
	pthread_mutex_unlock(&request->lock);
	return err ? failed(err) : fd;
}

void dla_request_cancel(struct dla_request *request)
{
	struct dla_device *device = request->network->device;
	bool running;

	pthread_mutex_lock(&request->lock);
	running = request->running;
	request->cancel = running;
	pthread_mutex_unlock(&request->lock);
	/* Nobody has the request while its job waits: whoever takes that back does. */
	if (running && device->ops && device->ops->withdraw(device, &request->job))
		finish_cancelled(request);
}

void dla_request_info(const struct dla_request *request, struct dla_run_info *info)
{
	*info = request->info;
}
