// SPDX-License-Identifier: MIT
/*
 * CDP's look-up. Both tables are asked; each says hit, below its range or above. Which of the two
 * answers counts follows from that and from three priority bits. Within its range a table
 * interpolates between neighbours; outside it goes on along a slope from its last entry.
 */
#include "emu.h"

enum {
	INPUT_BITS = 22,	/* of the distance to the start of a range */
};

struct answer {
	enum lut_where where;
	unsigned int index;
	uint32_t fraction;	/* of 2^16 */
};

bool cdp_lut_owns(uint32_t reg)
{
	return reg == CDP_S_LUT_ACCESS_CFG || reg == CDP_S_LUT_ACCESS_DATA;
}

/* The address stays at the last entry; one beyond was set by software and goes on. */
static void step(struct cdp_lut *lut)
{
	if (lut->address != lut_last_entry(lut->lo_selected))
		lut->address = (lut->address + 1) & ((1u << LUT_ADDRESS_BITS) - 1);
}

uint32_t cdp_lut_read(struct cdp_lut *lut, uint32_t reg)
{
	const int16_t *at = lut_entry(&lut->tables, lut->lo_selected, lut->address);
	uint32_t value = at ? (uint16_t)*at : 0;

	if (reg == CDP_S_LUT_ACCESS_CFG)
		return lut->address | (uint32_t)lut->lo_selected << 16 |
		       (uint32_t)lut->writing << 17;
	if (!lut->writing)
		step(lut);
	return value;
}

void cdp_lut_write(struct cdp_lut *lut, uint32_t reg, uint32_t value)
{
	int16_t *at;

	if (reg == CDP_S_LUT_ACCESS_CFG) {
		lut->address = bits(value, LUT_ADDRESS_BITS - 1, 0);
		lut->lo_selected = bits(value, 16, 16);
		lut->writing = bits(value, 17, 17);
		return;
	}
	if (!lut->writing)
		return;
	at = lut_entry(&lut->tables, lut->lo_selected, lut->address);
	if (at)
		*at = (int16_t)value;
	step(lut);
}

static int sign_extend(uint32_t value, unsigned int width)
{
	return (int)(value << (32 - width)) >> (32 - width);
}

/* 38 bits in two registers. */
static int64_t range_end(uint32_t low, uint32_t high)
{
	return (int64_t)sign_extend(high, 6) * (INT64_C(1) << 32) + low;
}

static struct cdp_slope slope(uint32_t scale, uint32_t shift)
{
	return (struct cdp_slope){ (int16_t)scale, (int8_t)sign_extend(shift, 5) };
}

void cdp_lookup_decode(struct cdp_lookup *lookup, const struct cdp_lut *lut, const uint32_t *r)
{
	uint32_t cfg = REG(r, CDP_S_LUT_CFG), info = REG(r, CDP_S_LUT_INFO);
	uint32_t le_scale = REG(r, CDP_S_LUT_LE_SLOPE_SCALE);
	uint32_t le_shift = REG(r, CDP_S_LUT_LE_SLOPE_SHIFT);
	uint32_t lo_scale = REG(r, CDP_S_LUT_LO_SLOPE_SCALE);
	uint32_t lo_shift = REG(r, CDP_S_LUT_LO_SLOPE_SHIFT);

	lookup->lut = lut;
	lookup->exponential = !bits(cfg, 0, 0);
	lookup->priority = lut_priority(cfg);
	lookup->index_offset = sign_extend(bits(info, 7, 0), 8);
	lookup->le = (struct cdp_range){
		.start = range_end(REG(r, CDP_S_LUT_LE_START_LOW), REG(r, CDP_S_LUT_LE_START_HIGH)),
		.end = range_end(REG(r, CDP_S_LUT_LE_END_LOW), REG(r, CDP_S_LUT_LE_END_HIGH)),
		.below = slope(bits(le_scale, 15, 0), bits(le_shift, 4, 0)),
		.above = slope(bits(le_scale, 31, 16), bits(le_shift, 9, 5)),
		/* Six of the eight bits are looked at. */
		.select = sign_extend(bits(info, 13, 8), 6),
	};
	lookup->lo = (struct cdp_range){
		.start = range_end(REG(r, CDP_S_LUT_LO_START_LOW), REG(r, CDP_S_LUT_LO_START_HIGH)),
		.end = range_end(REG(r, CDP_S_LUT_LO_END_LOW), REG(r, CDP_S_LUT_LO_END_HIGH)),
		.below = slope(bits(lo_scale, 15, 0), bits(lo_shift, 4, 0)),
		.above = slope(bits(lo_scale, 31, 16), bits(lo_shift, 9, 5)),
		.select = sign_extend(bits(info, 21, 16), 6),
	};
	/* LO loses the one number whose negative does not fit. */
	if (lookup->lo.select == -32)
		lookup->lo.select = 0;
}

/* An index and a fraction out of a distance. dropped is the unit of the fraction, in bits. */
static struct answer linear(uint64_t distance, int select, unsigned int last, unsigned int dropped)
{
	struct answer answer = { .where = LUT_HIT };
	uint64_t index, rest;

