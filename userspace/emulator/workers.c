// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "workers.h"

struct workers {
	pthread_mutex_t lock;		/* of all below and of the state of all work */
	pthread_cond_t added, done;
	struct work *first, **last;
	bool stop;
	unsigned int threads;
	pthread_t thread[];
};

static void take_out(struct workers *workers, struct work *work)
{
	struct work **at = &workers->first;

	while (*at != work)
		at = &(*at)->next;
	*at = work->next;
	if (!work->next)
		workers->last = at;
}

/* The lock is held before and after, but not meanwhile. */
static void carry_out(struct workers *workers, struct work *work)
{
	take_out(workers, work);
	work->state = WORK_RUNNING;
	pthread_mutex_unlock(&workers->lock);
	work->run(work);
	pthread_mutex_lock(&workers->lock);
	work->state = WORK_DONE;
	pthread_cond_broadcast(&workers->done);
}

static void *thread(void *opaque)
{
	struct workers *workers = opaque;

	pthread_mutex_lock(&workers->lock);
	while (!workers->stop) {
		if (workers->first)
			carry_out(workers, workers->first);
		else
			pthread_cond_wait(&workers->added, &workers->lock);
	}
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

/* Signals are for the threads of the program that this one has been loaded into. */
static int start_thread(struct workers *workers)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&workers->thread[workers->threads], NULL, thread, workers);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	workers->threads += !err;
	return err;
}

struct workers *workers_new(unsigned int threads)
{
	size_t bytes = sizeof(struct workers) + threads * sizeof(pthread_t);
	struct workers *workers = calloc(1, bytes);
	int err = 0;

	if (!workers)
		return NULL;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->added, NULL);
	pthread_cond_init(&workers->done, NULL);
	workers->last = &workers->first;
	while (!err && workers->threads < threads)
		err = start_thread(workers);
	if (err) {
		workers_free(workers);
		errno = err;
		return NULL;
	}
	return workers;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->stop = true;
	pthread_cond_broadcast(&workers->added);
	pthread_mutex_unlock(&workers->lock);
	for (unsigned int i = 0; i < workers->threads; i++)
		pthread_join(workers->thread[i], NULL);
	pthread_cond_destroy(&workers->added);
	pthread_cond_destroy(&workers->done);
	pthread_mutex_destroy(&workers->lock);
	free(workers);
}

void workers_add(struct workers *workers, struct work *work)
{
	if (!workers) {
		work->state = WORK_QUEUED;
		return;
	}
	pthread_mutex_lock(&workers->lock);
	work->state = WORK_QUEUED;
	work->next = NULL;
	*workers->last = work;
	workers->last = &work->next;
	pthread_cond_signal(&workers->added);
	pthread_mutex_unlock(&workers->lock);
}

void workers_wait(struct workers *workers, struct work *work)
{
	if (!workers) {
		if (work->state == WORK_QUEUED)
			work->run(work);
		work->state = WORK_DONE;
		return;
	}
	pthread_mutex_lock(&workers->lock);
	if (work->state == WORK_QUEUED)
		carry_out(workers, work);
	while (work->state != WORK_DONE)
		pthread_cond_wait(&workers->done, &workers->lock);
	pthread_mutex_unlock(&workers->lock);
}

bool workers_ready(struct workers *workers, const struct work *work)
{
	bool done;

	if (!workers)
		return true;
	pthread_mutex_lock(&workers->lock);
	done = work->state == WORK_DONE;
	pthread_mutex_unlock(&workers->lock);
	return done;
}

void workers_cancel(struct workers *workers, struct work *work)
{
	if (!workers) {
		work->state = WORK_NONE;
		return;
	}
	pthread_mutex_lock(&workers->lock);
	if (work->state == WORK_QUEUED)
		take_out(workers, work);
	while (work->state == WORK_RUNNING)
		pthread_cond_wait(&workers->done, &workers->lock);
	work->state = WORK_NONE;
	pthread_mutex_unlock(&workers->lock);
}
