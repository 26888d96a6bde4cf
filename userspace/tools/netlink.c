// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/nvdla_genl.h>

#include "netlink.h"

/* Room for what comes in a burst; a message takes some 100 bytes, the kernel counts 800. */
#define RECEIVE_BYTES	(1 << 20)

struct array {
	void *items;
	size_t size;
	size_t count;
	int error;
};

static void *array_add(struct array *array)
{
	void *items = realloc(array->items, (array->count + 1) * array->size);
	char *item;

	if (!items) {
		array->error = -ENOMEM;
		return NULL;
	}
	array->items = items;
	item = (char *)items + array->count++ * array->size;
	memset(item, 0, array->size);
	return item;
}

/* libnl's codes are its own; those of the kernel come through them. */
static int from_nl(int error)
{
	switch (-error) {
	case 0:
		return 0;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_NODEV:
		return -ENODEV;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_INTR:
		return -EINTR;
	case NLE_AGAIN:
	case NLE_DUMP_INTR:
		return -EAGAIN;
	default:
		return error < 0 ? -EIO : 0;
	}
}

/* A "uint" of the specification has four bytes or eight. */
static uint64_t get_uint(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	return nla_len(attr) == sizeof(uint64_t) ? nla_get_u64(attr) : nla_get_u32(attr);
}

static uint32_t get_u32(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static void get_string(char *to, size_t size, const struct nlattr *attr)
{
	snprintf(to, size, "%s", attr ? nla_get_string(attr) : "");
}

static const struct nla_policy dev_policy[NVDLA_A_DEV_MAX + 1] = {
	[NVDLA_A_DEV_ID] = { .type = NLA_U32 },
	[NVDLA_A_DEV_NAME] = { .type = NLA_STRING },
	[NVDLA_A_DEV_NODE] = { .type = NLA_STRING },
	[NVDLA_A_DEV_CONFIG] = { .type = NLA_STRING },
	[NVDLA_A_DEV_PENDING ... NVDLA_A_DEV_CDP_NS] = { .type = NLA_U32, .maxlen = sizeof(uint64_t) },
};

static const struct nla_policy queue_policy[NVDLA_A_QUEUE_MAX + 1] = {
	[NVDLA_A_QUEUE_DEV_ID ... NVDLA_A_QUEUE_MAX] = { .type = NLA_U32, .maxlen = sizeof(uint64_t) },
};

static const struct nla_policy event_policy[NVDLA_A_EVENT_MAX + 1] = {
	[NVDLA_A_EVENT_DEV_ID ... NVDLA_A_EVENT_MAX] = { .type = NLA_U32, .maxlen = sizeof(uint64_t) },
};

static int add_device(struct nl_msg *msg, void *arg)
{
	struct nlattr *attr[NVDLA_A_DEV_MAX + 1];
	struct netlink_device *device;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attr, NVDLA_A_DEV_MAX, dev_policy))
		return NL_SKIP;
	device = array_add(arg);
	if (!device)
		return NL_STOP;
	device->id = get_u32(attr[NVDLA_A_DEV_ID]);
	get_string(device->name, sizeof(device->name), attr[NVDLA_A_DEV_NAME]);
	get_string(device->node, sizeof(device->node), attr[NVDLA_A_DEV_NODE]);
	get_string(device->config, sizeof(device->config), attr[NVDLA_A_DEV_CONFIG]);
	device->wedged = attr[NVDLA_A_DEV_WEDGED];
	device->pending = get_uint(attr[NVDLA_A_DEV_PENDING]);
	device->done = get_uint(attr[NVDLA_A_DEV_DONE]);
	device->failed = get_uint(attr[NVDLA_A_DEV_FAILED]);
	device->timeouts = get_uint(attr[NVDLA_A_DEV_TIMEOUTS]);
	device->resets = get_uint(attr[NVDLA_A_DEV_RESETS]);
	device->stray_irqs = get_uint(attr[NVDLA_A_DEV_STRAY_IRQS]);
	device->busy_ns = get_uint(attr[NVDLA_A_DEV_BUSY_NS]);
	device->conv_ns = get_uint(attr[NVDLA_A_DEV_CONV_NS]);
	device->sdp_ns = get_uint(attr[NVDLA_A_DEV_SDP_NS]);
	device->pdp_ns = get_uint(attr[NVDLA_A_DEV_PDP_NS]);
	device->cdp_ns = get_uint(attr[NVDLA_A_DEV_CDP_NS]);
	return NL_OK;
}

static int add_queue(struct nl_msg *msg, void *arg)
{
	struct nlattr *attr[NVDLA_A_QUEUE_MAX + 1];
	struct netlink_queue *queue;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attr, NVDLA_A_QUEUE_MAX, queue_policy))
		return NL_SKIP;
	queue = array_add(arg);
	if (!queue)
		return NL_STOP;
	queue->dev_id = get_u32(attr[NVDLA_A_QUEUE_DEV_ID]);
	queue->client = get_uint(attr[NVDLA_A_QUEUE_CLIENT]);
	queue->handle = get_u32(attr[NVDLA_A_QUEUE_HANDLE]);
	queue->timeout_ms = get_u32(attr[NVDLA_A_QUEUE_TIMEOUT_MS]);
	queue->submitted = get_uint(attr[NVDLA_A_QUEUE_SUBMITTED]);
	queue->done = get_uint(attr[NVDLA_A_QUEUE_DONE]);
	queue->failed = get_uint(attr[NVDLA_A_QUEUE_FAILED]);
	queue->timeouts = get_uint(attr[NVDLA_A_QUEUE_TIMEOUTS]);
	return NL_OK;
}

