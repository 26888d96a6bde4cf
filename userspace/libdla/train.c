// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "error.h"
#include "network.h"
#include "samples.h"
#include "train.h"

/* ------------------------------------------------------------------------------- options */

static double or_default(float value, double otherwise)
{
	return value == 0 ? otherwise : fmax((double)value, 0);
}

static int take_options(const struct dla_train_options *given, struct dla_train_options *o)
{
	*o = given ? *given : (struct dla_train_options) { 0 };
	if (!(o->rate >= 0 && o->rate <= 1e6F))
		return dla_fail(EINVAL, "a rate of %g", (double)o->rate);
	if (!(o->momentum < 1))
		return dla_fail(EINVAL, "a momentum of %g is not below 1", (double)o->momentum);
	if (!(o->decay >= 0 && o->decay <= 1e6F) || !(o->proximal >= 0 && o->proximal <= 1e6F))
		return dla_fail(EINVAL, "a decay of %g, and towards the start of %g", (double)o->decay, (double)o->proximal);
	if (!(o->held_out < 1))
		return dla_fail(EINVAL, "a share of %g held out is not below 1", (double)o->held_out);
	if ((unsigned int)o->schedule > DLA_RATE_STEP)
		return dla_fail(EINVAL, "schedule %d does not exist", (int)o->schedule);
	o->epochs = o->epochs ? o->epochs : 30;
	o->batch = o->batch ? o->batch : 32;
	o->rate = (float)or_default(o->rate, 2);
	o->momentum = (float)or_default(o->momentum, 0.9);
	o->held_out = (float)or_default(o->held_out, 0.2);
	return 0;
}

/* ------------------------------------------------------------------------------- samples */

/* Of each class every so many-th, in the order in which they came. */
static int split(struct training *t)
{
	const struct dla_samples *samples = t->samples;
	const double share = (double)t->options.held_out;
	uint32_t *seen = calloc(t->classes, sizeof(*seen));

	t->is_held_out = calloc(samples->count + 1, sizeof(*t->is_held_out));
	t->is_trained = calloc(samples->count + 1, sizeof(*t->is_trained));
	t->sample = calloc(samples->count + 1, sizeof(*t->sample));
	t->order = calloc(samples->count + 1, sizeof(*t->order));
	if (!seen || !t->is_held_out || !t->is_trained || !t->sample || !t->order) {
		free(seen);
		return dla_fail_memory();
	}
	for (unsigned int i = 0; i < samples->count; i++) {
		double nth = seen[samples->label[i]]++;

		t->is_held_out[i] = floor((nth + 1) * share) > floor(nth * share);
		t->is_trained[i] = !t->is_held_out[i];
		if (t->is_trained[i])
			t->sample[t->count++] = i;
	}
	free(seen);
	return t->count ? 0 : dla_fail(EINVAL, "there is no sample to train on");
}

/*
 * Features are never negative, as a rule, and so have much in common that tells no classes apart. Steps
 * are shorter than they need to be as long as that is in them: it is taken out, and what it does to
 * the outputs put into the biases.
 */
static void read_features(const struct training *t, unsigned int sample, double *x)
{
	const int8_t *stored = t->samples->feature + (size_t)sample * t->features;

	for (unsigned int f = 0; f < t->features; f++)
		x[f] = (double)t->head->scale * (stored[f] - t->head->zero_point) - t->mean[f];
}

static void find_mean(struct training *t)
{
	for (unsigned int f = 0; f < t->features; f++) {
		int64_t sum = 0;

		for (unsigned int i = 0; i < t->count; i++)
			sum += t->samples->feature[(size_t)t->sample[i] * t->features + f] - t->head->zero_point;
		t->mean[f] = (double)t->head->scale * (double)sum / t->count;
	}
}

/* sign 1: biases of features without their mean; -1: of features as they are. */
static void move_biases(const struct training *t, double *weights, double sign)
{
	for (unsigned int c = 0; c < t->classes; c++) {
		double *row = weights + (size_t)c * (t->features + 1), sum = 0;

		for (unsigned int f = 0; f < t->features; f++)
			sum += row[f] * t->mean[f];
		row[t->features] += sign * sum;
	}
}

static bool is_new(const struct training *t, const double *row)
{
	for (unsigned int f = 0; f < t->features; f++)
		if (row[f] != 0)
			return false;
	return true;
}

/*
 * A class that has learnt nothing yet has a bias at which it is never the answer: a long way to go. It begins
 * where the others are on the average.
 */
static void begin_new_classes(const struct training *t, double *weights)
{
	const unsigned int columns = t->features + 1;
	double sum = 0;
	unsigned int old = 0;

	for (unsigned int c = 0; c < t->classes; c++)
		if (!is_new(t, weights + (size_t)c * columns)) {
			sum += weights[(size_t)c * columns + t->features];
			old++;
		}
	for (unsigned int c = 0; c < t->classes && old; c++)
		if (is_new(t, weights + (size_t)c * columns))
			weights[(size_t)c * columns + t->features] = sum / old;
}

