// SPDX-License-Identifier: MIT
/*
 * Damages good compiled networks in thousands of ways, always the same for the same seed, mends their
 * checksums, and has each loaded and, if it is accepted, run on the emulated NPU. The sanitizers that it
 * is built with are the judge; besides, every refusal needs a reason, and what is only cut off or has a
 * wrong checksum is always refused.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "../half_network.h"
#include "exercise.h"
#include "network.h"

#define HEADER		24	/* magic, version, CRC, bytes */
#define BEFORE_MODEL	(HEADER + 4 + 16 + 32)
#define FILES		3

struct file {
	uint8_t *data;
	size_t bytes;
	size_t behind_model;	/* where that begins which the reader of TFLite files does not see */
};

struct tally {
	unsigned long run, failed, large, invalid, unsupported, other, without_reason;
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

static uint64_t below(uint64_t *state, uint64_t limit)
{
	return next_random(state) % limit;
}

static uint64_t get(const uint8_t *data, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)data[i] << (8 * i);
	return value;
}

static void put32(uint8_t *data, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		data[i] = (uint8_t)(value >> (8 * i));
}

static bool compile(struct dla_device *device, const char *model, struct file *file)
{
	char path[] = "/tmp/saved_mutate.XXXXXX";
	const struct dla_options options = { .place = DLA_PLACE_NPU };
	int fd = mkstemp(path);
	bool ok = fd >= 0 && !dla_network_compile(device, model, &options, path);

	file->data = ok ? read_file(path, &file->bytes) : NULL;
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	if (!file->data) {
		printf("# %s: %s\n", model, dla_strerror());
		return false;
	}
	file->behind_model = BEFORE_MODEL + 8 + get(file->data + BEFORE_MODEL, 8);
	return true;
}

static bool compile_built(struct dla_device *device, void (*build)(struct builder *b), struct file *file)
{
	char path[] = "/tmp/saved_mutate.XXXXXX";
	struct builder b;
	int fd = mkstemp(path);
	bool ok;

	build(&b);
	ok = fd >= 0 && write(fd, b.data, b.bytes) == (ssize_t)b.bytes && compile(device, path, file);
	free(b.data);
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	return ok;
}

static void build_half(struct builder *b)
{
	const struct half_network n = { .size = 4, .channels = 8, .kernel = 3, .rounds = 2, .softmaxes = 1 };

	half_network_build(b, &n);
}

static uint32_t pick_value(const struct file *file, uint64_t *random)
{
	const uint32_t interesting[] = {
		0, 1, 2, 3, 64, 128, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x80000000, 0x7FFFFFC0, 0xFFFFFFC0, 0x10000,
		(uint32_t)file->bytes, (uint32_t)file->bytes / 64 * 64,
	};
	size_t i = below(random, sizeof(interesting) / sizeof(interesting[0]) + 8);

	return i < sizeof(interesting) / sizeof(interesting[0]) ? interesting[i] : (uint32_t)below(random, 64);
}

static void damage(struct file *copy, uint64_t *random)
{
	unsigned int changes = 1 + (unsigned int)below(random, 3);

	for (unsigned int i = 0; i < changes; i++) {
		size_t from = below(random, 12) ? copy->behind_model : HEADER;
		size_t at = from + below(random, copy->bytes - from);

		if (below(random, 3)) {
			/* Numbers are not aligned in the file, but mostly are behind each other. */
			at = from + (at - from) / 4 * 4;
			if (at + 4 <= copy->bytes)
				put32(copy->data + at, pick_value(copy, random));
		} else {
			copy->data[at] ^= (uint8_t)(1U << below(random, 8));
		}
	}
	if (!below(random, 16))
		copy->bytes = HEADER + below(random, copy->bytes - HEADER);
	put32(copy->data + 12, (uint32_t)crc32_z(0, copy->data + HEADER, copy->bytes - HEADER));
	put32(copy->data + 16, (uint32_t)(copy->bytes - HEADER));
}

static struct dla_network *load(struct dla_device *device, const struct file *file)
{
	int fd = memfd_create("saved", 0);
	struct dla_network *network;
	char path[64];

	if (fd < 0 || write(fd, file->data, file->bytes) != (ssize_t)file->bytes)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	network = dla_network_load(device, path, NULL);
	close(fd);
	return network;
}

static void run(struct dla_network *network, struct tally *tally)
{
	struct dla_request *request;

	if (!exercise_is_small(network->graph) || network->schedule.step_count > 1000) {
		tally->large++;
		return;
	}
	request = dla_request_new(network);
	if (request && !dla_request_run(request))
		tally->run++;
	else
		tally->failed++;
	dla_request_free(request);
}

static void try(struct dla_device *device, const struct file *file, struct tally *tally)
{
	struct dla_network *network = load(device, file);

	if (network)
		run(network, tally);
	else if (errno == EINVAL)
		tally->invalid++;
	else if (errno == EOPNOTSUPP)
		tally->unsupported++;
	else
		tally->other++;
	tally->without_reason += !network && !*dla_strerror();
	dla_network_free(network);
}

/* Damage that the checksum and the length are there for. */
static bool is_always_refused(struct dla_device *device, const struct file *file, uint64_t *random)
{
	struct file copy = { malloc(file->bytes), file->bytes, 0 };
	bool refused = true;

	for (unsigned int i = 0; i < 200 && refused; i++) {
		struct dla_network *network;
		size_t at = below(random, file->bytes);

		memcpy(copy.data, file->data, file->bytes);
		copy.bytes = file->bytes;
		if (i % 2)
			copy.data[at] ^= (uint8_t)(1U << below(random, 8));
		else
			copy.bytes = at;
		network = load(device, &copy);
		refused = !network;
		dla_network_free(network);
	}
	free(copy.data);
	return refused;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 6000;
	uint64_t random = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	struct dla_device *device = dla_device_open("sim");
	struct file file[FILES] = { 0 }, copy;
	struct tally tally = { 0 };
	bool ok = device && compile_built(device, build_half, &file[0]) &&
		  compile_built(device, builder_every_kind, &file[1]) &&
		  compile(device, "examples/fashion-mnist/fashion_resnet_int8.tflite", &file[2]);

	printf("1..3\n%s 1 - networks are compiled\n", ok ? "ok" : "not ok");
	for (unsigned long i = 0; i < count && ok; i++) {
		const struct file *from = &file[below(&random, 16) ? below(&random, 2) : 2];

		copy = *from;
		copy.data = malloc(from->bytes);
		memcpy(copy.data, from->data, from->bytes);
		damage(&copy, &random);
		try(device, &copy, &tally);
		free(copy.data);
	}
	printf("# %lu files: %lu run, %lu failed while running, %lu too large to run; refused: %lu invalid, %lu unsupported, %lu else\n",
	       count, tally.run, tally.failed, tally.large, tally.invalid, tally.unsupported, tally.other);
	printf("%s 2 - damaged files are refused with a reason, or do no harm\n",
	       ok && !tally.without_reason && tally.run && tally.invalid ? "ok" : "not ok");
	printf("%s 3 - what is cut off or has a wrong checksum is refused\n",
	       ok && is_always_refused(device, &file[0], &random) ? "ok" : "not ok");
	for (unsigned int i = 0; i < FILES; i++)
		free(file[i].data);
	dla_device_close(device);
	return 0;
}
