// SPDX-License-Identifier: MIT
/*
 * The engines behind the convolution take so many channels a cycle. Each reader has room for so
 * many beats of memory: with a slow memory they wait for the round trip. The constants are fitted
 * to the RTL of nv_small.
 */
#include "emu.h"
#include "timing_post.h"

enum {
	/* A beat's room is free again so long after its request, beside the memory's latency. */
	SDP_ROUND_TRIP = 14,
	PDP_ROUND_TRIP = 15,
	CDP_ROUND_TRIP = 13,
	/* The last operands' way in, as far as the way through SDP does not hide it. */
	OPERANDS_LAST = 66,
	SDP_HIDDEN = 8,
	SDP_IN_FLIGHT = 8,
	OPERANDS_IN_FLIGHT = 16,

	/* PDP: from enabling to the first request, from a request to where it can be taken. */
	PDP_IN_FLIGHT = 8,
	READ_START = 8,
	READ_CYCLES = 20,
	/* To the interrupt: from PDP's last result, less the latency, and from its reader's end. */
	WRITE_CYCLES = 27,
	READ_DONE = 17,

	/* SDP: to the interrupt, and to the first atom for PDP, beside the memory's latency. */
	SDP_CYCLES = 55,
	SDP_UNIT_CYCLES = 6,
	SDP_OPERAND_CYCLES = 3,
	SDP_TO_PDP = 37,
	SDP_SENT = 20,
	/* From CACC's last sum, which is there when SDP has all of it, to SDP's last write. */
	CONV_TO_SDP = 20,
	/* From SDP's being free to its interrupt, beside the memory's latency. */
	SDP_FREE = 4,
	/* The first channels of an atom leave for PDP so long before CACC has handed over the last. */
	SDP_OFFERED = 6,

	CDP_IN_FLIGHT = 8,
	CDP_CYCLES = 78,
	CDP_COLUMNS = 8,
	CDP_SUM_CYCLES = 10,
	CDP_SUM_COLUMN = 5,
	CDP_MISSING_COLUMN = 4,

	/* From an engine's last write to its interrupt, beside the memory's latency. */
	LAST_WRITE = 11,
	/* From a reader's being free to its engine's last write. */
	SDP_READER = 20,
	CDP_READER = 35,
	CDP_SUM_READER = 37,
	CDP_SUM_READER_COLUMN = 6,
	/* From PDP's last atom to its reader's being free; from SDP's to PDP, before that. */
	PDP_READER = 8,
	SDP_READER_TO_PDP = 7,
	/* How much later than its reader an engine may come, beside the memory's latency. */
	LEAD = 15,
	CDP_LEAD = 40,

	/* Beats that CDMA asks for ahead of what it can store, and its way of counting. */
	RIVAL_IN_FLIGHT = 256,
	MILLE = 1000,
};

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Beats that a reader has room for, which has room for so many where 64 cycles are bridged. */
static uint64_t in_flight(const struct nvdla_emu *emu, uint64_t beats)
{
	return beats * emu->config->memory_latency / 64;
}

void timing_reader_init(struct timing_reader *reader, const struct nvdla_emu *emu)
{
	*reader = (struct timing_reader){
		.latency = emu->memory.latency,
		.next = READ_START,
		.in_flight = min(in_flight(emu, PDP_IN_FLIGHT), TIMING_IN_FLIGHT_MAX),
	};
}

uint64_t timing_read(struct timing_reader *reader)
{
	uint64_t *room = &reader->room[reader->count % reader->in_flight];
	uint64_t request = max(reader->next, *room), there;

	reader->next = request + 1;
	there = request + reader->latency + READ_CYCLES;
	*room = request + reader->latency + PDP_ROUND_TRIP;
	if (reader->count >= TIMING_READ_AHEAD)
		*room = max(*room, reader->taken[reader->count % TIMING_READ_AHEAD]);
	return there;
}

void timing_taken(struct timing_reader *reader, uint64_t time)
{
	reader->taken[reader->count % TIMING_READ_AHEAD] = time;
	reader->count++;
}

uint64_t timing_pdp_written(const struct nvdla_emu *emu, uint64_t last_result)
{
	return last_result + emu->memory.latency + WRITE_CYCLES;
}

uint64_t timing_pdp_read(uint64_t last_atom)
{
	return last_atom + READ_DONE;
}

uint64_t timing_pdp_reader_free(uint64_t last_atom)
{
	return last_atom + PDP_READER;
}

static uint64_t last_write(const struct nvdla_emu *emu, uint64_t interrupt)
{
	return interrupt - emu->memory.latency - LAST_WRITE;
}

uint64_t timing_free(const struct nvdla_emu *emu, uint64_t interrupt)
{
	return last_write(emu, interrupt);
}

uint64_t timing_lead(const struct nvdla_emu *emu)
{
	return emu->memory.latency + LEAD;
}

/* So many beats, of which only so many are on their way at once; what the last ones take. */
static uint64_t beats(const struct nvdla_emu *emu, uint64_t count, uint64_t room, uint64_t last)
{
	if (count <= room)
		return 0;
	return (count - room) * (emu->memory.latency + SDP_ROUND_TRIP) / room + last;
}

