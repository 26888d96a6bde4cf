/* SPDX-License-Identifier: MIT */
#ifndef DLA_FUSE_H
#define DLA_FUSE_H

#include <stdbool.h>

#include "graph.h"

#define DLA_NO_OP (-1)

/*
 * What the NPU may do as one: an operation of the network, as a rule alone. A convolution may bring
 * the PAD before it, whose zeros it can make itself, the ADD behind it, which the SDP can do on the
 * way to memory, and the pooling behind that, which PDP can do further on, with a PAD of its own. Of
 * functions of one element after another the last may bring those before it: together they are one table. A
 * node runs where its last operation stands; nobody but the node sees the tensors between its
 * operations.
 */
#define DLA_NODE_TABLES 2

struct dla_node {
	int table[DLA_NODE_TABLES];	/* functions before it, in their order; or DLA_NO_OP, first of all the first */
	int pad;		/* or DLA_NO_OP */
	int op;			/* what it is */
	int add;		/* or DLA_NO_OP, as those below */
	int pool_pad;
	int pool;
};

struct dla_node dla_node_of(unsigned int op);

/* The operation whose output is the node's. */
unsigned int dla_node_last(const struct dla_node *node);

/* Its operations, in no order; and how many. */
#define DLA_NODE_OPS (DLA_NODE_TABLES + 5)
unsigned int dla_node_ops(const struct dla_node *node, unsigned int op[DLA_NODE_OPS]);

/* Whether an operation is part of it. */
bool dla_node_has(const struct dla_node *node, unsigned int op);

/*
 * Tensors from outside: inputs of the first operation; with an ADD, 1 is what is added and the last.
 * DLA_NO_TENSOR past the last.
 */
int dla_node_input(const struct dla_graph *graph, const struct dla_node *node, unsigned int index);

/* Finds larger nodes, while operations are visited in order. */
struct dla_fuser {
	const struct dla_graph *graph;
	bool exact;			/* no node that skips a rounding */
	struct dla_node *node;		/* per operation: what it has become, the caller says */
	unsigned int *uses;		/* per tensor */
};

/* -ENOMEM is the only error; release also then. */
int dla_fuser_init(struct dla_fuser *fuser, const struct dla_graph *graph, bool exact);
void dla_fuser_release(struct dla_fuser *fuser);

/*
 * Nodes of several operations that op may be the last of, the best first, and how many. They grow
 * from what earlier operations have become. Whether the NPU can do one is the lowering's to say.
 */
#define DLA_FUSE_CHOICES 2
unsigned int dla_fuse(const struct dla_fuser *fuser, unsigned int op, struct dla_node choice[DLA_FUSE_CHOICES]);

#endif
