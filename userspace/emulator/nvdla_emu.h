/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_H
#define NVDLA_EMU_H

/*
 * A model of NVDLA, in several of its configurations: registers and memory in, the same bytes as
 * the RTL out.
 *
 * The emulator owns no clock and no memory of the modelled system, and threads only as far as it is
 * told to. Whoever embeds it lends it memory and an interrupt line through callbacks and moves its
 * clock on. Callbacks run inside the call that caused them, by the thread that made it, never at
 * another moment, and must not call back into the emulator. One object may be used by one thread
 * at a time.
 *
 * Time. Blocks start when the hardware's do: CDMA as soon as it is enabled and the convolution
 * buffer has room, CSC when input and weights are there, others when all that they exchange data
 * with are enabled. Inputs are read when they are asked for and outputs are written when their
 * modelled time has passed, so that a driver that touches either too early gets wrong bytes, as it
 * might on hardware. What the hardware would never finish stays "running" for ever;
 * nvdla_emu_hang_reason() says why.
 *
 * Any sequence of register accesses is survived: nothing but the callbacks is accessed, an operation
 * larger than max_work is treated as a hang.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NVDLA_EMU_EXPORT __attribute__((visibility("default")))

/* Changes with any incompatible change to anything below. */
#define NVDLA_EMU_API_VERSION 2

struct nvdla_emu;

struct nvdla_emu_params {
	/* Name of the configuration: "nv_small"; nvdla_emu_config_check() tells about others. */
	const char *config;

