// SPDX-License-Identifier: MIT
/*
 * SDP: one value at a time, through X1 (registers say BS), X2 (BN) and, where there is one, Y (EW),
 * then the output convertor.
 * Values come from memory or straight from CACC, results go to memory or straight to PDP. Operands
 * are a register, one per channel, or a cube of their own.
 *
 * Without a Y unit its registers store what they are given and change nothing.
 */
#include <stdlib.h>

#include "arith.h"
#include "emu.h"
#include "pdp.h"
#include "sdp.h"
#include "sdp_y.h"
#include "timing_post.h"

enum {
	PRECISION_INT8 = 0,
	PRECISION_INT16 = 1,
	ALU_MAX = 0,
	ALU_MIN = 1,
	EW_ALU_EQL = 3,
};

struct x_unit {
	bool bypass;
	bool alu_bypass, mul_bypass, relu_bypass, prelu;
	unsigned int algorithm;
	unsigned int alu_shift, mul_shift;
	int16_t alu_value, mul_value;
	struct sdp_operands operands;
};

struct sdp {
	struct work work;
	unsigned int width, height, surfaces;
	bool flying, to_pdp, quiet, count_saturation;
	unsigned int in_precision, out_precision;
	int32_t offset;
	int16_t scale;
	unsigned int shift;
	struct surface in, out;
	struct x_unit x1, x2;
	struct y_unit y;
	bool reads_memory;	/* SDP_RDMA fetches the main input */
	bool elsewhere;		/* a reader is told to use the second memory */

	/* What the computation takes: nothing of it is the emulator's. */
	const struct simd *simd;
	const struct nvdla_config *config;
	struct lut_tables tables;
	struct sums sums;	/* if flying */
	uint64_t *times;	/* if flying to PDP: when CACC hands over each atom */
	int8_t *data;		/* the job's: input, then output */
	/* And gives. */
	uint64_t saturated;
	struct sdp_lut_counts counts;
	bool unequal;		/* a result is not zero */
	bool failed;		/* no memory */
};

static void decode_x(struct x_unit *x, uint32_t cfg, uint32_t alu, uint32_t alu_value,
		     uint32_t mul, uint32_t mul_value)
{
	x->bypass = bits(cfg, 0, 0);
	x->alu_bypass = bits(cfg, 1, 1);
	x->algorithm = bits(cfg, 3, 2);
	x->mul_bypass = bits(cfg, 4, 4);
	x->prelu = bits(cfg, 5, 5);
	x->relu_bypass = bits(cfg, 6, 6);
	x->alu_shift = bits(alu, 13, 8);
	x->alu_value = (int16_t)alu_value;
	/* The register has eight bits for it, the shifter takes six. */
	x->mul_shift = bits(mul, 13, 8);
	x->mul_value = (int16_t)mul_value;
	x->operands.wants = 0;
	if (!x->bypass && !x->alu_bypass && bits(alu, 0, 0))
		x->operands.wants |= OPERAND_ALU;
	if (!x->bypass && !x->mul_bypass && bits(mul, 0, 0))
		x->operands.wants |= OPERAND_MUL;
}

