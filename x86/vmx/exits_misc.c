/* SPDX-License-Identifier: MIT */
/* Instructions whose exit hangs on more than a control: SDM vol. 3C, 25.1.2, 25.1.3, 25.3. */
#include "checks.h"

#include <string.h>
#include <x86/insn.h>

SUITE("VMX: exits that hang on operands and state", REQUIRES(vmx_available()));

#define BYTES(b) b, sizeof(b) - 1
#define PRIMARY	 VMCS_PRIMARY_CONTROLS

TEST(getsec, "GETSEC exits with CR4.SMXE at every privilege level, and without it is #UD",
     SPEC("SDM vol. 3C, 25.1.2; vol. 2D, 6.2.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 smxe = 0; smxe < 2; smxe++)
		for (u32 cpl = 0; cpl < 4; cpl += 3) {
			SUBTEST("smxe-%u-cpl%u", smxe, cpl);
			if (smxe && !cpu_has(X86_FEATURE_SMX)) {
				SKIP_ROW("CPUID has no SMX");
				continue;
			}
			vmx_reset(g);
			if (cpl)
				vmx_set_user(g);
			vmx_code(g, "\x0f\x37", 2);
			vmcs_set(VMCS_GUEST_CR4, smxe ? CR4_SMXE : 0);
			vmx_run(g);
			if (smxe) {
				EXPECT_VMX_EXIT(g, VMX_EXIT_GETSEC);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), 2ull);
			} else {
				EXPECT_VMX_EXCEPTION(g, VEC_UD);
			}
		}
}

TEST(rsm, "RSM outside system-management mode is #UD, and no exit",
     SPEC("SDM vol. 3C, 25.1.3, RSM"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 cpl = 0; cpl < 4; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		vmx_reset(g);
		if (cpl)
			vmx_set_user(g);
		vmx_code(g, "\x0f\xaa", 2);
		vmx_run(g);
		EXPECT_VMX_EXCEPTION(g, VEC_UD);
	}
}

TEST(enabled_by_control, "an instruction that a control does not enable is #UD, whatever CPUID has",
     SPEC("SDM vol. 3C, 25.3"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		u64 enable, primary; /* a control of exits that must not come before the #UD */
		u32 feature;
	} rows[] = {
		{ "rdtscp", BYTES("\x0f\x01\xf9"), CPU2_RDTSCP, 0, X86_FEATURE_RDTSCP },
		{ "rdtscp-exiting", BYTES("\x0f\x01\xf9"), CPU2_RDTSCP, CPU_RDTSC,
		  X86_FEATURE_RDTSCP },
		{ "invpcid", BYTES("\x66\x0f\x38\x82\x03"), CPU2_INVPCID, 0, X86_FEATURE_INVPCID },
		{ "invpcid-exiting", BYTES("\x66\x0f\x38\x82\x03"), CPU2_INVPCID, CPU_INVLPG,
		  X86_FEATURE_INVPCID },
		{ "xsaves", BYTES("\x0f\xc7\x2b"), CPU2_XSAVES, 0, X86_FEATURE_XSAVES },
		{ "xrstors", BYTES("\x0f\xc7\x1b"), CPU2_XSAVES, 0, X86_FEATURE_XSAVES },
		{ "vmfunc", BYTES("\x0f\x01\xd4"), CPU2_VM_FUNCTIONS, 0, 0 },
		{ "rdpid", BYTES("\xf3\x0f\xc7\xf8"), CPU2_RDTSCP, 0, X86_FEATURE_RDPID },
		{ "tpause", BYTES("\x66\x0f\xae\xf1"), BIT(26), 0, X86_FEATURE_WAITPKG },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		if (rows[i].feature && !cpu_has(rows[i].feature)) {
			SKIP_ROW("CPUID has it not");
			continue;
		}
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		vmcs_set(PRIMARY, rows[i].primary);
		if (rows[i].feature == X86_FEATURE_XSAVES)
			vmcs_set(VMCS_GUEST_CR4, CR4_OSXSAVE);
		g->registers.bx = (ulong)g->data;
		vmx_run(g);
		EXPECT_VMX_EXCEPTION(g, VEC_UD);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	}
}

