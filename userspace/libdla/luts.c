// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "luts.h"

int dla_luts_add(struct dla_luts *luts, const struct drm_nvdla_lut *lut, __u16 *index)
{
	unsigned int i;

	for (i = 0; i < luts->count; i++)
		if (!memcmp(&luts->lut[i], lut, sizeof(*lut)))
			break;
	if (i > UINT16_MAX)
		return dla_fail(E2BIG, "more than %u look-up tables", UINT16_MAX);
	if (i == luts->room) {
		unsigned int room = luts->room ? luts->room * 2 : 8;
		struct drm_nvdla_lut *more = realloc(luts->lut, room * sizeof(*more));

		if (!more)
			return dla_fail(ENOMEM, "out of memory for %u look-up tables", room);
		luts->lut = more;
		luts->room = room;
	}
	if (i == luts->count)
		luts->lut[luts->count++] = *lut;
	*index = (__u16)i;
	return 0;
}

void dla_luts_release(struct dla_luts *luts)
{
	free(luts->lut);
}

/* The tables of a program, by their index among all. */
struct used {
	__u16 index[DRM_NVDLA_MAX_LUTS];
	unsigned int count;
};

/* Where index is among them, added if need be; DRM_NVDLA_MAX_LUTS when it is one too many. */
static unsigned int use(struct used *used, __u16 index)
{
	unsigned int i;

	for (i = 0; i < used->count; i++)
		if (used->index[i] == index)
			return i;
	if (i < DRM_NVDLA_MAX_LUTS)
		used->index[used->count++] = index;
	return i;
}

unsigned int dla_luts_fit(const struct drm_nvdla_op *op, unsigned int count)
{
	struct used used = { .count = 0 };

	for (unsigned int i = 0; i < count; i++)
		if (op[i].engine == DRM_NVDLA_CDP && use(&used, op[i].cdp.lut) == DRM_NVDLA_MAX_LUTS)
			return i;
	return count;
}

unsigned int dla_luts_take(const struct dla_luts *luts, struct drm_nvdla_op *op, unsigned int count,
			   struct drm_nvdla_lut own[DRM_NVDLA_MAX_LUTS])
{
	struct used used = { .count = 0 };

	for (unsigned int i = 0; i < count; i++)
		if (op[i].engine == DRM_NVDLA_CDP)
			op[i].cdp.lut = (__u16)use(&used, op[i].cdp.lut);
	for (unsigned int i = 0; i < used.count; i++)
		own[i] = luts->lut[used.index[i]];
	return used.count;
}

/*
 * The LO table has an entry for each int8, and what lies on an entry is not interpolated. The lowest
 * counts as below the range, where the first entry answers. LE's range is out of reach.
 */
void dla_lut_of_bytes(const __u8 table[256], struct drm_nvdla_lut *lut)
{
	*lut = (struct drm_nvdla_lut) {
		.le = { .start = 1000, .end = 1064 },
		.lo = { .start = INT8_MIN, .end = INT8_MAX + 1 },
		.le_function = DRM_NVDLA_LUT_LINEAR,
		.both_below = DRM_NVDLA_LUT_LO,
		.both_above = DRM_NVDLA_LUT_LO,
		.both_hit = DRM_NVDLA_LUT_LO,
	};
	for (int x = INT8_MIN; x <= INT8_MAX; x++)
		lut->lo_entry[x - INT8_MIN] = (__s8)table[(__u8)x];
	/* Nothing lies between the last and this one. */
	lut->lo_entry[256] = lut->lo_entry[255];
}
