/* SPDX-License-Identifier: MIT */
/*
 * System instructions without their feature in CPUID: #UD, or a NOP where the encoding was one before. Where the
 * feature is there, they have cases of their own, or none. Instructions on data are in insn/absent.c.
 */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/insn.h>
#include <x86/nest.h>
#include <x86/place.h>
#include <x86/xsave.h>

SUITE("Absent features");

static struct xsave_area area;

static const struct insn {
	const char *name;
	enum x86_feature feature;
	bool nop;
	u8 size, code[8];
} insns[] = {
	/* With [CX] where memory is an operand, AX and DX 0. */
	{ "rdpru", X86_FEATURE_RDPRU, false, 3, { 0x0f, 0x01, 0xfd } },
	{ "mcommit", X86_FEATURE_MCOMMIT, false, 4, { 0xf3, 0x0f, 0x01, 0xfa } },
	{ "clzero", X86_FEATURE_CLZERO, false, 3, { 0x0f, 0x01, 0xfc } },
	{ "monitorx", X86_FEATURE_MWAITX, false, 3, { 0x0f, 0x01, 0xfa } },
	{ "mwaitx", X86_FEATURE_MWAITX, false, 3, { 0x0f, 0x01, 0xfb } },
	{ "rdtscp", X86_FEATURE_RDTSCP, false, 3, { 0x0f, 0x01, 0xf9 } },
	{ "xbegin", X86_FEATURE_RTM, false, 6, { 0xc7, 0xf8, 0, 0, 0, 0 } },
	{ "xabort", X86_FEATURE_RTM, false, 3, { 0xc6, 0xf8, 0 } },
	{ "xend", X86_FEATURE_RTM, false, 3, { 0x0f, 0x01, 0xd5 } },
	{ "xtest", X86_FEATURE_RTM, false, 3, { 0x0f, 0x01, 0xd6 } },
	{ "vmcall", X86_FEATURE_VMX, false, 3, { 0x0f, 0x01, 0xc1 } },
	{ "vmxoff", X86_FEATURE_VMX, false, 3, { 0x0f, 0x01, 0xc4 } },
	{ "vmxon", X86_FEATURE_VMX, false, 4, { 0xf3, 0x0f, 0xc7, 0x31 } },
	{ "vmclear", X86_FEATURE_VMX, false, 4, { 0x66, 0x0f, 0xc7, 0x31 } },
	{ "vmptrld", X86_FEATURE_VMX, false, 3, { 0x0f, 0xc7, 0x31 } },
	{ "vmptrst", X86_FEATURE_VMX, false, 3, { 0x0f, 0xc7, 0x39 } },
	{ "vmread", X86_FEATURE_VMX, false, 3, { 0x0f, 0x78, 0xc0 } },
	{ "vmwrite", X86_FEATURE_VMX, false, 3, { 0x0f, 0x79, 0xc0 } },
	{ "vmlaunch", X86_FEATURE_VMX, false, 3, { 0x0f, 0x01, 0xc2 } },
	{ "vmresume", X86_FEATURE_VMX, false, 3, { 0x0f, 0x01, 0xc3 } },
	{ "invept", X86_FEATURE_VMX, false, 5, { 0x66, 0x0f, 0x38, 0x80, 0x01 } },
	{ "invvpid", X86_FEATURE_VMX, false, 5, { 0x66, 0x0f, 0x38, 0x81, 0x01 } },
	{ "getsec", X86_FEATURE_SMX, false, 2, { 0x0f, 0x37 } },
	{ "encls", X86_FEATURE_SGX, false, 3, { 0x0f, 0x01, 0xcf } },
	{ "enclu", X86_FEATURE_SGX, false, 3, { 0x0f, 0x01, 0xd7 } },
	{ "pconfig", X86_FEATURE_PCONFIG, false, 3, { 0x0f, 0x01, 0xc5 } },
	{ "vmfunc", X86_FEATURE_VMX, false, 3, { 0x0f, 0x01, 0xd4 } },
	{ "serialize", X86_FEATURE_SERIALIZE, false, 3, { 0x0f, 0x01, 0xe8 } },
	{ "xsusldtrk", X86_FEATURE_TSXLDTRK, false, 4, { 0xf2, 0x0f, 0x01, 0xe8 } },
	{ "umonitor", X86_FEATURE_WAITPKG, false, 4, { 0xf3, 0x0f, 0xae, 0xf1 } },
	{ "tpause", X86_FEATURE_WAITPKG, false, 4, { 0x66, 0x0f, 0xae, 0xf1 } },
	{ "umwait", X86_FEATURE_WAITPKG, false, 4, { 0xf2, 0x0f, 0xae, 0xf1 } },
	{ "ptwrite", X86_FEATURE_PT, false, 4, { 0xf3, 0x0f, 0xae, 0xe1 } },
	{ "rdpid", X86_FEATURE_RDPID, false, 4, { 0xf3, 0x0f, 0xc7, 0xf8 } },
	{ "clwb", X86_FEATURE_CLWB, false, 4, { 0x66, 0x0f, 0xae, 0x31 } },
	{ "clflushopt", X86_FEATURE_CLFLUSHOPT, false, 4, { 0x66, 0x0f, 0xae, 0x39 } },
	{ "clflush", X86_FEATURE_CLFSH, false, 3, { 0x0f, 0xae, 0x39 } },
	{ "invpcid", X86_FEATURE_INVPCID, false, 5, { 0x66, 0x0f, 0x38, 0x82, 0x01 } },
	{ "xsave", X86_FEATURE_XSAVE, false, 3, { 0x0f, 0xae, 0x21 } },
	{ "xrstor", X86_FEATURE_XSAVE, false, 3, { 0x0f, 0xae, 0x29 } },
	{ "xsaveopt", X86_FEATURE_XSAVEOPT, false, 3, { 0x0f, 0xae, 0x31 } },
	{ "xsavec", X86_FEATURE_XSAVEC, false, 3, { 0x0f, 0xc7, 0x21 } },
	{ "xsaves", X86_FEATURE_XSAVES, false, 3, { 0x0f, 0xc7, 0x29 } },
	{ "xrstors", X86_FEATURE_XSAVES, false, 3, { 0x0f, 0xc7, 0x19 } },
	{ "xgetbv", X86_FEATURE_XSAVE, false, 3, { 0x0f, 0x01, 0xd0 } },
	{ "xsetbv", X86_FEATURE_XSAVE, false, 3, { 0x0f, 0x01, 0xd1 } },
	{ "clac", X86_FEATURE_SMAP, false, 3, { 0x0f, 0x01, 0xca } },
	{ "stac", X86_FEATURE_SMAP, false, 3, { 0x0f, 0x01, 0xcb } },
	{ "monitor", X86_FEATURE_MONITOR, false, 3, { 0x0f, 0x01, 0xc8 } },
	{ "mwait", X86_FEATURE_MONITOR, false, 3, { 0x0f, 0x01, 0xc9 } },
	{ "sysenter", X86_FEATURE_SEP, false, 2, { 0x0f, 0x34 } },
	{ "sysexit", X86_FEATURE_SEP, false, 2, { 0x0f, 0x35 } },
	/* Shadow stacks: SETSSBSY, SAVEPREVSSP, CLRSSBSY, INCSSP, WRSS, WRUSS, RSTORSSP. */
	{ "setssbsy", X86_FEATURE_CET_SS, false, 4, { 0xf3, 0x0f, 0x01, 0xe8 } },
	{ "saveprevssp", X86_FEATURE_CET_SS, false, 4, { 0xf3, 0x0f, 0x01, 0xea } },
	{ "rstorssp", X86_FEATURE_CET_SS, false, 4, { 0xf3, 0x0f, 0x01, 0x29 } },
	{ "clrssbsy", X86_FEATURE_CET_SS, false, 4, { 0xf3, 0x0f, 0xae, 0x31 } },
	{ "wrss", X86_FEATURE_CET_SS, false, 4, { 0x0f, 0x38, 0xf6, 0x01 } },
	{ "wruss", X86_FEATURE_CET_SS, false, 5, { 0x66, 0x0f, 0x38, 0xf5, 0x01 } },
	/* NOPs to CPUs that do not know them. */
	{ "rdssp", X86_FEATURE_CET_SS, true, 4, { 0xf3, 0x0f, 0x1e, 0xc8 } },
	{ "endbr32", X86_FEATURE_CET_IBT, true, 4, { 0xf3, 0x0f, 0x1e, 0xfb } },
	{ "endbr64", X86_FEATURE_CET_IBT, true, 4, { 0xf3, 0x0f, 0x1e, 0xfa } },
	{ "cldemote", X86_FEATURE_CLDEMOTE, true, 3, { 0x0f, 0x1c, 0x01 } },
	{ "prefetchit0", X86_FEATURE_HYPERVISOR, true, 3, { 0x0f, 0x18, 0x39 } },
};

