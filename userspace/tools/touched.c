// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "touched.h"

#define PAGE_BITS 12
#define PAGE_BYTES (1u << PAGE_BITS)
#define TABLE_BITS 10
#define TABLE_SIZE (1u << TABLE_BITS)
#define SPACE (UINT64_C(1) << 32)
#define BEATS (PAGE_BYTES / TOUCHED_BEAT)

struct touched_page {
	uint8_t read[BEATS];
	uint8_t written[PAGE_BYTES];
};

static struct touched_page *make_page(struct touched *touched, uint64_t addr)
{
	struct touched_page ***table = &touched->tables[addr >> PAGE_BITS >> TABLE_BITS];
	struct touched_page **page;

	if (!*table)
		*table = calloc(TABLE_SIZE, sizeof(**table));
	if (!*table)
		return NULL;
	page = &(*table)[(addr >> PAGE_BITS) % TABLE_SIZE];
	if (!*page)
		*page = calloc(1, sizeof(**page));
	return *page;
}

static uint64_t page_end(uint64_t addr)
{
	return (addr | (PAGE_BYTES - 1)) + 1;
}

static uint64_t clamp(uint64_t addr, size_t len)
{
	return addr < SPACE && len < SPACE - addr ? addr + len : SPACE;
}

int touched_note_read(struct touched *touched, uint64_t addr, size_t len)
{
	uint64_t end = clamp(addr, len);

	while (addr < end) {
		struct touched_page *page = make_page(touched, addr);
		uint64_t stop = page_end(addr) < end ? page_end(addr) : end;
		uint64_t first = addr % PAGE_BYTES / TOUCHED_BEAT;
		uint64_t last = (stop - 1) % PAGE_BYTES / TOUCHED_BEAT;

		if (!page)
			return -ENOMEM;
		memset(page->read + first, 1, last - first + 1);
		addr = stop;
	}
	return 0;
}

int touched_note_write(struct touched *touched, uint64_t addr, size_t len)
{
	uint64_t end = clamp(addr, len);

	while (addr < end) {
		struct touched_page *page = make_page(touched, addr);
		uint64_t stop = page_end(addr) < end ? page_end(addr) : end;

		if (!page)
			return -ENOMEM;
		memset(page->written + addr % PAGE_BYTES, 1, stop - addr);
		addr = stop;
	}
	return 0;
}

void touched_clear(struct touched *touched)
{
	for (size_t t = 0; t < TABLE_SIZE; t++) {
		if (!touched->tables[t])
			continue;
		for (size_t p = 0; p < TABLE_SIZE; p++)
			free(touched->tables[t][p]);
		free(touched->tables[t]);
		touched->tables[t] = NULL;
	}
}

/* Ranges come in order; one that continues the last makes that longer. */
static int append(struct touched_set *set, uint64_t start, uint64_t end)
{
	struct touched_range *last = set->count ? &set->ranges[set->count - 1] : NULL;

	if (last && last->end == start) {
		last->end = end;
		return 0;
	}
	/* Doubles at each power of two. */
	if (!(set->count & (set->count - 1))) {
		size_t room = set->count ? 2 * set->count : 1;
		void *grown = realloc(set->ranges, room * sizeof(*set->ranges));

		if (!grown)
			return -ENOMEM;
		set->ranges = grown;
	}
	set->ranges[set->count++] = (struct touched_range){ start, end };
	return 0;
}

static int collect_page(const uint8_t *marks, size_t count, unsigned int unit, uint64_t base,
			struct touched_set *set)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < count;) {
		size_t start = i;

		while (i < count && marks[i] == marks[start])
			i++;
		if (marks[start])
			ret = append(set, base + start * unit, base + i * unit);
	}
	return ret;
}

int touched_collect(const struct touched *touched, struct touched_sets *sets)
{
	int ret = 0;

	*sets = (struct touched_sets){ 0 };
	for (size_t i = 0; !ret && i < TABLE_SIZE * TABLE_SIZE; i++) {
		struct touched_page **table = touched->tables[i / TABLE_SIZE];
		const struct touched_page *page = table ? table[i % TABLE_SIZE] : NULL;
		uint64_t base = (uint64_t)i << PAGE_BITS;

		if (!page)
			continue;
		ret = collect_page(page->read, BEATS, TOUCHED_BEAT, base, &sets->read);
		if (!ret)
			ret = collect_page(page->written, PAGE_BYTES, 1, base, &sets->written);
	}
	if (ret)
		touched_sets_free(sets);
	return ret;
}

