/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVDLA on the platform bus of an Arm board: the emulator's registers, interrupt and memory accesses,
 * and the reset line of a controller that Linux knows (snps,dw-high-reset).
 *
 * Threads and locks. The emulator is called by the worker thread alone, without any lock. QEMU's big
 * lock protects everything else in here. The worker takes it to fetch what vCPUs have queued, to
 * answer them, to move the interrupt line and to write guest memory; it holds no other lock then. A
 * register write is queued and the vCPU goes on. A read, and a write that can move the interrupt line,
 * waits for its turn in the queue, and lets go of the big lock meanwhile. Long computations are not the
 * worker's but of the emulator's own threads, which call nothing in QEMU: so the wait is short.
 *
 * Time. Every access is stamped with the guest's clock and the emulator is moved to that time before
 * it sees the access, so modelled times do not depend on how fast the host is. An operation completes
 * at its modelled time; if its result is not there by then, the device's clock stands still until it is.
 *
 * Reset. From the moment the guest asserts the line no byte is written to its memory and no interrupt
 * is raised, though the worker may still be busy: what it finds then is discarded.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qemu/error-report.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "sysemu/sysemu.h"

#include "emulator/nvdla_emu.h"
#include "nvdla.h"
#include "nvdla_record.h"

#define REGS_SIZE	(256 * KiB)
#define RESET_SIZE	(4 * KiB)

/* Registers whose meaning this file has to know. */
#define GLB_BLOCK	1
#define GLB_INTR_STATUS	0x100c
#define SPURIOUS_BITS	0x3f		/* SDP, CDP, PDP, both groups */
#define CBUF_FLUSH	0x300c
#define FIRST_UNIT	3		/* CDMA; the blocks from here on have two register groups */
#define LAST_UNIT	13		/* CDP */
#define BLOCK_BYTES	0x1000
#define STATUS_RUNNING	0x00010001	/* of either group, in S_STATUS */
#define STATUS_PENDING	0x00020002

/* More than a driver writes for one operation; a guest that writes faster than this waits. */
#define QUEUE_MAX	4096

#define LATE_POLL_MS	1
#define THREADS_MAX	64

OBJECT_DECLARE_SIMPLE_TYPE(NvdlaState, NVDLA)

enum access_kind {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_RESET,
};

/* What a vCPU asks of the worker. */
struct access {
	enum access_kind kind;
	uint32_t offset;
	uint32_t value;
	int64_t when;			/* guest's clock, ns */
	struct answer *answer;		/* or NULL when nobody waits */
};

struct answer {
	uint32_t value;
	bool ready;
};

struct NvdlaState {
	SysBusDevice parent_obj;

	uint32_t clock_hz;
	char *config;
	char *record_dir;
	uint32_t threads;
	/* Faults to order; 0 for none. */
	uint32_t hang_at;
	uint32_t lost_irq;
	uint32_t lost_status_at;
	uint32_t spurious_irq_at;
	uint32_t spurious_status_at;
	uint32_t slow_memory;
	uint32_t wrong_data_at;
	uint32_t gone_at;
	char *fault_engine;

	MemoryRegion regs;
	MemoryRegion reset_regs;
	qemu_irq irq;
	QEMUTimer *timer;
	Notifier exit;
	QemuThread thread;

	/* Under the big lock. */
	QemuCond work;			/* something for the worker */
	QemuCond done;			/* the worker has answered, made room, or stopped */
	GArray *queue;			/* of struct access */
	bool kicked;			/* time has come to an event */
	bool stopping, stopped;
	unsigned int resets;		/* queued and not carried out yet */
	uint32_t reset_line;

	/* The worker's own. */
	struct nvdla_emu *emu;
	struct nvdla_record *record;
	int64_t epoch;			/* guest's clock at the emulator's time 0 */
	bool flush_polled;
	bool late;			/* the next event waits for its result */
};

/* ---------------------------------------------------------------- memory and interrupt, worker */

/*
 * Only memory: an access of a device's registers would run that device's code on the worker, and of
 * this device's own, wait for itself.
 */
static bool is_memory(hwaddr addr, hwaddr len, bool is_write)
{
	RCU_READ_LOCK_GUARD();
	while (len) {
		hwaddr part = len, within;
		MemoryRegion *region = address_space_translate(&address_space_memory, addr, &within, &part, is_write,
							       MEMTXATTRS_UNSPECIFIED);

		if (!memory_access_is_direct(region, is_write)) {
			qemu_log_mask(LOG_GUEST_ERROR, "nvdla: %s of 0x%" HWADDR_PRIx ", where no memory is\n",
				      is_write ? "write" : "read", addr);
			return false;
		}
		addr += part;
		len -= part;
	}
	return true;
}

