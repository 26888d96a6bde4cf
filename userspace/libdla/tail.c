// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "error.h"
#include "join.h"
#include "network.h"
#include "request.h"
#include "samples.h"

/* ------------------------------------------------------------------------------ quantising */

/*
 * By how much a row's sum may be multiplied for the output: at most what all kernels take, and no less than what
 * has an influence at all. The rest is rounding.
 */
#define MOST_FACTOR	64.0
#define LEAST_FACTOR	0x1p-20

static double largest(const float *row, unsigned int features)
{
	double most = 0;

	for (unsigned int f = 0; f < features; f++)
		most = fmax(most, fabs((double)row[f]));
	return most;
}

static double largest_of_all(const struct dla_head *head, const struct dla_learnt *learnt)
{
	double most = 0;

	for (unsigned int c = 0; c < learnt->classes; c++)
		most = fmax(most, largest(learnt->weights + dla_learnt_values(head, c), head->cut.features));
	return most;
}

static double clamp(double value, double low, double high)
{
	return fmin(fmax(value, low), high);
}

/* Rows have a scale each, so that one of large weights does not cost the others bits. */
static void quantise(const struct dla_head *head, const struct dla_learnt *learnt, struct dla_tail_tensors *tail)
{
	const unsigned int features = head->cut.features;

	for (unsigned int c = 0; c < learnt->classes; c++) {
		const float *row = learnt->weights + dla_learnt_values(head, c);
		double least = (double)learnt->scale * LEAST_FACTOR / (double)head->scale;
		double scale = fmax(largest(row, features) / INT8_MAX, least), unit;

		tail->weight_scale[c] = (float)scale;
		scale = (double)tail->weight_scale[c];
		unit = (double)head->scale * scale;
		for (unsigned int f = 0; f < features; f++)
			tail->weights[(size_t)c * features + f] = (int8_t)clamp(nearbyint((double)row[f] / scale), -INT8_MAX,
										INT8_MAX);
		tail->bias[c] = (int32_t)clamp(nearbyint((double)row[features] / unit), -0x1p30, 0x1p30);
	}
}

/* A scale with which low to high, and 0, fit into eight bits. */
static void set_range(const struct dla_head *head, struct dla_learnt *learnt, double low, double high)
{
	double least = (double)head->scale * largest_of_all(head, learnt) / INT8_MAX / MOST_FACTOR, scale;

	low = fmin(low, 0);
	high = fmax(high, 0);
	scale = fmax((high - low) / 255, fmax(least, 0x1p-20));
	learnt->scale = (float)scale;
	learnt->zero_point = (int32_t)clamp(nearbyint(INT8_MIN - low / scale), INT8_MIN, INT8_MAX);
}

void dla_learnt_calibrate(const struct dla_head *head, struct dla_learnt *learnt, const struct dla_samples *samples,
			  const bool *use)
{
	const unsigned int features = head->cut.features;
	double low = 0, high = 0;

	for (unsigned int i = 0; i < samples->count; i++) {
		const int8_t *stored = samples->feature + (size_t)i * features;

		for (unsigned int c = 0; c < learnt->classes && (!use || use[i]); c++) {
			const float *row = learnt->weights + dla_learnt_values(head, c);
			double sum = 0;

			for (unsigned int f = 0; f < features; f++)
				sum += (double)row[f] * (stored[f] - head->zero_point);
			sum = sum * (double)head->scale + (double)row[features];
			low = fmin(low, sum);
			high = fmax(high, sum);
		}
	}
	set_range(head, learnt, low, high);
}

static double length(const float *row, unsigned int features)
{
	double sum = 0;

	for (unsigned int f = 0; f < features; f++)
		sum += (double)row[f] * (double)row[f];
	return sqrt(sum);
}

/*
 * The file's layer had a range that suited its features. What is longer needs more; and a bias, which needs no
 * features, is added.
 */
void dla_learnt_guess(const struct dla_head *head, struct dla_learnt *learnt)
{
	const struct dla_graph *tail = head->cut.tail;
	const struct dla_op *op = &tail->op[head->cut.layer];
	const struct dla_quant *weights = &tail->tensor[op->input[1]].quant, *out = &tail->tensor[op->output[0]].quant;
	const int8_t *stored = tail->tensor[op->input[1]].data;
	const unsigned int features = head->cut.features;
	double before = 0, now = 0, low = 0, high = 0, ratio;

	for (unsigned int c = 0; c < head->cut.classes; c++) {
		double sum = 0;

		for (unsigned int f = 0; f < features; f++)
			sum += (double)stored[(size_t)c * features + f] * stored[(size_t)c * features + f];
		before = fmax(before, sqrt(sum) * (double)weights->scale[weights->count > 1 ? c : 0]);
	}
	for (unsigned int c = 0; c < learnt->classes; c++) {
		const float *row = learnt->weights + dla_learnt_values(head, c);

		now = fmax(now, length(row, features));
		low = fmin(low, (double)row[features]);
		high = fmax(high, (double)row[features]);
	}
	ratio = before > 0 ? now / before : 1;
	low += ratio * (double)out->scale[0] * (INT8_MIN - out->zero_point[0]);
	high += ratio * (double)out->scale[0] * (INT8_MAX - out->zero_point[0]);
	set_range(head, learnt, low, high);
}

