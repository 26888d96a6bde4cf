/* SPDX-License-Identifier: MIT */
#ifndef DLA_CPU_H
#define DLA_CPU_H

#include "graph.h"

/*
 * Reference kernels: equal to the bit with the reference kernels of TensorFlow Lite (for
 * microcontrollers, where the two differ) built with double rounding: gemmlowp's saturating
 * rounding doubling high multiplication, then a rounding shift that takes halves away from zero.
 *
 * Sums and shifts that leave 32 bits, which no trained network makes, wrap.
 */
struct dla_cpu_op;

/*
 * Compute what does not depend on the data. The graph must outlive the result, which one thread may
 * run at a time.
 */
int dla_cpu_prepare(const struct dla_graph *graph, unsigned int op, struct dla_cpu_op **prepared);

/*
 * data[i] is the storage of tensor i, of its own size; NULL for constants. The output may not
 * overlap an input, but that of a RESHAPE may be it.
 */
void dla_cpu_run(struct dla_cpu_op *op, void *const data[]);

void dla_cpu_op_free(struct dla_cpu_op *op);

#endif
