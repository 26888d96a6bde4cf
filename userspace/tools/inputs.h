/* SPDX-License-Identifier: MIT */
#ifndef DLA_INPUTS_H
#define DLA_INPUTS_H

#include <stdbool.h>

#include "arguments.h"
#include "dla.h"

#define INPUTS_RATE 16000

/* What a request is to work on, as the command line says. */
struct inputs {
	const char **file;	/* raw bytes, pictures or sounds; inputs without one are random or zero */
	unsigned int count;
	bool random;
	uint64_t seed;
	unsigned int rate;	/* of samples that a network takes; 0: INPUTS_RATE */
};

/* For --input and --seed, which write to struct inputs; there is room for as many files as there are arguments. */
int inputs_take_file(const char *command, const struct argument *argument, const char *value);
int inputs_take_seed(const char *command, const struct argument *argument, const char *value);

/* Fill one input, from one file; @rate as above. -1 after a message that begins with the command's name. */
int inputs_read(const char *command, const char *path, const struct dla_tensor_info *info, unsigned int rate, void *data);

/* Fill a request's inputs; -1 after a message to stderr that begins with the command's name. */
int inputs_load(const char *command, const struct inputs *inputs, const struct dla_network *network,
		struct dla_request *request);

#endif
