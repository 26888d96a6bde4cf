/* SPDX-License-Identifier: MIT */
#ifndef DLA_NETLINK_H
#define DLA_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the driver tells those who watch, over generic netlink. Functions return zero or a negative
 * errno; netlink_reason() says it in words.
 */

struct nl_sock;

struct netlink_device {
	uint32_t id;
	char name[64];
	char node[32];
	char config[16];
	bool wedged;
	uint64_t pending, done, failed, timeouts, resets, stray_irqs;
	uint64_t busy_ns, conv_ns, sdp_ns, pdp_ns, cdp_ns;
};

struct netlink_queue {
	uint32_t dev_id, handle, timeout_ms;
	uint64_t client, submitted, done, failed, timeouts;
};

struct netlink_event {
	uint32_t dev_id, type, engine, operation, lost;
	uint64_t time_ns;
	bool has_operation;
};

struct netlink {
	struct nl_sock *sock;
	int family;
	void (*tell)(const struct netlink_event *event, void *arg);
	void *arg;
};

int netlink_open(struct netlink *link);
void netlink_close(struct netlink *link);
const char *netlink_reason(int error);

/* The arrays are to be freed. */
int netlink_devices(struct netlink *link, struct netlink_device **devices, size_t *count);
int netlink_queues(struct netlink *link, struct netlink_queue **queues, size_t *count);

/* Listen from here on; then call netlink_receive() whenever netlink_fd() is readable. */
int netlink_listen(struct netlink *link, void (*tell)(const struct netlink_event *event, void *arg),
		   void *arg);
int netlink_fd(const struct netlink *link);
int netlink_receive(struct netlink *link);

#endif
