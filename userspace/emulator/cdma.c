// SPDX-License-Identifier: MIT
/*
 * CDMA and the convolution buffer. Input lines are kept as CDMA stores them: a line after a line,
 * each with all of its channels, in entries of one atom. Weights are a stream that only has to be
 * in the buffer a kernel group at a time. Where in the ring of its banks a line begins has no
 * effect, so lines start at 0 here.
 */
#include <stdlib.h>
#include <string.h>

#include "arith.h"
#include "conv.h"

struct load {
	bool data_reuse, weight_reuse;
	bool image;
	unsigned int width, height, surfaces;
	size_t data_room, weight_room;	/* bytes of their banks */
	uint32_t base, line_stride, surface_stride;
	bool packed;
};

/* How bytes of memory become input values. */
struct convertor {
	bool enabled, is_unsigned;
	bool mean;
	int16_t offset[4];	/* by channel of the pixel */
	int16_t scale;
	unsigned int shift;
	unsigned int out_bits;
};

/* A pixel format: bytes of a pixel in each plane, and which byte in memory each channel is. */
struct pixel_format {
	unsigned int bytes;
	unsigned char order[4];
	unsigned int uv_bytes;
	unsigned char uv_order[2];
};

enum {
	PIXEL_R8 = 0,
	PIXEL_Y8_U8V8 = 28,
	PIXEL_Y8_V8U8 = 29,
};

static struct pixel_format pixel_format(unsigned int format)
{
	static const struct pixel_format
		one = { 1, { 0 } },
		abgr = { 4, { 0, 1, 2, 3 } }, argb = { 4, { 2, 1, 0, 3 } },
		bgra = { 4, { 1, 2, 3, 0 } }, rgba = { 4, { 3, 2, 1, 0 } },
		uv = { 1, { 0 }, 2, { 1, 0 } }, vu = { 1, { 0 }, 2, { 0, 1 } };

	switch (format) {
	case PIXEL_R8:
		return one;
	case 13:	/* A8R8G8B8 */
	case 17:	/* X8R8G8B8 */
	case 26:	/* A8Y8U8V8 */
		return argb;
	case 14:	/* B8G8R8A8 */
	case 18:	/* B8G8R8X8 */
	case 27:	/* V8U8Y8A8 */
		return bgra;
	case 15:	/* R8G8B8A8 */
	case 19:	/* R8G8B8X8 */
		return rgba;
	case PIXEL_Y8_U8V8:
		return uv;
	case PIXEL_Y8_V8U8:
		return vu;
	default:	/* A8B8G8R8, X8B8G8R8; what is unknown is taken for them */
		return abgr;
	}
}

static void decode_load(const struct nvdla_emu *emu, struct load *load)
{
	const struct nvdla_config *config = emu->config;
	const uint32_t *r = consumer_group(emu, UNIT_CDMA);
	uint32_t bank_bytes = config->cbuf_bank_entries * config->cbuf_entry_bytes;
	uint32_t size = REG(r, CDMA_D_DATAIN_SIZE_0);
	uint32_t unit = config->atom;

	load->data_reuse = bits(REG(r, CDMA_D_MISC_CFG), 16, 16);
	load->weight_reuse = bits(REG(r, CDMA_D_MISC_CFG), 20, 20);
	load->image = bits(REG(r, CDMA_D_DATAIN_FORMAT), 0, 0);
	load->width = bits(size, 12, 0) + 1;
	load->height = bits(size, 28, 16) + 1;
	load->surfaces = REG(r, CDMA_D_DATAIN_SIZE_1) / unit + 1;
	load->data_room = (size_t)(bits(REG(r, CDMA_D_BANK), 4, 0) + 1) * bank_bytes;
	load->weight_room = (size_t)(bits(REG(r, CDMA_D_BANK), 20, 16) + 1) * bank_bytes;
	load->base = REG(r, CDMA_D_DAIN_ADDR_LOW_0) & -unit;
	load->line_stride = REG(r, CDMA_D_LINE_STRIDE) & -unit;
	load->surface_stride = REG(r, CDMA_D_SURF_STRIDE) & -unit;
	load->packed = load->width == 1 && load->height == 1 &&
		       bits(REG(r, CDMA_D_DAIN_MAP), 16, 16);
}

