// SPDX-License-Identifier: MIT
/*
 * The sequencer against a mock of the hardware's register groups: operations finish in any order that
 * the hardware allows, and whatever the sequencer gets wrong fails a test here where hardware would
 * hang or compute something else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core_blocks.h"
#include "core_programs.h"

struct block {
	u32 reg[2][64];
	bool known[2][64];	/* it is known to the core what the register holds */
	bool enabled[2];
	u32 producer;
	u32 consumer;
};

/* CDP's look-up, as a program writes it: registers, and tables behind an address that counts up. */
struct lut {
	u32 reg[32];
	s16 table[2][257];
	u32 access;
};

struct mock {
	struct block block[BLOCKS];
	struct lut lut;
	u32 lut_writes;
	u32 status;
	u32 writes;
	u32 hash;
	u32 most_running;

	/* What is expected to run: the program, and per engine its operations in order. */
	const struct nvdla_image *images;
	const struct nvdla_binding *bindings;
	const struct drm_nvdla_lut *luts;
	u32 count;
	bool enabled[PROGRAM_MAX];
	bool finished[PROGRAM_MAX];
	bool told_started[PROGRAM_MAX];
	bool told_finished[PROGRAM_MAX];
	u32 bits_left[PROGRAM_MAX];
	u32 random;
};

static u32 mock_random(struct mock *mock, u32 n)
{
	mock->random = mock->random * 1664525 + 1013904223;
	return (mock->random >> 8) % n;
}

/* First operation of an engine that was not enabled, or with @finished, has not finished. */
static u32 first_of(const struct mock *mock, u32 engine, const bool *flags)
{
	u32 i = 0;

	while (i < mock->count && (mock->images[i].engine != engine || flags[i]))
		i++;
	return i;
}

static u32 chain_start(const struct mock *mock, u32 op)
{
	while (!mock->images[op].chain)
		op--;
	return op;
}

/* The last block of an operation was enabled. */
static void enabled(struct mock *mock, u32 engine, u32 group)
{
	static const u32 done[] = { 0, 0x150000, 0x1, 0x10, 0x4 };
	u32 op = first_of(mock, engine, mock->enabled), start, running = 0;

	assert_true(op < mock->count);
	start = chain_start(mock, op);
	for (u32 i = start; i < start + mock->images[start].chain; i++)
		for (u32 d = 0; d < mock->images[i].dep_count; d++)
			assert_true(mock->finished[mock->images[i].deps[d]]);
	/* Who takes the result is there before. */
	for (u32 i = op + 1; i < start + mock->images[start].chain; i++)
		assert_true(mock->enabled[i]);
	if (mock->images[op].alone)
		for (u32 i = 0; i < op; i++)
			assert_true(mock->images[i].engine != engine || mock->finished[i]);

	mock->enabled[op] = true;
	mock->bits_left[op] = done[engine] << group;
	for (u32 i = 0; i < mock->count; i++)
		running += mock->enabled[i] && !mock->finished[i];
	if (running > mock->most_running)
		mock->most_running = running;
}

static void write_enable(struct mock *mock, u32 b)
{
	struct block *block = &mock->block[b];
	u32 group = block->producer;

	assert_false(block->enabled[group]);
	block->enabled[group] = true;
	switch (b) {
	case CSC:
		for (u32 i = CACC; i <= CDMA; i++) {
			if (i == CSC)
				continue;
			assert_true(mock->block[i].enabled[group]);
			assert_int_equal(mock->block[i].producer, group);
		}
		enabled(mock, DRM_NVDLA_CONV, group);
		break;
	case SDP:
		enabled(mock, DRM_NVDLA_SDP, group);
		break;
	case PDP:
		enabled(mock, DRM_NVDLA_PDP, group);
		break;
	case CDP:
		enabled(mock, DRM_NVDLA_CDP, group);
		break;
	default:
		break;
	}
}

