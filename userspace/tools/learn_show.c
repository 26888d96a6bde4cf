// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "json_text.h"
#include "learn.h"
#include "status.h"

static unsigned int count_of(const struct dla_samples *samples, unsigned int label)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < dla_samples_count(samples); i++)
		count += dla_samples_label(samples, i) == (int)label;
	return count;
}

json_t *learn_labels_json(const struct learn_state *state)
{
	json_t *labels = json_array();
	struct dla_head_info info;
	char number[12];

	dla_head_info(state->head, &info);
	for (unsigned int i = 0; i < info.classes; i++)
		json_array_append_new(labels, json_pack("{s:o, s:i}", "label",
							json_text(learn_class_name(state->head, i, number)),
							"samples", (int)count_of(state->samples, i)));
	return labels;
}

int learn_print(json_t *json)
{
	int err = json ? json_dumpf(json, stdout, JSON_COMPACT) : -1;

	putchar('\n');
	json_decref(json);
	return err ? EXIT_FAILURE : 0;
}

static void show(const struct learn_state *state, const struct dla_head_info *info, bool trains)
{
	char number[12];

	printf("%s: version %u, of the backbone %.16s\n", state->head_file, info->version, info->backbone);
	printf("%s: %u of %u features\n", state->samples_file, dla_samples_count(state->samples), info->features);
	for (unsigned int i = 0; i < info->classes; i++)
		printf("%8u  %s%s\n", count_of(state->samples, i), learn_class_name(state->head, i, number),
		       i < info->original_classes ? "" : "  (learned here)");
	if (trains)
		printf("A training was interrupted; the next one goes on from there.\n");
}

int learn_show(const struct learn_options *o)
{
	struct learn_state state;
	struct dla_head_info info;
	int status = learn_open(o, &state);

	if (!status) {
		bool trains = !access(state.checkpoint_file, F_OK);

		dla_head_info(state.head, &info);
		if (o->json)
			status = learn_print(json_pack("{s:o, s:o, s:s, s:i, s:i, s:i, s:i, s:i, s:b, s:o}",
						       "dir", json_text(state.dir), "head", json_text(state.head_file),
						       "backbone", info.backbone, "features", (int)info.features,
						       "classes", (int)info.classes,
						       "original_classes", (int)info.original_classes,
						       "version", (int)info.version,
						       "samples", (int)dla_samples_count(state.samples),
						       "interrupted", trains, "labels", learn_labels_json(&state)));
		else
			show(&state, &info, trains);
	}
	learn_close(&state);
	return status;
}