static void decode_sdp(const struct nvdla_emu *emu, struct sdp *sdp)
{
	const uint32_t *r = consumer_group(emu, UNIT_SDP);
	uint32_t unit = emu->config->atom;
	uint32_t mode = REG(r, SDP_D_FEATURE_MODE_CFG);
	uint32_t ew = REG(r, SDP_D_DP_EW_CFG);

	sdp->width = REG(r, SDP_D_DATA_CUBE_WIDTH) + 1;
	sdp->height = REG(r, SDP_D_DATA_CUBE_HEIGHT) + 1;
	sdp->surfaces = REG(r, SDP_D_DATA_CUBE_CHANNEL) / unit + 1;
	sdp->flying = bits(mode, 0, 0);
	sdp->to_pdp = bits(mode, 1, 1);
	/* Y compares for equality: bypass off, ALU on, algorithm 3. */
	/* An "equal" comparison writes nothing; without Y there is none. */
	sdp->quiet = config_has(emu->config, FEATURE_Y_UNIT) && !bits(ew, 0, 0) &&
		     !bits(ew, 1, 1) && bits(ew, 3, 2) == EW_ALU_EQL;
	sdp->in_precision = bits(REG(r, SDP_D_DATA_FORMAT), 1, 0);
	sdp->out_precision = bits(REG(r, SDP_D_DATA_FORMAT), 3, 2);
	sdp->count_saturation = bits(REG(r, SDP_D_PERF_ENABLE), 2, 2);
	sdp->offset = (int32_t)REG(r, SDP_D_CVT_OFFSET);
	sdp->scale = (int16_t)REG(r, SDP_D_CVT_SCALE);
	sdp->shift = REG(r, SDP_D_CVT_SHIFT);
	sdp->out = (struct surface){
		.base = REG_ADDRESS(emu->config, r, SDP_D_DST_BASE_ADDR_HIGH,
				    SDP_D_DST_BASE_ADDR_LOW),
		.line_stride = REG(r, SDP_D_DST_LINE_STRIDE) & -unit,
		.surface_stride = REG(r, SDP_D_DST_SURFACE_STRIDE) & -unit,
		.width = sdp->width,
		.height = sdp->height,
		.surfaces = sdp->surfaces,
		.atom_bytes = emu->config->atom,
		.packed = sdp->width == 1 && sdp->height == 1,
	};
	decode_x(&sdp->x1, REG(r, SDP_D_DP_BS_CFG), REG(r, SDP_D_DP_BS_ALU_CFG),
		 REG(r, SDP_D_DP_BS_ALU_SRC_VALUE), REG(r, SDP_D_DP_BS_MUL_CFG),
		 REG(r, SDP_D_DP_BS_MUL_SRC_VALUE));
	decode_x(&sdp->x2, REG(r, SDP_D_DP_BN_CFG), REG(r, SDP_D_DP_BN_ALU_CFG),
		 REG(r, SDP_D_DP_BN_ALU_SRC_VALUE), REG(r, SDP_D_DP_BN_MUL_CFG),
		 REG(r, SDP_D_DP_BN_MUL_SRC_VALUE));
	y_decode(emu, &sdp->y);
}

static bool reader_elsewhere(uint32_t cfg)
{
	return !bits(cfg, 0, 0) && !bits(cfg, 5, 5);
}

static void decode_rdma(const struct nvdla_emu *emu, struct sdp *sdp)
{
	const uint32_t *r = consumer_group(emu, UNIT_SDP_RDMA);
	uint32_t unit = emu->config->atom;
	struct surface *in = &sdp->in;

	*in = (struct surface){
		.base = REG_ADDRESS(emu->config, r, SDP_RDMA_D_SRC_BASE_ADDR_HIGH,
				    SDP_RDMA_D_SRC_BASE_ADDR_LOW),
		.line_stride = REG(r, SDP_RDMA_D_SRC_LINE_STRIDE) & -unit,
		.surface_stride = REG(r, SDP_RDMA_D_SRC_SURFACE_STRIDE) & -unit,
		.width = REG(r, SDP_RDMA_D_DATA_CUBE_WIDTH) + 1,
		.height = REG(r, SDP_RDMA_D_DATA_CUBE_HEIGHT) + 1,
		.surfaces = REG(r, SDP_RDMA_D_DATA_CUBE_CHANNEL) / unit + 1,
		.atom_bytes = emu->config->atom,
	};
	in->packed = in->width == 1 && in->height == 1;
	sdp->reads_memory = !bits(REG(r, SDP_RDMA_D_FEATURE_MODE_CFG), 0, 0);
	sdp->elsewhere = (sdp->reads_memory && !REG(r, SDP_RDMA_D_SRC_DMA_CFG)) ||
			 reader_elsewhere(REG(r, SDP_RDMA_D_BRDMA_CFG)) ||
			 reader_elsewhere(REG(r, SDP_RDMA_D_NRDMA_CFG));
	sdp_operands_decode(emu->config, &sdp->x1.operands, REG(r, SDP_RDMA_D_BRDMA_CFG),
			    &REG(r, SDP_RDMA_D_BS_BASE_ADDR_LOW), in);
	sdp_operands_decode(emu->config, &sdp->x2.operands, REG(r, SDP_RDMA_D_NRDMA_CFG),
			    &REG(r, SDP_RDMA_D_BN_BASE_ADDR_LOW), in);
	if (config_has(emu->config, FEATURE_Y_UNIT))
		sdp_operands_decode(emu->config, &sdp->y.operands, REG(r, SDP_RDMA_D_ERDMA_CFG),
				    &REG(r, SDP_RDMA_D_EW_BASE_ADDR_LOW), in);
}

