// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "bind.h"
#include "error.h"
#include "request.h"

/* Slots behind those of every program: first all inputs, then all outputs. */
static unsigned int slot_of(const struct dla_request *request, const struct dla_bound *bound)
{
	return DLA_SLOTS + (unsigned int)(bound - request->bound);
}

static unsigned int bound_count(const struct dla_network *network)
{
	return network->graph->input_count + network->graph->output_count;
}

unsigned int dla_bind_slots(const struct dla_request *request)
{
	return request->bound ? DLA_SLOTS + bound_count(request->network) : DLA_SLOTS;
}

/* ------------------------------------------------------------------------ what uses a tensor */

static bool npu_layout(const struct dla_network *network, int tensor, struct dla_feature *feature)
{
	const struct dla_tensor *t = &network->graph->tensor[tensor];

	return network->device->ops && dla_type_size(t->type) == 1 &&
	       dla_feature_of(&t->shape, network->device->info.atom, feature);
}

/* The NPU works on it in the shape and in the bytes that it has outside. */
static bool npu_uses(const struct dla_network *network, int tensor, bool output)
{
	const struct dla_schedule *s = &network->schedule;
	struct dla_feature own, there;

	if (network->flip[tensor] || !npu_layout(network, tensor, &own) ||
	    !npu_layout(network, network->root[tensor], &there) ||
	    own.width != there.width || own.height != there.height || own.channels != there.channels)
		return false;
	for (unsigned int i = 0; i < s->step_count; i++)
		if (s->step[i].kind == (output ? DLA_STEP_FROM_NPU : DLA_STEP_TO_NPU) && s->step[i].index == tensor)
			return true;
	return false;
}

static bool cpu_reads(const struct dla_network *network, int tensor)
{
	const struct dla_graph *graph = network->graph;
	const struct dla_schedule *s = &network->schedule;

	for (unsigned int p = 0; p < s->cpu_count; p++)
		for (unsigned int i = s->cpu[p].first; i <= s->cpu[p].last; i++)
			for (unsigned int j = 0; j < graph->op[i].input_count; j++)
				if (graph->op[i].input[j] == tensor)
					return true;
	return false;
}

/* Its memory on the NPU is converted for the CPU, too: as this tensor or as another shape of it. */
static bool is_read_back(const struct dla_network *network, int tensor)
{
	const struct dla_schedule *s = &network->schedule;

	for (unsigned int i = 0; i < s->step_count; i++)
		if (s->step[i].kind == DLA_STEP_FROM_NPU && s->step[i].index != tensor &&
		    network->root[s->step[i].index] == network->root[tensor])
			return true;
	return cpu_reads(network, tensor);
}

/* The one whose memory the NPU uses for this root tensor. */
static const struct dla_bound *find(const struct dla_request *request, int root)
{
	const struct dla_network *network = request->network;

	for (unsigned int i = 0; request->bound && i < bound_count(network); i++)
		if (request->bound[i].buffer && network->root[request->bound[i].tensor] == root)
			return &request->bound[i];
	return NULL;
}

/* ---------------------------------------------------------------------------- own programs */

/* The operation whose layers do this one's work. */
static unsigned int done_in(const struct dla_network *network, unsigned int op)
{
	/* Later ones only, so this ends, also where a file says what is not so. */
	while (network->operation[op].fused_into > (int)op)
		op = (unsigned int)network->operation[op].fused_into;
	return op;
}

/*
 * From the first operation that touches a root tensor's memory to the last one, it is nobody else's: a
 * place in it, in the layers of those, is one in this tensor.
 */
static void find_life(const struct dla_network *network, int root, unsigned int *first, unsigned int *last)
{
	const struct dla_graph *graph = network->graph;

	*first = graph->op_count;
	*last = 0;
	for (unsigned int i = 0; i < graph->op_count; i++) {
		const struct dla_op *op = &graph->op[i];
		unsigned int at = done_in(network, i);
		bool touches = false;

		for (unsigned int j = 0; j < op->input_count; j++)
			touches |= op->input[j] != DLA_NO_TENSOR && network->root[op->input[j]] == root;
		for (unsigned int j = 0; j < op->output_count; j++)
			touches |= network->root[op->output[j]] == root;
		if (!touches)
			continue;
		*first = at < *first ? at : *first;
		*last = at > *last ? at : *last;
	}
}

static void move(struct drm_nvdla_addr *addr, size_t place, size_t bytes, unsigned int slot)
{
	if (addr->slot != DLA_SLOT_ARENA || addr->offset < place || addr->offset - place >= bytes)
		return;
	addr->slot = slot;
	addr->offset -= place;
}

