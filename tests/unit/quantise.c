// SPDX-License-Identifier: MIT
/* The requantisation recipe against real arithmetic: how far from the exact value may an answer be? */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "quantise.h"

static uint64_t state = 1;

static uint64_t random64(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(0x2545f4914f6cdd1d);
}

static double uniform(double low, double high)
{
	return low + (high - low) * (double)(random64() >> 11) / (double)(UINT64_C(1) << 53);
}

static int64_t between(int64_t low, int64_t high)
{
	return low + (int64_t)(random64() % (uint64_t)(high - low + 1));
}

static double clamp8(double value)
{
	return fmax(fmin(value, 127), -128);
}

/* An answer may differ from the exact value by a rounding and by what the recipe says of itself. */
static void check_channel(const struct dla_requant *rq, const struct dla_requant_wish *wish, unsigned int k,
			  int32_t acc)
{
	double real = ((double)acc + (double)wish->bias) * wish->multiplier + wish->nudge;
	double exact;

	if (rq->relu && real < 0)
		real = 0;
	exact = real + rq->zero_point;
	assert_true(fabs(dla_requant_eval(rq, k, acc) - clamp8(exact)) <= 0.5 + rq->error + 1e-9);
}

static void check_layer(const struct dla_requant_wish *wish, unsigned int channels, bool relu, int zero, double limit)
{
	struct dla_requant *rq = dla_requant_new(wish, channels, relu, zero);

	assert_non_null(rq);
	assert_true(rq->error < limit);
	assert_true(rq->shift < 64 && rq->s < 64 && rq->s2 < 64);
	for (unsigned int k = 0; k < channels; k++) {
		check_channel(rq, &wish[k], k, (int32_t)wish[k].reach);
		check_channel(rq, &wish[k], k, (int32_t)-wish[k].reach);
		for (int i = 0; i < 200; i++)
			check_channel(rq, &wish[k], k, (int32_t)between(-wish[k].reach, wish[k].reach));
		/* Where outputs change: around the values that TFLite's roundings disagree about. */
		for (int y = -128; y <= 127 && wish[k].multiplier > 1e-6; y++) {
			double acc = (y - zero + 0.5) / wish[k].multiplier - (double)wish[k].bias;

			if (fabs(acc) < (double)wish[k].reach)
				check_channel(rq, &wish[k], k, (int32_t)floor(acc));
		}
	}
	free(rq);
}

static void requant_random_layers(void **unused)
{
	(void)unused;
	for (int layer = 0; layer < 300; layer++) {
		unsigned int channels = (unsigned int)between(1, 16);
		double largest = exp2(uniform(-13, 0.5));
		struct dla_requant_wish wish[16];

		for (unsigned int k = 0; k < channels; k++) {
			wish[k].multiplier = largest * exp2(-uniform(0, 8));
			/* As networks have it: outputs span a few times the int8 range. */
			wish[k].reach = (int64_t)fmin(1e9, 300 * uniform(0.5, 20) / wish[k].multiplier);
			wish[k].bias = (int64_t)(uniform(-200, 200) / wish[k].multiplier);
			wish[k].nudge = layer % 2 ? dla_double_rounding_nudge(wish[k].multiplier) : 0;
		}
		check_layer(wish, channels, random64() & 1, (int)between(-128, 127), 0.05);
	}
}

/* Visual wake words has such a layer: most channels dead, beside some that are not. */
static void requant_dead_channels(void **unused)
{
	struct dla_requant_wish wish[64] = { 0 };

	(void)unused;
	for (unsigned int k = 0; k < 64; k++) {
		wish[k].multiplier = k % 8 ? 1e-11 * (k + 1) : 0.004;
		wish[k].reach = 128 * 127 * 64;
		wish[k].bias = k % 8 ? (k % 2 ? 1 : -1) * ((INT64_C(1) << 30) - k) : (int64_t)k * 100;
	}
	check_layer(wish, 64, false, -128, 0.5);
	check_layer(wish, 64, true, 3, 0.5);
}

static void requant_only_dead_channels(void **unused)
{
	struct dla_requant_wish wish[8];

	(void)unused;
	for (unsigned int k = 0; k < 8; k++)
		wish[k] = (struct dla_requant_wish) { .multiplier = 1e-11, .reach = 1000000, .bias = -500 };
	check_layer(wish, 8, false, 17, 0.5);
}

/*
 * One bias of 2^30 makes all others coarse, so that X2 adds a hundred LSB or more: X1 may not have
 * saturated so far below.
 */
