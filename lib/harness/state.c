/* SPDX-License-Identifier: MIT */
#include <harness/state.h>

#include <stdio.h>
#include <sys/cpu.h>

#define MAX_ROWS 64

/* What the rows without a value of their own had when the CPU came to state_reset() first. */
static struct {
	bool remembered;
	u64 values[MAX_ROWS];
} at_boot[MAX_CPUS];

bool state_row_exists(const struct state_row *row)
{
	return !row->exists || row->exists(row->id);
}

u64 state_row_value(const struct state_row *row)
{
	return row->value ? row->value() : at_boot[this_cpu()->number].values[row - state_rows];
}

static u64 difference(const struct state_row *row)
{
	return (row->read(row->id) ^ state_row_value(row)) & ~row->ignored;
}

static void remember(void)
{
	u32 cpu = this_cpu()->number;

	if (at_boot[cpu].remembered)
		return;
	at_boot[cpu].remembered = true;
	for (u32 i = 0; i < state_row_count; i++) {
		const struct state_row *row = &state_rows[i];

		if (!row->value && state_row_exists(row))
			at_boot[cpu].values[i] = row->read(row->id);
	}
}

/* A register is written only where it has changed: some cost a hypervisor much. */
static void reset_rows(void)
{
	remember();
	for (u32 i = 0; i < state_row_count; i++) {
		const struct state_row *row = &state_rows[i];

		if (state_row_exists(row) && difference(row))
			row->write(row->id, state_row_value(row));
	}
}

static void run_hooks(enum state_stage stage)
{
	for (u32 i = 0; i < state_hook_count; i++) {
		const struct state_hook *hook = &state_hooks[i];

		if (hook->stage == stage && (!hook->cpu_0_only || this_cpu()->number == 0))
			hook->reset();
	}
}

void state_reset(void)
{
	run_hooks(STATE_TABLES);
	run_hooks(STATE_GUEST);
	run_hooks(STATE_CPU);
	reset_rows();
	run_hooks(STATE_DEVICES);
}

void state_describe_leaks(char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (u32 i = 0; i < state_row_count && used < size; i++) {
		const struct state_row *row = &state_rows[i];

		if (!row->silent && state_row_exists(row) && difference(row))
			used += (size_t)snprintf(text + used, size - used, "%s%s %#llx (was %#llx)",
						 used ? ", " : "", row->name, row->read(row->id),
						 state_row_value(row));
	}
	for (u32 i = 0; i < state_hook_count && used < size; i++) {
		const char *what = state_hooks[i].changed ? state_hooks[i].changed() : NULL;

		if (what)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
						 what);
	}
}
