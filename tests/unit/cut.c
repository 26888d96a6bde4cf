// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "cut.h"

/* The minimum cut against all divisions of small graphs. */

#define NODES	9
#define PAIRS	24

struct problem {
	int64_t near[NODES], far[NODES];
	struct {
		unsigned int near, far;
		int64_t cost;
	} pair[PAIRS];
	unsigned int pairs;
};

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static int64_t cost_of(const struct problem *problem, unsigned int near)
{
	int64_t cost = 0;

	for (unsigned int i = 0; i < NODES; i++)
		cost += near >> i & 1 ? problem->near[i] : problem->far[i];
	for (unsigned int i = 0; i < problem->pairs; i++)
		if (near >> problem->pair[i].near & 1 && !(near >> problem->pair[i].far & 1))
			cost += problem->pair[i].cost;
	return cost;
}

static int64_t solve(const struct problem *problem)
{
	struct dla_cut *cut = dla_cut_new(NODES);
	unsigned int near = 0;
	bool is_near[NODES];

	assert_non_null(cut);
	for (unsigned int i = 0; i < NODES; i++)
		dla_cut_node(cut, i, problem->near[i], problem->far[i]);
	for (unsigned int i = 0; i < problem->pairs; i++)
		dla_cut_pair(cut, problem->pair[i].near, problem->pair[i].far, problem->pair[i].cost);
	assert_int_equal(dla_cut_solve(cut, is_near), 0);
	dla_cut_free(cut);
	for (unsigned int i = 0; i < NODES; i++)
		near |= (unsigned int)is_near[i] << i;
	return cost_of(problem, near);
}

static void is_the_best_of_all(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct problem problem = { .pairs = next(&seed) % (PAIRS + 1) };
		int64_t best = INT64_MAX;

		for (unsigned int i = 0; i < NODES; i++) {
			problem.near[i] = next(&seed) % 7 ? next(&seed) % 100 : DLA_CUT_NEVER;
			problem.far[i] = next(&seed) % 100;
		}
		for (unsigned int i = 0; i < problem.pairs; i++) {
			problem.pair[i].near = next(&seed) % NODES;
			problem.pair[i].far = next(&seed) % NODES;
			problem.pair[i].cost = next(&seed) % 9 ? next(&seed) % 60 : DLA_CUT_NEVER;
		}
		for (unsigned int near = 0; near < 1u << NODES; near++)
			if (cost_of(&problem, near) < best)
				best = cost_of(&problem, near);
		assert_int_equal(solve(&problem), best);
	}
}

static void ties_are_far(void **state)
{
	struct dla_cut *cut = dla_cut_new(2);
	bool is_near[2] = { true, true };

	(void)state;
	dla_cut_node(cut, 0, 5, 5);
	assert_int_equal(dla_cut_solve(cut, is_near), 0);
	assert_false(is_near[0]);
	assert_false(is_near[1]);
	dla_cut_free(cut);
}

/* A chain as long as the longest networks that people send to readers. */
static void long_chains_end(void **state)
{
	enum { LENGTH = 20000 };
	struct dla_cut *cut = dla_cut_new(LENGTH);
	bool *is_near = calloc(LENGTH, sizeof(*is_near));

	(void)state;
	for (unsigned int i = 0; i < LENGTH; i++) {
		dla_cut_node(cut, i, 3, i % 2 ? 4 : 1);
		if (i)
			dla_cut_pair(cut, i, i - 1, 10);
	}
	assert_int_equal(dla_cut_solve(cut, is_near), 0);
	for (unsigned int i = 1; i < LENGTH; i++)
		assert_int_equal(is_near[i], is_near[0]);
	dla_cut_free(cut);
	free(is_near);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_best_of_all),
		cmocka_unit_test(ties_are_far),
		cmocka_unit_test(long_chains_end),
	};

	return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
