/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_BUILTIN_H
#define DELEGATE_BUILTIN_H

#include "abi.h"
#include "flatbuffer_writer.h"

/* Operations that can be written into a file again, from what the runtime made of their options. */
struct builtin {
	int32_t code;
	int latest;		/* version; what a later one means is not known here */
	uint8_t options;	/* member of the file format's union; 0: it has none */
	unsigned int fields;
	void (*write)(struct fbw *w, fbw_at options, const void *data);
};

/* NULL: there is no such operation. */
const struct builtin *builtin_find(int32_t code);

#endif
