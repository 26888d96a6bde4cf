// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "error.h"
#include "plan.h"

static int by_size(const void *a, const void *b)
{
	const struct dla_plan_item *x = *(const struct dla_plan_item *const *)a;
	const struct dla_plan_item *y = *(const struct dla_plan_item *const *)b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x < y ? -1 : x > y;
}

/* Move *offset behind a placed item that is in the way; false when none is. */
static bool push(struct dla_plan_item *const *placed, unsigned int count, const struct dla_plan_item *item,
		 size_t align, size_t *offset)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct dla_plan_item *p = placed[i];

		if (p->last < item->first || item->last < p->first ||
		    p->offset + p->bytes <= *offset ||
		    (*offset <= p->offset && item->bytes <= p->offset - *offset))
			continue;
		*offset = (p->offset + p->bytes + align - 1) & ~(align - 1);
		return true;
	}
	return false;
}

int dla_plan(struct dla_plan_item *item, unsigned int count, size_t align, size_t *bytes)
{
	struct dla_plan_item **sorted = calloc(count + 1, sizeof(*sorted));
	int err = 0;

	*bytes = 0;
	if (!sorted)
		return dla_fail(ENOMEM, "out of memory");
	for (unsigned int i = 0; i < count; i++)
		sorted[i] = &item[i];
	qsort(sorted, count, sizeof(sorted[0]), by_size);

	for (unsigned int i = 0; i < count; i++) {
		size_t offset = 0, end;

		/* Every push moves up, past one item more: it ends. */
		while (push(sorted, i, sorted[i], align, &offset))
			;
		/* A few large tensors are enough on 32 bits. Room for whoever rounds up, too. */
		if (__builtin_add_overflow(offset, sorted[i]->bytes, &end) ||
		    end > SIZE_MAX - align) {
			err = dla_fail(ENOMEM, "tensors need more memory than there are addresses");
			break;
		}
		sorted[i]->offset = offset;
		if (end > *bytes)
			*bytes = end;
	}
	free(sorted);
	return err;
}
