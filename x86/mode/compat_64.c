/* SPDX-License-Identifier: MIT */
/*
 * Compatibility mode: code of 32 and 16 bits runs as in legacy protected mode, but what the system does,
 * interrupts above all, is that of IA-32e mode. SDM vol. 3A, 2.2, 5.8.3.1, 6.14; APM vol. 2, 14.8.
 */
#include "compat.h"

#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/desc.h>

SUITE("Compatibility mode");

#define CODE_SEGMENT  0 /* spare entries of the GDT */
#define STACK_SEGMENT 1
#define DATA_SEGMENT  2

extern u8 compat_stubs[];
extern u64 compat_registers[16];
void compat_enter(struct compat *c);

static void enter(void *c)
{
	compat_enter(c);
}

void compat_init(struct compat *c, bool wide)
{
	const u64 segment = DESC_LIMIT(0xffff) | DESC_P | DESC_S | DESC_A | DESC_W;

	*c = (struct compat){ .rflags = FLAG_1 };
	if (wide) {
		c->cs = SEL_KERNEL_CS32;
		c->ss = SEL_KERNEL_DATA;
		c->rip = MODE_CODE;
		c->general[RSP] = MODE_SS + MODE_SP;
	} else {
		c->cs = gdt_set_spare(CODE_SEGMENT, segment | DESC_CODE | DESC_BASE(MODE_CODE));
		c->ss = gdt_set_spare(STACK_SEGMENT, segment | DESC_BASE(MODE_SS));
		c->general[RSP] = MODE_SP;
	}
}

struct fault compat_run(struct compat *c, struct mode_code code)
{
	/* IRET to a stack of 16 bits only loads SP, so that RSP leads nowhere: events have a stack. */
	const u32 ist = c->ss == SEL_KERNEL_DATA ? 0 : 1;
	struct fault fault;

	memcpy(low8(MODE_CODE), code.start, code.size);
	*low16(MODE_CODE + (u32)code.size) = 0x0b0f;
	for (u32 vector = 0; vector < 32; vector++)
		idt_set_gate(vector, compat_stubs + 32 * vector, 0, vector == VEC_DF ? 1 : ist);
	idt_set_gate(0x41, compat_stubs + 32 * 0x41, 0, ist);
	fault = raw_gate_catch(KERNEL, enter, c, &c->entry);
	memcpy(c->general, compat_registers, sizeof(c->general));
	if (fault.kind == VEC_UD + 1 && c->entry.words[0] == c->rip + code.size)
		return NO_FAULT;
	return fault;
}

TEST(compat_event_frame,
     "an event in compatibility mode enters 64-bit mode and pushes 5 words of 8 bytes",
     SPEC("SDM vol. 3A, 6.14.2"))
{
	for (u32 wide = 0; wide < 2; wide++) {
		struct compat c;
		u64 stack;

		SUBTEST("%s", wide ? "32" : "16");
		compat_init(&c, wide);
		if (wide)
			c.general[RSP] += 4;
		stack = wide ? c.general[RSP] : tss_of_this_cpu()->ist[0];
		c.rflags = FLAG_1 | FLAG_CF | FLAG_IF;
		EXPECT_FAULT(VECTOR(0x41),
			     compat_run(&c, wide ? CODE32("int $0x41") : CODE16("int $0x41")));
		EXPECT_EQ(c.entry.sp, ALIGN_DOWN(stack, 16) - 40);
		EXPECT_EQ(c.entry.words[0], c.rip + 2);
		EXPECT_EQ(c.entry.words[1], c.cs);
		EXPECT_EQ(c.entry.words[2], FLAG_1 | FLAG_CF | FLAG_IF);
		EXPECT_EQ(c.entry.words[3] & 0xffff, MODE_SP + (wide ? 4 : 0));
		EXPECT_EQ(c.entry.words[4], c.ss);
		EXPECT_EQ(c.entry.cs, SEL_KERNEL_CODE);
		EXPECT_EQ(c.entry.flags & (FLAG_IF | FLAG_CF), FLAG_CF);
	}
}