static void write_lut(struct mock *mock, u32 reg, u32 value)
{
	struct lut *lut = &mock->lut;

	/* Both groups see it at once. */
	assert_false(mock->block[CDP].enabled[0] || mock->block[CDP].enabled[1]);
	mock->lut_writes++;
	if (reg == 0x08) {
		lut->access = value;
	} else if (reg == 0x0c) {
		u32 table = lut->access >> 16 & 1, at = lut->access & 0x3ff;

		assert_true(lut->access >> 17 & 1 && at < (table ? 257 : 65));
		lut->table[table][at] = (s16)value;
		lut->access++;
	} else {
		lut->reg[reg / 4] = value;
	}
}

static void assert_lut(const struct lut *held, const struct drm_nvdla_lut *lut)
{
	const struct drm_nvdla_lut_range *ranges[] = { &lut->le, &lut->lo };

	assert_memory_equal(held->table[0], lut->le_entry, sizeof(lut->le_entry));
	assert_memory_equal(held->table[1], lut->lo_entry, sizeof(lut->lo_entry));
	assert_int_equal(held->reg[0x10 / 4], lut->le_function | lut->both_below << 4 |
			 lut->both_above << 5 | lut->both_hit << 6);
	assert_int_equal(held->reg[0x14 / 4], (u8)lut->le_index_offset |
			 (u8)lut->le.select << 8 | (u8)lut->lo.select << 16);
	for (u32 i = 0; i < 2; i++) {
		const u32 *reg = &held->reg[0x18 / 4 + 4 * i], *slope = &held->reg[0x38 / 4 + 2 * i];

		assert_int_equal(reg[0], (u32)ranges[i]->start);
		assert_int_equal(reg[1], (u64)ranges[i]->start >> 32 & 0x3f);
		assert_int_equal(reg[2], (u32)ranges[i]->end);
		assert_int_equal(reg[3], (u64)ranges[i]->end >> 32 & 0x3f);
		assert_int_equal(slope[0], (u16)ranges[i]->below_scale |
				 (u32)(u16)ranges[i]->above_scale << 16);
		assert_int_equal(slope[1], (ranges[i]->below_shift & 0x1f) |
				 (ranges[i]->above_shift & 0x1f) << 5);
	}
}

static void mock_write(void *ctx, u32 offset, u32 value)
{
	struct mock *mock = ctx;
	u32 b = 0, reg = offset % 0x1000;
	struct block *block;

	mock->writes++;
	mock->hash = (mock->hash ^ offset ^ value << 7 ^ value >> 25) * 16777619;
	while (b < BLOCKS && blocks[b].base != offset - reg)
		b++;
	assert_true(b < BLOCKS && reg < 256 && reg % 4 == 0);
	block = &mock->block[b];

	if (reg == 4) {
		/* Only when it must change. */
		assert_true(value <= 1 && value != block->producer);
		block->producer = value;
	} else if (reg == blocks[b].enable) {
		assert_int_equal(value, 1);
		write_enable(mock, b);
	} else if (b == CDP && reg < blocks[b].enable) {
		write_lut(mock, reg, value);
	} else {
		/* Only to a group that is idle, and only what it does not hold already. */
		assert_true(reg > blocks[b].enable);
		assert_false(block->enabled[block->producer]);
		assert_false(block->known[block->producer][reg / 4] &&
			     block->reg[block->producer][reg / 4] == value);
		block->reg[block->producer][reg / 4] = value;
		block->known[block->producer][reg / 4] = true;
	}
}

static u32 mock_read(void *ctx, u32 offset)
{
	const struct mock *mock = ctx;

	for (u32 b = 0; b < BLOCKS; b++)
		if (offset == blocks[b].base + 4)
			return (mock->block[b].producer & 1) | mock->block[b].consumer << 16;
	fail_msg("the sequencer reads register %#x", offset);
	return 0;
}

