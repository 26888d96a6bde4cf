// SPDX-License-Identifier: MIT
/* Memory: the plan of lifetimes, the layout of tensors, the order of layers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "deps.h"
#include "layout.h"
#include "nvdla_core.h"
#include "pack.h"
#include "plan.h"

static unsigned int seed;

static int between(int low, int high)
{
	return low + (int)((unsigned int)rand_r(&seed) % (unsigned int)(high - low + 1));
}

static void plan_never_overlaps(void **unused)
{
	(void)unused;
	for (seed = 1; seed <= 400;) {
		struct dla_plan_item item[24];
		unsigned int count = (unsigned int)between(1, 24);
		size_t bytes, live = 0;

		for (unsigned int i = 0; i < count; i++) {
			item[i].bytes = (size_t)between(1, 5000);
			item[i].first = between(0, 20);
			item[i].last = item[i].first + between(0, 6);
		}
		assert_int_equal(dla_plan(item, count, 64, &bytes), 0);
		for (unsigned int i = 0; i < count; i++) {
			assert_int_equal(item[i].offset % 64, 0);
			assert_true(item[i].offset + item[i].bytes <= bytes);
			for (unsigned int j = 0; j < i; j++)
				assert_true(item[i].last < item[j].first || item[j].last < item[i].first ||
					    item[i].offset + item[i].bytes <= item[j].offset ||
					    item[j].offset + item[j].bytes <= item[i].offset);
		}
		/* No plan is smaller than what lives at one moment; this one should hardly be larger. */
		for (int moment = 0; moment <= 26; moment++) {
			size_t now = 0;

			for (unsigned int i = 0; i < count; i++)
				if (item[i].first <= moment && moment <= item[i].last)
					now += item[i].bytes;
			live = now > live ? now : live;
		}
		assert_int_equal(dla_plan_bound(item, count), live);
		assert_true(bytes >= live && bytes <= live + live / 20 + 64 * count);
	}
}

static void plan_reuses_memory(void **unused)
{
	struct dla_plan_item item[3] = {
		{ .bytes = 100, .first = 0, .last = 1 },
		{ .bytes = 100, .first = 1, .last = 2 },
		{ .bytes = 100, .first = 2, .last = 3 },
	};
	size_t bytes;

	(void)unused;
	assert_int_equal(dla_plan(item, 3, 1, &bytes), 0);
	assert_int_equal(bytes, 200);
	assert_int_equal(item[0].offset, item[2].offset);
}

static void plan_knows_the_end_of_memory(void **unused)
{
	struct dla_plan_item item[3] = {
		{ .bytes = SIZE_MAX / 2, .first = 0, .last = 1 },
		{ .bytes = SIZE_MAX / 2 - 200, .first = 1, .last = 2 },
		{ .bytes = 500, .first = 1, .last = 1 },
	};
	size_t bytes;

	(void)unused;
	assert_int_equal(dla_plan(item, 2, 64, &bytes), 0);
	assert_int_equal(dla_plan(item, 3, 64, &bytes), -ENOMEM);
	item[2].last = item[2].first = 2;
	assert_int_equal(dla_plan(item, 3, 64, &bytes), 0);
	item[0].bytes = SIZE_MAX - 10;
	assert_int_equal(dla_plan(item, 1, 64, &bytes), -ENOMEM);
}

static struct dla_feature random_feature(const struct dla_shape *shape)
{
	struct dla_feature f;

	while (!dla_feature_as(shape, (enum dla_form)between(0, DLA_FORM_COUNT - 1), 8, &f))
		;
	f.flip = between(0, 1) ? 0x80 : 0;
	return f;
}

/* What must be there: elements, and zeros in the rest. */
static void expect(const struct dla_feature *f, const int8_t *nhwc, const int8_t *npu)
{
	int8_t *expected = calloc(f->bytes, 1);

	for (uint32_t y = 0; y < f->height; y++)
		for (uint32_t x = 0; x < f->width; x++)
			for (uint32_t c = 0; c < f->channels; c++)
				expected[c / f->atom * f->surface_stride + y * f->line_stride + x * f->atom + c % f->atom] =
					(int8_t)(nhwc[(y * f->width + x) * f->channels + c] ^ f->flip);
	assert_memory_equal(npu, expected, f->bytes);
	free(expected);
}