bool sdp_rdma_idle_operation(const struct nvdla_emu *emu)
{
	struct sdp sdp = { 0 };

	if (!unit_waiting(emu, UNIT_SDP_RDMA))
		return false;
	decode_rdma(emu, &sdp);
	return !sdp.reads_memory && !sdp.x1.operands.gets && !sdp.x2.operands.gets &&
	       !sdp.y.operands.gets;
}

static bool needs_rdma(const struct sdp *sdp)
{
	return !sdp->flying || sdp->x1.operands.wants || sdp->x2.operands.wants ||
	       sdp->y.operands.wants;
}

static uint64_t atoms(const struct surface *cube)
{
	return (uint64_t)cube->width * cube->height * cube->surfaces;
}

/* Operands of both kinds come in pairs: those that nobody takes hold up the others. */
static bool starves(const struct sdp_operands *operands)
{
	return operands->wants && operands->gets != operands->wants;
}

/* Why SDP would wait for SDP_RDMA for ever, or NULL. */
static const char *check_rdma(const struct nvdla_emu *emu, const struct sdp *sdp)
{
	if (sdp->elsewhere && !config_has(emu->config, FEATURE_SECOND_MEMORY))
		return no_second_memory;
	if (!sdp->flying && !sdp->reads_memory)
		return "SDP and SDP_RDMA differ in where the input comes from";
	if (starves(&sdp->x1.operands) || starves(&sdp->x2.operands) ||
	    starves(&sdp->y.operands))
		return "SDP_RDMA does not fetch the operands that SDP takes";
	if (atoms(&sdp->in) < atoms(&sdp->out))
		return "SDP_RDMA fetches less than SDP takes";
	return NULL;
}

/* SDP finishes without having taken all that SDP_RDMA has for it. */
static bool rdma_keeps_data(const struct sdp *sdp)
{
	return (sdp->flying && sdp->reads_memory) ||
	       sdp->x1.operands.gets != sdp->x1.operands.wants ||
	       sdp->x2.operands.gets != sdp->x2.operands.wants ||
	       sdp->y.operands.gets != sdp->y.operands.wants ||
	       atoms(&sdp->in) > atoms(&sdp->out);
}

static int64_t alu(const struct x_unit *x, int32_t value, int16_t operand)
{
	int32_t shifted = shift_left_saturate(operand, x->alu_shift);

	switch (x->algorithm) {
	case ALU_MAX:
		return value > shifted ? value : shifted;
	case ALU_MIN:
		return value < shifted ? value : shifted;
	default:
		return (int64_t)value + shifted;
	}
}

/*
 * ALU to 33 bits, multiplier to 49, truncation to 32, ReLU. The truncation applies whether or not
 * the multiplier is bypassed; PReLU lets a value that is not negative pass both, keeping 32 bits.
 */
static int32_t x_value(const struct x_unit *x, int32_t value, int16_t alu_operand,
		       int16_t mul_operand)
{
	int64_t wide = x->alu_bypass ? value : alu(x, value, alu_operand);
	int32_t out;

	if (!x->mul_bypass && x->prelu && wide >= 0) {
		out = (int32_t)(uint32_t)wide;
	} else {
		if (!x->mul_bypass)
			wide *= mul_operand;
		out = (int32_t)saturate(shift_right_round(wide, x->mul_shift, 49), 32);
	}
	return x->relu_bypass || out > 0 ? out : 0;
}

