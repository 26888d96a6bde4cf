// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "lower.h"

/*
 * Operations that only move elements: CONCATENATION, SPLIT and slices without steps. Every part of the
 * larger tensor is a box of it, whole atoms of channels from its first on. Where a part's bytes lie in the larger
 * tensor as they would alone, it may lie there from the start, and nothing is left to do; everything else SDP
 * copies.
 */

/* Width, height and channels of a box, and where it begins. */
struct box {
	uint32_t x, y, channel;
	uint32_t width, height, channels;
};

struct piece {
	struct box box;			/* of the larger tensor */
	struct dla_feature part;
	int tensor;
	size_t elements_before;		/* in the outputs of all pieces, one behind the other */
};

struct lowered_move {
	struct dla_lowered base;
	bool joins;			/* the parts are inputs */
	int whole;
	struct dla_feature feature;	/* of it */
	unsigned int pieces;
	struct piece *piece;
	struct dla_inside *inside;
};

static void release_move(struct dla_lowered *lowered)
{
	struct lowered_move *l = (struct lowered_move *)lowered;

	free(l->piece);
	free(l->inside);
}

static uint32_t planes(const struct dla_feature *f)
{
	return (f->channels + f->atom - 1) / f->atom;
}

/* Where the piece begins in the larger tensor. */
static size_t place_of(const struct lowered_move *l, const struct box *box)
{
	return (size_t)(box->channel / l->feature.atom) * l->feature.surface_stride +
	       (size_t)box->y * l->feature.line_stride + (size_t)box->x * l->feature.atom;
}

/* Its lines and planes are as far apart there as alone. */
static bool lies_alike(const struct lowered_move *l, const struct dla_feature *part)
{
	return (part->height == 1 || part->line_stride == l->feature.line_stride) &&
	       (planes(part) == 1 || part->surface_stride == l->feature.surface_stride);
}

static bool may_lie_inside(const struct lowered_move *l, const struct piece *piece)
{
	for (unsigned int i = 0; i < l->base.inside_count; i++)
		if (l->inside[i].part == piece->tensor && l->inside[i].offset == place_of(l, &piece->box))
			return true;
	return false;
}

/* One pixel of a larger surface is no surface to the hardware. A column of such a pixel's atoms is. */
static void stand_up(struct drm_nvdla_surface *surface, uint32_t atoms)
{
	surface->line_stride = atoms == 1 ? surface->line_stride : surface->surface_stride;
	surface->surface_stride = surface->line_stride * atoms;
}

static int emit_copy(const struct lowered_move *l, const struct piece *piece, struct dla_emit *emit,
		     size_t there, size_t alone)
{
	struct drm_nvdla_surface a = dla_emit_surface(&piece->part, alone);
	struct drm_nvdla_surface b = dla_emit_surface(&l->feature, there);
	uint32_t width = piece->part.width, height = piece->part.height, channels = piece->part.channels;
	struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_SDP);

	if (!op)
		return -ENOMEM;
	if (width == 1 && height == 1) {
		height = planes(&piece->part);
		channels = piece->part.atom;
		a.line_stride = b.line_stride = piece->part.atom;
		stand_up(&a, height);
		stand_up(&b, height);
	}
	op->sdp.src = l->joins ? a : b;
	op->sdp.dst = l->joins ? b : a;
	op->sdp.width = (__u16)width;
	op->sdp.height = (__u16)height;
	op->sdp.channels = (__u16)channels;
	op->sdp.out_scale = 1;
	return 0;
}

static int emit_move(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_move *l = (const struct lowered_move *)lowered;
	int err = 0;

	for (unsigned int i = 0; i < l->pieces && !err; i++) {
		const struct piece *piece = &l->piece[i];
		size_t there = dla_emit_offset(emit, l->whole) + place_of(l, &piece->box);
		size_t alone = dla_emit_offset(emit, piece->tensor);

		if (emit->unplanned ? !may_lie_inside(l, piece) : there != alone)
			err = emit_copy(l, piece, emit, there, alone);
	}
	return err;
}

static void eval_move(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_move *l = (const struct lowered_move *)lowered;
	size_t channels = l->feature.channels;

	for (unsigned int i = 0; i < l->pieces; i++) {
		const struct box *box = &l->piece[i].box;
		size_t pixel = 0;

		for (size_t y = box->y; y < box->y + box->height; y++) {
			for (size_t x = box->x; x < box->x + box->width; x++, pixel++) {
				size_t there = (y * l->feature.width + x) * channels + box->channel;

				if (l->joins)
					memcpy(output + there, input[i] + pixel * box->channels, box->channels);
				else
					memcpy(output + l->piece[i].elements_before + pixel * box->channels,
					       input[0] + there, box->channels);
			}
		}
	}
}

/* ------------------------------------------------------------------------------ preparing */

