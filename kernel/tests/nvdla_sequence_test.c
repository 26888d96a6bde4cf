// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The sequencer as the driver calls it, under a spinlock with interrupts off, on a bank of
 * registers that holds what is written to it and finishes operations when a test says so. That
 * each group holds its whole operation, the host's tests see to.
 */
#include <kunit/test.h>
#include <linux/spinlock.h>

#include "core_blocks.h"
#include "core_programs.h"
#include "nvdla_core.h"

struct group {
	u32 value[64];
	bool enabled;
};

struct block {
	struct group group[2];
	u32 pointer;
	/* Group whose turn it is. */
	u32 turn;
};

struct bank {
	struct block block[BLOCKS];
	/* Blocks in the order in which they were enabled. */
	enum block_id enabled[BLOCKS * PROGRAM_MAX];
	u32 enable_count;
	u32 writes;
	/* The first thing that went wrong. */
	const char *mistake;
};

struct run {
	/* Of the driver's device. */
	spinlock_t lock;
	struct nvdla_hw hw;
	struct nvdla_io io;
	struct nvdla_seq seq;

	struct bank bank;
	struct program program;
	struct nvdla_binding bindings[PROGRAM_SLOTS];
	struct nvdla_image *images;
	struct nvdla_code code;
	/* Per engine, operations that the bank has finished. */
	u32 finished[NVDLA_ENGINES];
};

static void blame(struct bank *bank, const char *mistake)
{
	if (!bank->mistake)
		bank->mistake = mistake;
}

static u32 bank_read(void *ctx, u32 offset)
{
	struct bank *bank = ctx;

	for (u32 b = 0; b < BLOCKS; b++)
		if (offset == blocks[b].base + 4)
			return bank->block[b].pointer | bank->block[b].turn << 16;
	blame(bank, "a read of something else than S_POINTER");
	return 0;
}

static void bank_write(void *ctx, u32 offset, u32 value)
{
	struct bank *bank = ctx;
	u32 b = 0, reg = offset & 0xfff;
	struct group *group;

	bank->writes++;
	while (b < BLOCKS && blocks[b].base + reg != offset)
		b++;
	if (b == BLOCKS || reg >= sizeof(group->value) || reg & 3) {
		blame(bank, "a write to no register");
		return;
	}
	if (reg == 4) {
		bank->block[b].pointer = value & 1;
		return;
	}
	group = &bank->block[b].group[bank->block[b].pointer];
	if (group->enabled)
		blame(bank, "a write to a group that runs");
	group->value[reg / 4] = value;
	if (reg != blocks[b].enable)
		return;
	group->enabled = true;
	if (bank->enable_count < ARRAY_SIZE(bank->enabled))
		bank->enabled[bank->enable_count++] = b;
}

static enum block_id main_block(u32 engine)
{
	switch (engine) {
	case DRM_NVDLA_CONV:
		return CDMA;
	case DRM_NVDLA_SDP:
		return SDP;
	case DRM_NVDLA_PDP:
		return PDP;
	default:
		return CDP;
	}
}

static bool runs(const struct run *run, u32 engine)
{
	const struct block *block = &run->bank.block[main_block(engine)];

	return block->group[block->turn].enabled;
}

static void finish_block(struct bank *bank, enum block_id id)
{
	struct block *block = &bank->block[id];

	if (!block->group[block->turn].enabled)
		blame(bank, "an operation runs in the wrong group of a block");
	block->group[block->turn].enabled = false;
	block->turn ^= 1;
}

static void finish_conv(struct run *run)
{
	for (u32 b = CACC; b <= CDMA; b++)
		finish_block(&run->bank, b);
	run->finished[DRM_NVDLA_CONV]++;
}

/* Finish what an engine other than the convolution's runs; the done bit. */
static u32 finish(struct run *run, u32 engine)
{
	u32 group = run->bank.block[main_block(engine)].turn, skip = run->finished[engine]++;
	const struct nvdla_image *image = run->images;

	while (image->engine != engine || skip--)
		image++;
	switch (engine) {
	case DRM_NVDLA_SDP:
		/* It has taken all that the convolution gives. */
		if (!image->chain)
			finish_conv(run);
		if (image->rdma_count)
			finish_block(&run->bank, SDP_RDMA);
		finish_block(&run->bank, SDP);
		return 0x1 << group;
	case DRM_NVDLA_PDP:
		if (image->rdma_count)
			finish_block(&run->bank, PDP_RDMA);
		finish_block(&run->bank, PDP);
		return 0x10 << group;
	default:
		finish_block(&run->bank, CDP_RDMA);
		finish_block(&run->bank, CDP);
		return 0x4 << group;
	}
}