/* Cycles for so many atoms from memory, by the slowest of the readers. */
static uint64_t stream(const struct nvdla_emu *emu, const struct timing_sdp *op, uint64_t atoms)
{
	uint64_t operands_last = emu->memory.latency > OPERANDS_LAST + SDP_HIDDEN ?
				 OPERANDS_LAST : max(emu->memory.latency, SDP_HIDDEN) - SDP_HIDDEN;
	unsigned int rate = op->y_unit ? emu->config->y_rate : emu->config->x_rate;
	uint64_t cycles = max(atoms * emu->config->atom / rate,
			      beats(emu, atoms, in_flight(emu, SDP_IN_FLIGHT), emu->memory.latency));

	for (unsigned int i = 0; i < TIMING_SDP_UNITS; i++) {
		uint64_t every = op->operand_atoms[i], beats_each, count;

		if (!op->operand_bytes[i])
			continue;
		beats_each = op->operand_bytes[i] / emu->config->atom;
		count = (atoms + every - 1) / every * beats_each;
		cycles = max(cycles, beats(emu, count, in_flight(emu, OPERANDS_IN_FLIGHT),
					   operands_last));
	}
	return cycles;
}

static uint64_t way_through(const struct timing_sdp *op)
{
	return op->units * SDP_UNIT_CYCLES + op->operands * SDP_OPERAND_CYCLES;
}

uint64_t timing_sdp(const struct nvdla_emu *emu, const struct timing_sdp *op)
{
	return 2 * (uint64_t)emu->memory.latency + SDP_CYCLES + way_through(op) +
	       stream(emu, op, op->atoms);
}

uint64_t timing_sdp_to_pdp(const struct nvdla_emu *emu, const struct timing_sdp *op,
			   uint64_t atom)
{
	return emu->memory.latency + SDP_TO_PDP + way_through(op) + stream(emu, op, atom);
}

uint64_t timing_sdp_sent(uint64_t last_taken)
{
	return last_taken + SDP_SENT;
}

uint64_t timing_sdp_reader_free(const struct nvdla_emu *emu, uint64_t interrupt)
{
	return last_write(emu, interrupt) - SDP_READER;
}

uint64_t timing_sdp_reader_free_to_pdp(uint64_t interrupt)
{
	return interrupt - SDP_SENT - SDP_READER_TO_PDP;
}

uint64_t timing_sdp_flying_to_pdp(const struct timing_sdp *op, uint64_t delivered)
{
	return delivered + (uint64_t)op->units * SDP_UNIT_CYCLES - SDP_OFFERED;
}

uint64_t timing_sdp_free(const struct nvdla_emu *emu, uint64_t interrupt)
{
	return interrupt - emu->memory.latency - SDP_FREE;
}

uint64_t timing_sdp_flying(const struct nvdla_emu *emu, const struct timing_sdp *op)
{
	return emu->memory.latency + CONV_TO_SDP + way_through(op);
}

/*
 * Sums take eight columns of all surfaces at a time; the last, narrower group of a line makes the
 * next line wait.
 */
static uint64_t cdp_sums(const struct timing_cdp *op)
{
	unsigned int rest = op->width % CDP_COLUMNS;

	if (op->width < CDP_COLUMNS)
		return CDP_SUM_COLUMN * (uint64_t)(op->width - 1);
	if (!rest)
		return CDP_SUM_COLUMN * (CDP_COLUMNS - 1);
	return CDP_SUM_COLUMN * (CDP_COLUMNS - 2) +
	       (uint64_t)CDP_MISSING_COLUMN * (CDP_COLUMNS - rest) * (op->height - 1);
}

uint64_t timing_cdp(const struct nvdla_emu *emu, const struct timing_cdp *op)
{
	uint64_t atoms = (uint64_t)op->width * op->height * op->surfaces;
	uint64_t cycles = CDP_CYCLES + (op->sums ? CDP_SUM_CYCLES + cdp_sums(op) : 0);

	return 2 * (uint64_t)emu->memory.latency + cycles +
	       max(atoms * emu->config->atom / emu->config->cdp_rate,
		   atoms * (emu->memory.latency + CDP_ROUND_TRIP) /
		   in_flight(emu, CDP_IN_FLIGHT));
}

/* Sums wait for the columns to the right of theirs. */
uint64_t timing_cdp_reader_free(const struct nvdla_emu *emu, const struct timing_cdp *op,
				uint64_t interrupt)
{
	unsigned int columns = (op->width - 1) % CDP_COLUMNS + 1;
	uint64_t before = op->sums ? CDP_SUM_READER + (uint64_t)columns * CDP_SUM_READER_COLUMN :
				    CDP_READER;

	return last_write(emu, interrupt) - before;
}

uint64_t timing_cdp_lead(const struct nvdla_emu *emu)
{
	return emu->memory.latency + CDP_LEAD;
}

/*
 * What CDMA has asked for grows by what of the bus is left, until it may not ask for more. The
 * others' round trips are longer by what it takes to store that.
 */
uint64_t timing_contention(const struct nvdla_emu *emu, const struct timing_reads *reads,
			   const struct timing_rival *rival)
{
	uint64_t room = in_flight(emu, PDP_IN_FLIGHT), pace = reads->cycles / max(reads->beats, 1);
	uint64_t limit = max(RIVAL_IN_FLIGHT, emu->memory.latency) - emu->memory.latency;
	uint64_t grows = MILLE - min(rival->per_mille, MILLE), ahead = 0, time = 0, done = 0;

	if (!reads->beats || !rival->per_mille)
		return 0;
	ahead = min(grows * rival->since / MILLE, limit);
	while (time < rival->cycles && done < reads->beats) {
		uint64_t trip = emu->memory.latency + PDP_ROUND_TRIP + ahead * MILLE / rival->per_mille;
		uint64_t cycles = max(max(trip, pace * room), 1), others = room * MILLE / cycles;

		time += cycles;
		done += room;
		if (time > rival->shared)
			ahead = min(ahead + (grows > others ? grows - others : 0) * cycles / MILLE, limit);
	}
	done = done * reads->cycles / reads->beats;
	return time > done ? time - done : 0;
}
