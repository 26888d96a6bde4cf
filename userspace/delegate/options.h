/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_OPTIONS_H
#define DELEGATE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "dla.h"

enum log_level { LOG_OFF, LOG_ERROR, LOG_INFO };

/* What an application may say when it loads the delegate. */
struct options {
	char *device;		/* see dla_device_open(); "auto" */
	char *cache_dir;	/* NULL: nothing is kept on disk */
	struct dla_options compile;
	enum log_level log;
};

/* False: message is a sentence about what is wrong. */
bool options_parse(struct options *options, const char *const *keys, const char *const *values, size_t count,
		   char *message, size_t room);
void options_free(struct options *options);

__attribute__((format(printf, 3, 4)))
void options_log(const struct options *options, enum log_level level, const char *format, ...);

#endif
