/* SPDX-License-Identifier: MIT */
/* VM entry's checks on guests in virtual-8086 mode and on unrestricted guests: SDM vol. 3C, 26.3.1.1, 26.3.1.2, 25.6. */
#include "checks.h"

#include <string.h>

SUITE("VMX: VM entry's checks by mode", REQUIRES(vmx_available()));

#define HAS_UNRESTRICTED vmx_mode_possible(VMX_REAL)

static const char *const names[] = { "es", "cs", "ss", "ds", "fs", "gs" };

static void set_up(struct vmx_guest *g, enum vmx_mode mode)
{
	vmx_reset(g);
	vmx_set_mode(g, mode);
	vmx_code(g, "\x66\xff\xc3", 3); /* INC EBX in 16-bit code, INC BX in 32-bit code */
	g->registers.bx = 0x1000;
}

static void one(struct vmx_guest *g, enum vmcs_field field, u64 value, bool refused)
{
	vmcs_write(field, value);
	check_expect(g, CHECK_GUEST, refused);
}

TEST(vm86_segments,
     "in virtual-8086 mode, base, limit and access rights of a segment are those of the mode",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 segment = 0; segment < 6; segment++) {
		const enum vmcs_field base = VMCS_BASE(segment), limit = VMCS_LIMIT(segment);
		const enum vmcs_field rights = VMCS_ACCESS_RIGHTS(segment);

		SUBTEST("%s-good", names[segment]);
		set_up(g, VMX_VM86);
		check_expect(g, CHECK_GUEST, false);
		SUBTEST("%s-base+16", names[segment]);
		set_up(g, VMX_VM86);
		one(g, base, vmcs_read(base) + 16, true);
		SUBTEST("%s-base+1", names[segment]);
		set_up(g, VMX_VM86);
		one(g, base, vmcs_read(base) + 1, true);
		for (u32 bit = 4; bit < 32; bit += 4) {
			SUBTEST("%s-base-bit-%u", names[segment], bit);
			set_up(g, VMX_VM86);
			one(g, base, vmcs_read(base) ^ BIT(bit), true);
		}
		SUBTEST("%s-limit-0xfffe", names[segment]);
		set_up(g, VMX_VM86);
		one(g, limit, 0xfffe, true);
		SUBTEST("%s-limit-0x1ffff", names[segment]);
		set_up(g, VMX_VM86);
		one(g, limit, 0x1ffff, true);
		/* 0xf3 and nothing else. */
		for_each_set_bit(bit, BITS(7, 0) | BITS(16, 12)) {
			SUBTEST("%s-rights-bit-%llu", names[segment], bit);
			set_up(g, VMX_VM86);
			one(g, rights, 0xf3 ^ BIT(bit), true);
		}
	}
}

TEST(vm86_rpl, "in virtual-8086 mode, the low bits of SS and CS are no privilege levels",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 rpl = 0; rpl < 4; rpl++) {
		SUBTEST("ss-rpl-%u", rpl);
		set_up(g, VMX_VM86);
		vmcs_write(VMCS_GUEST_SS_SELECTOR, (MODE_SS >> 4) + rpl);
		vmcs_write(VMCS_GUEST_SS_BASE, MODE_SS + 16 * rpl);
		check_expect(g, CHECK_GUEST, false);
	}
}

TEST(vm86_flags, "RFLAGS.VM is not set in an IA-32e mode guest, or without CR0.PE",
     SPEC("SDM vol. 3C, 26.3.1.4"))
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("ia32e");
	if (sizeof(ulong) == 8) {
		set_up(g, VMX_LONG);
		one(g, VMCS_GUEST_RFLAGS, FLAG_1 | FLAG_VM, true);
	} else {
		SKIP_ROW("no IA-32e mode");
	}
	/* Its segments are right for virtual-8086 mode. */
	SUBTEST("ia32e-segments");
	if (sizeof(ulong) == 8) {
		set_up(g, VMX_VM86);
		one(g, VMCS_ENTRY_CONTROLS, vmcs_read(VMCS_ENTRY_CONTROLS) | ENTRY_IA32E, true);
	} else {
		SKIP_ROW("no IA-32e mode");
	}
	SUBTEST("real");
	if (HAS_UNRESTRICTED) {
		set_up(g, VMX_REAL);
		one(g, VMCS_GUEST_RFLAGS, FLAG_1 | FLAG_VM, true);
	} else {
		SKIP_ROW("no unrestricted guests");
	}
}

