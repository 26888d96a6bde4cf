// SPDX-License-Identifier: MIT
/* CDP: tables, bypasses, and the registers. */
#include "cdp.h"

#define TRIES 100
#define TABLE_WRITE (1 << 17)
#define BITS_OF_START 38

bool cdp_draw(struct generator *g, const struct surface *in, struct cdp *cdp)
{
	struct random *random = &g->random;
	uint64_t least = in ? 0 : generator_least(g), cycles;
	unsigned int width, height, channels, tries = 0;

	*cdp = (struct cdp){ 0 };
	do {
		if (++tries == TRIES)
			return false;
		width = in ? in->width : random_extent(random, 8192);
		height = in ? in->height : random_extent(random, 8192);
		channels = in ? in->channels : random_extent(random, 8192);
		cycles = (uint64_t)width * height * surface_count(g->hw, channels) * g->hw->atom;
	} while (cycles < least || cycles > g->budget);
	cdp->in = in ? *in : surface_place(&g->memory, g->hw, width, height, channels, g->hw->atom,
					   false, FILL_ANY);
	cdp->out = surface_place(&g->memory, g->hw, width, height, channels, g->hw->atom, true,
				 FILL_UNIFORM);
	cdp->no_sum = random_one_in(random, 3);
	cdp->no_product = random_one_in(random, 2);
	cdp->reach = random_below(random, 4);
	cdp->in_offset = (uint16_t)(int16_t)(random_one_in(random, 2) ? 0 :
					     random_between(random, -128, 127));
	cdp->in_scale = (uint16_t)PICK(random, 1, 1, 3, -1, (int32_t)random_next(random));
	cdp->in_shift = (unsigned int)PICK(random, 0, 0, 1, 4, 30);
	cdp->out_offset = (uint32_t)(random_one_in(random, 2) ? random_between(random, -3000, 3000) :
				     PICK(random, 0, (int32_t)random_next(random)));
	cdp->out_scale = (uint16_t)PICK(random, 1, 1, (int32_t)random_next(random));
	cdp->out_shift = (unsigned int)PICK(random, 0, 4, 8, 8, 12, 16, 20, 60);
	return true;
}

static void write_table(struct generator *g, unsigned int table, unsigned int entries)
{
	struct random *random = &g->random;
	bool smooth = random_one_in(random, 2);
	int32_t value = random_between(random, -32768, 32767);
	int32_t slope = random_between(random, -200, 200);

	script_write(&g->script, CDP_S_LUT_ACCESS_CFG, table << 16 | TABLE_WRITE);
	for (unsigned int i = 0; i < entries; i++) {
		value = smooth ? value + slope + random_between(random, -3, 3) :
			random_between(random, -32768, 32767);
		if (value < -32768 || value > 32767)
			value = value < 0 ? -32768 : 32767;
		script_write(&g->script, CDP_S_LUT_ACCESS_DATA, (uint16_t)value);
	}
}

/* Where a table begins and ends, somewhere in the range of what comes in. */
static void write_range(struct generator *g, bool no_sum, uint32_t start_low, uint32_t end_low,
			uint32_t slope_scale)
{
	struct random *random = &g->random;
	int64_t start, end;

	if (no_sum)
		start = random_one_in(random, 2) ? -128 : random_between(random, -256, 255);
	else
		start = random_one_in(random, 3) ? 0 : random_between(random, -5000, 100000);
	if (random_one_in(random, 8))
		start = (int64_t)(random_next(random) << (64 - BITS_OF_START)) >> (64 - BITS_OF_START);
	end = start + (no_sum ? PICK(random, 64, 256) : PICK(random, 64, 256, 4096, 65536));
	script_write(&g->script, start_low, (uint32_t)start);
	script_write(&g->script, start_low + 4, start >> 32 & 0x3f);
	script_write(&g->script, end_low, (uint32_t)end);
	script_write(&g->script, end_low + 4, end >> 32 & 0x3f);
	script_write(&g->script, slope_scale, (uint32_t)random_next(random));
	script_write(&g->script, slope_scale + 4, (uint32_t)random_next(random) & 0x3ff);
}

