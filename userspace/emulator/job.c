// SPDX-License-Identifier: MIT
/* Operations under way: the events they will cause, and the output they hold back until then. */
#include <stdlib.h>

#include "emu.h"
#include "timing_post.h"

/* About a minute of this model's time on one core; a large real layer needs a thousandth. */
#define DEFAULT_MAX_WORK (UINT64_C(1) << 34)

/* Far more than a layer that a system with 32-bit addresses would run. */
#define MAX_BYTES (UINT64_C(1) << 26)

bool job_bytes_fit(const struct nvdla_emu *emu, uint64_t bytes)
{
	return bytes <= MAX_BYTES && bytes <= job_max_work(emu);
}

bool job_fits(const struct nvdla_emu *emu, const struct surface *surface)
{
	return job_bytes_fit(emu, surface_bytes(surface));
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

void job_event_at(struct nvdla_emu *emu, struct job *job, uint64_t time, struct event event)
{
	uint64_t since = cycles_now(emu) - job->started;

	job_event(emu, job, time > since ? time - since : 0, event);
}

void job_contend(struct nvdla_emu *emu, struct job *job)
{
	uint64_t now = cycles_now(emu), delay, whole = job->reads_end - job->started;
	struct timing_rival rival;
	struct timing_reads left;

	if (!job->active || job->hang || job->reads_end <= now || !whole ||
	    !conv_rival(emu, &rival))
		return;
	left.cycles = job->reads_end - now;
	left.beats = job->reads * left.cycles / whole;
	delay = timing_contention(emu, &left, &rival);
	job->reads_end += delay;
	for (unsigned int e = job->next; e < job->nr_events; e++)
		job->events[e].time += delay * 4;
}

void job_reads(struct nvdla_emu *emu, struct job *job, uint64_t beats, uint64_t end)
{
	job->reads = beats;
	job->reads_end = job->started + end;
	job_contend(emu, job);
}

uint64_t job_origin(const struct nvdla_emu *emu, enum unit reader, enum unit engine,
		    uint64_t lead)
{
	uint64_t read = csb_unit_enabled(emu, reader), run = csb_unit_enabled(emu, engine);

	return run > read + lead ? run - lead : read;
}

enum nvdla_emu_engine job_last_engine(unsigned int engines)
{
	enum nvdla_emu_engine last = NVDLA_EMU_SDP;

	for (unsigned int e = 0; e < NVDLA_EMU_ENGINES; e++) {
		if (engines >> e & 1)
			last = (enum nvdla_emu_engine)e;
	}
	return last;
}

static void count_engines(struct nvdla_emu *emu, unsigned int engines)
{
	for (unsigned int e = 0; e < NVDLA_EMU_ENGINES; e++)
		emu->stats.operations[e] += engines >> e & 1;
}

void job_finish(struct nvdla_emu *emu, struct job *job)
{
	count_engines(emu, job->engines);
	sdp_drop(emu, job);
	free(job->data);
	*job = (struct job){ 0 };
}

bool job_write_back(struct nvdla_emu *emu, struct job *job, const struct event *event)
{
	struct write_back *write = malloc(sizeof(*write)), **at = &emu->writes;

	if (!write)
		return false;
	*write = (struct write_back){
		.time = emu->now + fault_slowed(emu, event->written) * 4,
		.out = job->out,
		.data = event->flush ? job->data : NULL,
		.irq = event->irq,
		.group = emu->units[event->irq_unit].consumer,
		.engines = job->engines,
	};
	if (event->flush)
		job->data = NULL;
	job->engines = 0;
	while (*at && (*at)->time <= write->time)
		at = &(*at)->next;
	write->next = *at;
	*at = write;
	return true;
}

void job_written(struct nvdla_emu *emu)
{
	struct write_back *write = emu->writes;

	emu->writes = write->next;
	emu->engine = job_last_engine(write->engines);
	if (write->data)
		surface_write(emu, &write->out, write->data);
	glb_raise(emu, write->irq, write->group);
	count_engines(emu, write->engines);
	free(write->data);
	free(write);
}

void job_drop_writes(struct nvdla_emu *emu)
{
	while (emu->writes) {
		struct write_back *write = emu->writes;

		emu->writes = write->next;
		free(write->data);
		free(write);
	}
}
