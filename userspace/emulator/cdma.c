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
	unsigned int batches;
	uint32_t batch_stride;
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
	bool semi_planar;	/* the first byte is in a plane of its own */
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

	static const struct pixel_format
		yuv = { 3, { 0, 2, 1 }, true }, yvu = { 3, { 0, 1, 2 }, true };

	switch (format) {
	case PIXEL_R8:
		return one;
	case PIXEL_Y8_U8V8:
		return yuv;
	case PIXEL_Y8_V8U8:
		return yvu;
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
	load->batches = load->image ? 1 : bits(REG(r, CDMA_D_BATCH_NUMBER), 4, 0) + 1;
	load->batch_stride = REG(r, CDMA_D_BATCH_STRIDE) & -unit;
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

/* One grain: batch by batch, surface by surface, its lines one behind the other in memory. */
static void read_grain(struct nvdla_emu *emu, const struct load *load,
		       const struct convertor *convertor, uint32_t first, uint32_t entry,
		       uint32_t lines, uint8_t *raw)
{
	uint32_t line = load->width * emu->config->atom;

	for (unsigned int b = 0; b < load->batches; b++) {
		for (unsigned int s = 0; s < load->surfaces; s++) {
			for (uint32_t y = 0; y < lines; y++) {
				mem_read(emu, line_address(load, s, first) + y * line +
					 (uint64_t)b * load->batch_stride, raw, line);
				for (size_t i = 0; convertor->enabled && i < line; i++)
					raw[i] = (uint8_t)convert(convertor, raw[i], 0);
				store_atoms(emu, load,
					    entry + (y * load->batches + b) * load->entries, s, raw);
			}
		}
	}
}

static void read_features(struct nvdla_emu *emu, const struct load *load,
			  const struct timing_range *range)
{
	uint8_t *raw = malloc((size_t)load->width * emu->config->atom);
	struct convertor convertor;

	if (!raw)
		return;
	decode_convertor(consumer_group(emu, UNIT_CDMA), &convertor, false);
	for (uint32_t first = 0; first < range->count; first += load->grain) {
		uint32_t left = range->count - first;

		read_grain(emu, load, &convertor, range->first + first,
			   range->entry + first * load->batches * load->entries,
			   left < load->grain ? left : load->grain, raw);
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

/* A stretch of a line of pixels; the line is read from its start on, in whole atoms. */
static void read_line(struct nvdla_emu *emu, uint64_t base, size_t skip, uint8_t *to, size_t bytes)
{
	size_t unit = emu->config->atom, whole = (skip + bytes + unit - 1) & -unit;
	uint8_t *atoms = malloc(whole);

	if (!atoms)
		return;
	mem_read(emu, base, atoms, whole);
	memcpy(to, atoms + skip, bytes);
	free(atoms);
}

/* Pixels of a line as they lie in memory; of two planes, one byte and two are put together. */
static void read_pixels(struct nvdla_emu *emu, const struct load *load,
			const struct pixel_format *format, uint32_t y, uint8_t *raw)
{
	const uint32_t *r = consumer_group(emu, UNIT_CDMA);
	uint32_t skip = bits(REG(r, CDMA_D_PIXEL_OFFSET), 4, 0), unit = emu->config->atom;
	uint64_t base = line_address(load, 0, y);
	uint64_t second = REG_ADDRESS(emu->config, r, CDMA_D_DAIN_ADDR_HIGH_1,
				      CDMA_D_DAIN_ADDR_LOW_1);
	uint8_t *planes;

	if (!format->semi_planar) {
		read_line(emu, base, (size_t)skip * format->bytes, raw,
			  (size_t)load->width * format->bytes);
		return;
	}
	planes = calloc(load->width, 3);
	if (!planes)
		return;
	second += (uint64_t)y * (REG(r, CDMA_D_LINE_UV_STRIDE) & -unit);
	read_line(emu, base, skip, planes, load->width);
	read_line(emu, second & -(uint64_t)unit, (size_t)skip * 2, planes + load->width,
		  (size_t)load->width * 2);
	for (unsigned int x = 0; x < load->width; x++) {
		raw[3 * x] = planes[x];
		raw[3 * x + 1] = planes[load->width + 2 * x];
		raw[3 * x + 2] = planes[load->width + 2 * x + 1];
	}
	free(planes);
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
	uint8_t *raw = calloc(middle, 1), *line = malloc(left + middle + right);
	struct convertor convertor;

	decode_convertor(r, &convertor, true);
	for (uint32_t y = 0; raw && line && y < range->count; y++) {
		read_pixels(emu, load, &format, range->first + y, raw);
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
	size_t all = (size_t)config->cbuf_banks * config->cbuf_bank_entries;
	uint64_t address = REG_ADDRESS(config, r, CDMA_D_WEIGHT_ADDR_HIGH, CDMA_D_WEIGHT_ADDR_LOW);
	uint32_t entry = range->entry, left = range->count;

	address += (uint64_t)range->first * unit;
	while (left) {
		uint32_t part = ring - entry < left ? ring - entry : left;
		uint8_t *raw = malloc((size_t)part * unit);

		if (!raw)
			return;
		mem_read(emu, address, raw, (size_t)part * unit);
		/* Banks that do not exist keep nothing. */
		if (first + entry < all)
			memcpy(emu->conv->cbuf + (first + entry) * unit, raw,
			       (first + entry + part <= all ? part : all - first - entry) * unit);
		free(raw);
		address += (uint64_t)part * unit;
		left -= part;
		entry = 0;
	}
}

/* Cycles in which a request waited, of the cycles in which data came. */
static uint32_t stall(uint64_t busy, uint64_t requests, uint64_t ahead)
{
	enum { FIRST = 34 };	/* before the path to memory is full */
	uint64_t less = requests + ahead + FIRST;

	return busy > less ? (uint32_t)(busy - less) : 0;
}

void cdma_count(struct nvdla_emu *emu)
{
	enum { REQUEST = 8, QUEUE = 260, WAY_BACK = 4 };
	struct unit_state *state = &emu->units[UNIT_CDMA];
	uint32_t *r = state->group[state->consumer];
	const struct timing_conv *time = &emu->conv->time;
	const struct timing_cdma *op = &time->cdma;
	uint64_t data = time->data.flow.busy, weights = time->weights.flow.busy;
	struct load load;
	uint64_t requests;

	if (!bits(REG(r, CDMA_D_PERF_ENABLE), 0, 0))
		return;
	decode_load(emu, &load);
	requests = load.image ? div_round_up(op->line_beats, REQUEST) + 1 :
		   load.surfaces * (uint64_t)(div_round_up(load.width, REQUEST) + 1);
	/* At the end requests are ahead of data by what the queue holds. */
	REG(r, CDMA_D_PERF_DAT_READ_STALL) =
		stall(data, requests * op->lines, data / 8 < QUEUE ? data / 8 : QUEUE);
	REG(r, CDMA_D_PERF_WT_READ_STALL) =
		stall(weights, div_round_up(time->weights.fetched, REQUEST), 0);
	/* The one for weights is tied to 0 in the hardware. */
	if (data)
		REG(r, CDMA_D_PERF_DAT_READ_LATENCY) =
			(uint32_t)(data + emu->memory.latency + WAY_BACK);
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
		.line_entries = load.entries * load.batches,
		.kernels = REG(r, CDMA_D_WEIGHT_SIZE_1) + 1,
		.kernel_bytes = REG(r, CDMA_D_WEIGHT_SIZE_0) + 1,
		.weight_bytes = REG(r, CDMA_D_WEIGHT_BYTES),
	};
	if (load.image) {
		struct pixel_format format = pixel_format(pixel);
		uint32_t pixels = load.width + bits(padding, 4, 0) + bits(padding, 13, 8);
		uint32_t entries = div_round_up(pixels * format.bytes, emu->config->atom);

		op->line_beats = div_round_up(load.width * format.bytes, emu->config->atom);
		/* A burst is complete before it is packed into entries; two planes have to meet. */
		op->start = format.semi_planar ? 20 : 4 + (entries < 8 ? entries : 8);
		op->grain_halves = 2 * entries + (format.semi_planar ? 5 : 2);
		/* As long as it takes to ask for a line. */
		if (op->grain_halves < 6)
			op->grain_halves = 6;
	} else {
		/* Every second atom of surfaces 2 and 3 of four costs a cycle more; a line's end too. */
		uint32_t width = load.packed ? load.surfaces : load.width;
		uint32_t surfaces = load.packed ? 1 : load.surfaces;
		uint32_t slow = surfaces / 4 * 2 + (surfaces % 4 == 3);
		uint32_t fast = surfaces - slow;

		/* A column of its own is slow to ask for, unless its lines are asked for together. */
		uint32_t asking = width == 1 ? load.batches * (surfaces * 4 + 2) : 0;

		op->line_beats = width * surfaces * load.batches;
		op->grain_halves = load.batches * load.grain *
				   (slow * width * 3 +
				    fast * (width == 1 ? 3 : (width + 1) * 2));
		if (op->grain_halves < asking)
			op->grain_halves = asking;
	}
	if (bits(misc, 0, 0))
		return "convolution: no Winograd mode";
	/* CBUF is no bound: lines are dropped, and others take their place. */
	if (!op->data_reuse &&
	    !job_bytes_fit(emu, (uint64_t)op->line_beats * emu->config->atom * op->lines))
		return "CDMA: input too large for the emulator";
	if (!op->weight_reuse && !job_bytes_fit(emu, op->weight_bytes))
		return "CDMA: weights too large for the emulator";
	return NULL;
}