static void move_all(struct drm_nvdla_op *op, size_t place, size_t bytes, unsigned int slot)
{
	struct drm_nvdla_addr *addr[4];
	unsigned int count = 0;

	switch (op->engine) {
	case DRM_NVDLA_CONV:
		addr[count++] = &op->conv.src.addr;
		break;
	case DRM_NVDLA_SDP:
		addr[count++] = &op->sdp.src.addr;
		addr[count++] = &op->sdp.dst.addr;
		addr[count++] = &op->sdp.x1.operand.addr;
		addr[count++] = &op->sdp.x2.operand.addr;
		break;
	case DRM_NVDLA_PDP:
		addr[count++] = &op->pdp.src.addr;
		addr[count++] = &op->pdp.dst.addr;
		break;
	default:
		addr[count++] = &op->cdp.src.addr;
		addr[count++] = &op->cdp.dst.addr;
	}
	while (count--)
		move(addr[count], place, bytes, slot);
}

/* Give one tensor its own slot, in one program. */
static void move_tensor(const struct dla_request *request, const struct dla_bound *bound, struct drm_nvdla_op *op,
			unsigned int layers)
{
	const struct dla_network *network = request->network;
	int root = network->root[bound->tensor];
	struct dla_feature feature;
	unsigned int first, last;

	(void)npu_layout(network, root, &feature);
	find_life(network, root, &first, &last);
	for (unsigned int i = 0; i < layers; i++)
		if (op[i].cookie >= first && op[i].cookie <= last)
			move_all(&op[i], network->schedule.npu[root], feature.bytes, slot_of(request, bound));
}

static void free_programs(struct dla_request *request)
{
	struct dla_network *network = request->network;

	for (unsigned int i = 0; request->program && i < network->part_count; i++)
		if (request->program[i])
			network->device->ops->program_free(network->device, request->program[i]);
	free(request->program);
	request->program = NULL;
}

static int make_program(struct dla_request *request, unsigned int index)
{
	struct dla_network *network = request->network;
	const struct dla_part *part = &network->part[index];
	struct drm_nvdla_op *op = malloc(part->layers * sizeof(*op));
	int err;

	if (!op)
		return dla_fail(ENOMEM, "out of memory");
	memcpy(op, part->op, part->layers * sizeof(*op));
	for (unsigned int i = 0; i < bound_count(network); i++)
		if (request->bound[i].buffer)
			move_tensor(request, &request->bound[i], op, part->layers);
	err = network->device->ops->program_new(network->device, op, part->layers, part->lut, part->lut_count,
						&request->program[index]);
	free(op);
	return err;
}

static int make_programs(struct dla_request *request)
{
	struct dla_network *network = request->network;
	int err = 0;

	free_programs(request);
	request->program = calloc(network->part_count + 1, sizeof(*request->program));
	if (!request->program)
		return dla_fail(ENOMEM, "out of memory");
	for (unsigned int i = 0; i < network->part_count && !err; i++)
		err = make_program(request, i);
	if (err)
		free_programs(request);
	return err;
}

/* --------------------------------------------------------------------------------- binding */

static void unbind(struct dla_request *request, struct dla_bound *bound)
{
	const struct dla_schedule *s = &request->network->schedule;

	if (bound->tensor == DLA_NO_TENSOR)
		return;
	if (bound->buffer) {
		request->network->device->ops->buffer_free(bound->buffer);
		request->binding[slot_of(request, bound)] = (struct dla_binding) { 0 };
	}
	if (bound->map)
		munmap(bound->map, bound->map_bytes);
	close(bound->fd);
	request->tensor[bound->tensor] = request->host + s->host[bound->tensor];
	*bound = (struct dla_bound) { .tensor = DLA_NO_TENSOR };
}

static int allocate(struct dla_request *request)
{
	unsigned int count = bound_count(request->network);

	if (request->bound)
		return 0;
	if (DLA_SLOTS + count > DRM_NVDLA_MAX_SLOTS)
		return dla_fail(EOPNOTSUPP, "the network has too many inputs and outputs for that");
	request->bound = calloc(count, sizeof(*request->bound));
	if (!request->bound)
		return dla_fail(ENOMEM, "out of memory");
	for (unsigned int i = 0; i < count; i++)
		request->bound[i].tensor = DLA_NO_TENSOR;
	return 0;
}

static int map(struct dla_bound *bound, size_t bytes)
{
	off_t end = lseek(bound->fd, 0, SEEK_END);

	if (end < 0 || bound->offset > (size_t)end || bytes > (size_t)end - bound->offset)
		return dla_fail(EINVAL, "the buffer has %lld bytes, %zu at %zu are needed", (long long)end, bytes,
				bound->offset);
	bound->map_bytes = (size_t)end;
	bound->map = mmap(NULL, bound->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bound->fd, 0);
	if (bound->map != MAP_FAILED)
		return 0;
	bound->map = NULL;
	return dla_fail(errno, "the buffer cannot be mapped: %s", strerror(errno));
}

