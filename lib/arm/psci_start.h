/* SPDX-License-Identifier: MIT */
/*
 * CPUs that a test switches off and sends by CPU_ON where it says what they begin with: DEN 0022, 6.4. And a call that
 * shows what it keeps.
 */
#ifndef ASSAY_ARM_PSCI_START_H
#define ASSAY_ARM_PSCI_START_H

#include <arm/boot.h>
#include <sys/cpu.h>

/* What a CPU has at its start, as psci_start_*.S finds it; that knows the layout. */
struct start_record {
	ulong context; /* x0, r0 */
	ulong state;   /* CurrentEL; the mode in CPSR, and T, which the code knows */
	ulong masks;   /* DAIF; A, I and F of CPSR */
	ulong sctlr;
	ulong mpidr;
	ulong number; /* in: the CPU's, for the library, to which it goes on */
};

extern struct start_record start_record;

/* Where CPU_ON may send a CPU: writes start_record. In T32, of arm alone, the same. */
void start_recording(void);
void start_recording_t32(void);

/* Switches a CPU off by its own wish, for the library as well. */
void switch_off(struct cpu *cpu);

/* Before a CPU is sent to start_recording, and when it was: waits until the library has it. */
void prepare_recording(struct cpu *cpu);
void finish_recording(struct cpu *cpu);

/* Both, around the start of CPU 1, that was switched off, with this context. */
void record_start(ulong entry, ulong context);

/*
 * A call of an unknown function by HVC, or else SMC, with these values in the registers that SMCCC keeps;
 * what they are afterwards takes their place.
 */
#define KEPT_REGISTERS 11
void smccc_keep(ulong registers[KEPT_REGISTERS], bool hvc);

#endif
