/* SPDX-License-Identifier: MIT */
#ifndef DLA_RECORD_H
#define DLA_RECORD_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes what a device was told and shown as a folder that any NVDLA can replay: trace.txn in the
 * format of Documentation/trace-format.md, and binary files.
 *
 * The recorder keeps a copy of memory as the replaying device will have it, so that it can load just
 * what the CPU has changed and check at the end all that the NPU has written.
 *
 * Errors of writing are kept and come back from dla_record_error().
 */
struct dla_record;

int dla_record_open(const char *dir, struct dla_record **record);

/* Ends the trace. NULL does nothing. */
int dla_record_close(struct dla_record *record);

void dla_record_write(struct dla_record *record, uint32_t reg, uint32_t value);
void dla_record_poll(struct dla_record *record, uint32_t reg, uint32_t mask, uint32_t value);
void dla_record_mark(struct dla_record *record, const char *name);

/* This is what memory holds now: load what the replaying device would not have. */
void dla_record_memory(struct dla_record *record, uint32_t addr, const void *data, size_t bytes);

/* The NPU has written this. */
void dla_record_npu_wrote(struct dla_record *record, uint32_t addr, const void *data, size_t bytes);

/* 0, or the negative errno of the first thing that failed, its reason recorded again. */
int dla_record_error(const struct dla_record *record);

#endif