void cdp_write_tables(struct generator *g, const struct cdp *cdp)
{
	struct random *random = &g->random;
	uint32_t index_offset = (uint32_t)PICK(random, 0, 0, 3, 10, 0xfe, (int32_t)random_next(random)) & 0xff;
	uint32_t le_select = (uint32_t)PICK(random, 0, 2, 8, 12, (int32_t)random_next(random)) & 0xff;
	uint32_t lo_select = (uint32_t)PICK(random, 0, 1, 6, 10, (int32_t)random_next(random)) & 0xff;
	uint32_t linear = random_below(random, 2), priorities = random_below(random, 8);

	write_table(g, 0, 65);
	write_table(g, 1, 257);
	script_write(&g->script, CDP_S_LUT_CFG, linear | priorities << 4);
	script_write(&g->script, CDP_S_LUT_INFO, index_offset | le_select << 8 | lo_select << 16);
	write_range(g, cdp->no_sum, CDP_S_LUT_LE_START_LOW, CDP_S_LUT_LE_END_LOW,
		    CDP_S_LUT_LE_SLOPE_SCALE);
	write_range(g, cdp->no_sum, CDP_S_LUT_LO_START_LOW, CDP_S_LUT_LO_END_LOW,
		    CDP_S_LUT_LO_SLOPE_SCALE);
}

void cdp_set(struct generator *g, const struct cdp *cdp)
{
	struct script *script = &g->script;

	script_set(script, CDP_RDMA_D_DATA_CUBE_WIDTH, cdp->in.width - 1);
	script_set(script, CDP_RDMA_D_DATA_CUBE_HEIGHT, cdp->in.height - 1);
	script_set(script, CDP_RDMA_D_DATA_CUBE_CHANNEL, cdp->in.channels - 1);
	script_set(script, CDP_RDMA_D_SRC_BASE_ADDR_LOW, cdp->in.addr);
	script_set(script, CDP_RDMA_D_SRC_BASE_ADDR_HIGH, 0);
	script_set(script, CDP_RDMA_D_SRC_LINE_STRIDE, cdp->in.line_stride);
	script_set(script, CDP_RDMA_D_SRC_SURFACE_STRIDE, cdp->in.surface_stride);
	script_set(script, CDP_RDMA_D_SRC_DMA_CFG, 1);
	script_set(script, CDP_RDMA_D_DATA_FORMAT, 0);
	script_set(script, CDP_D_FUNC_BYPASS, cdp->no_sum | (uint32_t)cdp->no_product << 1);
	script_set(script, CDP_D_DST_BASE_ADDR_LOW, cdp->out.addr);
	script_set(script, CDP_D_DST_BASE_ADDR_HIGH, 0);
	script_set(script, CDP_D_DST_LINE_STRIDE, cdp->out.line_stride);
	script_set(script, CDP_D_DST_SURFACE_STRIDE, cdp->out.surface_stride);
	script_set(script, CDP_D_DST_DMA_CFG, 1);
	script_set(script, CDP_D_DATA_FORMAT, 0);
	script_set(script, CDP_D_LRN_CFG, cdp->reach);
	script_set(script, CDP_D_DATIN_OFFSET, cdp->in_offset);
	script_set(script, CDP_D_DATIN_SCALE, cdp->in_scale);
	script_set(script, CDP_D_DATIN_SHIFTER, cdp->in_shift);
	script_set(script, CDP_D_DATOUT_OFFSET, cdp->out_offset);
	script_set(script, CDP_D_DATOUT_SCALE, cdp->out_scale);
	script_set(script, CDP_D_DATOUT_SHIFTER, cdp->out_shift);
	script_set(script, CDP_D_PERF_ENABLE, random_below(script->random, 4));
}

void cdp_describe(struct generator *g, const struct cdp *cdp)
{
	script_comment(&g->script, "CDP: %ux%ux%u, %u channels%s%s, convertors %d %d %u, %d %d %u",
		       cdp->in.width, cdp->in.height, cdp->in.channels, 2 * cdp->reach + 3,
		       cdp->no_sum ? ", no sum" : "", cdp->no_product ? ", no product" : "",
		       (int16_t)cdp->in_offset, (int16_t)cdp->in_scale, cdp->in_shift,
		       (int32_t)cdp->out_offset, (int16_t)cdp->out_scale, cdp->out_shift);
}
