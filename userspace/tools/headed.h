/* SPDX-License-Identifier: MIT */
#ifndef DLA_HEADED_H
#define DLA_HEADED_H

#include "dla_head.h"
#include "labels.h"

/* A network, and what `dla learn` has made of its last layer, if asked for. Zero to start. */
struct headed {
	struct dla_head *head;		/* NULL: as in the network's file */
	struct dla_network *network;
};

/* @file: of a head, or NULL. -1: dla_strerror() says why. */
int headed_load(struct headed *headed, struct dla_device *device, const char *model, const struct dla_options *options,
		const char *file);
void headed_free(struct headed *headed);

/* What its classes are called, NULL for one without a name. -1: out of memory; to be freed in any case. */
int labels_of_head(const struct dla_head *head, struct labels *labels);

#endif
