// SPDX-License-Identifier: MIT
/*
 * Plays traces on the board's NPU from the guest's user space, without a driver: registers, reset line
 * and memory through /dev/mem. The kernel has to leave the traces' memory alone (mem= on its command
 * line). Prints TAP.
 *
 * play REGISTERS RESET [--drop] DIR...
 *
 * With --drop, pulls the reset line right after the last register write of each trace, which starts the
 * operation, and sees that memory stays as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "trace.h"

#define REGS_BYTES	0x40000
#define RESET_BYTES	0x1000
#define MEMORY_START	UINT64_C(0x80000000)
#define MEMORY_BYTES	UINT64_C(0x30000000)

#define INTR_MASK	0x1004
#define INTR_STATUS	0x100c
#define CBUF_FLUSH	0x300c

#define WAIT_SECONDS	20
#define DROP_SECONDS	0.3

/* Seconds. A processor that reads a register must not wait for what the device computes or records. */
#define SLOW_READ	0.25

struct board {
	volatile uint32_t *regs;
	volatile uint32_t *reset;
	uint8_t *memory;
	double slowest_read;		/* seconds that a register read has kept this CPU */
	char reason[512];
};

__attribute__((format(printf, 2, 3)))
static bool failed(struct board *board, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(board->reason, sizeof(board->reason), fmt, args);
	va_end(args);
	return false;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint32_t read_register(struct board *board, uint32_t reg)
{
	double start = now(), took;
	uint32_t value = board->regs[reg / 4];

	took = now() - start;
	if (took > board->slowest_read)
		board->slowest_read = took;
	return value;
}

static bool wait_for(struct board *board, uint32_t reg, uint32_t mask, uint32_t want)
{
	double end = now() + WAIT_SECONDS;
	uint32_t value;

	do {
		value = read_register(board, reg);
		if ((value & mask) == (want & mask))
			return true;
	} while (now() < end);
	return failed(board, "register 0x%x stays 0x%x & 0x%x", reg, value, mask);
}

/* And clear it, as a driver does. */
static bool wait_for_interrupt(struct board *board)
{
	double end = now() + WAIT_SECONDS;
	uint32_t status;

	do {
		status = read_register(board, INTR_STATUS) & ~read_register(board, INTR_MASK);
		if (status) {
			board->regs[INTR_STATUS / 4] = status;
			return true;
		}
	} while (now() < end);
	return failed(board, "no interrupt");
}

static uint8_t *memory_at(struct board *board, uint32_t addr, size_t bytes)
{
	if (addr < MEMORY_START || addr - MEMORY_START + bytes > MEMORY_BYTES) {
		failed(board, "0x%x is not in the memory set aside", addr);
		return NULL;
	}
	return board->memory + (addr - MEMORY_START);
}

/* Bytes of the file, or -1. data may be NULL. */
static ssize_t file_bytes(const char *dir, const char *name, uint8_t *data)
{
	char path[4096];
	struct stat st;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!data)
		return stat(path, &st) ? -1 : st.st_size;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = 0;
	for (ssize_t part; (part = read(fd, data + got, 1 << 20)) > 0;)
		got += part;
	close(fd);
	return got;
}

static bool load(struct board *board, const char *dir, const struct trace_command *command)
{
	ssize_t bytes = file_bytes(dir, command->word, NULL);
	uint8_t *at = bytes < 0 ? NULL : memory_at(board, command->number[0], (size_t)bytes);

	if (bytes < 0)
		return failed(board, "%s: %s", command->word, strerror(errno));
	return at && file_bytes(dir, command->word, at) == bytes;
}

static bool check_crc(struct board *board, const struct trace_command *command)
{
	const uint8_t *at = memory_at(board, command->number[0], command->number[1]);
	uLong crc;

	if (!at)
		return false;
	crc = crc32(crc32(0, NULL, 0), at, command->number[1]);
	if (crc != command->number[2])
		return failed(board, "CRC of 0x%x bytes at 0x%x is 0x%08lx, should be 0x%08x", command->number[1],
			      command->number[0], crc, command->number[2]);
	return true;
}

static bool play_command(struct board *board, const char *dir, const struct trace_command *command)
{
	const uint32_t *number = command->number;

	switch (command->op) {
	case TRACE_WRITE:
		board->regs[number[0] / 4] = number[1];
		return true;
	case TRACE_READ:
		read_register(board, number[0]);
		return true;
	case TRACE_CHECK:
		if ((read_register(board, number[0]) & number[1]) == (number[2] & number[1]))
			return true;
		return failed(board, "register 0x%x is not 0x%x & 0x%x", number[0], number[2], number[1]);
	case TRACE_POLL:
		return wait_for(board, number[0], number[1], number[2]);
	case TRACE_INTR:
		return wait_for_interrupt(board);
	case TRACE_LOAD:
		return load(board, dir, command);
	case TRACE_CRC32:
		return check_crc(board, command);
	case TRACE_DUMP:
	case TRACE_MARK:
		return true;
	}
	return failed(board, "unknown command");
}

