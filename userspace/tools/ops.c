// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "commands.h"
#include "dla.h"

static const char help[] =
	"usage: dla ops [--json | --markdown]\n"
	"\n"
	"List the operations that networks may have: the types of what they read, what must be so for them\n"
	"to run at all - the CPU does all of that -, and what must be so for the NPU to do them. XNNPACK\n"
	"tells that the CPU may do better than with the reference kernels.\n"
	"\n"
	"  --json      print a JSON array of objects\n"
	"  --markdown  print a table for documentation\n"
	"  --help      print this\n"
	"\n"
	"Exit codes: 0 done, 2 wrong usage.\n";

enum {
	EXIT_USAGE = 2,
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void print_text(const struct dla_operation_support *s)
{
	printf("%s\n  types    %s\n", s->name, s->types);
	if (s->limits)
		printf("  needs    %s\n", s->limits);
	printf("  NPU      %s\n", s->npu ? s->npu : "no");
	printf("  CPU      %s\n", s->xnnpack ? "XNNPACK, reference" : "reference");
}

static void print_markdown(const struct dla_operation_support *s)
{
	printf("| %s | %s | %s | %s | %s |\n", s->name, s->types, or_empty(s->limits), s->npu ? s->npu : "no",
	       s->xnnpack ? "yes" : "");
}

static json_t *to_json(const struct dla_operation_support *s)
{
	return json_pack("{s:s, s:s, s:s?, s:s?, s:b}", "name", s->name, "types", s->types, "limits", s->limits,
			 "npu", s->npu, "xnnpack", s->xnnpack);
}

enum format { TEXT, JSON, MARKDOWN };

static int list(enum format format)
{
	struct dla_operation_support support;
	json_t *all = json_array();

	if (format == MARKDOWN)
		printf("| operation | types | needs | on the NPU | XNNPACK |\n|---|---|---|---|---|\n");
	for (unsigned int i = 0; !dla_supported_operation(i, &support); i++) {
		if (format == JSON)
			json_array_append_new(all, to_json(&support));
		else if (format == MARKDOWN)
			print_markdown(&support);
		else
			print_text(&support);
	}
	if (format == JSON) {
		json_dumpf(all, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(all);
	return EXIT_SUCCESS;
}

int cmd_ops(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "markdown", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	enum format format = TEXT;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			format = JSON;
			break;
		case 'm':
			format = MARKDOWN;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(help, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	return list(format);
}
