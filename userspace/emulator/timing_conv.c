// SPDX-License-Identifier: MIT
#include <stddef.h>
#include <string.h>

#include "emu.h"
#include "timing_conv.h"

/* Cycles between two things, measured on the RTL. */
enum {
	/* From the state that fetches to the first data, beside the memory's latency. */
	DATA_START = 13,
	WEIGHTS_START = 14,
	/* From room being there again to data; weights have a few requests ahead. */
	DATA_RESUME = 20,
	WEIGHTS_RESUME = 7,
	/* From the last data to its engine being done; from both of them to the group being free. */
	DATA_END = 20,
	WEIGHTS_END = 16,
	CDMA_END = 3,
	/* From enabling to fetching; to finding that nothing has to be. */
	FETCH = 1,
	REUSED = 3,
	/* CSC and CDMA empty the buffer: CSC goes on, then CDMA. */
	EMPTY_CSC = 3,
	EMPTY_CDMA = 5,
	EMPTY_FETCH = 2,
	/* From CSC's beginning, a kernel group's last weights, or the last line, to the first step. */
	CSC_START = 4,
	WEIGHTS_SEEN = 17,
	DATA_SEEN = 26,
	/* CSC is done so long after its last step, beside the stripe; CMAC and CACC after the last sum. */
	CSC_END = 51,
	CACC_END = 2,
	CMAC_BEFORE = 4,
	/* From a step's issue to its first sum, from there to SDP. */
	SUM = 34,
	DELIVER = 1,
	DELIVER_ATOM = 9,
	CREDIT = 3,
	OPEN = 1,
	DELIVERED = 3,
};

enum {
	STRIPE = 16,
	STRIPE_SHORT = 8,
	CREDITS = 16,
	/* Of SDP's operand readers: beats under way at most, and beats that wait in SDP. */
	OPERANDS_ASKED = 16,
	OPERANDS_HELD = 32,
	OPERAND_CYCLES = 15,	/* a request's way, beside the memory's latency */
	FINE = 16,
	REQUEST = 8,		/* entries that CDMA asks for at once */
	STEP_SHORTEST = 8,	/* as long as it takes to load the next step's weights */
	SLICE_MASK = 0x3fff,	/* of CSC's counters */
	KERNEL_MASK = 0x7fff,
};

#define FLOW_ONE (UINT64_C(1) << 16)

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint32_t bank_entries(const struct timing_conv *conv, uint32_t banks)
{
	return banks * conv->config->cbuf_bank_entries;
}

static uint32_t entries_of(const struct timing_conv *conv, uint64_t bytes)
{
	uint32_t unit = conv->config->cbuf_entry_bytes;

	return (uint32_t)((bytes + unit - 1) / unit);
}

/* Entries that hold nothing but weights of groups before this one. */
static uint32_t entries_before(const struct timing_conv *conv, uint32_t group)
{
	const struct timing_csc *op = &conv->csc;
	uint64_t bytes = (uint64_t)group * conv->config->atomic_k * op->kernel_bytes;

	return (uint32_t)(bytes / conv->config->cbuf_entry_bytes);
}

static uint32_t group_kernels(const struct timing_conv *conv, uint32_t kernels, uint32_t group)
{
	uint32_t lanes = conv->config->atomic_k, left = kernels - group * lanes;

	return left < lanes ? left : lanes;
}

