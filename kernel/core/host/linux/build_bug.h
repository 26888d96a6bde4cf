/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_HOST_LINUX_BUILD_BUG_H_
#define _NVDLA_HOST_LINUX_BUILD_BUG_H_

/* ARRAY_SIZE() of the kernel needs it; the one here does not. */

#endif
