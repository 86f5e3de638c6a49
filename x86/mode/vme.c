/* SPDX-License-Identifier: MIT */
/*
 * The extensions of virtual-8086 mode (CR4.VME) and protected-mode virtual interrupts (CR4.PVI): below
 * IOPL 3, VIF stands for IF. SDM vol. 3B, 20.3.3 and 20.4.
 */
#include <test.h>

#include <mm/page.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/mode.h>

#include "vm86.h"

SUITE("Virtual interrupts");

#define INT_VECTOR 0x41

/* INT n goes to the 8086 program where the bit of the TSS is clear: SDM vol. 3B, figure 20-5. */
static void redirect(u32 vector, bool to_8086)
{
	u8 *byte = low8(MODE_TSS + MODE_TSS_REDIRECTION + vector / 8);

	*byte = (u8)(to_8086 ? *byte & ~BIT(vector % 8) : *byte | BIT(vector % 8));
}

static void vme(struct mode *m, u32 iopl, u32 flags)
{
	vm86(m, iopl, flags);
	m->cr4 |= CR4_VME;
}

TEST(vme_virtual_if, "with VME below IOPL 3, CLI, STI, PUSHF and POPF use VIF for IF",
     SPEC("SDM vol. 3B, 20.3.3.4, 20.4; table 20-2"), REQUIRES(cpu_has(X86_FEATURE_VME)))
{
	const struct {
		const char *name;
		struct mode_code code;
		u32 before, after;
		u32 ax;
	} rows[] = {
		{ "cli", CODE16("cli"), FLAG_IF | FLAG_VIF, FLAG_IF, 0 },
		{ "cli-vip", CODE16("cli"), FLAG_IF | FLAG_VIP, FLAG_IF | FLAG_VIP, 0 },
		{ "sti", CODE16("sti"), 0, FLAG_VIF, 0 },
		{ "sti-if", CODE16("sti"), FLAG_IF, FLAG_IF | FLAG_VIF, 0 },
		{ "pushf-vif-1", CODE16("pushfw; popw %%ax"), FLAG_VIF | FLAG_CF,
		  FLAG_VIF | FLAG_CF, FLAG_1 | FLAG_CF | FLAG_IF | FLAG_IOPL },
		{ "pushf-vif-0", CODE16("pushfw; popw %%ax"), FLAG_IF, FLAG_IF,
		  FLAG_1 | FLAG_IOPL },
		{ "popf-if-1", CODE16("pushw $0x0203; popfw"), 0, FLAG_VIF | FLAG_CF, 0 },
		{ "popf-if-0", CODE16("pushw $0x0003; popfw"), FLAG_IF | FLAG_VIF,
		  FLAG_IF | FLAG_CF, 0 },
		{ "popf-if-0-vip", CODE16("pushw $0x0003; popfw"), FLAG_VIP, FLAG_VIP | FLAG_CF,
		  0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		for (u32 iopl = 0; iopl < 3; iopl++) {
			struct mode m;

			SUBTEST("%s-iopl%u", rows[i].name, iopl);
			vme(&m, iopl, rows[i].before);
			EXPECT_NO_FAULT(mode_run(&m, rows[i].code));
			EXPECT_EQ(m.eflags & ~FLAG_RF,
				  FLAG_1 | FLAG_VM | IOPL(iopl) | rows[i].after);
			EXPECT_EQ(m.eax, rows[i].ax);
			EXPECT_EQ(m.esp, MODE_SP);
		}
	}
}

TEST(vme_refused,
     "with VME below IOPL 3, what would set VIF with VIP set, TF, or is 32 bits wide, is #GP(0)",
     SPEC("SDM vol. 3B, table 20-2; vol. 2B, POPF, PUSHF, STI"), REQUIRES(cpu_has(X86_FEATURE_VME)))
{
	const struct {
		const char *name;
		struct mode_code code;
		u32 ip, sp, before;
	} rows[] = {
		{ "sti-vip", CODE16("sti"), 0, 0, FLAG_VIP },
		{ "pushfd", CODE16("pushfl"), 0, 0, 0 },
		{ "popfd", CODE16("popfl"), 0, 0, 0 },
		{ "popf-if-vip", CODE16("pushw $0x0202; popfw"), 3, 2, FLAG_VIP },
		{ "popf-tf", CODE16("pushw $0x0102; popfw"), 3, 2, 0 },
		{ "iret-tf", CODE16("pushw $0x0102; pushw %%cs; pushw $0; iretw"), 6, 6, 0 },
		{ "iret-if-vip", CODE16("pushw $0x0202; pushw %%cs; pushw $0; iretw"), 6, 6,
		  FLAG_VIP },
		{ "iretd", CODE16("iretl"), 0, 0, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		for (u32 iopl = 0; iopl < 3; iopl++) {
			struct mode m;

			SUBTEST("%s-iopl%u", rows[i].name, iopl);
			vme(&m, iopl, rows[i].before);
			EXPECT_FAULT(GP(0), mode_run(&m, rows[i].code));
			EXPECT_EQ(m.eip, rows[i].ip);
			EXPECT_EQ(m.esp, MODE_SP - rows[i].sp);
			EXPECT_EQ(m.eflags & ~FLAG_RF,
				  FLAG_1 | FLAG_VM | IOPL(iopl) | rows[i].before);
		}
	}
}

TEST(vme_pending, "with VME, any instruction that begins with VIF and VIP set is #GP(0)",
     SPEC("SDM vol. 3B, 20.3.3.4"), REQUIRES(cpu_has(X86_FEATURE_VME)))
{
	const struct {
		const char *name;
		struct mode_code code;
	} rows[] = {
		{ "nop", CODE16("nop") },	    { "cli", CODE16("cli") },
		{ "sti", CODE16("sti") },	    { "popf", CODE16("popfw") },
		{ "mov", CODE16("movw $1, %%ax") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		for (u32 iopl = 0; iopl < 3; iopl++) {
			struct mode m;

			SUBTEST("%s-iopl%u", rows[i].name, iopl);
			vme(&m, iopl, FLAG_VIP | FLAG_VIF);
			EXPECT_FAULT(GP(0), mode_run(&m, rows[i].code));
			EXPECT_EQ(m.eip, 0);
			EXPECT_EQ(m.esp, MODE_SP);
			EXPECT_EQ(m.eax, 0);
			EXPECT_EQ(m.eflags & ~FLAG_RF,
				  FLAG_1 | FLAG_VM | IOPL(iopl) | FLAG_VIP | FLAG_VIF);
		}
	}
}

TEST(vme_iret, "with VME below IOPL 3, a 16-bit IRET puts IF of the image into VIF",
     SPEC("SDM vol. 3B, table 20-2; vol. 2A, IRET"), REQUIRES(cpu_has(X86_FEATURE_VME)))
{
	for (u32 iopl = 0; iopl < 3; iopl++) {
		struct mode m;

		SUBTEST("if-1-iopl%u", iopl);
		vme(&m, iopl, 0);
		EXPECT_NO_FAULT(mode_run(&m, CODE16("9: pushw $0x0a03; pushw %%cs; pushw $8f - 9b; "
						    "iretw; ud2; 8:")));
		EXPECT_EQ(m.eflags & ~FLAG_RF,
			  FLAG_1 | FLAG_VM | IOPL(iopl) | FLAG_VIF | FLAG_OF | FLAG_CF);
		EXPECT_EQ(m.esp, MODE_SP);
		SUBTEST("if-0-iopl%u", iopl);
		vme(&m, iopl, FLAG_IF | FLAG_VIF);
		EXPECT_NO_FAULT(mode_run(&m, CODE16("9: pushw $0x3803; pushw %%cs; pushw $8f - 9b; "
						    "iretw; ud2; 8:")));
		EXPECT_EQ(m.eflags & ~FLAG_RF,
			  FLAG_1 | FLAG_VM | IOPL(iopl) | FLAG_IF | FLAG_OF | FLAG_CF);
	}
}

/*
 * The 8086 program's table is in page 0, which is another page here; the handler is an UD2 in the
 * program's code segment.
 */
#define HANDLER_OFFSET 0x100

static u16 *prepare_8086_table(struct mode *m)
{
	u16 *table = page_alloc();
	u32 *pages = mode_use_paging(m);

	pages[0] = (u32)(ulong)table | 7;
	table[INT_VECTOR * 2] = HANDLER_OFFSET;
	table[INT_VECTOR * 2 + 1] = MODE_CODE >> 4;
	*low16(MODE_CODE + HANDLER_OFFSET) = 0x0b0f;
	redirect(INT_VECTOR, true);
	return table;
}

TEST(vme_redirection,
     "with VME, INT n whose redirection bit is clear goes through the 8086 table at 0",
     SPEC("SDM vol. 3B, 20.3.3, table 20-2, methods 5 and 6"), REQUIRES(cpu_has(X86_FEATURE_VME)))
{
	for (u32 iopl = 0; iopl < 4; iopl++) {
		const u16 *frame = low16(MODE_SS + MODE_SP - 6);
		struct mode m;

		SUBTEST("iopl%u", iopl);
		vme(&m, iopl, FLAG_CF | FLAG_IF | FLAG_VIF);
		prepare_8086_table(&m);
		EXPECT_FAULT(UD, mode_run(&m, CODE16("nop; int $0x41")));
		EXPECT_EQ(m.eip, HANDLER_OFFSET);
		EXPECT_EQ(m.cs, MODE_CODE >> 4);
		EXPECT_EQ(m.esp, MODE_SP - 6);
		EXPECT_EQ(frame[0], 3);
		EXPECT_EQ(frame[1], MODE_CODE >> 4);
		EXPECT_EQ(frame[2], FLAG_1 | FLAG_CF | FLAG_IF | FLAG_IOPL);
		EXPECT_EQ(m.eflags & ~FLAG_RF, FLAG_1 | FLAG_VM | IOPL(iopl) | FLAG_CF |
						       (iopl < 3 ? FLAG_IF : FLAG_VIF));
	}
}

TEST(vme_no_redirection,
     "with VME, INT n whose bit is set is #GP(0) below IOPL 3, and at 3 uses the IDT",
     SPEC("SDM vol. 3B, 20.3.3, table 20-2, methods 2 to 4"), REQUIRES(cpu_has(X86_FEATURE_VME)))
{
	static const u32 others[] = { INT_VECTOR - 1, INT_VECTOR + 1, INT_VECTOR + 8 };

	for (u32 iopl = 0; iopl < 4; iopl++) {
		struct mode m;

		SUBTEST("iopl%u", iopl);
		vme(&m, iopl, 0);
		prepare_8086_table(&m);
		redirect(INT_VECTOR, false);
		for (u32 i = 0; i < ARRAY_SIZE(others); i++)
			redirect(others[i], true);
		EXPECT_FAULT(iopl < 3 ? GP(0) : VECTOR(INT_VECTOR),
			     mode_run(&m, CODE16("int $0x41")));
		EXPECT_EQ(m.eip, iopl < 3 ? 0 : 2);
		EXPECT_EQ(m.esp, MODE_SP);
	}
}

TEST(vme_int3_is_not_redirected,
     "INT3, INTO and exceptions use the IDT whatever the redirection bitmap says",
     SPEC("SDM vol. 3B, 20.3.3: software interrupts by INT n"), REQUIRES(cpu_has(X86_FEATURE_VME)))
{
	struct mode m;

	vme(&m, 0, FLAG_OF);
	redirect(VEC_BP, true);
	redirect(VEC_UD, true);
	redirect(VEC_OF, true);
	mode_set_gate(VEC_BP, MODE_SEL_CODE, mode_protected_stub(VEC_BP), DESC_INTERRUPT_GATE, 3);
	EXPECT_FAULT(BP, mode_run(&m, CODE16("int3")));
	vme(&m, 0, FLAG_OF);
	redirect(VEC_OF, true);
	mode_set_gate(VEC_OF, MODE_SEL_CODE, mode_protected_stub(VEC_OF), DESC_INTERRUPT_GATE, 3);
	EXPECT_FAULT(OF, mode_run(&m, CODE16("into")));
}

/* -------------------------------------------------------------------------------------------- PVI */

TEST(pvi, "with CR4.PVI at CPL 3 and IOPL below 3, CLI and STI change VIF; STI with VIP is #GP(0)",
     SPEC("SDM vol. 3B, 20.4; vol. 2A, CLI; vol. 2B, STI"), REQUIRES(cpu_has(X86_FEATURE_VME)))
{
	const struct {
		const char *name;
		struct mode_code code;
		u32 before, after;
		bool refused;
	} rows[] = {
		{ "cli", CODE32("cli"), FLAG_IF | FLAG_VIF, FLAG_IF, false },
		{ "sti", CODE32("sti"), FLAG_IF, FLAG_IF | FLAG_VIF, false },
		{ "sti-vip", CODE32("sti"), FLAG_VIP, FLAG_VIP, true },
		{ "cli-vip", CODE32("cli"), FLAG_VIP, FLAG_VIP, false },
		{ "nop-vip-vif", CODE32("nop"), FLAG_VIP | FLAG_VIF, FLAG_VIP | FLAG_VIF, true },
		{ "cli-vip-vif", CODE32("cli"), FLAG_VIP | FLAG_VIF, FLAG_VIP | FLAG_VIF, true },
		{ "popf-if", CODE32("pushl $2; popfl"), FLAG_IF | FLAG_VIF, FLAG_IF | FLAG_VIF,
		  false },
		{ "pushf", CODE32("pushfl; popl %%eax"), FLAG_IF, FLAG_IF, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		for (u32 iopl = 0; iopl < 3; iopl++) {
			struct mode m;

			SUBTEST("%s-iopl%u", rows[i].name, iopl);
			mode_init(&m, MODE_32_USER);
			m.cr4 |= CR4_PVI;
			m.eflags = FLAG_1 | IOPL(iopl) | rows[i].before;
			EXPECT_FAULT(rows[i].refused ? GP(0) : NO_FAULT,
				     mode_run(&m, rows[i].code));
			EXPECT_EQ(m.eflags & ~FLAG_RF, FLAG_1 | IOPL(iopl) | rows[i].after);
		}
	}
}

TEST(no_pvi,
     "without CR4.PVI, CLI and STI are #GP(0) where CPL is above IOPL, and change IF elsewhere",
     SPEC("SDM vol. 2A, CLI; vol. 2B, STI"))
{
	for (u32 iopl = 0; iopl < 4; iopl++) {
		struct mode m;

		SUBTEST("iopl%u", iopl);
		mode_init(&m, MODE_32_USER);
		m.eflags = FLAG_1 | IOPL(iopl) | FLAG_IF;
		EXPECT_FAULT(iopl < 3 ? GP(0) : NO_FAULT, mode_run(&m, CODE32("cli")));
		EXPECT_EQ(m.eflags & FLAG_IF, iopl < 3 ? FLAG_IF : 0);
		mode_init(&m, MODE_32_USER);
		m.eflags = FLAG_1 | IOPL(iopl);
		EXPECT_FAULT(iopl < 3 ? GP(0) : NO_FAULT, mode_run(&m, CODE32("sti; nop")));
		EXPECT_EQ(m.eflags & (FLAG_IF | FLAG_VIF), iopl < 3 ? 0 : FLAG_IF);
	}
}

TEST(vme_absent, "without VME, setting CR4.VME or CR4.PVI is #GP(0)",
     SPEC("SDM vol. 3A, 2.5; vol. 2B, MOV CR"), REQUIRES(!cpu_has(X86_FEATURE_VME)))
{
	EXPECT_FAULT(GP(0), write_cr4_try(read_cr4() | CR4_VME));
	EXPECT_FAULT(GP(0), write_cr4_try(read_cr4() | CR4_PVI));
	EXPECT_EQ(read_cr4() & (CR4_VME | CR4_PVI), 0);
}
