// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"

/* Value of "key:<blank>123 unit" at the start of a line; sizes in bytes. */
static uint64_t value_of(const char *text, const char *key)
{
	size_t length = strlen(key);
	uint64_t value;
	char *end;

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, key, length) || text[length] != ':')
			continue;
		value = strtoull(text + length + 1, &end, 10);
		if (!strncmp(end, " KiB", 4))
			value <<= 10;
		else if (!strncmp(end, " MiB", 4))
			value <<= 20;
		else if (!strncmp(end, " GiB", 4))
			value <<= 30;
		return value;
	}
	return 0;
}

static void read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t got = 0;

	if (file) {
		got = fread(text, 1, size - 1, file);
		fclose(file);
	}
	text[got] = '\0';
}

/* "/dev/dri/renderD128" is renderD128. */
static void read_node(int pid, const char *fd, char *node, size_t size)
{
	char path[64 + NAME_MAX], target[PATH_MAX];
	const char *name;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, fd);
	length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	name = strrchr(target, '/');
	snprintf(node, size, "%.*s", (int)size - 1, name ? name + 1 : "");
}

static int add_file(int pid, const char *fd, struct client **clients, size_t *count)
{
	char path[64 + NAME_MAX], text[4096] = "";
	struct client *grown, *client;
	uint64_t id;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, fd);
	read_text(path, text, sizeof(text));
	if (!strstr(text, "drm-driver:\tnvdla\n"))
		return 0;
	id = value_of(text, "drm-client-id");
	for (size_t i = 0; i < *count; i++)
		if ((*clients)[i].id == id)
			return 0;

	grown = realloc(*clients, (*count + 1) * sizeof(**clients));
	if (!grown)
		return -ENOMEM;
	*clients = grown;
	client = &grown[(*count)++];
	*client = (struct client) {
		.pid = pid,
		.id = id,
		.busy_ns = value_of(text, "drm-engine-npu"),
		.memory = value_of(text, "drm-total-memory"),
	};
	read_node(pid, fd, client->node, sizeof(client->node));
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	read_text(path, client->command, sizeof(client->command));
	client->command[strcspn(client->command, "\n")] = '\0';
	return 0;
}

static int add_process(int pid, struct client **clients, size_t *count)
{
	char path[64];
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!ret && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			ret = add_file(pid, entry->d_name, clients, count);
	closedir(dir);
	return ret;
}

int clients_read(struct client **clients, size_t *count)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int ret = 0;

	*clients = NULL;
	*count = 0;
	if (!dir)
		return 0;
	while (!ret && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			ret = add_process((int)strtol(entry->d_name, NULL, 10), clients, count);
	closedir(dir);
	if (ret) {
		free(*clients);
		*clients = NULL;
	}
	return ret;
}
