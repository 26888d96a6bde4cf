/* SPDX-License-Identifier: MIT */
#ifndef DLA_PICTURE_H
#define DLA_PICTURE_H

#include <stdbool.h>

#include "dla.h"

/*
 * Fill an input tensor [1,H,W,C] (C 1, 3 or 4; int8, uint8 or float32) from a picture file of any size that
 * stb_image reads. Pixel values 0..255 are spread over the type's whole range, which is what
 * networks trained on 0..1, -1..1 and 0..255 all quantise to; a float is from 0 to 1.
 *
 * Returns 0, or -1 with *why set to a sentence that names the file; the caller frees it.
 */
int picture_load(const char *path, const struct dla_tensor_info *info, void *tensor, char **why);

/* Whether this is a picture at all: otherwise it is the bytes of a tensor. */
bool picture_is(const char *path);

#endif
