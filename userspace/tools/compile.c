// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "dla.h"
#include "placing.h"
#include "status.h"

static const char help[] =
	"usage: dla compile MODEL -o FILE [OPTION]...\n"
	"\n"
	"Compile a .tflite network once, so that loading it takes next to no time.\n"
	"`dla run FILE` and `dla bench FILE` run it, on any NPU of the same configuration.\n"
	"\n"
	"  -o, --output FILE  where to write it\n"
	"  --device NAME      for which: as for dla run; sim:nv_small needs no NPU\n"
	"  --place WHERE      as for dla run\n"
	"  --cpu-profile P    likewise\n"
	"  --cpu KERNELS      likewise\n"
	"  --exact            likewise\n"
	"  --help             print this\n"
	"\n"
	"Exit codes: 0 done, 2 wrong usage, 3 no such device, 4 the model cannot be used, or\n"
	"the file not be written.\n";

struct options {
	const char *model, *device, *output;
	struct dla_options network;
};

/* 0: compile; 1: done already; -1: wrong. */
static int parse(int argc, char **argv, struct options *o)
{
	enum { DEVICE = 256, PLACE, CPU, PROFILE, EXACT, HELP };
	static const struct option names[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "device", required_argument, NULL, DEVICE },
		{ "place", required_argument, NULL, PLACE },
		{ "cpu", required_argument, NULL, CPU },
		{ "cpu-profile", required_argument, NULL, PROFILE },
		{ "exact", no_argument, NULL, EXACT },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	int option, err = 0;

	optind = 0;
	while (!err && (option = getopt_long(argc, argv, "o:", names, NULL)) != -1) {
		switch (option) {
		case 'o':
			o->output = optarg;
			break;
		case DEVICE:
			o->device = optarg;
			break;
		case PLACE:
			err = placing_parse_place("compile", optarg, &o->network);
			break;
		case CPU:
			err = placing_parse_cpu("compile", optarg, &o->network);
			break;
		case PROFILE:
			o->network.cpu_profile = optarg;
			break;
		case EXACT:
			o->network.exact = 1;
			break;
		case HELP:
			fputs(help, stdout);
			return 1;
		default:
			fputs("dla compile --help describes the options\n", stderr);
			return -1;
		}
	}
	if (err)
		return err;
	if (argc - optind != 1 || !o->output) {
		fprintf(stderr, "dla compile: %s; see dla compile --help\n",
			argc == optind ? "no model given" : o->output ? "more than one model given" : "no -o FILE given");
		return -1;
	}
	o->model = argv[optind];
	return 0;
}

int cmd_compile(int argc, char **argv)
{
	struct options o = { .device = "auto" };
	struct dla_device *device;
	int status = parse(argc, argv, &o);

	if (status)
		return status < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	device = dla_device_open(o.device);
	if (!device)
		status = EXIT_NO_DEVICE;
	else if (dla_network_compile(device, o.model, &o.network, o.output))
		status = EXIT_BAD_MODEL;
	if (status)
		fprintf(stderr, "dla compile: %s\n", dla_strerror());
	dla_device_close(device);
	return status;
}