static void print_set(const struct touched_set *set, char kind, FILE *file)
{
	for (size_t i = 0; i < set->count; i++)
		fprintf(file, "%c %08" PRIx64 " %08" PRIx64 "\n", kind, set->ranges[i].start,
			set->ranges[i].end);
}

void touched_print(const struct touched_sets *sets, FILE *file)
{
	print_set(&sets->read, 'R', file);
	print_set(&sets->written, 'W', file);
}

void touched_sets_free(struct touched_sets *sets)
{
	free(sets->read.ranges);
	free(sets->written.ranges);
	*sets = (struct touched_sets){ 0 };
}

/* What is wrong with the line, or NULL. */
static const char *parse_line(char *line, struct touched_sets *sets)
{
	uint64_t start, end;
	struct touched_set *set;
	char kind, rest;
	int fields;

	line[strcspn(line, "#\n")] = '\0';
	if (!line[strspn(line, " \t\r")])
		return NULL;
	fields = sscanf(line, " %c %" SCNx64 " %" SCNx64 " %c", &kind, &start, &end, &rest);
	if (fields != 3 || (kind != 'R' && kind != 'W'))
		return "not \"R START END\" or \"W START END\"";
	set = kind == 'R' ? &sets->read : &sets->written;
	if (start >= end || end > SPACE)
		return "not a range of 32-bit addresses";
	if (set->count && start < set->ranges[set->count - 1].end)
		return "out of order";
	return append(set, start, end) ? strerror(ENOMEM) : NULL;
}

int touched_load(const char *path, struct touched_sets *sets, char *error, size_t error_size)
{
	FILE *file = fopen(path, "r");
	const char *wrong = NULL;
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;

	*sets = (struct touched_sets){ 0 };
	if (!file) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	while (!wrong && getline(&line, &size, file) >= 0) {
		number++;
		wrong = parse_line(line, sets);
	}
	if (!wrong && ferror(file))
		wrong = strerror(errno);
	if (wrong) {
		snprintf(error, error_size, "%s:%u: %s", path, number, wrong);
		touched_sets_free(sets);
	}
	free(line);
	fclose(file);
	return wrong ? -1 : 0;
}

/* The first stretch of a that b lacks; false when there is none. */
static bool first_lack(const struct touched_set *a, const struct touched_set *b,
		       struct touched_range *lack)
{
	size_t j = 0;

	for (size_t i = 0; i < a->count; i++) {
		uint64_t at = a->ranges[i].start, end = a->ranges[i].end;

		while (j < b->count && b->ranges[j].end <= at)
			j++;
		/* Ranges of a set do not touch: what begins in one of b's ends there too. */
		if (j < b->count && b->ranges[j].start <= at)
			at = b->ranges[j].end;
		if (at >= end)
			continue;
		if (j < b->count && b->ranges[j].start > at && b->ranges[j].start < end)
			end = b->ranges[j].start;
		else if (j + 1 < b->count && b->ranges[j].end == at &&
			 b->ranges[j + 1].start < end)
			end = b->ranges[j + 1].start;
		*lack = (struct touched_range){ at, end };
		return true;
	}
	return false;
}

static int compare_set(const struct touched_set *got, const struct touched_set *expected,
		       const char *verb, char *error, size_t error_size)
{
	struct touched_range surplus, missing;
	bool more = first_lack(got, expected, &surplus);
	bool less = first_lack(expected, got, &missing);

	if (more && (!less || surplus.start < missing.start))
		snprintf(error, error_size,
			 "0x%" PRIx64 "..0x%" PRIx64 " was %s, %s does not have it",
			 surplus.start, surplus.end, verb, TOUCHED_FILE);
	else if (less)
		snprintf(error, error_size,
			 "0x%" PRIx64 "..0x%" PRIx64 " was not %s, %s has it",
			 missing.start, missing.end, verb, TOUCHED_FILE);
	return more || less ? -1 : 0;
}

int touched_compare(const struct touched_sets *got, const struct touched_sets *expected,
		    char *error, size_t error_size)
{
	int ret = compare_set(&got->read, &expected->read, "read", error, error_size);

	return ret ? ret : compare_set(&got->written, &expected->written, "written", error,
				       error_size);
}
