// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

static const struct format {
	const char *name;
	unsigned int numbers;
	bool word;
} formats[] = {
	[TRACE_WRITE] = { "write", 2, false },
	[TRACE_READ] = { "read", 1, false },
	[TRACE_CHECK] = { "check", 3, false },
	[TRACE_POLL] = { "poll", 3, false },
	[TRACE_INTR] = { "intr", 0, false },
	[TRACE_LOAD] = { "load", 1, true },
	[TRACE_DUMP] = { "dump", 2, true },
	[TRACE_CRC32] = { "crc32", 3, false },
	[TRACE_MARK] = { "mark", 0, true },
};

#define SEPARATORS " \t\r\n"

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(name, formats[i].name))
			return &formats[i];
	}
	return NULL;
}

/* Hexadecimal with 0x, or decimal; nothing after it, and not more than 32 bits. */
static bool parse_number(const char *text, uint32_t *value)
{
	unsigned long long number;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10);
	if (errno || *end || number > UINT32_MAX)
		return false;
	*value = (uint32_t)number;
	return true;
}

/* A trace may come from anywhere: it names files of its own folder and nothing else. */
static bool stays_inside(const char *name)
{
	return !strchr(name, '/') && strcmp(name, "..") != 0 && strcmp(name, ".") != 0;
}

/* What is wrong with the line, or NULL. An empty line leaves op_known false. */
static const char *parse_line(char *text, struct trace_command *command, bool *op_known)
{
	const struct format *format;
	char *save, *token;

	text[strcspn(text, "#")] = '\0';
	token = strtok_r(text, SEPARATORS, &save);
	*op_known = token != NULL;
	if (!token)
		return NULL;
	format = find_format(token);
	if (!format)
		return "unknown command";
	command->op = (enum trace_op)(format - formats);
	for (unsigned int i = 0; i < format->numbers; i++) {
		token = strtok_r(NULL, SEPARATORS, &save);
		if (!token)
			return "too few arguments";
		if (!parse_number(token, &command->number[i]))
			return "not a 32-bit number";
	}
	if (format->word) {
		token = strtok_r(NULL, SEPARATORS, &save);
		if (!token)
			return "too few arguments";
		if (command->op != TRACE_MARK && !stays_inside(token))
			return "the file is not in the trace's folder";
		command->word = strdup(token);
		if (!command->word)
			return strerror(errno);
	}
	return strtok_r(NULL, SEPARATORS, &save) ? "too many arguments" : NULL;
}

/* Room for one more command, which the caller fills; NULL without memory. */
static struct trace_command *grow(struct trace *trace)
{
	/* Doubles at each power of two. */
	if (!(trace->count & (trace->count - 1))) {
		size_t room = trace->count ? 2 * trace->count : 1;
		void *grown = realloc(trace->commands, room * sizeof(*trace->commands));

		if (!grown)
			return NULL;
		trace->commands = grown;
	}
	return &trace->commands[trace->count];
}

int trace_read(const char *dir, struct trace *trace, char *error, size_t error_size)
{
	unsigned int number = 0;
	char *path = NULL, *line = NULL;
	size_t size = 0;
	int ret = -1;
	FILE *file;

	*trace = (struct trace){ 0 };
	if (asprintf(&path, "%s/%s", dir, TRACE_FILE) < 0)
		return -1;
	file = fopen(path, "r");
	if (!file) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		goto out;
	}
	while (getline(&line, &size, file) >= 0) {
		struct trace_command *command = grow(trace);
		const char *wrong;
		bool known = false;

		number++;
		if (command) {
			*command = (struct trace_command){ .line = number };
			wrong = parse_line(line, command, &known);
			trace->count += known;
		} else {
			wrong = strerror(errno);
		}
		if (wrong) {
			snprintf(error, error_size, "%s:%u: %s", path, number, wrong);
			goto out;
		}
	}
	if (ferror(file)) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		goto out;
	}
	ret = 0;
out:
	if (file)
		fclose(file);
	if (ret)
		trace_free(trace);
	free(line);
	free(path);
	return ret;
}

void trace_free(struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
		free(trace->commands[i].word);
	free(trace->commands);
	*trace = (struct trace){ 0 };
}
