// SPDX-License-Identifier: MIT
/* PDP: windows, splits that fit the line buffer, and the registers. */
#include "pdp.h"

#define TRIES 1000
#define MAX_KERNEL 8
#define MAX_STRIDE 16

/* Windows tile the padded input exactly. */
static bool axis_draw(struct random *random, unsigned int in, struct pdp_axis *axis)
{
	unsigned int padded, rest;
	int32_t each;

	axis->in = in;
	axis->kernel = 1 + random_below(random, random_one_in(random, 3) ? MAX_KERNEL : 3);
	axis->stride = 1 + random_below(random, random_one_in(random, 3) ? MAX_STRIDE : 3);
	axis->before = random_below(random, axis->kernel);
	axis->after = random_below(random, axis->kernel);
	each = 65536 / (int32_t)axis->kernel;
	axis->reciprocal = (uint32_t)PICK(random, 65536, each, each, each / 2,
					  (int32_t)(random_next(random) & 0x1ffff));
	padded = axis->before + in + axis->after;
	if (padded < axis->kernel)
		return false;
	axis->out = (padded - axis->kernel) / axis->stride + 1;
	rest = (padded - axis->kernel) % axis->stride;
	if (axis->after < rest)
		return false;
	axis->after -= rest;
	return true;
}

/* Does each window have an element that is no padding? */
static bool windows_legal(const struct pdp_axis *axis)
{
	return axis->before < axis->kernel &&
	       (axis->out - 1) * axis->stride < axis->before + axis->in;
}

/* Output atoms of a line for which there is room with so many windows open. */
static unsigned int widest(const struct hw *hw, const struct pdp_axis *y)
{
	unsigned int open = (y->kernel + y->stride - 1) / y->stride;

	if (open > 4)
		return hw->pdp_line / 8;
	return hw->pdp_line / (open > 2 ? 4 : open);
}

/* Cut the output's width; each part brings the columns that its outputs need beyond the last's. */
static bool split_draw(struct generator *g, struct pdp *pdp)
{
	const struct pdp_axis *x = &pdp->x;
	unsigned int room = widest(g->hw, &pdp->y), parts = (x->out + room - 1) / room, between;
	int first_in, last_in;

	if (!pdp->from_sdp && x->out > parts && random_one_in(&g->random, 2))
		parts += 1 + random_below(&g->random, x->out - parts < 4 ? x->out - parts : 4);
	pdp->splits = parts;
	if (parts == 1)
		return true;
	if (pdp->from_sdp || parts > 256)
		return false;
	between = parts - 2;
	pdp->middle.out = x->out / parts;
	/* The two ends share what is left, not always evenly. */
	pdp->first.out = random_one_in(&g->random, 2) ? pdp->middle.out :
			 1 + random_below(&g->random, x->out - between * pdp->middle.out - 1);
	pdp->last.out = x->out - between * pdp->middle.out - pdp->first.out;
	pdp->middle.in = pdp->middle.out * x->stride;
	first_in = (int)((pdp->first.out - 1) * x->stride + x->kernel - x->before);
	last_in = (int)x->in - first_in - (int)(between * pdp->middle.in);
	if (first_in < 1 || last_in < 1 || first_in + x->stride < x->kernel || first_in > 1024 ||
	    last_in > 1024 || pdp->middle.in > 1024)
		return false;
	pdp->first.in = (unsigned int)first_in;
	pdp->last.in = (unsigned int)last_in;
	return pdp->first.out <= room && pdp->last.out <= room && pdp->middle.out <= room;
}

static bool shape_draw(struct generator *g, const struct pdp_wish *wish, uint64_t least,
		       struct pdp *pdp)
{
	struct random *random = &g->random;
	unsigned int width = wish->width ? wish->width : random_extent(random, 8192);
	unsigned int height = wish->height ? wish->height : random_extent(random, 8192);
	uint64_t cycles;

	pdp->channels = wish->channels ? wish->channels : random_extent(random, 8192);
	cycles = (uint64_t)width * height * surface_count(g->hw, pdp->channels) * g->hw->atom;
	if (cycles < least || cycles > g->budget)
		return false;
	if (!axis_draw(random, width, &pdp->x) || !axis_draw(random, height, &pdp->y))
		return false;
	if (!windows_legal(&pdp->x) || !windows_legal(&pdp->y))
		return false;
	/* Windows that begin above are all opened; left over, they spoil the next surface. */
	if (pdp->channels > g->hw->atom && pdp->y.before / pdp->y.stride >= pdp->y.out)
		return false;
	return split_draw(g, pdp);
}

bool pdp_draw(struct generator *g, const struct pdp_wish *wish, struct pdp *pdp)
{
	struct random *random = &g->random;
	int32_t pad = random_between(random, -128, 127);
	bool wild = random_one_in(random, 4);
	uint64_t least = wish->width ? 0 : generator_least(g);
	unsigned int tries = 0;

	*pdp = (struct pdp){ .from_sdp = wish->from_sdp };
	while (!shape_draw(g, wish, least, pdp)) {
		if (++tries == TRIES)
			return false;
	}
	pdp->method = (unsigned int)PICK(random, 0, 0, 1, 2);
	for (int32_t n = 1; n < MAX_KERNEL; n++)
		pdp->pad_value[n] = (wild ? (uint32_t)random_next(random) : (uint32_t)(n * pad)) & 0x7ffff;
	if (!pdp->from_sdp)
		pdp->in = wish->in ? *wish->in :
			  surface_place(&g->memory, g->hw, pdp->x.in, pdp->y.in, pdp->channels,
					g->hw->atom, false, FILL_ANY);
	pdp->out = surface_place(&g->memory, g->hw, pdp->x.out, pdp->y.out, pdp->channels,
				 g->hw->atom, true, FILL_UNIFORM);
	return true;
}

