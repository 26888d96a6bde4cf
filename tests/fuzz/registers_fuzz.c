// SPDX-License-Identifier: MIT
/*
 * For libFuzzer: whatever is done to the emulator's registers, it keeps what nvdla_emu.h promises.
 * tests/fuzz/registers.test makes the first inputs from generated traces and runs this.
 *
 * An input is a list of actions: a byte that says what, then the bytes that it takes. One that is
 * cut off ends the list.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nvdla_emu.h"

enum action {
	WRITE_8,	/* block, word, value */
	WRITE_16,
	WRITE_32,
	WRITE_PAIR,	/* block, word, low half, high half, a byte each */
	WRITE_BIT,	/* block, word, number of the bit */
	READ,		/* block, word */
	ENABLE,		/* a bit for each unit, two bytes */
	ADVANCE,	/* logarithm of the cycles */
	NEXT_EVENT,
	RESET,
	WRITE_ANYWHERE,	/* offset of four bytes, value of four bytes */
	ACTIONS
};

/* Operations of this size take milliseconds with sanitizers. */
#define MAX_WORK (1u << 15)
/* What an operation may move, in bytes: operands are up to four for an element, in two units. */
#define MAX_MOVED (UINT64_C(16) * MAX_WORK + (1u << 20))

#define FIRST_UNIT 3
#define UNITS 11
#define UNIT_CDMA 0
#define UNIT_SDP 6
#define UNIT_CDP 10
#define BLOCKS 16

#define RAM_BYTES (1u << 16)
#define SPACE (UINT64_C(1) << 32)

struct machine {
	struct nvdla_emu *emu;
	uint8_t ram[RAM_BYTES];
	uint64_t bad_accesses;	/* since reset */
	uint64_t moved;
	uint64_t started;	/* operations, at most */
	int line;
};

struct input {
	const uint8_t *data;
	size_t left;
};

static bool take(struct input *input, size_t bytes, uint32_t *value)
{
	*value = 0;
	if (input->left < bytes)
		return false;
	for (size_t i = 0; i < bytes; i++)
		*value |= (uint32_t)input->data[i] << (8 * i);
	input->data += bytes;
	input->left -= bytes;
	return true;
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The same little memory everywhere, but for holes in a quarter of the space. */
static int access_memory(struct machine *machine, uint64_t addr, size_t len)
{
	require(len && addr < SPACE && len <= SPACE - addr);
	machine->moved += len;
	if ((addr >> 16 & 3) != 3 && ((addr + len - 1) >> 16 & 3) != 3)
		return 0;
	machine->bad_accesses++;
	return -EFAULT;
}

static int ram_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct machine *machine = ctx;
	int ret = access_memory(machine, addr, len);
	uint8_t *to = buf;

	for (size_t i = 0; !ret && i < len; i++)
		to[i] = machine->ram[(addr + i) % RAM_BYTES];
	return ret;
}

static int ram_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct machine *machine = ctx;
	int ret = access_memory(machine, addr, len);
	const uint8_t *from = buf;

	for (size_t i = 0; !ret && i < len; i++)
		machine->ram[(addr + i) % RAM_BYTES] = from[i];
	return ret;
}

static void ram_irq(void *ctx, int level)
{
	struct machine *machine = ctx;

	/* Only changes are told. */
	require(machine->line != level && (level == 0 || level == 1));
	machine->line = level;
}

static uint32_t op_enable(uint32_t unit)
{
	uint32_t base = (unit + FIRST_UNIT) << 12;

	return base + (unit == UNIT_CDMA ? 0x10 : unit == UNIT_SDP ? 0x38 : unit == UNIT_CDP ? 0x48 : 8);
}

static void put(struct machine *machine, uint32_t offset, uint32_t value)
{
	/* Any write may be what an operation waits for, and two may be waiting in each of its units. */
	machine->started++;
	nvdla_emu_write(machine->emu, offset, value);
}

static bool write_register(struct machine *machine, struct input *input, enum action action)
{
	uint32_t block, word, value, high;
	size_t bytes = action == WRITE_16 ? 2 : action == WRITE_32 ? 4 : 1;

	if (!take(input, 1, &block) || !take(input, 1, &word) || !take(input, bytes, &value))
		return false;
	if (action == WRITE_PAIR) {
		if (!take(input, 1, &high))
			return false;
		value |= high << 16;
	} else if (action == WRITE_BIT) {
		value = 1u << value % 32;
	}
	put(machine, (block % BLOCKS) << 12 | word % 64 * 4, value);
	return true;
}