/* The mean of 1 + |x|^2: what a step of the same rate does to an output grows with it. */
static double mean_square(const struct training *t)
{
	double sum = 0;

	for (unsigned int i = 0; i < t->count; i++) {
		read_features(t, t->sample[i], t->x);
		for (unsigned int f = 0; f < t->features; f++)
			sum += t->x[f] * t->x[f];
	}
	return 1 + sum / t->count;
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Of an epoch, whatever came before: so that one can go on from a checkpoint. */
static void shuffle(struct training *t, unsigned int epoch)
{
	uint64_t state = t->options.seed;

	state = next_random(&state) ^ epoch;
	memcpy(t->order, t->sample, t->count * sizeof(*t->order));
	for (unsigned int i = t->count - 1; i > 0; i--) {
		unsigned int other = (unsigned int)((next_random(&state) >> 32) * (i + UINT64_C(1)) >> 32);
		uint32_t kept = t->order[i];

		t->order[i] = t->order[other];
		t->order[other] = kept;
	}
}

/* ---------------------------------------------------------------------------------- steps */

/* What a sample adds to the gradient; returns its cross entropy. */
static double add_gradient(struct training *t, unsigned int sample, double weight)
{
	const unsigned int label = t->samples->label[sample], columns = t->features + 1;
	double most = -INFINITY, sum = 0, loss;

	read_features(t, sample, t->x);
	t->x[t->features] = 1;
	for (unsigned int c = 0; c < t->classes; c++) {
		const double *row = t->weights + (size_t)c * columns;
		double dot = 0;

		for (unsigned int f = 0; f < columns; f++)
			dot += row[f] * t->x[f];
		t->logit[c] = dot;
		most = fmax(most, dot);
	}
	for (unsigned int c = 0; c < t->classes; c++)
		sum += exp(t->logit[c] - most);
	loss = log(sum) - (t->logit[label] - most);
	for (unsigned int c = 0; c < t->classes; c++) {
		double error = weight * (exp(t->logit[c] - most) / sum - (c == label)), *row = t->gradient + (size_t)c * columns;

		for (unsigned int f = 0; f < columns; f++)
			row[f] += error * t->x[f];
	}
	return loss;
}

static void step(struct training *t, double rate)
{
	const double momentum = (double)t->options.momentum, decay = (double)t->options.decay;
	const double proximal = (double)t->options.proximal;

	for (unsigned int c = 0; c < t->classes; c++) {
		for (unsigned int f = 0; f <= t->features; f++) {
			size_t i = (size_t)c * (t->features + 1) + f;
			double gradient = t->gradient[i] + proximal * (t->weights[i] - t->start[i]);

			/* Behind the features is the bias. */
			if (f < t->features)
				gradient += decay * t->weights[i];
			t->velocity[i] = momentum * t->velocity[i] + gradient;
			t->weights[i] -= rate * t->velocity[i];
		}
	}
}

/* done: the share of all steps that is behind. */
static double rate_at(const struct training *t, unsigned int epoch, double done)
{
	switch (t->options.schedule) {
	case DLA_RATE_COSINE:
		return t->rate * 0.5 * (1 + cos(done * acos(-1.0)));
	case DLA_RATE_STEP:
		if (epoch >= t->options.epochs - t->options.epochs / 4)
			return t->rate / 100;
		return epoch >= t->options.epochs - t->options.epochs / 2 ? t->rate / 10 : t->rate;
	default:
		return t->rate;
	}
}

static int run_epoch(struct training *t, unsigned int epoch)
{
	const unsigned int batch = t->options.batch < t->count ? t->options.batch : t->count;
	double loss = 0;

	shuffle(t, epoch);
	for (unsigned int first = 0; first < t->count;) {
		unsigned int size = batch < t->count - first ? batch : t->count - first;

		memset(t->gradient, 0, t->values * sizeof(*t->gradient));
		for (unsigned int i = 0; i < size; i++)
			loss += add_gradient(t, t->order[first + i], 1.0 / size);
		step(t, rate_at(t, epoch, (epoch + (double)first / t->count) / t->options.epochs));
		first += size;
	}
	t->loss = loss / t->count;
	for (size_t i = 0; i < t->values; i++)
		if (!isfinite(t->weights[i]) || !isfinite(t->velocity[i]))
			return dla_fail(ERANGE, "the weights are no numbers any more in epoch %u: a lower rate may help", epoch + 1);
	return 0;
}

static int run_epochs(struct training *t)
{
	const struct dla_train_options *o = &t->options;
	int err = 0;

	while (t->epoch < o->epochs && !err) {
		err = run_epoch(t, t->epoch);
		if (err)
			break;
		t->epoch++;
		if (o->checkpoint)
			err = dla_checkpoint_write(t);
		if (!err && o->progress && o->progress(o->ctx, t->epoch, o->epochs, (float)t->loss))
			err = dla_fail(ECANCELED, "the training was ended behind epoch %u", t->epoch);
	}
	return err;
}

/* ------------------------------------------------------------------------------- training */

static int check(const struct dla_head *head, const struct dla_samples *samples)
{
	int err = dla_samples_fit(samples, head);

	for (unsigned int i = 0; i < samples->count && !err; i++)
		if (samples->label[i] >= head->now.classes)
			err = dla_fail(EINVAL, "sample %u has label %u, and the head has %u classes: dla_head_add_class() adds one", i,
				       samples->label[i], head->now.classes);
	return err;
}

static int prepare(struct training *t)
{
	int err;

	t->classes = t->head->now.classes;
	t->features = t->head->cut.features;
	t->values = dla_learnt_values(t->head, t->classes);
	t->weights = calloc(t->values, sizeof(double));
	t->start = calloc(t->values, sizeof(double));
	t->velocity = calloc(t->values, sizeof(double));
	t->gradient = calloc(t->values, sizeof(double));
	t->x = calloc(t->features + 1, sizeof(double));
	t->logit = calloc(t->classes, sizeof(double));
	t->mean = calloc(t->features, sizeof(double));
	if (!t->weights || !t->start || !t->velocity || !t->gradient || !t->x || !t->logit || !t->mean)
		return dla_fail_memory();
	err = split(t);
	if (err)
		return err;
	find_mean(t);
	for (size_t i = 0; i < t->values; i++)
		t->start[i] = (double)t->head->now.weights[i];
	move_biases(t, t->start, 1);
	begin_new_classes(t, t->start);
	memcpy(t->weights, t->start, t->values * sizeof(*t->weights));
	t->rate = (double)t->options.rate / mean_square(t);
	return 0;
}

static void release(struct training *t)
{
	free(t->weights);
	free(t->start);
	free(t->velocity);
	free(t->gradient);
	free(t->x);
	free(t->logit);
	free(t->mean);
	free(t->is_held_out);
	free(t->is_trained);
	free(t->sample);
	free(t->order);
}

/* As the head is to have it. */
static int give_weights(struct training *t, struct dla_learnt *learnt)
{
	int err = dla_learnt_copy(t->head, &t->head->now, learnt);

	if (err)
		return err;
	move_biases(t, t->weights, -1);
	for (size_t i = 0; i < t->values; i++)
		learnt->weights[i] = (float)t->weights[i];
	learnt->original = false;
	learnt->version++;
	if (!dla_head_is_finite(learnt->weights, t->values)) {
		dla_learnt_release(learnt);
		return dla_fail(ERANGE, "the weights became larger than 1e9: a lower rate may help");
	}
	dla_learnt_calibrate(t->head, learnt, t->samples, t->is_trained);
	return 0;
}

static float share(const struct dla_head_score *score)
{
	return score->samples ? (float)score->right / (float)score->samples : 0;
}

static int score_now(struct training *t, struct dla_network *tail, struct dla_head_score *score)
{
	*score = (struct dla_head_score) { 0 };
	return t->count == t->samples->count ? 0 : dla_tail_judge(tail, t->samples, t->is_held_out, score);
}

/* What has been learnt becomes the head's, unless that was better. */
static int decide(struct training *t, struct dla_train_result *result)
{
	struct dla_head *head = t->head;
	struct dla_head_score before, after;
	struct dla_network *tail = NULL;
	struct dla_learnt learnt;
	int err = give_weights(t, &learnt);

	if (err)
		return err;
	err = dla_head_tail(head, &learnt, &tail);
	if (!err && !head->tail)
		err = dla_head_tail(head, &head->now, &head->tail);
	if (!err)
		err = score_now(t, head->tail, &before);
	if (!err)
		err = score_now(t, tail, &after);
	if (!err) {
		result->held_out = after.samples;
		result->before = share(&before);
		result->after = share(&after);
		result->rolled_back = after.right < before.right;
	}
	if (!err && !result->rolled_back) {
		dla_head_take(head, &learnt);
		head->tail = tail;
		return 0;
	}
	dla_network_free(tail);
	dla_learnt_release(&learnt);
	return err;
}

static int train(struct training *t, struct dla_train_result *result)
{
	int err = prepare(t);

	if (err)
		return err;
	if (t->options.checkpoint)
		err = dla_checkpoint_read(t);
	result->resumed = t->epoch;
	if (!err)
		err = run_epochs(t);
	if (err)
		return err;
	result->trained = t->count;
	result->epochs = t->epoch;
	result->loss = (float)t->loss;
	return decide(t, result);
}

int dla_head_train(struct dla_head *head, const struct dla_samples *samples, const struct dla_train_options *options,
		   struct dla_train_result *result)
{
	struct training t = { .head = head, .samples = samples };
	struct dla_train_result unused;
	int err = take_options(options, &t.options);

	result = result ? result : &unused;
	*result = (struct dla_train_result) { 0 };
	if (!err)
		err = check(head, samples);
	if (!err)
		err = train(&t, result);
	release(&t);
	return err ? dla_head_failed(err) : 0;
}