/* Where MONITORX is there, MCOMMIT is MONITORX with F3H before it, and no manual says that this is refused. */
static bool is_absent(enum x86_feature feature)
{
	if (feature == X86_FEATURE_HYPERVISOR)
		return true;
	return !cpu_has(feature) &&
	       !(feature == X86_FEATURE_MCOMMIT && cpu_has(X86_FEATURE_MWAITX));
}

#define VMCALL 0xc1

static void expect_absent(const struct insn *insn, struct fault fault)
{
	if (insn->nop)
		EXPECT_NO_FAULT(fault);
	else if (insn->code[1] == 0x01 && insn->code[2] == VMCALL)
		EXPECT_FAULT(hypercall_fault(fault), fault);
	else
		EXPECT_FAULT(UD, fault);
	if (fault.kind)
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
}

/* CLWB and TPAUSE share encodings' places with others, but none of those that are in use here. */
TEST(absent_instructions,
     "an instruction without its feature in CPUID is #UD, at CPL 0 and 3; some are NOPs",
     SPEC("SDM vol. 2, each instruction, #UD if its CPUID feature is 0; vol. 1 of later editions, 17.3.1 on CET's NOPs"),
	  BUG("XSA-278"))
{
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		if (!is_absent(insns[i].feature))
			continue;
		SUBTEST("%s", insns[i].name);
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct registers r = { .ax = 0x11, .cx = (ulong)&area, .flags = FLAG_1 };

			if (cpu_has(X86_FEATURE_XSAVE))
				write_cr4(read_cr4() | CR4_OSXSAVE);
			expect_absent(&insns[i],
				      execute_in(at_cpl(cpl),
						 code_bytes(insns[i].code, insns[i].size), &r));
			if (insns[i].nop)
				EXPECT_EQ(r.ax, 0x11ul);
		}
	}
}

