/* SPDX-License-Identifier: MIT */
#ifndef DLA_JOIN_H
#define DLA_JOIN_H

#include <stdbool.h>

struct dla_network;

/*
 * One network behind another: the first's only output is the second's only input, tensor 0. The second, the tail, is
 * compiled for memory that begins where the first one's ends, and has a slot of its own for its constants. So
 * both can become one network that has their programs and constants, as they are: any number of tails behind
 * one front, which is compiled once.
 */

/* While the tail is compiled: move its memory behind the front's, but for its input. */
void dla_join_move(struct dla_network *tail, const struct dla_network *front);

/* Make one of both; it shares them. keep: every tensor comes to host memory, also what the NPU hands on to itself. */
int dla_join(struct dla_network *front, struct dla_network *tail, const char *name, bool keep,
	     struct dla_network **joined);

/* What it has of both. */
void dla_join_release(struct dla_network *joined);

#endif
