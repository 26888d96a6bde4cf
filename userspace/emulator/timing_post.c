// SPDX-License-Identifier: MIT
#include "emu.h"
#include "timing_post.h"

enum {
	/* Of the memory, until there is a parameter for it. */
	MEMORY_LATENCY = 40,
	/* From enabling a reader to its first request, from the data to where it can be taken. */
	READ_START = 8,
	READ_CYCLES = 20,
	/* To the interrupt: from PDP's last result, less the latency, and from its reader's end. */
	WRITE_CYCLES = 27,
	READ_DONE = 17,
};

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void timing_reader_init(struct timing_reader *reader, const struct nvdla_emu *emu)
{
	(void)emu;
	*reader = (struct timing_reader){
		.latency = MEMORY_LATENCY + READ_CYCLES,
		.next = READ_START,
	};
}

uint64_t timing_read(struct timing_reader *reader)
{
	uint64_t slot = reader->count % TIMING_IN_FLIGHT;
	uint64_t request = reader->next, there;

	if (reader->count >= TIMING_IN_FLIGHT)
		request = max(request, reader->arrived[slot]);
	reader->next = request + 1;
	there = request + reader->latency;
	reader->arrived[slot] = there;
	if (reader->count >= TIMING_READ_AHEAD)
		reader->arrived[slot] = max(there, reader->taken[reader->count % TIMING_READ_AHEAD]);
	return there;
}

void timing_taken(struct timing_reader *reader, uint64_t time)
{
	reader->taken[reader->count % TIMING_READ_AHEAD] = time;
	reader->count++;
}

uint64_t timing_pdp_written(const struct nvdla_emu *emu, uint64_t last_result)
{
	(void)emu;
	return last_result + MEMORY_LATENCY + WRITE_CYCLES;
}

uint64_t timing_pdp_read(uint64_t last_atom)
{
	return last_atom + READ_DONE;
}
