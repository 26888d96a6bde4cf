// SPDX-License-Identifier: MIT
/* Every tiling of random convolutions is one that the hardware takes, and covers the output once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nvdla_core.h"
#include "tile.h"

static unsigned int seed;

static int between(int low, int high)
{
	return low + (int)((unsigned int)rand_r(&seed) % (unsigned int)(high - low + 1));
}

static int32_t padding(int32_t size, int32_t kernel, int32_t stride, int32_t *out, bool same)
{
	int32_t total;

	if (!same) {
		*out = (size - kernel) / stride + 1;
		return 0;
	}
	*out = (size + stride - 1) / stride;
	total = (*out - 1) * stride + kernel - size;
	return total > 0 ? total : 0;
}

static bool random_shape(struct dla_conv_shape *s)
{
	struct dla_window *w = &s->window;
	int32_t height, width, reach_h, reach_w, pad;
	bool same = between(0, 1);

	memset(s, 0, sizeof(*s));
	w->kernel_h = between(1, 7);
	w->kernel_w = between(1, 7);
	w->stride_h = between(1, 4);
	w->stride_w = between(1, 4);
	w->dilation_h = between(0, 3) ? 1 : between(1, 3);
	w->dilation_w = between(0, 3) ? 1 : between(1, 3);
	s->in_height = (uint32_t)between(1, 200);
	s->in_width = (uint32_t)between(1, 200);
	s->channels = (uint32_t)between(1, 300);
	s->kernels = (uint32_t)between(1, 300);
	/* Some are images. */
	if (!between(0, 3)) {
		s->channels = (uint32_t)between(1, 4);
		s->pixel = (uint32_t)between((int)s->channels, 4);
		w->dilation_h = w->dilation_w = 1;
	}
	reach_h = (w->kernel_h - 1) * w->dilation_h + 1;
	reach_w = (w->kernel_w - 1) * w->dilation_w + 1;
	if (!same && (reach_h > (int32_t)s->in_height || reach_w > (int32_t)s->in_width))
		return false;
	pad = padding((int32_t)s->in_height, reach_h, w->stride_h, &height, same);
	w->pad_top = pad / 2;
	w->pad_bottom = pad - pad / 2;
	pad = padding((int32_t)s->in_width, reach_w, w->stride_w, &width, same);
	w->pad_left = pad / 2;
	w->pad_right = pad - pad / 2;
	s->out_height = (uint32_t)height;
	s->out_width = (uint32_t)width;
	return true;
}

static void check_tile(const struct drm_nvdla_dev_info *hw, const struct dla_conv_shape *s,
		       const struct dla_tiling *tiling, const struct dla_tile *t)
{
	const struct dla_window *w = &s->window;
	uint32_t reach_h = (uint32_t)((w->kernel_h - 1) * w->dilation_h + 1);
	uint32_t reach_w = (uint32_t)((w->kernel_w - 1) * w->dilation_w + 1);
	uint64_t bytes = s->pixel ? s->pixel : s->channels, group = 8 * bytes * w->kernel_h * w->kernel_w + 128;
	uint64_t line = (uint64_t)(s->channels + 7) / 8 * tiling->in_width, entries;

	if (s->pixel)
		line = ((uint64_t)(w->pad_left + tiling->in_width + tiling->pad_right) * s->pixel + 7) / 8;
	entries = line * t->in_height;

	/* The padded input is as large as the outputs need, exactly. */
	assert_int_equal((t->out_height - 1) * w->stride_h + reach_h, t->pad_top + t->in_height + t->pad_bottom);
	assert_int_equal((s->out_width - 1) * w->stride_w + reach_w,
			 w->pad_left + tiling->in_width + tiling->pad_right);
	/* It is the part of the input that these outputs see. */
	assert_int_equal((int64_t)t->out_y * w->stride_h - w->pad_top, (int64_t)t->in_y - t->pad_top);
	assert_true(t->in_height >= 1 && t->in_y + t->in_height <= s->in_height);
	assert_true(tiling->in_width >= 1 && tiling->in_width <= s->in_width);
	assert_true(t->pad_top < reach_h && t->pad_bottom < reach_h && tiling->pad_right < reach_w);
	/* It fits. */
	assert_true(t->data_banks * 512 >= entries);
	assert_true((uint64_t)t->weight_banks * 4096 >= group ||
		    (uint64_t)t->weight_banks * 4096 >= bytes * w->kernel_h * w->kernel_w * t->kernels + 128);
	assert_true(t->data_banks >= 1 && t->weight_banks >= 1);
	assert_true(t->data_banks + t->weight_banks <= hw->cbuf_banks);
	assert_int_equal(t->kernel % 8, 0);
}

