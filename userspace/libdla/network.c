// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banks.h"
#include "bytes.h"
#include "cpu/xnn.h"
#include "deps.h"
#include "error.h"
#include "join.h"
#include "network.h"
#include "nvdla_core.h"
#include "overlap.h"
#include "saved.h"
#include "signed.h"
#include "tflite.h"

/* ----------------------------------------------------------------------------- compiling */

int dla_network_add_part(struct dla_network *network, const struct drm_nvdla_op *op, unsigned int layers,
			 const struct drm_nvdla_lut *lut, unsigned int lut_count)
{
	struct dla_device *device = network->device;
	struct dla_part *part = realloc(network->part, (network->part_count + 1) * sizeof(*part));
	int err;

	if (!part)
		return dla_fail_memory();
	network->part = part;
	part += network->part_count;
	memset(part, 0, sizeof(*part));
	part->layers = layers;
	part->lut_count = lut_count;
	part->op = calloc(layers, sizeof(*op));
	part->lut = calloc(lut_count + 1, sizeof(*lut));
	if (part->op && part->lut) {
		memcpy(part->op, op, layers * sizeof(*op));
		if (lut_count)
			memcpy(part->lut, lut, lut_count * sizeof(*lut));
		err = device->ops->program_new(device, op, layers, lut, lut_count, &part->program);
	} else {
		err = dla_fail_memory();
	}
	if (!err) {
		network->part_count++;
		return 0;
	}
	free(part->op);
	free(part->lut);
	return err;
}

static int compile_part(struct dla_network *network, const struct dla_luts *luts, struct drm_nvdla_op *op,
			unsigned int layers)
{
	const struct drm_nvdla_dev_info *hw = &network->device->info;
	struct drm_nvdla_lut lut[DRM_NVDLA_MAX_LUTS];
	unsigned int lut_count = dla_luts_take(luts, op, layers, lut);
	int err;

	dla_banks_share(hw, op, layers);
	err = dla_deps_find(hw, op, layers);
	return err ? err : dla_network_add_part(network, op, layers, lut, lut_count);
}

/* Whether a layer needs the one before in its program: for data on the fly, or what that left in the buffer. */
static bool continues(const struct drm_nvdla_op *op)
{
	if (op->engine != DRM_NVDLA_CONV)
		return dla_op_on_the_fly(op);
	return op->conv.reuse_lines || op->conv.flags & DRM_NVDLA_CONV_REUSE_WEIGHTS;
}

/* As many of the layers as a program may have, without cutting what belongs together. */
static unsigned int part_layers(const struct drm_nvdla_op *op, unsigned int count)
{
	unsigned int layers = dla_luts_fit(op, count < DRM_NVDLA_MAX_OPS ? count : DRM_NVDLA_MAX_OPS);

	if (count <= layers)
		return count;
	while (continues(&op[layers]))
		layers--;
	return layers;
}

/* What a layer reads and writes: all of its rows once, also of those that CBUF still has. */
static uint64_t layer_bytes(const struct nvdla_config *config, const struct drm_nvdla_op *op)
{
	struct nvdla_extent extent[NVDLA_MAX_EXTENTS];
	uint32_t count = nvdla_op_extents(config, op, extent);
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		bytes += (uint64_t)extent[i].row_bytes * extent[i].rows * extent[i].planes;
	return bytes;
}

/* One segment's layers, in the order of the network. */
static int compile_segment(struct dla_network *network, unsigned int index, struct dla_emit *emit)
{
	const struct nvdla_config *config = nvdla_config_find((const char *)network->device->info.config);
	const struct dla_segment *segment = &network->schedule.segment[index];
	unsigned int layers;
	int err = 0;

	emit->count = 0;
	for (unsigned int i = segment->first; i <= segment->last; i++) {
		if (!network->placed[i].lowered)
			continue;
		emit->cookie = i;
		err = network->placed[i].lowered->ops->emit(network->placed[i].lowered, emit);
		if (err)
			return err;
	}
	err = dla_overlap(&network->device->info, emit);
	for (unsigned int i = 0; i < emit->count; i++) {
		struct dla_operation_info *info = &network->operation[emit->op[i].cookie];

		info->layers++;
		info->bytes += layer_bytes(config, &emit->op[i]);
	}
	network->work += emit->count;
	for (unsigned int done = 0; done < emit->count && !err; done += layers) {
		layers = part_layers(&emit->op[done], emit->count - done);
		err = compile_part(network, emit->luts, &emit->op[done], layers);
	}
	network->part_end[index] = network->part_count;
	return err;
}

