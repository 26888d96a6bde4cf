/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_CBUF_H
#define NVDLA_EMU_CBUF_H

#include "conv.h"

/*
 * How a line of features lies in the convolution buffer. An entry holds what a MAC cell takes at
 * once: the channels of atomic_c at one position. When the last channels take half an entry or a
 * quarter, two positions or four share it.
 */
uint32_t cbuf_line_entries(const struct nvdla_config *config, unsigned int width,
			   unsigned int surfaces);

/* Where a surface's atoms lie in a line, in bytes from the line's first entry. */
struct cbuf_place {
	size_t start;
	size_t pitch;	/* from one position to the next */
};

struct cbuf_place cbuf_place(const struct nvdla_config *config, unsigned int width,
			     unsigned int surfaces, unsigned int surface);

/* Elements of a line as MAC is given it. */
size_t cbuf_line_size(const struct nvdla_config *config, const struct conv *conv);

/*
 * A line as MAC is given it: [block of atomic_c channels][x][channel], or an image's pixels as they
 * are. line has the entries that are read of it.
 */
void cbuf_load_line(const struct nvdla_config *config, const struct conv *conv, const int8_t *line,
		    int16_t *to);

#endif
