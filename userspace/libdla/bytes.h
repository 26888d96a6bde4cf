/* SPDX-License-Identifier: MIT */
#ifndef DLA_BYTES_H
#define DLA_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers, lowest byte first, and bytes, one after the other in memory. */

/* Grows as needed; failed: memory has run out, and all is in vain. The data are the caller's to free. */
struct dla_writer {
	uint8_t *data;
	size_t bytes, room;
	bool failed;
};

void dla_write(struct dla_writer *writer, const void *data, size_t bytes);
void dla_write_u32(struct dla_writer *writer, uint32_t value);
void dla_write_u64(struct dla_writer *writer, uint64_t value);

/*
 * Both in a row, into a file that is there as a whole or not at all, also when power fails; 0 or a negative
 * errno. What is killed meanwhile leaves "path.part-" and eight digits.
 */
int dla_write_file(const char *path, const struct dla_writer *head, const struct dla_writer *body);

/*
 * The same of a sealed body: before it stand 8 bytes of magic, a version, the body's CRC-32 and its length. Neither
 * seal nor body, if memory had run out for them.
 */
int dla_write_sealed(const char *path, const char *magic, uint32_t version, const struct dla_writer *body);

/* See to it that a file that is new there is there when power fails. */
int dla_sync_folder(const char *path);

/* The whole of a file of at most 2 GiB; the data are the caller's to free. */
int dla_read_file(const char *path, void **data, size_t *bytes);

/* failed: there was less than asked for; everything read from then on is zero. */
struct dla_reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

void dla_read(struct dla_reader *reader, void *data, size_t bytes);

/*
 * The seal of all that is left, as above, to the body's beginning. 0, or a negative errno after dla_fail(): what is
 * wrong is said behind @damaged, what to do about another version is @advice.
 */
int dla_read_seal(struct dla_reader *reader, const char *magic, uint32_t version, const char *damaged, const char *advice);

uint32_t dla_read_u32(struct dla_reader *reader);
uint64_t dla_read_u64(struct dla_reader *reader);

/* How many of what takes so many bytes at least follow: 0, and failed, when there is no room for so many. */
uint32_t dla_read_count(struct dla_reader *reader, size_t bytes);

/* The bytes themselves, or NULL. */
const void *dla_read_in_place(struct dla_reader *reader, uint64_t bytes);

#endif
