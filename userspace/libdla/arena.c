// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "error.h"

#define ALIGNMENT 16
#define CHUNK_BYTES 4096

struct chunk {
	alignas(ALIGNMENT) struct chunk *older;
};

static int add_chunk(struct dla_arena *arena, size_t bytes)
{
	size_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	struct chunk *chunk = aligned_alloc(ALIGNMENT, sizeof(*chunk) + room);

	if (!chunk)
		return arena->err = dla_fail(ENOMEM, "out of memory: %zu bytes", room);
	memset(chunk, 0, sizeof(*chunk) + room);
	chunk->older = arena->chunks;
	arena->chunks = chunk;
	arena->next = (unsigned char *)(chunk + 1);
	arena->left = room;
	return 0;
}

void *dla_arena_alloc(struct dla_arena *arena, size_t count, size_t size)
{
	unsigned char *memory;
	size_t bytes;

	/* Never NULL for success, and every piece keeps the next one aligned. */
	if (__builtin_mul_overflow(count, size, &bytes) ||
	    __builtin_add_overflow(bytes, bytes ? ALIGNMENT - 1 : ALIGNMENT, &bytes) ||
	    (bytes &= ~(size_t)(ALIGNMENT - 1)) > arena->limit - arena->used) {
		arena->err = dla_fail(E2BIG,
				      "more memory is needed than a file of this size has use for");
		return NULL;
	}
	if (bytes > arena->left && add_chunk(arena, bytes))
		return NULL;
	memory = arena->next;
	arena->next += bytes;
	arena->left -= bytes;
	arena->used += bytes;
	return memory;
}

void dla_arena_free(void *chunks)
{
	struct chunk *chunk = chunks;

	while (chunk) {
		struct chunk *older = chunk->older;

		free(chunk);
		chunk = older;
	}
}
