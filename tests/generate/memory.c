// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"

#define SPACE (UINT64_C(1) << 32)
/* More than any folder takes. */
#define ROOM (UINT64_C(1) << 26)
#define GUARD_UNIT 8
#define GUARD_UNITS 12

void memory_init(struct memory *memory, struct random *random)
{
	uint64_t bases[] = { 0x80000000, 0, SPACE - ROOM, random_next(random) % (SPACE - ROOM) };

	*memory = (struct memory){
		.random = random,
		.next = bases[random_below(random, sizeof(bases) / sizeof(bases[0]))],
	};
}

void memory_free(struct memory *memory)
{
	for (size_t i = 0; i < memory->count; i++)
		free(memory->stretches[i].data);
	free(memory->stretches);
}

static uint8_t random_byte(struct random *random, enum fill fill)
{
	static const uint8_t extremes[] = { 0x80, 0x81, 0x7f, 0x7e, 0, 1, 0xff, 0x40 };

	switch (fill) {
	case FILL_SMALL:
		return (uint8_t)random_between(random, -3, 3);
	case FILL_SPARSE:
		return random_one_in(random, 8) ? (uint8_t)random_next(random) : 0;
	case FILL_EXTREME:
		return extremes[random_below(random, sizeof(extremes))];
	default:
		return (uint8_t)random_next(random);
	}
}

static void *must(void *allocated)
{
	if (allocated)
		return allocated;
	fprintf(stderr, "generate-traces: out of memory\n");
	exit(1);
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

uint32_t memory_place(struct memory *memory, size_t bytes, unsigned int align, bool written,
		      enum fill fill)
{
	struct random *random = memory->random;
	size_t before = GUARD_UNIT * (1 + random_below(random, GUARD_UNITS));
	size_t after = GUARD_UNIT * (1 + random_below(random, GUARD_UNITS));
	uint64_t gap = random_one_in(random, 2) ? 0 : GUARD_UNIT * random_below(random, 64);
	uint64_t addr = round_up(memory->next + gap + before, align);
	struct stretch *stretch;

	/* As often as not an address has no more zeroes than it must. */
	if (random_one_in(random, 2))
		addr += align * random_below(random, 8);
	memory->stretches = must(realloc(memory->stretches,
					 (memory->count + 1) * sizeof(*memory->stretches)));
	stretch = &memory->stretches[memory->count++];
	*stretch = (struct stretch){
		.addr = (uint32_t)(addr - before),
		.bytes = before + bytes + after,
		.written = written,
	};
	stretch->data = must(malloc(stretch->bytes));
	if (fill == FILL_ANY)
		fill = FILL_UNIFORM + random_below(random, FILL_COUNT - FILL_UNIFORM);
	for (size_t i = 0; i < stretch->bytes; i++) {
		bool guard = i < before || i >= before + bytes;

		stretch->data[i] = random_byte(random, guard ? FILL_UNIFORM : fill);
	}
	memory->next = addr + bytes + after;
	return (uint32_t)addr;
}

unsigned int surface_count(const struct hw *hw, unsigned int channels)
{
	return (channels + hw->atom - 1) / hw->atom;
}

static void choose_strides(struct random *random, const struct hw *hw, struct surface *surface)
{
	unsigned int count = surface_count(hw, surface->channels);
	uint32_t row = surface->width * surface->atom_bytes;

	surface->line_stride = row;
	surface->surface_stride = row * surface->height;
	/* A plane of one position is a packed row of atoms to SDP, whatever the strides say. */
	if (surface->width == 1 && surface->height == 1 && !random_one_in(random, 4))
		return;
	switch (random_below(random, 6)) {
	case 0:
	case 1:
		break;
	case 2:
		surface->surface_stride += hw->atom * random_between(random, 1, 9);
		break;
	case 3:
		/* The last line of a surface without the gap behind it. */
		surface->line_stride += hw->atom * random_between(random, 1, 6);
		surface->surface_stride = surface->line_stride * (surface->height - 1) + row;
		break;
	case 4:
		surface->line_stride += hw->atom * random_between(random, 1, 6);
		surface->surface_stride = surface->line_stride * surface->height +
					  hw->atom * random_below(random, 5);
		break;
	default:
		/* Lines of all surfaces in turn. */
		surface->surface_stride = row + hw->atom * random_below(random, 3);
		surface->line_stride = surface->surface_stride * count;
		break;
	}
}

struct surface surface_place(struct memory *memory, const struct hw *hw, unsigned int width,
			     unsigned int height, unsigned int channels, unsigned int atom_bytes,
			     bool written, enum fill fill)
{
	struct surface surface = {
		.width = width, .height = height, .channels = channels, .atom_bytes = atom_bytes,
	};
	unsigned int count = surface_count(hw, channels);
	size_t bytes;

	choose_strides(memory->random, hw, &surface);
	bytes = (size_t)(count - 1) * surface.surface_stride +
		(size_t)(height - 1) * surface.line_stride + (size_t)width * atom_bytes;
	surface.addr = memory_place(memory, bytes, hw->atom, written, fill);
	return surface;
}
