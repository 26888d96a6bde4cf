/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nvdla

#if !defined(_NVDLA_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _NVDLA_TRACE_H_

#include <linux/tracepoint.h>

#include <drm/gpu_scheduler.h>

#include "nvdla_device.h"
#include "nvdla_job.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"

/*
 * A job is told from others by the context and sequence number of the fence that its submitter
 * sees, as in the scheduler's own tracepoints.
 */

#define nvdla_trace_engines			\
	{ DRM_NVDLA_CONV, "conv" },		\
	{ DRM_NVDLA_SDP, "sdp" },		\
	{ DRM_NVDLA_PDP, "pdp" },		\
	{ DRM_NVDLA_CDP, "cdp" }

DECLARE_EVENT_CLASS(nvdla_job,
	TP_PROTO(const struct nvdla_job *job),
	TP_ARGS(job),
	TP_STRUCT__entry(
		__string(dev, dev_name(job->ndev->drm.dev))
		__field(u64, context)
		__field(u64, seqno)
		__field(u64, cookie)
		__field(u32, ops)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->context = job->base.s_fence->finished.context;
		__entry->seqno = job->base.s_fence->finished.seqno;
		__entry->cookie = job->cookie;
		__entry->ops = job->program->code.count;
	),
	TP_printk("%s job=%llu:%llu cookie=%#llx ops=%u", __get_str(dev), __entry->context,
		  __entry->seqno, __entry->cookie, __entry->ops)
);

DEFINE_EVENT(nvdla_job, nvdla_job_submit,
	TP_PROTO(const struct nvdla_job *job),
	TP_ARGS(job)
);

DEFINE_EVENT(nvdla_job, nvdla_job_start,
	TP_PROTO(const struct nvdla_job *job),
	TP_ARGS(job)
);

TRACE_EVENT(nvdla_job_finish,
	TP_PROTO(const struct nvdla_job *job, s64 busy_ns, int error),
	TP_ARGS(job, busy_ns, error),
	TP_STRUCT__entry(
		__string(dev, dev_name(job->ndev->drm.dev))
		__field(u64, context)
		__field(u64, seqno)
		__field(u64, cookie)
		__field(s64, busy_ns)
		__field(int, error)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->context = job->base.s_fence->finished.context;
		__entry->seqno = job->base.s_fence->finished.seqno;
		__entry->cookie = job->cookie;
		__entry->busy_ns = busy_ns;
		__entry->error = error;
	),
	TP_printk("%s job=%llu:%llu cookie=%#llx busy_ns=%lld error=%d", __get_str(dev),
		  __entry->context, __entry->seqno, __entry->cookie, __entry->busy_ns,
		  __entry->error)
);

DECLARE_EVENT_CLASS(nvdla_op,
	TP_PROTO(const struct nvdla_job *job, u32 op),
	TP_ARGS(job, op),
	TP_STRUCT__entry(
		__string(dev, dev_name(job->ndev->drm.dev))
		__field(u64, context)
		__field(u64, seqno)
		__field(u64, cookie)
		__field(u32, op)
		__field(u32, engine)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->context = job->base.s_fence->finished.context;
		__entry->seqno = job->base.s_fence->finished.seqno;
		__entry->cookie = job->program->code.images[op].cookie;
		__entry->op = op;
		__entry->engine = job->program->code.images[op].engine;
	),
	TP_printk("%s job=%llu:%llu op=%u engine=%s op_cookie=%#llx", __get_str(dev),
		  __entry->context, __entry->seqno, __entry->op,
		  __print_symbolic(__entry->engine, nvdla_trace_engines), __entry->cookie)
);

DEFINE_EVENT(nvdla_op, nvdla_op_start,
	TP_PROTO(const struct nvdla_job *job, u32 op),
	TP_ARGS(job, op)
);

DEFINE_EVENT(nvdla_op, nvdla_op_finish,
	TP_PROTO(const struct nvdla_job *job, u32 op),
	TP_ARGS(job, op)
);

TRACE_EVENT(nvdla_irq,
	TP_PROTO(const struct nvdla_device *ndev, u32 status, bool stray),
	TP_ARGS(ndev, status, stray),
	TP_STRUCT__entry(
		__string(dev, dev_name(ndev->drm.dev))
		__field(u32, status)
		__field(bool, stray)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->status = status;
		__entry->stray = stray;
	),
	TP_printk("%s status=%#x%s", __get_str(dev), __entry->status,
		  __entry->stray ? " stray" : "")
);

TRACE_EVENT(nvdla_timeout,
	TP_PROTO(const struct nvdla_job *job, const struct nvdla_fault *fault),
	TP_ARGS(job, fault),
	TP_STRUCT__entry(
		__string(dev, dev_name(job->ndev->drm.dev))
		__field(u64, context)
		__field(u64, seqno)
		__field(u64, cookie)
		__field(u64, op_cookie)
		__field(u32, op)
		__field(u32, engine)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->context = job->base.s_fence->finished.context;
		__entry->seqno = job->base.s_fence->finished.seqno;
		__entry->cookie = fault->cookie;
		__entry->op_cookie = fault->op_cookie;
		__entry->op = fault->op;
		__entry->engine = fault->engine;
	),
	TP_printk("%s job=%llu:%llu cookie=%#llx op=%u engine=%s op_cookie=%#llx", __get_str(dev),
		  __entry->context, __entry->seqno, __entry->cookie, __entry->op,
		  __print_symbolic(__entry->engine, nvdla_trace_engines), __entry->op_cookie)
);

TRACE_EVENT(nvdla_reset,
	TP_PROTO(const struct nvdla_device *ndev, int error),
	TP_ARGS(ndev, error),
	TP_STRUCT__entry(
		__string(dev, dev_name(ndev->drm.dev))
		__field(int, error)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->error = error;
	),
	TP_printk("%s error=%d", __get_str(dev), __entry->error)
);

TRACE_EVENT(nvdla_power,
	TP_PROTO(const struct nvdla_device *ndev, bool on),
	TP_ARGS(ndev, on),
	TP_STRUCT__entry(
		__string(dev, dev_name(ndev->drm.dev))
		__field(bool, on)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->on = on;
	),
	TP_printk("%s %s", __get_str(dev), __entry->on ? "on" : "off")
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE nvdla_trace
#include <trace/define_trace.h>
