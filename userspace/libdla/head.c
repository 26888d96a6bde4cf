// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "error.h"
#include "head.h"
#include "join.h"
#include "network.h"
#include "request.h"
#include "saved.h"
#include "tflite.h"

/* ------------------------------------------------------------------------ what is learnt */

size_t dla_learnt_values(const struct dla_head *head, unsigned int classes)
{
	return (size_t)classes * (head->cut.features + 1);
}

int dla_learnt_new(const struct dla_head *head, unsigned int classes, struct dla_learnt *learnt)
{
	*learnt = (struct dla_learnt) {
		.classes = classes,
		.weights = calloc(dla_learnt_values(head, classes), sizeof(*learnt->weights)),
		.name = calloc(classes, sizeof(*learnt->name)),
		.scale = 1,
	};
	if (learnt->weights && learnt->name)
		return 0;
	dla_learnt_release(learnt);
	return dla_fail_memory();
}

int dla_learnt_copy(const struct dla_head *head, const struct dla_learnt *from, struct dla_learnt *copy)
{
	int err = dla_learnt_new(head, from->classes, copy);

	if (err)
		return err;
	copy->version = from->version;
	copy->original = from->original;
	copy->scale = from->scale;
	copy->zero_point = from->zero_point;
	memcpy(copy->weights, from->weights, dla_learnt_values(head, from->classes) * sizeof(*copy->weights));
	for (unsigned int i = 0; i < from->classes && !err; i++) {
		copy->name[i] = from->name[i] ? strdup(from->name[i]) : NULL;
		if (from->name[i] && !copy->name[i])
			err = dla_fail_memory();
	}
	if (err)
		dla_learnt_release(copy);
	return err;
}

void dla_learnt_release(struct dla_learnt *learnt)
{
	for (unsigned int i = 0; learnt->name && i < learnt->classes; i++)
		free(learnt->name[i]);
	free(learnt->name);
	free(learnt->weights);
	*learnt = (struct dla_learnt) { 0 };
}

/* What was compiled of what it had learnt. */
static void forget_tail(struct dla_head *head)
{
	dla_network_free(head->tail);
	head->tail = NULL;
}

void dla_head_take(struct dla_head *head, struct dla_learnt *learnt)
{
	dla_learnt_release(&head->before);
	head->before = head->now;
	head->has_before = true;
	head->now = *learnt;
	*learnt = (struct dla_learnt) { 0 };
	forget_tail(head);
}

int dla_head_original(const struct dla_head *head, struct dla_learnt *learnt)
{
	const struct dla_graph *tail = head->cut.tail;
	const struct dla_op *op = &tail->op[head->cut.layer];
	const struct dla_tensor *weights = &tail->tensor[op->input[1]], *out = &tail->tensor[op->output[0]];
	const int32_t *bias = op->input_count > 2 && op->input[2] != DLA_NO_TENSOR ? tail->tensor[op->input[2]].data : NULL;
	const int8_t *stored = weights->data;

	for (unsigned int c = 0; c < head->cut.classes; c++) {
		double scale = (double)weights->quant.scale[weights->quant.count > 1 ? c : 0];
		float *row = learnt->weights + dla_learnt_values(head, c);

		for (unsigned int f = 0; f < head->cut.features; f++)
			row[f] = (float)(scale * stored[(size_t)c * head->cut.features + f]);
		row[head->cut.features] = bias ? (float)((double)head->scale * scale * bias[c]) : 0;
	}
	learnt->original = true;
	learnt->scale = out->quant.scale[0];
	learnt->zero_point = out->quant.zero_point[0];
	if (!dla_head_is_finite(learnt->weights, dla_learnt_values(head, head->cut.classes)))
		return dla_fail(EOPNOTSUPP, "the last FULLY_CONNECTED has weights beyond 1e9");
	return 0;
}

/* ------------------------------------------------------------------------- making, freeing */

static int cut_network(struct dla_head *head, const void *data, size_t bytes)
{
	const struct dla_tensor *features;
	struct dla_graph *graph = NULL;
	int err;

	if (dla_saved_is(data, bytes))
		return dla_fail(EINVAL, "it is compiled already: a head is made of a .tflite file");
	err = dla_tflite_read(data, bytes, head->name, &graph);
	if (err)
		return err;
	err = dla_backbone_cut(graph, &head->cut);
	dla_graph_free(graph);
	if (!err)
		err = dla_backbone_identify(head->cut.backbone, head->id);
	if (!err && head->cut.classes > DLA_HEAD_MAX_CLASSES)
		err = dla_fail(E2BIG, "%u classes are too many for a head", head->cut.classes);
	if (err)
		return err;
	features = &head->cut.tail->tensor[0];
	head->scale = features->quant.scale[0];
	head->zero_point = features->quant.zero_point[0];
	err = dla_learnt_new(head, head->cut.classes, &head->now);
	if (!err)
		err = dla_head_original(head, &head->now);
	/* It is compiled once, and the network's from here on. */
	graph = head->cut.backbone;
	head->cut.backbone = NULL;
	if (!err)
		return dla_network_from_graph(head->device, head->name, graph, NULL, &head->options, &head->backbone);
	dla_graph_free(graph);
	return err;
}

