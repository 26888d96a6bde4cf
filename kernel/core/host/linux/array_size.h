/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_HOST_LINUX_ARRAY_SIZE_H_
#define _NVDLA_HOST_LINUX_ARRAY_SIZE_H_

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#endif
