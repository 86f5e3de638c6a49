/* SPDX-License-Identifier: MIT */
/*
 * The Interrupt Translation Service and LPIs: IHI 0069, chapter 5; registers 12.10 (redistributor), 12.19
 * (GITS_...). Its tables are static, as a GIC may not let go of them between cases.
 */
#ifndef ASSAY_ARM_ITS_ITS_H
#define ASSAY_ARM_ITS_ITS_H

#include <types.h>

#define GITS_CTLR    0x0000
#define GITS_IIDR    0x0004
#define GITS_TYPER   0x0008
#define GITS_CBASER  0x0080
#define GITS_CWRITER 0x0088
#define GITS_CREADR  0x0090
#define GITS_BASER   0x0100
#define GITS_PIDR2   0xffe8

#define GITS_CTLR_ENABLED   BIT(0)
#define GITS_CTLR_QUIESCENT BIT(31)

#define GITS_TYPER_PHYSICAL BIT(0)
#define GITS_TYPER_PTA	    BIT(19)

#define GITS_BASER_VALID       BIT(63)
#define GITS_BASER_INDIRECT    BIT(62)
#define GITS_BASER_TYPE(value) ((value) >> 56 & 7)
#define BASER_DEVICES	       1
#define BASER_COLLECTIONS      4

#define GICR_PROPBASER	     0x0070
#define GICR_PENDBASER	     0x0078
#define GICR_CTLR_ENABLE_LPI BIT(0)
#define GICR_TYPER_PLPIS     BIT(0)

#define FIRST_LPI 8192u
#define ID_BITS	  14 /* INTIDs below 16384 */
#define LPIS	  (BIT(ID_BITS) - FIRST_LPI)

/* A byte of the configuration table. */
#define LPI_ENABLE   BIT(0)
#define LPI_PRIORITY 0xa0

/* Whether there is an ITS; where its registers are. */
bool has_its(void);
ulong its_base(void);
u64 its_read64(u32 offset);
void its_write64(u32 offset, u64 value);

/*
 * A fresh ITS: no device, no collection, no event mapped; LPIs of every CPU are enabled, none is pending, all
 * have LPI_PRIORITY and are disabled in the configuration table.
 */
void its_start(void);

/* An ITT for a device of 2^5 events; one of as many as there are, each of a page of zeros. */
#define ITS_DEVICES 32
phys_t its_itt(u32 number);

/* The table of GITS_BASER<n>: ITS_TABLE_BYTES, between other ones. */
#define ITS_TABLE_BYTES 0x10000
const u8 *its_table(u32 n);

/* The LPI pending table of a CPU: a bit for each INTID. */
u8 *its_pending_table(u32 cpu);

/* One command each; all are done, for the CPUs that have been named, when it returns. Targets are CPU numbers. */
void its_mapd(u32 device, phys_t itt, u32 event_bits, bool valid);
void its_mapc(u32 collection, u32 cpu, bool valid);
void its_mapti(u32 device, u32 event, u32 intid, u32 collection);
void its_mapi(u32 device, u32 event, u32 collection);
void its_movi(u32 device, u32 event, u32 collection);
void its_movall(u32 from_cpu, u32 to_cpu);
void its_discard(u32 device, u32 event);
void its_inv(u32 device, u32 event);
void its_invall(u32 collection);
void its_int(u32 device, u32 event);
void its_clear(u32 device, u32 event);

/* MAPC to the redistributor of no CPU. */
void its_mapc_nowhere(u32 collection);

/* Any command, as it is. */
void its_command(u64 dw0, u64 dw1, u64 dw2, u64 dw3);

/* The configuration byte of an LPI; what the GIC has cached of it is not changed. */
void lpi_configure(u32 intid, u8 value);

/* Acknowledges on CPU `cpu` what is signalled there, and ends it: the INTID, or 0 if nothing comes. */
u32 lpi_take(u32 cpu);

/* True if nothing is signalled on that CPU. */
bool lpi_quiet(u32 cpu);

#endif
