/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_WORKERS_H
#define NVDLA_EMU_WORKERS_H

/*
 * Threads that compute what is needed later. Work is begun in the order in which it was added, and
 * whoever waits for work that nobody has begun does it, so that work may wait for earlier work.
 * With NULL for the threads all of it is done by who waits for it.
 */
#include <stdbool.h>

struct workers;

/* To be embedded. All zeroes but run is work that has not been added. */
struct work {
	void (*run)(struct work *work);
	enum { WORK_NONE, WORK_QUEUED, WORK_RUNNING, WORK_DONE } state;
	struct work *next;
};

/* NULL with errno set. */
struct workers *workers_new(unsigned int threads);
/* Nothing may be queued. */
void workers_free(struct workers *workers);

void workers_add(struct workers *workers, struct work *work);
/* Of work that was added. */
void workers_wait(struct workers *workers, struct work *work);
/* Waiting for it would take no time; true if there are no threads, which would not get it done. */
bool workers_ready(struct workers *workers, const struct work *work);
/* Afterwards it is not being done and never will be. Any work; waits if somebody is at it. */
void workers_cancel(struct workers *workers, struct work *work);

#endif
