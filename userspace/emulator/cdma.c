// SPDX-License-Identifier: MIT
/*
 * CDMA fills the convolution buffer: rings of entries, one in the banks for data, one in the banks
 * behind them for weights. A line takes as many entries as ENTRY_PER_SLICE says, whatever it needs.
 */
#include <stdlib.h>
#include <string.h>

#include "arith.h"
#include "cbuf.h"

/* Where the input lies, and how lines are cut. */
struct load {
	bool image;
	unsigned int width, surfaces;
	uint64_t base;
	uint32_t line_stride, surface_stride;
	bool packed;		/* a 1x1 plane, whose atoms follow each other */
	unsigned int grain, entries;
	uint32_t ring;		/* entries of the banks for data */
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

/* A packed pixel format: bytes of a pixel, and which byte in memory each channel is. */
struct pixel_format {
	unsigned int bytes;
	unsigned char order[4];
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
		bgra = { 4, { 1, 2, 3, 0 } }, rgba = { 4, { 3, 2, 1, 0 } };

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
	default:	/* A8B8G8R8, X8B8G8R8; what is unknown is taken for them */
		return abgr;
	}
}

static void decode_load(const struct nvdla_emu *emu, struct load *load)
{
	const struct nvdla_config *config = emu->config;
	const uint32_t *r = consumer_group(emu, UNIT_CDMA);
	uint32_t map = REG(r, CDMA_D_DAIN_MAP);
	uint32_t unit = config->atom;

	load->image = bits(REG(r, CDMA_D_DATAIN_FORMAT), 0, 0);
	load->width = bits(REG(r, CDMA_D_DATAIN_SIZE_0), 12, 0) + 1;
	load->surfaces = REG(r, CDMA_D_DATAIN_SIZE_1) / unit + 1;
	load->base = REG_ADDRESS(config, r, CDMA_D_DAIN_ADDR_HIGH_0, CDMA_D_DAIN_ADDR_LOW_0);
	load->line_stride = REG(r, CDMA_D_LINE_STRIDE) & -unit;
	load->surface_stride = REG(r, CDMA_D_SURF_STRIDE) & -unit;
	load->grain = bits(map, 0, 0) && !load->image ? REG(r, CDMA_D_FETCH_GRAIN) + 1 : 1;
	load->entries = REG(r, CDMA_D_ENTRY_PER_SLICE) + 1;
	load->ring = (bits(REG(r, CDMA_D_BANK), 4, 0) + 1) * config->cbuf_bank_entries;
	load->packed = load->width == 1 && !bits(REG(r, CDMA_D_DATAIN_SIZE_0), 28, 16) &&
		       bits(map, 16, 16) && !load->image;
	if (load->packed)
		load->surface_stride = unit;
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

/* A piece of a line into the ring; what would lie beyond the buffer is lost. */
static void store(struct nvdla_emu *emu, const struct load *load, uint32_t entry,
		  const uint8_t *from, size_t bytes)
{
	size_t unit = emu->config->cbuf_entry_bytes;
	size_t room = (size_t)emu->config->cbuf_banks * emu->config->cbuf_bank_entries;

	for (; bytes; entry++, from += unit) {
		size_t part = bytes < unit ? bytes : unit;
		uint32_t at = entry >= load->ring ? entry - load->ring : entry;

		if (at < room) {
			memset(emu->conv->cbuf + at * unit, 0, unit);
			memcpy(emu->conv->cbuf + at * unit, from, part);
		}
		bytes -= part;
	}
}

/* The atoms of a surface's line, each into the part of an entry that it has. */
static void store_atoms(struct nvdla_emu *emu, const struct load *load, uint32_t entry,
			unsigned int surface, const uint8_t *from)
{
	const struct nvdla_config *config = emu->config;
	struct cbuf_place place = cbuf_place(config, load->width, load->surfaces, surface);
	size_t room = (size_t)config->cbuf_banks * config->cbuf_bank_entries;

	for (unsigned int x = 0; x < load->width; x++, from += config->atom) {
		size_t byte = place.start + x * place.pitch;
		uint32_t at = entry + (uint32_t)(byte / config->cbuf_entry_bytes);

		if (at >= load->ring)
			at -= load->ring;
		if (at < room)
			memcpy(emu->conv->cbuf + at * config->cbuf_entry_bytes +
			       byte % config->cbuf_entry_bytes, from, config->atom);
	}
}

static uint64_t line_address(const struct load *load, unsigned int surface, uint32_t line)
{
	return load->base + (uint64_t)line * load->line_stride +
	       (uint64_t)surface * load->surface_stride;
}

/* The lines of a grain surface by surface. */
static void read_features(struct nvdla_emu *emu, const struct load *load,
			  const struct timing_range *range)
{
	size_t line = (size_t)load->width * emu->config->atom;
	uint8_t *raw = malloc(line);
	struct convertor convertor;

	if (!raw)
		return;
	decode_convertor(consumer_group(emu, UNIT_CDMA), &convertor, false);
	for (uint32_t first = 0; first < range->count; first += load->grain) {
		uint32_t left = range->count - first;
		uint32_t lines = left < load->grain ? left : load->grain;

		for (unsigned int s = 0; s < load->surfaces; s++) {
			for (uint32_t y = first; y < first + lines; y++) {
				mem_read(emu, line_address(load, s, range->first + y), raw, line);
				for (size_t i = 0; convertor.enabled && i < line; i++)
					raw[i] = (uint8_t)convert(&convertor, raw[i], 0);
				store_atoms(emu, load, range->entry + y * load->entries, s, raw);
			}
		}
	}
	free(raw);
}

/* One line: padding left and right is stored with it, raw, whatever the convertor does. */
static void store_pixels(const struct convertor *convertor, const struct pixel_format *format,
			 const uint8_t *raw, unsigned int width, uint8_t *to)
{
	for (unsigned int x = 0; x < width; x++, raw += format->bytes) {
		for (unsigned int c = 0; c < format->bytes; c++)
			*to++ = (uint8_t)convert(convertor, raw[format->order[c]], c);
	}
}

static void read_image(struct nvdla_emu *emu, const struct load *load,
		       const struct timing_range *range)
{
	const uint32_t *r = consumer_group(emu, UNIT_CDMA);
	struct pixel_format format = pixel_format(bits(REG(r, CDMA_D_DATAIN_FORMAT), 13, 8));
	uint32_t padding = REG(r, CDMA_D_ZERO_PADDING);
	size_t left = (size_t)bits(padding, 4, 0) * format.bytes;
	size_t right = (size_t)bits(padding, 13, 8) * format.bytes;
	size_t middle = (size_t)load->width * format.bytes;
	size_t skip = (size_t)bits(REG(r, CDMA_D_PIXEL_OFFSET), 4, 0) * format.bytes;
	uint8_t *raw = malloc(middle), *line = malloc(left + middle + right);
	struct convertor convertor;

	decode_convertor(r, &convertor, true);
	for (uint32_t y = 0; raw && line && y < range->count; y++) {
		mem_read(emu, line_address(load, 0, range->first + y) + skip, raw, middle);
		memset(line, (int8_t)REG(r, CDMA_D_ZERO_PADDING_VALUE), left);
		store_pixels(&convertor, &format, raw, load->width, line + left);
		memset(line + left + middle, (int8_t)REG(r, CDMA_D_ZERO_PADDING_VALUE), right);
		store(emu, load, range->entry + y * load->entries, line, left + middle + right);
	}
	free(raw);
	free(line);
}

void cdma_read_data(struct nvdla_emu *emu, const struct timing_range *range)
{
	struct load load;

	decode_load(emu, &load);
	if (load.image)
		read_image(emu, &load, range);
	else
		read_features(emu, &load, range);
}

void cdma_read_weights(struct nvdla_emu *emu, const struct timing_range *range)
{
	const struct nvdla_config *config = emu->config;
	const uint32_t *r = consumer_group(emu, UNIT_CDMA);
	uint32_t banks = REG(r, CDMA_D_BANK), unit = config->cbuf_entry_bytes;
	uint32_t ring = (bits(banks, 20, 16) + 1) * config->cbuf_bank_entries;
	size_t first = (size_t)(bits(banks, 4, 0) + 1) * config->cbuf_bank_entries;
	uint64_t address = REG_ADDRESS(config, r, CDMA_D_WEIGHT_ADDR_HIGH, CDMA_D_WEIGHT_ADDR_LOW);
	uint32_t entry = range->entry, left = range->count;

	address += (uint64_t)range->first * unit;
	while (left) {
		uint32_t part = ring - entry < left ? ring - entry : left;

		mem_read(emu, address, emu->conv->cbuf + (first + entry) * unit, (size_t)part * unit);
		address += (uint64_t)part * unit;
		left -= part;
		entry = 0;
	}
}

const char *cdma_decode(const struct nvdla_emu *emu, struct timing_cdma *op)
{
	const uint32_t *r = consumer_group(emu, UNIT_CDMA);
	uint32_t misc = REG(r, CDMA_D_MISC_CFG), banks = REG(r, CDMA_D_BANK);
	unsigned int pixel = bits(REG(r, CDMA_D_DATAIN_FORMAT), 13, 8);
	uint32_t padding = REG(r, CDMA_D_ZERO_PADDING);
	struct load load;

	decode_load(emu, &load);
	*op = (struct timing_cdma){
		.image = load.image,
		.data_reuse = bits(misc, 16, 16),
		.weight_reuse = bits(misc, 20, 20),
		.keep_data = bits(misc, 24, 24),
		.keep_weights = bits(misc, 28, 28),
		.data_banks = bits(banks, 4, 0) + 1,
		.weight_banks = bits(banks, 20, 16) + 1,
		.lines = bits(REG(r, CDMA_D_DATAIN_SIZE_0), 28, 16) + 1,
		.grain = load.grain,
		.line_entries = load.entries,
		.kernels = REG(r, CDMA_D_WEIGHT_SIZE_1) + 1,
		.kernel_bytes = REG(r, CDMA_D_WEIGHT_SIZE_0) + 1,
		.weight_bytes = REG(r, CDMA_D_WEIGHT_BYTES),
	};
	if (load.image) {
		uint32_t pixels = load.width + bits(padding, 4, 0) + bits(padding, 13, 8);

		op->line_beats = div_round_up(load.width * pixel_format(pixel).bytes,
					      emu->config->atom);
		op->line_halves = 2 * (div_round_up(pixels * pixel_format(pixel).bytes,
						    emu->config->atom) + 4);
	} else {
		uint32_t width = load.packed ? load.surfaces : load.width;
		uint32_t surfaces = load.packed ? 1 : load.surfaces;
		/* Every second atom of surfaces 2 and 3 of four costs a cycle more; a line's end too. */
		uint32_t slow = surfaces / 4 * 2 + (surfaces % 4 == 3);
		uint32_t fast = surfaces - slow;

		op->line_beats = width * surfaces;
		op->line_halves = slow * width * 3 + fast * (width == 1 ? 3 : (width + 1) * 2);
	}
	if (bits(misc, 0, 0))
		return "convolution: no Winograd mode";
	if (REG(r, CDMA_D_WEIGHT_FORMAT))
		return "convolution: no decompression of weights";
	if (load.image && (pixel == PIXEL_Y8_U8V8 || pixel == PIXEL_Y8_V8U8))
		return "convolution: semi-planar pixels are not modelled";
	if (op->data_banks + op->weight_banks > emu->config->cbuf_banks)
		return "convolution: more banks than the buffer has";
	return NULL;
}
