/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_HOST_LINUX_LIMITS_H_
#define _NVDLA_HOST_LINUX_LIMITS_H_

/* The system's own header, which <limits.h> needs; the kernel adds what follows. */
#include_next <linux/limits.h>

#define U8_MAX		0xff
#define U64_MAX		(~0ULL)

#endif
