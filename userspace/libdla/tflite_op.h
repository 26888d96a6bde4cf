/* SPDX-License-Identifier: MIT */
#ifndef DLA_TFLITE_OP_H
#define DLA_TFLITE_OP_H

#include "flatbuffer.h"
#include "graph.h"

/* Between the reader of the file and the readers of its operations. */

/* How a tensor is named in a reason. */
#define TENSOR_FMT "tensor %d \"%.64s\""
#define TENSOR_ARGS(graph, i) (i), (graph)->tensor[i].name

struct tflite_op {
	struct fb *fb;
	const struct dla_graph *graph;
	struct fb_table options;	/* of the kind's own type, or absent */
	struct dla_op *op;		/* inputs and outputs are there and in range */
};

/* Reads the options and checks that the tensors are what graph.h promises. */
typedef int tflite_read_fn(struct tflite_op *op);

struct tflite_kind {
	int32_t builtin;		/* enum tflite_builtin */
	enum dla_op_kind kind;
	uint8_t options; /* enum tflite_options; OPTIONS_NONE: whatever is there is not needed */
	unsigned int min_inputs, max_inputs, max_outputs;
	unsigned int optional;		/* bit i: input i may be absent */
	unsigned int main;		/* input that graph.h puts first; the file's first takes its place */
	unsigned int types;		/* 1 << enum dla_type: what the main input may be */
	const char *limits;		/* what else must be so, for people; NULL: nothing */
	tflite_read_fn *read;
};

/* NULL when the operator is not supported. */
const struct tflite_kind *tflite_kind(int32_t builtin);

/* The index'th of all in the order of their names; NULL past the last. */
const struct tflite_kind *tflite_kind_at(unsigned int index);

#endif
