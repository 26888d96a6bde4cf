// SPDX-License-Identifier: GPL-2.0-only
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/xarray.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include <drm/drm_device.h>
#include <drm/drm_file.h>

#include "nvdla_client.h"
#include "nvdla_device.h"
#include "nvdla_event.h"
#include "nvdla_genl.h"
#include "nvdla_queue.h"

/*
 * Documentation/netlink/specs/nvdla.yaml describes this family. It is the only thing of the driver
 * that needs CONFIG_NET.
 *
 * Devices belong to no network namespace, so all can be read from every one, and events go to all
 * of them. Therefore nothing here says what a job was or who submitted it: no cookies, no process,
 * no command. Reading needs no privilege, because a container has none that would count.
 */

/* The devices, by their number; the lock keeps those in there from going away. */
static DEFINE_XARRAY(nvdla_genl_devices);
static DEFINE_MUTEX(nvdla_genl_lock);

static struct genl_family nvdla_genl_family;

enum {
	NVDLA_GENL_EVENTS,
};

/* Where a dump of queues goes on. Files are listed with the newest, of the largest ID, first. */
struct nvdla_genl_position {
	unsigned long dev;
	u64 client;
	unsigned long queue;
	bool begun;
};

static struct drm_minor *nvdla_genl_minor(const struct nvdla_device *ndev)
{
	return ndev->drm.accel ?: ndev->drm.render;
}

static int nvdla_genl_put_dev(struct sk_buff *skb, struct nvdla_device *ndev)
{
	struct drm_minor *minor = nvdla_genl_minor(ndev);
	struct nvdla_stats_times times;
	u64 pending, resets, stray;
	struct nvdla_stats stats;
	bool wedged;

	nvdla_stats_device_times(ndev, &times);
	spin_lock_irq(&ndev->lock);
	stats = ndev->stats;
	pending = ndev->jobs;
	resets = ndev->resets_done;
	stray = ndev->stray_irqs;
	wedged = ndev->wedged;
	spin_unlock_irq(&ndev->lock);

	return nla_put_u32(skb, NVDLA_A_DEV_ID, minor->index) ?:
	       nla_put_string(skb, NVDLA_A_DEV_NAME, dev_name(ndev->drm.dev)) ?:
	       nla_put_string(skb, NVDLA_A_DEV_NODE, dev_name(minor->kdev)) ?:
	       nla_put_string(skb, NVDLA_A_DEV_CONFIG, ndev->config->name) ?:
	       (wedged ? nla_put_flag(skb, NVDLA_A_DEV_WEDGED) : 0) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_PENDING, pending) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_DONE, stats.done) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_FAILED, stats.failed) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_TIMEOUTS, stats.timeouts) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_RESETS, resets) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_STRAY_IRQS, stray) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_BUSY_NS, times.busy_ns) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_CONV_NS, times.engine_ns[DRM_NVDLA_CONV]) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_SDP_NS, times.engine_ns[DRM_NVDLA_SDP]) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_PDP_NS, times.engine_ns[DRM_NVDLA_PDP]) ?:
	       nla_put_uint(skb, NVDLA_A_DEV_CDP_NS, times.engine_ns[DRM_NVDLA_CDP]);
}

/* -EMSGSIZE when there is no room left. */
static int nvdla_genl_fill_dev(struct sk_buff *skb, struct nvdla_device *ndev, u32 portid, u32 seq,
			       int flags)
{
	void *header;

	header = genlmsg_put(skb, portid, seq, &nvdla_genl_family, flags, NVDLA_CMD_DEV_GET);
	if (!header)
		return -EMSGSIZE;
	if (nvdla_genl_put_dev(skb, ndev)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

static int nvdla_genl_dev_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nvdla_device *ndev;
	struct sk_buff *reply;
	int ret = -ENODEV;

	if (GENL_REQ_ATTR_CHECK(info, NVDLA_A_DEV_ID))
		return -EINVAL;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	mutex_lock(&nvdla_genl_lock);
	ndev = xa_load(&nvdla_genl_devices, nla_get_u32(info->attrs[NVDLA_A_DEV_ID]));
	if (ndev)
		ret = nvdla_genl_fill_dev(reply, ndev, info->snd_portid, info->snd_seq, 0);
	mutex_unlock(&nvdla_genl_lock);
	if (ret) {
		nlmsg_free(reply);
		return ret;
	}
	return genlmsg_reply(reply, info);
}

static int nvdla_genl_dev_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nvdla_genl_position *pos = (void *)cb->ctx;
	struct nvdla_device *ndev;
	int ret = 0;

	mutex_lock(&nvdla_genl_lock);
	xa_for_each_start(&nvdla_genl_devices, pos->dev, ndev, pos->dev) {
		ret = nvdla_genl_fill_dev(skb, ndev, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					  NLM_F_MULTI);
		if (ret)
			break;
	}
	mutex_unlock(&nvdla_genl_lock);
	return ret == -EMSGSIZE ? skb->len : ret;
}

