// SPDX-License-Identifier: MIT
/* dla replay: play register traces on the emulator and check what they say must come out. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "emulator.h"
#include "player.h"

static const char help[] =
	"usage: dla replay [OPTION]... DIR...\n"
	"\n"
	"Play the trace in each DIR, or in each folder in DIR, on the emulator, and check what it\n"
	"says must come out. A file \"addresses\" beside the trace has to be what is touched.\n"
	"\n"
	"  --config NAME     emulate this configuration (default nv_small)\n"
	"  --addresses FILE  write which memory the NPU reads and writes; \"-\" for standard output\n"
	"  --json            print one JSON object instead of lines\n"
	"  --keep-going      go on after a trace that failed\n"
	"  --help            print this\n"
	"\n"
	"Exit codes: 0 all passed, 1 one failed, or cannot be played, 2 wrong usage.\n";

struct options {
	const char *config;
	bool keep_going;
	FILE *addresses;	/* with --addresses, else NULL */
};

struct tally {
	unsigned int passed, failed;
	json_t *folders;	/* with --json, else NULL */
};

static bool has_file(const char *dir, const char *name)
{
	struct stat st;
	char *path;
	bool has;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return false;
	has = !stat(path, &st);
	free(path);
	return has;
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

/* What the device touched: print it if that is wanted, compare it if the folder says what it is. */
static int check_addresses(struct player *player, const char *name, const struct options *options)
{
	struct touched_sets got, expected;
	char *path;
	int ret;

	if (!options->addresses && !has_file(player->dir, TOUCHED_FILE))
		return 0;
	if (touched_collect(&player->touched, &got)) {
		snprintf(player->reason, sizeof(player->reason), "%s", strerror(ENOMEM));
		return -1;
	}
	if (options->addresses) {
		fprintf(options->addresses, "# %s\n", name);
		touched_print(&got, options->addresses);
	}
	ret = 0;
	if (has_file(player->dir, TOUCHED_FILE) &&
	    asprintf(&path, "%s/%s", player->dir, TOUCHED_FILE) >= 0) {
		ret = touched_load(path, &expected, player->reason, sizeof(player->reason));
		if (!ret) {
			ret = touched_compare(&got, &expected, player->reason,
					      sizeof(player->reason));
			touched_sets_free(&expected);
		}
		free(path);
	}
	touched_sets_free(&got);
	return ret;
}

static int play(struct player *player, const char *dir, const char *name,
		const struct options *options)
{
	struct trace trace;
	int ret;

	ret = trace_read(dir, &trace, player->reason, sizeof(player->reason));
	if (ret)
		return ret;
	ret = player_play(player, dir, &trace);
	if (!ret)
		ret = check_addresses(player, name, options);
	trace_free(&trace);
	return ret;
}

static int replay_folder(const struct nvdla_emu_api *api, const char *dir,
			 const struct options *options, struct tally *tally)
{
	struct player player;
	struct nvdla_emu_stats stats = { 0 };
	const char *slash = strrchr(dir, '/');
	const char *name = slash && slash[1] ? slash + 1 : dir;
	int ret;

	ret = player_open(&player, api, options->config);
	if (!ret) {
		ret = play(&player, dir, name, options);
		api->get_stats(player.emu, &stats);
		stats.cycles -= player.started;
	}
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
	player_close(&player);
	return ret;
}

/* A folder with a trace, or a folder of such folders. */
static int replay_argument(const struct nvdla_emu_api *api, const char *dir,
			   const struct options *options, struct tally *tally)
{
	struct dirent **entries;
	int count, ret = 0, found = 0;

	if (has_file(dir, TRACE_FILE))
		return replay_folder(api, dir, options, tally);
	count = scandir(dir, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char *path;

		if (entries[i]->d_name[0] != '.' && (!ret || options->keep_going) &&
		    asprintf(&path, "%s/%s", dir, entries[i]->d_name) >= 0) {
			if (has_file(path, TRACE_FILE)) {
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

static int replay_all(char *const *dirs, int count, const struct options *options,
		      struct tally *tally)
{
	const struct nvdla_emu_api *api = dla_emulator_load();
	int ret = 0;

	if (!api) {
		fprintf(stderr, "dla replay: %s\n", dla_strerror());
		return -1;
	}
	for (int i = 0; i < count && (!ret || options->keep_going); i++)
		ret |= replay_argument(api, dirs[i], options, tally);
	if (tally->folders) {
		json_t *object = json_pack("{si si sO}", "passed", (int)tally->passed, "failed",
					   (int)tally->failed, "traces", tally->folders);

		json_dumpf(object, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(object);
	} else {
		printf("%u passed, %u failed\n", tally->passed, tally->failed);
	}
	return ret;
}

int cmd_replay(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "addresses", required_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "keep-going", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct options options = { .config = "nv_small" };
	const char *addresses = NULL;
	struct tally tally = { 0 };
	bool json = false;
	int option, ret;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.config = optarg;
			break;
		case 'a':
			addresses = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'k':
			options.keep_going = true;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			fputs(help, stderr);
			return 2;
		}
	}
	if (optind == argc) {
		fputs(help, stderr);
		return 2;
	}
	if (addresses) {
		options.addresses = strcmp(addresses, "-") ? fopen(addresses, "w") : stdout;
		if (!options.addresses) {
			fprintf(stderr, "dla replay: %s: %s\n", addresses, strerror(errno));
			return 2;
		}
	}
	if (json)
		tally.folders = json_array();
	ret = replay_all(argv + optind, argc - optind, &options, &tally);
	json_decref(tally.folders);
	if (options.addresses && options.addresses != stdout && fclose(options.addresses)) {
		fprintf(stderr, "dla replay: %s: %s\n", addresses, strerror(errno));
		ret = -1;
	}
	return ret ? 1 : 0;
}