/* The group that a unit works on holds this operation, all of it. */
static void assert_holds(const struct mock *mock, u32 op)
{
	const struct nvdla_image *image = &mock->images[op];

	for (u32 i = 0; i < image->main_count + image->rdma_count; i++) {
		u32 value = image->value[i], b = 0;
		const struct block *block;

		for (u32 r = 0; r < image->reloc_count; r++) {
			u64 addr = mock->bindings[image->reloc[r].slot].addr +
				   image->reloc[r].offset;

			if (i == image->reloc[r].low)
				value = (u32)addr;
			if (i == image->reloc[r].low + 1u)
				value = addr >> 32;
		}
		while (blocks[b].base != (image->reg[i] & ~0xfffu))
			b++;
		block = &mock->block[b];
		assert_true(block->enabled[block->consumer]);
		if (image->unread[i])
			continue;
		assert_int_equal(block->reg[block->consumer][image->reg[i] % 0x1000 / 4], value);
	}
	if (image->engine == DRM_NVDLA_CDP)
		assert_lut(&mock->lut, &mock->luts[image->lut]);
}

static void finish_block(struct mock *mock, u32 b)
{
	struct block *block = &mock->block[b];

	assert_true(block->enabled[block->consumer]);
	block->enabled[block->consumer] = false;
	block->consumer ^= 1;
}

static void finish_op(struct mock *mock, u32 op)
{
	const struct nvdla_image *image = &mock->images[op];

	assert_holds(mock, op);
	mock->finished[op] = true;
	switch (image->engine) {
	case DRM_NVDLA_CONV:
		for (u32 b = CACC; b <= CDMA; b++)
			finish_block(mock, b);
		break;
	case DRM_NVDLA_SDP:
		finish_block(mock, SDP);
		if (image->rdma_count)
			finish_block(mock, SDP_RDMA);
		break;
	case DRM_NVDLA_PDP:
		finish_block(mock, PDP);
		if (image->rdma_count)
			finish_block(mock, PDP_RDMA);
		break;
	default:
		finish_block(mock, CDP);
		finish_block(mock, CDP_RDMA);
		break;
	}
}

/* Let some engine raise a done bit of its oldest operation. */
static bool advance(struct mock *mock)
{
	u32 first = mock_random(mock, 4);

	for (u32 e = 0; e < 4; e++) {
		u32 engine = 1 + (first + e) % 4;
		u32 op = first_of(mock, engine, mock->finished), bit;

		if (op == mock->count || !mock->enabled[op])
			continue;
		/* Data flows: nobody finishes before who feeds it, nor a feeder whose taker is busy. */
		if (!mock->images[op].chain && !mock->finished[op - 1])
			continue;
		if (engine <= DRM_NVDLA_SDP && op + 1 < mock->count && !mock->images[op + 1].chain &&
		    first_of(mock, mock->images[op + 1].engine, mock->finished) != op + 1)
			continue;
		bit = mock->bits_left[op];
		do
			bit &= 1u << mock_random(mock, 22);
		while (!bit && (bit = mock->bits_left[op]));
		mock->bits_left[op] &= ~bit;
		/* The bit of an earlier operation of this group was taken note of, if it counts. */
		assert_false(mock->status & bit & NVDLA_DONE_BITS);
		mock->status |= bit;
		if (!mock->bits_left[op])
			finish_op(mock, op);
		return true;
	}
	return false;
}

static void mock_begin(struct mock *mock, const struct nvdla_code *code,
		       const struct nvdla_binding *bindings, u32 seed)
{
	mock->images = code->images;
	mock->luts = code->luts;
	mock->bindings = bindings;
	mock->count = code->count;
	mock->random = seed;
	mock->writes = 0;
	mock->hash = 2166136261u;
	mock->most_running = 0;
	memset(mock->enabled, 0, sizeof(mock->enabled));
	memset(mock->finished, 0, sizeof(mock->finished));
	memset(mock->told_started, 0, sizeof(mock->told_started));
	memset(mock->told_finished, 0, sizeof(mock->told_finished));
	mock->lut_writes = 0;
}

/* What is not zero after a reset, out of the manual. */
static const struct { u32 block, reg, value; } resets[] = {
	{ CDMA, 0x14, 0x1100 }, { CDMA, 0x18, 0xc00 }, { CSC, 0x0c, 0x1100 }, { CSC, 0x44, 1 },
	{ CSC, 0x48, 1 }, { CMAC_A, 0x0c, 0x1000 }, { CMAC_B, 0x0c, 0x1000 }, { CACC, 0x0c, 0x1000 },
	{ SDP_RDMA, 0x28, 1 }, { SDP_RDMA, 0x40, 1 }, { SDP_RDMA, 0x58, 1 }, { SDP_RDMA, 0x70, 0x14 },
	{ SDP, 0x58, 0x73 }, { SDP, 0x6c, 0x53 }, { SDP, 0x80, 0x53 }, { CDP, 0x68, 1 },
	{ CDP, 0x78, 1 }, { CDP, 0x84, 1 },
};

