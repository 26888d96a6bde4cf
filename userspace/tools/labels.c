// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"

void labels_free(struct labels *labels)
{
	for (unsigned int i = 0; i < labels->count; i++)
		free(labels->name[i]);
	free(labels->name);
}

int labels_load(const char *command, const char *path, struct labels *labels)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!file) {
		fprintf(stderr, "dla %s: %s: %s\n", command, path, strerror(errno));
		return -1;
	}
	while (!err && getline(&line, &room, file) > 0) {
		char **name = realloc(labels->name, (labels->count + 1) * sizeof(*name));

		if (!name) {
			err = ENOMEM;
			continue;
		}
		labels->name = name;
		line[strcspn(line, "\r\n")] = '\0';
		labels->name[labels->count++] = line;
		line = NULL;
		room = 0;
	}
	if (ferror(file))
		err = errno;
	free(line);
	fclose(file);
	if (!err)
		return 0;
	fprintf(stderr, "dla %s: %s: %s\n", command, path, strerror(err));
	labels_free(labels);
	*labels = (struct labels) { 0 };
	return -1;
}
