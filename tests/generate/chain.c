// SPDX-License-Identifier: MIT
#include "chain.h"

static bool has_conv(const struct chain *chain)
{
	return chain->kind == CHAIN_CONV || chain->kind == CHAIN_CONV_PDP;
}

static bool has_sdp(const struct chain *chain)
{
	return chain->kind <= CHAIN_SDP_PDP;
}

static bool has_pdp(const struct chain *chain)
{
	return chain->kind == CHAIN_CONV_PDP || chain->kind == CHAIN_SDP_PDP ||
	       chain->kind == CHAIN_PDP;
}

static bool draw_sdp(struct generator *g, const struct chain_wish *wish, struct chain *chain)
{
	bool residual = has_conv(chain) && !wish->plain && random_one_in(&g->random, 3);
	struct sdp_wish sdp = {
		.in = wish->in,
		.from_conv = has_conv(chain),
		.to_pdp = has_pdp(chain),
		.plain = wish->plain,
		.sum_bits = 7,
	};
	struct surface cube;

	if (has_conv(chain)) {
		sdp.width = chain->conv.x.out;
		sdp.height = chain->conv.y.out;
		sdp.channels = chain->conv.kernels;
		sdp.sum_bits = conv_sum_bits(&chain->conv);
		sdp.in = NULL;
	} else if (wish->in) {
		sdp.width = wish->in->width;
		sdp.height = wish->in->height;
		sdp.channels = wish->in->channels;
	}
	if (residual) {
		bool in_place = !sdp.to_pdp && random_one_in(&g->random, 3);

		cube = surface_place(&g->memory, g->hw, sdp.width, sdp.height, sdp.channels,
				     g->hw->atom, in_place, FILL_ANY);
		sdp.residual = &cube;
		if (in_place)
			sdp.out = &cube;
	}
	return sdp_draw(g, &sdp, &chain->sdp);
}

static bool draw_pdp(struct generator *g, const struct chain_wish *wish, struct chain *chain)
{
	struct pdp_wish pdp = { .in = wish->in };

	if (has_sdp(chain)) {
		pdp.in = NULL;
		pdp.from_sdp = true;
		pdp.width = chain->sdp.width;
		pdp.height = chain->sdp.height;
		pdp.channels = chain->sdp.channels;
	} else if (wish->in) {
		pdp.width = wish->in->width;
		pdp.height = wish->in->height;
		pdp.channels = wish->in->channels;
	}
	return pdp_draw(g, &pdp, &chain->pdp);
}

bool chain_draw(struct generator *g, const struct chain_wish *wish, struct chain *chain)
{
	*chain = (struct chain){ .kind = wish->kind };
	if (wish->kind == CHAIN_CDP)
		return cdp_draw(g, wish->in, &chain->cdp);
	if (has_conv(chain)) {
		struct conv_wish conv = wish->conv;

		conv.in = wish->in;
		if (!conv_draw(g, &conv, &chain->conv))
			return false;
	}
	if (has_sdp(chain) && !draw_sdp(g, wish, chain))
		return false;
	return !has_pdp(chain) || draw_pdp(g, wish, chain);
}

const struct surface *chain_output(const struct chain *chain)
{
	if (chain->kind == CHAIN_CDP)
		return &chain->cdp.out;
	return has_pdp(chain) ? &chain->pdp.out : &chain->sdp.out;
}

/* In the order in which they wait for each other, the last one first. */
static unsigned int list_units(const struct chain *chain, enum unit units[UNIT_COUNT])
{
	static const enum unit conv[] = { UNIT_CACC, UNIT_CMAC_A, UNIT_CMAC_B, UNIT_CSC, UNIT_CDMA };
	unsigned int count = 0;

	if (chain->kind == CHAIN_CDP) {
		units[count++] = UNIT_CDP;
		units[count++] = UNIT_CDP_RDMA;
	}
	if (has_pdp(chain))
		units[count++] = UNIT_PDP;
	if (chain->kind == CHAIN_PDP)
		units[count++] = UNIT_PDP_RDMA;
	if (has_sdp(chain)) {
		units[count++] = UNIT_SDP;
		if (sdp_reads(&chain->sdp))
			units[count++] = UNIT_SDP_RDMA;
	}
	for (unsigned int i = 0; has_conv(chain) && i < sizeof(conv) / sizeof(conv[0]); i++)
		units[count++] = conv[i];
	return count;
}

