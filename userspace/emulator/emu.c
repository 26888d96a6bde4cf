// SPDX-License-Identifier: MIT
/* The emulator's face: objects, time, and what happens next. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emu.h"
#include "sdp.h"

/* Memory when the caller says nothing about it. */
enum { DEFAULT_LATENCY = 40 };

static void process(struct nvdla_emu *emu, struct job *job)
{
	const struct event event = job->events[job->next++];
	const char *reason = event.done == UNIT_SDP ? sdp_collect(emu, job) : NULL;

	if (reason) {
		job_hang(emu, job, reason);
		return;
	}
	emu->engine = job_last_engine(job->engines);
	if (event.flush && job->data && job->wrong)
		fault_spoil(job->wrong_seed, job->data, surface_bytes(&job->out));
	if (event.written && !job_write_back(emu, job, &event)) {
		job_hang(emu, job, "out of memory");
		return;
	}
	if (!event.written && event.flush && job->data)
		surface_write(emu, &job->out, job->data);
	/* The bit belongs to the group that completes, so before the pointer moves on. */
	if (!event.written && event.irq != IRQ_NONE)
		glb_raise(emu, event.irq, emu->units[event.irq_unit].consumer);
	if (event.done != UNIT_NONE)
		csb_unit_done(emu, event.done);
	if (job->next == job->nr_events)
		job_finish(emu, job);
}

/* Start whatever has everything it waits for. */
static void schedule(struct nvdla_emu *emu)
{
	static void (*const try_start[JOB_COUNT])(struct nvdla_emu *, struct job *) = {
		[JOB_SDP] = sdp_try_start,
		[JOB_PDP] = pdp_try_start,
		[JOB_CDP] = cdp_try_start,
	};

	static const enum nvdla_emu_engine engine[JOB_COUNT] = {
		[JOB_SDP] = NVDLA_EMU_SDP,
		[JOB_PDP] = NVDLA_EMU_PDP,
		[JOB_CDP] = NVDLA_EMU_CDP,
	};

	/* Twice at most: each group of SDP_RDMA may have nothing to fetch. */
	while (sdp_rdma_idle_operation(emu))
		csb_unit_done(emu, UNIT_SDP_RDMA);
	conv_try_start(emu);
	for (unsigned int j = 0; j < JOB_COUNT; j++) {
		if (emu->jobs[j].active)
			continue;
		emu->engine = engine[j];
		try_start[j](emu, &emu->jobs[j]);
		if (emu->jobs[j].active)
			fault_operation_starts(emu, &emu->jobs[j]);
	}
}

/* The job whose event is next, or NULL. */
static const struct job *earliest(const struct nvdla_emu *emu)
{
	const struct job *first = NULL;

	for (unsigned int j = 0; j < JOB_COUNT; j++) {
		const struct job *job = &emu->jobs[j];

		if (job->next == job->nr_events)
			continue;
		if (!first || job->events[job->next].time < first->events[first->next].time)
			first = job;
	}
	return first;
}

/* In quarters of a cycle, or UINT64_MAX. */
static uint64_t conv_time(const struct nvdla_emu *emu)
{
	uint64_t cycles = conv_next_event(emu);

	return cycles > UINT64_MAX / 4 ? UINT64_MAX : cycles * 4;
}

/* When the next thing happens by itself, in quarters of a cycle, or UINT64_MAX. */
static uint64_t next_time(const struct nvdla_emu *emu)
{
	const struct job *job = earliest(emu);
	uint64_t next = conv_time(emu);

	if (emu->writes && emu->writes->time < next)
		next = emu->writes->time;
	if (job && job->events[job->next].time < next)
		next = job->events[job->next].time;
	return next;
}

/* The clock stops here, so that times of events cannot overflow. */
#define END_OF_TIME (UINT64_C(1) << 62)

static void advance_quarters(struct nvdla_emu *emu, uint64_t quarters)
{
	uint64_t until = quarters > END_OF_TIME - emu->now ? END_OF_TIME : emu->now + quarters;

	for (;;) {
		const struct job *job = earliest(emu);
		uint64_t job_time = job ? job->events[job->next].time : UINT64_MAX;
		uint64_t write_time = emu->writes ? emu->writes->time : UINT64_MAX;
		uint64_t next = next_time(emu);

		if (next > until)
			break;
		/* What a register write caused may be due within the cycle that has begun. */
		if (next > emu->now)
			emu->now = next;
		if (next == job_time)
			process(emu, &emu->jobs[job - emu->jobs]);
		else if (next == write_time)
			job_written(emu);
		else
			conv_event(emu);
		schedule(emu);
	}
	if (until > emu->now)
		emu->now = until;
}

uint32_t emu_latency(const struct nvdla_emu *emu)
{
	return emu->params.memory_latency ? emu->params.memory_latency : DEFAULT_LATENCY;
}

static void drop_jobs(struct nvdla_emu *emu)
{
	job_drop_writes(emu);
	for (unsigned int j = 0; j < JOB_COUNT; j++) {
		sdp_drop(emu, &emu->jobs[j]);
		free(emu->jobs[j].data);
		emu->jobs[j] = (struct job){ 0 };
	}
}

int nvdla_emu_config_check(const char *config, char *reason, size_t size)
{
	return emu_config_find(config, reason, size) ? 0 : -EINVAL;
}

