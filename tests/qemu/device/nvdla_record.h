/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HW_NVDLA_RECORD_H
#define HW_NVDLA_RECORD_H

/*
 * Traces of what the guest's driver did, in the format of `dla run --record`, one folder for each life
 * of the device between two resets: DIR/0000, DIR/0001 and so on.
 *
 * Register accesses are held back until nvdla_record_release(); memory that the device reads meanwhile
 * goes before them. Called by one thread, which never waits for files; nvdla_record_free() waits until
 * all are written. Trouble with files is reported once, on closing a trace.
 */
struct nvdla_record;

struct nvdla_record *nvdla_record_new(const char *dir, Error **errp);
void nvdla_record_free(struct nvdla_record *record);

void nvdla_record_write(struct nvdla_record *record, uint32_t reg, uint32_t value);
void nvdla_record_poll(struct nvdla_record *record, uint32_t reg, uint32_t bits);
/* The driver has waited for these status bits and clears them. */
void nvdla_record_wait(struct nvdla_record *record, uint32_t reg, uint32_t bits);
void nvdla_record_release(struct nvdla_record *record);

void nvdla_record_memory(struct nvdla_record *record, uint32_t addr, const void *data, size_t bytes);
void nvdla_record_wrote(struct nvdla_record *record, uint32_t addr, const void *data, size_t bytes);

/* The device was reset: this trace ends, another one begins. */
void nvdla_record_restart(struct nvdla_record *record);

#endif
