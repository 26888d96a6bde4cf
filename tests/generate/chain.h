/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_CHAIN_H
#define GENERATE_CHAIN_H

#include "cdp.h"
#include "conv.h"
#include "pdp.h"
#include "sdp.h"

/* Engines that work on one operation together, the result of one going to the next on the fly. */
enum chain_kind {
	CHAIN_CONV,
	CHAIN_CONV_PDP,
	CHAIN_SDP,
	CHAIN_SDP_PDP,
	CHAIN_PDP,
	CHAIN_CDP,
	CHAIN_KINDS
};

struct chain {
	enum chain_kind kind;
	struct conv conv;
	struct sdp sdp;
	struct pdp pdp;
	struct cdp cdp;
};

struct chain_wish {
	enum chain_kind kind;
	const struct surface *in;	/* NULL: a new one */
	struct conv_wish conv;		/* its input is the one above */
	bool plain;			/* SDP only converts */
};

bool chain_draw(struct generator *g, const struct chain_wish *wish, struct chain *chain);
const struct surface *chain_output(const struct chain *chain);

/* Program the next groups, waiting for who has them. Between this and the start no other may come. */
void chain_program(struct generator *g, const struct chain *chain);
int chain_start(struct generator *g, const struct chain *chain);

#endif
