/* SPDX-License-Identifier: MIT */
#ifndef DLA_BACKBONE_H
#define DLA_BACKBONE_H

#include "graph.h"

/*
 * A network cut at its last fully connected layer: what is before it makes features, and the tail - views
 * of them, the layer, and what is behind - makes answers. Both are whole copies.
 */

#define DLA_BACKBONE_ID 65	/* characters of an identity */

struct dla_cut_network {
	struct dla_graph *backbone;	/* its only output is the features */
	struct dla_graph *tail;		/* its tensor 0, its only input, likewise */
	unsigned int layer;		/* the fully connected one, in the tail */
	unsigned int features, classes;
};

/* -EOPNOTSUPP: it cannot be cut so. Release also after an error. */
int dla_backbone_cut(const struct dla_graph *graph, struct dla_cut_network *cut);
void dla_backbone_release(struct dla_cut_network *cut);

/*
 * A tail with more room: its tensors' last dimensions, from the layer's output on, are the classes. What the
 * layer has in it is the caller's to fill in, by names that are not const.
 */
struct dla_tail_tensors {
	struct dla_graph *graph;
	int8_t *weights;		/* [classes][features] */
	float *weight_scale;		/* [classes], zero points are 0 */
	int32_t *bias;			/* [classes] */
};

/* scale, zero_point: of what the layer makes. */
int dla_backbone_make_tail(const struct dla_cut_network *cut, unsigned int classes, float scale, int32_t zero_point,
			   struct dla_tail_tensors *tail);

/* A copy of the tail as it was. */
int dla_backbone_copy_tail(const struct dla_cut_network *cut, struct dla_graph **tail);

/* SHA-256 of what computes the output: operations, shapes, types, quantisation and constants; in hexadecimal. */
int dla_backbone_identify(const struct dla_graph *backbone, char id[DLA_BACKBONE_ID]);

#endif