static void mock_reset(struct mock *mock)
{
	memset(mock, 0, sizeof(*mock));
	for (u32 b = 0; b < BLOCKS; b++)
		memset(mock->block[b].known, true, sizeof(mock->block[b].known));
	for (size_t i = 0; i < ARRAY_SIZE(resets); i++)
		for (u32 group = 0; group < 2; group++)
			mock->block[resets[i].block].reg[group][resets[i].reg / 4] = resets[i].value;
	memset(&mock->lut, 0xa5, sizeof(mock->lut));
}

/* Somebody else had the device. */
static void mock_scramble(struct mock *mock)
{
	mock_reset(mock);
	for (u32 b = 0; b < BLOCKS; b++) {
		memset(mock->block[b].reg, 0xa5, sizeof(mock->block[b].reg));
		memset(mock->block[b].known, false, sizeof(mock->block[b].known));
		/* It cannot be relied on to be what it was. */
		mock->block[b].producer = 2;
		mock->block[b].consumer = b == PDP || b == SDP_RDMA || b <= CDMA;
	}
}

struct run {
	struct nvdla_image images[PROGRAM_MAX];
	struct nvdla_code code;
	struct nvdla_binding bindings[PROGRAM_SLOTS];
	struct mock mock;
	struct nvdla_hw hw;
	struct nvdla_io io;
	struct nvdla_seq seq;
};

static void setup(struct run *run)
{
	mock_reset(&run->mock);
	nvdla_hw_reset(&run->hw);
	run->io = (struct nvdla_io) { &run->mock, mock_read, mock_write };
	for (u32 i = 0; i < PROGRAM_SLOTS; i++)
		run->bindings[i] = (struct nvdla_binding) { 0x123400000000ull * (i & 1) +
							    0x2000000 * (i + 1), 1 << 20 };
}

/* What the sequencer says has happened: each thing once, in its order, on one engine at a time. */
static void hear(struct run *run)
{
	struct mock *mock = &run->mock;
	const struct nvdla_events *started = &run->seq.started, *finished = &run->seq.finished;
	u32 running[NVDLA_ENGINES] = { 0 };

	assert_in_range(started->count, 0, NVDLA_MAX_EVENTS);
	assert_in_range(finished->count, 0, NVDLA_MAX_EVENTS);
	for (u32 i = 0; i < started->count; i++) {
		assert_true(started->op[i] < mock->count && mock->enabled[started->op[i]]);
		assert_false(mock->told_started[started->op[i]]);
		mock->told_started[started->op[i]] = true;
	}
	for (u32 i = 0; i < finished->count; i++) {
		assert_true(mock->finished[finished->op[i]]);
		assert_true(mock->told_started[finished->op[i]]);
		assert_false(mock->told_finished[finished->op[i]]);
		mock->told_finished[finished->op[i]] = true;
	}
	for (u32 i = 0; i < mock->count; i++) {
		if (mock->told_started[i] && !mock->told_finished[i])
			assert_int_equal(++running[mock->images[i].engine], 1);
	}
}

static void begin(struct run *run, const struct program *program, u32 seed)
{
	encode_program(program, run->images);
	run->code = code_of(program, run->images);
	mock_begin(&run->mock, &run->code, run->bindings, seed);
	nvdla_seq_begin(&run->seq, &run->hw, &run->io, &run->code, run->bindings);
	hear(run);
}

static void interrupt(struct run *run, u32 bits)
{
	nvdla_seq_interrupt(&run->seq, bits);
	hear(run);
}

