// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wav.h"

#define FORMAT_PCM		1
#define FORMAT_FLOAT		3
#define FORMAT_EXTENSIBLE	0xfffe
#define MAX_CHANNELS		64
#define MAX_RATE		1000000

struct format {
	unsigned int tag, channels, rate, bits;
};

static uint32_t number(const unsigned char *at, unsigned int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

static bool read_head(FILE *file)
{
	unsigned char head[12];

	return fread(head, 1, sizeof(head), file) == sizeof(head) && !memcmp(head, "RIFF", 4) &&
	       !memcmp(head + 8, "WAVE", 4);
}

bool wav_is(const char *path)
{
	FILE *file = fopen(path, "rb");
	bool is = file && read_head(file);

	if (file)
		fclose(file);
	return is;
}

static const char *read_format(FILE *file, uint32_t bytes, struct format *format)
{
	unsigned char data[40] = { 0 };
	size_t wanted = bytes < sizeof(data) ? bytes : sizeof(data);

	if (bytes < 16 || fread(data, 1, wanted, file) != wanted)
		return "is cut off in its format";
	*format = (struct format) { number(data, 2), number(data + 2, 2), number(data + 4, 4), number(data + 14, 2) };
	if (format->tag == FORMAT_EXTENSIBLE)
		format->tag = number(data + 24, 2);
	if (!format->channels || format->channels > MAX_CHANNELS || !format->rate || format->rate > MAX_RATE)
		return "has an impossible number of channels, or rate";
	if (format->tag == FORMAT_FLOAT ? format->bits != 32 :
	    format->tag != FORMAT_PCM || !format->bits || format->bits > 32 || format->bits % 8)
		return "is neither PCM nor floats of 32 bits";
	return fseek(file, (long)(bytes - wanted + bytes % 2), SEEK_CUR) ? strerror(errno) : NULL;
}

static double sample(const struct format *format, const unsigned char *at)
{
	uint32_t value = number(at, format->bits / 8);
	float real;

	if (format->tag == FORMAT_FLOAT) {
		memcpy(&real, &value, sizeof(real));
		return 32768.0 * real;
	}
	/* Eight bits are without sign. */
	if (format->bits == 8)
		return 256.0 * ((double)value - 128);
	return (double)(int32_t)(value << (32 - format->bits)) / 65536;
}

/* A recorder that could not go back leaves a length that is too large, or none: then up to the file's end. */
static const char *read_samples(FILE *file, uint32_t bytes, const struct format *format, struct wav *wav)
{
	size_t frame = (size_t)format->channels * format->bits / 8, room = 0, most = bytes ? bytes / frame : SIZE_MAX;
	unsigned char data[MAX_CHANNELS * 4];

	wav->rate = format->rate;
	while (wav->count < most && fread(data, 1, frame, file) == frame) {
		double sum = 0;

		if (wav->count == room) {
			double *more;

			room = room ? 2 * room : 16384;
			more = realloc(wav->sample, room * sizeof(*more));
			if (!more)
				return "is too long";
			wav->sample = more;
		}
		for (unsigned int i = 0; i < format->channels; i++)
			sum += sample(format, data + i * format->bits / 8);
		wav->sample[wav->count++] = sum / format->channels;
	}
	return ferror(file) ? strerror(errno) : wav->count ? NULL : "has no samples";
}

static const char *read_chunks(FILE *file, struct wav *wav)
{
	struct format format = { 0 };
	unsigned char head[8];

	if (!read_head(file))
		return "is no WAV file";
	while (fread(head, 1, sizeof(head), file) == sizeof(head)) {
		uint32_t bytes = number(head + 4, 4);
		const char *wrong = NULL;

		if (!memcmp(head, "data", 4))
			return format.rate ? read_samples(file, bytes, &format, wav) : "has samples before their format";
		if (!memcmp(head, "fmt ", 4))
			wrong = read_format(file, bytes, &format);
		else if (fseek(file, (long)bytes + bytes % 2, SEEK_CUR))
			wrong = strerror(errno);
		if (wrong)
			return wrong;
	}
	return "is cut off before its samples";
}

const char *wav_load(const char *path, struct wav *wav)
{
	FILE *file = fopen(path, "rb");
	const char *wrong;

	*wav = (struct wav) { 0 };
	if (!file)
		return strerror(errno);
	wrong = read_chunks(file, wav);
	fclose(file);
	if (wrong) {
		free(wav->sample);
		wav->sample = NULL;
	}
	return wrong;
}

bool wav_resample(struct wav *wav, unsigned int rate)
{
	size_t count = (size_t)(((double)wav->count * rate + wav->rate - 1) / wav->rate);
	double *out;

	if (rate == wav->rate)
		return true;
	count = count ? count : 1;
	out = calloc(count, sizeof(*out));
	if (!out)
		return false;
	for (size_t i = 0; i < count; i++) {
		double at = (double)i * wav->rate / rate;
		size_t before = (size_t)at;

		if (before + 1 < wav->count)
			out[i] = wav->sample[before] +
				 (at - (double)before) * (wav->sample[before + 1] - wav->sample[before]);
		else
			out[i] = wav->sample[wav->count - 1];
	}
	free(wav->sample);
	*wav = (struct wav) { out, count, rate };
	return true;
}
