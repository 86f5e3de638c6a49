/* SPDX-License-Identifier: MIT */
/* The PC that images find: what its parts tell each other. */
#ifndef ASSAY_KVM_PC_H
#define ASSAY_KVM_PC_H

#include "../vmm.h"

/* Memory: a hole for VGA and ROMs, and one below 4 GiB for devices. */
#define LOW_MEMORY_END 0xa0000u
#define HIGH_BIOS      0xc0000u
#define TABLES_ADDRESS 0xf0000u /* ACPI's, where they are looked for */
#define MEMORY_HOLE    0xc0000000u
#define LOCAL_APIC     0xfee00000u
#define IO_APIC	       0xfec00000u
#define IDENTITY_MAP \
	0xfeffc000u /* a page, then three for a TSS, that KVM may need on Intel's processors */
#define VGA_MEMORY	0xa0000u
#define VGA_MEMORY_SIZE 0x10000u

#define PM_BASE		    0x600 /* event block, control block, timer */
#define PM_CONTROL	    (PM_BASE + 4)
#define PM_TIMER	    (PM_BASE + 8)
#define PM_SLEEP_TYPE	    0 /* of soft off */
#define SCI_IRQ		    9
#define DEBUG_EXIT	    0xf4
#define IRQ_KEYBOARD	    1
#define IRQ_COM2	    3
#define IRQ_COM1	    4
#define IRQ_RTC		    8
#define IRQ_MOUSE	    12
#define IO_APIC_PINS	    24
#define IO_APIC_PIN_OF_IRQ0 2

/* acpi.c: the tables, from TABLES_ADDRESS on; returns the root pointer's address. */
uint32_t acpi_build(void);
uint32_t pc_apic_id(unsigned int number);

/* cpuid.c */
void cpuid_set(struct vcpu *vcpu);
/* without.c: takes away what options.without names; ends the VMM where that cannot be. */
void cpuid_without(struct kvm_cpuid2 *cpuid);

/* image.c: loads the ELF file and what PVH's protocol leaves beside it. Entry point and the address for EBX. */
void image_load(uint32_t root_pointer);
extern uint32_t image_entry, image_start_info;

/* Lines of the interrupt controllers, by ISA's numbers. */
void irq_set(unsigned int irq, bool high);

/*
 * Devices. The ports of a device are bytes, but for those of width 32. Both are called with the lock held; false if the
 * device has no such port.
 */
struct device {
	uint16_t base, ports;
	bool wide;
	uint32_t (*read)(unsigned int offset, unsigned int size);
	void (*write)(unsigned int offset, unsigned int size, uint32_t value);
};

extern const struct device devices_of_pc[];
extern const unsigned int device_count;

/* uart.c */
uint32_t uart_read_com1(unsigned int offset, unsigned int size);
void uart_write_com1(unsigned int offset, unsigned int size, uint32_t value);
uint32_t uart_read_com2(unsigned int offset, unsigned int size);
void uart_write_com2(unsigned int offset, unsigned int size, uint32_t value);
/* keyboard.c */
uint32_t keyboard_read(unsigned int offset, unsigned int size);
void keyboard_write(unsigned int offset, unsigned int size, uint32_t value);
/* rtc.c */
void rtc_start(void);
uint32_t rtc_read(unsigned int offset, unsigned int size);
void rtc_write(unsigned int offset, unsigned int size, uint32_t value);

#endif
