/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_HOST_LINUX_STRING_H_
#define _NVDLA_HOST_LINUX_STRING_H_

#include <string.h>
#include <sys/types.h>

/* Enough of strscpy() for constant strings; the kernel's reports truncation too. */
static inline ssize_t strscpy_pad(char *dest, const char *src, size_t size)
{
	size_t length = strnlen(src, size - 1);

	memcpy(dest, src, length);
	memset(dest + length, 0, size - length);
	return (ssize_t)length;
}

#endif
