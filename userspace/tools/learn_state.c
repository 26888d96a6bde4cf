// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "labels.h"
#include "learn.h"
#include "status.h"
#include "watch.h"

int learn_fail(int status)
{
	fprintf(stderr, "dla learn: %s\n", dla_strerror());
	return status;
}

int learn_out_of_memory(void)
{
	fprintf(stderr, "dla learn: out of memory\n");
	return EXIT_FAILURE;
}

static const char *const files[] = { "head", "samples", "checkpoint" };

static int fail(const char *path, int error)
{
	fprintf(stderr, "dla learn: %s: %s\n", path, strerror(error));
	return EXIT_BAD_INPUT;
}

/* ----------------------------------------------------------------------------- the folder */

char *learn_folder(const struct learn_options *o)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	const char *slash = strrchr(o->model, '/'), *name = slash ? slash + 1 : o->model, *dot = strrchr(name, '.');
	int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
	char *path = NULL;

	if (o->dir) {
		path = strdup(o->dir);
	} else if (data && *data) {
		if (asprintf(&path, "%s/nvdla/learn/%.*s", data, length, name) < 0)
			path = NULL;
	} else if (home && *home) {
		if (asprintf(&path, "%s/.local/share/nvdla/learn/%.*s", home, length, name) < 0)
			path = NULL;
	} else {
		fprintf(stderr, "dla learn: neither XDG_DATA_HOME nor HOME says where to keep it; --dir FOLDER does\n");
		return NULL;
	}
	if (!path)
		learn_out_of_memory();
	return path;
}

/* With the folders above it; what a device has seen is its user's only. */
static int make_folder(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int err;

		*slash = '\0';
		err = mkdir(path, 0700);
		*slash = '/';
		if (err && errno != EEXIST)
			return -1;
	}
	return mkdir(path, 0700) && errno != EEXIST ? -1 : 0;
}

/* Another command in the same folder is waited for. */
static int lock_folder(struct learn_state *state)
{
	struct watch watch;
	int status = 0;

	state->lock = open(state->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state->lock < 0)
		return fail(state->dir, errno);
	watch_begin(&watch, "waiting for another dla learn", 0, watch_exit, NULL);
	while (flock(state->lock, LOCK_EX) && !status)
		if (errno != EINTR)
			status = fail(state->dir, errno);
	watch_end(&watch);
	return interrupt_status() ? interrupt_status() : status;
}

/* "head.part-0a1b2c3d" and the like: what the library was writing for a command that was killed. */
static bool is_remains(const char *name)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size_t length = strlen(files[i]);

		if (!strncmp(name, files[i], length) && !strncmp(name + length, ".part-", 6))
			return true;
	}
	return false;
}

static void remove_remains(const struct learn_state *state)
{
	DIR *folder = opendir(state->dir);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (is_remains(entry->d_name))
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
}

static char *file_in(const struct learn_state *state, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", state->dir, name) < 0 ? NULL : path;
}

static int open_folder(const struct learn_options *o, struct learn_state *state)
{
	int status;

	state->dir = learn_folder(o);
	if (!state->dir)
		return EXIT_BAD_INPUT;
	state->head_file = file_in(state, files[0]);
	state->samples_file = file_in(state, files[1]);
	state->checkpoint_file = file_in(state, files[2]);
	if (!state->head_file || !state->samples_file || !state->checkpoint_file)
		return learn_out_of_memory();
	if (make_folder(state->dir))
		return fail(state->dir, errno);
	status = lock_folder(state);
	if (!status)
		remove_remains(state);
	return status;
}

/* -------------------------------------------------------------------------------- classes */

const char *learn_class_name(const struct dla_head *head, unsigned int index, char number[12])
{
	const char *name = dla_head_class(head, index);

	if (name)
		return name;
	snprintf(number, 12, "%u", index);
	return number;
}

int learn_class(const struct dla_head *head, const char *label)
{
	struct dla_head_info info;
	char number[12];

	dla_head_info(head, &info);
	for (unsigned int i = 0; i < info.classes; i++)
		if (!strcmp(learn_class_name(head, i, number), label))
			return (int)i;
	return -1;
}

/* Or what is collected for the second would be the first's. */
static int check_names(const struct learn_options *o, const struct dla_head *head)
{
	struct dla_head_info info;
	char number[12];

	dla_head_info(head, &info);
	for (unsigned int i = 0; i < info.classes; i++) {
		const char *name = learn_class_name(head, i, number);

		if (learn_class(head, name) == (int)i)
			continue;
		fprintf(stderr, "dla learn: %s: two classes would be called \"%s\"\n", o->labels, name);
		return EXIT_BAD_INPUT;
	}
	return 0;
}

/* Names of the network's own classes, which its file does not have. */
static int name_classes(const struct learn_options *o, struct learn_state *state)
{
	struct labels labels = { 0 };
	int status = labels_load("learn", o->labels, &labels) ? EXIT_BAD_INPUT : 0;
	struct dla_head_info info;

	dla_head_info(state->head, &info);
	if (!status && labels.count != info.original_classes) {
		fprintf(stderr, "dla learn: %s has %u names, the network %u classes\n", o->labels, labels.count,
			info.original_classes);
		status = EXIT_BAD_INPUT;
	}
	for (unsigned int i = 0; i < labels.count && !status; i++)
		if (dla_head_name_class(state->head, i, labels.name[i]))
			status = learn_fail(EXIT_BAD_INPUT);
	if (!status)
		status = check_names(o, state->head);
	if (!status && dla_head_save(state->head, state->head_file))
		status = learn_fail(EXIT_RUN_FAILED);
	labels_free(&labels);
	return status;
}

/* ------------------------------------------------------------------------------ the whole */

static int open_head(const struct learn_options *o, struct learn_state *state)
{
	struct watch watch;

	state->device = dla_device_open(o->device);
	if (!state->device)
		return learn_fail(EXIT_NO_DEVICE);
	watch_begin(&watch, "loading", 0, watch_exit, NULL);
	state->head = dla_head_new(state->device, o->model, &o->network);
	watch_end(&watch);
	return state->head ? 0 : learn_fail(EXIT_BAD_MODEL);
}

static int read_folder(const struct learn_options *o, struct learn_state *state)
{
	int status = 0;

	if (!access(state->head_file, F_OK) && dla_head_restore(state->head, state->head_file))
		return learn_fail(EXIT_BAD_INPUT);
	if (o->labels)
		status = name_classes(o, state);
	if (!status)
		state->samples = dla_samples_open(state->head, state->samples_file);
	return status || state->samples ? status : learn_fail(EXIT_BAD_INPUT);
}

int learn_open(const struct learn_options *o, struct learn_state *state)
{
	int status;

	*state = (struct learn_state) { .lock = -1 };
	/* A model that cannot be used makes no folder. */
	status = open_head(o, state);
	if (!status)
		status = open_folder(o, state);
	return status ? status : read_folder(o, state);
}

int learn_close_samples(struct learn_state *state)
{
	int err = dla_samples_close(state->samples);

	state->samples = NULL;
	return err ? learn_fail(-1) : 0;
}

void learn_close(struct learn_state *state)
{
	dla_samples_close(state->samples);
	dla_head_free(state->head);
	dla_device_close(state->device);
	if (state->lock >= 0)
		close(state->lock);
	free(state->dir);
	free(state->head_file);
	free(state->samples_file);
	free(state->checkpoint_file);
}
