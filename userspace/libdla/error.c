// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dla.h"
#include "error.h"

static _Thread_local char reason[sizeof(((struct dla_error *)0)->reason)];

void dla_error_record(const char *fmt, ...)
{
	int err = errno;
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	/* It may be what is returned, and is read then. */
	errno = err;
}

void dla_error_record_where(const char *fmt, ...)
{
	char before[sizeof(reason)], context[128];
	va_list args;

	memcpy(before, reason, sizeof(before));
	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	/* A reason too long for the buffer loses its end, never its beginning. */
	(void)!snprintf(reason, sizeof(reason), "%s: %.380s", context, before);
}

const char *dla_strerror(void)
{
	return reason;
}

void dla_error_keep(struct dla_error *error, int err)
{
	error->err = err;
	if (err)
		memcpy(error->reason, reason, sizeof(reason));
}

int dla_error_raise(const struct dla_error *error)
{
	return error->err ? dla_fail(-error->err, "%s", error->reason) : 0;
}
