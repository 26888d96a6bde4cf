/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_HOST_LINUX_BITFIELD_H_
#define _NVDLA_HOST_LINUX_BITFIELD_H_

#include <linux/bits.h>

#define FIELD_PREP(mask, value)	(((__typeof__(mask))(value) << __builtin_ctzl(mask)) & (mask))
#define FIELD_GET(mask, reg)	((__typeof__(mask))(((reg) & (mask)) >> __builtin_ctzl(mask)))

#endif
