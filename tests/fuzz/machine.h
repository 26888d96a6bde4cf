/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_MACHINE_H
#define TESTS_FUZZ_MACHINE_H

/*
 * An emulated NPU that notes every byte of memory it touches, run by the engine core. Slots lie far
 * apart, with nothing between them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvdla_core.h"
#include "nvdla_emu.h"
#include "record.h"

#define SLOT_SPACE	(1u << 26)
#define SLOT_BASE	4096u		/* of each slot's space */

/* What is worth the time to run. */
#define MOST_ROWS	50000
#define MOST_BYTES	(2u << 20)
#define MOST_MACS	20000000u

struct range {
	uint64_t start, end;
};

struct ranges {
	struct range *range;
	size_t count, room;
};

struct machine {
	struct nvdla_emu *emu;
	struct nvdla_hw hw;
	struct nvdla_io io;
	struct ranges reads, writes;
	uint64_t random;
	bool ready;
	uint8_t *memory[DRM_NVDLA_MAX_SLOTS];	/* with a recorder; otherwise bytes are made up */
	struct dla_record *record;
	uint64_t operations;
};

static inline void add_range(struct ranges *ranges, uint64_t start, uint64_t bytes)
{
	if (ranges->count == ranges->room) {
		ranges->room = ranges->room ? 2 * ranges->room : 1024;
		ranges->range = realloc(ranges->range, ranges->room * sizeof(*ranges->range));
		if (!ranges->range)
			abort();
	}
	ranges->range[ranges->count++] = (struct range) { start, start + bytes };
}

static inline int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* Sort, and join what touches. */
static inline void tidy(struct ranges *ranges)
{
	size_t kept = 0;

	if (ranges->count)
		qsort(ranges->range, ranges->count, sizeof(*ranges->range), compare_ranges);
	for (size_t i = 0; i < ranges->count; i++) {
		struct range *last = kept ? &ranges->range[kept - 1] : NULL;

		if (last && ranges->range[i].start <= last->end) {
			if (ranges->range[i].end > last->end)
				last->end = ranges->range[i].end;
		} else {
			ranges->range[kept++] = ranges->range[i];
		}
	}
	ranges->count = kept;
}

static inline bool same_ranges(const struct ranges *a, const struct ranges *b)
{
	return a->count == b->count &&
	       (!a->count || !memcmp(a->range, b->range, a->count * sizeof(*a->range)));
}

static inline uint64_t slot_address(uint32_t slot)
{
	return (uint64_t)slot * SLOT_SPACE + SLOT_BASE;
}

static inline uint8_t *recorded_memory(struct machine *machine, uint64_t addr)
{
	uint8_t *memory = machine->memory[addr / SLOT_SPACE % DRM_NVDLA_MAX_SLOTS];

	return memory ? memory + addr % SLOT_SPACE - SLOT_BASE : NULL;
}

static inline int machine_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct machine *machine = ctx;
	uint8_t *bytes = buf;

	add_range(&machine->reads, addr, len);
	if (machine->record) {
		memcpy(buf, recorded_memory(machine, addr), len);
		return 0;
	}
	/* Cheap, and different enough at each place. */
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)((addr + i) * 0x9e3779b1u >> 13);
	return 0;
}

static inline int machine_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct machine *machine = ctx;

	add_range(&machine->writes, addr, len);
	if (machine->record) {
		memcpy(recorded_memory(machine, addr), buf, len);
		dla_record_npu_wrote(machine->record, (uint32_t)addr, buf, len);
	}
	return 0;
}

static inline u32 machine_read_reg(void *ctx, u32 offset)
{
	struct machine *machine = ctx;

	return nvdla_emu_read(machine->emu, offset);
}

static inline void machine_write_reg(void *ctx, u32 offset, u32 value)
{
	struct machine *machine = ctx;

	if (machine->record)
		dla_record_write(machine->record, offset, value);
	nvdla_emu_write(machine->emu, offset, value);
}

static inline bool machine_open(struct machine *machine)
{
	const struct nvdla_emu_params params = {
		.config = "nv_small", .read = machine_read, .write = machine_write, .ctx = machine,
		.write_cost = 9, .read_cost = 80,
	};

	memset(machine, 0, sizeof(*machine));
	machine->random = 1;
	machine->io = (struct nvdla_io) { machine, machine_read_reg, machine_write_reg };
	machine->emu = nvdla_emu_new(&params);
	return machine->emu;
}

static inline void machine_close(struct machine *machine)
{
	nvdla_emu_free(machine->emu);
	free(machine->reads.range);
	free(machine->writes.range);
	for (uint32_t i = 0; i < DRM_NVDLA_MAX_SLOTS; i++)
		free(machine->memory[i]);
}

