// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "plan.h"

/* How often two items are looked at before what has been found is good enough: some milliseconds. */
#define EFFORT 4000000

/* A search for the order in which placing each item at the lowest free place takes the least memory. */
struct search {
	struct dla_plan_item *item;
	unsigned int count;
	size_t align;
	struct dla_plan_item **order;
	struct dla_plan_item **placed;	/* of this order so far, by offset */
	size_t *best;			/* offset of each item in the best order so far */
	size_t best_bytes;		/* SIZE_MAX: none has been possible */
	uint64_t effort;
	uint64_t random;
};

static int by_size(const void *a, const void *b)
{
	const struct dla_plan_item *x = *(const struct dla_plan_item *const *)a;
	const struct dla_plan_item *y = *(const struct dla_plan_item *const *)b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x < y ? -1 : x > y;
}

static double area(const struct dla_plan_item *item)
{
	return (double)item->bytes * (item->last - item->first + 1);
}

static int by_area(const void *a, const void *b)
{
	const struct dla_plan_item *x = *(const struct dla_plan_item *const *)a;
	const struct dla_plan_item *y = *(const struct dla_plan_item *const *)b;

	if (area(x) != area(y))
		return area(x) < area(y) ? 1 : -1;
	return x < y ? -1 : x > y;
}

static int by_first(const void *a, const void *b)
{
	const struct dla_plan_item *x = *(const struct dla_plan_item *const *)a;
	const struct dla_plan_item *y = *(const struct dla_plan_item *const *)b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return by_size(a, b);
}

static bool meet(const struct dla_plan_item *a, const struct dla_plan_item *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* The lowest place among those that live at the same time; false when there are no addresses for it. */
static bool place(struct search *s, unsigned int placed, struct dla_plan_item *item, size_t *end)
{
	size_t offset = 0;
	unsigned int at = placed;

	for (unsigned int i = 0; i < placed; i++) {
		const struct dla_plan_item *p = s->placed[i];

		if (!meet(p, item))
			continue;
		if (p->offset >= offset && item->bytes <= p->offset - offset)
			break;
		if (p->offset + p->bytes > offset)
			offset = (p->offset + p->bytes + s->align - 1) & ~(s->align - 1);
	}
	/* A few large tensors are enough on 32 bits. Room for whoever rounds up, too. */
	if (__builtin_add_overflow(offset, item->bytes, end) || *end > SIZE_MAX - s->align)
		return false;
	item->offset = offset;
	for (; at > 0 && s->placed[at - 1]->offset > offset; at--)
		s->placed[at] = s->placed[at - 1];
	s->placed[at] = item;
	return true;
}

/* The items in the order that they are in; given up where the best so far is not beaten. */
static void try(struct search *s)
{
	size_t bytes = 0, end;

	for (unsigned int i = 0; i < s->count; i++) {
		s->effort += i + 1;
		if (!place(s, i, s->order[i], &end))
			return;
		if (end > bytes)
			bytes = end;
		if (bytes >= s->best_bytes)
			return;
	}
	s->best_bytes = bytes;
	for (unsigned int i = 0; i < s->count; i++)
		s->best[i] = s->item[i].offset;
}

static unsigned int below(struct search *s, unsigned int limit)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (unsigned int)((s->random >> 32) % limit);
}

/* Change the order a little, as long as the memory does not get less than what must be. */
static void improve(struct search *s, size_t bound)
{
	while (s->best_bytes > bound && s->effort < EFFORT && s->count > 1) {
		unsigned int from = below(s, s->count), to = below(s, s->count);
		size_t before = s->best_bytes;
		struct dla_plan_item *moved = s->order[from];

		memmove(&s->order[from], &s->order[from + 1], (s->count - from - 1) * sizeof(moved));
		memmove(&s->order[to + 1], &s->order[to], (s->count - to - 1) * sizeof(moved));
		s->order[to] = moved;
		try(s);
		if (s->best_bytes < before || below(s, 8) == 0)
			continue;
		memmove(&s->order[to], &s->order[to + 1], (s->count - to - 1) * sizeof(moved));
		memmove(&s->order[from + 1], &s->order[from], (s->count - from - 1) * sizeof(moved));
		s->order[from] = moved;
	}
}

static size_t most_at_once(const struct dla_plan_item *item, unsigned int count, size_t align)
{
	size_t bound = 0;

	/* It is where something begins to live. */
	for (unsigned int i = 0; i < count; i++) {
		size_t live = 0;

		for (unsigned int j = 0; j < count; j++)
			if (item[j].first <= item[i].first && item[i].first <= item[j].last &&
			    __builtin_add_overflow(live, (item[j].bytes + align - 1) & ~(align - 1), &live))
				return SIZE_MAX;
		bound = live > bound ? live : bound;
	}
	return bound;
}

size_t dla_plan_bound(const struct dla_plan_item *item, unsigned int count)
{
	return most_at_once(item, count, 1);
}

int dla_plan(struct dla_plan_item *item, unsigned int count, size_t align, size_t *bytes)
{
	static int (*const order[])(const void *a, const void *b) = { by_first, by_area, by_size };
	struct search s = {
		.item = item, .count = count, .align = align, .best_bytes = SIZE_MAX, .random = 1,
		.order = calloc(count + 1, sizeof(*s.order)),
		.placed = calloc(count + 1, sizeof(*s.placed)),
		.best = calloc(count + 1, sizeof(*s.best)),
	};
	int err = 0;

	*bytes = 0;
	if (!s.order || !s.placed || !s.best) {
		err = dla_fail_memory();
	} else if (count) {
		for (unsigned int i = 0; i < count; i++)
			s.order[i] = &item[i];
		for (unsigned int i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
			qsort(s.order, count, sizeof(s.order[0]), order[i]);
			try(&s);
		}
		improve(&s, most_at_once(item, count, align));
		if (s.best_bytes == SIZE_MAX)
			err = dla_fail(ENOMEM, "tensors need more memory than there are addresses");
		else
			*bytes = s.best_bytes;
		for (unsigned int i = 0; i < count && !err; i++)
			item[i].offset = s.best[i];
	}
	free(s.order);
	free(s.placed);
	free(s.best);
	return err;
}
