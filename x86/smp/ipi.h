/* SPDX-License-Identifier: MIT */
/* What the IPI topics share: CPUs that wait for interrupts, and knowing that all have arrived. */
#ifndef ASSAY_SMP_IPI_H
#define ASSAY_SMP_IPI_H

#include <types.h>

#define IPI_VECTOR 0x61
#define IPI_FLUSH  0x21 /* of the lowest class that tests use: is taken after all others */

/* A set of CPUs by number; tests of destinations use the first 32 CPUs at most. */
typedef u32 cpu_set;

/* The CPUs 0 to n - 1 that destination tests use: all, or the first eight with flat addressing. */
u32 ipi_cpus(u32 max);

/*
 * Starts all CPUs; they wait halted with interrupts on. Counts IPI_VECTOR and IPI_FLUSH. CPU 0 has
 * interrupts off. CPUs take what arrives in an instant.
 */
void ipi_begin(void);

/* Waits until every CPU has taken what had reached its APIC; false if one of them does not. */
bool ipi_flush(void);

/*
 * Sends ICR value `low` to `destination`, waits for the flush, and checks that exactly the CPUs of
 * `expected` took IPI_VECTOR, once each.
 */
void ipi_expect(u32 low, u32 destination, cpu_set expected);

/* Gives every CPU n a logical APIC ID, by ids[n], and a destination format. */
void ipi_set_logical(const u8 *ids, u32 count, u32 dfr);

#endif
