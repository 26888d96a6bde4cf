// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/bitfield.h>
#include <linux/string.h>

#include "lut.h"
#include "nvdla_core.h"
#include "regs.h"

/*
 * Every block of the hardware has two groups of registers. While an operation runs in one, the next
 * can be written to the other, and follows without a gap when the first has finished. A block takes
 * its groups in turn from reset on, one per operation that it takes part in; so the group that an
 * operation gets depends on all that ran before it, in earlier programs too. A reader (RDMA) counts
 * for itself: it takes part only in the operations that need it.
 *
 * An operation that has left its engine leaves the done bits of its group set until they are
 * cleared. A group is written again only after that, so a bit never belongs to two operations.
 *
 * Operations of one engine start, and therefore finish, in program order. All that must be known of
 * an engine is which of its operations is the next to start, and which the first not to have
 * finished: there are at most two in between, one for each group.
 *
 * What waits for others may still be written to its group, if the group is free: then nothing is
 * left to do but to enable it. Nobody comes in between, because each unit takes its operations in
 * order.
 *
 * A convolution has finished when the SDP operation behind it has, which never takes longer than to
 * write what it was given: one interrupt for both, and SDP's groups limit the convolutions anyway.
 */

#define MAX_BLOCKS	5

struct unit_blocks {
	u16 pointer[MAX_BLOCKS];
	u16 enable[MAX_BLOCKS];
	u32 count;
};

/*
 * Blocks in the order in which they are enabled: who takes data before who gives it; but CDMA,
 * whose data the convolution buffer takes, begins to load while the others are enabled.
 */
static const struct unit_blocks unit_blocks[NVDLA_UNITS] = {
	[NVDLA_UNIT_CONV] = {
		.pointer = { CACC_S_POINTER, CMAC_A_S_POINTER, CMAC_B_S_POINTER, CSC_S_POINTER,
			     CDMA_S_POINTER },
		.enable = { CDMA_D_OP_ENABLE, CACC_D_OP_ENABLE, CMAC_A_D_OP_ENABLE,
			    CMAC_B_D_OP_ENABLE, CSC_D_OP_ENABLE },
		.count = 5,
	},
	[NVDLA_UNIT_SDP] = { { SDP_S_POINTER }, { SDP_D_OP_ENABLE }, 1 },
	[NVDLA_UNIT_SDP_RDMA] = { { SDP_RDMA_S_POINTER }, { SDP_RDMA_D_OP_ENABLE }, 1 },
	[NVDLA_UNIT_PDP] = { { PDP_S_POINTER }, { PDP_D_OP_ENABLE }, 1 },
	[NVDLA_UNIT_PDP_RDMA] = { { PDP_RDMA_S_POINTER }, { PDP_RDMA_D_OP_ENABLE }, 1 },
	[NVDLA_UNIT_CDP] = { { CDP_S_POINTER }, { CDP_D_OP_ENABLE }, 1 },
	[NVDLA_UNIT_CDP_RDMA] = { { CDP_RDMA_S_POINTER }, { CDP_RDMA_D_OP_ENABLE }, 1 },
};

static const u8 main_unit[NVDLA_ENGINES] = {
	[DRM_NVDLA_CONV] = NVDLA_UNIT_CONV,
	[DRM_NVDLA_SDP] = NVDLA_UNIT_SDP,
	[DRM_NVDLA_PDP] = NVDLA_UNIT_PDP,
	[DRM_NVDLA_CDP] = NVDLA_UNIT_CDP,
};

static const u8 rdma_unit[NVDLA_ENGINES] = {
	[DRM_NVDLA_SDP] = NVDLA_UNIT_SDP_RDMA,
	[DRM_NVDLA_PDP] = NVDLA_UNIT_PDP_RDMA,
	[DRM_NVDLA_CDP] = NVDLA_UNIT_CDP_RDMA,
};

static struct nvdla_unit_state *main_state(const struct nvdla_seq *seq, u32 engine)
{
	return &seq->hw->unit[main_unit[engine]];
}

