// SPDX-License-Identifier: MIT
/*
 * CDP: normalisation over neighbouring channels. Convertor, sum of squares over 3 to 9 channels,
 * look-up, product with the value itself, convertor. Sum and product can each be bypassed, which
 * leaves a look-up of each value.
 */
#include <stdlib.h>

#include "arith.h"
#include "emu.h"
#include "timing_post.h"

struct cdp {
	struct surface in, out;
	unsigned int channels;
	unsigned int reach;		/* channels on either side */
	bool no_sum, no_product;
	int8_t in_offset;
	int16_t in_scale, out_scale;
	unsigned int in_shift, out_shift;
	int32_t out_offset;
	struct cdp_lookup lookup;
};

struct results {
	uint64_t saturated;
	struct cdp_lookup_counts lookups;
};

static void decode(const struct nvdla_emu *emu, struct cdp *cdp)
{
	const uint32_t *r = consumer_group(emu, UNIT_CDP_RDMA), *d = consumer_group(emu, UNIT_CDP);
	uint32_t unit = emu->config->atom;

	cdp->channels = REG(r, CDP_RDMA_D_DATA_CUBE_CHANNEL) + 1;
	cdp->in = (struct surface){
		.base = REG_ADDRESS(emu->config, r, CDP_RDMA_D_SRC_BASE_ADDR_HIGH,
				    CDP_RDMA_D_SRC_BASE_ADDR_LOW),
		.line_stride = REG(r, CDP_RDMA_D_SRC_LINE_STRIDE) & -unit,
		.surface_stride = REG(r, CDP_RDMA_D_SRC_SURFACE_STRIDE) & -unit,
		.width = REG(r, CDP_RDMA_D_DATA_CUBE_WIDTH) + 1,
		.height = REG(r, CDP_RDMA_D_DATA_CUBE_HEIGHT) + 1,
		.surfaces = (cdp->channels - 1) / unit + 1,
		.atom_bytes = unit,
	};
	cdp->out = cdp->in;
	cdp->out.base = REG_ADDRESS(emu->config, d, CDP_D_DST_BASE_ADDR_HIGH,
				    CDP_D_DST_BASE_ADDR_LOW);
	cdp->out.line_stride = REG(d, CDP_D_DST_LINE_STRIDE) & -unit;
	cdp->out.surface_stride = REG(d, CDP_D_DST_SURFACE_STRIDE) & -unit;
	cdp->reach = REG(d, CDP_D_LRN_CFG) + 1;
	cdp->no_sum = bits(REG(d, CDP_D_FUNC_BYPASS), 0, 0);
	cdp->no_product = bits(REG(d, CDP_D_FUNC_BYPASS), 1, 1);
	cdp->in_offset = (int8_t)REG(d, CDP_D_DATIN_OFFSET);
	cdp->in_scale = (int16_t)REG(d, CDP_D_DATIN_SCALE);
	cdp->in_shift = REG(d, CDP_D_DATIN_SHIFTER);
	/* 25 bits of the offset count. */
	cdp->out_offset = (int32_t)(REG(d, CDP_D_DATOUT_OFFSET) << 7) >> 7;
	cdp->out_scale = (int16_t)REG(d, CDP_D_DATOUT_SCALE);
	cdp->out_shift = REG(d, CDP_D_DATOUT_SHIFTER);
	cdp_lookup_decode(&cdp->lookup, &emu->cdp_lut, emu->units[UNIT_CDP].shared);
}

static int32_t convert_in(const struct cdp *cdp, int8_t value)
{
	int64_t product = (int64_t)(value - cdp->in_offset) * cdp->in_scale;

	return (int32_t)saturate(shift_right_round(product, cdp->in_shift, 25), 9);
}

/* Sum of squares around a channel; channels that do not exist are zero. */
static int32_t square_sum(const struct cdp *cdp, const int32_t *values, unsigned int channel)
{
	unsigned int first = channel > cdp->reach ? channel - cdp->reach : 0;
	unsigned int last = channel + cdp->reach;
	int32_t sum = 0;

	for (unsigned int c = first; c <= last && c < cdp->channels; c++)
		sum += values[c] * values[c];
	return sum;
}

static int8_t value_out(const struct cdp *cdp, const int32_t *values, unsigned int channel,
			struct results *results)
{
	int32_t input = cdp->no_sum ? values[channel] : square_sum(cdp, values, channel);
	int64_t result = cdp_lookup_value(&cdp->lookup, input, &results->lookups), clipped;

