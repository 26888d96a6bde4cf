// SPDX-License-Identifier: MIT
/*
 * PDP: what goes into the pooling machine and where its results go. From memory PDP_RDMA cuts and
 * orders the input by its own registers; from SDP, PDP counts along.
 */
#include <stdlib.h>

#include "pdp.h"
#include "timing_post.h"

/* A number of so many bits, with its sign. */
static int32_t sign_extend(uint32_t value, unsigned int width)
{
	return (int32_t)(value << (32 - width)) >> (32 - width);
}

static struct pdp_parts decode_parts(uint32_t value)
{
	return (struct pdp_parts){
		.first = bits(value, 9, 0),
		.last = bits(value, 19, 10),
		.middle = bits(value, 29, 20),
	};
}

static void decode(const struct nvdla_emu *emu, unsigned int group, struct pdp *pdp)
{
	const uint32_t *r = emu->units[UNIT_PDP].group[group];
	uint32_t mode = REG(r, PDP_D_OPERATION_MODE_CFG);
	uint32_t kernel = REG(r, PDP_D_POOLING_KERNEL_CFG);
	uint32_t pad = REG(r, PDP_D_POOLING_PADDING_CFG);

	*pdp = (struct pdp){
		.lanes = emu->config->atom,
		.beat = emu->config->pdp_rate,
		.group = group,
		.method = bits(mode, 1, 0),
		.splits = bits(mode, 15, 8),
		.surfaces = REG(r, PDP_D_DATA_CUBE_OUT_CHANNEL) / emu->config->atom,
		.in_surfaces = REG(r, PDP_D_DATA_CUBE_IN_CHANNEL) / emu->config->atom,
		.from_memory = bits(mode, 4, 4),
		.in = decode_parts(REG(r, PDP_D_PARTIAL_WIDTH_IN)),
		.out = decode_parts(REG(r, PDP_D_PARTIAL_WIDTH_OUT)),
	};
	/* Of the four bits for the kernel three are looked at. */
	pdp->x = (struct pdp_axis){
		.in = REG(r, PDP_D_DATA_CUBE_IN_WIDTH),
		.out = REG(r, PDP_D_DATA_CUBE_OUT_WIDTH),
		.kernel = bits(kernel, 2, 0),
		.stride = bits(kernel, 19, 16),
		.pad_before = bits(pad, 2, 0),
		.pad_after = bits(pad, 10, 8),
		.reciprocal = REG(r, PDP_D_RECIP_KERNEL_WIDTH),
	};
	pdp->y = (struct pdp_axis){
		.in = REG(r, PDP_D_DATA_CUBE_IN_HEIGHT),
		.out = REG(r, PDP_D_DATA_CUBE_OUT_HEIGHT),
		.kernel = bits(kernel, 10, 8),
		.stride = bits(kernel, 23, 20),
		.pad_before = bits(pad, 6, 4),
		.pad_after = bits(pad, 14, 12),
		.reciprocal = REG(r, PDP_D_RECIP_KERNEL_HEIGHT),
	};
	for (unsigned int n = 1; n < PDP_UNITS; n++)
		pdp->pad_value[n] =
			sign_extend(r[PDP_D_POOLING_PADDING_VALUE_1_CFG / 4 + n - 1], 19);
}

static struct surface output(const struct nvdla_emu *emu, const struct pdp *pdp)
{
	const uint32_t *r = consumer_group(emu, UNIT_PDP);
	uint32_t unit = emu->config->atom;

	return (struct surface){
		.base = REG_ADDRESS(emu->config, r, PDP_D_DST_BASE_ADDR_HIGH,
				    PDP_D_DST_BASE_ADDR_LOW),
		.line_stride = REG(r, PDP_D_DST_LINE_STRIDE) & -unit,
		.surface_stride = REG(r, PDP_D_DST_SURFACE_STRIDE) & -unit,
		.width = pdp->x.out + 1,
		.height = pdp->y.out + 1,
		.surfaces = pdp->surfaces + 1,
		.atom_bytes = unit,
		.parts = pdp->splits,
		.part = pdp->out,
	};
}

