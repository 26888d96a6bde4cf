// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim_memory.h"

/* Where NVIDIA's tests have their memory, up to the end of nv_small's 32 address bits. */
#define MEMORY_START	UINT64_C(0x80000000)
#define MEMORY_END	UINT64_C(0x100000000)
#define PAGE		UINT64_C(4096)

static uint64_t page_up(uint64_t value)
{
	return (value + PAGE - 1) / PAGE * PAGE;
}

struct dla_sim_buffer *dla_sim_memory_add(struct dla_sim_memory *memory, void *map, size_t size)
{
	struct dla_sim_buffer **at = &memory->first, *buffer;
	uint64_t addr = MEMORY_START, bytes = size;

	/* A free page before the next buffer, so that no two touch. */
	for (; *at; at = &(*at)->next) {
		if (bytes < MEMORY_END && addr + page_up(bytes) + PAGE <= (*at)->addr)
			break;
		addr = (*at)->addr + page_up((*at)->base.size) + PAGE;
	}
	if (bytes >= MEMORY_END || addr + page_up(bytes) > MEMORY_END)
		return NULL;

	buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return NULL;
	buffer->foreign = map;
	/* Whole pages, because that is what a real device's buffer has. */
	buffer->base.map = map ? map : aligned_alloc(PAGE, page_up(size ? size : 1));
	if (!buffer->base.map) {
		free(buffer);
		return NULL;
	}
	if (!map)
		memset(buffer->base.map, 0, size);
	buffer->base.size = size;
	buffer->addr = (uint32_t)addr;
	buffer->next = *at;
	*at = buffer;
	return buffer;
}

void dla_sim_memory_remove(struct dla_sim_memory *memory, struct dla_sim_buffer *buffer)
{
	struct dla_sim_buffer **at = &memory->first;

	while (*at != buffer)
		at = &(*at)->next;
	*at = buffer->next;
	if (buffer->foreign)
		munmap(buffer->base.map, buffer->base.size);
	else
		free(buffer->base.map);
	free(buffer);
}
