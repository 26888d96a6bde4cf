// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "script.h"

void script_init(struct script *script, struct random *random, FILE *out)
{
	*script = (struct script){ .random = random, .out = out };
	script->only_changes = !random_one_in(random, 4);
	script->shuffles = random_one_in(random, 2);
	script->any_enable = random_one_in(random, 4);
	script->junk = random_one_in(random, 2);
	script->reads_counters = random_one_in(random, 2);
	for (unsigned int u = 0; u < UNIT_COUNT; u++) {
		script->user[u][0] = -1;
		script->user[u][1] = -1;
	}
	/* Who polls does not need the interrupt line. */
	if (random_one_in(random, 3))
		script_write(script, GLB_S_INTR_MASK, (uint32_t)random_next(random));
}

void script_comment(struct script *script, const char *fmt, ...)
{
	va_list args;

	fprintf(script->out, "# ");
	va_start(args, fmt);
	vfprintf(script->out, fmt, args);
	va_end(args);
	fputc('\n', script->out);
}

void script_write(struct script *script, uint32_t reg, uint32_t value)
{
	fprintf(script->out, "write 0x%04" PRIx32 " 0x%" PRIx32 "\n", reg, value);
}

void script_poll(struct script *script, uint32_t reg, uint32_t mask, uint32_t value)
{
	fprintf(script->out, "poll 0x%04" PRIx32 " 0x%" PRIx32 " 0x%" PRIx32 "\n", reg, mask, value);
}

void script_set(struct script *script, uint32_t reg, uint32_t value)
{
	if (script->nr_staged == SCRIPT_STAGED)
		abort();
	script->staged[script->nr_staged].reg = reg;
	script->staged[script->nr_staged++].value = value;
}

void script_set_unused(struct script *script, uint32_t reg)
{
	if (script->junk && random_one_in(script->random, 2))
		script_set(script, reg, (uint32_t)random_next(script->random));
}

unsigned int script_group(const struct script *script, enum unit unit)
{
	return script->next[unit];
}

static void shuffle(struct script *script)
{
	for (unsigned int i = script->nr_staged; i > 1; i--) {
		unsigned int j = random_below(script->random, i);
		uint32_t reg = script->staged[j].reg, value = script->staged[j].value;

		script->staged[j] = script->staged[i - 1];
		script->staged[i - 1].reg = reg;
		script->staged[i - 1].value = value;
	}
}

void script_reserve(struct script *script, uint32_t units)
{
	for (unsigned int u = 0; u < UNIT_COUNT; u++) {
		int user = script->user[u][script->next[u]];

		if (units >> u & 1 && user >= 0)
			script_wait(script, user);
	}
}

static void select_group(struct script *script, enum unit unit, unsigned int group)
{
	if (script->pointer[unit] != group || !script->only_changes) {
		script_write(script, unit_base(unit) + UNIT_S_POINTER, group);
		script->pointer[unit] = group;
	}
}

void script_program(struct script *script)
{
	uint32_t selected = 0;

	if (script->shuffles)
		shuffle(script);
	for (unsigned int i = 0; i < script->nr_staged; i++) {
		uint32_t reg = script->staged[i].reg, value = script->staged[i].value;
		enum unit unit = register_unit(reg);
		unsigned int word = register_word(reg), group = script->next[unit];

		if (!(selected >> unit & 1)) {
			select_group(script, unit, group);
			selected |= 1u << unit;
			script->used |= 1u << unit;
		}
		if (script->only_changes && script->known[unit][group][word] &&
		    script->held[unit][group][word] == value)
			continue;
		script->known[unit][group][word] = true;
		script->held[unit][group][word] = value;
		script_write(script, reg, value);
	}
	script->nr_staged = 0;
}

int script_enable(struct script *script, const enum unit *units, unsigned int count, uint32_t done)
{
	int launch = script->nr_launches++;
	enum unit order[UNIT_COUNT];

	if (launch == SCRIPT_LAUNCHES)
		abort();
	for (unsigned int i = 0; i < count; i++) {
		unsigned int at = script->any_enable ? random_below(script->random, i + 1) : i;

		order[i] = at < i ? order[at] : units[i];
		order[at] = units[i];
	}
	for (unsigned int i = 0; i < count; i++) {
		enum unit unit = order[i];

		select_group(script, unit, script->next[unit]);
		script_write(script, unit_op_enable(unit), 1);
		script->user[unit][script->next[unit]] = launch;
		script->next[unit] ^= 1;
		script->launches[launch].units |= 1u << unit;
	}
	script->launches[launch].done = done;
	script->launches[launch].pending = true;
	return launch;
}

void script_count(struct script *script, int launch, uint32_t reg, unsigned int group)
{
	unsigned int n = script->launches[launch].nr_counters++;

	if (n == SCRIPT_COUNTERS)
		abort();
	script->launches[launch].counters[n].reg = reg;
	script->launches[launch].counters[n].group = group;
}

static void read_counters(struct script *script, int launch)
{
	for (unsigned int i = 0; i < script->launches[launch].nr_counters; i++) {
		uint32_t reg = script->launches[launch].counters[i].reg;

		select_group(script, register_unit(reg), script->launches[launch].counters[i].group);
		fprintf(script->out, "read 0x%04" PRIx32 "\n", reg);
	}
}

void script_wait(struct script *script, int launch)
{
	uint32_t done = script->launches[launch].done;

	if (!script->launches[launch].pending)
		return;
	script->launches[launch].pending = false;
	script_poll(script, GLB_S_INTR_STATUS, done, done);
	script_write(script, GLB_S_INTR_STATUS, done);
	if (script->reads_counters)
		read_counters(script, launch);
	for (unsigned int u = 0; u < UNIT_COUNT; u++) {
		for (unsigned int g = 0; g < 2; g++) {
			if (script->user[u][g] == launch)
				script->user[u][g] = -1;
		}
	}
}

void script_wait_units(struct script *script, uint32_t units)
{
	for (int i = 0; i < script->nr_launches; i++) {
		if (script->launches[i].units & units)
			script_wait(script, i);
	}
}

void script_wait_all(struct script *script)
{
	/* Not always in the order in which they began. */
	if (script->nr_launches && random_one_in(script->random, 3))
		script_wait(script, (int)random_below(script->random,
						      (uint32_t)script->nr_launches));
	for (int i = 0; i < script->nr_launches; i++)
		script_wait(script, i);
}
