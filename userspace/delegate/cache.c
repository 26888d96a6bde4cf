// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache.h"
#include "sha256.h"

bool cache_library(char hex[65])
{
	char buffer[16384];
	struct sha256 s;
	size_t bytes;
	FILE *file;
	Dl_info info;

	file = dladdr((void *)dla_network_load, &info) ? fopen(info.dli_fname, "rb") : NULL;
	if (!file)
		return false;
	sha256_begin(&s);
	while ((bytes = fread(buffer, 1, sizeof(buffer), file)))
		sha256_add(&s, buffer, bytes);
	fclose(file);
	sha256_end(&s, hex);
	return true;
}

/* All that decides what comes out of compiling. The device's configuration the library compares itself. */
static bool file_name(const struct npu *npu, const struct dla_options *compile, const struct model *model, char *path,
		      size_t room)
{
	struct dla_device_info info;
	char text[256], hex[65];
	struct sha256 s;
	int length;

	dla_device_info(npu->device, &info);
	sha256_begin(&s);
	length = snprintf(text, sizeof(text), "%s %s %u %u %u %d %d %d", npu->library, info.config, info.atom,
			  info.macs, info.cbuf_bytes, compile->place, compile->cpu, compile->exact);
	/* With the zero behind it, so that what follows cannot be taken for a part of it. */
	sha256_add(&s, text, (size_t)length + 1);
	sha256_add(&s, model->data, model->bytes);
	sha256_end(&s, hex);
	length = snprintf(path, room, "%s/%s.dla", npu->options.cache_dir, hex);
	return length > 0 && (size_t)length < room;
}

static struct dla_network *compile_now(struct dla_device *device, const struct dla_options *compile,
				       const struct model *model, const char *name)
{
	return dla_network_load_memory(device, model->data, model->bytes, name, compile);
}

struct dla_network *cache_network(const struct npu *npu, const struct dla_options *compile,
				  const struct model *model, const char *name)
{
	const struct options *options = &npu->options;
	struct dla_device *device = npu->device;
	struct dla_network *network;
	char path[4096];

	if (!npu->library[0] || !file_name(npu, compile, model, path, sizeof(path)))
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