static bool reset(struct board *board)
{
	*board->reset = 1;
	if (board->regs[0] != 0)
		return failed(board, "registers answer while the reset line is asserted");
	*board->reset = 0;
	if (read_register(board, INTR_STATUS))
		return failed(board, "an interrupt is left after reset");
	return wait_for(board, CBUF_FLUSH, 1, 1);
}

/* Memory that was never loaded reads as zero. */
static bool clear(struct board *board, const char *dir, const struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_command *command = &trace->commands[i];
		ssize_t bytes = 0;
		uint8_t *at;

		if (command->op == TRACE_LOAD)
			bytes = file_bytes(dir, command->word, NULL);
		else if (command->op == TRACE_CRC32)
			bytes = command->number[1];
		if (bytes <= 0)
			continue;
		at = memory_at(board, command->number[0], (size_t)bytes);
		if (!at)
			return false;
		memset(at, 0, (size_t)bytes);
	}
	return true;
}

static size_t last_write(const struct trace *trace)
{
	size_t last = trace->count - 1;

	while (last && trace->commands[last].op != TRACE_WRITE)
		last--;
	return last;
}

/* Of everything that the trace says the NPU writes. */
static uLong checksum(struct board *board, const struct trace *trace)
{
	uLong crc = crc32(0, NULL, 0);

	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_command *command = &trace->commands[i];
		const uint8_t *at;

		if (command->op != TRACE_CRC32)
			continue;
		at = memory_at(board, command->number[0], command->number[1]);
		if (at)
			crc = crc32(crc, at, command->number[1]);
	}
	return crc;
}

/* The last register write starts the operation; nothing may come of it. */
static bool start_and_drop(struct board *board, const char *dir, const struct trace *trace, size_t last)
{
	uLong before = checksum(board, trace);

	if (!play_command(board, dir, &trace->commands[last]))
		return false;
	*board->reset = 1;
	*board->reset = 0;
	usleep(DROP_SECONDS * 1e6);
	if (checksum(board, trace) != before)
		return failed(board, "memory was written after reset");
	return true;
}

static bool play(struct board *board, const char *dir, bool drop)
{
	char error[256];
	struct trace trace;
	bool ok;

	if (trace_read(dir, &trace, error, sizeof(error)))
		return failed(board, "%s", error);
	ok = clear(board, dir, &trace) && reset(board);
	for (size_t i = 0, end = drop ? last_write(&trace) : trace.count; ok && i < end; i++)
		ok = play_command(board, dir, &trace.commands[i]);
	if (ok && drop)
		ok = start_and_drop(board, dir, &trace, last_write(&trace));
	if (!clear(board, dir, &trace))
		ok = false;
	trace_free(&trace);
	return ok;
}

static void *map(int fd, uint64_t addr, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)addr);

	if (at == MAP_FAILED) {
		fprintf(stderr, "/dev/mem at 0x%" PRIx64 ": %s\n", addr, strerror(errno));
		exit(EXIT_FAILURE);
	}
	return at;
}

int main(int argc, char **argv)
{
	struct board board = { 0 };
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	int first = 3, fails = 0;
	bool drop = false;

	if (argc > first && !strcmp(argv[first], "--drop")) {
		drop = true;
		first++;
	}
	if (argc <= first || fd < 0) {
		fprintf(stderr, fd < 0 ? "/dev/mem cannot be opened\n"
				       : "usage: play REGISTERS RESET [--drop] DIR...\n");
		return 2;
	}
	board.regs = map(fd, strtoull(argv[1], NULL, 0), REGS_BYTES);
	board.reset = map(fd, strtoull(argv[2], NULL, 0), RESET_BYTES);
	board.memory = map(fd, MEMORY_START, MEMORY_BYTES);

	printf("1..%d\n", argc - first);
	for (int i = first; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/');
		bool ok = play(&board, argv[i], drop);

		if (ok && board.slowest_read > SLOW_READ)
			ok = failed(&board, "a register read took %.0f ms", board.slowest_read * 1e3);
		board.slowest_read = 0;

		printf("%s %d - %s%s\n", ok ? "ok" : "not ok", i - first + 1, drop ? "dropped by reset: " : "",
		       slash ? slash + 1 : argv[i]);
		if (!ok)
			printf("# %s\n", board.reason);
		fflush(stdout);
		fails += !ok;
	}
	return fails ? EXIT_FAILURE : EXIT_SUCCESS;
}
