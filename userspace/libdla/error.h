/* SPDX-License-Identifier: MIT */
#ifndef DLA_ERROR_H
#define DLA_ERROR_H

/*
 * Inside the library a failing function records a sentence for the person who will read it and
 * returns a negative errno; callers pass the number up and may prepend where they were.
 * The text is per thread, like errno.
 */

#define DLA_PRINTF(a, b) __attribute__((format(printf, a, b)))

/* Record the reason and return -err. err is a positive errno. */
int dla_fail(int err, const char *fmt, ...) DLA_PRINTF(2, 3);

/* Put "context: " before the recorded reason; return err (negative) unchanged. */
int dla_fail_in(int err, const char *fmt, ...) DLA_PRINTF(2, 3);

#endif
