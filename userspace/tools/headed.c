// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "headed.h"

int headed_load(struct headed *headed, struct dla_device *device, const char *model, const struct dla_options *options,
		const char *file)
{
	if (!file) {
		headed->network = dla_network_load(device, model, options);
		return headed->network ? 0 : -1;
	}
	headed->head = dla_head_new(device, model, options);
	if (!headed->head || dla_head_restore(headed->head, file))
		return -1;
	headed->network = dla_head_network(headed->head);
	return headed->network ? 0 : -1;
}

int labels_of_head(const struct dla_head *head, struct labels *labels)
{
	struct dla_head_info info;

	dla_head_info(head, &info);
	labels->name = calloc(info.classes, sizeof(*labels->name));
	if (!labels->name)
		return -1;
	labels->count = info.classes;
	for (unsigned int i = 0; i < info.classes; i++) {
		const char *name = dla_head_class(head, i);

		labels->name[i] = name ? strdup(name) : NULL;
		if (name && !labels->name[i])
			return -1;
	}
	return 0;
}

void headed_free(struct headed *headed)
{
	dla_network_free(headed->network);
	dla_head_free(headed->head);
}
