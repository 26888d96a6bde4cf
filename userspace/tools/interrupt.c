// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stddef.h>

#include "interrupt.h"

/* All that a signal handler may write. */
static volatile sig_atomic_t caught;

static void note(int signal)
{
	caught = signal;
}

void interrupt_catch(bool once)
{
	static const int ends[] = { SIGINT, SIGTERM };
	struct sigaction action = { .sa_handler = note, .sa_flags = once ? (int)SA_RESETHAND : 0 }, old;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!sigaction(ends[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(ends[i], &action, NULL);
}

int interrupt_status(void)
{
	return caught ? 128 + caught : 0;
}
