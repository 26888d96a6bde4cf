// SPDX-License-Identifier: MIT
/*
 * Pooling, first along a line, then across lines, with the word widths of nv_small: 11 bits after
 * the line, 14 after the window, 11 between the two multiplications by a reciprocal. Sums that do
 * not fit wrap.
 *
 * Windows are opened and closed by counters, in turn, in as many units as windows can overlap. A
 * window that ends in the padding behind is closed with the last real element and kept; its result
 * goes out while the next line (or surface) is taken, or in bubbles where that one has results of its
 * own too early. Nothing checks that the counters fit the size of the output: a window too many or
 * too few shifts all results behind it, and a missing one is waited for without end.
 */
#include <string.h>

#include "pdp_core.h"

enum {
	METHOD_AVERAGE,
	METHOD_MAX,
	METHOD_MIN,

	LINE_BITS = 11,
	WINDOW_BITS = 14,
	OUT_BITS = 8,

	/* From an element to its result, in either half. */
	ACROSS_CYCLES = 6,
	DOWN_CYCLES = 7,
	/* After a line of one atom the line buffer has to settle. */
	SINGLE_ATOM_PAUSE = 3,
	/* From the last result to the end of the operation, less the way of an atom. */
	END_CYCLES = 4,
};

/* An atom keeps either half busy for so long. */
static unsigned int atom_cycles(const struct pdp *op)
{
	return op->lanes / op->beat;
}

