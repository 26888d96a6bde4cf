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

/* Store one surface's part of a line. to is the line's first entry. */
void cbuf_store(const struct nvdla_config *config, unsigned int width, unsigned int surfaces,
		unsigned int surface, const int8_t *atoms, int8_t *to);

/* Elements of a line as MAC is given it. */
size_t cbuf_line_size(const struct nvdla_config *config, const struct conv *conv);

/* Line y for MAC: [block of atomic_c channels][x][channel], or an image's pixels as they are. */
void cbuf_load_line(const struct nvdla_emu *emu, const struct conv *conv, unsigned int y,
		    int16_t *to);

#endif