TEST(unrestricted_cr0,
     "CR0.PE and CR0.PG may be clear in an unrestricted guest only, and PG needs PE",
     SPEC("SDM vol. 3C, 26.3.1.1; 25.6"), BUG("Bochs#614"), BUG("CVE-2023-30456"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 unrestricted = 0; unrestricted < 2; unrestricted++)
		for (u32 bits = 0; bits < 4; bits++) {
			bool pe = bits & 1, pg = bits & 2;
			bool refused = unrestricted ? pg && !pe : !pe || !pg;

			SUBTEST("%s-pe-%u-pg-%u", unrestricted ? "unrestricted" : "restricted", pe,
				pg);
			if (unrestricted && !HAS_UNRESTRICTED) {
				SKIP_ROW("no unrestricted guests");
				continue;
			}
			if (!unrestricted)
				set_up(g, VMX_PAE);
			else
				set_up(g, pe ? VMX_PROTECTED : VMX_REAL);
			if (unrestricted && pg) {
				/* Paging as in the PAE guest. */
				vmcs_write(VMCS_GUEST_CR3, (ulong)g->tables);
				vmcs_write(VMCS_GUEST_CR4, vmcs_read(VMCS_GUEST_CR4) | CR4_PAE);
				for (u32 i = 0; i < 4; i++)
					g->tables[i] = (ulong)(g->tables + 512 + i * 512) | 1;
				for (u32 i = 0; i < 4 * 512; i++)
					g->tables[512 + i] = (u64)i << 21 | 0xe7;
			}
			vmcs_clear(VMCS_GUEST_CR0, CR0_PE | CR0_PG);
			vmcs_set(VMCS_GUEST_CR0, (pe ? CR0_PE : 0) | (pg ? CR0_PG : 0));
			if (unrestricted && pg)
				vmx_use_ept(g);
			if (unrestricted)
				vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_UNRESTRICTED);
			if (!refused)
				g->registers.bx = 0x1000;
			check_expect(g, CHECK_GUEST, refused);
		}
}

TEST(unrestricted_fixed, "the other fixed bits of CR0 are fixed in an unrestricted guest, too",
     SPEC("SDM vol. 3C, 26.3.1.1; 23.8"), REQUIRES(HAS_UNRESTRICTED))
{
	struct vmx_guest *g = vmx_new();
	const u64 fixed0 = rdmsr(MSR_IA32_VMX_CR0_FIXED0) & ~(CR0_PE | CR0_PG);

	for_each_set_bit(bit, fixed0) {
		SUBTEST("bit-%llu", bit);
		set_up(g, VMX_PROTECTED);
		vmcs_clear(VMCS_GUEST_CR0, BIT(bit));
		check_expect(g, CHECK_GUEST, true);
	}
}

