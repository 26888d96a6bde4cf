// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "interrupt.h"
#include "learn.h"
#include "status.h"

static const char help[] =
	"usage: dla learn collect MODEL FOLDER... [OPTION]...\n"
	"       dla learn collect MODEL --label NAME FILE... [OPTION]...\n"
	"       dla learn train MODEL [OPTION]...\n"
	"       dla learn evaluate MODEL [FOLDER]... [OPTION]...\n"
	"       dla learn rollback MODEL [OPTION]...\n"
	"       dla learn show MODEL [OPTION]...\n"
	"       dla learn federate MODEL --server ADDRESS [OPTION]... [-- ARGUMENT...]\n"
	"\n"
	"Train the last layer of a .tflite network on what this device sees. What is in front of that layer, the\n"
	"backbone, runs on the NPU and stays as it is.\n"
	"\n"
	"`collect` keeps what the backbone makes of files, its features, with their labels; the files themselves\n"
	"are not kept. A label is a class of the network or a new one, and in FOLDER a folder of that name. What is\n"
	"there already is not added again.\n"
	"\n"
	"`train` trains on what was collected. Some of that is held out to tell whether it got better; if it got\n"
	"worse, all stays as it was. Interrupted, it goes on at the last whole epoch when it is run again.\n"
	"\n"
	"`evaluate` counts what is classified right, of files or of what was collected. `rollback` goes back to\n"
	"before the last training. `show` tells what there is. `federate` takes part in the rounds of a Flower\n"
	"server, to which the layer goes, but neither files nor features: it is Flower's flower-supernode from then\n"
	"on, with the arguments behind --.\n"
	"\n"
	"`dla run MODEL --head FILE` runs the network with what was learned; `show` tells FILE.\n"
	"\n"
	"  --dir DIR            where all that is kept; otherwise $XDG_DATA_HOME/nvdla/learn/ or\n"
	"                       ~/.local/share/nvdla/learn/ and the name of MODEL without its ending\n"
	"  --label NAME         of collect and evaluate: what all the files show; then folders are folders of files\n"
	"  --labels FILE        names of the network's classes, one a line, which are kept; before that, they are\n"
	"                       called 0, 1, ...\n"
	"  --rate HZ            of the samples that the network takes (16000), for WAV files\n"
	"  --epochs N           of train: how often every sample is seen (30)\n"
	"  --batch N            samples a step (32)\n"
	"  --learning-rate R    length of the steps (2)\n"
	"  --schedule HOW       that becomes less: cosine (default), constant or step\n"
	"  --momentum M         below 1 (0.9)\n"
	"  --decay D            of the weights (0)\n"
	"  --held-out SHARE     of each class, which is not trained on but tells whether it got better (0.2)\n"
	"  --seed N             another order of samples\n"
	"  --restart            do not go on from where an interrupted training was\n"
	"  --server ADDRESS     of federate: of the Flower server, HOST:PORT\n"
	"  --certificates FILE  of those who vouch for it; otherwise those whom this machine trusts\n"
	"  --key FILE           private key of this device, for a server that asks who it is\n"
	"  --insecure           without encryption: for a network that nobody else is in\n"
	"  --device NAME        as for dla run; so too --place WHERE, --cpu KERNELS, --cpu-profile P, --threads N, --exact\n"
	"  --json               print one JSON object\n"
	"  --help               print this\n"
	"\n"
	"Ctrl-C, or a loss of power, loses an epoch or some files at most, and leaves nothing that is damaged.\n"
	"\n"
	"Exit codes: 0 done, 2 wrong usage, 3 no such device, 4 the model cannot be used, 5 a file cannot be used, 6 it\n"
	"failed, 130 interrupted.\n";

/* Options that not all subcommands have are of a group. */
enum { OF_FILES, OF_TRAINING, OF_FEDERATION, NR_GROUPS };

static const struct subcommand {
	const char *name;
	int (*run)(const struct learn_options *options);
	unsigned int min_sources;
	bool takes_sources;
	unsigned int groups;
} subcommands[] = {
	{ "collect", learn_collect, 1, true, 1 << OF_FILES },
	{ "train", learn_train, 0, false, 1 << OF_TRAINING },
	{ "evaluate", learn_evaluate, 0, true, 1 << OF_FILES },
	{ "rollback", learn_rollback, 0, false, 0 },
	{ "show", learn_show, 0, false, 0 },
	{ "federate", learn_federate, 0, true, 1 << OF_FEDERATION },
};

#define NR_SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

