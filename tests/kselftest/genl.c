// SPDX-License-Identifier: MIT
#include <linux/genetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/nvdla_genl.h>

#include "genl.h"
#include "harness.h"

/* No more, so that the kernel makes many parts of a long answer. */
#define BUFFER_SIZE	8192

struct request {
	struct nlmsghdr header;
	struct genlmsghdr genl;
	char attrs[64];
};

static const struct nlattr *first_attr(const struct nlmsghdr *header)
{
	return (const void *)((const char *)NLMSG_DATA(header) + GENL_HDRLEN);
}

static void add_attr(struct request *request, uint16_t type, const void *value, size_t size)
{
	struct nlattr *attr = (void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + size);
	memcpy((char *)attr + NLA_HDRLEN, value, size);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

static void parse_attrs(const struct nlattr *attr, size_t size, const struct nlattr **table)
{
	memset(table, 0, GENL_MAX_ATTR * sizeof(*table));
	while (size >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN && attr->nla_len <= size) {
		size_t step = NLA_ALIGN(attr->nla_len);

		if ((attr->nla_type & NLA_TYPE_MASK) < GENL_MAX_ATTR)
			table[attr->nla_type & NLA_TYPE_MASK] = attr;
		if (step >= size)
			break;
		attr = (const void *)((const char *)attr + step);
		size -= step;
	}
}

static struct genl_message parse(const struct nlmsghdr *header)
{
	const struct genlmsghdr *genl = NLMSG_DATA(header);
	struct genl_message message = { .type = header->nlmsg_type, .cmd = genl->cmd };

	EXPECT(header->nlmsg_len >= NLMSG_HDRLEN + GENL_HDRLEN);
	parse_attrs(first_attr(header), header->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, message.attr);
	return message;
}

static void send_request(const struct genl *genl, const struct request *request)
{
	EXPECT_EQ(send(genl->fd, request, request->header.nlmsg_len, 0), request->header.nlmsg_len);
}

/* One datagram's messages; returns whether more datagrams belong to the answer. */
static bool handle_part(const struct genl *genl, char *buffer, size_t size, int *error, genl_handler handler,
			void *ctx)
{
	bool more = false;

	for (struct nlmsghdr *header = (void *)buffer; NLMSG_OK(header, size); header = NLMSG_NEXT(header, size)) {
		struct genl_message message;

		if (header->nlmsg_seq != genl->seq)
			continue;
		if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
			*error = *(int *)NLMSG_DATA(header);
			return false;
		}
		more = header->nlmsg_flags & NLM_F_MULTI;
		message = parse(header);
		handler(&message, ctx);
	}
	return more;
}

static int receive_answer(struct genl *genl, genl_handler handler, void *ctx)
{
	static char buffer[BUFFER_SIZE];
	int error = 0;
	ssize_t size;

	genl->parts = 0;
	do {
		size = recv(genl->fd, buffer, sizeof(buffer), 0);
		EXPECT(size > 0);
		genl->parts++;
	} while (handle_part(genl, buffer, (size_t)size, &error, handler, ctx));
	return error;
}

static struct request request_new(struct genl *genl, uint16_t family, uint8_t cmd, bool dump)
{
	return (struct request) {
		.header = {
			.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN,
			.nlmsg_type = family,
			.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0)),
			.nlmsg_seq = ++genl->seq,
		},
		.genl = { .cmd = cmd, .version = 1 },
	};
}

/* The only group of the family. */
static void see_family(const struct genl_message *message, void *ctx)
{
	const struct nlattr *groups = message->attr[CTRL_ATTR_MCAST_GROUPS], *group[GENL_MAX_ATTR], *field[GENL_MAX_ATTR];
	struct genl *genl = ctx;

	genl->family = (uint16_t)genl_uint(message, CTRL_ATTR_FAMILY_ID);
	EXPECT(groups);
	parse_attrs((const void *)((const char *)groups + NLA_HDRLEN), groups->nla_len - NLA_HDRLEN, group);
	EXPECT(group[1]);
	parse_attrs((const void *)((const char *)group[1] + NLA_HDRLEN), group[1]->nla_len - NLA_HDRLEN, field);
	EXPECT(!strcmp((const char *)field[CTRL_ATTR_MCAST_GRP_NAME] + NLA_HDRLEN, NVDLA_MCGRP_EVENTS));
	memcpy(&genl->events, (const char *)field[CTRL_ATTR_MCAST_GRP_ID] + NLA_HDRLEN, sizeof(genl->events));
}

struct genl genl_open(void)
{
	struct genl genl = { .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC) };
	struct request request;

	if (genl.fd < 0)
		SKIP("no generic netlink");
	request = request_new(&genl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, false);
	add_attr(&request, CTRL_ATTR_FAMILY_NAME, NVDLA_FAMILY_NAME, sizeof(NVDLA_FAMILY_NAME));
	send_request(&genl, &request);
	if (receive_answer(&genl, see_family, &genl))
		SKIP("the driver is not loaded, or has no netlink");
	return genl;
}

/* @attr with @value is the only attribute; zero for none. Zero or a negative errno. */
int genl_request(struct genl *genl, uint8_t cmd, bool dump, int attr, uint32_t value, genl_handler handler,
		 void *ctx)
{
	struct request request = request_new(genl, genl->family, cmd, dump);

	if (attr)
		add_attr(&request, (uint16_t)attr, &value, sizeof(value));
	send_request(genl, &request);
	return receive_answer(genl, handler, ctx);
}

void genl_listen(struct genl *genl)
{
	EXPECT_EQ(setsockopt(genl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &genl->events, sizeof(genl->events)), 0);
}

/* Whether one came in time. */
bool genl_next_event(struct genl *genl, int timeout_ms, genl_handler handler, void *ctx)
{
	struct pollfd ready = { .fd = genl->fd, .events = POLLIN };
	static char buffer[BUFFER_SIZE];
	struct genl_message message;
	ssize_t size;

	if (poll(&ready, 1, timeout_ms) != 1)
		return false;
	size = recv(genl->fd, buffer, sizeof(buffer), 0);
	EXPECT(size >= (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN));
	message = parse((const void *)buffer);
	EXPECT_EQ(message.type, genl->family);
	EXPECT_EQ(message.cmd, NVDLA_CMD_EVENT_NTF);
	handler(&message, ctx);
	return true;
}

/* A number of whatever size; zero if it is not there. */
uint64_t genl_uint(const struct genl_message *message, int attr)
{
	const struct nlattr *at = message->attr[attr];
	uint64_t large;
	uint32_t small;
	uint16_t least;

	if (!at)
		return 0;
	switch (at->nla_len - NLA_HDRLEN) {
	case sizeof(large):
		memcpy(&large, (const char *)at + NLA_HDRLEN, sizeof(large));
		return large;
	case sizeof(small):
		memcpy(&small, (const char *)at + NLA_HDRLEN, sizeof(small));
		return small;
	case sizeof(least):
		memcpy(&least, (const char *)at + NLA_HDRLEN, sizeof(least));
		return least;
	default:
		return 0;
	}
}
