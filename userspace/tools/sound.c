// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mfcc.h"
#include "sound.h"
#include "wav.h"

#define FEATURES	(MFCC_FRAMES * MFCC_COEFFICIENTS)
/* A shorter row of elements is of features, which only who trained the network knows. */
#define LEAST_SAMPLES	1024

static int refuse(char **why, const char *path, const char *reason)
{
	if (asprintf(why, "%s: %s", path, reason) < 0)
		*why = NULL;
	return -1;
}

/* All dimensions but one are 1. */
static bool is_row(const struct dla_tensor_info *info, size_t count)
{
	for (unsigned int i = 0; i < info->rank; i++)
		if (info->shape[i] != 1 && (size_t)info->shape[i] != count)
			return false;
	return true;
}

static double limit(double value, double min, double max)
{
	return value >= min ? value <= max ? value : max : min;
}

static void store(const struct dla_tensor_info *info, void *tensor, size_t i, double value)
{
	double stored = info->scale > 0 ? round(value / info->scale) + info->zero_point : value;

	if (!strcmp(info->type, "int8"))
		((int8_t *)tensor)[i] = (int8_t)limit(stored, INT8_MIN, INT8_MAX);
	else if (!strcmp(info->type, "uint8"))
		((uint8_t *)tensor)[i] = (uint8_t)limit(stored, 0, UINT8_MAX);
	else if (!strcmp(info->type, "int16"))
		((int16_t *)tensor)[i] = (int16_t)limit(stored, INT16_MIN, INT16_MAX);
	else
		((float *)tensor)[i] = (float)value;
}

static bool can_store(const struct dla_tensor_info *info)
{
	return !strcmp(info->type, "float32") ||
	       (info->scale > 0 && (!strcmp(info->type, "int8") || !strcmp(info->type, "uint8") ||
				    !strcmp(info->type, "int16")));
}

/* Where the @count samples with the most energy begin. */
static size_t loudest(const struct wav *wav, size_t count)
{
	double energy = 0, most = 0;
	size_t best = 0;

	for (size_t i = 0; i < wav->count; i++) {
		energy += wav->sample[i] * wav->sample[i];
		if (i >= count)
			energy -= wav->sample[i - count] * wav->sample[i - count];
		if (i + 1 >= count && energy > most) {
			most = energy;
			best = i + 1 - count;
		}
	}
	return best;
}

static void fill_features(const struct wav *wav, const struct dla_tensor_info *info, void *tensor)
{
	size_t start = loudest(wav, MFCC_RATE);
	float value[FEATURES];

	mfcc_features(wav->sample + start, wav->count - start, value);
	for (size_t i = 0; i < FEATURES; i++)
		store(info, tensor, i, value[i]);
}

static void fill_samples(const struct wav *wav, size_t count, const struct dla_tensor_info *info, void *tensor)
{
	size_t start = loudest(wav, count);

	for (size_t i = 0; i < count; i++)
		store(info, tensor, i, start + i < wav->count ? wav->sample[start + i] / 32768 : 0);
}

int sound_load(const char *path, const struct dla_tensor_info *info, unsigned int rate, void *tensor, char **why)
{
	const char *wrong;
	size_t count = 1;
	struct wav wav;
	bool features;

	for (unsigned int i = 0; i < info->rank; i++)
		count *= (size_t)info->shape[i];
	features = count == FEATURES;
	if (!can_store(info) || (!features && (count < LEAST_SAMPLES || !is_row(info, count))))
		return refuse(why, path, "the network's input is no sound: neither 49 x 10 features nor a row of samples; "
					 "give the tensor's bytes in a file");
	wrong = wav_load(path, &wav);
	if (wrong)
		return refuse(why, path, wrong);
	if (!wav_resample(&wav, features ? MFCC_RATE : rate)) {
		free(wav.sample);
		return refuse(why, path, "out of memory");
	}
	if (features)
		fill_features(&wav, info, tensor);
	else
		fill_samples(&wav, count, info, tensor);
	free(wav.sample);
	return 0;
}
