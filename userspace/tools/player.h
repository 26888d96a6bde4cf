/* SPDX-License-Identifier: MIT */
#ifndef DLA_PLAYER_H
#define DLA_PLAYER_H

#include "memory_map.h"
#include "nvdla_emu.h"
#include "touched.h"
#include "trace.h"

#define PLAYER_REASON_SIZE 512

/* An emulated device with memory of its own, on which traces are played. */
struct player {
	const struct nvdla_emu_api *api;
	struct nvdla_emu *emu;
	struct memory_map memory;
	struct touched touched;		/* by the device, not by the trace's loads and dumps */
	const char *dir;
	int line_level;
	uint64_t started;		/* in cycles: the first command */
	char reason[PLAYER_REASON_SIZE];	/* why the last call failed */
};

/* Each 0, or -1 with a sentence in reason. A player that could not be opened may be closed. */
int player_open(struct player *player, const struct nvdla_emu_api *api, const char *config);
/* The trace's files are in dir. */
int player_play(struct player *player, const char *dir, struct trace *trace);
void player_close(struct player *player);

#endif
