// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "error.h"
#include "saved.h"
#include "tflite.h"

#define MAGIC		"NVDLAnet"
#define VERSION		4
#define DAMAGED		"damaged"

#define NOWHERE		UINT64_MAX

bool dla_saved_is(const void *data, size_t bytes)
{
	return bytes >= sizeof(MAGIC) - 1 && !memcmp(data, MAGIC, sizeof(MAGIC) - 1);
}

/* --------------------------------------------------------------------------- the hardware */

/* What programs depend on. Two devices that agree in it run the same programs. */
static void hardware(const struct drm_nvdla_dev_info *info, uint32_t out[8])
{
	out[0] = info->atom;
	out[1] = info->atomic_c;
	out[2] = info->atomic_k;
	out[3] = info->cbuf_banks;
	out[4] = info->cbuf_entries;
	out[5] = info->cbuf_entry_bytes;
	out[6] = info->pdp_width;
	out[7] = info->engines;
}

static void write_hardware(struct dla_writer *w, const struct dla_network *network)
{
	const struct drm_nvdla_dev_info *info = &network->device->info;
	uint32_t value[8] = { 0 };

	/* What uses no NPU runs with any, and without one. */
	dla_write_u32(w, network->part_count > 0);
	if (network->part_count)
		hardware(info, value);
	dla_write(w, info->config, sizeof(info->config));
	for (unsigned int i = 0; i < 8; i++)
		dla_write_u32(w, value[i]);
}

static int read_hardware(struct dla_reader *r, const struct dla_device *device)
{
	char config[sizeof(device->info.config)];
	uint32_t own[8], needs_npu = dla_read_u32(r);
	bool same = true;

	dla_read(r, config, sizeof(config));
	config[sizeof(config) - 1] = '\0';
	hardware(&device->info, own);
	for (unsigned int i = 0; i < 8; i++)
		same &= dla_read_u32(r) == own[i];
	if (r->failed || !needs_npu)
		return 0;
	if (!device->ops)
		return dla_fail(EOPNOTSUPP, "compiled for %s, and device \"%s\" has no NPU", config, device->name);
	if (!same || strcmp(config, (const char *)device->info.config) != 0)
		return dla_fail(EOPNOTSUPP, "compiled for %s, and \"%s\" is %s, or another build of it", config, device->name,
				(const char *)device->info.config);
	return 0;
}

/* -------------------------------------------------------------------------------- writing */

static void write_place(struct dla_writer *w, size_t offset)
{
	dla_write_u64(w, offset == DLA_NOWHERE ? NOWHERE : offset);
}

static void write_schedule(struct dla_writer *w, const struct dla_network *network)
{
	const struct dla_schedule *s = &network->schedule;

	for (unsigned int t = 0; t < network->graph->tensor_count; t++) {
		dla_write_u32(w, (uint32_t)network->root[t]);
		dla_write_u32(w, network->form[t]);
		dla_write_u32(w, (uint32_t)s->whole[t]);
		write_place(w, s->host[t]);
		write_place(w, s->npu[t]);
	}
	dla_write_u64(w, s->host_bytes);
	dla_write_u64(w, s->npu_bytes);
	dla_write_u64(w, s->host_bound);
	dla_write_u64(w, s->npu_bound);
	dla_write_u32(w, s->cpu_count);
	for (unsigned int i = 0; i < s->cpu_count; i++) {
		dla_write_u32(w, s->cpu[i].first);
		dla_write_u32(w, s->cpu[i].last);
		dla_write_u32(w, s->cpu[i].xnnpack);
	}
	dla_write_u32(w, s->segment_count);
	for (unsigned int i = 0; i < s->segment_count; i++)
		dla_write_u32(w, network->part_end[i]);
	dla_write_u32(w, s->step_count);
	for (unsigned int i = 0; i < s->step_count; i++) {
		dla_write_u32(w, s->step[i].kind);
		dla_write_u32(w, (uint32_t)s->step[i].index);
	}
}

static void write_programs(struct dla_writer *w, const struct dla_network *network)
{
	dla_write_u32(w, network->part_count);
	for (unsigned int i = 0; i < network->part_count; i++) {
		dla_write_u32(w, network->part[i].layers);
		dla_write(w, network->part[i].op, network->part[i].layers * sizeof(*network->part[i].op));
		dla_write_u32(w, network->part[i].lut_count);
		dla_write(w, network->part[i].lut, network->part[i].lut_count * sizeof(*network->part[i].lut));
	}
	dla_write_u64(w, network->constants ? network->constants->size : 0);
	if (network->constants)
		dla_write(w, network->constants->map, network->constants->size);
}