static int dma_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
	NvdlaState *s = opaque;

	if (!is_memory(addr, len, false) ||
	    address_space_read(&address_space_memory, addr, MEMTXATTRS_UNSPECIFIED, buf, len) != MEMTX_OK)
		return -EFAULT;
	if (s->record)
		nvdla_record_memory(s->record, addr, buf, len);
	return 0;
}

static int dma_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
	NvdlaState *s = opaque;
	bool dropped;

	if (!is_memory(addr, len, true))
		return -EFAULT;
	qemu_mutex_lock_iothread();
	dropped = s->resets;
	if (!dropped)
		address_space_write(&address_space_memory, addr, MEMTXATTRS_UNSPECIFIED, buf, len);
	qemu_mutex_unlock_iothread();
	if (s->record && !dropped)
		nvdla_record_wrote(s->record, addr, buf, len);
	return 0;
}

static void move_line(void *opaque, int level)
{
	NvdlaState *s = opaque;

	qemu_mutex_lock_iothread();
	if (!s->resets)
		qemu_set_irq(s->irq, level);
	qemu_mutex_unlock_iothread();
}

/* ------------------------------------------------------------------------------- time, worker */

/*
 * The trace gets what an operation reads before the line that starts it. An operation behind another
 * one starts long after its last register has been written, and CDMA reads as there is room for it, so
 * lines are held back while one is pending or CDMA is at work. Any other operation that has not started
 * misses a register that is not written yet.
 */
static void release_record(NvdlaState *s)
{
	if (!s->record)
		return;
	for (uint32_t block = FIRST_UNIT; block <= LAST_UNIT; block++) {
		uint32_t busy = block == FIRST_UNIT ? STATUS_PENDING | STATUS_RUNNING : STATUS_PENDING;

		if (nvdla_emu_read(s->emu, block * BLOCK_BYTES) & busy)
			return;
	}
	nvdla_record_release(s->record);
}

static int64_t time_at(const NvdlaState *s, uint64_t cycles)
{
	return s->epoch + muldiv64_round_up(cycles, NANOSECONDS_PER_SECOND, s->clock_hz);
}

static void advance_to(NvdlaState *s, int64_t when)
{
	uint64_t target = when > s->epoch ? muldiv64(when - s->epoch, s->clock_hz, NANOSECONDS_PER_SECOND) : 0;

	for (;;) {
		uint64_t now = nvdla_emu_time(s->emu), left = target > now ? target - now : 0;
		uint64_t next = nvdla_emu_next_event(s->emu);

		s->late = next <= left && !nvdla_emu_ready(s->emu);
		if (s->late) {
			s->epoch += when - time_at(s, now);
			return;
		}
		if (next > left) {
			nvdla_emu_advance(s->emu, left);
			return;
		}
		nvdla_emu_advance(s->emu, next);
		release_record(s);
	}
}

static void set_timer(NvdlaState *s)
{
	uint64_t next = nvdla_emu_next_event(s->emu);

	if (next == UINT64_MAX || s->late)
		timer_del(s->timer);
	else
		timer_mod(s->timer, time_at(s, nvdla_emu_time(s->emu) + next));
}

static void on_timer(void *opaque)
{
	NvdlaState *s = opaque;

	s->kicked = true;
	qemu_cond_signal(&s->work);
}

/* --------------------------------------------------------------------------- accesses, worker */

static void write_register(NvdlaState *s, uint32_t offset, uint32_t value)
{
	if (s->record && offset == GLB_INTR_STATUS) {
		/* What is cleared here is what the driver has waited for. */
		uint32_t bits = value & nvdla_emu_read(s->emu, offset);

		if (bits)
			nvdla_record_wait(s->record, offset, bits);
	} else if (s->record) {
		nvdla_record_write(s->record, offset, value);
	}
	nvdla_emu_write(s->emu, offset, value);
	release_record(s);
}

static uint32_t read_register(NvdlaState *s, uint32_t offset)
{
	uint32_t value = nvdla_emu_read(s->emu, offset);

	if (s->record && offset == CBUF_FLUSH && value && !s->flush_polled) {
		nvdla_record_poll(s->record, offset, 1);
		s->flush_polled = true;
	}
	return value;
}

