/* SPDX-License-Identifier: MIT */
#ifndef DLA_TOUCHED_H
#define DLA_TOUCHED_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Which memory a device has read and written, as a monitor on its AXI port sees it: reads in whole
 * beats, writes in bytes.
 *
 * As text, in a file of a trace's folder: lines "R START END" and "W START END", hexadecimal, the
 * end exclusive, reads before writes, each kind sorted and merged; "#" starts a comment.
 */

#define TOUCHED_FILE "addresses"
#define TOUCHED_BEAT 8

struct touched_page;

/* Zero to start. */
struct touched {
	struct touched_page **tables[1 << 10];
};

/* 0 or -ENOMEM. Addresses of 32 bits; what lies beyond is not noted. */
int touched_note_read(struct touched *touched, uint64_t addr, size_t len);
int touched_note_write(struct touched *touched, uint64_t addr, size_t len);
void touched_clear(struct touched *touched);

struct touched_range {
	uint64_t start, end;
};

/* Sorted, neither empty nor adjacent. */
struct touched_set {
	struct touched_range *ranges;
	size_t count;
};

struct touched_sets {
	struct touched_set read, written;
};

/* 0 or -ENOMEM. */
int touched_collect(const struct touched *touched, struct touched_sets *sets);
/* 0, or -1 with a sentence in error. */
int touched_load(const char *path, struct touched_sets *sets, char *error, size_t error_size);
void touched_print(const struct touched_sets *sets, FILE *file);
void touched_sets_free(struct touched_sets *sets);

/* 0 if both are the same, else -1 with a sentence in error that says where they begin to differ. */
int touched_compare(const struct touched_sets *got, const struct touched_sets *expected,
		    char *error, size_t error_size);

#endif
