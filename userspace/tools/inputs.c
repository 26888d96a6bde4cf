// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "picture.h"
#include "sound.h"
#include "wav.h"

static void fill_random(void *data, size_t bytes, uint64_t *state)
{
	uint8_t *out = data;

	/* xorshift64*: the same bytes for a seed everywhere. */
	for (size_t i = 0; i < bytes; i++) {
		*state ^= *state >> 12;
		*state ^= *state << 25;
		*state ^= *state >> 27;
		out[i] = (uint8_t)((*state * UINT64_C(0x2545f4914f6cdd1d)) >> 56);
	}
}

static int load_raw(const char *command, const char *path, const struct dla_tensor_info *info, void *data)
{
	FILE *file = fopen(path, "rb");
	size_t got = 0;
	bool more = false;
	int err = errno;

	if (file) {
		got = fread(data, 1, info->bytes, file);
		more = got == info->bytes && fgetc(file) != EOF;
		err = ferror(file) ? errno : 0;
		fclose(file);
	}
	if (err) {
		fprintf(stderr, "dla %s: %s: %s\n", command, path, strerror(err));
		return -1;
	}
	if (got == info->bytes && !more)
		return 0;
	fprintf(stderr, "dla %s: %s: input \"%s\" has %zu bytes, the file has %s%zu\n", command, path,
		info->name, info->bytes, more ? "more than " : "", got);
	return -1;
}

int inputs_read(const char *command, const char *path, const struct dla_tensor_info *info, unsigned int rate, void *data)
{
	char *why = NULL;
	int err;

	if (picture_is(path))
		err = picture_load(path, info, data, &why);
	else if (wav_is(path))
		err = sound_load(path, info, rate ? rate : INPUTS_RATE, data, &why);
	else
		return load_raw(command, path, info, data);
	if (!err)
		return 0;
	fprintf(stderr, "dla %s: %s\n", command, why ? why : "out of memory");
	free(why);
	return -1;
}

int inputs_take_file(const char *command, const struct argument *argument, const char *value)
{
	struct inputs *inputs = argument->into;

	(void)command;
	inputs->file[inputs->count++] = value;
	return 0;
}

int inputs_take_seed(const char *command, const struct argument *argument, const char *value)
{
	struct inputs *inputs = argument->into;
	struct argument seed = { argument->name, .into = &inputs->seed };

	inputs->random = true;
	return argument_seed(command, &seed, value);
}

int inputs_load(const char *command, const struct inputs *inputs, const struct dla_network *network,
		struct dla_request *request)
{
	unsigned int count = dla_network_input_count(network);
	/* Zero would stay zero. */
	uint64_t state = inputs->seed ^ UINT64_C(0x9e3779b97f4a7c15);

	if (inputs->count > count) {
		fprintf(stderr, "dla %s: %u inputs given, the network has %u\n", command, inputs->count, count);
		return -1;
	}
	for (unsigned int i = 0; i < count; i++) {
		const struct dla_tensor_info *info = dla_network_input(network, i);
		void *data = dla_request_input(request, i);

		if (i < inputs->count && inputs_read(command, inputs->file[i], info, inputs->rate, data))
			return -1;
		if (i >= inputs->count && inputs->random)
			fill_random(data, info->bytes, &state);
	}
	return 0;
}
