/* SPDX-License-Identifier: MIT */
/* Stage 2 for the code of el2_run(): one to one but for what a case changes. */
#ifndef ASSAY_ARM_EL2_STAGE2_H
#define ASSAY_ARM_EL2_STAGE2_H

#include <arm/el2.h>
#include <mm/space.h>
#include <types.h>

/* Descriptors: DDI 0487, D8.3, stage 2. */
#define S2_MEMATTR(n) ((pte_t)(n) << 2)
#define S2_NORMAL     S2_MEMATTR(0xf)
#define S2_DEVICE     S2_MEMATTR(0)
#define S2_AP(n)      ((pte_t)(n) << 6) /* bit 0: read, bit 1: write */
#define S2_DBM	      BIT(51)
#define S2_XN(n)      ((pte_t)(n) << 53)

/* VTCR_EL2: T0SZ, SL0; 4 KiB granule, cacheable walks; HA, HD. */
#define VTCR_T0SZ(n) ((u64)(n))
#define VTCR_SL0(n)  ((u64)(n) << 6)
#define VTCR_WALKS   (BIT(8) | BIT(10) | 3ull << 12)
#define VTCR_HA	     BIT(21)
#define VTCR_HD	     BIT(22)
#define VTCR_RES1    BIT(31)

/* 39 bits of address from level 1 on. */
#define VTCR_39 (VTCR_T0SZ(25) | VTCR_SL0(1) | VTCR_WALKS | VTCR_RES1)

extern const struct space_format stage2_format;

/* A space of 39 bits that maps everything one to one; the first GiB as Device, unless the image is there. */
struct space *stage2_create(void);

/* The settings of HCR_EL2 (with `hcr` more), VTCR_EL2 and VTTBR_EL2; returns how many. */
u32 stage2_settings(struct el2_setting *settings, const struct space *space, u16 vmid, u64 hcr);

/* Forgets all that is cached of both stages. */
void stage2_flush(void);

/* Has stage 1 map `va` to this address, for all, without an access. */
void stage2_map_va(ulong va, u64 ipa, u32 prot);

/* One instruction's run, with x0 = address; exit and registers are left for a look. */
struct fault stage2_run(const struct space *space, enum arm_el el, u32 insn, ulong address,
			struct arm_registers *r, struct el2_exit *exit);

/* HPFAR_EL2 for a fault at this intermediate physical address. */
static inline u64 hpfar_of(u64 ipa)
{
	return ipa >> 12 << 4;
}

/* Of ISS, what every abort has: WnR, S1PTW, CM, EA, FnV, and the status. */
#define ABORT_BITS (BITS(10, 6) | BITS(5, 0))

#endif
