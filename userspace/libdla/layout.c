// SPDX-License-Identifier: MIT
#include <string.h>

#include "layout.h"

bool dla_feature_of(const struct dla_shape *shape, uint32_t atom, struct dla_feature *f)
{
	int32_t dim[4] = { 1, 1, 1, 1 };

	if (shape->rank == 0 || shape->rank > 4)
		return false;
	/* [N,C] and [N,W,C] are [N,1,1,C] and [N,1,W,C]; a vector is one of channels. */
	dim[0] = shape->rank > 1 ? shape->dim[0] : 1;
	for (unsigned int i = shape->rank > 1 ? 1 : 0; i < shape->rank; i++)
		dim[4 - shape->rank + i] = shape->dim[i];
	for (int i = 0; i < 4; i++)
		if (dim[i] > DLA_SIZE_LIMIT)
			return false;
	if ((int64_t)dim[0] * dim[1] > DLA_SIZE_LIMIT)
		return false;

	f->pictures = (uint32_t)dim[0];
	f->height = (uint32_t)(dim[0] * dim[1]);
	f->width = (uint32_t)dim[2];
	f->channels = (uint32_t)dim[3];
	f->atom = atom;
	f->line_stride = f->width * atom;
	f->surface_stride = f->line_stride * f->height;
	f->bytes = (size_t)f->surface_stride * ((f->channels + atom - 1) / atom);
	f->flip = 0;
	return true;
}

struct dla_feature dla_feature_picture(const struct dla_feature *all)
{
	struct dla_feature one = *all;

	one.height /= all->pictures;
	one.pictures = 1;
	/* The planes of one pixel lie packed, also where there is but one. */
	if (one.width == 1 && one.height == 1 && one.channels <= one.atom)
		one.surface_stride = one.atom;
	return one;
}

/* memcpy() is the faster where nothing is flipped. */
static void copy(int8_t *to, const int8_t *from, uint32_t bytes, uint8_t flip)
{
	if (!flip) {
		memcpy(to, from, bytes);
		return;
	}
	for (uint32_t i = 0; i < bytes; i++)
		to[i] = (int8_t)(from[i] ^ flip);
}

void dla_feature_pack(const struct dla_feature *f, const int8_t *nhwc, int8_t *npu)
{
	size_t pixels = (size_t)f->width * f->height;

	for (uint32_t c = 0; c < f->channels; c += f->atom) {
		uint32_t used = f->channels - c < f->atom ? f->channels - c : f->atom;
		const int8_t *from = nhwc + c;

		for (size_t i = 0; i < pixels; i++, from += f->channels, npu += f->atom) {
			copy(npu, from, used, f->flip);
			memset(npu + used, 0, f->atom - used);
		}
	}
}

void dla_feature_unpack(const struct dla_feature *f, const int8_t *npu, int8_t *nhwc)
{
	size_t pixels = (size_t)f->width * f->height;

	for (uint32_t c = 0; c < f->channels; c += f->atom) {
		uint32_t used = f->channels - c < f->atom ? f->channels - c : f->atom;
		int8_t *to = nhwc + c;

		for (size_t i = 0; i < pixels; i++, to += f->channels, npu += f->atom)
			copy(to, npu, used, f->flip);
	}
}
