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
	bool written[2][64];
	bool enabled[2];
	u32 producer;
	u32 consumer;
};

struct mock {
	struct block block[BLOCKS];
	u32 status;
	u32 writes;
	u32 hash;
	u32 most_running;

	/* What is expected to run: the program, and per engine its operations in order. */
	const struct nvdla_image *images;
	const struct nvdla_binding *bindings;
	u32 count;
	bool enabled[PROGRAM_MAX];
	bool finished[PROGRAM_MAX];
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
	mock->bits_left[op] = engine == DRM_NVDLA_CONV ? 0x150000u << group :
			      engine == DRM_NVDLA_SDP ? 0x1u << group : 0x10u << group;
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
	case CDMA:
		for (u32 i = CACC; i < CDMA; i++) {
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
	default:
		break;
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
	} else {
		/* Only to a group that is idle, and only what it does not hold already. */
		assert_true(reg > blocks[b].enable);
		assert_false(block->enabled[block->producer]);
		assert_false(block->written[block->producer][reg / 4] &&
			     block->reg[block->producer][reg / 4] == value);
		block->reg[block->producer][reg / 4] = value;
		block->written[block->producer][reg / 4] = true;
	}
}

static u32 mock_read(void *ctx, u32 offset)
{
	(void)ctx;
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
		assert_true(block->written[block->consumer][image->reg[i] % 0x1000 / 4]);
		assert_int_equal(block->reg[block->consumer][image->reg[i] % 0x1000 / 4], value);
	}
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
	default:
		finish_block(mock, PDP);
		if (image->rdma_count)
			finish_block(mock, PDP_RDMA);
		break;
	}
}

/* Let some engine raise a done bit of its oldest operation. */
static bool advance(struct mock *mock)
{
	u32 first = mock_random(mock, 3);

	for (u32 e = 0; e < 3; e++) {
		u32 engine = 1 + (first + e) % 3;
		u32 op = first_of(mock, engine, mock->finished), bit;

		if (op == mock->count || !mock->enabled[op])
			continue;
		/* Data flows: nobody finishes before who feeds it, nor a feeder whose taker is busy. */
		if (!mock->images[op].chain && !mock->finished[op - 1])
			continue;
		if (engine != DRM_NVDLA_PDP && op + 1 < mock->count && !mock->images[op + 1].chain &&
		    first_of(mock, mock->images[op + 1].engine, mock->finished) != op + 1)
			continue;
		bit = mock->bits_left[op];
		do
			bit &= 1u << mock_random(mock, 22);
		while (!bit && (bit = mock->bits_left[op]));
		mock->bits_left[op] &= ~bit;
		/* The bit of an earlier operation of this group was taken note of. */
		assert_false(mock->status & bit);
		mock->status |= bit;
		if (!mock->bits_left[op])
			finish_op(mock, op);
		return true;
	}
	return false;
}

static void mock_begin(struct mock *mock, const struct nvdla_image *images,
		       const struct nvdla_binding *bindings, u32 count, u32 seed)
{
	mock->images = images;
	mock->bindings = bindings;
	mock->count = count;
	mock->random = seed;
	mock->writes = 0;
	mock->hash = 2166136261u;
	mock->most_running = 0;
	memset(mock->enabled, 0, sizeof(mock->enabled));
	memset(mock->finished, 0, sizeof(mock->finished));
}

static void mock_reset(struct mock *mock)
{
	memset(mock, 0, sizeof(*mock));
	/* Reset values that look like nothing an operation writes. */
	for (u32 b = 0; b < BLOCKS; b++)
		memset(mock->block[b].reg, 0xa5, sizeof(mock->block[b].reg));
}

struct run {
	struct nvdla_image images[PROGRAM_MAX];
	struct nvdla_binding bindings[12];
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
	for (u32 i = 0; i < 12; i++)
		run->bindings[i] = (struct nvdla_binding) { 0x123400000000ull * (i & 1) +
							    0x10000000 * (i + 1), 1 << 20 };
}