	if (select < 0) {
		/* 32 left of 22 bits are 54. */
		index = distance << -select;
		rest = 0;
	} else {
		index = distance >> select;
		rest = (distance << dropped >> select) & ((UINT64_C(1) << dropped) - 1);
	}
	if (index >= last) {
		answer.where = LUT_ABOVE;
		answer.index = last;
	} else {
		answer.index = (unsigned int)index;
	}
	answer.fraction = (uint32_t)(rest >> (dropped - 16));
	return answer;
}

/*
 * The logarithm's whole part is the index, what follows the highest bit the fraction. Every value
 * but 0, which is below, has one.
 */
static struct answer exponential(uint64_t distance, int offset)
{
	unsigned int log = 63 - (unsigned int)__builtin_clzll(distance);
	uint64_t mantissa = distance & ((UINT64_C(1) << log) - 1);
	int index = (int)log - offset;
	struct answer answer;

	if (index < 0)
		return (struct answer){ .where = LUT_BELOW };
	answer = linear((uint64_t)index, 0, LUT_LE_ENTRIES - 1, INPUT_BITS + 1);
	answer.fraction = (uint32_t)(mantissa << (INPUT_BITS - 1 - log) >> (INPUT_BITS - 1 - 16));
	return answer;
}

/* The distance to the start of a range, of which the comparison sees 22 bits; 0 when below. */
static uint64_t distance(int32_t input, const struct cdp_range *range)
{
	int32_t start = sign_extend((uint32_t)range->start & ((1u << INPUT_BITS) - 1), INPUT_BITS);

	if (input <= start)
		return 0;
	return (uint32_t)(input - start) & ((1u << INPUT_BITS) - 1);
}

static int16_t interpolate(int16_t base, int64_t from, int64_t to, int32_t scale, int shift)
{
	/* Positions have 39 bits, scales 17. */
	int64_t product = (to - from) * scale, half, result;
	const int64_t saturates = INT64_C(1) << 40;

	if (shift < 0) {
		product = product > saturates ? saturates : product < -saturates ? -saturates : product;
		product *= INT64_C(1) << -shift;
	} else if (shift) {
		half = INT64_C(1) << (shift - 1);
		product = (product + half - (product < 0)) >> shift;
	}
	result = product + base;
	return (int16_t)(result > INT16_MAX ? INT16_MAX : result < INT16_MIN ? INT16_MIN : result);
}

static int16_t follow(const struct cdp_range *range, const struct answer *answer,
		      const int16_t *table, int64_t start, int32_t input)
{
	int16_t base = table[answer->index];

	switch (answer->where) {
	case LUT_BELOW:
		return interpolate(table[0], start, input, range->below.scale, range->below.shift);
	case LUT_ABOVE:
		return interpolate(base, range->end, input, range->above.scale,
				   range->above.shift);
	default:
		return interpolate(base, base, table[answer->index + 1], (int32_t)answer->fraction,
				   16);
	}
}

/* Where LE's slope below begins: with an exponent, at the first value that has an index. */
static int64_t le_start(const struct cdp_lookup *lookup)
{
	uint64_t first = 0;

	if (lookup->exponential && lookup->index_offset >= 0 && lookup->index_offset < 39)
		first = UINT64_C(1) << lookup->index_offset;
	/* The sum has 39 bits. */
	return (int64_t)(((uint64_t)lookup->le.start + first) << 25) >> 25;
}

static void count(struct cdp_lookup_counts *counts, enum lut_where le, enum lut_where lo)
{
	if ((le == LUT_HIT) == (lo == LUT_HIT) && (le == LUT_HIT || le != lo))
		counts->hybrid++;
	else if (le == LUT_HIT)
		counts->le_hit++;
	else if (lo == LUT_HIT)
		counts->lo_hit++;
	else if (le == LUT_BELOW)
		counts->below++;
	else
		counts->above++;
}

int16_t cdp_lookup_value(const struct cdp_lookup *lookup, int32_t input,
			 struct cdp_lookup_counts *counts)
{
	uint64_t le_distance = distance(input, &lookup->le);
	uint64_t lo_distance = distance(input, &lookup->lo);
	struct answer le = { .where = LUT_BELOW }, lo = { .where = LUT_BELOW };

	if (le_distance && lookup->exponential)
		le = exponential(le_distance, lookup->index_offset);
	else if (le_distance)
		le = linear(le_distance, lookup->le.select, LUT_LE_ENTRIES - 1, INPUT_BITS + 1);
	if (lo_distance)
		lo = linear(lo_distance, lookup->lo.select, LUT_LO_ENTRIES - 1, INPUT_BITS);
	count(counts, le.where, lo.where);
	if (lut_use_lo(&lookup->priority, le.where, lo.where))
		return follow(&lookup->lo, &lo, lookup->lut->tables.lo, lookup->lo.start, input);
	return follow(&lookup->le, &le, lookup->lut->tables.le, le_start(lookup), input);
}