static void decode_convertor(const uint32_t *r, struct convertor *convertor, bool image)
{
	const uint32_t mean[4] = {
		REG(r, CDMA_D_MEAN_GLOBAL_0), REG(r, CDMA_D_MEAN_GLOBAL_0) >> 16,
		REG(r, CDMA_D_MEAN_GLOBAL_1), REG(r, CDMA_D_MEAN_GLOBAL_1) >> 16,
	};
	bool one = !REG(r, CDMA_D_DATAIN_SIZE_1);

	convertor->enabled = bits(REG(r, CDMA_D_CVT_CFG), 0, 0);
	convertor->is_unsigned = image && !bits(REG(r, CDMA_D_DATAIN_FORMAT), 20, 20);
	convertor->mean = image && REG(r, CDMA_D_MEAN_FORMAT);
	for (unsigned int c = 0; c < 4; c++)
		convertor->offset[c] = (int16_t)(convertor->mean ? mean[one ? 0 : c] :
						 REG(r, CDMA_D_CVT_OFFSET));
	convertor->scale = (int16_t)REG(r, CDMA_D_CVT_SCALE);
	convertor->shift = bits(REG(r, CDMA_D_CVT_CFG), 9, 4);
	/* With the 16-bit precision set the low byte of a 16-bit result is stored. */
	convertor->out_bits = bits(REG(r, CDMA_D_MISC_CFG), 13, 12) == 1 ? 16 : 8;
}

static int8_t convert(const struct convertor *convertor, uint8_t raw, unsigned int channel)
{
	int64_t value = convertor->is_unsigned ? raw : (int8_t)raw;

	if (!convertor->enabled)
		return (int8_t)raw;
	value = (value - convertor->offset[channel]) * convertor->scale;
	value = saturate(shift_right_round(value, convertor->shift, 34), 17);
	return (int8_t)saturate(value, convertor->out_bits);
}

static void load_features(struct nvdla_emu *emu, const struct load *load, unsigned int entries,
			  int8_t *to)
{
	struct convertor convertor;
	size_t line = (size_t)load->width * emu->config->atom;
	uint32_t surface_stride = load->packed ? emu->config->atom : load->surface_stride;

	decode_convertor(consumer_group(emu, UNIT_CDMA), &convertor, false);
	for (unsigned int y = 0; y < load->height; y++) {
		int8_t *at = to + (size_t)y * entries * emu->config->cbuf_entry_bytes;

		for (unsigned int s = 0; s < load->surfaces; s++, at += line) {
			mem_read(emu, load->base + y * load->line_stride + s * surface_stride, at,
				 line);
			for (size_t i = 0; convertor.enabled && i < line; i++)
				at[i] = convert(&convertor, (uint8_t)at[i], 0);
		}
	}
}

/* A plane of an image: lines of pixels that are read in whole atoms from their start on. */
struct plane {
	uint32_t base, line_stride;
	unsigned int pixel_bytes;
	size_t skip, line;	/* bytes */
	uint8_t *raw;
};

static bool plane_open(const struct nvdla_emu *emu, struct plane *plane, uint32_t base,
		       uint32_t line_stride, unsigned int pixel_bytes, unsigned int width)
{
	uint32_t unit = emu->config->atom;
	unsigned int left_out = bits(REG(consumer_group(emu, UNIT_CDMA), CDMA_D_PIXEL_OFFSET), 4, 0);

	plane->base = base & -unit;
	plane->line_stride = line_stride & -unit;
	plane->pixel_bytes = pixel_bytes;
	plane->skip = (size_t)left_out * pixel_bytes;
	plane->line = (plane->skip + (size_t)width * pixel_bytes + unit - 1) & -(size_t)unit;
	plane->raw = malloc(plane->line);
	return plane->raw;
}

static const uint8_t *plane_line(struct nvdla_emu *emu, const struct plane *plane, unsigned int y)
{
	mem_read(emu, plane->base + y * plane->line_stride, plane->raw, plane->line);
	return plane->raw + plane->skip;
}

/* One line: padding left and right is stored with it, raw, whatever the convertor does. */
static void store_pixels(const struct convertor *convertor, const struct pixel_format *format,
			 const uint8_t *raw, const uint8_t *uv, unsigned int width, int8_t *to)
{
	for (unsigned int x = 0; x < width; x++, raw += format->bytes) {
		for (unsigned int c = 0; c < format->bytes; c++)
			*to++ = convert(convertor, raw[format->order[c]], c);
		for (unsigned int c = 0; c < format->uv_bytes; c++)
			*to++ = convert(convertor, uv[2 * x + format->uv_order[c]], c + 1);
	}
}