TEST(unrestricted_cs, "an unrestricted guest's CS may be a data segment of type 3, with DPL 0",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 unrestricted = 0; unrestricted < 2; unrestricted++)
		for (u32 type = 0; type < 16; type++) {
			bool code = type == 9 || type == 11 || type == 13 || type == 15;

			SUBTEST("%s-type-%u", unrestricted ? "unrestricted" : "restricted", type);
			if (unrestricted && !HAS_UNRESTRICTED) {
				SKIP_ROW("no unrestricted guests");
				continue;
			}
			set_up(g, unrestricted ? VMX_PROTECTED : VMX_PAE);
			vmcs_clear(VMCS_GUEST_CS_ACCESS_RIGHTS, 0xf);
			vmcs_set(VMCS_GUEST_CS_ACCESS_RIGHTS, type);
			check_expect(g, CHECK_GUEST, !code && !(unrestricted && type == 3));
		}
	for (u32 dpl = 1; dpl < 4; dpl++) {
		SUBTEST("type-3-dpl-%u", dpl);
		if (!HAS_UNRESTRICTED) {
			SKIP_ROW("no unrestricted guests");
			continue;
		}
		set_up(g, VMX_PROTECTED);
		vmcs_clear(VMCS_GUEST_CS_ACCESS_RIGHTS, 0xf | 0x60);
		vmcs_set(VMCS_GUEST_CS_ACCESS_RIGHTS, 3 | dpl << 5);
		check_expect(g, CHECK_GUEST, true);
	}
}

TEST(unrestricted_ss,
     "without CR0.PE, the DPL of SS is 0; an unrestricted guest's SS need not have the RPL of CS",
     SPEC("SDM vol. 3C, 26.3.1.2"), REQUIRES(HAS_UNRESTRICTED))
{
	struct vmx_guest *g = vmx_new();

	for (u32 dpl = 0; dpl < 4; dpl++) {
		SUBTEST("real-ss-dpl-%u", dpl);
		set_up(g, VMX_REAL);
		vmcs_clear(VMCS_GUEST_SS_ACCESS_RIGHTS, 0x60);
		vmcs_set(VMCS_GUEST_SS_ACCESS_RIGHTS, dpl << 5);
		check_expect(g, CHECK_GUEST, dpl != 0);
	}
	for (u32 rpl = 0; rpl < 4; rpl++) {
		SUBTEST("real-ss-rpl-%u", rpl);
		set_up(g, VMX_REAL);
		vmcs_write(VMCS_GUEST_SS_SELECTOR, 0x1000 | rpl);
		check_expect(g, CHECK_GUEST, false);
	}
}

TEST(unrestricted_ss_dpl,
     "the DPL of SS is 0 without CR0.PE whatever CS is, and where CS is of type 3 in any mode",
     SPEC("SDM vol. 3C, 26.3.1.2"), REQUIRES(HAS_UNRESTRICTED))
{
	static const struct {
		const char *name;
		enum vmx_mode mode;
		u32 type;
		bool refused;
	} rows[] = {
		{ "real-code", VMX_REAL, 0xb, true },
		{ "protected-type-3", VMX_PROTECTED, 3, true },
		/* Conforming code may have a lower DPL. */
		{ "protected-conforming", VMX_PROTECTED, 0xf, false },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 dpl = 0; dpl < 4; dpl += 3) {
			SUBTEST("%s-dpl-%u", rows[i].name, dpl);
			set_up(g, rows[i].mode);
			vmcs_clear(VMCS_GUEST_CS_ACCESS_RIGHTS, 0xf);
			vmcs_set(VMCS_GUEST_CS_ACCESS_RIGHTS, rows[i].type);
			vmcs_set(VMCS_GUEST_SS_ACCESS_RIGHTS, dpl << 5);
			/* Code that is not conforming has the DPL of SS. */
			if (rows[i].type == 0xb)
				vmcs_set(VMCS_GUEST_CS_ACCESS_RIGHTS, dpl << 5);
			check_expect(g, CHECK_GUEST, dpl && rows[i].refused);
		}
}

