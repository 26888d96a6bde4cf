// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "mfcc.h"

#define FRAME	480
#define STEP	320
#define POINTS	512		/* of the Fourier transform */
#define BANDS	40
#define LOWEST	20.0
#define HIGHEST	4000
/* Above the highest band nothing is looked at. */
#define BINS	(HIGHEST * POINTS / MFCC_RATE)

struct tables {
	double cosine[POINTS], window[FRAME];
	double weight[BANDS][BINS];
	double transform[MFCC_COEFFICIENTS][BANDS];
};

static double mel(double hertz)
{
	return 1127.0 * log1p(hertz / 700.0);
}

/* Triangles that are even on the mel scale; nothing of the mean, bin 0. */
static void fill_bands(struct tables *t)
{
	double low = mel(LOWEST), step = (mel(HIGHEST) - low) / (BANDS + 1);

	for (int band = 0; band < BANDS; band++) {
		for (int bin = 1; bin < BINS; bin++) {
			double at = (mel((double)bin * MFCC_RATE / POINTS) - low) / step - band;

			t->weight[band][bin] = fmax(0, fmin(at, 2 - at));
		}
	}
}

static void fill(struct tables *t)
{
	memset(t, 0, sizeof(*t));
	for (int i = 0; i < POINTS; i++)
		t->cosine[i] = cos(2 * M_PI * i / POINTS);
	for (int i = 0; i < FRAME; i++)
		t->window[i] = 0.5 - 0.5 * cos(2 * M_PI * i / FRAME);
	fill_bands(t);
	/* A cosine transform whose first row, the mean, lacks its factor of 1 / sqrt 2. */
	for (int k = 0; k < MFCC_COEFFICIENTS; k++)
		for (int band = 0; band < BANDS; band++)
			t->transform[k][band] = cos(M_PI / BANDS * (band + 0.5) * k) * sqrt(2.0 / BANDS);
}

static void frame_features(const struct tables *t, const double *frame, float *out)
{
	double size[BINS] = { 0 }, level[BANDS];

	for (int bin = 1; bin < BINS; bin++) {
		double real = 0, imaginary = 0;

		for (int i = 0; i < FRAME; i++) {
			real += frame[i] * t->cosine[bin * i % POINTS];
			/* A quarter of a turn on: the negative sine. */
			imaginary += frame[i] * t->cosine[(bin * i + POINTS / 4) % POINTS];
		}
		size[bin] = hypot(real, imaginary);
	}
	for (int band = 0; band < BANDS; band++) {
		double sum = 0;

		for (int bin = 1; bin < BINS; bin++)
			sum += t->weight[band][bin] * size[bin];
		level[band] = log(sum + 1e-6);
	}
	for (int k = 0; k < MFCC_COEFFICIENTS; k++) {
		double sum = 0;

		for (int band = 0; band < BANDS; band++)
			sum += t->transform[k][band] * level[band];
		out[k] = (float)sum;
	}
}

void mfcc_features(const double *sample, size_t count, float out[MFCC_FRAMES * MFCC_COEFFICIENTS])
{
	double peak = 0;
	struct tables t;

	fill(&t);
	count = count < MFCC_RATE ? count : MFCC_RATE;
	/* The largest of the samples, not of their sizes: as in training. */
	for (size_t i = 0; i < count; i++)
		peak = sample[i] > peak ? sample[i] : peak;
	for (int n = 0; n < MFCC_FRAMES; n++) {
		double frame[FRAME];

		for (int i = 0; i < FRAME; i++) {
			size_t at = (size_t)n * STEP + (size_t)i;

			frame[i] = at < count ? t.window[i] * sample[at] / (peak > 0 ? peak : 1) : 0;
		}
		frame_features(&t, frame, out + (size_t)n * MFCC_COEFFICIENTS);
	}
}