/* The bits of an operation that is about to start. */
static u32 done_bits(const struct nvdla_seq *seq, u32 engine)
{
	switch (engine) {
	case DRM_NVDLA_PDP:
		return GLB_PDP_DONE(main_state(seq, DRM_NVDLA_PDP)->group);
	case DRM_NVDLA_CDP:
		return GLB_CDP_DONE(main_state(seq, DRM_NVDLA_CDP)->group);
	default:
		return GLB_SDP_DONE(main_state(seq, DRM_NVDLA_SDP)->group);
	}
}

static u32 next_of_engine(const struct nvdla_seq *seq, u32 index, u32 engine)
{
	return seq->code.images[index].next[engine];
}

static u32 first_of_engine(const struct nvdla_seq *seq, u32 engine)
{
	return seq->code.images[0].engine == engine ? 0 : next_of_engine(seq, 0, engine);
}

/* Group of the engine's first unfinished operation, if it has started. */
static u32 head_group(const struct nvdla_seq *seq, u32 engine)
{
	return (main_state(seq, engine)->group + seq->busy[engine]) & 1;
}

static void note(struct nvdla_events *events, u32 op)
{
	events->op[events->count++] = op;
}

static bool has_finished(const struct nvdla_seq *seq, u32 index)
{
	return index < seq->head[seq->code.images[index].engine];
}

static const struct drm_nvdla_lut *lut_of(const struct nvdla_seq *seq,
					  const struct nvdla_image *image)
{
	return &seq->code.luts[image->lut];
}

/* How many operations the engine may have for this one to join them. */
static u32 most_busy(const struct nvdla_seq *seq, const struct nvdla_image *image)
{
	if (image->alone)
		return 0;
	/* Both groups share the look-up tables. */
	if (image->engine == DRM_NVDLA_CDP && !nvdla_lut_held(seq->hw, lut_of(seq, image)))
		return 0;
	return 1;
}

/* Whether the chain's operations are the next of their engines, with a group free for each. */
static bool has_groups(const struct nvdla_seq *seq, u32 first)
{
	u32 end = first + seq->code.images[first].chain;

	for (u32 i = first; i < end; i++) {
		u32 engine = seq->code.images[i].engine;

		/* A reader has no more to do than its engine: where that has a group, so has it. */
		if (seq->next[engine] != i || seq->busy[engine] > 1)
			return false;
	}
	return seq->code.images[first].chain;
}

static bool can_start(const struct nvdla_seq *seq, u32 first)
{
	u32 end = first + seq->code.images[first].chain;

	if (!has_groups(seq, first))
		return false;
	for (u32 i = first; i < end; i++) {
		const struct nvdla_image *image = &seq->code.images[i];

		if (seq->busy[image->engine] > most_busy(seq, image))
			return false;
		for (u32 d = 0; d < image->dep_count; d++)
			if (!has_finished(seq, image->deps[d]))
				return false;
	}
	return true;
}

/* Not when it would have to write look-up tables that are perhaps in use. */
static bool can_prepare(const struct nvdla_seq *seq, u32 first)
{
	const struct nvdla_image *image = &seq->code.images[first];

	return !seq->prepared[image->engine] && has_groups(seq, first) &&
	       (image->engine != DRM_NVDLA_CDP || nvdla_lut_held(seq->hw, lut_of(seq, image)));
}

static void write_reg(const struct nvdla_seq *seq, u32 reg, u32 value)
{
	seq->io->write(seq->io->ctx, reg, value);
}

static u32 register_value(const struct nvdla_seq *seq, const struct nvdla_image *image,
			  u32 position)
{
	for (u32 i = 0; i < image->reloc_count; i++) {
		const struct nvdla_reloc *reloc = &image->reloc[i];
		u64 addr = seq->bindings[reloc->slot].addr + reloc->offset;

		if (position == reloc->low)
			return (u32)addr;
		if (position == reloc->low + 1u)
			return addr >> 32;
	}
	return image->value[position];
}