static struct run *new_run(struct kunit *test)
{
	struct run *run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, run);
	spin_lock_init(&run->lock);
	nvdla_hw_reset(&run->hw);
	run->io = (struct nvdla_io) { &run->bank, bank_read, bank_write };
	for (u32 i = 0; i < PROGRAM_SLOTS; i++)
		run->bindings[i] = (struct nvdla_binding) { 0x1000000ull * (i + 1), 1 << 20 };
	return run;
}

static void begin(struct kunit *test, struct run *run)
{
	u32 count = run->program.count;
	unsigned long flags;

	kunit_kfree(test, run->images);
	run->images = kunit_kmalloc_array(test, count, sizeof(*run->images), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, run->images);
	encode_program(&run->program, run->images);
	run->code = code_of(&run->program, run->images);
	memset(run->finished, 0, sizeof(run->finished));
	run->bank.enable_count = 0;
	run->bank.writes = 0;

	spin_lock_irqsave(&run->lock, flags);
	nvdla_seq_begin(&run->seq, &run->hw, &run->io, &run->code, run->bindings);
	spin_unlock_irqrestore(&run->lock, flags);
}

static void interrupt(struct run *run, u32 status)
{
	unsigned long flags;

	spin_lock_irqsave(&run->lock, flags);
	nvdla_seq_interrupt(&run->seq, status);
	spin_unlock_irqrestore(&run->lock, flags);
}

/* Finish one operation of each engine at a time, or only of some. */
static void run_to_end(struct kunit *test, struct run *run)
{
	u32 limit = 4 * PROGRAM_MAX;

	/* The fixed program has no seed. */
	run->program.random |= 1;
	while (!nvdla_seq_finished(&run->seq)) {
		u32 status = 0;

		for (u32 engine = DRM_NVDLA_SDP; engine < NVDLA_ENGINES; engine++)
			if (runs(run, engine) && !one_in(&run->program, 3))
				status |= finish(run, engine);
		KUNIT_EXPECT_EQ(test, status & ~nvdla_seq_waiting(&run->seq), 0);
		interrupt(run, status);
		KUNIT_ASSERT_NE_MSG(test, --limit, 0, "nothing goes on");
	}
	KUNIT_EXPECT_EQ(test, run->finished[1] + run->finished[2] + run->finished[3] +
			run->finished[4], run->program.count);
	KUNIT_EXPECT_NULL(test, run->bank.mistake);
}

/* Copies of the fixed program's SDP operation, which reads and writes memory. */
static void independent(struct program *program, u32 count)
{
	fixed_program(program);
	for (u32 i = 0; i < count; i++) {
		program->ops[i] = program->ops[3];
		program->ops[i].deps[0] = 0;
		program->ops[i].dep_count = 0;
	}
	program->count = count;
}

static void fills_both_groups(struct kunit *test)
{
	struct run *run = new_run(test);
	const struct block *sdp = &run->bank.block[SDP], *rdma = &run->bank.block[SDP_RDMA];
	u32 bits;

	independent(&run->program, 3);
	run->program.ops[1].sdp.width = 2;
	begin(test, run);
	KUNIT_EXPECT_TRUE(test, sdp->group[0].enabled && sdp->group[1].enabled);
	KUNIT_EXPECT_TRUE(test, rdma->group[0].enabled && rdma->group[1].enabled);
	KUNIT_EXPECT_EQ(test, run->bank.enable_count, 4);
	/* SDP_D_DATA_CUBE_WIDTH; SDP_D_DST_BASE_ADDR_LOW; SDP_RDMA_D_SRC_BASE_ADDR_LOW. */
	KUNIT_EXPECT_EQ(test, sdp->group[0].value[0x3c / 4], 2);
	KUNIT_EXPECT_EQ(test, sdp->group[1].value[0x3c / 4], 1);
	KUNIT_EXPECT_EQ(test, sdp->group[1].value[0x48 / 4], 0x6000000 + 24);
	KUNIT_EXPECT_EQ(test, rdma->group[0].value[0x18 / 4], 0x5000000);
	KUNIT_EXPECT_EQ(test, nvdla_seq_waiting(&run->seq), 0x3);

	interrupt(run, finish(run, DRM_NVDLA_SDP));
	KUNIT_EXPECT_TRUE(test, sdp->group[0].enabled);
	KUNIT_EXPECT_EQ(test, run->bank.enable_count, 6);
	KUNIT_EXPECT_EQ(test, nvdla_seq_oldest(&run->seq, &bits), 1);
	KUNIT_EXPECT_EQ(test, bits, 0x2);
	run_to_end(test, run);
}

