/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_FLATBUFFER_WRITER_H
#define DELEGATE_FLATBUFFER_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes FlatBuffers from front to back: what leads to something is written before it, and is told
 * where that is when it is. Every field has a slot of 8 bytes, which costs little beside weights. Out of
 * memory, or beyond what offsets reach, a writer fails and goes on failing; ask at the end.
 */
struct fbw {
	uint8_t *data;
	size_t bytes;
	size_t room;
	bool failed;
};

/* A place in the buffer. It is a number, because the buffer moves. */
typedef uint32_t fbw_at;

/* The header: to be followed by the root table. identifier has 4 characters. */
void fbw_begin(struct fbw *w, const char *identifier);

/* A table with that many fields, all absent. The first one is the root. */
fbw_at fbw_table(struct fbw *w, unsigned int fields);

void fbw_u8(struct fbw *w, fbw_at table, unsigned int field, uint8_t value);
void fbw_i32(struct fbw *w, fbw_at table, unsigned int field, int32_t value);
void fbw_f32(struct fbw *w, fbw_at table, unsigned int field, float value);

/* The field leads to what is at a later place. */
void fbw_child(struct fbw *w, fbw_at table, unsigned int field, fbw_at child);

/* Elements of 1, 4 or 8 bytes; alignment is at least theirs. */
void fbw_vector(struct fbw *w, fbw_at table, unsigned int field, const void *data, uint32_t count,
		size_t element_bytes, size_t alignment);
void fbw_string(struct fbw *w, fbw_at table, unsigned int field, const char *text);

/* A vector of tables, each of which fbw_element() adds. */
fbw_at fbw_tables(struct fbw *w, fbw_at table, unsigned int field, uint32_t count);
void fbw_element(struct fbw *w, fbw_at tables, uint32_t index, fbw_at child);

#endif
