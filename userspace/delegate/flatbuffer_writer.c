// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "flatbuffer_writer.h"

#define SLOT 8
#define MOST_FIELDS 8

static fbw_at append(struct fbw *w, const void *data, size_t bytes)
{
	size_t at = w->bytes;

	if (!w->failed && w->room - w->bytes < bytes) {
		size_t room = w->room + w->room / 2 + bytes + 1024;
		uint8_t *larger = room < INT32_MAX ? realloc(w->data, room) : NULL;

		w->failed = !larger;
		if (larger) {
			w->data = larger;
			w->room = room;
		}
	}
	if (w->failed)
		return 0;
	if (data)
		memcpy(w->data + at, data, bytes);
	else
		memset(w->data + at, 0, bytes);
	w->bytes += bytes;
	return (fbw_at)at;
}

/* The next thing but so many bytes comes to lie at a multiple of alignment. */
static void align(struct fbw *w, size_t bytes, size_t alignment)
{
	append(w, NULL, -(w->bytes + bytes) & (alignment - 1));
}

static void store(struct fbw *w, fbw_at at, const void *data, size_t bytes)
{
	if (!w->failed)
		memcpy(w->data + at, data, bytes);
}

static void point(struct fbw *w, fbw_at from, fbw_at to)
{
	uint32_t offset = to - from;

	store(w, from, &offset, sizeof(offset));
}

/* Make a field present; returns where its value is. */
static fbw_at slot(struct fbw *w, fbw_at table, unsigned int field)
{
	uint16_t offset = (uint16_t)(4 + SLOT * field);
	int32_t to_vtable;

	if (w->failed)
		return 0;
	memcpy(&to_vtable, w->data + table, sizeof(to_vtable));
	store(w, table - (fbw_at)to_vtable + 4 + 2 * field, &offset, sizeof(offset));
	return table + offset;
}

void fbw_begin(struct fbw *w, const char *identifier)
{
	*w = (struct fbw){ 0 };
	append(w, NULL, 4);
	append(w, identifier, 4);
}

fbw_at fbw_table(struct fbw *w, unsigned int fields)
{
	uint16_t vtable[2 + MOST_FIELDS] = { (uint16_t)(4 + 2 * fields), (uint16_t)(4 + SLOT * fields) };
	bool root = w->bytes == 8;
	fbw_at at, table;
	int32_t to_vtable;

	align(w, vtable[0] + 4, SLOT);
	at = append(w, vtable, vtable[0]);
	table = append(w, NULL, vtable[1]);
	to_vtable = (int32_t)(table - at);
	store(w, table, &to_vtable, sizeof(to_vtable));
	if (root)
		point(w, 0, table);
	return table;
}

void fbw_u8(struct fbw *w, fbw_at table, unsigned int field, uint8_t value)
{
	store(w, slot(w, table, field), &value, sizeof(value));
}

void fbw_i32(struct fbw *w, fbw_at table, unsigned int field, int32_t value)
{
	store(w, slot(w, table, field), &value, sizeof(value));
}

void fbw_f32(struct fbw *w, fbw_at table, unsigned int field, float value)
{
	store(w, slot(w, table, field), &value, sizeof(value));
}

void fbw_child(struct fbw *w, fbw_at table, unsigned int field, fbw_at child)
{
	point(w, slot(w, table, field), child);
}

void fbw_vector(struct fbw *w, fbw_at table, unsigned int field, const void *data, uint32_t count,
		size_t element_bytes, size_t alignment)
{
	fbw_at at;

	align(w, 4, alignment < 4 ? 4 : alignment);
	at = append(w, &count, sizeof(count));
	append(w, data, count * element_bytes);
	fbw_child(w, table, field, at);
}

void fbw_string(struct fbw *w, fbw_at table, unsigned int field, const char *text)
{
	fbw_vector(w, table, field, text, (uint32_t)strlen(text), 1, 4);
	append(w, NULL, 1);
}

fbw_at fbw_tables(struct fbw *w, fbw_at table, unsigned int field, uint32_t count)
{
	fbw_vector(w, table, field, NULL, count, 4, 4);
	return (fbw_at)(w->bytes - (size_t)count * 4);
}

void fbw_element(struct fbw *w, fbw_at tables, uint32_t index, fbw_at child)
{
	point(w, tables + 4 * index, child);
}
