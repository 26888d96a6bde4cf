// SPDX-License-Identifier: MIT
/* SDP: what its two X units do, where their operands are, and the registers. */
#include "sdp.h"

#define TRIES 100
#define RAM_TYPE_MC (1 << 5)
#define READER_OFF 1
#define UNIT_OFF 0x53

enum {
	ALU_SUM = 2,
	USE_MUL = 0,
	USE_ALU = 1,
	USE_BOTH = 2,
};

static bool fetches(const struct sdp_stage *stage)
{
	return !stage->bypass && (stage->alu_from_memory || stage->mul_from_memory);
}

static unsigned int operand_bytes(const struct sdp_stage *stage)
{
	return (stage->two_bytes ? 2 : 1) * (stage->alu_from_memory && stage->mul_from_memory ? 2 : 1);
}

static void place_operands(struct generator *g, const struct sdp *sdp, struct sdp_stage *stage)
{
	unsigned int bytes = operand_bytes(stage);

	if (stage->per_element) {
		stage->operands = surface_place(&g->memory, g->hw, sdp->width, sdp->height,
						sdp->channels, g->hw->atom * bytes, false, FILL_ANY);
		return;
	}
	/* Whole atoms of channels are read; the strides say nothing. */
	stage->operands.addr = memory_place(&g->memory, (size_t)surface_count(g->hw, sdp->channels) *
					    g->hw->atom * bytes, g->hw->atom, false, FILL_ANY);
	stage->operands.line_stride = g->hw->atom * random_below(&g->random, 9);
	stage->operands.surface_stride = g->hw->atom * random_below(&g->random, 9);
}

static void stage_draw(struct generator *g, const struct sdp *sdp, struct sdp_stage *stage)
{
	struct random *random = &g->random;

	stage->bypass = random_one_in(random, 4);
	stage->alu = !random_one_in(random, 3);
	stage->mul = !random_one_in(random, 3);
	stage->prelu = stage->mul && random_one_in(random, 3);
	/* PReLU decides by the sign of what comes in. */
	if (stage->prelu)
		stage->alu = false;
	stage->relu = random_one_in(random, 3);
	stage->algorithm = (unsigned int)PICK(random, 0, 1, ALU_SUM, ALU_SUM);
	stage->alu_shift = (unsigned int)PICK(random, 0, 0, 0, 3, 8, 16, 30, 40, 63);
	stage->mul_shift = (unsigned int)PICK(random, 0, 0, 1, 5, 8, 12, 14, 20, 40, 63);
	stage->alu_value = (uint16_t)random_next(random);
	stage->mul_value = (uint16_t)(random_one_in(random, 2) ? (int32_t)random_next(random) :
				      random_between(random, -300, 300));
	stage->alu_from_memory = stage->alu && random_one_in(random, 2);
	stage->mul_from_memory = stage->mul && random_one_in(random, 2);
	stage->per_element = random_one_in(random, 2);
	stage->two_bytes = random_one_in(random, 2);
	if (fetches(stage))
		place_operands(g, sdp, stage);
}

/* X2 adds another cube of the same size, element by element. */
static void residual_stage(struct random *random, const struct surface *residual,
			   struct sdp_stage *stage)
{
	*stage = (struct sdp_stage){
		.alu = true,
		.algorithm = ALU_SUM,
		.alu_shift = random_below(random, 20),
		.alu_from_memory = true,
		.per_element = true,
		.relu = random_one_in(random, 2),
		.operands = *residual,
	};
}

static void convertor_draw(struct random *random, unsigned int sum_bits, struct sdp *sdp)
{
	if (random_one_in(random, 4)) {
		sdp->offset = (int32_t)random_next(random);
		sdp->scale = (uint16_t)random_next(random);
		sdp->shift = random_below(random, 64);
		return;
	}
	/* Results that use the range of a byte, and go a little beyond. */
	sdp->offset = random_one_in(random, 2) ? 0 : random_between(random, -200, 200);
	sdp->scale = (uint16_t)(random_one_in(random, 2) ? 1 :
				random_between(random, -32768, 32767));
	sdp->shift = sum_bits > 8 ? sum_bits - 8 : 0;
	if (sdp->scale != 1)
		sdp->shift += 13;
	sdp->shift += random_below(random, 4);
}

bool sdp_reads(const struct sdp *sdp)
{
	return !sdp->from_conv || fetches(&sdp->x1) || fetches(&sdp->x2) || sdp->idle_reader;
}

uint64_t sdp_cycles(const struct hw *hw, const struct sdp *sdp)
{
	return (uint64_t)sdp->width * sdp->height * surface_count(hw, sdp->channels) * hw->atom;
}

