// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "lower.h"

/*
 * RESIZE_NEAREST_NEIGHBOR to a multiple of the size: SDP copies the picture as often as a pixel is there in
 * the end. What lies one behind the other on both sides is a pixel alone, so a copy's lines are
 * pixels, a column's on its way; and its planes are the picture's lines, or its planes with one line
 * of each.
 */
struct lowered_resize {
	struct dla_lowered base;
	struct dla_feature in, out;
	uint32_t times_x, times_y;
	int input, output;
};

static void free_resize(struct dla_lowered *lowered)
{
	free(lowered);
}

/* So many planes of so many lines of one atom each. */
struct walk {
	uint32_t planes, lines;
	struct drm_nvdla_surface src, dst;
};

static int emit_walk(struct dla_emit *emit, const struct walk *walk, uint32_t atom)
{
	struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_SDP);

	if (!op)
		return -ENOMEM;
	op->sdp.src = walk->src;
	op->sdp.dst = walk->dst;
	op->sdp.width = 1;
	op->sdp.height = (__u16)walk->lines;
	op->sdp.channels = (__u16)(walk->planes * atom);
	op->sdp.out_scale = 1;
	return 0;
}

/* One of the copies: to the pixels that are x columns and y lines from the first of their kind. */
static int emit_copy(const struct lowered_resize *l, struct dla_emit *emit, uint32_t x, uint32_t y)
{
	const struct dla_feature *in = &l->in, *out = &l->out;
	uint32_t atom = in->atom, planes = (in->channels + atom - 1) / atom;
	size_t src = dla_emit_offset(emit, l->input);
	size_t dst = dla_emit_offset(emit, l->output) + (size_t)y * out->line_stride + (size_t)x * atom;
	bool by_line = in->height < planes || in->height > DLA_SIZE_LIMIT / atom;
	uint32_t step = out->line_stride * l->times_y;
	int err = 0;

	/* A column is the only line there is. */
	if (in->width == 1) {
		struct walk walk = {
			.planes = planes, .lines = in->height,
			.src = { .line_stride = atom, .surface_stride = in->surface_stride },
			.dst = { .line_stride = step, .surface_stride = out->surface_stride },
		};

		walk.src.addr = (struct drm_nvdla_addr) { .slot = DLA_SLOT_ARENA, .offset = src };
		walk.dst.addr = (struct drm_nvdla_addr) { .slot = DLA_SLOT_ARENA, .offset = dst };
		return emit_walk(emit, &walk, atom);
	}
	for (uint32_t i = 0; i < (by_line ? in->height : planes) && !err; i++) {
		struct walk walk = {
			.planes = by_line ? planes : in->height, .lines = in->width,
			.src = { .line_stride = atom },
			.dst = { .line_stride = atom * l->times_x },
		};

		walk.src.surface_stride = by_line ? in->surface_stride : in->line_stride;
		walk.dst.surface_stride = by_line ? out->surface_stride : step;
		walk.src.addr = (struct drm_nvdla_addr) {
			.slot = DLA_SLOT_ARENA,
			.offset = src + (size_t)i * (by_line ? in->line_stride : in->surface_stride),
		};
		walk.dst.addr = (struct drm_nvdla_addr) {
			.slot = DLA_SLOT_ARENA,
			.offset = dst + (size_t)i * (by_line ? step : out->surface_stride),
		};
		err = emit_walk(emit, &walk, atom);
	}
	return err;
}

static int emit_resize(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_resize *l = (const struct lowered_resize *)lowered;
	int err = 0;

	for (uint32_t y = 0; y < l->times_y; y++)
		for (uint32_t x = 0; x < l->times_x && !err; x++)
			err = emit_copy(l, emit, x, y);
	return err;
}

static void eval_resize(const struct dla_lowered *lowered, const int8_t *const input[], int8_t *output)
{
	const struct lowered_resize *l = (const struct lowered_resize *)lowered;
	size_t channels = l->in.channels;

	for (uint32_t y = 0; y < l->out.height; y++)
		for (uint32_t x = 0; x < l->out.width; x++, output += channels)
			memcpy(output, input[0] + ((size_t)(y / l->times_y) * l->in.width + x / l->times_x) * channels,
			       channels);
}

int dla_lower_resize(const struct dla_lower *lower, const struct dla_node *node, struct dla_lowered **lowered,
		     const char **why)
{
	static const struct dla_lowered_ops ops = {
		.emit = emit_resize, .eval = eval_resize, .free = free_resize,
	};
	const struct dla_op *op = &lower->graph->op[node->op];
	struct dla_feature in, out;
	struct lowered_resize *l;

	if (!dla_lower_is_int8(lower, op->input[0]) || !dla_lower_is_int8(lower, op->output[0]))
		*why = "not a computed 8-bit tensor";
	else if (!dla_lower_own_pictures(lower, op->input[0], &in) ||
		 !dla_lower_own_pictures(lower, op->output[0], &out))
		*why = "not pictures within 8192 x 8192 x 8192";
	else if (op->resize.align_corners || out.width % in.width || out.height % in.height)
		*why = "not to a multiple of the size";
	else if (in.width == 1 && in.height == 1)
		*why = "one pixel";
	if (*why)
		return 0;

	l = calloc(1, sizeof(*l));
	if (!l)
		return dla_fail(ENOMEM, "out of memory");
	l->base.ops = &ops;
	l->base.how = "as copies";
	l->in = in;
	l->out = out;
	l->times_x = out.width / in.width;
	l->times_y = out.height / in.height;
	l->input = op->input[0];
	l->output = op->output[0];
	*lowered = &l->base;
	return 0;
}
