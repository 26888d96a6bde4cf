/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's worker must not wait for files: an operation that reads memory in small pieces becomes
 * thousands of them, and whoever reads a register waits for the worker. So it passes messages to a
 * thread that writes.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/lockable.h"
#include "qemu/queue.h"
#include "qemu/thread.h"
#include "qemu/units.h"

#include "nvdla_record.h"
#include "record/dla.h"
#include "record/record.h"

/* Queued data behind which the worker waits after all. */
#define QUEUED_MAX	(256 * MiB)

enum message_kind {
	MESSAGE_MEMORY,
	MESSAGE_WROTE,
	MESSAGE_WRITE,
	MESSAGE_POLL,
	MESSAGE_RESTART,
	MESSAGE_END,
};

struct message {
	QSIMPLEQ_ENTRY(message) next;
	enum message_kind kind;
	uint32_t addr;			/* of memory or of a register */
	uint32_t value;
	size_t bytes;
	uint8_t data[];
};

struct nvdla_record {
	/* The worker's. */
	GPtrArray *held;		/* of struct message */
	GByteArray *run;		/* memory accessed line by line, to become one message */
	enum message_kind run_kind;
	uint32_t run_addr;

	QemuThread thread;
	QemuMutex lock;
	QemuCond changed;
	QSIMPLEQ_HEAD(, message) queue;	/* under the lock, as is the next */
	size_t queued;			/* bytes */

	/* The writing thread's. */
	char *dir;
	unsigned int folders;
	struct dla_record *trace;	/* NULL until there is something to write into it */
};

/* ------------------------------------------------------------------------------ writing thread */

static struct dla_record *trace(struct nvdla_record *record)
{
	g_autofree char *folder = NULL;

	if (record->trace)
		return record->trace;
	folder = g_strdup_printf("%s/%04u", record->dir, record->folders++);
	if (dla_record_open(folder, &record->trace)) {
		error_report("nvdla: %s", dla_strerror());
		/* exit() would wait for the device's worker, which may wait for this thread. */
		_exit(EXIT_FAILURE);
	}
	return record->trace;
}

static void end_trace(struct nvdla_record *record)
{
	if (dla_record_close(record->trace))
		error_report("nvdla: %s", dla_strerror());
	record->trace = NULL;
}

static void carry_out(struct nvdla_record *record, const struct message *message)
{
	switch (message->kind) {
	case MESSAGE_MEMORY:
		dla_record_memory(trace(record), message->addr, message->data, message->bytes);
		break;
	case MESSAGE_WROTE:
		dla_record_npu_wrote(trace(record), message->addr, message->data, message->bytes);
		break;
	case MESSAGE_WRITE:
		dla_record_write(trace(record), message->addr, message->value);
		break;
	case MESSAGE_POLL:
		dla_record_poll(trace(record), message->addr, message->value, message->value);
		break;
	case MESSAGE_RESTART:
	case MESSAGE_END:
		end_trace(record);
		break;
	}
}

static struct message *next_message(struct nvdla_record *record)
{
	struct message *message;

	QEMU_LOCK_GUARD(&record->lock);
	while (QSIMPLEQ_EMPTY(&record->queue))
		qemu_cond_wait(&record->changed, &record->lock);
	message = QSIMPLEQ_FIRST(&record->queue);
	QSIMPLEQ_REMOVE_HEAD(&record->queue, next);
	record->queued -= message->bytes;
	qemu_cond_broadcast(&record->changed);
	return message;
}

static void *writer(void *opaque)
{
	struct nvdla_record *record = opaque;
	bool end;

	do {
		g_autofree struct message *message = next_message(record);

		carry_out(record, message);
		end = message->kind == MESSAGE_END;
	} while (!end);
	return NULL;
}

/* -------------------------------------------------------------------------------------- worker */

static struct message *message_new(enum message_kind kind, uint32_t addr, const void *data, size_t bytes)
{
	struct message *message = g_malloc(sizeof(*message) + bytes);

