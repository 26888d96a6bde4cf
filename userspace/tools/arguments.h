/* SPDX-License-Identifier: MIT */
#ifndef DLA_ARGUMENTS_H
#define DLA_ARGUMENTS_H

#include <stdbool.h>

#include "dla.h"

/* An option of a command's, which take() reads, or which has no value and sets a flag. */
struct argument {
	const char *name;		/* without the dashes; NULL ends a table */
	/* 0, or -1 after argument_refuse(). */
	int (*take)(const char *command, const struct argument *argument, const char *value);
	void *into;
	double min, max;		/* of numbers */
	bool *flag;			/* instead of take() */
	const char **given;		/* if not NULL, gets the name when the option is given */
	char letter;			/* its short name, or 0 */
};

/* What take() is and what it writes to. */
int argument_text(const char *command, const struct argument *argument, const char *value);	/* const char * */
int argument_count(const char *command, const struct argument *argument, const char *value);	/* unsigned int */
int argument_real(const char *command, const struct argument *argument, const char *value);	/* float */
int argument_seed(const char *command, const struct argument *argument, const char *value);	/* uint64_t */

/* Say that the option is @expected, not @value; returns -1. */
int argument_refuse(const char *command, const struct argument *argument, const char *expected, const char *value);

/* What commands that load networks are all told. */
struct arguments_network {
	const char **device;
	struct dla_options *options;
};

/*
 * Read a command's options: those of its table, --help, and with @network also --device, --place, --cpu,
 * --cpu-profile and --exact. 0: go on, with what is no option from argv[optind] on; 1: it was only to print
 * @help; -1: wrong, after a message.
 */
int arguments_parse(const char *command, const char *help, int argc, char **argv, const struct argument *own,
		    const struct arguments_network *network);

/* The one argument that is no option, a model; NULL after a message. */
const char *arguments_model(const char *command, int argc, char **argv);

/* -1 after a message when there is an argument that is no option. */
int arguments_end(const char *command, int argc, char **argv);

#endif
