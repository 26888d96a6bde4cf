/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_RANDOM_H
#define GENERATE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The generator's own numbers, so that a seed means the same everywhere. */
struct random {
	uint64_t state;
};

/* A stream for each folder, whatever was drawn for the others. */
struct random random_stream(uint64_t seed, const char *kind, uint64_t index);

uint64_t random_next(struct random *random);
/* 0 to limit - 1 */
uint32_t random_below(struct random *random, uint32_t limit);
/* Both ends included. */
int32_t random_between(struct random *random, int32_t least, int32_t most);
bool random_one_in(struct random *random, uint32_t n);
int32_t random_pick(struct random *random, const int32_t *values, size_t count);
/* An extent from 1 to most: mostly small, now and then anything. */
uint32_t random_extent(struct random *random, uint32_t most);

#endif