/* A whole plane through one X unit, in place. */
static void x_plane(const struct simd *simd, const struct nvdla_config *config,
		    const struct x_unit *x, unsigned int surface, size_t plane, int32_t *values)
{
	const int16_t *alu = x->operands.alu, *mul = x->operands.mul;
	size_t stride = sdp_operands_stride(config, &x->operands);
	size_t first = sdp_operands_start(config, &x->operands, surface, plane);
	unsigned int atom = config->atom;
	int16_t reg_alu[ATOM_MAX], reg_mul[ATOM_MAX];
	const int16_t *alu_at = alu ? alu + first : reg_alu;
	const int16_t *mul_at = mul ? mul + first : reg_mul;

	if (x->bypass)
		return;
	for (unsigned int c = 0; c < atom; c++) {
		reg_alu[c] = x->alu_value;
		reg_mul[c] = x->mul_value;
	}
	if (simd->sdp_x && (x->alu_bypass || x->algorithm > ALU_MIN) && (x->mul_bypass || !x->prelu)) {
		const struct simd_x unit = {
			.lanes = atom,
			.alu = x->alu_bypass ? NULL : alu_at,
			.mul = x->mul_bypass ? NULL : mul_at,
			.alu_stride = alu ? stride : 0,
			.mul_stride = mul ? stride : 0,
			.alu_shift = x->alu_shift,
			.mul_shift = x->mul_shift,
			.relu = !x->relu_bypass,
		};

		simd->sdp_x(&unit, plane, values);
		return;
	}
	for (size_t i = 0; i < plane; i++) {
		for (unsigned int c = 0; c < atom; c++)
			values[c] = x_value(x, values[c], alu_at[c], mul_at[c]);
		values += atom;
		alu_at += alu ? stride : 0;
		mul_at += mul ? stride : 0;
	}
}

/* The output convertor. Returns how many values did not fit. */
static uint64_t convert_plane(const struct simd *simd, const struct sdp *sdp, size_t count,
			      const int32_t *values, int8_t *out)
{
	/* A 16-bit result has no place to go: its low byte is what is written. */
	unsigned int width = sdp->out_precision == PRECISION_INT16 ? 16 : 8;
	uint64_t saturated = 0;

	if (simd->sdp_convert && width == 8) {
		const struct simd_convertor convertor = {
			.offset = sdp->offset,
			.scale = sdp->scale,
			.shift = sdp->shift,
		};

		return simd->sdp_convert(&convertor, count, values, out);
	}
	for (size_t i = 0; i < count; i++) {
		int64_t product = ((int64_t)values[i] - sdp->offset) * sdp->scale;
		int64_t shifted = shift_right_round(product, sdp->shift, 49);
		int64_t narrow = saturate(shifted, 17);

		/* Only this first clipping is counted, not the one to the output's width. */
		saturated += narrow != shifted;
		out[i] = (int8_t)saturate(narrow, width);
	}
	return saturated;
}

static void load_plane(const int8_t *in, size_t count, int32_t *values)
{
	for (size_t i = 0; i < count; i++)
		values[i] = (int32_t)in[i];
}

static bool any_nonzero(const int8_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (data[i])
			return true;
	}
	return false;
}

/*
 * The whole cube. In place for a cube from memory: data holds the input, then the output. For a
 * convolution the planes come from there.
 */
static void compute(struct work *work)
{
	struct sdp *sdp = (struct sdp *)work;
	/* Operands go by the planes of SDP_RDMA, which need not be those of the output. */
	const struct surface *cube = needs_rdma(sdp) ? &sdp->in : &sdp->out;
	size_t plane = (size_t)cube->width * cube->height, left = atoms(&sdp->out), count;
	unsigned int atom = sdp->config->atom;
	int32_t *values = calloc(plane * atom, sizeof(*values));
	int8_t *data = sdp->data;

	sdp->failed = !values;
	for (unsigned int s = 0; !sdp->failed && left; s++, left -= count, data += count * atom) {
		count = left < plane ? left : plane;
		if (!sdp->flying) {
			load_plane(data, count * atom, values);
		} else if (!sums_read(&sdp->sums, count, values)) {
			sdp->failed = true;
			break;
		}
		x_plane(sdp->simd, sdp->config, &sdp->x1, s, plane, values);
		x_plane(sdp->simd, sdp->config, &sdp->x2, s, plane, values);
		y_plane(sdp->config, &sdp->y, s, plane, values, &sdp->counts);
		sdp->saturated += convert_plane(sdp->simd, sdp, count * atom, values, data);
		sdp->unequal = sdp->unequal || any_nonzero(data, count * atom);
	}
	free(values);
}

