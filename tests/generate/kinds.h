/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_KINDS_H
#define GENERATE_KINDS_H

#include "generator.h"

/* What a folder holds: one operation, or several that have to do with each other. */
struct kind {
	const char *name;
	const char *help;
	/* False when chance found nothing legal: begin again with other numbers. */
	bool (*generate)(struct generator *g);
};

/* Ends with one without a name. */
extern const struct kind kinds[];

const struct kind *kind_find(const char *name, size_t length);

/* cut.c */
bool generate_split(struct generator *g);
bool generate_reuse(struct generator *g);

/* together.c */
bool generate_queue(struct generator *g);
bool generate_parallel(struct generator *g);
bool generate_sequence(struct generator *g);

#endif
