// SPDX-License-Identifier: MIT
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"

int argument_refuse(const char *command, const struct argument *argument, const char *expected, const char *value)
{
	fprintf(stderr, "dla %s: --%s is %s, not \"%s\"; see dla %s --help\n", command, argument->name, expected, value,
		command);
	return -1;
}

int argument_text(const char *command, const struct argument *argument, const char *value)
{
	const char **text = argument->into;

	(void)command;
	*text = value;
	return 0;
}

int argument_count(const char *command, const struct argument *argument, const char *value)
{
	unsigned int *count = argument->into;
	char expected[64], *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (!errno && *value >= '0' && *value <= '9' && !*end && (double)number >= argument->min &&
	    (double)number <= argument->max) {
		*count = (unsigned int)number;
		return 0;
	}
	snprintf(expected, sizeof(expected), "a number from %.0f to %.0f", argument->min, argument->max);
	return argument_refuse(command, argument, expected, value);
}

int argument_real(const char *command, const struct argument *argument, const char *value)
{
	float *real = argument->into;
	char expected[64], *end;

	/* The bounds are rounded as the number is: 0.999 is not above 0.999. */
	*real = strtof(value, &end);
	if (end != value && !*end && isfinite(*real) && *real >= (float)argument->min && *real <= (float)argument->max)
		return 0;
	snprintf(expected, sizeof(expected), "a number from %g to %g", argument->min, argument->max);
	return argument_refuse(command, argument, expected, value);
}

int argument_seed(const char *command, const struct argument *argument, const char *value)
{
	uint64_t *seed = argument->into;
	char *end;

	errno = 0;
	*seed = strtoull(value, &end, 0);
	return errno || end == value || *end ? argument_refuse(command, argument, "a number", value) : 0;
}

static int take_place(const char *command, const struct argument *argument, const char *value)
{
	struct dla_options *options = argument->into;

	if (!strcmp(value, "cpu"))
		options->place = DLA_PLACE_CPU;
	else if (!strcmp(value, "npu"))
		options->place = DLA_PLACE_NPU;
	else if (!strcmp(value, "auto"))
		options->place = DLA_PLACE_AUTO;
	else
		return argument_refuse(command, argument, "auto, npu or cpu", value);
	return 0;
}

static int take_cpu(const char *command, const struct argument *argument, const char *value)
{
	struct dla_options *options = argument->into;

	if (!strcmp(value, "reference"))
		options->cpu = DLA_CPU_REFERENCE;
	else if (!strcmp(value, "xnnpack"))
		options->cpu = DLA_CPU_XNNPACK;
	else if (!strcmp(value, "auto"))
		options->cpu = DLA_CPU_AUTO;
	else
		return argument_refuse(command, argument, "auto, xnnpack or reference", value);
	return 0;
}

static size_t length(const struct argument *table)
{
	size_t count = 0;

	while (table[count].name)
		count++;
	return count;
}

/* Options and short ones in getopt's form: of each, the value is 256 + its index. */
static void name_options(const struct argument *argument, size_t count, struct option *option, char *letters)
{
	for (size_t i = 0; i < count; i++) {
		option[i].name = argument[i].name;
		option[i].has_arg = argument[i].flag ? no_argument : required_argument;
		option[i].val = 256 + (int)i;
		if (!argument[i].letter)
			continue;
		*letters++ = argument[i].letter;
		if (!argument[i].flag)
			*letters++ = ':';
	}
}

static const struct argument *chosen(const struct argument *argument, size_t count, int option)
{
	if (option >= 256)
		return &argument[option - 256];
	for (size_t i = 0; i < count; i++)
		if (option == argument[i].letter)
			return &argument[i];
	return NULL;
}

static int take(const char *command, const struct argument *argument, const char *value)
{
	if (argument->given)
		*argument->given = argument->name;
	if (!argument->flag)
		return argument->take(command, argument, value);
	*argument->flag = true;
	return 0;
}

int arguments_parse(const char *command, const char *help, int argc, char **argv, const struct argument *own,
		    const struct arguments_network *network)
{
	bool exact = false, helped = false;
	const struct argument common[] = {
		{ "help", .flag = &helped },
		{ "device", argument_text, network ? network->device : NULL },
		{ "place", take_place, network ? network->options : NULL },
		{ "cpu", take_cpu, network ? network->options : NULL },
		{ "cpu-profile", argument_text, network ? &network->options->cpu_profile : NULL },
		{ "exact", .flag = &exact },
	};
	const size_t of_own = length(own), of_common = network ? sizeof(common) / sizeof(common[0]) : 1;
	const size_t count = of_own + of_common;
	struct argument *all = calloc(count, sizeof(*all));
	struct option *names = calloc(count + 1, sizeof(*names));
	char *letters = calloc(2 * count + 1, 1);
	int option, err = all && names && letters ? 0 : -1;

	if (err) {
		fprintf(stderr, "dla %s: out of memory\n", command);
	} else {
		memcpy(all, own, of_own * sizeof(*all));
		memcpy(all + of_own, common, of_common * sizeof(*all));
		name_options(all, count, names, letters);
	}
	optind = 0;
	while (!err && !helped && (option = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		const struct argument *argument = chosen(all, count, option);

		err = argument ? take(command, argument, optarg) : -1;
		if (!argument)
			fprintf(stderr, "dla %s --help describes the options\n", command);
	}
	if (network && exact)
		network->options->exact = 1;
	free(all);
	free(names);
	free(letters);
	if (!err && helped)
		fputs(help, stdout);
	return err ? err : helped;
}

const char *arguments_model(const char *command, int argc, char **argv)
{
	if (argc - optind == 1)
		return argv[optind];
	fprintf(stderr, "dla %s: %s; see dla %s --help\n", command,
		argc == optind ? "no model given" : "more than one model given", command);
	return NULL;
}

int arguments_end(const char *command, int argc, char **argv)
{
	if (optind == argc)
		return 0;
	fprintf(stderr, "dla %s: takes no argument \"%s\"; see dla %s --help\n", command, argv[optind], command);
	return -1;
}
