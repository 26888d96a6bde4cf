// SPDX-License-Identifier: MIT
/* dla replay: play register traces on the emulator and check what they say must come out. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "commands.h"
#include "emulator.h"
#include "memory_map.h"
#include "trace.h"

/* Quarters of a cycle; as on the test bench that the traces' cycle counts come from. */
#define WRITE_COST 9
#define READ_COST 80

#define REASON_SIZE 512

struct options {
	const char *config;
	bool json;
	bool keep_going;
};

struct player {
	const struct nvdla_emu_api *api;
	struct nvdla_emu *emu;
	struct memory_map memory;
	const char *dir;
	int line_level;
	char reason[REASON_SIZE];
};

struct tally {
	unsigned int passed, failed;
	json_t *folders;	/* with --json, else NULL */
};

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

static void set_line(void *ctx, int level)
{
	*(int *)ctx = level;
}

/* The emulator takes one context for all callbacks; the player's is the memory. */
static int bus_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	return memory_map_read(&((struct player *)ctx)->memory, addr, buf, len);
}

static int bus_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	return memory_map_write(&((struct player *)ctx)->memory, addr, buf, len);
}

static void bus_irq(void *ctx, int level)
{
	set_line(&((struct player *)ctx)->line_level, level);
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

static int play_command(struct player *player, const struct trace_command *command)
{
	switch (command->op) {
	case TRACE_WRITE:
		player->api->write(player->emu, command->number[0], command->number[1]);
		return 0;
	case TRACE_READ:
		player->api->read(player->emu, command->number[0]);
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

static int play(struct player *player, const char *config, const struct trace *trace)
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
	int ret = 0;

	if (player->api->config_check(config, player->reason, sizeof(player->reason)))
		return -1;
	player->emu = player->api->create(&params);
	if (!player->emu) {
		snprintf(player->reason, sizeof(player->reason), "emulator: %s", strerror(errno));
		return -1;
	}
	for (size_t i = 0; !ret && i < trace->count; i++)
		ret = play_command(player, &trace->commands[i]);
	return ret;
}

static json_t *folder_json(const char *name, bool ok, const char *reason,
			   const struct nvdla_emu_stats *stats)
{
	json_t *object = json_pack("{ss sb sI sI sI sI sI sI}", "name", name, "passed", ok,
				   "cycles", (json_int_t)stats->cycles,
				   "macs", (json_int_t)stats->macs,
				   "read_bytes", (json_int_t)stats->read_bytes,
				   "write_bytes", (json_int_t)stats->write_bytes,
				   "register_writes", (json_int_t)stats->register_writes,
				   "interrupts", (json_int_t)stats->interrupts);

	if (!ok)
		json_object_set_new(object, "reason", json_string(reason));
	return object;
}

static int replay_folder(const struct nvdla_emu_api *api, const char *dir,
			 const struct options *options, struct tally *tally)
{
	struct player player = { .api = api, .dir = dir };
	struct nvdla_emu_stats stats = { 0 };
	const char *slash = strrchr(dir, '/');
	const char *name = slash && slash[1] ? slash + 1 : dir;
	struct trace trace;
	int ret;

	ret = trace_read(dir, &trace, player.reason, sizeof(player.reason));
	if (!ret)
		ret = play(&player, options->config, &trace);
	if (player.emu)
		api->get_stats(player.emu, &stats);
	if (tally->folders)
		json_array_append_new(tally->folders,
				      folder_json(name, !ret, player.reason, &stats));
	else if (ret)
		printf("FAILED %s: %s\n", name, player.reason);
	else
		printf("ok %s  %" PRIu64 " cycles\n", name, stats.cycles);
	fflush(stdout);
	if (ret)
		tally->failed++;
	else
		tally->passed++;

	api->destroy(player.emu);
	memory_map_clear(&player.memory);
	trace_free(&trace);
	return ret;
}

static bool has_trace(const char *dir)
{
	struct stat st;
	char *path;
	bool has;

	if (asprintf(&path, "%s/%s", dir, TRACE_FILE) < 0)
		return false;
	has = !stat(path, &st);
	free(path);
	return has;
}

/* A folder with a trace, or a folder of such folders. */
static int replay_argument(const struct nvdla_emu_api *api, const char *dir,
			   const struct options *options, struct tally *tally)
{
	struct dirent **entries;
	int count, ret = 0, found = 0;

	if (has_trace(dir))
		return replay_folder(api, dir, options, tally);
	count = scandir(dir, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char *path;

		if (entries[i]->d_name[0] != '.' && (!ret || options->keep_going) &&
		    asprintf(&path, "%s/%s", dir, entries[i]->d_name) >= 0) {
			if (has_trace(path)) {
				found++;
				ret |= replay_folder(api, path, options, tally);
			}
			free(path);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	/* Let it fail with the message about the file that is not there. */
	return found ? ret : replay_folder(api, dir, options, tally);
}

static void usage(FILE *out)
{
	fprintf(out, "usage: dla replay [--json] [--keep-going] DIR...\n\n"
		"Play the trace in each DIR, or in each folder in DIR, on the emulator.\n\n"
		"  --config NAME the configuration of the hardware (default nv_small)\n"
		"  --json        print one JSON object instead of lines\n"
		"  --keep-going  go on after a trace that failed\n");
}

int cmd_replay(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "keep-going", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const struct nvdla_emu_api *api;
	struct options options = { .config = "nv_small" };
	struct tally tally = { 0 };
	int option, ret = 0;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.config = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 'k':
			options.keep_going = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	api = dla_emulator_load();
	if (!api) {
		fprintf(stderr, "dla replay: %s\n", dla_strerror());
		return 1;
	}
	if (options.json)
		tally.folders = json_array();
	for (int i = optind; i < argc && (!ret || options.keep_going); i++)
		ret |= replay_argument(api, argv[i], &options, &tally);
	if (options.json) {
		json_t *object = json_pack("{si si so}", "passed", (int)tally.passed, "failed",
					   (int)tally.failed, "traces", tally.folders);

		json_dumpf(object, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(object);
	} else {
		printf("%u passed, %u failed\n", tally.passed, tally.failed);
	}
	return ret ? 1 : 0;
}
