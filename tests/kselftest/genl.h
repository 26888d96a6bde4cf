/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_TEST_GENL_H
#define NVDLA_TEST_GENL_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * As much of generic netlink as the family "nvdla" needs, without a library: the tests are linked
 * statically and run anywhere.
 */

/* A socket, and the family as it is known to it. */
struct genl {
	int fd;
	uint16_t family;
	uint32_t events;	/* the multicast group */
	uint32_t seq;
	unsigned int parts;	/* datagrams in which the last answer came */
};

/* Attributes of a message, by their number. */
#define GENL_MAX_ATTR	32

struct genl_message {
	uint16_t type;
	uint8_t cmd;
	const struct nlattr *attr[GENL_MAX_ATTR];
};

/* Called for each message; only what it copies stays. */
typedef void (*genl_handler)(const struct genl_message *message, void *ctx);

struct genl genl_open(void);
int genl_request(struct genl *genl, uint8_t cmd, bool dump, int attr, uint32_t value, genl_handler handler,
		 void *ctx);

void genl_listen(struct genl *genl);
bool genl_next_event(struct genl *genl, int timeout_ms, genl_handler handler, void *ctx);

uint64_t genl_uint(const struct genl_message *message, int attr);

#endif
