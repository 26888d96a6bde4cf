// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "error.h"
#include "quantise.h"
#include "weights.h"

int dla_weights_split(const struct dla_tensor *tensor, struct dla_weights *weights, const char **why)
{
	int32_t zero_point = tensor->quant.zero_point[0];
	const int8_t *stored = tensor->data;
	bool fits = true;

	*weights = (struct dla_weights) { .near = malloc(tensor->bytes), .rest = calloc(tensor->bytes, 1) };
	if (!weights->near || !weights->rest)
		return dla_fail_memory();
	for (size_t i = 0; i < tensor->bytes; i++) {
		int32_t weight = stored[i] - zero_point, rest;

		weights->near[i] = (int8_t)(weight < INT8_MIN ? INT8_MIN : weight > INT8_MAX ? INT8_MAX : weight);
		rest = weight - weights->near[i];
		if (rest > INT8_MAX)
			*why = "a weight that is 255 above its zero point";
		weights->rest[i] = (int8_t)rest;
		fits &= rest == 0;
	}
	if (fits) {
		free(weights->rest);
		weights->rest = NULL;
	}
	return 0;
}

void dla_weights_release(struct dla_weights *weights)
{
	free(weights->near);
	free(weights->rest);
}

int dla_emit_copy(struct dla_emit *emit, const struct dla_feature *feature, size_t src, size_t dst)
{
	struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_SDP);

	if (!op)
		return -ENOMEM;
	op->sdp.src = dla_emit_surface(feature, src);
	op->sdp.dst = dla_emit_surface(feature, dst);
	op->sdp.width = (__u16)feature->width;
	op->sdp.height = (__u16)feature->height;
	op->sdp.channels = (__u16)feature->atom;
	op->sdp.out_scale = 1;
	return 0;
}