static void requant_bias_beside_a_large_one(void **unused)
{
	(void)unused;
	for (int i = 0; i < 200; i++) {
		struct dla_requant_wish wish[16];

		for (unsigned int k = 0; k < 16; k++) {
			wish[k].multiplier = uniform(0.001, 0.02);
			wish[k].reach = 128 * 127 * 64;
			wish[k].bias = between(-100000, 100000);
			wish[k].nudge = 0;
		}
		wish[0].multiplier = 1e-11;
		wish[0].bias = INT64_C(1) << 30;
		check_layer(wish, 16, false, i % 2 ? -128 : 127, 0.5);
	}
}

static void requant_multiplier_above_one(void **unused)
{
	struct dla_requant_wish wish = { .multiplier = 1.9, .reach = 500, .bias = -33 };

	(void)unused;
	check_layer(&wish, 1, false, 5, 0.05);
}

/* Coarse where a layer asks for the impossible; then it says so instead of being wrong unnoticed. */
static void requant_reports_coarseness(void **unused)
{
	struct dla_requant_wish wish[2] = {
		{ .multiplier = 1.5, .reach = 2000 },
		{ .multiplier = 3e-10, .reach = INT64_C(1) << 31, .bias = 0 },
	};
	struct dla_requant *rq = dla_requant_new(wish, 2, false, 0);

	(void)unused;
	assert_non_null(rq);
	assert_true(rq->error >= 0.5);
	free(rq);
}

static void add_random(void **unused)
{
	(void)unused;
	for (int i = 0; i < 300; i++) {
		double scale[3];
		int zero[3];
		struct dla_add add;

		for (int j = 0; j < 3; j++) {
			scale[j] = exp2(uniform(-8, -2));
			zero[j] = (int)between(-128, 127);
		}
		/* Networks choose the output's scale to hold the sum, or most of it. */
		scale[2] = fmax(scale[0], scale[1]) * uniform(0.3, 2.5);
		dla_add_init(&add, scale[0], zero[0], scale[1], zero[1], scale[2], zero[2]);
		assert_true(add.error < 0.1);
		for (int a = -128; a <= 127; a += 3) {
			for (int b = -128; b <= 127; b++) {
				double exact = ((a - zero[0]) * scale[0] + (b - zero[1]) * scale[1]) / scale[2] + zero[2];
				int8_t y = add.swap ? dla_add_eval(&add, (int8_t)b, (int8_t)a) :
						      dla_add_eval(&add, (int8_t)a, (int8_t)b);

				assert_true(fabs(y - clamp8(exact)) <= 0.5 + add.error + 1e-9);
			}
		}
	}
}

/* Scales that no network has: coarse where it must be, but then it says so. */
static void add_reports_coarseness(void **unused)
{
	unsigned int good = 0, bad = 0;

	(void)unused;
	for (int i = 0; i < 2000; i++) {
		double scale[3];
		int zero[3];
		struct dla_add add;

		for (int j = 0; j < 3; j++) {
			scale[j] = exp2(uniform(-30, 30));
			zero[j] = (int)between(-128, 127);
		}
		dla_add_init(&add, scale[0], zero[0], scale[1], zero[1], scale[2], zero[2]);
		if (add.error >= 0.5) {
			bad++;
			continue;
		}
		good++;
		for (int n = 0; n < 100; n++) {
			int a = (int)between(-128, 127), b = (int)between(-128, 127);
			double exact = ((a - zero[0]) * scale[0] + (b - zero[1]) * scale[1]) / scale[2] + zero[2];
			int8_t y = add.swap ? dla_add_eval(&add, (int8_t)b, (int8_t)a) :
					      dla_add_eval(&add, (int8_t)a, (int8_t)b);

			assert_true(fabs(y - clamp8(exact)) <= 0.5 + add.error + 1e-9);
		}
	}
	assert_true(good > 500 && bad > 100);
}

static void add_equal_scales_is_exact(void **unused)
{
	struct dla_add add;

	(void)unused;
	dla_add_init(&add, 0.5, 1, 0.5, -2, 0.5, 3);
	for (int a = -128; a <= 127; a++)
		for (int b = -128; b <= 127; b++)
			assert_int_equal(dla_add_eval(&add, (int8_t)a, (int8_t)b), (int)clamp8(a - 1 + b + 2 + 3));
}

/* A convolution and an ADD: real arithmetic, rounded once at the end. */
static double fused_exact(const struct dla_requant_wish *wish, const struct dla_residual *residual, bool relu,
			  int32_t acc, int8_t added)
{
	double real = ((double)acc + (double)wish->bias) * wish->multiplier;

	if (residual->inner_relu)
		real = fmax(real, 0);
	real += added - residual->zero;
	if (relu)
		real = fmax(real, 0);
	return clamp8(real * residual->ratio + residual->zero_out);
}