static int compile_npu(struct dla_network *network)
{
	struct dla_device *device = network->device;
	struct dla_constants constants = { 0 };
	struct dla_luts luts = { 0 };
	struct dla_emit emit = {
		.constants = &constants,
		.constants_slot = network->behind ? DLA_SLOT_TAIL : DLA_SLOT_CONSTANTS,
		.luts = &luts,
		.offset = network->schedule.npu,
		.root = network->root,
	};
	int err = 0;

	for (unsigned int i = 0; i < network->schedule.segment_count && !err; i++)
		err = compile_segment(network, i, &emit);
	free(emit.op);
	dla_luts_release(&luts);
	if (!err && constants.bytes) {
		struct dla_buffer **buffer = network->behind ? &network->tail_constants : &network->constants;

		err = device->ops->buffer_new(device, constants.bytes, DLA_BUFFER_CONSTANTS, buffer);
		if (!err)
			memcpy((*buffer)->map, constants.data, constants.bytes);
	}
	free(constants.data);
	return err;
}

/* ------------------------------------------------------------------- what callers may ask */

static void describe_tensor(const struct dla_tensor *tensor, struct dla_tensor_info *info)
{
	*info = (struct dla_tensor_info) {
		.name = tensor->name,
		.type = dla_type_name(tensor->type),
		.rank = tensor->shape.rank,
		.shape = tensor->shape.dim,
		.bytes = tensor->bytes,
		.scale = tensor->quant.count ? tensor->quant.scale[0] : 0,
		.zero_point = tensor->quant.count ? tensor->quant.zero_point[0] : 0,
	};
}

static void format_shape(const struct dla_shape *shape, char *text, size_t room)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < shape->rank && used < room; i++)
		used += (size_t)snprintf(text + used, room - used, "%s%" PRId32, i ? "x" : "", shape->dim[i]);
}

void dla_network_describe(struct dla_network *network)
{
	const struct dla_graph *graph = network->graph;

	for (unsigned int i = 0; i < graph->input_count; i++)
		describe_tensor(&graph->tensor[graph->input[i]], &network->input[i]);
	for (unsigned int i = 0; i < graph->output_count; i++)
		describe_tensor(&graph->tensor[graph->output[i]], &network->output[i]);
	for (unsigned int i = 0; i < graph->op_count; i++) {
		const struct dla_op *op = &graph->op[i];
		const struct dla_tensor *output = &graph->tensor[op->output[0]];
		struct dla_operation_info *info = &network->operation[i];

		format_shape(&output->shape, network->shape[i], sizeof(network->shape[i]));
		info->name = dla_op_kind_name(op->kind);
		info->output = output->name;
		info->shape = network->shape[i];
		info->macs = dla_op_macs(graph, i);
	}
}

static void describe_placement(struct dla_network *network)
{
	for (unsigned int i = 0; i < network->graph->op_count; i++) {
		const struct dla_placed *placed = &network->placed[i];
		struct dla_operation_info *info = &network->operation[i];
		bool on_npu = dla_placed_on_npu(placed);

		info->where = on_npu ? "npu" : "cpu";
		info->kernel = placed->xnnpack ? "xnnpack" : on_npu ? "nvdla" : "reference";
		info->why = placed->why;
		info->fused_into = placed->fused_into;
		network->work += !on_npu;
	}
}

/* ------------------------------------------------------------------------ loading, freeing */

