/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_INTERNAL_H
#define NVDLA_EMU_INTERNAL_H

/* What the files of the emulator share. nvdla_emu.h is for everybody else. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cdp_lut.h"
#include "config.h"
#include "fault.h"
#include "mac.h"
#include "nvdla_emu.h"
#include "pdp_core.h"
#include "registers.h"
#include "sdp_lut.h"
#include "simd.h"
#include "timing_conv.h"

/* The blocks that have two register groups and run operations. */
enum unit {
	UNIT_CDMA,
	UNIT_CSC,
	UNIT_CMAC_A,
	UNIT_CMAC_B,
	UNIT_CACC,
	UNIT_SDP_RDMA,
	UNIT_SDP,
	UNIT_PDP_RDMA,
	UNIT_PDP,
	UNIT_CDP_RDMA,
	UNIT_CDP,
	UNIT_COUNT,
	UNIT_NONE = UNIT_COUNT
};

#define GROUPS 2
#define GROUP_WORDS 64		/* of a block: the highest register is CDMA_D_CYA at 0xe8 */

struct unit_state {
	uint32_t shared[GROUP_WORDS];		/* registers that exist once, before D_OP_ENABLE */
	uint32_t group[GROUPS][GROUP_WORDS];
	bool enabled[GROUPS];
	bool busy;				/* the consumer's group belongs to a job */
	uint64_t enabled_at[GROUPS];		/* cycles, as the bus has them */
	uint64_t freed_at;			/* by the operation before */
	unsigned int producer;
	unsigned int consumer;
};

/* Interrupt bits of group 0; group 1 has the bit above. */
enum irq {
	IRQ_SDP = 0,
	IRQ_CDP = 2,
	IRQ_PDP = 4,
	IRQ_CDMA_DAT = 16,
	IRQ_CDMA_WT = 18,
	IRQ_CACC = 20,
	IRQ_NONE = 32
};

/* A feature cube in memory. Atoms are numbered surface by surface, line by line. */
struct surface {
	uint64_t base;
	uint32_t line_stride;
	uint32_t surface_stride;
	unsigned int width;
	unsigned int height;
	unsigned int surfaces;
	unsigned int atom_bytes;
	/* SDP takes a 1x1 plane for a packed row of atoms, whatever the strides say. */
	bool packed;
	/* PDP cuts its lines: the parts lie side by side, each is all lines of all surfaces. */
	unsigned int parts;		/* - 1 */
	struct pdp_parts part;		/* their widths - 1; width is ignored */
};

/* Something that happens at a time that was known when the operation started. */
struct event {
	uint64_t time;
	enum unit done;		/* its group completes, or UNIT_NONE */
	enum irq irq;		/* raised for the group of irq_unit, or IRQ_NONE */
	enum unit irq_unit;
	bool flush;		/* the output becomes visible in memory */
	uint64_t written;	/* this and the interrupt come so many cycles later, if not 0 */
};

#define JOB_EVENTS 10

/*
 * A chain of engines that work on one operation. All of them belong to the job from the moment
 * it starts until its last event.
 */
struct job {
	bool active;
	const char *hang;	/* never completes, and why */
	struct event events[JOB_EVENTS];
	unsigned int nr_events, next;
	struct surface out;
	int8_t *data;		/* contents of out */
	unsigned int engines;	/* bit mask of enum nvdla_emu_engine */
	unsigned int chain;	/* the same, complete from the start and with the convolution */
	uint64_t started;	/* in cycles */
	uint64_t reads;		/* beats of its input, if it is from memory, */
	uint64_t reads_end;	/* and when they are there, in cycles */
	struct sdp *sdp;	/* of JOB_SDP: until it is done */
	bool wrong;		/* by order: spoil the output, */
	uint32_t wrong_seed;
};

/*
 * An output on its way to memory when the engine that made it is free for its next operation. In
 * the order of their times.
 */
struct write_back {
	uint64_t time;
	struct surface out;
	int8_t *data;		/* or NULL: nothing is written */
	enum irq irq;
	unsigned int group, engines;
	struct write_back *next;
};

/* Chains never share an engine: SDP is in each of the first kind. */
enum job_slot {
	JOB_SDP,		/* memory or convolution to memory or PDP */
	JOB_PDP,		/* memory to memory */
	JOB_CDP,
	JOB_COUNT
};

