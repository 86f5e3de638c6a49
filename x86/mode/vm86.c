/* SPDX-License-Identifier: MIT */
/*
 * Virtual-8086 mode without extensions: what each IOPL-sensitive instruction does, and what an
 * exception or interrupt pushes. SDM vol. 3B, 20.2 and 20.3.
 */
#include <test.h>

#include <x86/cr.h>
#include <x86/mode.h>

#include "vm86.h"

SUITE("Virtual-8086 mode");

#define INT_VECTOR 0x41

/* What every fault from vm86 leaves: IP, flags and stack of the program, null segments. */
static void expect_frame(const struct mode *m, u32 ip, u32 flags)
{
	EXPECT_EQ(m->eip, ip);
	EXPECT_EQ(m->cs, MODE_CODE >> 4);
	EXPECT_EQ(m->eflags & ~FLAG_RF, flags);
	EXPECT_EQ(m->esp, MODE_SP);
	EXPECT_EQ(m->ss, MODE_SS >> 4);
	EXPECT_EQ(m->es, MODE_ES >> 4);
	EXPECT_EQ(m->ds, MODE_DS >> 4);
	EXPECT_EQ(m->fs, MODE_FS >> 4);
	EXPECT_EQ(m->gs, MODE_GS >> 4);
	EXPECT_EQ(m->handler_es, 0);
	EXPECT_EQ(m->handler_ds, 0);
	EXPECT_EQ(m->handler_fs, 0);
	EXPECT_EQ(m->handler_gs, 0);
	EXPECT_EQ(m->handler_ss, MODE_SEL_DATA);
	EXPECT_EQ(m->handler_flags & (FLAG_VM | FLAG_TF | FLAG_NT | FLAG_IF), 0);
}

TEST(vm86_interrupt_frame,
     "an event in vm86 pushes GS FS DS ES SS ESP EFLAGS CS EIP at CPL 0 and nulls them",
     SPEC("SDM vol. 3B, 20.3.1, figure 20-4"))
{
	static const struct {
		const char *name;
		u32 type;
		u32 if_after;
	} rows[] = {
		{ "interrupt-gate", DESC_INTERRUPT_GATE, 0 },
		{ "trap-gate", DESC_TRAP_GATE, FLAG_IF },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mode m;

		SUBTEST("%s", rows[i].name);
		vm86(&m, 3, FLAG_CF | FLAG_IF | FLAG_NT | FLAG_AC);
		m.esp = 0x12348000;
		mode_set_gate(INT_VECTOR, MODE_SEL_CODE, mode_protected_stub(INT_VECTOR),
			      rows[i].type, 3);
		EXPECT_FAULT(VECTOR(INT_VECTOR), mode_run(&m, CODE16("int $0x41")));
		EXPECT_EQ(m.handler_esp, MODE_STACK - 9 * 4);
		EXPECT_EQ(m.handler_flags & FLAG_IF, rows[i].if_after);
		EXPECT_EQ(m.esp & 0xffff, MODE_SP);
		EXPECT_EQ(m.eip, 2);
		EXPECT_EQ(m.eflags,
			  FLAG_1 | FLAG_VM | FLAG_IOPL | FLAG_CF | FLAG_IF | FLAG_NT | FLAG_AC);
		EXPECT_EQ(m.handler_flags & (FLAG_VM | FLAG_TF | FLAG_NT), 0);
		EXPECT_EQ(m.handler_ds | m.handler_es | m.handler_fs | m.handler_gs, 0);
		EXPECT_EQ(m.ds, MODE_DS >> 4);
		EXPECT_EQ(m.es, MODE_ES >> 4);
		EXPECT_EQ(m.fs, MODE_FS >> 4);
		EXPECT_EQ(m.gs, MODE_GS >> 4);
	}
}