static int bind_atoms(struct dla_request *request, struct dla_bound *bound)
{
	struct dla_network *network = request->network;
	struct dla_device *device = network->device;
	bool on_npu = npu_uses(network, bound->tensor, bound->output);
	struct dla_feature feature;
	int err = 0;

	if (!npu_layout(network, bound->tensor, &feature))
		return dla_fail(EOPNOTSUPP, "tensor \"%s\" has no layout of the NPU's",
				network->graph->tensor[bound->tensor].name);
	/* An output that the CPU reads too is converted where it usually is, an input at the beginning. */
	bound->convert = !on_npu || (!bound->output && cpu_reads(network, bound->tensor));
	if (on_npu && find(request, network->root[bound->tensor]))
		return dla_fail(EOPNOTSUPP, "tensor \"%s\" is one with another that is bound",
				network->graph->tensor[bound->tensor].name);
	if (bound->convert || is_read_back(network, bound->tensor))
		err = map(bound, feature.bytes);
	if (!err && on_npu)
		err = device->ops->buffer_import(device, bound->fd, &bound->buffer);
	if (!err && on_npu && (bound->offset > bound->buffer->size || feature.bytes > bound->buffer->size - bound->offset))
		err = dla_fail(EINVAL, "the buffer has %zu bytes, %zu at %zu are needed", bound->buffer->size,
			       feature.bytes, bound->offset);
	if (!err && on_npu)
		request->binding[slot_of(request, bound)] = (struct dla_binding) {
			.buffer = bound->buffer, .offset = bound->offset, .size = feature.bytes,
		};
	return err;
}

static int bind(struct dla_request *request, unsigned int index, int tensor, bool output, enum dla_layout layout,
		int fd, size_t offset)
{
	struct dla_bound *bound;
	bool had_slot;
	int err = allocate(request);

	if (err)
		return err;
	bound = &request->bound[index];
	had_slot = bound->buffer;
	unbind(request, bound);
	if (fd < 0)
		return had_slot ? make_programs(request) : 0;
	if (offset % DLA_PLAN_ALIGN)
		return dla_fail(EINVAL, "offset %zu is no multiple of %d", offset, DLA_PLAN_ALIGN);
	*bound = (struct dla_bound) { .tensor = tensor, .output = output, .layout = layout, .offset = offset };
	bound->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (bound->fd < 0) {
		err = dla_fail(errno, "%d is no file descriptor: %s", fd, strerror(errno));
		bound->tensor = DLA_NO_TENSOR;
		return err;
	}
	if (layout == DLA_LAYOUT_ATOMS)
		err = bind_atoms(request, bound);
	else
		err = map(bound, request->network->graph->tensor[tensor].bytes);
	if (!err && layout == DLA_LAYOUT_PLAIN)
		request->tensor[tensor] = bound->map + offset;
	/* The same programs do when only the buffer is another one. */
	if (!err && had_slot != (bound->buffer != NULL))
		err = make_programs(request);
	if (err)
		unbind(request, bound);
	return err;
}

static int bind_public(struct dla_request *request, unsigned int index, bool output, enum dla_layout layout, int fd,
		       size_t offset)
{
	const struct dla_graph *graph = request->network->graph;
	unsigned int count = output ? graph->output_count : graph->input_count;
	int err;

	if (index >= count)
		err = dla_fail(ERANGE, "%s %u does not exist: there are %u", output ? "output" : "input", index, count);
	else if (dla_request_wait(request, 0) && errno == ETIME)
		err = dla_fail(EBUSY, "the request is running");
	else
		err = bind(request, output ? graph->input_count + index : index,
			   (output ? graph->output : graph->input)[index], output, layout, fd, offset);
	if (!err)
		return 0;
	errno = -err;
	return -1;
}

int dla_request_bind_input(struct dla_request *request, unsigned int index, enum dla_layout layout, int fd,
			   size_t offset)
{
	return bind_public(request, index, false, layout, fd, offset);
}

int dla_request_bind_output(struct dla_request *request, unsigned int index, enum dla_layout layout, int fd,
			    size_t offset)
{
	return bind_public(request, index, true, layout, fd, offset);
}

void dla_bind_release(struct dla_request *request)
{
	if (!request->bound)
		return;
	for (unsigned int i = 0; i < bound_count(request->network); i++)
		unbind(request, &request->bound[i]);
	free_programs(request);
	free(request->bound);
	request->bound = NULL;
}

/* --------------------------------------------------------------------------------- running */

