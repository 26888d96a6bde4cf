// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "status.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "info", cmd_info, "describe the NPUs of this machine" },
	{ "run", cmd_run, "run a network once" },
	{ "compile", cmd_compile, "compile a .tflite network into a file that loads at once" },
	{ "bench", cmd_bench, "measure how fast a network runs" },
	{ "learn", cmd_learn, "train the last layer of a network on what this device sees" },
	{ "ops", cmd_ops, "list the operations that networks may have, and where they run" },
	{ "top", cmd_top, "show how busy the NPUs are, and with what" },
	{ "monitor", cmd_monitor, "print what happens to the NPUs: hangs, resets" },
	{ "replay", cmd_replay, "play recorded register traces on the emulator and check them" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fprintf(out, "usage: dla COMMAND [OPTION]... [ARGUMENT]...\n\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\ndla COMMAND --help describes a command.\n");
}

/* What a full disk has not taken, a script would take for all there is. */
static int end_output(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "dla: not all of the output could be written\n");
	return status ? status : EXIT_RUN_FAILED;
}

static int run(const struct command *command, int argc, char **argv)
{
	char title[32];

	/* As getopt begins its messages. */
	snprintf(title, sizeof(title), "dla %s", command->name);
	argv[0] = title;
	return end_output(command->run(argc, argv));
}

int main(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return end_output(0);
	}
	for (size_t i = 0; argc >= 2 && i < NR_COMMANDS; i++) {
		if (!strcmp(argv[1], commands[i].name))
			return run(&commands[i], argc - 1, argv + 1);
	}
	if (argc >= 2)
		fprintf(stderr, "dla: no command \"%s\"\n", argv[1]);
	usage(stderr);
	return EXIT_USAGE;
}