struct nvdla_emu *nvdla_emu_new(const struct nvdla_emu_params *params)
{
	const struct nvdla_config *config = NULL;
	const struct simd *simd;
	struct nvdla_emu *emu;

	if (params->config)
		config = emu_config_find(params->config, NULL, 0);
	simd = simd_find(params->simd);
	if (!config || !simd || !params->read || !params->write) {
		errno = EINVAL;
		return NULL;
	}
	emu = calloc(1, sizeof(*emu));
	if (!emu)
		return NULL;
	emu->params = *params;
	emu->config = config;
	emu->simd = simd;
	emu->memory.latency = emu_latency(emu);
	emu->memory.bytes = params->memory_bytes ? params->memory_bytes : config->memory_bytes;
	if (params->threads) {
		emu->workers = workers_new(params->threads);
		if (!emu->workers) {
			free(emu);
			return NULL;
		}
	}
	if (!conv_init(emu)) {
		workers_free(emu->workers);
		free(emu);
		return NULL;
	}
	nvdla_emu_reset(emu);
	return emu;
}

void nvdla_emu_free(struct nvdla_emu *emu)
{
	if (!emu)
		return;
	drop_jobs(emu);
	conv_exit(emu);
	workers_free(emu->workers);
	free(emu);
}

void emu_lose_state(struct nvdla_emu *emu)
{
	drop_jobs(emu);
	conv_reset(emu);
	emu->cdp_lut = (struct cdp_lut){ 0 };
	emu->pdp_core = (struct pdp_core){ 0 };
	emu->sdp_lut = (struct sdp_lut){ 0 };
	emu->sdp_saturations = 0;
	emu->stuck = NULL;
	csb_reset(emu);
	emu->intr_mask = 0;
	emu->intr_status = 0;
	emu->faults.spurious_line = false;
	glb_update_line(emu);
}

void nvdla_emu_reset(struct nvdla_emu *emu)
{
	emu_lose_state(emu);
	emu->now = 0;
	emu->stats = (struct nvdla_emu_stats){ 0 };
}

uint32_t nvdla_emu_read(struct nvdla_emu *emu, uint32_t offset)
{
	emu->stats.register_reads++;
	advance_quarters(emu, emu->params.read_cost);
	return emu->faults.gone ? UINT32_MAX : csb_read(emu, offset);
}

void nvdla_emu_write(struct nvdla_emu *emu, uint32_t offset, uint32_t value)
{
	emu->stats.register_writes++;
	advance_quarters(emu, emu->params.write_cost);
	if (!emu->faults.gone && csb_write(emu, offset, value))
		schedule(emu);
}

uint64_t nvdla_emu_time(const struct nvdla_emu *emu)
{
	return emu->now / 4;
}

uint64_t nvdla_emu_next_event(const struct nvdla_emu *emu)
{
	uint64_t flushed = (uint64_t)emu->config->cbuf_flush_cycles * 4;
	uint64_t next = next_time(emu);

	if (emu->now < flushed && flushed < next)
		next = flushed;
	if (next == UINT64_MAX)
		return next;
	return next > emu->now ? (next - emu->now + 3) / 4 : 1;
}

bool nvdla_emu_ready(struct nvdla_emu *emu)
{
	const struct job *job = &emu->jobs[JOB_SDP];
	uint64_t cycles = nvdla_emu_next_event(emu), until;

	if (cycles == UINT64_MAX)
		return true;
	/* Other events may have the same time. */
	until = emu->now + cycles * 4;
	for (unsigned int e = job->next; e < job->nr_events; e++) {
		if (job->events[e].done == UNIT_SDP && job->events[e].time <= until &&
		    sdp_is_computing(emu, job))
			return false;
	}
	return conv_feeds_at(emu) > until / 4 || !sdp_pools(job) || !conv_is_computing(emu);
}

void nvdla_emu_advance(struct nvdla_emu *emu, uint64_t cycles)
{
	advance_quarters(emu, cycles > END_OF_TIME / 4 ? END_OF_TIME : cycles * 4);
}

void nvdla_emu_get_stats(const struct nvdla_emu *emu, struct nvdla_emu_stats *stats)
{
	*stats = emu->stats;
	stats->cycles = emu->now / 4;
	stats->hangs += conv_is_stuck(emu);
	conv_get_stalls(emu, stats->stall_cycles);
}

const char *nvdla_emu_hang_reason(const struct nvdla_emu *emu)
{
	for (unsigned int j = 0; j < JOB_COUNT; j++) {
		if (emu->jobs[j].hang)
			return emu->jobs[j].hang;
	}
	return emu->stuck ? emu->stuck : conv_hang_reason(emu);
}

const struct nvdla_emu_api nvdla_emu_api = {
	.version = NVDLA_EMU_API_VERSION,
	.create = nvdla_emu_new,
	.destroy = nvdla_emu_free,
	.reset = nvdla_emu_reset,
	.read = nvdla_emu_read,
	.write = nvdla_emu_write,
	.time = nvdla_emu_time,
	.next_event = nvdla_emu_next_event,
	.ready = nvdla_emu_ready,
	.advance = nvdla_emu_advance,
	.get_stats = nvdla_emu_get_stats,
	.hang_reason = nvdla_emu_hang_reason,
	.config_check = nvdla_emu_config_check,
	.inject = nvdla_emu_inject,
	.clear_faults = nvdla_emu_clear_faults,
};