const char *sdp_collect(struct nvdla_emu *emu, struct job *job)
{
	struct unit_state *state = &emu->units[UNIT_SDP];
	struct sdp *sdp = job->sdp;

	workers_wait(emu->workers, &sdp->work);
	if (sdp->failed)
		return "out of memory";
	emu->stats.saturations += sdp->saturated;
	y_store_counts(emu, &sdp->y, &sdp->counts);
	/* "Unequal" says that a result is not zero, compared or not; only what is written is seen. */
	REG(state->group[state->consumer], SDP_D_STATUS) = !sdp->to_pdp && sdp->unequal;
	/* There is one counter. An operation that does not count finds what the last one left. */
	if (sdp->count_saturation)
		emu->sdp_saturations = sdp->saturated > UINT32_MAX ? UINT32_MAX :
				       (uint32_t)sdp->saturated;
	REG(state->group[state->consumer], SDP_D_PERF_OUT_SATURATION) = emu->sdp_saturations;
	return NULL;
}

bool sdp_is_computing(struct nvdla_emu *emu, const struct job *job)
{
	return !workers_ready(emu->workers, &job->sdp->work);
}

bool sdp_pools(const struct job *job)
{
	return job->sdp && job->sdp->to_pdp;
}

static const char *check(const struct nvdla_emu *emu, const struct sdp *sdp)
{
	if (sdp->in_precision != PRECISION_INT8)
		return "SDP is set to a precision that nv_small does not have";
	if (!sdp->to_pdp &&
	    !memory_exists(emu, REG(consumer_group(emu, UNIT_SDP), SDP_D_DST_DMA_CFG)))
		return no_second_memory;
	if (!job_fits(emu, &sdp->out) || (needs_rdma(sdp) && !job_fits(emu, &sdp->in)))
		return "SDP cube too large for the emulator";
	return needs_rdma(sdp) ? check_rdma(emu, sdp) : NULL;
}

static struct timing_sdp timing_of(const struct sdp *sdp)
{
	const struct sdp_operands *operands[TIMING_SDP_UNITS] = {
		&sdp->x1.operands, &sdp->x2.operands, &sdp->y.operands,
	};
	struct timing_sdp timing = {
		.atoms = atoms(&sdp->out),
		.units = !sdp->x1.bypass + !sdp->x2.bypass + !sdp->y.bypass,
		.y_unit = !sdp->y.bypass,
	};

	for (unsigned int i = 0; i < TIMING_SDP_UNITS; i++) {
		timing.operands += operands[i]->wants != 0;
		if (!operands[i]->wants)
			continue;
		timing.operand_bytes[i] = operands[i]->cube.atom_bytes;
		timing.operand_atoms[i] = operands[i]->per_element ? 1 :
					  (uint64_t)sdp->out.width * sdp->out.height;
	}
	return timing;
}

/* Times are counted from the start of the job. */
static void complete_at(struct nvdla_emu *emu, struct job *job, const struct sdp *sdp,
			uint64_t reader_free, uint64_t interrupt, uint64_t pdp_interrupt)
{
	bool flush = !sdp->to_pdp && !sdp->quiet;
	/* SDP is free before its last results are in memory. */
	uint64_t free = sdp->to_pdp ? interrupt : timing_sdp_free(emu, interrupt);
	uint64_t pdp_free;

	if (interrupt == TIMING_NEVER) {
		emu->stuck = "SDP has more for PDP than PDP takes";
	} else {
		if (needs_rdma(sdp) && rdma_keeps_data(sdp))
			emu->stuck = "SDP_RDMA has fetched more than SDP took";
		else if (needs_rdma(sdp))
			job_event_at(emu, job, reader_free,
				     (struct event){ .done = UNIT_SDP_RDMA, .irq = IRQ_NONE });
		job_event_at(emu, job, free,
			     (struct event){ .done = UNIT_SDP, .irq = IRQ_SDP,
					     .irq_unit = UNIT_SDP, .flush = flush,
					     .written = interrupt - free });
	}
	if (!sdp->to_pdp)
		return;
	pdp_free = timing_free(emu, pdp_interrupt);
	if (pdp_interrupt == TIMING_NEVER)
		emu->stuck = "PDP has fewer results than its output has room for";
	else
		job_event_at(emu, job, pdp_free,
			     (struct event){ .done = UNIT_PDP, .irq = IRQ_PDP,
					     .irq_unit = UNIT_PDP, .flush = true,
					     .written = pdp_interrupt - pdp_free });
}