static struct dla_residual random_residual(bool *relu)
{
	struct dla_residual residual = {
		.ratio = exp2(uniform(-3, 2)),
		.zero = (int32_t)between(-128, 127),
		.zero_out = random64() & 1 ? -128 : (int32_t)between(-128, 127),
		.inner_relu = random64() & 1,
		.low = -128, .high = 127,
	};

	*relu = random64() & 1;
	if (*relu && residual.inner_relu && random64() & 1)
		residual.zero = 0;
	residual.relu = *relu && (!residual.inner_relu || residual.zero == 0);
	if (residual.relu)
		residual.low = residual.zero_out;
	/* Else only saturation can be the ReLU. */
	if (*relu && !residual.relu)
		residual.zero_out = -128;
	return residual;
}

/* An answer may differ from the exact value by a rounding and by what the recipe says of itself. */
static void check_fused(const struct dla_conv_add *add, const struct dla_requant_wish *wish,
			const struct dla_residual *residual, bool relu, unsigned int k)
{
	for (int i = 0; i < 300; i++) {
		int8_t added = (int8_t)between(-128, 127);
		double wanted = uniform(-140, 140);
		int64_t acc = i < 2 ? (i ? wish->reach : -wish->reach) : between(-wish->reach, wish->reach);
		double off;

		/* Mostly where the output does not saturate. */
		if (i > 50) {
			wanted = (wanted - residual->zero_out) / residual->ratio - (added - residual->zero);
			acc = (int64_t)fmax(fmin(wanted / wish->multiplier - (double)wish->bias,
						 (double)wish->reach), (double)-wish->reach);
		}
		off = dla_conv_add_eval(add, k, (int32_t)acc, added) -
		      fused_exact(wish, residual, relu, (int32_t)acc, added);
		assert_true(fabs(off) <= 0.5 + add->error + 1e-9);
	}
}

static void conv_add_random_layers(void **unused)
{
	unsigned int fine = 0;

	(void)unused;
	for (int layer = 0; layer < 500; layer++) {
		unsigned int channels = (unsigned int)between(1, 16);
		double largest = exp2(uniform(-13, -1));
		struct dla_requant_wish wish[16];
		struct dla_residual residual;
		struct dla_conv_add *add;
		bool relu;

		residual = random_residual(&relu);
		for (unsigned int k = 0; k < channels; k++) {
			/* A 32-fold spread, and accumulators far beyond what an int8 holds. */
			wish[k].multiplier = largest * exp2(-uniform(0, 5));
			wish[k].reach = (int64_t)fmin(1e9, 300 * uniform(0.5, 20) / wish[k].multiplier);
			wish[k].bias = (int64_t)(uniform(-200, 200) / wish[k].multiplier);
		}
		add = dla_conv_add_new(wish, channels, &residual);
		assert_non_null(add);
		assert_true(add->shift < 64 && add->s < 64 && add->p < 64 && add->out_shift < 64);
		fine += add->error < 0.3;
		for (unsigned int k = 0; k < channels; k++)
			check_fused(add, &wish[k], &residual, relu, k);
		free(add);
	}
	assert_true(fine > 400);
}

/* Layers that no network has: what the recipe says of itself is true of them as well. */
static void conv_add_reports_coarseness(void **unused)
{
	unsigned int good = 0, bad = 0;

	(void)unused;
	for (int layer = 0; layer < 3000; layer++) {
		struct dla_requant_wish wish[2];
		struct dla_residual residual;
		struct dla_conv_add *add;
		bool relu;

		residual = random_residual(&relu);
		/* And some that only a hostile file has. */
		residual.ratio = exp2(layer % 8 ? uniform(-24, 12) : uniform(-250, 250));
		for (unsigned int k = 0; k < 2; k++) {
			wish[k].multiplier = exp2(layer % 8 ? uniform(-30, 8) : uniform(-370, 370));
			wish[k].reach = between(1, 1000000);
			wish[k].bias = between(-(INT64_C(1) << 30), INT64_C(1) << 30) >> between(0, 30);
		}
		add = dla_conv_add_new(wish, 2, &residual);
		assert_non_null(add);
		assert_false(isnan(add->error));
		if (add->error < DLA_FUSED_ERROR_LIMIT) {
			good++;
			for (unsigned int k = 0; k < 2; k++)
				check_fused(add, &wish[k], &residual, relu, k);
		} else {
			bad++;
		}
		free(add);
	}
	assert_true(good > 500 && bad > 500);
}

