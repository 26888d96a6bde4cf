/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_KERNEL_H
#define DELEGATE_KERNEL_H

#include "partition.h"

/* A node of the runtime that runs a partition. */
struct kernel;

/* Takes over the partition, also when it fails. NULL: dla_strerror() has the reason. */
struct kernel *kernel_new(struct npu *npu, struct partition *partition);
void kernel_free(struct kernel *kernel);

/* Registration's functions but for init(). */
void kernel_release(struct tfl_context *context, void *buffer);
int kernel_prepare(struct tfl_context *context, struct tfl_node *node);
int kernel_invoke(struct tfl_context *context, struct tfl_node *node);

#endif
