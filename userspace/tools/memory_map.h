/* SPDX-License-Identifier: MIT */
#ifndef DLA_MEMORY_MAP_H
#define DLA_MEMORY_MAP_H

#include <stddef.h>
#include <stdint.h>

/* A sparse 32-bit address space. What was never written reads as zero. */

#define MEMORY_PAGE_BITS 12
#define MEMORY_TABLE_BITS 10

struct memory_map {
	uint8_t **tables[1 << MEMORY_TABLE_BITS];
};

/* -EFAULT beyond 32 bits, -ENOMEM. Shaped as the emulator's callbacks; ctx is the map. */
int memory_map_read(void *ctx, uint64_t addr, void *buf, size_t len);
int memory_map_write(void *ctx, uint64_t addr, const void *buf, size_t len);
void memory_map_clear(struct memory_map *map);

#endif
