/* SPDX-License-Identifier: MIT */
#ifndef DLA_SOUND_H
#define DLA_SOUND_H

#include "dla.h"

/*
 * Fill an input tensor from a WAV file: 49 x 10 elements with MLPerf Tiny's features of the loudest second, a long
 * row of elements with the loudest stretch of that many samples, at @rate, where -1..1 is full scale.
 *
 * Returns 0, or -1 with *why set to a sentence that names the file; the caller frees it.
 */
int sound_load(const char *path, const struct dla_tensor_info *info, unsigned int rate, void *tensor, char **why);

#endif
