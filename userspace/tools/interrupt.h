/* SPDX-License-Identifier: MIT */
#ifndef DLA_INTERRUPT_H
#define DLA_INTERRUPT_H

#include <stdbool.h>

/*
 * From now on SIGINT and SIGTERM are only noted, so that what was begun can be cleaned up; with @once, a second
 * one kills. Who was started with them ignored goes on ignoring them.
 */
void interrupt_catch(bool once);

/* 0, or the exit status of a program that was interrupted. */
int interrupt_status(void);

#endif