/* What registers hold after a reset that is not zero, and not what the core never writes. */
static u32 reset_value(u32 reg)
{
	switch (reg) {
	case CDMA_D_MISC_CFG:
	case CSC_D_MISC_CFG:
		return CONV_MISC_PROC_PRECISION_RESET | CONV_MISC_IN_PRECISION_RESET;
	case CDMA_D_DATAIN_FORMAT:
		return FIELD_PREP(CDMA_DATAIN_FORMAT_CODE, CDMA_PIXEL_A8B8G8R8);
	case CMAC_A_D_MISC_CFG:
	case CMAC_B_D_MISC_CFG:
	case CACC_D_MISC_CFG:
		return CONV_MISC_PROC_PRECISION_RESET;
	case SDP_D_DP_BS_CFG:
		return 0x73;
	case SDP_D_DP_BN_CFG:
	case SDP_D_DP_EW_CFG:
		return 0x53;
	case SDP_RDMA_D_FEATURE_MODE_CFG:
		return 0x14;
	case CSC_D_ATOMICS:
	case CSC_D_RELEASE:
	case SDP_RDMA_D_BRDMA_CFG:
	case SDP_RDMA_D_NRDMA_CFG:
	case SDP_RDMA_D_ERDMA_CFG:
	case CDP_D_DATA_FORMAT:
	case CDP_D_DATIN_SCALE:
	case CDP_D_DATOUT_SCALE:
		return 1;
	default:
		return 0;
	}
}

static bool held(const struct nvdla_unit_state *state, u32 position, u32 reg, u32 *value)
{
	switch (state->known[state->group]) {
	case NVDLA_KNOWN_VALUES:
		*value = state->value[state->group][position];
		return true;
	case NVDLA_KNOWN_RESET:
		*value = reset_value(reg);
		return true;
	default:
		return false;
	}
}

/* Write the registers that the unit's next group is not known to hold already. */
static void program_unit(struct nvdla_seq *seq, enum nvdla_unit unit,
			 const struct nvdla_image *image, u32 first, u32 count)
{
	const struct unit_blocks *blocks = &unit_blocks[unit];
	struct nvdla_unit_state *state = &seq->hw->unit[unit];

	if (state->pointer != state->group) {
		for (u32 i = 0; i < blocks->count; i++)
			write_reg(seq, blocks->pointer[i], state->group);
		state->pointer = state->group;
	}

	for (u32 i = 0; i < count; i++) {
		u32 value = register_value(seq, image, first + i), now;
		bool known = held(state, i, image->reg[first + i], &now);

		if (known && image->unread[first + i])
			value = now;
		if (!known || now != value)
			write_reg(seq, image->reg[first + i], value);
		state->value[state->group][i] = value;
	}
	state->known[state->group] = NVDLA_KNOWN_VALUES;
}

static void program_op(struct nvdla_seq *seq, const struct nvdla_image *image)
{
	if (image->engine == DRM_NVDLA_CDP)
		nvdla_lut_load(seq->hw, seq->io, lut_of(seq, image));
	if (image->rdma_count)
		program_unit(seq, rdma_unit[image->engine], image, image->main_count,
			     image->rdma_count);
	program_unit(seq, main_unit[image->engine], image, 0, image->main_count);
}

static void enable_unit(struct nvdla_seq *seq, enum nvdla_unit unit)
{
	const struct unit_blocks *blocks = &unit_blocks[unit];

	for (u32 i = 0; i < blocks->count; i++)
		write_reg(seq, blocks->enable[i], 1);
	seq->hw->unit[unit].group ^= 1;
}

/*
 * Who takes data before who gives it. The convolution's blocks come last also because CSC may still
 * be counting down when SDP has its last result written.
 */
static void prepare_chain(struct nvdla_seq *seq, u32 first)
{
	u32 end = first + seq->code.images[first].chain;

	for (u32 i = end; i-- > first; ) {
		program_op(seq, &seq->code.images[i]);
		seq->prepared[seq->code.images[i].engine] = true;
	}
}