/* Tell the exporter; what is no dma-buf, as for the emulated NPU, has nobody to be told. */
static int tell(const struct dla_bound *bound, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags | DMA_BUF_SYNC_RW };

	if (!bound->map)
		return 0;
	while (ioctl(bound->fd, DMA_BUF_IOCTL_SYNC, &sync))
		if (errno != EINTR && errno != EAGAIN)
			return errno == ENOTTY ? 0 : dla_fail(errno, "a dma-buf is not ready: %s", strerror(errno));
	return 0;
}

/* Between the caller's buffer and the request's own memory. */
static int convert(struct dla_request *request, const struct dla_bound *bound)
{
	uint64_t start = dla_now_ns();
	struct dla_feature feature;
	int8_t *npu = (int8_t *)bound->map + bound->offset;
	int err = tell(bound, DMA_BUF_SYNC_START);

	if (err)
		return err;
	(void)npu_layout(request->network, bound->tensor, &feature);
	if (bound->output)
		dla_feature_pack(&feature, request->tensor[bound->tensor], npu);
	else
		dla_feature_unpack(&feature, npu, request->tensor[bound->tensor]);
	request->info.conversions++;
	request->info.convert_bytes += request->network->graph->tensor[bound->tensor].bytes;
	request->info.convert_ns += dla_now_ns() - start;
	return tell(bound, DMA_BUF_SYNC_END);
}

int dla_bind_begin(struct dla_request *request)
{
	int err = 0;

	for (unsigned int i = 0; request->bound && i < bound_count(request->network) && !err; i++) {
		struct dla_bound *bound = &request->bound[i];

		if (bound->tensor == DLA_NO_TENSOR)
			continue;
		if (bound->layout == DLA_LAYOUT_PLAIN) {
			err = tell(bound, DMA_BUF_SYNC_START);
			bound->began = !err;
		} else if (bound->convert && !bound->output) {
			err = convert(request, bound);
		}
	}
	return err;
}

int dla_bind_outputs(struct dla_request *request)
{
	int err = 0;

	for (unsigned int i = 0; request->bound && i < bound_count(request->network) && !err; i++)
		if (request->bound[i].tensor != DLA_NO_TENSOR && request->bound[i].convert && request->bound[i].output)
			err = convert(request, &request->bound[i]);
	return err;
}

void dla_bind_end(struct dla_request *request)
{
	for (unsigned int i = 0; request->bound && i < bound_count(request->network); i++) {
		if (request->bound[i].began)
			(void)tell(&request->bound[i], DMA_BUF_SYNC_END);
		request->bound[i].began = false;
	}
}

bool dla_bind_skips(const struct dla_request *request, const struct dla_step *step)
{
	const struct dla_bound *bound;

	if (step->kind != DLA_STEP_TO_NPU && step->kind != DLA_STEP_FROM_NPU)
		return false;
	bound = find(request, request->network->root[step->index]);
	if (!bound || bound->tensor != step->index)
		return false;
	return step->kind == DLA_STEP_TO_NPU || !bound->map;
}

int8_t *dla_bind_npu_begin(const struct dla_request *request, int root)
{
	const struct dla_bound *bound = find(request, root);

	if (!bound)
		return (int8_t *)request->arena->map + request->network->schedule.npu[root];
	(void)tell(bound, DMA_BUF_SYNC_START);
	return (int8_t *)bound->map + bound->offset;
}

void dla_bind_npu_end(const struct dla_request *request, int root)
{
	const struct dla_bound *bound = find(request, root);

	if (bound)
		(void)tell(bound, DMA_BUF_SYNC_END);
}

/* -------------------------------------------------------------------------------- layouts */

static int layout_info(const struct dla_network *network, int tensor, bool output, struct dla_layout_info *info)
{
	struct dla_feature feature;

	if (!npu_layout(network, tensor, &feature)) {
		errno = -dla_fail(EOPNOTSUPP, "tensor \"%s\" has no layout of the NPU's",
				  network->graph->tensor[tensor].name);
		return -1;
	}
	*info = (struct dla_layout_info) {
		.native = npu_uses(network, tensor, output),
		.bytes = feature.bytes,
		.width = feature.width,
		.height = feature.height,
		.channels = feature.channels,
		.atom = feature.atom,
		.line_stride = feature.line_stride,
		.plane_stride = feature.surface_stride,
	};
	return 0;
}

int dla_network_input_layout(const struct dla_network *network, unsigned int index, struct dla_layout_info *info)
{
	return dla_network_input(network, index) ? layout_info(network, network->graph->input[index], false, info) : -1;
}

int dla_network_output_layout(const struct dla_network *network, unsigned int index, struct dla_layout_info *info)
{
	return dla_network_output(network, index) ? layout_info(network, network->graph->output[index], true, info) : -1;
}
