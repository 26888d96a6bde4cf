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
#include "image.h"
#include "request.h"

/* Of a caller's pictures, in any layout that has one: whole atoms of every configuration. */
#define LINE_PITCH 32

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

/* How a tensor lies in a layout that a caller may bind; false when it has none such. */
static bool layout_feature(const struct dla_network *network, int tensor, enum dla_layout layout,
			   struct dla_feature *feature)
{
	const struct dla_tensor *t = &network->graph->tensor[tensor];
	uint32_t atom = network->device->ops ? network->device->info.atom : 1;

	if (dla_type_size(t->type) != 1)
		return false;
	switch (layout) {
	case DLA_LAYOUT_PLAIN:
		return dla_feature_as(&t->shape, DLA_FORM_LINES, 1, feature);
	case DLA_LAYOUT_ATOMS:
		return network->device->ops && dla_feature_of(&t->shape, atom, feature);
	case DLA_LAYOUT_LINES:
		return dla_feature_as(&t->shape, DLA_FORM_LINES, LINE_PITCH, feature);
	case DLA_LAYOUT_PIXELS:
		return dla_feature_as(&t->shape, DLA_FORM_PIXELS, atom, feature) && feature->channels >= 3;
	default:
		return false;
	}
}

/* The largest tensor in whose memory on the NPU it lies: as a rule that of its own root tensor. */
static int whole_of(const struct dla_network *network, int tensor)
{
	return network->schedule.whole[network->root[tensor]];
}

/*
 * The NPU works on it in the shape that it has outside, and it is not part of another there: how it lies there, with
 * what bits.
 */
static bool npu_uses(const struct dla_network *network, int tensor, bool output, struct dla_feature *there)
{
	const struct dla_schedule *s = &network->schedule;
	struct dla_feature own;

	if (whole_of(network, tensor) != network->root[tensor] ||
	    !layout_feature(network, tensor, DLA_LAYOUT_ATOMS, &own) ||
	    !dla_network_feature(network, tensor, there) ||
	    own.width != there->width || own.height != there->height || own.channels != there->channels)
		return false;
	for (unsigned int i = 0; i < s->step_count; i++)
		if (s->step[i].kind == (output ? DLA_STEP_FROM_NPU : DLA_STEP_TO_NPU) && s->step[i].index == tensor)
			return true;
	return false;
}

static bool same_places(const struct dla_feature *a, const struct dla_feature *b)
{
	return (dla_feature_is_plain(a) && dla_feature_is_plain(b)) ||
	       (a->atom == b->atom && a->line_stride == b->line_stride && a->surface_stride == b->surface_stride &&
		a->bytes == b->bytes);
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

/* The CPU touches its memory on the NPU, too: as another shape of it, or as a part. */
static bool is_converted(const struct dla_network *network, int tensor)
{
	const struct dla_schedule *s = &network->schedule;

	for (unsigned int i = 0; i < s->step_count; i++)
		if ((s->step[i].kind == DLA_STEP_FROM_NPU || s->step[i].kind == DLA_STEP_TO_NPU) &&
		    s->step[i].index != tensor && whole_of(network, s->step[i].index) == network->root[tensor])
			return true;
	return cpu_reads(network, tensor);
}

/* The one whose memory the NPU uses for this root tensor, or for what that is part of. */
static const struct dla_bound *find(const struct dla_request *request, int root)
{
	const struct dla_network *network = request->network;

	for (unsigned int i = 0; request->bound && i < bound_count(network); i++)
		if (request->bound[i].buffer && network->root[request->bound[i].tensor] == network->schedule.whole[root])
			return &request->bound[i];
	return NULL;
}

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
 * place in it, in the layers of those, is one in this tensor or in a part of it.
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
			touches |= op->input[j] != DLA_NO_TENSOR && whole_of(network, op->input[j]) == root;
		for (unsigned int j = 0; j < op->output_count; j++)
			touches |= whole_of(network, op->output[j]) == root;
		if (!touches)
			continue;
		*first = at < *first ? at : *first;
		*last = at > *last ? at : *last;
	}
}

