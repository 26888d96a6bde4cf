// SPDX-License-Identifier: MIT
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <unistd.h>

#include "../tflite_builder.h"
#include "../vectors.h"
#include "exercise.h"
#include "flatbuffer.h"

/*
 * Damages good files in thousands of ways, always the same for the same seed, and has each read and
 * run. The sanitizers that it is built with are the judge; besides, every refusal needs a reason.
 */

#define MAX_UNDO 64

/* The emulator is slow: only files up to that size are run on it too. */
#define NPU_BYTES 8192

struct file {
	char *name;
	uint8_t *data;
	size_t bytes;
	uint32_t *structure;	/* positions of all bytes that are not constants of the network */
	size_t structure_count;
	double weight;
};

struct corpus {
	struct file *file;
	size_t count;
};

struct random {
	uint64_t state;
};

struct tally {
	unsigned long accepted, invalid, unsupported, too_big, other, without_reason;
};

/* SplitMix64 */
static uint64_t next_random(struct random *random)
{
	uint64_t z = random->state += 0x9E3779B97F4A7C15;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

static uint64_t below(struct random *random, uint64_t limit)
{
	return next_random(random) % limit;
}

static void find_structure(struct file *file)
{
	struct fb fb = { .data = file->data, .bytes = file->bytes };
	struct fb_table model = fb_root(&fb);
	struct fb_vector buffers = fb_vector(&fb, &model, MODEL_BUFFERS, 4);
	uint8_t *is_constant = calloc(1, file->bytes);

	for (uint32_t i = 0; i < buffers.count; i++) {
		struct fb_table buffer = fb_vector_table(&fb, &buffers, i);
		struct fb_vector data = fb_vector(&fb, &buffer, BUFFER_DATA, 1);

		memset(is_constant + data.pos, 1, data.count);
	}
	file->structure = malloc(file->bytes * sizeof(*file->structure));
	for (size_t i = 0; i < file->bytes; i++) {
		if (!is_constant[i])
			file->structure[file->structure_count++] = i;
	}
	free(is_constant);
}

static void add_file(struct corpus *corpus, const char *name, uint8_t *data, size_t bytes)
{
	struct file *file;

	corpus->file = realloc(corpus->file, (corpus->count + 1) * sizeof(*corpus->file));
	file = &corpus->file[corpus->count++];
	*file = (struct file){ .name = strdup(name), .data = data, .bytes = bytes };
	/* Time is better spent on many small files. */
	file->weight = 1.0 / (double)(bytes + 20000);
	find_structure(file);
}

static void add_matching(struct corpus *corpus, const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		size_t bytes;
		uint8_t *data = read_file(found.gl_pathv[i], &bytes);

		if (data)
			add_file(corpus, found.gl_pathv[i], data, bytes);
	}
	globfree(&found);
}

/* One network of each operation, in many shapes. */
static void add_vectors(struct corpus *corpus)
{
	gzFile file = gzopen(VECTORS, "rb");
	struct vector v = { 0 };

	for (; file && read_vector(file, &v); free_vector(&v)) {
		uint8_t *copy = malloc(v.blob[0].bytes);

		memcpy(copy, v.blob[0].data, v.blob[0].bytes);
		add_file(corpus, (char *)v.name.data, copy, v.blob[0].bytes);
	}
	if (file)
		gzclose(file);
}

static void free_corpus(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		free(corpus->file[i].name);
		free(corpus->file[i].data);
		free(corpus->file[i].structure);
	}
	free(corpus->file);
}

static const struct file *pick_file(const struct corpus *corpus, struct random *random)
{
	double total = 0, at;
	size_t i;

	for (i = 0; i < corpus->count; i++)
		total += corpus->file[i].weight;
	at = (double)below(random, 1 << 30) / (1 << 30) * total;
	for (i = 0; i + 1 < corpus->count && at >= corpus->file[i].weight; i++)
		at -= corpus->file[i].weight;
	return &corpus->file[i];
}

