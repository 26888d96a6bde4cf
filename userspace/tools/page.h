/* SPDX-License-Identifier: MIT */
#ifndef DLA_PAGE_H
#define DLA_PAGE_H

#include <jansson.h>

#include "measure.h"

/*
 * Write one HTML file that needs nothing else: the numbers of a measurement, its latencies, where the time
 * went by operation, a roofline, a timeline. summary is what `dla bench --json` prints; the network is read
 * again for what its operations are. Returns an exit status, after a message if not 0.
 */
int page_write(const char *path, const struct measure_options *options, const struct measure_result *result,
	       const json_t *summary);

#endif
