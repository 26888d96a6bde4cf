/* SPDX-License-Identifier: MIT */
#ifndef DLA_HEAD_H
#define DLA_HEAD_H

/**
 * DOC: learning on the device - the last layer of a network
 *
 * A head is the last fully connected layer of a network. What is before it, the backbone, is frozen: it is
 * compiled once, runs on the NPU and makes features of inputs. The head learns from these features with
 * labels, and what it has learnt goes back into a network, for which nothing of the backbone is
 * compiled again::
 *
 *	struct dla_head *head = dla_head_new(device, "model.tflite", NULL);
 *	struct dla_samples *samples = dla_samples_open(head, "samples");
 *
 *	dla_head_features(head, pictures, count, features);
 *	for (i = 0; i < count; i++)
 *		dla_samples_add(samples, features + i * info.features, label[i]);
 *	dla_head_train(head, samples, NULL, &result);
 *	dla_head_save(head, "mine.head");
 *	network = dla_head_network(head);
 *
 * All of it is the same on every machine, given the same features: sums are of type double and in the
 * order of the samples, whatever the optimisation. Only exp(), log() and cos() are the C library's, whose
 * last bit another one may round otherwise. Features themselves are those of the device: on an NPU they may be
 * an LSB from the CPU's.
 *
 * A head and its samples belong to one thread at a time. Networks of it do not: see dla.h.
 */

#include "dla.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct dla_head - the last fully connected layer of a network, which learns
 *
 * Threads: one at a time for a head; others, for heads of their own, at the same time.
 */
struct dla_head;

/**
 * struct dla_samples - features with labels, in a file or in memory only
 *
 * Threads: one at a time, the one that has the head.
 */
struct dla_samples;

/* How many classes a head may have. */
#define DLA_HEAD_MAX_CLASSES 65536

/**
 * dla_head_new() - cut a network at its last fully connected layer
 * @device: what will run it.
 * @path: a .tflite file. Behind the last FULLY_CONNECTED there may be SOFTMAX, LOGISTIC, QUANTIZE and
 *	DEQUANTIZE; it has one input and one output.
 * @options: how to compile it, as for dla_network_load(); NULL for the defaults.
 *
 * Errors: those of dla_network_load(); EOPNOTSUPP also if the network cannot be cut so: the reason names the
 * operation.
 */
DLA_API struct dla_head *dla_head_new(struct dla_device *device, const char *path, const struct dla_options *options);

/**
 * dla_head_free() - free a head without samples; networks made of it live on
 * @head: NULL does nothing.
 */
DLA_API void dla_head_free(struct dla_head *head);

/**
 * struct dla_head_info - what a head is
 * @features: how many there are of an input.
 * @classes: how many it tells apart now.
 * @original_classes: how many it did in the file.
 * @feature_scale: real feature = scale * (stored - zero_point).
 * @feature_zero_point: see @feature_scale.
 * @backbone: SHA-256, in hexadecimal, of all that decides what the features are: operations, shapes,
 *	constants and quantisation in the file; not names, and not the device or how it was compiled.
 * @version: how often it has been trained or set, over its life.
 */
struct dla_head_info {
	unsigned int features;
	unsigned int classes;
	unsigned int original_classes;
	float feature_scale;
	int feature_zero_point;
	char backbone[65];
	unsigned int version;
};

/** dla_head_info() - describe a head */
DLA_API void dla_head_info(const struct dla_head *head, struct dla_head_info *info);

/**
 * dla_head_input() - what dla_head_features() takes
 * @head: which.
 *
 * Return: a description of one input, valid as long as the head.
 */
DLA_API const struct dla_tensor_info *dla_head_input(const struct dla_head *head);

/**
 * dla_head_add_class() - let a head tell one more class from the others
 * @head: which.
 * @name: at most 255 bytes of UTF-8; NULL: none.
 *
 * Until the head is trained the new class is the least likely one. Rows are quantised anew by that, so that
 * outputs may be an LSB from what they were.
 *
 * Return: the index of the class; or -1 with E2BIG (it has DLA_HEAD_MAX_CLASSES), EINVAL (no such name),
 * ENOMEM.
 */
DLA_API int dla_head_add_class(struct dla_head *head, const char *name);

/**
 * dla_head_name_class() - name a class
 * @head: which.
 * @index: of the class.
 * @name: as for dla_head_add_class().
 *
 * Errors: ERANGE (there is no such class), EINVAL (no such name), ENOMEM.
 */
DLA_API int dla_head_name_class(struct dla_head *head, unsigned int index, const char *name);

/**
 * dla_head_class() - what a class is called
 * @head: which.
 * @index: of the class.
 *
 * Valid until the class is named anew, or the head trained, set, restored or freed.
 *
 * Return: its name; NULL if it has none, or does not exist.
 */
DLA_API const char *dla_head_class(const struct dla_head *head, unsigned int index);

/**
 * dla_head_features() - run the backbone
 * @head: which.
 * @inputs: @count inputs one behind the other, each as the network has its input 0.
 * @count: 0 is nothing to do.
 * @features: room for @count times &dla_head_info.features.
 *
 * Several inputs are under way at the same time.
 *
 * Errors: those of dla_request_new() and dla_request_run().
 */
