// SPDX-License-Identifier: MIT
/*
 * The look-up behind SDP's Y unit. As in CDP's, both tables are asked and each says hit, below its
 * range or above. Inputs have 32 bits and so do results; within its range a table interpolates
 * with a fraction of 35 bits, outside it goes on along a slope from its first or last entry.
 */
#include "arith.h"
#include "emu.h"

enum {
	ACCESS_MASK = 0x303ff,
	FRACTION_BITS = 35,
	RESULT_BITS = 32,
};

struct answer {
	enum lut_where where;
	unsigned int index;
	uint64_t fraction;
};

bool sdp_lut_owns(uint32_t reg)
{
	return reg == SDP_S_LUT_ACCESS_CFG || reg == SDP_S_LUT_ACCESS_DATA;
}

static bool lo_selected(const struct sdp_lut *lut)
{
	return bits(lut->access, 16, 16);
}

/* Any access moves the address on, whichever way the window is set to. */
static void step(struct sdp_lut *lut)
{
	lut->address = (lut->address + 1) & ((1u << LUT_ADDRESS_BITS) - 1);
}

uint32_t sdp_lut_read(struct sdp_lut *lut, uint32_t reg)
{
	const int16_t *at = lut_entry(&lut->tables, lo_selected(lut), lut->address);

	if (reg == SDP_S_LUT_ACCESS_CFG)
		return lut->access;
	step(lut);
	return at ? (uint16_t)*at : 0;
}

void sdp_lut_write(struct sdp_lut *lut, uint32_t reg, uint32_t value)
{
	int16_t *at = lut_entry(&lut->tables, lo_selected(lut), lut->address);

	if (reg == SDP_S_LUT_ACCESS_CFG) {
		lut->access = value & ACCESS_MASK;
		lut->address = bits(value, LUT_ADDRESS_BITS - 1, 0);
		return;
	}
	if (at && bits(lut->access, 17, 17))
		*at = (int16_t)value;
	step(lut);
}

static int sign_extend(uint32_t value, unsigned int width)
{
	return (int)(value << (32 - width)) >> (32 - width);
}

static struct sdp_slope slope(uint32_t scale, uint32_t shift)
{
	return (struct sdp_slope){ (int16_t)scale, sign_extend(shift, 5) };
}

static struct sdp_range range(uint32_t start, uint32_t end, uint32_t scale, uint32_t shift,
			      uint32_t select)
{
	return (struct sdp_range){
		.start = (int32_t)start,
		.end = (int32_t)end,
		.below = slope(scale, shift),
		.above = slope(scale >> 16, shift >> 5),
		.select = sign_extend(select, 8),
	};
}

void sdp_lookup_decode(struct sdp_lookup *lookup, const struct sdp_lut *lut, const uint32_t *r)
{
	uint32_t info = REG(r, SDP_S_LUT_INFO);

	lookup->tables = &lut->tables;
	lookup->exponential = !bits(REG(r, SDP_S_LUT_CFG), 0, 0);
	lookup->priority = lut_priority(REG(r, SDP_S_LUT_CFG));
	lookup->index_offset = sign_extend(info, 8);
	lookup->le = range(REG(r, SDP_S_LUT_LE_START), REG(r, SDP_S_LUT_LE_END),
			   REG(r, SDP_S_LUT_LE_SLOPE_SCALE), REG(r, SDP_S_LUT_LE_SLOPE_SHIFT),
			   info >> 8);
	lookup->lo = range(REG(r, SDP_S_LUT_LO_START), REG(r, SDP_S_LUT_LO_END),
			   REG(r, SDP_S_LUT_LO_SLOPE_SCALE), REG(r, SDP_S_LUT_LO_SLOPE_SHIFT),
			   info >> 16);
}

/* To the start of a range, 0 when not beyond it. */
static uint64_t distance(int32_t input, const struct sdp_range *range)
{
	return input > range->start ? (uint64_t)((int64_t)input - range->start) : 0;
}

static struct answer place(uint64_t index, uint64_t fraction, unsigned int last)
{
	if (index >= last)
		return (struct answer){ LUT_ABOVE, last, 0 };
	return (struct answer){ LUT_HIT, (unsigned int)index, fraction };
}

