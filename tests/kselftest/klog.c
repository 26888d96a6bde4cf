// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "klog.h"

#define RECORD_SIZE	8192

/* The next record's text, or NULL. */
static const char *next_record(int klog, char record[RECORD_SIZE])
{
	ssize_t size;
	char *text;

	/* Records that were overwritten before they could be read are an error once. */
	do {
		size = read(klog, record, RECORD_SIZE - 1);
	} while (size < 0 && errno == EPIPE);
	if (size <= 0)
		return NULL;
	record[size] = '\0';
	text = strchr(record, ';');
	return text ? text + 1 : record;
}

/* All lines of "splats", which lies beside the program, as one expression: (one)|(another). */
static bool read_splats(regex_t *splats)
{
	char path[512], line[512], all[8192] = "";
	size_t used = 0;
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
	FILE *file;

	if (size < 0)
		return false;
	path[size] = '\0';
	snprintf(line, sizeof(line), "%.480s/splats", dirname(path));
	file = fopen(line, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\t\n")] = '\0';
		if (line[0] != '#' && used < sizeof(all))
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s(%s)", used ? "|" : "", line);
	}
	fclose(file);
	return used < sizeof(all) && !regcomp(splats, all, REG_EXTENDED | REG_NOSUB);
}

int klog_open(void)
{
	int klog = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (klog >= 0)
		lseek(klog, 0, SEEK_END);
	return klog;
}

bool klog_said(int klog, const char *text)
{
	char record[RECORD_SIZE];
	const char *said;

	while ((said = next_record(klog, record)))
		if (strstr(said, text))
			return true;
	return false;
}

bool klog_trouble(int klog)
{
	char record[RECORD_SIZE];
	const char *said;
	bool trouble = false;
	regex_t splats;

	if (klog < 0)
		return false;
	if (!read_splats(&splats)) {
		printf("# splats: no such file beside the tests\n");
		return true;
	}
	while ((said = next_record(klog, record))) {
		if (!regexec(&splats, said, 0, NULL, 0)) {
			printf("# the kernel says: %.*s\n", (int)strcspn(said, "\n"), said);
			trouble = true;
		}
	}
	regfree(&splats);
	return trouble;
}