TEST(unrestricted_mov_cr0,
     "an unrestricted guest changes CR0.PE and CR0.PG itself, and PG needs PE",
     SPEC("SDM vol. 3C, 25.3, MOV to CR0; 25.6"), REQUIRES(HAS_UNRESTRICTED))
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("real-to-protected");
	set_up(g, VMX_REAL);
	vmx_code(g, "\x0f\x22\xc0", 3);
	g->registers.ax = (ulong)(vmcs_read(VMCS_GUEST_CR0) | CR0_PE);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_CR0) & CR0_PE, CR0_PE);
	SUBTEST("protected-to-real");
	set_up(g, VMX_PROTECTED);
	vmx_code(g, "\x0f\x22\xc0", 3);
	g->registers.ax = (ulong)(vmcs_read(VMCS_GUEST_CR0) & ~CR0_PE);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_CR0) & CR0_PE, 0ull);
	SUBTEST("paging-without-protection");
	set_up(g, VMX_REAL);
	vmx_code(g, "\x0f\x22\xc0", 3);
	g->registers.ax = (ulong)(vmcs_read(VMCS_GUEST_CR0) | CR0_PG);
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_GP);
	SUBTEST("restricted-paging-off");
	set_up(g, VMX_PAE);
	vmx_code(g, "\x0f\x22\xc0", 3);
	g->registers.ax = (ulong)(vmcs_read(VMCS_GUEST_CR0) & ~CR0_PG);
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_GP);
	SUBTEST("restricted-protection-off");
	set_up(g, VMX_PAE);
	vmx_code(g, "\x0f\x22\xc0", 3);
	g->registers.ax = (ulong)(vmcs_read(VMCS_GUEST_CR0) & ~(CR0_PG | CR0_PE));
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_GP);
}

TEST(real_exception_no_error, "an exit of an exception in real mode has no error code",
     SPEC("SDM vol. 3C, 27.2.2"), REQUIRES(HAS_UNRESTRICTED))
{
	struct vmx_guest *g = vmx_new();

	/* MOV AX, [EBX] beyond the limit. */
	set_up(g, VMX_REAL);
	vmx_code(g, "\x67\x8b\x03", 3);
	g->registers.bx = 0x10000;
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & ~0x1000ull,
		  INTR_VALID | INTR_HARDWARE_EXCEPTION | (u64)VEC_GP);
}

TEST(real_injection_error, "an error code cannot be injected in real mode",
     SPEC("SDM vol. 3C, 26.2.1.3"), REQUIRES(HAS_UNRESTRICTED))
{
	struct vmx_guest *g = vmx_new();

	for (u32 error = 0; error < 2; error++) {
		SUBTEST("%s", error ? "with" : "without");
		set_up(g, VMX_REAL);
		vmx_deliver(g);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_HARDWARE_EXCEPTION |
								 VEC_GP |
								 (error ? INTR_ERROR_CODE : 0));
		if (error) {
			check_expect(g, CHECK_CONTROLS, true);
		} else {
			vmx_run(g);
			EXPECT_EQ(vmx_delivered(g), VEC_GP);
		}
	}
}

TEST(activity_hlt_cpl, "the HLT state needs an SS whose DPL is 0",
     SPEC("SDM vol. 3C, 26.3.1.5"), REQUIRES(rdmsr(MSR_IA32_VMX_MISC) & BIT(6)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 state = 0; state < 2; state++) {
		SUBTEST("%s", state ? "hlt" : "active");
		set_up(g, VMX_NATIVE);
		vmx_set_user(g);
		vmcs_write(VMCS_GUEST_ACTIVITY, state);
		check_expect(g, CHECK_GUEST, state);
	}
}

TEST(segment_ss_dpl_conforming, "with a conforming CS, too, the DPL of SS is its RPL",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 rpl = 0; rpl < 4; rpl++)
		for (u32 dpl = 0; dpl < 4; dpl++) {
			SUBTEST("rpl-%u-dpl-%u", rpl, dpl);
			set_up(g, VMX_PAE);
			/* A conforming segment of DPL 0 may be executed at any CPL. */
			vmcs_set(VMCS_GUEST_CS_ACCESS_RIGHTS, 4);
			vmcs_write(VMCS_GUEST_CS_SELECTOR,
				   (vmcs_read(VMCS_GUEST_CS_SELECTOR) & ~3ull) | rpl);
			vmcs_write(VMCS_GUEST_SS_SELECTOR, SEL_KERNEL_DATA | rpl);
			vmcs_clear(VMCS_GUEST_SS_ACCESS_RIGHTS, 0x60);
			vmcs_set(VMCS_GUEST_SS_ACCESS_RIGHTS, dpl << 5);
			for (u32 segment = 0; segment < 6; segment++)
				if (segment != VMX_CS && segment != VMX_SS)
					vmcs_set(VMCS_ACCESS_RIGHTS(segment), 0x60);
			check_expect(g, CHECK_GUEST, rpl != dpl);
		}
}

