/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_PDP_CORE_H
#define NVDLA_EMU_PDP_CORE_H

/*
 * The datapath of PDP as a machine that takes one atom of the input after the other. Its counters
 * and its line buffer outlive an operation: what an operation left undone goes into the next one.
 *
 * Sizes carry the hardware's "minus one" where its registers do, because comparisons that wrap or
 * go wrong with odd settings have to go wrong the same way here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#define PDP_UNITS 8		/* windows that can be open at once, in either direction */
#define PDP_BANKS 8
#define PDP_BANK_ATOMS 16
#define PDP_SPARE_ATOMS 40	/* results that fit behind PDP's writer */

/* One direction of the pooling window, as programmed. */
struct pdp_axis {
	unsigned int in, out;		/* elements - 1 */
	unsigned int kernel, stride;	/* - 1 */
	unsigned int pad_before, pad_after;
	uint32_t reciprocal;
};

/* Columns - 1 of the first, the middle and the last part of a split cube. */
struct pdp_parts {
	unsigned int first, middle, last;
};

struct pdp {
	unsigned int lanes;		/* channels of an atom */
	unsigned int beat;		/* of them that are taken in a cycle */
	struct pdp_axis x, y;
	unsigned int group;
	unsigned int method;
	unsigned int surfaces;		/* of the output, - 1 */
	unsigned int in_surfaces;	/* - 1; for input from SDP */
	bool from_memory;
	unsigned int splits;		/* parts - 1 */
	struct pdp_parts in, out;
	int32_t pad_value[PDP_UNITS];	/* [n] for n padded elements in a row; [0] is 0 */
};

/* What comes with an atom: it is the last one of the reader's line, part, cube. */
struct pdp_marks {
	bool line_end;
	bool last_line_of_part;		/* set for all atoms of that line when read from memory */
	bool last_line_of_cube;
};

struct pdp_window {
	int16_t value[ATOM_MAX];
	int16_t done[ATOM_MAX];	/* the last result, kept for windows that end in padding */
	uint8_t size, done_size;	/* elements in it - 1 */
};

/* Pooling along a line. */
struct pdp_across {
	struct pdp_window unit[PDP_UNITS];
	uint8_t open, first;		/* masks of units */
	unsigned int last_unit;		/* units in use - 1 */
	unsigned int part;
	unsigned int column, in_stride, in_window;
	unsigned int opening, closing;	/* units */
	bool needs_bubble;
	unsigned int bubbles;
	bool flushing;			/* results of the line before come with this line's atoms */
	unsigned int flushed;
	bool part_ended;
	unsigned int from;		/* unit of the next result */
	unsigned int out_column, out_line, out_surface, out_part;
};

struct pdp_cell {
	int16_t value[ATOM_MAX];
	uint8_t size;
};

/* Pooling over lines. */
struct pdp_down {
	struct pdp_cell cell[PDP_BANKS][PDP_BANK_ATOMS];
	uint8_t lines[PDP_UNITS];	/* in each window - 1 */
	uint8_t open, first;
	unsigned int windows;		/* that the line buffer is shared by */
	unsigned int banks;		/* of each window */
	unsigned int column, line, surface, part;
	unsigned int in_stride, in_window;
	unsigned int opening, closing;
	unsigned int bank, address;	/* where the line is, within a window's banks */
	unsigned int out_bank, out_address, out_window;
	unsigned int bubbles_between;	/* for the windows that the next surface has no time for */
	unsigned int early, early_pad[2];	/* windows the next surface opens in its padding */
	unsigned int clash;		/* windows that the next surface would overwrite */
	unsigned int after[PDP_UNITS - 1];	/* windows in the order in which they will be flushed */
	bool needs_bubble;
	unsigned int bubbles;
	bool flushing;
	unsigned int flushed, flush_window;
	bool part_ended;
};

struct pdp_core {
	struct pdp op;
	struct pdp next;		/* the other group's registers */
	struct pdp_across across;
	struct pdp_down down;
	bool running;			/* takes input */
	unsigned int sdp_column, sdp_line, sdp_surface;	/* of what SDP sends */

	/* Results: what the operation wants, and what is left over. */
	int8_t *out;
	size_t wanted, written;		/* atoms */
	int8_t spare[PDP_SPARE_ATOMS][ATOM_MAX];
	unsigned int spares;

	/* Cycles at which each half can take its next atom; when the last wanted result was there. */
	uint64_t across_free, down_free, out_time;
};

/*
 * Take over an operation; its results, so many atoms, go to out. time: the first possible cycle.
 * next: what the registers say when the operation has ended.
 */
void pdp_core_start(struct pdp_core *core, const struct pdp *op, const struct pdp *next,
		    int8_t *out, size_t atoms, uint64_t time);

/*
 * One atom, available from a time on. Returns when its first channel was taken, or UINT64_MAX when nobody takes
 * it: the cube has ended, or results pile up that nobody wants.
 */
uint64_t pdp_core_atom(struct pdp_core *core, const int8_t *atom, struct pdp_marks marks,
		       uint64_t time);

/*
 * One atom from SDP, which PDP counts along with. When the last result was written before, the
 * registers of the next group are those that count.
 */
uint64_t pdp_core_flying(struct pdp_core *core, const int8_t *atom, uint64_t time);

static inline bool pdp_core_complete(const struct pdp_core *core)
{
	return core->written == core->wanted;
}

#endif