TEST(vm86_exceptions, "an exception in vm86 goes to CPL 0 through the IDT, with its error code",
     SPEC("SDM vol. 3B, 20.3.1"))
{
	struct mode m;

	SUBTEST("de");
	vm86(&m, 0, 0);
	EXPECT_FAULT(DE, mode_run(&m, CODE16("divb %%bl")));
	expect_frame(&m, 0, FLAG_1 | FLAG_VM);
	EXPECT_EQ(m.handler_esp, MODE_STACK - 9 * 4);
	SUBTEST("ud");
	vm86(&m, 0, 0);
	EXPECT_FAULT(UD, mode_run(&m, CODE16("nop; ud2; nop")));
	expect_frame(&m, 1, FLAG_1 | FLAG_VM);
	SUBTEST("gp");
	vm86(&m, 3, 0);
	EXPECT_FAULT(GP(0), mode_run(&m, CODE16("hlt")));
	expect_frame(&m, 0, FLAG_1 | FLAG_VM | FLAG_IOPL);
	EXPECT_EQ(m.handler_esp, MODE_STACK - 10 * 4);
	SUBTEST("db");
	vm86(&m, 0, FLAG_TF);
	EXPECT_FAULT(DB, mode_run(&m, CODE16("nop; nop")));
	EXPECT_EQ(m.eip, 1);
	EXPECT_EQ(m.eflags & ~FLAG_RF, FLAG_1 | FLAG_VM | FLAG_TF);
	EXPECT_EQ(m.handler_flags & FLAG_TF, 0);
	SUBTEST("br");
	vm86(&m, 0, 0);
	*low32(MODE_DS + 0x100) = 0x00200010;
	m.eax = 0x21;
	EXPECT_FAULT(BR, mode_run(&m, CODE16(".byte 0x62, 0x06, 0x00, 0x01")));
	SUBTEST("pf");
	vm86(&m, 0, 0);
	mode_use_paging(&m)[(MODE_DS + 0x1000) >> 12] = 0;
	EXPECT_FAULT(PF(PF_U | PF_W, MODE_DS + 0x1002), mode_run(&m, CODE16("movb %%al, 0x1002")));
	expect_frame(&m, 0, FLAG_1 | FLAG_VM);
}

/* ------------------------------------------------------------------------------ sensitive to IOPL */

