/* SPDX-License-Identifier: MIT */
/*
 * Each instruction that causes VM exits in every mode: where it exists there, and the privilege level allows
 * it, it exits with the same information; else it is the fault. SDM vol. 3C, 25.1.1.
 */
#include "insns.h"

SUITE("VMX: exits of instructions by mode", REQUIRES(vmx_available()));

static void run_in(struct vmx_guest *g, const struct exit_insn *insn, enum vmx_mode mode, u32 cpl)
{
	const u32 fault = exit_insn_fault(insn, mode, cpl);
	u64 information;

	exit_insn_set_up(g, insn, mode, cpl);
	exit_insn_turn_on(insn);
	if (!fault) {
		exit_insn_expect(g, insn);
		return;
	}
	vmx_run(g);
	if (!EXPECT_VMX_EXCEPTION(g, fault))
		return;
	information = vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);
	EXPECT_EQ(information & ~0x1000ull, (INTR_VALID | INTR_HARDWARE_EXCEPTION | fault |
					     (fault == VEC_GP ? INTR_ERROR_CODE : 0)));
	if (fault == VEC_GP)
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE), 0ull);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
}

static void in_modes(const char *name)
{
	const struct exit_insn *insn = exit_insn_named(name);
	const char *why = exit_insn_missing(insn);
	struct vmx_guest *g = vmx_new();

	for (u32 mode = 0; mode < VMX_MODES; mode++)
		for (u32 cpl = 0; cpl < 4; cpl += 3) {
			/* The modes that have code and data of CPL 3 in the guest's GDT. */
			if (cpl && mode > VMX_PAGED)
				continue;
			if (insn->flags & INSN_LONG && mode != VMX_LONG)
				continue;
			SUBTEST("%s%s", vmx_mode_name(mode), cpl ? "-cpl3" : "");
			if (why)
				SKIP_ROW("%s", why);
			else if (!vmx_mode_possible(mode))
				SKIP_ROW("no guest of this mode");
			else
				run_in(g, insn, mode, cpl);
		}
}

#define IN_MODES(name, words)                                                           \
	TEST(exit_##name,                                                               \
	     words " exits in each mode, or is the fault that it is there without VMX", \
	     SPEC("SDM vol. 3C, 25.1.1, 25.1.2, 25.1.3; 27.2.1; 27.2.4; appendix C"))   \
	{                                                                               \
		in_modes(#name);                                                        \
	}

IN_MODES(cpuid, "CPUID")
IN_MODES(invd, "INVD")
IN_MODES(xsetbv, "XSETBV")
IN_MODES(vmcall, "VMCALL")
IN_MODES(vmclear, "VMCLEAR")
IN_MODES(vmptrld, "VMPTRLD")
IN_MODES(vmptrst, "VMPTRST")
IN_MODES(vmread, "VMREAD")
IN_MODES(vmread_memory, "VMREAD to memory")
IN_MODES(vmwrite, "VMWRITE")
IN_MODES(vmwrite_memory, "VMWRITE from memory")
IN_MODES(vmlaunch, "VMLAUNCH")
IN_MODES(vmresume, "VMRESUME")
IN_MODES(vmxoff, "VMXOFF")
IN_MODES(vmxon, "VMXON")
IN_MODES(invept, "INVEPT")
IN_MODES(invvpid, "INVVPID")
IN_MODES(hlt, "HLT")
IN_MODES(invlpg, "INVLPG")
IN_MODES(invpcid, "INVPCID")
IN_MODES(rdtsc, "RDTSC")
IN_MODES(rdtscp, "RDTSCP")
IN_MODES(rdpmc, "RDPMC")
IN_MODES(monitor, "MONITOR")
IN_MODES(mwait, "MWAIT")
IN_MODES(pause, "PAUSE")
IN_MODES(mov_cr3_load, "MOV to CR3")
IN_MODES(mov_cr3_store, "MOV from CR3")
IN_MODES(mov_cr8_load, "MOV to CR8")
IN_MODES(mov_cr8_store, "MOV from CR8 to RSI")
IN_MODES(mov_cr8_store_r13, "MOV from CR8 to R13")
IN_MODES(mov_dr7_store, "MOV from DR7")
IN_MODES(mov_dr7_load, "MOV to DR7")
IN_MODES(mov_dr0_load, "MOV to DR0")
IN_MODES(mov_dr1_store, "MOV from DR1")
IN_MODES(mov_dr2_load, "MOV to DR2")
IN_MODES(mov_dr3_store, "MOV from DR3")
IN_MODES(mov_dr6_load, "MOV to DR6")
IN_MODES(mov_dr6_store_r15, "MOV from DR6 to R15")
IN_MODES(in_80_byte, "IN AL, imm8")
IN_MODES(out_80_byte, "OUT imm8, AL")
IN_MODES(in_80_word, "IN imm8 with the prefix of the operand size")
IN_MODES(out_80_word, "OUT imm8 with the prefix of the operand size")
IN_MODES(in_80_long, "IN imm8 of the default size")
IN_MODES(out_80_long, "OUT imm8 of the default size")
IN_MODES(in_dx_byte, "IN AL, DX")
IN_MODES(out_dx_byte, "OUT DX, AL")
IN_MODES(in_dx_word, "IN DX with the prefix of the operand size")
IN_MODES(out_dx_long, "OUT DX of the default size")
IN_MODES(rdmsr, "RDMSR")
IN_MODES(wrmsr, "WRMSR")
IN_MODES(sgdt, "SGDT")
IN_MODES(sidt, "SIDT")
IN_MODES(lgdt, "LGDT")
IN_MODES(lidt, "LIDT")
IN_MODES(sldt, "SLDT")
IN_MODES(str, "STR")
IN_MODES(lldt, "LLDT")
IN_MODES(ltr, "LTR")
IN_MODES(wbinvd, "WBINVD")
IN_MODES(rdrand, "RDRAND")
IN_MODES(rdseed, "RDSEED")
IN_MODES(encls, "ENCLS")
