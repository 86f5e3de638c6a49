/* SPDX-License-Identifier: MIT */
/* The virtual machine control block: APM vol. 2, appendix B. Names are the manual's. */
#ifndef ASSAY_X86_SVM_VMCB_H
#define ASSAY_X86_SVM_VMCB_H

#include <types.h>

/* Attributes are bits 55-52 and 47-40 of the descriptor (15.5.1, Segment State in the VMCB). */
struct vmcb_segment {
	u16 selector, attrib;
	u32 limit;
	u64 base;
};

#define VMCB_ATTRIB(descriptor) \
	((u16)(((u64)(descriptor) >> 40 & 0xff) | ((u64)(descriptor) >> 44 & 0xf00)))
#define VMCB_ATTRIB_P BIT(7)
#define VMCB_ATTRIB_L BIT(9)
#define VMCB_ATTRIB_D BIT(10) /* D of code, B of data */
#define VMCB_ATTRIB_G BIT(11)

/* The control area: table B-1. */
struct vmcb_control {
	u32 intercepts[6]; /* the bit of an intercept is its exit code: svm_intercept() */
	u8 reserved_018[0x24];
	u16 pause_filter_threshold;
	u16 pause_filter_count;
	u64 iopm_base_pa;
	u64 msrpm_base_pa;
	u64 tsc_offset;
	u32 guest_asid;
	u8 tlb_control;
	u8 reserved_05d[3];
	u64 vintr; /* V_TPR to V_INTR_VECTOR */
	u64 interrupt_shadow;
	u64 exitcode;
	u64 exitinfo1;
	u64 exitinfo2;
	u64 exitintinfo;
	u64 np_control;
	u64 avic_apic_bar;
	u64 ghcb;
	u64 eventinj;
	u64 n_cr3;
	u64 virt_ext; /* VIRT_LBR and so on */
	u32 clean;
	u32 reserved_0c4;
	u64 nrip;
	u8 bytes_fetched;
	u8 guest_bytes[15];
	u64 avic_backing_page;
	u64 reserved_0e8;
	u64 avic_logical_table;
	u64 avic_physical_table;
	u8 reserved_100[0x2e0];
	u8 host[0x20]; /* the host's, for its own use */
};

/* The state save area: table B-2, offsets are from its start. */
struct vmcb_save {
	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 reserved_0a0[0x2b];
	u8 cpl;
	u32 reserved_0cc;
	u64 efer;
	u8 reserved_0d8[0x70];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u8 reserved_180[0x58];
	u64 rsp;
	u64 s_cet, ssp, isst_addr;
	u64 rax;
	u64 star, lstar, cstar, sfmask, kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
	u64 cr2;
	u8 reserved_248[0x20];
	u64 g_pat;
	u64 dbgctl, br_from, br_to, lastexcpfrom, lastexcpto;
	u8 reserved_298[0x968];
};

struct vmcb {
	struct vmcb_control control;
	struct vmcb_save save;
};

