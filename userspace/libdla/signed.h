/* SPDX-License-Identifier: MIT */
#ifndef DLA_SIGNED_H
#define DLA_SIGNED_H

#include "graph.h"

/*
 * The NPU knows signed bytes only. A uint8 tensor is an int8 tensor with zero point and elements 128
 * less, which are the same bytes but for the top bit; so that is what lies in the NPU's memory.
 */
#define DLA_FLIP 0x80

/*
 * Per tensor, in flip[]: DLA_FLIP where the bytes on the NPU are others than in the network, else 0. They
 * are not for uint8 tensors that only QUANTIZE and DEQUANTIZE use: to a table all bytes are alike,
 * and inputs and outputs may then lie on the NPU as callers have them. Where QUANTIZE makes int8 of the same
 * values they are: then it has nothing to do.
 */
void dla_signed_find(const struct dla_graph *graph, uint8_t *flip);

/*
 * The network as the NPU sees it, in *result; NULL there when that is the network itself. Weights that
 * were uint8 have a zero point then, as no others. To be freed with dla_graph_free(), and before
 * @graph. -ENOMEM is the only error.
 */
int dla_signed_graph(const struct dla_graph *graph, const uint8_t *flip, struct dla_graph **result);

#endif
