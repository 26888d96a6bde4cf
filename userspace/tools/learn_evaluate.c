// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "json_text.h"
#include "learn.h"
#include "status.h"
#include "watch.h"

struct evaluation {
	struct learn_state state;
	struct dla_samples *files;		/* memory only; NULL: those of the state */
	struct dla_head_score all, original;
	struct dla_head_score *label;		/* a class each */
	unsigned int unusable;
};

static double share(const struct dla_head_score *score)
{
	return score->samples ? (double)score->right / score->samples : 0;
}

static int add_file(void *ctx, const struct source *source, const int8_t *features)
{
	struct evaluation *e = ctx;

	return dla_samples_add(e->files, features, (unsigned int)learn_class(e->state.head, source->label)) ?
	       learn_fail(EXIT_RUN_FAILED) : 0;
}

static int read_files(const struct learn_options *o, const struct sources *sources, struct evaluation *e)
{
	for (unsigned int i = 0; i < sources->count; i++) {
		if (learn_class(e->state.head, sources->item[i].label) >= 0)
			continue;
		fprintf(stderr, "dla learn: %s: no class is called \"%s\"\n", sources->item[i].path, sources->item[i].label);
		return EXIT_BAD_INPUT;
	}
	e->files = dla_samples_open(e->state.head, NULL);
	if (!e->files)
		return learn_fail(EXIT_RUN_FAILED);
	return learn_features(o, &e->state, sources, add_file, e, &e->unusable);
}

/* Those samples that have one label. */
static int evaluate_label(struct dla_head *head, const struct dla_samples *samples, unsigned int label,
			  struct dla_head_score *score)
{
	struct dla_samples *some = dla_samples_open(head, NULL);
	int err = some ? 0 : -1;

	for (unsigned int i = 0; i < dla_samples_count(samples) && !err; i++)
		if (dla_samples_label(samples, i) == (int)label)
			err = dla_samples_add(some, dla_samples_features(samples, i), label);
	if (!err && dla_samples_count(some))
		err = dla_head_evaluate(head, some, score);
	dla_samples_close(some);
	return err ? learn_fail(EXIT_RUN_FAILED) : 0;
}

/* What the network as it is in its file makes of the samples, of which it may not know all classes. */
static int evaluate_original(const struct learn_options *o, const struct dla_samples *samples, struct evaluation *e)
{
	struct dla_head *head;
	struct watch watch;
	int status = 0;

	watch_begin(&watch, "loading", 0, watch_exit, NULL);
	head = dla_head_new(e->state.device, o->model, &o->network);
	watch_end(&watch);
	if (!head)
		return learn_fail(EXIT_BAD_MODEL);
	if (dla_head_evaluate(head, samples, &e->original))
		status = learn_fail(EXIT_RUN_FAILED);
	dla_head_free(head);
	return status;
}

static int evaluate(const struct learn_options *o, const struct dla_samples *samples, struct evaluation *e)
{
	struct dla_head_info info;
	int status = 0;

	dla_head_info(e->state.head, &info);
	if (!dla_samples_count(samples)) {
		fprintf(stderr, "dla learn: %s has no samples; dla learn collect adds some\n", e->state.dir);
		return EXIT_BAD_INPUT;
	}
	e->label = calloc(info.classes, sizeof(*e->label));
	if (!e->label)
		return learn_out_of_memory();
	if (dla_head_evaluate(e->state.head, samples, &e->all))
		return learn_fail(EXIT_RUN_FAILED);
	for (unsigned int i = 0; i < info.classes && !status; i++)
		status = evaluate_label(e->state.head, samples, i, &e->label[i]);
	return status ? status : evaluate_original(o, samples, e);
}

static json_t *score_json(const struct dla_head_score *score)
{
	return json_pack("{s:i, s:i, s:f}", "samples", (int)score->samples, "right", (int)score->right,
			 "share", share(score));
}

static int report_json(const struct evaluation *e, const struct dla_head_info *info)
{
	json_t *labels = json_array();
	char number[12];

	for (unsigned int i = 0; i < info->classes; i++) {
		json_t *label = score_json(&e->label[i]);

		json_object_set_new(label, "label", json_text(learn_class_name(e->state.head, i, number)));
		json_array_append_new(labels, label);
	}
	return learn_print(json_pack("{s:i, s:i, s:f, s:f, s:o, s:o, s:i, s:i}", "samples", (int)e->all.samples,
				     "right", (int)e->all.right, "share", share(&e->all), "loss", (double)e->all.loss,
				     "original", score_json(&e->original), "labels", labels,
				     "version", (int)info->version, "unusable", (int)e->unusable));
}

static int report(const struct learn_options *o, const struct evaluation *e)
{
	struct dla_head_info info;
	char number[12];

	dla_head_info(e->state.head, &info);
	if (o->json)
		return report_json(e, &info);
	printf("%u of %u right, %.1f %%, loss %.4f; of the network's file %u, %.1f %%\n", e->all.right, e->all.samples,
	       100 * share(&e->all), (double)e->all.loss, e->original.right, 100 * share(&e->original));
	for (unsigned int i = 0; i < info.classes; i++)
		if (e->label[i].samples)
			printf("%8u of %-8u %5.1f %%  %s\n", e->label[i].right, e->label[i].samples,
			       100 * share(&e->label[i]), learn_class_name(e->state.head, i, number));
	return 0;
}

int learn_evaluate(const struct learn_options *o)
{
	struct evaluation e = { .state.lock = -1 };
	struct sources sources = { 0 };
	int status = 0;

	if (o->sources && sources_find("learn", o->source, o->sources, o->label, &sources))
		status = EXIT_BAD_INPUT;
	if (!status)
		status = learn_open(o, &e.state);
	if (!status && o->sources)
		status = read_files(o, &sources, &e);
	if (!status)
		status = evaluate(o, e.files ? e.files : e.state.samples, &e);
	if (!status)
		status = report(o, &e);
	if (!status && e.unusable)
		status = EXIT_BAD_INPUT;
	dla_samples_close(e.files);
	learn_close(&e.state);
	sources_release(&sources);
	free(e.label);
	return status;
}
