/* SPDX-License-Identifier: MIT */
/*
 * Guests under VMX: SDM vol. 3C, chapters 23 to 30. A case sets one up, runs it, and looks at the exit:
 *
 *	struct vmx_guest *g = vmx_new();
 *
 *	vmx_code(g, "\x0f\xa2", 2);
 *	vmx_run(g);
 *	EXPECT_VMX_EXIT(g, VMX_EXIT_CPUID);
 *
 * A guest has the mode of the image (64 bits, or 32 with PAE paging) unless vmx_set_mode() gives it another,
 * shares the memory one to one, begins at its code, with a VMCALL after it, and every exception exits. vmx_deliver() lets exceptions go through
 * the guest's IDT, each gate of which leads to a VMCALL of its own.
 *
 * The VMCS of the guest is the current one: fields are read and written with vmcs_read() and vmcs_write().
 */
#ifndef ASSAY_X86_VMX_VMX_H
#define ASSAY_X86_VMX_VMX_H

#include <harness/expect.h>
#include <mm/space.h>
#include <x86/cpuid.h>
#include <x86/desc.h>
#include <x86/execute.h>
#include <x86/mode.h>
#include <x86/vmx/exit.h>
#include <x86/vmx/insn.h>
#include <x86/vmx/vmcs.h>

/* Appendix A. */
#define MSR_IA32_FEATURE_CONTROL     0x03a
#define MSR_IA32_VMX_BASIC	     0x480
#define MSR_IA32_VMX_MISC	     0x485
#define MSR_IA32_VMX_CR0_FIXED0	     0x486
#define MSR_IA32_VMX_CR0_FIXED1	     0x487
#define MSR_IA32_VMX_CR4_FIXED0	     0x488
#define MSR_IA32_VMX_CR4_FIXED1	     0x489
#define MSR_IA32_VMX_VMCS_ENUM	     0x48a
#define MSR_IA32_VMX_PROCBASED_CTLS2 0x48b
#define MSR_IA32_VMX_EPT_VPID_CAP    0x48c
#define MSR_IA32_VMX_VMFUNC	     0x491
#define MSR_IA32_VMX_PROCBASED_CTLS3 0x492
#define MSR_IA32_VMX_EXIT_CTLS2	     0x493

#define FEATURE_CONTROL_LOCK	    BIT(0)
#define FEATURE_CONTROL_OUTSIDE_SMX BIT(2)

/* True if this CPU can enter VMX operation: for REQUIRES(). Unlocks nothing that is locked. */
bool vmx_available(void);

/* The five vectors of controls: which bits must be 1, and which may be. Appendix A.3 to A.5. */
struct vmx_allowed {
	u32 must, may;
};
struct vmx_allowed vmx_allowed(enum vmcs_field controls);

/* True if all of `bits` of this vector can be set. */
bool vmx_can(enum vmcs_field controls, u64 bits);

/* IA32_VMX_EPT_VPID_CAP, 0 where it does not exist. */
u64 vmx_ept_vpid_cap(void);

/* Sets CR4.VMXE and IA32_FEATURE_CONTROL and executes VMXON, once in a case. The end of a case undoes it. */
void vmx_enable(void);
/* The same with this region, for a CPU that is not in VMX operation. */
void vmx_enable_with(u32 *region);
/* The region of VMXON, and a new region with the revision identifier. */
u64 vmx_vmxon_region(void);
u32 *vmx_region(void);

/* Fields of the current VMCS; a failure ends the case. */
u64 vmcs_read(enum vmcs_field field);
void vmcs_write(enum vmcs_field field, u64 value);
static inline void vmcs_set(enum vmcs_field field, u64 bits)
{
	vmcs_write(field, vmcs_read(field) | bits);
}
static inline void vmcs_clear(enum vmcs_field field, u64 bits)
{
	vmcs_write(field, vmcs_read(field) & ~bits);
}

enum vmx_mode {
	VMX_LONG,	 /* 64-bit code; x86_64 only */
	VMX_COMPAT,	 /* 32-bit code in IA-32e mode; x86_64 only */
	VMX_PAE,	 /* 32-bit code outside IA-32e mode, paging with 64-bit entries */
	VMX_PAGED,	 /* the same with 32-bit entries */
	VMX_PROTECTED16, /* 16-bit code and stack, paging with 64-bit entries */
	VMX_VM86,	 /* the same; IOPL 3 */
	VMX_PROTECTED,	 /* 32-bit code without paging: unrestricted guest */
	VMX_REAL,	 /* unrestricted guest */
	VMX_MODES,
};

