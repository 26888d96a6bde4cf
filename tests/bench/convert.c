// SPDX-License-Identifier: MIT
/*
 * How fast tensors are converted between the network's order and the NPU's: bytes read and written in a
 * second, as a part of what memcpy() reaches with as many bytes, half of them each way; TAP. That is the
 * hardest way to count where a few channels are spread to atoms of eight bytes: one that compares with a
 * memcpy() of the NPU's bytes, since all of them must be written, or read, shows 1.3 or more for the 0.8 of a
 * single channel here.
 *
 * What fits the first-level cache is shown only. Memory is no limit there, but a store in each cycle is: for
 * one channel a conversion has 8 bytes to store where memcpy() has 4.5, which makes 0.56 the most; and where
 * pixels of 9 to 15 channels are put together from two planes, each takes a store.
 *
 * A processor may be shared, and so may its core and its memory: the shortest time of either counts, both
 * taken in turn, and what is too slow is tried again somewhat later, in other memory: which pages it lies in
 * decides how much of it a cache holds.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "convert.h"
#include "layout.h"

#define LIMIT 0.70
#define ROUNDS 200
#define TRIES 12
#define PAUSE 100000		/* microseconds, and each time longer */
#define BYTES_A_ROUND 200000

#define FIRST_LEVEL 65536

struct memory {
	int8_t *nhwc, *npu, *from, *to;
};

struct border {
	struct dla_feature feature;
	struct memory memory[TRIES];	/* of tries that are over, too, or the next would get the same */
	const struct memory *now;
	size_t plain;
	size_t bytes;			/* for memcpy(), which reads and writes them */
	unsigned int repeat;
};

struct times {
	double copying, converting;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void copy(struct border *b)
{
	memcpy(b->now->to, b->now->from, b->bytes);
	__asm__ volatile("" : : "r"(b->now->to) : "memory");
}

static void pack(struct border *b)
{
	dla_feature_pack(&b->feature, b->now->nhwc, b->now->npu);
}

static void unpack(struct border *b)
{
	dla_feature_unpack(&b->feature, b->now->npu, b->now->nhwc);
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

static double least(double a, double b)
{
	return a < b ? a : b;
}

static void measure_both(struct border *b, void (*what)(struct border *b), struct times *best)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		best->copying = least(best->copying, measure(b, copy));
		best->converting = least(best->converting, measure(b, what));
	}
}

static int8_t *allocate(size_t bytes)
{
	int8_t *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);

	if (!memory)
		exit(EXIT_FAILURE);
	memset(memory, 1, bytes);
	return memory;
}

static void begin_try(struct border *b, unsigned int i)
{
	struct memory *memory = &b->memory[i];

	if (!memory->nhwc)
		*memory = (struct memory) { allocate(b->plain), allocate(b->feature.bytes), allocate(b->bytes),
					    allocate(b->bytes) };
	b->now = memory;
	usleep(i * PAUSE);
}

static bool report(struct border *b, const char *name, void (*what)(struct border *b), unsigned int *number)
{
	const struct dla_feature *f = &b->feature;
	bool counts = 2 * b->bytes > FIRST_LEVEL, good = false;
	struct times best = { HUGE_VAL, HUGE_VAL };

	for (unsigned int i = 0; i < TRIES && !good; i++) {
		begin_try(b, i);
		measure_both(b, what, &best);
		good = best.copying / best.converting >= LIMIT || !counts;
	}
	if (counts)
		printf("%sok %u - ", good ? "" : "not ", ++*number);
	else
		printf("# ");
	printf("%s %ux%ux%u, atoms of %u: %.2f of memcpy\n", name, f->width, f->height, f->channels, f->atom,
	       best.copying / best.converting);
	return good;
}

static bool check(int32_t side, int32_t channels, enum dla_form form, unsigned int *number)
{
	struct border b = { .plain = (size_t)side * (size_t)side * (size_t)channels };
	bool good;

	(void)dla_feature_as(&(struct dla_shape) { 4, { 1, side, side, channels } }, form, 8, &b.feature);
	b.bytes = (b.plain + b.feature.bytes) / 2;
	b.repeat = (unsigned int)(BYTES_A_ROUND / b.bytes) + 1;
	good = report(&b, "to NPU", pack, number);
	good &= report(&b, "from NPU", unpack, number);
	for (unsigned int i = 0; i < TRIES; i++) {
		free(b.memory[i].nhwc);
		free(b.memory[i].npu);
		free(b.memory[i].from);
		free(b.memory[i].to);
	}
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
			good &= check(sides[s], channels[c], DLA_FORM_ATOMS, &number);
	good &= check(224, 3, DLA_FORM_PIXELS, &number);
	good &= check(1, 1001, DLA_FORM_ATOMS, &number);
	printf("1..%u\n", number);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
