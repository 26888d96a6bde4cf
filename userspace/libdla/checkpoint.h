/* SPDX-License-Identifier: MIT */
#ifndef DLA_CHECKPOINT_H
#define DLA_CHECKPOINT_H

struct training;

/* What a training needs to go on behind an epoch, in options.checkpoint. */
int dla_checkpoint_write(const struct training *training);

/*
 * Go on from there, if it is there, whole, and of this very training: the same samples, options and start.
 * Otherwise the training is as it was: at its beginning. -ENOMEM, and what reading a file gives.
 */
int dla_checkpoint_read(struct training *training);

#endif