static const char *load_image(struct nvdla_emu *emu, const struct load *load,
			      const struct conv *conv, int8_t *to)
{
	const uint32_t *r = consumer_group(emu, UNIT_CDMA);
	struct pixel_format format = pixel_format(bits(REG(r, CDMA_D_DATAIN_FORMAT), 13, 8));
	unsigned int bytes = format.bytes + format.uv_bytes;
	uint32_t padding = REG(r, CDMA_D_ZERO_PADDING);
	size_t left = (size_t)bits(padding, 4, 0) * bytes;
	size_t right = (size_t)bits(padding, 13, 8) * bytes;
	size_t middle = (size_t)load->width * bytes;
	size_t room = (size_t)conv->entries * emu->config->cbuf_entry_bytes;
	struct plane plane = { 0 }, uv = { 0 };
	struct convertor convertor;
	bool ok;

	if (bytes != conv->pixel_bytes)
		return "CDMA and CSC differ in the bytes of a pixel";
	if (left + middle + right > room)
		return "convolution: the input's line does not fit its entries";
	decode_convertor(r, &convertor, true);
	ok = plane_open(emu, &plane, load->base, load->line_stride, format.bytes, load->width);
	if (format.uv_bytes)
		ok = ok && plane_open(emu, &uv, REG(r, CDMA_D_DAIN_ADDR_LOW_1),
				      REG(r, CDMA_D_LINE_UV_STRIDE), format.uv_bytes, load->width);
	for (unsigned int y = 0; ok && y < load->height; y++, to += room) {
		const uint8_t *line = plane_line(emu, &plane, y);
		const uint8_t *uv_line = format.uv_bytes ? plane_line(emu, &uv, y) : NULL;

		memset(to, (int8_t)REG(r, CDMA_D_ZERO_PADDING_VALUE), left);
		store_pixels(&convertor, &format, line, uv_line, load->width, to + left);
		memset(to + left + middle, (int8_t)REG(r, CDMA_D_ZERO_PADDING_VALUE), right);
	}
	free(plane.raw);
	free(uv.raw);
	return ok ? NULL : "out of memory";
}

static const char *load_data(struct nvdla_emu *emu, const struct load *load, struct conv *conv,
			     unsigned int kept)
{
	struct cbuf *cbuf = &emu->cbuf;
	size_t slice = (size_t)conv->entries * emu->config->cbuf_entry_bytes;
	const char *reason = NULL;
	uint64_t before = emu->stats.read_bytes;

	if ((uint64_t)(kept + load->height) * slice > load->data_room)
		return "convolution: the input does not fit its banks";
	if (!load->image && (uint64_t)load->surfaces * load->width > conv->entries)
		return "convolution: the input's line does not fit its entries";
	if (load->image)
		reason = load_image(emu, load, conv, cbuf->data + kept * slice);
	else
		load_features(emu, load, conv->entries, cbuf->data + kept * slice);
	cbuf->slices = kept + load->height;
	conv->data_fetched = emu->stats.read_bytes - before;
	return reason;
}

static void drop_weights(struct cbuf *cbuf, size_t bytes)
{
	if (bytes > cbuf->weight_bytes)
		bytes = cbuf->weight_bytes;
	cbuf->weight_bytes -= bytes;
	memmove(cbuf->weights, cbuf->weights + bytes, cbuf->weight_bytes);
}

static size_t kernel_bytes(const struct conv *conv)
{
	return (size_t)conv->r * conv->s * conv->channels;
}