static inline uint32_t machine_random(struct machine *machine, uint32_t n)
{
	machine->random = machine->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(machine->random >> 33) % n;
}

static inline bool machine_pass_time(struct machine *machine)
{
	uint64_t cycles = nvdla_emu_next_event(machine->emu);

	if (cycles == UINT64_MAX)
		return false;
	nvdla_emu_advance(machine->emu, cycles);
	return true;
}

static inline void machine_make_ready(struct machine *machine)
{
	if (machine->ready)
		return;
	nvdla_emu_reset(machine->emu);
	if (machine->record)
		dla_record_poll(machine->record, NVDLA_CBUF_FLUSH_STATUS, 1, 1);
	while (!nvdla_cbuf_flushed(&machine->io))
		machine_pass_time(machine);
	nvdla_hw_reset(&machine->hw);
	machine_write_reg(machine, NVDLA_GLB_INTR_MASK, ~NVDLA_DONE_BITS);
	machine->ready = true;
}

/*
 * Bits to hand to the sequencer: of one operation after the other when a trace is recorded; else
 * some time, and any of those that are set.
 */
static inline uint32_t machine_interrupt(struct machine *machine, const struct nvdla_seq *seq)
{
	u32 wanted = 0, bits;

	if (machine->record)
		nvdla_seq_oldest(seq, &wanted);
	for (;;) {
		bits = nvdla_emu_read(machine->emu, NVDLA_GLB_INTR_STATUS) & NVDLA_DONE_BITS;
		if (wanted ? (bits & wanted) == wanted : bits && machine_random(machine, 3))
			break;
		if (!machine_pass_time(machine) && (wanted || !bits))
			return 0;
	}
	if (wanted) {
		bits = wanted;
		dla_record_poll(machine->record, NVDLA_GLB_INTR_STATUS, bits, bits);
	} else if (machine_random(machine, 3) == 0) {
		uint32_t some = bits & (machine_random(machine, 64));

		bits = some ? some : bits;
	}
	machine_write_reg(machine, NVDLA_GLB_INTR_STATUS, bits);
	return bits;
}

/* Run a program to its end. Why it did not come to it, or NULL. */
static inline const char *machine_run(struct machine *machine, const struct nvdla_code *code,
				      const struct nvdla_binding *bindings)
{
	struct nvdla_emu_stats before, after;
	struct nvdla_seq seq;
	const char *reason = NULL;

	machine_make_ready(machine);
	machine->reads.count = 0;
	machine->writes.count = 0;
	nvdla_emu_get_stats(machine->emu, &before);
	nvdla_seq_begin(&seq, &machine->hw, &machine->io, code, bindings);
	while (!reason && !nvdla_seq_finished(&seq)) {
		u32 bits = machine_interrupt(machine, &seq);

		if (bits)
			nvdla_seq_interrupt(&seq, bits);
		else
			reason = nvdla_emu_hang_reason(machine->emu) ?: "nothing is running";
	}
	nvdla_emu_get_stats(machine->emu, &after);
	if (!reason && after.bad_accesses != before.bad_accesses)
		reason = "an access where there is no memory";
	machine->operations += code->count;
	if (reason)
		machine->ready = false;
	tidy(&machine->reads);
	tidy(&machine->writes);
	return reason;
}

/* Add what the extents of an operation say; false when it is too much to be run. */
static inline bool expect_op(const struct nvdla_config *config, const struct drm_nvdla_op *op,
			     struct ranges *reads, struct ranges *writes)
{
	struct nvdla_extent extents[NVDLA_MAX_EXTENTS];
	u32 count = nvdla_op_extents(config, op, extents);

	for (u32 i = 0; i < count; i++) {
		const struct nvdla_extent *e = &extents[i];
		struct ranges *ranges = e->access & DRM_NVDLA_SLOT_WRITE ? writes : reads;
		uint64_t start = slot_address(e->slot) + e->offset;

		if ((uint64_t)e->rows * e->planes > MOST_ROWS ||
		    (uint64_t)e->rows * e->planes * e->row_bytes > MOST_BYTES)
			return false;
		for (u32 p = 0; p < e->planes; p++)
			for (u32 r = 0; r < e->rows; r++)
				add_range(ranges, start + (uint64_t)p * e->plane_stride +
					  (uint64_t)r * e->row_stride, e->row_bytes);
	}
	if (op->engine != DRM_NVDLA_CONV)
		return true;
	return (uint64_t)op->conv.dst_width * op->conv.dst_height * op->conv.kernels *
	       op->conv.kernel_width * op->conv.kernel_height * op->conv.src_channels < MOST_MACS;
}

#endif
