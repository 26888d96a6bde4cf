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

struct tflite_kind {
	int32_t builtin;		/* enum tflite_builtin */
	enum dla_op_kind kind;
	uint8_t options; /* enum tflite_options; OPTIONS_NONE: whatever is there is not needed */
	unsigned int min_inputs, max_inputs;
	unsigned int optional;		/* bit i: input i may be absent */
	/* Reads the options and checks that the tensors are what graph.h promises. */
	int (*read)(struct tflite_op *op);
};

/* NULL when the operator is not supported. */
const struct tflite_kind *tflite_kind(int32_t builtin);

#endif
