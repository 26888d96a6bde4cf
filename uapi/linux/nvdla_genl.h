/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note OR MIT */
#ifndef _UAPI_LINUX_NVDLA_GENL_H
#define _UAPI_LINUX_NVDLA_GENL_H

/*
 * The generic netlink family "nvdla", for those who watch: counters of devices and queues, and what
 * happens to them. Documentation/netlink/specs/nvdla.yaml describes it; names and numbers here are
 * those that the tools of the kernel make of it.
 */

#define NVDLA_FAMILY_NAME	"nvdla"
#define NVDLA_FAMILY_VERSION	1

/**
 * enum nvdla_event_type - what happened to a device
 */
enum nvdla_event_type {
	/** @NVDLA_EVENT_TYPE_TIMEOUT: a job hung, and was ended. */
	NVDLA_EVENT_TYPE_TIMEOUT = 1,
	/** @NVDLA_EVENT_TYPE_RESET: the device was reset, and works again. */
	NVDLA_EVENT_TYPE_RESET = 2,
	/** @NVDLA_EVENT_TYPE_WEDGED: the device cannot be reset; no more work is accepted. */
	NVDLA_EVENT_TYPE_WEDGED = 3,
	/** @NVDLA_EVENT_TYPE_STRAY_IRQ: an interrupt came while no job was running. */
	NVDLA_EVENT_TYPE_STRAY_IRQ = 4,
};

enum {
	NVDLA_A_DEV_ID = 1,
	NVDLA_A_DEV_NAME,
	NVDLA_A_DEV_NODE,
	NVDLA_A_DEV_CONFIG,
	NVDLA_A_DEV_WEDGED,
	NVDLA_A_DEV_PENDING,
	NVDLA_A_DEV_DONE,
	NVDLA_A_DEV_FAILED,
	NVDLA_A_DEV_TIMEOUTS,
	NVDLA_A_DEV_RESETS,
	NVDLA_A_DEV_STRAY_IRQS,
	NVDLA_A_DEV_BUSY_NS,
	NVDLA_A_DEV_CONV_NS,
	NVDLA_A_DEV_SDP_NS,
	NVDLA_A_DEV_PDP_NS,
	NVDLA_A_DEV_CDP_NS,

	__NVDLA_A_DEV_MAX,
	NVDLA_A_DEV_MAX = (__NVDLA_A_DEV_MAX - 1)
};

enum {
	NVDLA_A_QUEUE_DEV_ID = 1,
	NVDLA_A_QUEUE_CLIENT,
	NVDLA_A_QUEUE_HANDLE,
	NVDLA_A_QUEUE_TIMEOUT_MS,
	NVDLA_A_QUEUE_SUBMITTED,
	NVDLA_A_QUEUE_DONE,
	NVDLA_A_QUEUE_FAILED,
	NVDLA_A_QUEUE_TIMEOUTS,

	__NVDLA_A_QUEUE_MAX,
	NVDLA_A_QUEUE_MAX = (__NVDLA_A_QUEUE_MAX - 1)
};

enum {
	NVDLA_A_EVENT_DEV_ID = 1,
	NVDLA_A_EVENT_TYPE,
	NVDLA_A_EVENT_TIME_NS,
	NVDLA_A_EVENT_ENGINE,
	NVDLA_A_EVENT_OPERATION,
	NVDLA_A_EVENT_LOST,

	__NVDLA_A_EVENT_MAX,
	NVDLA_A_EVENT_MAX = (__NVDLA_A_EVENT_MAX - 1)
};

enum {
	NVDLA_CMD_DEV_GET = 1,
	NVDLA_CMD_QUEUE_GET,
	NVDLA_CMD_EVENT_NTF,

	__NVDLA_CMD_MAX,
	NVDLA_CMD_MAX = (__NVDLA_CMD_MAX - 1)
};

#define NVDLA_MCGRP_EVENTS	"events"

#endif