/* What dla_operation_info.kernel may be; the first is the NPU. */
static const char *const kernels[] = { "nvdla", "xnnpack", "reference" };

#define NR_KERNELS (sizeof(kernels) / sizeof(kernels[0]))

static uint32_t kernel_number(const char *name)
{
	uint32_t i = 0;

	while (i + 1 < NR_KERNELS && strcmp(name, kernels[i]) != 0)
		i++;
	return i;
}

static void write_phrase(struct dla_writer *w, const char *phrase)
{
	size_t bytes = phrase ? strlen(phrase) : 0;

	dla_write_u32(w, (uint32_t)bytes);
	dla_write(w, phrase, bytes);
}

/* What placing by cost has weighed. */
static void write_weighed(struct dla_writer *w, const struct dla_network *network)
{
	const struct dla_estimate *estimate = &network->weighed.estimate;

	dla_write_u32(w, estimate->profile != NULL);
	if (!estimate->profile)
		return;
	write_phrase(w, estimate->profile);
	dla_write_u64(w, estimate->npu_hz);
	dla_write_u64(w, estimate->run_ns);
	dla_write_u64(w, estimate->all_cpu_ns);
	dla_write_u64(w, estimate->all_npu_ns);
	for (unsigned int i = 0; i < network->graph->op_count; i++) {
		const struct dla_placement_info *info = &network->weighed.op[i];

		dla_write_u64(w, info->cpu_ns);
		dla_write_u64(w, info->npu_ns);
		dla_write_u64(w, info->border_ns);
		write_phrase(w, info->reason);
	}
}

static void write_operations(struct dla_writer *w, const struct dla_network *network)
{
	dla_write_u32(w, network->work);
	for (unsigned int i = 0; i < network->graph->op_count; i++) {
		const struct dla_operation_info *info = &network->operation[i];

		dla_write_u32(w, info->layers);
		dla_write_u64(w, info->bytes);
		dla_write_u32(w, (uint32_t)info->fused_into);
		dla_write_u32(w, kernel_number(info->kernel));
		write_phrase(w, info->why);
	}
}

int dla_saved_write(const struct dla_network *network, const void *model, size_t model_bytes, const char *path)
{
	struct dla_writer body = { 0 };
	int err;

	write_hardware(&body, network);
	dla_write_u64(&body, model_bytes);
	dla_write(&body, model, model_bytes);
	write_operations(&body, network);
	write_weighed(&body, network);
	write_schedule(&body, network);
	write_programs(&body, network);

	err = dla_write_sealed(path, MAGIC, VERSION, &body);
	free(body.data);
	return err;
}

/* -------------------------------------------------------------------------------- reading */

static int damaged(const char *what)
{
	return dla_fail(EINVAL, DAMAGED ": %s", what);
}

static size_t aligned(size_t bytes)
{
	return (bytes + DLA_PLAN_ALIGN - 1) / DLA_PLAN_ALIGN * DLA_PLAN_ALIGN;
}

/* What all tensors take side by side, on the NPU each with two copies: nobody needs more. */
static void most_memory(const struct dla_network *network, uint64_t *host, uint64_t *npu)
{
	struct dla_feature feature;

	*host = 0;
	*npu = 0;
	for (unsigned int t = 0; t < network->graph->tensor_count; t++) {
		*host += aligned(network->graph->tensor[t].bytes);
		if (network->root[t] == (int)t && dla_network_feature(network, (int)t, &feature))
			*npu += aligned(3 * feature.bytes);
	}
}

static bool read_place(struct dla_reader *r, size_t align, size_t *place)
{
	uint64_t offset = dla_read_u64(r);

	*place = offset == NOWHERE ? DLA_NOWHERE : (size_t)offset;
	return offset == NOWHERE || (offset < SIZE_MAX && offset % align == 0);
}

static bool fits(size_t place, size_t bytes, size_t room)
{
	return place == DLA_NOWHERE || (place <= room && bytes <= room - place);
}

/* A tensor's memory on the NPU is in that of the one that it is said to be part of. */
static bool is_inside(const struct dla_network *network, int part)
{
	const struct dla_schedule *s = &network->schedule;
	struct dla_feature inner, outer;
	int whole = s->whole[part];

	if (whole == part)
		return true;
	return whole >= 0 && (unsigned int)whole < network->graph->tensor_count && s->whole[whole] == whole &&
	       dla_network_feature(network, part, &inner) && dla_network_feature(network, whole, &outer) &&
	       s->npu[part] != DLA_NOWHERE && s->npu[whole] != DLA_NOWHERE &&
	       s->npu[part] >= s->npu[whole] && fits(s->npu[part] - s->npu[whole], inner.bytes, outer.bytes);
}

