/* SPDX-License-Identifier: MIT */
#ifndef DLA_LABELS_H
#define DLA_LABELS_H

/* Names of classes, from a file with one a line. Zero to start. */
struct labels {
	char **name;
	unsigned int count;
};

/* -1 after a message to stderr that begins with the command's name. */
int labels_load(const char *command, const char *path, struct labels *labels);
void labels_free(struct labels *labels);

#endif