static void reset_emulator(NvdlaState *s, int64_t when)
{
	nvdla_emu_reset(s->emu);
	s->epoch = when;
	s->late = false;
	s->flush_polled = false;
	if (s->record)
		nvdla_record_restart(s->record);
	qemu_mutex_lock_iothread();
	s->resets--;
	qemu_mutex_unlock_iothread();
}

static void carry_out(NvdlaState *s, const struct access *access)
{
	uint32_t value = 0;

	if (access->kind == ACCESS_RESET) {
		reset_emulator(s, access->when);
		return;
	}
	advance_to(s, access->when);
	if (access->kind == ACCESS_WRITE)
		write_register(s, access->offset, access->value);
	else
		value = read_register(s, access->offset);
	if (access->answer) {
		qemu_mutex_lock_iothread();
		*access->answer = (struct answer) { .value = value, .ready = true };
		qemu_cond_broadcast(&s->done);
		qemu_mutex_unlock_iothread();
	}
}

static void *worker(void *opaque)
{
	GArray *batch = g_array_new(false, false, sizeof(struct access));
	NvdlaState *s = opaque;

	rcu_register_thread();
	qemu_mutex_lock_iothread();
	while (!s->stopping) {
		GArray *queue = s->queue;
		int64_t now;

		if (!queue->len && !s->kicked && s->late) {
			/* Nobody will say when the result is there. */
			qemu_cond_timedwait_iothread(&s->work, LATE_POLL_MS);
			s->kicked = true;
			continue;
		}
		if (!queue->len && !s->kicked) {
			qemu_cond_wait_iothread(&s->work);
			continue;
		}
		s->queue = batch;
		batch = queue;
		s->kicked = false;
		/* Whatever is queued from now on has a later stamp. */
		now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
		qemu_cond_broadcast(&s->done);
		qemu_mutex_unlock_iothread();

		for (unsigned int i = 0; i < batch->len; i++)
			carry_out(s, &g_array_index(batch, struct access, i));
		g_array_set_size(batch, 0);
		advance_to(s, now);
		set_timer(s);

		qemu_mutex_lock_iothread();
	}
	s->stopped = true;
	qemu_cond_broadcast(&s->done);
	qemu_mutex_unlock_iothread();
	g_array_free(batch, true);
	rcu_unregister_thread();
	return NULL;
}

/* ----------------------------------------------------------------------- accesses, big lock held */

static void post(NvdlaState *s, struct access access)
{
	/* The order of the queue is the order of the stamps, so the wait comes first. */
	while (s->queue->len >= QUEUE_MAX && access.kind != ACCESS_RESET)
		qemu_cond_wait_iothread(&s->done);
	access.when = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	g_array_append_val(s->queue, access);
	qemu_cond_signal(&s->work);
}

static uint32_t ask(NvdlaState *s, struct access access)
{
	struct answer answer = { 0 };

	access.answer = &answer;
	post(s, access);
	while (!answer.ready)
		qemu_cond_wait_iothread(&s->done);
	return answer.value;
}

static uint64_t regs_read(void *opaque, hwaddr offset, unsigned int size)
{
	NvdlaState *s = opaque;

	if (s->reset_line)
		return 0;
	return ask(s, (struct access) { .kind = ACCESS_READ, .offset = offset });
}

static void regs_write(void *opaque, hwaddr offset, uint64_t value, unsigned int size)
{
	NvdlaState *s = opaque;
	struct access access = { .kind = ACCESS_WRITE, .offset = offset, .value = value };

	if (s->reset_line)
		return;
	/* An interrupt that has been cleared must be gone when the guest's handler returns. */
	if (offset / BLOCK_BYTES == GLB_BLOCK)
		ask(s, access);
	else
		post(s, access);
}

static void reset_now(NvdlaState *s)
{
	s->resets++;
	qemu_set_irq(s->irq, 0);
	post(s, (struct access) { .kind = ACCESS_RESET });
}

static uint64_t reset_read(void *opaque, hwaddr offset, unsigned int size)
{
	NvdlaState *s = opaque;

	return offset ? 0 : s->reset_line;
}

