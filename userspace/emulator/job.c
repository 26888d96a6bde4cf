// SPDX-License-Identifier: MIT
/* Operations under way: the events they will cause, and the output they hold back until then. */
#include <stdlib.h>

#include "emu.h"

/* About a minute of this model's time on one core; a large real layer needs a thousandth. */
#define DEFAULT_MAX_WORK (UINT64_C(1) << 34)

/* Far more than a layer that a system with 32-bit addresses would run. */
#define MAX_BYTES ((size_t)1 << 26)

size_t job_max_bytes(void)
{
	return MAX_BYTES;
}

bool job_fits(const struct nvdla_emu *emu, const struct surface *surface)
{
	uint64_t bytes = surface_bytes(surface);

	return bytes <= MAX_BYTES && bytes <= job_max_work(emu);
}

uint64_t job_max_work(const struct nvdla_emu *emu)
{
	return emu->params.max_work ? emu->params.max_work : DEFAULT_MAX_WORK;
}

void job_take(struct nvdla_emu *emu, struct job *job, enum unit unit)
{
	emu->units[unit].busy = true;
	job->active = true;
	job->chain |= unit == UNIT_SDP ? 1u << NVDLA_EMU_SDP : unit == UNIT_PDP ? 1u << NVDLA_EMU_PDP :
		      unit == UNIT_CDP ? 1u << NVDLA_EMU_CDP : 0;
}

void job_stop(struct nvdla_emu *emu, struct job *job, const char *reason)
{
	job->active = true;
	job->hang = reason;
	job->nr_events = 0;
	job->next = 0;
	emu->stats.hangs++;
}

void job_hang(struct nvdla_emu *emu, struct job *job, const char *reason)
{
	job_stop(emu, job, reason);
	sdp_drop(emu, job);
	free(job->data);
	job->data = NULL;
}

void job_event(struct nvdla_emu *emu, struct job *job, uint64_t cycles, struct event event)
{
	unsigned int at = job->nr_events;

	if (job->hang)
		return;
	job->nr_events++;
	event.time = emu->now + fault_slowed(emu, cycles) * 4;
	job->active = true;
	/* Equal times keep the order in which they were given. */
	for (; at && job->events[at - 1].time > event.time; at--)
		job->events[at] = job->events[at - 1];
	job->events[at] = event;
}

void job_finish(struct nvdla_emu *emu, struct job *job)
{
	for (unsigned int e = 0; e < NVDLA_EMU_ENGINES; e++)
		emu->stats.operations[e] += job->engines >> e & 1;
	sdp_drop(emu, job);
	free(job->data);
	*job = (struct job){ 0 };
}
