/* SPDX-License-Identifier: MIT */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* Reads what tests/vectors/generate.py writes: networks of one operation, inputs and outputs. */

#define VECTORS "tests/vectors/operations.gz"

#define MAX_BLOBS 32
#define MAX_BYTES (1U << 24)

struct blob {
	uint32_t bytes;
	uint8_t *data;
};

struct vector {
	struct blob name, blob[MAX_BLOBS];
	uint32_t count;
};

static inline void need(bool good)
{
	if (good)
		return;
	fprintf(stderr, "a file of vectors is damaged\n");
	abort();
}

/* False at the end of the file. */
static inline bool read_number(gzFile file, uint32_t *number)
{
	uint8_t byte[4];
	int got = gzread(file, byte, sizeof(byte));

	if (!got)
		return false;
	need(got == sizeof(byte));
	*number = byte[0] | byte[1] << 8 | byte[2] << 16 | (uint32_t)byte[3] << 24;
	return true;
}

static inline void read_blob(gzFile file, struct blob *blob)
{
	need(read_number(file, &blob->bytes) && blob->bytes <= MAX_BYTES);
	blob->data = malloc(blob->bytes + 1);
	need(gzread(file, blob->data, blob->bytes) == (int)blob->bytes);
	blob->data[blob->bytes] = 0;
}

static inline bool read_vector(gzFile file, struct vector *v)
{
	if (!read_number(file, &v->name.bytes))
		return false;
	need(v->name.bytes < 256);
	v->name.data = calloc(1, v->name.bytes + 1);
	need(gzread(file, v->name.data, v->name.bytes) == (int)v->name.bytes);
	need(read_number(file, &v->count) && v->count <= MAX_BLOBS);
	for (uint32_t i = 0; i < v->count; i++)
		read_blob(file, &v->blob[i]);
	return true;
}

static inline void free_vector(struct vector *v)
{
	free(v->name.data);
	for (uint32_t i = 0; i < v->count; i++)
		free(v->blob[i].data);
}

#endif
