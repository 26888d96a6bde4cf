/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_MAC_H
#define NVDLA_EMU_MAC_H

/*
 * The sums of one convolution. A mac holds copies of all that they depend on, so they may be
 * computed at any time, by any thread, several groups at once.
 */
#include <stdbool.h>
#include <stdint.h>

struct conv;
struct mac;
struct nvdla_emu;

/* From what the convolution buffer has now. NULL without memory. */
struct mac *mac_new(const struct nvdla_emu *emu, const struct conv *conv);
void mac_free(struct mac *mac);

/* Sums of one kernel group: [y][x][kernel of the group], as CACC delivers them. False without memory. */
bool mac_plane(const struct mac *mac, unsigned int group, int32_t *out);

#endif