/* At both edges: the clock starts at 0 when the line is released. */
static void reset_write(void *opaque, hwaddr offset, uint64_t value, unsigned int size)
{
	NvdlaState *s = opaque;

	if (offset || (value & 1) == s->reset_line)
		return;
	s->reset_line = value & 1;
	reset_now(s);
}

static void nvdla_reset(DeviceState *dev)
{
	NvdlaState *s = NVDLA(dev);

	s->reset_line = 0;
	reset_now(s);
}

/* ---------------------------------------------------------------------------------- the device */

static void on_exit_qemu(Notifier *notifier, void *data)
{
	NvdlaState *s = container_of(notifier, NvdlaState, exit);

	s->stopping = true;
	qemu_cond_signal(&s->work);
	while (!s->stopped)
		qemu_cond_wait_iothread(&s->done);
	nvdla_record_free(s->record);
	s->record = NULL;
	nvdla_emu_free(s->emu);
	s->emu = NULL;
}

/* An enum nvdla_emu_engine; NVDLA_EMU_ENGINES, which is any, without a name. */
static bool engine_of_faults(const NvdlaState *s, unsigned int *engine, Error **errp)
{
	static const char *const names[] = {
		[NVDLA_EMU_CONV] = "conv", [NVDLA_EMU_SDP] = "sdp", [NVDLA_EMU_PDP] = "pdp", [NVDLA_EMU_CDP] = "cdp",
	};

	*engine = NVDLA_EMU_ENGINES;
	if (!s->fault_engine)
		return true;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(s->fault_engine, names[i]))
			*engine = i;
	if (*engine == NVDLA_EMU_ENGINES)
		error_setg(errp, "fault-engine may be conv, sdp, pdp or cdp");
	return *engine != NVDLA_EMU_ENGINES;
}

/* A property is the number of the occasion, or for slow memory a factor from the start on. */
static void order_faults(NvdlaState *s, unsigned int engine)
{
	const struct {
		enum nvdla_emu_fault_kind kind;
		uint32_t at, value;
	} orders[] = {
		{ NVDLA_EMU_FAULT_HANG, s->hang_at, 0 },
		{ NVDLA_EMU_FAULT_LOST_LINE, s->lost_irq, 0 },
		{ NVDLA_EMU_FAULT_LOST_STATUS, s->lost_status_at, 0 },
		{ NVDLA_EMU_FAULT_SPURIOUS_LINE, s->spurious_irq_at, 0 },
		{ NVDLA_EMU_FAULT_SPURIOUS_STATUS, s->spurious_status_at, SPURIOUS_BITS },
		{ NVDLA_EMU_FAULT_SLOW_MEMORY, s->slow_memory ? 1 : 0, s->slow_memory },
		{ NVDLA_EMU_FAULT_WRONG_DATA, s->wrong_data_at, 0 },
		{ NVDLA_EMU_FAULT_GONE, s->gone_at, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		const struct nvdla_emu_fault fault = {
			.kind = orders[i].kind,
			.at = orders[i].at,
			.engine = engine,
			.value = orders[i].value,
		};

		if (fault.at)
			nvdla_emu_inject(s->emu, &fault);
	}
}

static void nvdla_realize(DeviceState *dev, Error **errp)
{
	static const MemoryRegionOps regs_ops = {
		.read = regs_read,
		.write = regs_write,
		.endianness = DEVICE_LITTLE_ENDIAN,
		.valid = { .min_access_size = 4, .max_access_size = 4 },
		.impl = { .min_access_size = 4, .max_access_size = 4 },
	};
	static const MemoryRegionOps reset_ops = {
		.read = reset_read,
		.write = reset_write,
		.endianness = DEVICE_LITTLE_ENDIAN,
		.valid = { .min_access_size = 4, .max_access_size = 4 },
		.impl = { .min_access_size = 4, .max_access_size = 4 },
	};
	NvdlaState *s = NVDLA(dev);
	const struct nvdla_emu_params params = {
		.config = s->config,
		.read = dma_read,
		.write = dma_write,
		.irq = move_line,
		.ctx = s,
		.threads = s->threads,
	};
	unsigned int fault_engine;

	if (!engine_of_faults(s, &fault_engine, errp))
		return;
	if (!s->clock_hz) {
		error_setg(errp, "clock-hz must not be 0");
		return;
	}
	if (s->threads > THREADS_MAX || s->slow_memory > UINT16_MAX) {
		error_setg(errp, "threads may be up to %u, slow-memory up to %u", THREADS_MAX, UINT16_MAX);
		return;
	}
	s->emu = nvdla_emu_new(&params);
	if (!s->emu) {
		error_setg_errno(errp, errno, "no NVDLA configuration '%s'", s->config);
		return;
	}
	if (s->record_dir) {
		s->record = nvdla_record_new(s->record_dir, errp);
		if (!s->record) {
			nvdla_emu_free(s->emu);
			return;
		}
	}
	order_faults(s, fault_engine);
	memory_region_init_io(&s->regs, OBJECT(s), &regs_ops, s, "nvdla", REGS_SIZE);
	memory_region_init_io(&s->reset_regs, OBJECT(s), &reset_ops, s, "nvdla-reset", RESET_SIZE);
	/* While one vCPU waits for the worker without the big lock, another may come in. */
	s->regs.disable_reentrancy_guard = true;
	s->reset_regs.disable_reentrancy_guard = true;
	sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->regs);
	sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->reset_regs);
	sysbus_init_irq(SYS_BUS_DEVICE(dev), &s->irq);

	s->queue = g_array_new(false, false, sizeof(struct access));
	s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, on_timer, s);
	qemu_cond_init(&s->work);
	qemu_cond_init(&s->done);
	qemu_thread_create(&s->thread, "nvdla", worker, s, QEMU_THREAD_DETACHED);
	s->exit.notify = on_exit_qemu;
	qemu_add_exit_notifier(&s->exit);
}

