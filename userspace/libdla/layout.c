// SPDX-License-Identifier: MIT
#include <string.h>

#include "convert.h"
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

static struct dla_pixels pixels_of(const struct dla_feature *f)
{
	return (struct dla_pixels) {
		.count = (size_t)f->width * f->height,
		.channels = f->channels,
		.atom = f->atom,
		.plane_stride = f->surface_stride,
		.flip = f->flip,
	};
}

/* It lies there as in the network, but for spare channels behind all. */
static bool is_plain(const struct dla_feature *f)
{
	return !f->flip && (f->channels == f->atom || f->width * f->height == 1);
}

void dla_feature_pack(const struct dla_feature *f, const int8_t *nhwc, int8_t *npu)
{
	struct dla_pixels pixels = pixels_of(f);
	size_t bytes = pixels.count * f->channels;

	if (is_plain(f)) {
		memcpy(npu, nhwc, bytes);
		memset(npu + bytes, 0, f->bytes - bytes);
	} else {
		dla_convert_find(NULL)->pack(&pixels, nhwc, npu);
	}
}

void dla_feature_unpack(const struct dla_feature *f, const int8_t *npu, int8_t *nhwc)
{
	struct dla_pixels pixels = pixels_of(f);

	if (is_plain(f))
		memcpy(nhwc, npu, pixels.count * f->channels);
	else
		dla_convert_find(NULL)->unpack(&pixels, npu, nhwc);
}
