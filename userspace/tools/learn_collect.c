// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "learn.h"
#include "status.h"

/* The samples that are there, to be found by what they are: a hash table of their numbers, of which half is empty. */
struct seen {
	unsigned int *slot;		/* number + 1 */
	size_t mask;
	unsigned int features;
};

struct collection {
	struct learn_state state;
	struct seen seen;
	unsigned int added, known, unusable, classes;
};

/* ---------------------------------------------------------------- what has been seen before */

static size_t hash(const int8_t *features, unsigned int count, unsigned int label)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ label;

	for (unsigned int i = 0; i < count; i++)
		sum = (sum ^ (uint8_t)features[i]) * UINT64_C(0x100000001b3);
	return (size_t)(sum ^ sum >> 32);
}

/* Where a sample is, or where it would be. */
static unsigned int *find(const struct seen *seen, const struct dla_samples *samples, const int8_t *features,
			  unsigned int label)
{
	size_t at = hash(features, seen->features, label) & seen->mask;

	for (; seen->slot[at]; at = (at + 1) & seen->mask) {
		unsigned int index = seen->slot[at] - 1;

		if (dla_samples_label(samples, index) == (int)label &&
		    !memcmp(dla_samples_features(samples, index), features, seen->features))
			break;
	}
	return &seen->slot[at];
}

static int see_all(struct seen *seen, const struct dla_samples *samples, unsigned int features, unsigned int more)
{
	unsigned int count = dla_samples_count(samples);
	size_t size = 16;

	while (size < 2 * ((size_t)count + more))
		size *= 2;
	*seen = (struct seen) { calloc(size, sizeof(*seen->slot)), size - 1, features };
	for (unsigned int i = 0; i < count && seen->slot; i++)
		*find(seen, samples, dla_samples_features(samples, i), (unsigned int)dla_samples_label(samples, i)) = i + 1;
	return seen->slot ? 0 : -1;
}

/* ------------------------------------------------------------------------------ collecting */

/* The class is in the head's file before a sample of it is in the samples'. */
static int add_class(struct collection *c, const char *name)
{
	int index = dla_head_add_class(c->state.head, name);

	if (index < 0)
		return -1;
	if (dla_head_save(c->state.head, c->state.head_file))
		return -1;
	c->classes++;
	return index;
}

static int add_sample(void *ctx, const struct source *source, const int8_t *features)
{
	struct collection *c = ctx;
	int label = learn_class(c->state.head, source->label);
	unsigned int *slot;

	if (label < 0)
		label = add_class(c, source->label);
	if (label < 0)
		return learn_fail(EXIT_RUN_FAILED);
	slot = find(&c->seen, c->state.samples, features, (unsigned int)label);
	if (*slot) {
		c->known++;
		return 0;
	}
	if (dla_samples_add(c->state.samples, features, (unsigned int)label))
		return learn_fail(EXIT_RUN_FAILED);
	*slot = dla_samples_count(c->state.samples);
	c->added++;
	return 0;
}

/* What is called otherwise than all classes is a new one, if they are called anything at all. */
static int check_labels(const struct dla_head *head, const struct sources *sources)
{
	struct dla_head_info info;
	unsigned int nameless = 0;

	dla_head_info(head, &info);
	for (unsigned int i = 0; i < info.original_classes; i++)
		nameless += !dla_head_class(head, i);
	for (unsigned int i = 0; i < sources->count && nameless; i++) {
		if (learn_class(head, sources->item[i].label) >= 0)
			continue;
		fprintf(stderr, "dla learn: \"%s\" may be any of the network's classes, as they have no names: --labels FILE "
			"gives them names, and without one they are called 0 to %u\n", sources->item[i].label,
			info.original_classes - 1);
		return EXIT_BAD_INPUT;
	}
	return 0;
}

static void report(const struct collection *c, unsigned int samples)
{
	printf("%u samples added to %s, which has %u", c->added, c->state.dir, samples);
	if (c->known)
		printf("; %u were there already", c->known);
	if (c->classes)
		printf("; %u new class%s", c->classes, c->classes > 1 ? "es" : "");
	putchar('\n');
}

/* It is said when it is so for good. */
static int finish(const struct learn_options *o, struct collection *c)
{
	unsigned int samples = dla_samples_count(c->state.samples);
	json_t *json = json_pack("{s:o, s:i, s:i, s:i, s:i, s:i, s:o}", "dir", json_text(c->state.dir),
				 "added", (int)c->added, "known", (int)c->known, "unusable", (int)c->unusable,
				 "new_classes", (int)c->classes, "samples", (int)samples,
				 "labels", learn_labels_json(&c->state));

	if (learn_close_samples(&c->state)) {
		json_decref(json);
		return EXIT_RUN_FAILED;
	}
	if (o->json)
		return learn_print(json);
	json_decref(json);
	report(c, samples);
	return 0;
}

static int collect(const struct learn_options *o, const struct sources *sources, struct collection *c)
{
	int status = learn_open(o, &c->state);
	struct dla_head_info info;

	if (!status)
		status = check_labels(c->state.head, sources);
	if (status)
		return status;
	dla_head_info(c->state.head, &info);
	if (see_all(&c->seen, c->state.samples, info.features, sources->count))
		return learn_out_of_memory();
	status = learn_features(o, &c->state, sources, add_sample, c, &c->unusable);
	if (!status)
		status = finish(o, c);
	return !status && c->unusable ? EXIT_BAD_INPUT : status;
}

int learn_collect(const struct learn_options *o)
{
	struct collection c = { .state.lock = -1 };
	struct sources sources = { 0 };
	int status = EXIT_BAD_INPUT;

	if (!sources_find("learn", o->source, o->sources, o->label, &sources))
		status = collect(o, &sources, &c);
	learn_close(&c.state);
	free(c.seen.slot);
	sources_release(&sources);
	return status;
}