static int take_options(struct dla_head *head, const struct dla_options *options)
{
	if (!options)
		return 0;
	head->options = *options;
	if (!options->cpu_profile)
		return 0;
	head->profile = strdup(options->cpu_profile);
	head->options.cpu_profile = head->profile;
	return head->profile ? 0 : dla_fail_memory();
}

struct dla_head *dla_head_new(struct dla_device *device, const char *path, const struct dla_options *options)
{
	struct dla_head *head = calloc(1, sizeof(*head));
	const char *name = strrchr(path, '/');
	void *data = NULL;
	size_t bytes = 0;
	int err = head ? dla_read_file(path, &data, &bytes) : dla_fail_memory();

	if (!err) {
		head->device = device;
		head->name = strdup(name ? name + 1 : path);
		err = head->name ? take_options(head, options) : dla_fail_memory();
		if (!err)
			err = cut_network(head, data, bytes);
		free(data);
		if (err)
			dla_fail_in(err, "%s", path);
	}
	if (!err)
		return head;
	dla_head_free(head);
	errno = -err;
	return NULL;
}

void dla_head_free(struct dla_head *head)
{
	if (!head)
		return;
	for (unsigned int i = 0; i < DLA_HEAD_REQUESTS; i++)
		dla_request_free(head->request[i]);
	dla_network_free(head->tail);
	dla_network_free(head->backbone);
	dla_learnt_release(&head->now);
	dla_learnt_release(&head->before);
	dla_backbone_release(&head->cut);
	free(head->profile);
	free(head->name);
	free(head);
}

/* ----------------------------------------------------------------------------------- asking */

void dla_head_info(const struct dla_head *head, struct dla_head_info *info)
{
	*info = (struct dla_head_info) {
		.features = head->cut.features,
		.classes = head->now.classes,
		.original_classes = head->cut.classes,
		.feature_scale = head->scale,
		.feature_zero_point = head->zero_point,
		.version = head->now.version,
	};
	memcpy(info->backbone, head->id, sizeof(info->backbone));
}

const struct dla_tensor_info *dla_head_input(const struct dla_head *head)
{
	return dla_network_input(head->backbone, 0);
}

const char *dla_head_class(const struct dla_head *head, unsigned int index)
{
	return index < head->now.classes ? head->now.name[index] : NULL;
}

/* A copy; no control characters, so that it can be shown. */
static int copy_name(const char *name, char **copy)
{
	*copy = NULL;
	if (!name)
		return 0;
	if (!*name || strlen(name) >= DLA_HEAD_NAME_BYTES)
		return dla_fail(EINVAL, "a class' name has 1 to %d bytes", DLA_HEAD_NAME_BYTES - 1);
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return dla_fail(EINVAL, "a class' name has a control character in it");
	*copy = strdup(name);
	return *copy ? 0 : dla_fail_memory();
}

int dla_head_name_class(struct dla_head *head, unsigned int index, const char *name)
{
	char *copy;
	int err;

	if (index >= head->now.classes)
		return dla_head_failed(dla_fail(ERANGE, "class %u does not exist: there are %u", index, head->now.classes));
	err = copy_name(name, &copy);
	if (err)
		return dla_head_failed(err);
	free(head->now.name[index]);
	head->now.name[index] = copy;
	return 0;
}

/* What was learnt, with rows of zeros behind it. */
static int widen(const struct dla_head *head, const struct dla_learnt *from, unsigned int classes,
		 struct dla_learnt *wide)
{
	struct dla_learnt copy;
	int err = dla_learnt_copy(head, from, &copy);

	if (err)
		return err;
	err = dla_learnt_new(head, classes, wide);
	if (!err) {
		memcpy(wide->weights, copy.weights, dla_learnt_values(head, copy.classes) * sizeof(*wide->weights));
		memcpy(wide->name, copy.name, copy.classes * sizeof(*wide->name));
		memset(copy.name, 0, copy.classes * sizeof(*copy.name));
		wide->version = copy.version;
		wide->scale = copy.scale;
		wide->zero_point = copy.zero_point;
	}
	dla_learnt_release(&copy);
	return err;
}

int dla_head_add_class(struct dla_head *head, const char *name)
{
	unsigned int index = head->now.classes;
	struct dla_learnt wide;
	char *copy = NULL;
	int err = 0;

	if (index >= DLA_HEAD_MAX_CLASSES)
		err = dla_fail(E2BIG, "%u classes are the limit", DLA_HEAD_MAX_CLASSES);
	if (!err)
		err = copy_name(name, &copy);
	if (!err)
		err = widen(head, &head->now, index + 1, &wide);
	if (err) {
		free(copy);
		return dla_head_failed(err);
	}
	wide.name[index] = copy;
	/* The lowest that can be said. */
	wide.weights[dla_learnt_values(head, index + 1) - 1] = (float)((double)wide.scale * (INT8_MIN - wide.zero_point));
	dla_learnt_release(&head->now);
	head->now = wide;
	forget_tail(head);
	return (int)index;
}