/* Take over an operation. Returns why that is impossible, or NULL. */
static const char *begin(struct nvdla_emu *emu, struct job *job, uint64_t time)
{
	unsigned int group = emu->units[UNIT_PDP].consumer;
	struct pdp pdp, next;
	uint64_t bytes;

	if (!memory_exists(emu, REG(consumer_group(emu, UNIT_PDP), PDP_D_DST_RAM_CFG)))
		return no_second_memory;
	decode(emu, group, &pdp);
	decode(emu, group ^ 1, &next);
	job->out = output(emu, &pdp);
	if (!job_fits(emu, &job->out))
		return "PDP cube too large for the emulator";
	bytes = surface_bytes(&job->out);
	job->data = malloc(bytes);
	if (!job->data)
		return "out of memory";
	job->engines |= 1u << NVDLA_EMU_PDP;
	pdp_core_start(&emu->pdp_core, &pdp, &next, job->data,
		       bytes / emu->config->atom, time);
	return NULL;
}

static bool from_memory(const struct nvdla_emu *emu)
{
	return bits(REG(consumer_group(emu, UNIT_PDP), PDP_D_OPERATION_MODE_CFG), 4, 4);
}

bool pdp_waiting_for_sdp(const struct nvdla_emu *emu)
{
	return unit_waiting(emu, UNIT_PDP) && !from_memory(emu);
}

const char *pdp_run_flying(struct nvdla_emu *emu, struct job *job, struct pdp_flying *flying)
{
	const char *reason = begin(emu, job, 0);

	if (reason)
		return reason;
	flying->sent = 0;
	flying->written = TIMING_NEVER;
	for (size_t i = 0; i < flying->count && flying->sent != TIMING_NEVER; i++)
		flying->sent = pdp_core_flying(&emu->pdp_core, flying->atoms + i * emu->config->atom,
					       flying->ready(flying->ctx, i));
	if (pdp_core_complete(&emu->pdp_core))
		flying->written = timing_pdp_written(emu, emu->pdp_core.out_time);
	if (flying->sent == TIMING_NEVER && flying->written == TIMING_NEVER)
		return "PDP: more input than its cube and fewer results than its output";
	return NULL;
}

/* PDP_RDMA: its own idea of the cube and of the parts it is cut into. */
struct reader {
	struct surface cube;
	unsigned int splits;	/* parts - 1 */
	struct pdp_parts parts;
	unsigned int kernel, stride;	/* - 1 */
};

static void decode_rdma(const struct nvdla_emu *emu, struct reader *reader)
{
	const uint32_t *r = consumer_group(emu, UNIT_PDP_RDMA);
	uint32_t kernel = REG(r, PDP_RDMA_D_POOLING_KERNEL_CFG);
	uint32_t unit = emu->config->atom;

	reader->cube = (struct surface){
		.base = REG_ADDRESS(emu->config, r, PDP_RDMA_D_SRC_BASE_ADDR_HIGH,
				    PDP_RDMA_D_SRC_BASE_ADDR_LOW),
		.line_stride = REG(r, PDP_RDMA_D_SRC_LINE_STRIDE) & -unit,
		.surface_stride = REG(r, PDP_RDMA_D_SRC_SURFACE_STRIDE) & -unit,
		.width = REG(r, PDP_RDMA_D_DATA_CUBE_IN_WIDTH) + 1,
		.height = REG(r, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT) + 1,
		.surfaces = REG(r, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL) / unit + 1,
		.atom_bytes = unit,
	};
	reader->splits = REG(r, PDP_RDMA_D_OPERATION_MODE_CFG);
	reader->parts = decode_parts(REG(r, PDP_RDMA_D_PARTIAL_WIDTH_IN));
	reader->kernel = bits(kernel, 3, 0);
	reader->stride = bits(kernel, 7, 4);
}

/*
 * A part's own columns. It begins where the one before ended, less what windows share; all but the
 * first are fetched with that much more. A negative width wraps.
 */
static unsigned int part_columns(const struct reader *reader, unsigned int part)
{
	if (!reader->splits)
		return reader->cube.width;
	if (!part)
		return reader->parts.first + 1;
	return (part == reader->splits ? reader->parts.last : reader->parts.middle) + 1;
}

static int shared_columns(const struct reader *reader)
{
	return (int)reader->kernel - (int)reader->stride;
}

static unsigned int fetched_columns(const struct reader *reader, unsigned int part)
{
	int shared = part ? shared_columns(reader) : 0;

	return ((part_columns(reader, part) - 1 + (unsigned int)shared) & 0x1fff) + 1;
}

