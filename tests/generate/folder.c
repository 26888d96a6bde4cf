// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "folder.h"
#include "player.h"

static FILE *open_in(const char *dir, const char *name, const char *mode)
{
	FILE *file;
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return NULL;
	file = fopen(path, mode);
	free(path);
	return file;
}

static int finish(FILE *file)
{
	int failed = ferror(file);

	return fclose(file) || failed ? -1 : 0;
}

/* Files are numbered in the order of their addresses. */
static int write_memory(const char *dir, const struct memory *memory, FILE *trace)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < memory->count; i++) {
		const struct stretch *stretch = &memory->stretches[i];
		char name[32];
		FILE *file;

		snprintf(name, sizeof(name), "%02zu.bin", i);
		fprintf(trace, "load 0x%08" PRIx32 " %s\n", stretch->addr, name);
		file = open_in(dir, name, "wb");
		if (!file)
			return -1;
		fwrite(stretch->data, 1, stretch->bytes, file);
		ret = finish(file);
	}
	return ret;
}

/* A register that was read has to hold the same again: the script's reads become checks. */
static void write_checks(const char *script, const struct trace *played, FILE *trace)
{
	size_t at = 0;

	for (const char *line = script; *line;) {
		size_t length = strcspn(line, "\n") + 1;

		if (strncmp(line, "read ", 5) != 0) {
			fwrite(line, 1, length, trace);
		} else {
			while (played->commands[at].op != TRACE_READ)
				at++;
			fprintf(trace, "check 0x%04" PRIx32 " 0xffffffff 0x%" PRIx32 "\n",
				played->commands[at].number[0], played->commands[at].number[1]);
			at++;
		}
		line += length;
	}
}

/* played is the trace as it went on the emulator, or NULL when it was not yet played. */
static int write_trace(const char *dir, const struct memory *memory, const char *script,
		       const struct trace *played)
{
	FILE *trace;
	int ret;

	trace = open_in(dir, TRACE_FILE, "w");
	if (!trace)
		return -1;
	ret = write_memory(dir, memory, trace);
	if (played)
		write_checks(script, played, trace);
	else
		fputs(script, trace);
	return finish(trace) || ret ? -1 : 0;
}

static int append_crcs(const char *dir, const struct memory *memory, struct memory_map *map)
{
	FILE *trace = open_in(dir, TRACE_FILE, "a");

	if (!trace)
		return -1;
	fprintf(trace, "mark end\n");
	for (size_t i = 0; i < memory->count; i++) {
		const struct stretch *stretch = &memory->stretches[i];
		uint8_t *now;

		if (!stretch->written)
			continue;
		now = malloc(stretch->bytes);
		if (!now || memory_map_read(map, stretch->addr, now, stretch->bytes)) {
			free(now);
			fclose(trace);
			return -1;
		}
		fprintf(trace, "crc32 0x%08" PRIx32 " %zu 0x%08lx\n", stretch->addr, stretch->bytes,
			crc32(0, now, (uInt)stretch->bytes));
		free(now);
	}
	return finish(trace);
}

static int write_addresses(const char *dir, const struct touched *touched)
{
	struct touched_sets sets;
	FILE *file;
	int ret;

	ret = touched_collect(touched, &sets);
	if (ret) {
		errno = -ret;
		return -1;
	}
	file = open_in(dir, TOUCHED_FILE, "w");
	if (file)
		touched_print(&sets, file);
	touched_sets_free(&sets);
	return file ? finish(file) : -1;
}

static int play(struct player *player, const char *dir, struct trace *trace)
{
	struct nvdla_emu_stats stats;

	if (player_play(player, dir, trace))
		return -1;
	nvdla_emu_get_stats(player->emu, &stats);
	if (!stats.bad_accesses)
		return 0;
	snprintf(player->reason, sizeof(player->reason), "accesses beyond the memory");
	return -1;
}

static int write_expectations(const char *dir, const struct memory *memory, const char *script,
			      struct player *player, const struct trace *played)
{
	if (write_trace(dir, memory, script, played) ||
	    append_crcs(dir, memory, &player->memory))
		return -1;
	return write_addresses(dir, &player->touched);
}

int folder_write(const char *dir, const char *config, const struct memory *memory,
		 const char *script)
{
	struct trace trace = { 0 };
	struct player player;
	int ret;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return -1;
	if (write_trace(dir, memory, script, NULL))
		return -1;
	ret = player_open(&player, &nvdla_emu_api, config);
	if (!ret)
		ret = trace_read(dir, &trace, player.reason, sizeof(player.reason));
	if (!ret)
		ret = play(&player, dir, &trace);
	if (ret) {
		fprintf(stderr, "%s: without expectations: %s\n", dir, player.reason);
		ret = 1;
	} else {
		ret = write_expectations(dir, memory, script, &player, &trace);
	}
	trace_free(&trace);
	player_close(&player);
	return ret;
}
