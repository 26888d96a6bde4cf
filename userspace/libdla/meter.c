// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "error.h"
#include "meter.h"

/* Batches that are as long are hardly disturbed by the clock, and short enough to miss most interruptions. */
#define BATCH_NS	2000000
#define BATCHES		9
/* The middle one of them may take so many times the quickest; and one may try again. */
#define SPREAD		1.25
#define ATTEMPTS	5

static int batch(const struct dla_meter *meter, int (*fn)(void *ctx), void *ctx, unsigned int count, double *ns)
{
	uint64_t start = meter->now();

	for (unsigned int i = 0; i < count; i++) {
		int err = fn(ctx);

		if (err)
			return err;
	}
	*ns = (double)(meter->now() - start);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int dla_meter(const struct dla_meter *meter, const char *what, int (*fn)(void *ctx), void *ctx, double *ns)
{
	unsigned int count = 1;
	double time[BATCHES];
	int err = batch(meter, fn, ctx, count, &time[0]);

	while (!err && time[0] < BATCH_NS && count < 1u << 24)
		err = batch(meter, fn, ctx, count *= 2, &time[0]);
	for (unsigned int attempt = 0; attempt < ATTEMPTS && !err; attempt++) {
		for (unsigned int i = 0; i < BATCHES && !err; i++)
			err = batch(meter, fn, ctx, count, &time[i]);
		if (err)
			return err;
		qsort(time, BATCHES, sizeof(time[0]), by_size);
		*ns = time[BATCHES / 2] / count;
		if (time[BATCHES / 2] <= SPREAD * time[0])
			return 0;
	}
	return err ? err : dla_fail(EAGAIN, "%s took from %.3f to %.3f us: something else keeps this machine busy", what,
				    time[0] / count / 1e3, time[BATCHES - 1] / count / 1e3);
}