/* Interrupts come late, several bits at a time, and sometimes with bits nobody waits for. */
static void run_to_end(struct run *run)
{
	struct mock *mock = &run->mock;

	while (!nvdla_seq_finished(&run->seq)) {
		bool moved = advance(mock);
		u32 bits = mock->status & NVDLA_DONE_BITS;

		assert_int_equal(bits & ~nvdla_seq_waiting(&run->seq), 0);
		if (!moved && !bits)
			fail_msg("nothing runs and the program has not finished");
		if (moved && mock_random(mock, 2))
			continue;
		if (mock_random(mock, 3) == 0)
			bits &= 1u << mock_random(mock, 6);
		mock->status &= ~bits;
		interrupt(run, bits | 0x150300);
	}
	assert_int_equal(mock->status & NVDLA_DONE_BITS, 0);
	assert_int_equal(nvdla_seq_waiting(&run->seq), 0);
	for (u32 i = 0; i < mock->count; i++)
		assert_true(mock->finished[i] && mock->told_finished[i]);
}

/* As a recorder does: one operation's bits at a time, in program order. */
static void run_in_order(struct run *run)
{
	struct mock *mock = &run->mock;
	u32 expected = 0, bits;

	while (!nvdla_seq_finished(&run->seq)) {
		u32 op = nvdla_seq_oldest(&run->seq, &bits);

		assert_int_equal(op, expected);
		assert_true(bits);
		while ((mock->status & bits) != bits)
			assert_true(advance(mock));
		mock->status &= ~bits;
		interrupt(run, bits);
		/* A convolution and its SDP operation finish at once. */
		expected += 1 + (mock->images[op].engine == DRM_NVDLA_CONV);
	}
	assert_int_equal(expected, mock->count);
	assert_int_equal(mock->status & NVDLA_DONE_BITS, 0);
}

static void runs_random_programs(void **state)
{
	static struct run run;
	struct program program;
	u32 most = 0;

	(void)state;
	for (u32 seed = 1; seed <= 4000; seed++) {
		/* Programs follow each other, so that groups and the cache carry over. */
		if (seed % 10 == 1)
			setup(&run);
		random_program(&program, seed, 1 + seed % 30);
		begin(&run, &program, seed);
		run_to_end(&run);
		if (run.mock.most_running > most)
			most = run.mock.most_running;
	}
	/* Two on each engine, some time. */
	assert_int_equal(most, 8);
}

static void writes_do_not_depend_on_speed(void **state)
{
	static struct run run;
	struct program program;

	(void)state;
	for (u32 seed = 1; seed <= 500; seed++) {
		u32 hash = 0;

		random_program(&program, seed, 20);
		for (u32 speed = 0; speed < 3; speed++) {
			setup(&run);
			begin(&run, &program, seed + 1000 * speed);
			run_in_order(&run);
			if (speed)
				assert_int_equal(run.mock.hash, hash);
			hash = run.mock.hash;
		}
	}
}

static void writes_only_differences_until_reset(void **state)
{
	static struct run run;
	struct program program;
	u32 fresh, fresh_hash, again, sum_fresh = 0, sum_again = 0;

	(void)state;
	for (u32 seed = 1; seed <= 200; seed++) {
		random_program(&program, seed, 20);
		setup(&run);
		begin(&run, &program, seed);
		run_in_order(&run);
		fresh = run.mock.writes;
		fresh_hash = run.mock.hash;

		begin(&run, &program, seed);
		run_in_order(&run);
		again = run.mock.writes;
		assert_true(again < fresh + 100);
		sum_fresh += fresh;
		sum_again += again;

		/* The device forgets, and so does the core: everything is written again. */
		mock_reset(&run.mock);
		nvdla_hw_reset(&run.hw);
		begin(&run, &program, seed);
		run_in_order(&run);
		assert_int_equal(run.mock.writes, fresh);
		assert_int_equal(run.mock.hash, fresh_hash);
	}
	/* Now and then groups hold less of what is needed than after a reset, but not on average. */
	assert_true(sum_again < sum_fresh - sum_fresh / 20);
}

/* One operation that runs twice from either group costs its enable and pointer only. */
static void repeats_cost_two_writes(void **state)
{
	static struct run run;
	struct program program;

	(void)state;
	setup(&run);
	fixed_program(&program);
	program.ops[0] = program.ops[3];
	program.ops[0].dep_count = 0;
	program.ops[0].deps[0] = 0;
	program.count = 1;
	for (u32 i = 0; i < 6; i++) {
		begin(&run, &program, i);
		if (i >= 2)
			assert_int_equal(run.mock.writes, 4);
		run_in_order(&run);
	}
}

