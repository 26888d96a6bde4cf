// SPDX-License-Identifier: MIT
/* What stands in for xnn.c where XNNPACK is not built in: it has nothing. */
#include <errno.h>

#include "error.h"
#include "xnn.h"

bool dla_xnn_built_in(void)
{
	return false;
}

bool dla_xnn_may_have(enum dla_op_kind kind)
{
	(void)kind;
	return false;
}

bool dla_xnn_has(const struct dla_graph *graph, unsigned int op)
{
	(void)graph;
	(void)op;
	return false;
}

static int absent(void)
{
	return dla_fail(EOPNOTSUPP, "this libdla was built without XNNPACK");
}

/* These are reached with a network that another libdla has compiled. */
int dla_xnn_threads_new(unsigned int count, struct pthreadpool **threads)
{
	(void)count;
	(void)threads;
	return absent();
}

void dla_xnn_threads_free(struct pthreadpool *threads)
{
	(void)threads;
}

int dla_xnn_prepare(const struct dla_graph *graph, unsigned int first, unsigned int last, const bool *wanted,
		    struct pthreadpool *threads, struct dla_xnn_part **part)
{
	(void)graph;
	(void)first;
	(void)last;
	(void)wanted;
	(void)threads;
	(void)part;
	return absent();
}

int dla_xnn_run(struct dla_xnn_part *part, void *const data[])
{
	(void)part;
	(void)data;
	return -EOPNOTSUPP;
}

void dla_xnn_free(struct dla_xnn_part *part)
{
	(void)part;
}
