// SPDX-License-Identifier: MIT
/*
 * CSC, CMAC and CACC: sums of products.
 *
 * CACC adds the products of one atomic operation at a time into 34 bits and saturates at each
 * addition. Neither that nor the order of additions can be seen: a kernel has to fit into the
 * convolution buffer, whose largest kind has less than 2^19 bytes, and 2^19 * 2^14 is 2^33.
 */
#include <stdlib.h>
#include <string.h>

#include "arith.h"
#include "cbuf.h"
#include "conv.h"
#include "mac.h"
#include "simd.h"

/* So many products of the largest size that there is, 2^14, fit 32 bits. */
#define PRODUCTS_MAX 131071

/* How much of lines with padding is held at once, where one output position does not need more. */
#define PADDED_BYTES ((size_t)1 << 18)

struct mac_group {
	struct work work;
	struct mac *mac;
	int32_t *sums;		/* NULL without memory, and when they have been read */
};

struct mac {
	unsigned int refs;
	struct workers *workers;
	const struct simd *simd;
	bool image;
	unsigned int atomic_c, atomic_k;
	unsigned int kernels, channels, blocks, r, s;
	unsigned int width, height;
	unsigned int x_stride, y_stride, x_dilation, y_dilation;
	unsigned int pad_left, pad_top;
	int16_t pad_value;
	unsigned int rows;	/* of the kernel that lie side by side in its weights */
	unsigned int out_width;
	size_t positions;
	unsigned int truncate;

	int16_t *data;		/* input, 16 bits wide for the sake of multiplication */
	size_t slice;		/* elements of a line with all of its channels */
	int8_t *weights;	/* as they lie in memory */
	struct mac_group *group;
	unsigned int groups, begun;

	uint32_t *offsets;	/* of lots of MAC_LANES channels in one block of a line */
	size_t nr_offsets;
	size_t nr_lines;	/* blocks of lines of input that one line of output takes */
	size_t stride;		/* elements from one output position to the next */
	size_t reach;		/* elements of a line that one output position spans */
	unsigned int segment;	/* output positions computed at once */
};

/* What computing a plane needs of its own. */
struct scratch {
	const int16_t **lines;
	int16_t *padded;	/* copies of lines that have padding beside them */
	int16_t *padding;	/* a line above or below the input */
	int16_t *kernels;	/* of the group: [eight of them][line][offset][kernel][channel] */
	int32_t *sums;
	int64_t *totals;
};

static size_t span(const struct mac *mac, size_t positions)
{
	return (positions - 1) * mac->stride + mac->reach;
}

static size_t group_kernels_size(const struct mac *mac)
{
	return mac->nr_lines * mac->nr_offsets * MAC_LANES * mac->atomic_k;
}

static void widen(const int8_t *from, size_t count, int16_t *to)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (int16_t)from[i];
}

static void fill(int16_t *to, size_t count, int16_t value)
{
	for (size_t i = 0; i < count; i++)
		to[i] = value;
}

/* The channels of one kernel: eight of them, then those of the other kernels, then the next eight. */
static void widen_block(const int8_t *from, unsigned int channels, int16_t *to)
{
	unsigned int c = 0;

	for (; c + MAC_LANES <= channels; c += MAC_LANES)
		widen(from + c, MAC_LANES, to + (size_t)c * MAC_LANES);
	widen(from + c, channels - c, to + (size_t)c * MAC_LANES);
}

/*
 * In memory kernels alternate within a block of channels, and the last block has only the channels
 * there are. When a step multiplies several rows of an image, kernels alternate after all of them.
 */
static void unpack_kernels(const struct mac *mac, unsigned int group, int16_t *to)
{
	size_t kernel = (size_t)mac->r * mac->s * mac->channels;
	unsigned int left = mac->kernels - group * mac->atomic_k;
	unsigned int count = left < mac->atomic_k ? left : mac->atomic_k;
	const int8_t *from = mac->weights + (size_t)group * mac->atomic_k * kernel;
	size_t eight = group_kernels_size(mac) / (mac->atomic_k / MAC_LANES);
	size_t block_size = (size_t)mac->atomic_c * MAC_LANES;

	memset(to, 0, group_kernels_size(mac) * sizeof(*to));
	for (unsigned int block = 0; block < mac->blocks; block++) {
		unsigned int rest = mac->channels - block * mac->atomic_c;
		unsigned int channels = rest < mac->atomic_c ? rest : mac->atomic_c;

		for (unsigned int tap = 0; tap < mac->r * mac->s; tap += mac->rows) {
			unsigned int taps = mac->r * mac->s - tap;

			taps = taps < mac->rows ? taps : mac->rows;
			for (unsigned int k = 0; k < count; k++) {
				int16_t *at = to + k / MAC_LANES * eight + k % MAC_LANES * MAC_LANES;

				for (unsigned int t = 0; t < taps; t++, from += channels)
					widen_block(from, channels, at + t * block_size);
			}
			to += taps * block_size;
		}
	}
}

