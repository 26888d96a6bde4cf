// SPDX-License-Identifier: MIT
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "watch.h"

#define TICK_NS 100000000L

/* False when the work is over. */
static bool wait_tick(struct watch *watch)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += TICK_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	while (sem_timedwait(&watch->over, &until))
		if (errno != EINTR)
			return true;
	return false;
}

static void *look_after(void *arg)
{
	struct watch *watch = arg;
	bool told = false;

	while (wait_tick(watch)) {
		if (interrupt_status() && !told) {
			told = true;
			progress_end(&watch->progress);
			watch->progress.what = NULL;
			watch->interrupted(watch->ctx);
		}
		if (watch->progress.what)
			progress_time(&watch->progress, watch->seconds);
	}
	return NULL;
}

void watch_begin(struct watch *watch, const char *what, double seconds, void (*interrupted)(void *ctx), void *ctx)
{
	*watch = (struct watch) { .seconds = seconds, .interrupted = interrupted, .ctx = ctx };
	progress_begin(&watch->progress, what);
	sem_init(&watch->over, 0, 0);
	/* Without memory for a thread, the work is done all the same. */
	watch->runs = !pthread_create(&watch->thread, NULL, look_after, watch);
}

void watch_end(struct watch *watch)
{
	sem_post(&watch->over);
	if (watch->runs)
		pthread_join(watch->thread, NULL);
	sem_destroy(&watch->over);
	progress_end(&watch->progress);
}

void watch_exit(void *ctx)
{
	(void)ctx;
	_exit(interrupt_status());
}