int dla_network_allocate(struct dla_network *network)
{
	const struct dla_graph *graph = network->graph;

	network->placed = calloc(graph->op_count, sizeof(*network->placed));
	network->part_end = calloc(graph->op_count, sizeof(*network->part_end));
	network->operation = calloc(graph->op_count, sizeof(*network->operation));
	network->shape = calloc(graph->op_count, sizeof(*network->shape));
	network->weighed.op = calloc(graph->op_count, sizeof(*network->weighed.op));
	network->root = calloc(graph->tensor_count, sizeof(*network->root));
	network->flip = calloc(graph->tensor_count, sizeof(*network->flip));
	network->form = calloc(graph->tensor_count, sizeof(*network->form));
	network->input = calloc(graph->input_count, sizeof(*network->input));
	network->output = calloc(graph->output_count, sizeof(*network->output));
	if (!network->placed || !network->part_end || !network->operation || !network->shape ||
	    !network->weighed.op || !network->root || !network->flip || !network->form || !network->input ||
	    !network->output)
		return dla_fail_memory();
	dla_signed_find(graph, network->flip);
	return 0;
}

/* Of devices that do not say: that of FPGAs. */
#define UNKNOWN_HZ	100000000

static int place(struct dla_network *network, const struct drm_nvdla_dev_info *hw, const struct dla_options *options)
{
	const struct dla_device *device = network->device;
	struct dla_place_options place = {
		.signed_graph = network->signed_graph,
		.flip = network->flip,
		.hw = hw,
		.absent = device->ops ? "as asked" : "no NPU",
		.exact = options->exact,
		.xnnpack = options->cpu != DLA_CPU_REFERENCE,
	};
	struct dla_estimate *estimate = &network->weighed.estimate;
	struct dla_profile profile;

	if (hw && options->place == DLA_PLACE_AUTO) {
		int err = dla_profile_find(options->cpu_profile ? options->cpu_profile : device->profile, &profile);

		if (err)
			return err;
		estimate->profile = profile.name;
		estimate->npu_hz = hw->max_khz ? hw->max_khz * UINT64_C(1000) : UNKNOWN_HZ;
		place.profile = &profile;
		place.npu_hz = (double)estimate->npu_hz;
		place.weighed = &network->weighed;
	}
	return dla_place(network->graph, &place, network->placed, network->root);
}

bool dla_network_feature(const struct dla_network *network, int tensor, struct dla_feature *feature)
{
	const struct dla_tensor *root = &network->graph->tensor[network->root[tensor]];

	enum dla_form form = network->form[network->root[tensor]];

	if (!network->device->ops || dla_type_size(root->type) != 1 ||
	    !dla_feature_as(&root->shape, form, network->device->info.atom, feature))
		return false;
	/* The hardware can flip what it reads of an image. */
	feature->flip = network->flip[tensor] ^ (form == DLA_FORM_ATOMS ? 0 : network->flip[network->root[tensor]]);
	return true;
}

/* What the operations' layers expect. */
static void find_forms(struct dla_network *network)
{
	for (unsigned int i = 0; i < network->graph->op_count; i++) {
		const struct dla_placed *placed = &network->placed[i];

		if (placed->lowered && placed->lowered->form != DLA_FORM_ATOMS)
			network->form[network->root[dla_node_input(network->graph, &placed->node, 0)]] =
				placed->lowered->form;
	}
}

/* The network has its graph. */
static int compile(struct dla_network *network, const struct dla_options *options)
{
	const struct drm_nvdla_dev_info *hw = network->device->ops ? &network->device->info : NULL;
	int err;

	if (options->cpu == DLA_CPU_XNNPACK && !dla_xnn_built_in())
		return dla_fail(ENOTSUP, "XNNPACK was asked for, and this libdla was built without it");
	if (options->place == DLA_PLACE_CPU)
		hw = NULL;
	err = dla_network_allocate(network);
	if (!err)
		err = dla_signed_graph(network->graph, network->flip, &network->signed_graph);
	if (!err)
		err = place(network, hw, options);
	if (!err)
		find_forms(network);
	if (!err)
		err = dla_schedule_make(network->graph, hw, network->placed, network->root, network->form,
					options->keep_tensors, &network->schedule);
	if (!err && network->behind)
		dla_join_move(network, network->behind);
	if (!err)
		err = compile_npu(network);
	if (!err)
		describe_placement(network);
	return err;
}

