/* SPDX-License-Identifier: MIT */
#ifndef DLA_TFLITE_H
#define DLA_TFLITE_H

#include <stddef.h>

struct dla_graph;

/*
 * Read the first subgraph of a TensorFlow Lite file; no operation that is supported leads to
 * another. The file may be hostile and at any alignment; the graph keeps nothing of it. Its memory
 * is at most a small multiple of the file's size. -EINVAL: the file is damaged or contradicts
 * itself; -EOPNOTSUPP: it is good but uses something that is not supported; -E2BIG, -ENOMEM.
 */
int dla_tflite_read(const void *data, size_t bytes, const char *name, struct dla_graph **graph);

#endif
