// SPDX-License-Identifier: MIT
#include <math.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "bytes.h"
#include "checkpoint.h"
#include "error.h"
#include "samples.h"
#include "train.h"

#define MAGIC	"NVDLAchk"
#define VERSION	1

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static double real_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* SHA-256 of all that the result depends on. */
static int identify(const struct training *t, uint8_t digest[SHA256_DIGEST_LENGTH])
{
	const struct dla_train_options *o = &t->options;
	const double number[] = {
		(double)o->rate, (double)o->momentum, (double)o->decay, (double)o->proximal, (double)o->held_out,
	};
	struct dla_writer w = { 0 };
	SHA2_CTX sha;

	dla_write(&w, t->head->id, sizeof(t->head->id));
	dla_write_u32(&w, o->epochs);
	dla_write_u32(&w, o->batch);
	dla_write_u32(&w, o->schedule);
	dla_write_u64(&w, o->seed);
	for (unsigned int i = 0; i < sizeof(number) / sizeof(number[0]); i++)
		dla_write_u64(&w, bits_of(number[i]));
	for (size_t i = 0; i < t->values; i++)
		dla_write_u64(&w, bits_of(t->start[i]));
	dla_write_u32(&w, t->samples->count);
	for (unsigned int i = 0; i < t->samples->count; i++)
		dla_write_u32(&w, t->samples->label[i]);
	if (!w.failed) {
		SHA256Init(&sha);
		SHA256Update(&sha, w.data, w.bytes);
		if (t->samples->count)
			SHA256Update(&sha, (const uint8_t *)t->samples->feature, (size_t)t->samples->count * t->features);
		SHA256Final(digest, &sha);
	}
	free(w.data);
	return w.failed ? dla_fail_memory() : 0;
}

int dla_checkpoint_write(const struct training *t)
{
	struct dla_writer head = { 0 }, body = { 0 };
	uint8_t digest[SHA256_DIGEST_LENGTH] = { 0 };
	int err = identify(t, digest);

	if (err)
		return err;
	dla_write(&body, digest, sizeof(digest));
	dla_write_u32(&body, t->epoch);
	dla_write_u64(&body, bits_of(t->loss));
	for (size_t i = 0; i < t->values; i++) {
		dla_write_u64(&body, bits_of(t->weights[i]));
		dla_write_u64(&body, bits_of(t->velocity[i]));
	}
	dla_write(&head, MAGIC, 8);
	dla_write_u32(&head, VERSION);
	dla_write_u32(&head, (uint32_t)crc32_z(0, body.data, body.failed ? 0 : body.bytes));
	err = head.failed || body.failed ? dla_fail_memory() : dla_write_file(t->options.checkpoint, &head, &body);
	free(head.data);
	free(body.data);
	return err;
}

static bool is_ours(const struct training *t, struct dla_reader *r, const uint8_t digest[SHA256_DIGEST_LENGTH])
{
	uint8_t theirs[SHA256_DIGEST_LENGTH];
	char magic[8];
	uint32_t version, crc;

	dla_read(r, magic, sizeof(magic));
	version = dla_read_u32(r);
	crc = dla_read_u32(r);
	if (r->failed || memcmp(magic, MAGIC, sizeof(magic)) != 0 || version != VERSION ||
	    crc != (uint32_t)crc32_z(0, r->at, r->left) || r->left != sizeof(theirs) + 4 + 8 + t->values * 16)
		return false;
	dla_read(r, theirs, sizeof(theirs));
	return !memcmp(theirs, digest, sizeof(theirs));
}

/* The values are those of a training, which ends with an error when they are not finite. */
static void read_values(struct training *t, struct dla_reader *r)
{
	uint32_t epoch = dla_read_u32(r);
	double loss = real_of(dla_read_u64(r));

	if (epoch > t->options.epochs)
		return;
	t->epoch = epoch;
	t->loss = loss;
	for (size_t i = 0; i < t->values; i++) {
		t->weights[i] = real_of(dla_read_u64(r));
		t->velocity[i] = real_of(dla_read_u64(r));
	}
}

int dla_checkpoint_read(struct training *t)
{
	const char *path = t->options.checkpoint;
	uint8_t digest[SHA256_DIGEST_LENGTH] = { 0 };
	struct dla_reader r;
	size_t bytes;
	void *data;
	int err;

	if (access(path, F_OK) && errno == ENOENT)
		return 0;
	err = dla_read_file(path, &data, &bytes);
	if (err)
		return err;
	r = (struct dla_reader) { .at = data, .left = bytes };
	err = identify(t, digest);
	if (!err && is_ours(t, &r, digest))
		read_values(t, &r);
	free(data);
	return err;
}
