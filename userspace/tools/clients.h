/* SPDX-License-Identifier: MIT */
#ifndef DLA_CLIENTS_H
#define DLA_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

/* A process that has an NPU open, as /proc tells. */
struct client {
	int pid;
	char command[32];
	char node[32];
	uint64_t id;
	uint64_t busy_ns;
	uint64_t memory;
};

/*
 * Those that may be read. An open file that several processes share counts once. Returns zero or
 * -ENOMEM; the array is to be freed.
 */
int clients_read(struct client **clients, size_t *count);

#endif