static int32_t wrap(int64_t value, unsigned int width)
{
	uint32_t unused = 32 - width;

	return (int32_t)((uint32_t)value << unused) >> unused;
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

static unsigned int low3(unsigned int value)
{
	return value & 7;
}

/* Windows that begin in the padding before, beside the first. */
static unsigned int early_windows(unsigned int pad, unsigned int stride)
{
	if (stride < 3)
		return pad / (stride + 1);
	/* More than two would not fit into the padding's seven. */
	return pad > stride;
}

/* Windows that end in the padding behind, as counted; see pdp_flushes(). */
static unsigned int late_windows(const struct pdp_axis *axis)
{
	return axis->pad_after / (axis->stride + 1);
}

/*
 * A cube that ends before the first window does has its late windows counted another way: only
 * when the last window ends exactly with the padding are there any. real: elements - 1 and the
 * padding before them.
 */
static unsigned int flushes(const struct pdp_axis *axis, bool small, unsigned int real)
{
	unsigned int late = late_windows(axis), left;

	if (!late || !small)
		return late;
	left = (real + axis->pad_after - axis->kernel) & 0xff;
	if (left % (axis->stride + 1) || left / (axis->stride + 1) > 6)
		return 0;
	return left / (axis->stride + 1);
}

static bool is_split(const struct pdp *op)
{
	return op->splits != 0;
}

/* Columns that neighbouring parts share, or leave out. */
static unsigned int overlap(const struct pdp *op)
{
	return op->x.kernel < op->x.stride ? op->x.stride - op->x.kernel :
					     op->x.kernel - op->x.stride;
}

/* Columns - 1 of the part that is coming in. */
static unsigned int part_width(const struct pdp *op, unsigned int part)
{
	unsigned int width;

	if (!is_split(op))
		return op->x.in;
	if (part != op->splits && !part)
		return op->in.first;
	width = part == op->splits ? op->in.last : op->in.middle;
	width += op->x.stride > op->x.kernel ? -overlap(op) : overlap(op);
	return width & 0x1fff;
}

static unsigned int out_width(const struct pdp *op, unsigned int part)
{
	if (!is_split(op))
		return op->x.out;
	return part == op->splits ? op->out.last : part ? op->out.middle : op->out.first;
}

static bool small_line(const struct pdp *op)
{
	if (!is_split(op))
		return op->x.in < 8 && op->x.in + op->x.pad_before < op->x.kernel;
	if (op->x.stride >= op->x.kernel)
		return ((op->in.last - overlap(op)) & 0x3ff) < op->x.kernel;
	return ((op->in.last + overlap(op)) & 0x3ff) < op->x.kernel;
}

static unsigned int line_flushes(const struct pdp *op)
{
	unsigned int real = op->x.in + op->x.pad_before;

	if (is_split(op))
		real = op->x.stride >= op->x.kernel ? ((op->in.last & 0x1f) - overlap(op)) & 0x3f :
						      ((op->in.last & 0x1f) + overlap(op)) & 0x3f;
	return flushes(&op->x, small_line(op), real);
}

/* Columns until a line has its first result. */
static unsigned int first_result(const struct pdp *op, unsigned int part, unsigned int pad)
{
	unsigned int columns = op->x.kernel + 1;

	if (!is_split(op))
		columns = small_line(op) ? op->x.in + 1 : columns - op->x.pad_before;
	else if (part == 0)
		columns -= pad;
	else if (part == op->splits && small_line(op))
		columns = op->x.stride >= op->x.kernel ? op->in.last + 1 :
							 op->in.last + 1 + overlap(op);
	else if (op->x.stride >= op->x.kernel)
		columns += op->x.stride + 1;
	return columns & 0x1f;
}

static void across_bubbles(struct pdp_across *a, unsigned int late, unsigned int first)
{
	a->needs_bubble = late >= first;
	a->bubbles = a->needs_bubble ? low3(late - first + 1) : 0;
}

/* The first windows of a line; no more than it has results, less one. */
static void begin_line(struct pdp_across *a, const struct pdp *op, unsigned int pad,
		       unsigned int out)
{
	unsigned int early = early_windows(pad, op->x.stride);

	for (unsigned int u = 0; u <= early && u <= out; u++) {
		a->open |= 1u << u;
		a->first |= 1u << u;
	}
	a->in_stride = low3(pad - early * (op->x.stride + 1));
	a->in_window = pad;
	a->column = 0;
	a->opening = early;
	a->closing = 0;
}

static void start_across(struct pdp_across *a, const struct pdp *op)
{
	unsigned int pad = is_split(op) && a->part ? 0 : op->x.pad_before;

	/* A stride of four or more leaves at most two windows open. */
	a->last_unit = op->x.stride < 3 ? op->x.kernel / (op->x.stride + 1) :
					  op->x.kernel > op->x.stride;
	begin_line(a, op, pad, out_width(op, a->out_part));
	if (!is_split(op))
		across_bubbles(a, line_flushes(op), first_result(op, 0, pad));
	a->from = 0;
}

static unsigned int lines_kept(const struct pdp_axis *y)
{
	if (y->stride >= y->kernel)
		return 1;
	switch (y->stride) {
	case 0:
		return y->kernel + 1;
	case 1:
		return (y->kernel + 2) / 2;
	case 2:
		return y->kernel <= 5 ? 2 : 3;
	default:
		return 2;
	}
}

static bool small_cube(const struct pdp *op)
{
	return op->y.in < 8 && op->y.in + op->y.pad_before < op->y.kernel;
}

static unsigned int cube_flushes(const struct pdp *op)
{
	return flushes(&op->y, small_cube(op), op->y.in + op->y.pad_before);
}

static unsigned int first_line_result(const struct pdp *op)
{
	unsigned int lines = small_cube(op) ? op->y.in + 1 : op->y.kernel + 1 - op->y.pad_before;

	return lines & 15;
}

static void begin_surface(struct pdp_down *d, const struct pdp *op)
{
	unsigned int pad = op->y.pad_before, early = early_windows(pad, op->y.stride);

	for (unsigned int u = 0; u <= early; u++) {
		d->open |= 1u << u;
		d->first |= 1u << u;
		d->lines[u] = 0;
	}
	d->in_stride = low3(pad - early * (op->y.stride + 1));
	d->in_window = pad;
	d->opening = early;
	d->closing = 0;
}

static void start_down(struct pdp_down *d, const struct pdp *op)
{
	unsigned int late = cube_flushes(op), first = first_line_result(op);

	d->windows = lines_kept(&op->y);
	d->banks = d->windows > 4 ? 1 : d->windows > 2 ? 2 : d->windows == 2 ? 4 : 8;
	d->bubbles_between = late >= first ? low3(late - first + 1) : 0;
	/* Only the padding is decoded with too few cases: the large ones leave what was there. */
	if (op->y.pad_before <= 5)
		d->early_pad[op->group] = op->y.pad_before;
	d->early = early_windows(d->early_pad[op->group], op->y.stride);
	begin_surface(d, op);
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

static int8_t average(const struct pdp *op, int32_t sum)
{
	int64_t across = (int64_t)sum * op->x.reciprocal;

	/* The product's register is 31 bits wide. */
	across = drop_fraction(wrap(across, 31), LINE_BITS);
	return (int8_t)drop_fraction(wrap(across * op->y.reciprocal, 28), OUT_BITS);
}

static void emit(struct pdp_core *core, const int16_t *values, unsigned int size, uint64_t time)
{
	const struct pdp *op = &core->op;
	int32_t pad = op->pad_value[low3(op->y.kernel - size)] * (int32_t)(op->x.kernel + 1);
	int8_t *to;

	if (core->written < core->wanted) {
		to = core->out + core->written++ * op->lanes;
		core->out_time = time;
	} else if (core->spares < PDP_SPARE_ATOMS) {
		to = core->spare[core->spares++];
	} else {
		return;
	}
	for (unsigned int c = 0; c < op->lanes; c++) {
		if (op->method == METHOD_AVERAGE)
			to[c] = average(op, values[c] + wrap(pad, WINDOW_BITS));
		else
			to[c] = (int8_t)values[c];
	}
}

/* Banks of a window that a line's current atom is in, or none. */
static unsigned int bank_of(const struct pdp_down *d, unsigned int window)
{
	return window * d->banks + d->bank;
}

static void down_advance_address(struct pdp_down *d, bool line_done)
{
	if (line_done) {
		d->address = 0;
		d->bank = 0;
	} else if (++d->address == PDP_BANK_ATOMS) {
		d->address = 0;
		d->bank = d->bank + 1 == d->banks ? 0 : low3(d->bank + 1);
	}
}

/*
 * Windows that the next surface opens in its padding are those that were to be flushed while it
 * comes in: these, and the ones before them, are flushed in bubbles instead.
 */
static void settle_down(struct pdp_down *d, const struct pdp *op)
{
	unsigned int late = cube_flushes(op);
	unsigned int later = low3(late - d->bubbles_between), last = d->windows - 1;
	bool last_line = d->line == op->y.in;
	unsigned int first = first_line_result(op);

	if (!d->flushing)
		d->flushed = 0;
	if (last_line) {
		for (unsigned int i = 0; i < PDP_UNITS - 1; i++)
			d->after[i] = d->closing + i < last ? d->closing + i + 1 :
							      low3(d->closing + i - last);
	}
	d->clash = 0;
	for (unsigned int i = 0; later >= 2 && i < later; i++) {
		unsigned int at = d->bubbles_between + i;

		if (at < PDP_UNITS - 1 && d->after[at] <= d->early)
			d->clash = i + 1;
	}
	if (!last_line)
		return;
	d->needs_bubble = true;
	if (late >= first)
		d->bubbles = low3(late - first + 1 + d->clash);
	else if (d->clash)
		d->bubbles = d->clash;
	else
		d->needs_bubble = false;
	if (!d->needs_bubble)
		d->bubbles = 0;
}

/* A flushed window's atom: of the bank, if flushing has any. */
static bool flushed_cell(const struct pdp_down *d, struct pdp_cell *cell)
{
	unsigned int bank = bank_of(d, d->flush_window);

	memset(cell, 0, sizeof(*cell));
	/* With a single window nothing is left to flush, and only the bubbles remain. */
	if (d->windows == 1 || bank >= PDP_BANKS)
		return false;
	*cell = d->cell[bank][d->address];
	return true;
}

static void step_flush_window(struct pdp_down *d)
{
	d->flush_window = d->flush_window == d->windows - 1 ? 0 : low3(d->flush_window + 1);
}

static void down_bubbles(struct pdp_core *core, unsigned int width)
{
	struct pdp_down *d = &core->down;
	unsigned int line = 0;
	bool done;

	do {
		for (unsigned int i = 0; i <= width; i++) {
			struct pdp_cell cell;

			flushed_cell(d, &cell);
			emit(core, cell.value, cell.size, core->down_free + DOWN_CYCLES);
			core->down_free += atom_cycles(&core->op);
			down_advance_address(d, i == width);
			settle_down(d, &core->op);
		}
		step_flush_window(d);
		done = line == low3(d->bubbles - 1);
		line = low3(line + 1);
	} while (!done);
	if (first_line_result(&core->op) == 1)
		d->flushing = false;
	else if (d->needs_bubble && !d->part_ended &&
		 d->clash < low3(cube_flushes(&core->op) - d->bubbles_between))
		d->flushing = true;
}

/* Combine an atom with all windows that are open; returns a mask of the banks of closed windows. */
static unsigned int down_windows(struct pdp_core *core, const int16_t *atom, bool closing)
{
	struct pdp_down *d = &core->down;
	unsigned int closed = 0;

	for (unsigned int w = 0; w < PDP_UNITS; w++) {
		unsigned int bank = bank_of(d, w);
		struct pdp_cell *cell;

		if (!(d->open >> w & 1) || bank >= PDP_BANKS || (d->windows == 1 && w))
			continue;
		cell = &d->cell[bank][d->address];
		if (d->first >> w & 1) {
			memcpy(cell->value, atom, sizeof(cell->value));
		} else {
			for (unsigned int c = 0; c < core->op.lanes; c++)
				cell->value[c] = (int16_t)wrap(combine(core->op.method, cell->value[c],
								       atom[c]), WINDOW_BITS);
		}
		cell->size = d->lines[w];
		if (closing && (d->windows == 1 || w == d->out_window))
			closed |= 1u << bank;
	}
	return closed;
}

/* Progress of the side that hands out results. */
static void down_out_progress(struct pdp_down *d, bool any, bool line_done, bool surface_done)
{
	bool line_out = any && line_done, bank_end, window_end;

	bank_end = any && (line_out || d->out_address == PDP_BANK_ATOMS - 1);
	window_end = line_out || (bank_end && d->out_bank == d->banks - 1);
	if (bank_end)
		d->out_address = 0;
	else if (any)
		d->out_address++;
	if (window_end)
		d->out_bank = 0;
	else if (bank_end)
		d->out_bank = low3(d->out_bank + 1);
	if (surface_done || (window_end && d->out_window == d->windows - 1))
		d->out_window = 0;
	else if (window_end)
		d->out_window = low3(d->out_window + 1);
}

static void down_line_done(struct pdp_core *core)
{
	const struct pdp *op = &core->op;
	struct pdp_down *d = &core->down;
	unsigned int width = out_width(op, d->part), last = d->windows - 1;
	unsigned int late = cube_flushes(op);
	bool stride_end = d->in_stride == op->y.stride, window_end = d->in_window == op->y.kernel;
	bool surface_done = d->line == op->y.in;
	bool part_done = surface_done && d->surface == op->surfaces;
	bool all_done = part_done && d->part == op->splits;
	bool no_more = ((op->y.in - d->line) & 0x1fff) + op->y.pad_after <= op->y.kernel;
	bool bubble = false;
	unsigned int closed = surface_done ? 0xff : 0;

	if (window_end && d->closing < PDP_UNITS)
		closed |= 1u << d->closing;
	for (unsigned int w = 0; w < PDP_UNITS; w++)
		d->lines[w] = (uint8_t)low3(d->lines[w] + (d->open >> w & 1));
	d->open &= (uint8_t)~closed;
	d->first = 0;
	if (stride_end && !no_more) {
		unsigned int next = d->opening == last ? 0 : d->opening + 1;

		if (next < PDP_UNITS) {
			d->open |= (uint8_t)(1u << next);
			d->first |= (uint8_t)(1u << next);
			d->lines[next] = 0;
		}
	}
	if (stride_end)
		d->opening = d->opening == last ? 0 : low3(d->opening + 1);

	/* What is left of the surface before goes out, line by line. */
	if (surface_done)
		d->flush_window = d->closing == last ? 0 : low3(d->closing + 1);
	else if (d->flushing)
		step_flush_window(d);
	if (d->flushing) {
		unsigned int want = d->needs_bubble ? low3(late - d->bubbles - 1) : low3(late - 1);

		if (d->flushed == want) {
			d->flushing = false;
			d->flushed = 0;
		} else {
			d->flushed = low3(d->flushed + 1);
		}
	}
	if (window_end || surface_done)
		d->closing = d->closing == last ? 0 : low3(d->closing + 1);
	if (op->y.kernel >= op->y.stride)
		d->in_window = window_end ? low3(op->y.kernel - op->y.stride) :
					    low3(d->in_window + 1);
	d->in_stride = stride_end ? 0 : (d->in_stride + 1) & 15;
	if (op->y.kernel < op->y.stride)
		d->in_window = d->in_stride <= op->y.kernel ? d->in_stride : 0;

	d->line = surface_done ? 0 : (d->line + 1) & 0x1fff;
	if (!surface_done)
		return;
	bubble = part_done && late ? true : d->needs_bubble;
	if (first_line_result(op) == 1)
		d->flushing = false;
	else if (!d->needs_bubble && late && !part_done)
		d->flushing = true;
	if (part_done) {
		d->needs_bubble = late != 0;
		d->bubbles = late;
		d->part_ended = true;
	}
	d->surface = part_done ? 0 : d->surface + 1;
	if (part_done)
		d->part = all_done ? 0 : d->part + 1;
	if (all_done)
		d->open = 0;
	else
		begin_surface(d, op);
	if (bubble)
		down_bubbles(core, width);
}

/* An atom of pooled line; returns when it was taken. */
static uint64_t down_atom(struct pdp_core *core, const int16_t *atom, uint64_t time)
{
	const struct pdp *op = &core->op;
	struct pdp_down *d = &core->down;
	unsigned int width = out_width(op, d->part);
	bool line_done = d->column == width;
	bool surface_done = line_done && d->line == op->y.in;
	bool closing = d->in_window == op->y.kernel || d->line == op->y.in;
	struct pdp_cell left = { 0 }, out = { 0 };
	bool flushed = false;
	unsigned int closed;

	time = time > core->down_free ? time : core->down_free;
	d->part_ended = false;
	settle_down(d, op);
	if (d->flushing)
		flushed = flushed_cell(d, &left);
	closed = down_windows(core, atom, closing);
	if (closed || flushed) {
		if (closed && !(closed & (closed - 1)))
			out = d->cell[__builtin_ctz(closed)][d->address];
		/* Two results at once are a mixture of both. */
		for (unsigned int c = 0; c < core->op.lanes; c++)
			out.value[c] = (int16_t)(out.value[c] | left.value[c]);
		emit(core, out.value, out.size | left.size, time + DOWN_CYCLES);
	}
	down_out_progress(d, closed != 0, line_done, surface_done);
	down_advance_address(d, line_done);
	d->column = line_done ? 0 : (d->column + 1) & 0x1fff;
	core->down_free = time + atom_cycles(&core->op) + (line_done && !width ? SINGLE_ATOM_PAUSE : 0);
	if (line_done)
		down_line_done(core);
	return time;
}

/* A result along the line goes on to the second half. */
static uint64_t across_result(struct pdp_core *core, const int16_t *values, unsigned int size,
			      uint64_t time)
{
	const struct pdp *op = &core->op;
	struct pdp_across *a = &core->across;
	unsigned int width = out_width(op, a->out_part);
	int32_t pad = 0;
	int16_t atom[ATOM_MAX];

	if (op->method == METHOD_AVERAGE)
		pad = op->pad_value[low3(op->x.kernel - size)];
	for (unsigned int c = 0; c < op->lanes; c++)
		atom[c] = (int16_t)wrap(values[c] + pad, LINE_BITS);
	if (a->out_column == width) {
		a->out_column = 0;
		a->from = 0;
		if (a->out_line++ == op->y.in) {
			a->out_line = 0;
			if (a->out_surface++ == op->surfaces) {
				a->out_surface = 0;
				a->out_part = a->out_part == op->splits ? 0 : (a->out_part + 1) & 0xff;
			}
		}
	} else {
		a->out_column = (a->out_column + 1) & 0x1fff;
		a->from = a->from == a->last_unit ? 0 : low3(a->from + 1);
	}
	return down_atom(core, atom, time + ACROSS_CYCLES) - ACROSS_CYCLES;
}

static void across_bubble_run(struct pdp_core *core)
{
	struct pdp_across *a = &core->across;
	const struct pdp *op = &core->op;
	unsigned int i = 0;
	bool done;

	do {
		const struct pdp_window *unit = &a->unit[a->from];

		core->across_free = across_result(core, unit->done, unit->done_size,
						  core->across_free) + atom_cycles(op);
		done = i == low3(a->bubbles - 1);
		i = low3(i + 1);
	} while (!done);
	a->flushing = a->needs_bubble && !a->part_ended &&
		      first_result(op, a->part, op->x.pad_before) != 1;
}

static void across_window(struct pdp_window *unit, const struct pdp *op, const int8_t *atom,
			  bool open, bool first)
{
	if (first) {
		for (unsigned int c = 0; c < op->lanes; c++)
			unit->value[c] = (int16_t)atom[c];
	} else if (!open) {
		memset(unit->value, 0, sizeof(unit->value));
	} else {
		for (unsigned int c = 0; c < op->lanes; c++)
			unit->value[c] = (int16_t)wrap(combine(op->method, unit->value[c], atom[c]),
						       LINE_BITS);
	}
}

/* Counters at the end of an atom. */
static void across_step(struct pdp_core *core, struct pdp_marks marks, bool line_end,
			unsigned int flush_first, unsigned int out, bool late_end)
{
	const struct pdp *op = &core->op;
	struct pdp_across *a = &core->across;
	bool last_part = a->part == op->splits, split = is_split(op);
	unsigned int width = part_width(op, a->part), late = line_flushes(op);
	bool stride_end = a->in_stride == op->x.stride, window_end = a->in_window == op->x.kernel;
	bool cube_end = marks.line_end && marks.last_line_of_cube;
	bool part_end = marks.line_end && marks.last_line_of_part;
	unsigned int rest = (width - a->column) & 0x1fff;
	bool no_more = rest + (!split || last_part ? op->x.pad_after : 0) <= op->x.kernel;
	bool bubble = line_end && a->needs_bubble && (!split || last_part);
	unsigned int pad = op->x.pad_before, closed = line_end ? 0xff : 0;
	bool flush_done = a->flushing &&
			  a->flushed == low3(a->needs_bubble ? flush_first - 2 : late - 1);

	if (window_end)
		closed |= 1u << a->closing;
	a->open &= (uint8_t)~closed;
	a->first = 0;
	if (stride_end && !no_more) {
		unsigned int next = a->opening == a->last_unit ? 0 : a->opening + 1;

		a->open |= (uint8_t)(1u << next);
		a->first |= (uint8_t)(1u << next);
	}

	a->flushed = a->flushing && !flush_done ? low3(a->flushed + 1) : 0;
	if (flush_done || cube_end || flush_first == 1)
		a->flushing = false;
	else if (!a->needs_bubble && late && line_end && (!split || last_part))
		a->flushing = true;

	if (line_end) {
		if (split && (a->part || marks.last_line_of_part))
			pad = 0;
		begin_line(a, op, pad, out);
	} else {
		if (stride_end)
			a->opening = a->opening == a->last_unit ? 0 : low3(a->opening + 1);
		if (window_end)
			a->closing = a->closing == a->last_unit ? 0 : low3(a->closing + 1);
		a->column = (a->column + 1) & 0x1fff;
		if (op->x.kernel >= op->x.stride)
			a->in_window = window_end ? low3(op->x.kernel - op->x.stride) :
						    low3(a->in_window + 1);
		a->in_stride = stride_end ? 0 : (a->in_stride + 1) & 15;
		if (op->x.kernel < op->x.stride)
			a->in_window = a->in_stride <= op->x.kernel ? a->in_stride : 0;
	}
	a->part_ended = part_end;
	a->flushing = a->flushing && !part_end;
	if (part_end)
		a->part = last_part ? 0 : (a->part + 1) & 0xff;
	if (cube_end) {
		a->open = 0;
		a->needs_bubble = late != 0;
		a->bubbles = late;
		core->running = false;
		bubble = bubble || late;
	}
	if (late_end)
		core->op = core->next;
	if (bubble)
		across_bubble_run(core);
}

void pdp_core_start(struct pdp_core *core, const struct pdp *op, const struct pdp *next,
		    int8_t *out, size_t atoms, uint64_t time)
{
	unsigned int taken;

	core->op = *op;
	core->next = *next;
	core->out = out;
	core->wanted = atoms;
	core->written = 0;
	core->out_time = time;
	core->across_free = time;
	core->down_free = time;
	core->running = true;
	start_across(&core->across, op);
	start_down(&core->down, op);

	taken = core->spares < atoms ? core->spares : (unsigned int)atoms;
	for (unsigned int i = 0; i < taken; i++, out += op->lanes)
		memcpy(out, core->spare[i], op->lanes);
	core->written = taken;
	core->spares -= taken;
	memmove(core->spare, core->spare[taken], core->spares * sizeof(core->spare[0]));
}

uint64_t pdp_core_atom(struct pdp_core *core, const int8_t *atom, struct pdp_marks marks,
		       uint64_t time)
{
	const struct pdp op = core->op;
	struct pdp_across *a = &core->across;
	unsigned int ending = 0, pad, flush_first, out = out_width(&op, a->out_part);
	bool line_end = a->column == part_width(&op, a->part), flushing = a->flushing;
	struct pdp_window result = { .size = 0 };
	bool late_end;
	uint64_t taken;

	if (!core->running || core->spares == PDP_SPARE_ATOMS)
		return UINT64_MAX;
	taken = time > core->across_free ? time : core->across_free;
	pad = is_split(&op) && (a->part || marks.last_line_of_part) ? 0 : op.x.pad_before;
	flush_first = first_result(&op, a->part, pad);
	if (is_split(&op) && a->part == op.splits)
		across_bubbles(a, line_flushes(&op), flush_first);

	if (line_end)
		ending = a->open;
	else if (a->in_window == op.x.kernel)
		ending = a->open & 1u << a->closing;
	if (flushing)
		result = a->unit[a->from];
	for (unsigned int u = 0; u < PDP_UNITS; u++) {
		struct pdp_window *unit = &a->unit[u];
		bool open = a->open >> u & 1, last = ending >> u & 1;

		across_window(unit, &op, atom, open, a->first >> u & 1);
		if (u == a->from && !flushing) {
			result = *unit;
			memcpy(result.done, result.value, sizeof(result.done));
			result.done_size = unit->size;
			/* A unit that does not end now repeats its first channels. */
			for (unsigned int c = op.beat; !last && c < op.lanes; c++)
				result.done[c] = result.done[c - op.beat];
		}
		if (last) {
			memcpy(unit->done, unit->value, sizeof(unit->done));
			unit->done_size = unit->size;
		}
		if (open)
			unit->size = last ? 0 : (uint8_t)low3(unit->size + 1);
	}
	/*
	 * An operation has ended when its results are written and its reader is done. If these were
	 * the last words of the reader, what is still under way meets the registers of the other
	 * group, and the counters are not left as the next operation has to find them.
	 */
	late_end = marks.line_end && marks.last_line_of_cube && pdp_core_complete(core) &&
		   taken > core->out_time + END_CYCLES;
	if (late_end)
		core->op = core->next;
	if (ending || flushing)
		taken = across_result(core, result.done, result.done_size, taken);
	core->across_free = taken + atom_cycles(&op);
	core->op = op;
	across_step(core, marks, line_end, flush_first, out, late_end);
	return taken;
}

uint64_t pdp_core_flying(struct pdp_core *core, const int8_t *atom, uint64_t time)
{
	const struct pdp *op = &core->op;
	struct pdp_marks marks = { 0 };

	/* An operation without a reader ends with its last result. */
	if (pdp_core_complete(core) && time > core->out_time + END_CYCLES)
		core->op = core->next;
	if (op->from_memory || !core->running)
		return UINT64_MAX;
	marks.line_end = core->sdp_column == op->x.in;
	core->sdp_column = marks.line_end ? 0 : (core->sdp_column + 1) & 0x1fff;
	if (marks.line_end) {
		bool surface_end = core->sdp_line == op->y.in;
		bool cube_end = surface_end && core->sdp_surface == op->in_surfaces;

		core->sdp_line = surface_end ? 0 : (core->sdp_line + 1) & 0x1fff;
		if (surface_end)
			core->sdp_surface = cube_end ? 0 : (core->sdp_surface + 1) & 0x3ff;
		marks.last_line_of_part = cube_end;
		marks.last_line_of_cube = cube_end;
	}
	return pdp_core_atom(core, atom, marks, time);
}