static int nvdla_genl_fill_queue(struct sk_buff *skb, struct netlink_callback *cb,
				 struct nvdla_device *ndev, u64 client, unsigned long handle,
				 const struct nvdla_queue *queue)
{
	u64 submitted, done, failed, faults;
	void *header;

	spin_lock_irq(&ndev->lock);
	submitted = queue->submitted;
	done = queue->done;
	failed = queue->failed;
	faults = queue->faults;
	spin_unlock_irq(&ndev->lock);

	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &nvdla_genl_family, NLM_F_MULTI, NVDLA_CMD_QUEUE_GET);
	if (!header)
		return -EMSGSIZE;
	if (nla_put_u32(skb, NVDLA_A_QUEUE_DEV_ID, nvdla_genl_minor(ndev)->index) ||
	    nla_put_uint(skb, NVDLA_A_QUEUE_CLIENT, client) ||
	    nla_put_u32(skb, NVDLA_A_QUEUE_HANDLE, handle) ||
	    nla_put_u32(skb, NVDLA_A_QUEUE_TIMEOUT_MS, queue->timeout_ms) ||
	    nla_put_uint(skb, NVDLA_A_QUEUE_SUBMITTED, submitted) ||
	    nla_put_uint(skb, NVDLA_A_QUEUE_DONE, done) ||
	    nla_put_uint(skb, NVDLA_A_QUEUE_FAILED, failed) ||
	    nla_put_uint(skb, NVDLA_A_QUEUE_TIMEOUTS, faults)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

static int nvdla_genl_dump_client(struct sk_buff *skb, struct netlink_callback *cb,
				  struct nvdla_device *ndev, struct drm_file *file)
{
	struct nvdla_genl_position *pos = (void *)cb->ctx;
	struct nvdla_client *client = file->driver_priv;
	struct nvdla_queue *queue;
	int ret = 0;

	if (pos->begun && file->client_id > pos->client)
		return 0;
	if (!pos->begun || file->client_id < pos->client)
		pos->queue = 0;
	pos->client = file->client_id;
	pos->begun = true;

	/* Nothing else keeps a queue from being destroyed meanwhile. */
	xa_lock(&client->queues);
	xa_for_each_start(&client->queues, pos->queue, queue, pos->queue) {
		ret = nvdla_genl_fill_queue(skb, cb, ndev, file->client_id, pos->queue, queue);
		if (ret)
			break;
	}
	xa_unlock(&client->queues);
	return ret;
}

static int nvdla_genl_dump_device(struct sk_buff *skb, struct netlink_callback *cb,
				  struct nvdla_device *ndev)
{
	struct nvdla_genl_position *pos = (void *)cb->ctx;
	struct drm_file *file;
	int ret = 0;

	/* A file is in the list only while all that belongs to it is there. */
	mutex_lock(&ndev->drm.filelist_mutex);
	list_for_each_entry(file, &ndev->drm.filelist, lhead) {
		ret = nvdla_genl_dump_client(skb, cb, ndev, file);
		if (ret)
			break;
	}
	mutex_unlock(&ndev->drm.filelist_mutex);
	if (!ret)
		pos->begun = false;
	return ret;
}

static int nvdla_genl_queue_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	const struct nlattr *only = info->attrs[NVDLA_A_QUEUE_DEV_ID];
	struct nvdla_genl_position *pos = (void *)cb->ctx;
	struct nvdla_device *ndev;
	int ret = 0;

	mutex_lock(&nvdla_genl_lock);
	xa_for_each_start(&nvdla_genl_devices, pos->dev, ndev, pos->dev) {
		if (only && nla_get_u32(only) != pos->dev)
			continue;
		ret = nvdla_genl_dump_device(skb, cb, ndev);
		if (ret)
			break;
	}
	mutex_unlock(&nvdla_genl_lock);
	return ret == -EMSGSIZE ? skb->len : ret;
}

static const struct nla_policy nvdla_genl_dev_policy[] = {
	[NVDLA_A_DEV_ID] = { .type = NLA_U32 },
};

static const struct nla_policy nvdla_genl_queue_policy[] = {
	[NVDLA_A_QUEUE_DEV_ID] = { .type = NLA_U32 },
};

