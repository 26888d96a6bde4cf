/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_PARTITION_H
#define DELEGATE_PARTITION_H

#include "model_writer.h"
#include "npu.h"

/* Nodes that the runtime can replace by one of ours, compiled. */
struct partition {
	struct partition *next;
	struct list nodes;
	struct list inputs, outputs;	/* tensors, in the network's order */
	struct dla_network *network;
};

/* The partitions of one graph, and their nodes. */
struct claim {
	struct partition *partitions;
	struct list nodes;
};

/*
 * Decide what of a graph runs on the NPU, and compile it. What cannot be compiled is not claimed; so
 * only the lack of memory and a runtime that does not answer make it fail.
 */
bool claim_make(struct npu *npu, struct tfl_context *context, struct claim *claim);
void claim_free(struct claim *claim);

/* Hand out the partition of these nodes; NULL: there is none. */
struct partition *claim_take(struct claim *claim, const struct tfl_ints *nodes);
void partition_free(struct partition *partition);

#endif
