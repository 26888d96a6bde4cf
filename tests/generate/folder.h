/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_FOLDER_H
#define GENERATE_FOLDER_H

#include "memory.h"

/*
 * Write a trace's folder: memory contents, the trace, and what the emulator makes of it: a CRC over
 * each stretch that is written to, guards included, and which addresses are touched. 0; 1 with a
 * sentence on stderr when the emulator cannot play it, and then the folder says nothing of what must
 * come out; -1 with errno when it cannot be written.
 */
int folder_write(const char *dir, const char *config, const struct memory *memory,
		 const char *script);

#endif
