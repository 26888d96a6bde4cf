/* SPDX-License-Identifier: MIT */
#ifndef DLA_EXPLAIN_H
#define DLA_EXPLAIN_H

#include <stdbool.h>

#include <jansson.h>

#include "dla.h"

/* Say where operations are, what that was thought to cost, and why; -1 when nothing could be written. */
int explain(const struct dla_device *device, const struct dla_network *network, bool json);

/* What placing expected of a run; nothing, or JSON's null, where it did not ask for the time. */
void explain_estimate(const struct dla_network *network);
json_t *explain_estimate_json(const struct dla_network *network);

#endif
