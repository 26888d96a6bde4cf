/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_TEST_HARNESS_H
#define NVDLA_TEST_HARNESS_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * TEST(name) { ... } defines a test; harness.c runs each in a process of its own and prints TAP. A
 * test passes when it returns, fails with the first EXPECT that does not hold or when the kernel's
 * log shows trouble, and is left out with SKIP. What it allocates goes with the process.
 */

struct nvdla_test {
	const char *name;
	void (*run)(void);
	struct nvdla_test *next;
};

void nvdla_test_register(struct nvdla_test *test);
_Noreturn void nvdla_test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
_Noreturn void nvdla_test_skip(const char *reason);

#define TEST(test_name)								\
	static void test_##test_name(void);					\
	__attribute__((constructor)) static void register_##test_name(void)	\
	{									\
		static struct nvdla_test test = { #test_name, test_##test_name, NULL };	\
		nvdla_test_register(&test);					\
	}									\
	static void test_##test_name(void)

#define EXPECT(condition)							\
	do {									\
		if (!(condition))						\
			nvdla_test_fail(__FILE__, __LINE__, "%s", #condition);	\
	} while (0)

#define EXPECT_EQ(is, should)							\
	do {									\
		long long is_ = (long long)(is), should_ = (long long)(should);	\
		if (is_ != should_)						\
			nvdla_test_fail(__FILE__, __LINE__, "%s is %lld, should be %lld",	\
					#is, is_, should_);			\
	} while (0)

#define SKIP(reason)	nvdla_test_skip(reason)

#endif
