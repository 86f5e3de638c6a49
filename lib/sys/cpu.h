/* SPDX-License-Identifier: MIT */
/*
 * CPUs: how many there are, and running functions on them. Cases run on CPU 0. The others are started
 * at the first use and then wait, halted, for work; before each case they are waiting again, and one
 * that does not come back is reset.
 */
#ifndef ASSAY_SYS_CPU_H
#define ASSAY_SYS_CPU_H

#include <arch/cpu.h>
#include <harness/fault.h>
#include <types.h>

#define MAX_CPUS 256

struct landing;

enum cpu_state {
	CPU_OFF,     /* not started yet */
	CPU_WAITING, /* started, without work */
	CPU_WORKING, /* has work that has not ended */
};

struct cpu {
	u32 number;		 /* 0 is the CPU that runs the cases */
	u64 hardware_id;	 /* local APIC ID, MPIDR, CPU address */
	u32 state;		 /* enum cpu_state */
	struct fault fault;	 /* what the last guarded instruction raised */
	struct landing *landing; /* the innermost: <sys/landing.h> */
	void (*work)(void *arg);
	void *work_arg;
	struct arch_cpu arch;
};

/* The CPU that executes this. */
static inline struct cpu *this_cpu(void);

/* CPUs that the machine has, started or not; at most MAX_CPUS. */
u32 cpu_count(void);

/* CPU `number`, 0 to cpu_count() - 1. */
struct cpu *cpu_by_number(u32 number);

/*
 * Starts fn(arg) on another CPU and returns at once. A CPU that does not start within some seconds fails
 * and ends the case. The CPU must not have other work.
 */
void cpu_start_work(u32 number, void (*fn)(void *arg), void *arg);

/* Waits until the CPU has ended its work, in one way or another. */
void cpu_wait(u32 number);

/* Runs fn(arg) on the CPU, which may be this one, and waits for its end. */
void run_on_cpu(u32 number, void (*fn)(void *arg), void *arg);

/* Runs fn(arg) on every CPU at the same time, this one included, and waits for all. */
void run_on_all_cpus(void (*fn)(void *arg), void *arg);

/* ---------------------------------------------------------------- for the library */

/* Adds a CPU that the machine's description names; in order, CPU 0 first. More than MAX_CPUS are left out. */
void cpu_add(u64 hardware_id);

/* Counts a CPU that the machine's description names and that cannot be started: it stays as it is. */
void cpu_leave_out(void);

/* CPUs that the machine has beside cpu_count(). */
u32 cpus_left_out(void);

/* The number of the CPU with this hardware ID; 0 if there is none. */
u32 cpu_number_of(u64 hardware_id);

/* Brings every CPU but this one back to waiting. */
void cpus_park(void);

extern struct cpu cpus[MAX_CPUS];

static inline struct cpu *this_cpu(void)
{
	return &cpus[arch_this_cpu_number()];
}

#endif