static uint32_t part_widths(uint32_t first, uint32_t last, uint32_t middle)
{
	return (first - 1) | (last - 1) << 10 | (middle - 1) << 20;
}

static void rdma_set(struct script *script, const struct pdp *pdp)
{
	script_set(script, PDP_RDMA_D_DATA_CUBE_IN_WIDTH, pdp->x.in - 1);
	script_set(script, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, pdp->y.in - 1);
	script_set(script, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, pdp->channels - 1);
	script_set(script, PDP_RDMA_D_FLYING_MODE, 1);
	script_set(script, PDP_RDMA_D_SRC_BASE_ADDR_LOW, pdp->in.addr);
	script_set(script, PDP_RDMA_D_SRC_BASE_ADDR_HIGH, 0);
	script_set(script, PDP_RDMA_D_SRC_LINE_STRIDE, pdp->in.line_stride);
	script_set(script, PDP_RDMA_D_SRC_SURFACE_STRIDE, pdp->in.surface_stride);
	script_set(script, PDP_RDMA_D_SRC_RAM_CFG, 1);
	script_set(script, PDP_RDMA_D_DATA_FORMAT, 0);
	script_set(script, PDP_RDMA_D_OPERATION_MODE_CFG, pdp->splits - 1);
	script_set(script, PDP_RDMA_D_POOLING_KERNEL_CFG,
		   (pdp->x.kernel - 1) | (pdp->x.stride - 1) << 4);
	script_set(script, PDP_RDMA_D_POOLING_PADDING_CFG, pdp->x.before);
	if (pdp->splits > 1)
		script_set(script, PDP_RDMA_D_PARTIAL_WIDTH_IN,
			   part_widths(pdp->first.in, pdp->last.in,
				       pdp->splits > 2 ? pdp->middle.in : 1));
}

void pdp_set(struct generator *g, const struct pdp *pdp)
{
	struct script *script = &g->script;

	script_set(script, PDP_D_DATA_CUBE_IN_WIDTH, pdp->x.in - 1);
	script_set(script, PDP_D_DATA_CUBE_IN_HEIGHT, pdp->y.in - 1);
	script_set(script, PDP_D_DATA_CUBE_IN_CHANNEL, pdp->channels - 1);
	script_set(script, PDP_D_DATA_CUBE_OUT_WIDTH, pdp->x.out - 1);
	script_set(script, PDP_D_DATA_CUBE_OUT_HEIGHT, pdp->y.out - 1);
	script_set(script, PDP_D_DATA_CUBE_OUT_CHANNEL, pdp->channels - 1);
	script_set(script, PDP_D_OPERATION_MODE_CFG,
		   pdp->method | (uint32_t)!pdp->from_sdp << 4 | (pdp->splits - 1) << 8);
	script_set(script, PDP_D_POOLING_KERNEL_CFG,
		   (pdp->x.kernel - 1) | (pdp->y.kernel - 1) << 8 | (pdp->x.stride - 1) << 16 |
		   (pdp->y.stride - 1) << 20);
	script_set(script, PDP_D_RECIP_KERNEL_WIDTH, pdp->x.reciprocal);
	script_set(script, PDP_D_RECIP_KERNEL_HEIGHT, pdp->y.reciprocal);
	script_set(script, PDP_D_POOLING_PADDING_CFG,
		   pdp->x.before | pdp->y.before << 4 | pdp->x.after << 8 | pdp->y.after << 12);
	for (uint32_t n = 1; n < MAX_KERNEL; n++)
		script_set(script, PDP_D_POOLING_PADDING_VALUE_1_CFG + 4 * (n - 1), pdp->pad_value[n]);
	if (pdp->splits > 1) {
		script_set(script, PDP_D_PARTIAL_WIDTH_IN,
			   part_widths(pdp->first.in, pdp->last.in,
				       pdp->splits > 2 ? pdp->middle.in : 1));
		script_set(script, PDP_D_PARTIAL_WIDTH_OUT,
			   part_widths(pdp->first.out, pdp->last.out,
				       pdp->splits > 2 ? pdp->middle.out : 1));
	}
	script_set(script, PDP_D_DST_BASE_ADDR_LOW, pdp->out.addr);
	script_set(script, PDP_D_DST_BASE_ADDR_HIGH, 0);
	script_set(script, PDP_D_DST_LINE_STRIDE, pdp->out.line_stride);
	script_set(script, PDP_D_DST_SURFACE_STRIDE, pdp->out.surface_stride);
	script_set(script, PDP_D_DST_RAM_CFG, 1);
	script_set(script, PDP_D_DATA_FORMAT, 0);
	/* The reader has the strides. */
	script_set_unused(script, PDP_D_SRC_LINE_STRIDE);
	script_set_unused(script, PDP_D_SRC_SURFACE_STRIDE);
	if (!pdp->from_sdp)
		rdma_set(script, pdp);
}

void pdp_describe(struct generator *g, const struct pdp *pdp)
{
	static const char *const methods[] = { "average", "max", "min" };

	script_comment(&g->script,
		       "PDP: %s of %ux%ux%u from %s, %ux%u, stride %u,%u, padding %u,%u,%u,%u, to %ux%u "
		       "in %u parts, reciprocals %u,%u", methods[pdp->method], pdp->x.in, pdp->y.in,
		       pdp->channels, pdp->from_sdp ? "SDP" : "memory", pdp->x.kernel, pdp->y.kernel,
		       pdp->x.stride, pdp->y.stride, pdp->x.before, pdp->y.before, pdp->x.after,
		       pdp->y.after, pdp->x.out, pdp->y.out, pdp->splits, pdp->x.reciprocal,
		       pdp->y.reciprocal);
}