/*
 * When an atom of the results leaves for PDP: as CACC had it, later by the way through SDP; from
 * memory in even steps until the last.
 */
struct flow {
	uint64_t first, last;
	size_t atoms;
	const uint64_t *times;		/* or NULL */
	uint64_t started;
	const struct timing_sdp *op;
};

static uint64_t flow_ready(const void *ctx, size_t atom)
{
	const struct flow *flow = ctx;

	if (flow->times)
		return timing_sdp_flying_to_pdp(flow->op,
						flow->times[atom] - flow->started);
	if (flow->atoms == 1)
		return flow->last;
	return flow->first + (flow->last - flow->first) * atom / (flow->atoms - 1);
}

/*
 * Hand the results on to PDP. Times are counted from the start of the job; sdp_cycles becomes the
 * time at which PDP has taken all.
 */
static const char *pool(struct nvdla_emu *emu, struct job *job, struct sdp *sdp,
			const struct flow *flow, uint64_t *sdp_cycles, uint64_t *pdp_cycles)
{
	int8_t *values = job->data;
	struct pdp_flying flying = {
		.atoms = values, .count = flow->atoms, .ready = flow_ready, .ctx = flow,
	};
	const char *reason;

	workers_wait(emu->workers, &sdp->work);
	if (sdp->failed)
		return "out of memory";
	job->data = NULL;
	reason = pdp_run_flying(emu, job, &flying);
	free(values);
	*sdp_cycles = flying.sent == TIMING_NEVER ? TIMING_NEVER : timing_sdp_sent(flying.sent);
	*pdp_cycles = flying.written;
	return reason;
}

/* All values are there: compute. Returns why it cannot complete, or NULL. */
static const char *finish(struct nvdla_emu *emu, struct job *job, struct sdp *sdp)
{
	struct timing_sdp timing = timing_of(sdp);
	uint64_t since = cycles_now(emu) - job->started, sdp_cycles, pdp_cycles = since;
	uint64_t reader_free;
	struct flow flow = { .atoms = timing.atoms };
	const char *reason = NULL;

	sdp->work.run = compute;
	sdp->simd = emu->simd;
	sdp->config = emu->config;
	/* Software may write new ones while these are in use. */
	sdp->tables = emu->sdp_lut.tables;
	sdp->y.lookup.tables = &sdp->tables;
	sdp->data = job->data;
	workers_add(emu->workers, &sdp->work);
	job->out = sdp->out;
	job->engines |= 1u << NVDLA_EMU_SDP;
	if (sdp->flying) {
		sdp_cycles = since + timing_sdp_flying(emu, &timing);
		flow.times = sdp->times;
		flow.started = job->started;
		flow.op = &timing;
	} else {
		sdp_cycles = timing_sdp(emu, &timing);
		flow.first = timing_sdp_to_pdp(emu, &timing, 0);
		flow.last = timing_sdp_to_pdp(emu, &timing, timing.atoms - 1);
	}
	if (sdp->to_pdp) {
		reason = pool(emu, job, sdp, &flow, &sdp_cycles, &pdp_cycles);
		reader_free = timing_sdp_reader_free_to_pdp(sdp_cycles);
	} else {
		reader_free = timing_sdp_reader_free(emu, sdp_cycles);
	}
	if (!reason)
		complete_at(emu, job, sdp, reader_free, sdp_cycles, pdp_cycles);
	if (!reason && !sdp->flying && sdp_cycles != TIMING_NEVER)
		job_reads(emu, job, timing.atoms, reader_free);
	return reason;
}

static size_t max_bytes(const struct surface *a, const struct surface *b)
{
	return surface_bytes(a) > surface_bytes(b) ? surface_bytes(a) : surface_bytes(b);
}

/* What a convolution has to know of the operands: some come with each atom, others once a surface. */
static struct timing_feed feed_of(const struct nvdla_emu *emu, const struct sdp *sdp)
{
	const struct sdp_operands *operands[TIMING_SDP_UNITS] = {
		&sdp->x1.operands, &sdp->x2.operands, &sdp->y.operands,
	};
	struct timing_feed feed = { .atoms = atoms(&sdp->out) };

