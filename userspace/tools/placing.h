/* SPDX-License-Identifier: MIT */
#ifndef DLA_PLACING_H
#define DLA_PLACING_H

#include "dla.h"

/* The options that say where a network's operations run and how, of all commands: beside letters, below a command's own. */
enum { PLACING_PLACE = 128, PLACING_CPU, PLACING_PROFILE, PLACING_THREADS, PLACING_EXACT };

/* What one of them says, or what is none of them, such as getopt's '?'; -1 after a message. */
int placing_parse(const char *command, int option, const char *value, struct dla_options *options);

#endif