TEST(rdtscp_aux, "RDTSCP and RDPID that are enabled give the guest IA32_TSC_AUX",
     SPEC("SDM vol. 3C, 25.3, RDTSCP"),
	  REQUIRES(cpu_has(X86_FEATURE_RDTSCP) && vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_RDTSCP)))
{
	struct vmx_guest *g = vmx_new();

	wrmsr(MSR_TSC_AUX, 0x12345678);
	SUBTEST("rdtscp");
	vmx_code(g, "\x0f\x01\xf9", 3);
	vmcs_set(PRIMARY, CPU_SECONDARY);
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_RDTSCP);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(g->registers.cx, 0x12345678ul);
	SUBTEST("rdpid");
	if (!cpu_has(X86_FEATURE_RDPID)) {
		SKIP_ROW("CPUID has no RDPID");
		return;
	}
	vmx_reset(g);
	vmx_code(g, "\xf3\x0f\xc7\xf8", 4);
	vmcs_set(PRIMARY, CPU_SECONDARY);
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_RDTSCP);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(g->registers.ax, 0x12345678ul);
}

/* IA32_XSS's bits that this CPU has: CPUID leaf 0xd, sub-leaf 1. */
static u64 xss_bits(void)
{
	struct cpuid r;

	if (!cpu_has(X86_FEATURE_XSAVES))
		return 0;
	r = cpuid(0xd, 1);
	return (u64)r.edx << 32 | r.ecx;
}

TEST(xsaves_bitmap,
     "XSAVES and XRSTORS exit where EDX:EAX, IA32_XSS and the XSS-exiting bitmap have a bit in common",
     SPEC("SDM vol. 3C, 24.6.19; 25.1.3; 25.3"),
	  REQUIRES(cpu_has(X86_FEATURE_XSAVES) && vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_XSAVES) &&
		   xss_bits()))
{
	struct vmx_guest *g = vmx_new();
	const u64 bit = xss_bits() & -xss_bits();

	for (u32 restore = 0; restore < 2; restore++)
		for (u32 bits = 0; bits < 8; bits++) {
			bool requested = bits & 1, xss = bits & 2, bitmap = bits & 4;

			SUBTEST("%s-request-%u-xss-%u-bitmap-%u", restore ? "xrstors" : "xsaves",
				requested, xss, bitmap);
			vmx_reset(g);
			vmx_code(g, restore ? "\x0f\xc7\x1b" : "\x0f\xc7\x2b", 3);
			vmcs_set(PRIMARY, CPU_SECONDARY);
			vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_XSAVES);
			vmcs_set(VMCS_GUEST_CR4, CR4_OSXSAVE);
			vmcs_write(VMCS_XSS_EXITING_BITMAP, bitmap ? bit : 0);
			wrmsr(MSR_IA32_XSS, xss ? bit : 0);
			memset(g->data, 0, PAGE_SIZE);
			*(u64 *)(g->data + 520) = BIT(63); /* XCOMP_BV: compacted */
			g->registers.bx = (ulong)g->data;
			g->registers.ax = requested ? (u32)bit : 0;
			vmx_run(g);
			wrmsr(MSR_IA32_XSS, 0);
			if (requested && xss && bitmap) {
				EXPECT_VMX_EXIT(g, restore ? VMX_EXIT_XRSTORS : VMX_EXIT_XSAVES);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), 3ull);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_INFO) >> 23 & 15, 3ull);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
			} else {
				EXPECT_VMX_DONE(g);
			}
		}
}