/* A range along one axis of a tensor, cut out of the box so far. False where it would not be a box. */
static bool cut_axis(const struct dla_feature *whole, unsigned int rank, unsigned int axis, uint32_t begin,
		     uint32_t count, struct box *box)
{
	/* As one of N, H, W, C, see dla_feature_of(). */
	unsigned int of_four = axis + 1 == rank ? 3 : axis ? 4 - rank + axis : 0;
	uint32_t picture = whole->height / whole->pictures;

	switch (of_four) {
	case 0:
		/* A range of lines of each of several pictures is no box, so this is the only one of lines. */
		if (begin || count != whole->pictures) {
			box->y = begin * picture;
			box->height = count * picture;
		}
		return true;
	case 1:
		if (begin || count != picture) {
			if (whole->pictures > 1)
				return false;
			box->y = begin;
			box->height = count;
		}
		return true;
	case 2:
		box->x = begin;
		box->width = count;
		return true;
	default:
		box->channel = begin;
		box->channels = count;
		return begin % whole->atom == 0;
	}
}

static struct box all_of(const struct dla_feature *f)
{
	return (struct box) { .width = f->width, .height = f->height, .channels = f->channels };
}

/* Parts one behind the other along an axis. */
static bool find_parts(struct lowered_move *l, const struct dla_graph *graph, const int *tensor, unsigned int axis)
{
	const struct dla_shape *whole = &graph->tensor[l->whole].shape;
	uint32_t begin = 0;

	for (unsigned int i = 0; i < l->pieces; i++) {
		uint32_t count = (uint32_t)graph->tensor[tensor[i]].shape.dim[axis];

		l->piece[i].tensor = tensor[i];
		l->piece[i].box = all_of(&l->feature);
		if (!cut_axis(&l->feature, whole->rank, axis, begin, count, &l->piece[i].box))
			return false;
		begin += count;
	}
	return true;
}

static bool find_slice(struct lowered_move *l, const struct dla_graph *graph, const struct dla_op *op)
{
	const struct dla_shape *whole = &graph->tensor[l->whole].shape;
	struct box *box = &l->piece->box;

	l->piece->tensor = op->output[0];
	*box = all_of(&l->feature);
	for (unsigned int i = 0; i < whole->rank; i++)
		if ((op->slice.stride[i] != 1 && op->slice.count[i] > 1) ||
		    !cut_axis(&l->feature, whole->rank, i, (uint32_t)op->slice.begin[i], (uint32_t)op->slice.count[i], box))
			return false;
	return true;
}

static bool find_pieces(struct lowered_move *l, const struct dla_graph *graph, const struct dla_op *op)
{
	switch (op->kind) {
	case DLA_OP_CONCATENATION:
		return find_parts(l, graph, op->input, op->concat.axis);
	case DLA_OP_SPLIT:
	case DLA_OP_SPLIT_V:
		return find_parts(l, graph, op->output, op->split.axis);
	default:
		return find_slice(l, graph, op);
	}
}

/* Parts have to lie as the boxes that they are, which after a slice of one index may not be so. */
static bool parts_fit(struct lowered_move *l, const struct dla_lower *lower)
{
	size_t before = 0;

	for (unsigned int i = 0; i < l->pieces; i++) {
		struct piece *piece = &l->piece[i];
		struct dla_feature *part = &piece->part;

		if (!dla_lower_is_int8(lower, piece->tensor) || !dla_lower_own_pictures(lower, piece->tensor, part) ||
		    part->width != piece->box.width || part->height != piece->box.height ||
		    part->channels != piece->box.channels)
			return false;
		piece->elements_before = before;
		before += lower->graph->tensor[piece->tensor].bytes;
	}
	return true;
}

static void find_inside(struct lowered_move *l)
{
	for (unsigned int i = 0; i < l->pieces; i++)
		if (lies_alike(l, &l->piece[i].part))
			l->inside[l->base.inside_count++] = (struct dla_inside) {
				.part = l->piece[i].tensor, .whole = l->whole, .offset = place_of(l, &l->piece[i].box),
			};
	l->base.inside = l->inside;
	l->base.how = l->base.inside_count == l->pieces ? "by place in memory" : "by copying parts";
}

int dla_lower_move(const struct dla_lower *lower, const struct dla_node *node, struct dla_lowered **lowered,
		   const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_move, .eval = eval_move, .release = release_move,
	};
	const struct dla_op *op = &lower->graph->op[node->op];
	bool joins = op->kind == DLA_OP_CONCATENATION;
	struct lowered_move *l = dla_lowered_new(sizeof(*l), &ops, lowered);

	if (!l)
		return dla_fail_memory();
	l->joins = joins;
	l->whole = joins ? op->output[0] : op->input[0];
	l->pieces = joins ? op->input_count : op->output_count;
	l->piece = calloc(l->pieces, sizeof(*l->piece));
	l->inside = calloc(l->pieces, sizeof(*l->inside));
	if (!l->piece || !l->inside)
		return dla_fail_memory();
	if (!dla_lower_is_int8(lower, l->whole) || !dla_lower_own_pictures(lower, l->whole, &l->feature))
		*why = "not computed 8-bit pictures";
	else if (!find_pieces(l, lower->graph, op))
		*why = "a part that does not begin at a whole atom of channels";
	else if (!parts_fit(l, lower))
		*why = "a part that is no box of a computed 8-bit picture";
	if (!*why)
		find_inside(l);
	return 0;
}
