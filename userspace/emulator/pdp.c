// SPDX-License-Identifier: MIT
/*
 * PDP: pooling, first along a line, then across lines, with the word widths of nv_small: 11 bits
 * after the line, 14 after the window, 11 between the two multiplications by a reciprocal. Sums
 * that do not fit wrap.
 */
#include <stdlib.h>
#include <string.h>

#include "pdp.h"
#include "timing.h"

enum {
	METHOD_AVERAGE,
	METHOD_MAX,
	METHOD_MIN,

	KERNEL_MAX = 8,
	LINE_BITS = 11,
	WINDOW_BITS = 14,
	OUT_BITS = 8,
};

static int32_t wrap(int64_t value, unsigned int width)
{
	uint32_t unused = 32 - width;

	return (int32_t)((uint32_t)value << unused) >> unused;
}

static void decode(const struct nvdla_emu *emu, struct pdp *pdp)
{
	const uint32_t *r = consumer_group(emu, UNIT_PDP);
	uint32_t unit = emu->config->atom;
	uint32_t mode = REG(r, PDP_D_OPERATION_MODE_CFG);
	uint32_t kernel = REG(r, PDP_D_POOLING_KERNEL_CFG);
	uint32_t pad = REG(r, PDP_D_POOLING_PADDING_CFG);
	uint32_t in = REG(r, PDP_D_PARTIAL_WIDTH_IN);
	uint32_t out = REG(r, PDP_D_PARTIAL_WIDTH_OUT);

	pdp->x = (struct pdp_axis){
		.in = REG(r, PDP_D_DATA_CUBE_IN_WIDTH) + 1,
		.out = REG(r, PDP_D_DATA_CUBE_OUT_WIDTH) + 1,
		.kernel = bits(kernel, 3, 0) + 1,
		.stride = bits(kernel, 19, 16) + 1,
		.pad_before = bits(pad, 2, 0),
		.pad_after = bits(pad, 10, 8),
		.reciprocal = REG(r, PDP_D_RECIP_KERNEL_WIDTH),
	};
	pdp->y = (struct pdp_axis){
		.in = REG(r, PDP_D_DATA_CUBE_IN_HEIGHT) + 1,
		.out = REG(r, PDP_D_DATA_CUBE_OUT_HEIGHT) + 1,
		.kernel = bits(kernel, 11, 8) + 1,
		.stride = bits(kernel, 23, 20) + 1,
		.pad_before = bits(pad, 6, 4),
		.pad_after = bits(pad, 14, 12),
		.reciprocal = REG(r, PDP_D_RECIP_KERNEL_HEIGHT),
	};
	pdp->method = bits(mode, 1, 0);
	pdp->splits = bits(mode, 15, 8) + 1;
	pdp->first.in = bits(in, 9, 0) + 1;
	pdp->last.in = bits(in, 19, 10) + 1;
	pdp->middle.in = bits(in, 29, 20) + 1;
	pdp->first.out = bits(out, 9, 0) + 1;
	pdp->last.out = bits(out, 19, 10) + 1;
	pdp->middle.out = bits(out, 29, 20) + 1;
	for (unsigned int n = 1; n < KERNEL_MAX; n++)
		pdp->pad_value[n] = wrap(r[PDP_D_POOLING_PADDING_VALUE_1_CFG / 4 + n - 1], 19);
	pdp->dst = (struct surface){
		.base = REG_ADDRESS(emu->config, r, PDP_D_DST_BASE_ADDR_HIGH,
				    PDP_D_DST_BASE_ADDR_LOW),
		.line_stride = REG(r, PDP_D_DST_LINE_STRIDE) & -unit,
		.surface_stride = REG(r, PDP_D_DST_SURFACE_STRIDE) & -unit,
		.width = pdp->x.out,
		.height = pdp->y.out,
		.surfaces = REG(r, PDP_D_DATA_CUBE_OUT_CHANNEL) / unit + 1,
		.atom_bytes = unit,
	};
}

/*
 * Does the hardware find all windows that end in the padding behind? It counts them by how often
 * the stride fits into that padding, and then has one too many if the padding is larger than what
 * the last window needs. When not even the first window ends before the padding, it finds the
 * others only if the last ends exactly with the padding.
 */
static bool count_found(const struct pdp_axis *axis)
{
	unsigned int before = axis->pad_before + axis->in;
	unsigned int rest = before + axis->pad_after - axis->kernel;
	unsigned int end = (axis->out - 1) * axis->stride + axis->kernel;

	if (before < axis->kernel)
		return rest < axis->stride || rest % axis->stride == 0;
	return end <= before ||
	       (end - before) / axis->stride == axis->pad_after / axis->stride;
}

