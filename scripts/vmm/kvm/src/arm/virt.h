/* SPDX-License-Identifier: MIT */
/* The machine that images find by its device tree. */
#ifndef ASSAY_KVM_VIRT_H
#define ASSAY_KVM_VIRT_H

#include "../vmm.h"

#define GICD_BASE   0x08000000u
#define GICD_SIZE   0x10000u
#define GICC_BASE   0x08010000u /* version 2's */
#define GICC_SIZE   0x10000u
#define GITS_BASE   0x08080000u
#define GITS_SIZE   0x20000u
#define GICR_BASE   0x080a0000u
#define GICR_SIZE   0x20000u /* of each CPU */
#define UART_BASE   0x09000000u
#define UART_SIZE   0x1000u
#define UART_SPI    1
#define MEMORY_BASE 0x40000000u

/* Private peripheral interrupts, by DEN 0094. */
#define PPI_SECURE_TIMER  13
#define PPI_TIMER	  14
#define PPI_VIRTUAL_TIMER 11
#define PPI_HYP_TIMER	  10
#define PPI_PMU		  7
#define GIC_INTERRUPTS	  256
#define GIC_FIRST_SPI	  32

/* What the tree is to say of what KVM has. */
struct machine {
	bool aarch32, its, pmu;
};

extern struct machine machine;

/* The affinity of a CPU as KVM sets MPIDR_EL1. */
uint64_t cpu_affinity(unsigned int number);

/* tree.c: the device tree to `out`; returns its size. */
size_t tree_build(void *out, size_t size);

/* uart.c */
void uart_access(uint64_t offset, void *data, unsigned int size, bool write);
/* An interrupt line of the GIC's. */
void spi_set(unsigned int spi, bool high);

#endif
