/* SPDX-License-Identifier: MIT */
#ifndef DLA_WAV_H
#define DLA_WAV_H

#include <stdbool.h>
#include <stddef.h>

/* Sound in units of a 16-bit sample, channels averaged. */
struct wav {
	double *sample;
	size_t count;
	unsigned int rate;
};

/* Whether this is a WAV file at all. */
bool wav_is(const char *path);

/*
 * Read one: PCM of 8, 16, 24 or 32 bits, or floats. Returns NULL, or what is wrong; wav->sample is the
 * caller's to free.
 */
const char *wav_load(const char *path, struct wav *wav);

/* Interpolate to another rate; false without memory. */
bool wav_resample(struct wav *wav, unsigned int rate);

#endif