static bool size_draw(struct generator *g, const struct sdp_wish *wish, struct sdp *sdp)
{
	uint64_t least = wish->width ? 0 : generator_least(g);

	for (unsigned int i = 0; i < TRIES; i++) {
		uint64_t cycles;

		sdp->width = wish->width ? wish->width : random_extent(&g->random, 8192);
		sdp->height = wish->height ? wish->height : random_extent(&g->random, 8192);
		sdp->channels = wish->channels ? wish->channels : random_extent(&g->random, 8192);
		cycles = sdp_cycles(g->hw, sdp);
		if (least <= cycles && cycles <= g->budget)
			return true;
	}
	return false;
}

bool sdp_draw(struct generator *g, const struct sdp_wish *wish, struct sdp *sdp)
{
	struct random *random = &g->random;

	*sdp = (struct sdp){ .from_conv = wish->from_conv, .to_pdp = wish->to_pdp };
	if (!size_draw(g, wish, sdp))
		return false;
	sdp->x1.bypass = true;
	sdp->x2.bypass = true;
	if (!wish->plain) {
		stage_draw(g, sdp, &sdp->x1);
		stage_draw(g, sdp, &sdp->x2);
	}
	if (wish->residual)
		residual_stage(random, wish->residual, &sdp->x2);
	convertor_draw(random, wish->sum_bits, sdp);
	if (!sdp->from_conv)
		sdp->in = wish->in ? *wish->in :
			  surface_place(&g->memory, g->hw, sdp->width, sdp->height, sdp->channels,
					g->hw->atom, false, FILL_ANY);
	if (!sdp->to_pdp)
		sdp->out = wish->out ? *wish->out :
			   surface_place(&g->memory, g->hw, sdp->width, sdp->height, sdp->channels,
					 g->hw->atom, true, FILL_UNIFORM);
	sdp->idle_reader = sdp->from_conv && random_one_in(random, 8);
	return true;
}

/* Where the registers of a stage are: BS and BN are X1 and X2. */
struct stage_registers {
	uint32_t cfg, alu_cfg, alu_value, mul_cfg, mul_value;
	uint32_t reader, base_low, base_high, line_stride, surface_stride;
};

static const struct stage_registers x1_registers = {
	SDP_D_DP_BS_CFG, SDP_D_DP_BS_ALU_CFG, SDP_D_DP_BS_ALU_SRC_VALUE, SDP_D_DP_BS_MUL_CFG,
	SDP_D_DP_BS_MUL_SRC_VALUE, SDP_RDMA_D_BRDMA_CFG, SDP_RDMA_D_BS_BASE_ADDR_LOW,
	SDP_RDMA_D_BS_BASE_ADDR_HIGH, SDP_RDMA_D_BS_LINE_STRIDE, SDP_RDMA_D_BS_SURFACE_STRIDE,
};

static const struct stage_registers x2_registers = {
	SDP_D_DP_BN_CFG, SDP_D_DP_BN_ALU_CFG, SDP_D_DP_BN_ALU_SRC_VALUE, SDP_D_DP_BN_MUL_CFG,
	SDP_D_DP_BN_MUL_SRC_VALUE, SDP_RDMA_D_NRDMA_CFG, SDP_RDMA_D_BN_BASE_ADDR_LOW,
	SDP_RDMA_D_BN_BASE_ADDR_HIGH, SDP_RDMA_D_BN_LINE_STRIDE, SDP_RDMA_D_BN_SURFACE_STRIDE,
};

static void set_or_unused(struct script *script, bool used, uint32_t reg, uint32_t value)
{
	if (used)
		script_set(script, reg, value);
	else
		script_set_unused(script, reg);
}

static void stage_set(struct script *script, const struct sdp_stage *stage,
		      const struct stage_registers *regs)
{
	bool used = !stage->bypass;

	if (!used && random_one_in(script->random, 2))
		script_set(script, regs->cfg, UNIT_OFF);
	else
		script_set(script, regs->cfg,
			   stage->bypass | !stage->alu << 1 | stage->algorithm << 2 |
			   !stage->mul << 4 | stage->prelu << 5 | !stage->relu << 6);
	set_or_unused(script, used && stage->alu, regs->alu_cfg,
		      stage->alu_from_memory | stage->alu_shift << 8);
	/* The shift works without the multiplication, too. */
	set_or_unused(script, used, regs->mul_cfg, stage->mul_from_memory | stage->mul_shift << 8);
	set_or_unused(script, used && stage->alu && !stage->alu_from_memory, regs->alu_value,
		      stage->alu_value);
	set_or_unused(script, used && stage->mul && !stage->mul_from_memory, regs->mul_value,
		      stage->mul_value);
}

static void reader_set(struct script *script, const struct sdp_stage *stage,
		       const struct stage_registers *regs)
{
	bool used = fetches(stage);
	uint32_t use = !stage->mul_from_memory ? USE_ALU : stage->alu_from_memory ? USE_BOTH : USE_MUL;

	script_set(script, regs->reader,
		   used ? use << 1 | (uint32_t)stage->two_bytes << 3 |
			  (uint32_t)stage->per_element << 4 | RAM_TYPE_MC : READER_OFF);
	set_or_unused(script, used, regs->base_low, stage->operands.addr);
	set_or_unused(script, used, regs->base_high, 0);
	set_or_unused(script, used, regs->line_stride, stage->operands.line_stride);
	set_or_unused(script, used, regs->surface_stride, stage->operands.surface_stride);
}

