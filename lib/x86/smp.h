/* SPDX-License-Identifier: MIT */
/*
 * Other CPUs for tests that stop and start them by hand: SDM vol. 3A, 8.4.3, 8.4.4, 10.4.7.3. Tests that
 * only need them to run something use <sys/cpu.h>.
 */
#ifndef ASSAY_X86_SMP_H
#define ASSAY_X86_SMP_H

#include <types.h>

/* Tells trap.c what becomes of arch_kick()'s interrupts; once, at start. */
void smp_init(void);

/*
 * From now on the CPU is the test's: no work can be started on it until cpu_give_back(), and when the
 * case ends, it is reset. It goes on doing what it does.
 */
void cpu_take_over(u32 number);

/* Resets the CPU; the library starts it when it is next needed. */
void cpu_give_back(u32 number);

/* Sends INIT, and waits the 10 ms that the start-up algorithm has before a SIPI may follow. */
void cpu_send_init(u32 number);

/* Sends a start-up IPI: a CPU that waits for it begins in real mode at `page` << 12 (0 to 0xff). */
void cpu_send_sipi(u32 number, u32 page);

#endif