#define VMCB_OFFSET_(field, offset) \
	_Static_assert(offsetof(struct vmcb, field) == (offset), #field " is at " #offset)

VMCB_OFFSET_(control.intercepts, 0x000);
VMCB_OFFSET_(control.pause_filter_threshold, 0x03c);
VMCB_OFFSET_(control.pause_filter_count, 0x03e);
VMCB_OFFSET_(control.iopm_base_pa, 0x040);
VMCB_OFFSET_(control.msrpm_base_pa, 0x048);
VMCB_OFFSET_(control.tsc_offset, 0x050);
VMCB_OFFSET_(control.guest_asid, 0x058);
VMCB_OFFSET_(control.tlb_control, 0x05c);
VMCB_OFFSET_(control.vintr, 0x060);
VMCB_OFFSET_(control.interrupt_shadow, 0x068);
VMCB_OFFSET_(control.exitcode, 0x070);
VMCB_OFFSET_(control.exitinfo1, 0x078);
VMCB_OFFSET_(control.exitinfo2, 0x080);
VMCB_OFFSET_(control.exitintinfo, 0x088);
VMCB_OFFSET_(control.np_control, 0x090);
VMCB_OFFSET_(control.avic_apic_bar, 0x098);
VMCB_OFFSET_(control.ghcb, 0x0a0);
VMCB_OFFSET_(control.eventinj, 0x0a8);
VMCB_OFFSET_(control.n_cr3, 0x0b0);
VMCB_OFFSET_(control.virt_ext, 0x0b8);
VMCB_OFFSET_(control.clean, 0x0c0);
VMCB_OFFSET_(control.nrip, 0x0c8);
VMCB_OFFSET_(control.bytes_fetched, 0x0d0);
VMCB_OFFSET_(control.guest_bytes, 0x0d1);
VMCB_OFFSET_(control.avic_backing_page, 0x0e0);
VMCB_OFFSET_(control.avic_logical_table, 0x0f0);
VMCB_OFFSET_(control.avic_physical_table, 0x0f8);
VMCB_OFFSET_(control.host, 0x3e0);
VMCB_OFFSET_(save, 0x400);
VMCB_OFFSET_(save.es, 0x400);
VMCB_OFFSET_(save.cs, 0x410);
VMCB_OFFSET_(save.ss, 0x420);
VMCB_OFFSET_(save.ds, 0x430);
VMCB_OFFSET_(save.fs, 0x440);
VMCB_OFFSET_(save.gs, 0x450);
VMCB_OFFSET_(save.gdtr, 0x460);
VMCB_OFFSET_(save.ldtr, 0x470);
VMCB_OFFSET_(save.idtr, 0x480);
VMCB_OFFSET_(save.tr, 0x490);
VMCB_OFFSET_(save.cpl, 0x4cb);
VMCB_OFFSET_(save.efer, 0x4d0);
VMCB_OFFSET_(save.cr4, 0x548);
VMCB_OFFSET_(save.cr3, 0x550);
VMCB_OFFSET_(save.cr0, 0x558);
VMCB_OFFSET_(save.dr7, 0x560);
VMCB_OFFSET_(save.dr6, 0x568);
VMCB_OFFSET_(save.rflags, 0x570);
VMCB_OFFSET_(save.rip, 0x578);
VMCB_OFFSET_(save.rsp, 0x5d8);
VMCB_OFFSET_(save.s_cet, 0x5e0);
VMCB_OFFSET_(save.ssp, 0x5e8);
VMCB_OFFSET_(save.isst_addr, 0x5f0);
VMCB_OFFSET_(save.rax, 0x5f8);
VMCB_OFFSET_(save.star, 0x600);
VMCB_OFFSET_(save.lstar, 0x608);
VMCB_OFFSET_(save.cstar, 0x610);
VMCB_OFFSET_(save.sfmask, 0x618);
VMCB_OFFSET_(save.kernel_gs_base, 0x620);
VMCB_OFFSET_(save.sysenter_cs, 0x628);
VMCB_OFFSET_(save.sysenter_esp, 0x630);
VMCB_OFFSET_(save.sysenter_eip, 0x638);
VMCB_OFFSET_(save.cr2, 0x640);
VMCB_OFFSET_(save.g_pat, 0x668);
VMCB_OFFSET_(save.dbgctl, 0x670);
VMCB_OFFSET_(save.br_from, 0x678);
VMCB_OFFSET_(save.br_to, 0x680);
VMCB_OFFSET_(save.lastexcpfrom, 0x688);
VMCB_OFFSET_(save.lastexcpto, 0x690);
_Static_assert(sizeof(struct vmcb) == 4096, "a VMCB is one page");

/* control.vintr */
#define V_TPR(priority)	      ((u64)(priority))
#define V_TPR_MASK	      BITS(7, 0)
#define V_IRQ		      BIT(8)
#define V_GIF		      BIT(9)
#define V_NMI		      BIT(11)
#define V_NMI_MASK	      BIT(12)
#define V_INTR_PRIO(priority) ((u64)(priority) << 16)
#define V_IGN_TPR	      BIT(20)
#define V_INTR_MASKING	      BIT(24)
#define V_GIF_ENABLE	      BIT(25)
#define V_NMI_ENABLE	      BIT(26)
#define V_INTR_VECTOR(vector) ((u64)(vector) << 32)

#define INTERRUPT_SHADOW BIT(0)

/* control.np_control */
#define NP_ENABLE BIT(0)

/* control.virt_ext */
#define LBR_VIRTUALIZATION_ENABLE BIT(0)
#define VMLOAD_VMSAVE_ENABLE	  BIT(1)

/* control.tlb_control: table 15-9. */
#define TLB_FLUSH_NOTHING   0
#define TLB_FLUSH_ALL	    1
#define TLB_FLUSH_ASID	    3
#define TLB_FLUSH_NONGLOBAL 7

/* EVENTINJ and EXITINTINFO: figures 15-1 and 15-5. */
#define EVENT_VECTOR(vector) ((u64)(vector))
#define EVENT_TYPE(type)     ((u64)(type) << 8)
#define EVENT_TYPE_INTR	     EVENT_TYPE(0)
#define EVENT_TYPE_NMI	     EVENT_TYPE(2)
#define EVENT_TYPE_EXCEPTION EVENT_TYPE(3)
#define EVENT_TYPE_SOFTWARE  EVENT_TYPE(4)
#define EVENT_EV	     BIT(11)
#define EVENT_V		     BIT(31)
#define EVENT_ERROR(code)    ((u64)(code) << 32)

#endif