/* A part of a line, with padding where there is no input. x is where the part begins. */
static void pad_line(const struct mac *mac, const int16_t *line, int x, size_t positions,
		     int16_t *to)
{
	size_t step = mac->atomic_c, count = span(mac, positions) / step;
	int end = x + (int)count, from = x < 0 ? 0 : x;
	int until = end < (int)mac->width ? end : (int)mac->width;

	if (from >= until) {
		fill(to, count * step, mac->pad_value);
		return;
	}
	fill(to, (size_t)(from - x) * step, mac->pad_value);
	memcpy(to + (size_t)(from - x) * step, line + (size_t)from * step,
	       (size_t)(until - from) * step * sizeof(*to));
	fill(to + (size_t)(until - x) * step, (size_t)(end - until) * step, mac->pad_value);
}

/* Where the output positions from (ox, oy) on find their input. */
static void find_lines(const struct mac *mac, unsigned int ox, unsigned int oy, size_t positions,
		       struct scratch *scratch)
{
	int x = (int)(ox * mac->x_stride) - (int)mac->pad_left;
	int end = x + (int)(span(mac, positions) / mac->atomic_c);
	bool inside = mac->image || (x >= 0 && end <= (int)mac->width);
	const int16_t **line = scratch->lines;
	int16_t *padded = scratch->padded;

	for (unsigned int block = 0; block < mac->blocks; block++) {
		size_t block_at = (size_t)block * mac->atomic_c * (mac->image ? 1 : mac->width);
		int y = (int)(oy * mac->y_stride) - (int)mac->pad_top;

		for (unsigned int r = 0; r < mac->r; r++, line++, y += (int)mac->y_dilation) {
			const int16_t *data;

			if (y < 0 || y >= (int)mac->height) {
				*line = scratch->padding;
				continue;
			}
			data = mac->data + (size_t)y * mac->slice + block_at;
			if (mac->image) {
				*line = data + (size_t)ox * mac->stride;
			} else if (inside) {
				*line = data + (size_t)x * mac->atomic_c;
			} else {
				pad_line(mac, data, x, positions, padded);
				*line = padded;
				padded += span(mac, positions);
			}
		}
	}
}

/*
 * Out of CACC: shifted right, half away from zero. The shifter keeps 16 bits of what it drops, so
 * with more than that a negative number just beyond a half looks like the half.
 */
static int32_t deliver(int64_t sum, unsigned int truncate)
{
	unsigned int lost = truncate > 16 ? truncate - 16 : 0;

	return (int32_t)saturate(shift_right_round(sum >> lost, truncate - lost, 34), 32);
}

/* Sums over lines first to last, for some positions of a line. */
static void lines_sums(const struct mac *mac, const struct scratch *scratch, unsigned int eight,
		       size_t first, size_t count, size_t positions)
{
	size_t weights = mac->nr_offsets * MAC_LANES * MAC_LANES;
	const struct mac_row row = {
		.lines = scratch->lines + first,
		.nr_lines = count,
		.offsets = mac->offsets,
		.nr_offsets = mac->nr_offsets,
		.stride = mac->stride,
		.weights = scratch->kernels + (eight * mac->nr_lines + first) * weights,
	};

	mac->simd->mac_row(&row, positions, scratch->sums);
}

/* Eight kernels for some positions of a line. */
static void segment_sums(const struct mac *mac, const struct scratch *scratch, unsigned int eight,
			 size_t positions, int32_t *out)
{
	size_t part = PRODUCTS_MAX / (mac->nr_offsets * MAC_LANES);
	int64_t *total = scratch->totals;

	out += (size_t)eight * MAC_LANES;
	if (mac->nr_lines <= part && !mac->truncate) {
		lines_sums(mac, scratch, eight, 0, mac->nr_lines, positions);
		for (size_t p = 0; p < positions; p++, out += mac->atomic_k)
			memcpy(out, scratch->sums + p * MAC_LANES, MAC_LANES * sizeof(*out));
		return;
	}
	memset(total, 0, positions * MAC_LANES * sizeof(*total));
	for (size_t line = 0; line < mac->nr_lines; line += part) {
		size_t left = mac->nr_lines - line;

		lines_sums(mac, scratch, eight, line, left < part ? left : part, positions);
		for (size_t i = 0; i < positions * MAC_LANES; i++)
			total[i] += scratch->sums[i];
	}
	for (size_t p = 0; p < positions; p++, out += mac->atomic_k, total += MAC_LANES) {
		for (unsigned int k = 0; k < MAC_LANES; k++)
			out[k] = deliver(total[k], mac->truncate);
	}
}

