/* SPDX-License-Identifier: MIT */
#ifndef DLA_TIMELINE_H
#define DLA_TIMELINE_H

#include "measure.h"

/*
 * Write what happened as a trace that https://ui.perfetto.dev and chrome://tracing open: a process each,
 * in it a row for each engine of the NPU and each thread. -1 with errno set.
 */
int timeline_write(const char *path, const struct measure_result *result, unsigned int processes);

#endif
