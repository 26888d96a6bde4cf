/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_GENERATOR_H
#define GENERATE_GENERATOR_H

#include "hw.h"
#include "memory.h"
#include "random.h"
#include "script.h"

/* What making one folder needs. */
struct generator {
	const struct hw *hw;
	struct random random;
	struct memory memory;
	struct script script;
	/* About how many cycles an operation may take. */
	uint64_t budget;
	bool has_tables;	/* of CDP: they stay from one operation to the next */
};

/* And how many it has to: chance alone makes hardly anything but small ones. */
static inline uint64_t generator_least(struct generator *g)
{
	return random_one_in(&g->random, 2) ? 0 : g->budget / 8;
}

/* A choice among values. At most one of them may be drawn itself: their order is the compiler's. */
#define PICK(random, ...) \
	random_pick((random), (const int32_t[]){ __VA_ARGS__ }, \
		    sizeof((const int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t))

#endif
