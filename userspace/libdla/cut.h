/* SPDX-License-Identifier: MIT */
#ifndef DLA_CUT_H
#define DLA_CUT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Divide nodes between two sides at the least cost, as a minimum cut: exact, and quick also for
 * thousands of nodes. A cost is paid for a node that is on a side, or for a pair of which the first
 * is on the one side and the second on the other.
 */
struct dla_cut;

/* More than any sum of costs: a division that pays this is not to be. */
#define DLA_CUT_NEVER (INT64_MAX / 1024)

/* NULL when memory runs out. Nodes are 0..nodes - 1. */
struct dla_cut *dla_cut_new(unsigned int nodes);
void dla_cut_free(struct dla_cut *cut);

/* What a node costs where it is, >= 0 each. Adds up when called again. */
void dla_cut_node(struct dla_cut *cut, unsigned int node, int64_t cost_near, int64_t cost_far);

/* What it costs, >= 0, that near is on the near side and far on the far side. */
void dla_cut_pair(struct dla_cut *cut, unsigned int near, unsigned int far, int64_t cost);

/*
 * is_near[] is filled in for every node; where both sides cost the same a node is on the far side. Once
 * only. Returns 0 or -ENOMEM, which may be that of an earlier call.
 */
int dla_cut_solve(struct dla_cut *cut, bool *is_near);

#endif