static uint32_t unit_mask(const struct chain *chain)
{
	enum unit units[UNIT_COUNT];
	unsigned int count = list_units(chain, units);
	uint32_t mask = 0;

	while (count)
		mask |= 1u << units[--count];
	return mask;
}

void chain_program(struct generator *g, const struct chain *chain)
{
	if (chain->kind == CHAIN_CDP) {
		cdp_describe(g, &chain->cdp);
		/* There is one set of tables: others have to wait until nobody uses them. */
		if (!g->has_tables || random_one_in(&g->random, 4)) {
			script_wait_units(&g->script, 1u << UNIT_CDP);
			cdp_write_tables(g, &chain->cdp);
			g->has_tables = true;
		}
		cdp_set(g, &chain->cdp);
	}
	script_reserve(&g->script, unit_mask(chain));
	if (has_conv(chain)) {
		/* After reset the buffer is being zeroed. */
		if (!(g->script.used & CONV_UNITS))
			script_poll(&g->script, CDMA_S_CBUF_FLUSH_STATUS, 1, 1);
		conv_describe(g, &chain->conv);
		conv_set(g, &chain->conv);
	}
	if (has_sdp(chain)) {
		sdp_describe(g, &chain->sdp);
		sdp_set(g, &chain->sdp);
	}
	if (has_pdp(chain)) {
		pdp_describe(g, &chain->pdp);
		pdp_set(g, &chain->pdp);
	}
	script_program(&g->script);
}

/* What must be seen before the result is complete; as often as not all that can be seen. */
static uint32_t done_bits(struct generator *g, const struct chain *chain)
{
	bool all = random_one_in(&g->random, 2);
	uint32_t done = 0;

	if (chain->kind == CHAIN_CDP)
		done |= GLB_CDP_DONE << script_group(&g->script, UNIT_CDP);
	if (has_pdp(chain))
		done |= GLB_PDP_DONE << script_group(&g->script, UNIT_PDP);
	if (has_sdp(chain))
		done |= GLB_SDP_DONE << script_group(&g->script, UNIT_SDP);
	if (has_conv(chain) && all) {
		unsigned int group = script_group(&g->script, UNIT_CACC);

		done |= GLB_CACC_DONE << group;
		if (!chain->conv.reuse_data)
			done |= GLB_CDMA_DAT_DONE << group;
		if (!chain->conv.reuse_weights)
			done |= GLB_CDMA_WT_DONE << group;
	}
	return done;
}

/* What is counted of the values, not of the time. */
static void add_counters(struct script *script, const struct chain *chain, int launch,
			 const unsigned int groups[UNIT_COUNT])
{
	static const uint32_t counters[] = {
		CACC_D_OUT_SATURATION, SDP_D_STATUS, SDP_D_PERF_OUT_SATURATION, CDP_D_OUT_SATURATION,
		CDP_D_PERF_LUT_UFLOW, CDP_D_PERF_LUT_OFLOW, CDP_D_PERF_LUT_HYBRID,
		CDP_D_PERF_LUT_LE_HIT, CDP_D_PERF_LUT_LO_HIT,
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		enum unit unit = register_unit(counters[i]);

		if (unit_mask(chain) >> unit & 1)
			script_count(script, launch, counters[i], groups[unit]);
	}
}

int chain_start(struct generator *g, const struct chain *chain)
{
	enum unit units[UNIT_COUNT];
	unsigned int count = list_units(chain, units), groups[UNIT_COUNT];
	int launch;

	if (has_conv(chain) && conv_starts_alone(g->hw, &chain->conv))
		script_wait_units(&g->script, CONV_UNITS);
	for (unsigned int u = 0; u < UNIT_COUNT; u++)
		groups[u] = script_group(&g->script, u);
	launch = script_enable(&g->script, units, count, done_bits(g, chain));
	add_counters(&g->script, chain, launch, groups);
	return launch;
}
