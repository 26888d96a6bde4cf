/* SPDX-License-Identifier: MIT */
#ifndef DLA_CPU_XNN_H
#define DLA_CPU_XNN_H

#include <stdbool.h>

#include "graph.h"

/*
 * XNNPACK runs what it has faster than the reference kernels do, at most one LSB apart from them: it
 * rounds once where they round twice. It is given stretches of operations, parts, since it plans
 * their memory and keeps what lies between them to itself.
 *
 * XNNPACK may read up to DLA_XNN_SLACK bytes past the end of what it is given; they must be readable.
 */
#define DLA_XNN_SLACK 16

struct dla_xnn_part;

/* Is it part of this libdla? Where it is not, it has no operation. */
bool dla_xnn_built_in(void);

/*
 * Threads that share the work of an operation, the caller's among them. Parts may share them: operations
 * then take turns.
 */
struct pthreadpool;

int dla_xnn_threads_new(unsigned int count, struct pthreadpool **threads);
void dla_xnn_threads_free(struct pthreadpool *threads);		/* accepts NULL */

/* Does it have operations of that kind at all? */
bool dla_xnn_may_have(enum dla_op_kind kind);

/* Does it have operation op? Tries it, so this takes about as long as preparing it. */
bool dla_xnn_has(const struct dla_graph *graph, unsigned int op);

/*
 * Prepare operations first..last, all of which it has. wanted[t] tells of each tensor that they make
 * whether it is used outside. The graph must outlive the result, which one thread may run at a time, and
 * so must the threads; NULL: it has none but its caller's.
 */
int dla_xnn_prepare(const struct dla_graph *graph, unsigned int first, unsigned int last, const bool *wanted,
		    struct pthreadpool *threads, struct dla_xnn_part **part);

/*
 * data[t] is the storage of tensor t; only what comes from or goes outside needs any. Quickest when
 * it is the same in every run.
 */
int dla_xnn_run(struct dla_xnn_part *part, void *const data[]);

void dla_xnn_free(struct dla_xnn_part *part);

#endif