static void fills_both_groups(void **state)
{
	static struct run run;
	struct program program;
	u32 bits;

	(void)state;
	setup(&run);
	fixed_program(&program);
	for (u32 i = 0; i < 4; i++) {
		program.ops[i] = program.ops[3];
		program.ops[i].dep_count = 0;
		program.ops[i].deps[0] = 0;
	}
	program.count = 4;
	begin(&run, &program, 1);
	assert_true(run.mock.enabled[0] && run.mock.enabled[1] && !run.mock.enabled[2]);
	assert_int_equal(nvdla_seq_waiting(&run.seq), 3);
	assert_int_equal(nvdla_seq_oldest(&run.seq, &bits), 0);
	assert_int_equal(bits, 1);
	finish_op(&run.mock, 0);
	interrupt(&run, 1);
	assert_true(run.mock.enabled[2] && !run.mock.enabled[3]);
	assert_int_equal(nvdla_seq_oldest(&run.seq, &bits), 1);
	assert_int_equal(bits, 2);
}

/* All that an operation's end leaves to do is to enable, and the next can be written meanwhile. */
static void writes_ahead(void **state)
{
	static struct run run;
	struct program program;
	u32 writes;

	(void)state;
	setup(&run);
	fixed_program(&program);
	for (u32 i = 0; i < 3; i++) {
		program.ops[i] = program.ops[3];
		program.ops[i].dep_count = i > 0;
		program.ops[i].deps[0] = i - 1;
	}
	program.ops[0].deps[0] = 0;
	program.count = 3;
	begin(&run, &program, 1);
	assert_true(run.mock.enabled[0] && !run.mock.enabled[1]);
	assert_true(run.seq.prepared[program.ops[0].engine]);
	writes = run.mock.writes;
	/* The third is the first again, in its group: pointers, nothing else. */
	finish_op(&run.mock, 0);
	interrupt(&run, 1);
	assert_true(run.mock.enabled[1] && !run.mock.enabled[2]);
	assert_int_equal(run.mock.writes - writes, 4);
	finish_op(&run.mock, 1);
	interrupt(&run, 2);
	assert_true(run.mock.enabled[2]);
	assert_int_equal(run.mock.writes - writes, 6);
	assert_false(run.seq.prepared[program.ops[0].engine]);
}

/* Operations with and without RDMA: its groups are not those of the engine. */
static void counts_rdma_groups_apart(void **state)
{
	static struct run run;
	struct program program;

	(void)state;
	setup(&run);
	fixed_program(&program);
	/* conv and sdp without operands, then sdp from memory. */
	program.ops[0] = program.ops[5];
	program.ops[1] = program.ops[6];
	program.ops[2] = program.ops[3];
	program.ops[2].dep_count = 0;
	program.ops[2].deps[0] = 0;
	program.count = 3;
	begin(&run, &program, 1);
	assert_true(run.mock.block[SDP].enabled[0] && run.mock.block[SDP].enabled[1]);
	assert_true(run.mock.block[SDP_RDMA].enabled[0] && !run.mock.block[SDP_RDMA].enabled[1]);
	assert_int_equal(run.mock.block[SDP].producer, 1);
	assert_int_equal(run.mock.block[SDP_RDMA].producer, 0);
	run_to_end(&run);
	assert_int_equal(run.mock.block[SDP].consumer, 0);
	assert_int_equal(run.mock.block[SDP_RDMA].consumer, 1);
}