/* One channel's scale far below the others' leaves it a multiplier of a few units: too coarse. */
static void conv_add_refuses_a_wide_spread(void **unused)
{
	struct dla_requant_wish wish[2] = {
		{ .multiplier = 0.01, .reach = 30000 },
		{ .multiplier = 0.01, .reach = 30000 },
	};
	const struct dla_residual residual = { .ratio = 1, .low = -128, .high = 127 };
	struct dla_conv_add *add = dla_conv_add_new(wish, 2, &residual);

	(void)unused;
	assert_non_null(add);
	assert_true(add->error < 0.05);
	free(add);
	wish[1].multiplier = 0.01 / 9000;
	wish[1].reach = 30000 * 9000;
	add = dla_conv_add_new(wish, 2, &residual);
	assert_non_null(add);
	assert_true(add->error >= DLA_FUSED_ERROR_LIMIT);
	free(add);
}

static void average_equals_tflite(void **unused)
{
	uint32_t width, height;

	(void)unused;
	for (int n = 1; n <= 7; n++) {
		assert_true(dla_average_init((unsigned int)n, &width, &height));
		for (int sum = -128 * n; sum <= 127 * n; sum++) {
			int rounded = sum >= 0 ? (sum + n / 2) / n : (sum - n / 2) / n;

			assert_int_equal(dla_average_eval(sum, width, height), rounded);
		}
	}
	assert_false(dla_average_init(8, &width, &height));
	assert_false(dla_average_init(0, &width, &height));
}

static void average_wraps_like_the_hardware(void **unused)
{
	(void)unused;
	/* 1024 does not fit between the multipliers: it is -1024 there. */
	assert_int_equal(dla_average_eval(1024, 65536, 8192), -128);
}

static void average_by_convolution_equals_tflite(void **unused)
{
	(void)unused;
	for (int n = 8; n <= 1024; n += n < 70 ? 1 : 13) {
		struct dla_requant_wish wish = {
			.multiplier = (1 + DLA_AVERAGE_EXCESS) / n, .reach = 128 * n,
		};
		struct dla_requant *rq = dla_requant_new(&wish, 1, false, 0);

		assert_non_null(rq);
		assert_true(dla_requant_is_average(rq, (unsigned int)n));
		for (int sum = -128 * n; sum <= 127 * n; sum++) {
			int rounded = sum >= 0 ? (sum + n / 2) / n : (sum - n / 2) / n;

			assert_int_equal(dla_requant_eval(rq, 0, sum), rounded);
		}
		free(rq);
	}
}

static void activation_bounds(void **unused)
{
	int32_t low, high;

	(void)unused;
	dla_activation_range(DLA_ACT_NONE, 0.1, 5, &low, &high);
	assert_int_equal(low, -128);
	assert_int_equal(high, 127);
	dla_activation_range(DLA_ACT_RELU, 0.1, 5, &low, &high);
	assert_int_equal(low, 5);
	assert_int_equal(high, 127);
	dla_activation_range(DLA_ACT_RELU6, 0.1, -20, &low, &high);
	assert_int_equal(low, -20);
	assert_int_equal(high, 40);
	dla_activation_range(DLA_ACT_RELU6, 6.0 / 255, -128, &low, &high);
	assert_int_equal(high, 127);
	dla_activation_range(DLA_ACT_RELU_N1_TO_1, 0.1, 0, &low, &high);
	assert_int_equal(low, -10);
	assert_int_equal(high, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requant_random_layers),
		cmocka_unit_test(requant_dead_channels),
		cmocka_unit_test(requant_only_dead_channels),
		cmocka_unit_test(requant_bias_beside_a_large_one),
		cmocka_unit_test(requant_multiplier_above_one),
		cmocka_unit_test(requant_reports_coarseness),
		cmocka_unit_test(add_random),
		cmocka_unit_test(add_reports_coarseness),
		cmocka_unit_test(add_equal_scales_is_exact),
		cmocka_unit_test(conv_add_random_layers),
		cmocka_unit_test(conv_add_reports_coarseness),
		cmocka_unit_test(conv_add_refuses_a_wide_spread),
		cmocka_unit_test(average_equals_tflite),
		cmocka_unit_test(average_wraps_like_the_hardware),
		cmocka_unit_test(average_by_convolution_equals_tflite),
		cmocka_unit_test(activation_bounds),
	};

	return cmocka_run_group_tests_name("quantise", tests, NULL, NULL);
}