static int start_threads(struct dla_network *network, unsigned int count)
{
	const unsigned int limit = 64;

	if (count > limit)
		return dla_fail(EINVAL, "%u threads are too many: %u is the limit", count, limit);
	for (unsigned int i = 0; i < network->schedule.cpu_count && count > 1; i++)
		if (network->schedule.cpu[i].xnnpack)
			return dla_xnn_threads_new(count, &network->threads);
	return 0;
}

static int load(struct dla_network *network, const void *data, size_t bytes, const struct dla_options *options)
{
	static const struct dla_options defaults;
	const struct dla_options *o = options ? options : &defaults;
	int err;

	if (!dla_saved_is(data, bytes)) {
		err = dla_tflite_read(data, bytes, network->name, &network->graph);
		if (!err)
			err = compile(network, o);
	} else if (o->place || o->cpu || o->cpu_profile || o->keep_tensors || o->exact) {
		err = dla_fail(EINVAL, "it is compiled already: how, cannot be said any more");
	} else {
		err = dla_saved_read(network, data, bytes);
	}
	return err ? err : start_threads(network, o->cpu_threads);
}

struct dla_network *dla_network_empty(struct dla_device *device, const char *name)
{
	struct dla_network *network = calloc(1, sizeof(*network));

	if (!network) {
		dla_fail_memory();
		return NULL;
	}
	atomic_init(&network->references, 1);
	network->device = device;
	network->name = strdup(name);
	if (network->name)
		return network;
	dla_network_free(network);
	dla_fail_memory();
	return NULL;
}

struct dla_network *dla_network_share(struct dla_network *network)
{
	atomic_fetch_add(&network->references, 1);
	return network;
}

int dla_network_from_graph(struct dla_device *device, const char *name, struct dla_graph *graph,
			   const struct dla_network *behind, const struct dla_options *options,
			   struct dla_network **result)
{
	struct dla_network *network = dla_network_empty(device, name);
	int err;

	if (!network) {
		dla_graph_free(graph);
		return -ENOMEM;
	}
	network->graph = graph;
	network->behind = behind;
	err = compile(network, options);
	network->behind = NULL;
	if (!err)
		err = start_threads(network, options->cpu_threads);
	if (err) {
		dla_network_free(network);
		return err;
	}
	dla_network_describe(network);
	*result = network;
	return 0;
}

/* Read, and compile what is not; with save_as, write it there. path: to be named in errors, or NULL. */
static struct dla_network *make(struct dla_device *device, const void *data, size_t bytes, const char *name,
				const char *path, const struct dla_options *options, const char *save_as)
{
	struct dla_network *network = dla_network_empty(device, name);
	int err;

	if (!network) {
		errno = ENOMEM;
		return NULL;
	}
	err = load(network, data, bytes, options);
	if (!err && save_as)
		err = dla_saved_is(data, bytes) ? dla_fail(EINVAL, "it is compiled already") :
						  dla_saved_write(network, data, bytes, save_as);
	if (!err) {
		dla_network_describe(network);
		return network;
	}
	if (path)
		dla_fail_in(err, "%s", path);
	dla_network_free(network);
	errno = -err;
	return NULL;
}

static struct dla_network *make_from_file(struct dla_device *device, const char *path,
					  const struct dla_options *options, const char *save_as)
{
	struct dla_network *network;
	const char *name = strrchr(path, '/');
	void *data;
	size_t bytes;
	int err = dla_read_file(path, &data, &bytes), kept;

	if (err) {
		errno = -err;
		return NULL;
	}
	network = make(device, data, bytes, name ? name + 1 : path, path, options, save_as);
	kept = errno;
	free(data);
	errno = kept;
	return network;
}

struct dla_network *dla_network_load(struct dla_device *device, const char *path, const struct dla_options *options)
{
	return make_from_file(device, path, options, NULL);
}

struct dla_network *dla_network_load_memory(struct dla_device *device, const void *data, size_t bytes,
					    const char *name, const struct dla_options *options)
{
	return make(device, data, bytes, name, NULL, options, NULL);
}