static void reset(struct machine *machine)
{
	nvdla_emu_reset(machine->emu);
	machine->bad_accesses = 0;
	require(nvdla_emu_time(machine->emu) == 0);
}

static void advance(struct machine *machine, uint64_t cycles)
{
	uint64_t before = nvdla_emu_time(machine->emu);

	nvdla_emu_advance(machine->emu, cycles);
	/* The clock stops only at its end. */
	require(nvdla_emu_time(machine->emu) >= before + cycles ||
		nvdla_emu_time(machine->emu) >= UINT64_C(1) << 60);
}

static void enable(struct machine *machine, uint32_t units)
{
	for (uint32_t u = 0; u < UNITS; u++) {
		if (units >> u & 1)
			put(machine, op_enable(u), 1);
	}
}

static bool act(struct machine *machine, struct input *input)
{
	uint32_t action, a, b;
	uint64_t next;

	if (!take(input, 1, &action))
		return false;
	switch (action % ACTIONS) {
	case READ:
		if (!take(input, 1, &a) || !take(input, 1, &b))
			return false;
		nvdla_emu_read(machine->emu, (a % BLOCKS) << 12 | b % 64 * 4);
		return true;
	case ENABLE:
		if (!take(input, 2, &a))
			return false;
		enable(machine, a);
		return true;
	case ADVANCE:
		if (!take(input, 1, &a))
			return false;
		advance(machine, UINT64_C(1) << a % 64);
		return true;
	case NEXT_EVENT:
		next = nvdla_emu_next_event(machine->emu);
		require(next);
		if (next != UINT64_MAX)
			advance(machine, next);
		return true;
	case RESET:
		reset(machine);
		return true;
	case WRITE_ANYWHERE:
		if (!take(input, 4, &a) || !take(input, 4, &b))
			return false;
		put(machine, a, b);
		return true;
	default:
		return write_register(machine, input, action % ACTIONS);
	}
}

static void check(struct machine *machine, uint64_t *time)
{
	struct nvdla_emu_stats stats;

	nvdla_emu_get_stats(machine->emu, &stats);
	require(stats.bad_accesses == machine->bad_accesses);
	require(nvdla_emu_time(machine->emu) >= *time || stats.cycles == 0);
	require(stats.cycles == nvdla_emu_time(machine->emu));
	require(!stats.hangs || nvdla_emu_hang_reason(machine->emu));
	require(machine->moved <= (machine->started + 1) * MAX_MOVED);
	*time = nvdla_emu_time(machine->emu);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const uint32_t costs[][2] = { { 0, 0 }, { 9, 80 }, { 1, 0 }, { 4, 4000 } };
	struct machine *machine = calloc(1, sizeof(*machine));
	struct nvdla_emu_params params = {
		.config = "nv_small",
		.read = ram_read,
		.write = ram_write,
		.irq = ram_irq,
		.ctx = machine,
		.max_work = MAX_WORK,
	};
	struct input input = { data, bytes };
	uint64_t time = 0;
	uint32_t first;

	if (!machine)
		return 0;
	take(&input, 1, &first);
	params.write_cost = costs[first % 4][0];
	params.read_cost = costs[first % 4][1];
	for (size_t i = 0; i < RAM_BYTES; i++)
		machine->ram[i] = (uint8_t)(i * 167 + (i >> 8) * 13 + first);
	machine->emu = nvdla_emu_new(&params);
	require(machine->emu);
	while (act(machine, &input))
		check(machine, &time);
	/* Whatever happened: let it run out, and it still answers. */
	for (unsigned int i = 0; i < 100 && nvdla_emu_next_event(machine->emu) != UINT64_MAX; i++)
		advance(machine, nvdla_emu_next_event(machine->emu));
	check(machine, &time);
	require(nvdla_emu_read(machine->emu, 0x1000) == 0x303031);
	nvdla_emu_free(machine->emu);
	free(machine);
	return 0;
}