static const char *feed_line(struct nvdla_emu *emu, struct timing_reader *timing, uint64_t address,
			     unsigned int width, struct pdp_marks marks, uint64_t *taken)
{
	unsigned int lanes = emu->config->atom;
	int8_t atom[ATOM_MAX];

	for (unsigned int x = 0; x < width; x++) {
		mem_read(emu, address + (uint64_t)x * lanes, atom, lanes);
		marks.line_end = x == width - 1;
		*taken = pdp_core_atom(&emu->pdp_core, atom, marks, timing_read(timing));
		if (*taken == UINT64_MAX)
			return "PDP: more results than the output has room for";
		timing_taken(timing, *taken);
	}
	return NULL;
}

static const char *feed(struct nvdla_emu *emu, const struct reader *reader, uint64_t *taken)
{
	const struct surface *cube = &reader->cube;
	struct timing_reader timing;
	uint64_t base = cube->base;

	timing_reader_init(&timing, emu);
	for (unsigned int part = 0; part <= reader->splits; part++) {
		unsigned int width = fetched_columns(reader, part);

		for (unsigned int s = 0; s < cube->surfaces; s++) {
			for (unsigned int y = 0; y < cube->height; y++) {
				bool last = s == cube->surfaces - 1 && y == cube->height - 1;
				struct pdp_marks marks = {
					.last_line_of_part = last,
					.last_line_of_cube = last && part == reader->splits,
				};
				uint64_t at = base + (uint64_t)s * cube->surface_stride +
					      (uint64_t)y * cube->line_stride;
				const char *reason = feed_line(emu, &timing, at, width, marks,
							       taken);

				if (reason)
					return reason;
			}
		}
		base += (uint64_t)part_columns(reader, part) * cube->atom_bytes;
		if (!part)
			base -= (uint64_t)shared_columns(reader) * cube->atom_bytes;
	}
	return NULL;
}

/* Atoms that PDP_RDMA fetches. */
static uint64_t reads(const struct reader *reader)
{
	uint64_t atoms = 0;

	for (unsigned int part = 0; part <= reader->splits; part++)
		atoms += (uint64_t)fetched_columns(reader, part) * reader->cube.height *
			 reader->cube.surfaces;
	return atoms;
}

/* All that PDP_RDMA would fetch is little enough. */
static bool fits(const struct nvdla_emu *emu, const struct reader *reader)
{
	return job_bytes_fit(emu, reads(reader) * reader->cube.atom_bytes);
}

static const char *start(struct nvdla_emu *emu, struct job *job)
{
	struct reader reader;
	const char *reason;
	uint64_t written, read, taken = 0, free, reader_free;

	if (!memory_exists(emu, REG(consumer_group(emu, UNIT_PDP_RDMA), PDP_RDMA_D_SRC_RAM_CFG)))
		return no_second_memory;
	decode_rdma(emu, &reader);
	if (!fits(emu, &reader))
		return "PDP cube too large for the emulator";
	reason = begin(emu, job, 0);
	if (!reason)
		reason = feed(emu, &reader, &taken);
	if (reason)
		return reason;
	if (!pdp_core_complete(&emu->pdp_core))
		return "PDP: fewer results than the output has room for";
	written = timing_pdp_written(emu, emu->pdp_core.out_time);
	read = timing_pdp_read(taken);
	/*
	 * Who comes last raises the interrupt. When the acknowledgement of the last write arrives in
	 * the very cycle in which PDP hears from its reader, neither does.
	 */
	if (read + 1 == written + 2)
		return "PDP: the last write was acknowledged as PDP_RDMA ended: its interrupt is lost";
	if (read > written)
		written = read;
	job->started = job_origin(emu, UNIT_PDP_RDMA, UNIT_PDP, timing_lead(emu));
	reader_free = timing_pdp_reader_free(taken);
	free = timing_free(emu, written);
	free = free > reader_free ? free : reader_free;
	job_event_at(emu, job, reader_free,
		     (struct event){ .done = UNIT_PDP_RDMA, .irq = IRQ_NONE });
	job_event_at(emu, job, free,
		     (struct event){ .done = UNIT_PDP, .irq = IRQ_PDP, .irq_unit = UNIT_PDP,
				     .flush = true, .written = written - free });
	job_reads(emu, job, reads(&reader), reader_free);
	return NULL;
}

void pdp_try_start(struct nvdla_emu *emu, struct job *job)
{
	const char *reason;

	if (!unit_waiting(emu, UNIT_PDP) || !from_memory(emu) || !unit_waiting(emu, UNIT_PDP_RDMA))
		return;
	job_take(emu, job, UNIT_PDP);
	job_take(emu, job, UNIT_PDP_RDMA);
	reason = start(emu, job);
	if (reason)
		job_hang(emu, job, reason);
}