static int read_places(struct dla_reader *r, struct dla_network *network)
{
	const struct dla_graph *graph = network->graph;
	struct dla_schedule *s = &network->schedule;
	uint64_t host_bytes, npu_bytes, most_host, most_npu;
	uint32_t form;

	for (unsigned int t = 0; t < graph->tensor_count; t++) {
		network->root[t] = (int)dla_read_u32(r);
		form = dla_read_u32(r);
		if (form >= DLA_FORM_COUNT)
			return damaged("a tensor in a form that there is not");
		network->form[t] = (enum dla_form)form;
		s->whole[t] = (int)dla_read_u32(r);
		if (!read_place(r, DLA_PLAN_ALIGN, &s->host[t]))
			return damaged("a tensor lies at no multiple of 64");
		/* Which need not be atoms of this device, if none lies there. */
		if (!read_place(r, 1, &s->npu[t]))
			return damaged("a tensor lies nowhere");
	}
	host_bytes = dla_read_u64(r);
	npu_bytes = dla_read_u64(r);
	s->host_bound = (size_t)dla_read_u64(r);
	s->npu_bound = (size_t)dla_read_u64(r);
	most_memory(network, &most_host, &most_npu);
	if (r->failed)
		return damaged("it ends too early");
	if (host_bytes > most_host || npu_bytes > most_npu || host_bytes > SIZE_MAX / 2 || npu_bytes > SIZE_MAX / 2)
		return damaged("more memory than all tensors need");
	s->host_bytes = (size_t)host_bytes;
	s->npu_bytes = (size_t)npu_bytes;
	for (unsigned int t = 0; t < graph->tensor_count; t++) {
		int root = network->root[t];

		if (root < 0 || (unsigned int)root >= graph->tensor_count || network->root[root] != root)
			return damaged("a tensor in the memory of none");
		if (!fits(s->host[t], graph->tensor[t].bytes, s->host_bytes))
			return damaged("a tensor outside the memory");
	}
	for (unsigned int t = 0; t < graph->tensor_count; t++)
		if (!is_inside(network, (int)t))
			return damaged("a tensor that is no part of its whole");
	return 0;
}

/* Its data are somewhere: what a kernel reads. */
static bool is_there(const struct dla_network *network, int tensor)
{
	return network->graph->tensor[tensor].data || network->schedule.host[tensor] != DLA_NOWHERE;
}

static bool is_made_in(const struct dla_network *network, int tensor, const struct dla_cpu_part *part)
{
	int producer = network->graph->tensor[tensor].producer;

	return producer >= (int)part->first && producer <= (int)part->last;
}

/* XNNPACK keeps to itself what only a part of several operations uses. */
static bool is_runnable(const struct dla_network *network, const struct dla_cpu_part *part)
{
	const struct dla_graph *graph = network->graph;

	if (part->first > part->last || part->last >= graph->op_count ||
	    (!part->xnnpack && part->first != part->last))
		return false;
	for (unsigned int i = part->first; i <= part->last; i++) {
		const struct dla_op *op = &graph->op[i];

		for (unsigned int j = 0; j < op->input_count; j++)
			if (op->input[j] != DLA_NO_TENSOR && !is_there(network, op->input[j]) &&
			    !(part->xnnpack && is_made_in(network, op->input[j], part)))
				return false;
		for (unsigned int j = 0; j < op->output_count; j++)
			if (!part->xnnpack && !is_there(network, op->output[j]))
				return false;
	}
	return true;
}

static int read_cpu_parts(struct dla_reader *r, struct dla_network *network)
{
	struct dla_schedule *s = &network->schedule;
	unsigned int count = dla_read_count(r, 3 * sizeof(uint32_t));

	s->cpu = calloc(count + 1, sizeof(*s->cpu));
	if (!s->cpu)
		return dla_fail_memory();
	s->cpu_count = count;
	for (unsigned int i = 0; i < count; i++) {
		s->cpu[i].first = dla_read_u32(r);
		s->cpu[i].last = dla_read_u32(r);
		s->cpu[i].xnnpack = dla_read_u32(r);
		if (!is_runnable(network, &s->cpu[i]))
			return damaged("operations without their operands");
	}
	return 0;
}