static bool axis_consistent(const struct pdp_axis *axis)
{
	unsigned int padded = axis->pad_before + axis->in + axis->pad_after;

	/* A window needs at least one real element. */
	if (axis->kernel > KERNEL_MAX || axis->pad_before >= axis->kernel ||
	    axis->pad_after >= axis->kernel || padded < axis->kernel)
		return false;
	return axis->out == (padded - axis->kernel) / axis->stride + 1 && count_found(axis);
}

/* The widths of the parts add up, and each part has the columns that its outputs need. */
static bool split_consistent(const struct pdp *pdp)
{
	unsigned int middles = pdp->splits - 2;
	const struct pdp_axis *x = &pdp->x;

	if (pdp->splits == 1)
		return true;
	return pdp->first.out + middles * pdp->middle.out + pdp->last.out == x->out &&
	       pdp->first.in + middles * pdp->middle.in + pdp->last.in == x->in &&
	       pdp->first.in + x->pad_before == (pdp->first.out - 1) * x->stride + x->kernel &&
	       pdp->first.in + x->stride >= x->kernel &&
	       (!middles || pdp->middle.in == pdp->middle.out * x->stride);
}

/* Output atoms for which the line buffer has room, with so many windows open across lines. */
static unsigned int max_width(const struct nvdla_config *config, const struct pdp_axis *y)
{
	unsigned int open = div_round_up(y->kernel, y->stride);

	if (open > 4)
		return config->pdp_line_atoms / 8;
	return config->pdp_line_atoms / (open > 2 ? 4 : open);
}

static unsigned int widest_part(const struct pdp *pdp)
{
	unsigned int widest = pdp->first.out > pdp->last.out ? pdp->first.out : pdp->last.out;

	if (pdp->splits == 1)
		return pdp->x.out;
	if (pdp->splits > 2 && pdp->middle.out > widest)
		return pdp->middle.out;
	return widest;
}

static const char *check(const struct nvdla_emu *emu, const struct pdp *pdp)
{
	/* Windows that begin in the padding above are all opened, and do harm to the next surface. */
	if (pdp->dst.surfaces > 1 && pdp->y.pad_before / pdp->y.stride >= pdp->y.out)
		return "PDP: more windows begin in the padding than there are output lines";
	if (!axis_consistent(&pdp->x) || !axis_consistent(&pdp->y))
		return "PDP: output size does not follow from input, kernel, stride and padding";
	if (!split_consistent(pdp))
		return "PDP: the widths of the parts do not add up";
	if (widest_part(pdp) > max_width(emu->config, &pdp->y))
		return "PDP: output line wider than the line buffer";
	if (!job_fits(emu, &pdp->dst))
		return "PDP cube too large for the emulator";
	return NULL;
}

static int32_t combine(unsigned int method, int32_t a, int32_t b)
{
	switch (method) {
	case METHOD_AVERAGE:
		return a + b;
	case METHOD_MAX:
		return a > b ? a : b;
	case METHOD_MIN:
		return a < b ? a : b;
	default:
		return 0;
	}
}

/* Real elements of a window: from the first, so many; the rest of the kernel is padding. */
static unsigned int window(const struct pdp_axis *axis, unsigned int o, unsigned int *first)
{
	int begin = (int)(o * axis->stride) - (int)axis->pad_before;
	int end = begin + (int)axis->kernel;

	begin = begin < 0 ? 0 : begin;
	end = end > (int)axis->in ? (int)axis->in : end;
	*first = (unsigned int)begin;
	return (unsigned int)(end - begin);
}

static void pool_line(const struct pdp *pdp, unsigned int atom, const int8_t *in, int16_t *out)
{
	for (unsigned int o = 0; o < pdp->x.out; o++, out += atom) {
		unsigned int first, real = window(&pdp->x, o, &first);
		unsigned int missing = pdp->x.kernel - real;
		int32_t pad = 0;

		if (pdp->method == METHOD_AVERAGE && missing)
			pad = wrap(pdp->pad_value[missing], LINE_BITS);
		for (unsigned int c = 0; c < atom; c++) {
			const int8_t *at = in + (size_t)first * atom + c;
			int32_t value = (int32_t)*at;

			for (unsigned int i = 1; i < real; i++)
				value = combine(pdp->method, value, at[(size_t)i * atom]);
			out[c] = (int16_t)wrap(value + pad, LINE_BITS);
		}
	}
}