static void start_chain(struct nvdla_seq *seq, u32 first)
{
	u32 end = first + seq->code.images[first].chain;

	if (!seq->prepared[seq->code.images[first].engine])
		prepare_chain(seq, first);

	/* A convolution knows its done bit, which is SDP's, before that turns to the next group. */
	for (u32 i = first; i < end; i++) {
		u32 engine = seq->code.images[i].engine;

		seq->wait[engine][main_state(seq, engine)->group] = done_bits(seq, engine);
		seq->next[engine] = next_of_engine(seq, i, engine);
		seq->prepared[engine] = false;
		if (!seq->busy[engine]++)
			note(&seq->started, i);
	}

	for (u32 i = end; i-- > first; ) {
		const struct nvdla_image *image = &seq->code.images[i];

		if (image->rdma_count)
			enable_unit(seq, rdma_unit[image->engine]);
		enable_unit(seq, main_unit[image->engine]);
	}
}

/* Start the first chain of the program that can start. */
static bool start_one(struct nvdla_seq *seq)
{
	u32 first = seq->code.count;

	for (u32 engine = DRM_NVDLA_CONV; engine < NVDLA_ENGINES; engine++) {
		u32 i = seq->next[engine];

		if (i < first && can_start(seq, i))
			first = i;
	}
	if (first == seq->code.count)
		return false;
	start_chain(seq, first);
	return true;
}

/* Start all that can start, then write all that can be written of what comes next. */
static void go_on(struct nvdla_seq *seq)
{
	while (start_one(seq))
		;
	for (u32 engine = DRM_NVDLA_CONV; engine < NVDLA_ENGINES; engine++) {
		u32 next = seq->next[engine];

		if (next < seq->code.count && can_prepare(seq, next))
			prepare_chain(seq, next);
	}
}

static void finish_engine(struct nvdla_seq *seq, u32 engine)
{
	while (seq->busy[engine] && !seq->wait[engine][head_group(seq, engine)]) {
		note(&seq->finished, seq->head[engine]);
		seq->head[engine] = next_of_engine(seq, seq->head[engine], engine);
		if (--seq->busy[engine])
			note(&seq->started, seq->head[engine]);
	}
}

/**
 * nvdla_hw_reset() - forget what the registers hold
 * @hw: Filled in.
 *
 * To be called before the first program, and whenever the hardware has lost its state: after its
 * reset line was pulsed, its power was off, or it was suspended.
 */
void nvdla_hw_reset(struct nvdla_hw *hw)
{
	memset(hw, 0, sizeof(*hw));
	for (u32 unit = 0; unit < NVDLA_UNITS; unit++)
		memset(hw->unit[unit].known, NVDLA_KNOWN_RESET, sizeof(hw->unit[unit].known));
}

/**
 * nvdla_hw_adopt() - take over a device whose registers may hold anything
 * @hw: Filled in.
 * @io: Registers.
 *
 * Like nvdla_hw_reset(), for a device that is idle but was perhaps not reset: the turn of each
 * unit's groups goes on where it was, and has to be read. The first operations write everything.
 */
void nvdla_hw_adopt(struct nvdla_hw *hw, const struct nvdla_io *io)
{
	nvdla_hw_reset(hw);
	for (u32 unit = 0; unit < NVDLA_UNITS; unit++) {
		struct nvdla_unit_state *state = &hw->unit[unit];
		u32 pointer = io->read(io->ctx, unit_blocks[unit].pointer[0]);

		memset(state->known, NVDLA_KNOWN_NOTHING, sizeof(state->known));
		state->group = FIELD_GET(S_POINTER_CONSUMER, pointer);
		/* Whatever it is: makes the first operation write it. */
		state->pointer = !state->group;
	}
}

/**
 * nvdla_cbuf_flushed() - tell whether the convolution buffer is ready after a reset
 * @io: Registers.
 *
 * Out of reset the hardware clears the buffer, which takes some thousand cycles. No program may
 * begin before. How to wait, and when to give up, is the caller's affair.
 *
 * Return: Whether it is ready.
 */
