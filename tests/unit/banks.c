// SPDX-License-Identifier: MIT
/* Convolutions share a split of the buffer as long as that takes banks from none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "banks.h"

#define BANKS 32
#define OPS 40

static const struct drm_nvdla_dev_info hw = { .cbuf_banks = BANKS };

static unsigned int below(unsigned int *seed, unsigned int limit)
{
	return (unsigned int)rand_r(seed) % limit;
}

static unsigned int random_program(unsigned int seed, struct drm_nvdla_op *op)
{
	unsigned int count = 1 + below(&seed, OPS);

	memset(op, 0, OPS * sizeof(*op));
	for (unsigned int i = 0; i < count; i++) {
		unsigned int data = 1 + below(&seed, BANKS - 1);

		op[i].engine = below(&seed, 2) ? DRM_NVDLA_CONV : DRM_NVDLA_SDP;
		if (op[i].engine != DRM_NVDLA_CONV)
			continue;
		/* Small ones more often, so that runs have some length. */
		op[i].conv.data_banks = (__u8)(below(&seed, 3) ? 1 + data % 4 : data);
		op[i].conv.weight_banks = (__u8)(1 + below(&seed, BANKS - op[i].conv.data_banks));
		if (below(&seed, 3))
			op[i].conv.weight_banks = (__u8)(1 + op[i].conv.weight_banks % 4);
		if (op[i].conv.data_banks + op[i].conv.weight_banks > BANKS)
			op[i].conv.weight_banks = (__u8)(BANKS - op[i].conv.data_banks);
	}
	return count;
}

static void takes_from_none(void **state)
{
	static struct drm_nvdla_op before[OPS], after[OPS];
	unsigned int shared = 0;

	(void)state;
	for (unsigned int seed = 0; seed < 2000; seed++) {
		const struct drm_nvdla_conv *last = NULL;
		unsigned int count = random_program(seed, before);

		memcpy(after, before, sizeof(after));
		dla_banks_share(&hw, after, count);
		for (unsigned int i = 0; i < OPS; i++) {
			struct drm_nvdla_op plain = after[i];

			if (after[i].engine == DRM_NVDLA_CONV) {
				const struct drm_nvdla_conv *conv = &after[i].conv;

				assert_true(conv->data_banks >= before[i].conv.data_banks);
				assert_true(conv->weight_banks >= before[i].conv.weight_banks);
				assert_int_equal(conv->data_banks + conv->weight_banks, BANKS);
				shared += last && last->data_banks == conv->data_banks;
				last = conv;
				plain.conv.data_banks = before[i].conv.data_banks;
				plain.conv.weight_banks = before[i].conv.weight_banks;
			}
			assert_memory_equal(&plain, &before[i], sizeof(plain));
		}
	}
	assert_true(shared > 2000);
}

static void set(struct drm_nvdla_op *op, unsigned int data, unsigned int weights)
{
	op->engine = DRM_NVDLA_CONV;
	op->conv.data_banks = (__u8)data;
	op->conv.weight_banks = (__u8)weights;
}

/* The split changes only where the next convolution does not fit the banks of those before. */
static void changes_where_it_must(void **state)
{
	struct drm_nvdla_op op[5] = { 0 };

	(void)state;
	set(&op[0], 4, 1);
	op[1].engine = DRM_NVDLA_SDP;
	set(&op[2], 8, 20);
	set(&op[3], 2, 24);
	set(&op[4], 3, 29);
	dla_banks_share(&hw, op, 5);
	assert_int_equal(op[0].conv.data_banks, 8);
	assert_int_equal(op[0].conv.weight_banks, 24);
	assert_int_equal(op[2].conv.data_banks, 8);
	assert_int_equal(op[3].conv.data_banks, 8);
	assert_int_equal(op[4].conv.data_banks, 3);
	assert_int_equal(op[4].conv.weight_banks, 29);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_from_none),
		cmocka_unit_test(changes_where_it_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