TEST(xsetbv_operands, "XSETBV exits before its operands are looked at",
     SPEC("SDM vol. 3C, 25.1.1, 25.1.2"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	static const struct {
		const char *name;
		u32 cx, ax, dx;
	} rows[] = { { "good", 0, 1, 0 }, { "no-x87", 0, 0, 0 }, { "no-register", 1, 1, 0 } };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, "\x0f\x01\xd1", 3);
		vmcs_set(VMCS_GUEST_CR4, CR4_OSXSAVE);
		g->registers.cx = rows[i].cx;
		g->registers.ax = rows[i].ax;
		g->registers.dx = rows[i].dx;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_XSETBV);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), 3ull);
	}
	SUBTEST("without-osxsave");
	vmx_reset(g);
	vmx_code(g, "\x0f\x01\xd1", 3);
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_UD);
}

TEST(exit_before_gp, "an exit comes before the fault of the instruction's own operands",
     SPEC("SDM vol. 3C, 25.1.1"))
{
	static const struct {
		const char *name, *bytes;
		u32 size, reason;
		enum vmcs_field controls;
		u64 bits;
		u32 cx, ax;
	} rows[] = {
		{ "rdmsr-no-such-msr", BYTES("\x0f\x32"), VMX_EXIT_RDMSR, PRIMARY, 0, 0x40000fff,
		  0 },
		{ "wrmsr-no-such-msr", BYTES("\x0f\x30"), VMX_EXIT_WRMSR, PRIMARY, 0, 0x40000fff,
		  0 },
		{ "wrmsr-reserved-value", BYTES("\x0f\x30"), VMX_EXIT_WRMSR, PRIMARY, 0,
		  MSR_IA32_PAT, 2 },
		{ "rdpmc-no-such-counter", BYTES("\x0f\x33"), VMX_EXIT_RDPMC, PRIMARY, CPU_RDPMC,
		  0x1000, 0 },
		{ "mov-cr3-reserved", BYTES("\x0f\x22\xd9"), VMX_EXIT_CR_ACCESS, PRIMARY,
		  CPU_CR3_LOAD, 0xffffffff, 0 },
		{ "ltr-beyond-gdt", BYTES("\x0f\x00\xd9"), VMX_EXIT_LDTR_TR,
		  VMCS_SECONDARY_CONTROLS, CPU2_DESCRIPTOR_TABLE, 0xfff8, 0 },
		{ "lldt-beyond-gdt", BYTES("\x0f\x00\xd1"), VMX_EXIT_LDTR_TR,
		  VMCS_SECONDARY_CONTROLS, CPU2_DESCRIPTOR_TABLE, 0xfff8, 0 },
		{ "lgdt-absent-page", BYTES("\x0f\x01\x10"), VMX_EXIT_GDTR_IDTR,
		  VMCS_SECONDARY_CONTROLS, CPU2_DESCRIPTOR_TABLE, 0, 0x10 },
		{ "sgdt-absent-page", BYTES("\x0f\x01\x00"), VMX_EXIT_GDTR_IDTR,
		  VMCS_SECONDARY_CONTROLS, CPU2_DESCRIPTOR_TABLE, 0, 0x10 },
		{ "vmptrld-absent-page", BYTES("\x0f\xc7\x30"), VMX_EXIT_VMPTRLD, PRIMARY, 0, 0,
		  0x10 },
		{ "invlpg-absent-page", BYTES("\x0f\x01\x38"), VMX_EXIT_INVLPG, PRIMARY, CPU_INVLPG,
		  0, 0x10 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		if (!vmx_can(rows[i].controls, rows[i].bits)) {
			SKIP_ROW("the capability MSR does not allow the control");
			continue;
		}
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		if (rows[i].controls == VMCS_SECONDARY_CONTROLS)
			vmcs_set(PRIMARY, CPU_SECONDARY);
		vmcs_set(rows[i].controls, rows[i].bits);
		g->registers.cx = rows[i].cx;
		g->registers.ax = rows[i].ax;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, rows[i].reason);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	}
}