	for (unsigned int i = 0; i < TIMING_SDP_UNITS; i++) {
		uint32_t beats = operands[i]->cube.atom_bytes / emu->config->atom;

		if (!operands[i]->wants)
			continue;
		if (!operands[i]->per_element)
			feed.group_beats += beats;
		else if (beats > feed.atom_beats)
			feed.atom_beats = beats;
	}
	return feed;
}

/* A convolution's sums come when SDP is there; what comes from memory is asked for before that. */
static uint64_t origin(const struct nvdla_emu *emu, const struct sdp *sdp)
{
	uint64_t lead = timing_lead(emu), written, pooled = 0;

	if (sdp->flying)
		return cycles_now(emu);
	written = job_origin(emu, UNIT_SDP_RDMA, UNIT_SDP, lead);
	if (sdp->to_pdp)
		pooled = job_origin(emu, UNIT_SDP_RDMA, UNIT_PDP, lead);
	return written > pooled ? written : pooled;
}

/* Read what is read at the start. Returns why it would never complete, or NULL. */
static const char *start(struct nvdla_emu *emu, struct job *job, struct sdp *sdp)
{
	const char *reason = check(emu, sdp);

	if (reason)
		return reason;
	job->started = origin(emu, sdp);
	/* Input and output share the buffer, and either may be larger. */
	job->data = malloc(max_bytes(&sdp->in, &sdp->out));
	if (!job->data || !sdp_operands_load(emu, &sdp->x1.operands) ||
	    !sdp_operands_load(emu, &sdp->x2.operands) ||
	    !sdp_operands_load(emu, &sdp->y.operands))
		return "out of memory";
	if (sdp->flying) {
		struct timing_feed feed = feed_of(emu, sdp);

		if (sdp->to_pdp) {
			sdp->times = calloc(feed.atoms, sizeof(*sdp->times));
			if (!sdp->times)
				return "out of memory";
		}
		feed.times = sdp->times;
		conv_open(emu, &feed, csb_unit_start(emu, UNIT_SDP));
		return NULL;
	}
	surface_read(emu, &sdp->in, job->data);
	return finish(emu, job, sdp);
}

void sdp_drop(struct nvdla_emu *emu, struct job *job)
{
	struct sdp *sdp = job->sdp;

	if (!sdp)
		return;
	workers_cancel(emu->workers, &sdp->work);
	sums_drop(&sdp->sums);
	free(sdp->times);
	sdp_operands_free(&sdp->x1.operands);
	sdp_operands_free(&sdp->x2.operands);
	sdp_operands_free(&sdp->y.operands);
	free(sdp);
	job->sdp = NULL;
}

void sdp_fed(struct nvdla_emu *emu)
{
	struct job *job = &emu->jobs[JOB_SDP];
	const struct surface *out = &job->sdp->out;
	uint64_t atoms = (uint64_t)out->width * out->height * out->surfaces;
	const char *reason = "out of memory";

	if (conv_take(emu, atoms, &job->sdp->sums))
		reason = finish(emu, job, job->sdp);
	if (reason)
		job_hang(emu, job, reason);
}

void sdp_try_start(struct nvdla_emu *emu, struct job *job)
{
	struct sdp *sdp;
	const char *reason;

	if (!unit_waiting(emu, UNIT_SDP))
		return;
	sdp = calloc(1, sizeof(*sdp));
	if (!sdp)
		return;
	decode_sdp(emu, sdp);
	if ((needs_rdma(sdp) && !unit_waiting(emu, UNIT_SDP_RDMA)) ||
	    (sdp->to_pdp && !pdp_waiting_for_sdp(emu))) {
		free(sdp);
		return;
	}

	job_take(emu, job, UNIT_SDP);
	job->sdp = sdp;
	if (needs_rdma(sdp)) {
		job_take(emu, job, UNIT_SDP_RDMA);
		decode_rdma(emu, sdp);
	}
	if (sdp->to_pdp)
		job_take(emu, job, UNIT_PDP);
	if (sdp->flying)
		job->chain |= 1u << NVDLA_EMU_CONV;
	reason = start(emu, job, sdp);
	if (reason)
		job_hang(emu, job, reason);
}
