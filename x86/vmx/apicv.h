/* SPDX-License-Identifier: MIT */
/* What the cases of APIC virtualisation share: SDM vol. 3C, chapter 29. */
#ifndef VMX_APICV_H
#define VMX_APICV_H

#include "checks.h"

#include <mm/space.h>
#include <x86/apic.h>

/* A guest with a page of 4 KiB at `address`, linear, that leads to the APIC-access page. */
struct apicv {
	struct vmx_guest *g;
	struct space *space;
	u8 *virtual; /* the virtual-APIC page */
	u64 access; /* the APIC-access page, physical; RAM, as are the pages before and after it, which are unused */
	ulong address;
};

struct apicv apicv_new(void);

/* A guest again, with the pages as they are at first: every word of the RAM one is 0xa5a5a5a5. */
void apicv_reset(struct apicv *a);

/* Secondary controls; those that need the TPR shadow get it, and external-interrupt exiting where needed. */
void apicv_enable(struct apicv *a, u64 secondary);
/* The TPR shadow without any secondary control. */
void apicv_enable_shadow(struct apicv *a);

/* True if all of these can be set, and what they need. */
bool apicv_can(u64 secondary);

static inline u32 *apicv_register(struct apicv *a, u32 offset)
{
	return (u32 *)(a->virtual + offset);
}

/* A vector's bit in VISR or VIRR. */
void apicv_set_bit(struct apicv *a, u32 first, u32 vector);
bool apicv_get_bit(struct apicv *a, u32 first, u32 vector);

/* Guest interrupt status: 24.4.2. */
void apicv_set_status(u32 rvi, u32 svi);
#define APICV_RVI() ((u32)vmcs_read(VMCS_GUEST_INTERRUPT_STATUS) & 0xff)
#define APICV_SVI() ((u32)vmcs_read(VMCS_GUEST_INTERRUPT_STATUS) >> 8)

/* A guest with virtual-interrupt delivery that does NOP with IF set; a request for a virtual interrupt of it. */
void apicv_set_up_virtual(struct apicv *a, u64 also);
void apicv_request(struct apicv *a, u32 vector);
/* The guest is at its handler, and the virtual APIC says so. */
void apicv_expect_delivered(struct apicv *a, u32 vector);

/* Exit qualification: table 27-6. */
#define APIC_ACCESS_READ	   (0u << 12)
#define APIC_ACCESS_WRITE	   (1u << 12)
#define APIC_ACCESS_FETCH	   (2u << 12)
#define APIC_ACCESS_EVENT	   (3u << 12)
#define APIC_ACCESS_PHYSICAL_EVENT (10u << 12)
#define APIC_ACCESS_PHYSICAL	   (15u << 12)

#endif
