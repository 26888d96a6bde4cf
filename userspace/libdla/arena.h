/* SPDX-License-Identifier: MIT */
#ifndef DLA_ARENA_H
#define DLA_ARENA_H

#include <stddef.h>

/*
 * Memory that is handed out piece by piece and freed as a whole. The limit bounds what a hostile
 * file can make its reader allocate.
 */
struct dla_arena {
	void *chunks;		/* what dla_arena_free() takes; outlives the struct */
	unsigned char *next;
	size_t left;
	size_t used, limit;
	int err;		/* of the last failure, a negative errno */
};

/* Zeroed, 16-byte aligned memory for count items, or NULL with the reason recorded. */
void *dla_arena_alloc(struct dla_arena *arena, size_t count, size_t size);

void dla_arena_free(void *chunks);

#endif