struct nvdla_emu {
	struct nvdla_emu_params params;
	const struct nvdla_config *config;
	const struct simd *simd;
	struct workers *workers;	/* or NULL */
	struct timing_memory memory;
	uint64_t now;		/* quarters of a cycle */
	struct unit_state units[UNIT_COUNT];
	uint32_t mcif[GROUP_WORDS], cvif[GROUP_WORDS];
	uint32_t intr_mask, intr_status;
	int irq_level;
	struct job jobs[JOB_COUNT];
	struct write_back *writes;
	struct conv_pipeline *conv;
	struct cdp_lut cdp_lut;
	struct pdp_core pdp_core;
	struct sdp_lut sdp_lut;
	uint32_t sdp_saturations;	/* of the last operation that counted them */
	const char *stuck;	/* a reader that outlived its job, and why */
	enum nvdla_emu_engine engine;	/* that accesses memory now */
	struct nvdla_emu_stats stats;
	struct faults faults;
};

static inline uint32_t bits(uint32_t value, unsigned int high, unsigned int low)
{
	return (value >> low) & (uint32_t)((UINT64_C(1) << (high - low + 1)) - 1);
}

/* Cycles that have begun: an engine sees a register in the next one. */
static inline uint64_t cycles_now(const struct nvdla_emu *emu)
{
	return (emu->now + 3) / 4;
}

static inline uint32_t div_round_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

/* Registers of the group that a unit works on. */
static inline const uint32_t *consumer_group(const struct nvdla_emu *emu, enum unit unit)
{
	const struct unit_state *state = &emu->units[unit];

	return state->group[state->consumer];
}

/* An operation is waiting to be started in the group that is next. */
static inline bool unit_waiting(const struct nvdla_emu *emu, enum unit unit)
{
	const struct unit_state *state = &emu->units[unit];

	return state->enabled[state->consumer] && !state->busy;
}

#define REG(group, name) ((group)[(name) / 4])

/* A register that says which memory to use, 1 for the one that is always there. */
static inline bool memory_exists(const struct nvdla_emu *emu, uint32_t which)
{
	return which || config_has(emu->config, FEATURE_SECOND_MEMORY);
}

/* Of memory: as many bits as the configuration masters, in whole atoms. */
static inline uint64_t dma_address(const struct nvdla_config *config, uint32_t high, uint32_t low)
{
	uint64_t address = (uint64_t)high << 32 | low;

	return address & config_address_mask(config) & -(uint64_t)config->atom;
}

#define REG_ADDRESS(config, group, high, low) \
	dma_address(config, REG(group, high), REG(group, low))

/* emu.c */
/* Of the memory, in cycles, unless a fault makes it slower. */
uint32_t emu_latency(const struct nvdla_emu *emu);
/* What a reset does to all but the clock and the statistics. */
void emu_lose_state(struct nvdla_emu *emu);

/* csb.c */
void csb_reset(struct nvdla_emu *emu);
uint32_t csb_read(struct nvdla_emu *emu, uint32_t offset);
/* True when the write may have made an operation ready to start. */
bool csb_write(struct nvdla_emu *emu, uint32_t offset, uint32_t value);
/* When the unit sees that its consumer's group is enabled, in cycles; not before now. */
uint64_t csb_unit_start(const struct nvdla_emu *emu, enum unit unit);
/*
 * When a unit that was idle would have had to be enabled to be as far as it is: a group that waited
 * for the one before is seen sooner. Not after now.
 */
uint64_t csb_unit_enabled(const struct nvdla_emu *emu, enum unit unit);
/* A unit is done with its group: the group is free and the other one is next. */
void csb_unit_done(struct nvdla_emu *emu, enum unit unit);

/* glb.c */
uint32_t glb_read(struct nvdla_emu *emu, uint32_t reg);
void glb_write(struct nvdla_emu *emu, uint32_t reg, uint32_t value);
void glb_raise(struct nvdla_emu *emu, enum irq irq, unsigned int group);
/* The line follows from the status, or from a fault. */
void glb_update_line(struct nvdla_emu *emu);

/* memory.c: every access of the modelled system's memory */
extern const char no_second_memory[];	/* why an engine that is told to use one hangs */
void mem_read(struct nvdla_emu *emu, uint64_t addr, void *buf, size_t len);
void mem_write(struct nvdla_emu *emu, uint64_t addr, const void *buf, size_t len);
uint64_t surface_bytes(const struct surface *surface);
void surface_read(struct nvdla_emu *emu, const struct surface *surface, void *data);
void surface_write(struct nvdla_emu *emu, const struct surface *surface, const void *data);

/*
 * Starting a chain. Each looks whether everything it needs is enabled; if so it reads the inputs,
 * computes, and fills job with the output and the times at which its parts complete.
 */
