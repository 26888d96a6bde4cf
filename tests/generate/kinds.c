// SPDX-License-Identifier: MIT
#include <string.h>

#include "chain.h"
#include "kinds.h"

static bool generate_one(struct generator *g, struct chain_wish wish)
{
	struct chain chain;

	if (!chain_draw(g, &wish, &chain))
		return false;
	chain_program(g, &chain);
	chain_start(g, &chain);
	return true;
}

static bool generate_conv(struct generator *g)
{
	return generate_one(g, (struct chain_wish){ .kind = CHAIN_CONV, .plain = true });
}

static bool generate_image(struct generator *g)
{
	return generate_one(g, (struct chain_wish){ .kind = CHAIN_CONV, .plain = true,
						    .conv.image = true });
}

static bool generate_sdp(struct generator *g)
{
	return generate_one(g, (struct chain_wish){ .kind = CHAIN_SDP });
}

static bool generate_pdp(struct generator *g)
{
	return generate_one(g, (struct chain_wish){ .kind = CHAIN_PDP });
}

static bool generate_cdp(struct generator *g)
{
	return generate_one(g, (struct chain_wish){ .kind = CHAIN_CDP });
}

static bool generate_chain(struct generator *g)
{
	struct chain_wish wish = {
		.kind = (enum chain_kind)PICK(&g->random, CHAIN_CONV, CHAIN_CONV, CHAIN_CONV_PDP,
					      CHAIN_CONV_PDP, CHAIN_SDP_PDP),
	};

	wish.conv.image = random_one_in(&g->random, 4);
	return generate_one(g, wish);
}

const struct kind kinds[] = {
	{ "conv", "a convolution of features", generate_conv },
	{ "image", "a convolution of pixels", generate_image },
	{ "sdp", "SDP from memory to memory", generate_sdp },
	{ "pdp", "pooling from memory to memory", generate_pdp },
	{ "cdp", "CDP with random tables", generate_cdp },
	{ "chain", "convolution, SDP and PDP on the fly", generate_chain },
	{ "split", "one convolution in pieces of lines and kernels", generate_split },
	{ "reuse", "convolutions that keep data or weights in the buffer", generate_reuse },
	{ "queue", "operations of one kind in both register groups", generate_queue },
	{ "parallel", "engines working at the same time", generate_parallel },
	{ "sequence", "operations of all kinds that depend on each other", generate_sequence },
	{ 0 }
};

const struct kind *kind_find(const char *name, size_t length)
{
	for (const struct kind *kind = kinds; kind->name; kind++) {
		if (strlen(kind->name) == length && !strncmp(kind->name, name, length))
			return kind;
	}
	return NULL;
}
