/* SPDX-License-Identifier: MIT */
#ifndef DLA_NODES_H
#define DLA_NODES_H

#include <stddef.h>

/*
 * Device nodes of NVDLAs: in /dev/accel, and in /dev/dri on kernels without CONFIG_DRM_ACCEL. A node
 * is recognised by its driver's name in sysfs, so that one that this user may not open is found too.
 *
 * Path of the index'th node; -ENOENT past the last.
 */
int dla_node_find(unsigned int index, char *path, size_t size);

/* Why there is no node, for a person: what is missing, and what to do. */
const char *dla_node_absent(void);

#endif
