/* SPDX-License-Identifier: MIT */
#ifndef DLA_SOURCES_H
#define DLA_SOURCES_H

/* Files to learn from, with what each of them shows. Zero to start. */
struct source {
	char *path, *label;
};

struct sources {
	struct source *item;
	unsigned int count;
};

/*
 * With a @label, @arg are files and folders of files, all of which show that; without one, folders of folders, each of
 * which has the name of what its files show. Files are in the order of their names; hidden ones are none. -1 after a
 * message to stderr that begins with the command's name.
 */
int sources_find(const char *command, char **arg, unsigned int args, const char *label, struct sources *sources);
void sources_release(struct sources *sources);

#endif