static void rdma_set(struct script *script, const struct sdp *sdp)
{
	bool main = !sdp->from_conv;

	script_set(script, SDP_RDMA_D_DATA_CUBE_WIDTH, sdp->width - 1);
	script_set(script, SDP_RDMA_D_DATA_CUBE_HEIGHT, sdp->height - 1);
	script_set(script, SDP_RDMA_D_DATA_CUBE_CHANNEL, sdp->channels - 1);
	script_set(script, SDP_RDMA_D_FEATURE_MODE_CFG, sdp->from_conv);
	set_or_unused(script, main, SDP_RDMA_D_SRC_BASE_ADDR_LOW, sdp->in.addr);
	set_or_unused(script, main, SDP_RDMA_D_SRC_BASE_ADDR_HIGH, 0);
	set_or_unused(script, main, SDP_RDMA_D_SRC_LINE_STRIDE, sdp->in.line_stride);
	set_or_unused(script, main, SDP_RDMA_D_SRC_SURFACE_STRIDE, sdp->in.surface_stride);
	script_set(script, SDP_RDMA_D_SRC_DMA_CFG, 1);
	reader_set(script, &sdp->x1, &x1_registers);
	reader_set(script, &sdp->x2, &x2_registers);
	script_set(script, SDP_RDMA_D_ERDMA_CFG, READER_OFF);
}

void sdp_set(struct generator *g, const struct sdp *sdp)
{
	struct script *script = &g->script;

	script_set(script, SDP_D_DATA_CUBE_WIDTH, sdp->width - 1);
	script_set(script, SDP_D_DATA_CUBE_HEIGHT, sdp->height - 1);
	script_set(script, SDP_D_DATA_CUBE_CHANNEL, sdp->channels - 1);
	script_set(script, SDP_D_FEATURE_MODE_CFG, sdp->from_conv | (uint32_t)sdp->to_pdp << 1);
	set_or_unused(script, !sdp->to_pdp, SDP_D_DST_BASE_ADDR_LOW, sdp->out.addr);
	set_or_unused(script, !sdp->to_pdp, SDP_D_DST_BASE_ADDR_HIGH, 0);
	set_or_unused(script, !sdp->to_pdp, SDP_D_DST_LINE_STRIDE, sdp->out.line_stride);
	set_or_unused(script, !sdp->to_pdp, SDP_D_DST_SURFACE_STRIDE, sdp->out.surface_stride);
	script_set(script, SDP_D_DST_DMA_CFG, 1);
	script_set_unused(script, SDP_D_DST_BATCH_STRIDE);
	script_set(script, SDP_D_DATA_FORMAT, 0);
	stage_set(script, &sdp->x1, &x1_registers);
	stage_set(script, &sdp->x2, &x2_registers);
	script_set(script, SDP_D_DP_EW_CFG, UNIT_OFF);
	script_set(script, SDP_D_CVT_OFFSET, (uint32_t)sdp->offset);
	script_set(script, SDP_D_CVT_SCALE, sdp->scale);
	script_set(script, SDP_D_CVT_SHIFT, sdp->shift);
	script_set(script, SDP_D_PERF_ENABLE, random_below(script->random, 16));
	if (sdp_reads(sdp))
		rdma_set(script, sdp);
}

static void stage_describe(struct script *script, const char *name, const struct sdp_stage *stage)
{
	static const char *const operation[] = { "max", "min", "sum" };

	if (stage->bypass)
		return;
	script_comment(script, "  %s: %s%s, %s%s, shifts %u,%u%s%s", name,
		       stage->alu ? operation[stage->algorithm] : "no ALU",
		       stage->alu_from_memory ? " (memory)" : "",
		       stage->prelu ? "PReLU" : stage->mul ? "multiplier" : "no multiplier",
		       stage->mul_from_memory ? " (memory)" : "", stage->alu_shift, stage->mul_shift,
		       stage->relu ? ", ReLU" : "",
		       !fetches(stage) ? "" : stage->per_element ?
		       stage->two_bytes ? ", elements of 2 bytes" : ", elements of 1 byte" :
		       stage->two_bytes ? ", channels of 2 bytes" : ", channels of 1 byte");
}

void sdp_describe(struct generator *g, const struct sdp *sdp)
{
	script_comment(&g->script, "SDP: %ux%ux%u from %s to %s, convertor %d %d %u", sdp->width,
		       sdp->height, sdp->channels, sdp->from_conv ? "convolution" : "memory",
		       sdp->to_pdp ? "PDP" : "memory", sdp->offset, (int16_t)sdp->scale, sdp->shift);
	stage_describe(&g->script, "X1", &sdp->x1);
	stage_describe(&g->script, "X2", &sdp->x2);
}
