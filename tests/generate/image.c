// SPDX-License-Identifier: MIT
/* Images: the pixel formats that nv_small takes, and where lines begin. */
#include "conv.h"

static const struct {
	unsigned char format, planes, bytes;
} formats[] = {
	{ 0, 1, 1 },	/* R8 */
	{ 12, 1, 4 },	/* A8B8G8R8 */
	{ 13, 1, 4 },	/* A8R8G8B8 */
	{ 14, 1, 4 },	/* B8G8R8A8 */
	{ 15, 1, 4 },	/* R8G8B8A8 */
	{ 16, 1, 4 },	/* X8B8G8R8 */
	{ 17, 1, 4 },	/* X8R8G8B8 */
	{ 18, 1, 4 },	/* B8G8R8X8 */
	{ 19, 1, 4 },	/* R8G8B8X8 */
	{ 20, 1, 4 },	/* A2B10G10R10 and its like: four bytes as they come */
	{ 21, 1, 4 },
	{ 22, 1, 4 },
	{ 23, 1, 4 },
	{ 26, 1, 4 },	/* A8Y8U8V8 */
	{ 27, 1, 4 },	/* V8U8Y8A8 */
	{ 28, 2, 3 },	/* Y8, U8V8 */
	{ 29, 2, 3 },	/* Y8, V8U8 */
};

#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

bool image_draw(struct generator *g, struct conv *conv)
{
	unsigned int i = random_below(&g->random, NR_FORMATS);
	struct image *image = &conv->image;

	conv->is_image = true;
	image->format = formats[i].format;
	image->planes = formats[i].planes;
	image->pixel_bytes = formats[i].bytes;
	conv->channels = image->pixel_bytes;
	image->sign_override = random_one_in(&g->random, 2);
	image->mean = random_one_in(&g->random, 3);
	for (unsigned int c = 0; c < 4; c++)
		image->means[c] = (uint16_t)(random_one_in(&g->random, 5) ? random_next(&g->random) :
					     random_below(&g->random, 256));
	return true;
}

static unsigned int plane_bytes(const struct image *image, unsigned int plane)
{
	if (image->planes == 1)
		return image->pixel_bytes;
	return plane ? 2 : 1;
}

void image_place(struct generator *g, struct conv *conv)
{
	struct image *image = &conv->image;
	unsigned int widest = image->planes == 2 ? 2 : image->pixel_bytes, align = g->hw->atom;

	/* Less than an atom: whole atoms are a matter of the address. */
	image->x_offset = random_one_in(&g->random, 2) ? 0 :
			  random_below(&g->random, g->hw->atom / widest);
	for (unsigned int p = 0; p < image->planes; p++) {
		uint32_t line = (image->x_offset + conv->x.in) * plane_bytes(image, p);

		image->line_stride[p] = (line + align - 1) / align * align +
					align * (uint32_t)PICK(&g->random, 0, 0, 1, 7);
		image->addr[p] = memory_place(&g->memory, (size_t)image->line_stride[p] * conv->y.in,
					      align, false, FILL_ANY);
	}
}

/*
 * CSC takes a kernel's line eight bytes at a time. It miscounts long lines of a byte more than
 * that, and loses a short end of a long line in a stripe of one pixel.
 */
bool image_line_legal(const struct hw *hw, const struct conv *conv)
{
	unsigned int line = conv->x.kernel * conv->channels, end = line % hw->atomic_c;

	if (line > 2 * hw->atomic_c && end == 1)
		return false;
	return !(line > 3 * hw->atomic_c && end && end <= hw->atomic_c / 2 &&
		 conv->x.out % 16 == 1);
}
