/* SPDX-License-Identifier: MIT */
#ifndef DLA_WATCH_H
#define DLA_WATCH_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "progress.h"

/*
 * A thread that looks after work which says nothing itself and cannot be stopped: it keeps the line on the terminal
 * up to date, and when the program is interrupted, calls interrupted() once, which need not return.
 */
struct watch {
	struct progress progress;
	double seconds;
	void (*interrupted)(void *ctx);
	void *ctx;
	sem_t over;
	pthread_t thread;
	bool runs;
};

/* @what is NULL for no line; @seconds is how long the work should take, 0 if that is not known. */
void watch_begin(struct watch *watch, const char *what, double seconds, void (*interrupted)(void *ctx), void *ctx);
void watch_end(struct watch *watch);

/* An interrupted() for work that leaves nothing behind. */
void watch_exit(void *ctx);

#endif
