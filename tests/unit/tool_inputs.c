// SPDX-License-Identifier: MIT
/*
 * What the tool makes of pictures and sounds, tensor by tensor.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "../../userspace/tools/mfcc.h"
#include "../../userspace/tools/picture.h"
#include "../../userspace/tools/sound.h"
#include "../../userspace/tools/wav.h"

static char path[] = "/tmp/tool_inputs.XXXXXX";

static void write_file(const void *data, size_t bytes)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

/* A header of 44 bytes in front of the samples. */
static void write_wav(unsigned int tag, unsigned int channels, unsigned int rate, unsigned int bits, const void *data,
		      uint32_t bytes)
{
	uint32_t rest = 36 + bytes, sixteen = 16, per_second = rate * channels * bits / 8;
	uint16_t small[4] = { (uint16_t)tag, (uint16_t)channels, (uint16_t)(channels * bits / 8), (uint16_t)bits };
	unsigned char *file = calloc(1, 44 + bytes);

	assert_non_null(file);
	memcpy(file, "RIFF", 4);
	memcpy(file + 4, &rest, 4);
	memcpy(file + 8, "WAVEfmt ", 8);
	memcpy(file + 16, &sixteen, 4);
	memcpy(file + 20, small, 4);
	memcpy(file + 24, &rate, 4);
	memcpy(file + 28, &per_second, 4);
	memcpy(file + 32, small + 2, 4);
	memcpy(file + 36, "data", 4);
	memcpy(file + 40, &bytes, 4);
	memcpy(file + 44, data, bytes);
	write_file(file, 44 + bytes);
	free(file);
}

/* Of tests/vectors/mfcc.py. */
static void make_sound(int16_t *sample)
{
	for (int i = 0; i < MFCC_RATE; i++) {
		double t = (double)i / MFCC_RATE, swell = sin(M_PI * t);

		sample[i] = (int16_t)rint(8000 * sin(2 * M_PI * (200 + 1500 * t) * t) * swell * swell +
					  60 * sin(2 * M_PI * 50 * t));
	}
}

static void test_features_are_tensorflows(void **state)
{
	json_t *wanted = json_load_file("tests/vectors/mfcc.json", 0, NULL);
	static const int32_t shape[] = { 1, MFCC_FRAMES, MFCC_COEFFICIENTS, 1 };
	struct dla_tensor_info info = { .name = "x", .type = "float32", .rank = 4, .shape = shape };
	float got[MFCC_FRAMES * MFCC_COEFFICIENTS];
	int16_t sample[MFCC_RATE];
	int8_t stored[MFCC_FRAMES * MFCC_COEFFICIENTS];
	char *why = NULL;

	(void)state;
	assert_int_equal(json_array_size(wanted), MFCC_FRAMES);
	make_sound(sample);
	write_wav(1, 1, MFCC_RATE, 16, sample, sizeof(sample));
	assert_int_equal(sound_load(path, &info, 1, got, &why), 0);
	for (size_t i = 0; i < MFCC_FRAMES * MFCC_COEFFICIENTS; i++) {
		json_t *row = json_array_get(wanted, i / MFCC_COEFFICIENTS);

		/* TensorFlow's floats are short where there is next to no sound. */
		assert_true(fabs(json_number_value(json_array_get(row, i % MFCC_COEFFICIENTS)) - got[i]) < 0.01);
	}
	json_decref(wanted);

	info.type = "int8";
	info.scale = 0.58f;
	info.zero_point = 83;
	assert_int_equal(sound_load(path, &info, 1, stored, &why), 0);
	for (size_t i = 0; i < MFCC_FRAMES * MFCC_COEFFICIENTS; i++)
		assert_true(stored[i] == 127 || stored[i] == -128 ||
			    fabs((stored[i] - 83) * (double)0.58f - (double)got[i]) < 0.2901);
}

static void check_samples(const double *wanted, size_t count, unsigned int rate)
{
	struct wav wav;

	assert_true(wav_is(path));
	assert_null(wav_load(path, &wav));
	assert_int_equal(wav.count, count);
	assert_int_equal(wav.rate, rate);
	for (size_t i = 0; i < count; i++)
		assert_true(fabs(wav.sample[i] - wanted[i]) < 1e-9);
	free(wav.sample);
}

static void test_formats(void **state)
{
	static const double wanted[] = { 0, -32768, 16384 };
	static const uint8_t bytes[] = { 128, 0, 192 };
	static const int16_t shorts[] = { 0, -32768, 16384 };
	static const uint8_t threes[] = { 0, 0, 0, 0, 0, 0x80, 0, 0, 0x40 };
	static const int32_t longs[] = { 0, INT32_MIN, 1 << 30 };
	static const float floats[] = { 0, -1, 0.5f };
	/* Two channels, of which the mean counts. */
	static const int16_t pairs[] = { 100, -100, -32768, -32768, 32767, 1 };

	(void)state;
	write_wav(1, 1, 8000, 8, bytes, sizeof(bytes));
	check_samples(wanted, 3, 8000);
	write_wav(1, 1, 44100, 16, shorts, sizeof(shorts));
	check_samples(wanted, 3, 44100);
	write_wav(1, 1, 8000, 24, threes, sizeof(threes));
	check_samples(wanted, 3, 8000);
	write_wav(1, 1, 8000, 32, longs, sizeof(longs));
	check_samples(wanted, 3, 8000);
	write_wav(3, 1, 8000, 32, floats, sizeof(floats));
	check_samples(wanted, 3, 8000);
	write_wav(1, 2, 8000, 16, pairs, sizeof(pairs));
	check_samples(wanted, 3, 8000);
}