static bool scratch_new(const struct mac *mac, struct scratch *scratch)
{
	size_t sums = (size_t)mac->segment * MAC_LANES, line = span(mac, mac->segment);

	*scratch = (struct scratch){
		.lines = malloc(mac->nr_lines * sizeof(*scratch->lines)),
		.padded = malloc(mac->image ? 1 : mac->nr_lines * line * sizeof(*scratch->padded)),
		.padding = malloc(line * sizeof(*scratch->padding)),
		.kernels = malloc(group_kernels_size(mac) * sizeof(*scratch->kernels)),
		.sums = malloc(sums * sizeof(*scratch->sums)),
		.totals = malloc(sums * sizeof(*scratch->totals)),
	};
	if (!scratch->padding)
		return false;
	fill(scratch->padding, line, mac->pad_value);
	return scratch->lines && scratch->padded && scratch->kernels && scratch->sums &&
	       scratch->totals;
}

static void scratch_free(struct scratch *scratch)
{
	free(scratch->lines);
	free(scratch->padded);
	free(scratch->padding);
	free(scratch->kernels);
	free(scratch->sums);
	free(scratch->totals);
}

static void compute_plane(const struct mac *mac, struct scratch *scratch, int32_t *out)
{
	size_t rest = mac->positions;

	for (unsigned int y = 0; rest; y++) {
		unsigned int width = rest < mac->out_width ? (unsigned int)rest : mac->out_width;

		rest -= width;
		for (unsigned int x = 0; x < width; x += mac->segment) {
			unsigned int left = width - x;
			size_t positions = left < mac->segment ? left : mac->segment;

			find_lines(mac, x, y, positions, scratch);
			for (unsigned int eight = 0; eight < mac->atomic_k / MAC_LANES; eight++)
				segment_sums(mac, scratch, eight, positions, out);
			out += positions * mac->atomic_k;
		}
	}
}

static size_t positions_of(const struct mac *mac)
{
	return mac->positions;
}

static void compute_group(struct work *work)
{
	struct mac_group *group = (struct mac_group *)work;
	struct mac *mac = group->mac;
	struct scratch scratch;

	group->sums = malloc(positions_of(mac) * mac->atomic_k * sizeof(*group->sums));
	if (!scratch_new(mac, &scratch) || !group->sums) {
		free(group->sums);
		group->sums = NULL;
	} else {
		unpack_kernels(mac, (unsigned int)(group - mac->group), scratch.kernels);
		compute_plane(mac, &scratch, group->sums);
	}
	scratch_free(&scratch);
}

static void lay_out(struct mac *mac, const struct conv *conv)
{
	unsigned int lots = mac->atomic_c / MAC_LANES;
	size_t line;

	mac->nr_lines = (size_t)conv->blocks * conv->r;
	mac->nr_offsets = (size_t)conv->s * lots;
	mac->stride = (size_t)conv->x_stride * (conv->image ? conv->pixel_bytes : mac->atomic_c);
	mac->reach = ((size_t)(conv->s - 1) * conv->x_dilation + 1) * mac->atomic_c;
	mac->segment = conv->out_width;
	line = PADDED_BYTES / (mac->nr_lines * sizeof(int16_t));
	if (span(mac, mac->segment) <= line)
		return;
	mac->segment = 1;
	if (line > mac->reach)
		mac->segment += (unsigned int)((line - mac->reach) / mac->stride);
}

static bool allocate(struct mac *mac)
{
	size_t room = (size_t)mac->height * mac->slice;
	size_t kernel = (size_t)mac->r * mac->s * mac->channels;

	mac->offsets = malloc(mac->nr_offsets * sizeof(*mac->offsets));
	/* A partial read of an image's last block may look past the line, at zero weights. */
	mac->data = malloc((room + mac->atomic_c) * sizeof(*mac->data));
	mac->weights = malloc(mac->kernels * kernel);
	mac->group = calloc(mac->groups, sizeof(*mac->group));
	if (!mac->offsets || !mac->data || !mac->weights || !mac->group)
		return false;
	for (size_t o = 0; o < mac->nr_offsets; o++) {
		size_t lots = mac->atomic_c / MAC_LANES, tap = o / lots;

		mac->offsets[o] = (uint32_t)(tap * mac->x_dilation * mac->atomic_c +
					     o % lots * MAC_LANES);
	}
	for (unsigned int g = 0; g < mac->groups; g++) {
		mac->group[g].work.run = compute_group;
		mac->group[g].mac = mac;
	}
	return true;
}

