// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "error.h"
#include "head.h"
#include "network.h"

/*
 * A head's file, sealed (bytes.h): the backbone's identity, its features, what is learnt and, if there is, what was
 * before. What the file's own layer says is not repeated: such a head has
 * names only.
 */
#define MAGIC	"NVDLAhed"
#define VERSION	1
#define DAMAGED	"no head's file, or damaged"

static void write_real(struct dla_writer *w, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	dla_write_u32(w, bits);
}

static float read_real(struct dla_reader *r)
{
	uint32_t bits = dla_read_u32(r);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* --------------------------------------------------------------------------------- writing */

static void write_learnt(struct dla_writer *w, const struct dla_head *head, const struct dla_learnt *learnt)
{
	dla_write_u32(w, learnt->classes);
	dla_write_u32(w, learnt->version);
	dla_write_u32(w, learnt->original);
	write_real(w, learnt->scale);
	dla_write_u32(w, (uint32_t)learnt->zero_point);
	for (unsigned int c = 0; c < learnt->classes; c++) {
		size_t bytes = learnt->name[c] ? strlen(learnt->name[c]) : 0;

		dla_write_u32(w, (uint32_t)bytes);
		dla_write(w, learnt->name[c], bytes);
	}
	for (size_t i = 0; i < dla_learnt_values(head, learnt->classes) && !learnt->original; i++)
		write_real(w, learnt->weights[i]);
}

int dla_head_save(const struct dla_head *head, const char *path)
{
	struct dla_writer body = { 0 };
	int err;

	dla_write(&body, head->id, sizeof(head->id));
	dla_write_u32(&body, head->cut.features);
	dla_write_u32(&body, head->has_before);
	write_learnt(&body, head, &head->now);
	if (head->has_before)
		write_learnt(&body, head, &head->before);
	err = dla_write_sealed(path, MAGIC, VERSION, &body);
	free(body.data);
	return err ? dla_head_failed(err) : 0;
}

/* --------------------------------------------------------------------------------- reading */

static int damaged(const char *what)
{
	return dla_fail(EINVAL, DAMAGED ": %s", what);
}

static int read_name(struct dla_reader *r, char **name)
{
	uint32_t bytes = dla_read_count(r, 1);

	if (!bytes)
		return 0;
	if (bytes >= DLA_HEAD_NAME_BYTES)
		return damaged("a class' name is too long");
	*name = calloc(bytes + 1, 1);
	if (!*name)
		return dla_fail_memory();
	dla_read(r, *name, bytes);
	for (uint32_t i = 0; i < bytes; i++)
		if ((unsigned char)(*name)[i] < ' ' || (*name)[i] == 0x7f)
			return damaged("a class' name has a control character in it");
	return 0;
}

static int read_learnt(struct dla_reader *r, const struct dla_head *head, struct dla_learnt *learnt)
{
	uint32_t classes = dla_read_count(r, 4), version = dla_read_u32(r), original = dla_read_u32(r);
	float scale = read_real(r);
	int32_t zero_point = (int32_t)dla_read_u32(r);
	size_t values;
	int err;

	if (r->failed || !classes || classes > DLA_HEAD_MAX_CLASSES || original > 1 ||
	    (original && classes != head->cut.classes))
		return damaged("classes that cannot be");
	if (!(scale >= 0x1p-60F && scale <= 0x1p60F) || zero_point < INT8_MIN || zero_point > INT8_MAX)
		return damaged("outputs that cannot be");
	values = dla_learnt_values(head, classes);
	if (!original && values > r->left / sizeof(float))
		return damaged("it ends too early");
	err = dla_learnt_new(head, classes, learnt);
	if (err)
		return err;
	learnt->version = version;
	learnt->original = original;
	learnt->scale = scale;
	learnt->zero_point = zero_point;
	for (uint32_t c = 0; c < classes && !err; c++)
		err = read_name(r, &learnt->name[c]);
	for (size_t i = 0; i < values && !original; i++)
		learnt->weights[i] = read_real(r);
	if (!err && original)
		err = dla_head_original(head, learnt);
	if (!err && (r->failed || !dla_head_is_finite(learnt->weights, values)))
		err = damaged("weights that are none");
	return err;
}

static int read_backbone(struct dla_reader *r, const struct dla_head *head)
{
	char id[DLA_BACKBONE_ID];
	uint32_t features;

	dla_read(r, id, sizeof(id));
	features = dla_read_u32(r);
	if (r->failed || id[DLA_BACKBONE_ID - 1] || strspn(id, "0123456789abcdef") != DLA_BACKBONE_ID - 1)
		return damaged("its backbone is none");
	if (memcmp(id, head->id, sizeof(id)) != 0 || features != head->cut.features)
		return dla_fail(ESTALE, "a head of another backbone, %.12s; this network's is %.12s", id, head->id);
	return 0;
}

static int read_head(struct dla_reader *r, struct dla_head *head)
{
	struct dla_learnt now = { 0 }, before = { 0 };
	uint32_t has_before;
	int err = dla_read_seal(r, MAGIC, VERSION, DAMAGED, "");

	if (!err)
		err = read_backbone(r, head);
	has_before = dla_read_u32(r);
	if (!err && has_before > 1)
		err = damaged("it is before itself more than once");
	if (!err)
		err = read_learnt(r, head, &now);
	if (!err && has_before)
		err = read_learnt(r, head, &before);
	if (!err && r->left)
		err = damaged("not as long as what is in it");
	if (err) {
		dla_learnt_release(&now);
		dla_learnt_release(&before);
		return err;
	}
	dla_head_take(head, &now);
	dla_learnt_release(&head->before);
	head->before = before;
	head->has_before = has_before;
	return 0;
}

int dla_head_restore(struct dla_head *head, const char *path)
{
	struct dla_reader r;
	size_t bytes;
	void *data;
	int err = dla_read_file(path, &data, &bytes);

	if (err)
		return dla_head_failed(err);
	r = (struct dla_reader) { .at = data, .left = bytes };
	err = read_head(&r, head);
	free(data);
	if (!err)
		return 0;
	dla_fail_in(err, "%s", path);
	return dla_head_failed(err);
}
