// SPDX-License-Identifier: MIT
#include <errno.h>

#include "emu.h"

/* Happens when an operation starts, or at once; the others need something that they happen to. */
static bool may_happen_at_once(enum nvdla_emu_fault_kind kind)
{
	return kind == NVDLA_EMU_FAULT_SLOW_MEMORY || kind == NVDLA_EMU_FAULT_GONE ||
	       kind == NVDLA_EMU_FAULT_SPURIOUS_STATUS || kind == NVDLA_EMU_FAULT_SPURIOUS_LINE;
}

static bool concerns(const struct nvdla_emu_fault *fault, unsigned int engines)
{
	return fault->engine == NVDLA_EMU_ENGINES || engines >> fault->engine & 1;
}

/* Counted where the convolution itself begins, and not with its chain. */
static bool is_elsewhere(const struct nvdla_emu_fault *fault)
{
	return fault->kind == NVDLA_EMU_FAULT_LOST_STATUS ||
	       fault->kind == NVDLA_EMU_FAULT_LOST_LINE ||
	       (fault->kind == NVDLA_EMU_FAULT_HANG && fault->engine == NVDLA_EMU_CONV);
}

/* An occasion for the i-th of the armed faults. When it happens, true, and it is armed no more. */
static bool count_down(struct faults *faults, unsigned int i)
{
	if (--faults->armed[i].at)
		return false;
	faults->armed[i] = faults->armed[--faults->nr_armed];
	return true;
}

/* An occasion for faults of one kind: an engine in particular, or with NVDLA_EMU_ENGINES none. */
static bool happens(struct nvdla_emu *emu, enum nvdla_emu_fault_kind kind, unsigned int engine)
{
	struct faults *faults = &emu->faults;
	bool any = false;

	for (unsigned int i = faults->nr_armed; i-- > 0;) {
		const struct nvdla_emu_fault *fault = &faults->armed[i];

		if (fault->kind == kind && is_elsewhere(fault) &&
		    (engine == NVDLA_EMU_ENGINES || concerns(fault, 1u << engine)))
			any |= count_down(faults, i);
	}
	return any;
}

static void slow_memory(struct nvdla_emu *emu, uint32_t factor, struct job *job)
{
	emu->faults.slowness = factor;
	conv_set_latency(emu, (uint32_t)fault_slowed(emu, emu_latency(emu)));
	/* This operation has been started at the usual speed. */
	for (unsigned int e = 0; job && e < job->nr_events; e++)
		job->events[e].time = emu->now + (job->events[e].time - emu->now) * factor;
}

/* job is NULL when no operation is the occasion. */
static void happen(struct nvdla_emu *emu, const struct nvdla_emu_fault *fault, struct job *job)
{
	switch (fault->kind) {
	case NVDLA_EMU_FAULT_HANG:
		job_stop(emu, job, FAULT_REASON);
		break;
	case NVDLA_EMU_FAULT_WRONG_DATA:
		job->wrong = true;
		job->wrong_seed = fault->value;
		break;
	case NVDLA_EMU_FAULT_SLOW_MEMORY:
		slow_memory(emu, fault->value, job);
		break;
	case NVDLA_EMU_FAULT_GONE:
		emu->faults.gone = true;
		emu_lose_state(emu);
		break;
	case NVDLA_EMU_FAULT_SPURIOUS_STATUS:
		glb_write(emu, GLB_S_INTR_SET, fault->value);
		break;
	case NVDLA_EMU_FAULT_SPURIOUS_LINE:
		emu->faults.spurious_line = true;
		glb_update_line(emu);
		break;
	default:
		break;
	}
}

void fault_operation_starts(struct nvdla_emu *emu, struct job *job)
{
	struct faults *faults = &emu->faults;

	for (unsigned int i = faults->nr_armed; i-- > 0;) {
		const struct nvdla_emu_fault fault = faults->armed[i];

		if (!is_elsewhere(&fault) && concerns(&fault, job->chain) && count_down(faults, i))
			happen(emu, &fault, job);
	}
}

bool fault_hangs_convolution(struct nvdla_emu *emu)
{
	return happens(emu, NVDLA_EMU_FAULT_HANG, NVDLA_EMU_CONV);
}

uint64_t fault_slowed(const struct nvdla_emu *emu, uint64_t cycles)
{
	return emu->faults.slowness ? cycles * emu->faults.slowness : cycles;
}

bool fault_loses_status(struct nvdla_emu *emu, enum nvdla_emu_engine engine)
{
	return happens(emu, NVDLA_EMU_FAULT_LOST_STATUS, engine);
}

bool fault_loses_line(struct nvdla_emu *emu)
{
	return happens(emu, NVDLA_EMU_FAULT_LOST_LINE, NVDLA_EMU_ENGINES);
}

void fault_spoil(uint32_t seed, int8_t *data, uint64_t bytes)
{
	/* Neighbouring seeds are to give bytes far apart. */
	uint64_t random = (seed + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);

	data[(random >> 16) % bytes] ^= (int8_t)((random >> 8 & 0xff) | 1);
}

int nvdla_emu_inject(struct nvdla_emu *emu, const struct nvdla_emu_fault *fault)
{
	struct faults *faults = &emu->faults;

	if (fault->kind >= NVDLA_EMU_FAULTS || fault->engine > NVDLA_EMU_ENGINES ||
	    (!fault->at && !may_happen_at_once(fault->kind)))
		return -EINVAL;
	if (fault->kind == NVDLA_EMU_FAULT_SLOW_MEMORY &&
	    (!fault->value || fault->value > UINT16_MAX))
		return -EINVAL;
	if (!fault->at) {
		happen(emu, fault, NULL);
		return 0;
	}
	if (faults->nr_armed == FAULTS_MAX)
		return -ENOSPC;
	faults->armed[faults->nr_armed++] = *fault;
	return 0;
}

void nvdla_emu_clear_faults(struct nvdla_emu *emu)
{
	bool gone = emu->faults.gone;

	emu->faults = (struct faults){ 0 };
	conv_set_latency(emu, emu_latency(emu));
	if (gone)
		nvdla_emu_reset(emu);
	glb_update_line(emu);
}