static void takes_many_done_bits_at_once(struct kunit *test)
{
	struct run *run = new_run(test);
	u32 status;

	independent(&run->program, 4);
	begin(test, run);
	status = finish(run, DRM_NVDLA_SDP);
	status |= finish(run, DRM_NVDLA_SDP);
	KUNIT_EXPECT_EQ(test, status, 0x3);
	interrupt(run, status);
	KUNIT_EXPECT_EQ(test, run->bank.enable_count, 8);

	status = finish(run, DRM_NVDLA_SDP);
	status |= finish(run, DRM_NVDLA_SDP);
	/* Bits that nobody waits for change nothing. */
	interrupt(run, status | ~0x3);
	KUNIT_EXPECT_TRUE(test, nvdla_seq_finished(&run->seq));
	KUNIT_EXPECT_EQ(test, nvdla_seq_waiting(&run->seq), 0);
	KUNIT_EXPECT_NULL(test, run->bank.mistake);
}

static void enables_takers_first(struct kunit *test)
{
	static const enum block_id order[] = { PDP, SDP, CDMA, CACC, CMAC_A, CMAC_B, CSC };
	struct run *run = new_run(test);
	u32 at = 0;

	fixed_program(&run->program);
	run->program.count = 3;
	begin(test, run);
	for (u32 i = 0; i < run->bank.enable_count && at < ARRAY_SIZE(order); i++)
		at += run->bank.enabled[i] == order[at];
	KUNIT_EXPECT_EQ(test, at, ARRAY_SIZE(order));
	/* And SDP's reader, before the convolution. */
	KUNIT_EXPECT_EQ(test, run->bank.enable_count, 8);
	KUNIT_EXPECT_TRUE(test, run->bank.block[SDP_RDMA].group[0].enabled);
	KUNIT_EXPECT_EQ(test, run->bank.enabled[7], CSC);
	run_to_end(test, run);
}

static void obeys_dependencies(struct kunit *test)
{
	struct run *run = new_run(test);
	u32 bits;

	/* Operation 3 waits for 2, 4 for both; 6, and with it 5, for SDP to have started 3. */
	fixed_program(&run->program);
	run->program.count = 7;
	begin(test, run);
	KUNIT_EXPECT_EQ(test, nvdla_seq_waiting(&run->seq), 0x11);
	interrupt(run, finish(run, DRM_NVDLA_SDP));
	KUNIT_EXPECT_EQ(test, nvdla_seq_oldest(&run->seq, &bits), 2);
	KUNIT_EXPECT_EQ(test, nvdla_seq_waiting(&run->seq), 0x10);

	interrupt(run, finish(run, DRM_NVDLA_PDP));
	KUNIT_EXPECT_EQ(test, nvdla_seq_oldest(&run->seq, &bits), 3);
	KUNIT_EXPECT_EQ(test, bits, 0x2);
	KUNIT_EXPECT_FALSE(test, runs(run, DRM_NVDLA_PDP));
	interrupt(run, finish(run, DRM_NVDLA_SDP));
	KUNIT_EXPECT_TRUE(test, runs(run, DRM_NVDLA_PDP));
	run_to_end(test, run);
}

static void forgets_registers_after_reset(struct kunit *test)
{
	struct run *run = new_run(test);
	u32 fresh;

	independent(&run->program, 1);
	begin(test, run);
	run_to_end(test, run);
	fresh = run->bank.writes;

	/* The other group holds nothing of it yet; then both do: pointer and enable. */
	begin(test, run);
	run_to_end(test, run);
	KUNIT_EXPECT_GE(test, run->bank.writes, fresh);
	begin(test, run);
	run_to_end(test, run);
	KUNIT_EXPECT_EQ(test, run->bank.writes, 4);

	memset(&run->bank, 0, sizeof(run->bank));
	nvdla_hw_reset(&run->hw);
	begin(test, run);
	run_to_end(test, run);
	KUNIT_EXPECT_EQ(test, run->bank.writes, fresh);
}

