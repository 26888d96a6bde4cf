// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "error.h"

/*
 * The cheapest division is what the largest flow from a source, which is near, to a sink, which is
 * far, saturates. Dinic's algorithm: shortest paths first, level by level.
 */
struct edge {
	unsigned int to, next;		/* next of the same node, or NONE */
	int64_t left;			/* capacity; the edge with the lowest bit flipped goes back */
};

struct dla_cut {
	unsigned int nodes;		/* with source and sink, the last two */
	unsigned int *first;		/* edge of a node, or NONE */
	unsigned int *now;		/* edge that a path tries next */
	unsigned int *level;
	unsigned int *queue;
	struct edge *edge;
	unsigned int edges, room;
	int err;
};

#define NONE	(~0u)

struct dla_cut *dla_cut_new(unsigned int nodes)
{
	struct dla_cut *cut = calloc(1, sizeof(*cut));
	unsigned int all = nodes + 2;

	if (cut) {
		cut->nodes = all;
		cut->first = malloc(all * sizeof(*cut->first));
		cut->now = malloc(all * sizeof(*cut->now));
		cut->level = malloc(all * sizeof(*cut->level));
		cut->queue = malloc(all * sizeof(*cut->queue));
	}
	if (!cut || !cut->first || !cut->now || !cut->level || !cut->queue) {
		dla_cut_free(cut);
		dla_fail_memory();
		return NULL;
	}
	memset(cut->first, 0xff, all * sizeof(*cut->first));
	return cut;
}

void dla_cut_free(struct dla_cut *cut)
{
	if (!cut)
		return;
	free(cut->first);
	free(cut->now);
	free(cut->level);
	free(cut->queue);
	free(cut->edge);
	free(cut);
}

static unsigned int source(const struct dla_cut *cut)
{
	return cut->nodes - 2;
}

static unsigned int sink(const struct dla_cut *cut)
{
	return cut->nodes - 1;
}

static void half_edge(struct dla_cut *cut, unsigned int from, unsigned int to, int64_t cost)
{
	cut->edge[cut->edges] = (struct edge) { .to = to, .next = cut->first[from], .left = cost };
	cut->first[from] = cut->edges++;
}

static void add_edge(struct dla_cut *cut, unsigned int from, unsigned int to, int64_t cost)
{
	if (cost <= 0 || cut->err)
		return;
	if (cut->edges + 2 > cut->room) {
		unsigned int room = cut->room ? 2 * cut->room : 64;
		struct edge *edge = realloc(cut->edge, room * sizeof(*edge));

		if (!edge) {
			cut->err = dla_fail_memory();
			return;
		}
		cut->edge = edge;
		cut->room = room;
	}
	half_edge(cut, from, to, cost);
	half_edge(cut, to, from, 0);
}

void dla_cut_node(struct dla_cut *cut, unsigned int node, int64_t cost_near, int64_t cost_far)
{
	add_edge(cut, node, sink(cut), cost_near);
	add_edge(cut, source(cut), node, cost_far);
}

void dla_cut_pair(struct dla_cut *cut, unsigned int near, unsigned int far, int64_t cost)
{
	add_edge(cut, near, far, cost);
}

/* Distance of every node from the source along edges with something left; true if the sink has one. */
static bool find_levels(struct dla_cut *cut)
{
	unsigned int head = 0, tail = 0;

	memset(cut->level, 0xff, cut->nodes * sizeof(*cut->level));
	cut->level[source(cut)] = 0;
	cut->queue[tail++] = source(cut);
	while (head < tail) {
		unsigned int node = cut->queue[head++];

		for (unsigned int e = cut->first[node]; e != NONE; e = cut->edge[e].next) {
			unsigned int to = cut->edge[e].to;

			if (!cut->edge[e].left || cut->level[to] != NONE)
				continue;
			cut->level[to] = cut->level[node] + 1;
			cut->queue[tail++] = to;
		}
	}
	return cut->level[sink(cut)] != NONE;
}

/* Push along what is on the path, its edges in queue[0..length). */
static void push(struct dla_cut *cut, unsigned int length)
{
	int64_t least = INT64_MAX;

	for (unsigned int i = 0; i < length; i++)
		if (cut->edge[cut->queue[i]].left < least)
			least = cut->edge[cut->queue[i]].left;
	for (unsigned int i = 0; i < length; i++) {
		cut->edge[cut->queue[i]].left -= least;
		cut->edge[cut->queue[i] ^ 1].left += least;
	}
}

/* Paths of one length, until there is none more. No recursion: a network may be long. */
static void push_level(struct dla_cut *cut)
{
	unsigned int node = source(cut), length = 0;

	memcpy(cut->now, cut->first, cut->nodes * sizeof(*cut->now));
	for (;;) {
		unsigned int e = cut->now[node];

		if (node == sink(cut)) {
			push(cut, length);
			node = source(cut);
			length = 0;
		} else if (e == NONE) {
			if (!length)
				return;
			/* Nothing leads on from here: back, and past the edge that led here. */
			e = cut->queue[--length];
			node = cut->edge[e ^ 1].to;
			cut->now[node] = cut->edge[e].next;
		} else if (cut->edge[e].left && cut->level[cut->edge[e].to] == cut->level[node] + 1) {
			cut->queue[length++] = e;
			node = cut->edge[e].to;
		} else {
			cut->now[node] = cut->edge[e].next;
		}
	}
}

int dla_cut_solve(struct dla_cut *cut, bool *is_near)
{
	if (cut->err)
		return cut->err;
	while (find_levels(cut))
		push_level(cut);
	for (unsigned int i = 0; i + 2 < cut->nodes; i++)
		is_near[i] = cut->level[i] != NONE;
	return 0;
}