static void test_rows_are_resampled(void **state)
{
	static const int32_t shape[] = { 1, 2048 };
	struct dla_tensor_info info = { .name = "x", .type = "int16", .rank = 2, .shape = shape,
					.scale = 1.0f / 32768 };
	int16_t *sample = calloc(4096, sizeof(*sample)), got[2048];
	char *why = NULL;

	(void)state;
	assert_non_null(sample);
	/* Silence, and then a ramp of 1024 samples that becomes one of 2048 at twice the rate. */
	for (int i = 0; i < 1024; i++)
		sample[3000 + i] = (int16_t)(8000 + 2 * i);
	write_wav(1, 1, 8000, 16, sample, 8192);
	free(sample);
	assert_int_equal(sound_load(path, &info, 16000, got, &why), 0);
	/* Where the ramp begins is found to a sample or two. */
	for (int i = 8; i < 2040; i++)
		assert_true(got[i] - got[i - 1] == 1);
	assert_true(abs(got[8] - 8008) <= 2);
	/* At its own rate, there is silence around it. */
	assert_int_equal(sound_load(path, &info, 8000, got, &why), 0);
	assert_true(got[0] == 0 || got[2047] == 0);
}

static void refused(const struct dla_tensor_info *info, const char *text)
{
	char *why = NULL;
	int16_t out[2048];

	assert_int_equal(sound_load(path, info, 16000, out, &why), -1);
	assert_non_null(why);
	assert_non_null(strstr(why, text));
	assert_non_null(strstr(why, path));
	free(why);
}

static void test_bad_sounds(void **state)
{
	static const int32_t shape[] = { 1, 2048 }, features[] = { 1, 640 }, picture[] = { 1, 64, 32 };
	struct dla_tensor_info info = { .name = "x", .type = "int16", .rank = 2, .shape = shape, .scale = 1 };
	int16_t sample[64] = { 1 };

	(void)state;
	write_wav(1, 1, 8000, 16, sample, sizeof(sample));
	info.shape = features;
	refused(&info, "no sound");
	info.shape = picture;
	info.rank = 3;
	refused(&info, "no sound");
	info.shape = shape;
	info.rank = 2;
	info.type = "int64";
	refused(&info, "no sound");
	info.type = "int16";
	write_wav(1, 0, 8000, 16, sample, sizeof(sample));
	refused(&info, "channels");
	write_wav(1, 1, 0, 16, sample, sizeof(sample));
	refused(&info, "rate");
	write_wav(1, 1, 8000, 12, sample, sizeof(sample));
	refused(&info, "PCM");
	write_wav(85, 1, 8000, 16, sample, sizeof(sample));
	refused(&info, "PCM");
	write_wav(1, 1, 8000, 16, sample, 0);
	refused(&info, "no samples");
	for (off_t bytes = 1; bytes < 44; bytes++) {
		write_wav(1, 1, 8000, 16, sample, sizeof(sample));
		assert_int_equal(truncate(path, bytes), 0);
		refused(&info, "");
		assert_int_equal(wav_is(path), bytes >= 12);
	}
}

static void test_pictures(void **state)
{
	static const int32_t grey[] = { 1, 2, 2, 1 }, colour[] = { 1, 1, 1, 3 }, alpha[] = { 1, 2, 2, 4 };
	static const char file[] = "P6 2 2 255\n\377\377\377\0\0\0\377\0\0\0\0\377";
	struct dla_tensor_info info = { .name = "x", .type = "uint8", .rank = 4, .shape = alpha, .bytes = 16 };
	uint8_t bytes[16];
	int8_t stored[16];
	float floats[16];
	char *why = NULL;

	(void)state;
	write_file(file, sizeof(file) - 1);
	assert_true(picture_is(path) && !wav_is(path));
	assert_int_equal(picture_load(path, &info, bytes, &why), 0);
	assert_memory_equal(bytes, "\377\377\377\377\0\0\0\377\377\0\0\377\0\0\377\377", 16);
	info.type = "int8";
	assert_int_equal(picture_load(path, &info, stored, &why), 0);
	info.type = "float32";
	info.bytes = 64;
	assert_int_equal(picture_load(path, &info, floats, &why), 0);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(stored[i], bytes[i] - 128);
		assert_true(floats[i] == (float)bytes[i] / 255);
	}
	info.shape = grey;
	info.bytes = 16;
	assert_int_equal(picture_load(path, &info, floats, &why), 0);
	assert_true(floats[0] == 1 && floats[1] == 0 && floats[2] > floats[3] && floats[3] > 0);
	info.shape = colour;
	info.bytes = 12;
	assert_int_equal(picture_load(path, &info, floats, &why), 0);
	/* The mean of four. */
	for (int i = 0; i < 3; i++)
		assert_true(floats[i] > 0.1f && floats[i] < 0.9f);
}

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_features_are_tensorflows),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_rows_are_resampled),
		cmocka_unit_test(test_bad_sounds),
		cmocka_unit_test(test_pictures),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