static void tilings_are_legal_and_complete(void **unused)
{
	struct drm_nvdla_dev_info hw;
	unsigned int tiled = 0, banded = 0;

	(void)unused;
	nvdla_config_info(nvdla_config_find("nv_small"), &hw);
	for (unsigned int n = 0; n < 20000; n++) {
		struct dla_conv_shape shape;
		struct dla_tiling *tiling;
		const char *why;
		uint64_t covered = 0;

		seed = n + 1;
		if (!random_shape(&shape))
			continue;
		tiling = dla_tile_conv(&hw, &shape, &why);
		if (!tiling) {
			assert_non_null(why);
			continue;
		}
		tiled++;
		banded += tiling->count > 1;
		for (unsigned int i = 0; i < tiling->count; i++) {
			const struct dla_tile *t = &tiling->tile[i];

			check_tile(&hw, &shape, tiling, t);
			covered += (uint64_t)t->out_height * t->kernels;
			/* One after the other, without a gap: so that the sum shows that all is covered once. */
			if (i && t->kernel == t[-1].kernel)
				assert_int_equal(t->out_y, t[-1].out_y + t[-1].out_height);
			else
				assert_int_equal(t->out_y, 0);
		}
		assert_int_equal(covered, (uint64_t)shape.out_height * shape.kernels);
		free(tiling);
	}
	assert_true(tiled > 5000 && banded > 1000);
}

static struct dla_tiling *tile(uint32_t size, uint32_t channels, uint32_t kernels, int32_t kernel, const char **why)
{
	struct dla_conv_shape s = {
		.in_width = size, .in_height = size, .channels = channels, .kernels = kernels,
		.out_width = size - (uint32_t)kernel + 1, .out_height = size - (uint32_t)kernel + 1,
		.window = { kernel, kernel, 1, 1, 1, 1, 0, 0, 0, 0 },
	};
	struct drm_nvdla_dev_info hw;

	nvdla_config_info(nvdla_config_find("nv_small"), &hw);
	return dla_tile_conv(&hw, &s, why);
}

static void what_cannot_fit_is_refused(void **unused)
{
	const char *why;
	struct dla_tiling *tiling;

	(void)unused;
	/* Eight kernels of R*S*C = 14320 bytes fill 28 banks, their input the other four. One more does not fit. */
	tiling = tile(4, 895, 8, 4, &why);
	assert_non_null(tiling);
	assert_int_equal(tiling->tile[0].data_banks + tiling->tile[0].weight_banks, 32);
	free(tiling);
	assert_null(tile(4, 896, 8, 4, &why));
	assert_string_equal(why, "input lines under one kernel do not fit in the convolution buffer");
	assert_null(tile(4, 1000, 8, 4, &why));
	assert_string_equal(why, "eight kernels do not fit in the convolution buffer");
	assert_null(tile(40, 8, 8, 33, &why));
	assert_string_equal(why, "kernel larger than 32x32");
	assert_null(tile(8193, 8, 8, 1, &why));
	assert_null(tile(4000, 64, 8, 1, &why));
	assert_string_equal(why, "one line does not fit in the convolution buffer");
}

/*
 * Neither the input nor the weights fit. Kept from band to band, half of the weights leave room for the next
 * band's input to be loaded early: the multipliers wait less, although the input is read twice.
 */
static void ranges_of_kernels_pay(void **unused)
{
	const char *why;
	struct dla_tiling *tiling = tile(28, 512, 128, 1, &why);
	unsigned int ranges = 0;

	(void)unused;
	assert_non_null(tiling);
	for (unsigned int i = 0; i < tiling->count; i++) {
		const struct dla_tile *t = &tiling->tile[i];

		ranges += t->out_y == 0;
		assert_int_equal(t->reuse_weights, t->out_y != 0);
		assert_true(t->kernels < 128);
	}
	assert_int_equal(ranges, 2);
	free(tiling);
}

static void many_kernels_are_split(void **unused)
{
	const char *why;
	struct dla_tiling *tiling = tile(1, 4096, 8192, 1, &why);
	uint32_t kernels = 0;

	(void)unused;
	assert_non_null(tiling);
	/* 32 MiB of weights, more than one layer's registers can say. */
	assert_true(tiling->count > 1);
	for (unsigned int i = 0; i < tiling->count; i++)
		kernels += tiling->tile[i].kernels;
	assert_int_equal(kernels, 8192);
	free(tiling);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tilings_are_legal_and_complete),
		cmocka_unit_test(what_cannot_fit_is_refused),
		cmocka_unit_test(ranges_of_kernels_pay),
		cmocka_unit_test(many_kernels_are_split),
	};

	return cmocka_run_group_tests_name("tile", tests, NULL, NULL);
}
