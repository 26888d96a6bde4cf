// SPDX-License-Identifier: MIT
/*
 * Interrupts: a status bit for each group of each engine, set by the engine or by S_INTR_SET,
 * cleared by writing 1. The line is a level: high while a status bit is not masked.
 */
#include "emu.h"

/* Bits 6 to 9 belong to BDMA and RUBIK, absent here: their mask is stored, their status is not. */
#define STATUS_BITS 0x003f003fu
#define MASK_BITS 0x003f03ffu
#define HW_VERSION 0x00303031u

static enum nvdla_emu_engine engine_of(enum irq irq)
{
	switch (irq) {
	case IRQ_SDP:
		return NVDLA_EMU_SDP;
	case IRQ_CDP:
		return NVDLA_EMU_CDP;
	case IRQ_PDP:
		return NVDLA_EMU_PDP;
	default:
		return NVDLA_EMU_CONV;
	}
}

void glb_update_line(struct nvdla_emu *emu)
{
	int level = (emu->intr_status & ~emu->intr_mask) || emu->faults.spurious_line;

	if (level == emu->irq_level)
		return;
	emu->irq_level = level;
	if (level && fault_loses_line(emu))
		return;
	if (emu->params.irq)
		emu->params.irq(emu->params.ctx, level);
}

uint32_t glb_read(struct nvdla_emu *emu, uint32_t reg)
{
	switch (reg) {
	case GLB_S_NVDLA_HW_VERSION:
		return HW_VERSION;
	case GLB_S_INTR_MASK:
		return emu->intr_mask;
	case GLB_S_INTR_STATUS:
		emu->faults.spurious_line = false;
		glb_update_line(emu);
		return emu->intr_status;
	default:
		return 0;
	}
}

void glb_write(struct nvdla_emu *emu, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case GLB_S_INTR_MASK:
		emu->intr_mask = value & MASK_BITS;
		break;
	case GLB_S_INTR_SET:
		emu->intr_status |= value & STATUS_BITS;
		break;
	case GLB_S_INTR_STATUS:
		emu->intr_status &= ~value;
		break;
	default:
		return;
	}
	glb_update_line(emu);
}

void glb_raise(struct nvdla_emu *emu, enum irq irq, unsigned int group)
{
	if (fault_loses_status(emu, engine_of(irq)))
		return;
	emu->stats.interrupts++;
	emu->intr_status |= 1u << (irq + group);
	glb_update_line(emu);
}
