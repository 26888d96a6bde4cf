// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "bytes.h"
#include "error.h"
#include "samples.h"

/*
 * A file of samples is a header and then records of one size, in the order in which they came: label, features,
 * CRC-32 of both. They are appended, so a power cut may leave less of the last ones than was written, in any
 * order: a record whose checksum is wrong is passed over.
 */
#define MAGIC		"NVDLAsam"
#define VERSION		1
#define HEADER_BYTES	(8 + 4 + 4 + DLA_BACKBONE_ID + 4)

#define LIMIT_BYTES	INT32_MAX

static size_t record_bytes(const struct dla_samples *samples)
{
	return 4 + samples->features + 4;
}

/* Magic, version, features, backbone, CRC-32 of these. */
static bool write_header(const struct dla_samples *samples, struct dla_writer *w)
{
	dla_write(w, MAGIC, 8);
	dla_write_u32(w, VERSION);
	dla_write_u32(w, samples->features);
	dla_write(w, samples->id, sizeof(samples->id));
	dla_write_u32(w, (uint32_t)crc32_z(0, w->data, w->failed ? 0 : w->bytes));
	return !w->failed;
}

static int damaged(const struct dla_samples *samples, const char *what)
{
	return dla_fail(EINVAL, "%s: no file of samples, or damaged: %s", samples->path, what);
}

static int read_header(const struct dla_samples *samples, struct dla_reader *r)
{
	const uint8_t *start = r->at;
	char magic[8], id[DLA_BACKBONE_ID];
	uint32_t version, features, crc;

	dla_read(r, magic, sizeof(magic));
	version = dla_read_u32(r);
	features = dla_read_u32(r);
	dla_read(r, id, sizeof(id));
	crc = dla_read_u32(r);
	if (r->failed || memcmp(magic, MAGIC, sizeof(magic)) != 0)
		return damaged(samples, "it has no header");
	if (crc != (uint32_t)crc32_z(0, start, HEADER_BYTES - 4))
		return damaged(samples, "its header's checksum is wrong");
	if (version != VERSION)
		return dla_fail(EOPNOTSUPP, "%s: of version %u; this library reads version %d", samples->path, version,
				VERSION);
	if (id[DLA_BACKBONE_ID - 1] || strspn(id, "0123456789abcdef") != DLA_BACKBONE_ID - 1)
		return damaged(samples, "its backbone is none");
	if (memcmp(id, samples->id, sizeof(id)) != 0 || features != samples->features)
		return dla_fail(ESTALE, "%s: its features are another backbone's, %.12s; this network's is %.12s", samples->path,
				id, samples->id);
	return 0;
}

/* -------------------------------------------------------------------------------- in memory */

static int make_room(struct dla_samples *samples)
{
	unsigned int room = samples->room ? samples->room * 2 : 256;
	int8_t *feature;
	uint32_t *label;

	if (samples->count < samples->room)
		return 0;
	if ((uint64_t)room * record_bytes(samples) > 2 * (uint64_t)LIMIT_BYTES)
		return dla_fail(EFBIG, "there are too many samples: %u", samples->count);
	feature = realloc(samples->feature, (size_t)room * samples->features);
	if (!feature)
		return dla_fail_memory();
	samples->feature = feature;
	label = realloc(samples->label, room * sizeof(*label));
	if (!label)
		return dla_fail_memory();
	samples->label = label;
	samples->room = room;
	return 0;
}

/* There is room. */
static void keep(struct dla_samples *samples, const void *features, uint32_t label)
{
	memcpy(samples->feature + (size_t)samples->count * samples->features, features, samples->features);
	samples->label[samples->count++] = label;
}

/* ---------------------------------------------------------------------------------- in a file */

static int read_records(struct dla_samples *samples, struct dla_reader *r)
{
	int err = 0;

	samples->end = HEADER_BYTES;
	while (r->left >= record_bytes(samples) && !err) {
		const uint8_t *start = r->at, *features;
		uint32_t label = dla_read_u32(r);

		features = dla_read_in_place(r, samples->features);
		samples->end += (off_t)record_bytes(samples);
		if (dla_read_u32(r) != (uint32_t)crc32_z(0, start, record_bytes(samples) - 4) ||
		    label >= DLA_HEAD_MAX_CLASSES)
			continue;
		err = make_room(samples);
		if (!err)
			keep(samples, features, label);
	}
	return err;
}

static int read_samples(struct dla_samples *samples)
{
	struct dla_reader r = { 0 };
	void *data;
	size_t bytes;
	int err = dla_read_file(samples->path, &data, &bytes);

	if (err)
		return err;
	r = (struct dla_reader) { .at = data, .left = bytes };
	err = read_header(samples, &r);
	if (!err)
		err = read_records(samples, &r);
	free(data);
	/* What is left is less than a record. */
	if (!err && ftruncate(samples->fd, samples->end))
		err = dla_fail(errno, "%s: %s", samples->path, strerror(errno));
	return err;
}

/* All at once, but for what a signal or a full disk leaves. */
static int write_at(const struct dla_samples *samples, const uint8_t *data, size_t bytes, off_t at)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t wrote = pwrite(samples->fd, data + done, bytes - done, at + (off_t)done);

		if (wrote > 0)
			done += (size_t)wrote;
		else if (wrote == 0 || errno != EINTR)
			return dla_fail(wrote ? errno : ENOSPC, "%s: %s", samples->path, strerror(wrote ? errno : ENOSPC));
	}
	return 0;
}