TEST(invlpg_addresses,
     "the qualification of INVLPG is the linear address, the segment's base included",
     SPEC("SDM vol. 3C, 27.2.1"), REQUIRES(vmx_can(PRIMARY, CPU_INVLPG)))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		u64 base; /* of GS */
		u64 bx, address;
		bool only_64;
	} rows[] = {
		{ "plain", BYTES("\x0f\x01\x3b"), 0, 0x12345678, 0x12345678, false },
		{ "displacement", BYTES("\x0f\x01\x7b\x10"), 0, 0x1000, 0x1010, false },
		{ "gs", BYTES("\x65\x0f\x01\x3b"), 0x5000000, 0x1234, 0x5001234, false },
		{ "high", BYTES("\x0f\x01\x3b"), 0, 0xffff800012345000, 0xffff800012345000, true },
		{ "address-32", BYTES("\x67\x0f\x01\x3b"), 0, 0x1111222233334444, 0x33334444,
		  true },
		/* INVLPG of an address that is not canonical does nothing: vol. 2A, INVLPG. */
		{ "not-canonical", BYTES("\x0f\x01\x3b"), 0, BIT(63), BIT(63), true },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].only_64 && sizeof(ulong) == 4)
			continue;
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		vmcs_set(PRIMARY, CPU_INVLPG);
		vmcs_write(VMCS_BASE(VMX_GS), rows[i].base);
		g->registers.bx = (ulong)rows[i].bx;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_INVLPG);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), rows[i].address);
	}
}

TEST(mwait_armed,
     "the qualification of MWAIT is 0 where address-range monitoring is not armed, as after an exit",
     SPEC("SDM vol. 3C, 27.2.1"),
	  REQUIRES(cpu_has(X86_FEATURE_MONITOR) && vmx_can(PRIMARY, CPU_MWAIT)))
{
	struct vmx_guest *g = vmx_new();

	/* No row for one that is armed: other agents may end it at any time. */
	SUBTEST("not-armed");
	vmx_code(g, "\x0f\x01\xc9", 3);
	vmcs_set(PRIMARY, CPU_MWAIT);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_MWAIT);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
	/* 26.3.2.5: "VM entries clear any address-range monitoring that may be in effect". */
	SUBTEST("cleared-by-entry");
	vmx_reset(g);
	vmx_code(g, "\x0f\x01\xc9", 3);
	vmcs_set(PRIMARY, CPU_MWAIT);
	monitor_memory(g->data);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_MWAIT);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
	/* 27.5.6: "VM exits clear any address-range monitoring that may be in effect". */
	SUBTEST("cleared-by-exit");
	vmx_reset(g);
	vmx_code(g, "\x0f\x01\xc8\x0f\x01\xc1\x0f\x01\xc9", 9);
	vmcs_set(PRIMARY, CPU_MWAIT);
	g->registers.ax = (ulong)g->data;
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
	vmcs_write(VMCS_GUEST_RIP, vmx_start(g) + 6);
	g->registers.ax = 0;
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_MWAIT);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
}

TEST(mwait_interrupt_window,
     "with interrupt-window exiting and IF clear, MWAIT that lets interrupts end it does not wait",
     SPEC("SDM vol. 3C, 25.3, MWAIT"),
	  REQUIRES(cpu_has(X86_FEATURE_MONITOR) && cpuid(5, 0).ecx & 2))
{
	struct vmx_guest *g = vmx_new();

	/* MONITOR; XOR EAX, EAX; INC ECX; MWAIT */
	vmx_code(g, "\x0f\x01\xc8\x31\xc0\xff\xc1\x0f\x01\xc9", 10);
	vmcs_set(PRIMARY, CPU_INTERRUPT_WINDOW);
	g->registers.ax = (ulong)g->data;
	vmx_run(g);
	EXPECT_VMX_DONE(g);
}