DLA_API int dla_head_features(struct dla_head *head, const void *inputs, unsigned int count, int8_t *features);

/* ------------------------------------------------------------------------------- samples */

/**
 * dla_samples_open() - open a file of samples, or make one
 * @head: whose features they are.
 * @path: the file; it holds features and labels, never inputs. NULL: in memory only.
 *
 * What was being written when power failed is left out; every sample has a checksum.
 *
 * Errors: ESTALE (features of another backbone), EINVAL (no file of samples, or a damaged one), EOPNOTSUPP
 * (of another version of this library), EBUSY (another one has it open), EFBIG (it is too large), those of
 * opening, reading and writing a file, ENOMEM.
 */
DLA_API struct dla_samples *dla_samples_open(struct dla_head *head, const char *path);

/**
 * dla_samples_close() - close what dla_samples_open() has opened, and see to it that a file is on its disk
 * @samples: NULL does nothing.
 *
 * Return: 0; or -1 with what writing gives: then samples that were added may not be there after power fails.
 */
DLA_API int dla_samples_close(struct dla_samples *samples);

/**
 * dla_samples_add() - add a sample
 * @samples: to which.
 * @features: as many as &dla_head_info.features.
 * @label: index of a class of the head.
 *
 * Errors: ERANGE (there is no such class), those of writing a file (then it has not been added), ENOMEM.
 */
DLA_API int dla_samples_add(struct dla_samples *samples, const int8_t *features, unsigned int label);

/**
 * dla_samples_count() - how many there are
 *
 * Return: their number.
 */
DLA_API unsigned int dla_samples_count(const struct dla_samples *samples);

/**
 * dla_samples_features() - the features of a sample
 * @samples: of which.
 * @index: 0 for the first.
 *
 * Valid until a sample is added.
 *
 * Errors: ERANGE (there is no such sample).
 */
DLA_API const int8_t *dla_samples_features(const struct dla_samples *samples, unsigned int index);

/**
 * dla_samples_label() - the label of a sample
 * @samples: of which.
 * @index: 0 for the first.
 *
 * Return: the label; or -1 with ERANGE (there is no such sample).
 */
DLA_API int dla_samples_label(const struct dla_samples *samples, unsigned int index);

/* ------------------------------------------------------------------------------ learning */

/** enum dla_rate - how the learning rate goes from the first step to the last */
enum dla_rate {
	DLA_RATE_COSINE,	/* down to zero, as half a wave of the cosine */
	DLA_RATE_CONSTANT,	/* it remains the same */
	DLA_RATE_STEP,		/* a tenth after half of the epochs, a hundredth after three quarters */
};

/**
 * typedef dla_epoch_fn - told how far a training is
 * @ctx: &dla_train_options.ctx.
 * @epoch: how many epochs are done.
 * @epochs: of how many.
 * @loss: mean cross entropy of this epoch, in nats.
 *
 * It is called in the thread that trains, and must not use the head.
 *
 * Return: 0 to go on; otherwise the training ends with ECANCELED, the head is as it was, and the
 * checkpoint remains.
 */
typedef int dla_epoch_fn(void *ctx, unsigned int epoch, unsigned int epochs, float loss);

/**
 * struct dla_train_options - how to train; where a number is 0, the default is meant
 * @epochs: how often each sample is seen; 30.
 * @batch: how many samples a step is made of; 32.
 * @rate: learning rate, in units of 1 + the variance of the samples' features, summed over these: the same
 *	number then suits all networks; 2.
 * @momentum: below 1; 0.9, and none if negative.
 * @decay: of the weights, not of the biases: what is added to the loss is half of it times their squares; none.
 * @proximal: the same about how far weights and biases are from where they began, as FedProx has it; none.
 * @schedule: see &enum dla_rate.
 * @seed: for the order of the samples.
 * @held_out: share of the samples of each class, below 1, that is not trained on but decides whether the
 *	result is better than what was there; 0.2, and none if negative. Which ones they are depends on
 *	nothing but the order in which a class' samples came, so that they are the same the next time.
 * @checkpoint: a file that is written anew behind each epoch. If it is there at the beginning, and of the
 *	same training from the same start, that goes on from it; otherwise it is replaced. It stays when the
 *	training is over, so that nothing is lost before dla_head_save(): remove it behind that. NULL: none.
 * @progress: told of each epoch; may be NULL.
 * @ctx: for @progress.
 */
struct dla_train_options {
	unsigned int epochs;
	unsigned int batch;
	float rate;
	float momentum;
	float decay;
	float proximal;
	enum dla_rate schedule;
	uint64_t seed;
	float held_out;
	const char *checkpoint;
	dla_epoch_fn *progress;
	void *ctx;
};

