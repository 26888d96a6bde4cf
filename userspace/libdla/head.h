/* SPDX-License-Identifier: MIT */
#ifndef DLA_HEAD_PRIVATE_H
#define DLA_HEAD_PRIVATE_H

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

#include "backbone.h"
#include "dla_head.h"

#define DLA_HEAD_NAME_BYTES 256

/* What a head has learnt. */
struct dla_learnt {
	unsigned int classes, version;
	bool original;			/* nothing: the file's own layer counts, to the bit */
	float *weights;			/* classes x (features + 1), of real features; the bias last */
	float scale;			/* of the outputs */
	int32_t zero_point;
	char **name;			/* per class; NULL: none */
};

/* As many are under way at a time as keep the NPU and two CPUs busy. */
#define DLA_HEAD_REQUESTS 4

struct dla_head {
	struct dla_device *device;
	char *name;			/* the network's */
	struct dla_options options;
	char *profile;			/* what the options refer to */
	struct dla_cut_network cut;
	char id[DLA_BACKBONE_ID];
	float scale;			/* of the features */
	int32_t zero_point;
	struct dla_network *backbone;
	struct dla_request *request[DLA_HEAD_REQUESTS];	/* of the backbone; NULL until needed */
	struct dla_learnt now, before;
	bool has_before;
	struct dla_network *tail;	/* of what is learnt now; NULL until needed */
};

size_t dla_learnt_values(const struct dla_head *head, unsigned int classes);

/* Zeros, without names; all three accept what is zeroed. -ENOMEM. */
int dla_learnt_new(const struct dla_head *head, unsigned int classes, struct dla_learnt *learnt);
int dla_learnt_copy(const struct dla_head *head, const struct dla_learnt *from, struct dla_learnt *copy);
void dla_learnt_release(struct dla_learnt *learnt);

/* The layer that the file has: into what has as many classes. */
int dla_head_original(const struct dla_head *head, struct dla_learnt *learnt);

/* It becomes what the head has learnt, and what that was, what was before. What it was is released on the way. */
void dla_head_take(struct dla_head *head, struct dla_learnt *learnt);

/* No value is out of what can be quantised. */
bool dla_head_is_finite(const float *value, size_t count);

/* Choose the outputs' scale by the range that they have over samples, or without any by what the weights may do. */
void dla_learnt_calibrate(const struct dla_head *head, struct dla_learnt *learnt, const struct dla_samples *samples,
			  const bool *use);
void dla_learnt_guess(const struct dla_head *head, struct dla_learnt *learnt);

/* The layers from the head on, compiled. */
int dla_head_tail(struct dla_head *head, const struct dla_learnt *learnt, struct dla_network **tail);

/*
 * Run a network on count inputs, several at a time: give() says where they are, take() gets what comes of each, in
 * order. request[] is filled in as needed, to be used again.
 */
typedef const void *dla_give_fn(void *ctx, unsigned int index);
typedef void dla_take_fn(void *ctx, unsigned int index, const void *output);
int dla_run_all(struct dla_network *network, struct dla_request *request[DLA_HEAD_REQUESTS], unsigned int count,
		dla_give_fn *give, dla_take_fn *take, void *ctx);

/* The score of a tail over the samples that use[] marks; NULL: all of them. */
int dla_tail_judge(struct dla_network *tail, const struct dla_samples *samples,
		   const bool *use, struct dla_head_score *score);

/* -ESTALE where the samples are not of the head's backbone. */
int dla_samples_fit(const struct dla_samples *samples, const struct dla_head *head);

static inline int dla_head_failed(int err)
{
	errno = -err;
	return -1;
}

#endif
