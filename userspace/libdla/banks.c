// SPDX-License-Identifier: MIT
#include "banks.h"

struct split {
	unsigned int data, weights;
};

static unsigned int larger(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

static unsigned int smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* What holds for both, if the buffer has as many banks. */
static struct split both(struct split a, const struct drm_nvdla_conv *conv)
{
	return (struct split){
		.data = larger(a.data, conv->data_banks),
		.weights = larger(a.weights, conv->weight_banks),
	};
}

/* The end of the run that begins here, and the split for all of it. */
static unsigned int run(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_op *op,
			unsigned int first, unsigned int count, struct split *split)
{
	unsigned int end = first, spare, followers = 0, loads = 0;

	*split = (struct split){ 0 };
	for (; end < count; end++) {
		struct split wider;

		if (op[end].engine != DRM_NVDLA_CONV)
			continue;
		wider = both(*split, &op[end].conv);
		if (wider.data + wider.weights > hw->cbuf_banks)
			break;
		*split = wider;
		followers += end > first;
		loads += end > first && !(op[end].conv.flags & DRM_NVDLA_CONV_REUSE_WEIGHTS);
	}
	/*
	 * What nobody needs is for what comes early: the next one's input beside the present one's, then
	 * weights, where these are not kept as a rule.
	 */
	spare = hw->cbuf_banks - split->data - split->weights;
	split->data += smaller(split->data, 4 * loads > followers ? spare / 2 : spare);
	split->weights = hw->cbuf_banks - split->data;
	return end;
}

void dla_banks_share(const struct drm_nvdla_dev_info *hw, struct drm_nvdla_op *op, unsigned int count)
{
	for (unsigned int first = 0, end; first < count; first = end) {
		struct split split;

		/* A tile fits, so that each run has a convolution at least. */
		end = run(hw, op, first, count, &split);
		for (unsigned int i = first; i < end; i++) {
			if (op[i].engine != DRM_NVDLA_CONV)
				continue;
			op[i].conv.data_banks = (__u8)split.data;
			op[i].conv.weight_banks = (__u8)split.weights;
		}
	}
}
