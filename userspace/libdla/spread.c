// SPDX-License-Identifier: MIT
#include <errno.h>

#include "spread.h"

/*
 * A surface's lines have no gaps within them, so a copy's lines are single pixels. Its planes may then be the
 * picture's lines, a plane at a time, or its planes, a line at a time.
 */
struct walk {
	uint32_t planes, lines;
	uint32_t src_line, src_plane, dst_line, dst_plane;	/* strides */
};

static int emit_walk(struct dla_emit *emit, const struct walk *walk, uint32_t atom, size_t src, size_t dst)
{
	struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_SDP);

	if (!op)
		return -ENOMEM;
	op->sdp.src = (struct drm_nvdla_surface) {
		.addr = { .slot = DLA_SLOT_ARENA, .offset = src },
		.line_stride = walk->src_line, .surface_stride = walk->src_plane,
	};
	op->sdp.dst = (struct drm_nvdla_surface) {
		.addr = { .slot = DLA_SLOT_ARENA, .offset = dst },
		.line_stride = walk->dst_line, .surface_stride = walk->dst_plane,
	};
	op->sdp.width = 1;
	op->sdp.height = (__u16)walk->lines;
	op->sdp.channels = (__u16)(walk->planes * atom);
	op->sdp.out_scale = 1;
	return 0;
}

int dla_emit_spread(struct dla_emit *emit, const struct dla_feature *from, size_t src, const struct dla_feature *to,
		    size_t dst, struct dla_steps steps)
{
	uint32_t atom = from->atom, planes = (from->channels + atom - 1) / atom, count = 1;
	uint32_t step_x = atom * steps.x, step_y = to->line_stride * steps.y;
	struct walk walk = { .planes = planes, .lines = from->width, .src_line = atom, .dst_line = step_x };
	size_t src_step = 0, dst_step = 0;
	int err = 0;

	if (from->width == 1 && from->height == 1) {
		/* The hardware has no stride for planes of one pixel. */
		walk.planes = 1;
		walk.src_plane = walk.dst_plane = walk.dst_line = atom;
		count = planes;
		src_step = from->surface_stride;
		dst_step = to->surface_stride;
	} else if (from->width == 1) {
		walk.lines = from->height;
		walk.dst_line = step_y;
		walk.src_plane = from->surface_stride;
		walk.dst_plane = to->surface_stride;
	} else if (from->height < planes || from->height > DLA_SIZE_LIMIT / atom) {
		walk.src_plane = from->surface_stride;
		walk.dst_plane = to->surface_stride;
		count = from->height;
		src_step = from->line_stride;
		dst_step = step_y;
	} else {
		walk.planes = from->height;
		walk.src_plane = from->line_stride;
		walk.dst_plane = step_y;
		count = planes;
		src_step = from->surface_stride;
		dst_step = to->surface_stride;
	}
	for (uint32_t i = 0; i < count && !err; i++)
		err = emit_walk(emit, &walk, atom, src + i * src_step, dst + i * dst_step);
	return err;
}
