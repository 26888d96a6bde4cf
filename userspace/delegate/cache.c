// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <errno.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache.h"

bool cache_library(char hex[SHA256_DIGEST_STRING_LENGTH])
{
	Dl_info info;

	return dladdr((void *)dla_network_load, &info) && SHA256_File(info.dli_fname, hex);
}

/* The user's own profile of the CPU, by which DLA_PLACE_AUTO decides; "" if there is none. */
static void hash_profile(char hex[SHA256_DIGEST_STRING_LENGTH])
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	bool own = config && *config;
	char path[4096];

	hex[0] = '\0';
	snprintf(path, sizeof(path), "%s%s/nvdla/cpu-profile", own ? config : home ? home : "", own ? "" : "/.config");
	SHA256_File(path, hex);
}

/* All that decides what comes out of compiling; the device's name may have a clock in it. */
static bool file_name(const struct npu *npu, const struct dla_options *compile, const struct model *model, char *path,
		      size_t room)
{
	struct dla_device_info info;
	char text[512], hex[SHA256_DIGEST_STRING_LENGTH], profile[SHA256_DIGEST_STRING_LENGTH];
	SHA256_CTX hash;
	int length;

	dla_device_info(npu->device, &info);
	hash_profile(profile);
	length = snprintf(text, sizeof(text), "%s %s %.128s %s %u %u %u %d %d %d", npu->library, profile,
			  dla_device_name(npu->device), info.config, info.atom, info.macs, info.cbuf_bytes, compile->place,
			  compile->cpu, compile->exact);
	/* With the zero behind it, so that what follows cannot be taken for a part of it. */
	SHA256_Init(&hash);
	SHA256_Update(&hash, (const uint8_t *)text, (size_t)length + 1);
	SHA256_Update(&hash, model->data, model->bytes);
	SHA256_End(&hash, hex);
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
