// SPDX-License-Identifier: MIT
#include "random.h"

/* SplitMix64 */
uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

struct random random_stream(uint64_t seed, const char *kind, uint64_t index)
{
	struct random random = { seed };

	for (; *kind; kind++)
		random.state = random_next(&random) ^ (unsigned char)*kind;
	random.state = random_next(&random) ^ index;
	random.state = random_next(&random);
	return random;
}

uint32_t random_below(struct random *random, uint32_t limit)
{
	return (uint32_t)((random_next(random) >> 32) * limit >> 32);
}

int32_t random_between(struct random *random, int32_t least, int32_t most)
{
	uint64_t count = (uint64_t)((int64_t)most - least) + 1;

	return (int32_t)(least + (int64_t)((random_next(random) >> 32) * count >> 32));
}

bool random_one_in(struct random *random, uint32_t n)
{
	return !random_below(random, n);
}

int32_t random_pick(struct random *random, const int32_t *values, size_t count)
{
	return values[random_below(random, (uint32_t)count)];
}

uint32_t random_extent(struct random *random, uint32_t most)
{
	static const uint32_t usual[] = { 1, 8, 8, 8, 20, 20, 64, UINT32_MAX };
	uint32_t limit = usual[random_below(random, sizeof(usual) / sizeof(usual[0]))];

	return 1 + random_below(random, limit < most ? limit : most);
}
