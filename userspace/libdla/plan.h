/* SPDX-License-Identifier: MIT */
#ifndef DLA_PLAN_H
#define DLA_PLAN_H

#include <stddef.h>

/* Something that needs memory from moment first to moment last, both included. */
struct dla_plan_item {
	size_t bytes;
	int first, last;
	size_t offset;		/* out */
};

/*
 * Give every item an offset, a multiple of align (a power of two), so that no two that live at one
 * moment overlap. Of several orders, and of what small changes make of them, the one that needs the least
 * when each item in turn gets the lowest place that is free; the same for the same items. Returns the bytes
 * needed in *bytes; -ENOMEM is the only error.
 */
int dla_plan(struct dla_plan_item *item, unsigned int count, size_t align, size_t *bytes);

/* The most that lives at one moment: no plan needs less. */
size_t dla_plan_bound(const struct dla_plan_item *item, unsigned int count);

#endif
