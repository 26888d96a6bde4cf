/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_TIMING_POST_H
#define NVDLA_EMU_TIMING_POST_H

/*
 * Cycles of SDP, PDP and CDP, counted from the moment the last engine of a chain was enabled.
 * Nothing else is expected to use the memory meanwhile.
 *
 * A reader is done before its engine, and begins with the next operation while results of the one
 * before are still on their way. An engine is done with its last write, not when that has been
 * acknowledged: it is free sooner than there is an interrupt. It may even come later than its
 * reader without anybody noticing, because what was asked for takes its time.
 */

#include <stdbool.h>
#include <stdint.h>

struct nvdla_emu;
struct timing_rival;

/*
 * The reader in front of PDP: so many atoms are on their way, so many wait to be taken. Feed it in
 * order: timing_read() says when an atom is there, timing_taken() when it was taken.
 */
#define TIMING_IN_FLIGHT_MAX 256
#define TIMING_READ_AHEAD 32

struct timing_reader {
	uint64_t latency;
	uint64_t next;				/* the next request */
	uint64_t count;
	uint64_t in_flight;
	uint64_t room[TIMING_IN_FLIGHT_MAX];	/* for another request */
	uint64_t taken[TIMING_READ_AHEAD];
};

void timing_reader_init(struct timing_reader *reader, const struct nvdla_emu *emu);
uint64_t timing_read(struct timing_reader *reader);
void timing_taken(struct timing_reader *reader, uint64_t time);

/* From PDP's last result to its interrupt, and from the last atom of its reader. */
uint64_t timing_pdp_written(const struct nvdla_emu *emu, uint64_t last_result);
uint64_t timing_pdp_read(uint64_t last_atom);
/* When an engine is free that raises its interrupt then; how much it may lag behind its reader. */
uint64_t timing_free(const struct nvdla_emu *emu, uint64_t interrupt);
uint64_t timing_lead(const struct nvdla_emu *emu);
/* When PDP's reader is free. */
uint64_t timing_pdp_reader_free(uint64_t last_atom);

/* X1, X2 and Y. */
#define TIMING_SDP_UNITS 3

struct timing_sdp {
	uint64_t atoms;
	unsigned int units;		/* that are not bypassed */
	int y_unit;			/* one of them is Y */
	unsigned int operands;		/* units that take operands from memory */
	unsigned int operand_bytes[TIMING_SDP_UNITS];	/* that a unit takes at once, or 0, */
	uint64_t operand_atoms[TIMING_SDP_UNITS];	/* for so many atoms: one or a plane */
};

/* From memory to memory. */
uint64_t timing_sdp(const struct nvdla_emu *emu, const struct timing_sdp *op);
/* When an atom from memory is offered to PDP; when SDP is done with the last, taken then. */
uint64_t timing_sdp_to_pdp(const struct nvdla_emu *emu, const struct timing_sdp *op,
			   uint64_t atom);
uint64_t timing_sdp_sent(uint64_t last_taken);
/* When its reader is free, by SDP's interrupt, if results are written, or go to PDP. */
uint64_t timing_sdp_reader_free(const struct nvdla_emu *emu, uint64_t interrupt);
uint64_t timing_sdp_reader_free_to_pdp(uint64_t interrupt);
/* When SDP is free that raises its interrupt then. */
uint64_t timing_sdp_free(const struct nvdla_emu *emu, uint64_t interrupt);
/* From the last sum of a convolution to the last write's acknowledgement. */
uint64_t timing_sdp_flying(const struct nvdla_emu *emu, const struct timing_sdp *op);
/* When an atom is offered to PDP that CACC had handed over by then. */
uint64_t timing_sdp_flying_to_pdp(const struct timing_sdp *op, uint64_t delivered);

/* Input of an operation that is still to come from memory, and how long that would take. */
struct timing_reads {
	uint64_t beats, cycles;
};

/* How much longer it takes beside a rival. */
uint64_t timing_contention(const struct nvdla_emu *emu, const struct timing_reads *reads,
			   const struct timing_rival *rival);

struct timing_cdp {
	unsigned int width, height, surfaces;
	bool sums;	/* over neighbouring channels */
};

uint64_t timing_cdp(const struct nvdla_emu *emu, const struct timing_cdp *op);
uint64_t timing_cdp_reader_free(const struct nvdla_emu *emu, const struct timing_cdp *op,
				uint64_t interrupt);
/* As timing_lead(). */
uint64_t timing_cdp_lead(const struct nvdla_emu *emu);

#endif