#define VMMCALL 0xd9

/* SKINIT and STGI need SVME or a feature of their own. */
static const struct {
	const char *name;
	u8 last;
	bool skinit;
} svm_insns[] = {
	{ "vmrun", 0xd8, false },  { "vmmcall", 0xd9, false }, { "vmload", 0xda, false },
	{ "vmsave", 0xdb, false }, { "stgi", 0xdc, true },     { "clgi", 0xdd, false },
	{ "skinit", 0xde, true },  { "invlpga", 0xdf, false },
};

TEST(svm_needs_svme, "without EFER.SVME the instructions of SVM are #UD, at CPL 0 and 3",
     SPEC("APM vol. 3, VMRUN, VMLOAD, VMSAVE, CLGI, STGI, INVLPGA; vol. 2, 15.4"),
	  REQUIRES(!nest_is_guest()))
{
	for (u32 i = 0; i < ARRAY_SIZE(svm_insns); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			const u8 code[] = { 0x0f, 0x01, svm_insns[i].last };
			struct registers r = { .flags = FLAG_1 };
			struct fault fault;

			if (svm_insns[i].skinit && cpu_has(X86_FEATURE_SKINIT))
				continue;
			SUBTEST("%s-cpl%u", svm_insns[i].name, cpl);
			fault = execute_in(at_cpl(cpl), code_bytes(code, sizeof(code)), &r);
			EXPECT_FAULT(svm_insns[i].last == VMMCALL ? hypercall_fault(fault) : UD,
				     fault);
			if (fault.kind)
				EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
		}
}