/* Append to what is there. */
static const char *load_weights(struct nvdla_emu *emu, const struct load *load, struct conv *conv,
				bool keep)
{
	const uint32_t *r = consumer_group(emu, UNIT_CDMA);
	struct cbuf *cbuf = &emu->cbuf;
	size_t bytes = REG(r, CDMA_D_WEIGHT_BYTES) & -emu->config->cbuf_entry_bytes;
	size_t group = kernel_bytes(conv) * (conv->kernels < emu->config->atomic_k ?
					     conv->kernels : emu->config->atomic_k);
	uint8_t *grown;

	if (cbuf->weight_bytes + (keep ? bytes : group) > load->weight_room)
		return "convolution: a kernel group does not fit its banks";
	if (bytes > job_max_bytes())
		return "convolution too large for the emulator";
	grown = realloc(cbuf->weights, cbuf->weight_bytes + bytes + 1);
	if (!grown)
		return "out of memory";
	mem_read(emu, REG(r, CDMA_D_WEIGHT_ADDR_LOW) & -emu->config->atom,
		 grown + cbuf->weight_bytes, bytes);
	cbuf->weights = grown;
	cbuf->weight_bytes += bytes;
	cbuf->weights_added = bytes;
	conv->weights_fetched = bytes;
	return NULL;
}

const char *cdma_load(struct nvdla_emu *emu, struct conv *conv)
{
	const uint32_t *csc = consumer_group(emu, UNIT_CSC);
	const uint32_t *cdma = consumer_group(emu, UNIT_CDMA);
	bool csc_data_reuse = bits(REG(csc, CSC_D_MISC_CFG), 16, 16);
	bool csc_weight_reuse = bits(REG(csc, CSC_D_MISC_CFG), 20, 20);
	bool keep_weights = bits(REG(csc, CSC_D_MISC_CFG), 28, 28);
	struct cbuf *cbuf = &emu->cbuf;
	uint32_t banks = REG(cdma, CDMA_D_BANK);
	size_t room = (size_t)emu->config->cbuf_banks * emu->config->cbuf_bank_entries *
		      emu->config->cbuf_entry_bytes;
	bool same_data_bank = bits(banks, 4, 0) == bits(cbuf->banks, 4, 0);
	bool same_data = same_data_bank && cbuf->image == conv->image;
	bool same_weights = banks == cbuf->banks;
	const char *reason = NULL;
	struct load load;

	decode_load(emu, &load);
	conv->weight_room = load.weight_room;
	if (load.data_room + load.weight_room > room)
		return "convolution: more banks than the buffer has";
	if (!cbuf->data)
		cbuf->data = calloc(1, room);
	if (!cbuf->data)
		return "out of memory";

	/* Lines or kernels that were kept are dropped unless they are wanted. */
	if (!csc_data_reuse || !same_data)
		cbuf->slices = 0;
	if (!same_weights)
		cbuf->weight_bytes = 0;
	else if (!csc_weight_reuse && cbuf->weights_kept)
		drop_weights(cbuf, cbuf->weights_added);
	if (!(load.data_reuse && same_data && cbuf->data_kept))
		reason = load_data(emu, &load, conv, cbuf->slices);
	if (!reason && !(load.weight_reuse && same_weights && cbuf->weights_kept))
		reason = load_weights(emu, &load, conv, keep_weights);
	if (reason)
		return reason;
	if (cbuf->slices < conv->height)
		return "convolution: fewer lines in the buffer than CSC waits for";
	if (cbuf->weight_bytes < kernel_bytes(conv) * conv->kernels)
		return "convolution: fewer kernels in the buffer than CSC waits for";

	cbuf->banks = banks;
	cbuf->image = conv->image;
	cbuf->data_kept = bits(REG(cdma, CDMA_D_MISC_CFG), 24, 24);
	cbuf->weights_kept = bits(REG(cdma, CDMA_D_MISC_CFG), 28, 28);
	return NULL;
}

void cdma_finish(struct nvdla_emu *emu, const struct conv *conv)
{
	const uint32_t *csc = consumer_group(emu, UNIT_CSC);
	size_t slice = (size_t)conv->entries * emu->config->cbuf_entry_bytes;
	unsigned int released = REG(csc, CSC_D_RELEASE) + 1;
	struct cbuf *cbuf = &emu->cbuf;

	if (!bits(REG(csc, CSC_D_MISC_CFG), 28, 28)) {
		size_t unit = emu->config->cbuf_entry_bytes;
		size_t used = kernel_bytes(conv) * conv->kernels;

		drop_weights(cbuf, (used + unit - 1) / unit * unit);
	}
	if (bits(REG(csc, CSC_D_MISC_CFG), 24, 24))
		return;
	if (released > cbuf->slices)
		released = cbuf->slices;
	cbuf->slices -= released;
	memmove(cbuf->data, cbuf->data + released * slice, cbuf->slices * slice);
}