int dla_network_compile(struct dla_device *device, const char *path, const struct dla_options *options,
			const char *save_as)
{
	struct dla_network *network = make_from_file(device, path, options, save_as);

	dla_network_free(network);
	return network ? 0 : -1;
}

int dla_network_compile_memory(struct dla_device *device, const void *data, size_t bytes, const char *name,
			       const struct dla_options *options, const char *save_as)
{
	struct dla_network *network = make(device, data, bytes, name, NULL, options, save_as);

	dla_network_free(network);
	return network ? 0 : -1;
}

void dla_network_free(struct dla_network *network)
{
	struct dla_device *device;
	unsigned int ops;

	if (!network || atomic_fetch_sub(&network->references, 1) > 1)
		return;
	device = network->device;
	ops = network->graph ? network->graph->op_count : 0;
	for (unsigned int i = 0; i < network->part_count && !network->front; i++) {
		device->ops->program_free(device, network->part[i].program);
		free(network->part[i].op);
		free(network->part[i].lut);
	}
	if (network->front) {
		dla_join_release(network);
	} else {
		if (network->constants)
			device->ops->buffer_free(network->constants);
		if (network->tail_constants)
			device->ops->buffer_free(network->tail_constants);
		dla_xnn_threads_free(network->threads);
	}
	if (network->placed)
		dla_place_release(network->placed, ops);
	dla_schedule_release(&network->schedule);
	free(network->placed);
	free(network->part);
	free(network->part_end);
	free(network->operation);
	free(network->shape);
	free(network->weighed.op);
	free(network->root);
	free(network->flip);
	free(network->form);
	free(network->input);
	free(network->output);
	free(network->name);
	dla_arena_free(network->text.chunks);
	dla_graph_free(network->signed_graph);
	dla_graph_free(network->graph);
	free(network);
}

/* --------------------------------------------------------------------------------- asking */

const char *dla_network_name(const struct dla_network *network)
{
	return network->name;
}

unsigned int dla_network_input_count(const struct dla_network *network)
{
	return network->graph->input_count;
}

unsigned int dla_network_output_count(const struct dla_network *network)
{
	return network->graph->output_count;
}

unsigned int dla_network_operation_count(const struct dla_network *network)
{
	return network->graph->op_count;
}

static bool in_range(unsigned int index, unsigned int count, const char *what)
{
	if (index < count)
		return true;
	dla_fail(ERANGE, "%s %u does not exist: there are %u", what, index, count);
	errno = ERANGE;
	return false;
}

const struct dla_tensor_info *dla_network_input(const struct dla_network *network, unsigned int index)
{
	return in_range(index, network->graph->input_count, "input") ? &network->input[index] : NULL;
}

const struct dla_tensor_info *dla_network_output(const struct dla_network *network, unsigned int index)
{
	return in_range(index, network->graph->output_count, "output") ? &network->output[index] : NULL;
}

const struct dla_operation_info *dla_network_operation(const struct dla_network *network, unsigned int index)
{
	return in_range(index, network->graph->op_count, "operation") ? &network->operation[index] : NULL;
}

int dla_network_estimate(const struct dla_network *network, struct dla_estimate *estimate)
{
	*estimate = network->weighed.estimate;
	if (estimate->profile)
		return 0;
	dla_fail(EOPNOTSUPP, "%s was not placed by time", network->name);
	errno = EOPNOTSUPP;
	return -1;
}

const struct dla_placement_info *dla_network_placement(const struct dla_network *network, unsigned int index)
{
	struct dla_estimate estimate;

	if (!in_range(index, network->graph->op_count, "operation") || dla_network_estimate(network, &estimate))
		return NULL;
	return &network->weighed.op[index];
}

void dla_network_memory(const struct dla_network *network, struct dla_memory_info *info)
{
	*info = (struct dla_memory_info) {
		.weights = (network->constants ? network->constants->size : 0) +
			   (network->tail_constants ? network->tail_constants->size : 0),
		.npu = network->schedule.npu_bytes,
		.host = network->schedule.host_bytes,
		.npu_bound = network->schedule.npu_bound,
		.host_bound = network->schedule.host_bound,
	};
}
