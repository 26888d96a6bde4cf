// SPDX-License-Identifier: MIT
/* Conversions at the NPU's borders, with each set of instructions that this processor has, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "convert.h"

static uint64_t seed = 1;

static int8_t random_byte(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int8_t)(seed >> 56);
}

static size_t below(size_t limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % limit;
}

static size_t planes_of(const struct dla_pixels *p)
{
	return (p->channels + p->atom - 1) / p->atom;
}

/* Where channel c of pixel i is. */
static size_t place(const struct dla_pixels *p, size_t i, size_t c)
{
	return c / p->atom * p->plane_stride + i * p->atom + c % p->atom;
}

#define UNTOUCHED 0x55

/* A page that nobody may touch follows, which finds a byte too much without the address sanitizer, too. */
#define ROOM ((size_t)1 << 20)

struct memory {
	int8_t *start;
	size_t used;		/* at its end */
	size_t behind;		/* of these, behind what may be touched */
};

static struct memory memory[2];

static int map_memory(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		memory[i].start = mmap(NULL, ROOM + 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory[i].start == MAP_FAILED || mprotect(memory[i].start + ROOM, 65536, PROT_NONE))
			return -1;
	}
	return 0;
}

static int8_t *take(struct memory *m, size_t bytes)
{
	m->behind = below(2) ? below(32) : 0;
	m->used = bytes + m->behind + 32;
	assert_true(m->used <= ROOM);
	memset(m->start + ROOM - m->used, UNTOUCHED, m->used);
	return m->start + ROOM - m->behind - bytes;
}

static void check_around(const struct memory *m)
{
	for (size_t i = 0; i < 32; i++)
		assert_int_equal(m->start[ROOM - m->used + i], UNTOUCHED);
	for (size_t i = 0; i < m->behind; i++)
		assert_int_equal(m->start[ROOM - m->behind + i], UNTOUCHED);
}

static void check(const struct dla_convert *convert, const struct dla_pixels *p)
{
	size_t elements = p->count * p->channels;
	size_t bytes = p->count ? (planes_of(p) - 1) * p->plane_stride + p->count * p->atom : 0;
	int8_t *nhwc = take(&memory[0], elements), *npu = take(&memory[1], bytes);
	int8_t *expected = malloc(bytes + 1);

	memset(expected, UNTOUCHED, bytes);
	for (size_t i = 0; i < elements; i++)
		nhwc[i] = random_byte();
	for (size_t i = 0; i < p->count; i++)
		for (size_t c = 0; c < planes_of(p) * p->atom; c++)
			expected[place(p, i, c)] = c < p->channels ? (int8_t)(nhwc[i * p->channels + c] ^ p->flip) : 0;
	dla_convert_pack(convert, p, nhwc, npu);
	check_around(&memory[1]);
	if (memcmp(npu, expected, bytes))
		fail_msg("%s: packing %zu pixels of %u channels into atoms of %u is wrong", convert->name, p->count,
			 p->channels, p->atom);

	/* Spare channels may be anything. */
	for (size_t i = 0; i < p->count; i++)
		for (size_t c = p->channels; c < planes_of(p) * p->atom; c++)
			npu[place(p, i, c)] = random_byte();
	nhwc = take(&memory[0], elements);
	dla_convert_unpack(convert, p, npu, nhwc);
	check_around(&memory[0]);
	for (size_t i = 0; i < p->count; i++)
		for (size_t c = 0; c < p->channels; c++)
			if ((int8_t)(nhwc[i * p->channels + c] ^ p->flip) != expected[place(p, i, c)])
				fail_msg("%s: unpacking %zu pixels of %u channels from atoms of %u: pixel %zu, channel %zu",
					 convert->name, p->count, p->channels, p->atom, i, c);
	free(expected);
}

static void all_shapes(void **state)
{
	static const uint32_t atoms[] = { 4, 8, 16, 32 };
	const struct dla_convert *convert = dla_convert_find(*state);

	if (!convert)
		skip();
	for (size_t a = 0; a < sizeof(atoms) / sizeof(atoms[0]); a++) {
		uint32_t atom = atoms[a], most = atom == 4 ? 4 : 70;

		/* Every remainder of channels and of pixels, and whatever is between planes is left alone. */
		for (uint32_t channels = 1; channels <= most; channels++)
			for (size_t count = 0; count <= 40; count++)
				check(convert, &(struct dla_pixels) { count, channels, atom,
								      count * atom + below(3) * 7,
								      below(2) ? 0x80 : 0 });
		/* More pixels than are converted at once. */
		for (unsigned int i = 0; i < 60; i++) {
			size_t count = 300 + below(3000);

			check(convert, &(struct dla_pixels) { count, 1 + (uint32_t)below(most), atom, count * atom,
							      below(2) ? 0x80 : 0 });
		}
		if (atom > 4)
			for (size_t count = 1; count < 30; count++)
				check(convert, &(struct dla_pixels) { count, 1001, atom, count * atom });
	}
}

static void the_fastest_is_taken(void **state)
{
	const struct dla_convert *fastest = dla_convert_find(NULL);

	(void)state;
	assert_non_null(fastest);
	assert_ptr_equal(fastest, dla_convert_find(fastest->name));
	if (dla_convert_find("avx2") || dla_convert_find("neon"))
		assert_string_not_equal(fastest->name, "plain");
	assert_null(dla_convert_find("none"));
}

#ifdef __x86_64__
#define OTHER "avx2"
#else
#define OTHER "neon"
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "plain", all_shapes, NULL, NULL, "plain" },
		{ OTHER, all_shapes, NULL, NULL, OTHER },
		cmocka_unit_test(the_fastest_is_taken),
	};

	return cmocka_run_group_tests_name("conversions", tests, map_memory, NULL);
}