	if (!cdp->no_product)
		result *= values[channel];
	result = (result - cdp->out_offset) * cdp->out_scale;
	result = shift_right_round(result, cdp->out_shift, 42);
	clipped = saturate(result, 8);
	results->saturated += clipped != result;
	return (int8_t)clipped;
}

/* All channels of each position, in place. */
static bool run(const struct nvdla_emu *emu, const struct cdp *cdp, int8_t *data,
		struct results *results)
{
	unsigned int atom = emu->config->atom, lanes = cdp->in.surfaces * atom;
	size_t plane = (size_t)cdp->in.width * cdp->in.height;
	int32_t *values = calloc(lanes, sizeof(*values));

	if (!values)
		return false;
	for (size_t i = 0; i < plane; i++) {
		for (unsigned int c = 0; c < cdp->channels; c++)
			values[c] = convert_in(cdp, data[(c / atom * plane + i) * atom + c % atom]);
		/* Spare lanes get what comes of a zero. */
		for (unsigned int c = 0; c < lanes; c++)
			data[(c / atom * plane + i) * atom + c % atom] =
				value_out(cdp, values, c, results);
	}
	free(values);
	return true;
}

/* The hardware has a counter of clipped results, too, but nothing feeds it. */
static void store_counters(struct nvdla_emu *emu, const struct results *results)
{
	struct unit_state *state = &emu->units[UNIT_CDP];
	uint32_t *r = state->group[state->consumer];
	const struct cdp_lookup_counts *counts = &results->lookups;

	/* Whether D_PERF_ENABLE asks for them or not. */
	REG(r, CDP_D_PERF_LUT_UFLOW) = counts->below;
	REG(r, CDP_D_PERF_LUT_OFLOW) = counts->above;
	REG(r, CDP_D_PERF_LUT_HYBRID) = counts->hybrid;
	REG(r, CDP_D_PERF_LUT_LE_HIT) = counts->le_hit;
	REG(r, CDP_D_PERF_LUT_LO_HIT) = counts->lo_hit;
}

/* The precision in D_DATA_FORMAT is looked at by nobody. */
static const char *start(struct nvdla_emu *emu, struct job *job)
{
	struct results results = { 0 };
	struct cdp cdp;
	struct timing_cdp timing;
	uint64_t cycles, free;

	if (!memory_exists(emu, REG(consumer_group(emu, UNIT_CDP_RDMA), CDP_RDMA_D_SRC_DMA_CFG)) ||
	    !memory_exists(emu, REG(consumer_group(emu, UNIT_CDP), CDP_D_DST_DMA_CFG)))
		return no_second_memory;
	decode(emu, &cdp);
	if (!job_fits(emu, &cdp.in))
		return "CDP cube too large for the emulator";
	job->data = malloc(surface_bytes(&cdp.in));
	if (!job->data)
		return "out of memory";
	surface_read(emu, &cdp.in, job->data);
	if (!run(emu, &cdp, job->data, &results))
		return "out of memory";
	job->out = cdp.out;
	job->engines = 1u << NVDLA_EMU_CDP;
	emu->stats.saturations += results.saturated;
	store_counters(emu, &results);

	timing = (struct timing_cdp){ cdp.in.width, cdp.in.height, cdp.in.surfaces, !cdp.no_sum };
	job->started = job_origin(emu, UNIT_CDP_RDMA, UNIT_CDP, timing_cdp_lead(emu));
	cycles = timing_cdp(emu, &timing);
	free = timing_free(emu, cycles);
	job_event_at(emu, job, timing_cdp_reader_free(emu, &timing, cycles),
		     (struct event){ .done = UNIT_CDP_RDMA, .irq = IRQ_NONE });
	job_event_at(emu, job, free,
		     (struct event){ .done = UNIT_CDP, .irq = IRQ_CDP, .irq_unit = UNIT_CDP,
				     .flush = true, .written = cycles - free });
	job_reads(emu, job, (uint64_t)cdp.in.width * cdp.in.height * cdp.in.surfaces,
		  timing_cdp_reader_free(emu, &timing, cycles));
	return NULL;
}

void cdp_try_start(struct nvdla_emu *emu, struct job *job)
{
	const char *reason;

	if (!unit_waiting(emu, UNIT_CDP) || !unit_waiting(emu, UNIT_CDP_RDMA))
		return;
	job_take(emu, job, UNIT_CDP);
	job_take(emu, job, UNIT_CDP_RDMA);
	reason = start(emu, job);
	if (reason)
		job_hang(emu, job, reason);
}