/**
 * struct dla_train_result - what came of a training
 * @trained: samples that it saw.
 * @held_out: samples that it did not.
 * @epochs: done.
 * @resumed: how many of these a checkpoint had.
 * @before: share of those held out that the head had right before it, as the network has it; 0 if there
 *	are none.
 * @after: and behind it.
 * @loss: mean cross entropy of the last epoch, in nats.
 * @rolled_back: nonzero: @after was less than @before, and so the head is what it was.
 */
struct dla_train_result {
	unsigned int trained;
	unsigned int held_out;
	unsigned int epochs;
	unsigned int resumed;
	float before;
	float after;
	float loss;
	int rolled_back;
};

/**
 * dla_head_train() - train a head: softmax regression by stochastic gradient descent
 * @head: which.
 * @samples: of this backbone.
 * @options: NULL for the defaults, which are all zero.
 * @result: filled in; may be NULL.
 *
 * Features are taken less their mean over the samples trained on, which is put into the biases; decay and
 * proximal mean these biases. It begins with the weights that the head has; a class without any, with the
 * mean of the others' biases. What it ends with is quantised for the network: weights for each class by
 * themselves, the outputs by the range that they have over the samples trained on.
 *
 * Errors: EINVAL (no sample to train on, a class that the head has not, an option that is none), ESTALE
 * (samples of another backbone), ERANGE (the weights became too large: the rate is too high), ECANCELED,
 * those of reading and writing the checkpoint and those of a run, ENOMEM. The head is then what it was.
 */
DLA_API int dla_head_train(struct dla_head *head, const struct dla_samples *samples,
			   const struct dla_train_options *options, struct dla_train_result *result);

/**
 * struct dla_head_score - how good a head is
 * @samples: asked about.
 * @right: where the network's first largest output is the label's.
 * @loss: mean cross entropy in nats of what the outputs say; of a SOFTMAX, whose outputs are multiples of
 *	1/256, 0 counts as half of that.
 */
struct dla_head_score {
	unsigned int samples;
	unsigned int right;
	float loss;
};

/**
 * dla_head_evaluate() - ask the quantised head, where and as the network has it, about samples
 * @head: which.
 * @samples: of this backbone; a label that the head has no class for is never right.
 * @score: filled in.
 *
 * Errors: EINVAL (there is no sample), ESTALE (samples of another backbone), those of dla_request_new()
 * and dla_request_run().
 */
DLA_API int dla_head_evaluate(struct dla_head *head, const struct dla_samples *samples, struct dla_head_score *score);

/**
 * dla_head_rollback() - return to what a head was before it was last trained or set
 * @head: which; there is one step back, and none from there.
 *
 * Errors: ENOENT (there is nothing before).
 */
DLA_API int dla_head_rollback(struct dla_head *head);

/**
 * dla_head_weights() - read the weights
 * @head: which.
 * @values: room for &dla_head_info.classes rows of &dla_head_info.features weights of real features, and the
 *	bias.
 */
DLA_API void dla_head_weights(const struct dla_head *head, float *values);

/**
 * dla_head_set_weights() - replace the weights, as by those that a server has averaged
 * @head: which.
 * @values: as dla_head_weights() gives them.
 * @classes: how many rows; no fewer than the head has, and where there are more, it gets classes without names.
 *
 * What range the outputs have is not known then but from the size of the weights;
 * dla_head_calibrate() finds it out.
 *
 * Errors: EINVAL (a value is not finite, or larger than 1e9; too few classes), E2BIG (too many), ENOMEM.
 */
DLA_API int dla_head_set_weights(struct dla_head *head, const float *values, unsigned int classes);

/**
 * dla_head_calibrate() - quantise the outputs by the range that they have over samples
 * @head: which; its weights remain the same.
 * @samples: of this backbone.
 *
 * Errors: EINVAL (there is no sample), ESTALE (samples of another backbone), ENOMEM.
 */
DLA_API int dla_head_calibrate(struct dla_head *head, const struct dla_samples *samples);

/**
 * dla_head_save() - write a head to a file: weights, names, and what it was before; some kilobytes
 * @head: which.
 * @path: the file, written as a whole or not at all, and on its disk then; an old one is replaced.
 *
 * Errors: those of writing a file, ENOMEM.
 */
DLA_API int dla_head_save(const struct dla_head *head, const char *path);

/**
 * dla_head_restore() - read a head from a file
 * @head: made of a network with the same backbone.
 * @path: what dla_head_save() has written; it need not be trusted.
 *
 * Errors: ESTALE (of another backbone), EINVAL (damaged, or no such file), EFBIG (it is too large),
 * EOPNOTSUPP (of another version of this library), those of reading a file, ENOMEM. The head is then what
 * it was.
 */
DLA_API int dla_head_restore(struct dla_head *head, const char *path);

/**
 * dla_head_network() - the whole network with the head in it, as it is now
 * @head: which. It may be freed or trained meanwhile: the network does not change.
 *
 * Only the layers from the head on are compiled; programs and constants of the backbone are shared by all
 * networks of the head. Until the head is trained or set, the network is that of the file.
 *
 * Errors: those of dla_network_load() but for reading a file.
 */
DLA_API struct dla_network *dla_head_network(struct dla_head *head);

#ifdef __cplusplus
}
#endif

#endif
