/* SPDX-License-Identifier: MIT */
/* What the parts of this port share about the machine's state. */
#ifndef ASSAY_S390X_MACHINE_H
#define ASSAY_S390X_MACHINE_H

#include <s390x/lowcore.h>
#include <types.h>

struct cpu;

/* What machine_command_line() is to return. */
void machine_set_command_line(char *line);

/* Control register 0 as every case finds it. */
u64 reset_cr0(void);

/* The PSW that a class of interruption loads, as every case finds it. */
struct psw reset_new_psw(u32 class);

/* Fills a CPU's prefix area, which is at `area`. */
void lowcore_init(struct lowcore *area, const struct cpu *cpu);

#endif