	/*
	 * System memory as the device masters it, byte addresses. Both return 0 or a negative errno.
	 * An access that fails is counted; the device has no way to notice, so a failed read gives
	 * zeroes and a failed write is lost.
	 */
	int (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
	int (*write)(void *ctx, uint64_t addr, const void *buf, size_t len);

	/* The interrupt line went to this level. May be NULL. */
	void (*irq)(void *ctx, int level);

	void *ctx;

	/*
	 * What a register access costs, in quarters of a cycle. 0 and 0 leave time to
	 * nvdla_emu_advance() alone, which suits a caller that has a clock of its own.
	 */
	uint32_t write_cost;
	uint32_t read_cost;

	/*
	 * Multiplications plus elements moved after which an operation counts as a hang. 0 for a
	 * default that no useful operation reaches.
	 */
	uint64_t max_work;

	/*
	 * What to compute with: "plain", "avx2", "neon"; NULL for the fastest that this processor
	 * has, or what the environment variable NVDLA_EMU_SIMD names. Results do not depend on it.
	 */
	const char *simd;

	/*
	 * The memory system: cycles from the address of a read to its data, or from the data of a
	 * write to its acknowledgement, and bytes a cycle. 0 for 40, and for what the device takes.
	 */
	uint32_t memory_latency;
	uint32_t memory_bytes;

	/*
	 * Threads to compute with. With 0 the caller's does it, when time comes to what depends on
	 * the results. Neither they nor when things happen depend on this.
	 */
	uint32_t threads;
};

enum nvdla_emu_engine {
	NVDLA_EMU_CONV,
	NVDLA_EMU_SDP,
	NVDLA_EMU_PDP,
	NVDLA_EMU_CDP,
	NVDLA_EMU_ENGINES
};

/* What the convolution's multipliers wait for. */
enum nvdla_emu_stall {
	NVDLA_EMU_STALL_DATA,		/* CDMA brings the input */
	NVDLA_EMU_STALL_WEIGHTS,	/* CDMA brings a kernel group */
	NVDLA_EMU_STALL_DELIVERY,	/* CACC hands sums to SDP, at its own pace */
	NVDLA_EMU_STALL_SDP,		/* SDP is not ready: its operands, or the operation before */
	NVDLA_EMU_STALL_REGISTERS,	/* there is no operation: between the first and the last */
	NVDLA_EMU_STALLS
};

/* Since nvdla_emu_new() or nvdla_emu_reset(). */
struct nvdla_emu_stats {
	uint64_t cycles;
	uint64_t macs;			/* useful ones: padding counts, idle lanes do not */
	uint64_t read_bytes;
	uint64_t write_bytes;
	uint64_t register_writes;
	uint64_t register_reads;
	uint64_t interrupts;		/* done bits raised by engines, not by S_INTR_SET */
	uint64_t operations[NVDLA_EMU_ENGINES];	/* completed; each engine of a fused chain counts */
	uint64_t hangs;
	uint64_t bad_accesses;
	uint64_t saturations;		/* results clipped in CACC or in SDP's output convertor */
	uint64_t engine_read_bytes[NVDLA_EMU_ENGINES];
	uint64_t engine_write_bytes[NVDLA_EMU_ENGINES];	/* of a chain, by its last engine */
	/* Cycles in which the multipliers wait, as far as operations have got. */
	uint64_t stall_cycles[NVDLA_EMU_STALLS];
};

/*
 * 0 for a configuration that the emulator models. Otherwise -EINVAL, and in reason, of size bytes,
 * what it is about it that is not modelled, or which names there are.
 */
NVDLA_EMU_EXPORT int nvdla_emu_config_check(const char *config, char *reason, size_t size);

/* NULL with errno set: EINVAL for an unknown configuration or simd or missing callbacks, ENOMEM. */
NVDLA_EMU_EXPORT struct nvdla_emu *nvdla_emu_new(const struct nvdla_emu_params *params);
NVDLA_EMU_EXPORT void nvdla_emu_free(struct nvdla_emu *emu);

/* The reset line: registers, running operations and statistics. The clock starts at 0 again. */
NVDLA_EMU_EXPORT void nvdla_emu_reset(struct nvdla_emu *emu);

/* Registers: byte offset in the aperture, 32 bits wide. Unmapped offsets read 0. */
NVDLA_EMU_EXPORT uint32_t nvdla_emu_read(struct nvdla_emu *emu, uint32_t offset);
NVDLA_EMU_EXPORT void nvdla_emu_write(struct nvdla_emu *emu, uint32_t offset, uint32_t value);

/* Cycles since reset. */
NVDLA_EMU_EXPORT uint64_t nvdla_emu_time(const struct nvdla_emu *emu);

/*
 * Cycles until something next changes by itself; UINT64_MAX when nothing will. Never 0.
 */
NVDLA_EMU_EXPORT uint64_t nvdla_emu_next_event(const struct nvdla_emu *emu);
NVDLA_EMU_EXPORT void nvdla_emu_advance(struct nvdla_emu *emu, uint64_t cycles);

/*
 * With threads: false while advancing to the next event would have to wait for them. Who has other
 * things to do may let it be late.
 */
NVDLA_EMU_EXPORT bool nvdla_emu_ready(struct nvdla_emu *emu);

NVDLA_EMU_EXPORT void nvdla_emu_get_stats(const struct nvdla_emu *emu,
					  struct nvdla_emu_stats *stats);

/* Why an operation that is running will never complete, or NULL when none is known to hang. */
NVDLA_EMU_EXPORT const char *nvdla_emu_hang_reason(const struct nvdla_emu *emu);

/*
 * Faults to order. What counts is counted from the injection on and across resets: operations as
 * they start, a fused chain as one and when SDP does, interrupts as engines raise them. Every fault
 * happens once, except for slow memory and the device that is gone, which last, also across resets,
 * until they are cleared.
 */
enum nvdla_emu_fault_kind {
	/* The operation never completes: of CONV, CSC; else the last engine of its chain. */
	NVDLA_EMU_FAULT_HANG,
	/* One byte of the operation's output is wrong; value chooses which and how. */
	NVDLA_EMU_FAULT_WRONG_DATA,
	/* From this operation on memory takes value times as long to answer; up to 65535. */
	NVDLA_EMU_FAULT_SLOW_MEMORY,
	/*
	 * From the start of this operation on nothing happens any more: registers read as all ones,
	 * writes are lost, memory is left alone, the interrupt line is low.
	 */
	NVDLA_EMU_FAULT_GONE,
	/* When this operation starts, the status bits in value are set for no reason. */
	NVDLA_EMU_FAULT_SPURIOUS_STATUS,
	/* When this operation starts, the line rises without a status bit, until these are read. */
	NVDLA_EMU_FAULT_SPURIOUS_LINE,
	/* The engine's done bit is lost: neither status nor line show it. */
	NVDLA_EMU_FAULT_LOST_STATUS,
	/* The line does not rise, this time, though the status shows why it should. */
	NVDLA_EMU_FAULT_LOST_LINE,
	NVDLA_EMU_FAULTS
};

struct nvdla_emu_fault {
	enum nvdla_emu_fault_kind kind;
	/*
	 * Which: the first is 1. Operations that the engine takes part in; bits that it raises; of
	 * LOST_LINE, rises of the line, whatever the engine. 0 is at once, for the four that need
	 * no operation.
	 */
	uint64_t at;
	/* enum nvdla_emu_engine, or NVDLA_EMU_ENGINES for any. */
	unsigned int engine;
	uint32_t value;
};

/* Negative errno: EINVAL for what is not above, ENOSPC when too many wait to happen. */
NVDLA_EMU_EXPORT int nvdla_emu_inject(struct nvdla_emu *emu, const struct nvdla_emu_fault *fault);
/*
 * All faults that have not happened or that last. An operation that hangs needs a reset all the
 * same. A device that was gone comes back as after a reset.
 */
NVDLA_EMU_EXPORT void nvdla_emu_clear_faults(struct nvdla_emu *emu);

/* The same functions for who loads the library with dlopen(): the symbol is "nvdla_emu_api". */
struct nvdla_emu_api {
	uint32_t version;		/* NVDLA_EMU_API_VERSION; look at it before anything else */
	struct nvdla_emu *(*create)(const struct nvdla_emu_params *params);
	void (*destroy)(struct nvdla_emu *emu);
	void (*reset)(struct nvdla_emu *emu);
	uint32_t (*read)(struct nvdla_emu *emu, uint32_t offset);
	void (*write)(struct nvdla_emu *emu, uint32_t offset, uint32_t value);
	uint64_t (*time)(const struct nvdla_emu *emu);
	uint64_t (*next_event)(const struct nvdla_emu *emu);
	bool (*ready)(struct nvdla_emu *emu);
	void (*advance)(struct nvdla_emu *emu, uint64_t cycles);
	void (*get_stats)(const struct nvdla_emu *emu, struct nvdla_emu_stats *stats);
	const char *(*hang_reason)(const struct nvdla_emu *emu);
	int (*config_check)(const char *config, char *reason, size_t size);
	int (*inject)(struct nvdla_emu *emu, const struct nvdla_emu_fault *fault);
	void (*clear_faults)(struct nvdla_emu *emu);
};

NVDLA_EMU_EXPORT extern const struct nvdla_emu_api nvdla_emu_api;

#ifdef __cplusplus
}
#endif

#endif
