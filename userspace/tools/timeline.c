// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "timeline.h"

/* Rows, top to bottom: the engines, then the threads. */
static const struct {
	const char *name;
	unsigned int row;
} tracks[] = {
	[DLA_TRACK_CONV] = { "NPU convolution", 1 },
	[DLA_TRACK_SDP] = { "NPU SDP", 2 },
	[DLA_TRACK_PDP] = { "NPU PDP", 3 },
	[DLA_TRACK_CDP] = { "NPU CDP", 4 },
	[DLA_TRACK_CPU] = { "CPU thread", 5 },
};

#define ROWS 128

static void name_row(FILE *file, unsigned int process, unsigned int row, const char *name, int number)
{
	fprintf(file, ",\n{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%u,\"tid\":%u,\"args\":{\"name\":\"%s", process,
		row, name);
	if (number >= 0)
		fprintf(file, " %d", number);
	fprintf(file, "\"}},\n{\"ph\":\"M\",\"name\":\"thread_sort_index\",\"pid\":%u,\"tid\":%u,\"args\":{\"sort_index\":%u}}",
		process, row, row);
}

static void write_process(FILE *file, const struct measure_result *result, unsigned int process, uint64_t zero_ns)
{
	bool named[ROWS] = { false };

	fprintf(file, "%s{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%u,\"args\":{\"name\":\"%s, process %u\"}}",
		process > 1 ? ",\n" : "", process, result->device, process);
	for (unsigned int i = 0; i < result->event_count; i++) {
		const struct measure_event *event = &result->event[i];
		unsigned int row = tracks[event->track].row + event->thread;

		if (row >= ROWS || event->start_ns < zero_ns || event->end_ns < event->start_ns)
			continue;
		if (!named[row])
			name_row(file, process, row, tracks[event->track].name,
				 event->track == DLA_TRACK_CPU ? (int)event->thread : -1);
		named[row] = true;
		fprintf(file, ",\n{\"ph\":\"X\",\"name\":\"%s\",\"pid\":%u,\"tid\":%u,\"ts\":%.3f,\"dur\":%.3f,\"args\":{\"request\":%u}}",
			event->name, process, row, (double)(event->start_ns - zero_ns) / 1e3,
			(double)(event->end_ns - event->start_ns) / 1e3, event->request);
	}
}

int timeline_write(const char *path, const struct measure_result *result, unsigned int processes)
{
	FILE *file = fopen(path, "w");
	uint64_t zero_ns = UINT64_MAX;
	int err;

	if (!file)
		return -1;
	for (unsigned int i = 0; i < processes; i++)
		if (result[i].start_ns < zero_ns)
			zero_ns = result[i].start_ns;
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", file);
	for (unsigned int i = 0; i < processes; i++)
		write_process(file, &result[i], i + 1, zero_ns);
	fputs("\n]}\n", file);
	err = ferror(file) ? EIO : 0;
	if (fclose(file) && !err)
		err = errno;
	errno = err;
	return err ? -1 : 0;
}
