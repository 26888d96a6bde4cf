/* SPDX-License-Identifier: MIT */
#ifndef DLA_SIM_MEMORY_H
#define DLA_SIM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"

/*
 * The memory that an emulated device masters: buffers at device addresses of their own, with
 * unmapped pages between them, so that an access past an end is seen.
 */
struct dla_sim_memory {
	struct dla_sim_buffer *first;	/* by address */
};

struct dla_sim_buffer {
	struct dla_buffer base;
	uint32_t addr;
	bool foreign;		/* mapped */
	struct dla_sim_buffer *next;
};

/*
 * The lowest free address for it; NULL when memory or addresses run out. map: memory that is there and is
 * unmapped in the end; NULL: new, zeroed memory.
 */
struct dla_sim_buffer *dla_sim_memory_add(struct dla_sim_memory *memory, void *map, size_t size);
void dla_sim_memory_remove(struct dla_sim_memory *memory, struct dla_sim_buffer *buffer);

#endif
