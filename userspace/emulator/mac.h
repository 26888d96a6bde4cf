/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_MAC_H
#define NVDLA_EMU_MAC_H

/*
 * The sums of a convolution. A mac has operands of its own, computes one kernel group after
 * another, by other threads if there are any, and is there as long as somebody holds a reference.
 * Counting these is up to one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workers.h"

struct conv;
struct mac;
struct nvdla_emu;

/* With one reference. NULL without memory. */
struct mac *mac_new(const struct nvdla_emu *emu, const struct conv *conv);
void mac_ref(struct mac *mac);
void mac_unref(struct mac *mac);

/* The operands: the lines that conv has, and where the weights of a group go, as CSC reads them. */
void mac_load_lines(struct mac *mac, const struct nvdla_emu *emu, const struct conv *conv);
int8_t *mac_weights(struct mac *mac, unsigned int group);
/* The operands of this group are there. */
void mac_begin(struct mac *mac, unsigned int group);
/* Somebody is still at work on a group that has begun. */
bool mac_is_computing(const struct mac *mac);

/* Sums, wherever they come from: in order, at [y][x][kernel of the group] as CACC delivers them. */
struct sums {
	struct mac_part {
		struct mac *mac;
		unsigned int group;
		size_t first, count;	/* atoms: all kernels of the group at one position */
	} *part;
	size_t parts;
	size_t at;			/* of the parts, what has been read */
};

/* With a reference to the mac. False without memory. */
bool sums_add(struct sums *sums, struct mac *mac, unsigned int group, size_t first, size_t count);
/* The next ones; by any thread. Waits for them. False without memory. */
bool sums_read(struct sums *sums, size_t atoms, int32_t *out);
void sums_drop(struct sums *sums);

#endif
