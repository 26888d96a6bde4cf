// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "threads.h"

#define MAX_THREADS 64

struct dla_threads {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct dla_work *first, *last;
	unsigned int waiting;		/* work in the list */
	unsigned int idle;		/* threads */
	unsigned int count, limit;
	bool stop;
	pthread_t thread[MAX_THREADS];
};

static void *loop(void *ctx)
{
	struct dla_threads *threads = ctx;
	unsigned int number;

	pthread_mutex_lock(&threads->lock);
	for (number = 0; number + 1 < threads->count; number++)
		if (pthread_equal(threads->thread[number], pthread_self()))
			break;
	for (;;) {
		struct dla_work *work = threads->first;

		if (!work && threads->stop)
			break;
		if (!work) {
			threads->idle++;
			pthread_cond_wait(&threads->more, &threads->lock);
			threads->idle--;
			continue;
		}
		threads->first = work->next;
		threads->waiting--;
		pthread_mutex_unlock(&threads->lock);
		work->fn(work, number);
		pthread_mutex_lock(&threads->lock);
	}
	pthread_mutex_unlock(&threads->lock);
	return NULL;
}

static unsigned int processors(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);

	return count < MAX_THREADS ? (unsigned int)count : MAX_THREADS;
}

struct dla_threads *dla_threads_new(void)
{
	struct dla_threads *threads = calloc(1, sizeof(*threads));

	if (!threads)
		return NULL;
	pthread_mutex_init(&threads->lock, NULL);
	pthread_cond_init(&threads->more, NULL);
	threads->limit = processors();
	return threads;
}

void dla_threads_free(struct dla_threads *threads)
{
	if (!threads)
		return;
	pthread_mutex_lock(&threads->lock);
	threads->stop = true;
	pthread_cond_broadcast(&threads->more);
	pthread_mutex_unlock(&threads->lock);
	for (unsigned int i = 0; i < threads->count; i++)
		pthread_join(threads->thread[i], NULL);
	pthread_cond_destroy(&threads->more);
	pthread_mutex_destroy(&threads->lock);
	free(threads);
}

/* With the lock held, so that the thread finds its number. */
static int add_thread(struct dla_threads *threads)
{
	int err = pthread_create(&threads->thread[threads->count], NULL, loop, threads);

	threads->count += !err;
	return err;
}

int dla_threads_start(struct dla_threads *threads)
{
	int err = 0;

	pthread_mutex_lock(&threads->lock);
	if (!threads->count)
		err = add_thread(threads);
	pthread_mutex_unlock(&threads->lock);
	return err ? dla_fail(err, "no thread: %s", strerror(err)) : 0;
}

void dla_threads_push(struct dla_threads *threads, struct dla_work *work)
{
	pthread_mutex_lock(&threads->lock);
	work->next = NULL;
	if (threads->first)
		threads->last->next = work;
	else
		threads->first = work;
	threads->last = work;
	threads->waiting++;
	if (threads->waiting > threads->idle && threads->count < threads->limit)
		add_thread(threads);
	pthread_cond_signal(&threads->more);
	pthread_mutex_unlock(&threads->lock);
}