static struct answer linear(uint64_t distance, int select, unsigned int last)
{
	uint64_t rest;

	if (!distance)
		return (struct answer){ .where = LUT_BELOW };
	if (select < 0) /* beyond 31 even a distance of 1 is above */
		return place(distance << (select < -31 ? 31 : -select), 0, last);
	/* A distance has 32 bits. */
	if (select >= FRACTION_BITS + 32)
		return place(0, 0, last);
	if (select > FRACTION_BITS)
		return place(0, distance >> (select - FRACTION_BITS), last);
	rest = distance & ((UINT64_C(1) << select) - 1);
	return place(distance >> select, rest << (FRACTION_BITS - select), last);
}

/* The logarithm's whole part is the index, what follows the highest bit the fraction. */
static struct answer exponential(uint64_t distance, int offset)
{
	unsigned int log;

	if (!distance)
		return (struct answer){ .where = LUT_BELOW };
	log = 63 - (unsigned int)__builtin_clzll(distance);
	if ((int)log < offset)
		return (struct answer){ .where = LUT_BELOW };
	return place((uint64_t)((int)log - offset),
		     (distance ^ UINT64_C(1) << log) << (FRACTION_BITS - log), LUT_LE_ENTRIES - 1);
}

static int32_t follow_slope(int16_t from, int64_t distance, struct sdp_slope slope)
{
	int64_t product = distance * slope.scale;

	if (slope.shift < 0)
		product = saturate(product * (INT64_C(1) << -slope.shift), RESULT_BITS);
	else
		product = saturate(shift_right_round(product, (unsigned int)slope.shift, 50),
				   RESULT_BITS);
	return (int32_t)saturate(from + product, RESULT_BITS);
}

static int32_t interpolate(const int16_t *entry, uint64_t fraction)
{
	int64_t rest = (INT64_C(1) << FRACTION_BITS) - (int64_t)fraction;
	int64_t sum = entry[0] * rest + entry[1] * (int64_t)fraction;

	return (int32_t)shift_right_round(sum, FRACTION_BITS, 53);
}

static int32_t follow(const struct sdp_range *range, const struct answer *answer,
		      const int16_t *table, int64_t start, int32_t input)
{
	switch (answer->where) {
	case LUT_BELOW:
		return follow_slope(table[0], input - start, range->below);
	case LUT_ABOVE:
		return follow_slope(table[answer->index], (int64_t)input - range->end,
				    range->above);
	default:
		return interpolate(table + answer->index, answer->fraction);
	}
}

/* Where LE's slope below begins: with an exponent, at the first value that has an index. */
static int64_t le_start(const struct sdp_lookup *lookup)
{
	uint32_t first = 0;

	if (lookup->exponential && lookup->index_offset >= 0 && lookup->index_offset < 32)
		first = UINT32_C(1) << lookup->index_offset;
	return (int64_t)lookup->le.start + first;
}

int32_t sdp_lookup_value(const struct sdp_lookup *lookup, int32_t input,
			 struct sdp_lut_counts *counts)
{
	uint64_t le_distance = distance(input, &lookup->le);
	struct answer le = lookup->exponential ?
			   exponential(le_distance, lookup->index_offset) :
			   linear(le_distance, lookup->le.select, LUT_LE_ENTRIES - 1);
	struct answer lo = linear(distance(input, &lookup->lo), lookup->lo.select,
				  LUT_LO_ENTRIES - 1);
	bool use_lo = lut_use_lo(&lookup->priority, le.where, lo.where);
	const struct answer *taken = use_lo ? &lo : &le;

	counts->below += taken->where == LUT_BELOW;
	counts->above += taken->where == LUT_ABOVE;
	counts->within += taken->where == LUT_HIT;
	counts->le_hit += le.where == LUT_HIT;
	counts->lo_hit += lo.where == LUT_HIT;
	if (use_lo)
		return follow(&lookup->lo, &lo, lookup->tables->lo, lookup->lo.start, input);
	return follow(&lookup->le, &le, lookup->tables->le, le_start(lookup), input);
}