TEST(vm86_iopl, "below IOPL 3 without VME, CLI STI PUSHF POPF INT n and IRET are #GP(0)",
     SPEC("SDM vol. 3B, 20.2.7, 20.2.8.1"))
{
	const struct {
		const char *name;
		struct mode_code code;
	} rows[] = {
		{ "cli", CODE16("cli") },	{ "sti", CODE16("sti") },
		{ "pushf", CODE16("pushfw") },	{ "pushfd", CODE16("pushfl") },
		{ "popf", CODE16("popfw") },	{ "popfd", CODE16("popfl") },
		{ "int", CODE16("int $0x41") }, { "iret", CODE16("iretw") },
		{ "iretd", CODE16("iretl") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		for (u32 iopl = 0; iopl < 3; iopl++) {
			struct mode m;

			SUBTEST("%s-iopl%u", rows[i].name, iopl);
			vm86(&m, iopl, FLAG_CF);
			EXPECT_FAULT(GP(0), mode_run(&m, rows[i].code));
			expect_frame(&m, 0, FLAG_1 | FLAG_VM | IOPL(iopl) | FLAG_CF);
		}
	}
}

TEST(vm86_iopl_3,
     "at IOPL 3 these are as in real mode, but neither IOPL, VM nor VIF and VIP change",
     SPEC("SDM vol. 3B, 20.2.7; vol. 2B, POPF; vol. 2A, IRET"))
{
	const u32 all = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_DF | FLAG_OF;
	const struct {
		const char *name;
		struct mode_code code;
		u32 before, after;
	} rows[] = {
		{ "cli", CODE16("cli"), FLAG_IF, 0 },
		{ "sti", CODE16("sti; nop"), 0, FLAG_IF },
		{ "pushf", CODE16("pushfw; popw %%ax"), FLAG_CF | FLAG_IF, FLAG_CF | FLAG_IF },
		{ "popf-set", CODE16("pushw $0x7ed7; popfw"), 0, all | FLAG_IF | FLAG_NT },
		{ "popf-clear", CODE16("pushw $0; popfw"), FLAG_CF | FLAG_IF, 0 },
		{ "popfd", CODE16("pushl $0x00180cd7; popfl"), 0, all },
		{ "popfd-vm-0", CODE16("pushl $0; popfl"), FLAG_VIF, FLAG_VIF },
		{ "popfd-ac-id", CODE16("pushl $0x00240002; popfl"), 0, FLAG_AC | FLAG_ID },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mode m;

		SUBTEST("%s", rows[i].name);
		vm86(&m, 3, rows[i].before);
		EXPECT_NO_FAULT(mode_run(&m, rows[i].code));
		EXPECT_EQ(m.eflags & ~FLAG_RF, FLAG_1 | FLAG_VM | FLAG_IOPL | rows[i].after);
		EXPECT_EQ(m.esp, MODE_SP);
	}
}

TEST(vm86_pushf_image, "PUSHF in vm86 pushes IOPL 3; PUSHFD clears VM and RF in the image",
     SPEC("SDM vol. 2B, PUSHF"))
{
	struct mode m;

	vm86(&m, 3, FLAG_CF | FLAG_IF);
	EXPECT_NO_FAULT(mode_run(&m, CODE16("pushfl; popl %%eax; pushfw; popw %%bx")));
	EXPECT_EQ(m.eax, FLAG_1 | FLAG_CF | FLAG_IF | FLAG_IOPL);
	EXPECT_EQ(m.ebx, FLAG_1 | FLAG_CF | FLAG_IF | FLAG_IOPL);
}

TEST(vm86_iret,
     "IRET at IOPL 3 stays in vm86, with CS, IP and FLAGS from the stack but IOPL and VM",
     SPEC("SDM vol. 2A, IRET: RETURN-FROM-VIRTUAL-8086-MODE"))
{
	for (u32 wide = 0; wide < 2; wide++) {
		struct mode m;

		SUBTEST("%s", wide ? "iretd" : "iretw");
		vm86(&m, 3, 0);
		m.esp = MODE_SP - (wide ? 12 : 6);
		if (wide) {
			low32(MODE_SS + m.esp)[0] = 4; /* after the UD2 */
			low32(MODE_SS + m.esp)[1] = MODE_CODE >> 4;
			low32(MODE_SS + m.esp)[2] = FLAG_CF | FLAG_IF | FLAG_NT | FLAG_ID;
		} else {
			low16(MODE_SS + m.esp)[0] = 3;
			low16(MODE_SS + m.esp)[1] = MODE_CODE >> 4;
			low16(MODE_SS + m.esp)[2] = FLAG_CF | FLAG_IF | FLAG_NT;
		}
		m.edx = 0;
		EXPECT_NO_FAULT(mode_run(&m, wide ? CODE16("iretl; ud2") : CODE16("iretw; ud2")));
		EXPECT_EQ(m.eflags & ~FLAG_RF, FLAG_1 | FLAG_VM | FLAG_IOPL | FLAG_CF | FLAG_IF |
						       FLAG_NT | (wide ? FLAG_ID : 0));
		EXPECT_EQ(m.esp, MODE_SP);
	}
}

TEST(vm86_int_gate_dpl, "INT n at IOPL 3 needs a gate of DPL 3 with code of DPL 0 after it",
     SPEC("SDM vol. 3B, 20.3.1; vol. 2A, INT n: the checks of virtual-8086 mode"))
{
	struct mode m;

	SUBTEST("gate-dpl-0");
	vm86(&m, 3, 0);
	mode_set_gate(INT_VECTOR, MODE_SEL_CODE, mode_protected_stub(INT_VECTOR),
		      DESC_INTERRUPT_GATE, 0);
	EXPECT_FAULT(GP(INT_VECTOR * 8 + 2), mode_run(&m, CODE16("int $0x41")));
	expect_frame(&m, 0, FLAG_1 | FLAG_VM | FLAG_IOPL);
	SUBTEST("int3-gate-dpl-0");
	vm86(&m, 3, 0);
	EXPECT_FAULT(GP(VEC_BP * 8 + 2), mode_run(&m, CODE16("int3")));
	SUBTEST("int3-iopl-0");
	vm86(&m, 0, 0);
	mode_set_gate(VEC_BP, MODE_SEL_CODE, mode_protected_stub(VEC_BP), DESC_INTERRUPT_GATE, 3);
	EXPECT_FAULT(BP, mode_run(&m, CODE16("int3")));
	expect_frame(&m, 1, FLAG_1 | FLAG_VM);
	SUBTEST("into-iopl-0");
	vm86(&m, 0, FLAG_OF);
	mode_set_gate(VEC_OF, MODE_SEL_CODE, mode_protected_stub(VEC_OF), DESC_INTERRUPT_GATE, 3);
	EXPECT_FAULT(OF, mode_run(&m, CODE16("into")));
	SUBTEST("code-conforming");
	vm86(&m, 3, 0);
	mode_gdt()[MODE_SEL_SPARE / 8] = mode_gdt()[MODE_SEL_CODE / 8] | DESC_C;
	mode_set_gate(INT_VECTOR, MODE_SEL_SPARE, mode_protected_stub(INT_VECTOR),
		      DESC_INTERRUPT_GATE, 3);
	EXPECT_FAULT(GP(MODE_SEL_SPARE), mode_run(&m, CODE16("int $0x41")));
	SUBTEST("code-dpl-3");
	vm86(&m, 3, 0);
	mode_set_gate(INT_VECTOR, MODE_SEL_CODE32_3, mode_protected_stub(INT_VECTOR),
		      DESC_INTERRUPT_GATE, 3);
	EXPECT_FAULT(GP(MODE_SEL_CODE32_3 & ~3u), mode_run(&m, CODE16("int $0x41")));
	SUBTEST("code-dpl-1");
	vm86(&m, 3, 0);
	mode_gdt()[MODE_SEL_SPARE / 8] = mode_gdt()[MODE_SEL_CODE / 8] | DESC_DPL(1);
	mode_set_gate(INT_VECTOR, MODE_SEL_SPARE, mode_protected_stub(INT_VECTOR),
		      DESC_INTERRUPT_GATE, 3);
	EXPECT_FAULT(GP(MODE_SEL_SPARE), mode_run(&m, CODE16("int $0x41")));
}

TEST(vm86_privileged, "privileged instructions are #GP(0) in vm86 at any IOPL, as CPL is 3",
     SPEC("SDM vol. 3B, 20.2.7; 20.2.1"))
{
	const struct {
		const char *name;
		struct mode_code code;
	} rows[] = {
		{ "hlt", CODE16("hlt") },
		{ "mov-to-cr0", CODE16("movl %%eax, %%cr0") },
		{ "mov-from-cr0", CODE16("movl %%cr0, %%eax") },
		{ "mov-to-cr3", CODE16("movl %%eax, %%cr3") },
		{ "mov-from-cr4", CODE16("movl %%cr4, %%eax") },
		{ "mov-to-dr7", CODE16("movl %%eax, %%dr7") },
		{ "mov-from-dr0", CODE16("movl %%dr0, %%eax") },
		{ "lgdt", CODE16("lgdtw (%%si)") },
		{ "lidt", CODE16("lidtl (%%si)") },
		{ "lmsw", CODE16("lmsw %%ax") },
		{ "clts", CODE16("clts") },
		{ "invd", CODE16("invd") },
		{ "wbinvd", CODE16("wbinvd") },
		{ "invlpg", CODE16("invlpg (%%si)") },
		{ "rdmsr", CODE16("rdmsr") },
		{ "wrmsr", CODE16("wrmsr") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		for (u32 iopl = 0; iopl < 4; iopl += 3) {
			struct mode m;

			SUBTEST("%s-iopl%u", rows[i].name, iopl);
			vm86(&m, iopl, 0);
			m.eax = m.cr0;
			EXPECT_FAULT(GP(0), mode_run(&m, rows[i].code));
			expect_frame(&m, 0, FLAG_1 | FLAG_VM | IOPL(iopl));
			EXPECT_EQ(m.eax, m.cr0);
		}
	}
}

TEST(vm86_not_recognized, "what only makes sense in protected mode is #UD in vm86",
     SPEC("SDM vol. 3B, 20.2.1; vol. 2A-2B, Virtual-8086 Mode Exceptions"))
{
	const struct {
		const char *name;
		struct mode_code code;
	} rows[] = {
		{ "lldt", CODE16("lldt %%ax") },	  { "ltr", CODE16("ltr %%ax") },
		{ "sldt", CODE16("sldt %%ax") },	  { "str", CODE16("str %%ax") },
		{ "lar", CODE16("larw %%ax, %%bx") },	  { "lsl", CODE16("lslw %%ax, %%bx") },
		{ "verr", CODE16("verr %%ax") },	  { "verw", CODE16("verw %%ax") },
		{ "arpl", CODE16("arpl %%ax, %%bx") },	  { "sldt-memory", CODE16("sldt (%%si)") },
		{ "lldt-memory", CODE16("lldt (%%si)") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mode m;

		SUBTEST("%s-vm86", rows[i].name);
		vm86(&m, 3, 0);
		EXPECT_FAULT(UD, mode_run(&m, rows[i].code));
		expect_frame(&m, 0, FLAG_1 | FLAG_VM | FLAG_IOPL);
		SUBTEST("%s-real", rows[i].name);
		mode_init(&m, MODE_REAL);
		EXPECT_FAULT(UD, mode_run(&m, rows[i].code));
		EXPECT_EQ(m.eip, 0);
	}
}

/* ------------------------------------------------------------------------------------- the ports */

TEST(vm86_io_bitmap, "in vm86 the I/O bitmap decides on every port, at IOPL 3 too",
     SPEC("SDM vol. 3B, 20.2.8.1; vol. 1, 18.5.2"))
{
	/* Port 80h, which nothing answers; 16 bits there use bits of 80h and 81h. */
	const struct {
		const char *name;
		struct mode_code code;
		u32 ports;
	} rows[] = {
		{ "in8-imm", CODE16("inb $0x80, %%al"), 1 },
		{ "in8", CODE16("inb %%dx, %%al"), 1 },
		{ "in16", CODE16("inw %%dx, %%ax"), 2 },
		{ "in32", CODE16("inl %%dx, %%eax"), 4 },
		{ "out8", CODE16("outb %%al, %%dx"), 1 },
		{ "out16", CODE16("outw %%ax, %%dx"), 2 },
		{ "out32", CODE16("outl %%eax, %%dx"), 4 },
		{ "ins8", CODE16("insb"), 1 },
		{ "outs16", CODE16("outsw"), 2 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		for (u32 iopl = 0; iopl < 4; iopl += 3) {
			struct mode m;

			SUBTEST("%s-iopl%u", rows[i].name, iopl);
			for (u32 denied = 0; denied <= rows[i].ports; denied++) {
				vm86(&m, iopl, 0);
				m.edx = 0x80;
				low8(MODE_TSS + MODE_TSS_IO_MAP)[0x80 / 8] = 0xf0;
				low8(MODE_TSS + MODE_TSS_IO_MAP)[0x80 / 8] |= (u8)BIT(denied);
				EXPECT_FAULT(denied < rows[i].ports ? GP(0) : NO_FAULT,
					     mode_run(&m, rows[i].code), "port %#x denied",
					     0x80 + denied);
			}
		}
	}
}
