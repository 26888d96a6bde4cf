// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "error.h"
#include "flatbuffer.h"

static uint64_t load(const uint8_t *p, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)p[i] << (8 * i);
	return value;
}

static bool inside(const struct fb *fb, uint64_t pos, uint64_t bytes)
{
	return pos <= fb->bytes && bytes <= fb->bytes - pos;
}

static void broken(struct fb *fb, const char *what, uint64_t pos)
{
	if (!fb->broken) {
		fb->broken = what;
		fb->broken_at = pos;
	}
}

static struct fb_table table_at(struct fb *fb, uint64_t pos)
{
	struct fb_table table = { 0 };
	int64_t vtable;

	if (fb->broken)
		return table;
	if (!inside(fb, pos, 4)) {
		broken(fb, "a table", pos);
		return table;
	}
	vtable = (int64_t)pos - (int32_t)load(fb->data + pos, 4);
	if (vtable < 0 || !inside(fb, vtable, 4)) {
		broken(fb, "the layout of the table", pos);
		return table;
	}
	table.vtable_bytes = load(fb->data + vtable, 2);
	table.table_bytes = load(fb->data + vtable + 2, 2);
	if (table.vtable_bytes < 4 || !inside(fb, vtable, table.vtable_bytes) ||
	    table.table_bytes < 4 || !inside(fb, pos, table.table_bytes)) {
		broken(fb, "a part of the table", pos);
		return (struct fb_table){ 0 };
	}
	table.pos = pos;
	table.vtable = vtable;
	return table;
}

/* Where a field of that size is; 0 when absent. */
static uint32_t field_at(struct fb *fb, const struct fb_table *table, unsigned int field,
			 size_t bytes)
{
	size_t slot = 4 + 2 * (size_t)field;
	uint32_t offset;

	if (fb->broken || !table->pos || slot + 2 > table->vtable_bytes)
		return 0;
	offset = load(fb->data + table->vtable + slot, 2);
	if (!offset)
		return 0;
	if (offset < 4 || offset + bytes > table->table_bytes) {
		broken(fb, "a field of the table", table->pos);
		return 0;
	}
	return table->pos + offset;
}

static uint64_t scalar(struct fb *fb, const struct fb_table *table, unsigned int field,
		       size_t bytes, uint64_t value)
{
	uint32_t pos = field_at(fb, table, field, bytes);

	return pos ? load(fb->data + pos, bytes) : value;
}

/* Follow the offset stored at pos. */
static uint64_t target(const struct fb *fb, uint32_t pos)
{
	return pos + load(fb->data + pos, 4);
}

int fb_error(const struct fb *fb)
{
	return fb->broken ? dla_fail(EINVAL,
				     "the file is damaged: %s at byte %llu is outside the file",
				     fb->broken, (unsigned long long)fb->broken_at)
			  : 0;
}

struct fb_table fb_root(struct fb *fb)
{
	if (!fb->broken && !inside(fb, 0, 4))
		broken(fb, "the first table", 0);
	return fb->broken ? (struct fb_table){ 0 } : table_at(fb, target(fb, 0));
}

bool fb_has(struct fb *fb, const struct fb_table *table, unsigned int field)
{
	return field_at(fb, table, field, 1);
}

int8_t fb_i8(struct fb *fb, const struct fb_table *table, unsigned int field, int8_t value)
{
	return (int8_t)scalar(fb, table, field, 1, value);
}

uint8_t fb_u8(struct fb *fb, const struct fb_table *table, unsigned int field, uint8_t value)
{
	return scalar(fb, table, field, 1, value);
}

int32_t fb_i32(struct fb *fb, const struct fb_table *table, unsigned int field, int32_t value)
{
	return (int32_t)scalar(fb, table, field, 4, value);
}

uint32_t fb_u32(struct fb *fb, const struct fb_table *table, unsigned int field, uint32_t value)
{
	return scalar(fb, table, field, 4, value);
}

uint64_t fb_u64(struct fb *fb, const struct fb_table *table, unsigned int field, uint64_t value)
{
	return scalar(fb, table, field, 8, value);
}

static float as_float(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

float fb_f32(struct fb *fb, const struct fb_table *table, unsigned int field, float value)
{
	uint32_t pos = field_at(fb, table, field, 4);

	return pos ? as_float(load(fb->data + pos, 4)) : value;
}

struct fb_table fb_child(struct fb *fb, const struct fb_table *table, unsigned int field)
{
	uint32_t pos = field_at(fb, table, field, 4);

	return pos ? table_at(fb, target(fb, pos)) : (struct fb_table){ 0 };
}

struct fb_vector fb_vector(struct fb *fb, const struct fb_table *table, unsigned int field,
			   size_t element_bytes)
{
	uint32_t pos = field_at(fb, table, field, 4);
	uint64_t at, count;

	if (!pos)
		return (struct fb_vector){ 0 };
	at = target(fb, pos);
	if (!inside(fb, at, 4)) {
		broken(fb, "a list", at);
		return (struct fb_vector){ 0 };
	}
	count = load(fb->data + at, 4);
	if (!inside(fb, at + 4, count * element_bytes)) {
		broken(fb, "a part of the list", at);
		return (struct fb_vector){ 0 };
	}
	return (struct fb_vector){ .pos = at + 4, .count = count };
}

struct fb_table fb_vector_table(struct fb *fb, const struct fb_vector *vector, uint32_t i)
{
	return table_at(fb, target(fb, vector->pos + 4 * i));
}

int32_t fb_vector_i32(const struct fb *fb, const struct fb_vector *vector, uint32_t i)
{
	return (int32_t)load(fb->data + vector->pos + (size_t)4 * i, 4);
}

int64_t fb_vector_i64(const struct fb *fb, const struct fb_vector *vector, uint32_t i)
{
	return (int64_t)load(fb->data + vector->pos + (size_t)8 * i, 8);
}

float fb_vector_f32(const struct fb *fb, const struct fb_vector *vector, uint32_t i)
{
	return as_float(load(fb->data + vector->pos + (size_t)4 * i, 4));
}
