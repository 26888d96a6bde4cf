/* SPDX-License-Identifier: MIT */
#ifndef DLA_KEYS_H
#define DLA_KEYS_H

#include <stdbool.h>
#include <termios.h>

/* A terminal whose keys are seen as they are pressed, if standard input is one. */
struct keys {
	int ends;			/* signalfd of SIGINT and SIGTERM, which are blocked */
	bool changed;
	struct termios before;
};

/* 0, or -errno. */
int keys_open(struct keys *keys);

/* Leave the terminal as it was; the signals stay blocked. */
void keys_close(struct keys *keys);

/* Wait for so long; false, at once, when q was pressed or a signal came. */
bool keys_wait(struct keys *keys, double seconds);

#endif