static void begin(struct run *run, const struct program *program, u32 seed)
{
	encode_program(program, run->images);
	mock_begin(&run->mock, run->images, run->bindings, program->count, seed);
	nvdla_seq_begin(&run->seq, &run->hw, &run->io, &run->code, run->bindings);
}

/* Interrupts come late, several bits at a time, and sometimes with bits nobody waits for. */
static void run_to_end(struct run *run)
{
	struct mock *mock = &run->mock;

	while (!nvdla_seq_finished(&run->seq)) {
		bool moved = advance(mock);
		u32 bits = mock->status;

		assert_int_equal(bits & ~nvdla_seq_waiting(&run->seq), 0);
		if (!moved && !bits)
			fail_msg("nothing runs and the program has not finished");
		if (moved && mock_random(mock, 2))
			continue;
		if (mock_random(mock, 3) == 0)
			bits &= 1u << mock_random(mock, 22);
		mock->status &= ~bits;
		nvdla_seq_interrupt(&run->seq, bits | 0x300);
	}
	assert_int_equal(mock->status, 0);
	assert_int_equal(nvdla_seq_waiting(&run->seq), 0);
	for (u32 i = 0; i < mock->count; i++)
		assert_true(mock->finished[i]);
}

/* As a recorder does: one operation's bits at a time, in program order. */
static void run_in_order(struct run *run)
{
	struct mock *mock = &run->mock;
	u32 expected = 0, bits;

	while (!nvdla_seq_finished(&run->seq)) {
		assert_int_equal(nvdla_seq_oldest(&run->seq, &bits), expected++);
		assert_true(bits);
		while ((mock->status & bits) != bits)
			assert_true(advance(mock));
		mock->status &= ~bits;
		nvdla_seq_interrupt(&run->seq, bits);
	}
	assert_int_equal(expected, mock->count);
	assert_int_equal(mock->status, 0);
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
	assert_int_equal(most, 6);
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
	u32 fresh, fresh_hash, again;

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
		assert_true(again < fresh);

		/* The device forgets, and so does the core: everything is written again. */
		mock_reset(&run.mock);
		nvdla_hw_reset(&run.hw);
		begin(&run, &program, seed);
		run_in_order(&run);
		assert_int_equal(run.mock.writes, fresh);
		assert_int_equal(run.mock.hash, fresh_hash);
	}
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
	memset(&program, 0, sizeof(program));
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
	nvdla_seq_interrupt(&run.seq, 1);
	assert_true(run.mock.enabled[2] && !run.mock.enabled[3]);
	assert_int_equal(nvdla_seq_oldest(&run.seq, &bits), 1);
	assert_int_equal(bits, 2);
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

static void waits_for_all_bits(void **state)
{
	static struct run run;
	struct program program;
	u32 bits;

	(void)state;
	setup(&run);
	fixed_program(&program);
	program.count = 3;
	begin(&run, &program, 1);
	assert_int_equal(nvdla_seq_waiting(&run.seq), 0x150011);
	nvdla_seq_interrupt(&run.seq, 0x010010);
	nvdla_seq_interrupt(&run.seq, 0x040000);
	assert_int_equal(nvdla_seq_oldest(&run.seq, &bits), 0);
	assert_int_equal(bits, 0x100000);
	nvdla_seq_interrupt(&run.seq, 0x100000);
	assert_int_equal(nvdla_seq_oldest(&run.seq, &bits), 1);
	assert_int_equal(bits, 1);
	assert_false(nvdla_seq_finished(&run.seq));
	nvdla_seq_interrupt(&run.seq, 1);
	assert_true(nvdla_seq_finished(&run.seq));
	assert_int_equal(nvdla_seq_oldest(&run.seq, &bits), 3);
	assert_int_equal(bits, 0);
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_random_programs),
		cmocka_unit_test(writes_do_not_depend_on_speed),
		cmocka_unit_test(writes_only_differences_until_reset),
		cmocka_unit_test(repeats_cost_two_writes),
		cmocka_unit_test(fills_both_groups),
		cmocka_unit_test(counts_rdma_groups_apart),
		cmocka_unit_test(waits_for_all_bits),
		cmocka_unit_test(reads_flush_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