/* Whether all layers that read these lines could read pixels. */
static bool takes_pixels(const struct dla_network *network, int root, uint32_t channels)
{
	unsigned int first, reader;

	find_life(network, root, &first, &reader);
	for (unsigned int p = 0; p < network->part_count; p++) {
		const struct dla_part *part = &network->part[p];

		for (unsigned int i = 0; i < part->layers; i++)
			if (part->op[i].engine == DRM_NVDLA_CONV && part->op[i].cookie == reader &&
			    !dla_image_takes_pixels(&network->device->info, &part->op[i].conv, channels))
				return false;
	}
	return true;
}

/* Whether the NPU can work on a tensor that lies so, which it has in some form: @there. */
static bool npu_takes(const struct dla_network *network, int tensor, const struct dla_feature *f,
		      const struct dla_feature *there)
{
	if (there->flip)
		return false;
	if (there->form == DLA_FORM_LINES && f->form == DLA_FORM_LINES)
		return f->line_stride % network->device->info.atom == 0;
	return same_places(f, there) ||
	       (f->form == DLA_FORM_PIXELS && there->form == DLA_FORM_LINES &&
		takes_pixels(network, network->root[tensor], f->channels));
}

/* ---------------------------------------------------------------------------- own programs */

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

/* A layer that reads lines, where there are longer ones now, or pixels. */
static void read_image(struct drm_nvdla_conv *conv, unsigned int slot, const struct dla_feature *f)
{
	struct drm_nvdla_surface *src = &conv->src;

	if (f->form == DLA_FORM_PIXELS)
		dla_image_use_pixels(conv, f->channels);
	/* It may read nothing, its lines being in the buffer already. */
	if (src->addr.slot != slot)
		return;
	src->addr.offset = src->addr.offset / src->line_stride * f->line_stride;
	src->line_stride = f->line_stride;
}

/* Give one tensor its own slot, in one program. */
static void move_tensor(const struct dla_request *request, const struct dla_bound *bound, struct drm_nvdla_op *op,
			unsigned int layers)
{
	const struct dla_network *network = request->network;
	int root = network->root[bound->tensor];
	struct dla_feature feature;
	unsigned int first, last;

	(void)dla_network_feature(network, root, &feature);
	find_life(network, root, &first, &last);
	for (unsigned int i = 0; i < layers; i++) {
		if (op[i].cookie < first || op[i].cookie > last)
			continue;
		move_all(&op[i], network->schedule.npu[root], feature.bytes, slot_of(request, bound));
		/* One operation reads lines, and nobody writes them. */
		if (op[i].engine == DRM_NVDLA_CONV && feature.form == DLA_FORM_LINES && op[i].cookie == last)
			read_image(&op[i].conv, slot_of(request, bound), &bound->feature);
	}
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
		return dla_fail_memory();
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
		return dla_fail_memory();
	for (unsigned int i = 0; i < network->part_count && !err; i++)
		err = make_program(request, i);
	if (err)
		free_programs(request);
	return err;
}

/* --------------------------------------------------------------------------------- binding */

static void let_go(struct dla_request *request, struct dla_bound *bound)
{
	if (bound->buffer) {
		request->network->device->ops->buffer_free(bound->buffer);
		request->binding[slot_of(request, bound)] = (struct dla_binding) { 0 };
	}
	if (bound->map)
		munmap(bound->map, bound->map_bytes);
	bound->buffer = NULL;
	bound->map = NULL;
}

static void unbind(struct dla_request *request, struct dla_bound *bound)
{
	const struct dla_schedule *s = &request->network->schedule;

	if (bound->tensor == DLA_NO_TENSOR)
		return;
	let_go(request, bound);
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
		return dla_fail_memory();
	for (unsigned int i = 0; i < count; i++)
		request->bound[i].tensor = DLA_NO_TENSOR;
	return 0;
}

/*
 * With a page behind it that is readable: XNNPACK may read up to DLA_XNN_SLACK bytes past the end, and a buffer
 * may end with its page.
 */