bool nvdla_cbuf_flushed(const struct nvdla_io *io)
{
	/* It has no other bits; a device that does not answer reads as all ones. */
	return io->read(io->ctx, CDMA_S_CBUF_FLUSH_STATUS) == 1;
}

/**
 * nvdla_seq_begin() - begin to run a program
 * @seq: Filled in.
 * @hw: The device. No other program is running on it, and all done bits that count are clear.
 * @io: Its registers.
 * @code: The program.
 * @bindings: Memory of its slots, which nvdla_bindings_check() has accepted.
 *
 * Starts as many operations as can start. What is pointed to, and what @code points to, must stay
 * as it is until the program has finished, or the hardware was reset and nvdla_hw_reset() called.
 */
void nvdla_seq_begin(struct nvdla_seq *seq, struct nvdla_hw *hw, const struct nvdla_io *io,
		     const struct nvdla_code *code, const struct nvdla_binding *bindings)
{
	memset(seq, 0, sizeof(*seq));
	seq->hw = hw;
	seq->io = io;
	seq->code = *code;
	seq->bindings = bindings;
	for (u32 engine = DRM_NVDLA_CONV; engine < NVDLA_ENGINES; engine++) {
		seq->next[engine] = first_of_engine(seq, engine);
		seq->head[engine] = seq->next[engine];
	}
	go_on(seq);
}

/**
 * nvdla_seq_interrupt() - take note of done bits, and start what has become possible
 * @seq: Program.
 * @status: Bits that were set in &NVDLA_GLB_INTR_STATUS and that the caller has cleared there.
 *
 * Clear first, then call: an operation started by this call may be done before it returns. Bits
 * that no running operation waits for are ignored. At most two operations of each engine finish,
 * and two start, and the registers of a third are written; CDP's tables are loaded at most twice.
 *
 * The registers written depend on nothing but the bits of each call. A caller that wants a run to
 * be repeatable on a device of another speed clears and passes the bits of one operation at a time,
 * those of nvdla_seq_oldest(), whatever else is set: that stays set until it is asked for.
 */
void nvdla_seq_interrupt(struct nvdla_seq *seq, u32 status)
{
	seq->started.count = 0;
	seq->finished.count = 0;
	for (u32 engine = DRM_NVDLA_CONV; engine < NVDLA_ENGINES; engine++) {
		seq->wait[engine][0] &= ~status;
		seq->wait[engine][1] &= ~status;
		finish_engine(seq, engine);
	}
	go_on(seq);
}

/**
 * nvdla_seq_finished() - tell whether all operations have finished
 * @seq: Program.
 *
 * Return: Whether they have.
 */
bool nvdla_seq_finished(const struct nvdla_seq *seq)
{
	u32 bits;

	return nvdla_seq_oldest(seq, &bits) == seq->code.count;
}

/**
 * nvdla_seq_waiting() - tell what the program waits for
 * @seq: Program.
 *
 * Return: The done bits that its running operations still lack.
 */
u32 nvdla_seq_waiting(const struct nvdla_seq *seq)
{
	u32 bits = 0;

	for (u32 engine = 0; engine < NVDLA_ENGINES; engine++)
		bits |= seq->wait[engine][0] | seq->wait[engine][1];
	return bits;
}

/**
 * nvdla_seq_oldest() - find the first operation that has not finished
 * @seq: Program.
 * @bits: The done bits that it still lacks; zero when there is no such operation.
 *
 * That operation is always running. When nothing happens any more, it is the one to blame.
 *
 * Return: Its index, or the number of operations when all have finished.
 */
u32 nvdla_seq_oldest(const struct nvdla_seq *seq, u32 *bits)
{
	u32 index = seq->code.count;

	*bits = 0;
	for (u32 engine = DRM_NVDLA_CONV; engine < NVDLA_ENGINES; engine++) {
		if (seq->head[engine] < index) {
			index = seq->head[engine];
			*bits = seq->wait[engine][head_group(seq, engine)];
		}
	}
	return index;
}
