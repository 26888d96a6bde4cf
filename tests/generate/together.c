// SPDX-License-Identifier: MIT
/* Operations that are in flight together, in the two groups of an engine or on several engines. */
#include "chain.h"
#include "kinds.h"

#define MOST 8

static struct chain_wish wish_kind(struct generator *g, enum chain_kind kind)
{
	struct chain_wish wish = { .kind = kind, .conv.tidy = true };

	wish.conv.image = random_one_in(&g->random, 5);
	wish.plain = random_one_in(&g->random, 3);
	return wish;
}

bool generate_queue(struct generator *g)
{
	enum chain_kind kind = random_below(&g->random, CHAIN_KINDS);
	unsigned int count = 3 + random_below(&g->random, 4);
	struct chain chain;

	g->budget /= count;
	for (unsigned int i = 0; i < count; i++) {
		struct chain_wish wish = wish_kind(g, kind);

		/* Readers have groups of their own, and work for some operations only. */
		if (kind <= CHAIN_SDP_PDP && random_one_in(&g->random, 3))
			wish.kind = random_below(&g->random, CHAIN_SDP_PDP + 1);
		if (!chain_draw(g, &wish, &chain))
			return false;
		chain_program(g, &chain);
		chain_start(g, &chain);
	}
	return true;
}

bool generate_parallel(struct generator *g)
{
	static const enum chain_kind sets[][3] = {
		{ CHAIN_CONV, CHAIN_PDP, CHAIN_CDP },
		{ CHAIN_SDP, CHAIN_PDP, CHAIN_CDP },
		{ CHAIN_CONV_PDP, CHAIN_CDP, CHAIN_KINDS },
		{ CHAIN_SDP_PDP, CHAIN_CDP, CHAIN_KINDS },
		{ CHAIN_CONV, CHAIN_PDP, CHAIN_KINDS },
	};
	const enum chain_kind *set = sets[random_below(&g->random, sizeof(sets) / sizeof(sets[0]))];
	unsigned int rounds = 1 + random_below(&g->random, 2), count = 0, first;
	struct chain chains[3];

	g->budget /= rounds;
	for (unsigned int round = 0; round < rounds; round++) {
		for (count = 0; count < 3 && set[count] != CHAIN_KINDS; count++) {
			struct chain_wish wish = wish_kind(g, set[count]);

			if (!chain_draw(g, &wish, &chains[count]))
				return false;
			chain_program(g, &chains[count]);
		}
		first = random_below(&g->random, count);
		for (unsigned int i = 0; i < count; i++)
			chain_start(g, &chains[(first + i) % count]);
	}
	return true;
}

struct result {
	struct surface surface;
	int launch;
};

/* A kind that can take a cube of this size from memory, or make its own input. */
static bool draw_step(struct generator *g, const struct result *from, struct chain *chain)
{
	struct chain_wish wish = wish_kind(g, random_below(&g->random, CHAIN_KINDS));

	if (from) {
		wish.in = &from->surface;
		wish.conv.image = false;
	}
	return chain_draw(g, &wish, chain);
}

bool generate_sequence(struct generator *g)
{
	unsigned int count = 2 + random_below(&g->random, MOST - 1);
	struct result results[MOST];
	struct chain chain;

	g->budget /= count;
	for (unsigned int i = 0; i < count; i++) {
		const struct result *from = NULL;

		if (i && !random_one_in(&g->random, 3))
			from = &results[random_below(&g->random, 2) ? i - 1 :
					random_below(&g->random, i)];
		if (!draw_step(g, from, &chain))
			return false;
		chain_program(g, &chain);
		if (from)
			script_wait(&g->script, from->launch);
		results[i].surface = *chain_output(&chain);
		results[i].launch = chain_start(g, &chain);
		if (random_one_in(&g->random, 6))
			script_wait(&g->script, results[i].launch);
	}
	return true;
}