TEST(compat_32_instructions,
     "in a 32-bit segment opcodes and operand sizes are those of legacy mode",
     SPEC("SDM vol. 1, 3.3.4, 3.6; vol. 2A, 2.2.1.1"))
{
	const struct {
		const char *name;
		struct mode_code code;
		u32 eax, stack; /* afterwards: EAX, and what was pushed */
	} rows[] = {
		{ "40-is-inc", CODE32(".byte 0x40"), 0x11223345, 0 },
		{ "48-is-dec", CODE32(".byte 0x48"), 0x11223343, 0 },
		{ "push-4", CODE32("pushl %%eax"), 0x11223344, 4 },
		{ "push-2", CODE32("pushw %%ax"), 0x11223344, 2 },
		{ "pusha", CODE32("pushal"), 0x11223344, 32 },
		{ "call-4", CODE32("call 1f; 1:"), 0x11223344, 4 },
		{ "daa", CODE32("movb $0x9b, %%al; daa"), 0x11223301, 0 },
		{ "aam", CODE32("movb $57, %%al; aam"), 0x11220507, 0 },
		{ "into", CODE32("into"), 0x11223344, 0 },
		{ "push-cs", CODE32("pushl %%cs; movzwl (%%esp), %%eax; subl $0x18, %%eax"), 0, 4 },
		{ "disp32-is-absolute", CODE32("movl 0x40000, %%eax"), 0xd15b, 0 },
		{ "moffs32", CODE32(".byte 0xa1; .long 0x40000"), 0xd15b, 0 },
		{ "address-wraps",
		  CODE32("movl $0x80000000, %%eax; movl 0x40000(%%eax,%%eax), %%eax"), 0xd15b, 0 },
		{ "addr16", CODE32("movl %%eax, %%ebx; addr16 leal 1(%%bx), %%eax"), 0x3345, 0 },
		{ "mov-imm32-b8", CODE32("movl $0x89abcdef, %%eax"), 0x89abcdef, 0 },
		{ "loop-ecx", CODE32("movl $2, %%ecx; 1: incl %%eax; loop 1b"), 0x11223346, 0 },
		{ "63-is-arpl", CODE32("movl $3, %%ecx; arpl %%cx, %%ax; setz %%al"), 0x11223301,
		  0 },
		{ "les", CODE32("movl $0x2b, 0x40004; lesl 0x40000, %%eax"), 0xd15b, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct compat c;

		SUBTEST("%s", rows[i].name);
		compat_init(&c, true);
		*low32(MODE_DS) = 0xd15b;
		c.general[RAX] = 0x11223344;
		EXPECT_NO_FAULT(compat_run(&c, rows[i].code));
		EXPECT_EQ((u32)c.general[RAX], rows[i].eax);
		EXPECT_EQ(c.entry.words[3], MODE_SS + MODE_SP - rows[i].stack);
	}
}

TEST(compat_keeps_high_registers,
     "R8 to R15 keep their values in compatibility mode, and RSP has 32 bits",
     SPEC("SDM vol. 1, 3.4.1.1: not accessible; APM vol. 1, 2.5.3"))
{
	struct compat c;

	compat_init(&c, true);
	for (u32 i = R8; i <= R15; i++)
		c.general[i] = 0x1111111111111111ull * i;
	EXPECT_NO_FAULT(compat_run(&c, CODE32("movl $1, %%eax; pushl %%eax; popl %%eax")));
	for (u32 i = R8; i <= R15; i++)
		EXPECT_EQ(c.general[i], 0x1111111111111111ull * i, "r%u", i);
	EXPECT_EQ(c.general[RAX], 1);
	EXPECT_EQ(c.entry.words[3], MODE_SS + MODE_SP);
}

TEST(compat_16_instructions,
     "in a 16-bit segment operands and addresses have 16 bits, with prefixes 32",
     SPEC("SDM vol. 1, 3.6; vol. 3B, 21.1"))
{
	const struct {
		const char *name;
		struct mode_code code;
		u32 eax, stack;
	} rows[] = {
		{ "inc16", CODE16(".byte 0x40"), 0x11223345, 0 },
		{ "add32", CODE16("addl %%eax, %%eax"), 0x22446688, 0 },
		{ "push-2", CODE16("pushw %%ax"), 0x11223344, 2 },
		{ "push-4", CODE16("pushl %%eax"), 0x11223344, 4 },
		{ "call-2", CODE16("call 1f; 1:"), 0x11223344, 2 },
		{ "lea-wraps", CODE16("movw $0xffff, %%bx; leal 2(%%bx), %%eax"), 1, 0 },
		{ "stack-base", CODE16("pushl $0x7654; movw %%sp, %%bp; movl (%%bp), %%eax"),
		  0x7654, 4 },
		{ "code-base", CODE16("jmp 1f; .long 0x5a6b7c8d; 1: movl %%cs:2, %%eax"),
		  0x5a6b7c8d, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct compat c;

		SUBTEST("%s", rows[i].name);
		compat_init(&c, false);
		c.general[RAX] = 0x11223344;
		EXPECT_NO_FAULT(compat_run(&c, rows[i].code));
		EXPECT_EQ((u32)c.general[RAX], rows[i].eax);
		EXPECT_EQ(c.entry.words[3] & 0xffff, MODE_SP - rows[i].stack);
	}
}

TEST(compat_segment_bases,
     "in compatibility mode the bases of DS, ES and SS count, as they do not in 64-bit mode",
     SPEC("SDM vol. 3A, 3.2.4"))
{
	const u16 selector = (u16)(SEL_SPARE + 8 * DATA_SEGMENT);
	struct compat c;

	compat_init(&c, true);
	gdt_set_spare(DATA_SEGMENT, DESC_FLAT | DESC_DB | DESC_BASE(MODE_DS));
	*low32(MODE_DS + 0x100) = 0xba5e;
	*low32(0x100 + MODE_ES) = 0;
	c.general[RDX] = selector;
	EXPECT_NO_FAULT(
		compat_run(&c, CODE32("movl %%edx, %%ds; movl 0x100, %%eax; movl %%edx, %%es; "
				      "movl %%es:0x100, %%ebx; movl $0x10, %%ecx; "
				      "movl %%ecx, %%ds; movl %%ecx, %%es")));
	EXPECT_EQ((u32)c.general[RAX], 0xba5e);
	EXPECT_EQ((u32)c.general[RBX], 0xba5e);
}

TEST(compat_far_jumps, "far jumps go from compatibility mode to 64-bit mode and back, as CS.L says",
     SPEC("SDM vol. 2A, JMP; vol. 3A, 5.2.1"))
{
	struct compat c;

	compat_init(&c, true);
	c.general[RBX] = 0;
	EXPECT_NO_FAULT(compat_run(
		&c, CODE32("9: ljmp $0x08, $1f - 9b + 0x20000\n"
			   ".code64\n"
			   "1: movq $0x123456789a, %%rbx; movl %%cs, %%ecx; shrq $8, %%rbx\n"
			   "leaq 1f(%%rip), %%rax; pushq $0x18; pushq %%rax; lretq\n"
			   ".code32\n"
			   "1: movl %%cs, %%edx; .byte 0x43\n")));
	EXPECT_EQ((u32)c.general[RBX], 0x12345679);
	EXPECT_EQ(c.general[RCX], SEL_KERNEL_CODE);
	EXPECT_EQ(c.general[RDX], SEL_KERNEL_CS32);
	EXPECT_EQ(c.entry.words[1], SEL_KERNEL_CS32);
}

TEST(compat_not_there, "64-bit instructions and prefixes do not exist in compatibility mode",
     SPEC("SDM vol. 2B, SWAPGS; vol. 2A, JMP"))
{
	const struct {
		const char *name;
		struct mode_code code;
		u32 vector;
	} rows[] = {
		{ "swapgs", CODE32(".byte 0x0f, 0x01, 0xf8"), VEC_UD },
		{ "rdfsbase", CODE32(".byte 0xf3, 0x0f, 0xae, 0xc0"), VEC_UD },
		{ "ud0", CODE32(".byte 0x0f, 0xff, 0xc0"), VEC_UD },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct compat c;

		SUBTEST("%s", rows[i].name);
		compat_init(&c, true);
		EXPECT_FAULT(VECTOR(rows[i].vector), compat_run(&c, rows[i].code));
		EXPECT_EQ(c.entry.words[0], MODE_CODE);
	}
}

TEST(compat_faults, "faults in compatibility mode push their error code as a word of 8 bytes",
     SPEC("SDM vol. 3A, 6.14.2"))
{
	struct compat c;

	SUBTEST("gp-selector");
	compat_init(&c, true);
	c.general[RAX] = 0x7f8;
	EXPECT_FAULT(VECTOR(VEC_GP), compat_run(&c, CODE32("nop; movl %%eax, %%es")));
	EXPECT_EQ(c.entry.words[0], 0x7f8);
	EXPECT_EQ(c.entry.words[1], MODE_CODE + 1);
	EXPECT_EQ(c.entry.words[2], SEL_KERNEL_CS32);
	SUBTEST("pf");
	compat_init(&c, true);
	EXPECT_FAULT(VECTOR(VEC_PF), compat_run(&c, CODE32("movl 8, %%eax")));
	EXPECT_EQ(c.entry.words[0], 0);
	EXPECT_EQ(read_cr2(), 8);
	SUBTEST("task-gate");
	compat_init(&c, true);
	gdt_set_spare(DATA_SEGMENT, (u64)SEL_TSS << 16 | DESC_P | DESC_TYPE(DESC_TASK_GATE));
	c.general[RAX] = SEL_SPARE + 8 * DATA_SEGMENT;
	*low32(MODE_DS) = 0;
	*low32(MODE_DS + 4) = SEL_SPARE + 8 * DATA_SEGMENT;
	EXPECT_FAULT(VECTOR(VEC_GP), compat_run(&c, CODE32("ljmp *0x40000")));
	EXPECT_EQ(c.entry.words[0], SEL_SPARE + 8 * DATA_SEGMENT);
	SUBTEST("iret-nt");
	compat_init(&c, true);
	c.rflags = FLAG_1 | FLAG_NT;
	c.rip = MODE_CODE;
	EXPECT_FAULT(VECTOR(VEC_GP), compat_run(&c, CODE32("pushl $0x4002; popfl; iretl")));
	EXPECT_EQ(c.entry.words[0], 0);
	EXPECT_EQ(c.entry.words[1], MODE_CODE + 6);
}