/* A device without a reset line, left in the middle of its groups' turns. */
static void adopts_group_turns(struct kunit *test)
{
	struct run *run = new_run(test);

	run->bank.block[SDP].turn = 1;
	run->bank.block[PDP_RDMA].turn = 1;
	run->bank.block[PDP_RDMA].pointer = 1;
	memset(&run->hw, 0xff, sizeof(run->hw));
	nvdla_hw_adopt(&run->hw, &run->io);
	fixed_program(&run->program);
	begin(test, run);
	KUNIT_EXPECT_TRUE(test, run->bank.block[SDP].group[1].enabled);
	KUNIT_EXPECT_TRUE(test, run->bank.block[SDP_RDMA].group[0].enabled);
	run_to_end(test, run);
	/* Two poolings from memory. */
	KUNIT_EXPECT_EQ(test, run->bank.block[PDP_RDMA].turn, 1);
}

/* Two look-ups in one table go together, one in another table waits for both. */
static void changes_tables_when_idle(struct kunit *test)
{
	struct run *run = new_run(test);
	const struct block *cdp = &run->bank.block[CDP];
	u32 loaded;

	fixed_program(&run->program);
	for (u32 i = 0; i < 3; i++)
		run->program.ops[i] = run->program.ops[7];
	run->program.ops[2].cdp.lut = 0;
	run->program.count = 3;
	begin(test, run);
	KUNIT_EXPECT_TRUE(test, cdp->group[0].enabled && cdp->group[1].enabled);
	KUNIT_EXPECT_EQ(test, run->bank.enable_count, 4);
	loaded = run->bank.writes;
	KUNIT_EXPECT_GT(test, loaded, 65 + 257);
	interrupt(run, finish(run, DRM_NVDLA_CDP));
	KUNIT_EXPECT_FALSE(test, cdp->group[0].enabled);
	interrupt(run, finish(run, DRM_NVDLA_CDP));
	KUNIT_EXPECT_TRUE(test, cdp->group[0].enabled);
	/* The tables' entries are the same. */
	KUNIT_EXPECT_LT(test, run->bank.writes, loaded + 10);
	run_to_end(test, run);
}

/* What the driver stamps with the time. */
static void tells_starts_and_ends(struct kunit *test)
{
	struct run *run = new_run(test);
	const struct nvdla_events *started = &run->seq.started, *finished = &run->seq.finished;

	fixed_program(&run->program);
	run->program.count = 3;
	begin(test, run);
	KUNIT_EXPECT_EQ(test, started->count, 3);
	KUNIT_EXPECT_EQ(test, finished->count, 0);
	interrupt(run, finish(run, DRM_NVDLA_SDP));
	KUNIT_EXPECT_EQ(test, started->count, 0);
	KUNIT_EXPECT_EQ(test, finished->count, 2);
	KUNIT_EXPECT_EQ(test, finished->op[0], 0);
	KUNIT_EXPECT_EQ(test, finished->op[1], 1);

	/* One that waits in a group begins when the one before it finishes. */
	run = new_run(test);
	independent(&run->program, 3);
	begin(test, run);
	KUNIT_EXPECT_EQ(test, run->seq.started.count, 1);
	interrupt(run, finish(run, DRM_NVDLA_SDP));
	KUNIT_EXPECT_EQ(test, run->seq.started.count, 1);
	KUNIT_EXPECT_EQ(test, run->seq.started.op[0], 1);
	KUNIT_EXPECT_EQ(test, run->seq.finished.op[0], 0);
}

static void runs_random_programs(struct kunit *test)
{
	struct run *run = new_run(test);

	for (u32 seed = 1; seed <= 300; seed++) {
		random_program(&run->program, seed, 1 + seed % 30);
		begin(test, run);
		run_to_end(test, run);
	}
}

static struct kunit_case sequence_cases[] = {
	KUNIT_CASE(fills_both_groups),
	KUNIT_CASE(takes_many_done_bits_at_once),
	KUNIT_CASE(enables_takers_first),
	KUNIT_CASE(obeys_dependencies),
	KUNIT_CASE(forgets_registers_after_reset),
	KUNIT_CASE(adopts_group_turns),
	KUNIT_CASE(changes_tables_when_idle),
	KUNIT_CASE(tells_starts_and_ends),
	KUNIT_CASE(runs_random_programs),
	{}
};

static struct kunit_suite sequence_suite = {
	.name = "nvdla_sequence",
	.test_cases = sequence_cases,
};

kunit_test_suite(sequence_suite);
