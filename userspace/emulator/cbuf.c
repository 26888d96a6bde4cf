// SPDX-License-Identifier: MIT
/* The convolution buffer's layout: between the order of surfaces and that of MAC. */
#include <string.h>

#include "cbuf.h"

/* A block: the surfaces that share entries. */
struct block {
	unsigned int surfaces;
	size_t start;		/* bytes from the line's first entry */
	size_t pitch;		/* bytes from one position to the next */
};

static struct block block_of(const struct nvdla_config *config, unsigned int width,
			     unsigned int surfaces, unsigned int number)
{
	unsigned int full = config->cbuf_entry_bytes / config->atom;
	unsigned int left = surfaces - number * full;
	struct block block = {
		.surfaces = left < full ? left : full,
		.start = (size_t)number * width * config->cbuf_entry_bytes,
		.pitch = config->cbuf_entry_bytes,
	};

	if (block.surfaces * 2 <= full)
		block.pitch /= block.surfaces * 4 <= full ? 4 : 2;
	return block;
}

uint32_t cbuf_line_entries(const struct nvdla_config *config, unsigned int width,
			   unsigned int surfaces)
{
	unsigned int last = (surfaces - 1) / (config->cbuf_entry_bytes / config->atom);
	struct block block = block_of(config, width, surfaces, last);
	unsigned int shared = config->cbuf_entry_bytes / (unsigned int)block.pitch;

	return last * width + div_round_up(width, shared);
}

struct cbuf_place cbuf_place(const struct nvdla_config *config, unsigned int width,
			     unsigned int surfaces, unsigned int surface)
{
	unsigned int full = config->cbuf_entry_bytes / config->atom;
	struct block block = block_of(config, width, surfaces, surface / full);

	return (struct cbuf_place){
		.start = block.start + (size_t)(surface % full) * config->atom,
		.pitch = block.pitch,
	};
}

static size_t slice_bytes(const struct nvdla_config *config, const struct conv *conv)
{
	return (size_t)conv->line_entries * config->cbuf_entry_bytes;
}

size_t cbuf_line_size(const struct nvdla_config *config, const struct conv *conv)
{
	if (conv->image)
		return slice_bytes(config, conv);
	return (size_t)conv->blocks * conv->width * config->atomic_c;
}

static void widen(const int8_t *from, size_t count, int16_t *to)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (int16_t)from[i];
}

void cbuf_load_line(const struct nvdla_config *config, const struct conv *conv, const int8_t *line,
		    int16_t *to)
{
	unsigned int surfaces = div_round_up(conv->channels, config->atom);

	if (conv->image) {
		widen(line, slice_bytes(config, conv), to);
		return;
	}
	for (unsigned int b = 0; b < conv->blocks; b++) {
		struct block block = block_of(config, conv->width, surfaces, b);
		const int8_t *at = line + block.start;
		size_t used = (size_t)block.surfaces * config->atom;

		for (unsigned int x = 0; x < conv->width; x++, at += block.pitch) {
			widen(at, used, to);
			memset(to + used, 0, (config->atomic_c - used) * sizeof(*to));
			to += config->atomic_c;
		}
	}
}
