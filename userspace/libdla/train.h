/* SPDX-License-Identifier: MIT */
#ifndef DLA_TRAIN_H
#define DLA_TRAIN_H

#include "head.h"

struct training {
	struct dla_head *head;
	const struct dla_samples *samples;
	struct dla_train_options options;	/* with the defaults */
	unsigned int classes, features;
	bool *is_held_out, *is_trained;		/* per sample */
	uint32_t *sample, *order;		/* those trained on; and as they come in an epoch */
	unsigned int count;
	size_t values;				/* how many each has of these: */
	double *weights, *start, *velocity, *gradient;
	double *x, *logit;			/* of one sample */
	double *mean;				/* of each feature */
	double rate;
	unsigned int epoch;			/* how many are done */
	double loss;				/* of the last one */
};

#endif
