// SPDX-License-Identifier: MIT
/*
 * How fast tensors are converted between the network's order and the NPU's: bytes read and written in a
 * second, as a part of what memcpy() reaches with as many bytes; TAP. What fits the first-level cache is
 * shown only: there a store in each cycle is the limit, and with few channels nearly all bytes are stored.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "convert.h"
#include "layout.h"

#define LIMIT 0.70
#define ROUNDS 31
#define TRIES 5
#define BYTES_A_ROUND 1000000

#define FIRST_LEVEL 65536

struct border {
	struct dla_feature feature;
	int8_t *nhwc, *npu, *from, *to;
	size_t bytes;			/* for memcpy(), which reads and writes them */
	unsigned int repeat;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void copy(struct border *b)
{
	memcpy(b->to, b->from, b->bytes);
	__asm__ volatile("" : : "r"(b->to) : "memory");
}

static void pack(struct border *b)
{
	dla_feature_pack(&b->feature, b->nhwc, b->npu);
}

static void unpack(struct border *b)
{
	dla_feature_unpack(&b->feature, b->npu, b->nhwc);
}

static double measure(struct border *b, void (*what)(struct border *b))
{
	double start;

	what(b);
	start = now();
	for (unsigned int i = 0; i < b->repeat; i++)
		what(b);
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double ratio(struct border *b, void (*what)(struct border *b))
{
	double ratios[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double copying = measure(b, copy);

		ratios[i] = copying / measure(b, what);
	}
	qsort(ratios, ROUNDS, sizeof(*ratios), compare);
	return ratios[ROUNDS / 2];
}

static int8_t *allocate(size_t bytes)
{
	int8_t *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);

	if (!memory)
		exit(EXIT_FAILURE);
	memset(memory, 1, bytes);
	return memory;
}

static bool report(struct border *b, const char *name, void (*what)(struct border *b), unsigned int *number)
{
	const struct dla_feature *f = &b->feature;
	bool counts = 2 * b->bytes > FIRST_LEVEL;
	double best = 0;

	for (int i = 0; i < TRIES && best < LIMIT; i++) {
		double this = ratio(b, what);

		best = this > best ? this : best;
		if (!counts)
			break;
	}
	if (!counts)
		printf("# ");
	else
		printf("%sok %u - ", best < LIMIT ? "not " : "", ++*number);
	printf("%s %ux%ux%u, atoms of %u: %.2f of memcpy\n", name, f->width, f->height, f->channels, f->atom, best);
	return !counts || best >= LIMIT;
}

static bool check(int32_t side, int32_t channels, uint32_t atom, unsigned int *number)
{
	struct border b;
	size_t plain = (size_t)side * (size_t)side * (size_t)channels;
	bool good;

	(void)dla_feature_of(&(struct dla_shape) { 4, { 1, side, side, channels } }, atom, &b.feature);
	b.bytes = (plain + b.feature.bytes) / 2;
	b.repeat = (unsigned int)(BYTES_A_ROUND / b.bytes) + 1;
	b.nhwc = allocate(plain);
	b.npu = allocate(b.feature.bytes);
	b.from = allocate(b.bytes);
	b.to = allocate(b.bytes);
	good = report(&b, "to NPU", pack, number);
	good &= report(&b, "from NPU", unpack, number);
	free(b.nhwc);
	free(b.npu);
	free(b.from);
	free(b.to);
	return good;
}

int main(void)
{
	static const int32_t sides[] = { 32, 96, 224 }, channels[] = { 1, 3, 4, 8, 10, 12, 16, 24, 32, 64, 96 };
	unsigned int number = 0;
	bool good = true;

	if (!strcmp(dla_convert_find(NULL)->name, "plain")) {
		puts("1..0 # SKIP this processor has no instructions for conversions");
		return EXIT_SUCCESS;
	}
	printf("# %s\n", dla_convert_find(NULL)->name);
	for (size_t s = 0; s < sizeof(sides) / sizeof(sides[0]); s++)
		for (size_t c = 0; c < sizeof(channels) / sizeof(channels[0]); c++)
			good &= check(sides[s], channels[c], 8, &number);
	good &= check(1, 1001, 8, &number);
	printf("1..%u\n", number);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