/* All answers to a command, into an array. */
static int dump(struct netlink *link, uint8_t command, nl_recvmsg_msg_cb_t add, struct array *array)
{
	struct nl_msg *msg = nlmsg_alloc();
	int ret = -ENOMEM;

	if (!msg)
		return ret;
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, link->family, 0, NLM_F_DUMP, command,
			NVDLA_FAMILY_VERSION)) {
		nl_socket_modify_cb(link->sock, NL_CB_VALID, NL_CB_CUSTOM, add, array);
		ret = nl_send_auto(link->sock, msg);
		if (ret >= 0)
			ret = nl_recvmsgs_default(link->sock);
		ret = from_nl(ret);
	}
	nlmsg_free(msg);
	if (!ret)
		ret = array->error;
	if (ret)
		free(array->items);
	return ret;
}

int netlink_open(struct netlink *link)
{
	int ret;

	link->sock = nl_socket_alloc();
	if (!link->sock)
		return -ENOMEM;
	ret = genl_connect(link->sock);
	if (!ret) {
		link->family = genl_ctrl_resolve(link->sock, NVDLA_FAMILY_NAME);
		ret = link->family < 0 ? link->family : 0;
	}
	if (ret)
		netlink_close(link);
	return from_nl(ret);
}

void netlink_close(struct netlink *link)
{
	nl_socket_free(link->sock);
	link->sock = NULL;
}

const char *netlink_reason(int error)
{
	if (error == -ENOENT)
		return "the nvdla driver is not loaded, or its kernel has no networking";
	return strerror(-error);
}

int netlink_devices(struct netlink *link, struct netlink_device **devices, size_t *count)
{
	struct array array = { .size = sizeof(**devices) };
	int ret = dump(link, NVDLA_CMD_DEV_GET, add_device, &array);

	*devices = ret ? NULL : array.items;
	*count = ret ? 0 : array.count;
	return ret;
}

int netlink_queues(struct netlink *link, struct netlink_queue **queues, size_t *count)
{
	struct array array = { .size = sizeof(**queues) };
	int ret = dump(link, NVDLA_CMD_QUEUE_GET, add_queue, &array);

	*queues = ret ? NULL : array.items;
	*count = ret ? 0 : array.count;
	return ret;
}

static int hear(struct nl_msg *msg, void *arg)
{
	const struct netlink *link = arg;
	struct nlattr *attr[NVDLA_A_EVENT_MAX + 1];
	struct netlink_event event = { 0 };

	if (genlmsg_hdr(nlmsg_hdr(msg))->cmd != NVDLA_CMD_EVENT_NTF ||
	    genlmsg_parse(nlmsg_hdr(msg), 0, attr, NVDLA_A_EVENT_MAX, event_policy))
		return NL_SKIP;
	event.dev_id = get_u32(attr[NVDLA_A_EVENT_DEV_ID]);
	event.type = get_u32(attr[NVDLA_A_EVENT_TYPE]);
	event.time_ns = get_uint(attr[NVDLA_A_EVENT_TIME_NS]);
	event.has_operation = attr[NVDLA_A_EVENT_OPERATION];
	event.engine = get_u32(attr[NVDLA_A_EVENT_ENGINE]);
	event.operation = get_u32(attr[NVDLA_A_EVENT_OPERATION]);
	event.lost = get_u32(attr[NVDLA_A_EVENT_LOST]);
	link->tell(&event, link->arg);
	return NL_OK;
}

int netlink_listen(struct netlink *link, void (*tell)(const struct netlink_event *event, void *arg),
		   void *arg)
{
	int group, ret;

	link->tell = tell;
	link->arg = arg;
	group = genl_ctrl_resolve_grp(link->sock, NVDLA_FAMILY_NAME, NVDLA_MCGRP_EVENTS);
	if (group < 0)
		return from_nl(group);
	nl_socket_set_buffer_size(link->sock, RECEIVE_BYTES, 0);
	nl_socket_disable_seq_check(link->sock);
	nl_socket_modify_cb(link->sock, NL_CB_VALID, NL_CB_CUSTOM, hear, link);
	ret = nl_socket_add_membership(link->sock, group);
	return ret ? from_nl(ret) : from_nl(nl_socket_set_nonblocking(link->sock));
}

int netlink_fd(const struct netlink *link)
{
	return nl_socket_get_fd(link->sock);
}

int netlink_receive(struct netlink *link)
{
	int ret = from_nl(nl_recvmsgs_default(link->sock));

	return ret == -EAGAIN ? 0 : ret;
}
