// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache.h"
#include "sha256.h"

/* Which build of the library compiles: another one may do so otherwise. */
static bool add_library(struct sha256 *s)
{
	char buffer[16384];
	size_t bytes;
	FILE *file;
	Dl_info info;

	file = dladdr((void *)dla_network_load, &info) ? fopen(info.dli_fname, "rb") : NULL;
	if (!file)
		return false;
	while ((bytes = fread(buffer, 1, sizeof(buffer), file)))
		sha256_add(s, buffer, bytes);
	fclose(file);
	return true;
}

/* All that decides what comes out of compiling. The device's configuration the library compares itself. */
static bool file_name(struct dla_device *device, const struct options *options, const struct dla_options *compile,
		      const struct model *model, char *path, size_t room)
{
	struct dla_device_info info;
	char text[128], hex[65];
	struct sha256 s;
	int length;

	dla_device_info(device, &info);
	sha256_begin(&s);
	if (!add_library(&s))
		return false;
	length = snprintf(text, sizeof(text), "%s %u %u %u %d %d %d", info.config, info.atom, info.macs, info.cbuf_bytes,
			  compile->place, compile->cpu, compile->exact);
	/* With the zero behind it, so that what follows cannot be taken for a part of it. */
	sha256_add(&s, text, (size_t)length + 1);
	sha256_add(&s, model->data, model->bytes);
	sha256_end(&s, hex);
	length = snprintf(path, room, "%s/%s.dla", options->cache_dir, hex);
	return length > 0 && (size_t)length < room;
}

static struct dla_network *compile_now(struct dla_device *device, const struct dla_options *compile,
				       const struct model *model, const char *name)
{
	return dla_network_load_memory(device, model->data, model->bytes, name, compile);
}

struct dla_network *cache_network(struct dla_device *device, const struct options *options,
				  const struct dla_options *compile, const struct model *model, const char *name)
{
	struct dla_network *network;
	char path[4096];

	if (!options->cache_dir || !file_name(device, options, compile, model, path, sizeof(path)))
		return compile_now(device, compile, model, name);
	network = dla_network_load(device, path, NULL);
	if (network) {
		options_log(options, LOG_INFO, "%s: read from %s", name, path);
		return network;
	}
	if (errno != ENOENT)
		options_log(options, LOG_INFO, "%s: compiled again: %s", name, dla_strerror());
	mkdir(options->cache_dir, 0755);
	if (dla_network_compile_memory(device, model->data, model->bytes, name, compile, path) == 0) {
		network = dla_network_load(device, path, NULL);
		if (network) {
			options_log(options, LOG_INFO, "%s: compiled, and kept in %s", name, path);
			return network;
		}
	}
	/* Either it cannot be compiled, which this tells, or it cannot be kept. */
	network = compile_now(device, compile, model, name);
	if (network)
		options_log(options, LOG_ERROR, "%s: compiled, but not kept in %s: %s", name, path, dla_strerror());
	return network;
}
