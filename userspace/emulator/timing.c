// SPDX-License-Identifier: MIT
/*
 * Cycles of nv_small, fitted to the RTL behind a memory of 64 bits a cycle and 40 cycles of
 * latency. SDP, PDP and CDP take a channel a cycle; the rest is the way in and out.
 */
#include "emu.h"
#include "timing.h"

enum {
	/* From enabling an engine to its interrupt, beside the time for the atoms. */
	SDP_LATENCY = 134,
	CDP_LATENCY = 168,

	/* The longest stripe: output positions for which a set of weights is held in the MACs. */
	STRIPE = 16,
	TWO_STRIPES = 32,
	STRIPE_SHORT = 8,

	/* From the first request to data in the buffer, from there to the first product. */
	FETCH_LATENCY = 60,
	COMPUTE_LATENCY = 30,
	/* CACC hands over an atom in so many cycles, and drains between stripes. */
	DELIVER_ATOM = 9,
	DELIVER_STRIPE = 38,
	/* From CACC's last sum to SDP's last write, acknowledged. */
	WRITE_LATENCY = 92,
};

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t timing_sdp(const struct nvdla_config *config, const struct timing_sdp *op)
{
	uint64_t atoms = (uint64_t)op->width * op->height * op->surfaces;

	return SDP_LATENCY + atoms * config->atom;
}

uint64_t timing_cdp(const struct nvdla_config *config, const struct timing_cdp *op)
{
	uint64_t atoms = (uint64_t)op->width * op->height * op->surfaces;

	return CDP_LATENCY + atoms * config->atom;
}

uint64_t timing_sdp_rdma(uint64_t sdp_cycles)
{
	return sdp_cycles;
}

/*
 * A stripe: a step keeps the MACs busy for a cycle per position, but not for less than it takes
 * to load the next weights of a full group; and its sums have to be handed over before the next stripe's.
 */
static uint64_t stripe_cycles(const struct timing_conv *op, uint64_t length, uint64_t lanes,
			      uint64_t drain)
{
	return max(op->steps * max(length, lanes), DELIVER_ATOM * length + drain);
}

/* Long stripes first; what is left is cut so that no stripe is shorter than it has to be. */
static uint64_t run_cycles(const struct timing_conv *op, uint64_t positions, uint64_t lanes)
{
	uint64_t drain = positions > STRIPE ? DELIVER_STRIPE : 0;
	uint64_t whole = positions >= TWO_STRIPES ? (positions - TWO_STRIPES) / STRIPE + 1 : 0;
	uint64_t cycles = whole * stripe_cycles(op, STRIPE, lanes, drain);
	uint64_t left = positions - whole * STRIPE;

	while (left > STRIPE) {
		cycles += stripe_cycles(op, STRIPE_SHORT, lanes, drain);
		left -= STRIPE_SHORT;
	}
	return cycles + (left ? stripe_cycles(op, left, lanes, drain) : 0);
}

static uint64_t group_cycles(const struct timing_conv *op, uint64_t lanes)
{
	if (op->image)
		return op->out_height * run_cycles(op, op->out_width, lanes);
	return run_cycles(op, (uint64_t)op->out_width * op->out_height, lanes);
}

/* When so many atoms of weights are there: taking turns with the input until that is complete. */
static uint64_t weights_there(uint64_t atoms, uint64_t data_atoms)
{
	return FETCH_LATENCY + atoms + min(atoms, data_atoms);
}

struct timing_conv_result timing_conv(const struct nvdla_config *config, const struct timing_conv *op)
{
	uint64_t groups = div_round_up(op->kernels, config->atomic_k);
	uint64_t data = op->data_bytes / config->atom, weights = op->weight_bytes / config->atom;
	uint64_t group = op->group_bytes / config->atom, room = op->weight_room / config->atom;
	uint64_t ahead = room > group ? room - group : 0;
	uint64_t busy = group_cycles(op, config->atomic_k);
	uint64_t first = min(group, weights), next;
	struct timing_conv_result at;

	at.data_done = FETCH_LATENCY + data + min(data, weights);
	at.computed = COMPUTE_LATENCY + max(at.data_done, weights_there(first, data));
	/*
	 * While one group is computed the next is fetched, as far as there is room for it; the rest
	 * follows when the first one is released.
	 */
	next = max(busy, min(group, ahead)) + (group > ahead ? group - ahead : 0);
	at.computed += (groups - 1) * (op->weight_bytes ? next : busy) + busy;
	at.weights_done = max(weights_there(weights, data),
			      weights > room ? at.computed - min(at.computed, busy) : 0);
	at.delivered = at.computed + DELIVER_STRIPE;
	at.written = at.delivered + WRITE_LATENCY;
	return at;
}
