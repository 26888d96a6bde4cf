/* SPDX-License-Identifier: MIT */
#ifndef DLA_METER_H
#define DLA_METER_H

#include <stdint.h>

/* Finds how long something takes that can be done again and again, if that can be known. */
struct dla_meter {
	uint64_t (*now)(void);		/* nanoseconds */
};

/*
 * Nanoseconds of fn(ctx), which returns 0 or a negative errno. -EAGAIN when it took very different times,
 * because the machine does something else as well; what: "convolution".
 */
int dla_meter(const struct dla_meter *meter, const char *what, int (*fn)(void *ctx), void *ctx, double *ns);

#endif
