// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "placing.h"

static int wrong(const char *command, const char *what, const char *value)
{
	fprintf(stderr, "dla %s: %s \"%s\"; see dla %s --help\n", command, what, value, command);
	return -1;
}

static int parse_place(const char *command, const char *value, struct dla_options *options)
{
	if (!strcmp(value, "cpu"))
		options->place = DLA_PLACE_CPU;
	else if (!strcmp(value, "npu"))
		options->place = DLA_PLACE_NPU;
	else if (!strcmp(value, "auto"))
		options->place = DLA_PLACE_AUTO;
	else
		return wrong(command, "--place is auto, npu or cpu, not", value);
	return 0;
}

static int parse_cpu(const char *command, const char *value, struct dla_options *options)
{
	if (!strcmp(value, "reference"))
		options->cpu = DLA_CPU_REFERENCE;
	else if (!strcmp(value, "xnnpack"))
		options->cpu = DLA_CPU_XNNPACK;
	else if (!strcmp(value, "auto"))
		options->cpu = DLA_CPU_AUTO;
	else
		return wrong(command, "--cpu is auto, xnnpack or reference, not", value);
	return 0;
}

static int parse_threads(const char *command, const char *value, struct dla_options *options)
{
	char *end;
	unsigned long count = strtoul(value, &end, 10);

	if (*value < '1' || *value > '9' || *end || count > 64)
		return wrong(command, "--threads is a number from 1 to 64, not", value);
	options->cpu_threads = (unsigned int)count;
	return 0;
}

int placing_parse(const char *command, int option, const char *value, struct dla_options *options)
{
	switch (option) {
	case PLACING_PLACE:
		return parse_place(command, value, options);
	case PLACING_CPU:
		return parse_cpu(command, value, options);
	case PLACING_PROFILE:
		options->cpu_profile = value;
		return 0;
	case PLACING_THREADS:
		return parse_threads(command, value, options);
	case PLACING_EXACT:
		options->exact = 1;
		return 0;
	default:
		fprintf(stderr, "dla %s --help describes the options\n", command);
		return -1;
	}
}
