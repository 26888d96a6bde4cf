/* SPDX-License-Identifier: MIT */
#ifndef DLA_CPU_XNN_NODE_H
#define DLA_CPU_XNN_NODE_H

#include <xnnpack.h>

#include "graph.h"

/* Between the parts and the nodes that they are made of. */
struct dla_xnn_builder {
	const struct dla_graph *graph;
	xnn_subgraph_t subgraph;
	uint32_t *value;		/* per tensor: its Value, or XNN_INVALID_VALUE_ID */
	/* Memory that the runtime refers to, in a list that starts every piece; the part's to free. */
	void *memory;
};

/* Zeroed; NULL when there is none left. Has room for reads past its end. */
void *dla_xnn_memory(struct dla_xnn_builder *b, size_t bytes);

/* Define tensor as a Value; external_id is one or XNN_INVALID_VALUE_ID. */
enum xnn_status dla_xnn_define_value(struct dla_xnn_builder *b, int tensor, uint32_t external_id, uint32_t flags);

/*
 * The bias of a convolution or full connection with so many output channels, and its scales, as many as the weights
 * have: it counts in steps of input scale times weight scale, whatever the file says of it.
 *
 * TFLite's reference kernels round twice, XNNPACK once. Where negative values are dropped, one rounding comes nearest to
 * two when half of 2^-s LSB is added before it (quantise.h): between a half and one step of the accumulator. A bias has
 * whole steps only, so that is one.
 */
void dla_xnn_bias(const struct dla_graph *graph, const struct dla_op *op, size_t channels, float *scale, int32_t *bias);

/* Define the node of an operation, and Values of tensors that have none yet. */
enum xnn_status dla_xnn_define_node(struct dla_xnn_builder *b, const struct dla_op *op);

#endif
