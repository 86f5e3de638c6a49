/* SPDX-License-Identifier: MIT */
/*
 * Devices that interrupt when they are told to: QEMU's edu (docs/specs/edu.rst), with INTx and one MSI, and
 * a virtio entropy device (virtio 1.2, 4.1 and 5.4), each of whose buffers is one interrupt by any vector of
 * its MSI-X table.
 */
#ifndef ASSAY_MSI_DEVICES_H
#define ASSAY_MSI_DEVICES_H

#include <test.h>

#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/ioapic.h>
#include <x86/irq.h>
#include <x86/pci.h>

#define MSI_VECTOR 0x61u
#define MSI_OTHER  0x62u
#define MSI_FLUSH  0x21u
#define WATCH_NS   2000000ull

bool edu_is_there(void);
u32 edu_bdf(void);

/* No interrupt asserted, MSI off, INTx allowed, bus mastering on; the I/O APIC masked; counts interrupts. */
void edu_begin(void);

/* Raises its interrupt: one message, or INTx until edu_lower(). */
void edu_raise(void);
void edu_lower(void);

/* Its MSI capability; writes address and data, and enables it. */
u32 edu_msi(void);
void edu_enable_msi(u32 address, u32 data);

bool rng_is_there(void);
u32 rng_bdf(void);
u32 rng_msix(void);

/* How many vectors its MSI-X table has. */
u32 rng_vectors(void);

/*
 * MSI-X with these bits of its message control (PCI_MSIX_ENABLE, PCI_MSIX_MASK_ALL), every entry masked,
 * the device started again with its queue's interrupts by vector `n`. Counts interrupts.
 */
void rng_begin(u32 n, u16 bits);

/* Gives the device one buffer and waits until it is used: one interrupt. False if it is not used. */
bool rng_raise(void);

/* A word of entry n of its MSI-X table, by PCI_MSIX_ADDRESS and so on; the pending bits. */
volatile u32 *rng_entry(u32 n, u32 word);
u32 rng_pending(void);
void rng_enable_msix(u16 bits);

/* Entry n: this address and data, not masked. */
void rng_set_entry(u32 n, u32 address, u32 data);

/* The I/O APIC masked, INTx allowed of this device alone of the two, interrupts counted. */
void msi_begin(u32 bdf);

/* Waits until every CPU has taken what had reached its APIC. */
bool msi_flush(void);

#endif
