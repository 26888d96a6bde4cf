/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_SCRIPT_H
#define GENERATE_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "random.h"
#include "registers.h"

/*
 * What a driver does, as the text of a trace: program the free group of each unit, enable, poll for
 * done bits and clear them. Every wait is one that any driver could make, so that the trace runs on a
 * device of any speed.
 */

#define SCRIPT_LAUNCHES 32
#define SCRIPT_STAGED 256
#define SCRIPT_WORDS 64
#define SCRIPT_COUNTERS 16

struct script {
	struct random *random;
	FILE *out;

	/* Habits, drawn once for all of a trace. */
	bool only_changes;	/* leave out what the group holds already */
	bool shuffles;		/* registers in any order */
	bool any_enable;	/* units enabled in any order */
	bool junk;		/* random values where they do not count */
	bool reads_counters;

	/* What the groups are known to hold. */
	uint32_t held[UNIT_COUNT][2][SCRIPT_WORDS];
	bool known[UNIT_COUNT][2][SCRIPT_WORDS];
	unsigned int pointer[UNIT_COUNT];
	unsigned int next[UNIT_COUNT];		/* group of the next operation */
	int user[UNIT_COUNT][2];		/* launch that has the group, or -1 */
	uint32_t used;				/* bit mask of units that were programmed */

	struct {
		uint32_t reg, value;
	} staged[SCRIPT_STAGED];
	unsigned int nr_staged;

	struct {
		uint32_t units;		/* bit mask */
		uint32_t done;		/* status bits, all of them awaited */
		bool pending;
		/* Registers whose value is told when it is done. */
		struct {
			uint32_t reg;
			unsigned int group;
		} counters[SCRIPT_COUNTERS];
		unsigned int nr_counters;
	} launches[SCRIPT_LAUNCHES];
	int nr_launches;
};

/* The text goes to out, which the caller closes. */
void script_init(struct script *script, struct random *random, FILE *out);

void script_comment(struct script *script, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void script_write(struct script *script, uint32_t reg, uint32_t value);
void script_poll(struct script *script, uint32_t reg, uint32_t mask, uint32_t value);

/* A register of the group of the operation that is being prepared. */
void script_set(struct script *script, uint32_t reg, uint32_t value);
/* One whose value makes no difference to that operation. */
void script_set_unused(struct script *script, uint32_t reg);

unsigned int script_group(const struct script *script, enum unit unit);

/* Make sure that these units' next groups are free. */
void script_reserve(struct script *script, uint32_t units);
/* Write what was set. */
void script_program(struct script *script);
/* Enable the units, given in the order in which they wait for each other; returns the launch. */
int script_enable(struct script *script, const enum unit *units, unsigned int count, uint32_t done);

/* Read the register, which the launch leaves in this group, when it is done. */
void script_count(struct script *script, int launch, uint32_t reg, unsigned int group);

void script_wait(struct script *script, int launch);
/* Wait for all launches that use one of these units. */
void script_wait_units(struct script *script, uint32_t units);
void script_wait_all(struct script *script);

#endif
