/* SPDX-License-Identifier: MIT */
#ifndef DLA_TRACE_H
#define DLA_TRACE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A trace: what a device saw, one command a line, in DIR/trace.txn; the memory contents it names
 * are files in the same folder. The format is described in Documentation/.
 */

enum trace_op {
	TRACE_WRITE,	/* register, value */
	TRACE_READ,	/* register; when played, also what it held */
	TRACE_CHECK,	/* register, mask, value */
	TRACE_POLL,	/* register, mask, value */
	TRACE_INTR,
	TRACE_LOAD,	/* address, file */
	TRACE_DUMP,	/* address, bytes, file */
	TRACE_CRC32,	/* address, bytes, CRC */
	TRACE_MARK,	/* name */
};

#define TRACE_NUMBERS 3

struct trace_command {
	enum trace_op op;
	unsigned int line;
	uint32_t number[TRACE_NUMBERS];	/* in the order of the line */
	char *word;			/* file or name, or NULL */
};

struct trace {
	struct trace_command *commands;
	size_t count;
};

#define TRACE_FILE "trace.txn"

/* 0, or -1 with a sentence in error that names file and line. */
int trace_read(const char *dir, struct trace *trace, char *error, size_t error_size);
void trace_free(struct trace *trace);

#endif
