/* SPDX-License-Identifier: MIT */
#ifndef DLA_MFCC_H
#define DLA_MFCC_H

#include <stddef.h>

#define MFCC_RATE		16000
#define MFCC_FRAMES		49
#define MFCC_COEFFICIENTS	10

/*
 * Mel-frequency cepstral coefficients of a second of sound, as MLPerf Tiny's keyword spotting was trained on:
 * frames of 30 ms every 20 ms, 40 mel bands from 20 to 4000 Hz. Fewer samples than MFCC_RATE are followed by silence.
 */
void mfcc_features(const double *sample, size_t count, float out[MFCC_FRAMES * MFCC_COEFFICIENTS]);

#endif
