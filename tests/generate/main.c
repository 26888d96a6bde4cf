// SPDX-License-Identifier: MIT
/*
 * generate-traces: folders with traces of random legal operations, and what must come out of them,
 * for any NVDLA to be compared with. Documentation/generator.md is the manual.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"
#include "kinds.h"

#define ATTEMPTS 1000

struct options {
	const struct hw *hw;
	const char *dir;
	const char *kinds;	/* names with commas between, or NULL for all */
	uint64_t seed, count, max_cycles;
};

static void usage(FILE *out)
{
	fprintf(out, "usage: generate-traces [OPTION]... DIR\n\n"
		"Write folders DIR/KIND_SEED_N with a trace of random legal operations, the CRCs of\n"
		"what they must leave in memory, and the addresses that they touch.\n\n"
		"  --seed N          another seed, other traces (default 1)\n"
		"  --count N         folders of each kind (default 10)\n"
		"  --kind K[,K...]   only these kinds (default all)\n"
		"  --config NAME     for this configuration (default nv_small)\n"
		"  --max-cycles N    about how long a trace may take (default 20000)\n"
		"  --help\n\n"
		"Kinds:\n");
	for (const struct kind *kind = kinds; kind->name; kind++)
		fprintf(out, "  %-10s %s\n", kind->name, kind->help);
}

/* One attempt; the script, or NULL when chance found nothing legal. */
static char *attempt(struct generator *g, const struct kind *kind, uint64_t budget)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool found;

	if (!out)
		return NULL;
	memory_init(&g->memory, &g->random);
	script_init(&g->script, &g->random, out);
	g->budget = budget;
	g->has_tables = false;
	found = kind->generate(g);
	if (found)
		script_wait_all(&g->script);
	fclose(out);
	if (!found) {
		free(text);
		memory_free(&g->memory);
		text = NULL;
	}
	return text;
}

static int generate(const struct options *options, const struct kind *kind, uint64_t index)
{
	struct generator g = {
		.hw = options->hw,
		.random = random_stream(options->seed, kind->name, index),
	};
	char *script = NULL, *dir;
	int ret;

	for (unsigned int i = 0; !script && i < ATTEMPTS; i++)
		script = attempt(&g, kind, options->max_cycles);
	if (!script) {
		fprintf(stderr, "generate-traces: no %s takes so few cycles\n", kind->name);
		return -1;
	}
	if (asprintf(&dir, "%s/%s_%" PRIu64 "_%" PRIu64, options->dir, kind->name, options->seed,
		     index) < 0)
		return -1;
	ret = folder_write(dir, options->hw->name, &g.memory, script);
	if (ret < 0)
		fprintf(stderr, "generate-traces: %s: %s\n", dir, strerror(errno));
	free(dir);
	free(script);
	memory_free(&g.memory);
	return ret;
}

static bool wanted(const struct options *options, const struct kind *kind)
{
	const char *names = options->kinds;

	while (names && *names) {
		size_t length = strcspn(names, ",");

		if (kind_find(names, length) == kind)
			return true;
		names += length + (names[length] == ',');
	}
	return !options->kinds;
}

static bool all_known(const char *names)
{
	while (*names) {
		size_t length = strcspn(names, ",");

		if (!kind_find(names, length)) {
			fprintf(stderr, "generate-traces: no kind \"%.*s\"\n", (int)length, names);
			return false;
		}
		names += length + (names[length] == ',');
	}
	return true;
}

static int generate_all(const struct options *options)
{
	uint64_t written = 0, unknown = 0;

	if (mkdir(options->dir, 0777) && errno != EEXIST) {
		fprintf(stderr, "generate-traces: %s: %s\n", options->dir, strerror(errno));
		return 1;
	}
	for (const struct kind *kind = kinds; kind->name; kind++) {
		for (uint64_t i = 0; wanted(options, kind) && i < options->count; i++) {
			int ret = generate(options, kind, i);

			if (ret < 0)
				return 1;
			written++;
			unknown += ret > 0;
		}
	}
	printf("%" PRIu64 " folders, %" PRIu64 " of them without expectations\n", written, unknown);
	return unknown ? 1 : 0;
}

static bool parse_number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (!errno && *text >= '0' && *text <= '9' && !*end)
		return true;
	fprintf(stderr, "generate-traces: \"%s\" is not a number\n", text);
	return false;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "kind", required_argument, NULL, 'k' },
		{ "config", required_argument, NULL, 'c' },
		{ "max-cycles", required_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct options options = {
		.hw = hw_find("nv_small"), .seed = 1, .count = 10, .max_cycles = 20000,
	};
	bool good = true;
	int option;

	while (good && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 's':
			good = parse_number(optarg, &options.seed);
			break;
		case 'n':
			good = parse_number(optarg, &options.count);
			break;
		case 'k':
			options.kinds = optarg;
			good = all_known(optarg);
			break;
		case 'c':
			options.hw = hw_find(optarg);
			good = options.hw;
			if (!good)
				fprintf(stderr, "generate-traces: no configuration \"%s\"\n", optarg);
			break;
		case 'm':
			good = parse_number(optarg, &options.max_cycles);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			good = false;
		}
	}
	if (!good)
		return 2;
	if (optind + 1 != argc) {
		usage(stderr);
		return 2;
	}
	options.dir = argv[optind];
	return generate_all(&options);
}
