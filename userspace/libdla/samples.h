/* SPDX-License-Identifier: MIT */
#ifndef DLA_SAMPLES_H
#define DLA_SAMPLES_H

#include "head.h"

struct dla_samples {
	const struct dla_head *head;
	char id[DLA_BACKBONE_ID];
	unsigned int features;
	unsigned int count, room;
	int8_t *feature;		/* [count][features] */
	uint32_t *label;
	char *path;			/* NULL: in memory only */
	int fd;
	uint8_t *record;		/* room for one as the file has it */
	off_t end;			/* of the last whole record */
};

#endif
