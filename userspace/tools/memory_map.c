// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory_map.h"

#define PAGE_SIZE (1u << MEMORY_PAGE_BITS)
#define TABLE_SIZE (1u << MEMORY_TABLE_BITS)
#define SPACE (UINT64_C(1) << (MEMORY_PAGE_BITS + 2 * MEMORY_TABLE_BITS))

static uint8_t *find_page(const struct memory_map *map, uint64_t addr)
{
	uint64_t page = addr >> MEMORY_PAGE_BITS;
	uint8_t **table = map->tables[page >> MEMORY_TABLE_BITS];

	return table ? table[page % TABLE_SIZE] : NULL;
}

static uint8_t *make_page(struct memory_map *map, uint64_t addr)
{
	uint64_t page = addr >> MEMORY_PAGE_BITS;
	uint8_t ***table = &map->tables[page >> MEMORY_TABLE_BITS];
	uint8_t **slot;

	if (!*table)
		*table = calloc(TABLE_SIZE, sizeof(**table));
	if (!*table)
		return NULL;
	slot = &(*table)[page % TABLE_SIZE];
	if (!*slot)
		*slot = calloc(1, PAGE_SIZE);
	return *slot;
}

static size_t part_in_page(uint64_t addr, size_t len)
{
	size_t room = PAGE_SIZE - addr % PAGE_SIZE;

	return len < room ? len : room;
}

int memory_map_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	uint8_t *to = buf;

	if (addr >= SPACE || len > SPACE - addr)
		return -EFAULT;
	while (len) {
		size_t part = part_in_page(addr, len);
		const uint8_t *page = find_page(ctx, addr);

		if (page)
			memcpy(to, page + addr % PAGE_SIZE, part);
		else
			memset(to, 0, part);
		addr += part;
		to += part;
		len -= part;
	}
	return 0;
}

int memory_map_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	const uint8_t *from = buf;

	if (addr >= SPACE || len > SPACE - addr)
		return -EFAULT;
	while (len) {
		size_t part = part_in_page(addr, len);
		uint8_t *page = make_page(ctx, addr);

		if (!page)
			return -ENOMEM;
		memcpy(page + addr % PAGE_SIZE, from, part);
		addr += part;
		from += part;
		len -= part;
	}
	return 0;
}

void memory_map_clear(struct memory_map *map)
{
	for (size_t t = 0; t < TABLE_SIZE; t++) {
		if (!map->tables[t])
			continue;
		for (size_t p = 0; p < TABLE_SIZE; p++)
			free(map->tables[t][p]);
		free(map->tables[t]);
		map->tables[t] = NULL;
	}
}