static int read_segments(struct dla_reader *r, struct dla_network *network)
{
	unsigned int count = dla_read_count(r, sizeof(uint32_t));

	free(network->part_end);
	network->part_end = calloc(count + 1, sizeof(*network->part_end));
	if (!network->part_end)
		return dla_fail_memory();
	network->schedule.segment_count = count;
	for (unsigned int i = 0; i < count; i++) {
		network->part_end[i] = dla_read_u32(r);
		if (i && network->part_end[i] < network->part_end[i - 1])
			return damaged("segments out of order");
	}
	return 0;
}

/* A tensor in both memories, of one size in both; the CPU's, to be written, is no constant. */
static bool is_convertible(const struct dla_network *network, int tensor, bool to_npu)
{
	const struct dla_graph *graph = network->graph;
	const struct dla_schedule *s = &network->schedule;
	struct dla_feature feature;
	int root;

	if (tensor < 0 || (unsigned int)tensor >= graph->tensor_count || !is_there(network, tensor) ||
	    (!to_npu && graph->tensor[tensor].data))
		return false;
	root = network->root[tensor];
	return dla_network_feature(network, root, &feature) && s->npu[root] != DLA_NOWHERE &&
	       fits(s->npu[root], feature.bytes, s->npu_bytes) &&
	       graph->tensor[tensor].bytes == graph->tensor[root].bytes;
}

static bool is_possible(const struct dla_network *network, const struct dla_step *step)
{
	switch (step->kind) {
	case DLA_STEP_CPU:
		return (unsigned int)step->index < network->schedule.cpu_count;
	case DLA_STEP_NPU:
		return (unsigned int)step->index < network->schedule.segment_count;
	case DLA_STEP_TO_NPU:
	case DLA_STEP_FROM_NPU:
		return is_convertible(network, step->index, step->kind == DLA_STEP_TO_NPU);
	}
	return false;
}

static int read_steps(struct dla_reader *r, struct dla_network *network)
{
	struct dla_schedule *s = &network->schedule;
	unsigned int count = dla_read_count(r, 2 * sizeof(uint32_t));

	s->step = calloc(count + 1, sizeof(*s->step));
	if (!s->step)
		return dla_fail_memory();
	s->step_count = count;
	for (unsigned int i = 0; i < count; i++) {
		s->step[i].kind = (enum dla_step_kind)dla_read_u32(r);
		s->step[i].index = (int)dla_read_u32(r);
		if (!is_possible(network, &s->step[i]))
			return damaged("a step that cannot be done");
	}
	return 0;
}

static int check_ends(const struct dla_network *network)
{
	const struct dla_graph *graph = network->graph;

	for (unsigned int i = 0; i < graph->input_count; i++)
		if (network->schedule.host[graph->input[i]] == DLA_NOWHERE)
			return damaged("an input without memory");
	for (unsigned int i = 0; i < graph->output_count; i++)
		if (network->schedule.host[graph->output[i]] == DLA_NOWHERE)
			return damaged("an output without memory");
	return 0;
}

static int read_schedule(struct dla_reader *r, struct dla_network *network)
{
	unsigned int tensors = network->graph->tensor_count;
	struct dla_schedule *s = &network->schedule;
	int err;

	s->host = calloc(tensors, sizeof(*s->host));
	s->npu = calloc(tensors, sizeof(*s->npu));
	s->whole = calloc(tensors, sizeof(*s->whole));
	if (!s->host || !s->npu || !s->whole)
		return dla_fail_memory();
	err = read_places(r, network);
	if (!err)
		err = read_cpu_parts(r, network);
	if (!err)
		err = read_segments(r, network);
	if (!err)
		err = read_steps(r, network);
	return err ? err : check_ends(network);
}

/* So many of them as the count before them says, in memory of their own. */
static void *read_array(struct dla_reader *r, size_t size, unsigned int *count)
{
	void *array;

	*count = dla_read_count(r, size);
	array = calloc(*count + 1, size);
	if (array)
		dla_read(r, array, *count * size);
	else
		dla_fail_memory();
	return array;
}

static int read_program(struct dla_reader *r, struct dla_network *network)
{
	unsigned int layers = 0, luts = 0;
	struct drm_nvdla_op *op = read_array(r, sizeof(*op), &layers);
	struct drm_nvdla_lut *lut = op ? read_array(r, sizeof(*lut), &luts) : NULL;
	int err = lut ? 0 : -ENOMEM;

	if (!err && (!layers || layers > DRM_NVDLA_MAX_OPS || luts > DRM_NVDLA_MAX_LUTS))
		err = damaged("a program of no layers, or of too many");
	for (unsigned int i = 0; i < layers && !err; i++)
		if (op[i].cookie >= network->graph->op_count)
			err = damaged("a layer of no operation");
	if (!err)
		err = dla_network_add_part(network, op, layers, lut, luts);
	free(op);
	free(lut);
	return err;
}