static void layout_round_trip(void **unused)
{
	unsigned int forms[DLA_FORM_COUNT] = { 0 };

	(void)unused;
	for (seed = 1; forms[DLA_FORM_ATOMS] < 300; seed++) {
		struct dla_shape shape = { 4, { between(1, 2), between(1, 9), between(1, 9),
					       between(1, between(0, 1) ? 5 : between(0, 9) ? 40 : 900) } };
		struct dla_feature f = random_feature(&shape), other = random_feature(&shape);
		size_t elements = (size_t)f.height * f.width * f.channels;
		int8_t *nhwc = malloc(elements), *back = malloc(elements), *npu = malloc(f.bytes), *copy = malloc(other.bytes);

		forms[f.form]++;
		for (size_t i = 0; i < elements; i++)
			nhwc[i] = (int8_t)between(-128, 127);
		memset(npu, 0x55, f.bytes);
		dla_feature_pack(&f, nhwc, npu);
		expect(&f, nhwc, npu);
		if (!f.flip)
			assert_int_equal(dla_feature_is_plain(&f),
					 f.bytes == elements && !memcmp(npu, nhwc, elements));
		dla_feature_unpack(&f, npu, back);
		assert_memory_equal(nhwc, back, elements);
		memset(copy, 0x55, other.bytes);
		dla_feature_copy(&f, npu, &other, copy);
		expect(&other, nhwc, copy);
		free(nhwc);
		free(back);
		free(npu);
		free(copy);
	}
	assert_true(forms[DLA_FORM_LINES] > 100 && forms[DLA_FORM_PIXELS] > 20);
}

static void layout_shapes(void **unused)
{
	struct dla_feature f;

	(void)unused;
	assert_true(dla_feature_of(&(struct dla_shape) { 2, { 1, 10 } }, 8, &f));
	assert_int_equal(f.channels, 10);
	assert_int_equal(f.bytes, 16);
	assert_true(dla_feature_of(&(struct dla_shape) { 3, { 1, 5, 3 } }, 8, &f));
	assert_int_equal(f.width, 5);
	assert_int_equal(f.height, 1);
	assert_true(dla_feature_of(&(struct dla_shape) { 1, { 12 } }, 8, &f));
	assert_int_equal(f.channels, 12);
	assert_true(dla_feature_of(&(struct dla_shape) { 4, { 3, 2, 5, 10 } }, 8, &f));
	assert_int_equal(f.pictures, 3);
	assert_int_equal(f.height, 6);
	assert_int_equal(dla_feature_picture(&f).height, 2);
	assert_false(dla_feature_of(&(struct dla_shape) { 4, { 100, 100, 1, 1 } }, 8, &f));
	assert_false(dla_feature_of(&(struct dla_shape) { 0, { 0 } }, 8, &f));
	assert_false(dla_feature_of(&(struct dla_shape) { 2, { 1, 8193 } }, 8, &f));
}

/* The order of weights, computed the long way: where does kernel k's element (r, s, c) lie? */
static size_t weight_at(const struct dla_kernels *k, uint32_t kernel, uint32_t r, uint32_t s, uint32_t c)
{
	uint32_t group = kernel / 8 * 8, block = c / 8 * 8;
	uint32_t group_size = k->kernels - group < 8 ? k->kernels - group : 8;
	uint32_t block_size = k->channels - block < 8 ? k->channels - block : 8;

	return (size_t)group * k->height * k->width * k->channels +
	       (size_t)group_size * k->height * k->width * block +
	       (size_t)(r * k->width + s) * group_size * block_size +
	       (size_t)(kernel - group) * block_size + (c - block);
}

static void weights_lie_as_the_hardware_reads(void **unused)
{
	(void)unused;
	for (seed = 1; seed <= 60;) {
		struct dla_kernels k = {
			.kernels = (uint32_t)between(1, 20), .height = (uint32_t)between(1, 3),
			.width = (uint32_t)between(1, 4), .channels = (uint32_t)between(1, 20),
		};
		size_t count = (size_t)k.kernels * k.height * k.width * k.channels, bytes = dla_weights_bytes(&k);
		int8_t *data = malloc(count);
		uint8_t *packed = calloc(1, bytes);

		assert_true(bytes >= count && bytes < count + 128 && bytes % 128 == 0);
		for (size_t i = 0; i < count; i++)
			data[i] = (int8_t)between(1, 127);
		k.data = data;
		dla_weights_pack(&k, 8, 8, packed);
		for (uint32_t n = 0; n < k.kernels; n++)
			for (uint32_t r = 0; r < k.height; r++)
				for (uint32_t s = 0; s < k.width; s++)
					for (uint32_t c = 0; c < k.channels; c++)
						assert_int_equal(packed[weight_at(&k, n, r, s, c)],
								 data[((n * k.height + r) * k.width + s) * k.channels + c]);
		for (size_t i = count; i < bytes; i++)
			assert_int_equal(packed[i], 0);
		free(data);
		free(packed);
	}
}

/* -------------------------------------------------------------------- order of layers */

#define MEMORY 4096

