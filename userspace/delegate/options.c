// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

struct name {
	const char *name;
	int value;
};

static const struct name places[] = {
	{ "auto", DLA_PLACE_AUTO },
	{ "npu", DLA_PLACE_NPU },
	{ "cpu", DLA_PLACE_CPU },
	{ NULL },
};

static const struct name levels[] = {
	{ "off", LOG_OFF },
	{ "error", LOG_ERROR },
	{ "info", LOG_INFO },
	{ NULL },
};

static bool choose(const struct name *names, const char *key, const char *value, int *chosen, char *message,
		   size_t room)
{
	size_t used;

	for (const struct name *name = names; name->name; name++) {
		if (!strcmp(name->name, value)) {
			*chosen = name->value;
			return true;
		}
	}
	used = (size_t)snprintf(message, room, "option %s is \"%.64s\"; it may be", key, value);
	for (; names->name && used < room; names++)
		used += (size_t)snprintf(message + used, room - used, " %s%s", names->name, names[1].name ? "," : "");
	return false;
}

static bool copy(char **to, const char *value, char *message, size_t room)
{
	free(*to);
	*to = strdup(value);
	if (!*to)
		snprintf(message, room, "out of memory");
	return *to;
}

static bool parse_one(struct options *options, const char *key, const char *value, char *message, size_t room)
{
	int chosen = 0;
	bool good;

	if (!strcmp(key, "device"))
		return copy(&options->device, value, message, room);
	if (!strcmp(key, "cache_dir"))
		return copy(&options->cache_dir, value, message, room);
	if (!strcmp(key, "place")) {
		good = choose(places, key, value, &chosen, message, room);
		options->compile.place = (enum dla_place)chosen;
		return good;
	}
	if (!strcmp(key, "log")) {
		good = choose(levels, key, value, &chosen, message, room);
		options->log = (enum log_level)chosen;
		return good;
	}
	snprintf(message, room, "there is no option \"%.64s\"; there are device, cache_dir, place and log", key);
	return false;
}

bool options_parse(struct options *options, const char *const *keys, const char *const *values, size_t count,
		   char *message, size_t room)
{
	bool good;

	*options = (struct options){ .log = LOG_ERROR };
	good = copy(&options->device, "auto", message, room);
	for (size_t i = 0; good && i < count; i++)
		good = parse_one(options, keys[i], values[i], message, room);
	if (!good)
		options_free(options);
	return good;
}

void options_free(struct options *options)
{
	free(options->device);
	free(options->cache_dir);
}

void options_log(const struct options *options, enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list arguments;

	if (level > options->log)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	/* In one piece, because threads may have something to say at the same time. */
	fprintf(stderr, "dla: %s\n", line);
}