static int wrong(const char *what, const char *value)
{
	fprintf(stderr, "dla learn: %s \"%s\"; see dla learn --help\n", what, value);
	return -1;
}

/* To the library 0 is the default, and what is negative none. */
static int take_or_none(const char *command, const struct argument *argument, const char *value)
{
	float *real = argument->into;
	int err = argument_real(command, argument, value);

	if (!*real)
		*real = -1;
	return err;
}

static int take_schedule(const char *command, const struct argument *argument, const char *value)
{
	static const char *const names[] = {
		[DLA_RATE_COSINE] = "cosine", [DLA_RATE_CONSTANT] = "constant", [DLA_RATE_STEP] = "step",
	};
	enum dla_rate *rate = argument->into;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(value, names[i])) {
			*rate = (enum dla_rate)i;
			return 0;
		}
	}
	return argument_refuse(command, argument, "constant, cosine or step", value);
}

/* 0: go on; 1: done already; -1: wrong. @given is an option of each group that was given. */
static int parse_options(int argc, char **argv, struct learn_options *o, const char *given[NR_GROUPS])
{
	const char **files = &given[OF_FILES], **training = &given[OF_TRAINING], **federation = &given[OF_FEDERATION];
	const struct argument own[] = {
		{ "dir", argument_text, &o->dir },
		{ "label", argument_text, &o->label, .given = files },
		{ "labels", argument_text, &o->labels },
		{ "rate", argument_count, &o->rate, 100, 1000000, .given = files },
		{ "epochs", argument_count, &o->train.epochs, 1, 1000000, .given = training },
		{ "batch", argument_count, &o->train.batch, 1, 1000000, .given = training },
		{ "learning-rate", argument_real, &o->train.rate, 0, 1000, .given = training },
		{ "schedule", take_schedule, &o->train.schedule, .given = training },
		{ "momentum", take_or_none, &o->train.momentum, 0, 0.999, .given = training },
		{ "decay", argument_real, &o->train.decay, 0, 1, .given = training },
		{ "held-out", take_or_none, &o->train.held_out, 0, 0.9, .given = training },
		{ "seed", argument_seed, &o->train.seed, .given = training },
		{ "restart", .flag = &o->restart, .given = training },
		{ "server", argument_text, &o->server, .given = federation },
		{ "certificates", argument_text, &o->certificates, .given = federation },
		{ "key", argument_text, &o->key, .given = federation },
		{ "insecure", .flag = &o->insecure, .given = federation },
		{ "threads", argument_count, &o->network.cpu_threads, 1, 64 },
		{ "json", .flag = &o->json },
		{ 0 },
	};
	const struct arguments_network network = { &o->device, &o->network };

	return arguments_parse("learn", help, argc, argv, own, &network);
}

static int parse_arguments(char **arg, unsigned int args, const char *given[NR_GROUPS], struct learn_options *o,
			   const struct subcommand **what)
{
	if (!args) {
		fprintf(stderr, "dla learn: it is not said what to do; see dla learn --help\n");
		return -1;
	}
	for (size_t i = 0; i < NR_SUBCOMMANDS; i++)
		if (!strcmp(arg[0], subcommands[i].name))
			*what = &subcommands[i];
	if (!*what)
		return wrong("it collects, trains, evaluates, and so on, but cannot", arg[0]);
	for (unsigned int i = 0; i < NR_GROUPS; i++) {
		if (!given[i] || (*what)->groups >> i & 1)
			continue;
		fprintf(stderr, "dla learn: %s does not take --%s; see dla learn --help\n", arg[0], given[i]);
		return -1;
	}
	if (args == 1)
		return wrong("no model given to", arg[0]);
	o->model = arg[1];
	o->source = arg + 2;
	o->sources = args - 2;
	if (o->sources < (*what)->min_sources)
		return wrong("no files given to", arg[0]);
	if (o->sources && !(*what)->takes_sources)
		return wrong("more than one model given to", arg[0]);
	if (o->label && !o->sources)
		return wrong("no files given to --label", o->label);
	if ((*what)->run == learn_federate && !o->server)
		return wrong("no --server given to", arg[0]);
	return 0;
}

int cmd_learn(int argc, char **argv)
{
	struct learn_options o = { .device = "auto" };
	const struct subcommand *what = NULL;
	const char *given[NR_GROUPS] = { NULL };
	int status = parse_options(argc, argv, &o, given);

	if (!status)
		status = parse_arguments(argv + optind, (unsigned int)(argc - optind), given, &o, &what);
	if (status)
		return status < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	interrupt_catch(true);
	return what->run(&o);
}