/* A copy of a small random surface to another place: strips, bands and planes meet or miss each other. */
static void random_copy(struct drm_nvdla_op *op)
{
	struct drm_nvdla_sdp *sdp = &op->sdp;
	uint32_t line = 64, plane = 512;

	memset(op, 0, sizeof(*op));
	op->engine = DRM_NVDLA_SDP;
	sdp->width = (__u16)between(1, 4);
	sdp->height = (__u16)between(1, 4);
	sdp->channels = (__u16)between(1, 16);
	sdp->out_scale = 1;
	if (between(0, 3) == 0)
		line = (uint32_t)sdp->width * 8;
	if (between(0, 3) == 0)
		plane = line * sdp->height;
	sdp->src.line_stride = line;
	sdp->src.surface_stride = plane;
	sdp->dst = sdp->src;
	sdp->src.addr.offset = (__u64)between(0, 340) * 8;
	sdp->dst.addr.offset = (__u64)between(0, 340) * 8;
}

/* 1: read, 2: written, of every byte. */
static void touched(const struct drm_nvdla_op *op, uint8_t *map)
{
	struct nvdla_extent extent[NVDLA_MAX_EXTENTS];
	u32 count = nvdla_op_extents(nvdla_config_find("nv_small"), op, extent);

	memset(map, 0, MEMORY);
	for (u32 e = 0; e < count; e++)
		for (u32 p = 0; p < extent[e].planes; p++)
			for (u32 r = 0; r < extent[e].rows; r++)
				for (u32 b = 0; b < extent[e].row_bytes; b++)
					map[extent[e].offset + p * extent[e].plane_stride + r * extent[e].row_stride + b] |=
						extent[e].access == DRM_NVDLA_SLOT_WRITE ? 2 : 1;
}

static void layers_wait_for_each_other(void **unused)
{
	static uint8_t map[40][MEMORY];
	static uint8_t after[40][40];
	struct drm_nvdla_dev_info info;
	unsigned int free_pairs = 0;

	(void)unused;
	nvdla_config_info(nvdla_config_find("nv_small"), &info);
	for (unsigned int n = 1; n <= 300; n++) {
		struct drm_nvdla_op op[40];
		unsigned int count;

		seed = n;
		count = (unsigned int)between(2, 40);
		for (unsigned int i = 0; i < count; i++)
			random_copy(&op[i]);
		assert_int_equal(dla_deps_find(&info, op, count), 0);
		memset(after, 0, sizeof(after));
		for (unsigned int i = 0; i < count; i++) {
			touched(&op[i], map[i]);
			for (unsigned int d = 0; d < op[i].dep_count; d++) {
				assert_true(op[i].deps[d] < i);
				/* All are SDP's, which takes them in order. */
				for (unsigned int j = 0; j <= op[i].deps[d]; j++)
					after[i][j] = 1;
			}
			for (unsigned int j = 0; j < i; j++) {
				bool meet = false;

				for (size_t b = 0; b < MEMORY && !meet; b++)
					meet = (map[i][b] | map[j][b]) & 2 && map[i][b] && map[j][b];
				if (meet)
					assert_true(after[i][j]);
				free_pairs += !meet && !after[i][j];
			}
		}
	}
	/* And they are not simply all in a row. */
	assert_true(free_pairs > 1000);
}

static void bands_may_run_together(void **unused)
{
	struct drm_nvdla_dev_info info;
	struct drm_nvdla_op op[2];

	(void)unused;
	nvdla_config_info(nvdla_config_find("nv_small"), &info);
	memset(op, 0, sizeof(op));
	for (unsigned int i = 0; i < 2; i++) {
		op[i].engine = DRM_NVDLA_SDP;
		op[i].sdp.width = 8;
		op[i].sdp.height = 2;
		op[i].sdp.channels = 24;
		op[i].sdp.src.line_stride = 64;
		op[i].sdp.src.surface_stride = 256;
		op[i].sdp.dst = op[i].sdp.src;
		op[i].sdp.dst.addr.offset = 8192;
		op[i].sdp.src.addr.offset = i * 128;
		op[i].sdp.dst.addr.offset += i * 128;
	}
	assert_int_equal(dla_deps_find(&info, op, 2), 0);
	assert_int_equal(op[1].dep_count, 0);
	op[1].sdp.dst.addr.offset -= 64;
	assert_int_equal(dla_deps_find(&info, op, 2), 0);
	assert_int_equal(op[1].dep_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_never_overlaps),
		cmocka_unit_test(plan_reuses_memory),
		cmocka_unit_test(plan_knows_the_end_of_memory),
		cmocka_unit_test(layout_round_trip),
		cmocka_unit_test(layout_shapes),
		cmocka_unit_test(weights_lie_as_the_hardware_reads),
		cmocka_unit_test(layers_wait_for_each_other),
		cmocka_unit_test(bands_may_run_together),
	};

	return cmocka_run_group_tests_name("memory_plan", tests, NULL, NULL);
}
