// SPDX-License-Identifier: MIT
#include <string.h>

#include "convert.h"
#include "layout.h"

/* Of images with spare channels. */
#define PIXEL		4
#define PIXEL_PITCH	32

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

	f->form = DLA_FORM_ATOMS;
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

void dla_feature_set_form(struct dla_feature *f, enum dla_form form)
{
	uint32_t pitch = f->atom;

	if (form == DLA_FORM_ATOMS)
		return;
	f->form = form;
	f->atom = f->channels;
	if (form == DLA_FORM_PIXELS) {
		f->atom = PIXEL;
		pitch = PIXEL_PITCH;
	}
	/* At most 2^26 bytes. */
	f->line_stride = (f->width * f->atom + pitch - 1) / pitch * pitch;
	f->surface_stride = 0;
	f->bytes = (size_t)f->line_stride * f->height;
}

bool dla_feature_as(const struct dla_shape *shape, enum dla_form form, uint32_t atom, struct dla_feature *f)
{
	if (!dla_feature_of(shape, atom, f) || (form == DLA_FORM_PIXELS && f->channels > PIXEL))
		return false;
	dla_feature_set_form(f, form);
	return true;
}

bool dla_feature_is_plain(const struct dla_feature *f)
{
	return f->bytes == (size_t)f->width * f->height * f->channels &&
	       (f->atom == f->channels || f->width * f->height == 1);
}

static struct dla_pixels pixels_of(const struct dla_feature *f, size_t count)
{
	return (struct dla_pixels) {
		.count = count,
		.channels = f->channels,
		.atom = f->atom,
		.plane_stride = f->surface_stride,
		.flip = f->flip,
	};
}

/* Channel behind channel lies there as in the network. */
static bool is_copied(const struct dla_feature *f)
{
	return f->form == DLA_FORM_LINES ||
	       (!f->flip && (f->channels == f->atom || f->width * f->height == 1));
}

/* Bytes are pixels, too: of sixteen channels, as in the atoms. */
static void copy(int8_t *to, const int8_t *from, size_t bytes, uint8_t flip)
{
	const struct dla_pixels p = { .count = bytes / 16, .channels = 16, .atom = 16, .flip = flip };

	if (!flip) {
		memcpy(to, from, bytes);
		return;
	}
	dla_convert_pack(dla_convert_find(NULL), &p, from, to);
	for (size_t i = bytes / 16 * 16; i < bytes; i++)
		to[i] = (int8_t)(from[i] ^ flip);
}

static void pack(const struct dla_feature *f, size_t pixels, const int8_t *nhwc, int8_t *npu)
{
	const struct dla_pixels p = pixels_of(f, pixels);

	if (is_copied(f))
		copy(npu, nhwc, pixels * f->channels, f->flip);
	else
		dla_convert_pack(dla_convert_find(NULL), &p, nhwc, npu);
}

static void unpack(const struct dla_feature *f, size_t pixels, const int8_t *npu, int8_t *nhwc)
{
	const struct dla_pixels p = pixels_of(f, pixels);

	if (is_copied(f))
		copy(nhwc, npu, pixels * f->channels, f->flip);
	else
		dla_convert_unpack(dla_convert_find(NULL), &p, npu, nhwc);
}

/* Where there is nothing between lines, all are one. */
static uint32_t lines_of(const struct dla_feature *f)
{
	return f->line_stride == f->width * f->atom ? 1 : f->height;
}

/* What is behind a line's last pixel: spare channels that are no pixel's, or what the pitch adds. */
static void clear_gaps(const struct dla_feature *f, int8_t *npu)
{
	uint32_t lines = lines_of(f);
	size_t pixels = (size_t)f->width * f->height / lines, room = f->bytes / lines;
	size_t bytes = is_copied(f) ? pixels * f->channels : f->surface_stride ? room : pixels * f->atom;

	for (uint32_t y = 0; y < lines && bytes < room; y++, npu += room)
		memset(npu + bytes, 0, room - bytes);
}

void dla_feature_pack(const struct dla_feature *f, const int8_t *nhwc, int8_t *npu)
{
	uint32_t lines = lines_of(f);
	size_t pixels = (size_t)f->width * f->height / lines;

	for (uint32_t y = 0; y < lines; y++)
		pack(f, pixels, nhwc + y * pixels * f->channels, npu + y * (size_t)f->line_stride);
	clear_gaps(f, npu);
}

void dla_feature_unpack(const struct dla_feature *f, const int8_t *npu, int8_t *nhwc)
{
	uint32_t lines = lines_of(f);
	size_t pixels = (size_t)f->width * f->height / lines;

	for (uint32_t y = 0; y < lines; y++)
		unpack(f, pixels, npu + y * (size_t)f->line_stride, nhwc + y * pixels * f->channels);
}

/* In the network's order in between, so many pixels at once that they stay in the nearest cache. */
void dla_feature_copy(const struct dla_feature *from, const int8_t *src, const struct dla_feature *to, int8_t *dst)
{
	uint32_t lines = lines_of(from) == 1 ? lines_of(to) : from->height;
	size_t pixels = (size_t)to->width * to->height / lines, step = DLA_SIZE_LIMIT / to->channels;
	int8_t between[DLA_SIZE_LIMIT];

	for (uint32_t y = 0; y < lines; y++) {
		for (size_t x = 0; x < pixels; x += step) {
			size_t count = pixels - x < step ? pixels - x : step;

			unpack(from, count, src + y * (size_t)from->line_stride + x * from->atom, between);
			pack(to, count, between, dst + y * (size_t)to->line_stride + x * to->atom);
		}
	}
	clear_gaps(to, dst);
}
