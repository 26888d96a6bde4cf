/* SPDX-License-Identifier: MIT */
#ifndef DLA_FLATBUFFER_H
#define DLA_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading FlatBuffers that may be hostile. Every access is checked against the file and the table,
 * nothing is assumed to be aligned. The first violation is remembered; from then on everything
 * reads as absent, so that a reader may ask fb_error() once for a group of accesses. A table leads
 * only to the tables its schema names, so the depth is the schema's, whatever cycles the offsets
 * form.
 */
struct fb {
	const uint8_t *data;
	size_t bytes;
	const char *broken;	/* what is outside the file; NULL: nothing yet */
	uint64_t broken_at;
};

struct fb_table {
	uint32_t pos;		/* 0: absent, every field has its default */
	uint32_t vtable;
	uint16_t vtable_bytes, table_bytes;
};

struct fb_vector {
	uint32_t pos;		/* of the first element */
	uint32_t count;		/* 0 when absent */
};

/* More bytes than that cannot be reached. */
#define FB_MAX_BYTES INT32_MAX

/* 0, or a negative errno with the reason recorded. */
int fb_error(const struct fb *fb);

struct fb_table fb_root(struct fb *fb);

bool fb_has(struct fb *fb, const struct fb_table *table, unsigned int field);

/* Scalars by the width of their schema type; value is the schema's default. */
int8_t fb_i8(struct fb *fb, const struct fb_table *table, unsigned int field, int8_t value);
uint8_t fb_u8(struct fb *fb, const struct fb_table *table, unsigned int field, uint8_t value);
int32_t fb_i32(struct fb *fb, const struct fb_table *table, unsigned int field, int32_t value);
uint32_t fb_u32(struct fb *fb, const struct fb_table *table, unsigned int field, uint32_t value);
uint64_t fb_u64(struct fb *fb, const struct fb_table *table, unsigned int field, uint64_t value);
float fb_f32(struct fb *fb, const struct fb_table *table, unsigned int field, float value);

struct fb_table fb_child(struct fb *fb, const struct fb_table *table, unsigned int field);

/* A vector (or string) of elements of that size; all of it is inside the file. */
struct fb_vector fb_vector(struct fb *fb, const struct fb_table *table, unsigned int field,
			   size_t element_bytes);

/* i must be below the vector's count. */
struct fb_table fb_vector_table(struct fb *fb, const struct fb_vector *vector, uint32_t i);
int32_t fb_vector_i32(const struct fb *fb, const struct fb_vector *vector, uint32_t i);
int64_t fb_vector_i64(const struct fb *fb, const struct fb_vector *vector, uint32_t i);
float fb_vector_f32(const struct fb *fb, const struct fb_vector *vector, uint32_t i);

#endif
