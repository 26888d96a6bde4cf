/* SPDX-License-Identifier: MIT */
#ifndef DLA_SAVED_H
#define DLA_SAVED_H

#include "network.h"

/*
 * Compiled networks as files. Such a file holds the TFLite file, without the constants that only the
 * NPU uses, and all that was decided and computed from it: placement, schedule, memory plan, programs,
 * packed weights. Documentation/saved-networks.md has the format.
 *
 * A file may be hostile. What describes operations is read by the reader of TFLite files; what decides
 * where the CPU reads and writes is checked here against it; the programs are for the device's validator.
 */

bool dla_saved_is(const void *data, size_t bytes);

/*
 * Fill in a network whose device, name and file's contents are given. -EINVAL: damaged, or contradicts
 * itself; -EOPNOTSUPP: of another version of this library, or for another NPU; -ENOMEM, and what the device
 * says of programs and memory. What was filled in is the network's to free, also then.
 */
int dla_saved_read(struct dla_network *network, const void *data, size_t bytes);

/* model: the TFLite file that the network was compiled from. */
int dla_saved_write(const struct dla_network *network, const void *model, size_t model_bytes, const char *path);

#endif
