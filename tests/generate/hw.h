/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_HW_H
#define GENERATE_HW_H

/* What a configuration of the hardware has, as far as it decides what is legal. */
struct hw {
	const char *name;
	unsigned int atom;		/* bytes of memory that are addressed as one */
	unsigned int atomic_c;		/* channels that are multiplied at once */
	unsigned int atomic_k;		/* kernels of a kernel group */
	unsigned int banks;		/* of the convolution buffer */
	unsigned int bank_entries;
	unsigned int entry_bytes;
	unsigned int cacc_atoms;	/* delivery buffer */
	unsigned int pdp_line;		/* line buffer, in output atoms */
};

/* NULL when there is none of this name. */
const struct hw *hw_find(const char *name);

#endif
