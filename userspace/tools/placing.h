/* SPDX-License-Identifier: MIT */
#ifndef DLA_PLACING_H
#define DLA_PLACING_H

#include "dla.h"

/*
 * What --place, --cpu and --threads say, for all commands that have them; -1 after a message. --cpu-profile is
 * for the library.
 */
int placing_parse_place(const char *command, const char *value, struct dla_options *options);
int placing_parse_cpu(const char *command, const char *value, struct dla_options *options);
int placing_parse_threads(const char *command, const char *value, struct dla_options *options);

#endif
