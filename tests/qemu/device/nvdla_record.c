/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"

#include "nvdla_record.h"
#include "record/dla.h"
#include "record/record.h"

struct line {
	bool poll;
	uint32_t reg;
	uint32_t value;
};

struct nvdla_record {
	char *dir;
	unsigned int folders;
	struct dla_record *trace;	/* NULL until there is something to write into it */
	GArray *held;			/* of struct line */
	GByteArray *run;		/* memory read line by line, to become one file */
	uint32_t run_addr;
};

static struct dla_record *trace(struct nvdla_record *record)
{
	g_autofree char *folder = NULL;

	if (record->trace)
		return record->trace;
	folder = g_strdup_printf("%s/%04u", record->dir, record->folders++);
	if (dla_record_open(folder, &record->trace)) {
		error_report("nvdla: %s", dla_strerror());
		/* exit() would wait for the device's worker, which is the caller. */
		_exit(EXIT_FAILURE);
	}
	return record->trace;
}

static void hold(struct nvdla_record *record, bool poll, uint32_t reg, uint32_t value)
{
	struct line line = { .poll = poll, .reg = reg, .value = value };

	g_array_append_val(record->held, line);
}

void nvdla_record_write(struct nvdla_record *record, uint32_t reg, uint32_t value)
{
	hold(record, false, reg, value);
}

void nvdla_record_poll(struct nvdla_record *record, uint32_t reg, uint32_t bits)
{
	hold(record, true, reg, bits);
}

void nvdla_record_wait(struct nvdla_record *record, uint32_t reg, uint32_t bits)
{
	hold(record, true, reg, bits);
	hold(record, false, reg, bits);
}

static void end_run(struct nvdla_record *record)
{
	if (record->run->len)
		dla_record_memory(trace(record), record->run_addr, record->run->data, record->run->len);
	g_byte_array_set_size(record->run, 0);
}

void nvdla_record_release(struct nvdla_record *record)
{
	end_run(record);
	for (unsigned int i = 0; i < record->held->len; i++) {
		const struct line *line = &g_array_index(record->held, struct line, i);

		if (line->poll)
			dla_record_poll(trace(record), line->reg, line->value, line->value);
		else
			dla_record_write(trace(record), line->reg, line->value);
	}
	g_array_set_size(record->held, 0);
}

void nvdla_record_memory(struct nvdla_record *record, uint32_t addr, const void *data, size_t bytes)
{
	if (addr != record->run_addr + record->run->len)
		end_run(record);
	if (!record->run->len)
		record->run_addr = addr;
	g_byte_array_append(record->run, data, bytes);
}

void nvdla_record_wrote(struct nvdla_record *record, uint32_t addr, const void *data, size_t bytes)
{
	end_run(record);
	dla_record_npu_wrote(trace(record), addr, data, bytes);
}

void nvdla_record_restart(struct nvdla_record *record)
{
	nvdla_record_release(record);
	if (dla_record_close(record->trace))
		error_report("nvdla: %s", dla_strerror());
	record->trace = NULL;
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
	record->held = g_array_new(false, false, sizeof(struct line));
	record->run = g_byte_array_new();
	return record;
}

void nvdla_record_free(struct nvdla_record *record)
{
	if (!record)
		return;
	nvdla_record_restart(record);
	g_array_free(record->held, true);
	g_byte_array_free(record->run, true);
	g_free(record->dir);
	g_free(record);
}