TEST(pause_loop, "PAUSE in a loop exits within the window that the host sets, at CPL 0 only",
     SPEC("SDM vol. 3C, 24.6.13; 25.1.3, PAUSE"),
	  REQUIRES(vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_PAUSE_LOOP)))
{
	struct vmx_guest *g = vmx_new();

	/* PAUSE; DEC ECX; JNZ: it comes to its end if nothing exits. */
	static const char loop[] = "\xf3\x90\xff\xc9\x75\xfa";

	for (u32 cpl = 0; cpl < 4; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		vmx_reset(g);
		if (cpl)
			vmx_set_user(g);
		vmx_code(g, loop, 6);
		vmcs_set(PRIMARY, CPU_SECONDARY);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_PAUSE_LOOP);
		vmcs_write(VMCS_PLE_GAP, 0xffffffff);
		vmcs_write(VMCS_PLE_WINDOW, 100);
		g->registers.cx = 10000;
		vmx_run(g);
		if (cpl) {
			EXPECT_VMX_DONE(g);
		} else {
			EXPECT_VMX_EXIT(g, VMX_EXIT_PAUSE);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), 2ull);
		}
	}
	/* Each PAUSE is the first of a loop where those before are further away than the gap: with LOOP to itself between. */
	SUBTEST("gap");
	vmx_reset(g);
	vmx_code(g, "\xf3\x90\xb9\x00\x20\x00\x00\xe2\xfe\xff\xcb\x75\xf3", 13);
	vmcs_set(PRIMARY, CPU_SECONDARY);
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_PAUSE_LOOP);
	vmcs_write(VMCS_PLE_GAP, 100);
	vmcs_write(VMCS_PLE_WINDOW, 1000);
	g->registers.bx = 20;
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	SUBTEST("off");
	vmx_reset(g);
	vmx_code(g, loop, 6);
	vmcs_write(VMCS_PLE_GAP, 0xffffffff);
	vmcs_write(VMCS_PLE_WINDOW, 0);
	g->registers.cx = 10000;
	vmx_run(g);
	EXPECT_VMX_DONE(g);
}

TEST(cpuid_registers, "CPUID exits for every leaf, with the registers as they were",
     SPEC("SDM vol. 3C, 25.1.2"))
{
	static const u32 leaves[] = { 0, 1, 7, 0xd, 0x40000000, 0x80000000, 0xffffffff };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(leaves); i++) {
		SUBTEST("leaf-%#x", leaves[i]);
		vmx_reset(g);
		vmx_code(g, "\x0f\xa2", 2);
		g->registers.ax = leaves[i];
		g->registers.cx = 0x55;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_CPUID);
		EXPECT_EQ(g->registers.ax, (ulong)leaves[i]);
		EXPECT_EQ(g->registers.cx, 0x55ul);
	}
}

TEST(instruction_length, "the length of an exit counts every prefix, up to 15 bytes",
     SPEC("SDM vol. 3C, 27.2.4"))
{
	struct vmx_guest *g = vmx_new();
	u8 code[15];

	/* CPUID with prefixes of a segment, which do nothing. */
	for (u32 size = 2; size <= 15; size++) {
		SUBTEST("%u-bytes", size);
		memset(code, 0x3e, sizeof(code));
		code[size - 2] = 0x0f;
		code[size - 1] = 0xa2;
		vmx_reset(g);
		vmx_code(g, code, size);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_CPUID);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)size);
	}
	SUBTEST("16-bytes");
	vmx_reset(g);
	memset(g->code, 0x3e, 14);
	memcpy(g->code + 14, "\x0f\xa2", 2);
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_GP);
}

TEST(skip_and_resume, "after an exit, RIP plus the length goes on after the instruction",
     SPEC("SDM vol. 3C, 26.3.2.3, 27.2.4"))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x0f\xa2\x0f\xa2\x0f\xa2", 6);
	for (u32 i = 0; i < 3; i++) {
		SUBTEST("cpuid-%u", i);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_CPUID);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + 2 * i);
		vmcs_write(VMCS_GUEST_RIP,
			   vmcs_read(VMCS_GUEST_RIP) + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH));
	}
	SUBTEST("end");
	vmx_run(g);
	EXPECT_VMX_DONE(g);
}
