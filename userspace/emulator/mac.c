// SPDX-License-Identifier: MIT
/*
 * CSC, CMAC and CACC: sums of products.
 *
 * CACC adds at most 8 products at a time into 34 bits and saturates at each addition. Neither that
 * nor the order of additions can be seen: a kernel group has to fit into 31 banks, so a kernel has
 * at most 126,976 weights and a sum is at most 126,976 * 2^14 < 2^31. The same bound lets this
 * file add in 32 bits.
 */
#include <stdlib.h>
#include <string.h>

#include "arith.h"
#include "conv.h"

bool mac_prepare(const struct nvdla_emu *emu, struct conv *conv)
{
	const struct nvdla_config *config = emu->config;
	size_t room = (size_t)conv->height * conv->line_entries * config->cbuf_entry_bytes;
	size_t patch = (size_t)conv->steps * config->atomic_c;

	if (conv->data)
		return true;
	/* A partial read of an image's last block may look past the line, at zero weights. */
	conv->data = calloc(room + config->cbuf_entry_bytes, sizeof(*conv->data));
	conv->patch = malloc(patch * sizeof(*conv->patch));
	conv->kernel = malloc(patch * config->atomic_k * sizeof(*conv->kernel));
	if (!conv->data || !conv->patch || !conv->kernel)
		return false;
	for (size_t i = 0; i < room; i++)
		conv->data[i] = (int16_t)conv->lines[i];
	return true;
}

/*
 * The kernels of a group, each in the order of the patch: block of channels, row, column, channel.
 * In memory kernels alternate within a block, and the last block has only the channels there are.
 */
static unsigned int unpack_kernels(const struct nvdla_emu *emu, struct conv *conv,
				   unsigned int group)
{
	unsigned int step = emu->config->atomic_c, lanes = emu->config->atomic_k;
	unsigned int left = conv->kernels - group * lanes;
	unsigned int count = left < lanes ? left : lanes;
	const int8_t *from = conv->weights + group * lanes * conv_kernel_bytes(conv);
	size_t length = (size_t)conv->steps * step;
	int16_t *to = conv->kernel;

	memset(to, 0, length * lanes * sizeof(*to));
	for (unsigned int block = 0; block < conv->blocks; block++) {
		unsigned int rest = conv->channels - block * step;
		unsigned int channels = rest < step ? rest : step;

		for (unsigned int tap = 0; tap < conv->r * conv->s; tap++, to += step) {
			for (unsigned int k = 0; k < count; k++) {
				for (unsigned int c = 0; c < channels; c++)
					to[k * length + c] = (int16_t)*from++;
			}
		}
	}
	return count;
}

static void fill(int16_t *to, size_t count, int16_t value)
{
	for (size_t i = 0; i < count; i++)
		to[i] = value;
}

/* A row of taps, from a line that exists. x is where the first one lies. */
static void gather_row(const struct conv *conv, unsigned int step, const int16_t *line, int x,
		       int16_t *to)
{
	int last = x + (int)((conv->s - 1) * conv->x_dilation);

	if (x >= 0 && last < (int)conv->width && conv->x_dilation == 1) {
		memcpy(to, line + (size_t)x * step, (size_t)conv->s * step * sizeof(*to));
		return;
	}
	for (unsigned int s = 0; s < conv->s; s++, to += step, x += (int)conv->x_dilation) {
		if (x >= 0 && x < (int)conv->width)
			memcpy(to, line + (size_t)x * step, step * sizeof(*to));
		else
			fill(to, step, conv->pad_value);
	}
}

/* All that one output position is multiplied with. */
static void gather(const struct nvdla_emu *emu, const struct conv *conv, unsigned int ox,
		   unsigned int oy)
{
	unsigned int step = emu->config->atomic_c;
	size_t row = (size_t)conv->s * step;
	size_t slice = (size_t)conv->line_entries * emu->config->cbuf_entry_bytes;
	size_t pixel = (size_t)ox * conv->x_stride * conv->pixel_bytes;
	int x = (int)(ox * conv->x_stride) - (int)conv->pad_left;
	int top = (int)(oy * conv->y_stride) - (int)conv->pad_top;
	int16_t *to = conv->patch;

	for (unsigned int block = 0; block < conv->blocks; block++) {
		int y = top;

		for (unsigned int r = 0; r < conv->r; r++, to += row, y += (int)conv->y_dilation) {
			const int16_t *line;

			if (y < 0 || y >= (int)conv->height) {
				fill(to, row, conv->pad_value);
				continue;
			}
			line = conv->data + (size_t)y * slice;
			if (conv->image)
				memcpy(to, line + pixel + (size_t)block * step, step * sizeof(*to));
			else
				gather_row(conv, step, line + (size_t)block * conv->width * step, x,
					   to);
		}
	}
}

static int32_t dot(const int16_t *a, const int16_t *b, size_t count)
{
	int32_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += a[i] * b[i];
	return sum;
}

/*
 * Out of CACC: shifted right, half away from zero. The shifter keeps 16 bits of what it drops, so
 * with more than that a negative number just beyond a half looks like the half.
 */
static int32_t deliver(int32_t sum, unsigned int truncate)
{
	unsigned int lost = truncate > 16 ? truncate - 16 : 0;

	return (int32_t)shift_right_round(sum >> lost, truncate - lost, 34);
}

void conv_plane(const struct nvdla_emu *emu, struct conv *conv, unsigned int group, int32_t *out)
{
	unsigned int lanes = emu->config->atomic_k;
	unsigned int count = unpack_kernels(emu, conv, group);
	size_t length = (size_t)conv->steps * emu->config->atomic_c;

	for (unsigned int y = 0; y < conv->out_height; y++) {
		for (unsigned int x = 0; x < conv->out_width; x++, out += lanes) {
			gather(emu, conv, x, y);
			for (unsigned int k = 0; k < count; k++)
				out[k] = deliver(dot(conv->patch, conv->kernel + k * length, length),
						 conv->truncate);
			for (unsigned int k = count; k < lanes; k++)
				out[k] = 0;
		}
	}
}
