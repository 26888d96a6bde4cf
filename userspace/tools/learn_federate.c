// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "learn.h"
#include "status.h"

#define PROGRAM		"flower-supernode"
#define MAX_ARGUMENTS	12

static int complain(const char *what, int error)
{
	fprintf(stderr, "dla learn: %s: %s\n", what, strerror(error));
	return EXIT_BAD_INPUT;
}

/* As TOML has it; Flower takes any quote for the end of the value, even one behind a backslash. */
static void put_string(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s=\"", key);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c < ' ' || c == 0x7f || c == '"' || c == '\\')
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputs("\" ", out);
}

static const char *place_name(enum dla_place place)
{
	return place == DLA_PLACE_NPU ? "npu" : place == DLA_PLACE_CPU ? "cpu" : "auto";
}

/* What the client has to know, which runs elsewhere; NULL after a message. */
static char *configuration(const struct learn_options *o, const char *model, const char *dir)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (out) {
		put_string(out, "model", model);
		put_string(out, "state", dir);
		put_string(out, "device", o->device);
		put_string(out, "place", place_name(o->network.place));
	}
	if (out && !fclose(out))
		return text;
	free(text);
	learn_out_of_memory();
	return NULL;
}

/* The node stays what this process is, so that whoever started it can end it. */
static int become_node(const struct learn_options *o, const char *config)
{
	const char **arg = calloc(MAX_ARGUMENTS + o->sources, sizeof(*arg));
	unsigned int args = 0;

	if (!arg)
		return learn_out_of_memory();
	arg[args++] = PROGRAM;
	arg[args++] = "--superlink";
	arg[args++] = o->server;
	arg[args++] = "--node-config";
	arg[args++] = config;
	if (o->insecure)
		arg[args++] = "--insecure";
	if (o->certificates) {
		arg[args++] = "--root-certificates";
		arg[args++] = o->certificates;
	}
	if (o->key) {
		arg[args++] = "--auth-supernode-private-key";
		arg[args++] = o->key;
	}
	memcpy(arg + args, o->source, o->sources * sizeof(*arg));
	/* Nothing leaves but what rounds are of, unless the user wants it to. */
	setenv("FLWR_TELEMETRY_ENABLED", "0", 0);
	fflush(NULL);
	execvp(PROGRAM, (char **)arg);
	if (errno == ENOENT)
		fprintf(stderr, "dla learn: there is no " PROGRAM ", which is of Flower: pip install flwr, and have its folder in "
			"PATH\n");
	else
		complain(PROGRAM, errno);
	free(arg);
	return EXIT_RUN_FAILED;
}

int learn_federate(const struct learn_options *o)
{
	struct learn_state state;
	char *model = realpath(o->model, NULL), *dir = NULL, *config = NULL;
	int status = model ? 0 : complain(o->model, errno);

	/* What cannot be used is said here, not in a log of each round. */
	if (!status)
		status = learn_open(o, &state);
	if (!status) {
		dir = realpath(state.dir, NULL);
		status = dir ? 0 : complain(state.dir, errno);
	}
	if (model)
		learn_close(&state);
	if (!status)
		config = configuration(o, model, dir);
	if (!status)
		status = config ? become_node(o, config) : EXIT_FAILURE;
	free(model);
	free(dir);
	free(config);
	return status;
}
