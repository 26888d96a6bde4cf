// SPDX-License-Identifier: MIT
/*
 * The modelled system's memory. Address adders are as wide as the addresses, and wrap; the bits
 * below an atom do not exist. Both ways to memory, where there are two, lead to the same place: as
 * in the systems that have both, where each memory has addresses of its own.
 */
#include <string.h>

#include "emu.h"

const char no_second_memory[] = "an engine is told to use the second memory, which is not there";

static uint64_t wrapped(const struct nvdla_emu *emu, uint64_t addr)
{
	return addr & config_address_mask(emu->config);
}

static size_t until_wrap(const struct nvdla_emu *emu, uint64_t addr, size_t len)
{
	uint64_t behind = config_address_mask(emu->config) - addr;

	return len <= behind ? len : (size_t)behind + 1;
}

void mem_read(struct nvdla_emu *emu, uint64_t addr, void *buf, size_t len)
{
	uint8_t *to = buf;

	emu->stats.read_bytes += len;
	emu->stats.engine_read_bytes[emu->engine] += len;
	addr = wrapped(emu, addr);
	while (len) {
		size_t part = until_wrap(emu, addr, len);

		if (emu->params.read(emu->params.ctx, addr, to, part)) {
			emu->stats.bad_accesses++;
			memset(to, 0, part);
		}
		addr = wrapped(emu, addr + part);
		to += part;
		len -= part;
	}
}

void mem_write(struct nvdla_emu *emu, uint64_t addr, const void *buf, size_t len)
{
	const uint8_t *from = buf;

	emu->stats.write_bytes += len;
	emu->stats.engine_write_bytes[emu->engine] += len;
	addr = wrapped(emu, addr);
	while (len) {
		size_t part = until_wrap(emu, addr, len);

		if (emu->params.write(emu->params.ctx, addr, from, part))
			emu->stats.bad_accesses++;
		addr = wrapped(emu, addr + part);
		from += part;
		len -= part;
	}
}

/* The columns of a part, and those of all parts. */
static unsigned int part_width(const struct surface *surface, unsigned int part)
{
	if (!surface->parts)
		return surface->width;
	if (part == surface->parts)
		return surface->part.last + 1;
	return (part ? surface->part.middle : surface->part.first) + 1;
}

static uint64_t columns(const struct surface *surface)
{
	if (!surface->parts)
		return surface->width;
	return surface->part.first + 1 + (uint64_t)(surface->parts - 1) *
	       (surface->part.middle + 1) + surface->part.last + 1;
}

uint64_t surface_bytes(const struct surface *surface)
{
	return columns(surface) * surface->height * surface->surfaces * surface->atom_bytes;
}

static uint64_t line_address(const struct surface *surface, unsigned int s, unsigned int y)
{
	return surface->base + (uint64_t)s * surface->surface_stride +
	       (uint64_t)y * surface->line_stride;
}

void surface_read(struct nvdla_emu *emu, const struct surface *surface, void *data)
{
	size_t line = (size_t)surface->width * surface->atom_bytes;
	uint8_t *to = data;

	if (surface->packed) {
		mem_read(emu, surface->base, data, surface_bytes(surface));
		return;
	}
	for (unsigned int s = 0; s < surface->surfaces; s++) {
		for (unsigned int y = 0; y < surface->height; y++, to += line)
			mem_read(emu, line_address(surface, s, y), to, line);
	}
}

void surface_write(struct nvdla_emu *emu, const struct surface *surface, const void *data)
{
	const uint8_t *from = data;
	uint32_t at = 0;

	if (surface->packed) {
		mem_write(emu, surface->base, data, surface_bytes(surface));
		return;
	}
	for (unsigned int part = 0; part <= surface->parts; part++) {
		size_t line = (size_t)part_width(surface, part) * surface->atom_bytes;

		for (unsigned int s = 0; s < surface->surfaces; s++) {
			for (unsigned int y = 0; y < surface->height; y++, from += line)
				mem_write(emu, line_address(surface, s, y) + at, from, line);
		}
		at += (uint32_t)line;
	}
}