static int read_programs(struct dla_reader *r, struct dla_network *network)
{
	struct dla_device *device = network->device;
	unsigned int count = dla_read_u32(r), segments = network->schedule.segment_count;
	uint64_t bytes;
	int err = 0;

	if (count != (segments ? network->part_end[segments - 1] : 0) || (segments && !device->ops))
		return damaged("not as many programs as it says");
	/* Requests have what programs need only where there is memory for these. */
	if (count && !network->schedule.npu_bytes)
		return damaged("programs without memory");
	for (unsigned int i = 0; i < count && !err && !r->failed; i++)
		err = read_program(r, network);
	if (err)
		return err;
	bytes = dla_read_u64(r);
	if (r->failed || bytes != r->left)
		return damaged("constants that are not as long as it says");
	if (!bytes)
		return 0;
	if (!device->ops)
		return damaged("constants of an NPU for none");
	err = device->ops->buffer_new(device, (size_t)bytes, DLA_BUFFER_CONSTANTS, &network->constants);
	if (!err)
		dla_read(r, network->constants->map, (size_t)bytes);
	return err;
}

/* A phrase that lives as long as the network; NULL when it is none. */
static const char *read_phrase(struct dla_reader *r, struct dla_network *network)
{
	unsigned int length = dla_read_count(r, 1);
	char *text = dla_arena_alloc(&network->text, length + 1, 1);

	if (!text)
		return NULL;
	dla_read(r, text, length);
	for (unsigned int i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return NULL;
	return text;
}

static int read_operations(struct dla_reader *r, struct dla_network *network)
{
	unsigned int count = network->graph->op_count;

	network->text.limit = r->left + 128 * (size_t)count;
	network->work = dla_read_u32(r);
	for (unsigned int i = 0; i < count; i++) {
		struct dla_operation_info *info = &network->operation[i];
		uint32_t kernel;

		info->layers = dla_read_u32(r);
		info->bytes = dla_read_u64(r);
		info->fused_into = (int)dla_read_u32(r);
		kernel = dla_read_u32(r);
		info->why = read_phrase(r, network);
		if (r->failed || kernel >= NR_KERNELS || !info->why || info->fused_into < -1 ||
		    info->fused_into >= (int)count)
			return damaged("what it says of an operation");
		info->kernel = kernels[kernel];
		info->where = kernel ? "cpu" : "npu";
	}
	return 0;
}

static int read_weighed(struct dla_reader *r, struct dla_network *network)
{
	struct dla_estimate *estimate = &network->weighed.estimate;

	if (!dla_read_u32(r))
		return 0;
	estimate->profile = read_phrase(r, network);
	estimate->npu_hz = dla_read_u64(r);
	estimate->run_ns = dla_read_u64(r);
	estimate->all_cpu_ns = dla_read_u64(r);
	estimate->all_npu_ns = dla_read_u64(r);
	for (unsigned int i = 0; i < network->graph->op_count; i++) {
		struct dla_placement_info *info = &network->weighed.op[i];

		info->cpu_ns = dla_read_u64(r);
		info->npu_ns = dla_read_u64(r);
		info->border_ns = dla_read_u64(r);
		info->reason = read_phrase(r, network);
		if (r->failed || !info->reason || !estimate->profile)
			return damaged("what it says of the placement");
	}
	return 0;
}

static int read_model(struct dla_reader *r, struct dla_network *network)
{
	uint64_t bytes = dla_read_u64(r);
	const void *model = dla_read_in_place(r, bytes);

	if (!model)
		return damaged("it ends in the network");
	return dla_tflite_read(model, (size_t)bytes, network->name, &network->graph);
}

int dla_saved_read(struct dla_network *network, const void *data, size_t bytes)
{
	struct dla_reader r = { .at = data, .left = bytes };
	int err = dla_read_seal(&r, MAGIC, VERSION, DAMAGED, ": compile it again");

	if (!err)
		err = read_hardware(&r, network->device);
	if (!err)
		err = read_model(&r, network);
	if (!err)
		err = dla_network_allocate(network);
	if (!err)
		err = read_operations(&r, network);
	if (!err)
		err = read_weighed(&r, network);
	if (!err)
		err = read_schedule(&r, network);
	if (!err)
		err = read_programs(&r, network);
	if (!err && (r.failed || r.left))
		err = damaged("not as long as what is in it");
	return err;
}