static uint32_t wrap_up(uint32_t value, uint32_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static uint32_t wrap(uint64_t entry, uint32_t size)
{
	return size ? (uint32_t)(entry % size) : 0;
}

void timing_conv_reset(struct timing_conv *conv, const struct nvdla_config *config,
		       const struct timing_memory *memory)
{
	memset(conv, 0, sizeof(*conv));
	conv->config = config;
	conv->memory = *memory;
	for (unsigned int e = 0; e < CONV_EVENTS; e++)
		conv->at[e] = TIMING_NEVER;
	/* No operation has been: whatever banks the first one has are new. */
	conv->data.last_banks = UINT32_MAX;
	conv->weights.last_data_banks = conv->weights.last_banks = UINT32_MAX;
	conv->last_data_banks = conv->last_weight_banks = UINT32_MAX;
}

/* ---- fetching ---- */

/* What the memory delivers in a cycle. */
static uint64_t bus_rate(const struct timing_conv *conv)
{
	return FLOW_ONE * conv->memory.bytes / conv->config->atom;
}

/* A stream's share of the memory while the other one has something to fetch, too. */
static uint64_t share(const struct timing_conv *conv, const struct timing_flow *flow)
{
	uint64_t data = max(conv->memory.data_turns, 1), weights = max(conv->memory.weight_turns, 1);
	uint64_t mine = flow == &conv->data.flow ? data : weights;

	return bus_rate(conv) * mine / (data + weights);
}

static uint64_t flow_rate(const struct timing_conv *conv, const struct timing_flow *flow,
			  const struct timing_flow *other)
{
	uint64_t bus = bus_rate(conv), rest = bus;

	if (other->active) {
		rest = bus > other->rate ? bus - other->rate : 0;
		rest = max(rest, share(conv, flow));
	}
	return max(min(flow->rate, rest), 1);
}

static void flow_advance(struct timing_flow *flow, uint64_t rate, uint64_t cycles)
{
	if (!flow->active)
		return;
	flow->left -= min(flow->left, rate * cycles);
	flow->busy += cycles;
}

static uint64_t flow_end(const struct timing_conv *conv, const struct timing_flow *flow,
			 const struct timing_flow *other)
{
	uint64_t rate = flow_rate(conv, flow, other);

	return conv->now + (flow->left + rate - 1) / rate;
}

/* Both streams up to now, before anything about them changes. */
static void streams_advance(struct timing_conv *conv, uint64_t now)
{
	uint64_t cycles = now - conv->now;
	uint64_t data = flow_rate(conv, &conv->data.flow, &conv->weights.flow);
	uint64_t weights = flow_rate(conv, &conv->weights.flow, &conv->data.flow);

	flow_advance(&conv->data.flow, data, cycles);
	flow_advance(&conv->weights.flow, weights, cycles);
	conv->now = now;
}


/* When each of them has something next, now that rates may be others. */
static void streams_schedule(struct timing_conv *conv)
{
	struct timing_flow *data = &conv->data.flow, *weights = &conv->weights.flow;

	if (data->active)
		conv->at[CONV_DATA_END] = flow_end(conv, data, weights);
	if (weights->active)
		conv->at[CONV_WEIGHTS_END] = flow_end(conv, weights, data);
}

/* From a request to data on its way: a reader that had to wait for room has its request ready. */
static uint64_t stream_begin(const struct timing_conv *conv, uint64_t room_at, uint64_t start,
			     unsigned int resume)
{
	if (start)
		return start + conv->memory.latency;
	return max(conv->now, room_at + resume + conv->memory.latency);
}

/* Whole grains of lines, as many as there is room for. */
static void data_ask(struct timing_conv *conv, uint64_t start)
{
	uint32_t left = conv->cdma.lines - conv->data.line, entries = conv->cdma.line_entries;
	uint32_t banks = bank_entries(conv, conv->cdma.data_banks);
	uint32_t room = banks > conv->data.used ? banks - conv->data.used : 0;
	uint32_t lines = room / entries;

	if (conv->data.state != CONV_BUSY || conv->data.chunk)
		return;
	lines = lines >= left ? left : lines / conv->cdma.grain * conv->cdma.grain;
	if (!lines)
		return;
	conv->data.chunk = lines;
	conv->data.used += lines * entries;
	conv->at[CONV_READ_DATA] = conv->now;
	conv->at[CONV_DATA_BEGIN] = stream_begin(conv, conv->data.room_at, start,
						     DATA_RESUME);
}

static void data_begin(struct timing_conv *conv)
{
	const struct timing_cdma *op = &conv->cdma;

	conv->data.flow.active = true;
	conv->data.began = conv->now;
	conv->data.flow.left = FLOW_ONE * conv->data.chunk * op->line_beats;
	conv->data.flow.rate = FLOW_ONE * op->line_beats * op->grain * 2 / op->grain_halves;
}

/* The next group of the operation that CSC has, or would have. */
static bool kernels_there(const struct timing_conv *conv)
{
	uint32_t kernels = group_kernels(conv, conv->csc.kernels, conv->group);

	return conv->csc_enabled && conv->kernels >= conv->required + kernels;
}

static void csc_try(struct timing_conv *conv);

static void data_end(struct timing_conv *conv)
{
	conv->data.flow.active = false;
	conv->data.line += conv->data.chunk;
	conv->data.write = wrap(conv->data.write +
				(uint64_t)conv->data.chunk * conv->cdma.line_entries,
				bank_entries(conv, conv->cdma.data_banks));
	if (conv->slices < conv->csc.lines)
		conv->data_seen = conv->now + DATA_SEEN;
	conv->slices = (conv->slices + conv->data.chunk) & SLICE_MASK;
	conv->data.chunk = 0;
	if (conv->data.line == conv->cdma.lines) {
		conv->data.state = CONV_DONE;
		conv->at[CONV_DATA_DONE] = conv->now + DATA_END;
	} else {
		data_ask(conv, 0);
	}
	csc_try(conv);
}

static void weights_ask(struct timing_conv *conv, uint64_t start)
{
	uint32_t banks = bank_entries(conv, conv->cdma.weight_banks);
	uint32_t room = banks > conv->weights.used ? banks - conv->weights.used : 0;
	uint32_t left = conv->weights.total - conv->weights.asked;
	bool waiting = conv->weights.asked == conv->weights.fetched;

	if (conv->weights.state != CONV_BUSY || !left || !room)
		return;
	left = left < room ? left : room;
	conv->weights.asked += left;
	conv->weights.used += left;
	conv->at[CONV_READ_WEIGHTS] = conv->now;
	if (waiting)
		conv->at[CONV_WEIGHTS_BEGIN] = stream_begin(conv, conv->weights.room_at,
								start, WEIGHTS_RESUME);
}

/* Entries after which the group that is on its way is there. */
static uint32_t group_end(const struct timing_conv *conv)
{
	const struct timing_cdma *op = &conv->cdma;
	uint32_t lanes = conv->config->atomic_k;

	if ((conv->weights.group + 1) * lanes >= op->kernels)
		return entries_of(conv, op->weight_bytes);
	return entries_of(conv, (uint64_t)(conv->weights.group + 1) * lanes * op->kernel_bytes);
}

/* To the end of the group, or as far as there was room. */
static void weights_begin(struct timing_conv *conv)
{
	uint32_t end = group_end(conv);

	conv->weights.target = end < conv->weights.asked ? end : conv->weights.asked;
	conv->weights.flow.active = conv->weights.target > conv->weights.fetched;
	conv->weights.flow.left = FLOW_ONE * (conv->weights.target - conv->weights.fetched);
	if (conv->weights.target == end && conv->open_atoms)
		conv->weights.flow.left += FLOW_ONE * conv->group_beats;
	conv->weights.flow.rate = FLOW_ONE;
}

static void weights_end(struct timing_conv *conv)
{
	const struct timing_cdma *op = &conv->cdma;

	conv->weights.flow.active = false;
	conv->weights.fetched = conv->weights.target;
	if (!kernels_there(conv))
		conv->weights_seen = conv->now + WEIGHTS_SEEN;
	while (conv->weights.group * conv->config->atomic_k < op->kernels &&
	       conv->weights.fetched >= group_end(conv)) {
		conv->kernels += group_kernels(conv, op->kernels, conv->weights.group++);
		conv->kernels &= KERNEL_MASK;
	}
	if (conv->weights.group * conv->config->atomic_k >= op->kernels) {
		conv->weights.state = CONV_DONE;
		conv->at[CONV_WEIGHTS_DONE] = conv->now + WEIGHTS_END;
	} else if (conv->weights.fetched < conv->weights.asked) {
		weights_begin(conv);
	}
	csc_try(conv);
}

static void data_start(struct timing_conv *conv, uint64_t start)
{
	conv->data.state = CONV_BUSY;
	conv->data.flow.busy = 0;
	conv->data.line = 0;
	conv->data.chunk = 0;
	data_ask(conv, start + DATA_START + conv->cdma.start);
}

static void weights_start(struct timing_conv *conv, uint64_t start)
{
	conv->weights.state = CONV_BUSY;
	conv->weights.flow.busy = 0;
	/*
	 * What is below an entry is not fetched, but waited for; when that is all, a whole request
	 * is made.
	 */
	conv->weights.total = conv->cdma.weight_bytes / conv->config->cbuf_entry_bytes;
	if (!conv->weights.total && conv->cdma.weight_bytes)
		conv->weights.total = REQUEST;
	conv->weights.asked = 0;
	conv->weights.read = 0;
	conv->weights.fetched = 0;
	conv->weights.group = 0;
	weights_ask(conv, start + WEIGHTS_START);
}

/* CSC and CDMA agree that other banks are used from here on, and forget what is in them. */
static void pending_try(struct timing_conv *conv)
{
	bool data = conv->data.state == CONV_PENDING;
	uint64_t busy;

	if (conv->csc_state != CONV_PENDING || conv->weights.state != CONV_PENDING ||
	    (conv->empties_data && !data))
		return;
	conv->csc_state = CONV_BUSY;
	busy = max(conv->csc_start + EMPTY_CSC, conv->cdma_start + EMPTY_CDMA);
	conv->issue = max(conv->issue, busy + CSC_START);
	conv->kernels = 0;
	conv->read_weights = 0;
	conv->weights.used = 0;
	conv->weights.write = 0;
	weights_start(conv, busy + EMPTY_FETCH);
	if (conv->empties_data) {
		conv->slices = 0;
		conv->read_data = 0;
		conv->data.used = 0;
		conv->data.write = 0;
		data_start(conv, busy + EMPTY_FETCH);
	}
}

void timing_conv_cdma(struct timing_conv *conv, const struct timing_cdma *op, uint64_t now,
		      uint64_t start)
{
	bool same_data = op->data_banks == conv->data.last_banks;
	bool same_weights = op->data_banks == conv->weights.last_data_banks &&
			    op->weight_banks == conv->weights.last_banks;

	streams_advance(conv, now);
	conv->cdma = *op;
	conv->cdma_enabled = true;
	conv->cdma_start = start;
	if (!same_data) {
		conv->data.state = CONV_PENDING;
	} else if (op->data_reuse && conv->data.last_kept && conv->data.last_image == op->image) {
		conv->data.state = CONV_DONE;
		conv->at[CONV_DATA_DONE] = start + REUSED;
	} else {
		data_start(conv, start + FETCH);
	}
	if (!same_weights) {
		conv->weights.state = CONV_PENDING;
	} else if (op->weight_reuse && conv->weights.last_kept) {
		conv->weights.state = CONV_DONE;
		conv->at[CONV_WEIGHTS_DONE] = start + REUSED;
	} else {
		weights_start(conv, start + FETCH);
	}
	conv->data.last_banks = op->data_banks;
	conv->data.last_image = op->image;
	conv->data.last_kept = op->keep_data;
	pending_try(conv);
	streams_schedule(conv);
}

static void cdma_done(struct timing_conv *conv)
{
	conv->cdma_enabled = false;
	conv->data.state = CONV_IDLE;
	conv->weights.state = CONV_IDLE;
	conv->weights.last_data_banks = conv->cdma.data_banks;
	conv->weights.last_banks = conv->cdma.weight_banks;
	conv->weights.last_kept = conv->cdma.keep_weights;
}

/* ---- multiplying ---- */

static void release_data(struct timing_conv *conv, uint32_t slices, uint32_t entries)
{
	conv->slices = (conv->slices - slices) & SLICE_MASK;
	conv->read_data = wrap((uint64_t)conv->read_data + entries,
			       bank_entries(conv, conv->csc.data_banks));
	conv->data.used -= entries < conv->data.used ? entries : conv->data.used;
	conv->data.room_at = conv->now;
	data_ask(conv, 0);
}

static void release_weights(struct timing_conv *conv, uint32_t kernels, uint32_t entries)
{
	conv->kernels = (conv->kernels - kernels) & KERNEL_MASK;
	conv->read_weights = wrap((uint64_t)conv->read_weights + entries,
				  bank_entries(conv, conv->csc.weight_banks));
	conv->weights.used -= entries < conv->weights.used ? entries : conv->weights.used;
	conv->weights.room_at = conv->now;
	weights_ask(conv, 0);
}

void timing_conv_csc(struct timing_conv *conv, const struct timing_csc *op, uint64_t now,
		     uint64_t start)
{
	bool same_data = op->data_banks == conv->last_data_banks;
	bool same_weights = op->weight_banks == conv->last_weight_banks;

	streams_advance(conv, now);
	conv->csc = *op;
	conv->csc_enabled = true;
	conv->csc_start = start;
	if (conv->csc_free)
		conv->stalls[NVDLA_EMU_STALL_REGISTERS] += start - conv->csc_free;
	conv->group = 0;
	conv->required = 0;
	conv->run = 0;
	conv->position = 0;
	conv->in_group = false;
	conv->weight_offset = 0;
	conv->issue = start + CSC_START;
	/* What was kept and is not wanted goes. */
	if (conv->last_slices && (!op->data_reuse || op->image != conv->last_image))
		release_data(conv, conv->last_slices, conv->last_entries);
	if (conv->last_weights_kept && !op->weight_reuse)
		release_weights(conv, conv->last_kernels, conv->last_weight_entries);
	conv->empties_data = !same_data;
	conv->csc_state = same_data && same_weights ? CONV_BUSY : CONV_PENDING;
	pending_try(conv);
	csc_try(conv);
	streams_schedule(conv);
}

/* The next kernel group, when its weights and all lines are there. */
static void csc_try(struct timing_conv *conv)
{
	if (!conv->macs_on || conv->csc_state != CONV_BUSY || conv->in_group ||
	    conv->at[CONV_GROUP] != TIMING_NEVER)
		return;
	if (conv->slices < conv->csc.lines || !kernels_there(conv))
		return;
	conv->at[CONV_GROUP] = max(max(conv->issue, conv->now),
				   max(conv->data_seen, conv->weights_seen));
}

/*
 * SDP may have to wait for an atom's operands. It holds those of a few atoms, and asks for more when
 * it is done with one. n counts the atoms that it has taken.
 */
static void pace(struct timing_conv *conv, uint64_t n)
{
	uint64_t freed;

	if (!conv->pace || n < conv->ahead)
		return;
	freed = conv->credit[(conv->out - 1 - conv->ahead) % CONV_ATOMS] - CREDIT;
	conv->pace_at = max(conv->pace_at + conv->pace,
			    (freed + conv->memory.latency + OPERAND_CYCLES) * FINE);
	conv->delivered = max(conv->delivered, conv->pace_at / FINE);
}

void timing_conv_macs(struct timing_conv *conv, uint64_t now, uint64_t start)
{
	streams_advance(conv, now);
	conv->macs_on = true;
	conv->issue = max(conv->issue, start);
	csc_try(conv);
	streams_schedule(conv);
}

/* Hand over what has arrived, as far as SDP takes it. */
static void deliver(struct timing_conv *conv)
{
	while (conv->out < conv->in && conv->open_atoms) {
		uint32_t slot = conv->out++ % CONV_ATOMS;
		uint64_t ready = max(conv->delivered, conv->arrived[slot] + DELIVER) + DELIVER_ATOM;

		conv->delivered = max(ready, conv->open_from + DELIVER_ATOM);
		pace(conv, conv->taken);
		if (conv->times)
			conv->times[conv->taken] = conv->delivered;
		conv->taken++;
		conv->held += conv->delivered - ready;
		conv->credit[slot] = conv->delivered + CREDIT;
		if (conv->ends_out != conv->ends_in &&
		    conv->ends[conv->ends_out % CONV_ATOMS] == conv->out) {
			conv->end_times[conv->ends_out++ % CONV_ATOMS] = conv->delivered + DELIVERED;
			if (conv->at[CONV_DELIVERED] == TIMING_NEVER)
				conv->at[CONV_DELIVERED] = conv->delivered + DELIVERED;
			conv->starved |= conv->open_atoms > 1;
		}
		if (!--conv->open_atoms && !conv->starved)
			conv->at[CONV_FED] = conv->delivered;
	}
}

/*
 * Positions of the next stripe: as long as can be, but what is left at the end is cut so that no
 * stripe is shorter than it has to be. An image has whole stripes and a rest.
 */
static uint32_t next_stripe(const struct timing_conv *conv)
{
	uint32_t left = conv->csc.positions - conv->position;

	if (left <= STRIPE)
		return left;
	return conv->csc.image || left >= 2 * STRIPE ? STRIPE : STRIPE_SHORT;
}

static void wait_for_credit(struct timing_conv *conv, uint64_t *last, uint64_t credit)
{
	uint64_t wait = credit > *last ? credit - *last : 0, held = min(wait, conv->held);

	*last += wait;
	conv->stalls[NVDLA_EMU_STALL_SDP] += held;
	conv->stalls[NVDLA_EMU_STALL_DELIVERY] += wait - held;
	conv->held = 0;
}

/* False when CACC has no room for it and SDP takes nothing. */
static bool run_stripe(struct timing_conv *conv)
{
	uint32_t length = next_stripe(conv);
	uint64_t step = max(wrap_up(length, conv->csc.rows), STEP_SHORTEST);
	uint64_t last = conv->issue + (conv->csc.steps - 1) * step;

	if (conv->in + length > CREDITS) {
		uint64_t waits_for = conv->in + length - CREDITS;

		deliver(conv);
		if (conv->out < waits_for)
			return false;
		wait_for_credit(conv, &last, conv->credit[(waits_for - 1) % CONV_ATOMS]);
	}
	for (uint32_t i = 0; i < length; i++)
		conv->arrived[conv->in++ % CONV_ATOMS] = last + SUM + i;
	conv->last_issue = last;
	conv->issue = last + step;
	conv->stripe = length;
	conv->position += length;
	if (conv->position == conv->csc.positions) {
		conv->position = 0;
		conv->run++;
	}
	return true;
}

/* As much of a kernel group as SDP allows. */
static void run_group(struct timing_conv *conv)
{
	bool last_group = (conv->group + 1) * conv->config->atomic_k >= conv->csc.kernels;

	while (conv->run < conv->csc.runs) {
		if (!run_stripe(conv))
			return;
	}
	conv->at[CONV_GROUP_END] = conv->issue;
	if (last_group)
		conv->ends[conv->ends_in++ % CONV_ATOMS] = conv->in;
	deliver(conv);
}

static void group_start(struct timing_conv *conv)
{
	conv->stalls[conv->data_seen > conv->weights_seen ? NVDLA_EMU_STALL_DATA :
		     NVDLA_EMU_STALL_WEIGHTS] += conv->now - conv->issue;
	conv->in_group = true;
	conv->issue = conv->now;
	conv->run = 0;
	conv->range = (struct timing_range){
		.first = conv->group,
		.count = group_kernels(conv, conv->csc.kernels, conv->group),
		.entry = wrap((uint64_t)conv->read_weights + conv->weight_offset,
			      bank_entries(conv, conv->csc.weight_banks)),
		.skip = (uint32_t)((uint64_t)conv->group * conv->config->atomic_k *
				   conv->csc.kernel_bytes % conv->config->cbuf_entry_bytes),
	};
	run_group(conv);
}

static void csc_finish(struct timing_conv *conv)
{
	const struct timing_csc *op = &conv->csc;
	uint64_t last_sum = conv->arrived[(conv->in - 1) % CONV_ATOMS];

	if (!op->keep_data)
		release_data(conv, op->released, op->released * op->line_entries);
	conv->csc_state = CONV_DONE;
	conv->at[CONV_CSC_DONE] = conv->last_issue + conv->stripe + CSC_END;
	conv->at[CONV_CMAC_DONE] = last_sum - CMAC_BEFORE;
	conv->at[CONV_CACC_DONE] = last_sum + CACC_END;
}

static void group_finish(struct timing_conv *conv)
{
	const struct timing_csc *op = &conv->csc;
	uint32_t kernels = group_kernels(conv, op->kernels, conv->group);
	bool last = (conv->group + 1) * conv->config->atomic_k >= op->kernels;
	uint32_t end = last ? entries_of(conv, (uint64_t)op->kernels * op->kernel_bytes) :
			      entries_before(conv, conv->group + 1);
	uint32_t entries = end - entries_before(conv, conv->group);

	conv->in_group = false;
	if (op->keep_weights) {
		conv->weight_offset += entries;
		conv->required += kernels;
	} else {
		release_weights(conv, kernels, entries);
	}
	conv->group++;
	if (last)
		csc_finish(conv);
	else
		csc_try(conv);
}

static void csc_done(struct timing_conv *conv)
{
	const struct timing_csc *op = &conv->csc;

	conv->csc_enabled = false;
	conv->csc_free = conv->now;
	conv->macs_on = false;
	conv->csc_state = CONV_IDLE;
	conv->last_data_banks = op->data_banks;
	conv->last_weight_banks = op->weight_banks;
	conv->last_slices = (op->lines - (op->keep_data ? 0 : op->released)) & SLICE_MASK;
	conv->last_entries = conv->last_slices * op->line_entries;
	conv->last_kernels = op->kernels;
	if (op->keep_weights)
		conv->last_weight_entries = op->weight_bytes / conv->config->cbuf_entry_bytes;
	conv->last_weights_kept = op->keep_weights;
	conv->last_image = op->image;
}

void timing_conv_sdp(struct timing_conv *conv, const struct timing_feed *feed, uint64_t now,
		     uint64_t start)
{
	streams_advance(conv, now);
	conv->pace = (uint64_t)FINE * feed->atom_beats * (conv->memory.latency + OPERAND_CYCLES) /
		     OPERANDS_ASKED;
	conv->pace_at = 0;
	conv->taken = 0;
	conv->starved = false;
	conv->ahead = feed->atom_beats ? OPERANDS_HELD / feed->atom_beats : 0;
	conv->group_beats = feed->group_beats;
	conv->times = feed->times;
	conv->open_from = start + OPEN;
	conv->open_atoms = feed->atoms;
	deliver(conv);
	if (conv->in_group && conv->run < conv->csc.runs)
		run_group(conv);
	streams_schedule(conv);
}

bool timing_conv_rival(const struct timing_conv *conv, uint64_t now, struct timing_rival *rival)
{
	const struct timing_flow *flow = &conv->data.flow;
	uint64_t weights = FLOW_ONE * (conv->weights.asked - conv->weights.fetched);
	uint64_t both = min(weights, flow->left);

	if (!flow->active || conv->at[CONV_DATA_END] <= now)
		return false;
	*rival = (struct timing_rival){
		/* The weights end first: from then on the input has the memory for itself. */
		.cycles = 2 * both / bus_rate(conv) +
			  (flow->left - both) / max(min(flow->rate, bus_rate(conv)), 1),
		.shared = 2 * both / bus_rate(conv),
		.since = now > conv->data.began ? now - conv->data.began : 0,
		.per_mille = (uint32_t)(min(flow->rate, bus_rate(conv)) * 1000 / FLOW_ONE),
	};
	return true;
}

static void delivered_seen(struct timing_conv *conv)
{
	if (++conv->ends_seen != conv->ends_out)
		conv->at[CONV_DELIVERED] = conv->end_times[conv->ends_seen % CONV_ATOMS];
}

uint64_t timing_conv_next(const struct timing_conv *conv)
{
	uint64_t next = TIMING_NEVER;

	for (unsigned int e = 0; e < CONV_EVENTS; e++)
		next = min(next, conv->at[e]);
	return next;
}

enum timing_conv_event timing_conv_step(struct timing_conv *conv)
{
	enum timing_conv_event event = (enum timing_conv_event)0;

	for (unsigned int e = 1; e < CONV_EVENTS; e++) {
		if (conv->at[e] < conv->at[event])
			event = (enum timing_conv_event)e;
	}
	streams_advance(conv, max(conv->now, conv->at[event]));
	conv->at[event] = TIMING_NEVER;
	switch (event) {
	case CONV_READ_DATA:
		conv->range = (struct timing_range){ conv->data.line, conv->data.chunk,
						     conv->data.write };
		break;
	case CONV_READ_WEIGHTS:
		conv->range = (struct timing_range){ conv->weights.read,
						     conv->weights.asked - conv->weights.read,
						     conv->weights.write };
		conv->weights.write = wrap((uint64_t)conv->weights.write + conv->range.count,
					   bank_entries(conv, conv->cdma.weight_banks));
		conv->weights.read = conv->weights.asked;
		break;
	case CONV_DATA_BEGIN:
		data_begin(conv);
		break;
	case CONV_DATA_END:
		data_end(conv);
		break;
	case CONV_WEIGHTS_BEGIN:
		weights_begin(conv);
		break;
	case CONV_WEIGHTS_END:
		weights_end(conv);
		break;
	case CONV_DATA_DONE:
	case CONV_WEIGHTS_DONE:
		if (conv->data.state == CONV_DONE && conv->weights.state == CONV_DONE &&
		    conv->at[CONV_DATA_DONE] == TIMING_NEVER &&
		    conv->at[CONV_WEIGHTS_DONE] == TIMING_NEVER)
			conv->at[CONV_CDMA_DONE] = conv->now + CDMA_END;
		break;
	case CONV_CDMA_DONE:
		cdma_done(conv);
		break;
	case CONV_GROUP:
		group_start(conv);
		break;
	case CONV_GROUP_END:
		group_finish(conv);
		break;
	case CONV_CSC_DONE:
		csc_done(conv);
		break;
	case CONV_DELIVERED:
		delivered_seen(conv);
		break;
	default:
		break;
	}
	streams_schedule(conv);
	return event;
}