	*message = (struct message) { .kind = kind, .addr = addr, .bytes = bytes };
	if (bytes)
		memcpy(message->data, data, bytes);
	return message;
}

static void post(struct nvdla_record *record, struct message *message)
{
	QEMU_LOCK_GUARD(&record->lock);
	while (record->queued > QUEUED_MAX)
		qemu_cond_wait(&record->changed, &record->lock);
	QSIMPLEQ_INSERT_TAIL(&record->queue, message, next);
	record->queued += message->bytes;
	qemu_cond_broadcast(&record->changed);
}

static void hold(struct nvdla_record *record, enum message_kind kind, uint32_t reg, uint32_t value)
{
	struct message *message = message_new(kind, reg, NULL, 0);

	message->value = value;
	g_ptr_array_add(record->held, message);
}

void nvdla_record_write(struct nvdla_record *record, uint32_t reg, uint32_t value)
{
	hold(record, MESSAGE_WRITE, reg, value);
}

void nvdla_record_poll(struct nvdla_record *record, uint32_t reg, uint32_t bits)
{
	hold(record, MESSAGE_POLL, reg, bits);
}

void nvdla_record_wait(struct nvdla_record *record, uint32_t reg, uint32_t bits)
{
	hold(record, MESSAGE_POLL, reg, bits);
	hold(record, MESSAGE_WRITE, reg, bits);
}

static void end_run(struct nvdla_record *record)
{
	if (record->run->len)
		post(record, message_new(record->run_kind, record->run_addr, record->run->data, record->run->len));
	g_byte_array_set_size(record->run, 0);
}

void nvdla_record_release(struct nvdla_record *record)
{
	end_run(record);
	for (unsigned int i = 0; i < record->held->len; i++)
		post(record, g_ptr_array_index(record->held, i));
	g_ptr_array_set_size(record->held, 0);
}

static void extend_run(struct nvdla_record *record, enum message_kind kind, uint32_t addr, const void *data,
		       size_t bytes)
{
	if (kind != record->run_kind || addr != record->run_addr + record->run->len)
		end_run(record);
	if (!record->run->len) {
		record->run_kind = kind;
		record->run_addr = addr;
	}
	g_byte_array_append(record->run, data, bytes);
}

void nvdla_record_memory(struct nvdla_record *record, uint32_t addr, const void *data, size_t bytes)
{
	extend_run(record, MESSAGE_MEMORY, addr, data, bytes);
}

void nvdla_record_wrote(struct nvdla_record *record, uint32_t addr, const void *data, size_t bytes)
{
	extend_run(record, MESSAGE_WROTE, addr, data, bytes);
}

void nvdla_record_restart(struct nvdla_record *record)
{
	nvdla_record_release(record);
	post(record, message_new(MESSAGE_RESTART, 0, NULL, 0));
}

struct nvdla_record *nvdla_record_new(const char *dir, Error **errp)
{
	struct nvdla_record *record;

	if (g_mkdir_with_parents(dir, 0777)) {
		error_setg_errno(errp, errno, "%s", dir);
		return NULL;
	}
	record = g_new0(struct nvdla_record, 1);
	record->dir = g_strdup(dir);
	record->held = g_ptr_array_new();
	record->run = g_byte_array_new();
	QSIMPLEQ_INIT(&record->queue);
	qemu_mutex_init(&record->lock);
	qemu_cond_init(&record->changed);
	qemu_thread_create(&record->thread, "nvdla-record", writer, record, QEMU_THREAD_JOINABLE);
	return record;
}

void nvdla_record_free(struct nvdla_record *record)
{
	if (!record)
		return;
	nvdla_record_release(record);
	post(record, message_new(MESSAGE_END, 0, NULL, 0));
	qemu_thread_join(&record->thread);
	qemu_cond_destroy(&record->changed);
	qemu_mutex_destroy(&record->lock);
	g_ptr_array_free(record->held, true);
	g_byte_array_free(record->run, true);
	g_free(record->dir);
	g_free(record);
}
