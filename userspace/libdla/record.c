// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "error.h"
#include "record.h"

#define PAGE_BITS	12
#define PAGE_BYTES	(1u << PAGE_BITS)
#define PAGES		(1u << (32 - PAGE_BITS))

/* Equal bytes between two changes that are not worth a file of their own. */
#define JOIN_GAP	256

struct page {
	uint8_t data[PAGE_BYTES];
	uint8_t written[PAGE_BYTES / 8];	/* by the NPU, a bit a byte */
};

struct dla_record {
	char *dir;
	FILE *trace;
	unsigned int files;
	int err;
	struct page *page[PAGES];
};

static void failed(struct dla_record *record, int err)
{
	if (!record->err)
		record->err = err ? -err : -EIO;
}

int dla_record_error(const struct dla_record *record)
{
	return record->err ? dla_fail(-record->err, "recording to %s failed: %s", record->dir,
				      strerror(-record->err)) : 0;
}

static struct page *page_at(struct dla_record *record, uint32_t addr)
{
	struct page **page = &record->page[addr >> PAGE_BITS];

	if (!*page) {
		*page = calloc(1, sizeof(**page));
		if (!*page)
			failed(record, ENOMEM);
	}
	return *page;
}

int dla_record_open(const char *dir, struct dla_record **out)
{
	struct dla_record *record = calloc(1, sizeof(*record));
	char *path = NULL;
	int err = 0;

	if (!record || !(record->dir = strdup(dir)) || asprintf(&path, "%s/trace.txn", dir) < 0) {
		err = dla_fail_memory();
	} else if (mkdir(dir, 0777) && errno != EEXIST) {
		err = dla_fail(errno, "%s: %s", dir, strerror(errno));
	} else {
		record->trace = fopen(path, "w");
		if (!record->trace)
			err = dla_fail(errno, "%s: %s", path, strerror(errno));
	}
	free(path);
	if (err) {
		if (record)
			free(record->dir);
		free(record);
		return err;
	}
	*out = record;
	return 0;
}

void dla_record_write(struct dla_record *record, uint32_t reg, uint32_t value)
{
	if (fprintf(record->trace, "write 0x%" PRIx32 " 0x%" PRIx32 "\n", reg, value) < 0)
		failed(record, errno);
}

void dla_record_poll(struct dla_record *record, uint32_t reg, uint32_t mask, uint32_t value)
{
	if (fprintf(record->trace, "poll 0x%" PRIx32 " 0x%" PRIx32 " 0x%" PRIx32 "\n", reg, mask, value) < 0)
		failed(record, errno);
}

void dla_record_mark(struct dla_record *record, const char *name)
{
	if (fprintf(record->trace, "mark %s\n", name) < 0)
		failed(record, errno);
}

static void load(struct dla_record *record, uint32_t addr, const uint8_t *data, size_t bytes)
{
	char name[32], *path = NULL;
	FILE *file;

	snprintf(name, sizeof(name), "load%04u.bin", record->files++);
	if (asprintf(&path, "%s/%s", record->dir, name) < 0) {
		failed(record, ENOMEM);
		return;
	}
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, bytes, file) != bytes)
		failed(record, errno);
	if (file && fclose(file))
		failed(record, errno);
	free(path);
	if (fprintf(record->trace, "load 0x%" PRIx32 " %s\n", addr, name) < 0)
		failed(record, errno);
}

void dla_record_memory(struct dla_record *record, uint32_t addr, const void *data, size_t bytes)
{
	const uint8_t *new = data;
	size_t start = 0, end = 0;	/* a stretch that differs, not yet loaded */

	for (size_t i = 0; i < bytes; i++) {
		uint32_t at = addr + (uint32_t)i;
		struct page *page = page_at(record, at);

		if (!page)
			return;
		if (page->data[at % PAGE_BYTES] == new[i])
			continue;
		page->data[at % PAGE_BYTES] = new[i];
		if (end && i - end > JOIN_GAP) {
			load(record, addr + (uint32_t)start, new + start, end - start);
			end = 0;
		}
		if (!end)
			start = i;
		end = i + 1;
	}
	if (end)
		load(record, addr + (uint32_t)start, new + start, end - start);
}

void dla_record_npu_wrote(struct dla_record *record, uint32_t addr, const void *data, size_t bytes)
{
	const uint8_t *new = data;

	for (size_t i = 0; i < bytes; i++) {
		uint32_t at = addr + (uint32_t)i, byte = at % PAGE_BYTES;
		struct page *page = page_at(record, at);

		if (!page)
			return;
		page->data[byte] = new[i];
		page->written[byte / 8] |= (uint8_t)(1u << (byte % 8));
	}
}

/* A check of every stretch of bytes that the NPU has ever written, as memory is now. */
static void check_all(struct dla_record *record)
{
	uint64_t start = 0, bytes = 0;
	uLong crc = 0;

	for (uint64_t at = 0; at <= UINT64_C(1) << 32; at++) {
		const struct page *page = at >> 32 ? NULL : record->page[at >> PAGE_BITS];
		uint32_t byte = at % PAGE_BYTES;

		if (page && page->written[byte / 8] >> (byte % 8) & 1) {
			if (!bytes) {
				start = at;
				crc = crc32(0, NULL, 0);
			}
			crc = crc32(crc, &page->data[byte], 1);
			bytes++;
			continue;
		}
		if (bytes && fprintf(record->trace, "crc32 0x%" PRIx64 " %" PRIu64 " 0x%08lx\n",
				     start, bytes, crc) < 0)
			failed(record, errno);
		bytes = 0;
		if (!page)
			at |= PAGE_BYTES - 1;
	}
}

int dla_record_close(struct dla_record *record)
{
	int err;

	if (!record)
		return 0;
	dla_record_mark(record, "end");
	check_all(record);
	if (fclose(record->trace))
		failed(record, errno);
	err = dla_record_error(record);
	for (size_t i = 0; i < PAGES; i++)
		free(record->page[i]);
	free(record->dir);
	free(record);
	return err;
}
