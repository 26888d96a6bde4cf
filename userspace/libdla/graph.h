/* SPDX-License-Identifier: MIT */
#ifndef DLA_GRAPH_H
#define DLA_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A network as its author wrote it: tensors in NHWC order and the operations between them, in an
 * order in which every input is made before it is used. Importers (tflite.c) build it, everything
 * else reads it. Once built it never changes.
 *
 * An importer guarantees, and nobody behind it checks again:
 * - every index is in range (an absent optional input is DLA_NO_TENSOR), every dimension is >= 1,
 *   a tensor's size fits in 31 bits, and constants have exactly that many bytes;
 * - the ranks, types, shapes and quantisation of an operation's tensors are those its kind requires,
 *   so that a kernel may index its tensors by their shapes;
 * - scales of quantised tensors are finite and > 0, zero points fit in the type.
 */

#define DLA_MAX_RANK 6
#define DLA_NO_TENSOR (-1)

enum dla_type {
	DLA_INT8,
	DLA_UINT8,
	DLA_INT16,
	DLA_INT32,
	DLA_INT64,
	DLA_FLOAT32,
	DLA_BOOL,
};

size_t dla_type_size(enum dla_type type);
const char *dla_type_name(enum dla_type type);	/* "int8", as TFLite and NumPy write it */

struct dla_shape {
	unsigned int rank;
	int32_t dim[DLA_MAX_RANK];	/* outermost first */
};

/* real = scale[i] * (stored - zero_point[i]); i is 0, or the index along axis when count > 1. */
struct dla_quant {
	unsigned int count;		/* 0: not quantised */
	unsigned int axis;
	const float *scale;
	const int32_t *zero_point;
};

struct dla_tensor {
	const char *name;
	enum dla_type type;
	struct dla_shape shape;
	struct dla_quant quant;
	size_t bytes;
	const void *data;		/* constant, owned by the graph; NULL when computed. 16-byte aligned. */
	int producer;			/* operation that writes it, or -1 */
};

enum dla_activation {
	DLA_ACT_NONE,
	DLA_ACT_RELU,
	DLA_ACT_RELU6,
	DLA_ACT_RELU_N1_TO_1,
};

enum dla_op_kind {
	DLA_OP_ADD,
	DLA_OP_AVERAGE_POOL_2D,
	DLA_OP_CONCATENATION,
	DLA_OP_CONV_2D,
	DLA_OP_DEPTHWISE_CONV_2D,
	DLA_OP_DEPTH_TO_SPACE,
	DLA_OP_DEQUANTIZE,
	DLA_OP_EXPAND_DIMS,
	DLA_OP_FULLY_CONNECTED,
	DLA_OP_HARD_SWISH,
	DLA_OP_LEAKY_RELU,
	DLA_OP_LOGISTIC,
	DLA_OP_MAXIMUM,
	DLA_OP_MAX_POOL_2D,
	DLA_OP_MEAN,
	DLA_OP_MINIMUM,
	DLA_OP_MIRROR_PAD,
	DLA_OP_MUL,
	DLA_OP_PACK,
	DLA_OP_PAD,
	DLA_OP_PADV2,
	DLA_OP_PRELU,
	DLA_OP_QUANTIZE,
	DLA_OP_RELU,
	DLA_OP_RELU6,
	DLA_OP_RELU_0_TO_1,
	DLA_OP_RELU_N1_TO_1,
	DLA_OP_RESHAPE,
	DLA_OP_RESIZE_BILINEAR,
	DLA_OP_RESIZE_NEAREST_NEIGHBOR,
	DLA_OP_SLICE,
	DLA_OP_SOFTMAX,
	DLA_OP_SPACE_TO_DEPTH,
	DLA_OP_SPLIT,
	DLA_OP_SPLIT_V,
	DLA_OP_SQUEEZE,
	DLA_OP_STRIDED_SLICE,
	DLA_OP_SUB,
	DLA_OP_TANH,
	DLA_OP_TRANSPOSE,
	DLA_OP_TRANSPOSE_CONV,
	DLA_OP_UNPACK,
	DLA_OP_KIND_COUNT
};

const char *dla_op_kind_name(enum dla_op_kind kind);	/* TFLite's own name, "CONV_2D" */

/* Padding is given in full, so that nobody has to know SAME from VALID. */
struct dla_window {
	int32_t kernel_h, kernel_w;
	int32_t stride_h, stride_w;
	int32_t dilation_h, dilation_w;
	int32_t pad_top, pad_bottom, pad_left, pad_right;
};