static size_t pick_position(const struct file *file, struct random *random)
{
	if (below(random, 16))
		return file->structure[below(random, file->structure_count)];
	return below(random, file->bytes);
}

static uint32_t pick_value(const struct file *file, struct random *random)
{
	const uint32_t interesting[] = {
		0, 1, 2, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x80000000, 0x80000001, 0x7FFF,
		0x8000, 0xFFFF, 0x10000, 0x40000000, 0x3FFFFFFF, 0x20000000, 0x7F800000,
		0x7FC00000, 0x00800000,
		(uint32_t)file->bytes, (uint32_t)file->bytes - 4, (uint32_t)file->bytes + 4,
		(uint32_t)file->bytes - 1, (uint32_t)file->bytes / 4,
	};
	size_t i = below(random, sizeof(interesting) / sizeof(interesting[0]) + 4);

	return i < sizeof(interesting) / sizeof(interesting[0]) ? interesting[i] :
	       (uint32_t)below(random, i % 2 ? 16 : file->bytes);
}

/* Writes one change; returns where, and through the pointer how many bytes. */
static size_t mutate(const struct file *file, struct random *random, uint8_t change[MAX_UNDO],
		     size_t *bytes)
{
	size_t at = pick_position(file, random), from;
	uint32_t value = pick_value(file, random);

	memcpy(change, file->data + at, file->bytes - at < MAX_UNDO ? file->bytes - at : MAX_UNDO);
	switch (below(random, 6)) {
	case 0:
		*bytes = 1;
		change[0] ^= (uint8_t)(1 << below(random, 8));
		break;
	case 1:
		*bytes = 1;
		change[0] = (uint8_t)next_random(random);
		break;
	case 2:
		*bytes = 2;
		memcpy(change, &value, 2);
		break;
	case 3:
	case 4:
		/* Offsets, counts and most scalars are aligned. */
		*bytes = 4;
		at &= ~(size_t)3;
		memcpy(change, &value, 4);
		break;
	default:
		*bytes = 1 + below(random, MAX_UNDO);
		from = pick_position(file, random);
		if (*bytes > file->bytes - from)
			*bytes = file->bytes - from;
		memcpy(change, file->data + from, *bytes);
	}
	if (*bytes > file->bytes - at)
		*bytes = file->bytes - at;
	return at;
}

/*
 * What the reader has accepted the NPU runs too, or leaves to the CPU: never is a layer refused by the
 * validator, or the network because of a layer.
 */
static void try_on_npu(const void *data, size_t bytes)
{
	static const struct dla_options options = { .place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE };
	struct dla_device *device = dla_device_open("sim:nv_small");
	char path[] = "/tmp/mutated-XXXXXX";
	int fd = mkstemp(path);
	struct dla_network *network;
	struct dla_request *request;

	if (!device || fd < 0 || write(fd, data, bytes) != (ssize_t)bytes)
		abort();
	close(fd);
	network = dla_network_load(device, path, &options);
	unlink(path);
	request = network ? dla_request_new(network) : NULL;
	if (!request || dla_request_run(request)) {
		printf("# on the NPU: %s\n", dla_strerror());
		abort();
	}
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
}

static void count_result(struct tally *tally, int err)
{
	if (err && strlen(dla_strerror()) <= strlen("fuzz: "))
		tally->without_reason++;
	switch (err) {
	case 0:
		tally->accepted++;
		break;
	case -EINVAL:
		tally->invalid++;
		break;
	case -EOPNOTSUPP:
		tally->unsupported++;
		break;
	case -E2BIG:
		tally->too_big++;
		break;
	default:
		tally->other++;
	}
}

static void truncate_once(const struct file *file, struct random *random, struct tally *tally)
{
	size_t bytes = below(random, 2) ? pick_position(file, random) : below(random, file->bytes);
	uint8_t *copy = malloc(bytes ? bytes : 1);

	memcpy(copy, file->data, bytes);
	count_result(tally, exercise(copy, bytes));
	free(copy);
}

