/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_TIMING_POST_H
#define NVDLA_EMU_TIMING_POST_H

/*
 * Cycles of SDP, PDP and CDP. Times are counted from the moment the last engine of a chain was
 * enabled.
 */

#include <stdint.h>

struct nvdla_emu;

/*
 * A reader in front of an engine: so many atoms may be on their way, so many wait to be taken.
 * Feed it in order: timing_read() says when an atom is there, timing_taken() when it was taken.
 */
#define TIMING_READ_AHEAD 32
#define TIMING_IN_FLIGHT 8

struct timing_reader {
	uint64_t latency;	/* from a request to its data */
	uint64_t next;		/* the next request */
	uint64_t count;
	uint64_t arrived[TIMING_IN_FLIGHT];
	uint64_t taken[TIMING_READ_AHEAD];
};

void timing_reader_init(struct timing_reader *reader, const struct nvdla_emu *emu);
uint64_t timing_read(struct timing_reader *reader);
void timing_taken(struct timing_reader *reader, uint64_t time);

/* From PDP's last result to its interrupt, and from the last atom of its reader. */
uint64_t timing_pdp_written(const struct nvdla_emu *emu, uint64_t last_result);
uint64_t timing_pdp_read(uint64_t last_atom);

#endif
