/* SPDX-License-Identifier: MIT */
#ifndef DLA_LOWER_AVERAGE_H
#define DLA_LOWER_AVERAGE_H

#include "lower.h"

/* Averages over windows without padding, by the convolution engine: it keeps every bit of a sum. */
struct dla_averaging {
	struct dla_feature in, out;
	struct dla_window window;
	struct dla_requant_wish wish;	/* of the sum over a window, whatever the channel */
	int32_t zero_point;
	bool to_the_bit;		/* the wish is AVERAGE_POOL_2D's: see dla_requant_is_average() */
	int32_t low, high;		/* of the output */
	int input, output;
};

/* As a dla_lower_fn. */
int dla_lower_average(const struct dla_lower *lower, const struct dla_averaging *averaging,
		      struct dla_lowered **lowered, const char **why);

#endif
