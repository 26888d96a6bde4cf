/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_TIMING_CONV_H
#define NVDLA_EMU_TIMING_CONV_H

/*
 * When the convolution pipeline does what: CDMA, CSC, CMAC, CACC and the convolution buffer between
 * the first two. A pure model: it knows geometry and time, no data, registers or memory. It is told
 * when blocks are enabled and says what happens next; whoever drives it moves the data.
 *
 * CDMA fetches input and weights side by side, as far as there is room, whether or not anybody else
 * is enabled. CSC begins when all lines are there and takes kernel group by kernel group; a group in
 * stripes of up to 16 positions, a stripe in steps that multiply. The last step of a stripe waits
 * for room in CACC, which hands sums to SDP an atom at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "nvdla_emu.h"

struct nvdla_config;

#define TIMING_NEVER UINT64_MAX

struct timing_memory {
	uint32_t latency;	/* cycles from a read's address to its data */
	uint32_t bytes;		/* a cycle */
	/* Turns that input and weights get when both wait; 0 counts as 1. */
	uint32_t data_turns, weight_turns;
};

/* An operation as CDMA sees it. */
struct timing_cdma {
	bool image;
	bool data_reuse, weight_reuse;	/* do not fetch what was kept */
	bool keep_data, keep_weights;
	uint32_t data_banks, weight_banks;
	uint32_t lines, grain;		/* of the input; lines that are fetched together */
	uint32_t line_entries;
	uint32_t line_beats;		/* atoms of a line in memory */
	uint32_t grain_halves;		/* of a cycle: what CDMA takes for a grain at its own pace */
	uint32_t start;			/* more cycles before the first line */
	uint32_t kernels, kernel_bytes;
	uint32_t weight_bytes;
};

/* The same operation as CSC, CMAC and CACC see it. */
struct timing_csc {
	bool image;
	bool data_reuse, weight_reuse;
	bool keep_data, keep_weights;
	uint32_t data_banks, weight_banks;
	uint32_t lines;			/* which it waits for */
	uint32_t released;		/* lines it gives back */
	uint32_t line_entries;
	uint32_t kernels, kernel_bytes;
	uint32_t weight_bytes;		/* it gives back when weights were kept and are not wanted */
	uint32_t steps;			/* multiplications per position and kernel */
	uint32_t rows;			/* a stripe's length is rounded up to a multiple */
	uint32_t runs, positions;	/* output lines and their width, or 1 and the whole plane */
};

/* What happens. For the first three see struct timing_range. */
enum timing_conv_event {
	CONV_READ_DATA,		/* CDMA asks for lines */
	CONV_READ_WEIGHTS,	/* CDMA asks for entries of weights */
	CONV_GROUP,		/* CSC begins with a kernel group */
	CONV_DATA_DONE,
	CONV_WEIGHTS_DONE,
	CONV_CDMA_DONE,
	CONV_CSC_DONE,
	CONV_CMAC_DONE,
	CONV_CACC_DONE,
	CONV_DELIVERED,		/* SDP has all of the operation's sums */
	CONV_FED,		/* SDP has as many sums as it asked for */
	/* These matter only to the model. */
	CONV_DATA_BEGIN, CONV_DATA_END,
	CONV_WEIGHTS_BEGIN, CONV_WEIGHTS_END,
	CONV_GROUP_END,
	CONV_EVENTS
};

struct timing_range {
	uint32_t first, count;	/* lines, entries, or a group and its kernels */
	uint32_t entry;		/* of the convolution buffer, within the banks for its kind */
	uint32_t skip;		/* bytes of it that belong to the kernel group before */
};

enum timing_conv_state { CONV_IDLE, CONV_PENDING, CONV_BUSY, CONV_DONE };

/* A stream of atoms from memory, in fractions of an atom. */
struct timing_flow {
	bool active;
	uint64_t busy;		/* cycles of the operation in which it was active */
	uint64_t left;
	uint64_t rate;		/* a cycle, alone */
};

/* More than CACC can hold, a power of two. */
#define CONV_ATOMS 32

struct timing_conv {
	const struct nvdla_config *config;
	struct timing_memory memory;

	uint64_t now;
	uint64_t at[CONV_EVENTS];	/* what is next of each kind, or TIMING_NEVER */
	struct timing_range range;	/* of the event that timing_conv_step() returned */

