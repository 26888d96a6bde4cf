// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "arguments.h"
#include "commands.h"
#include "dla.h"

static const char help[] =
	"usage: dla info [--device NAME] [--json]\n"
	"\n"
	"Describe the NPUs of this machine.\n"
	"\n"
	"  --device NAME   only this one; also sim or sim:nv_small, the emulated NPU\n"
	"  --json          print a JSON array of objects\n"
	"  --help          print this\n"
	"\n"
	"Exit codes: 0 done, 2 wrong usage, 3 no such device, or one that cannot be opened.\n";

enum {
	EXIT_USAGE = 2,
	EXIT_NO_DEVICE = 3,
};

static void print_text(const char *name, const struct dla_device_info *info)
{
	printf("%s\n", name);
	printf("  configuration       %s\n", *info->config ? info->config : "none: the CPU runs everything");
	if (!*info->config)
		return;
	printf("  MACs per cycle      %u\n", info->macs);
	printf("  convolution buffer  %u KiB\n", info->cbuf_bytes / 1024);
	printf("  memory atom         %u bytes\n", info->atom);
	printf("  address bits        %u\n", info->dma_bits);
	printf("  cache coherent      %s\n", info->coherent ? "yes" : "no");
	printf("  reset line          %s\n", info->resettable ? "yes" : "no: a hang costs the device");
	if (info->timeout_ms)
		printf("  time-out            %u ms without progress\n", info->timeout_ms);
	if (info->wedged)
		printf("  state               wedged: it hung and could not be reset\n");
}

static json_t *to_json(const char *name, const struct dla_device_info *info)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:b, s:b, s:b, s:i}", "device", name,
			 "config", info->config, "macs_per_cycle", (int)info->macs,
			 "cbuf_bytes", (int)info->cbuf_bytes, "atom_bytes", (int)info->atom,
			 "dma_bits", (int)info->dma_bits, "coherent", info->coherent,
			 "resettable", info->resettable, "wedged", info->wedged,
			 "timeout_ms", (int)info->timeout_ms);
}

static int describe(const char *name, json_t *list)
{
	struct dla_device *device = dla_device_open(name);
	struct dla_device_info info;

	if (!device) {
		fprintf(stderr, "dla info: %s\n", dla_strerror());
		return EXIT_NO_DEVICE;
	}
	dla_device_info(device, &info);
	if (list)
		json_array_append_new(list, to_json(dla_device_name(device), &info));
	else
		print_text(dla_device_name(device), &info);
	dla_device_close(device);
	return EXIT_SUCCESS;
}

/* Every node, also after one that cannot be opened. */
static int describe_all(json_t *list)
{
	char path[64];
	int status = EXIT_SUCCESS;
	unsigned int i;

	for (i = 0; !dla_device_node(i, path, sizeof(path)); i++)
		if (describe(path, list))
			status = EXIT_NO_DEVICE;
	if (i == 0) {
		fprintf(stderr, "dla info: %s\n", dla_strerror());
		status = EXIT_NO_DEVICE;
	}
	return status;
}

int cmd_info(int argc, char **argv)
{
	const char *device = NULL;
	json_t *list = NULL;
	bool json = false;
	const struct argument own[] = {
		{ "device", argument_text, &device },
		{ "json", .flag = &json },
		{ 0 },
	};
	int status = arguments_parse("info", help, argc, argv, own, NULL);

	if (status || arguments_end("info", argc, argv))
		return status > 0 ? EXIT_SUCCESS : EXIT_USAGE;
	if (json)
		list = json_array();
	status = device ? describe(device, list) : describe_all(list);
	if (list) {
		json_dumpf(list, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(list);
	}
	return status;
}