static const struct genl_split_ops nvdla_genl_ops[] = {
	{
		.cmd = NVDLA_CMD_DEV_GET,
		.doit = nvdla_genl_dev_get,
		.policy = nvdla_genl_dev_policy,
		.maxattr = ARRAY_SIZE(nvdla_genl_dev_policy) - 1,
		.flags = GENL_CMD_CAP_DO,
	},
	{
		.cmd = NVDLA_CMD_DEV_GET,
		.dumpit = nvdla_genl_dev_dump,
		.flags = GENL_CMD_CAP_DUMP,
	},
	{
		.cmd = NVDLA_CMD_QUEUE_GET,
		.dumpit = nvdla_genl_queue_dump,
		.policy = nvdla_genl_queue_policy,
		.maxattr = ARRAY_SIZE(nvdla_genl_queue_policy) - 1,
		.flags = GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group nvdla_genl_groups[] = {
	[NVDLA_GENL_EVENTS] = { .name = NVDLA_MCGRP_EVENTS },
};

static struct genl_family nvdla_genl_family __ro_after_init = {
	.name = NVDLA_FAMILY_NAME,
	.version = NVDLA_FAMILY_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.split_ops = nvdla_genl_ops,
	.n_split_ops = ARRAY_SIZE(nvdla_genl_ops),
	.mcgrps = nvdla_genl_groups,
	.n_mcgrps = ARRAY_SIZE(nvdla_genl_groups),
};

/**
 * nvdla_genl_register() - make the family known
 *
 * Return: 0, or an error.
 */
int nvdla_genl_register(void)
{
	return genl_register_family(&nvdla_genl_family);
}

/**
 * nvdla_genl_unregister() - forget the family, when no device is left
 */
void nvdla_genl_unregister(void)
{
	genl_unregister_family(&nvdla_genl_family);
}

/**
 * nvdla_genl_add() - show a device
 * @ndev: Device, registered.
 *
 * Return: 0, or -ENOMEM.
 */
int nvdla_genl_add(struct nvdla_device *ndev)
{
	return xa_insert(&nvdla_genl_devices, nvdla_genl_minor(ndev)->index, ndev, GFP_KERNEL);
}

/**
 * nvdla_genl_remove() - show a device no more
 * @ndev: Device. Nobody looks at it when this returns.
 */
void nvdla_genl_remove(struct nvdla_device *ndev)
{
	mutex_lock(&nvdla_genl_lock);
	xa_erase(&nvdla_genl_devices, nvdla_genl_minor(ndev)->index);
	mutex_unlock(&nvdla_genl_lock);
}

/**
 * nvdla_genl_heard() - see whether anybody listens to events
 *
 * May be called with interrupts off.
 *
 * Return: Whether somebody does, in any network namespace.
 */
bool nvdla_genl_heard(void)
{
	bool heard = false;
	struct net *net;

	rcu_read_lock();
	for_each_net_rcu(net)
		heard |= genl_has_listeners(&nvdla_genl_family, net, NVDLA_GENL_EVENTS);
	rcu_read_unlock();
	return heard;
}

/**
 * nvdla_genl_send() - tell all that listen what happened
 * @ndev: Device.
 * @event: Event.
 */
void nvdla_genl_send(struct nvdla_device *ndev, const struct nvdla_event *event)
{
	struct sk_buff *skb;
	void *header;

	if (!nvdla_genl_heard())
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	header = genlmsg_put(skb, 0, 0, &nvdla_genl_family, 0, NVDLA_CMD_EVENT_NTF);
	if (!header ||
	    nla_put_u32(skb, NVDLA_A_EVENT_DEV_ID, nvdla_genl_minor(ndev)->index) ||
	    nla_put_u32(skb, NVDLA_A_EVENT_TYPE, event->type) ||
	    nla_put_uint(skb, NVDLA_A_EVENT_TIME_NS, event->time_ns) ||
	    (event->type == NVDLA_EVENT_TYPE_TIMEOUT &&
	     (nla_put_u32(skb, NVDLA_A_EVENT_ENGINE, event->engine) ||
	      nla_put_u32(skb, NVDLA_A_EVENT_OPERATION, event->op))) ||
	    (event->lost && nla_put_u32(skb, NVDLA_A_EVENT_LOST, event->lost))) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, header);
	/* Fails when the last listener has just gone, or is slow: then it gets ENOBUFS itself. */
	genlmsg_multicast_allns(&nvdla_genl_family, skb, 0, NVDLA_GENL_EVENTS);
}
