// SPDX-License-Identifier: MIT
/* PDP's three ways to pool, its padding, its line buffer, its strips and its register groups. */
#include "builder.h"

struct window {
	uint8_t width, height, stride_x, stride_y, left, right, top, bottom;
};

static uint32_t outputs(uint32_t in, uint32_t kernel, uint32_t stride, uint32_t pads)
{
	return (in + pads - kernel) / stride + 1;
}

/* From a slot of its own, to a slot of its own. */
static struct drm_nvdla_pdp *add_pdp(struct builder *b, enum drm_nvdla_pool pool, uint32_t width,
				     uint32_t height, const struct window *w)
{
	struct drm_nvdla_pdp *pdp = &op_add(b, DRM_NVDLA_PDP)->pdp;
	uint32_t atom = b->config->atom;

	pdp->pool = (uint8_t)pool;
	pdp->channels = (uint16_t)(2 * atom);
	pdp->src_width = (uint16_t)width;
	pdp->src_height = (uint16_t)height;
	pdp->dst_width = (uint16_t)outputs(width, w->width, w->stride_x, w->left + w->right);
	pdp->dst_height = (uint16_t)outputs(height, w->height, w->stride_y, w->top + w->bottom);
	pdp->kernel_width = w->width;
	pdp->kernel_height = w->height;
	pdp->stride_x = w->stride_x;
	pdp->stride_y = w->stride_y;
	pdp->pad_left = w->left;
	pdp->pad_right = w->right;
	pdp->pad_top = w->top;
	pdp->pad_bottom = w->bottom;
	if (pool == DRM_NVDLA_POOL_AVERAGE) {
		pdp->recip_width = 65536u / w->width;
		pdp->recip_height = 65536u / w->height;
		pdp->pad_value = -5;
	}
	pdp->src = surface(slot_random(b, width * height * 2 * atom), 0, width, height, atom);
	pdp->dst = surface(slot_output(b, (uint32_t)pdp->dst_width * pdp->dst_height * 2 * atom), 0,
			   pdp->dst_width, pdp->dst_height, atom);
	return pdp;
}

static void ways(struct builder *b, enum drm_nvdla_pool pool, const char *name, const char *what)
{
	static const struct window windows[] = {
		{ 2, 2, 2, 2, 0, 0, 0, 0 },
		{ 3, 3, 2, 2, 1, 0, 1, 0 },
		{ 3, 2, 1, 1, 2, 2, 1, 1 },
		{ 1, 8, 1, 1, 0, 0, 7, 7 },
		{ 8, 1, 3, 5, 5, 0, 0, 0 },
	};

	test_begin(b, DRM_NVDLA_PDP, name, what);
	for (uint32_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		struct drm_nvdla_pdp *pdp = add_pdp(b, pool, 12, i == 4 ? 11 : 10, &windows[i]);

		check_bytes(b, pdp->dst.addr.slot, 0, b->test.slots[pdp->dst.addr.slot].bytes, 1,
			    "window of %u x %u", windows[i].width, windows[i].height);
	}
	test_end(b);
}

/* As wide as the line buffer with one line open at once, and with eight. */
static void line_buffer(struct builder *b)
{
	static const struct window one = { 1, 1, 1, 1, 0, 0, 0, 0 }, eight = { 1, 8, 1, 1, 0, 0, 0, 0 };

	test_begin(b, DRM_NVDLA_PDP, "pdp.line-buffer", "all of PDP's line buffer");
	add_pdp(b, DRM_NVDLA_POOL_MAX, b->config->pdp_width, 3, &one);
	add_pdp(b, DRM_NVDLA_POOL_MAX, b->config->pdp_width / 8, 12, &eight);
	check_outputs(b);
	test_end(b);
}

static void strips(struct builder *b)
{
	static const struct window window = { 4, 3, 2, 1, 1, 1, 1, 1 };
	struct drm_nvdla_pdp *pdp;

	test_begin(b, DRM_NVDLA_PDP, "pdp.strips", "an output cut into strips");
	pdp = add_pdp(b, DRM_NVDLA_POOL_MIN, 42, 4, &window);
	pdp->parts = 4;
	pdp->first_width = 4;
	pdp->middle_width = 6;
	check_outputs(b);
	test_end(b);
}

static void groups(struct builder *b)
{
	static const struct window even = { 3, 3, 1, 1, 1, 1, 1, 1 }, odd = { 2, 1, 2, 1, 0, 0, 0, 0 };

	test_begin(b, DRM_NVDLA_PDP, "pdp.groups", "PDP's two register groups in turn");
	for (uint32_t i = 0; i < 6; i++) {
		struct drm_nvdla_pdp *pdp = add_pdp(b, i & 1 ? DRM_NVDLA_POOL_MIN : DRM_NVDLA_POOL_MAX,
						    i & 1 ? 16 : 9, i & 1 ? 2 : 5, i & 1 ? &odd : &even);

		check_bytes(b, pdp->dst.addr.slot, 0, b->test.slots[pdp->dst.addr.slot].bytes, 1,
			    "operation %u, %s", i, i & 1 ? "the other group" : "one group");
	}
	test_end(b);
}

void tests_pdp(struct builder *b)
{
	ways(b, DRM_NVDLA_POOL_MAX, "pdp.max", "maxima");
	ways(b, DRM_NVDLA_POOL_MIN, "pdp.min", "minima");
	ways(b, DRM_NVDLA_POOL_AVERAGE, "pdp.average", "averages");
	line_buffer(b);
	strips(b);
	groups(b);
}
