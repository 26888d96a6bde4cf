/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_NPU_H
#define DELEGATE_NPU_H

#include "options.h"

/* An open device and how to use it: shared by the delegate and by what interpreters made of it. */
struct npu {
	struct dla_device *device;
	struct options options;
	char library[65];	/* for the cache's keys; "" if there is no cache */
	unsigned int users;	/* atomic: an interpreter may outlive the delegate */
};

/* Takes over the options. NULL: dla_strerror() has the reason. */
struct npu *npu_open(struct options *options);
struct npu *npu_get(struct npu *npu);
void npu_put(struct npu *npu);

#endif
