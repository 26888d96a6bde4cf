// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>

#include "picture.h"

bool picture_is(const char *path)
{
	int width, height, channels;

	return stbi_info(path, &width, &height, &channels);
}

static int refuse(char **why, const char *path, const char *reason)
{
	if (asprintf(why, "%s: %s", path, reason) < 0)
		*why = NULL;
	return -1;
}

int picture_load(const char *path, const struct dla_tensor_info *info, void *tensor, char **why)
{
	int width, height, channels;
	unsigned char *pixels, *out = tensor;
	bool is_int8 = !strcmp(info->type, "int8"), is_float = !strcmp(info->type, "float32");
	size_t count;

	if (info->rank != 4 || info->shape[0] != 1 || info->shape[3] == 2 || info->shape[3] > 4 ||
	    (!is_int8 && !is_float && strcmp(info->type, "uint8")))
		return refuse(why, path, "the network's input is not a picture; give the tensor's bytes in a file");
	pixels = stbi_load(path, &width, &height, &channels, info->shape[3]);
	if (!pixels) {
		if (asprintf(why, "%s: a damaged picture, or of a kind that is not read (%s)", path,
			     stbi_failure_reason()) < 0)
			*why = NULL;
		return -1;
	}
	count = (size_t)info->shape[1] * (size_t)info->shape[2] * (size_t)info->shape[3];
	if (width == info->shape[2] && height == info->shape[1])
		memcpy(out, pixels, count);
	else if (!stbir_resize_uint8(pixels, width, height, 0, out, info->shape[2], info->shape[1], 0,
				     info->shape[3])) {
		stbi_image_free(pixels);
		return refuse(why, path, "cannot be resized: out of memory");
	}
	stbi_image_free(pixels);
	for (size_t i = 0; is_int8 && i < count; i++)
		out[i] ^= 0x80;
	/* Backwards: a pixel is read before the wider numbers in front of it get there. */
	for (size_t i = count; is_float && i--;)
		((float *)tensor)[i] = (float)out[i] / 255;
	return 0;
}
