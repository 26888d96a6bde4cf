// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "inputs.h"
#include "interrupt.h"
#include "learn.h"
#include "progress.h"
#include "status.h"

/* Enough for several to be under way, few enough for an interruption to be heard. */
#define BATCH 16

struct batch {
	const struct source *source[BATCH];
	unsigned int count;
	uint8_t *inputs;
	int8_t *features;
};

static int pass_on(const struct learn_state *state, struct batch *batch, unsigned int features,
		   int (*add)(void *ctx, const struct source *source, const int8_t *features), void *ctx)
{
	int status = 0;

	if (batch->count && dla_head_features(state->head, batch->inputs, batch->count, batch->features))
		return learn_fail(EXIT_RUN_FAILED);
	for (unsigned int i = 0; i < batch->count && !status; i++)
		status = add(ctx, batch->source[i], batch->features + (size_t)i * features);
	batch->count = 0;
	return status;
}

int learn_features(const struct learn_options *o, const struct learn_state *state, const struct sources *sources,
		   int (*add)(void *ctx, const struct source *source, const int8_t *features), void *ctx,
		   unsigned int *unusable)
{
	const struct dla_tensor_info *input = dla_head_input(state->head);
	struct dla_head_info info;
	struct progress progress;
	struct batch batch = { .count = 0 };
	int status = 0;

	dla_head_info(state->head, &info);
	batch.inputs = calloc(BATCH, input->bytes);
	batch.features = calloc(BATCH, info.features);
	if (!batch.inputs || !batch.features)
		status = learn_out_of_memory();
	*unusable = 0;
	progress_begin(&progress, "looking");
	for (unsigned int i = 0; i < sources->count && !status; i++) {
		const struct source *source = &sources->item[i];

		if (inputs_read("learn", source->path, input, o->rate, batch.inputs + batch.count * input->bytes))
			++*unusable;
		else
			batch.source[batch.count++] = source;
		if (batch.count == BATCH || i + 1 == sources->count) {
			status = pass_on(state, &batch, info.features, add, ctx);
			progress_step(&progress, i + 1, sources->count);
		}
		if (interrupt_status())
			status = interrupt_status();
	}
	progress_end(&progress);
	free(batch.inputs);
	free(batch.features);
	return status;
}
