/* SPDX-License-Identifier: MIT */
#ifndef DLA_THREADS_H
#define DLA_THREADS_H

/*
 * Threads for what requests do on the CPU: as many as the process has CPUs, but no more than there was
 * ever work for at a time. Whatever waits is done first come, first served.
 */
struct dla_threads;

/* Embedded in what is to be done. */
struct dla_work {
	void (*fn)(struct dla_work *work, unsigned int thread);	/* thread: from 0 up */
	struct dla_work *next;
};

struct dla_threads *dla_threads_new(void);		/* NULL: out of memory */
void dla_threads_free(struct dla_threads *threads);	/* no work is left; accepts NULL */

/* Make sure that there is one: the first may not be had for want of memory, later ones are a gain only. */
int dla_threads_start(struct dla_threads *threads);

/* fn() may push its own work again. */
void dla_threads_push(struct dla_threads *threads, struct dla_work *work);

#endif