struct mac *mac_new(const struct nvdla_emu *emu, const struct conv *conv)
{
	struct mac *mac = malloc(sizeof(*mac));

	if (!mac)
		return NULL;
	*mac = (struct mac){
		.refs = 1,
		.workers = emu->workers,
		.simd = emu->simd,
		.image = conv->image,
		.atomic_c = emu->config->atomic_c,
		.atomic_k = emu->config->atomic_k,
		.kernels = conv->kernels,
		.channels = conv->channels,
		.blocks = conv->blocks,
		.r = conv->r,
		.s = conv->s,
		.width = conv->width,
		.height = conv->height,
		.x_stride = conv->x_stride,
		.y_stride = conv->y_stride,
		.x_dilation = conv->x_dilation,
		.y_dilation = conv->y_dilation,
		.pad_left = conv->pad_left,
		.pad_top = conv->pad_top,
		.pad_value = conv->pad_value,
		.out_width = conv->out_width,
		.positions = conv->positions,
		.rows = conv->rows,
		.slice = cbuf_line_size(emu->config, conv),
	};
	mac->groups = div_round_up(mac->kernels, mac->atomic_k);
	lay_out(mac, conv);
	if (allocate(mac))
		return mac;
	mac_unref(mac);
	return NULL;
}

void mac_ref(struct mac *mac)
{
	mac->refs++;
}

void mac_unref(struct mac *mac)
{
	if (!mac || --mac->refs)
		return;
	for (unsigned int g = 0; mac->group && g < mac->groups; g++) {
		workers_cancel(mac->workers, &mac->group[g].work);
		free(mac->group[g].sums);
	}
	free(mac->group);
	free(mac->data);
	free(mac->weights);
	free(mac->offsets);
	free(mac);
}

void mac_load_lines(struct mac *mac, const struct nvdla_emu *emu, const struct conv *conv)
{
	size_t line = (size_t)conv->line_entries * emu->config->cbuf_entry_bytes;

	mac->truncate = conv->truncate;
	for (unsigned int y = 0; y < mac->height; y++)
		cbuf_load_line(emu->config, conv, conv->lines + y * line,
			       mac->data + y * mac->slice);
	fill(mac->data + mac->height * mac->slice, mac->atomic_c, 0);
}

int8_t *mac_weights(struct mac *mac, unsigned int group)
{
	return mac->weights + (size_t)group * mac->atomic_k * mac->r * mac->s * mac->channels;
}

void mac_begin(struct mac *mac, unsigned int group)
{
	workers_add(mac->workers, &mac->group[group].work);
	mac->begun = group + 1;
}

bool mac_is_computing(const struct mac *mac)
{
	for (unsigned int g = 0; g < mac->begun; g++) {
		if (!workers_ready(mac->workers, &mac->group[g].work))
			return true;
	}
	return false;
}

bool sums_add(struct sums *sums, struct mac *mac, unsigned int group, size_t first, size_t count)
{
	struct mac_part *grown = realloc(sums->part, (sums->parts + 1) * sizeof(*grown));

	if (!grown)
		return false;
	sums->part = grown;
	grown[sums->parts++] = (struct mac_part){ mac, group, first, count };
	mac_ref(mac);
	return true;
}

bool sums_read(struct sums *sums, size_t atoms, int32_t *out)
{
	while (atoms) {
		struct mac_part *part = &sums->part[sums->at];
		struct mac_group *group = &part->mac->group[part->group];
		size_t count = part->count < atoms ? part->count : atoms;
		size_t lanes = part->mac->atomic_k;

		workers_wait(part->mac->workers, &group->work);
		if (!group->sums)
			return false;
		memcpy(out, group->sums + part->first * lanes, count * lanes * sizeof(*out));
		out += count * lanes;
		atoms -= count;
		part->first += count;
		part->count -= count;
		sums->at += !part->count;
		if (part->first == positions_of(part->mac)) {
			free(group->sums);
			group->sums = NULL;
		}
	}
	return true;
}

void sums_drop(struct sums *sums)
{
	for (size_t i = 0; i < sums->parts; i++)
		mac_unref(sums->part[i].mac);
	free(sums->part);
	*sums = (struct sums){ 0 };
}