/* In place, and undone: the files are large and the changes small. */
static void damage_once(const struct file *file, struct random *random, struct tally *tally)
{
	int err;

	uint8_t change[MAX_UNDO], before[4][MAX_UNDO];
	size_t at[4], bytes[4], changes = 1 + below(random, 4);

	for (size_t i = 0; i < changes; i++) {
		at[i] = mutate(file, random, change, &bytes[i]);
		memcpy(before[i], file->data + at[i], bytes[i]);
		memcpy(file->data + at[i], change, bytes[i]);
	}
	err = exercise(file->data, file->bytes);
	count_result(tally, err);
	if (!err && file->bytes <= NPU_BYTES && exercise_is_cheap(file->data, file->bytes))
		try_on_npu(file->data, file->bytes);
	for (size_t i = changes; i-- > 0;)
		memcpy(file->data + at[i], before[i], bytes[i]);
}

static bool all_are_good(const struct corpus *corpus)
{
	bool good = true;

	for (size_t i = 0; i < corpus->count; i++) {
		if (exercise(corpus->file[i].data, corpus->file[i].bytes)) {
			printf("# %s: %s\n", corpus->file[i].name, dla_strerror());
			good = false;
		}
	}
	return good;
}

/* Prints one line of TAP; returns whether it is a success. */
static bool fuzz(unsigned int number, const char *what, const struct corpus *corpus,
		 unsigned long count, uint64_t seed)
{
	struct random random = { seed };
	struct tally tally = { 0 };
	bool good;

	if (!corpus->count) {
		printf("ok %u - %s # SKIP no files\n", number, what);
		return true;
	}
	good = all_are_good(corpus);
	for (unsigned long i = 0; i < count; i++) {
		const struct file *file = pick_file(corpus, &random);

		if (below(&random, 8))
			damage_once(file, &random, &tally);
		else
			truncate_once(file, &random, &tally);
		if ((i + 1) % ((count + 3) / 4) == 0) {
			printf("# %s: %lu of %lu\n", what, i + 1, count);
			fflush(stdout);
		}
	}
	/* All was undone. */
	good = good && all_are_good(corpus) && !tally.without_reason;
	printf("# %lu accepted, %lu damaged, %lu unsupported, %lu too large, %lu other, "
	       "%lu without a reason\n", tally.accepted, tally.invalid, tally.unsupported,
	       tally.too_big, tally.other, tally.without_reason);
	printf("%s %u - %s: %zu files, %lu mutations, seed %llu\n", good ? "ok" : "not ok", number,
	       what, corpus->count, count, (unsigned long long)seed);
	return good;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct corpus own = { 0 }, operations = { 0 }, published = { 0 };
	unsigned long count = 20000;
	unsigned long long seed = 1;
	struct builder every;
	char *pattern;
	bool good;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c') {
			count = strtoul(optarg, NULL, 0);
		} else if (c == 's') {
			seed = strtoull(optarg, NULL, 0);
		} else {
			fprintf(stderr, "usage: %s [--count N] [--seed N]\n", argv[0]);
			return 2;
		}
	}

	builder_every_kind(&every);
	add_file(&own, "every kind of operation", every.data, every.bytes);
	add_matching(&own, "examples/*.tflite");
	add_matching(&own, "examples/*/*.tflite");
	pattern = model_path("*/*.tflite");
	add_matching(&published, pattern);
	free(pattern);

	add_vectors(&operations);

	printf("1..3\n");
	good = fuzz(1, "networks of the tree", &own, count, seed);
	good &= fuzz(2, "networks of one operation", &operations, count, seed);
	good &= fuzz(3, "published networks", &published, count, seed);
	free_corpus(&own);
	free_corpus(&operations);
	free_corpus(&published);
	return !good;
}