/* A convolution's own bits count for nothing. */
static void waits_for_bits_that_count(void **state)
{
	static struct run run;
	struct program program;
	u32 bits;

	(void)state;
	setup(&run);
	fixed_program(&program);
	program.count = 3;
	begin(&run, &program, 1);
	assert_int_equal(nvdla_seq_waiting(&run.seq), 0x11);
	nvdla_seq_interrupt(&run.seq, 0x150000);
	assert_int_equal(nvdla_seq_oldest(&run.seq, &bits), 0);
	assert_int_equal(bits, 1);
	nvdla_seq_interrupt(&run.seq, 1);
	assert_int_equal(nvdla_seq_oldest(&run.seq, &bits), 2);
	assert_int_equal(bits, 0x10);
	assert_false(nvdla_seq_finished(&run.seq));
	nvdla_seq_interrupt(&run.seq, 0x10);
	assert_true(nvdla_seq_finished(&run.seq));
	assert_int_equal(nvdla_seq_oldest(&run.seq, &bits), 3);
	assert_int_equal(bits, 0);
}

/* Groups' turns as somebody left them, registers that may hold anything. */
static void adopts_a_used_device(void **state)
{
	static struct run run;
	struct program program;

	(void)state;
	for (u32 seed = 1; seed <= 100; seed++) {
		setup(&run);
		mock_scramble(&run.mock);
		nvdla_hw_adopt(&run.hw, &run.io);
		random_program(&program, seed, 20);
		begin(&run, &program, seed);
		run_to_end(&run);
	}
}

/* Copies of the fixed program's CDP operation. */
static void look_ups(struct program *program, u32 count)
{
	fixed_program(program);
	for (u32 i = 0; i < count; i++)
		program->ops[i] = program->ops[7];
	program->count = count;
}

static void loads_tables_once_and_when_idle(void **state)
{
	static struct run run;
	struct program program;

	(void)state;
	setup(&run);
	look_ups(&program, 4);
	program.ops[2].cdp.lut = 0;
	/* 14 registers; 65 and 257 entries with a command each. */
	begin(&run, &program, 1);
	assert_int_equal(run.mock.lut_writes, 14 + 66 + 258);
	assert_true(run.mock.enabled[1] && !run.mock.enabled[2]);
	run.mock.lut_writes = 0;
	finish_op(&run.mock, 0);
	interrupt(&run, 0x4);
	/* Another table, while one runs that uses the first. */
	assert_false(run.mock.enabled[2]);
	finish_op(&run.mock, 1);
	interrupt(&run, 0x8);
	/* It differs in CFG and INFO only. */
	assert_true(run.mock.enabled[2] && !run.mock.enabled[3]);
	assert_int_equal(run.mock.lut_writes, 2);
	run_to_end(&run);
	assert_int_equal(run.mock.lut_writes, 4);

	/* The same table from another program, in another place; then one entry is different. */
	look_ups(&program, 2);
	program.luts[0] = program.luts[1];
	program.ops[0].cdp.lut = 0;
	begin(&run, &program, 1);
	assert_int_equal(run.mock.lut_writes, 0);
	assert_true(run.mock.enabled[1]);
	run_to_end(&run);
	program.luts[0].le_entry[64]++;
	begin(&run, &program, 1);
	assert_int_equal(run.mock.lut_writes, 66);
	run_to_end(&run);
	assert_int_equal(run.mock.lut_writes, 66 + 66);
}

static u32 flush_read(void *ctx, u32 offset)
{
	assert_int_equal(offset, 0x300c);
	return *(u32 *)ctx;
}

static void reads_flush_status(void **state)
{
	u32 value = 0;
	struct nvdla_io io = { &value, flush_read, mock_write };

	(void)state;
	assert_false(nvdla_cbuf_flushed(&io));
	value = 1;
	assert_true(nvdla_cbuf_flushed(&io));
	/* Nobody has answered. */
	value = ~0u;
	assert_false(nvdla_cbuf_flushed(&io));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_random_programs),
		cmocka_unit_test(writes_do_not_depend_on_speed),
		cmocka_unit_test(writes_only_differences_until_reset),
		cmocka_unit_test(repeats_cost_two_writes),
		cmocka_unit_test(fills_both_groups),
		cmocka_unit_test(writes_ahead),
		cmocka_unit_test(counts_rdma_groups_apart),
		cmocka_unit_test(waits_for_bits_that_count),
		cmocka_unit_test(adopts_a_used_device),
		cmocka_unit_test(loads_tables_once_and_when_idle),
		cmocka_unit_test(reads_flush_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
