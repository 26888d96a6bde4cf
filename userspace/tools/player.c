// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "player.h"

/* Quarters of a cycle; as on the test bench that the traces' cycle counts come from. */
#define WRITE_COST 9
#define READ_COST 80
/* From the release of reset to the first command, on the same bench. */
#define FIRST_COMMAND 260

__attribute__((format(printf, 3, 4)))
static int failed(struct player *player, const struct trace_command *command, const char *fmt, ...)
{
	va_list args;
	int used;

	used = snprintf(player->reason, sizeof(player->reason), "%s:%u: ", TRACE_FILE,
			command->line);
	va_start(args, fmt);
	vsnprintf(player->reason + used, sizeof(player->reason) - (size_t)used, fmt, args);
	va_end(args);
	return -1;
}

static int bus_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct player *player = ctx;
	int ret = touched_note_read(&player->touched, addr, len);

	return ret ? ret : memory_map_read(&player->memory, addr, buf, len);
}

static int bus_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct player *player = ctx;
	int ret = touched_note_write(&player->touched, addr, len);

	return ret ? ret : memory_map_write(&player->memory, addr, buf, len);
}

static void bus_irq(void *ctx, int level)
{
	struct player *player = ctx;

	player->line_level = level;
}

/* Move on to the next thing that happens; false when nothing ever will. */
static bool wait_event(struct player *player)
{
	uint64_t cycles = player->api->next_event(player->emu);

	if (cycles == UINT64_MAX)
		return false;
	player->api->advance(player->emu, cycles);
	return true;
}

static const char *why_idle(const struct player *player)
{
	const char *reason = player->api->hang_reason(player->emu);

	return reason ? reason : "nothing is running";
}

static int play_intr(struct player *player, const struct trace_command *command)
{
	while (!player->line_level) {
		if (!wait_event(player))
			return failed(player, command, "no interrupt will come: %s",
				      why_idle(player));
	}
	return 0;
}

static int play_check(struct player *player, const struct trace_command *command, bool wait)
{
	uint32_t reg = command->number[0], mask = command->number[1], want = command->number[2];

	for (;;) {
		uint32_t value = player->api->read(player->emu, reg);

		if ((value & mask) == (want & mask))
			return 0;
		if (!wait)
			return failed(player, command,
				      "register 0x%x & 0x%x is 0x%x, should be 0x%x", reg, mask,
				      value & mask, want & mask);
		if (!wait_event(player))
			return failed(player, command,
				      "register 0x%x & 0x%x is 0x%x and will never be 0x%x: %s",
				      reg, mask, value & mask, want & mask, why_idle(player));
	}
}

static FILE *open_beside(const struct player *player, const struct trace_command *command,
			 const char *mode)
{
	char *path;
	FILE *file;

	if (asprintf(&path, "%s/%s", player->dir, command->word) < 0)
		return NULL;
	file = fopen(path, mode);
	free(path);
	return file;
}

static int play_load(struct player *player, const struct trace_command *command)
{
	FILE *file = open_beside(player, command, "rb");
	uint64_t addr = command->number[0];
	char buf[4096];
	size_t got;
	int ret = 0;

	if (!file)
		return failed(player, command, "%s: %s", command->word, strerror(errno));
	while (!ret && (got = fread(buf, 1, sizeof(buf), file)) > 0) {
		ret = memory_map_write(&player->memory, addr, buf, got);
		addr += got;
	}
	if (!ret && ferror(file))
		ret = -errno;
	fclose(file);
	return ret ? failed(player, command, "%s: %s", command->word, strerror(-ret)) : 0;
}

/* Hand out memory in pieces; stops at the first non-zero return. */
static int each_piece(struct player *player, const struct trace_command *command,
		      int (*piece)(void *ctx, const void *buf, size_t len), void *ctx)
{
	uint64_t addr = command->number[0], left = command->number[1];
	char buf[4096];
	int ret = 0;

	while (!ret && left) {
		size_t part = left < sizeof(buf) ? (size_t)left : sizeof(buf);

		ret = memory_map_read(&player->memory, addr, buf, part);
		if (!ret)
			ret = piece(ctx, buf, part);
		addr += part;
		left -= part;
	}
	return ret;
}

static int piece_to_file(void *ctx, const void *buf, size_t len)
{
	return fwrite(buf, 1, len, ctx) == len ? 0 : -EIO;
}

static int piece_to_crc(void *ctx, const void *buf, size_t len)
{
	uLong *crc = ctx;

	*crc = crc32(*crc, buf, (uInt)len);
	return 0;
}

static int play_dump(struct player *player, const struct trace_command *command)
{
	FILE *file = open_beside(player, command, "wb");
	int ret;

	if (!file)
		return failed(player, command, "%s: %s", command->word, strerror(errno));
	ret = each_piece(player, command, piece_to_file, file);
	if (fclose(file) && !ret)
		ret = -errno;
	return ret ? failed(player, command, "%s: %s", command->word, strerror(-ret)) : 0;
}

static int play_crc(struct player *player, const struct trace_command *command)
{
	uLong crc = crc32(0, NULL, 0);
	int ret = each_piece(player, command, piece_to_crc, &crc);

	if (ret)
		return failed(player, command, "%s", strerror(-ret));
	if (crc != command->number[2])
		return failed(player, command,
			      "CRC of 0x%x bytes at 0x%x is 0x%08lx, should be 0x%08x",
			      command->number[1], command->number[0], crc, command->number[2]);
	return 0;
}

static int play_command(struct player *player, struct trace_command *command)
{
	switch (command->op) {
	case TRACE_WRITE:
		player->api->write(player->emu, command->number[0], command->number[1]);
		return 0;
	case TRACE_READ:
		command->number[1] = player->api->read(player->emu, command->number[0]);
		return 0;
	case TRACE_CHECK:
		return play_check(player, command, false);
	case TRACE_POLL:
		return play_check(player, command, true);
	case TRACE_INTR:
		return play_intr(player, command);
	case TRACE_LOAD:
		return play_load(player, command);
	case TRACE_DUMP:
		return play_dump(player, command);
	case TRACE_CRC32:
		return play_crc(player, command);
	case TRACE_MARK:
		return 0;
	}
	return failed(player, command, "unknown command");
}

int player_open(struct player *player, const struct nvdla_emu_api *api, const char *config)
{
	struct nvdla_emu_params params = {
		.config = config,
		.read = bus_read,
		.write = bus_write,
		.irq = bus_irq,
		.ctx = player,
		.write_cost = WRITE_COST,
		.read_cost = READ_COST,
	};

	*player = (struct player){ .api = api };
	if (api->config_check(config, player->reason, sizeof(player->reason)))
		return -1;
	player->emu = api->create(&params);
	if (player->emu)
		return 0;
	snprintf(player->reason, sizeof(player->reason), "emulator of %s: %s", config,
		 strerror(errno));
	return -1;
}

int player_play(struct player *player, const char *dir, struct trace *trace)
{
	int ret = 0;

	player->dir = dir;
	player->api->advance(player->emu, FIRST_COMMAND);
	player->started = player->api->time(player->emu);
	for (size_t i = 0; !ret && i < trace->count; i++)
		ret = play_command(player, &trace->commands[i]);
	return ret;
}

void player_close(struct player *player)
{
	player->api->destroy(player->emu);
	memory_map_clear(&player->memory);
	touched_clear(&player->touched);
}
