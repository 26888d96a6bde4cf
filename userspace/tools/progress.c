// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <unistd.h>

#include "progress.h"

#define BAR_WIDTH 30

static double seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

void progress_begin(struct progress *p, const char *what)
{
	p->what = what;
	p->visible = false;
	clock_gettime(CLOCK_MONOTONIC, &p->start);
	p->shown = p->start;
}

/* Whether there is something to see: what is over at once shows no line, and it stays readable. */
static bool is_due(struct progress *p, double elapsed)
{
	if (elapsed < 1 || (p->visible && seconds_since(&p->shown) < 0.1) || !isatty(STDERR_FILENO))
		return false;
	p->visible = true;
	clock_gettime(CLOCK_MONOTONIC, &p->shown);
	return true;
}

void progress_step(void *ctx, unsigned int done, unsigned int total)
{
	struct progress *p = ctx;
	double elapsed = seconds_since(&p->start);
	unsigned int filled = total ? (unsigned int)((unsigned long long)done * BAR_WIDTH / total) : 0;

	if (is_due(p, elapsed))
		fprintf(stderr, "\r%s [%.*s%*s] %u/%u  %.0f s\033[K", p->what, (int)filled,
			"##############################", (int)(BAR_WIDTH - filled), "", done, total, elapsed);
}

void progress_time(struct progress *p, double total)
{
	double elapsed = seconds_since(&p->start);
	double share = total > 0 ? elapsed / total : 0;
	int filled = (int)(BAR_WIDTH * (share < 1 ? share : 1));

	if (!is_due(p, elapsed))
		return;
	if (total > 0)
		fprintf(stderr, "\r%s [%.*s%*s] %.0f/%.0f s\033[K", p->what, filled,
			"##############################", BAR_WIDTH - filled, "", elapsed, total);
	else
		fprintf(stderr, "\r%s  %.0f s\033[K", p->what, elapsed);
}

void progress_end(struct progress *p)
{
	if (p->visible)
		fprintf(stderr, "\r\033[K");
	p->visible = false;
}
