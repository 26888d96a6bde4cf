/* SPDX-License-Identifier: MIT */
#ifndef DLA_STATUS_H
#define DLA_STATUS_H

/* Exit codes of commands that run networks: what failed, so that a script can tell. */
enum {
	EXIT_USAGE = 2,
	EXIT_NO_DEVICE = 3,
	EXIT_BAD_MODEL = 4,
	EXIT_BAD_INPUT = 5,
	EXIT_RUN_FAILED = 6,
};

#endif
