/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_CACHE_H
#define DELEGATE_CACHE_H

#include "model_writer.h"
#include "npu.h"

/*
 * A network for this model: from the folder of compiled ones if it has it, otherwise compiled, and
 * kept there. A folder that cannot be used costs time, and is not an error. NULL: dla_strerror() has
 * the reason.
 */
struct dla_network *cache_network(const struct npu *npu, const struct dla_options *compile,
				  const struct model *model, const char *name);

/* Which build of libdla this process has: another one may compile otherwise. False: its file is not to be found. */
bool cache_library(char hex[65]);

#endif
