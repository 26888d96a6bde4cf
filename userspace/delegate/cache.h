/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_CACHE_H
#define DELEGATE_CACHE_H

#include "model_writer.h"
#include "options.h"

/*
 * A network for this model: from the folder of compiled ones if it has it, otherwise compiled, and
 * kept there. A folder that cannot be used costs time, and is not an error. NULL: dla_strerror() has
 * the reason.
 */
struct dla_network *cache_network(struct dla_device *device, const struct options *options,
				  const struct dla_options *compile, const struct model *model, const char *name);

#endif