static int map(struct dla_bound *bound, size_t bytes)
{
	off_t end = lseek(bound->fd, 0, SEEK_END);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *room;

	if (end < 0 || bound->offset > (size_t)end || bytes > (size_t)end - bound->offset)
		return dla_fail(EINVAL, "the buffer has %lld bytes, %zu at %zu are needed", (long long)end, bytes,
				bound->offset);
	if ((size_t)end > SIZE_MAX - 2 * page)
		return dla_fail(EINVAL, "the buffer is too large");
	bound->map_bytes = ((size_t)end + page - 1) / page * page + page;
	room = mmap(NULL, bound->map_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return dla_fail(errno, "the buffer cannot be mapped: %s", strerror(errno));
	bound->map = room;
	if (mmap(room, (size_t)end, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, bound->fd, 0) == MAP_FAILED)
		return dla_fail(errno, "the buffer cannot be mapped: %s", strerror(errno));
	return 0;
}

/* For the NPU to work on where it lies. */
static int import(struct dla_request *request, struct dla_bound *bound)
{
	struct dla_device *device = request->network->device;
	size_t bytes = bound->feature.bytes;
	int err = device->ops->buffer_import(device, bound->fd, &bound->buffer);

	if (err)
		return err;
	if (bound->offset > bound->buffer->size || bytes > bound->buffer->size - bound->offset)
		return dla_fail(EINVAL, "the buffer has %zu bytes, %zu at %zu are needed", bound->buffer->size, bytes,
				bound->offset);
	request->binding[slot_of(request, bound)] = (struct dla_binding) {
		.buffer = bound->buffer, .offset = bound->offset, .size = bytes,
	};
	return 0;
}

/* As it lies in the network, where the CPU uses it or converts it for the NPU. */
static int bind_plain(struct dla_request *request, struct dla_bound *bound)
{
	int err = map(bound, request->network->graph->tensor[bound->tensor].bytes);

	if (err)
		return err;
	request->tensor[bound->tensor] = bound->map + bound->offset;
	bound->in_place = true;
	bound->convert = false;
	return 0;
}

/* In a layout that the NPU works on, or that is converted: for the NPU alone, then directly. */
static int bind_native(struct dla_request *request, struct dla_bound *bound, bool on_npu, bool for_npu)
{
	struct dla_network *network = request->network;
	bool by_cpu = cpu_reads(network, bound->tensor);
	int err = 0;

	if (on_npu && find(request, network->root[bound->tensor]))
		return dla_fail(EOPNOTSUPP, "tensor \"%s\" is one with another that is bound",
				network->graph->tensor[bound->tensor].name);
	/* An output that the CPU reads too is converted where it usually is, an input at the beginning. */
	bound->direct = for_npu && !on_npu && !by_cpu;
	bound->convert = bound->output ? !on_npu && !bound->direct : by_cpu || !(on_npu || bound->direct);
	if (bound->convert || bound->direct || is_converted(network, bound->tensor))
		err = map(bound, bound->feature.bytes);
	if (!err && on_npu)
		err = import(request, bound);
	return err;
}

static int bind_layout(struct dla_request *request, struct dla_bound *bound)
{
	struct dla_network *network = request->network;
	bool has_layout = layout_feature(network, bound->tensor, bound->layout, &bound->feature);
	bool for_npu, on_npu, plain = bound->layout == DLA_LAYOUT_PLAIN;
	struct dla_feature there;

	if (!has_layout && !plain)
		return dla_fail(EOPNOTSUPP, "tensor \"%s\" has no such layout",
				network->graph->tensor[bound->tensor].name);
	for_npu = has_layout && npu_uses(network, bound->tensor, bound->output, &there);
	on_npu = for_npu && npu_takes(network, bound->tensor, &bound->feature, &there);
	if (!plain)
		return bind_native(request, bound, on_npu, for_npu);
	if (on_npu && !bind_native(request, bound, true, true))
		return 0;
	let_go(request, bound);
	return bind_plain(request, bound);
}

/* What was right for @a is right for @b: only the buffer is another one. */
static bool same_programs(const struct dla_bound *a, const struct dla_bound *b)
{
	if (!a->buffer || !b->buffer)
		return !a->buffer && !b->buffer;
	return a->feature.form == b->feature.form && a->feature.line_stride == b->feature.line_stride;
}

static int take(struct dla_request *request, struct dla_bound *bound, int fd)
{
	int err;

	/* The same output may be there twice, and lies in one place only. */
	for (unsigned int i = 0; i < bound_count(request->network); i++)
		if (&request->bound[i] != bound && request->bound[i].tensor == bound->tensor)
			return dla_fail(EOPNOTSUPP, "tensor \"%s\" is bound already, as another output",
					request->network->graph->tensor[bound->tensor].name);
	if (bound->offset % DLA_PLAN_ALIGN)
		return dla_fail(EINVAL, "offset %zu is no multiple of %d", bound->offset, DLA_PLAN_ALIGN);
	bound->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (bound->fd < 0)
		return dla_fail(errno, "%d is no file descriptor: %s", fd, strerror(errno));
	err = bind_layout(request, bound);
	if (err) {
		let_go(request, bound);
		close(bound->fd);
	}
	return err;
}

static int bind(struct dla_request *request, unsigned int index, int tensor, bool output, enum dla_layout layout,
		int fd, size_t offset)
{
	struct dla_bound *bound, before;
	int err = allocate(request), remade = 0;

	if (err)
		return err;
	bound = &request->bound[index];
	before = *bound;
	unbind(request, bound);
	if (fd >= 0) {
		*bound = (struct dla_bound) { .tensor = tensor, .output = output, .layout = layout, .offset = offset };
		err = take(request, bound, fd);
		if (err)
			*bound = (struct dla_bound) { .tensor = DLA_NO_TENSOR };
	}
	if (!same_programs(&before, bound))
		remade = make_programs(request);
	if (remade)
		unbind(request, bound);
	return err ? err : remade;
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

/* Between the caller's buffer and the request's own memory, in the network's order. */
static int convert(struct dla_request *request, const struct dla_bound *bound)
{
	uint64_t start = dla_now_ns();
	int8_t *npu = (int8_t *)bound->map + bound->offset;
	int err = tell(bound, DMA_BUF_SYNC_START);

	if (err)
		return err;
	if (bound->output)
		dla_feature_pack(&bound->feature, request->tensor[bound->tensor], npu);
	else
		dla_feature_unpack(&bound->feature, npu, request->tensor[bound->tensor]);
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
		if (bound->in_place || bound->direct) {
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

bool dla_bind_convert(const struct dla_request *request, int tensor, bool to_npu, const struct dla_feature *feature,
		      int8_t *npu)
{
	for (unsigned int i = 0; request->bound && i < bound_count(request->network); i++) {
		const struct dla_bound *bound = &request->bound[i];

		int8_t *there = (int8_t *)bound->map + bound->offset;

		if (!bound->direct || bound->tensor != tensor || bound->output == to_npu)
			continue;
		if (to_npu)
			dla_feature_copy(&bound->feature, there, feature, npu);
		else
			dla_feature_copy(feature, npu, &bound->feature, there);
		return true;
	}
	return false;
}

int8_t *dla_bind_npu_begin(const struct dla_request *request, int root)
{
	const struct dla_schedule *s = &request->network->schedule;
	const struct dla_bound *bound = find(request, root);

	if (!bound)
		return (int8_t *)request->arena->map + s->npu[root];
	(void)tell(bound, DMA_BUF_SYNC_START);
	return (int8_t *)bound->map + bound->offset + (s->npu[root] - s->npu[s->whole[root]]);
}

void dla_bind_npu_end(const struct dla_request *request, int root)
{
	const struct dla_bound *bound = find(request, root);

	if (bound)
		(void)tell(bound, DMA_BUF_SYNC_END);
}

/* -------------------------------------------------------------------------------- layouts */

static int layout_info(const struct dla_network *network, int tensor, bool output, enum dla_layout layout,
		       struct dla_layout_info *info)
{
	struct dla_feature feature, there;
	bool on_npu;

	if (!layout_feature(network, tensor, layout, &feature)) {
		errno = -dla_fail(EOPNOTSUPP, "tensor \"%s\" has no such layout", network->graph->tensor[tensor].name);
		return -1;
	}
	on_npu = npu_uses(network, tensor, output, &there);
	*info = (struct dla_layout_info) {
		.native = on_npu ? npu_takes(network, tensor, &feature, &there) : layout == DLA_LAYOUT_PLAIN,
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

int dla_network_input_layout(const struct dla_network *network, unsigned int index, enum dla_layout layout,
			     struct dla_layout_info *info)
{
	if (!dla_network_input(network, index))
		return -1;
	return layout_info(network, network->graph->input[index], false, layout, info);
}

int dla_network_output_layout(const struct dla_network *network, unsigned int index, enum dla_layout layout,
			      struct dla_layout_info *info)
{
	if (!dla_network_output(network, index))
		return -1;
	return layout_info(network, network->graph->output[index], true, layout, info);
}
