// SPDX-License-Identifier: MIT
/*
 * Let the last layer of a network learn a class that it did not know, from features of the backbone. The samples
 * here are made up; an application has pictures that somebody has named.
 *
 * Shows: dla_head_new() dla_head_info() dla_head_input() dla_head_add_class() dla_head_name_class()
 *	dla_head_class() dla_head_features() dla_samples_open() dla_samples_add() dla_samples_count()
 *	dla_samples_close() dla_head_train() dla_head_evaluate() dla_head_rollback() dla_head_save() dla_head_free()
 * Run: learn network.tflite sim mine.head
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <dla_head.h>

#define SAMPLES 40

/* Half of them bright, half of them dark. */
static int collect(struct dla_head *head, struct dla_samples *samples, unsigned int bright, unsigned int dark)
{
	size_t bytes = dla_head_input(head)->bytes;
	unsigned char *inputs = malloc(SAMPLES * bytes);
	struct dla_head_info info;
	int8_t *features;
	int err;

	dla_head_info(head, &info);
	features = malloc((size_t)SAMPLES * info.features);
	err = inputs && features ? 0 : -1;
	for (size_t i = 0; i < SAMPLES * bytes && !err; i++)
		inputs[i] = (unsigned char)(rand() % 64 + (i / bytes % 2 ? 128 : 0));
	if (!err)
		err = dla_head_features(head, inputs, SAMPLES, features);
	for (unsigned int i = 0; i < SAMPLES && !err; i++)
		err = dla_samples_add(samples, features + (size_t)i * info.features, i % 2 ? dark : bright);
	free(inputs);
	free(features);
	return err;
}

static int learn(struct dla_head *head, struct dla_samples *samples, const char *path)
{
	const struct dla_train_options options = { .epochs = 10, .checkpoint = "training" };
	struct dla_train_result result;
	struct dla_head_score score;
	int bright = dla_head_add_class(head, "bright");
	int err = bright < 0 ? -1 : dla_head_name_class(head, 0, "dark");

	if (!err)
		err = collect(head, samples, (unsigned int)bright, 0);
	if (!err)
		err = dla_head_train(head, samples, &options, &result);
	if (!err)
		err = dla_head_evaluate(head, samples, &score);
	if (err)
		return err;
	printf("%u samples: %u of %u right, of those held out %.0f %% before and %.0f %% after%s\n", dla_samples_count(samples),
	       score.right, score.samples, 100 * (double)result.before, 100 * (double)result.after,
	       result.rolled_back ? ": as it was" : "");
	printf("class %d is \"%s\"\n", bright, dla_head_class(head, (unsigned int)bright));
	err = dla_head_save(head, path);
	/* Only now nothing can be lost. */
	remove(options.checkpoint);
	/* Somebody liked it better before; there is nothing before if it was not better. */
	if (!err && dla_head_rollback(head) && errno != ENOENT)
		err = -1;
	return err;
}

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open(argc > 2 ? argv[2] : "auto");
	struct dla_head *head = device && argc > 1 ? dla_head_new(device, argv[1], NULL) : NULL;
	struct dla_samples *samples = head ? dla_samples_open(head, NULL) : NULL;
	int err = samples ? learn(head, samples, argc > 3 ? argv[3] : "mine.head") : -1;

	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	dla_samples_close(samples);
	dla_head_free(head);
	dla_device_close(device);
	return err ? 1 : 0;
}
