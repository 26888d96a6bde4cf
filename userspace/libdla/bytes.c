// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "bytes.h"
#include "error.h"

#define MAGIC_BYTES 8

void dla_write(struct dla_writer *w, const void *data, size_t bytes)
{
	if (bytes > w->room - w->bytes && !w->failed) {
		size_t room = 2 * w->room + bytes + 4096;
		uint8_t *more = realloc(w->data, room);

		w->failed = !more;
		if (more) {
			w->data = more;
			w->room = room;
		}
	}
	if (w->failed || !bytes)
		return;
	memcpy(w->data + w->bytes, data, bytes);
	w->bytes += bytes;
}

static void write_number(struct dla_writer *w, uint64_t value, unsigned int bytes)
{
	uint8_t data[8];

	for (unsigned int i = 0; i < bytes; i++)
		data[i] = (uint8_t)(value >> (8 * i));
	dla_write(w, data, bytes);
}

void dla_write_u32(struct dla_writer *w, uint32_t value)
{
	write_number(w, value, 4);
}

void dla_write_u64(struct dla_writer *w, uint64_t value)
{
	write_number(w, value, 8);
}

static bool write_part(FILE *file, const struct dla_writer *part)
{
	return !part->bytes || fwrite(part->data, 1, part->bytes, file) == part->bytes;
}

static int write_all(FILE *file, const struct dla_writer *head, const struct dla_writer *body)
{
	if (!write_part(file, head) || !write_part(file, body) || fflush(file))
		return errno ? errno : EIO;
	return 0;
}

int dla_sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd, err;

	if (!copy)
		return dla_fail_memory();
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = fd < 0 || fsync(fd) ? errno : 0;
	if (fd >= 0)
		close(fd);
	free(copy);
	/* Not every file system can, and who may write there need not be one who may read. */
	if (!err || err == EINVAL || err == EROFS || err == EACCES)
		return 0;
	return dla_fail(err, "%s: %s", path, strerror(err));
}

/* Whoever asks for a mask changes it, for all threads at once: so the system applies it, unlike mkstemp(). */
static int open_part(const char *path, char **part)
{
	uint32_t number;
	int fd;

	do {
		free(*part);
		*part = NULL;
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -1;
		if (asprintf(part, "%s.part-%08x", path, number) < 0) {
			*part = NULL;
			return -1;
		}
		fd = open(*part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EEXIST);
	return fd;
}

int dla_write_file(const char *path, const struct dla_writer *head, const struct dla_writer *body)
{
	struct stat old;
	char *part = NULL;
	FILE *file;
	int fd, err;

	/* A folder is rename()'s to refuse; /dev/null would be replaced. */
	if (!stat(path, &old) && !S_ISREG(old.st_mode) && !S_ISDIR(old.st_mode))
		return dla_fail(EINVAL, "%s: no file", path);
	fd = open_part(path, &part);
	file = fd < 0 ? NULL : fdopen(fd, "wb");
	err = file ? write_all(file, head, body) : errno;
	if (!err && fsync(fd))
		err = errno;
	if (file && fclose(file) && !err)
		err = errno;
	else if (!file && fd >= 0)
		close(fd);
	if (!err && rename(part, path))
		err = errno;
	if (err && fd >= 0)
		unlink(part);
	free(part);
	return err ? dla_fail(err, "%s: %s", path, strerror(err)) : dla_sync_folder(path);
}

int dla_write_sealed(const char *path, const char *magic, uint32_t version, const struct dla_writer *body)
{
	struct dla_writer seal = { 0 };
	int err;

	dla_write(&seal, magic, MAGIC_BYTES);
	dla_write_u32(&seal, version);
	dla_write_u32(&seal, (uint32_t)crc32_z(0, body->data, body->failed ? 0 : body->bytes));
	dla_write_u64(&seal, body->bytes);
	err = seal.failed || body->failed ? dla_fail_memory() : dla_write_file(path, &seal, body);
	free(seal.data);
	return err;
}

int dla_read_file(const char *path, void **data, size_t *bytes)
{
	FILE *file = fopen(path, "rb");
	long end = 0;
	int err = 0;

	*data = NULL;
	*bytes = 0;
	if (!file)
		return dla_fail(errno, "%s: %s", path, strerror(errno));
	if (fseek(file, 0, SEEK_END) || (end = ftell(file)) < 0 || fseek(file, 0, SEEK_SET)) {
		err = dla_fail(errno, "%s: %s", path, strerror(errno));
	} else if (end > INT32_MAX) {
		/* A directory "ends" here too. */
		err = dla_fail(EFBIG, "%s: not a file of at most 2 GiB", path);
	} else {
		*bytes = (size_t)end;
		*data = malloc(*bytes + 1);
		if (!*data)
			err = dla_fail(ENOMEM, "%s: out of memory for %zu bytes", path, *bytes);
		else if (fread(*data, 1, *bytes, file) != *bytes)
			err = dla_fail(EIO, "%s: reading failed", path);
	}
	fclose(file);
	if (err)
		free(*data);
	return err;
}

const void *dla_read_in_place(struct dla_reader *r, uint64_t bytes)
{
	const uint8_t *data = r->at;

	if (r->failed || bytes > r->left) {
		r->failed = true;
		return NULL;
	}
	r->at += bytes;
	r->left -= (size_t)bytes;
	return data;
}

void dla_read(struct dla_reader *r, void *data, size_t bytes)
{
	const void *from = dla_read_in_place(r, bytes);

	if (from)
		memcpy(data, from, bytes);
	else
		memset(data, 0, bytes);
}

static uint64_t read_number(struct dla_reader *r, unsigned int bytes)
{
	uint64_t value = 0;
	uint8_t data[8];

	dla_read(r, data, bytes);
	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)data[i] << (8 * i);
	return value;
}

uint32_t dla_read_u32(struct dla_reader *r)
{
	return (uint32_t)read_number(r, 4);
}

uint64_t dla_read_u64(struct dla_reader *r)
{
	return read_number(r, 8);
}

int dla_read_seal(struct dla_reader *r, const char *magic, uint32_t version, const char *damaged, const char *advice)
{
	char theirs[MAGIC_BYTES];
	uint32_t number, crc;
	uint64_t bytes;

	dla_read(r, theirs, sizeof(theirs));
	number = dla_read_u32(r);
	crc = dla_read_u32(r);
	bytes = dla_read_u64(r);
	if (r->failed || memcmp(theirs, magic, sizeof(theirs)) != 0)
		return dla_fail(EINVAL, "%s: it has no header", damaged);
	if (number != version)
		return dla_fail(EOPNOTSUPP, "of version %u; this library reads version %u%s", number, version, advice);
	if (bytes != r->left)
		return dla_fail(EINVAL, "%s: not as long as it says", damaged);
	if (crc != (uint32_t)crc32_z(0, r->at, r->left))
		return dla_fail(EINVAL, "%s: its checksum is wrong", damaged);
	return 0;
}

uint32_t dla_read_count(struct dla_reader *r, size_t bytes)
{
	uint32_t count = dla_read_u32(r);

	if (count <= r->left / bytes)
		return count;
	r->failed = true;
	return 0;
}