/* 16 fraction bits off, half away from zero. What is too large loses its upper bits. */
static int32_t drop_fraction(int64_t product, unsigned int width)
{
	int64_t whole = product >> 16;
	bool half = product >> 15 & 1;

	if (product < 0)
		whole += half && (product & 0x7fff);
	else
		whole = (whole & ((1 << (width - 1)) - 1)) + half;
	return wrap(whole, width);
}

static int8_t average(const struct pdp *pdp, int32_t sum)
{
	int64_t across = (int64_t)sum * pdp->x.reciprocal;

	/* The product's register is 31 bits wide. */
	across = drop_fraction(wrap(across, 31), LINE_BITS);
	return (int8_t)drop_fraction(wrap(across * pdp->y.reciprocal, 28), OUT_BITS);
}

static void pool_column(const struct pdp *pdp, unsigned int atom, unsigned int o,
			const int16_t *lines, int8_t *out)
{
	size_t line = (size_t)pdp->x.out * atom;
	unsigned int first, real = window(&pdp->y, o, &first);
	unsigned int missing = pdp->y.kernel - real;
	int32_t pad = 0;

	if (missing)
		pad = wrap((int64_t)pdp->pad_value[missing] * pdp->x.kernel, WINDOW_BITS);
	for (size_t i = 0; i < line; i++) {
		const int16_t *at = lines + first * line + i;
		int32_t value = *at;

		for (unsigned int j = 1; j < real; j++)
			value = combine(pdp->method, value, at[j * line]);
		value = wrap(value, WINDOW_BITS);
		if (pdp->method == METHOD_AVERAGE)
			out[i] = average(pdp, value + pad);
		else
			out[i] = (int8_t)value;
	}
}

int8_t *pdp_compute(const struct nvdla_emu *emu, const struct pdp *pdp, const int8_t *in)
{
	unsigned int atom = emu->config->atom;
	size_t in_line = (size_t)pdp->x.in * atom, out_line = (size_t)pdp->x.out * atom;
	int16_t *lines = calloc(pdp->y.in * out_line, sizeof(*lines));
	int8_t *out = malloc(surface_bytes(&pdp->dst)), *to = out;

	if (!lines || !out) {
		free(lines);
		free(out);
		return NULL;
	}
	for (unsigned int s = 0; s < pdp->dst.surfaces; s++) {
		for (unsigned int y = 0; y < pdp->y.in; y++, in += in_line)
			pool_line(pdp, atom, in, lines + y * out_line);
		for (unsigned int y = 0; y < pdp->y.out; y++, to += out_line)
			pool_column(pdp, atom, y, lines, to);
	}
	free(lines);
	return out;
}

static bool same_cube(const struct pdp *pdp, const struct surface *in)
{
	return in->width == pdp->x.in && in->height == pdp->y.in &&
	       in->surfaces == pdp->dst.surfaces;
}

static bool from_memory(const struct nvdla_emu *emu)
{
	return bits(REG(consumer_group(emu, UNIT_PDP), PDP_D_OPERATION_MODE_CFG), 4, 4);
}

bool pdp_waiting_for_sdp(const struct nvdla_emu *emu)
{
	return unit_waiting(emu, UNIT_PDP) && !from_memory(emu);
}

const char *pdp_start_flying(const struct nvdla_emu *emu, struct pdp *pdp,
			     const struct surface *in)
{
	decode(emu, pdp);
	if (pdp->splits > 1)
		return "PDP: input from SDP cannot be split";
	if (!same_cube(pdp, in))
		return "PDP and SDP differ in the size of the cube";
	return check(emu, pdp);
}

static void decode_rdma(const struct nvdla_emu *emu, struct surface *in)
{
	const uint32_t *r = consumer_group(emu, UNIT_PDP_RDMA);
	uint32_t unit = emu->config->atom;

	*in = (struct surface){
		.base = REG_ADDRESS(emu->config, r, PDP_RDMA_D_SRC_BASE_ADDR_HIGH,
				    PDP_RDMA_D_SRC_BASE_ADDR_LOW),
		.line_stride = REG(r, PDP_RDMA_D_SRC_LINE_STRIDE) & -unit,
		.surface_stride = REG(r, PDP_RDMA_D_SRC_SURFACE_STRIDE) & -unit,
		.width = REG(r, PDP_RDMA_D_DATA_CUBE_IN_WIDTH) + 1,
		.height = REG(r, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT) + 1,
		.surfaces = REG(r, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL) / unit + 1,
		.atom_bytes = unit,
	};
}