struct dla_op {
	enum dla_op_kind kind;
	unsigned int input_count, output_count;
	const int *input;		/* tensor indices */
	const int *output;
	enum dla_activation activation;	/* fused */
	union {
		/*
		 * CONV_2D, DEPTHWISE_CONV_2D, pools; for TRANSPOSE_CONV that of the convolution
		 * that would lead from its output to its input.
		 */
		struct dla_window window;
		struct {
			float beta;
		} softmax;
		struct {
			float alpha;
		} leaky_relu;
		struct {
			unsigned int axis;	/* never negative; PACK: of the output */
		} concat;			/* and PACK */
		struct {
			unsigned int axis;	/* of the input */
		} split;			/* SPLIT, SPLIT_V, UNPACK */
		struct {
			unsigned int from[DLA_MAX_RANK];	/* axis of the input, by the output's */
		} transpose;
		struct {
			bool align_corners, half_pixel_centers;	/* never both */
		} resize;
		struct {
			int32_t size;
		} block;			/* DEPTH_TO_SPACE, SPACE_TO_DEPTH */
		struct {
			int32_t begin[DLA_MAX_RANK];
			int32_t stride[DLA_MAX_RANK];	/* non-zero */
			int32_t count[DLA_MAX_RANK];	/* 1 for an axis that the output lacks */
		} slice;		/* and STRIDED_SLICE; by the input's axes */
		struct {
			uint32_t axes;			/* bit i: axis i of the input is averaged away */
		} mean;
		struct {
			int32_t before[DLA_MAX_RANK];
			uint8_t value[4];	/* what an element of padding is stored as */
		} pad;			/* and PADV2 */
		struct {
			int32_t before[DLA_MAX_RANK];
			bool twice;	/* the edge itself is repeated too */
		} mirror;
	};
};

/*
 * Inputs by kind, as in TFLite but for the first two of SPLIT and TRANSPOSE_CONV:
 * CONV_2D            0 input [N,H,W,C], 1 weights [K,R,S,C], 2 bias int32 [K] or absent
 * TRANSPOSE_CONV     0 input [N,H,W,C], 1 weights [K,R,S,C], 3 bias or absent
 * DEPTHWISE_CONV_2D  0 input [N,H,W,C], 1 weights [1,R,S,C*multiplier], 2 bias or absent
 * FULLY_CONNECTED    0 input, any shape of N*C elements, 1 weights [K,C], 2 bias or absent
 * ADD, SUB, MUL,     two inputs, broadcast as NumPy does
 * MAXIMUM, MINIMUM
 * PRELU              0 input, 1 slopes, broadcast to the input's shape
 * CONCATENATION,     one or more
 * PACK
 * others             0 input; what follows (a shape, axes, paddings) is in the operation already
 * SPLIT, SPLIT_V and UNPACK have one output or more, every other operation one. Weights and biases
 * are constants, a bias may have any shape of K elements. Activations are int8 or uint8 with one
 * scale, the same type all around an operation; but QUANTIZE turns float32, int8 or uint8 into int8
 * or uint8, DEQUANTIZE makes float32, and what only moves elements also moves float32. Weights are
 * int8 with zero points 0 and one scale or one per output channel, or uint8 with one scale and any
 * zero point. What an operation moves or picks without arithmetic (the pools, MAXIMUM and MINIMUM,
 * RESIZE_*, and all that moves) keeps scale and zero point. What LOGISTIC and SOFTMAX make has scale
 * 1/256, what TANH makes 1/128.
 */

/* Only another shape of what is in memory already: RESHAPE, EXPAND_DIMS and SQUEEZE. */
bool dla_op_is_view(enum dla_op_kind kind);

struct dla_graph {
	const char *name;		/* as given to the importer */
	unsigned int tensor_count, op_count, input_count, output_count;
	const struct dla_tensor *tensor;
	const struct dla_op *op;
	const int *input;		/* tensor indices; at least one, each once */
	const int *output;		/* at least one, each made by an operation */
	void *memory;			/* everything above lives here; for dla_graph_free() */
};

void dla_graph_free(struct dla_graph *graph);

/* Whether a tensor is an output of the network. */
bool dla_graph_has_output(const struct dla_graph *graph, int tensor);

size_t dla_shape_elements(const struct dla_shape *shape);

/* Multiply-accumulates of an operation as the benchmarks count them: those with weights; 0 else. */
uint64_t dla_op_macs(const struct dla_graph *graph, unsigned int op);

#endif
