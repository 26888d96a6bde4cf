// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headed.h"
#include "interrupt.h"
#include "learn.h"
#include "progress.h"
#include "status.h"

struct training {
	struct progress progress;
	unsigned int done, epochs;
};

static int note_epoch(void *ctx, unsigned int epoch, unsigned int epochs, float loss)
{
	struct training *training = ctx;

	(void)loss;
	training->done = epoch;
	training->epochs = epochs;
	progress_step(&training->progress, epoch, epochs);
	return interrupt_status();
}

static int report(const struct learn_options *o, const struct learn_state *state,
		  const struct dla_train_result *result)
{
	struct dla_head_info info;

	dla_head_info(state->head, &info);
	if (o->json)
		return learn_print(json_pack("{s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:b, s:i}", "trained", (int)result->trained,
					     "held_out", (int)result->held_out, "epochs", (int)result->epochs,
					     "resumed", (int)result->resumed, "before", (double)result->before,
					     "after", (double)result->after, "loss", (double)result->loss, "rolled_back", result->rolled_back,
					     "version", (int)info.version));
	if (result->resumed)
		printf("%u epochs had been done before\n", result->resumed);
	printf("%u samples, %u epochs: loss %.4f\n", result->trained, result->epochs, (double)result->loss);
	if (result->held_out)
		printf("%u held out: %.1f %% right before, %.1f %% after%s\n", result->held_out,
		       100 * (double)result->before, 100 * (double)result->after,
		       result->rolled_back ? ", which is worse: nothing was changed" : "");
	return 0;
}

static int train(const struct learn_options *o, struct learn_state *state)
{
	struct dla_train_options how = o->train;
	struct dla_train_result result;
	struct training training = { .done = 0 };
	int err;

	if (!dla_samples_count(state->samples)) {
		fprintf(stderr, "dla learn: %s has no samples; dla learn collect adds some\n", state->dir);
		return EXIT_BAD_INPUT;
	}
	how.checkpoint = state->checkpoint_file;
	how.progress = note_epoch;
	how.ctx = &training;
	progress_begin(&training.progress, "training");
	err = dla_head_train(state->head, state->samples, &how, &result);
	progress_end(&training.progress);
	if (err && interrupt_status()) {
		fprintf(stderr, "dla learn: stopped after epoch %u of %u; the same command goes on from there\n",
			training.done, training.epochs);
		return interrupt_status();
	}
	if (err)
		return learn_fail(EXIT_RUN_FAILED);
	/* In this order: what is lost in between is a checkpoint of what the head has already. */
	if (!result.rolled_back && dla_head_save(state->head, state->head_file))
		return learn_fail(EXIT_RUN_FAILED);
	unlink(state->checkpoint_file);
	return report(o, state, &result);
}

int learn_train(const struct learn_options *o)
{
	struct learn_state state;
	int status = learn_open(o, &state);

	if (!status && o->restart && unlink(state.checkpoint_file) && errno != ENOENT) {
		fprintf(stderr, "dla learn: %s: %s\n", state.checkpoint_file, strerror(errno));
		status = EXIT_BAD_INPUT;
	}
	if (!status)
		status = train(o, &state);
	learn_close(&state);
	return status;
}

/*
 * Back to before the last training, but for what classes there are and what they are called: samples have their
 * numbers.
 */
static int roll_back(struct dla_head *head, const struct labels *names)
{
	struct dla_head_info info;
	int err = dla_head_rollback(head);

	dla_head_info(head, &info);
	for (unsigned int i = 0; i < names->count && !err; i++)
		err = i < info.classes ? dla_head_name_class(head, i, names->name[i]) :
					 dla_head_add_class(head, names->name[i]) < 0;
	return err;
}

int learn_rollback(const struct learn_options *o)
{
	struct learn_state state;
	struct dla_head_info info;
	struct labels names = { 0 };
	int status = learn_open(o, &state);

	if (!status && labels_of_head(state.head, &names))
		status = learn_out_of_memory();
	if (!status && (roll_back(state.head, &names) || dla_head_save(state.head, state.head_file)))
		status = learn_fail(EXIT_RUN_FAILED);
	/* It would lead back to what was just left. */
	if (!status)
		unlink(state.checkpoint_file);
	if (!status) {
		dla_head_info(state.head, &info);
		if (o->json)
			status = learn_print(json_pack("{s:i}", "version", (int)info.version));
		else
			printf("as before the last training\n");
	}
	labels_free(&names);
	learn_close(&state);
	return status;
}