#ifdef __x86_64__
#define VMX_NATIVE VMX_LONG
#else
#define VMX_NATIVE VMX_PAE
#endif

/* A mode's name, for rows; true if this image and this CPU can run guests in it. */
const char *vmx_mode_name(enum vmx_mode mode);
bool vmx_mode_possible(enum vmx_mode mode);
/* True if its code and stack segments have 16 bits and are in the first MiB. */
bool vmx_mode_is_16(enum vmx_mode mode);

struct vmx_guest {
	u32 *vmcs;
	bool launched;
	enum vmx_mode mode;
	struct registers registers; /* flags: what the host has after the entry or the exit */
	u8 *code, *stack_top, *data, *stubs;
	u32 code_size;
	u8 *idt, *tss;
	u64 *gdt;
	u64 *tables; /* the page tables of a guest that does not use the host's */
	u8 *high_code, *high_stubs;
	u8 *io_bitmaps, *msr_bitmap; /* all clear; used only if the controls are set */
	u64 *ept; /* 4 GiB, one to one, of 2 MiB pages; unused without vmx_use_ept() */
	struct desc_table_register exit_gdtr, exit_idtr; /* as the last run left them */
	/* What the last run ended with: an exit reason of 32 bits, or VMX_FAIL_*. */
	u64 result;
};

#define VMX_STUB_SIZE  4
#define VMX_SEL_CODE16 SEL_SPARE
#define VMX_SEL_DATA16 (SEL_SPARE + 0x08)
#define VMX_SEL_SPARE  (SEL_SPARE + 0x10) /* from here on the entries are a case's */

struct vmx_guest *vmx_new(void);
/* Back to the state of vmx_new(); the code stays. */
void vmx_reset(struct vmx_guest *g);

/*
 * Changes what the mode is of: entry control, CR0, CR3, CR4, segments, tables, RSP, RIP, RFLAGS; EPT and
 * unrestricted guest on where it needs them. Code is to be written afterwards.
 */
void vmx_set_mode(struct vmx_guest *g, enum vmx_mode mode);

void vmx_code(struct vmx_guest *g, const void *bytes, size_t size);

/* Runs fn(arg) in the guest; EXPECT_* work in it, ASSERT_* and SKIP leave the guest and end the case. */
void vmx_call(struct vmx_guest *g, void (*fn)(void *arg), void *arg);

static inline u64 vmx_start(const struct vmx_guest *g)
{
	return g->code == (u8 *)MODE_CODE ? 0 : (ulong)g->code;
}

static inline u64 vmx_end(const struct vmx_guest *g)
{
	return vmx_start(g) + g->code_size;
}

/* Segments of CPL 3, in a mode whose segments have 32 bits or more. */
void vmx_set_user(struct vmx_guest *g);

/* A segment's fields; `segment` counts as in appendix B: ES 0, CS 1, SS 2, DS 3, FS 4, GS 5, LDTR 6, TR 7. */
void vmx_set_segment(struct vmx_guest *g, u32 segment, u16 selector);
/* The fields of the segment that this GDT has there. */
void vmx_load_segment(const u64 *gdt, u32 segment, u16 selector);
enum { VMX_ES, VMX_CS, VMX_SS, VMX_DS, VMX_FS, VMX_GS, VMX_LDTR, VMX_TR };
#define VMCS_SELECTOR(segment)	    ((enum vmcs_field)(VMCS_GUEST_ES_SELECTOR + 2 * (segment)))
#define VMCS_LIMIT(segment)	    ((enum vmcs_field)(VMCS_GUEST_ES_LIMIT + 2 * (segment)))
#define VMCS_ACCESS_RIGHTS(segment) ((enum vmcs_field)(VMCS_GUEST_ES_ACCESS_RIGHTS + 2 * (segment)))
#define VMCS_BASE(segment)	    ((enum vmcs_field)(VMCS_GUEST_ES_BASE + 2 * (segment)))

