// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "deps.h"
#include "error.h"
#include "nvdla_core.h"

/* A chain: layers that hand data on the fly, and so start together. They wait as one. */
struct chain {
	unsigned int first, last;	/* layers */
	unsigned int extents;
	struct nvdla_extent extent[3 * NVDLA_MAX_EXTENTS];
	u64 start[3 * NVDLA_MAX_EXTENTS], end[3 * NVDLA_MAX_EXTENTS];
};

static uint64_t plane_bytes(const struct nvdla_extent *e)
{
	return (uint64_t)(e->rows - 1) * e->row_stride + e->row_bytes;
}

/* Whether stretches that repeat every stride bytes pass between one another. */
static bool interleave(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes, uint64_t stride)
{
	uint64_t gap = a < b ? (b - a) % stride : (a - b) % stride;

	return a < b ? gap >= a_bytes && gap + b_bytes <= stride : gap >= b_bytes && gap + a_bytes <= stride;
}

/*
 * Extents whose spans overlap may still be disjoint: bands of lines of one tensor, plane by plane,
 * or strips of columns, line by line. Layers that write these may run side by side.
 */
static bool extents_meet(const struct nvdla_extent *a, const struct nvdla_extent *b)
{
	uint64_t stride = a->planes > 1 ? a->plane_stride : b->plane_stride;

	if (a->planes > 1 && b->planes > 1 && a->plane_stride != b->plane_stride)
		return true;
	if ((a->planes > 1 || b->planes > 1) &&
	    interleave(a->offset, plane_bytes(a), b->offset, plane_bytes(b), stride))
		return false;
	return a->row_stride != b->row_stride || !a->row_stride ||
	       ((a->planes > 1 || b->planes > 1) && stride % a->row_stride) ||
	       !interleave(a->offset, a->row_bytes, b->offset, b->row_bytes, a->row_stride);
}

static bool conflict(const struct chain *a, const struct chain *b)
{
	for (unsigned int i = 0; i < a->extents; i++) {
		for (unsigned int j = 0; j < b->extents; j++) {
			if (a->extent[i].slot != b->extent[j].slot ||
			    a->start[i] >= b->end[j] || b->start[j] >= a->end[i])
				continue;
			if (!((a->extent[i].access | b->extent[j].access) & DRM_NVDLA_SLOT_WRITE))
				continue;
			if (extents_meet(&a->extent[i], &b->extent[j]))
				return true;
		}
	}
	return false;
}

static unsigned int find_chains(const struct nvdla_config *config, const struct drm_nvdla_op *op,
				unsigned int count, struct chain *chain)
{
	unsigned int chains = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct chain *c;
		unsigned int found;

		if (!dla_op_on_the_fly(&op[i])) {
			chain[chains].first = i;
			chain[chains++].extents = 0;
		}
		c = &chain[chains - 1];
		c->last = i;
		found = nvdla_op_extents(config, &op[i], &c->extent[c->extents]);
		for (unsigned int e = c->extents; e < c->extents + found; e++) {
			c->start[e] = c->extent[e].offset;
			c->end[e] = nvdla_extent_end(&c->extent[e]);
		}
		c->extents += found;
	}
	return chains;
}

/*
 * What must have finished when a chain has: itself, what it waited for, and as an engine takes its
 * operations in order, all that the same engine ended before.
 */
static void add_history(const struct chain *chain, unsigned int last, const struct drm_nvdla_op *op,
			const uint64_t *before, uint64_t *mine, size_t words)
{
	for (unsigned int j = 0; j <= last; j++) {
		if (op[chain[j].last].engine != op[chain[last].last].engine)
			continue;
		mine[j / 64] |= UINT64_C(1) << (j % 64);
		for (size_t w = 0; w < words; w++)
			mine[w] |= before[j * words + w];
	}
}

/*
 * before[] is a bit set a chain: what must have finished when it starts, directly or not. The
 * newest conflicts come first and bring their own history, so few remain to be named.
 */
static int name_deps(const struct chain *chain, unsigned int chains, struct drm_nvdla_op *op, uint64_t *before)
{
	size_t words = (chains + 63) / 64;

	for (unsigned int i = 1; i < chains; i++) {
		struct drm_nvdla_op *first = &op[chain[i].first];
		uint64_t *mine = before + i * words;

		for (unsigned int j = i; j-- > 0;) {
			if (mine[j / 64] >> (j % 64) & 1 || !conflict(&chain[i], &chain[j]))
				continue;
			if (first->dep_count == DRM_NVDLA_MAX_DEPS)
				return -E2BIG;
			first->deps[first->dep_count++] = chain[j].last;
			add_history(chain, j, op, before, mine, words);
		}
	}
	return 0;
}

bool dla_op_on_the_fly(const struct drm_nvdla_op *op)
{
	return (op->engine == DRM_NVDLA_SDP && op->sdp.source == DRM_NVDLA_SOURCE_OP) ||
	       (op->engine == DRM_NVDLA_PDP && op->pdp.source == DRM_NVDLA_SOURCE_OP);
}

int dla_deps_find(const struct drm_nvdla_dev_info *hw, struct drm_nvdla_op *op, unsigned int count)
{
	const struct nvdla_config *config = nvdla_config_find((const char *)hw->config);
	struct chain *chain = calloc(count, sizeof(*chain));
	uint64_t *before = NULL;
	unsigned int chains = 0;
	int err = 0;

	if (chain) {
		chains = find_chains(config, op, count, chain);
		before = calloc((size_t)chains * ((chains + 63) / 64), sizeof(*before));
	}
	if (!chain || !before)
		err = dla_fail(ENOMEM, "out of memory for the order of %u layers", count);
	else if (name_deps(chain, chains, op, before) == -E2BIG) {
		/* More conflicts than one layer can name: one after the other is always right. */
		for (unsigned int i = 0; i < chains; i++) {
			struct drm_nvdla_op *first = &op[chain[i].first];

			memset(first->deps, 0, sizeof(first->deps));
			first->dep_count = i > 0;
			if (i > 0)
				first->deps[0] = chain[i - 1].last;
		}
	}
	free(before);
	free(chain);
	return err;
}
