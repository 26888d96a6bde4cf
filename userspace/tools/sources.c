// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sources.h"

static int fail(const char *command, const char *path, const char *why)
{
	fprintf(stderr, "dla %s: %s: %s\n", command, path, why);
	return -1;
}

static int add(const char *command, const char *path, const char *label, struct sources *sources)
{
	struct source *item = sources->item;
	struct source source = { strdup(path), strdup(label) };

	/* It doubles where it is full: at powers of two. */
	if (!(sources->count & (sources->count - 1)))
		item = reallocarray(item, sources->count ? 2 * (size_t)sources->count : 1, sizeof(*item));
	if (item)
		sources->item = item;
	if (!item || !source.path || !source.label) {
		free(source.path);
		free(source.label);
		return fail(command, path, strerror(ENOMEM));
	}
	item[sources->count++] = source;
	return 0;
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The same everywhere, unlike alphasort() of the user's language. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

typedef int (*visit_fn)(const char *command, const char *path, const char *name, const char *label,
			struct sources *sources);

static int each_entry(const char *command, const char *folder, const char *label, struct sources *sources,
		      visit_fn visit)
{
	struct dirent **entry;
	int count = scandir(folder, &entry, is_shown, by_name), err = 0;

	if (count < 0)
		return fail(command, folder, strerror(errno));
	for (int i = 0; i < count; i++) {
		char *path = NULL;

		if (!err && asprintf(&path, "%s/%s", folder, entry[i]->d_name) < 0) {
			path = NULL;
			err = fail(command, folder, strerror(ENOMEM));
		}
		if (!err)
			err = visit(command, path, entry[i]->d_name, label, sources);
		free(path);
		free(entry[i]);
	}
	free(entry);
	return err;
}

static bool is_folder(const char *path)
{
	struct stat what;

	return !stat(path, &what) && S_ISDIR(what.st_mode);
}

/* A file of a label's folder; folders in there are not looked into. */
static int visit_file(const char *command, const char *path, const char *name, const char *label,
		      struct sources *sources)
{
	(void)name;
	return is_folder(path) ? 0 : add(command, path, label, sources);
}

/* A label's folder; files next to it are of no label. */
static int visit_label(const char *command, const char *path, const char *name, const char *label,
		       struct sources *sources)
{
	(void)label;
	return is_folder(path) ? each_entry(command, path, name, sources, visit_file) : 0;
}

int sources_find(const char *command, char **arg, unsigned int args, const char *label, struct sources *sources)
{
	int err = 0;

	for (unsigned int i = 0; i < args && !err; i++) {
		struct stat what;

		if (stat(arg[i], &what))
			err = fail(command, arg[i], strerror(errno));
		else if (S_ISDIR(what.st_mode))
			err = each_entry(command, arg[i], label, sources, label ? visit_file : visit_label);
		else if (label)
			err = add(command, arg[i], label, sources);
		else
			err = fail(command, arg[i], "is no folder of folders; --label says what files show");
	}
	if (!err && !sources->count)
		err = fail(command, arg[0], label ? "has no files" : "has no folders with files");
	return err;
}

void sources_release(struct sources *sources)
{
	for (unsigned int i = 0; i < sources->count; i++) {
		free(sources->item[i].path);
		free(sources->item[i].label);
	}
	free(sources->item);
}