/* ------------------------------------------------------------------------------- compiling */

int dla_head_tail(struct dla_head *head, const struct dla_learnt *learnt, struct dla_network **network)
{
	struct dla_tail_tensors tail = { 0 };
	int err;

	if (learnt->original) {
		err = dla_backbone_copy_tail(&head->cut, &tail.graph);
	} else {
		err = dla_backbone_make_tail(&head->cut, learnt->classes, learnt->scale, learnt->zero_point, &tail);
		if (!err)
			quantise(head, learnt, &tail);
	}
	if (err)
		return err;
	return dla_network_from_graph(head->device, head->name, tail.graph, head->backbone, &head->options, network);
}

static int have_tail(struct dla_head *head)
{
	return head->tail ? 0 : dla_head_tail(head, &head->now, &head->tail);
}

struct dla_network *dla_head_network(struct dla_head *head)
{
	struct dla_network *network = NULL;
	int err = have_tail(head);

	if (!err)
		err = dla_join(head->backbone, head->tail, head->name, head->options.keep_tensors, &network);
	if (!err)
		return network;
	errno = -err;
	return NULL;
}

/* --------------------------------------------------------------------------------- judging */

struct judgement {
	const struct dla_samples *samples;
	unsigned int *index;		/* of the samples that count */
	const struct dla_tensor_info *output;
	unsigned int classes;
	bool shares;			/* outputs are parts of a whole: probabilities */
	double *value;
	unsigned int right;
	double loss;
};

static const void *give_features(void *ctx, unsigned int index)
{
	const struct judgement *j = ctx;

	return j->samples->feature + (size_t)j->index[index] * j->samples->features;
}

static void read_output(const struct judgement *j, const void *output)
{
	const struct dla_tensor_info *info = j->output;

	for (unsigned int c = 0; c < j->classes; c++) {
		if (info->bytes == j->classes * sizeof(float))
			j->value[c] = (double)((const float *)output)[c];
		else
			j->value[c] = (double)info->scale *
				      ((info->type[0] == 'u' ? ((const uint8_t *)output)[c] : ((const int8_t *)output)[c]) -
				       info->zero_point);
	}
}

/* Of the label, in nats. */
static double cross_entropy(const struct judgement *j, uint32_t label)
{
	double most = j->value[0], sum = 0;

	for (unsigned int c = 1; c < j->classes; c++)
		most = fmax(most, j->value[c]);
	for (unsigned int c = 0; c < j->classes; c++)
		sum += j->shares ? fmax(j->value[c], 0x1p-9) : exp(j->value[c] - most);
	if (label >= j->classes)
		return -log(0x1p-9);
	return j->shares ? log(sum) - log(fmax(j->value[label], 0x1p-9)) : log(sum) - (j->value[label] - most);
}

static void take_answer(void *ctx, unsigned int index, const void *output)
{
	struct judgement *j = ctx;
	uint32_t label = j->samples->label[j->index[index]];
	unsigned int best = 0;

	read_output(j, output);
	for (unsigned int c = 1; c < j->classes; c++)
		if (j->value[c] > j->value[best])
			best = c;
	j->right += best == label;
	j->loss += cross_entropy(j, label);
}

static bool makes_shares(const struct dla_graph *graph)
{
	for (unsigned int i = 0; i < graph->op_count; i++)
		if (graph->op[i].kind == DLA_OP_SOFTMAX || graph->op[i].kind == DLA_OP_LOGISTIC)
			return true;
	return false;
}

int dla_tail_judge(struct dla_network *tail, const struct dla_samples *samples,
		   const bool *use, struct dla_head_score *score)
{
	struct dla_request *request[DLA_HEAD_REQUESTS] = { NULL };
	struct judgement j = {
		.samples = samples, .output = dla_network_output(tail, 0), .shares = makes_shares(tail->graph),
		.index = calloc(samples->count + 1, sizeof(*j.index)),
	};
	unsigned int count = 0;
	int err;

	j.classes = (unsigned int)j.output->shape[j.output->rank - 1];
	j.value = calloc(j.classes, sizeof(*j.value));
	err = j.index && j.value ? 0 : dla_fail_memory();
	for (unsigned int i = 0; i < samples->count && !err; i++)
		if (!use || use[i])
			j.index[count++] = i;
	if (!err)
		err = dla_run_all(tail, request, count, give_features, take_answer, &j);
	for (unsigned int i = 0; i < DLA_HEAD_REQUESTS; i++)
		dla_request_free(request[i]);
	free(j.index);
	free(j.value);
	*score = (struct dla_head_score) {
		.samples = count, .right = j.right, .loss = count ? (float)(j.loss / count) : 0,
	};
	return err;
}

int dla_head_evaluate(struct dla_head *head, const struct dla_samples *samples, struct dla_head_score *score)
{
	int err = dla_samples_fit(samples, head);

	*score = (struct dla_head_score) { 0 };
	if (!err && !samples->count)
		err = dla_fail(EINVAL, "there is no sample to ask about");
	if (!err)
		err = have_tail(head);
	if (!err)
		err = dla_tail_judge(head->tail, samples, NULL, score);
	return err ? dla_head_failed(err) : 0;
}
