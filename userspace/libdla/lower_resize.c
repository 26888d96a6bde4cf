// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "error.h"
#include "spread.h"

/*
 * RESIZE_NEAREST_NEIGHBOR to a multiple of the size: the picture is copied as often as a pixel is there in
 * the end.
 */
struct lowered_resize {
	struct dla_lowered base;
	struct dla_feature in, out;
	uint32_t times_x, times_y;
	int input, output;
};

static int emit_resize(const struct dla_lowered *lowered, struct dla_emit *emit)
{
	const struct lowered_resize *l = (const struct lowered_resize *)lowered;
	size_t src = dla_emit_offset(emit, l->input), dst = dla_emit_offset(emit, l->output);
	const struct dla_steps steps = { l->times_x, l->times_y };
	int err = 0;

	for (uint32_t y = 0; y < l->times_y && !err; y++)
		for (uint32_t x = 0; x < l->times_x && !err; x++)
			err = dla_emit_spread(emit, &l->in, src, &l->out,
					      dst + (size_t)y * l->out.line_stride + (size_t)x * l->out.atom, steps);
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
		.emit = emit_resize, .eval = eval_resize,
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
	if (*why)
		return 0;

	l = dla_lowered_new(sizeof(*l), &ops, lowered);
	if (!l)
		return dla_fail_memory();
	l->base.how = "as copies";
	l->in = in;
	l->out = out;
	l->times_x = out.width / in.width;
	l->times_y = out.height / in.height;
	l->input = op->input[0];
	l->output = op->output[0];
	return 0;
}
