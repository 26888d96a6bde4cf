// SPDX-License-Identifier: MIT
/* A device on the emulator with the slots of one test for memory, driven by the engine core. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "nvdla_emu.h"

/* Far enough apart that no slot reaches the next. */
#define SLOT_SPACE	(1u << 24)

struct machine {
	struct nvdla_emu *emu;
	struct nvdla_io io;
	const struct test *test;
};

static uint8_t *memory_at(const struct machine *machine, uint64_t addr, size_t len)
{
	uint64_t slot = addr / SLOT_SPACE - 1, offset = addr % SLOT_SPACE;

	if (!machine->test || slot >= machine->test->slot_count ||
	    offset + len > machine->test->slots[slot].bytes)
		return NULL;
	return machine->test->slots[slot].memory + offset;
}

static int read_memory(void *ctx, uint64_t addr, void *to, size_t len)
{
	const uint8_t *from = memory_at(ctx, addr, len);

	if (!from)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

static int write_memory(void *ctx, uint64_t addr, const void *from, size_t len)
{
	uint8_t *to = memory_at(ctx, addr, len);

	if (!to)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

static u32 read_register(void *ctx, u32 offset)
{
	struct machine *machine = ctx;

	return nvdla_emu_read(machine->emu, offset);
}

static void write_register(void *ctx, u32 offset, u32 value)
{
	struct machine *machine = ctx;

	nvdla_emu_write(machine->emu, offset, value);
}

static void machine_open(struct machine *machine, const struct nvdla_config *config,
			 const struct test *test)
{
	const struct nvdla_emu_params params = {
		.config = config->name, .read = read_memory, .write = write_memory, .ctx = machine,
		.write_cost = 4, .read_cost = 4,
	};

	*machine = (struct machine){
		.io = { machine, read_register, write_register }, .test = test,
		.emu = nvdla_emu_new(&params),
	};
	if (!machine->emu)
		die("the emulator has no %s", config->name);
	while (!nvdla_cbuf_flushed(&machine->io))
		nvdla_emu_advance(machine->emu, nvdla_emu_next_event(machine->emu));
}

static void run_to_the_end(struct machine *machine, struct nvdla_seq *seq)
{
	while (!nvdla_seq_finished(seq)) {
		u32 status = nvdla_emu_read(machine->emu, NVDLA_GLB_INTR_STATUS) & NVDLA_DONE_BITS;
		uint64_t cycles = nvdla_emu_next_event(machine->emu);

		if (status) {
			nvdla_emu_write(machine->emu, NVDLA_GLB_INTR_STATUS, status);
			nvdla_seq_interrupt(seq, status);
		} else if (cycles != UINT64_MAX) {
			nvdla_emu_advance(machine->emu, cycles);
		} else {
			die("%s hangs: %s", machine->test->head.name,
			    nvdla_emu_hang_reason(machine->emu) ?: "nothing is running");
		}
	}
}

void machine_run(const struct nvdla_config *config, struct test *test)
{
	const struct nvdla_source source = {
		.ops = test->ops, .luts = test->luts,
		.op_count = test->op_count, .lut_count = test->lut_count,
	};
	struct nvdla_binding bindings[DRM_NVDLA_MAX_SLOTS] = { 0 };
	struct nvdla_image *images = calloc(test->op_count, sizeof(*images));
	struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
	const struct nvdla_code code = { images, test->luts, test->op_count };
	struct nvdla_emu_stats stats;
	struct machine machine;
	struct nvdla_diag diag;
	struct nvdla_seq seq;
	struct nvdla_hw hw;

	if (!images)
		die("out of memory");
	if (nvdla_program_check(config, &source, slots, &diag))
		die("%s: operation %u: %s: %s", test->head.name, diag.index, diag.field, diag.rule);
	for (uint32_t i = 0; i < test->slot_count; i++)
		bindings[i] = (struct nvdla_binding){ (i + 1) * (u64)SLOT_SPACE, test->slots[i].bytes };
	if (nvdla_bindings_check(config, slots, bindings, test->slot_count, &diag))
		die("%s: slot %u: %s: %s", test->head.name, diag.index, diag.field, diag.rule);
	nvdla_program_encode(config, &source, images);

	machine_open(&machine, config, test);
	nvdla_hw_reset(&hw);
	nvdla_emu_write(machine.emu, NVDLA_GLB_INTR_MASK, ~NVDLA_DONE_BITS);
	nvdla_seq_begin(&seq, &hw, &machine.io, &code, bindings);
	run_to_the_end(&machine, &seq);
	nvdla_emu_get_stats(machine.emu, &stats);
	if (stats.bad_accesses)
		die("%s: the device asks for memory where there is none", test->head.name);
	nvdla_emu_free(machine.emu);
	free(images);
}

uint32_t machine_register(const struct nvdla_config *config, uint32_t offset)
{
	struct machine machine;
	uint32_t value;

	machine_open(&machine, config, NULL);
	value = nvdla_emu_read(machine.emu, offset);
	nvdla_emu_free(machine.emu);
	return value;
}