/* PDP and its reader cut the cube the same way. */
static bool same_parts(const struct nvdla_emu *emu)
{
	const uint32_t *r = consumer_group(emu, UNIT_PDP_RDMA);
	const uint32_t *d = consumer_group(emu, UNIT_PDP);
	uint32_t kernel = REG(r, PDP_RDMA_D_POOLING_KERNEL_CFG);

	if (REG(r, PDP_RDMA_D_OPERATION_MODE_CFG) != bits(REG(d, PDP_D_OPERATION_MODE_CFG), 15, 8))
		return false;
	if (!REG(r, PDP_RDMA_D_OPERATION_MODE_CFG))
		return true;
	return REG(r, PDP_RDMA_D_PARTIAL_WIDTH_IN) == REG(d, PDP_D_PARTIAL_WIDTH_IN) &&
	       bits(kernel, 3, 0) == bits(REG(d, PDP_D_POOLING_KERNEL_CFG), 3, 0) &&
	       bits(kernel, 7, 4) == bits(REG(d, PDP_D_POOLING_KERNEL_CFG), 19, 16);
}

static const char *start(struct nvdla_emu *emu, struct job *job)
{
	struct pdp pdp;
	struct surface in;
	struct timing_pdp timing;
	const char *reason;
	uint64_t cycles;
	int8_t *data;

	decode(emu, &pdp);
	decode_rdma(emu, &in);
	if (!same_cube(&pdp, &in) || !same_parts(emu))
		return "PDP and PDP_RDMA differ in the size or the parts of the cube";
	if (!job_fits(emu, &in))
		return "PDP cube too large for the emulator";
	reason = check(emu, &pdp);
	if (reason)
		return reason;
	data = malloc(surface_bytes(&in));
	if (!data)
		return "out of memory";
	surface_read(emu, &in, data);
	job->out = pdp.dst;
	job->data = pdp_compute(emu, &pdp, data);
	free(data);
	if (!job->data)
		return "out of memory";

	pdp_timing(&pdp, &timing);
	cycles = timing_pdp(emu->config, &timing);
	job->engines = 1u << NVDLA_EMU_PDP;
	job_event(emu, job, cycles, (struct event){ .done = UNIT_PDP_RDMA, .irq = IRQ_NONE });
	job_event(emu, job, cycles,
		  (struct event){ .done = UNIT_PDP, .irq = IRQ_PDP, .irq_unit = UNIT_PDP,
				  .flush = true });
	return NULL;
}

/* Windows that end in the padding behind, and what of that cannot hide in the next line. */
static unsigned int flushed(const struct pdp_axis *axis)
{
	if (axis->pad_before + axis->in < axis->kernel)
		return axis->out - 1;
	return axis->pad_after / axis->stride;
}

static unsigned int bubbles(const struct pdp_axis *axis)
{
	unsigned int before_first = axis->kernel - axis->pad_before, after = flushed(axis);

	if (axis->in < before_first)
		before_first = axis->in;
	return after >= before_first ? after - before_first + 1 : 0;
}

void pdp_timing(const struct pdp *pdp, struct timing_pdp *timing)
{
	unsigned int surfaces = pdp->dst.surfaces;

	unsigned int overlap = pdp->x.kernel > pdp->x.stride ? pdp->x.kernel - pdp->x.stride : 0;

	*timing = (struct timing_pdp){
		.in_width = pdp->x.in + (pdp->splits - 1) * overlap,
		.in_height = pdp->y.in,
		.surfaces = pdp->dst.surfaces,
		.bubbles = bubbles(&pdp->x) * pdp->y.in * surfaces +
			   bubbles(&pdp->y) * pdp->x.out * (surfaces - 1) +
			   flushed(&pdp->y) * pdp->x.out + flushed(&pdp->x),
	};
}

void pdp_try_start(struct nvdla_emu *emu, struct job *job)
{
	const char *reason;

	if (!unit_waiting(emu, UNIT_PDP) || !from_memory(emu) || !unit_waiting(emu, UNIT_PDP_RDMA))
		return;
	job_take(emu, job, UNIT_PDP);
	job_take(emu, job, UNIT_PDP_RDMA);
	reason = start(emu, job);
	if (reason)
		job_hang(emu, job, reason);
}