/* --------------------------------------------------------------------------------- weights */

bool dla_head_is_finite(const float *value, size_t count)
{
	const float most = 1e9F;

	for (size_t i = 0; i < count; i++)
		if (!(fabsf(value[i]) <= most))
			return false;
	return true;
}

void dla_head_weights(const struct dla_head *head, float *values)
{
	memcpy(values, head->now.weights, dla_learnt_values(head, head->now.classes) * sizeof(*values));
}

int dla_head_set_weights(struct dla_head *head, const float *values, unsigned int classes)
{
	struct dla_learnt learnt;
	int err = 0;

	if (classes < head->now.classes)
		err = dla_fail(EINVAL, "weights of %u classes, and the head has %u", classes, head->now.classes);
	else if (classes > DLA_HEAD_MAX_CLASSES)
		err = dla_fail(E2BIG, "%u classes are the limit", DLA_HEAD_MAX_CLASSES);
	else if (!dla_head_is_finite(values, dla_learnt_values(head, classes)))
		err = dla_fail(EINVAL, "a weight is no number, or larger than 1e9");
	if (!err)
		err = widen(head, &head->now, classes, &learnt);
	if (err)
		return dla_head_failed(err);
	memcpy(learnt.weights, values, dla_learnt_values(head, classes) * sizeof(*values));
	learnt.version++;
	dla_learnt_guess(head, &learnt);
	dla_head_take(head, &learnt);
	return 0;
}

int dla_head_calibrate(struct dla_head *head, const struct dla_samples *samples)
{
	int err = dla_samples_fit(samples, head);

	if (!err && !dla_samples_count(samples))
		err = dla_fail(EINVAL, "there is no sample to calibrate with");
	if (err)
		return dla_head_failed(err);
	dla_learnt_calibrate(head, &head->now, samples, NULL);
	head->now.original = false;
	forget_tail(head);
	return 0;
}

int dla_head_rollback(struct dla_head *head)
{
	if (!head->has_before)
		return dla_head_failed(dla_fail(ENOENT, "there is nothing to go back to"));
	dla_learnt_release(&head->now);
	head->now = head->before;
	head->before = (struct dla_learnt) { 0 };
	head->has_before = false;
	forget_tail(head);
	return 0;
}

/* --------------------------------------------------------------------------------- running */

/* Run, and hand over, what is to be run with this request. */
static int fill(struct dla_request *request, const void *input)
{
	memcpy(dla_request_input(request, 0), input, dla_network_input(request->network, 0)->bytes);
	return dla_request_submit(request) ? -errno : 0;
}

int dla_run_all(struct dla_network *network, struct dla_request *request[DLA_HEAD_REQUESTS], unsigned int count,
		dla_give_fn *give, dla_take_fn *take, void *ctx)
{
	unsigned int requests = count < DLA_HEAD_REQUESTS ? count : DLA_HEAD_REQUESTS, begun = 0, done = 0;
	struct dla_error first = { 0 };

	for (unsigned int i = 0; i < requests; i++) {
		if (!request[i])
			request[i] = dla_request_new(network);
		if (!request[i])
			return -errno;
	}
	while (done < begun || (!first.err && done < count)) {
		struct dla_request *next = request[done % DLA_HEAD_REQUESTS];
		int err;

		while (!first.err && begun < count && begun - done < requests) {
			dla_error_keep(&first, fill(request[begun % DLA_HEAD_REQUESTS], give(ctx, begun)));
			begun += !first.err;
		}
		if (done == begun)
			break;
		/* What is under way ends in any case; the first error counts. */
		err = dla_request_wait(next, -1) ? -errno : 0;
		if (!err && !first.err)
			take(ctx, done, dla_request_output(next, 0));
		else if (!first.err)
			dla_error_keep(&first, err);
		done++;
	}
	return dla_error_raise(&first);
}

struct feature_run {
	const uint8_t *input;
	size_t bytes, features;
	int8_t *output;
};

static const void *give_input(void *ctx, unsigned int index)
{
	const struct feature_run *run = ctx;

	return run->input + index * run->bytes;
}

static void take_features(void *ctx, unsigned int index, const void *output)
{
	const struct feature_run *run = ctx;

	memcpy(run->output + index * run->features, output, run->features);
}

int dla_head_features(struct dla_head *head, const void *inputs, unsigned int count, int8_t *features)
{
	struct feature_run run = {
		.input = inputs, .bytes = dla_network_input(head->backbone, 0)->bytes,
		.features = head->cut.features, .output = features,
	};
	int err = dla_run_all(head->backbone, head->request, count, give_input, take_features, &run);

	return err ? dla_head_failed(err) : 0;
}