/* An empty file is new, or was when power failed. */
static int begin_file(struct dla_samples *samples)
{
	struct dla_writer header = { 0 };
	int err = write_header(samples, &header) ? write_at(samples, header.data, header.bytes, 0) : dla_fail_memory();

	free(header.data);
	if (!err && fsync(samples->fd))
		err = dla_fail(errno, "%s: %s", samples->path, strerror(errno));
	if (err)
		(void)!ftruncate(samples->fd, 0);
	return err ? err : dla_sync_folder(samples->path);
}

/* Whoever has it open has it alone. */
static int open_file(struct dla_samples *samples)
{
	struct stat status;
	int err = 0;

	samples->fd = open(samples->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (samples->fd < 0)
		return dla_fail(errno, "%s: %s", samples->path, strerror(errno));
	if (flock(samples->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? dla_fail(EBUSY, "%s: another one has it open", samples->path) :
					      dla_fail(errno, "%s: %s", samples->path, strerror(errno));
	if (fstat(samples->fd, &status))
		return dla_fail(errno, "%s: %s", samples->path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return dla_fail(EINVAL, "%s: no file", samples->path);
	if (!status.st_size)
		err = begin_file(samples);
	return err ? err : read_samples(samples);
}

static void release(struct dla_samples *samples)
{
	if (samples->fd >= 0)
		close(samples->fd);
	free(samples->feature);
	free(samples->label);
	free(samples->record);
	free(samples->path);
	free(samples);
}

struct dla_samples *dla_samples_open(struct dla_head *head, const char *path)
{
	struct dla_samples *samples = calloc(1, sizeof(*samples));
	int err = samples ? 0 : dla_fail_memory();

	if (!err) {
		samples->head = head;
		samples->features = head->cut.features;
		samples->fd = -1;
		memcpy(samples->id, head->id, sizeof(samples->id));
		samples->record = malloc(record_bytes(samples));
		samples->path = path ? strdup(path) : NULL;
		if (!samples->record || (path && !samples->path))
			err = dla_fail_memory();
	}
	if (!err && path)
		err = open_file(samples);
	if (!err)
		return samples;
	if (samples)
		release(samples);
	errno = -err;
	return NULL;
}

int dla_samples_close(struct dla_samples *samples)
{
	int err = 0;

	if (!samples)
		return 0;
	if (samples->fd >= 0 && fdatasync(samples->fd))
		err = dla_fail(errno, "%s: %s", samples->path, strerror(errno));
	release(samples);
	return err ? dla_head_failed(err) : 0;
}

/* As a whole: what was written of it in vain is cut off. */
static int append(struct dla_samples *samples, const int8_t *features, uint32_t label)
{
	size_t bytes = record_bytes(samples);
	uint32_t crc;
	int err;

	for (unsigned int i = 0; i < 4; i++)
		samples->record[i] = (uint8_t)(label >> (8 * i));
	memcpy(samples->record + 4, features, samples->features);
	crc = (uint32_t)crc32_z(0, samples->record, bytes - 4);
	for (unsigned int i = 0; i < 4; i++)
		samples->record[bytes - 4 + i] = (uint8_t)(crc >> (8 * i));
	if (samples->end > LIMIT_BYTES - (off_t)bytes)
		return dla_fail(EFBIG, "%s: it is full", samples->path);
	err = write_at(samples, samples->record, bytes, samples->end);
	if (err)
		(void)!ftruncate(samples->fd, samples->end);
	else
		samples->end += (off_t)bytes;
	return err;
}

int dla_samples_add(struct dla_samples *samples, const int8_t *features, unsigned int label)
{
	int err = 0;

	if (label >= samples->head->now.classes)
		err = dla_fail(ERANGE, "label %u does not exist: the head has %u classes", label, samples->head->now.classes);
	if (!err)
		err = make_room(samples);
	if (!err && samples->path)
		err = append(samples, features, label);
	if (err)
		return dla_head_failed(err);
	keep(samples, features, label);
	return 0;
}

/* ------------------------------------------------------------------------------------ asking */

unsigned int dla_samples_count(const struct dla_samples *samples)
{
	return samples->count;
}

static bool exists(const struct dla_samples *samples, unsigned int index)
{
	if (index < samples->count)
		return true;
	errno = -dla_fail(ERANGE, "sample %u does not exist: there are %u", index, samples->count);
	return false;
}

const int8_t *dla_samples_features(const struct dla_samples *samples, unsigned int index)
{
	return exists(samples, index) ? samples->feature + (size_t)index * samples->features : NULL;
}

int dla_samples_label(const struct dla_samples *samples, unsigned int index)
{
	return exists(samples, index) ? (int)samples->label[index] : -1;
}

int dla_samples_fit(const struct dla_samples *samples, const struct dla_head *head)
{
	if (!memcmp(samples->id, head->id, sizeof(head->id)))
		return 0;
	return dla_fail(ESTALE, "the samples are of another backbone, %.12s, and not of %.12s", samples->id, head->id);
}