/* Makes the vector's gate of the guest's IDT lead elsewhere. Not in VMX_REAL. */
void vmx_set_gate(struct vmx_guest *g, u32 vector, u16 selector, ulong offset, u32 type, u32 dpl);

/* Exceptions go through the guest's IDT. vmx_delivered(): the vector whose stub was met, or -1. */
void vmx_deliver(struct vmx_guest *g);
s32 vmx_delivered(const struct vmx_guest *g);

/* Enables EPT with g->ept. vmx_ept_entry(): the entry of 4 KiB that maps the address. */
bool vmx_has_ept(void);
void vmx_use_ept(struct vmx_guest *g);
u64 *vmx_ept_entry(struct vmx_guest *g, u64 address);

/* Entries and pointers: 28.2.2, 24.6.11. */
#define EPT_R		      BIT(0)
#define EPT_W		      BIT(1)
#define EPT_X		      BIT(2)
#define EPT_RWX		      7ull
#define EPT_MEMORY_TYPE(type) ((u64)(type) << 3)
#define EPT_UC		      0
#define EPT_WC		      1
#define EPT_WT		      4
#define EPT_WP		      5
#define EPT_WB		      6
#define EPT_IGNORE_PAT	      BIT(6)
#define EPT_PS		      BIT(7)
#define EPT_A		      BIT(8)
#define EPT_D		      BIT(9)
#define EPT_XU		      BIT(10) /* with CPU2_MODE_EXECUTE; EPT_X is of supervisor-mode addresses then */
#define EPT_SUB_PAGE	      BIT(61)
#define EPT_SUPPRESS_VE	      BIT(63)

#define EPTP_WB		    6ull
#define EPTP_WALK_4	    (3ull << 3)
#define EPTP_ACCESSED_DIRTY BIT(6)

/* For spaces that are guest-physical. A case calls INVEPT where the manual wants it; space_*() do. */
extern const struct space_format vmx_ept_format;

/* Enables EPT with this pointer; a guest with PAE paging gets its PDPTEs from where its CR3 points. */
void vmx_use_eptp(u64 eptp);

/* VMLAUNCH, or VMRESUME once it was launched; all general registers. Fills g->result. */
void vmx_run(struct vmx_guest *g);

/*
 * For who makes a VMCS of its own, which is the current one: clears all fields; makes this CPU the host, as it is now; enters,
 * true after an exit, false where the instruction failed.
 */
void vmx_clear_fields(void);
void vmx_init_host(void);
bool vmx_run_asm(struct registers *registers, bool launched);

/* Instruction results as VMX_SUCCEED, VMX_FAIL_*. What the library itself does has to succeed. */
u64 vmx_value(struct vmx_result result);
void vmx_must_succeed(struct vmx_result result);

#define EXPECT_VMX(result_, value, ...)                                                \
	({                                                                             \
		struct vmx_result r_ = (result_);                                      \
                                                                                       \
		bool ok_ = EXPECT_NO_FAULT(r_.fault, ##__VA_ARGS__) &&                 \
			   EXPECT_EQ_NAMED(vmx_exit_name, vmx_value(r_), (u64)(value), \
					   "flags %#lx " __VA_ARGS__, r_.flags);       \
		ok_;                                                                   \
	})

#define EXPECT_VMX_EXIT(g, reason, ...)                                                    \
	EXPECT_EQ_NAMED(vmx_exit_name, (g)->result, (u64)(reason),                         \
			"qualification %#llx, interruption %#llx, rip %#llx " __VA_ARGS__, \
			vmcs_read(VMCS_EXIT_QUALIFICATION),                                \
			vmcs_read(VMCS_EXIT_INTERRUPTION_INFO), vmcs_read(VMCS_GUEST_RIP))

/* The guest came to the VMCALL after its code. */
#define EXPECT_VMX_DONE(g, ...)                                                               \
	({                                                                                    \
		bool done_ = EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL, ##__VA_ARGS__) &&            \
			     EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_end(g), ##__VA_ARGS__); \
		done_;                                                                        \
	})

/* An exception of this vector exited. */
#define EXPECT_VMX_EXCEPTION(g, vector, ...)                                              \
	({                                                                                \
		bool done_ = EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI, ##__VA_ARGS__) && \
			     EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & 0xff,     \
				       (u64)(vector), ##__VA_ARGS__);                     \
		done_;                                                                    \
	})

#endif
