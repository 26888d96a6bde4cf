// SPDX-License-Identifier: MIT
/*
 * The convolution pipeline between registers, memory and SDP. CDMA begins as soon as it is enabled;
 * CSC agrees with CDMA about the buffer when it is, and multiplies when CMAC and CACC are. Sums wait
 * for SDP.
 */
#include <stdlib.h>
#include <string.h>

#include "cbuf.h"

static const enum unit mac_units[] = { UNIT_CMAC_A, UNIT_CMAC_B, UNIT_CACC };

#define NR_UNITS (sizeof(mac_units) / sizeof(mac_units[0]))

bool conv_init(struct nvdla_emu *emu)
{
	const struct nvdla_config *config = emu->config;

	emu->conv = calloc(1, sizeof(*emu->conv));
	if (!emu->conv)
		return false;
	emu->conv->cbuf = calloc((size_t)config->cbuf_banks * config->cbuf_bank_entries,
				 config->cbuf_entry_bytes);
	if (!emu->conv->cbuf) {
		free(emu->conv);
		emu->conv = NULL;
		return false;
	}
	return true;
}

static void op_free(struct conv *op)
{
	free(op->lines);
	mac_unref(op->mac);
	free(op);
}

static void drop_first(struct conv_pipeline *pipeline)
{
	struct conv *op = pipeline->first;

	pipeline->first = op->next;
	if (!op->next)
		pipeline->last = NULL;
	op_free(op);
}

void conv_exit(struct nvdla_emu *emu)
{
	if (!emu->conv)
		return;
	while (emu->conv->first)
		drop_first(emu->conv);
	free(emu->conv->cbuf);
	free(emu->conv);
}

void conv_reset(struct nvdla_emu *emu)
{
	const struct nvdla_config *config = emu->config;
	struct conv_pipeline *pipeline = emu->conv;
	uint8_t *cbuf = pipeline->cbuf;

	while (pipeline->first)
		drop_first(pipeline);
	*pipeline = (struct conv_pipeline){ .cbuf = cbuf };
	memset(cbuf, 0, (size_t)config->cbuf_banks * config->cbuf_bank_entries *
	       config->cbuf_entry_bytes);
	timing_conv_reset(&pipeline->time, config, &emu->memory);
}

/* Kernel rows in a step: images with few channels fill the multipliers with 2 or 4 of them. */
static unsigned int image_rows(unsigned int extension)
{
	return extension == 1 ? 2 : extension == 2 ? 4 : 1;
}

static void decode(const struct nvdla_emu *emu, struct conv *conv)
{
	const uint32_t *r = consumer_group(emu, UNIT_CSC);
	uint32_t size = REG(r, CSC_D_DATAIN_SIZE_EXT_0);
	uint32_t kernel = REG(r, CSC_D_WEIGHT_SIZE_EXT_0);
	uint32_t stride = REG(r, CSC_D_CONV_STRIDE_EXT);
	uint32_t dilation = REG(r, CSC_D_DILATION_EXT);
	uint32_t out = REG(r, CSC_D_DATAOUT_SIZE_0);

	conv->image = bits(REG(r, CSC_D_DATAIN_FORMAT), 0, 0);
	conv->width = bits(size, 12, 0) + 1;
	conv->height = bits(size, 28, 16) + 1;
	conv->entries = REG(r, CSC_D_ENTRY_PER_SLICE) + 1;
	/* 1, 3 or 4 channels; 2 counts as 1. */
	conv->pixel_bytes = bits(REG(r, CSC_D_DATAIN_SIZE_EXT_1), 1, 0) + 1;
	if (conv->pixel_bytes == 2)
		conv->pixel_bytes = 1;
	conv->kernels = bits(REG(r, CSC_D_WEIGHT_SIZE_EXT_1), 28, 16) + 1;
	conv->channels = bits(REG(r, CSC_D_WEIGHT_SIZE_EXT_1), 12, 0) + 1;
	conv->r = bits(kernel, 20, 16) + 1;
	conv->s = conv->image ? 1 : bits(kernel, 4, 0) + 1;
	conv->x_stride = bits(stride, 2, 0) + 1;
	conv->y_stride = bits(stride, 18, 16) + 1;
	conv->x_dilation = conv->image ? 1 : bits(dilation, 4, 0) + 1;
	conv->y_dilation = conv->image ? 1 : bits(dilation, 20, 16) + 1;
	/* In an image the left padding is already in the buffer. */
	conv->pad_left = conv->image ? 0 : bits(REG(r, CSC_D_ZERO_PADDING), 4, 0);
	conv->pad_top = bits(REG(r, CSC_D_ZERO_PADDING), 20, 16);
	conv->pad_value = (int8_t)REG(r, CSC_D_ZERO_PADDING_VALUE);
	conv->out_width = bits(out, 12, 0) + 1;
	/* Features are counted in positions, whatever the height. */
	conv->positions = conv->image ? (size_t)conv->out_width * (bits(out, 28, 16) + 1) :
					REG(r, CSC_D_ATOMICS) + 1;
	conv->rows = conv->image ? image_rows(REG(r, CSC_D_POST_Y_EXTENSION)) : 1;
	conv->blocks = div_round_up(conv->channels, emu->config->atomic_c);
	conv->steps = conv->blocks * div_round_up(conv->r, conv->rows) * conv->s;
	if (conv->image)
		conv->line_entries = div_round_up((conv->out_width - 1) * conv->x_stride *
						  conv->pixel_bytes + conv->channels,
						  emu->config->cbuf_entry_bytes) + 1;
	else
		conv->line_entries = cbuf_line_entries(emu->config, conv->width,
						       div_round_up(conv->channels,
								    emu->config->atom));
}

