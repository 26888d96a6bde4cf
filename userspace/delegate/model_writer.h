/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_MODEL_WRITER_H
#define DELEGATE_MODEL_WRITER_H

#include "abi.h"

/* A growing list of numbers of nodes or tensors. */
struct list {
	int *item;
	unsigned int count;
};

bool list_add(struct list *list, int item);
bool list_has(const struct list *list, int item);
/* As the runtime wants them, for free(); NULL: out of memory. */
struct tfl_ints *list_ints(const struct list *list);
void list_free(struct list *list);

/* Operations of a graph as a .tflite file in memory. */
struct model {
	uint8_t *data;
	size_t bytes;
	struct list inputs, outputs;	/* tensors of the graph, in the file's order */
};

/* NULL, or a phrase: why this node cannot be written. */
const char *model_refuses(struct tfl_context *context, int node);

/*
 * Write these nodes, which model_refuses() none of, in this order; outputs are what is wanted of them.
 * False: out of memory, or the file would be larger than 2 GiB.
 */
bool model_write(struct tfl_context *context, const struct list *nodes, const struct list *outputs,
		 struct model *model);
void model_free(struct model *model);

#endif
