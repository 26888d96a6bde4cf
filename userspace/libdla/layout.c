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
	if (dim[0] != 1)
		return false;
	for (int i = 1; i < 4; i++)
		if (dim[i] > DLA_SIZE_LIMIT)
			return false;

	f->height = (uint32_t)dim[1];
	f->width = (uint32_t)dim[2];
	f->channels = (uint32_t)dim[3];
	f->atom = atom;
	f->line_stride = f->width * atom;
	f->surface_stride = f->line_stride * f->height;
	f->bytes = (size_t)f->surface_stride * ((f->channels + atom - 1) / atom);
	f->flip = 0;
	return true;
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