static void decode_timing(const struct nvdla_emu *emu, const struct conv *conv,
			  struct timing_csc *op)
{
	const uint32_t *r = consumer_group(emu, UNIT_CSC);
	uint32_t misc = REG(r, CSC_D_MISC_CFG), banks = REG(r, CSC_D_BANK);

	*op = (struct timing_csc){
		.image = conv->image,
		.data_reuse = bits(misc, 16, 16),
		.weight_reuse = bits(misc, 20, 20),
		.keep_data = bits(misc, 24, 24),
		.keep_weights = bits(misc, 28, 28),
		.data_banks = bits(banks, 4, 0) + 1,
		.weight_banks = bits(banks, 20, 16) + 1,
		.lines = conv->height,
		.released = REG(r, CSC_D_RELEASE) + 1,
		.line_entries = conv->entries,
		.kernels = conv->kernels,
		.kernel_bytes = (uint32_t)conv_kernel_bytes(conv),
		.weight_bytes = REG(r, CSC_D_WEIGHT_BYTES),
		.steps = conv->steps,
		.rows = conv->rows,
		.runs = (uint32_t)(conv->image ? conv->positions / conv->out_width : 1),
		.positions = (uint32_t)(conv->image ? conv->out_width : conv->positions),
	};
}

static uint64_t macs(const struct conv *conv)
{
	return (uint64_t)conv->positions * conv->kernels * conv_kernel_bytes(conv);
}

/* Why CSC as programmed cannot be followed, or NULL. */
static const char *check(const struct nvdla_emu *emu, const struct conv *conv,
			 const struct timing_csc *op)
{
	uint64_t line = (uint64_t)conv->line_entries * emu->config->cbuf_entry_bytes;

	if (conv->rows * conv->channels > emu->config->atomic_c && conv->rows > 1)
		return "CSC: too many channels to multiply several rows at once";
	/* The product of the sizes fits 64 bits: 26 + 13 + 18 bits at most. */
	if (macs(conv) > job_max_work(emu) || !job_bytes_fit(emu, line * conv->height) ||
	    !job_bytes_fit(emu, (uint64_t)conv->kernels * op->kernel_bytes))
		return "convolution too large for the emulator";
	return NULL;
}

/* False without memory. */
static bool op_allocate(const struct nvdla_emu *emu, struct conv *op)
{
	op->lines = malloc((size_t)op->height * op->line_entries * emu->config->cbuf_entry_bytes);
	op->mac = mac_new(emu, op);
	return op->lines && op->mac;
}

static const char *csc_start(struct nvdla_emu *emu)
{
	struct conv_pipeline *pipeline = emu->conv;
	struct conv *op = calloc(1, sizeof(*op));
	struct timing_csc timing;
	const char *reason;

	if (!op)
		return "out of memory";
	decode(emu, op);
	decode_timing(emu, op, &timing);
	reason = check(emu, op, &timing);
	if (!reason && !op_allocate(emu, op))
		reason = "out of memory";
	if (reason) {
		op_free(op);
		return reason;
	}
	if (pipeline->last)
		pipeline->last->next = op;
	else
		pipeline->first = op;
	pipeline->last = op;
	pipeline->current = op;
	timing_conv_csc(&pipeline->time, &timing, cycles_now(emu),
			csb_unit_start(emu, UNIT_CSC));
	return NULL;
}

static const char *cdma_start(struct nvdla_emu *emu)
{
	struct timing_cdma timing;
	const char *reason = cdma_decode(emu, &timing);

	if (!reason)
		timing_conv_cdma(&emu->conv->time, &timing, cycles_now(emu),
				 csb_unit_start(emu, UNIT_CDMA));
	return reason;
}

