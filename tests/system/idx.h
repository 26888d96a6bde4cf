/* SPDX-License-Identifier: MIT */
#ifndef IDX_H
#define IDX_H

#include <stdbool.h>
#include <zlib.h>

/* The idx format: a big-endian header of `header` bytes, then one byte an element. */
static inline bool read_idx(const char *path, unsigned int header, void *data, unsigned int bytes)
{
	unsigned char skipped[16];
	gzFile file = gzopen(path, "rb");
	bool ok = file && gzread(file, skipped, header) == (int)header && gzread(file, data, bytes) == (int)bytes;

	if (file)
		gzclose(file);
	return ok;
}

#endif