static Property nvdla_properties[] = {
	DEFINE_PROP_STRING("config", NvdlaState, config),
	DEFINE_PROP_UINT32("clock-hz", NvdlaState, clock_hz, 100000000),
	/* Folder for traces: one more in there for each life between two resets. */
	DEFINE_PROP_STRING("record", NvdlaState, record_dir),
	/* That compute; with 0 the worker does, and registers are read when it has done so. */
	DEFINE_PROP_UINT32("threads", NvdlaState, threads, 1),
	/* The Nth operation never completes, until a reset. A chain of engines is one operation. */
	DEFINE_PROP_UINT32("hang-at", NvdlaState, hang_at, 0),
	/* The Nth rise of the interrupt line does not happen. */
	DEFINE_PROP_UINT32("lost-irq", NvdlaState, lost_irq, 0),
	/* The Nth done bit is never set. */
	DEFINE_PROP_UINT32("lost-status-at", NvdlaState, lost_status_at, 0),
	/* The line rises for no reason when the Nth operation starts, until the status is read. */
	DEFINE_PROP_UINT32("spurious-irq-at", NvdlaState, spurious_irq_at, 0),
	/* Done bits of all engines are set when the Nth operation starts. */
	DEFINE_PROP_UINT32("spurious-status-at", NvdlaState, spurious_status_at, 0),
	/* Memory takes so many times as long to answer. */
	DEFINE_PROP_UINT32("slow-memory", NvdlaState, slow_memory, 0),
	/* A byte of the Nth operation's output is wrong. */
	DEFINE_PROP_UINT32("wrong-data-at", NvdlaState, wrong_data_at, 0),
	/* From the start of the Nth operation on the device is not there: registers read as all ones. */
	DEFINE_PROP_UINT32("gone-at", NvdlaState, gone_at, 0),
	/* Of these only the operations, or done bits, of this engine count: conv, sdp, pdp, cdp. */
	DEFINE_PROP_STRING("fault-engine", NvdlaState, fault_engine),
	DEFINE_PROP_END_OF_LIST(),
};

static const VMStateDescription nvdla_vmstate = {
	.name = TYPE_NVDLA,
	.unmigratable = 1,
};

static void nvdla_init(Object *obj)
{
	NVDLA(obj)->config = g_strdup("nv_small");
}

static void nvdla_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->realize = nvdla_realize;
	dc->reset = nvdla_reset;
	dc->vmsd = &nvdla_vmstate;
	dc->desc = "NVDLA deep learning accelerator";
	dc->user_creatable = true;
	/* The worker has no way to be taken away from a running machine. */
	dc->hotpluggable = false;
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	device_class_set_props(dc, nvdla_properties);
}

static const TypeInfo nvdla_info = {
	.name = TYPE_NVDLA,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(NvdlaState),
	.instance_init = nvdla_init,
	.class_init = nvdla_class_init,
};

static void nvdla_register_types(void)
{
	type_register_static(&nvdla_info);
}

type_init(nvdla_register_types)
