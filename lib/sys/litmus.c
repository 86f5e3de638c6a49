/* SPDX-License-Identifier: MIT */
#include <sys/litmus.h>

#include <mm/page.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/lock.h>

/* Slots in which all CPUs are to meet, and how often all slots are run at the most. */
#define ENOUGH_TOGETHER (LITMUS_SLOTS / 8)
#define MOST_PASSES	2

struct litmus litmus;

static struct {
	litmus_program program;
	u32 roles;
	volatile u32 at[LITMUS_ROLES]; /* the slot that each is at */
	u32 together;		       /* slots at which CPU 0 met all others */
	struct cpu_barrier start;
} run;

static bool all_have_come_to(u32 slot)
{
	for (u32 role = 0; role < run.roles; role++) {
		if (run.at[role] < slot)
			return false;
	}
	return true;
}

static bool none_has_left(u32 slot)
{
	for (u32 role = 0; role < run.roles; role++) {
		if (run.at[role] > slot)
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
		for (u32 tries = 0; tries < 200 && !all_have_come_to(slot); tries++)
			barrier();
		run.program(role, slot);
		if (role == 0)
			run.together += all_have_come_to(slot) && none_has_left(slot + 1);
	}
}

/* Every slot once. */
static u32 run_pass(bool (*forbidden)(u32 slot))
{
	u32 count = 0;

	memset(&litmus.seen, 0, sizeof(litmus.seen));
	memset((void *)litmus.x, 0, LITMUS_SLOTS * sizeof(*litmus.x));
	memset((void *)litmus.y, 0, LITMUS_SLOTS * sizeof(*litmus.y));
	memset((void *)run.at, 0, sizeof(run.at));
	for (u32 role = 1; role < run.roles; role++)
		cpu_start_work(role, run_role, NULL);
	run_role(NULL);
	for (u32 role = 1; role < run.roles; role++)
		cpu_wait(role);
	for (u32 slot = 0; slot < LITMUS_SLOTS; slot++)
		count += forbidden(slot);
	return count;
}

u32 litmus_run(litmus_program program, u32 roles, bool (*forbidden)(u32 slot))
{
	u32 count = 0;

	memset((void *)&run, 0, sizeof(run));
	run.program = program;
	run.roles = roles;
	litmus.x = pages_alloc(LITMUS_SLOTS * 4 / PAGE_SIZE, PAGE_SIZE);
	litmus.y = pages_alloc(LITMUS_SLOTS * 4 / PAGE_SIZE, PAGE_SIZE);
	for (u32 pass = 0; pass < MOST_PASSES && run.together < ENOUGH_TOGETHER; pass++)
		count += run_pass(forbidden);
	page_free((void *)litmus.x);
	page_free((void *)litmus.y);
	return count;
}