static bool macs_waiting(const struct nvdla_emu *emu)
{
	for (size_t i = 0; i < NR_UNITS; i++) {
		if (!unit_waiting(emu, mac_units[i]))
			return false;
	}
	return true;
}

/* CMAC and CACC join what CSC works on. */
static void macs_start(struct nvdla_emu *emu)
{
	struct conv_pipeline *pipeline = emu->conv;
	uint64_t start = 0;

	for (size_t i = 0; i < NR_UNITS; i++) {
		uint64_t unit_start = csb_unit_start(emu, mac_units[i]);

		emu->units[mac_units[i]].busy = true;
		start = unit_start > start ? unit_start : start;
	}
	pipeline->macs_on = true;
	pipeline->current->truncate = REG(consumer_group(emu, UNIT_CACC), CACC_D_CLIP_CFG);
	timing_conv_macs(&pipeline->time, cycles_now(emu), start);
}

void conv_try_start(struct nvdla_emu *emu)
{
	struct conv_pipeline *pipeline = emu->conv;

	if (unit_waiting(emu, UNIT_CDMA)) {
		emu->units[UNIT_CDMA].busy = true;
		pipeline->cdma_hang = cdma_start(emu);
		emu->stats.hangs += pipeline->cdma_hang != NULL;
	}
	if (unit_waiting(emu, UNIT_CSC)) {
		emu->units[UNIT_CSC].busy = true;
		pipeline->csc_hang = fault_hangs_convolution(emu) ? FAULT_REASON : csc_start(emu);
		emu->stats.hangs += pipeline->csc_hang != NULL;
	}
	if (pipeline->time.csc_enabled && !pipeline->macs_on && macs_waiting(emu))
		macs_start(emu);
}

/* What CSC reads of the buffer, from an entry on, in a ring. */
static void capture(const struct nvdla_emu *emu, uint32_t bank, uint32_t banks, uint32_t entry,
		    size_t skip, size_t bytes, int8_t *to)
{
	const struct nvdla_config *config = emu->config;
	size_t unit = config->cbuf_entry_bytes;
	uint32_t ring = banks * config->cbuf_bank_entries;
	uint32_t first = bank * config->cbuf_bank_entries;
	uint32_t all = config->cbuf_banks * config->cbuf_bank_entries;

	for (entry %= ring; bytes; entry = (entry + 1) % ring, skip = 0) {
		size_t part = bytes < unit - skip ? bytes : unit - skip;

		/* Banks that do not exist. */
		if (first + entry >= all)
			memset(to, 0, part);
		else
			memcpy(to, emu->conv->cbuf + (first + entry) * unit + skip, part);
		to += part;
		bytes -= part;
	}
}

static void group_begin(struct nvdla_emu *emu)
{
	struct conv_pipeline *pipeline = emu->conv;
	const struct timing_conv *time = &pipeline->time;
	const struct timing_range *group = &time->range;
	struct conv *op = pipeline->current;
	size_t line = (size_t)op->line_entries * emu->config->cbuf_entry_bytes;

	for (unsigned int y = 0; !group->first && y < op->height; y++)
		capture(emu, 0, time->csc.data_banks, time->read_data + y * op->entries, 0,
			line, op->lines + y * line);
	if (!group->first)
		mac_load_lines(op->mac, emu, op);
	capture(emu, time->csc.data_banks, time->csc.weight_banks, group->entry, group->skip,
		group->count * conv_kernel_bytes(op), mac_weights(op->mac, group->first));
	mac_begin(op->mac, group->first);
}

bool conv_take(struct nvdla_emu *emu, uint64_t atoms, struct sums *sums)
{
	struct conv_pipeline *pipeline = emu->conv;

	while (atoms) {
		struct conv *op = pipeline->first;
		size_t plane = op->positions;
		size_t left = plane - op->position, part = left < atoms ? left : (size_t)atoms;

		if (!sums_add(sums, op->mac, op->group, op->position, part))
			return false;
		atoms -= part;
		op->position += part;
		if (op->position < plane)
			continue;
		op->position = 0;
		if (++op->group * emu->config->atomic_k >= op->kernels)
			drop_first(pipeline);
	}
	return true;
}

uint64_t conv_feeds_at(const struct nvdla_emu *emu)
{
	return emu->conv->fed_atoms ? emu->conv->time.at[CONV_FED] : UINT64_MAX;
}

bool conv_is_computing(const struct nvdla_emu *emu)
{
	for (const struct conv *op = emu->conv->first; op; op = op->next) {
		if (mac_is_computing(op->mac))
			return true;
	}
	return false;
}

void conv_set_latency(struct nvdla_emu *emu, uint32_t latency)
{
	emu->memory.latency = latency;
	emu->conv->time.memory.latency = latency;
}

