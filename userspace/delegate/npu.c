// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "cache.h"
#include "npu.h"

struct npu *npu_open(struct options *options)
{
	struct dla_device *device = dla_device_open(options->device);
	struct npu *npu = device ? malloc(sizeof(*npu)) : NULL;

	if (!npu) {
		dla_device_close(device);
		return NULL;
	}
	*npu = (struct npu){ .device = device, .options = *options, .users = 1 };
	if (options->cache_dir && !cache_library(npu->library))
		options_log(options, LOG_ERROR, "nothing is kept in %s: libdla's own file is not to be found",
			    options->cache_dir);
	return npu;
}

struct npu *npu_get(struct npu *npu)
{
	__atomic_fetch_add(&npu->users, 1, __ATOMIC_RELAXED);
	return npu;
}

void npu_put(struct npu *npu)
{
	if (__atomic_sub_fetch(&npu->users, 1, __ATOMIC_ACQ_REL))
		return;
	dla_device_close(npu->device);
	options_free(&npu->options);
	free(npu);
}
