// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "dla.h"
#include "interrupt.h"
#include "status.h"
#include "watch.h"

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
	"the file not be written, 130 interrupted: then nothing is left of it.\n";

struct options {
	const char *model, *device, *output;
	struct dla_options network;
};

/* 0: compile; 1: done already; -1: wrong. */
static int parse(int argc, char **argv, struct options *o)
{
	const struct argument own[] = {
		{ "output", argument_text, &o->output, .letter = 'o' },
		{ 0 },
	};
	const struct arguments_network network = { &o->device, &o->network };
	int ret = arguments_parse("compile", help, argc, argv, own, &network);

	if (ret)
		return ret;
	o->model = arguments_model("compile", argc, argv);
	if (o->model && !o->output)
		fputs("dla compile: no -o FILE given; see dla compile --help\n", stderr);
	return o->model && o->output ? 0 : -1;
}

/*
 * The library cannot be stopped while it compiles and writes. So it writes into a folder of its own next to the
 * file, from which what is complete is moved.
 */
struct target {
	const char *output;
	char *folder, *file;
};

/* What the library is writing there at this moment has a name that only the folder knows. */
static void remove_folder(const struct target *target)
{
	while (rmdir(target->folder) && (errno == ENOTEMPTY || errno == EEXIST)) {
		DIR *folder = opendir(target->folder);
		struct dirent *entry;

		if (!folder)
			return;
		while ((entry = readdir(folder)))
			unlinkat(dirfd(folder), entry->d_name, 0);
		closedir(folder);
	}
}

static void interrupted(void *ctx)
{
	remove_folder(ctx);
	_exit(interrupt_status());
}

static int complain(const struct target *target, int error)
{
	fprintf(stderr, "dla compile: %s: %s\n", target->output, strerror(error));
	return EXIT_BAD_MODEL;
}

static int compile_to(const struct options *o, struct dla_device *device, struct target *target)
{
	struct watch watch;
	int err, status;

	if (!mkdtemp(target->folder))
		return complain(target, errno);
	if (asprintf(&target->file, "%s/network", target->folder) < 0) {
		target->file = NULL;
		rmdir(target->folder);
		return complain(target, ENOMEM);
	}
	watch_begin(&watch, "compiling", 0, interrupted, target);
	err = dla_network_compile(device, o->model, &o->network, target->file);
	watch_end(&watch);
	/* What it was told when it had just ended, or what made it fail: a read that the signal interrupted. */
	status = interrupt_status();
	if (!status && err) {
		fprintf(stderr, "dla compile: %s\n", dla_strerror());
		status = EXIT_BAD_MODEL;
	} else if (!status && rename(target->file, target->output)) {
		status = complain(target, errno);
	}
	remove_folder(target);
	return status;
}

static int compile(const struct options *o, struct dla_device *device)
{
	struct target target = { .output = o->output };
	struct stat old;
	int status;

	/* A folder is rename()'s to refuse; /dev/null would be replaced. */
	if (!stat(o->output, &old) && !S_ISREG(old.st_mode) && !S_ISDIR(old.st_mode)) {
		fprintf(stderr, "dla compile: %s: no file\n", o->output);
		return EXIT_BAD_MODEL;
	}
	if (asprintf(&target.folder, "%s.XXXXXX", o->output) < 0)
		return complain(&target, ENOMEM);
	status = compile_to(o, device, &target);
	free(target.folder);
	free(target.file);
	return status;
}

int cmd_compile(int argc, char **argv)
{
	struct options o = { .device = "auto" };
	struct dla_device *device;
	int status = parse(argc, argv, &o);

	if (status)
		return status < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	interrupt_catch(true);
	device = dla_device_open(o.device);
	if (device) {
		status = compile(&o, device);
	} else {
		status = EXIT_NO_DEVICE;
		fprintf(stderr, "dla compile: %s\n", dla_strerror());
	}
	dla_device_close(device);
	return status;
}
