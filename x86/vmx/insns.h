/* SPDX-License-Identifier: MIT */
/* The instructions that cause VM exits, as data: SDM vol. 3C, 25.1.2, 25.1.3. */
#ifndef VMX_INSNS_H
#define VMX_INSNS_H

#include "checks.h"

/* Memory operands are (BX), which points to data; DI is CR3, the other registers have values of no meaning. */
#define INSN_MEMORY    BIT(0)
#define INSN_NO_RUN    BIT(1) /* not to be executed with the control clear */
#define INSN_PROTECTED BIT(2) /* #UD in real-address and virtual-8086 mode */
#define INSN_NO_COMPAT BIT(3) /* #UD in compatibility mode */
#define INSN_CPL0      BIT(4) /* #GP(0) at other privilege levels */
#define INSN_CPL0_UD   BIT(5) /* #UD there */
#define INSN_LONG      BIT(6) /* 64-bit mode only */
#define INSN_SIZED \
	BIT(7) /* I/O of 4 bytes, or with the prefix 2; the other way round in 16-bit code */
#define INSN_LINEAR   BIT(8) /* the qualification is the linear address of the operand */
#define INSN_PCE      BIT(9) /* with CR4.PCE */
#define INSN_OSXSAVE  BIT(10)
#define INSN_MSR      BIT(11) /* CX is IA32_SYSENTER_CS, and MSR bitmaps are off */
#define INSN_REGISTER BIT(12) /* no displacement: operand_register_qualification */
#define INSN_VMX      (INSN_PROTECTED | INSN_NO_COMPAT)

struct exit_insn {
	const char *name;
	u32 reason;
	const char *bytes;
	u32 size;
	u64 primary,
		secondary; /* all of these controls have to be set; both 0: the exit is unconditional */
	u64 enable;	   /* secondary controls without which it is #UD */
	u64 qualification;
	u32 feature; /* enum x86_feature; 0: every processor with VMX */
	u32 flags;
};

extern const struct exit_insn exit_insns[];
extern const u32 exit_insn_count;

const struct exit_insn *exit_insn_named(const char *name);

/* Why this CPU cannot run the instruction with its controls set, or NULL. */
const char *exit_insn_missing(const struct exit_insn *insn);

/* A guest of the mode with the instruction, without its controls; `cpl` 0 or 3. Sets the registers. */
void exit_insn_set_up(struct vmx_guest *g, const struct exit_insn *insn, enum vmx_mode mode,
		      u32 cpl);
/* And with them. */
void exit_insn_turn_on(const struct exit_insn *insn);

/* The instruction's length in the guest as it was set up. */
u32 exit_insn_size(const struct vmx_guest *g, const struct exit_insn *insn);

/* Runs the guest, which exits with reason, length, qualification and all registers as they were. */
void exit_insn_expect(struct vmx_guest *g, const struct exit_insn *insn);

/* What the instruction does in this mode: 0 for the exit, or the vector of the fault before it. */
u32 exit_insn_fault(const struct exit_insn *insn, enum vmx_mode mode, u32 cpl);

#endif