void sdp_try_start(struct nvdla_emu *emu, struct job *job);
void pdp_try_start(struct nvdla_emu *emu, struct job *job);
void cdp_try_start(struct nvdla_emu *emu, struct job *job);

/* conv.c */
bool conv_init(struct nvdla_emu *emu);
void conv_reset(struct nvdla_emu *emu);
void conv_exit(struct nvdla_emu *emu);
/* Start what is enabled and can start. */
void conv_try_start(struct nvdla_emu *emu);
/* When something happens by itself, in cycles, or UINT64_MAX; and let it happen. */
uint64_t conv_next_event(const struct nvdla_emu *emu);
void conv_event(struct nvdla_emu *emu);
/* CDMA's input is on its way. */
bool conv_rival(const struct nvdla_emu *emu, struct timing_rival *rival);
/* SDP takes so many atoms of sums from start on; sdp_fed() follows when they are there. */
void conv_open(struct nvdla_emu *emu, const struct timing_feed *feed, uint64_t start);
/* When that is, as far as it is known, in cycles, or UINT64_MAX. */
uint64_t conv_feeds_at(const struct nvdla_emu *emu);
/* Somebody is still at work on sums of what has begun. */
bool conv_is_computing(const struct nvdla_emu *emu);
/* The next of these atoms, in order. False without memory. */
bool conv_take(struct nvdla_emu *emu, uint64_t atoms, struct sums *sums);
/* From now on; in cycles. */
void conv_set_latency(struct nvdla_emu *emu, uint32_t latency);
/* How many turns at the memory input and weights get. */
void conv_set_turns(struct nvdla_emu *emu, uint32_t data, uint32_t weights);
const char *conv_hang_reason(const struct nvdla_emu *emu);
/* It hangs for a reason that is not in the statistics: more operations might change that. */
bool conv_is_stuck(const struct nvdla_emu *emu);
void conv_get_stalls(const struct nvdla_emu *emu, uint64_t stalls[NVDLA_EMU_STALLS]);

/* sdp.c */
void sdp_fed(struct nvdla_emu *emu);
/* SDP is done: its results are in the job's data from now on. Returns why not, or NULL. */
const char *sdp_collect(struct nvdla_emu *emu, struct job *job);
/* sdp_collect() would have to wait for somebody. */
bool sdp_is_computing(struct nvdla_emu *emu, const struct job *job);
/* It hands its results on to PDP, which takes them as soon as it is fed. */
bool sdp_pools(const struct job *job);
void sdp_drop(struct nvdla_emu *emu, struct job *job);

/* job.c */
/* The engine that a chain of engines ends with. */
enum nvdla_emu_engine job_last_engine(unsigned int engines);
/* The job's engines work on their groups from now on. */
void job_take(struct nvdla_emu *emu, struct job *job, enum unit unit);
uint64_t job_max_work(const struct nvdla_emu *emu);
/* The emulator is willing to read, hold or write this much for an operation. */
bool job_bytes_fit(const struct nvdla_emu *emu, uint64_t bytes);
bool job_fits(const struct nvdla_emu *emu, const struct surface *surface);
/* Take the engines, for ever. */
void job_hang(struct nvdla_emu *emu, struct job *job, const char *reason);
/* From now on nothing comes of what the engines do. */
void job_stop(struct nvdla_emu *emu, struct job *job, const char *reason);
/* In the order of their times. The time is in cycles from now. */
void job_event(struct nvdla_emu *emu, struct job *job, uint64_t cycles, struct event event);
/* The same, counted from job->started, which may be long ago: not before now. */
void job_event_at(struct nvdla_emu *emu, struct job *job, uint64_t time, struct event event);
/* The job's input is so many beats, the last of which is there at a time that counts as above. */
void job_reads(struct nvdla_emu *emu, struct job *job, uint64_t beats, uint64_t end);
/* CDMA has begun to fetch, or the job beside it: what the job reads comes later. */
void job_contend(struct nvdla_emu *emu, struct job *job);
/*
 * From when on an operation's cycles count: an engine that was free later than its reader finds
 * some of its input there, and is up to so many cycles ahead. Not after now.
 */
uint64_t job_origin(const struct nvdla_emu *emu, enum unit reader, enum unit engine,
		    uint64_t lead);
void job_finish(struct nvdla_emu *emu, struct job *job);
/* The job's output becomes visible, and its interrupt is raised, whatever the job does meanwhile. */
bool job_write_back(struct nvdla_emu *emu, struct job *job, const struct event *event);
void job_written(struct nvdla_emu *emu);
void job_drop_writes(struct nvdla_emu *emu);

#endif