	/* CDMA */
	struct timing_cdma cdma;
	bool cdma_enabled;
	uint64_t cdma_start;
	struct {
		enum timing_conv_state state;
		struct timing_flow flow;
		uint32_t line, chunk;	/* lines there; lines on the way */
		uint32_t used, write;	/* entries that are taken; where the next line goes */
		uint64_t room_at;	/* when CSC last gave entries back */
		uint64_t began;		/* the lines on the way */
		uint32_t last_banks;
		bool last_image, last_kept;
	} data;
	struct {
		enum timing_conv_state state;
		struct timing_flow flow;
		uint32_t total, asked, read, fetched, target;	/* entries of the operation */
		uint32_t group;		/* kernel groups that are there */
		uint32_t used, write;
		uint64_t room_at;
		uint32_t last_data_banks, last_banks;
		bool last_kept;
	} weights;

	/* CSC */
	struct timing_csc csc;
	bool csc_enabled, macs_on;
	uint64_t csc_start;
	enum timing_conv_state csc_state;
	bool empties_data;		/* it asks CDMA to empty the banks for data, too */
	uint32_t slices, kernels;	/* lines and kernels there */
	uint64_t data_seen, weights_seen;
	uint32_t read_data, read_weights;	/* entries where the operation's begin */
	uint32_t weight_offset;		/* where in them the next group begins */
	uint32_t last_data_banks, last_weight_banks;
	uint32_t last_slices, last_entries, last_kernels, last_weight_entries;
	bool last_image, last_weights_kept;
	uint32_t group, required;
	uint32_t run, position;		/* the next stripe */
	bool in_group;
	uint64_t issue;			/* when the next step can begin */
	uint64_t last_issue;		/* when the last one began */
	uint32_t stripe;		/* positions of it */

	/* CACC */
	uint64_t arrived[CONV_ATOMS], credit[CONV_ATOMS];
	uint64_t in, out;		/* atoms */
	uint64_t delivered;		/* when the last one was */
	uint64_t ends[CONV_ATOMS], end_times[CONV_ATOMS];	/* an operation ends before this atom */
	uint32_t ends_in, ends_out, ends_seen;
	uint64_t open_from, open_atoms, taken;	/* SDP takes so many more; has taken */
	uint64_t stalls[NVDLA_EMU_STALLS];
	uint64_t held;			/* cycles that SDP let the last stripe's atoms wait */
	uint64_t csc_free;		/* since when CSC has nothing to do, or 0 */
	bool starved;			/* an operation ended before it had them: it never will */
	uint64_t *times;
	uint32_t group_beats;
	uint64_t pace, pace_at;		/* 1/16 cycles for an atom's operands; when there are some */
	uint32_t ahead;			/* atoms whose operands wait in SDP */
};

void timing_conv_reset(struct timing_conv *conv, const struct nvdla_config *config,
		       const struct timing_memory *memory);

/* A block has an operation. It sees that at start, which is not before now. */
void timing_conv_cdma(struct timing_conv *conv, const struct timing_cdma *op, uint64_t now,
		      uint64_t start);
void timing_conv_csc(struct timing_conv *conv, const struct timing_csc *op, uint64_t now,
		     uint64_t start);
/* CMAC and CACC are enabled: CSC, which was before, can begin to multiply. */
void timing_conv_macs(struct timing_conv *conv, uint64_t now, uint64_t start);
/*
 * What SDP takes: so many atoms. For each of them one of its readers brings atom_beats from memory,
 * which can be slower than CACC; for each kernel group they bring group_beats, which are in the way
 * of its weights.
 */
struct timing_feed {
	uint64_t atoms;
	uint32_t atom_beats, group_beats;
	uint64_t *times;	/* when each of them is handed over, or NULL: nobody wants to know */
};

void timing_conv_sdp(struct timing_conv *conv, const struct timing_feed *feed, uint64_t now,
		     uint64_t start);

/*
 * CDMA asks for input faster than it can store it. What it has asked for and cannot take yet is in
 * the way of everybody else's: for so many cycles from now, and for so many before. As long as
 * weights share the memory it does not get ahead. It stores per mille of a beat a cycle.
 */
struct timing_rival {
	uint64_t cycles, since, shared;
	uint32_t per_mille;
};

/* False when nothing is on its way. */
bool timing_conv_rival(const struct timing_conv *conv, uint64_t now, struct timing_rival *rival);

/* When something happens next, and what: the range goes with it. */
uint64_t timing_conv_next(const struct timing_conv *conv);
enum timing_conv_event timing_conv_step(struct timing_conv *conv);

#endif
