/* SPDX-License-Identifier: MIT */
#ifndef DLA_ERROR_H
#define DLA_ERROR_H

#include <errno.h>

/*
 * Inside the library a failing function records a sentence for the person who will read it and
 * returns a negative errno; callers pass the number up and may prepend where they were.
 * The text is per thread, like errno.
 */

#define DLA_PRINTF(a, b) __attribute__((format(printf, a, b)))

void dla_error_record(const char *fmt, ...) DLA_PRINTF(1, 2);
void dla_error_record_where(const char *fmt, ...) DLA_PRINTF(1, 2);

static inline int dla_error_number(int err)
{
	return err;
}

/*
 * Record the reason and return -err. err is a positive errno. A macro, so that a static analyser, which does not look
 * into error.c, knows what is returned: never 0.
 */
#define dla_fail(err, ...) (dla_error_record(__VA_ARGS__), dla_error_number(-(err)))

/* The commonest of them. */
static inline int dla_fail_memory(void)
{
	return dla_fail(ENOMEM, "out of memory");
}

/* Put "context: " before the recorded reason; return err (negative) unchanged. */
#define dla_fail_in(err, ...) (dla_error_record_where(__VA_ARGS__), dla_error_number(err))

/* A failure on its way from the thread where it happened to the one that asks for it. */
struct dla_error {
	int err;		/* negative errno; 0: none */
	char reason[512];
};

/* Take err (negative, or 0) and the reason that this thread recorded last. */
void dla_error_keep(struct dla_error *error, int err);

/* Record it in this thread, and return its err. */
int dla_error_raise(const struct dla_error *error);

#endif