void conv_set_turns(struct nvdla_emu *emu, uint32_t data, uint32_t weights)
{
	emu->conv->time.memory.data_turns = data;
	emu->conv->time.memory.weight_turns = weights;
}

void conv_open(struct nvdla_emu *emu, const struct timing_feed *feed, uint64_t start)
{
	emu->conv->fed_atoms = feed->atoms;
	timing_conv_sdp(&emu->conv->time, feed, cycles_now(emu), start);
}

bool conv_rival(const struct nvdla_emu *emu, struct timing_rival *rival)
{
	return timing_conv_rival(&emu->conv->time, cycles_now(emu), rival);
}

uint64_t conv_next_event(const struct nvdla_emu *emu)
{
	return timing_conv_next(&emu->conv->time);
}

void conv_event(struct nvdla_emu *emu)
{
	struct conv_pipeline *pipeline = emu->conv;

	emu->engine = NVDLA_EMU_CONV;
	switch (timing_conv_step(&pipeline->time)) {
	case CONV_READ_DATA:
		cdma_read_data(emu, &pipeline->time.range);
		break;
	case CONV_READ_WEIGHTS:
		cdma_read_weights(emu, &pipeline->time.range);
		break;
	case CONV_GROUP:
		group_begin(emu);
		break;
	case CONV_DATA_BEGIN:
		for (unsigned int j = 0; j < JOB_COUNT; j++)
			job_contend(emu, &emu->jobs[j]);
		break;
	case CONV_DATA_DONE:
		glb_raise(emu, IRQ_CDMA_DAT, emu->units[UNIT_CDMA].consumer);
		break;
	case CONV_WEIGHTS_DONE:
		glb_raise(emu, IRQ_CDMA_WT, emu->units[UNIT_CDMA].consumer);
		break;
	case CONV_CDMA_DONE:
		cdma_count(emu);
		csb_unit_done(emu, UNIT_CDMA);
		break;
	case CONV_CSC_DONE:
		pipeline->macs_on = false;
		csb_unit_done(emu, UNIT_CSC);
		break;
	case CONV_CMAC_DONE:
		csb_unit_done(emu, UNIT_CMAC_A);
		csb_unit_done(emu, UNIT_CMAC_B);
		break;
	case CONV_CACC_DONE:
		csb_unit_done(emu, UNIT_CACC);
		emu->stats.macs += macs(pipeline->current);
		emu->stats.operations[NVDLA_EMU_CONV]++;
		break;
	case CONV_DELIVERED:
		glb_raise(emu, IRQ_CACC, pipeline->cacc_group);
		pipeline->cacc_group ^= 1;
		break;
	case CONV_FED:
		pipeline->fed_atoms = 0;
		sdp_fed(emu);
		break;
	default:
		break;
	}
}

/* Nothing moves: what is waited for that will not come? NULL when software can still supply it. */
static const char *stuck(const struct conv_pipeline *pipeline)
{
	const struct timing_conv *time = &pipeline->time;
	bool waits = time->csc_enabled && time->csc_state == CONV_BUSY && !time->in_group &&
		     time->macs_on;

	if (timing_conv_next(time) != TIMING_NEVER)
		return NULL;
	if (time->csc_state == CONV_PENDING && time->cdma_enabled)
		return "CDMA and CSC differ in the banks of the convolution buffer";
	if (waits && time->data.state == CONV_BUSY)
		return "convolution: the input does not fit its banks";
	if (waits && time->weights.state == CONV_BUSY)
		return time->weights.fetched < time->weights.total ?
			"convolution: a kernel group does not fit its banks" :
			"CDMA: fewer bytes of weights than the kernels have";
	if (waits && !time->cdma_enabled && time->slices < time->csc.lines && time->slices)
		return "convolution: fewer lines in the buffer than CSC waits for";
	if (waits && !time->cdma_enabled && time->kernels)
		return "convolution: fewer kernels in the buffer than CSC waits for";
	if (pipeline->fed_atoms && time->starved)
		return "CACC and SDP differ in the size of the output";
	return NULL;
}

bool conv_is_stuck(const struct nvdla_emu *emu)
{
	return stuck(emu->conv) != NULL;
}

const char *conv_hang_reason(const struct nvdla_emu *emu)
{
	const struct conv_pipeline *pipeline = emu->conv;

	if (pipeline->cdma_hang)
		return pipeline->cdma_hang;
	return pipeline->csc_hang ? pipeline->csc_hang : stuck(pipeline);
}

void conv_get_stalls(const struct nvdla_emu *emu, uint64_t stalls[NVDLA_EMU_STALLS])
{
	memcpy(stalls, emu->conv->time.stalls, sizeof(emu->conv->time.stalls));
}
