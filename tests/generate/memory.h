/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_MEMORY_H
#define GENERATE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw.h"
#include "random.h"

/*
 * The device's memory: stretches at random places, each filled with random bytes, also where
 * nothing may be read (guards at both ends, gaps of strides, spare lanes of channels, tails of
 * weights) and where something will be written, so that what is read or written beside the mark,
 * and what is not written, shows.
 */

struct stretch {
	uint32_t addr;
	size_t bytes;
	uint8_t *data;
	bool written;		/* by the device */
};

struct memory {
	struct random *random;
	uint64_t next;		/* beyond the last stretch */
	struct stretch *stretches;
	size_t count;
};

/* How bytes are distributed. */
enum fill {
	FILL_ANY,		/* one of the others */
	FILL_UNIFORM,
	FILL_SMALL,
	FILL_SPARSE,		/* mostly zero */
	FILL_EXTREME,		/* the ends of int8 and zero */
	FILL_COUNT
};

void memory_init(struct memory *memory, struct random *random);
void memory_free(struct memory *memory);

/* Room for what the device reads, or writes; returns the address. Stops the program when out of memory. */
uint32_t memory_place(struct memory *memory, size_t bytes, unsigned int align, bool written,
		      enum fill fill);

/* A feature cube: atoms of channels, in lines, in surfaces. */
struct surface {
	uint32_t addr, line_stride, surface_stride;
	unsigned int width, height, channels;
	unsigned int atom_bytes;
};

unsigned int surface_count(const struct hw *hw, unsigned int channels);

/* A cube in a stretch of its own, packed or with gaps. */
struct surface surface_place(struct memory *memory, const struct hw *hw, unsigned int width,
			     unsigned int height, unsigned int channels, unsigned int atom_bytes,
			     bool written, enum fill fill);

#endif
