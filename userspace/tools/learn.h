/* SPDX-License-Identifier: MIT */
#ifndef DLA_LEARN_H
#define DLA_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "dla_head.h"
#include "sources.h"

/* What `dla learn` was told. */
struct learn_options {
	const char *model, *device, *dir, *label, *labels;
	const char *server, *certificates, *key;
	char **source;
	unsigned int sources, rate;
	struct dla_options network;
	struct dla_train_options train;
	bool restart, insecure, json;
};

/* One function a subcommand; they return the exit status. */
int learn_collect(const struct learn_options *options);
int learn_train(const struct learn_options *options);
int learn_evaluate(const struct learn_options *options);
int learn_rollback(const struct learn_options *options);
int learn_show(const struct learn_options *options);
int learn_federate(const struct learn_options *options);

/*
 * What a device has learned and learns from: a folder, and what its files are as objects. Whatever is killed or loses
 * power leaves it whole: the samples are a file that only grows, the head one that is only replaced, and a checkpoint is
 * of the training that is under way.
 */
struct learn_state {
	char *dir, *head_file, *samples_file, *checkpoint_file;
	int lock;			/* of the folder: one command at a time */
	struct dla_device *device;
	struct dla_head *head;
	struct dla_samples *samples;
};

/* Returns an exit status, after a message if not 0; learn_close() in any case. */
int learn_open(const struct learn_options *options, struct learn_state *state);
void learn_close(struct learn_state *state);

/* Have the samples written for good, after which there are none; -1 after a message. */
int learn_close_samples(struct learn_state *state);

/* The folder of a model's state, to be freed; NULL after a message. */
char *learn_folder(const struct learn_options *options);

/* The reason of the library's last failure as a message; returns @status. */
int learn_fail(int status);
int learn_out_of_memory(void);

/* -1: no class is called so. A class without a name is called by its number. */
int learn_class(const struct dla_head *head, const char *label);

/* The name of a class, or its number written to @number. */
const char *learn_class_name(const struct dla_head *head, unsigned int index, char number[12]);

/* How many samples each class has: [{"label": "Bag", "samples": 12}, ...]. */
json_t *learn_labels_json(const struct learn_state *state);

/* Print an object, which goes with that; an exit status. */
int learn_print(json_t *json);

/*
 * Have the features of files computed, several at a time, and passed on: add() returns an exit status that ends it, or 0.
 * A file that cannot be used is left out after a message; *@unusable counts these.
 */
int learn_features(const struct learn_options *options, const struct learn_state *state, const struct sources *sources,
		   int (*add)(void *ctx, const struct source *source, const int8_t *features), void *ctx,
		   unsigned int *unusable);

#endif
