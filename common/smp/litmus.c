/* SPDX-License-Identifier: MIT */
#include "litmus.h"

#include <mm/page.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/lock.h>

struct litmus litmus;

static struct {
	litmus_program program;
	u32 roles;
	volatile u32 at[LITMUS_ROLES]; /* the slot that each is at */
	struct cpu_barrier start;
} run;

static bool all_are_at(u32 slot)
{
	for (u32 role = 0; role < run.roles; role++) {
		if (run.at[role] < slot)
			return false;
	}
	return true;
}

static void run_role(void *arg)
{
	u32 role = this_cpu()->number;

	(void)arg;
	cpu_barrier_wait(&run.start, run.roles);
	for (u32 slot = 0; slot < LITMUS_SLOTS; slot++) {
		run.at[role] = slot;
		/* Together if possible: but the host may not run the other CPUs at all now. */
		for (u32 tries = 0; tries < 200 && !all_are_at(slot); tries++)
			barrier();
		run.program(role, slot);
	}
}

void litmus_run(litmus_program program, u32 roles)
{
	memset(&litmus, 0, sizeof(litmus));
	memset((void *)&run, 0, sizeof(run));
	litmus.x = pages_alloc(LITMUS_SLOTS * 4 / PAGE_SIZE, PAGE_SIZE);
	litmus.y = pages_alloc(LITMUS_SLOTS * 4 / PAGE_SIZE, PAGE_SIZE);
	run.program = program;
	run.roles = roles;
	for (u32 role = 1; role < roles; role++)
		cpu_start_work(role, run_role, NULL);
	run_role(NULL);
	for (u32 role = 1; role < roles; role++)
		cpu_wait(role);
	page_free((void *)litmus.x);
	page_free((void *)litmus.y);
}

u32 litmus_outcomes(u32 first, u32 second)
{
	u32 count = 0;

	for (u32 slot = 0; slot < LITMUS_SLOTS; slot++)
		count += litmus.seen[0][slot] == first && litmus.seen[1][slot] == second;
	return count;
}