TEST(guest_bndcfgs, "the guest's IA32_BNDCFGS has no reserved bit and a canonical address",
     SPEC("SDM vol. 3C, 26.3.1.1"), REQUIRES(vmx_can(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_BNDCFGS)))
{
	const struct change with[] = { SET(ENTRY_CONTROLS, ENTRY_LOAD_BNDCFGS) };
	const struct check rows[] = {
		{ "hole",
		  true,
		  { SET(ENTRY_CONTROLS, ENTRY_LOAD_BNDCFGS), PUT(GUEST_IA32_BNDCFGS, HOLE) } },
		{ "below-the-hole",
		  false,
		  { SET(ENTRY_CONTROLS, ENTRY_LOAD_BNDCFGS),
		    PUT(GUEST_IA32_BNDCFGS, (HOLE - 1) & ~0xfffull) } },
		{ "not-loaded", false, { PUT(GUEST_IA32_BNDCFGS, BIT(2)) } },
	};

	check_bits_with(CHECK_GUEST, with, 1, VMCS_GUEST_IA32_BNDCFGS, "reserved", BITS(11, 2),
			true);
	check_rows(CHECK_GUEST, rows, ARRAY_SIZE(rows));
}

TEST(injection_mtf, "an MTF exit can be injected only where there is the monitor trap flag",
     SPEC("SDM vol. 3C, 26.2.1.3"))
{
	struct vmx_guest *g = vmx_new();
	const bool has = vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MTF);

	set_up(g, VMX_NATIVE);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_OTHER);
	if (has) {
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_MTF);
	} else {
		check_expect(g, CHECK_CONTROLS, true);
	}
}

TEST(exit_stores_lma_set, "a guest that enters IA-32e mode itself is saved as one that is in it",
     SPEC("SDM vol. 3C, 27.2"), REQUIRES(sizeof(ulong) == 8 && HAS_UNRESTRICTED))
{
	struct vmx_guest *g = vmx_new();

	/* LME is the host's: with PG set, EFER.LMA is, too. */
	vmx_set_mode(g, VMX_PROTECTED);
	vmcs_write(VMCS_GUEST_CR3, read_cr3());
	vmx_code(g, "\x0f\x22\xc0", 3); /* MOV CR0, EAX */
	g->registers.ax = (ulong)(vmcs_read(VMCS_GUEST_CR0) | CR0_PG);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E, ENTRY_IA32E);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_CR0) & CR0_PG, CR0_PG);
	vmcs_write(VMCS_GUEST_RIP, vmx_end(g));
	vmx_run(g);
	EXPECT_VMX_DONE(g);
}

TEST(exit_stores_lma, "a guest that leaves IA-32e mode itself is saved as one that is not in it",
     SPEC("SDM vol. 3C, 27.2"), REQUIRES(sizeof(ulong) == 8 && HAS_UNRESTRICTED))
{
	struct vmx_guest *g = vmx_new();

	for (u32 leave = 0; leave < 2; leave++) {
		SUBTEST("%s", leave ? "leaves" : "stays");
		vmx_reset(g);
		vmx_set_mode(g, VMX_COMPAT);
		vmx_use_ept(g);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_UNRESTRICTED);
		/* MOV CR0, EAX: with PG clear, EFER.LMA is, too. */
		vmx_code(g, leave ? "\x0f\x22\xc0" : "\x90\x90\x90", 3);
		g->registers.ax = (ulong)(vmcs_read(VMCS_GUEST_CR0) & ~CR0_PG);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E, leave ? 0ull : ENTRY_IA32E);
	}
}
