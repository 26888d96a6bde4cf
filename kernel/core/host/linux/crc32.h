/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_HOST_LINUX_CRC32_H_
#define _NVDLA_HOST_LINUX_CRC32_H_

#include <zlib.h>

#include <linux/types.h>

/* Without the inversions at both ends that zlib makes. */
static inline u32 crc32_le(u32 crc, const void *bytes, size_t size)
{
	return ~(u32)crc32(~crc, bytes, (uInt)size);
}

#endif
