/* SPDX-License-Identifier: MIT */
#ifndef DLA_PROGRESS_H
#define DLA_PROGRESS_H

#include <stdbool.h>
#include <time.h>

/*
 * A line on the terminal for work that takes longer than a second; nothing at all where standard
 * error is no terminal. Zero to start.
 */
struct progress {
	const char *what;
	struct timespec start, shown;
	bool visible;
};

void progress_begin(struct progress *progress, const char *what);
void progress_step(void *progress, unsigned int done, unsigned int total);	/* a dla_progress_fn */

/* For work of which only the time is known that it takes, in seconds; 0 if not even that. */
void progress_time(struct progress *progress, double total);

void progress_end(struct progress *progress);

#endif
